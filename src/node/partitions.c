/* SPDX-License-Identifier: MIT */
/* Partitions of a GPU from its KFD nodes: identity, dies, memory, indices, what is wrong. */
#include "base/num.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"
#include "node/build.h"

static bool belongs(const struct rocpart_gpu *gpu, const struct rp_scan_node *node)
{
	return !node->hidden && !node->fault.err && rp_str_eq(node->bdf, gpu->bdf);
}

static int by_id(const void *a, const void *b)
{
	const struct rocpart_partition *pa = a, *pb = b;

	return pa->id < pb->id ? -1 : pa->id > pb->id;
}

static struct rp_opt_u64 used_bytes(const struct rp_scan *scan, struct rp_opt_u64 gpu_id)
{
	struct rp_opt_u64 sum = {scan->has_usage && gpu_id.known, 0};

	for (size_t i = 0; sum.known && i < scan->n_usage; i++) {
		if (scan->usage[i].gpu_id == gpu_id.v)
			sum.v += scan->usage[i].vram_bytes;
		sum.known = sum.v <= INT64_MAX;
	}
	return sum;
}

int rp_build_partitions(struct rocpart_gpu *gpu, const struct rp_scan *scan)
{
	size_t n = 0;

	for (size_t i = 0; i < scan->n_nodes; i++)
		n += belongs(gpu, &scan->nodes[i]);
	gpu->partitions = rp_new0(struct rocpart_partition, n);
	if (!gpu->partitions)
		return -ENOMEM;
	for (size_t i = 0; i < scan->n_nodes; i++) {
		const struct rp_scan_node *node = &scan->nodes[i];
		struct rocpart_partition *p = &gpu->partitions[gpu->n_partitions];

		if (!belongs(gpu, node))
			continue;
		gpu->n_partitions++;
		p->gpu = gpu;
		p->id = node->partition;
		p->n_xcds = node->num_xcc;
		p->first_xcd = p->id * node->num_xcc; /* aqua_vanjaram.c: XCCs are dealt in order */
		p->cus = node->simd_count / node->simd_per_cu;
		p->bank_bytes = p->memory_bytes = p->limit_bytes = node->memory_bytes;
		p->memory_used_bytes = used_bytes(scan, node->gpu_id);
		p->card_minor = node->card_minor;
		p->gpu_id = node->gpu_id;
		p->unique_id = node->unique_id;
		p->render_minor = node->render_minor;
		p->is_visible = node->render_accessible;
		if (node->shares_address)
			rp_build_odd(gpu, RP_DEGRADED_SHARED_ADDRESS,
				     "several KFD nodes, one of them nodes/%u, have the address of "
				     "one partition",
				     node->node_id);
		if (!node->render_minor)
			rp_build_odd(gpu, RP_DEGRADED_NO_RENDER_NODE,
				     "nodes/%u has no render node (drm_render_minor 0)",
				     node->node_id);
		p->kfd_node = node->node_id;
	}
	if (n)
		qsort(gpu->partitions, n, sizeof(*gpu->partitions), by_id);
	return 0;
}

/*
 * In allocation mode ALL a kernel could show each partition its whole memory domain in mem_banks.
 * Linux does not (the size is stored when the node is made, kfd_topology.c, and the mode is CAPPING
 * then, amdgpu_xcp.c), and nobody has seen the mode on hardware: the sum of the banks against the
 * GPU's VRAM decides. With sharers partitions in a domain the sum is the VRAM, or sharers times it.
 */
static bool has_whole_domain_banks(const struct rocpart_gpu *gpu, unsigned sharers)
{
	uint64_t sum = 0, vram = gpu->vram_total_bytes.v;

	if (!gpu->alloc_all || sharers < 2 || !gpu->vram_total_bytes.known || !vram)
		return false;
	for (size_t i = 0; i < gpu->n_partitions; i++)
		if (!gpu->partitions[i].bank_bytes.known ||
		    rp_add_u64(sum, gpu->partitions[i].bank_bytes.v, &sum) < 0)
			return false;
	/* Partitions can be missing: the sum of those that are there, for all. Nearer to which? */
	return sum / gpu->n_partitions > vram / gpu->n_expected / 2 * (1 + sharers);
}

