/* SPDX-License-Identifier: MIT */
#include "facts/validation.h"
#include "base/strbuf.h"

/*
 * Where each text comes from:
 * ROCM_10_0: rocm.docs.amd.com, ROCm 10.0.0 release notes (26 August 2026), section "GPU
 *	partitioning support", tables of bare-metal and of KVM SR-IOV deployments.
 * GIM_9_4: github.com/amd/MxGPU-Virtualization, release 9.4.0.K (aligned with ROCm 10.2), column
 *	"VF per GPU - Compute Mode - Memory Mode".
 * DRIVER_DOCS: instinct.docs.amd.com, amdgpu-docs, GPU partitioning, compatibility matrix, as read
 *	in November 2026. The page has no date of its own; its notes speak of driver 30.10
 *(September 2025), which is the month taken here. ROCM_7_13: ROCm 7.13.0 release notes (15 May
 *2026), bare metal; SPX/NPS1 is not in that table. ROCM_6_4_1: ROCm 6.4.1 release notes (May 2025).
 * DCM: github.com/ROCm/device-config-manager, docs/configuration/configmap.md at fe98bda (August
 *	2025): SPX and CPX are supported, NPS4 only with CPX.
 * QUICK_START: GPU partitioning quick start of MI300X, ROCm 6.4 (April 2025).
 */
static const struct rp_vendor_source rocm_10_0 = {"AMD's matrix of ROCm 10.0 (2026-08)", 202608,
						  true};
static const struct rp_vendor_source gim_9_4 = {"AMD's GIM 9.4.0.K release notes (2026-10)", 202610,
						true};
static const struct rp_vendor_source driver_docs = {"AMD's matrix of amdgpu driver 30.10 (2025-09)",
						    202509, true};
static const struct rp_vendor_source rocm_7_13 = {"AMD's ROCm 7.13 release notes (2026-05)", 202605,
						  false};
static const struct rp_vendor_source rocm_6_4_1 = {"AMD's ROCm 6.4.1 release notes (2025-05)",
						   202505, false};
static const struct rp_vendor_source dcm = {"AMD's device-config-manager (2025-08)", 202508, true};
static const struct rp_vendor_source quick_start = {"AMD's quick start guide of ROCm 6.4 (2025-04)",
						    202504, false};

#define ROW(source, product, is_guest, compute, memory)                                           \
	{                                                                                         \
		&(source), product, is_guest, ROCPART_COMPUTE_##compute, ROCPART_MEMORY_##memory, \
			false                                                                     \
	}
#define HOST(source, product, compute, memory)	ROW(source, product, false, compute, memory)
#define GUEST(source, product, compute, memory) ROW(source, product, true, compute, memory)

