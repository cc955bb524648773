/* SPDX-License-Identifier: MIT */
/* The files of a GPU that show and change its partitions. */
#include "sim/front.h"

enum { KIND_XCC, KIND_DMA, KIND_DEC, KIND_JPEG };

static const struct rp_sim_gpu *gpu_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return &sim->profile->gpus[e->gpu];
}

static bool since_g2(const struct rp_sim *sim)
{
	return sim->profile->abi >= RP_SIM_G2;
}

/* ---- which files there are, and who may write them ---- */

/* Up to 6.12 a virtual function has no compute files at all. */
static bool has_compute(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_switchable(sim, e->gpu) && (since_g2(sim) || !gpu_of(sim, e)->vf);
}

static bool has_available_compute(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return has_compute(sim, e) && !(since_g2(sim) && gpu_of(sim, e)->vf);
}

static bool has_memory(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_switchable(sim, e->gpu);
}

static bool can_switch_memory(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return since_g2(sim) && has_memory(sim, e) && !gpu_of(sim, e)->vf &&
	       __builtin_popcount(gpu_of(sim, e)->product->nps_mask) > 1;
}

static bool has_config(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return since_g2(sim) && rp_sim_switchable(sim, e->gpu);
}

static bool has_alloc_mode(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return has_config(sim, e) && sim->profile->mem_alloc_mode;
}

static void info_compute(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	st->mode = gpu_of(sim, e)->vf ? 0444 : 0644;
}

static void info_memory(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	st->mode = can_switch_memory(sim, e) ? 0644 : 0444;
}

/* ---- reading ---- */

static int not_in_reset(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_in_reset(sim, e->gpu) ? -EPERM : 0;
}

static int show_compute(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	if (not_in_reset(sim, e) < 0)
		return -EPERM;
	rp_strbuf_addf(out, "%s\n", rp_sim_compute_name(sim->state.gpus[e->gpu].compute));
	return rp_sim_shown(out);
}

static int show_memory(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	if (not_in_reset(sim, e) < 0)
		return -EPERM;
	rp_strbuf_addf(out, "NPS%u\n", sim->state.gpus[e->gpu].nps);
	return rp_sim_shown(out);
}

static int finish_list(struct rp_strbuf *out)
{
	if (out->len == 0)
		rp_strbuf_add(out, "Not supported");
	rp_strbuf_add_char(out, '\n');
	return rp_sim_shown(out);
}

static void add_item(struct rp_strbuf *out, const char *item)
{
	rp_strbuf_addf(out, "%s%s", out->len ? ", " : "", item);
}

/* Up to 6.12 by the count of XCCs; later what is valid in the present memory mode. */
static int show_available_compute(struct rp_sim *sim, const struct rp_sim_ent *e,
				  struct rp_strbuf *out)
{
	uint32_t nps = since_g2(sim) ? sim->state.gpus[e->gpu].nps : 1;

	for (unsigned m = 0; m < RP_SIM_N_COMPUTE; m++) {
		if (rp_sim_compute_valid(sim, e->gpu, (enum rp_sim_compute)m, nps))
			add_item(out, rp_sim_compute_name((enum rp_sim_compute)m));
	}
	return finish_list(out);
}

static int show_supported_compute(struct rp_sim *sim, const struct rp_sim_ent *e,
				  struct rp_strbuf *out)
{
	for (unsigned m = 0; m < RP_SIM_N_COMPUTE; m++) {
		if (rp_sim_compute_possible(gpu_of(sim, e)->product, (enum rp_sim_compute)m))
			add_item(out, rp_sim_compute_name((enum rp_sim_compute)m));
	}
	return finish_list(out);
}

static void add_nps(struct rp_strbuf *out, uint32_t nps)
{
	char name[] = "NPS0";

	name[3] = (char)('0' + nps);
	add_item(out, name);
}

static int show_available_memory(struct rp_sim *sim, const struct rp_sim_ent *e,
				 struct rp_strbuf *out)
{
	for (uint32_t nps = 1; nps <= RP_SIM_MAX_NPS; nps++) {
		if (gpu_of(sim, e)->product->nps_mask & (1U << nps))
			add_nps(out, nps);
	}
	return finish_list(out);
}

static int show_supported_memory(struct rp_sim *sim, const struct rp_sim_ent *e,
				 struct rp_strbuf *out)
{
	enum rp_sim_compute mode = sim->state.gpus[e->gpu].xcp_config;

