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

/* Whether the lease has a partition in the mode that the plan takes the GPU to be in. */
static bool has_place(const struct rocpart_plan *plan, const struct rocpart_lease *l, size_t *ret)
{
	size_t gpu = l->state == ROCPART_LEASE_PENDING ? SIZE_MAX : gpu_of(plan, l->bdf);
	const struct rp_place_gpu *g;

	if (gpu == SIZE_MAX)
		return false;
	*ret = gpu;
	g = &plan->machine.gpus[gpu];
	return l->partition < plan->machine.menus[g->menu].modes[g->mode].n_parts;
}

/* The memory of a replica is not somebody else's, and that of one that is released will be gone. */
static void free_memory(struct rocpart_plan *plan, const struct rocpart_lease *l, size_t gpu,
			const uint32_t *by_leases)
{
	if (!(by_leases[gpu] & (1U << l->partition)))
		plan->machine.gpus[gpu].occupied &= ~(1U << l->partition);
}

bool rp_plan_mode_is(const struct rp_place_mode *mode, const char *recorded)
{
	char text[16];

	/* an old record says no mode, and a GPU that cannot be partitioned has none */
	return !*recorded ||
	       strstr(recorded, rocpart_memory_mode_to_string(ROCPART_MEMORY_UNKNOWN)) ||
	       (rp_fmt(text, sizeof(text), "%s/%s", mode->compute, mode->memory) == 0 &&
		rp_str_eq(text, recorded));
}

/* Whether the lease is displaced from a GPU that the plan takes to be in another mode. */
static bool waits_for_mode(const struct rocpart_plan *plan, const struct rp_lease_match *m,
			   size_t *ret)
{
	size_t gpu =
		m->lease->state == ROCPART_LEASE_DISPLACED ? gpu_of(plan, m->lease->bdf) : SIZE_MAX;
	const struct rp_place_mode *mode;

	if (gpu == SIZE_MAX)
		return false;
	*ret = gpu;
	mode = &plan->machine.menus[plan->machine.gpus[gpu].menu]
			.modes[plan->machine.gpus[gpu].mode];
	return !rp_plan_mode_is(mode, rp_leases_get(plan->leases, m->index)->mode);
}

/* Its partition is not there, so nobody can be placed beside it: the whole GPU is promised to it.
 */
static int hold_gpu(struct rocpart_plan *plan, const struct rocpart_lease *l, size_t gpu,
		    uint32_t *by_leases)
{
	struct rp_place_gpu *g = &plan->machine.gpus[gpu];
	uint32_t n = plan->machine.menus[g->menu].modes[g->mode].n_parts;
	int r = 0;

	g->flags |= RP_PLACE_CANNOT_SWITCH;
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		g->occupied |= 1U << i;
		by_leases[gpu] |= 1U << i;
		r = add_holder(plan, gpu, i, l->bytes, 1,
			       rp_strdupf("lease %llu %s, which waits for its mode",
					  (unsigned long long)l->id, l->name));
	}
	return r;
}

static int take_other(struct rocpart_plan *plan, const struct rp_lease_match *m,
		      uint32_t *by_leases)
{
	size_t gpu;

	if ((m->kind == RP_MATCH_OTHER || m->kind == RP_MATCH_WITHHELD) &&
	    waits_for_mode(plan, m, &gpu))
		return hold_gpu(plan, m->lease, gpu, by_leases);
	return (m->kind == RP_MATCH_OTHER || m->kind == RP_MATCH_WITHHELD) &&
			       has_place(plan, m->lease, &gpu)
		       ? hold_partition(plan, m->lease, gpu, by_leases)
		       : 0;
}

