/* SPDX-License-Identifier: MIT */
/*
 * Reading a plan document.
 *
 * What holds afterwards: every index is in range, names next to indices are those of the lists, and
 * numbers are below 2^63 and so small that sums over 16 partitions do not overflow. The claims are
 * not checked yet, nor are sums over requests.
 *
 * What follows from the machine is derived here by the rules of docs/design/planner.md, written
 * again on purpose: roles of GPUs, tenants that stay, hives that keep their memory mode.
 *
 * Time: linear in the document, but O(G log G) to find the hives of G GPUs.
 */
#include "plan/verify/doc.h"

#include <stdarg.h>

/* Keep the first failure: a key is missing or has the wrong type or range. */
static int refuse_document(struct v_in *in, const char *key)
{
	if (in->r == 0)
		in->r = rp_error_set(in->err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, in->where,
				     "not a plan document: '%s' is missing or malformed", key);
	return in->r;
}

uint64_t rp_verify_u64(struct v_in *in, const struct rp_json *obj, const char *key, uint64_t max)
{
	const struct rp_json *j = rp_json_get(obj, key);
	int64_t v = rp_json_int_value(j);

	if (!j || rp_json_type(j) != RP_JSON_INT || v < 0 || (uint64_t)v > max) {
		(void)refuse_document(in, key);
		return 0;
	}
	return (uint64_t)v;
}

int64_t rp_verify_int(struct v_in *in, const struct rp_json *obj, const char *key)
{
	const struct rp_json *j = rp_json_get(obj, key);

	if (!j || rp_json_type(j) != RP_JSON_INT)
		(void)refuse_document(in, key);
	return rp_json_int_value(j);
}

bool rp_verify_bool(struct v_in *in, const struct rp_json *obj, const char *key)
{
	const struct rp_json *j = rp_json_get(obj, key);

	if (!j || rp_json_type(j) != RP_JSON_BOOL)
		(void)refuse_document(in, key);
	return rp_json_bool_value(j);
}

const char *rp_verify_text(struct v_in *in, const struct rp_json *obj, const char *key,
			   bool may_be_null)
{
	const struct rp_json *j = rp_json_get(obj, key);
	const char *s = rp_json_text(j);

	if (!s && !(may_be_null && j && rp_json_type(j) == RP_JSON_NULL))
		(void)refuse_document(in, key);
	return s;
}

const struct rp_json *rp_verify_list(struct v_in *in, const struct rp_json *obj, const char *key)
{
	const struct rp_json *j = rp_json_get(obj, key);

	if (!j || rp_json_type(j) != RP_JSON_ARRAY || rp_json_len(j) > INT32_MAX) {
		(void)refuse_document(in, key);
		return NULL;
	}
	return j;
}

int rp_verify_wrong(struct rocpart_error *reterr, const char *where, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_FAILED, where, "%s",
			    rp_strbuf_str(&text));
}

static void read_mode(struct v_in *in, const struct rp_json *x, struct v_mode *m)
{
	const struct rp_json *parts = rp_verify_list(in, x, "partitions");

	m->compute = rp_verify_text(in, x, "compute_mode", false);
	m->memory = rp_verify_text(in, x, "memory_mode", false);
	m->validated = rp_verify_bool(in, x, "validated");
	if (rp_json_len(parts) == 0 || rp_json_len(parts) > V_MAX_PARTS) {
		(void)refuse_document(in, "partitions");
		return;
	}
	m->n_parts = (uint32_t)rp_json_len(parts);
	for (uint32_t i = 0; i < m->n_parts; i++) {
		const struct rp_json *p = rp_json_at(parts, i);

		m->parts[i].usable = rp_verify_u64(in, p, "usable_bytes", INT64_MAX / V_MAX_PARTS);
		m->parts[i].bandwidth = rp_verify_u64(in, p, "bandwidth_mbs", INT64_MAX);
		m->parts[i].xcds = (uint32_t)rp_json_len(rp_verify_list(in, p, "xcds"));
	}
}

