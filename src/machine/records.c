/* SPDX-License-Identifier: MIT */
#include "machine/records.h"
#include "base/json.h"
#include "hw/driver.h"
#include "rocpart/change.h"

#define PENDING	   "pending.json"
#define CORDONS	   "cordons.json"
#define ALLOCATOR  "allocator"
#define SIZE_LIMIT (256 * 1024)

void rp_records_done(struct rp_records *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->bdfs[i]);
	free(r->bdfs);
	free(r->v);
	memset(r, 0, sizeof(*r));
}

static struct rp_overlay *overlay_of(struct rp_records *r, const char *bdf)
{
	size_t cap = r->cap;

	for (size_t i = 0; i < r->n; i++)
		if (rp_str_eq(r->v[i].bdf, bdf))
			return &r->v[i];
	if (rp_grow(&r->bdfs, &cap, r->n + 1, sizeof(*r->bdfs)) < 0 ||
	    rp_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v)) < 0)
		return NULL;
	r->bdfs[r->n] = strdup(bdf);
	if (!r->bdfs[r->n])
		return NULL;
	r->v[r->n] = (struct rp_overlay){.bdf = r->bdfs[r->n]};
	return &r->v[r->n++];
}

int rp_record_read(struct rocpart_machine *m, const char *file, size_t limit, struct rp_json **ret,
		   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_machine_open_state(m);

	if (r == 0 && !m->state)
		return 0;
	if (r == 0)
		r = rp_tree_read_file(m->state, limit, &text, "%s", file);
	if (r == -ENOENT || r == -EACCES)
		return 0;
	if (r < 0)
		return rp_error_errno(reterr, r, file, "cannot read the record '%s/%s'",
				      m->state_dir, file);
	r = rp_json_parse(rp_strbuf_str(&text), text.len, file, ret, reterr);
	return r < 0 ? rp_error_prefix(reterr, "record '%s/%s'", m->state_dir, file) : 0;
}