static const struct rp_vendor_row rows[] = {
	HOST(rocm_10_0, "MI355X", SPX, NPS1),	HOST(rocm_10_0, "MI355X", DPX, NPS2),
	HOST(rocm_10_0, "MI355X", QPX, NPS2),	HOST(rocm_10_0, "MI355X", CPX, NPS2),
	HOST(rocm_10_0, "MI350X", SPX, NPS1),	HOST(rocm_10_0, "MI350X", DPX, NPS2),
	HOST(rocm_10_0, "MI350X", QPX, NPS2),	HOST(rocm_10_0, "MI350X", CPX, NPS2),
	HOST(rocm_10_0, "MI350P", SPX, NPS1),	HOST(rocm_10_0, "MI350P", DPX, NPS1),
	HOST(rocm_10_0, "MI350P", CPX, NPS1),	HOST(rocm_10_0, "MI325X", SPX, NPS1),
	HOST(rocm_10_0, "MI300X", SPX, NPS1),	HOST(rocm_10_0, "MI300X", DPX, NPS2),
	HOST(rocm_10_0, "MI300X", CPX, NPS4),	GUEST(rocm_10_0, "MI355X", SPX, NPS1),
	GUEST(rocm_10_0, "MI355X", DPX, NPS2),	GUEST(rocm_10_0, "MI355X", CPX, NPS2),
	GUEST(rocm_10_0, "MI350X", SPX, NPS1),	GUEST(rocm_10_0, "MI350X", DPX, NPS2),
	GUEST(rocm_10_0, "MI350X", CPX, NPS2),	GUEST(rocm_10_0, "MI325X", SPX, NPS1),
	GUEST(rocm_10_0, "MI300X", SPX, NPS1),	GUEST(rocm_10_0, "MI300X", CPX, NPS4),
	GUEST(gim_9_4, "MI355X", SPX, NPS1),	GUEST(gim_9_4, "MI355X", DPX, NPS2),
	GUEST(gim_9_4, "MI355X", CPX, NPS2),	GUEST(gim_9_4, "MI350X", SPX, NPS1),
	GUEST(gim_9_4, "MI350X", DPX, NPS2),	GUEST(gim_9_4, "MI350X", CPX, NPS2),
	GUEST(gim_9_4, "MI350P", SPX, NPS1),	GUEST(gim_9_4, "MI325X", SPX, NPS1),
	GUEST(gim_9_4, "MI300X", SPX, NPS1),	GUEST(gim_9_4, "MI300X", CPX, NPS4),
	HOST(rocm_7_13, "MI355X", DPX, NPS2),	HOST(rocm_7_13, "MI355X", QPX, NPS2),
	HOST(rocm_7_13, "MI355X", CPX, NPS2),	HOST(rocm_7_13, "MI350X", DPX, NPS2),
	HOST(rocm_7_13, "MI350X", QPX, NPS2),	HOST(rocm_7_13, "MI350X", CPX, NPS2),
	HOST(rocm_7_13, "MI350P", SPX, NPS1),	HOST(rocm_7_13, "MI350P", CPX, NPS1),
	HOST(rocm_7_13, "MI300X", DPX, NPS2),	HOST(rocm_7_13, "MI300X", CPX, NPS4),
	HOST(driver_docs, "MI300A", SPX, NPS1), HOST(driver_docs, "MI300X", SPX, NPS1),
	HOST(driver_docs, "MI300X", DPX, NPS2), HOST(driver_docs, "MI300X", CPX, NPS4),
	HOST(driver_docs, "MI325X", SPX, NPS1), HOST(driver_docs, "MI350X", SPX, NPS1),
	HOST(driver_docs, "MI350X", DPX, NPS2), HOST(driver_docs, "MI355X", SPX, NPS1),
	HOST(driver_docs, "MI355X", DPX, NPS2), HOST(dcm, "MI300A", SPX, NPS1),
	HOST(dcm, "MI300A", CPX, NPS1),		HOST(dcm, "MI300X HF", SPX, NPS1),
	HOST(dcm, "MI300X HF", CPX, NPS4),	HOST(dcm, "MI308X", SPX, NPS1),
	HOST(dcm, "MI308X", CPX, NPS4),		HOST(dcm, "MI308X HF", SPX, NPS1),
	HOST(dcm, "MI308X HF", CPX, NPS4),	HOST(dcm, "MI325X", SPX, NPS1),
	HOST(dcm, "MI325X", CPX, NPS4),		HOST(rocm_6_4_1, "MI300X", DPX, NPS2),
	HOST(quick_start, "MI300X", CPX, NPS4),
};

struct question {
	const struct rp_product *product;
	bool is_guest;
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
};

static bool covers(const struct rp_vendor_row *row, const struct question *q)
{
	return row->is_guest == q->is_guest && rp_str_eq_nocase(row->product, q->product->name);
}

/* The newest source for and the newest against. */
struct opinions {
	const struct rp_vendor_source *yes, *no;
};

static void take_newer(const struct rp_vendor_source **best, const struct rp_vendor_source *source)
{
	if (!*best || source->month > (*best)->month)
		*best = source;
}