static int read_menus(struct v_in *in, const struct rp_json *machine, struct v_doc *d)
{
	const struct rp_json *menus = rp_verify_list(in, machine, "menus");

	d->n_menus = (uint32_t)rp_json_len(menus);
	d->menus = rp_new0(struct v_menu, d->n_menus);
	if (!d->menus)
		return rp_error_nomem(in->err);
	for (uint32_t i = 0; i < d->n_menus && in->r == 0; i++) {
		const struct rp_json *modes = rp_verify_list(in, rp_json_at(menus, i), "modes");

		if (rp_json_len(modes) > V_MAX_MODES)
			return refuse_document(in, "modes");
		d->menus[i].n_modes = (uint32_t)rp_json_len(modes);
		for (uint32_t m = 0; m < d->menus[i].n_modes && in->r == 0; m++)
			read_mode(in, rp_json_at(modes, m), &d->menus[i].modes[m]);
	}
	return in->r;
}

static int read_gpus(struct v_in *in, const struct rp_json *machine, struct v_doc *d)
{
	const struct rp_json *gpus = rp_verify_list(in, machine, "gpus");

	d->n_gpus = (uint32_t)rp_json_len(gpus);
	d->gpus = rp_new0(struct v_gpu, d->n_gpus);
	d->hives = rp_new0(struct v_hive, d->n_gpus);
	d->then = rp_new0(uint32_t, d->n_gpus);
	if (!d->gpus || !d->hives || !d->then)
		return rp_error_nomem(in->err);
	for (uint32_t g = 0; g < d->n_gpus && in->r == 0; g++) {
		const struct rp_json *x = rp_json_at(gpus, g);
		const struct rp_json *mode = rp_json_get(x, "mode");
		struct v_gpu *gpu = &d->gpus[g];

		d->then[g] = V_NONE;
		gpu->name = rp_verify_text(in, x, "gpu", false);
		gpu->menu = (uint32_t)rp_verify_u64(in, x, "menu", UINT32_MAX);
		gpu->hive = rp_verify_u64(in, x, "hive", UINT32_MAX);
		gpu->can_switch = rp_verify_bool(in, x, "can_switch");
		gpu->evict = rp_verify_bool(in, x, "unhealthy");
		gpu->shut = rp_verify_bool(in, x, "cordoned");
		gpu->shut = rp_verify_bool(in, x, "degraded") || gpu->shut || gpu->evict;
		gpu->occupied = (uint32_t)rp_verify_u64(in, x, "occupied", UINT16_MAX);
		gpu->mode = V_NONE;
		if (in->r == 0 && gpu->menu >= d->n_menus)
			return refuse_document(in, "menu");
		if (!mode || rp_json_type(mode) != RP_JSON_NULL)
			gpu->mode = (uint32_t)rp_verify_u64(in, x, "mode", UINT32_MAX - 1);
		if (in->r == 0 && gpu->mode != V_NONE && gpu->mode >= d->menus[gpu->menu].n_modes)
			return refuse_document(in, "mode");
		if (gpu->mode == V_NONE && gpu->occupied)
			return refuse_document(in, "occupied");
	}
	return in->r;
}

