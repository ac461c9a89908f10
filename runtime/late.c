/* SPDX-License-Identifier: MIT */
/*
 * Patching while other CPUs execute the sites.  A breakpoint, one byte, goes in
 * first, so that nobody executes what is behind it; then all bytes but the
 * first, then the first.  Between the steps every CPU executes a serialising
 * instruction, or it could still hold older bytes.  A CPU that hits the
 * breakpoint waits in its handler and then executes the site anew: nothing needs
 * to be emulated, whatever the template is.
 *
 * This file does not include pv.h, and what it calls contains no site of a late op.
 */
#include "atomic64.h"
#include "internal.h"
#include "percpu.h"
#include "pv_host.h"

#define BREAKPOINT 0xcc
#define LINE	   64

/* Goes up by one for each round of serialising; each CPU says which one it has done. */
static unsigned long round;
static PERCPU unsigned long done;
/* The op being changed; PV_NR_OPS if none. */
static unsigned int changing = PV_NR_OPS;

void pv_late_sync(void)
{
	unsigned long wanted = __atomic_load_n(&round, __ATOMIC_ACQUIRE);

	pv_serialise();
	__atomic_store_n(percpu_this(done), wanted, __ATOMIC_RELEASE);
}

static bool is_site(unsigned long address, unsigned int op)
{
	const struct pv_site *site;

	for (site = __start_pv_sites; site < __stop_pv_sites; site++)
		if (site->op == op && (unsigned long)pv_site_address(site) == address)
			return true;
	return false;
}

/*
 * Interrupts are disabled here, so the rounds that others wait for are done by
 * hand.  A breakpoint belongs to a change that is under way or, if no change is,
 * to one that ended between the two looks: then it ended with a round.
 */
bool pv_late_trap(unsigned long address)
{
	const uint8_t *code = (const uint8_t *)address;

	if (address < (unsigned long)pv_text_begin || address >= (unsigned long)pv_text_end)
		return false;
	for (;;) {
		unsigned long before = __atomic_load_n(&round, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(code, __ATOMIC_ACQUIRE) != BREAKPOINT)
			break;
		if (!is_site(address, __atomic_load_n(&changing, __ATOMIC_ACQUIRE)) &&
		    before == __atomic_load_n(&round, __ATOMIC_ACQUIRE))
			return false;
		pv_late_sync();
		asm volatile("pause");
	}
	pv_late_sync();
	return true;
}

static void sync_all(void)
{
	unsigned long wanted = __atomic_add_fetch(&round, 1, __ATOMIC_ACQ_REL);
	uint64_t others;
	unsigned int cpu;

	pv_late_sync();
	others = pv_cpus_online() & ~(1ull << pv_cpu_this());
	if (!others)
		return;
	pv_ipi_send_others(PV_IPI_SYNC);
	for (; others; others &= others - 1) {
		cpu = first_bit(others);
		while ((long)(__atomic_load_n(percpu_of(done, cpu), __ATOMIC_ACQUIRE) - wanted) < 0)
			asm volatile("pause");
	}
}

/* One of the three steps, for one site. */
typedef void step_t(uint8_t *alias, const uint8_t *bytes, unsigned int length);

static void put_breakpoint(uint8_t *alias, const uint8_t *bytes, unsigned int length)
{
	(void)bytes, (void)length;
	__atomic_store_n(alias, BREAKPOINT, __ATOMIC_RELEASE);
}

static void put_tail(uint8_t *alias, const uint8_t *bytes, unsigned int length)
{
	while (--length)
		__atomic_store_n(&alias[length], bytes[length], __ATOMIC_RELAXED);
}

static void put_first(uint8_t *alias, const uint8_t *bytes, unsigned int length)
{
	(void)length;
	__atomic_store_n(alias, bytes[0], __ATOMIC_RELEASE);
}

static void for_each_site(unsigned int op, const struct pv_backend *to, step_t *step)
{
	const struct pv_site *site;
	uint8_t bytes[PV_SITE_MAX];

	for (site = __start_pv_sites; site < __stop_pv_sites; site++) {
		if (site->op != op)
			continue;
		pv_site_bytes(bytes, site, to);
		step(pv_host_alias(pv_site_address(site)), bytes, site->length);
		pv_host_unalias();
	}
}

/* Without a line of its own in between, a store could be seen in halves. */
static bool in_one_line(const struct pv_site *site)
{
	return (unsigned long)pv_site_address(site) % LINE + site->length <= LINE;
}

static bool is_indirect(const struct pv_backend *backend, unsigned int op)
{
	return backend->patches[op].form == PV_FORM_INDIRECT;
}

static const char *check(const struct pv_site *site, const struct pv_backend *from,
			 const struct pv_backend *to)
{
	uint8_t old[PV_SITE_MAX], new[PV_SITE_MAX];
	const char *reason = pv_site_bytes(old, site, from);

	/* What leaves a site as it is would leave the breakpoint in it. */
	if (is_indirect(from, site->op) || is_indirect(to, site->op))
		return "no bytes of its own";
	if (!reason && __builtin_memcmp(old, pv_site_address(site), site->length))
		reason = "not what was there";
	if (!reason && !in_one_line(site))
		reason = "crosses a cache line";
	if (!reason)
		reason = pv_site_bytes(new, site, to);
	return reason;
}

static bool check_all(unsigned int op, const struct pv_backend *from, const struct pv_backend *to,
		      struct pv_patch_refusal *refusal)
{
	const struct pv_site *site;

	for (site = __start_pv_sites; site < __stop_pv_sites; site++) {
		const char *reason = site->op == op ? check(site, from, to) : NULL;

		if (!reason)
			continue;
		*refusal = (struct pv_patch_refusal){
			.index = site - __start_pv_sites,
			.address = (unsigned long)pv_site_address(site),
			.op = op,
			.reason = reason,
		};
		return false;
	}
	return true;
}

bool pv_patch_late(unsigned int op, const struct pv_backend *from, const struct pv_backend *to,
		   struct pv_patch_refusal *refusal)
{
	static step_t *const steps[] = {put_breakpoint, put_tail, put_first};
	unsigned int i;

	if (!check_all(op, from, to, refusal))
		return false;
	__atomic_store_n(&((uintptr_t *)&pv_ops)[op], ((const uintptr_t *)to->ops)[op],
			 __ATOMIC_RELEASE);
	__atomic_store_n(&changing, op, __ATOMIC_RELEASE);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for_each_site(op, to, steps[i]);
		sync_all();
	}
	__atomic_store_n(&changing, PV_NR_OPS, __ATOMIC_RELEASE);
	return true;
}
