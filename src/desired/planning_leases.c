/* SPDX-License-Identifier: MIT */
/* Plans on a machine that has leases, and what becomes of a plan there: a change, placements. */
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/planning.h"
#include "leases/lease.h"
#include "plan/view.h"

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

void rp_plan_holders_done(struct rocpart_plan *plan)
{
	for (size_t i = 0; i < plan->n_holders; i++)
		free((char *)(uintptr_t)plan->holders[i].by);
	free(plan->holders);
	plan->holders = NULL;
	plan->n_holders = plan->cap_holders = 0;
}

/* Record who holds a partition; takes the text over. */
static int add_holder(struct rocpart_plan *plan, size_t gpu, uint32_t part, uint64_t bytes,
		      uint32_t share, char *by)
{
	if (!by || rp_grow(&plan->holders, &plan->cap_holders, plan->n_holders + 1,
			   sizeof(plan->holders[0])) < 0) {
		free(by);
		return -ENOMEM;
	}
	plan->holders[plan->n_holders++] =
		(struct rp_place_holder){(uint32_t)gpu, part, bytes, share, by};
	return 0;
}

/* Name what occupies a partition that no lease does. */
static int add_other_holders(struct rocpart_plan *plan, const uint32_t *by_leases)
{
	int r = 0;

	for (size_t g = 0; g < plan->machine.n_gpus && r == 0; g++) {
		uint32_t bits = plan->machine.gpus[g].occupied & ~by_leases[g];

		for (uint32_t i = 0; i < RP_PLACE_MAX_PARTS && r == 0; i++) {
			const struct rocpart_partition *p =
				rp_gpu_partition_by_id(&plan->snapshot->gpus[g], i);

			if (bits & (1U << i))
				r = add_holder(plan, g, i, 0, 1,
					       strdup(p ? "programs without a lease"
							: "nobody: the driver does not show it"));
		}
	}
	return r;
}

/* A lease of no request: its partition is occupied, or is shared where the lease shares it. */
static int hold_partition(struct rocpart_plan *plan, const struct rocpart_lease *l, size_t gpu,
			  uint32_t *by_leases)
{
	struct rp_place_gpu *g = &plan->machine.gpus[gpu];

	g->flags |= RP_PLACE_CANNOT_SWITCH;
	if (l->share > 1 && l->bytes) {
		g->occupied &= ~(1U << l->partition); /* by its own memory */
	} else {
		g->occupied |= 1U << l->partition;
		by_leases[gpu] |= 1U << l->partition;
	}
	return add_holder(plan, gpu, l->partition, l->bytes, l->share ? l->share : 1,
			  rp_strdupf("lease %llu %s", (unsigned long long)l->id, l->name));
}

/* A lease on the machine of the plan: it is a replica of a request, or it holds its partition. */
static int take_lease(struct rocpart_plan *plan, const struct rocpart_lease *l,
		      const struct rocpart_lease **of_tenant, uint32_t *by_leases)
{
	size_t gpu = gpu_of(plan, l->bdf), request = request_of(plan, l->name);
	struct rp_place_gpu *g = gpu == SIZE_MAX ? NULL : &plan->machine.gpus[gpu];

	if (!g || l->state == ROCPART_LEASE_PENDING ||
	    l->partition >= plan->machine.menus[g->menu].modes[g->mode].n_parts)
		return 0; /* it holds nothing here */
	if (!is_wanted(plan, request))
		return hold_partition(plan, l, gpu, by_leases);
	/* Its own memory is not somebody else's. */
	if (!(by_leases[gpu] & (1U << l->partition)))
		g->occupied &= ~(1U << l->partition);
	of_tenant[plan->n_tenants] = l;
	plan->tenants[plan->n_tenants++] = (struct rp_place_tenant){.request = (uint32_t)request,
								    .gpu = (uint32_t)gpu,
								    .part = l->partition,
								    .pinned = true};
	return 0;
}

/* A wish of the file that a lease does not meet: which lease, which wish, and the way out. */
static int RP_PRINTF(5, 6)
	refuse_lease(const struct rocpart_plan *plan, const struct rp_place_tenant *t,
		     const struct rocpart_lease *l, struct rocpart_error *reterr, const char *fmt,
		     ...)
{
	const struct rp_model_request *w = &plan->models.v[t->request];
	char text[sizeof(reterr->message)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LEASED, w->place,
			   "model '%s': lease %llu on partition %u/%u %s", w->name,
			   (unsigned long long)l->id, t->gpu, t->part, text);
	(void)rp_error_hint(
		reterr,
		"`rocpart release %llu` ends the lease, and `rocpart apply` places that "
		"replica again; or change the request in the file",
		(unsigned long long)l->id);
	return -EBUSY;
}

/* Count the tenants of a GPU or of one of its partitions, of one request or of all. */
static uint32_t count_beside(const struct rocpart_plan *plan, const struct rp_place_tenant *t,
			     bool in_partition, bool of_request)
{
	uint32_t n = 0;

	for (size_t i = 0; i < plan->n_tenants; i++) {
		const struct rp_place_tenant *o = &plan->tenants[i];

		n += o->gpu == t->gpu && (!in_partition || o->part == t->part) &&
		     (!of_request || o->request == t->request);
	}
	for (size_t i = 0; i < plan->n_holders && !of_request; i++)
		n += plan->holders[i].gpu == t->gpu &&
		     (!in_partition || plan->holders[i].part == t->part);
	return n;
}