static int read_tenants(struct v_in *in, const struct rp_json *machine, struct v_doc *d)
{
	const struct rp_json *tenants = rp_verify_list(in, machine, "tenants");

	d->n_tenants = (uint32_t)rp_json_len(tenants);
	d->tenants = rp_new0(struct v_tenant, d->n_tenants);
	if (!d->tenants)
		return rp_error_nomem(in->err);
	for (uint32_t t = 0; t < d->n_tenants && in->r == 0; t++) {
		const struct rp_json *x = rp_json_at(tenants, t);
		struct v_tenant *a = &d->tenants[t];
		const struct v_gpu *gpu;
		bool pinned = rp_verify_bool(in, x, "pinned");

		a->request = (uint32_t)rp_verify_u64(in, x, "request", UINT32_MAX);
		a->gpu = (uint32_t)rp_verify_u64(in, x, "gpu", UINT32_MAX);
		a->part = (uint32_t)rp_verify_u64(in, x, "partition", V_MAX_PARTS - 1);
		if (in->r < 0)
			return in->r;
		if (a->request >= d->n_requests || a->gpu >= d->n_gpus ||
		    d->gpus[a->gpu].mode == V_NONE ||
		    a->part >= rp_verify_mode_of(d, a->gpu, d->gpus[a->gpu].mode)->n_parts)
			return refuse_document(in, "tenants");
		gpu = &d->gpus[a->gpu];
		a->stays = pinned || !d->allow_moves || (gpu->shut && !gpu->evict);
		d->requests[a->request].stay += a->stays;
		d->requests[a->request].running++;
		if (d->requests[a->request].running > d->requests[a->request].replicas)
			return refuse_document(in, "tenants");
	}
	return in->r;
}

/*
 * Read what is on a partition and is no replica: alone there, where the partition is occupied, or
 * one of those that share it. Older documents have none.
 */
static int read_holders(struct v_in *in, const struct rp_json *machine, struct v_doc *d)
{
	const struct rp_json *holders = rp_json_get(machine, "holders");

	if (holders)
		holders = rp_verify_list(in, machine, "holders");
	d->n_holders = (uint32_t)rp_json_len(holders);
	d->holders = rp_new0(struct v_holder, d->n_holders);
	if (!d->holders)
		return rp_error_nomem(in->err);
	for (uint32_t i = 0; i < d->n_holders && in->r == 0; i++) {
		const struct rp_json *x = rp_json_at(holders, i);
		struct v_holder *h = &d->holders[i];

		h->gpu = (uint32_t)rp_verify_u64(in, x, "index", UINT32_MAX);
		h->part = (uint32_t)rp_verify_u64(in, x, "partition", V_MAX_PARTS - 1);
		h->bytes = rp_verify_u64(in, x, "bytes", INT64_MAX);
		h->share = (uint32_t)rp_verify_u64(in, x, "share", UINT32_MAX);
		(void)rp_verify_text(in, x, "by", false);
		if (in->r < 0)
			return in->r;
		if (h->gpu >= d->n_gpus || d->gpus[h->gpu].mode == V_NONE ||
		    h->part >= rp_verify_mode_of(d, h->gpu, d->gpus[h->gpu].mode)->n_parts)
			return refuse_document(in, "holders");
		if (!(d->gpus[h->gpu].occupied & (1U << h->part)) &&
		    (h->bytes == 0 || h->share < 2))
			return refuse_document(in, "holders");
		d->gpus[h->gpu].fixed = true;
		d->gpus[h->gpu].n_tenants++;
	}
	return in->r;
}

