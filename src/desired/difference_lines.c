/* SPDX-License-Identifier: MIT */
/*
 * The lines of a difference: which place of the plan each replica gets.
 *
 * A place where a replica is already stays with it. The others go to the replicas that have a lease
 * but no place that stays, in the order of their numbers, then to new ones, which get the least
 * numbers that no lease has.
 */
#include "base/num.h"
#include "desired/difference.h"
#include "leases/lease.h"

void rp_difference_lines_done(struct rocpart_difference *d)
{
	for (size_t i = 0; i < d->n_lines; i++)
		free(d->lines[i].fields);
	free(d->lines);
	d->lines = NULL;
	d->n_lines = d->cap_lines = 0;
}

static int add(struct rocpart_difference *d, const struct rp_difference_line *line,
	       const char *fields)
{
	struct rp_difference_line *l;

	if (rp_grow(&d->lines, &d->cap_lines, d->n_lines + 1, sizeof(*l)) < 0)
		return -ENOMEM;
	l = &d->lines[d->n_lines];
	*l = *line;
	l->fields = strdup(fields ? fields : "");
	if (!l->fields)
		return -ENOMEM;
	l->item.fields = l->fields;
	d->n_lines++;
	return 0;
}

static bool is_without_place(const struct rocpart_lease *l)
{
	return l->state == ROCPART_LEASE_DISPLACED || l->state == ROCPART_LEASE_PENDING;
}

static struct rp_difference_line line_of_lease(const struct rocpart_difference *d,
					       const struct rp_lease_match *m,
					       enum rocpart_difference_kind kind)
{
	const struct rocpart_lease *l = m->lease;
	const struct rp_lease *record = rp_leases_get(d->leases, m->index);

	return (struct rp_difference_line){.item = {.kind = kind,
						    .name = l->name,
						    .replica = l->replica,
						    .lease = l->id,
						    .bytes = l->bytes,
						    .from_bdf = l->bdf,
						    .from_partition = l->partition,
						    .to_bdf = "",
						    .owner = l->owner,
						    .is_alive = record->is_alive,
						    .is_displaced = is_without_place(l)},
					   .request = m->request,
					   .place = RP_NO_PLACE,
					   .match = m};
}

static void set_target(const struct rocpart_difference *d, uint32_t place,
		       struct rp_difference_line *line)
{
	const struct rp_plan_place *p = &d->plan->plan->places[place];

	line->place = place;
	line->item.to_bdf = d->plan->machine.gpus[p->gpu].name;
	line->item.to_partition = p->part;
	line->item.bytes = d->plan->requests[rp_plan_model_of(d->plan, place)].bytes;
}

/* ---- places ---- */

struct assignment {
	struct rocpart_difference *d;
	uint32_t *of_match; /* place of each match, or RP_NO_PLACE */
	bool *is_taken;	    /* of each place */
};

static uint32_t n_places(const struct rocpart_difference *d)
{
	return d->plan->plan ? d->plan->plan->n_places : 0;
}

static bool is_place_of(const struct rocpart_difference *d, uint32_t place,
			const struct rp_lease_match *m)
{
	const struct rp_plan_place *p = &d->plan->plan->places[place];
	const struct rp_place_tenant *t = &d->plan->tenants[m->tenant];

	return rp_plan_model_of(d->plan, place) == m->request && p->was_gpu == t->gpu &&
	       p->was_part == t->part;
}

/* A replica that the planner was asked about. */
static bool is_replica(const struct rp_lease_match *m)
{
	return (m->kind == RP_MATCH_KEEP || m->kind == RP_MATCH_CHANGE) &&
	       (m->is_managed || m->tenant != SIZE_MAX);
}

static void assign(struct assignment *a, size_t match, uint32_t place)
{
	a->of_match[match] = place;
	a->is_taken[place] = true;
}

