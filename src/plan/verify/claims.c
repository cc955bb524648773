/* SPDX-License-Identifier: MIT */
/*
 * The checks of placements and GPUs, and of every number that the plan says about them.
 *
 * What holds afterwards: each replica has one place and is numbered once; no partition holds more
 * bytes or replicas than it may; each tenant is placed once and moved only if it may be; replicas
 * are as far apart as asked; each GPU is in a mode that it may have, with one memory mode in a
 * hive; and weights, moves, switches, reloads and GPUs in use are those counted here.
 *
 * Time: O(L log L + L T + G + R) with L placements, T tenants, G GPUs and R requests.
 */
#include "plan/verify/doc.h"

/* The contents of one partition when the plan is carried out. */
struct room {
	uint64_t bytes, bandwidth; /* bandwidth: the most that one of its replicas needs */
	uint32_t n, least_share;
};

/* Check one placement against its GPU and partition, and add it to what the partition holds. */
static int check_partition(const struct v_doc *d, const struct v_place *p, struct room *room,
			   struct rocpart_error *reterr)
{
	const struct v_request *q = &d->requests[p->request];
	const struct v_gpu *gpu = &d->gpus[p->gpu];
	const struct v_mode *m;

	if (d->then[p->gpu] == V_NONE)
		return rp_verify_wrong(reterr, "placements",
				       "'%s' is on GPU %s, which is not in the plan", q->name,
				       gpu->name);
	m = rp_verify_mode_of(d, p->gpu, d->then[p->gpu]);
	if (p->part >= m->n_parts)
		return rp_verify_wrong(reterr, "placements", "%s has no partition %u in %s",
				       gpu->name, p->part, m->compute);
	if (gpu->occupied & (1U << p->part))
		return rp_verify_wrong(reterr, "placements",
				       "partition %u of %s is used by other programs", p->part,
				       gpu->name);
	if (!rp_verify_fits(q, &m->parts[p->part], m->memory))
		return rp_verify_wrong(reterr, "placements", "'%s' does not fit partition %u of %s",
				       q->name, p->part, gpu->name);
	room->n++;
	room->bytes += q->bytes; /* below 2^63 each, and checked after each */
	if (room->least_share == 0 || q->share < room->least_share)
		room->least_share = q->share;
	if (room->n > room->least_share || room->bytes > m->parts[p->part].usable)
		return rp_verify_wrong(reterr, "placements", "partition %u of %s is assigned twice",
				       p->part, gpu->name);
	if (q->bandwidth > room->bandwidth)
		room->bandwidth = q->bandwidth;
	if (room->bandwidth > m->parts[p->part].bandwidth / room->n)
		return rp_verify_wrong(reterr, "placements",
				       "those on partition %u of %s get too little bandwidth each",
				       p->part, gpu->name);
	return 0;
}

/* Match each placement that says where it was with a tenant, each tenant once. */
static int check_tenants(const struct v_doc *d, struct rocpart_error *reterr)
{
	RP_AUTO_FREE bool *used = rp_new0(bool, d->n_tenants);
	uint32_t n_was = 0;

	if (!used)
		return rp_error_nomem(reterr);
	for (uint32_t i = 0; i < d->n_places; i++) {
		const struct v_place *p = &d->places[i];
		uint32_t t = 0;

		if (p->was_gpu == V_NONE) {
			if (d->gpus[p->gpu].shut)
				return rp_verify_wrong(reterr, "placements",
						       "GPU %s accepts no new replica",
						       d->gpus[p->gpu].name);
			continue;
		}
		n_was++;
		while (t < d->n_tenants &&
		       (used[t] || d->tenants[t].request != p->request ||
			d->tenants[t].gpu != p->was_gpu || d->tenants[t].part != p->was_part))
			t++;
		if (t == d->n_tenants)
			return rp_verify_wrong(reterr, "placements",
					       "entry %u: wrong original placement", i);
		used[t] = true;
		if (d->tenants[t].stays && (p->gpu != p->was_gpu || p->part != p->was_part))
			return rp_verify_wrong(reterr, "placements", "entry %u must not be moved",
					       i);
		if (!d->tenants[t].stays && d->gpus[p->gpu].shut)
			return rp_verify_wrong(reterr, "placements",
					       "GPU %s accepts no new replica",
					       d->gpus[p->gpu].name);
	}
	if (n_was != d->n_tenants)
		return rp_verify_wrong(reterr, "placements",
				       "%u replicas have a lease, but %u are placed", d->n_tenants,
				       n_was);
	return 0;
}