static int read_requests(struct v_in *in, const struct rp_json *root, struct v_doc *d)
{
	const struct rp_json *requests = rp_verify_list(in, root, "requests");

	d->n_requests = (uint32_t)rp_json_len(requests);
	d->requests = rp_new0(struct v_request, d->n_requests);
	if (!d->requests)
		return rp_error_nomem(in->err);
	for (uint32_t i = 0; i < d->n_requests && in->r == 0; i++) {
		const struct rp_json *x = rp_json_at(requests, i);
		struct v_request *q = &d->requests[i];
		const char *spread = rp_verify_text(in, x, "spread", false);

		q->name = rp_verify_text(in, x, "name", false);
		q->memory = rp_verify_text(in, x, "memory_mode", true);
		q->bytes = rp_verify_u64(in, x, "bytes", INT64_MAX);
		q->weight = rp_verify_u64(in, x, "weight", INT64_MAX);
		q->bandwidth = rp_verify_u64(in, x, "min_bandwidth_mbs", INT64_MAX);
		q->priority = rp_verify_int(in, x, "priority");
		q->replicas = (uint32_t)rp_verify_u64(in, x, "replicas", UINT32_MAX);
		q->xcds = (uint32_t)rp_verify_u64(in, x, "min_xcds", UINT32_MAX);
		q->share = (uint32_t)rp_verify_u64(in, x, "share", UINT32_MAX);
		q->per_domain = (uint32_t)rp_verify_u64(in, x, "per_domain", UINT32_MAX);
		if (in->r == 0 && (q->bytes == 0 || q->replicas == 0 || q->weight == 0 ||
				   q->share == 0 || q->per_domain == 0))
			return refuse_document(in, "requests");
		if (v_same(spread, "gpu"))
			q->spread = V_SPREAD_GPU;
		else if (v_same(spread, "hive"))
			q->spread = V_SPREAD_HIVE;
		else if (!v_same(spread, "none"))
			return refuse_document(in, "spread");
		d->any_shared = d->any_shared || q->share > 1;
	}
	return in->r;
}

static int read_places(struct v_in *in, const struct rp_json *root, struct v_doc *d)
{
	const struct rp_json *places = rp_verify_list(in, root, "placements");

	d->n_places = (uint32_t)rp_json_len(places);
	d->places = rp_new0(struct v_place, d->n_places);
	if (!d->places)
		return rp_error_nomem(in->err);
	for (uint32_t i = 0; i < d->n_places && in->r == 0; i++) {
		const struct rp_json *x = rp_json_at(places, i), *was = rp_json_get(x, "was");
		struct v_place *p = &d->places[i];

		p->request = (uint32_t)rp_verify_u64(in, x, "request", UINT32_MAX);
		p->replica = (uint32_t)rp_verify_u64(in, x, "replica", UINT32_MAX);
		p->gpu = (uint32_t)rp_verify_u64(in, x, "index", UINT32_MAX);
		p->part = (uint32_t)rp_verify_u64(in, x, "partition", V_MAX_PARTS - 1);
		p->was_gpu = p->was_part = V_NONE;
		if (was && rp_json_type(was) != RP_JSON_NULL) {
			p->was_gpu = (uint32_t)rp_verify_u64(in, was, "index", UINT32_MAX);
			p->was_part =
				(uint32_t)rp_verify_u64(in, was, "partition", V_MAX_PARTS - 1);
		}
		if (in->r == 0 && (p->request >= d->n_requests || p->gpu >= d->n_gpus ||
				   (p->was_gpu != V_NONE && p->was_gpu >= d->n_gpus)))
			return refuse_document(in, "placements");
		if (in->r == 0 &&
		    (!v_same(rp_verify_text(in, x, "name", false), d->requests[p->request].name) ||
		     !v_same(rp_verify_text(in, x, "gpu", false), d->gpus[p->gpu].name)))
			return rp_verify_wrong(in->err, "placements",
					       "entry %u: the name and the index do not agree", i);
	}
	return in->r;
}

struct hive_gpu {
	uint64_t hive;
	uint32_t gpu;
};

static int cmp_hive_gpu(const void *a, const void *b)
{
	const struct hive_gpu *x = a, *y = b;

	if (x->hive != y->hive)
		return x->hive < y->hive ? -1 : 1;
	return (x->gpu > y->gpu) - (x->gpu < y->gpu);
}