	for (uint32_t nps = 1; nps <= RP_SIM_MAX_NPS; nps++) {
		if ((gpu_of(sim, e)->product->nps_mask & (1U << nps)) &&
		    rp_sim_listed_together(sim, e->gpu, mode, nps))
			add_nps(out, nps);
	}
	return finish_list(out);
}

static int show_xcp_config(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%s\n", rp_sim_compute_name(sim->state.gpus[e->gpu].xcp_config));
	return rp_sim_shown(out);
}

static int show_alloc_mode(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_add(out, sim->state.gpus[e->gpu].alloc_all ? "ALL\n" : "CAPPING\n");
	return rp_sim_shown(out);
}

/* ---- what one partition of the selected mode would have ---- */

static uint32_t instances(const struct rp_sim_product *p, uint32_t kind)
{
	const uint32_t counts[] = {p->xcc, p->dma, p->dec, p->jpeg};

	return counts[kind];
}

static int show_num_inst(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_product *p = gpu_of(sim, e)->product;
	uint32_t m = instances(p, e->file->arg);
	uint32_t x = rp_sim_partitions_in(p, sim->state.gpus[e->gpu].xcp_config);
	uint32_t n = m < x ? 1 : m / x;

	rp_strbuf_addf(out, "%u\n", e->file->arg == KIND_JPEG ? n * p->jpeg_rings : n);
	return rp_sim_shown(out);
}

static int show_num_shared(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_product *p = gpu_of(sim, e)->product;
	uint32_t m = instances(p, e->file->arg);
	uint32_t x = rp_sim_partitions_in(p, sim->state.gpus[e->gpu].xcp_config);

	rp_strbuf_addf(out, "%u\n", m && m < x ? x / m : 1);
	return rp_sim_shown(out);
}

/* ---- writing ---- */

static int store_compute(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			 size_t len)
{
	return rp_sim_write_compute(sim, e->gpu, data, len);
}

static int store_memory(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			size_t len)
{
	return rp_sim_write_memory(sim, e->gpu, data, len);
}

static int store_xcp_config(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			    size_t len)
{
	return rp_sim_write_xcp_config(sim, e->gpu, data, len);
}

static int store_alloc_mode(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			    size_t len)
{
	return rp_sim_write_alloc_mode(sim, e->gpu, data, len);
}

/* ---- tables ---- */

#define RESOURCE_FILE(nm, kind, fn)                                                              \
	{                                                                                        \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0400, .arg = (kind), .show = (fn) \
	}
#define RESOURCE_FILES(var, kind)                                   \
	static const struct rp_sim_file var[] = {                   \
		RESOURCE_FILE("num_inst", kind, show_num_inst),     \
		RESOURCE_FILE("num_shared", kind, show_num_shared), \
		RP_SIM_END,                                         \
	}

RESOURCE_FILES(xcc_files, KIND_XCC);
RESOURCE_FILES(dma_files, KIND_DMA);
RESOURCE_FILES(dec_files, KIND_DEC);
RESOURCE_FILES(jpeg_files, KIND_JPEG);

static const struct rp_sim_file config_files[] = {
	RP_SIM_ATTR("supported_xcp_configs", show_supported_compute),
	RP_SIM_ATTR("supported_nps_configs", show_supported_memory),
	{.name = "xcp_config",
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .show = show_xcp_config,
	 .store = store_xcp_config},
	RP_SIM_DIR("xcc", xcc_files),
	RP_SIM_DIR("dma", dma_files),
	RP_SIM_DIR("dec", dec_files),
	RP_SIM_DIR("jpeg", jpeg_files),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_gpu_control_files[] = {
	{.name = "current_compute_partition",
	 .when_off = -ENODEV,
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .exists = has_compute,
	 .show = show_compute,
	 .store = store_compute,
	 .info = info_compute},
	{.name = "available_compute_partition",
	 .when_off = -ENODEV,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .exists = has_available_compute,
	 .show = show_available_compute},
	{.name = "current_memory_partition",
	 .when_off = -ENODEV,
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .exists = has_memory,
	 .show = show_memory,
	 .store = store_memory,
	 .info = info_memory},
	{.name = "available_memory_partition",
	 .when_off = -ENODEV,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .exists = can_switch_memory,
	 .show = show_available_memory},
	{.name = "compute_partition_mem_alloc_mode",
	 .when_off = -ENODEV,
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .exists = has_alloc_mode,
	 .show = show_alloc_mode,
	 .store = store_alloc_mode},
	{.name = "compute_partition_config",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = config_files,
	 .exists = has_config},
	RP_SIM_END,
};
