/* SPDX-License-Identifier: MIT */
/* Documents of amd-smi list, partition and static, of every version, as one row for each GPU. */
#include "base/num.h"
#include "hw/smi/text.h"

/* 64 DRM minors, 8 GPUs of 8 partitions: no machine comes near. */
#define ROWS_MAX 1024

void rp_smi_rows_done(struct rp_smi_rows *rows)
{
	free(rows->v);
	*rows = (struct rp_smi_rows){0};
}

static int bad(struct rocpart_error *reterr, const char *key, const char *value)
{
	return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, "amd-smi",
			    "amd-smi reports %s '%.100s', which is not in a known form", key,
			    value);
}

static bool is_told(const struct rp_json *value)
{
	const char *text = rp_json_text(value);

	return rp_json_type(value) != RP_JSON_NULL &&
	       (!text || (!rp_str_eq(text, "N/A") && !rp_str_eq(text, "")));
}

/* A number, or the text of one behind a prefix ("renderD128"); absent when it is not told. */
static int read_number(const struct rp_json *record, const char *key, const char *prefix,
		       struct rp_opt_u64 *ret, struct rocpart_error *reterr)
{
	const struct rp_json *value = rp_json_get(record, key);
	const char *text = rp_json_text(value);
	struct rp_opt_u64 v = {.known = true};

	if (!is_told(value))
		return 0;
	if (rp_json_type(value) == RP_JSON_INT && rp_json_int_value(value) >= 0)
		v.v = (uint64_t)rp_json_int_value(value);
	else if (!text || !rp_str_starts(text, prefix) ||
		 rp_parse_u64(text + strlen(prefix), 10, &v.v) < 0)
		return bad(reterr, key, text ? text : "(no number)");
	*ret = v;
	return 0;
}

/* "SPX*" marks the current mode in tables. 6.3 gives a number, which is none: not told. */
static int read_compute(const struct rp_json *record, const char *key,
			enum rocpart_compute_mode *ret, struct rocpart_error *reterr)
{
	const struct rp_json *value = rp_json_get(record, key);
	const char *text = rp_json_text(value);
	char name[16];

	if (!text || !is_told(value))
		return 0;
	if (rp_fmt(name, sizeof(name), "%.*s", (int)strcspn(text, "*"), text) < 0 ||
	    rocpart_compute_mode_from_string(name, ret) < 0)
		return bad(reterr, key, text);
	return 0;
}

static int read_memory(const struct rp_json *record, const char *key, enum rocpart_memory_mode *ret,
		       struct rocpart_error *reterr)
{
	const struct rp_json *value = rp_json_get(record, key);
	const char *text = rp_json_text(value);

	if (!text || !is_told(value))
		return 0;
	return rocpart_memory_mode_from_string(text, ret) < 0 ? bad(reterr, key, text) : 0;
}

/*
 * "dddd:bb:dd.f": hexadecimal, the domain up to 8 digits. Without DRM versions 6.1 to 6.3 print
 * garbage there (amd-smi study 3.3), which is not told.
 */
static bool is_bdf(const char *s)
{
	static const char seps[] = "::.";
	static const size_t min[] = {4, 2, 2, 1}, max[] = {8, 2, 2, 1};

	for (size_t i = 0; i < RP_ARRAY_LEN(min); i++) {
		size_t n = strspn(s, "0123456789abcdefABCDEF");

		if (n < min[i] || n > max[i] || s[n] != seps[i])
			return false;
		s += n + 1;
	}
	return true;
}

/* Its function is the number of the partition; that PCI function does not exist. */
static void read_bdf(const struct rp_json *record, struct rp_smi_row *row)
{
	const char *text = rp_json_text(rp_json_get(record, "bdf"));

	if (!text || !is_bdf(text) || rp_fmt(row->bdf, sizeof(row->bdf), "%s", text) < 0)
		return;
	row->bdf[strlen(row->bdf) - 1] = '0';
	for (char *c = row->bdf; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
}

/* list, with or without -e */
static int read_list(const struct rp_json *record, struct rp_smi_row *row,
		     struct rocpart_error *reterr)
{
	const struct {
		const char *key, *prefix;
		struct rp_opt_u64 *to;
	} numbers[] = {
		{"partition_id", "", &row->partition_id},
		{"kfd_id", "", &row->kfd_id},
		{"node_id", "", &row->node_id},
		{"render", "renderD", &row->render},
		{"card", "card", &row->card},
	};
	int r = 0;

	read_bdf(record, row);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(numbers); i++)
		r = read_number(record, numbers[i].key, numbers[i].prefix, numbers[i].to, reterr);
	return r;
}