static int check_spread(const struct v_doc *d, const struct v_place *p, uint64_t *count,
			struct rocpart_error *reterr)
{
	const struct v_request *q = &d->requests[p->request];

	if (q->spread == V_SPREAD_NONE)
		return 0;
	if (++*count > q->per_domain)
		return rp_verify_wrong(reterr, "placements",
				       "replicas of '%s' are not spread as requested", q->name);
	return 0;
}

struct keyed {
	uint64_t key; /* request and domain */
	uint32_t place;
};

static int cmp_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Sort placements by request and domain to count, then by replica to find a number used twice. */
static int check_domains(const struct v_doc *d, struct rocpart_error *reterr)
{
	RP_AUTO_FREE struct keyed *keys = rp_new0(struct keyed, d->n_places);
	uint64_t count = 0;

	if (!keys)
		return rp_error_nomem(reterr);
	for (uint32_t i = 0; i < d->n_places; i++) {
		const struct v_place *p = &d->places[i];
		uint32_t domain = d->requests[p->request].spread == V_SPREAD_HIVE
					  ? d->gpus[p->gpu].first_of_hive
					  : p->gpu;

		keys[i] = (struct keyed){(uint64_t)p->request << 32 | domain, i};
	}
	qsort(keys, d->n_places, sizeof(*keys), cmp_keyed);
	for (uint32_t i = 0; i < d->n_places; i++) {
		int r;

		if (i == 0 || keys[i].key != keys[i - 1].key)
			count = 0;
		r = check_spread(d, &d->places[keys[i].place], &count, reterr);
		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < d->n_places; i++)
		keys[i].key = (uint64_t)d->places[i].request << 32 | d->places[i].replica;
	qsort(keys, d->n_places, sizeof(*keys), cmp_keyed);
	for (uint32_t i = 0; i < d->n_places; i++) {
		const struct v_place *p = &d->places[keys[i].place];

		if (p->replica >= d->requests[p->request].replicas ||
		    (i > 0 && keys[i].key == keys[i - 1].key))
			return rp_verify_wrong(reterr, "placements",
					       "replica %u of '%s' does not exist", p->replica,
					       d->requests[p->request].name);
	}
	return 0;
}

/* What the placements and the unplaced replicas add up to. */
struct sums {
	uint32_t *n; /* replicas of each request, placed or not */
	uint64_t placed, unplaced, moves;
};

static int add_places(const struct v_doc *d, struct sums *s, struct rocpart_error *reterr)
{
	for (uint32_t i = 0; i < d->n_places; i++) {
		const struct v_place *p = &d->places[i];

		s->n[p->request]++;
		s->moves +=
			p->was_gpu != V_NONE && (p->gpu != p->was_gpu || p->part != p->was_part ||
						 d->then[p->gpu] != d->gpus[p->gpu].mode);
		if (__builtin_add_overflow(s->placed, d->requests[p->request].weight, &s->placed))
			return rp_verify_wrong(reterr, "weight_placed",
					       "the weights add up to more than 2^64");
	}
	return 0;
}

static int add_unplaced(const struct v_doc *d, struct v_in *in, const struct rp_json *list,
			struct sums *s)
{
	for (size_t i = 0; i < rp_json_len(list) && in->r == 0; i++) {
		const struct rp_json *x = rp_json_at(list, i);
		uint64_t q = rp_verify_u64(in, x, "request", UINT32_MAX);
		uint64_t k = rp_verify_u64(in, x, "replicas", UINT32_MAX), w;

		if (in->r < 0)
			break;
		if (q >= d->n_requests || k == 0 || s->n[q] + k != d->requests[q].replicas ||
		    !v_same(rp_verify_text(in, x, "name", false), d->requests[q].name))
			return rp_verify_wrong(in->err, "unplaced", "entry %zu does not add up", i);
		if (__builtin_mul_overflow(k, d->requests[q].weight, &w) ||
		    __builtin_add_overflow(s->unplaced, w, &s->unplaced))
			return rp_verify_wrong(in->err, "unplaced",
					       "the weights add up to more than 2^64");
		s->n[q] += (uint32_t)k;
	}
	return in->r;
}

static int check_replicas(const struct v_doc *d, const struct sums *s, struct rocpart_error *reterr)
{
	for (uint32_t q = 0; q < d->n_requests; q++)
		if (s->n[q] != d->requests[q].replicas)
			return rp_verify_wrong(reterr, "placements",
					       "%u of %u replicas of '%s' are listed", s->n[q],
					       d->requests[q].replicas, d->requests[q].name);
	return 0;
}

