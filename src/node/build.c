/* SPDX-License-Identifier: MIT */
/* From a scan to a snapshot: which GPUs there are, and their values. */
#include "node/build.h"
#include "base/num.h"
#include "base/strbuf.h"

static int bdf_cmp(const void *a, const void *b)
{
	const struct rocpart_gpu *ga = a, *gb = b;
	size_t la = strlen(ga->bdf), lb = strlen(gb->bdf);

	/* Hex of equal width sorts as text; a wider domain is larger. */
	if (la != lb)
		return la < lb ? -1 : 1;
	return strcmp(ga->bdf, gb->bdf);
}

static struct rocpart_gpu *find_gpu(struct rocpart_snapshot *s, const char *bdf)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (rp_str_eq(s->gpus[i].bdf, bdf))
			return &s->gpus[i];
	return NULL;
}

static void set_product(struct rocpart_gpu *gpu, uint32_t device_id)
{
	gpu->device_id = device_id;
	gpu->product = rp_product_by_device_id(device_id);
	gpu->rules = gpu->product ? gpu->product->rules : RP_RULES_UNKNOWN;
	gpu->is_guest = gpu->product && gpu->product->vf_id == device_id;
}

/* The id of a GPU whose PCI file cannot be read is that of its KFD nodes. */
static void add_gpu(struct rocpart_snapshot *s, const char *bdf, uint32_t device_id)
{
	struct rocpart_gpu *gpu = find_gpu(s, bdf);

	if (gpu && gpu->device_id)
		return;
	if (!gpu) {
		gpu = &s->gpus[s->n_gpus++];
		(void)rp_fmt(gpu->bdf, sizeof(gpu->bdf), "%s", bdf);
		gpu->numa_node = -1;
		gpu->partitionable = RP_UNKNOWN;
	}
	set_product(gpu, device_id);
}

/* A GPU is a PCI device bound to amdgpu, or KFD nodes that share a PCI address. */
static int collect_gpus(struct rocpart_snapshot *s, const struct rp_scan *scan)
{
	s->gpus = rp_new0(struct rocpart_gpu, scan->n_pci + scan->n_nodes);
	if (!s->gpus)
		return -ENOMEM;
	for (size_t i = 0; i < scan->n_pci; i++)
		add_gpu(s, scan->pci[i].bdf, scan->pci[i].device_id);
	for (size_t i = 0; i < scan->n_nodes; i++)
		if (!scan->nodes[i].hidden && *scan->nodes[i].bdf)
			add_gpu(s, scan->nodes[i].bdf, scan->nodes[i].device_id);
	if (s->n_gpus)
		qsort(s->gpus, s->n_gpus, sizeof(*s->gpus), bdf_cmp);
	for (size_t i = 0; i < s->n_gpus; i++) {
		s->gpus[i].index = i;
		s->gpus[i].snapshot = s;
	}
	return 0;
}

/* Value of "key: N" in lines of that form ("ue: 0\nce: 3"). */
static bool count_of(const char *text, const char *key, uint64_t *ret)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		char number[24];

		line += *line == '\n';
		if (!rp_str_starts(line, key) || line[strlen(key)] != ':')
			continue;
		line += strlen(key) + 1;
		line += strspn(line, " \t");
		(void)rp_fmt(number, sizeof(number), "%.*s", (int)strspn(line, "0123456789"), line);
		return rp_parse_u64(number, 10, ret) == 0 && *ret <= INT64_MAX;
	}
	return false;
}

static uint64_t count_lines(const char *text)
{
	uint64_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static int take_pci(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		    struct rocpart_error *reterr)
{
	/* The file of a GPU without an id is empty (amdgpu_pm.c, amdgpu_get_unique_id). */
	if (pci->unique_id.text)
		gpu->unique_id.known =
			rp_parse_u64(pci->unique_id.text, 16, &gpu->unique_id.v) == 0 &&
			gpu->unique_id.v;
	gpu->has_own_id = gpu->unique_id.known && !gpu->is_guest;
	if (pci->vbios.text && !(gpu->vbios = strdup(pci->vbios.text)))
		return rp_error_nomem(reterr);
	gpu->alloc_all = pci->mem_alloc_mode.text && rp_str_eq(pci->mem_alloc_mode.text, "ALL");
	gpu->numa_node = pci->numa_node;
	gpu->n_slots = pci->n_slots;
	gpu->hive_id = pci->hive_id;
	gpu->vram_total_bytes = pci->vram_total_bytes;
	gpu->vram_used_bytes = pci->vram_used_bytes;
	if (pci->ras_umc.text)
		gpu->uncorrectable_errors.known =
			count_of(pci->ras_umc.text, "ue", &gpu->uncorrectable_errors.v);
	if (pci->bad_pages.text)
		gpu->bad_pages = (struct rp_opt_u64){true, count_lines(pci->bad_pages.text)};
	return 0;
}

static const struct rp_scan_pci *pci_of(const struct rocpart_gpu *gpu, const struct rp_scan *scan)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		if (rp_str_eq(scan->pci[i].bdf, gpu->bdf))
			return &scan->pci[i];
	return NULL;
}

/*
 * What the PCI side does not tell, any node of the GPU may: a driver without the file has the same
 * value there. A file that is there and gives none (in a reset) is no reason: partitions have ids
 * of their own.
 */
