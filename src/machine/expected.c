/* SPDX-License-Identifier: MIT */
/*
 * The GPUs that the machine is expected to have: gpus.json of the record folder.
 *
 * Invariant: a GPU leaves the record, or another one takes its place there, only by
 * rocpart_machine_accept_gpu(). What is lost or replaced stays visible until somebody said that
 * this is right.
 */
#include "hw/hw.h"
#include "machine/history.h"
#include "machine/observe.h"
#include "machine/records_internal.h"
#include "rocpart/change.h"

#define LOCK "gpus.lock"

/* Hex of equal width sorts as text; a wider domain is larger: the order of indices. */
static int compare_expected(const void *a, const void *b)
{
	const struct rp_expected *x = a, *y = b;
	size_t lx = strlen(x->bdf), ly = strlen(y->bdf);

	if (lx != ly)
		return lx < ly ? -1 : 1;
	return strcmp(x->bdf, y->bdf);
}

static void sort_expected(struct rp_records *r)
{
	if (r->n_expected)
		qsort(r->expected, r->n_expected, sizeof(*r->expected), compare_expected);
}

static int read_entry(const struct rp_json *j, struct rp_expected *ret)
{
	const char *bdf = rp_json_text(rp_json_get(j, "bdf"));
	const char *id = rp_json_text(rp_json_get(j, "unique_id"));
	const char *vbios = rp_json_text(rp_json_get(j, "vbios"));
	int64_t device = rp_json_int_value(rp_json_get(j, "device_id"));

	*ret = (struct rp_expected){.device_id = (uint32_t)device};
	if (!bdf || !*bdf || rp_fmt(ret->bdf, sizeof(ret->bdf), "%s", bdf) < 0 || device < 0 ||
	    device > UINT32_MAX || strspn(bdf, "0123456789abcdefABCDEF:.") != strlen(bdf))
		return -EBADMSG;
	if (id && rp_parse_u64(id, 16, &ret->unique_id.v) < 0)
		return -EBADMSG;
	ret->unique_id.known = id;
	(void)rp_fmt(ret->vbios, sizeof(ret->vbios), "%s", vbios ? vbios : "");
	return 0;
}

static int read_list(const struct rp_json *expected, struct rp_records *ret)
{
	const struct rp_json *gpus = rp_json_get(expected, "gpus");
	size_t n = rp_json_len(gpus);
	int r = expected && rp_json_type(gpus) != RP_JSON_ARRAY ? -EBADMSG : 0;

	if (r == 0)
		r = rp_grow(&ret->expected, &ret->cap_expected, n, sizeof(*ret->expected));
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = read_entry(rp_json_at(gpus, i), &ret->expected[i]);
		ret->n_expected += r == 0;
	}
	sort_expected(ret);
	return r;
}

int rp_records_take_expected(const struct rp_json *expected, struct rp_records *ret)
{
	int r = read_list(expected, ret);

	for (size_t i = 0; r == 0 && i < ret->n_expected; i++) {
		struct rp_overlay *o = rp_records_overlay(ret, ret->expected[i].bdf);

		if (!o)
			return -ENOMEM;
		o->recorded_id = ret->expected[i].unique_id;
		o->former_index = (struct rp_opt_u64){true, i};
	}
	return r;
}

/* Return where a GPU is that the snapshot does not have. -ENODATA: it cannot be called missing. */
static int find_place(struct rocpart_machine *m, const struct rp_expected *e,
		      enum rocpart_missing_where *ret)
{
	enum rp_pci_place place;
	int r = rp_hw_find_on_bus(m->tree, e->bdf, e->device_id, &place);

	*ret = ROCPART_MISSING_UNKNOWN;
	if (r < 0)
		return r == -ENODATA || r == -ENOMEM ? r : 0;
	if (place == RP_PCI_AMDGPU)
		return -ENODATA;
	*ret = place == RP_PCI_NONE	   ? ROCPART_MISSING_OFF_BUS
	       : place == RP_PCI_NO_DRIVER ? ROCPART_MISSING_WITHOUT_DRIVER
					   : ROCPART_MISSING_OTHER_DRIVER;
	return 0;
}

