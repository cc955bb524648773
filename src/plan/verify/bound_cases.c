/* SPDX-License-Identifier: MIT */
/*
 * The cases of the bound, and their comparison with the certificate.
 *
 * The certificate adds GPUs mode by mode, bound.c size by size: a row holds when it follows from
 * the rows before it, and all rows of a case must give the GPUs that bound.c found.
 *
 * Time: that of bound.c for each case, and O(M P) for each row with M modes of P partitions.
 */
#include "plan/verify/bound.h"

static uint32_t size_index(const struct v_case *a, uint64_t size)
{
	uint32_t s = 0;

	while (s < a->n_sizes && a->size[s] != size)
		s++;
	return s;
}

/*
 * Check the rows of a case, which add GPUs mode by mode: each row must follow from the rows before
 * it and the fixed GPUs, and all together must give the GPUs of the case.
 */
static int check_rows(struct v_case *a, const struct rp_json *x, struct v_in *in)
{
	const struct rp_json *rows = rp_verify_list(in, x, "rows");
	uint64_t total = a->n_fixed;

	for (uint32_t i = 0; i < a->n_modes; i++)
		a->modes[i].n = 0;
	for (size_t k = 0; k < rp_json_len(rows) && in->r == 0; k++) {
		const struct rp_json *row = rp_json_at(rows, k);
		uint64_t menu = rp_verify_u64(in, row, "menu", UINT32_MAX);
		uint64_t mode = rp_verify_u64(in, row, "mode", UINT32_MAX);
		uint32_t s = size_index(a, rp_verify_u64(in, row, "at_least_bytes", INT64_MAX));
		uint64_t slots, gpus, n = rp_verify_u64(in, row, "gpus", INT64_MAX);
		uint32_t i = 0, per;

		while (i < a->n_modes && (a->modes[i].menu != menu || a->modes[i].mode != mode))
			i++;
		if (in->r == 0 && (i == a->n_modes || s == a->n_sizes))
			return rp_verify_wrong(
				in->err, "certificate",
				"row %zu names a mode or a size that the plan does not have", k);
		if (in->r < 0)
			return in->r;
		per = v_count_parts(a->modes[i].m, UINT32_MAX, a->size[s]);
		slots = a->fixed_slots[s];
		gpus = a->fixed_gpus[s];
		for (uint32_t m = 0; m < a->n_modes; m++) {
			uint32_t here = v_count_parts(a->modes[m].m, UINT32_MAX, a->size[s]);

			slots += a->modes[m].n * here;
			gpus += here ? a->modes[m].n : 0;
		}
		if (per == 0 || rp_verify_u64(in, row, "slots_per_gpu", INT64_MAX) != per ||
		    rp_verify_u64(in, row, "demand", INT64_MAX) != a->demand[s] ||
		    rp_verify_u64(in, row, "apart", INT64_MAX) != a->apart[s] ||
		    rp_verify_u64(in, row, "slots_before", INT64_MAX) != slots ||
		    rp_verify_u64(in, row, "gpus_before", INT64_MAX) != gpus ||
		    !v_same(rp_verify_text(in, row, "compute_mode", false),
			    a->modes[i].m->compute) ||
		    !v_same(rp_verify_text(in, row, "memory_mode", false), a->modes[i].m->memory) ||
		    n != rp_verify_count_more(a, s, slots, gpus, per))
			return in->r < 0 ? in->r
					 : rp_verify_wrong(in->err, "certificate",
							   "row %zu does not add up", k);
		a->modes[i].n += n;
		total += n;
	}
	if (in->r == 0 && total != a->gpus)
		return rp_verify_wrong(in->err, "certificate",
				       "the rows add up to %llu GPUs, not to %llu",
				       (unsigned long long)total, (unsigned long long)a->gpus);
	return in->r;
}