/* Name each hive by its first GPU: sort by hive, then by GPU. */
static int find_hives(struct v_doc *d)
{
	RP_AUTO_FREE struct hive_gpu *v = rp_new0(struct hive_gpu, d->n_gpus);

	if (!v)
		return -ENOMEM;
	for (uint32_t g = 0; g < d->n_gpus; g++)
		v[g] = (struct hive_gpu){d->gpus[g].hive, g};
	qsort(v, d->n_gpus, sizeof(*v), cmp_hive_gpu);
	for (uint32_t i = 0; i < d->n_gpus; i++) {
		bool first = i == 0 || v[i].hive != v[i - 1].hive;

		d->n_hives += first;
		d->gpus[v[i].gpu].first_of_hive =
			first ? v[i].gpu : d->gpus[v[i - 1].gpu].first_of_hive;
	}
	return 0;
}

/* Derive roles: fixed by a tenant that stays or by others, else of the pool unless shut. */
static void derive_roles(struct v_doc *d)
{
	for (uint32_t t = 0; t < d->n_tenants; t++) {
		d->gpus[d->tenants[t].gpu].n_tenants++;
		if (d->tenants[t].stays)
			d->gpus[d->tenants[t].gpu].fixed = true;
	}
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		struct v_gpu *gpu = &d->gpus[g];
		struct v_hive *hive = &d->hives[gpu->first_of_hive];

		gpu->fixed = gpu->fixed || gpu->occupied;
		gpu->pool = !gpu->fixed && !gpu->shut && (gpu->can_switch || gpu->mode != V_NONE);
		if (gpu->mode != V_NONE && !hive->memory)
			hive->memory = rp_verify_mode_of(d, g, gpu->mode)->memory;
		if (gpu->fixed || gpu->shut || !gpu->can_switch)
			hive->memory_fixed = true;
	}
}

/* Put something that stays, and accepts limit on its partition, there. */
static int take_room(struct v_doc *d, uint32_t gpu, uint32_t part, uint64_t bytes, uint32_t limit,
		     struct rocpart_error *reterr)
{
	struct v_room *room = &d->rooms[(size_t)gpu * V_MAX_PARTS + part];

	if (bytes > room->bytes)
		return rp_verify_wrong(reterr, "machine",
				       "what runs on partition %u of %s does not fit", part,
				       d->gpus[gpu].name);
	room->bytes -= bytes;
	room->n++;
	room->limit = limit < room->limit ? limit : room->limit;
	return 0;
}

/* Find what newcomers find on the partitions of fixed GPUs. -EBADMSG: what stays does not fit. */
static int find_rooms(struct v_doc *d, struct rocpart_error *reterr)
{
	d->rooms = calloc((size_t)d->n_gpus + 1, V_MAX_PARTS * sizeof(*d->rooms));
	if (!d->rooms)
		return rp_error_nomem(reterr);
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		for (uint32_t i = 0; gpu->fixed && i < rp_verify_mode_of(d, g, gpu->mode)->n_parts;
		     i++)
			d->rooms[(size_t)g * V_MAX_PARTS + i] = (struct v_room){
				.open = !gpu->shut && !(gpu->occupied & (1U << i)),
				.bytes = rp_verify_mode_of(d, g, gpu->mode)->parts[i].usable,
				.limit = UINT32_MAX};
	}
	for (uint32_t i = 0; i < d->n_holders; i++) {
		const struct v_holder *h = &d->holders[i];

		if (!(d->gpus[h->gpu].occupied & (1U << h->part)) &&
		    take_room(d, h->gpu, h->part, h->bytes, h->share, reterr) < 0)
			return -EBADMSG;
	}
	for (uint32_t t = 0; t < d->n_tenants; t++) {
		const struct v_tenant *x = &d->tenants[t];
		const struct v_request *q = &d->requests[x->request];
		const struct v_mode *m = rp_verify_mode_of(d, x->gpu, d->gpus[x->gpu].mode);

		if (x->stays && take_room(d, x->gpu, x->part, q->bytes,
					  rp_verify_limit(q, &m->parts[x->part]), reterr) < 0)
			return -EBADMSG;
	}
	return 0;
}

