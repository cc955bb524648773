/* SPDX-License-Identifier: MIT */
/* What a lease has, compared with what the file asks for its model. */
#include "base/json.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/planning.h"
#include "leases/lease.h"
#include "leases/owner.h"
#include "plan/view.h"

static void add_field(struct rp_strbuf *fields, const char *what, const char *has,
		      const char *wants)
{
	rp_strbuf_addf(fields, "%s%s %s -> %s", fields->len ? ", " : "", what, has, wants);
}

static void compare_number(struct rp_strbuf *fields, const char *what, int64_t has, int64_t wants)
{
	char a[24], b[24];

	if (has == wants)
		return;
	(void)rp_fmt(a, sizeof(a), "%lld", (long long)has);
	(void)rp_fmt(b, sizeof(b), "%lld", (long long)wants);
	add_field(fields, what, a, b);
}

static void compare_bytes(struct rp_strbuf *fields, uint64_t has, uint64_t wants)
{
	char a[RP_BYTES_TEXT_SIZE], b[RP_BYTES_TEXT_SIZE];

	if (has == wants)
		return;
	rp_format_bytes(has, a);
	rp_format_bytes(wants, b);
	if (rp_str_eq(a, b)) { /* they differ all the same */
		(void)rp_fmt(a, sizeof(a), "%llu", (unsigned long long)has);
		(void)rp_fmt(b, sizeof(b), "%llu", (unsigned long long)wants);
	}
	add_field(fields, "bytes", a, b);
}

static const char *or_none(const char *text)
{
	return text && *text ? text : "none";
}

static void compare_text(struct rp_strbuf *fields, const char *what, const char *has,
			 const char *wants)
{
	if (!rp_str_eq(or_none(has), or_none(wants)))
		add_field(fields, what, or_none(has), or_none(wants));
}

/* What the programs of the lease are told (args vllm): the parts of the bytes are in the bytes. */
static void compare_footprint(struct rp_strbuf *fields, const char *recorded,
			      const struct rocpart_footprint *fp)
{
	static const struct {
		const char *key;
		enum rocpart_footprint_value value;
	} numbers[] = {
		{"context", ROCPART_FOOTPRINT_CONTEXT},
		{"max_seqs", ROCPART_FOOTPRINT_MAX_SEQS},
		{"max_batched_tokens", ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS},
	};
	static const char *const words[] = {"dtype", "kv_dtype", "engine"};
	RP_AUTO_JSON struct rp_json *j = NULL;

	if (!fp && !*recorded)
		return;
	if (!*recorded || !fp ||
	    rp_json_parse(recorded, strlen(recorded), "footprint", &j, NULL) < 0) {
		compare_text(fields, "model", *recorded ? "of a model" : "by bytes",
			     fp ? "of a model, read again" : "by bytes");
		return;
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(numbers); i++) {
		uint64_t wants = 0;

		if (rocpart_footprint_get(fp, numbers[i].value, &wants) == 0)
			compare_number(fields, numbers[i].key,
				       rp_json_int_value(rp_json_get(j, numbers[i].key)),
				       (int64_t)wants);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(words); i++)
		compare_text(fields, words[i], rp_json_text(rp_json_get(j, words[i])),
			     rocpart_footprint_get_text(fp, words[i]));
}

/* What the partition gives: XCDs, memory mode, bandwidth. */
static void compare_place(const struct rp_place_request *q, const struct rp_place_mode *mode,
			  uint32_t id, struct rp_strbuf *fields)
{
	const struct rp_place_part *part = &mode->parts[id];

	if (q->min_xcds > part->n_xcds)
		compare_number(fields, "XCDs", part->n_xcds, q->min_xcds);
	if (q->memory)
		compare_text(fields, "memory mode", mode->memory, q->memory);
	if (q->min_bandwidth_mbs > part->bandwidth_mbs)
		compare_number(fields, "GB/s", (int64_t)(part->bandwidth_mbs / 1000),
			       (int64_t)(q->min_bandwidth_mbs / 1000));
}

/* Any number between what the partition can serve and what the file allows is as it should be. */
static void compare_share(const struct rp_place_request *q, const struct rp_place_part *part,
			  uint32_t has, struct rp_strbuf *fields)
{
	uint32_t least = part ? rp_view_limit(q, part) : 1;

	if (has < least || has > rp_view_share(q))
		compare_number(fields, "share", has, least);
}