int rp_records_find_missing(struct rocpart_machine *m, const struct rp_records *records,
			    struct rocpart_snapshot *s)
{
	s->missing = rp_new0(struct rocpart_missing_gpu, records->n_expected);
	if (!s->missing)
		return -ENOMEM;
	for (size_t i = 0; i < records->n_expected; i++) {
		const struct rp_expected *e = &records->expected[i];
		const struct rp_product *product = rp_product_by_device_id(e->device_id);
		struct rocpart_missing_gpu gpu = {.product = product ? product->name : NULL,
						  .was_index = (unsigned)i};
		int r = rp_snapshot_gpu_by_bdf(s, e->bdf) ? -ENODATA : find_place(m, e, &gpu.where);

		if (r == -ENODATA)
			continue;
		gpu.bdf = r == 0 ? strdup(e->bdf) : NULL;
		if (!gpu.bdf)
			return -ENOMEM;
		s->missing[s->n_missing++] = gpu;
	}
	return 0;
}

/* ---- writing ---- */

static struct rp_json *entry_json(const struct rp_expected *e)
{
	struct rp_json *j = rp_json_object();
	char id[20];
	int r = rp_json_set_string(j, "bdf", e->bdf);

	(void)rp_fmt(id, sizeof(id), "%016llx", (unsigned long long)e->unique_id.v);
	r |= rp_json_set_u64(j, "device_id", e->device_id);
	if (e->unique_id.known)
		r |= rp_json_set_string(j, "unique_id", id);
	if (*e->vbios)
		r |= rp_json_set_string(j, "vbios", e->vbios);
	return r < 0 ? rp_json_free(j) : j;
}

static int write_expected(struct rocpart_machine *m, const struct rp_records *records,
			  struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object(), *gpus = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < records->n_expected && r == 0; i++)
		r = rp_json_append(gpus, entry_json(&records->expected[i]));
	if (r < 0 || rp_json_set(j, "gpus", rp_steal(&gpus)) < 0)
		return rp_error_nomem(reterr);
	return rp_record_write(m, RP_RECORD_EXPECTED, j, reterr);
}

static int read_expected(struct rocpart_machine *m, struct rp_records *ret,
			 struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = rp_record_read(m, RP_RECORD_EXPECTED, RP_RECORD_LIMIT, &j, reterr);

	if (r < 0)
		return r;
	r = read_list(j, ret);
	if (r == -EBADMSG)
		return rp_record_report_damage(m, RP_RECORD_EXPECTED, "it is no list of GPUs",
					       reterr);
	return r < 0 ? rp_error_nomem(reterr) : 0;
}

static struct rp_expected *find_expected(const struct rp_records *r, const char *bdf)
{
	for (size_t i = 0; i < r->n_expected; i++)
		if (rp_str_eq_nocase(r->expected[i].bdf, bdf) ||
		    (rp_str_starts(r->expected[i].bdf, "0000:") &&
		     rp_str_eq_nocase(r->expected[i].bdf + 5, bdf)))
			return &r->expected[i];
	return NULL;
}

static struct rp_expected entry_of(const struct rocpart_gpu *gpu)
{
	struct rp_expected e = {.device_id = gpu->device_id};

	(void)rp_fmt(e.bdf, sizeof(e.bdf), "%s", gpu->bdf);
	(void)rp_fmt(e.vbios, sizeof(e.vbios), "%s", gpu->vbios ? gpu->vbios : "");
	if (gpu->has_own_id && gpu->unique_id.v) /* the kernel shows 0 where it does not know it */
		e.unique_id = gpu->unique_id;
	return e;
}

static bool is_same(const struct rp_expected *a, const struct rp_expected *b)
{
	return a->device_id == b->device_id && a->unique_id.known == b->unique_id.known &&
	       a->unique_id.v == b->unique_id.v && rp_str_eq(a->vbios, b->vbios);
}

/* 1: the record changed; 0; -ENOMEM. */
static int add_one(struct rp_records *records, const struct rocpart_gpu *gpu)
{
	struct rp_expected *have = find_expected(records, gpu->bdf), now = entry_of(gpu);

	if (have && (!now.unique_id.known || is_same(have, &now) ||
		     (have->unique_id.known && have->unique_id.v != now.unique_id.v)))
		return 0;
	if (have) {
		*have = now;
		return 1;
	}
	if (rp_grow(&records->expected, &records->cap_expected, records->n_expected + 1,
		    sizeof(now)) < 0)
		return -ENOMEM;
	records->expected[records->n_expected++] = now;
	sort_expected(records);
	return 1;
}