static uint32_t count_in_hive(const struct rocpart_plan *plan, const struct rp_place_tenant *t)
{
	const struct rp_place_gpu *gpus = plan->machine.gpus;
	uint32_t n = 0;

	for (size_t i = 0; i < plan->n_tenants; i++)
		n += plan->tenants[i].request == t->request &&
		     gpus[plan->tenants[i].gpu].hive == gpus[t->gpu].hive;
	return n;
}

/* What the lease reserves: bytes, and with how many it shares. */
static int check_reserved(const struct rocpart_plan *plan, const struct rp_place_tenant *t,
			  const struct rocpart_lease *l, const struct rp_place_part *part,
			  struct rocpart_error *reterr)
{
	const struct rp_place_request *q = &plan->requests[t->request];
	uint32_t share = l->share ? l->share : 1;
	char has[RP_BYTES_TEXT_SIZE], needs[RP_BYTES_TEXT_SIZE];

	if (q->bytes > l->bytes)
		return refuse_lease(plan, t, l, reterr, "reserves %s, but the model now needs %s",
				    rp_format_bytes(l->bytes, has),
				    rp_format_bytes(q->bytes, needs));
	if (share < rp_view_limit(q, part) || share > q->share)
		return refuse_lease(
			plan, t, l, reterr,
			"shares its partition by %u, but the file asks for a share of %u", share,
			q->share);
	return 0;
}

/* What the partition gives: XCDs, memory mode, bandwidth for each that shares it. */
static int check_given(const struct rocpart_plan *plan, const struct rp_place_tenant *t,
		       const struct rocpart_lease *l, const struct rp_place_mode *mode,
		       struct rocpart_error *reterr)
{
	const struct rp_place_request *q = &plan->requests[t->request];
	const struct rp_place_part *part = &mode->parts[t->part];
	uint32_t n = count_beside(plan, t, true, false);

	if (q->min_xcds > part->n_xcds)
		return refuse_lease(plan, t, l, reterr,
				    "has %u XCD%s, but the file asks for 'min-xcds: %u'",
				    part->n_xcds, part->n_xcds == 1 ? "" : "s", q->min_xcds);
	if (q->memory && !rp_str_eq(q->memory, mode->memory))
		return refuse_lease(plan, t, l, reterr,
				    "is in memory mode %s, but the file asks for 'memory: %s'",
				    mode->memory, q->memory);
	if (q->min_bandwidth_mbs > part->bandwidth_mbs / n)
		return refuse_lease(
			plan, t, l, reterr,
			"has %llu GB/s of memory bandwidth for each of %u, but 'min-tok-s: %llu' "
			"takes %llu GB/s",
			(unsigned long long)(part->bandwidth_mbs / n / 1000), n,
			(unsigned long long)plan->models.v[t->request].min_tok_s,
			(unsigned long long)(q->min_bandwidth_mbs / 1000));
	return 0;
}

/* Return the number of replicas that are too near to each other, or 0. */
static uint32_t count_too_near(const struct rocpart_plan *plan, const struct rp_place_tenant *t)
{
	const struct rp_place_request *q = &plan->requests[t->request];
	uint32_t n = q->spread == RP_PLACE_SPREAD_GPU	 ? count_beside(plan, t, false, true)
		     : q->spread == RP_PLACE_SPREAD_HIVE ? count_in_hive(plan, t)
							 : 0;

	return n > q->per_domain ? n : 0;
}

/* Compare what a lease has with what the file asks for its model. */
static int check_lease(const struct rocpart_plan *plan, const struct rp_place_tenant *t,
		       const struct rocpart_lease *l, struct rocpart_error *reterr)
{
	const struct rp_place_gpu *g = &plan->machine.gpus[t->gpu];
	const struct rp_place_mode *mode = &plan->machine.menus[g->menu].modes[g->mode];
	uint32_t near = count_too_near(plan, t);
	int r = check_reserved(plan, t, l, &mode->parts[t->part], reterr);

	if (r == 0)
		r = check_given(plan, t, l, mode, reterr);
	if (r == 0 && near)
		r = refuse_lease(
			plan, t, l, reterr,
			"is one of %u replicas on one %s, but the file asks for 'spread: "
			"%s', at most %u on each",
			near,
			plan->requests[t->request].spread == RP_PLACE_SPREAD_GPU ? "GPU" : "hive",
			plan->requests[t->request].spread == RP_PLACE_SPREAD_GPU ? "gpu" : "hive",
			plan->requests[t->request].per_domain);
	return r;
}

/* Nobody asked for a spread: what runs nearer to each other than it would be planned may stay. */
static void relax_for_leases(struct rocpart_plan *plan)
{
	for (size_t i = 0; i < plan->n_tenants; i++) {
		const struct rp_place_tenant *t = &plan->tenants[i];
		uint32_t near = count_too_near(plan, t);

		if (near && !plan->models.v[t->request].has_spread)
			plan->requests[t->request].per_domain = near;
	}
}

