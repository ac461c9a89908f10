/* A table of ops with all that import meets: see table.pvi. */
#include <stdbool.h>

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
struct paravirt_callee_save { void *func; };
typedef unsigned long pteval_t;
typedef struct { pteval_t pte; } pte_t;
struct page;
typedef int (*visit_t)(struct page *page, void *context);
enum level { LOW, HIGH };
enum { NAMELESS };
union pair { u64 whole; u32 half[2]; };
struct value { int number; };
struct two { long a, b; };
typedef struct two pair_t;
struct lock_ops {
	struct paravirt_callee_save unlock, wait, label, other, missing;
	void (*kick)(int cpu);
};
struct inner { u8 kind; struct page *pages; };
struct table_ops {
	const char *name;
	u32 flags : 3, more : 7;
	u8 small;
	u64 words[4];
	struct inner inner;
	union { u64 id; void *owner; };
	int (*walk)(visit_t visit, enum level level, const u8 *const *text);
	pte_t (*make)(pteval_t value, volatile struct value by_value);
	struct two (*pair)(void);
	void (*by_pair)(pair_t pair);
	int (*print)(const char *format, ...);
	void (*many)(int, int, int, int, int, int, int);
	void (*call)(int (*visit)(struct page *));
	bool (*has)(union pair *pair, _Atomic int *count, __int128 *wide, float ratio);
	struct {
		u64 (*clock)(void);
		char last;
	} time;
	struct lock_ops lock;
	char end __attribute__((aligned(64)));
};
struct table_ops table_ops;
void native_unlock(u8 *lock) { *lock = 0; }
void xen_unlock(u8 *lock) { *lock = 0; }
long native_wait(u8 *lock) { return *lock; }
int xen_wait(u8 *lock) { return *lock; }
void xen_label(void) {}
pteval_t native_other(pte_t pte) { return pte.pte; }
unsigned long xen_other(pte_t pte) { return pte.pte; }
void native_kick(int processor) {}