/* The totals that the plan claims. */
static int check_totals(const struct v_doc *d, struct v_in *in, const struct sums *s,
			bool all_placed)
{
	uint64_t w = rp_verify_u64(in, d->root, "weight_placed", INT64_MAX);

	if (in->r == 0 && w != s->placed)
		return rp_verify_wrong(in->err, "weight_placed",
				       "it is not the weight of the placements");
	w = rp_verify_u64(in, d->root, "weight_total", INT64_MAX);
	if (in->r == 0 && (s->unplaced > w || w - s->unplaced != s->placed))
		return rp_verify_wrong(in->err, "weight_total",
				       "it is not the weight of the requests");
	w = rp_verify_u64(in, d->root, "moves", UINT32_MAX);
	if (in->r == 0 && w != s->moves)
		return rp_verify_wrong(in->err, "moves", "the placements move %llu replicas",
				       (unsigned long long)s->moves);
	if (in->r == 0 && rp_verify_bool(in, d->root, "feasible") != all_placed)
		return rp_verify_wrong(in->err, "feasible",
				       "it does not agree with the replicas that are not placed");
	return in->r;
}

static int check_numbers(const struct v_doc *d, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "plan"};
	const struct rp_json *unplaced = rp_verify_list(&in, d->root, "unplaced");
	RP_AUTO_FREE uint32_t *n = rp_new0(uint32_t, d->n_requests);
	struct sums s = {.n = n};
	int r = n ? in.r : rp_error_nomem(reterr);

	if (r == 0)
		r = add_places(d, &s, reterr);
	if (r == 0)
		r = add_unplaced(d, &in, unplaced, &s);
	if (r == 0)
		r = check_replicas(d, &s, reterr);
	return r < 0 ? r : check_totals(d, &in, &s, rp_json_len(unplaced) == 0);
}

int rp_verify_check_places(const struct v_doc *d, struct rocpart_error *reterr)
{
	RP_AUTO_FREE struct room *rooms =
		calloc((size_t)d->n_gpus + 1, V_MAX_PARTS * sizeof(*rooms));
	int r = 0;

	if (!rooms)
		return rp_error_nomem(reterr);
	for (uint32_t i = 0; i < d->n_holders; i++) {
		const struct v_holder *h = &d->holders[i];
		struct room *room = &rooms[(size_t)h->gpu * V_MAX_PARTS + h->part];

		room->n++; /* find_rooms() has checked that they fit */
		room->bytes += h->bytes;
		if (room->least_share == 0 || h->share < room->least_share)
			room->least_share = h->share;
	}
	for (uint32_t i = 0; i < d->n_places && r == 0; i++)
		r = check_partition(
			d, &d->places[i],
			&rooms[(size_t)d->places[i].gpu * V_MAX_PARTS + d->places[i].part], reterr);
	if (r == 0)
		r = check_tenants(d, reterr);
	if (r == 0)
		r = check_domains(d, reterr);
	if (r == 0)
		r = check_numbers(d, reterr);
	return r;
}

/* Read one entry of "gpus" into d->then, and check that the GPU may be in that mode. */
static int read_gpu(const struct v_doc *d, struct v_in *in, const struct rp_json *x,
		    struct rocpart_error *reterr)
{
	uint64_t g = rp_verify_u64(in, x, "index", UINT32_MAX),
		 mode = rp_verify_u64(in, x, "mode", UINT32_MAX);
	const struct v_gpu *gpu;
	const struct v_mode *m;

	if (in->r < 0)
		return in->r;
	if (g >= d->n_gpus || d->then[g] != V_NONE || mode >= d->menus[d->gpus[g].menu].n_modes)
		return rp_verify_wrong(reterr, "gpus",
				       "an entry names an unknown GPU or mode, or a GPU twice");
	gpu = &d->gpus[g];
	m = rp_verify_mode_of(d, (uint32_t)g, (uint32_t)mode);
	d->then[g] = (uint32_t)mode;
	if (!v_same(rp_verify_text(in, x, "gpu", false), gpu->name) ||
	    !v_same(rp_verify_text(in, x, "compute_mode", false), m->compute) ||
	    !v_same(rp_verify_text(in, x, "memory_mode", false), m->memory) ||
	    rp_verify_u64(in, x, "partitions", V_MAX_PARTS) != m->n_parts ||
	    rp_verify_bool(in, x, "switches") != (mode != gpu->mode))
		return in->r < 0 ? in->r
				 : rp_verify_wrong(
					   reterr, "gpus",
					   "GPU %s does not have the mode that the entry says",
					   gpu->name);
	if (gpu->fixed ? mode != gpu->mode
		       : !gpu->pool || !rp_verify_may(d, (uint32_t)g, (uint32_t)mode))
		return rp_verify_wrong(reterr, "gpus", "GPU %s cannot be set to %s/%s", gpu->name,
				       m->compute, m->memory);
	return 0;
}

