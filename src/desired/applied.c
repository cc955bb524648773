/* SPDX-License-Identifier: MIT */
/*
 * What was applied: effective texts, so that an edit that went wrong has a way back, and so that it
 * is known which file the node is kept by. One record, applied.json: {"next", "revisions"}, the
 * newest last. A damaged one is an error for readers and for the next apply.
 */
#include "rocpart/applied.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/seal.h"
#include "base/strbuf.h"
#include "desired/desired.h"
#include "desired/on_demand.h"
#include "desired/planning.h"
#include "machine/records_internal.h"

#define N_KEPT 20

struct rocpart_applied {
	struct rp_json *record;	    /* NULL: nothing was applied */
	struct rocpart_revision *v; /* newest first; texts of record */
	size_t n;
};

static const char *word(const struct rp_json *j, const char *key)
{
	const char *text = rp_json_text(rp_json_get(j, key));

	return text ? text : "";
}

static struct rocpart_revision read_revision(const struct rp_json *j)
{
	int64_t number = rp_json_int_value(rp_json_get(j, "revision"));
	int64_t at_s = rp_json_int_value(rp_json_get(j, "at_s"));

	return (struct rocpart_revision){.revision = number > 0 ? (uint64_t)number : 0,
					 .at_s = at_s > 0 ? (uint64_t)at_s : 0,
					 .file = word(j, "file"),
					 .checksum = word(j, "checksum"),
					 .text = word(j, "text"),
					 .config = word(j, "config"),
					 .result = word(j, "result"),
					 .message = word(j, "message")};
}

ROCPART_PUBLIC int rocpart_applied_new(struct rocpart_machine *machine,
				       struct rocpart_applied **ret_applied,
				       struct rocpart_error *reterr)
{
	struct rocpart_applied *a = rp_new0(struct rocpart_applied, 1);
	const struct rp_json *list;
	size_t n;
	int r = a ? rp_record_read(machine, RP_RECORD_APPLIED, RP_RECORD_APPLIED_LIMIT, &a->record,
				   reterr)
		  : rp_error_nomem(reterr);

	if (r == 0) {
		list = rp_json_get(a->record, "revisions");
		n = rp_json_len(list);
		a->v = rp_new0(struct rocpart_revision, n);
		r = a->v ? 0 : rp_error_nomem(reterr);
		for (; r == 0 && a->n < n; a->n++)
			a->v[a->n] = read_revision(rp_json_at(list, n - 1 - a->n));
	}
	if (r < 0) {
		rocpart_applied_free(a);
		return r;
	}
	*ret_applied = a;
	return 0;
}

ROCPART_PUBLIC struct rocpart_applied *rocpart_applied_free(struct rocpart_applied *applied)
{
	if (!applied)
		return NULL;
	rp_json_free(applied->record);
	free(applied->v);
	free(applied);
	return NULL;
}

ROCPART_PUBLIC const struct rocpart_revision *
rocpart_applied_get(const struct rocpart_applied *applied, size_t index)
{
	return index < applied->n ? &applied->v[index] : NULL;
}

static int refuse_revision(const struct rocpart_applied *a, uint64_t revision,
			   struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
			   "revision %llu is not kept", (unsigned long long)revision);
	if (!a->n)
		return rp_error_hint(reterr, "no file was applied to this machine yet");
	return rp_error_hint(reterr,
			     "the revisions %llu to %llu are kept: `rocpart revisions` "
			     "lists them",
			     (unsigned long long)a->v[a->n - 1].revision,
			     (unsigned long long)a->v[0].revision);
}

ROCPART_PUBLIC int rocpart_applied_open(const struct rocpart_applied *applied, uint64_t revision,
					struct rocpart_desired **ret_desired,
					struct rocpart_error *reterr)
{
	for (size_t i = 0; i < applied->n; i++) {
		const struct rocpart_revision *v = &applied->v[i];

		if (v->revision == revision)
			return rp_desired_parse_as(v->text, v->file, ret_desired, reterr);
	}
	return refuse_revision(applied, revision, reterr);
}

/* ---- recording ---- */

static struct rp_json *revision_json(const struct rocpart_revision *v)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "revision", v->revision);

	r |= rp_json_set_u64(j, "at_s", v->at_s);
	r |= rp_json_set_string(j, "file", v->file);
	r |= rp_json_set_string(j, "checksum", v->checksum);
	r |= rp_json_set_string(j, "text", v->text);
	r |= rp_json_set_string(j, "config", v->config);
	r |= rp_json_set_string(j, "result", v->result);
	r |= rp_json_set_string(j, "message", v->message);
	return r < 0 ? rp_json_free(j) : j;
}

static bool is_same(const struct rocpart_revision *a, const struct rocpart_revision *b)
{
	return a && rp_str_eq(a->file, b->file) && rp_str_eq(a->text, b->text) &&
	       rp_str_eq(a->config, b->config);
}

/* The record with v as the newest, in the place of the same one before. */
static struct rp_json *record_with(const struct rocpart_applied *a,
				   const struct rocpart_revision *v)
{
	struct rp_json *j = rp_json_object(), *list = rp_json_array();
	bool replaces = is_same(rocpart_applied_get(a, 0), v);
	size_t first = replaces ? 1 : 0, n = a->n - first;
	int r = 0;

	n = n < N_KEPT - 1 ? n : N_KEPT - 1;
	for (size_t i = n; r == 0 && i > 0; i--)
		r = rp_json_append(list, revision_json(&a->v[first + i - 1]));
	if (r == 0)
		r = rp_json_append(list, revision_json(v));
	r |= rp_json_set(j, "revisions", list);
	return r < 0 ? rp_json_free(j) : j;
}

static int write_record(struct rocpart_machine *m, const struct rocpart_applied *a,
			struct rocpart_revision *v, struct rocpart_error *reterr)
{
	const struct rocpart_revision *last = rocpart_applied_get(a, 0);
	RP_AUTO_JSON struct rp_json *record = NULL;
	int r = rp_machine_make_state(m, reterr);

	v->revision = !last ? 1 : is_same(last, v) ? last->revision : last->revision + 1;
	record = record_with(a, v);
	if (r < 0)
		return r;
	return record ? rp_record_write(m, RP_RECORD_APPLIED, record, reterr)
		      : rp_error_nomem(reterr);
}

ROCPART_PUBLIC int rocpart_applied_record(struct rocpart_machine *machine,
					  const struct rocpart_desired *desired, const char *config,
					  const char *result, const char *message,
					  struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *text = NULL, *file = NULL;
	struct rocpart_applied *before = NULL;
	char checksum[16];
	int64_t now = 0;
	struct rocpart_revision v = {.config = config ? config : "",
				     .checksum = checksum,
				     .result = result,
				     .message = message};
	int r = rocpart_desired_to_yaml(desired, &text, reterr);

	if (r == 0 && rp_node_file_id(desired->has_name ? desired->path : "-", &file) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		r = rocpart_applied_new(machine, &before, reterr);
	if (r < 0)
		return r;
	(void)rp_fmt(checksum, sizeof(checksum), "%08x", rp_crc32c(text, strlen(text)));
	if (rp_clock_read(&now) == 0 && now > 0)
		v.at_s = (uint64_t)now;
	v.file = file;
	v.text = text;
	r = write_record(machine, before, &v, reterr);
	if (r == 0)
		r = rp_on_demand_record_policy(machine, desired, reterr);
	rocpart_applied_free(before);
	return r;
}
