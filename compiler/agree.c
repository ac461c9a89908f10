/*
 * Do the types of an op and of the hypercall that does it agree?  Their structures are never the
 * same in C, since an abi knows its own only, so a pointer to one reaches a call as `void *`.
 */
#include "attributes.h"

/** A pointer's type behind the names that typedefs gave it. */
struct flat {
	const struct scalar *scalar;
	const struct decl *decl;
	bool is_const;
	unsigned int stars;
};

static struct flat flatten(const struct type *type, unsigned int stars)
{
	struct flat f = {.is_const = type->is_const, .stars = stars + type->stars};

	while (type->decl && type->decl->kind == DECL_TYPEDEF) {
		type = &type->decl->type;
		/* What const means before the name of a pointer does not reach what it points to.
		 */
		f.is_const = type->is_const || (f.is_const && !type->stars);
		f.stars += type->stars;
	}
	f.scalar = type->scalar;
	f.decl = type->decl;
	return f;
}

static bool is_void_pointer(const struct flat *f)
{
	return f->stars == 1 && !f->scalar && !f->decl;
}

/** Does C take the one pointer for the other? */
static bool is_taken(const struct flat *given, const struct flat *wanted)
{
	bool is_same = given->scalar == wanted->scalar && given->decl == wanted->decl &&
		       given->stars == wanted->stars;

	if (given->stars > 1 && wanted->stars > 1)
		return is_same && given->is_const == wanted->is_const;
	return (is_same || is_void_pointer(given) || is_void_pointer(wanted)) &&
	       (wanted->is_const || !given->is_const);
}

/** What comes back does so through a pointer, also where the call itself returns it in a register.
 */
static bool is_passed_by_pointer(const struct param *p)
{
	return type_is_pointer(&p->type) || is_output(p);
}

/** A number that the call's parameter can hold; the only one that is a pointer is none. */
static void check_number(struct run *run, const struct argument *a, const struct param *target)
{
	int64_t value = a->constant ? a->constant->value : a->value.value;
	int64_t low, high;

	if (type_scalar(&target->type) && !is_passed_by_pointer(target)) {
		type_range(run, &target->type, &low, &high);
		in_range(run, target->name.s,
			 &(struct operand){.loc = a->value.loc, .value = value}, low, high);
	}
	if (value && is_passed_by_pointer(target))
		diag(run, argument_pointer, a->value.loc,
		     a->constant ? a->constant->name.s : mem_printf("%lld", (long long)value),
		     target->name.s);
}

static void check_pointer(struct run *run, const struct argument *a, const struct param *target)
{
	struct flat given = flatten(&a->param->type, 0);
	struct flat wanted = flatten(&target->type, is_output(target));

	if (is_taken(&given, &wanted))
		return;
	diag(run, other_pointer, a->value.loc, a->param->name.s, c_declare(&a->param->type, ""),
	     target->name.s, c_declare(&target->type, is_output(target) ? "*" : ""),
	     given.is_const ? "const void *" : "void *");
	diag_note(run, target->name.loc, "the call's parameter is here");
}

void check_argument(struct run *run, const struct argument *a, const struct param *target)
{
	/* A converter gives back a number. */
	bool is_pointer = a->param && !a->convert && type_is_pointer(&a->param->type);

	if (!a->param)
		check_number(run, a, target);
	else if (is_pointer != is_passed_by_pointer(target))
		diag(run, argument_pointer, a->value.loc, a->param->name.s, target->name.s);
	else if (is_pointer)
		check_pointer(run, a, target);
}

bool check_call_result(struct run *run, const struct op *op, const struct call *call,
		       struct loc loc)
{
	const struct type *wanted = &op->type, *given = &call->result.type;
	struct flat to = flatten(wanted, 0), from = flatten(given, 0);

	if (type_is_void(wanted))
		return true;
	if (!type_is_void(given) &&
	    (to.stars && from.stars ? is_taken(&from, &to) : !to.stars == !from.stars))
		return true;
	diag(run, call_result, loc, op_path(op), c_declare(wanted, ""), call->name.s,
	     c_declare(given, ""));
	diag_note(run, call->name.loc, "the call is here");
	return false;
}