/* Check that a hive has one memory mode, and count the hives that change theirs. */
static int check_hives(const struct v_doc *d, uint64_t *reloads, struct rocpart_error *reterr)
{
	RP_AUTO_FREE const char **memory = calloc((size_t)d->n_gpus + 1, sizeof(*memory));

	if (!memory)
		return rp_error_nomem(reterr);
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		uint32_t h = d->gpus[g].first_of_hive;
		const char *m;

		if (d->then[g] == V_NONE)
			continue;
		m = rp_verify_mode_of(d, g, d->then[g])->memory;
		if (memory[h] && !v_same(memory[h], m))
			return rp_verify_wrong(reterr, "gpus",
					       "GPU %s has another memory mode than its hive",
					       d->gpus[g].name);
		if (!memory[h])
			*reloads += !v_same(d->hives[h].memory, m);
		memory[h] = m;
	}
	return 0;
}

int rp_verify_check_gpus(const struct v_doc *d, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "gpus"};
	const struct rp_json *gpus = rp_verify_list(&in, d->root, "gpus");
	RP_AUTO_FREE uint32_t *used = rp_new0(uint32_t, d->n_gpus);
	uint64_t switches = 0, reloads = 0, n = 0, added = 0;
	int r = in.r;

	if (!used)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < rp_json_len(gpus) && r == 0; i++)
		r = read_gpu(d, &in, rp_json_at(gpus, i), reterr);
	for (uint32_t i = 0; i < d->n_places; i++)
		used[d->places[i].gpu] |= 1U << d->places[i].part;
	for (uint32_t i = 0; i < d->n_holders; i++)
		used[d->holders[i].gpu] |= 1U << d->holders[i].part;
	for (size_t i = 0; i < rp_json_len(gpus) && r == 0; i++) {
		const struct rp_json *x = rp_json_at(gpus, i);
		uint64_t g = rp_verify_u64(&in, x, "index", UINT32_MAX);

		used[g] |= d->gpus[g].occupied;
		if (used[g] == 0 || rp_verify_u64(&in, x, "partitions_used", V_MAX_PARTS) !=
					    (uint64_t)__builtin_popcount(used[g]))
			return rp_verify_wrong(reterr, "gpus",
					       "GPU %s uses another number of partitions",
					       d->gpus[g].name);
	}
	for (uint32_t g = 0; g < d->n_gpus && r == 0; g++) {
		if ((d->then[g] != V_NONE) != ((used[g] | d->gpus[g].occupied) != 0))
			return rp_verify_wrong(reterr, "gpus",
					       "GPU %s has a replica, but is not listed",
					       d->gpus[g].name);
		n += d->then[g] != V_NONE;
		added += d->then[g] != V_NONE && !d->gpus[g].occupied && !d->gpus[g].n_tenants;
		switches += d->then[g] != V_NONE && d->then[g] != d->gpus[g].mode;
	}
	if (r == 0)
		r = check_hives(d, &reloads, reterr);
	if (r < 0)
		return r;
	if (rp_verify_u64(&in, d->root, "gpus_used", UINT32_MAX) != n)
		return rp_verify_wrong(reterr, "gpus_used", "%llu GPUs have a replica",
				       (unsigned long long)n);
	/* Documents of before 0.2 do not say it. */
	if (rp_json_get(d->root, "gpus_added") &&
	    rp_verify_u64(&in, d->root, "gpus_added", UINT32_MAX) != added)
		return rp_verify_wrong(reterr, "gpus_added",
				       "%llu GPUs that are empty now are used",
				       (unsigned long long)added);
	if (rp_verify_u64(&in, d->root, "switches", UINT32_MAX) != switches)
		return rp_verify_wrong(reterr, "switches", "%llu GPUs are switched",
				       (unsigned long long)switches);
	if (rp_verify_u64(&in, d->root, "reloads", UINT32_MAX) != reloads)
		return rp_verify_wrong(reterr, "reloads", "%llu hives change their memory mode",
				       (unsigned long long)reloads);
	return in.r;
}