static void assign_those_that_stay(struct assignment *a)
{
	const struct rocpart_plan *plan = a->d->plan;

	for (size_t i = 0; i < plan->n_matches; i++)
		for (uint32_t k = 0; plan->matches[i].tenant != SIZE_MAX && k < n_places(a->d); k++)
			if (!a->is_taken[k] && is_place_of(a->d, k, &plan->matches[i])) {
				assign(a, i, k);
				break;
			}
}

/* Return a match without a place, of that request, with the least number; SIZE_MAX: none. */
static size_t next_without_place(const struct assignment *a, uint32_t request)
{
	const struct rocpart_plan *plan = a->d->plan;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < plan->n_matches; i++) {
		const struct rp_lease_match *m = &plan->matches[i];

		if (is_replica(m) && m->request == request && a->of_match[i] == RP_NO_PLACE &&
		    (best == SIZE_MAX || m->lease->replica < plan->matches[best].lease->replica))
			best = i;
	}
	return best;
}

static void assign_those_with_leases(struct assignment *a)
{
	for (uint32_t k = 0; k < n_places(a->d); k++) {
		const struct rp_plan_place *p = &a->d->plan->plan->places[k];
		size_t match = a->is_taken[k] || p->was_gpu != RP_PLACE_NONE
				       ? SIZE_MAX
				       : next_without_place(a, rp_plan_model_of(a->d->plan, k));

		if (match != SIZE_MAX)
			assign(a, match, k);
	}
}

/* ---- lines ---- */

/* The mode that the plan gives a GPU; NULL: it is not there. */
static const struct rp_place_mode *planned_mode(const struct rocpart_difference *d, const char *bdf)
{
	const struct rp_plan *plan = d->plan->plan;
	const struct rp_plan_machine *machine = &d->plan->machine;

	for (uint32_t i = 0; i < machine->n_gpus; i++) {
		const struct rp_place_gpu *g = &machine->gpus[i];
		uint32_t mode = g->mode;

		if (!rp_str_eq(g->name, bdf))
			continue;
		for (uint32_t k = 0; plan && k < plan->n_gpus; k++)
			if (plan->gpus[k].gpu == i)
				mode = plan->gpus[k].mode;
		return &machine->menus[g->menu].modes[mode];
	}
	return NULL;
}

bool rp_difference_has_mode(const struct rocpart_difference *d, const struct rp_lease_match *m)
{
	const struct rp_lease *record = rp_leases_get(d->leases, m->index);
	const struct rp_place_mode *mode = planned_mode(d, m->lease->bdf);

	return mode && rp_plan_mode_is(mode, record->mode);
}

bool rp_difference_gives_up(const struct rocpart_difference *d,
			    const struct rp_difference_line *line)
{
	return line->item.kind == ROCPART_DIFFERENCE_NO_ROOM && line->match &&
	       line->match->kind != RP_MATCH_WITHHELD &&
	       line->match->lease->state == ROCPART_LEASE_DISPLACED &&
	       !rp_difference_has_mode(d, line->match);
}

/* The mode of its GPU comes back with the change, and its place with the mode. */
static bool comes_back(const struct rocpart_difference *d, const struct rp_lease_match *m)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(d->snapshot, m->lease->bdf);
	char mode[16];

	if (!gpu || !rp_difference_has_mode(d, m))
		return false;
	(void)rp_fmt(mode, sizeof(mode), "%s/%s", rocpart_compute_mode_to_string(gpu->compute),
		     rocpart_memory_mode_to_string(gpu->memory));
	return !rp_str_eq(mode, rp_leases_get(d->leases, m->index)->mode);
}

static bool is_at(const struct rocpart_difference *d, const struct rp_lease_match *m,
		  uint32_t place)
{
	const struct rp_plan_place *p = &d->plan->plan->places[place];

	return m->lease->state != ROCPART_LEASE_PENDING &&
	       rp_str_eq(d->plan->machine.gpus[p->gpu].name, m->lease->bdf) &&
	       p->part == m->lease->partition;
}

