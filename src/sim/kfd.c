/* SPDX-License-Identifier: MIT */
/* The KFD topology: what each node says about itself. Order of fields as the kernel prints them. */
#include "base/num.h"
#include "sim/front.h"

#define SIMD_ID_BASE 0x80001000U
#define SIMD_ID_STEP 40U
#define SIMD_PER_CU  4U
#define PAGE_BYTES   4096U

size_t rp_sim_n_nodes(const struct rp_sim *sim)
{
	return sim->profile->n_cpus + sim->state.n_nodes;
}

const struct rp_sim_node *rp_sim_node_at(const struct rp_sim *sim, uint32_t node)
{
	size_t cpus = sim->profile->n_cpus;

	return node < cpus ? NULL : &sim->state.nodes[node - cpus];
}

/* The partitions of a GPU outside a hive count as one, named by the GPU's place on the bus. */
uint64_t rp_sim_node_hive(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	const struct rp_sim_gpu *g = &sim->profile->gpus[n->gpu];

	if (g->hive_id || rp_sim_partitions(sim, n->gpu) == 1)
		return g->hive_id;
	return g->bus << 8 | g->devfn;
}

static const struct rp_sim_gpu *gpu_of(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	return &sim->profile->gpus[n->gpu];
}

/*
 * Until 6.17 all partitions show the id of the device; later the uid of their first XCD, and SPX
 * that of the device. The uids of XCDs are ours: no capture has any.
 */
static uint64_t unique_id(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	uint64_t id = rp_sim_unique_id(sim, n->gpu);

	if (sim->profile->abi != RP_SIM_G3 || rp_sim_partitions(sim, n->gpu) == 1)
		return id;
	return id ^ (UINT64_C(0x9e3779b97f4a7c15) *
		     (n->partition * rp_sim_partition_xccs(sim, n->gpu) + 1));
}

int rp_sim_may_open_node(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	if (!n || !sim->caller_minors)
		return 0;
	for (size_t i = 0; i < sim->n_caller_minors; i++) {
		if (sim->caller_minors[i] == sim->drm[n->gpu][n->partition].render)
			return 0;
	}
	return -EPERM; /* kfd_devcgroup_check_permission() */
}

static int show_gpu_id(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	rp_strbuf_addf(out, "%u\n", n ? n->gpu_id : 0);
	return rp_sim_shown(out);
}

static int show_name(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	if (!n)
		rp_strbuf_add(out, "\n");
	else /* an ASIC that is found by IP discovery, or an older one with a name in the driver */
		rp_strbuf_add(out, gpu_of(sim, n)->product->partitionable ? "ip discovery\n"
									  : "aldebaran\n");
	return rp_sim_shown(out);
}

static void add_u64(struct rp_strbuf *out, const char *key, uint64_t v)
{
	char text[24], *at = text + sizeof(text);

	/* Half of a scan is these lines: 45 of them for each partition. */
	*--at = '\n';
	do
		*--at = (char)('0' + v % 10);
	while (v /= 10);
	*--at = ' ';
	rp_strbuf_add(out, key);
	rp_strbuf_add_mem(out, at, (size_t)(text + sizeof(text) - at));
}

struct row {
	const char *key;
	uint64_t value;
};

static void add_rows(struct rp_strbuf *out, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_u64(out, rows[i].key, rows[i].value);
}

/* The queue fields that kernels print since 6.18, as kfd_queue_ctx_save_restore_size() computes. */
static void add_queue_sizes(const struct rp_sim *sim, const struct rp_sim_node *n,
			    struct rp_strbuf *out)
{
	uint32_t cus = 0, waves, stack = 0;
	uint64_t data = 0;