int rp_record_write(struct rocpart_machine *m, const char *file, const struct rp_json *j,
		    struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_json_print(j, true, &text);

	rp_strbuf_add_char(&text, '\n');
	if (r < 0 || rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	r = rp_tree_replace(m->state, text.s, text.len, "%s", file);
	return r < 0 ? rp_error_errno(reterr, r, m->state_dir, "cannot write the record '%s/%s'",
				      m->state_dir, file)
		     : 0;
}

static uint64_t epoch_of(const struct rp_json *pending)
{
	return (uint64_t)rp_json_int_value(rp_json_get(pending, "driver_epoch"));
}

static int take_pending(struct rocpart_machine *m, const struct rp_json *pending,
			struct rp_records *ret)
{
	const struct rp_json *gpus = rp_json_get(pending, "gpus");

	if (!gpus || epoch_of(pending) != rp_driver_epoch(m->tree))
		return 0;
	for (void *it = rp_json_iter(gpus); it; it = rp_json_iter_next(gpus, it)) {
		const char *mode = rp_json_text(rp_json_iter_value(it));
		struct rp_overlay *o = overlay_of(ret, rp_json_iter_key(it));

		if (!o)
			return -ENOMEM;
		if (!mode || rocpart_memory_mode_from_string(mode, &o->pending_memory) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int take_cordons(const struct rp_json *cordons, struct rp_records *ret)
{
	const struct rp_json *gpus = rp_json_get(cordons, "gpus");

	for (size_t i = 0; i < rp_json_len(gpus); i++) {
		const char *bdf = rp_json_text(rp_json_at(gpus, i));
		struct rp_overlay *o = bdf ? overlay_of(ret, bdf) : NULL;

		if (!o)
			return bdf ? -ENOMEM : -EBADMSG;
		o->cordoned = true;
	}
	return 0;
}

int rp_records_load(struct rocpart_machine *m, struct rp_records *ret, struct rocpart_error *reterr)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_JSON struct rp_json *pending = NULL, *cordons = NULL;
	int r = rp_record_read(m, PENDING, SIZE_LIMIT, &pending, reterr);

	if (r == 0)
		r = rp_record_read(m, CORDONS, SIZE_LIMIT, &cordons, reterr);
	if (r < 0)
		return r;
	r = take_pending(m, pending, &records);
	if (r == 0)
		r = take_cordons(cordons, &records);
	if (r == -EBADMSG)
		return rp_error_set(reterr, r, ROCPART_ERR_CONFIG_SYNTAX, m->state_dir,
				    "a record in '%s' is damaged", m->state_dir);
	if (r < 0)
		return rp_error_nomem(reterr);
	*ret = records;
	memset(&records, 0, sizeof(records));
	return 0;
}

int rp_records_set_pending(struct rocpart_machine *m, const char *const *bdfs, size_t n,
			   enum rocpart_memory_mode mode)
{
	RP_AUTO_JSON struct rp_json *old = NULL, *j = rp_json_object();
	struct rp_json *gpus = rp_json_object();
	uint64_t epoch = rp_driver_epoch(m->tree);
	int r = rp_record_read(m, PENDING, SIZE_LIMIT, &old, NULL);

	if (r == 0 && old && epoch_of(old) == epoch) {
		const struct rp_json *have = rp_json_get(old, "gpus");

		for (void *it = rp_json_iter(have); it && r == 0; it = rp_json_iter_next(have, it))
			r = rp_json_set_string(gpus, rp_json_iter_key(it),
					       rp_json_text(rp_json_iter_value(it)));
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = rp_json_set_string(gpus, bdfs[i], rocpart_memory_mode_to_string(mode));
	if (r == 0)
		r = rp_json_set_u64(j, "driver_epoch", epoch);
	if (r < 0) {
		rp_json_free(gpus);
		return r;
	}
	r = rp_json_set(j, "gpus", gpus);
	return r < 0 ? r : rp_record_write(m, PENDING, j, NULL);
}

int rp_records_clear_pending(struct rocpart_machine *m)
{
	int r = rp_machine_open_state(m);

	if (r < 0 || !m->state)
		return r;
	r = rp_tree_remove(m->state, PENDING);
	return r == -ENOENT ? 0 : r;
}

int rp_records_get_allocator(struct rocpart_machine *m, struct rp_strbuf *ret)
{
	int r = rp_machine_open_state(m);

	if (r < 0)
		return r;
	return m->state ? rp_tree_read(m->state, ret, ALLOCATOR) : -ENOENT;
}

int rp_records_set_allocator(struct rocpart_machine *m, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf before = RP_STRBUF_INIT;
	int r = rp_machine_make_state(m, NULL);

	if (r < 0 ||
	    (rp_records_get_allocator(m, &before) == 0 && rp_str_eq(rp_strbuf_str(&before), name)))
		return r;
	return rp_tree_replace(m->state, name, strlen(name), ALLOCATOR);
}

static bool is_cordoned(const struct rp_json *gpus, const char *bdf)
{
	for (size_t i = 0; i < rp_json_len(gpus); i++) {
		const char *have = rp_json_text(rp_json_at(gpus, i));

		if (have && rp_str_eq(have, bdf))
			return true;
	}
	return false;
}

ROCPART_PUBLIC int rocpart_machine_set_cordon(struct rocpart_machine *machine, const char *bdf,
					      bool cordoned, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *old = NULL, *j = rp_json_object();
	struct rp_json *gpus = rp_json_array();
	const struct rp_json *have;
	int r = rp_machine_make_state(machine, reterr);

	if (r == 0)
		r = rp_record_read(machine, CORDONS, SIZE_LIMIT, &old, reterr);
	have = rp_json_get(old, "gpus");
	if (r < 0 || is_cordoned(have, bdf) == cordoned) {
		rp_json_free(gpus);
		return r;
	}
	for (size_t i = 0; i < rp_json_len(have) && r == 0; i++) {
		const char *text = rp_json_text(rp_json_at(have, i));

		if (text && !rp_str_eq(text, bdf))
			r = rp_json_append(gpus, rp_json_string(text));
	}
	if (r == 0 && cordoned)
		r = rp_json_append(gpus, rp_json_string(bdf));
	if (rp_json_set(j, "gpus", gpus) < 0 || r < 0)
		return rp_error_nomem(reterr);
	return rp_record_write(machine, CORDONS, j, reterr);
}
