/* SPDX-License-Identifier: MIT */
/* A spinlock built on the ops of the group lock. */
#ifndef PV_LOCK_H
#define PV_LOCK_H

#include "pv_runtime.h"

/* All zeros: free. */
struct pv_spinlock {
	uint8_t taken;
	/* Number of the CPU that took it last. */
	uint8_t owner;
};

/* Not twice on one CPU; who shares it with interrupt handlers disables interrupts. */
void pv_spin_lock(struct pv_spinlock *lock);
void pv_spin_unlock(struct pv_spinlock *lock);

#endif