/* A replica on the machine of the plan is a tenant, and one that is released leaves its place. */
static void take_replica(struct rocpart_plan *plan, struct rp_lease_match *m,
			 const uint32_t *by_leases)
{
	size_t gpu;

	if (m->kind == RP_MATCH_OTHER || m->kind == RP_MATCH_WITHHELD ||
	    !has_place(plan, m->lease, &gpu))
		return;
	free_memory(plan, m->lease, gpu, by_leases);
	if (m->kind == RP_MATCH_RELEASE)
		return;
	m->tenant = plan->n_tenants;
	plan->tenants[plan->n_tenants++] = (struct rp_place_tenant){.request = m->request,
								    .gpu = (uint32_t)gpu,
								    .part = m->lease->partition,
								    .pinned = true};
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
		"`rocpart apply --take-over` lets the file change leases that were made by hand; "
		"`rocpart release %llu` ends the lease; or change the request in the file",
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

/* A lease that the file may not change must have what the file asks for. */
static int check_lease(const struct rocpart_plan *plan, const struct rp_lease_match *m,
		       struct rocpart_error *reterr)
{
	const struct rp_place_tenant *t = &plan->tenants[m->tenant];
	const struct rp_place_gpu *g = &plan->machine.gpus[t->gpu];
	const struct rp_place_mode *mode = &plan->machine.menus[g->menu].modes[g->mode];
	const struct rocpart_lease *l = m->lease;
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

/* Whether the partition of a tenant has room for what all tenants and holders there need. */
static bool has_room(const struct rocpart_plan *plan, const struct rp_place_tenant *t)
{
	const struct rp_place_gpu *g = &plan->machine.gpus[t->gpu];
	const struct rp_place_mode *mode = &plan->machine.menus[g->menu].modes[g->mode];
	const struct rp_place_part *part = &mode->parts[t->part];
	uint32_t n = count_beside(plan, t, true, false), most = UINT32_MAX;
	uint64_t sum = 0;

	for (size_t i = 0; i < plan->n_tenants; i++) {
		const struct rp_place_tenant *o = &plan->tenants[i];
		const struct rp_place_request *q = &plan->requests[o->request];

		if (o->gpu != t->gpu || o->part != t->part)
			continue;
		if (rp_add_u64(sum, q->bytes, &sum) < 0)
			return false;
		most = rp_view_limit(q, part) < most ? rp_view_limit(q, part) : most;
	}
	for (size_t i = 0; i < plan->n_holders; i++) {
		const struct rp_place_holder *h = &plan->holders[i];

		if (h->gpu != t->gpu || h->part != t->part)
			continue;
		if (rp_add_u64(sum, h->bytes, &sum) < 0)
			return false;
		most = h->share < most ? h->share : most;
	}
	return sum <= part->usable_bytes && n <= most;
}

static bool is_in_wanted_mode(const struct rocpart_plan *plan, const struct rp_place_tenant *t)
{
	const struct rp_place_gpu *g = &plan->machine.gpus[t->gpu];

	return plan->snapshot->gpus[t->gpu].partitionable != RP_YES ||
	       rp_plan_is_mode_wanted(&plan->limits, t->gpu,
				      &plan->machine.menus[g->menu].modes[g->mode]);
}

/* What becomes of a replica that the file may change, and whether it stays where it is. */
static int judge_replica(struct rocpart_plan *plan, struct rp_lease_match *m, bool pins)
{
	struct rp_place_tenant *t = m->tenant == SIZE_MAX ? NULL : &plan->tenants[m->tenant];
	const struct rocpart_lease *l = m->lease;
	bool must_move;

	if (rp_plan_compare_lease(plan, m, &must_move) < 0)
		return -ENOMEM;
	if (m->kind != RP_MATCH_WITHHELD)
		m->kind = *m->fields ? RP_MATCH_CHANGE : RP_MATCH_KEEP;
	if (t)
		t->pinned = !must_move && is_in_wanted_mode(plan, t) && !count_too_near(plan, t) &&
			    ((m->kind == RP_MATCH_KEEP && l->state != ROCPART_LEASE_DISPLACED) ||
			     (pins && has_room(plan, t)));
	return 0;
}

/* A replica that does not stay where it is leaves its place to the plan, and is placed anew. */
static void drop_leaving(struct rocpart_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n_matches; i++) {
		struct rp_lease_match *m = &plan->matches[i];

		if (m->tenant == SIZE_MAX)
			continue;
		if (plan->tenants[m->tenant].pinned) {
			plan->tenants[n] = plan->tenants[m->tenant];
			m->tenant = n++;
		} else {
			m->tenant = SIZE_MAX;
		}
	}
	plan->n_tenants = n;
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

/* Whether a lease really uses the GPU in the mode that it is in now. */
static bool is_in_use(const struct rocpart_plan *plan, size_t gpu)
{
	for (size_t i = 0; i < plan->n_matches; i++) {
		const struct rocpart_lease *l = plan->matches[i].lease;

		if (l->state != ROCPART_LEASE_PENDING && l->state != ROCPART_LEASE_DISPLACED &&
		    gpu_of(plan, l->bdf) == gpu)
			return true;
	}
	return false;
}

/* Whether the mode has another memory mode than now, and a lease uses a GPU of the hive as it is.
 */
static bool needs_hive_in_use(const struct rocpart_plan *plan, size_t gpu, const char *mode)
{
	const char *slash = strchr(mode, '/');
	const struct rocpart_gpu *gpus = plan->snapshot->gpus;

	if (!slash || rp_str_eq(slash + 1, rocpart_memory_mode_to_string(gpus[gpu].memory)))
		return false;
	for (size_t i = 0; i < plan->machine.n_gpus; i++)
		if (plan->machine.gpus[i].hive == plan->machine.gpus[gpu].hive &&
		    is_in_use(plan, i))
			return true;
	return false;
}

/* For a lease that is not of the file, no GPU gets a mode that the file itself might not give it.
 */
static bool is_allowed(const struct rocpart_plan *plan, size_t gpu, const char *mode)
{
	const struct rp_place_menu *menu = &plan->machine.menus[plan->machine.gpus[gpu].menu];
	char text[16];

	for (uint32_t i = 0; i < menu->n_modes; i++)
		if (rp_fmt(text, sizeof(text), "%s/%s", menu->modes[i].compute,
			   menu->modes[i].memory) == 0 &&
		    rp_str_eq(text, mode))
			return menu->modes[i].validated || plan->allow_unvalidated;
	return false;
}

/*
 * A lease that lost its place with the mode of its GPU, as at a boot, has it again with that mode,
 * unless the file asks for another one or somebody uses the GPU as it is.
 */
static bool is_to_come_back(struct rocpart_plan *plan, const struct rp_lease_match *m, size_t gpu)
{
	const char *mode = rp_leases_get(plan->leases, m->index)->mode;

	return m->lease->state == ROCPART_LEASE_DISPLACED && !is_in_use(plan, gpu) &&
	       !needs_hive_in_use(plan, gpu, mode) &&
	       (m->is_managed || is_allowed(plan, gpu, mode)) && take_lost_mode(plan, gpu, mode);
}

/* Its modes are fixed by the file, and a lease that the file may not change keeps it in others. */
static int check_modes(struct rocpart_plan *plan, const struct rp_lease_match *m,
		       struct rocpart_error *reterr)
{
	const struct rocpart_lease *l = m->lease;
	size_t index = *l->bdf ? gpu_of(plan, l->bdf) : SIZE_MAX;

	if (index == SIZE_MAX || m->kind == RP_MATCH_RELEASE || is_to_come_back(plan, m, index) ||
	    (m->is_managed && m->kind != RP_MATCH_WITHHELD) ||
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

/* What only replicas used that move or end keeps no GPU in its mode. */
static void free_gpus(struct rocpart_plan *plan)
{
	for (size_t i = 0; i < plan->machine.n_gpus; i++) {
		struct rp_place_gpu *g = &plan->machine.gpus[i];
		const struct rocpart_gpu *gpu = &plan->snapshot->gpus[i];
		bool is_held = g->occupied != 0;

		for (size_t k = 0; k < plan->n_holders; k++)
			is_held |= plan->holders[k].gpu == i;
		if (!is_held && gpu->partitionable == RP_YES && !rp_gpu_is_odd(gpu))
			g->flags &= ~(uint32_t)RP_PLACE_CANNOT_SWITCH;
	}
}

static int take_all(struct rocpart_plan *plan, bool pins, uint32_t *by_leases)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_matches; i++)
		r = take_other(plan, &plan->matches[i], by_leases);
	for (size_t i = 0; r == 0 && i < plan->n_matches; i++)
		take_replica(plan, &plan->matches[i], by_leases);
	if (r == 0)
		r = add_other_holders(plan, by_leases);
	if (r < 0)
		return r;
	free_gpus(plan);
	relax_for_leases(plan);
	for (size_t i = 0; r == 0 && i < plan->n_matches; i++) {
		struct rp_lease_match *m = &plan->matches[i];

		if (m->is_managed && m->request != UINT32_MAX)
			r = judge_replica(plan, m, pins);
	}
	drop_leaving(plan);
	return r;
}

int rp_plan_take_leases(struct rocpart_plan *plan, bool pins, struct rocpart_error *reterr)
{
	RP_AUTO_FREE uint32_t *by_leases = rp_new0(uint32_t, plan->machine.n_gpus);
	int r = 0;

	free(plan->tenants);
	plan->tenants = NULL;
	plan->n_tenants = 0;
	rp_plan_holders_done(plan);
	if (plan->product)
		return 0;
	if (!by_leases || rp_plan_match_leases(plan) < 0)
		return rp_error_nomem(reterr);
	plan->tenants = rp_new0(struct rp_place_tenant, plan->n_matches);
	if (!plan->tenants)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < plan->n_matches; i++)
		if (check_modes(plan, &plan->matches[i], reterr) < 0)
			return -EBUSY;
	if (take_all(plan, pins, by_leases) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; r == 0 && i < plan->n_matches; i++) {
		const struct rp_lease_match *m = &plan->matches[i];

		if (!m->is_managed && m->tenant != SIZE_MAX)
			r = check_lease(plan, m, reterr);
	}
	return r;
}
