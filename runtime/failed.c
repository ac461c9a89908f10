/* SPDX-License-Identifier: MIT */
#include "pv_runtime.h"
#include "pv_host.h"

/* What the backends' generated half calls when a hypercall did not do its op. */
void pv_hypercall_failed(enum pv_op op, long error)
{
	pv_host_report(pv_op_names[op], error);
}