static bool is_displaced(const struct rp_lease_match *m)
{
	return m->lease->state == ROCPART_LEASE_DISPLACED;
}

/* What is to be done for the lease, but is not now. */
static int add_withheld(struct rocpart_difference *d, const struct rp_lease_match *m)
{
	bool ends = m->request == UINT32_MAX;
	struct rp_difference_line line =
		line_of_lease(d, m, ends ? ROCPART_DIFFERENCE_RELEASE : ROCPART_DIFFERENCE_CHANGE);

	for (size_t i = 0; i < d->plan->n_roomless; i++)
		if (d->plan->roomless[i] == (int64_t)m->lease->id) {
			line.item.kind = ROCPART_DIFFERENCE_NO_ROOM;
			return *m->fields || (is_displaced(m) && !comes_back(d, m))
				       ? add(d, &line, m->fields)
				       : 0; /* it is as it should be */
		}
	line.item.is_withheld = true;
	if (!ends && !*m->fields)
		line.item.kind = ROCPART_DIFFERENCE_MOVE;
	return add(d, &line, m->fields);
}

static int add_replica_line(struct assignment *a, size_t index)
{
	struct rocpart_difference *d = a->d;
	const struct rp_lease_match *m = &d->plan->matches[index];
	uint32_t place = a->of_match[index];
	struct rp_difference_line line = line_of_lease(d, m, ROCPART_DIFFERENCE_CHANGE);

	if (m->kind == RP_MATCH_WITHHELD)
		return add_withheld(d, m);
	if (!m->is_managed) {
		line.item.kind = ROCPART_DIFFERENCE_DISPLACED;
		return is_displaced(m) && !comes_back(d, m) ? add(d, &line, NULL) : 0;
	}
	if (place == RP_NO_PLACE) {
		line.item.kind = ROCPART_DIFFERENCE_NO_ROOM;
		return add(d, &line, m->fields);
	}
	set_target(d, place, &line);
	if (m->lease->state == ROCPART_LEASE_PENDING)
		line.item.kind = ROCPART_DIFFERENCE_PLACE;
	else if (!is_at(d, m, place))
		line.item.kind = ROCPART_DIFFERENCE_MOVE;
	else if (!*m->fields && (m->tenant == SIZE_MAX || /* its GPU gets another mode */
				 !rp_difference_has_mode(d, m)))
		return add(d, &line, "modes of its GPU");
	else if (is_displaced(m) && m->kind == RP_MATCH_KEEP && !comes_back(d, m))
		line.item.kind = ROCPART_DIFFERENCE_DISPLACED;
	else if (m->kind == RP_MATCH_KEEP)
		return 0;
	return add(d, &line, m->fields);
}

static bool has_lease(const struct rocpart_difference *d, const char *name, uint32_t replica)
{
	for (size_t i = 0; i < d->plan->n_matches; i++)
		if (d->plan->matches[i].lease->replica == replica &&
		    rp_str_eq(d->plan->matches[i].lease->name, name))
			return true;
	return false;
}

/* A new replica, on a place of the plan or, without room, on none. */
static int add_new_line(struct rocpart_difference *d, uint32_t request, uint32_t place,
			uint32_t *next)
{
	struct rp_difference_line line = {.item = {.kind = ROCPART_DIFFERENCE_NO_ROOM,
						   .name = d->plan->models.v[request].name,
						   .bytes = d->plan->requests[request].bytes,
						   .from_bdf = "",
						   .to_bdf = "",
						   .owner = ""},
					  .request = request,
					  .place = RP_NO_PLACE};

	while (has_lease(d, line.item.name, *next))
		(*next)++;
	line.item.replica = (*next)++;
	if (place != RP_NO_PLACE) {
		line.item.kind = ROCPART_DIFFERENCE_PLACE;
		set_target(d, place, &line);
	}
	return add(d, &line, NULL);
}

