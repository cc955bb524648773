/* SPDX-License-Identifier: MIT */
/* Plans on a machine that has leases, and what becomes of a plan there: a change, placements. */
#include "base/strbuf.h"
#include "desired/planning.h"

static size_t gpu_of(const struct rocpart_plan *plan, const char *bdf)
{
	for (size_t i = 0; i < plan->machine.n_gpus; i++)
		if (rp_str_eq(plan->machine.gpus[i].name, bdf))
			return i;
	return SIZE_MAX;
}

static size_t request_of(const struct rocpart_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->models.n; i++)
		if (rp_str_eq(plan->models.v[i].name, name))
			return i;
	return SIZE_MAX;
}

/* Replicas beyond those wished for are no business of the plan: they hold their partition. */
static bool is_wanted(const struct rocpart_plan *plan, size_t request)
{
	uint64_t n = 0;

	if (request == SIZE_MAX)
		return false;
	for (size_t i = 0; i < plan->n_tenants; i++)
		n += plan->tenants[i].request == request;
	return n < plan->models.v[request].replicas;
}

static void take_lease(struct rocpart_plan *plan, const struct rocpart_lease *l)
{
	size_t gpu = gpu_of(plan, l->bdf), request = request_of(plan, l->name);
	struct rp_place_gpu *g = gpu == SIZE_MAX ? NULL : &plan->machine.gpus[gpu];

	if (!g || l->state == ROCPART_LEASE_PENDING ||
	    l->partition >= plan->machine.menus[g->menu].modes[g->mode].n_parts)
		return; /* it holds nothing here */
	if (!is_wanted(plan, request)) {
		g->occupied |= 1U << l->partition;
		g->flags |= RP_PLACE_CANNOT_SWITCH;
		return;
	}
	/* Its own memory is not somebody else's. */
	g->occupied &= ~(1U << l->partition);
	plan->tenants[plan->n_tenants++] = (struct rp_place_tenant){.request = (uint32_t)request,
								    .gpu = (uint32_t)gpu,
								    .part = l->partition,
								    .pinned = true};
}

/* Its modes are fixed by the file, and a lease keeps it in others. */
static int check_modes(const struct rocpart_plan *plan, const struct rocpart_lease *l,
		       struct rocpart_error *reterr)
{
	size_t index = *l->bdf ? gpu_of(plan, l->bdf) : SIZE_MAX;

	if (index == SIZE_MAX ||
	    !rp_plan_gpu_must_switch(&plan->snapshot->gpus[index], &plan->limits))
		return 0;
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LEASED, l->bdf,
			   "'node:' asks for other modes of GPU %zu (%s), which lease %llu (%.60s) "
			   "uses",
			   index, l->bdf, (unsigned long long)l->id, l->name);
	return rp_error_hint(
		reterr, "`rocpart release %llu`, or leave the modes of this GPU out of the file",
		(unsigned long long)l->id);
}

int rp_plan_take_leases(struct rocpart_plan *plan, struct rocpart_error *reterr)
{
	const struct rocpart_lease *l;
	size_t n = 0;

	free(plan->tenants);
	plan->tenants = NULL;
	plan->n_tenants = 0;
	while (plan->leases && rocpart_leases_get(plan->leases, n))
		n++;
	if (n == 0 || plan->product)
		return 0;
	plan->tenants = rp_new0(struct rp_place_tenant, n);
	if (!plan->tenants)
		return rp_error_nomem(reterr);
	for (size_t i = 0; (l = rocpart_leases_get(plan->leases, i)); i++) {
		if (check_modes(plan, l, reterr) < 0)
			return -EBUSY;
		take_lease(plan, l);
	}
	return 0;
}

static const struct rp_place_mode *mode_of(const struct rocpart_plan *plan,
					   const struct rp_plan_gpu *g)
{
	return &plan->machine.menus[plan->machine.gpus[g->gpu].menu].modes[g->mode];
}

static int wish_modes(const struct rocpart_plan *plan, struct rocpart_change *change, size_t gpu,
		      const struct rp_place_mode *mode, struct rocpart_error *reterr)
{
	enum rocpart_compute_mode c;
	enum rocpart_memory_mode m;

	/* A GPU that cannot be partitioned has a plain mode without names. */
	if (rocpart_compute_mode_from_string(mode->compute, &c) < 0 ||
	    rocpart_memory_mode_from_string(mode->memory, &m) < 0)
		return 0;
	return rocpart_change_set_modes(change, &plan->snapshot->gpus[gpu], c, m, reterr);
}

static bool is_used(const struct rocpart_plan *plan, size_t gpu)
{
	for (uint32_t i = 0; i < plan->plan->n_gpus; i++)
		if (plan->plan->gpus[i].gpu == gpu)
			return true;
	return false;
}

/* The memory mode is hive-wide: empty members take the pair of the first that is switched. */
static int fill_hive(const struct rocpart_plan *plan, struct rocpart_change *change,
		     const struct rp_plan_gpu *g, struct rocpart_error *reterr)
{
	const struct rp_place_gpu *gpus = plan->machine.gpus;
	const struct rp_place_mode *mode = mode_of(plan, g);
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->machine.n_gpus; i++) {
		const struct rocpart_gpu *other = &plan->snapshot->gpus[i];

		if (gpus[i].hive != gpus[g->gpu].hive || is_used(plan, i) ||
		    rp_str_eq(rocpart_memory_mode_to_string(other->memory), mode->memory))
			continue;
		r = wish_modes(plan, change, i, mode, reterr);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_plan_fill_change(const struct rocpart_plan *plan,
					    struct rocpart_change *change,
					    struct rocpart_error *reterr)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < plan->plan->n_gpus; i++) {
		const struct rp_plan_gpu *g = &plan->plan->gpus[i];

		r = wish_modes(plan, change, g->gpu, mode_of(plan, g), reterr);
		if (r == 0)
			r = fill_hive(plan, change, g, reterr);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_plan_get_placement(const struct rocpart_plan *plan, size_t index,
					      struct rocpart_placement *ret_placement)
{
	const struct rp_plan_place *p;
	const struct rp_place_request *q;

	if (!plan->plan || index >= plan->plan->n_places)
		return -ENOENT;
	p = &plan->plan->places[index];
	q = &plan->requests[p->request];
	*ret_placement = (struct rocpart_placement){.name = q->name,
						    .bytes = q->bytes,
						    .bdf = plan->machine.gpus[p->gpu].name,
						    .partition = p->part,
						    .share = q->share,
						    .priority = q->priority,
						    .is_new = p->was_gpu == RP_PLACE_NONE};
	return 0;
}

ROCPART_PUBLIC const struct rocpart_footprint *
rocpart_plan_get_footprint(const struct rocpart_plan *plan, size_t index)
{
	if (!plan->plan || index >= plan->plan->n_places)
		return NULL;
	return plan->models.v[plan->plan->places[index].request].footprint;
}