/* partition: current_partition, memory_partition; static --partition */
static int read_modes(const struct rp_json *record, struct rp_smi_row *row,
		      struct rocpart_error *reterr)
{
	const struct rp_json *part = rp_json_get(record, "partition");
	const struct rp_json *memory = rp_json_get(record, "memory_partition");
	int r = read_compute(record, "accelerator_type", &row->compute, reterr);

	if (r == 0)
		r = read_memory(record, "memory", &row->memory, reterr);
	if (r == 0)
		r = read_memory(record, "current_memory_partition", &row->memory, reterr);
	if (r == 0) /* 6.3 and 6.4 */
		r = read_memory(memory, "current", &row->memory, reterr);
	if (r == 0) /* before 6.4.2 */
		r = read_compute(part, "compute_partition", &row->compute, reterr);
	if (r == 0)
		r = read_compute(part, "accelerator_partition", &row->compute, reterr);
	if (r == 0)
		r = read_memory(part, "memory_partition", &row->memory, reterr);
	if (r == 0)
		r = read_number(part, "partition_id", "", &row->partition_id, reterr);
	return r;
}

/* partition -a: which index of a profile is which mode */
static int read_profile(const struct rp_json *record, struct rp_smi_row *row,
			struct rocpart_error *reterr)
{
	enum rocpart_compute_mode mode = ROCPART_COMPUTE_UNKNOWN;
	int r = read_compute(record, "accelerator_type", &mode, reterr);

	if (r < 0 || mode == ROCPART_COMPUTE_UNKNOWN)
		return r;
	return read_number(record, "profile_index", "", &row->profiles[mode], reterr);
}

static int find_row(struct rp_smi_rows *rows, uint64_t index, struct rp_smi_row **ret,
		    struct rocpart_error *reterr)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (rows->v[i].index == index) {
			*ret = &rows->v[i];
			return 0;
		}
	}
	if (rows->n >= ROWS_MAX)
		return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, "amd-smi",
				    "amd-smi lists more than %d GPUs", ROWS_MAX);
	if (rp_grow(&rows->v, &rows->cap, rows->n + 1, sizeof(*rows->v)) < 0)
		return rp_error_nomem(reterr);
	rows->v[rows->n] = (struct rp_smi_row){.index = index};
	*ret = &rows->v[rows->n++];
	return 0;
}

/* *index is that of the record before: one whose own is "" continues it. NICs have none. */
static int read_record(const struct rp_json *record, struct rp_opt_u64 *index,
		       struct rp_smi_rows *rows, struct rocpart_error *reterr)
{
	const char *key = rp_json_get(record, "gpu_id") ? "gpu_id" : "gpu";
	struct rp_smi_row *row = NULL;
	int r;

	if (!rp_json_get(record, key))
		return 0;
	r = read_number(record, key, "", index, reterr);
	if (r < 0 || !index->known)
		return r;
	r = find_row(rows, index->v, &row, reterr);
	if (r < 0)
		return r;
	if (rp_json_get(record, "profile_index"))
		return read_profile(record, row, reterr);
	r = read_list(record, row, reterr);
	return r == 0 ? read_modes(record, row, reterr) : r;
}

static int read_array(const struct rp_json *array, struct rp_smi_rows *rows,
		      struct rocpart_error *reterr)
{
	struct rp_opt_u64 index = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < rp_json_len(array); i++)
		r = read_record(rp_json_at(array, i), &index, rows, reterr);
	return r;
}

/* Arrays of records, bare (up to 6.4) or as members of an object ("gpu_data", "current_..."). */
int rp_smi_read_rows(const struct rp_json *docs, struct rp_smi_rows *rows,
		     struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rp_json_len(docs); i++) {
		const struct rp_json *doc = rp_json_at(docs, i);

		if (rp_json_type(doc) == RP_JSON_ARRAY)
			r = read_array(doc, rows, reterr);
		else if (rp_json_type(doc) == RP_JSON_OBJECT)
			for (void *it = rp_json_iter(doc); r == 0 && it;
			     it = rp_json_iter_next(doc, it))
				r = read_array(rp_json_iter_value(it), rows, reterr);
	}
	return r;
}

void rp_smi_read_version(const struct rp_json *docs, struct rp_smi_version *ret)
{
	const struct rp_json *record = rp_json_at(rp_json_at(docs, 0), 0);

	ret->tool = rp_json_text(rp_json_get(record, "version"));
	ret->library = rp_json_text(rp_json_get(record, "amdsmi_library_version"));
}

void rp_smi_forget_wrong_nodes(struct rp_smi_rows *rows)
{
	for (size_t i = 1; i < rows->n; i++) {
		struct rp_smi_row *row = &rows->v[i];

		for (size_t k = 0; k < i && row->render.known; k++) {
			if (rows->v[k].render.known && rows->v[k].render.v == row->render.v)
				row->render.known = row->card.known = false;
		}
	}
}