/* Replicas of a request without room that have no lease. */
static uint64_t count_roomless(const struct assignment *a, uint32_t request)
{
	const struct rp_plan *plan = a->d->plan->plan;
	uint64_t n = 0;

	for (uint32_t i = 0; plan && i < plan->n_unplaced; i++)
		n += a->d->plan->model_of[plan->unplaced[i].request] == request
			     ? plan->unplaced[i].n
			     : 0;
	for (size_t i = 0; i < a->d->plan->n_matches; i++)
		n -= n && is_replica(&a->d->plan->matches[i]) &&
		     a->d->plan->matches[i].request == request && a->of_match[i] == RP_NO_PLACE;
	return n;
}

static int list_request(struct assignment *a, uint32_t request)
{
	struct rocpart_difference *d = a->d;
	uint32_t next = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->plan->n_matches; i++)
		if (d->plan->matches[i].request == request)
			r = add_replica_line(a, i);
	for (uint32_t k = 0; r == 0 && k < n_places(d); k++)
		if (!a->is_taken[k] && rp_plan_model_of(d->plan, k) == request)
			r = add_new_line(d, request, k, &next);
	for (uint64_t n = count_roomless(a, request); r == 0 && n > 0; n--)
		r = add_new_line(d, request, RP_NO_PLACE, &next);
	return r;
}

static int list_unmanaged(struct rocpart_difference *d)
{
	const struct rocpart_partition_use *use;
	int r = 0;

	for (size_t i = 0; r == 0 && (use = rocpart_leases_get_use(d->leases, i)); i++) {
		const struct rp_difference_line line = {
			.item = {.kind = ROCPART_DIFFERENCE_UNMANAGED,
				 .name = "",
				 .bytes = use->unmanaged_bytes,
				 .from_bdf = use->bdf,
				 .from_partition = use->partition,
				 .to_bdf = "",
				 .owner = "",
				 .is_alive = true},
			.request = UINT32_MAX,
			.place = RP_NO_PLACE};

		if (use->unmanaged_bytes)
			r = add(d, &line, NULL);
	}
	return r;
}

static int list_others(struct rocpart_difference *d, enum rp_match_kind kind,
		       enum rocpart_difference_kind as)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->plan->n_matches; i++) {
		const struct rp_lease_match *m = &d->plan->matches[i];
		const struct rp_difference_line line = line_of_lease(d, m, as);

		if (m->kind == kind)
			r = add(d, &line, NULL);
		else if (m->kind == RP_MATCH_WITHHELD && m->request == UINT32_MAX &&
			 kind == RP_MATCH_RELEASE)
			r = add_withheld(d, m);
	}
	return r;
}

int rp_difference_list(struct rocpart_difference *d)
{
	RP_AUTO_FREE uint32_t *of_match = rp_new0(uint32_t, d->plan->n_matches);
	RP_AUTO_FREE bool *is_taken = rp_new0(bool, n_places(d));
	struct assignment a = {.d = d, .of_match = of_match, .is_taken = is_taken};
	int r = 0;

	rp_difference_lines_done(d);
	if (!of_match || !is_taken)
		return -ENOMEM;
	for (size_t i = 0; i < d->plan->n_matches; i++)
		of_match[i] = RP_NO_PLACE;
	if (d->has_plan) {
		assign_those_that_stay(&a);
		assign_those_with_leases(&a);
	}
	for (uint32_t i = 0; r == 0 && i < d->plan->models.n; i++)
		r = list_request(&a, i);
	if (r == 0)
		r = list_others(d, RP_MATCH_RELEASE, ROCPART_DIFFERENCE_RELEASE);
	if (r == 0)
		r = list_others(d, RP_MATCH_OTHER, ROCPART_DIFFERENCE_OTHER);
	return r < 0 ? r : list_unmanaged(d);
}
