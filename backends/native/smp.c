/* SPDX-License-Identifier: MIT */
/* Other CPUs: started by INIT and SIPI, interrupted through the local APIC. */
#include "native.h"
#include "apic.h"
#include "atomic64.h"
#include "percpu.h"
#include "pv_host.h"
#include "pv_runtime.h"

#define APIC_BASE 0xfee00000ul

/* Command register: SDM vol. 3, figure 11-12. */
#define COMMAND_INIT	    0x4500
#define COMMAND_START	    0x4600
#define COMMAND_PENDING	    0x1000
#define COMMAND_DESTINATION 24
#define COMMAND_OTHERS	    0xc0000

/* Waits between INIT and the two SIPIs: SDM vol. 3, section 9.4.4. */
#define INIT_NS	 10000000ull
#define START_NS 200000ull

/* CPUID leaf 1: more than one logical CPU in the package, and how many. */
#define LEAF1_EDX_HTT	    (1u << 28)
#define LEAF1_EBX_CPUS(ebx) ((ebx) >> 16 & 0xff)

#define PAGE_SHIFT 12

volatile uint8_t *native_apic;
static pv_ipi_t *ipi_handler;

void native_apic_map(void)
{
	if (!native_apic)
		native_apic = pv_host_map_io(APIC_BASE);
}

void native_apic_enable(void)
{
	native_apic_map();
	apic_write(APIC_SPURIOUS, APIC_SPURIOUS_ENABLE);
}

/* Those of the boot CPU's package; CPU n has the APIC's number n. */
unsigned int native_cpu_count(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;

	asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return edx & LEAF1_EDX_HTT ? LEAF1_EBX_CPUS(ebx) : 1;
}

/* An interrupt handler that sends one too must not come between the two halves. */
static void send(unsigned int cpu, uint32_t command)
{
	unsigned long flags;

	asm volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
	apic_write(APIC_COMMAND_HIGH, cpu << COMMAND_DESTINATION);
	apic_write(APIC_COMMAND_LOW, command);
	while (apic_read(APIC_COMMAND_LOW) & COMMAND_PENDING)
		asm volatile("pause");
	asm volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}

int native_cpu_start(unsigned int cpu, unsigned long entry, unsigned long stack)
{
	unsigned long page = pv_host_real_mode(entry, stack);

	if (!page)
		return -1;
	native_apic_enable();
	send(cpu, COMMAND_INIT);
	native_delay(INIT_NS);
	send(cpu, COMMAND_START | page >> PAGE_SHIFT);
	native_delay(START_NS);
	send(cpu, COMMAND_START | page >> PAGE_SHIFT);
	return 0;
}

void native_ipi_start(pv_ipi_t *handler)
{
	ipi_handler = handler;
	native_apic_enable();
}

void native_ipi_send(unsigned int cpu, unsigned int kind)
{
	send(cpu, PV_VECTOR_IPI + kind);
}

/* A CPU that was never started has no use for it, and takes none. */
void native_ipi_send_others(unsigned int kind)
{
	send(0, COMMAND_OTHERS | (PV_VECTOR_IPI + kind));
}

/* ---- TLBs ---- */

#define PAGE_SIZE (1ul << PAGE_SHIFT)
/* Of more pages the whole TLB is cheaper. */
#define PAGES_MAX 32
#define CR4_PGE	  0x80ul

/* One request at a time; `waiting` has a bit for each CPU that has not done it. */
static struct {
	uint8_t taken;
	unsigned long start, end;
	uint64_t waiting;
} request;

/* Global entries too, which INVLPG drops as well: a change of PGE drops all (SDM vol. 3, 4.10.4.1).
 */
static void flush_all(void)
{
	unsigned long cr4;

	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 ^ CR4_PGE) : "memory");
	asm volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

static void flush(unsigned long start, unsigned long end)
{
	if (end - start > PAGES_MAX * PAGE_SIZE) {
		flush_all();
		return;
	}
	for (start &= ~(PAGE_SIZE - 1); start < end; start += PAGE_SIZE)
		asm volatile("invlpg (%0)" : : "r"(start) : "memory");
}

static void flush_on_request(void)
{
	flush(request.start, request.end);
	atomic64_and(&request.waiting, ~(1ull << pv_cpu_this()));
}

static void flush_others(uint64_t others, unsigned long start, unsigned long end)
{
	while (__atomic_exchange_n(&request.taken, 1, __ATOMIC_ACQUIRE))
		asm volatile("pause");
	request.start = start;
	request.end = end;
	atomic64_store(&request.waiting, others);
	for (; others; others &= others - 1)
		native_ipi_send(first_bit(others), PV_IPI_FLUSH);
	while (atomic64_load(&request.waiting))
		asm volatile("pause");
	__atomic_store_n(&request.taken, 0, __ATOMIC_RELEASE);
}

PV_IMPLEMENTS(flush_tlb_multi, 1);
void native_flush_tlb_multi(const uint64_t *cpus, unsigned long start, unsigned long end)
{
	uint64_t self = 1ull << pv_cpu_this(), others = *cpus & pv_cpus_online() & ~self;

	if (*cpus & self)
		flush(start, end);
	if (others)
		flush_others(others, start, end);
}

void native_ipi_interrupt(unsigned int kind)
{
	apic_write(APIC_EOI, 0);
	if (kind == PV_IPI_FLUSH)
		flush_on_request();
	else
		ipi_handler(kind);
}