/*
 * Linux amdgpu_amdkfd.c and aqua_vanjaram.c: with m domains and n partitions, q = n / m of them
 * share a domain; partition p lies in domain p / q and its share of the domain is 1 / q. The kernel
 * refuses allocations beyond the share; in allocation mode ALL beyond the domain.
 */
void rp_build_memory(struct rocpart_gpu *gpu)
{
	unsigned n = gpu->is_mode_trusted
			     ? rp_compute_partitions(gpu->rules, gpu->compute, gpu->n_xcds)
			     : 0;
	unsigned domains = (unsigned)gpu->memory, sharers;
	bool is_whole;

	gpu->n_expected = n;
	if (n == 0 || domains == 0 || n % domains)
		return;
	sharers = n / domains;
	is_whole = has_whole_domain_banks(gpu, sharers);
	for (size_t i = 0; i < gpu->n_partitions; i++) {
		struct rocpart_partition *p = &gpu->partitions[i];

		p->memory_domain = (struct rp_opt_u64){true, p->id / sharers};
		if (!p->bank_bytes.known)
			continue;
		p->memory_domain_bytes = p->bank_bytes;
		if (is_whole)
			p->memory_bytes.v /= sharers;
		else if (p->bank_bytes.v <= UINT64_MAX / sharers)
			p->memory_domain_bytes.v *= sharers;
		p->limit_bytes = gpu->alloc_all ? p->memory_domain_bytes : p->memory_bytes;
	}
}

static struct rocpart_partition *of_node(struct rocpart_snapshot *s, uint32_t node_id)
{
	for (size_t g = 0; g < s->n_gpus; g++)
		for (size_t i = 0; i < s->gpus[g].n_partitions; i++)
			if (s->gpus[g].partitions[i].kfd_node == node_id)
				return &s->gpus[g].partitions[i];
	return NULL;
}

void rp_build_rocr_indices(struct rocpart_snapshot *s, const struct rp_scan *scan)
{
	uint64_t rank = 0;
	bool is_known = true;

	for (size_t i = 0; i < scan->n_nodes; i++) { /* ascending node number */
		struct rocpart_partition *p;

		s->n_hidden_nodes += scan->nodes[i].hidden;
		if (is_known && scan->nodes[i].fault.err) {
			/* ROCr fails as we did, or counts the node if it is a GPU's. */
			is_known = scan->nodes[i].gpu_id.known;
			rank += scan->nodes[i].gpu_id.v != 0;
		}
		if (!is_known || !scan->nodes[i].render_accessible || scan->nodes[i].fault.err)
			continue;
		p = of_node(s, scan->nodes[i].node_id);
		if (p)
			p->rocr_index = (struct rp_opt_u64){true, rank++};
	}
}

/* The partitions that are there do not look like the mode that the driver names. */
static bool is_mismatched(const struct rocpart_gpu *gpu)
{
	if (gpu->compute == ROCPART_COMPUTE_UNKNOWN || gpu->n_expected == 0)
		return false;
	if (gpu->n_partitions > gpu->n_expected ||
	    (gpu->memory && gpu->n_expected % (unsigned)gpu->memory))
		return true; /* a partition lies in one memory domain */
	for (size_t i = 0; i < gpu->n_partitions; i++)
		if (gpu->partitions[i].n_xcds * gpu->n_expected != gpu->n_xcds ||
		    gpu->partitions[i].id >= gpu->n_expected ||
		    (i && gpu->partitions[i].id == gpu->partitions[i - 1].id))
			return true;
	return false;
}

static bool has_duplicate_id(const struct rocpart_snapshot *s, const struct rocpart_gpu *gpu)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (&s->gpus[i] != gpu && gpu->unique_id.known && s->gpus[i].unique_id.known &&
		    s->gpus[i].unique_id.v == gpu->unique_id.v)
			return true;
	return gpu->n_partitions > 1 && gpu->partitions[0].unique_id.known &&
	       gpu->partitions[0].unique_id.v == gpu->partitions[1].unique_id.v;
}

