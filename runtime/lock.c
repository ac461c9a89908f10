/* SPDX-License-Identifier: MIT */
/*
 * A spinlock: one byte, taken by an exchange.  Who finds it taken looks again
 * for a while; then, or as soon as the owner's CPU is known to be stopped, it
 * sleeps in lock_wait, from which lock_unlock wakes it.  Not fair: the first to
 * look after an unlock gets it.
 */
#include "pv.h"
#include "pv_lock.h"

/* Longer than a short critical section takes; a wait costs a hypercall and more. */
#define LOOKS 1000

static bool try_lock(struct pv_spinlock *lock)
{
	return !__atomic_load_n(&lock->taken, __ATOMIC_RELAXED) &&
	       !__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE);
}

static bool look_for_a_while(struct pv_spinlock *lock)
{
	unsigned int looks = LOOKS;

	while (looks--) {
		if (try_lock(lock))
			return true;
		if (pv_vcpu_is_preempted(__atomic_load_n(&lock->owner, __ATOMIC_RELAXED)))
			return false;
		asm volatile("pause");
	}
	return false;
}

void pv_spin_lock(struct pv_spinlock *lock)
{
	while (!look_for_a_while(lock))
		pv_lock_wait(&lock->taken, 1);
	/* Only a hint: whoever reads it in between waits a little too long or too short. */
	__atomic_store_n(&lock->owner, pv_cpu_this(), __ATOMIC_RELAXED);
}

void pv_spin_unlock(struct pv_spinlock *lock)
{
	pv_lock_unlock(&lock->taken);
}