/* Of an older rocpart the file is not known: such a lease is of this one, and that is no change. */
static void compare_file(const struct rocpart_plan *plan, const struct rp_lease_match *m,
			 struct rp_strbuf *fields)
{
	const char *file = rp_leases_get(plan->leases, m->index)->file;

	if (file && !rp_str_eq(file, RP_LEASE_FILE_UNKNOWN))
		compare_text(fields, "file", file, plan->file);
}

/* A file that says nothing of an owner leaves the one that the lease has. -ENOMEM. */
static int compare_owner(const struct rp_model_request *w, const struct rp_lease_match *m,
			 const struct rp_lease *record, struct rp_strbuf *fields)
{
	RP_AUTO_FREE char *text = w->owner ? rp_replica_text(w->owner, m->lease->replica) : NULL;
	struct rp_owner owner = {0};
	char has[RP_OWNER_NAME_SIZE + 16], wants[RP_OWNER_NAME_SIZE + 16];

	if (!w->owner)
		return 0;
	if (!text)
		return -ENOMEM;
	if (rp_owner_parse(text, &owner, NULL) < 0)
		return 0; /* checked when the file was read */
	rp_owner_text(&owner, wants);
	rp_owner_text(&record->owner, has);
	compare_text(fields, "owner", has, wants);
	return 0;
}

/* -ENOMEM */
static int compare_labels(const struct rp_model_request *w, const struct rp_lease *record,
			  struct rp_strbuf *fields)
{
	RP_AUTO_STRBUF struct rp_strbuf wants = RP_STRBUF_INIT;

	if (!w->labels)
		return 0;
	if (rp_json_print(w->labels, false, &wants) < 0)
		return -ENOMEM;
	compare_text(fields, "labels", record->labels, rp_strbuf_str(&wants));
	return 0;
}

int rp_plan_is_lease_kept(const struct rocpart_plan *plan, const struct rp_lease_match *m)
{
	RP_AUTO_STRBUF struct rp_strbuf fields = RP_STRBUF_INIT;
	const struct rp_lease *record = rp_leases_get(plan->leases, m->index);
	const struct rp_model_request *w = &plan->models.v[m->request];

	compare_file(plan, m, &fields);
	if (compare_owner(w, m, record, &fields) < 0 || compare_labels(w, record, &fields) < 0 ||
	    rp_strbuf_failed(&fields))
		return -ENOMEM;
	return fields.len == 0;
}

int rp_plan_compare_lease(const struct rocpart_plan *plan, struct rp_lease_match *m,
			  bool *ret_must_move)
{
	RP_AUTO_STRBUF struct rp_strbuf fields = RP_STRBUF_INIT;
	const struct rocpart_lease *l = m->lease;
	const struct rp_lease *record = rp_leases_get(plan->leases, m->index);
	const struct rp_model_request *w = &plan->models.v[m->request];
	const struct rp_place_request *q = &plan->requests[m->request];
	const struct rp_place_tenant *t = m->tenant == SIZE_MAX ? NULL : &plan->tenants[m->tenant];
	const struct rp_place_gpu *g = t ? &plan->machine.gpus[t->gpu] : NULL;
	const struct rp_place_mode *mode = g ? &plan->machine.menus[g->menu].modes[g->mode] : NULL;

	if (mode)
		compare_place(q, mode, t->part, &fields);
	*ret_must_move = fields.len > 0;
	compare_bytes(&fields, l->bytes, q->bytes);
	compare_share(q, mode ? &mode->parts[t->part] : NULL, l->share ? l->share : 1, &fields);
	compare_footprint(&fields, l->footprint, w->footprint);
	m->disturbs = fields.len > 0;
	compare_number(&fields, "priority", l->priority, q->priority);
	compare_file(plan, m, &fields);
	if (compare_owner(w, m, record, &fields) < 0 || compare_labels(w, record, &fields) < 0)
		return -ENOMEM;
	free(m->fields);
	m->fields = strdup(rp_strbuf_str(&fields));
	return m->fields && !rp_strbuf_failed(&fields) ? 0 : -ENOMEM;
}