	if (n) {
		cus = rp_sim_count_cus(sim, n) / rp_sim_partition_xccs(sim, n->gpu);
		waves = cus * 40 < 4 * 512 ? cus * 40 : 4 * 512;
		stack = 40 + waves * 8 + 8;
		stack = (stack + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
		/* VGPRs, SGPRs, LDS and hardware registers of a CU */
		data = (uint64_t)cus * (0x80000 + 0x4000 + 0x1000 +
					gpu_of(sim, n)->product->lds_kb * UINT64_C(1024));
		data += stack;
	}
	add_u64(out, "cwsr_size", data);
	add_u64(out, "ctl_stack_size", stack);
}

static void add_cpu(const struct rp_sim *sim, uint32_t node, struct rp_strbuf *out)
{
	const struct rp_sim_cpu *c = &sim->profile->cpus[node];
	uint32_t io_links = rp_sim_count_io_links(sim, node);
	uint64_t hive = 0;

	/* The CPU part of an APU belongs to the hive (MI300A). */
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (sim->profile->gpus[g].product->apu && sim->profile->gpus[g].cpu == node)
			hive = sim->profile->gpus[g].hive_id;
	}
	const struct row rows[] = {
		{"cpu_cores_count", c->cores},
		{"simd_count", 0},
		{"mem_banks_count", 1},
		{"caches_count", 0},
		{"io_links_count", io_links},
		{"p2p_links_count", rp_sim_count_p2p_links(sim, node, io_links)},
		{"cpu_core_id_base", c->core_id_base},
		{"simd_id_base", 0},
		{"max_waves_per_simd", 0},
		{"lds_size_in_kb", 0},
		{"gds_size_in_kb", 0},
		{"num_gws", 0},
		{"wave_front_size", 0},
		{"array_count", 0},
		{"simd_arrays_per_engine", 0},
		{"cu_per_simd_array", 0},
		{"simd_per_cu", 0},
		{"max_slots_scratch_cu", 0},
		{"gfx_target_version", 0},
		{"vendor_id", 0},
		{"device_id", 0},
		{"location_id", 0},
		{"domain", 0},
		{"drm_render_minor", 0},
		{"hive_id", hive},
		{"num_sdma_engines", 0},
		{"num_sdma_xgmi_engines", 0},
		{"num_sdma_queues_per_engine", 0},
		{"num_cp_queues", 0},
	};

	add_rows(out, rows, RP_ARRAY_LEN(rows));
}

static void add_gpu_common(const struct rp_sim *sim, uint32_t node, const struct rp_sim_node *n,
			   struct rp_strbuf *out)
{
	const struct rp_sim_gpu *g = gpu_of(sim, n);
	const struct rp_sim_product *p = g->product;
	uint32_t dma = p->dma / rp_sim_partitions(sim, n->gpu);
	uint32_t engines = dma < 2 ? dma : 2;
	uint32_t xccs = rp_sim_partition_xccs(sim, n->gpu);
	uint32_t io_links = rp_sim_count_io_links(sim, node);
	const struct row rows[] = {
		{"cpu_cores_count", 0},
		{"simd_count", SIMD_PER_CU * rp_sim_count_cus(sim, n)},
		{"mem_banks_count", 1},
		{"caches_count", rp_sim_count_caches(sim, node)},
		{"io_links_count", io_links},
		{"p2p_links_count", rp_sim_count_p2p_links(sim, node, io_links)},
		{"cpu_core_id_base", 0},
		{"simd_id_base", SIMD_ID_BASE + SIMD_ID_STEP * n->simd_seq},
		{"max_waves_per_simd", p->waves_per_simd},
		{"lds_size_in_kb", p->lds_kb},
		{"gds_size_in_kb", 0},
		{"num_gws", 64},
		{"wave_front_size", p->wave_size},
		{"array_count", p->n_se * xccs},
		{"simd_arrays_per_engine", 1},
		{"cu_per_simd_array", p->cu_per_sa},
		{"simd_per_cu", SIMD_PER_CU},
		{"max_slots_scratch_cu", 32},
		{"gfx_target_version", p->gfx_version},
		{"vendor_id", 0x1002},
		{"device_id", p->device},
		{"location_id", g->bus << 8 | g->devfn | n->partition},
		{"domain", g->domain},
		{"drm_render_minor", sim->drm[n->gpu][n->partition].render},
		{"hive_id", rp_sim_node_hive(sim, n)},
		{"num_sdma_engines", engines},
		{"num_sdma_xgmi_engines", dma - engines},
		{"num_sdma_queues_per_engine", p->sdma_queues},
		{"num_cp_queues", p->cp_queues},
	};

	add_rows(out, rows, RP_ARRAY_LEN(rows));
}

static void add_gpu_only(const struct rp_sim *sim, const struct rp_sim_node *n,
			 struct rp_strbuf *out)
{
	const struct rp_sim_product *p = gpu_of(sim, n)->product;

	add_u64(out, "max_engine_clk_fcompute", p->clock_mhz);
	add_u64(out, "local_mem_size", 0);
	add_u64(out, "fw_version", p->fw_version);
	add_u64(out, "capability", p->capability);
	if (sim->profile->abi == RP_SIM_G3)
		add_u64(out, "capability2", 0);
	add_u64(out, "debug_prop", p->debug_prop);
	add_u64(out, "sdma_fw_version", p->sdma_fw_version);
	add_u64(out, "unique_id", unique_id(sim, n));
	add_u64(out, "num_xcc", rp_sim_partition_xccs(sim, n->gpu));
}