static uint32_t degraded_of(const struct rocpart_snapshot *s, const struct rocpart_gpu *gpu)
{
	uint32_t codes = 0;

	if (gpu->degraded & 1U << RP_DEGRADED_SHARED_ADDRESS)
		return 0; /* its partitions are not known apart */
	if (is_mismatched(gpu))
		codes |= 1U << RP_DEGRADED_MODE_MISMATCH;
	else if (gpu->n_partitions < gpu->n_expected && s->has_kfd &&
		 !(gpu->degraded & 1U << RP_DEGRADED_NODE_UNREADABLE))
		codes |= 1U << (s->n_hidden_nodes ? RP_DEGRADED_HIDDEN_BY_CGROUP
						  : RP_DEGRADED_PARTITION_MISSING);
	if (gpu->pending_memory != ROCPART_MEMORY_UNKNOWN && gpu->pending_memory != gpu->memory)
		codes |= 1U << RP_DEGRADED_PENDING_RELOAD;
	if (gpu->uncorrectable_errors.known && gpu->uncorrectable_errors.v)
		codes |= 1U << RP_DEGRADED_UNHEALTHY;
	return codes;
}

static void name_node_fault(const struct rp_scan_fault *fault, char *buf, size_t size)
{
	if (fault->err == -EBADMSG)
		(void)rp_fmt(buf, size, "%s is not in the form that the kernel writes",
			     fault->file);
	else if (fault->err == -EADDRNOTAVAIL)
		(void)rp_fmt(buf, size, "%s has an address where amdgpu drives no GPU",
			     fault->file);
	else if (fault->err == -ENOTUNIQ)
		(void)rp_fmt(buf, size, "%s names a render node of another GPU or partition",
			     fault->file);
	else
		(void)rp_fmt(buf, size, "%s cannot be read: %s", fault->file,
			     rocpart_strerror(fault->err));
}

/*
 * A KFD node that cannot be read is one of its GPU's, when it still says whose; else it may be one
 * that a GPU lacks.
 */
static void build_node_faults(struct rocpart_snapshot *s, const struct rp_scan *scan)
{
	char text[sizeof(s->problem)];

	for (size_t i = 0; i < scan->n_nodes; i++) {
		const struct rp_scan_node *node = &scan->nodes[i];
		bool is_cpu = node->gpu_id.known && !node->gpu_id.v;

		if (!node->fault.err)
			continue;
		name_node_fault(&node->fault, text, sizeof(text));
		if (!*node->bdf && !*s->problem)
			(void)rp_fmt(s->problem, sizeof(s->problem), "%s", text);
		for (size_t g = 0; g < s->n_gpus; g++) {
			struct rocpart_gpu *gpu = &s->gpus[g];

			if (*node->bdf ? rp_str_eq(node->bdf, gpu->bdf)
				       : !is_cpu && gpu->n_partitions < gpu->n_expected)
				rp_build_odd(gpu, RP_DEGRADED_NODE_UNREADABLE, "%s", text);
		}
	}
}

void rp_build_codes(struct rocpart_snapshot *s, const struct rp_scan *scan)
{
	build_node_faults(s, scan);
	for (size_t i = 0; i < s->n_gpus; i++) {
		struct rocpart_gpu *gpu = &s->gpus[i];

		gpu->degraded |= degraded_of(s, gpu);
		if (has_duplicate_id(s, gpu))
			gpu->notes |= 1U << RP_NOTE_DUPLICATE_UNIQUE_ID;
		if (scan->has_dot_naming)
			gpu->notes |= 1U << RP_NOTE_XCP_DOT_NAMING;
		if (gpu->bad_pages.known && gpu->bad_pages.v)
			gpu->notes |= 1U << RP_NOTE_BAD_PAGES;
		if (gpu->alloc_all)
			gpu->notes |= 1U << RP_NOTE_MEM_ALLOC_ALL;
	}
}