static void take_nodes(struct rocpart_gpu *gpu, const struct rp_scan *scan)
{
	const struct rp_scan_pci *pci = pci_of(gpu, scan);
	bool has_file = pci && pci->unique_id.err && !rp_is_absent(pci->unique_id.err);

	for (size_t i = 0; i < scan->n_nodes; i++) {
		const struct rp_scan_node *node = &scan->nodes[i];

		if (node->hidden || node->fault.err || !rp_str_eq(node->bdf, gpu->bdf))
			continue;
		/* A GPU without XGMI has its PCI id as hive id (kfd_topology.c); 0 is none. */
		if (!gpu->hive_id.known && !scan->has_pci && node->hive_id.v)
			gpu->hive_id = node->hive_id;
		if (!gpu->unique_id.known && !has_file && node->unique_id.v)
			gpu->unique_id = node->unique_id;
		if (node->gfx_target_version)
			gpu->rules = rp_mode_rules_of(node->gfx_target_version);
		if (node->num_xcc)
			gpu->cus_per_xcd = node->simd_count / node->simd_per_cu / node->num_xcc;
	}
}

static const char *tell_abi(const struct rp_scan *scan)
{
	bool has_files = false, writable = false, has_config = false, newest = false;

	for (size_t i = 0; i < scan->n_pci; i++) {
		has_files |= scan->pci[i].compute.text != NULL;
		has_config |= scan->pci[i].compute_supported.text != NULL ||
			      scan->pci[i].memory_available.text != NULL;
		newest |= scan->pci[i].mem_alloc_mode.text != NULL;
		writable |= scan->pci[i].memory.writable;
	}
	if (!has_files)
		return NULL;
	if (newest || scan->has_partition_metrics)
		return "g3";
	return has_config || writable ? "g2" : "g1";
}

static int fill_gpu(struct rocpart_gpu *gpu, const struct rp_scan *scan,
		    struct rocpart_error *reterr)
{
	const struct rp_scan_pci *pci = pci_of(gpu, scan);
	int r = pci ? take_pci(gpu, pci, reterr) : 0;

	if (r < 0)
		return r;
	if (pci) {
		rp_build_modes(gpu, pci, scan);
		rp_build_faults(gpu, pci);
	}
	take_nodes(gpu, scan);
	return rp_build_partitions(gpu, scan) < 0 ? rp_error_nomem(reterr) : 0;
}

static void apply_overlays(struct rocpart_snapshot *s, const struct rp_overlay *o, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rocpart_gpu *gpu = find_gpu(s, o[i].bdf);

		if (!gpu)
			continue;
		if (o[i].pending_memory != ROCPART_MEMORY_UNKNOWN)
			gpu->pending_memory = o[i].pending_memory;
		if (o[i].cordoned)
			gpu->notes |= 1U << RP_NOTE_CORDONED;
		if (o[i].former_index.known)
			gpu->former_index = o[i].former_index;
		if (o[i].recorded_id.known && gpu->has_own_id &&
		    o[i].recorded_id.v != gpu->unique_id.v)
			gpu->degraded |= 1U << RP_DEGRADED_GPU_REPLACED;
	}
}

int rp_snapshot_new(const struct rp_scan *scan, const struct rp_overlay *overlays,
		    size_t n_overlays, struct rocpart_snapshot **ret, struct rocpart_error *reterr)
{
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = rp_new0(struct rocpart_snapshot, 1);
	int r;

	if (!s)
		return rp_error_nomem(reterr);
	atomic_init(&s->refs, 1);
	s->kind = scan->kind;
	s->source = scan->source;
	s->told = scan->told;
	s->generation = scan->generation;
	s->has_pci = scan->has_pci;
	s->has_drm = scan->has_drm;
	s->has_kfd = scan->has_kfd;
	s->has_usage = scan->has_usage;
	s->n_card_minors = scan->n_card_minors;
	if (collect_gpus(s, scan) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < s->n_gpus; i++) {
		r = fill_gpu(&s->gpus[i], scan, reterr);
		if (r < 0)
			return r;
	}
	rp_build_xcds(s);
	s->abi = tell_abi(scan);
	for (size_t i = 0; i < s->n_gpus; i++) {
		rp_build_derived_mode(&s->gpus[i]);
		rp_build_memory(&s->gpus[i]);
	}
	rp_build_rocr_indices(s, scan);
	apply_overlays(s, overlays, n_overlays);
	rp_build_codes(s, scan);
	*ret = rp_steal(&s);
	return 0;
}

ROCPART_PUBLIC struct rocpart_snapshot *rocpart_snapshot_ref(struct rocpart_snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->refs, 1);
	return snapshot;
}

ROCPART_PUBLIC struct rocpart_snapshot *rocpart_snapshot_unref(struct rocpart_snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->refs, 1) > 1)
		return NULL;
	for (size_t i = 0; i < snapshot->n_gpus; i++) {
		free(snapshot->gpus[i].partitions);
		free(snapshot->gpus[i].vbios);
	}
	free(snapshot->gpus);
	for (size_t i = 0; i < snapshot->n_missing; i++)
		free((char *)(uintptr_t)snapshot->missing[i].bdf);
	free(snapshot->missing);
	rp_vendor_rows_done(&snapshot->vendor_rows);
	free(snapshot);
	return NULL;
}

void rp_cleanup_snapshot(struct rocpart_snapshot **s)
{
	*s = rocpart_snapshot_unref(*s);
}