static int show_properties(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	if (n)
		add_gpu_common(sim, e->node, n, out);
	else
		add_cpu(sim, e->node, out);
	if (sim->profile->abi == RP_SIM_G3)
		add_queue_sizes(sim, n, out);
	if (n)
		add_gpu_only(sim, n, out);
	add_u64(out, "max_engine_clk_ccompute", sim->profile->cpu_clock_mhz);
	return rp_sim_shown(out);
}

/* ---- memory banks ---- */

static int show_bank(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	if (n) {
		const struct rp_sim_product *p = gpu_of(sim, n)->product;
		const struct row rows[] = {
			{"heap_type", 1}, /* FB public: a large BAR */
			{"size_in_bytes", rp_sim_partition_bytes(sim, n->gpu, n->partition)},
			{"flags", 0},
			{"width", p->bank_width},
			{"mem_clk_max", p->bank_clock_mhz},
		};

		add_rows(out, rows, RP_ARRAY_LEN(rows));
	} else {
		const struct rp_sim_cpu *c = &sim->profile->cpus[e->node];
		const struct row rows[] = {
			{"heap_type", 0},	  {"size_in_bytes", c->memory_bytes}, {"flags", 0},
			{"width", c->bank_width}, {"mem_clk_max", c->bank_clock_mhz},
		};

		add_rows(out, rows, RP_ARRAY_LEN(rows));
	}
	return rp_sim_shown(out);
}

/* Of the whole GPU, the same number in each partition (MI308X capture). Drivers of DKMS only. */
static bool has_used_memory(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_node_at(sim, e->node) && sim->profile->driver_version;
}

static int show_used_memory(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);

	if (!n)
		return -ENOENT;
	rp_strbuf_addf(out, "%llu\n", (unsigned long long)rp_sim_vram_used(sim, n->gpu));
	return rp_sim_shown(out);
}

#define NODE_ATTR(nm, fn)                                                          \
	{                                                                          \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .show = (fn), \
		.may_open = rp_sim_may_open_node                                   \
	}

static const struct rp_sim_file bank_files[] = {
	NODE_ATTR("properties", show_bank),
	{.name = "used_memory",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_used_memory,
	 .exists = has_used_memory,
	 .may_open = rp_sim_may_open_node},
	RP_SIM_END,
};

static const struct rp_sim_file bank_dirs[] = {RP_SIM_DIR("0", bank_files), RP_SIM_END};

const struct rp_sim_file rp_sim_node_files[] = {
	NODE_ATTR("gpu_id", show_gpu_id),
	NODE_ATTR("name", show_name),
	NODE_ATTR("properties", show_properties),
	RP_SIM_DIR("mem_banks", bank_dirs),
	RP_SIM_DIR("caches", rp_sim_cache_dirs),
	RP_SIM_DIR("io_links", rp_sim_io_link_dirs),
	RP_SIM_DIR("p2p_links", rp_sim_p2p_link_dirs),
	RP_SIM_DIR("perf", NULL),
	RP_SIM_END,
};

/* ---- the topology ---- */

static int find_node(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	return rp_sim_number_name(name, (uint32_t)rp_sim_n_nodes(sim), &e->node);
}

static int each_node(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	(void)e;
	return rp_sim_number_names((uint32_t)rp_sim_n_nodes(sim), ret);
}

static int show_generation(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%u\n", sim->state.generation);
	return rp_sim_shown(out);
}

static int show_system(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	add_u64(out, "platform_oem", sim->profile->platform_oem);
	add_u64(out, "platform_id", sim->profile->platform_id);
	add_u64(out, "platform_rev", sim->profile->platform_rev);
	return rp_sim_shown(out);
}

static int show_dev(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, RP_SIM_KFD_MAJOR ":0\n");
	return rp_sim_shown(out);
}

static int show_uevent(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "MAJOR=" RP_SIM_KFD_MAJOR "\nMINOR=0\nDEVNAME=kfd\n");
	return rp_sim_shown(out);
}

static int show_class(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/class/kfd");
	return rp_sim_shown(out);
}

static const struct rp_sim_file node_dirs[] = {
	{.find = find_node,
	 .each = each_node,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = rp_sim_node_files},
	RP_SIM_END,
};

static const struct rp_sim_file topology_files[] = {
	RP_SIM_ATTR("generation_id", show_generation),
	RP_SIM_ATTR("system_properties", show_system),
	RP_SIM_DIR("nodes", node_dirs),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_kfd_device_files[] = {
	RP_SIM_ATTR("dev", show_dev),
	{.name = "uevent", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_uevent},
	RP_SIM_LINK("subsystem", show_class),
	RP_SIM_DIR("topology", topology_files),
	RP_SIM_DIR("proc", rp_sim_kfd_proc_dirs),
	RP_SIM_END,
};
