/* SPDX-License-Identifier: MIT */
#include "base/num.h"
#include "machine/records.h"
#include "run/cdi.h"

#define RECORD	   "cdi.json"
#define RECORD_MAX (16 * RP_MIB)

int rp_cdi_record_load(struct rocpart_machine *m, struct rp_cdi_record *ret,
		       struct rocpart_error *reterr)
{
	return rp_record_read(m, RECORD, RECORD_MAX, &ret->list, reterr);
}

void rp_cdi_record_done(struct rp_cdi_record *record)
{
	record->list = rp_json_free(record->list);
}

static const char *word(const struct rp_json *item, const char *key)
{
	const char *text = rp_json_text(rp_json_get(item, key));

	return text ? text : "";
}

static bool read_item(const struct rp_json *item, struct rp_cdi_spec *ret)
{
	ret->dir = word(item, "dir");
	ret->text = word(item, "text");
	ret->before = word(item, "before");
	ret->kind = rp_cdi_find_kind(word(item, "kind"));
	ret->file = word(item, "file");
	if (!*ret->file && ret->kind) /* recorded by a version that chose the name */
		ret->file = ret->kind->file;
	return ret->kind && *ret->dir == '/';
}

bool rp_cdi_record_at(const struct rp_cdi_record *record, size_t index, struct rp_cdi_spec *ret)
{
	const struct rp_json *item;

	for (size_t i = 0; (item = rp_json_at(record->list, i)); i++)
		if (read_item(item, ret) && index-- == 0)
			return true;
	return false;
}

bool rp_cdi_is_ours(const struct rp_cdi_spec *spec, const char *text)
{
	return rp_str_eq(text, spec->text) || (*spec->before && rp_str_eq(text, spec->before));
}

static struct rp_json *item_of(const struct rp_cdi_spec *spec)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "dir", spec->dir);

	r |= rp_json_set_string(j, "kind", spec->kind->name);
	r |= rp_json_set_string(j, "file", spec->file);
	r |= rp_json_set_string(j, "text", spec->text);
	r |= rp_json_set_string(j, "before", spec->before);
	return r < 0 ? rp_json_free(j) : j;
}

/* The list with spec in the place of the one of its folder, file and kind, else at the end. */
static struct rp_json *list_with(const struct rp_cdi_record *record, const struct rp_cdi_spec *spec)
{
	struct rp_json *list = rp_json_array();
	struct rp_cdi_spec other;
	bool is_there = false;
	int r = 0;

	for (size_t i = 0; r == 0 && rp_cdi_record_at(record, i, &other); i++) {
		bool is_it = other.kind == spec->kind && rp_str_eq(other.dir, spec->dir) &&
			     rp_str_eq(other.file, spec->file);

		r = rp_json_append(list, item_of(is_it ? spec : &other));
		is_there |= is_it;
	}
	if (r == 0 && !is_there)
		r = rp_json_append(list, item_of(spec));
	return r < 0 ? rp_json_free(list) : list;
}

int rp_cdi_record_put(struct rocpart_machine *m, struct rp_cdi_record *record,
		      const struct rp_cdi_spec *spec, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *list = list_with(record, spec);
	int r = rp_machine_make_state(m, reterr);

	if (r < 0)
		return r;
	r = list ? rp_record_write(m, RECORD, list, reterr) : rp_error_nomem(reterr);
	if (r < 0)
		return r;
	/* spec may point into the old list. */
	rp_json_free(record->list);
	record->list = rp_steal(&list);
	return 0;
}