#define MAX_LISTING 16 /* sources that list one pair: more are not remembered as such */

static bool is_among(const struct rp_vendor_source *source,
		     const struct rp_vendor_source *const *listing, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (listing[i] == source)
			return true;
	return false;
}

/* Rows of one source are never spread over two lists. */
static void ask(const struct rp_vendor_row *v, size_t n, const struct question *q,
		struct opinions *o)
{
	const struct rp_vendor_source *listing[MAX_LISTING];
	size_t n_listing = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].compute != q->compute || v[i].memory != q->memory || !covers(&v[i], q))
			continue;
		take_newer(v[i].is_refused ? &o->no : &o->yes, v[i].source);
		if (n_listing < MAX_LISTING)
			listing[n_listing++] = v[i].source;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].source->is_whole && covers(&v[i], q) &&
		    !is_among(v[i].source, listing, n_listing))
			take_newer(&o->no, v[i].source);
}

struct rp_vendor_word rp_vendor_word_of(const struct rp_product *p, bool is_guest,
					enum rocpart_compute_mode compute,
					enum rocpart_memory_mode memory,
					const struct rp_vendor_rows *more)
{
	const struct question q = {p, is_guest, compute, memory};
	struct rp_vendor_word word = {false, "", ""};
	struct opinions o = {NULL, NULL};

	if (!p)
		return word;
	ask(rows, RP_ARRAY_LEN(rows), &q, &o);
	if (more)
		ask(more->v, more->n, &q, &o);
	word.is_validated = o.yes && (!o.no || o.yes->month >= o.no->month);
	if (word.is_validated)
		word.source = o.yes->text;
	else if (o.no)
		word.source = o.no->text;
	if (o.yes && o.no)
		word.dissent = word.is_validated ? o.no->text : o.yes->text;
	return word;
}

/* The source of that text, made when it is new; NULL: no memory. */
static const struct rp_vendor_source *intern_source(struct rp_vendor_rows *list, const char *text,
						    unsigned month)
{
	RP_AUTO_FREE char *whole = rp_strdupf("%s (%04u-%02u)", text, month / 100, month % 100);
	struct rp_vendor_source *source;

	for (size_t i = 0; whole && i < list->n_sources; i++)
		if (rp_str_eq(list->sources[i]->text, whole))
			return list->sources[i];
	source = whole ? rp_new0(struct rp_vendor_source, 1) : NULL;
	if (!source || rp_grow(&list->sources, &list->cap_sources, list->n_sources + 1,
			       sizeof(*list->sources)) < 0) {
		free(source);
		return NULL;
	}
	source->text = rp_steal(&whole);
	source->month = month;
	list->sources[list->n_sources++] = source;
	return source;
}

int rp_vendor_rows_add(struct rp_vendor_rows *list, const struct rp_vendor_row *row,
		       const char *source_text, unsigned month)
{
	struct rp_vendor_row copy = *row;

	copy.source = intern_source(list, source_text, month);
	if (!copy.source || rp_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v)) < 0)
		return -ENOMEM;
	copy.product = strdup(row->product);
	if (!copy.product)
		return -ENOMEM;
	list->v[list->n++] = copy;
	return 0;
}

static void free_text(const char *text)
{
	char *p;

	memcpy(&p, &text, sizeof(p)); /* it is ours: a row of the table is never in a list */
	free(p);
}

void rp_vendor_rows_done(struct rp_vendor_rows *list)
{
	for (size_t i = 0; i < list->n; i++)
		free_text(list->v[i].product);
	for (size_t i = 0; i < list->n_sources; i++) {
		free_text(list->sources[i]->text);
		free(list->sources[i]);
	}
	free(list->v);
	free(list->sources);
	memset(list, 0, sizeof(*list));
}

const struct rp_vendor_row *rp_vendor_row_at(size_t i)
{
	return i < RP_ARRAY_LEN(rows) ? &rows[i] : NULL;
}