/* A driver has one memory mode for a hive: a document that says otherwise is about no machine. */
static int check_hives(const struct v_doc *d, struct rocpart_error *reterr)
{
	for (uint32_t g = 0; g < d->n_gpus; g++) {
		const struct v_gpu *gpu = &d->gpus[g];

		if (gpu->mode != V_NONE && !v_same(rp_verify_mode_of(d, g, gpu->mode)->memory,
						   d->hives[gpu->first_of_hive].memory))
			return rp_verify_wrong(reterr, "machine",
					       "GPU %s has another memory mode than its hive",
					       gpu->name);
	}
	return 0;
}

int rp_verify_doc_read(const struct rp_json *root, struct v_doc *d, struct rocpart_error *reterr)
{
	struct v_in in = {0, reterr, "machine"};
	const struct rp_json *machine = rp_json_get(root, "machine");
	int r;

	*d = (struct v_doc){.root = root};
	if (rp_verify_u64(&in, root, "schema_version", INT64_MAX) != 1)
		return refuse_document(&in, "schema_version");
	d->allow_unvalidated = rp_verify_bool(&in, machine, "allow_unvalidated_modes");
	d->allow_moves = rp_verify_bool(&in, machine, "allow_moves");
	r = in.r;
	if (r == 0)
		r = read_menus(&in, machine, d);
	if (r == 0)
		r = read_gpus(&in, machine, d);
	if (r == 0)
		r = read_holders(&in, machine, d);
	in.where = "requests";
	if (r == 0)
		r = read_requests(&in, root, d);
	in.where = "machine";
	if (r == 0)
		r = read_tenants(&in, machine, d);
	in.where = "placements";
	if (r == 0)
		r = read_places(&in, root, d);
	if (r == 0 && find_hives(d) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		derive_roles(d);
	if (r == 0)
		r = check_hives(d, reterr);
	return r == 0 ? find_rooms(d, reterr) : r;
}

void rp_verify_doc_done(struct v_doc *d)
{
	free(d->menus);
	free(d->gpus);
	free(d->hives);
	free(d->requests);
	free(d->tenants);
	free(d->places);
	free(d->then);
	free(d->rooms);
	free(d->holders);
	*d = (struct v_doc){0};
}

const struct v_mode *rp_verify_mode_of(const struct v_doc *d, uint32_t gpu, uint32_t mode)
{
	return &d->menus[d->gpus[gpu].menu].modes[mode];
}

bool rp_verify_fits(const struct v_request *q, const struct v_part *part, const char *memory)
{
	return q->bytes <= part->usable && q->xcds <= part->xcds &&
	       q->bandwidth <= part->bandwidth && (!q->memory || v_same(q->memory, memory));
}

uint32_t rp_verify_limit(const struct v_request *q, const struct v_part *part)
{
	uint64_t n = q->bandwidth ? part->bandwidth / q->bandwidth : q->share;

	return n < q->share ? (uint32_t)n : q->share;
}

bool rp_verify_could_take(const struct v_doc *d, uint32_t gpu, uint32_t part,
			  const struct v_request *q)
{
	const struct v_room *room = &d->rooms[(size_t)gpu * V_MAX_PARTS + part];
	const struct v_mode *m = rp_verify_mode_of(d, gpu, d->gpus[gpu].mode);

	return room->open && q->bytes <= room->bytes && room->n < room->limit &&
	       room->n < rp_verify_limit(q, &m->parts[part]) &&
	       rp_verify_fits(q, &m->parts[part], m->memory);
}

bool rp_verify_may(const struct v_doc *d, uint32_t gpu, uint32_t mode)
{
	const struct v_gpu *g = &d->gpus[gpu];
	const struct v_hive *hive = &d->hives[g->first_of_hive];
	const struct v_mode *m = rp_verify_mode_of(d, gpu, mode);

	if (hive->memory_fixed && !v_same(hive->memory, m->memory))
		return false;
	return g->mode == mode || (g->can_switch && (m->validated || d->allow_unvalidated));
}
