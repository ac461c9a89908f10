/* SPDX-License-Identifier: MIT */
/*
 * Numbers of 64 bits that several CPUs change.  Where a word is shorter a
 * compiler calls a library for them, unless it is told how: by CMPXCHG8B.
 */
#ifndef ATOMIC64_H
#define ATOMIC64_H

#include <stdbool.h>
#include <stdint.h>

#if UINTPTR_MAX > UINT32_MAX

static inline uint64_t atomic64_load(const uint64_t *from)
{
	return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static inline bool atomic64_exchange_if(uint64_t *to, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(to, old, new, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline void atomic64_store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static inline uint64_t atomic64_or(uint64_t *to, uint64_t bits)
{
	return __atomic_fetch_or(to, bits, __ATOMIC_ACQ_REL);
}

static inline uint64_t atomic64_and(uint64_t *to, uint64_t bits)
{
	return __atomic_fetch_and(to, bits, __ATOMIC_ACQ_REL);
}

#else

/* What is there is written again, so this is not for memory that is read-only. */
static inline uint64_t atomic64_load(const uint64_t *from)
{
	return __sync_val_compare_and_swap((uint64_t *)from, 0, 0);
}

/* False, and *old is what is there, if that is something else. */
static inline bool atomic64_exchange_if(uint64_t *to, uint64_t *old, uint64_t new)
{
	uint64_t wanted = *old;

	*old = __sync_val_compare_and_swap(to, wanted, new);
	return *old == wanted;
}

static inline void atomic64_store(uint64_t *to, uint64_t value)
{
	uint64_t old = *to;

	while (!atomic64_exchange_if(to, &old, value))
		;
}

static inline uint64_t atomic64_or(uint64_t *to, uint64_t bits)
{
	uint64_t old = *to;

	while (!atomic64_exchange_if(to, &old, old | bits))
		;
	return old;
}

static inline uint64_t atomic64_and(uint64_t *to, uint64_t bits)
{
	uint64_t old = *to;

	while (!atomic64_exchange_if(to, &old, old & bits))
		;
	return old;
}

#endif

/* Number of the lowest bit that is set; one is. */
static inline unsigned int first_bit(uint64_t bits)
{
	if (sizeof(long) == sizeof(bits))
		return __builtin_ctzl(bits);
	return (uint32_t)bits ? __builtin_ctz((uint32_t)bits) : 32 + __builtin_ctz(bits >> 32);
}

#endif