int rp_records_add_expected(struct rocpart_machine *m, const struct rocpart_snapshot *s,
			    struct rocpart_error *reterr)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_CLOSE int lock = -EBADF;
	bool is_changed = false;
	int r = m->is_dry_run ? 0 : rp_machine_make_state(m, reterr);

	if (r < 0 || m->is_dry_run)
		return r;
	r = rp_record_lock(m, LOCK, &lock, reterr);
	if (r == 0)
		r = read_expected(m, &records, reterr);
	for (size_t i = 0; r >= 0 && i < s->n_gpus; i++) {
		r = add_one(&records, &s->gpus[i]);
		if (r == -ENOMEM)
			return rp_error_nomem(reterr);
		is_changed |= r > 0;
	}
	if (r < 0 || !is_changed)
		return r < 0 ? r : 0;
	return write_expected(m, &records, reterr);
}

/* ---- accepting ---- */

static int refuse_unknown(const char *bdf, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, bdf,
			   "no GPU is at PCI address '%.32s', and none is recorded there", bdf);
	return rp_error_hint(reterr, "`rocpart status` shows the GPUs that are there, and those "
				     "that are missing");
}

static void describe(const struct rp_expected *old, const struct rp_expected *now,
		     struct rocpart_accepted_gpu *ret)
{
	*ret = (struct rocpart_accepted_gpu){.was_recorded = old, .is_present = now};
	memcpy(ret->bdf, now ? now->bdf : old->bdf, sizeof(ret->bdf));
	ret->is_changed = !old || !now || !is_same(old, now);
	if (old) {
		ret->has_old_id = old->unique_id.known;
		ret->old_id = old->unique_id.v;
		memcpy(ret->old_vbios, old->vbios, sizeof(ret->old_vbios));
	}
	if (now) {
		ret->has_new_id = now->unique_id.known;
		ret->new_id = now->unique_id.v;
		memcpy(ret->new_vbios, now->vbios, sizeof(ret->new_vbios));
	}
}

/* Change the list: the GPU that is there, or none. 0 or -ENOMEM. */
static int replace_entry(struct rp_records *records, struct rp_expected *old,
			 const struct rp_expected *now)
{
	if (old && now) {
		*old = *now;
	} else if (old) {
		size_t i = (size_t)(old - records->expected);

		memmove(old, old + 1, (records->n_expected - i - 1) * sizeof(*old));
		records->n_expected--;
	} else {
		if (rp_grow(&records->expected, &records->cap_expected, records->n_expected + 1,
			    sizeof(*now)) < 0)
			return -ENOMEM;
		records->expected[records->n_expected++] = *now;
		sort_expected(records);
	}
	return 0;
}

static int accept_gpu(struct rocpart_machine *m, const char *bdf, struct rocpart_accepted_gpu *ret,
		      struct rocpart_error *reterr)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	const struct rocpart_gpu *gpu;
	struct rp_expected *old, now;
	int r = rp_observe(m, &s, reterr);

	if (r == 0)
		r = read_expected(m, &records, reterr);
	if (r < 0)
		return r;
	gpu = rp_snapshot_gpu_by_bdf(s, bdf);
	old = find_expected(&records, gpu ? gpu->bdf : bdf);
	if (!gpu && !old)
		return refuse_unknown(bdf, reterr);
	if (gpu)
		now = entry_of(gpu);
	describe(old, gpu ? &now : NULL, ret);
	if (m->is_dry_run)
		return 0;
	if (!ret->is_changed)
		return rp_record_sync(m, RP_RECORD_EXPECTED, reterr);
	if (replace_entry(&records, old, gpu ? &now : NULL) < 0)
		return rp_error_nomem(reterr);
	return write_expected(m, &records, reterr);
}

static void note_accepted(struct rocpart_machine *m, const struct rocpart_accepted_gpu *a)
{
	char text[64];

	(void)rp_fmt(text, sizeof(text), "GPU %.32s%s", a->bdf, a->is_present ? "" : " is gone");
	rp_history_add(
		m, &(struct rocpart_history_entry){
			   .kind = "gpu", .outcome = "accepted", .text = text, .milliseconds = -1});
}

ROCPART_PUBLIC int rocpart_machine_accept_gpu(struct rocpart_machine *machine, const char *bdf,
					      struct rocpart_accepted_gpu *ret_accepted,
					      struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rocpart_accepted_gpu accepted = {0};
	int r = machine->is_dry_run ? 0 : rp_machine_make_state(machine, reterr);

	if (r == 0 && !machine->is_dry_run)
		r = rp_record_lock(machine, LOCK, &lock, reterr);
	if (r == 0)
		r = accept_gpu(machine, bdf, &accepted, reterr);
	if (r < 0)
		return r;
	if (accepted.is_changed && !machine->is_dry_run)
		note_accepted(machine, &accepted);
	*ret_accepted = accepted;
	return 0;
}