/* Plan as if a GPU were in a mode: that of a text such as "CPX/NPS4", or any of a memory mode. */
static bool assume_mode(struct rocpart_plan *plan, size_t gpu, const char *mode, const char *memory)
{
	struct rp_place_gpu *g = &plan->machine.gpus[gpu];
	const struct rp_place_menu *menu = &plan->machine.menus[g->menu];
	char text[16];

	for (uint32_t i = 0; i < menu->n_modes && !(g->flags & RP_PLACE_CANNOT_SWITCH); i++) {
		const struct rp_place_mode *m = &menu->modes[i];

		if (rp_plan_is_mode_wanted(&plan->limits, gpu, m) &&
		    rp_fmt(text, sizeof(text), "%s/%s", m->compute, m->memory) == 0 &&
		    rp_str_eq(mode ? text : m->memory, mode ? mode : memory)) {
			g->mode = i;
			return true;
		}
	}
	return false;
}

/*
 * A lease lost its place with the mode of its GPU, as at a boot, and the file asks for that mode:
 * the change brings the place back. Memory modes are those of a hive.
 */
static bool take_lost_mode(struct rocpart_plan *plan, size_t gpu, const char *mode)
{
	const struct rp_place_gpu *gpus = plan->machine.gpus, *g = &gpus[gpu];
	const char *memory;

	if (!assume_mode(plan, gpu, mode, NULL))
		return false;
	memory = plan->machine.menus[g->menu].modes[g->mode].memory;
	for (size_t i = 0; i < plan->machine.n_gpus; i++)
		if (gpus[i].hive == g->hive &&
		    !rp_str_eq(plan->machine.menus[gpus[i].menu].modes[gpus[i].mode].memory,
			       memory))
			(void)assume_mode(plan, i, NULL, memory);
	return true;
}

/* Its modes are fixed by the file, and a lease keeps it in others. */
static int check_modes(struct rocpart_plan *plan, size_t i, struct rocpart_error *reterr)
{
	const struct rocpart_lease *l = rocpart_leases_get(plan->leases, i);
	size_t index = *l->bdf ? gpu_of(plan, l->bdf) : SIZE_MAX;

	if (index == SIZE_MAX ||
	    !rp_plan_gpu_must_switch(&plan->snapshot->gpus[index], &plan->limits))
		return 0;
	if (l->state == ROCPART_LEASE_DISPLACED &&
	    take_lost_mode(plan, index, rp_leases_get(plan->leases, i)->mode))
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
	RP_AUTO_FREE uint32_t *by_leases = rp_new0(uint32_t, plan->machine.n_gpus);
	RP_AUTO_FREE const struct rocpart_lease **of_tenant = NULL;
	size_t n = 0;
	int r = 0;

	free(plan->tenants);
	plan->tenants = NULL;
	plan->n_tenants = 0;
	rp_plan_holders_done(plan);
	if (plan->product)
		return 0;
	while (plan->leases && rocpart_leases_get(plan->leases, n))
		n++;
	plan->tenants = rp_new0(struct rp_place_tenant, n);
	of_tenant = calloc(n + 1, sizeof(*of_tenant));
	if (!by_leases || !plan->tenants || !of_tenant)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < n; i++)
		if (check_modes(plan, i, reterr) < 0)
			return -EBUSY;
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_lease(plan, rocpart_leases_get(plan->leases, i), of_tenant, by_leases);
	if (r == 0)
		r = add_other_holders(plan, by_leases);
	if (r < 0)
		return rp_error_nomem(reterr);
	relax_for_leases(plan);
	for (size_t i = 0; i < plan->n_tenants && r == 0; i++)
		r = check_lease(plan, &plan->tenants[i], of_tenant[i], reterr);
	return r;
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

	/*
	 * A GPU that cannot be partitioned has a plain mode without names. One of which something
	 * is not known is never switched; a memory mode of its hive is refused by the change.
	 */
	if (rp_gpu_is_odd(&plan->snapshot->gpus[gpu]) ||
	    rocpart_compute_mode_from_string(mode->compute, &c) < 0 ||
	    rocpart_memory_mode_from_string(mode->memory, &m) < 0)
		return 0;
	/* What the file says of a GPU holds, also of one that only follows its hive. */
	if (plan->limits.gpus[gpu].compute)
		c = plan->limits.gpus[gpu].compute;
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
	const struct rp_plan_gpu *g;

	if (!plan->plan || index >= plan->plan->n_places)
		return -ENOENT;
	p = &plan->plan->places[index];
	q = &plan->requests[p->request];
	g = plan->plan->gpus;
	while (g->gpu != p->gpu)
		g++; /* every GPU with a replica is listed */
	*ret_placement = (struct rocpart_placement){
		.name = q->name,
		.bytes = q->bytes,
		.bdf = plan->machine.gpus[p->gpu].name,
		.partition = p->part,
		.share = rp_view_limit(q, &mode_of(plan, g)->parts[p->part]),
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