/* Compare a case with the one that was computed. */
static int check_case(struct v_case *a, const struct rp_json *x, struct v_in *in)
{
	const char *memory = a->memory;
	bool possible;
	int r = 0;

	if (!v_same(rp_verify_text(in, x, "memory_mode", true), memory))
		r = rp_verify_wrong(in->err, "certificate",
				    "a case is missing or in a wrong place");
	possible = rp_verify_bool(in, x, "possible");
	if (r == 0 && in->r == 0 &&
	    (possible != a->possible ||
	     rp_verify_u64(in, x, "fixed_gpus", INT64_MAX) != a->n_fixed ||
	     rp_verify_bool(in, x, "nested") != a->nested ||
	     rp_verify_u64(in, x, "gpus", INT64_MAX) != a->gpus))
		r = rp_verify_wrong(in->err, "certificate", "%s: needs %llu GPUs%s",
				    memory ? memory : "any memory mode",
				    (unsigned long long)a->gpus,
				    a->possible ? "" : ", and is not possible");
	if (r == 0 && a->blocker != V_NONE &&
	    rp_verify_u64(in, x, "fits_nowhere", UINT32_MAX) != a->blocker)
		r = rp_verify_wrong(in->err, "certificate",
				    "it names the wrong request that fits nowhere");
	if (r == 0 && a->blocker == V_NONE && rp_json_get(x, "fits_nowhere"))
		r = rp_verify_wrong(
			in->err, "certificate",
			"it names a request that fits nowhere, but every request fits somewhere");
	if (r == 0)
		r = check_rows(a, x, in);
	return r < 0 ? r : in->r;
}

/* Compute a case, compare it with x unless that is NULL, and keep the least. */
static int take_case(const struct v_doc *d, const char *memory, const struct rp_json *x,
		     struct v_in *in, bool *any, uint64_t *least)
{
	RP_AUTO_FREE struct v_case *a = rp_new0(struct v_case, 1);
	int r = a ? rp_verify_compute_case(d, memory, a) : -ENOMEM;

	if (r == -ENOMEM)
		return rp_error_nomem(in->err);
	if (r < 0)
		return rp_error_errno(in->err, r, "machine",
				      "the machine has too many different modes");
	if (a->possible) {
		if (!*any || a->gpus < *least)
			*least = a->gpus;
		*any = true;
	}
	return x ? check_case(a, x, in) : 0;
}

/* List the memory modes of the machine, each once, in the order of the menus. */
static uint32_t list_memories(const struct v_doc *d, const char *ret[8])
{
	uint32_t n = 0;

	for (uint32_t menu = 0; menu < d->n_menus; menu++) {
		for (uint32_t m = 0; m < d->menus[menu].n_modes; m++) {
			uint32_t i = 0;

			while (i < n && !v_same(ret[i], d->menus[menu].modes[m].memory))
				i++;
			if (i == n && n < 8)
				ret[n++] = d->menus[menu].modes[m].memory;
		}
	}
	return n;
}

static const struct rp_json *find_case(const struct rp_json *cases, const char *memory)
{
	for (size_t k = 0; k < rp_json_len(cases); k++) {
		const struct rp_json *x = rp_json_at(cases, k);

		if (v_same(rp_json_text(rp_json_get(x, "memory_mode")), memory))
			return x;
	}
	return NULL;
}

/*
 * The cases are complete: the plan of one hive is in one memory mode that the hive may have, and
 * where there is none, or several hives, any mixture is one case.
 */
int rp_verify_bound_cases(const struct v_doc *d, struct v_in *in, const struct rp_json *cert,
			  bool *ret_any, uint64_t *ret)
{
	const struct rp_json *cases = cert ? rp_verify_list(in, cert, "cases") : NULL;
	const char *mem[8];
	uint32_t n = d->n_hives == 1 ? list_memories(d, mem) : 0, used = 0;
	int r = in->r;

	for (uint32_t i = 0; i < n && r == 0; i++) {
		const struct rp_json *x = find_case(cases, mem[i]);

		if (d->hives[0].memory_fixed && !v_same(d->hives[0].memory, mem[i]))
			continue;
		used++;
		if (cert && !x)
			return rp_verify_wrong(in->err, "certificate", "the case for %s is missing",
					       mem[i]);
		r = take_case(d, mem[i], x, in, ret_any, ret);
	}
	if (r == 0 && used++ == 0) {
		if (cert && !rp_json_at(cases, 0))
			return rp_verify_wrong(in->err, "certificate",
					       "it must have exactly one case");
		return take_case(d, NULL, rp_json_at(cases, 0), in, ret_any, ret) < 0 ? -EBADMSG
		       : cert && rp_json_len(cases) != 1
			       ? rp_verify_wrong(in->err, "certificate", "it has a case too many")
			       : in->r;
	}
	if (r == 0 && cert && used - 1 != rp_json_len(cases))
		return rp_verify_wrong(in->err, "certificate", "it has a case too many");
	return r;
}
