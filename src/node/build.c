/* SPDX-License-Identifier: MIT */
/* From a scan to a snapshot: which GPUs there are, their products, their modes. */
#include "node/build.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"

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

static struct rocpart_gpu *add_gpu(struct rocpart_snapshot *s, const char *bdf, uint32_t device_id)
{
	struct rocpart_gpu *gpu = find_gpu(s, bdf);

	if (gpu)
		return gpu;
	gpu = &s->gpus[s->n_gpus++];
	(void)rp_fmt(gpu->bdf, sizeof(gpu->bdf), "%s", bdf);
	gpu->device_id = device_id;
	gpu->product = rp_product_by_device_id(device_id);
	gpu->rules = gpu->product ? gpu->product->rules : RP_RULES_UNKNOWN;
	gpu->is_guest = gpu->product && gpu->product->vf_id == device_id;
	gpu->numa_node = -1;
	gpu->partitionable = RP_UNKNOWN;
	return gpu;
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
		if (!scan->nodes[i].hidden)
			add_gpu(s, scan->nodes[i].bdf, scan->nodes[i].device_id);
	if (s->n_gpus)
		qsort(s->gpus, s->n_gpus, sizeof(*s->gpus), bdf_cmp);
	for (size_t i = 0; i < s->n_gpus; i++) {
		s->gpus[i].index = i;
		s->gpus[i].snapshot = s;
	}
	return 0;
}

static int bad(const struct rocpart_gpu *gpu, const char *file, const struct rp_attr *attr,
	       struct rocpart_error *reterr)
{
	char object[sizeof(reterr->object)];

	(void)rp_fmt(object, sizeof(object), "%s/%s", gpu->bdf, file);
	return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, object,
			    "'%.64s' is not in the form that the kernel writes", attr->text);
}

/* UNKNOWN is a word of the kernel too. */
static int take_modes(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		      struct rocpart_error *reterr)
{
	if (pci->compute.text && !rp_str_eq(pci->compute.text, "UNKNOWN") &&
	    rocpart_compute_mode_from_string(pci->compute.text, &gpu->compute) < 0)
		return bad(gpu, "current_compute_partition", &pci->compute, reterr);
	if (pci->memory.text && !rp_str_eq(pci->memory.text, "UNKNOWN") &&
	    rocpart_memory_mode_from_string(pci->memory.text, &gpu->memory) < 0)
		return bad(gpu, "current_memory_partition", &pci->memory, reterr);
	gpu->partitionable = pci->compute.text && pci->compute.writable ? RP_YES : RP_NO;
	gpu->memory_writable = pci->memory.text && pci->memory.writable;
	if (pci->compute.text && !pci->compute.writable)
		gpu->notes |= 1U << RP_NOTE_READ_ONLY_FILES;
	return 0;
}

static int take_sets(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		     struct rocpart_error *reterr)
{
	gpu->has_compute_available = pci->compute_available.text;
	gpu->has_compute_supported = pci->compute_supported.text;
	gpu->has_memory_available = pci->memory_available.text;
	if (gpu->has_compute_available &&
	    rp_compute_set_parse(pci->compute_available.text, &gpu->compute_available) < 0)
		return bad(gpu, "available_compute_partition", &pci->compute_available, reterr);
	if (gpu->has_compute_supported &&
	    rp_compute_set_parse(pci->compute_supported.text, &gpu->compute_supported) < 0)
		return bad(gpu, "compute_partition_config/supported_xcp_configs",
			   &pci->compute_supported, reterr);
	if (gpu->has_memory_available &&
	    rp_memory_set_parse(pci->memory_available.text, &gpu->memory_available) < 0)
		return bad(gpu, "available_memory_partition", &pci->memory_available, reterr);
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
	int r = take_modes(gpu, pci, reterr);

	if (r == 0)
		r = take_sets(gpu, pci, reterr);
	if (r < 0)
		return r;
	if (pci->unique_id.text) {
		if (rp_parse_u64(pci->unique_id.text, 16, &gpu->unique_id.v) < 0)
			return bad(gpu, "unique_id", &pci->unique_id, reterr);
		gpu->unique_id.known = true;
	}
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

		if (node->hidden || !rp_str_eq(node->bdf, gpu->bdf))
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

static unsigned xccs_of(const struct rocpart_gpu *gpu)
{
	unsigned n = 0;

	for (size_t i = 0; i < gpu->n_partitions; i++)
		n += gpu->partitions[i].n_xcds;
	return n;
}

/*
 * XCDs: the largest of what supported_xcp_configs implies, the product row, and the sum of num_xcc
 * over any GPU of the same id: a GPU that lost a partition still has its dies.
 */
static void count_xcds(struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++) {
		struct rocpart_gpu *gpu = &s->gpus[i];
		unsigned n = gpu->product ? gpu->product->n_xcds : 0;
		unsigned listed = rp_compute_set_xcds(gpu->compute_supported);

		n = listed > n ? listed : n;
		for (size_t k = 0; k < s->n_gpus; k++)
			if (s->gpus[k].device_id == gpu->device_id && xccs_of(&s->gpus[k]) > n)
				n = xccs_of(&s->gpus[k]);
		gpu->n_xcds = n;
		if (!gpu->cus_per_xcd && gpu->product)
			gpu->cus_per_xcd = gpu->product->cus_per_xcd;
	}
}

/* Without the file, the XCDs of a partition tell the mode; its partitions must agree. */
static void derive_compute(struct rocpart_gpu *gpu)
{
	unsigned per = gpu->n_partitions ? gpu->partitions[0].n_xcds : 0;

	if (gpu->compute != ROCPART_COMPUTE_UNKNOWN || gpu->n_xcds < 2 || per == 0 ||
	    gpu->n_xcds % per)
		return;
	for (size_t i = 1; i < gpu->n_partitions; i++)
		if (gpu->partitions[i].n_xcds != per)
			return;
	for (unsigned m = ROCPART_COMPUTE_CPX; m >= ROCPART_COMPUTE_SPX; m--) {
		if (rp_compute_partitions((enum rocpart_compute_mode)m, gpu->n_xcds) ==
		    gpu->n_xcds / per) {
			gpu->compute = (enum rocpart_compute_mode)m;
			gpu->compute_derived = true;
			return;
		}
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
	count_xcds(s);
	s->abi = tell_abi(scan);
	for (size_t i = 0; i < s->n_gpus; i++) {
		derive_compute(&s->gpus[i]);
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
	rp_vendor_rows_done(&snapshot->vendor_rows);
	free(snapshot);
	return NULL;
}

void rp_cleanup_snapshot(struct rocpart_snapshot **s)
{
	*s = rocpart_snapshot_unref(*s);
}
