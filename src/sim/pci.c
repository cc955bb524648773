/* SPDX-License-Identifier: MIT */
/* PCI devices: the GPUs, and the graphics of the BMC when there is one. */
#include "sim/front.h"

static const struct rp_sim_gpu *gpu_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return &sim->profile->gpus[e->gpu];
}

static const struct rp_sim_product *product_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return gpu_of(sim, e)->product;
}

void rp_sim_add_pci_path(const struct rp_sim *sim, size_t gpu, struct rp_strbuf *out)
{
	const struct rp_sim_gpu *g = &sim->profile->gpus[gpu];

	rp_strbuf_addf(out, "sys/devices/pci%04x:00/%s", g->domain, g->bdf);
}

static bool bound(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_gpu_bound(sim, e->gpu);
}

static bool has_driver(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_driver_of(sim, e->gpu) != NULL;
}

static bool has_bmc(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->bmc;
}

/* ---- what the PCI core shows, with or without driver ---- */

enum { ID_VENDOR, ID_DEVICE, ID_SUB_VENDOR, ID_SUB_DEVICE };

static int show_id(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_product *p = product_of(sim, e);
	const uint32_t ids[] = {0x1002, p->device, p->subsystem_vendor, p->subsystem_device};

	rp_strbuf_addf(out, "0x%04x\n", ids[e->file->arg]);
	return rp_sim_shown(out);
}

static int show_revision(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "0x%02x\n", product_of(sim, e)->revision);
	return rp_sim_shown(out);
}

static int show_text(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const texts[] = {"32.0 GT/s PCIe\n", "16\n"};

	(void)sim;
	rp_strbuf_add(out, texts[e->file->arg]);
	return rp_sim_shown(out);
}

static int show_class(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_addf(out, "0x%06x\n", RP_SIM_PCI_CLASS);
	return rp_sim_shown(out);
}

static int show_numa_node(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%u\n", gpu_of(sim, e)->cpu);
	return rp_sim_shown(out);
}

static int show_uevent(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_product *p = product_of(sim, e);

	if (has_driver(sim, e))
		rp_strbuf_addf(out, "DRIVER=%s\n", rp_sim_driver_of(sim, e->gpu));
	rp_strbuf_addf(out, "PCI_CLASS=%X\nPCI_ID=1002:%04X\nPCI_SUBSYS_ID=%04X:%04X\n",
		       RP_SIM_PCI_CLASS, p->device, p->subsystem_vendor, p->subsystem_device);
	rp_strbuf_addf(out, "PCI_SLOT_NAME=%s\nMODALIAS=", gpu_of(sim, e)->bdf);
	rp_sim_add_modalias(sim, e->gpu, out);
	return rp_sim_shown(out);
}

static int show_driver_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "sys/bus/pci/drivers/%s", rp_sim_driver_of(sim, e->gpu));
	return rp_sim_shown(out);
}

static int show_subsystem(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/bus/pci");
	return rp_sim_shown(out);
}

/* ---- what the driver adds ---- */

static int show_unique_id(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%016llx\n", (unsigned long long)rp_sim_unique_id(sim, e->gpu));
	return rp_sim_shown(out);
}

/*
 * amdgpu_atombios.c; rocm_smi takes a card without it for none of AMD's. A profile may have
 * one that was seen; else the part number is ours.
 */
static int show_vbios_version(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const char *vbios = product_of(sim, e)->vbios;

	rp_strbuf_addf(out, "%s\n", vbios ? vbios : "113-SIMULATED-000");
	return rp_sim_shown(out);
}

static bool has_product_name(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return bound(sim, e) && product_of(sim, e)->product_name;
}

static int show_product_name(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%s\n", product_of(sim, e)->product_name);
	return rp_sim_shown(out);
}

static bool has_vendor(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return bound(sim, e) && product_of(sim, e)->vram_vendor;
}

static int show_vram_vendor(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%s\n", product_of(sim, e)->vram_vendor);
	return rp_sim_shown(out);
}

enum { VRAM_TOTAL, VRAM_USED, GTT_TOTAL, GTT_USED };

/* Bytes of the whole GPU. An APU has no VRAM of its own. */
static int show_memory(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	bool apu = product_of(sim, e)->apu;
	uint64_t gtt = 0, v = 0;

	for (size_t c = 0; c < sim->profile->n_cpus; c++)
		gtt += sim->profile->cpus[c].memory_bytes / 2;
	if (e->file->arg == VRAM_TOTAL)
		v = apu ? 0 : product_of(sim, e)->vram_bytes;
	else if (e->file->arg == VRAM_USED)
		v = apu ? 0 : rp_sim_vram_used(sim, e->gpu);
	else if (e->file->arg == GTT_TOTAL)
		v = gtt;
	rp_strbuf_addf(out, "%llu\n", (unsigned long long)v);
	return rp_sim_shown(out);
}

enum { BUSY_GFX, BUSY_MEMORY };

static int show_busy(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct rp_sim_moment m = {0};

	if (rp_sim_in_reset(sim, e->gpu))
		return -EPERM;
	if (rp_sim_has_load(sim))
		rp_sim_observe(sim, e->gpu, &m);
	rp_strbuf_addf(out, "%u\n", e->file->arg == BUSY_GFX ? m.gfx_busy : m.mem_busy);
	return rp_sim_shown(out);
}

static bool in_hive(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return bound(sim, e) && gpu_of(sim, e)->hive_id;
}

static int show_hive_id(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%llu\n", (unsigned long long)gpu_of(sim, e)->hive_id);
	return rp_sim_shown(out);
}

/* The node id within the hive is 64 bits wide; ours is the device's unique id. */
static int show_xgmi_device(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%llu\n", (unsigned long long)rp_sim_unique_id(sim, e->gpu));
	return rp_sim_shown(out);
}

static int show_xgmi_place(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	uint32_t place = 0;

	for (uint32_t g = 0; g < e->gpu; g++)
		place += sim->profile->gpus[g].hive_id == gpu_of(sim, e)->hive_id ? 1 : 0;
	rp_strbuf_addf(out, "%u\n", place);
	return rp_sim_shown(out);
}

#define BOUND_ATTR(nm, fn)                                                                         \
	{                                                                                          \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .show = (fn), .exists = bound \
	}
#define MEMORY_ATTR(nm, kind)                                                       \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_memory, .exists = bound                                \
	}
#define BUSY_ATTR(nm, kind)                                                         \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_busy, .exists = rp_sim_has_pm, .when_off = -EIO        \
	}
#define ID_ATTR(nm, kind)                                                           \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_id                                                     \
	}
#define TEXT_ATTR(nm, kind)                                                         \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_text                                                   \
	}
#define HIVE_ATTR(nm, fn)                                                          \
	{                                                                          \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .show = (fn), \
		.exists = in_hive                                                  \
	}

static const struct rp_sim_file hive_files[] = {
	RP_SIM_ATTR("xgmi_hive_id", show_hive_id),
	RP_SIM_END,
};

static const struct rp_sim_file core_files[] = {
	ID_ATTR("vendor", ID_VENDOR),
	ID_ATTR("device", ID_DEVICE),
	ID_ATTR("subsystem_vendor", ID_SUB_VENDOR),
	ID_ATTR("subsystem_device", ID_SUB_DEVICE),
	RP_SIM_ATTR("revision", show_revision),
	RP_SIM_ATTR("class", show_class),
	TEXT_ATTR("current_link_speed", 0),
	TEXT_ATTR("current_link_width", 1),
	TEXT_ATTR("max_link_speed", 0),
	TEXT_ATTR("max_link_width", 1),
	{.name = "numa_node", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_numa_node},
	{.name = "uevent", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_uevent},
	RP_SIM_LINK("subsystem", show_subsystem),
	{.name = "driver",
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_driver_link,
	 .exists = has_driver},
	{.name = "unique_id",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_unique_id,
	 .exists = rp_sim_has_pm},
	BOUND_ATTR("vbios_version", show_vbios_version),
	{.name = "product_name",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_product_name,
	 .exists = has_product_name},
	{.name = "mem_info_vram_vendor",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_vram_vendor,
	 .exists = has_vendor},
	MEMORY_ATTR("mem_info_vram_total", VRAM_TOTAL),
	MEMORY_ATTR("mem_info_vram_used", VRAM_USED),
	MEMORY_ATTR("mem_info_vis_vram_total", VRAM_TOTAL),
	MEMORY_ATTR("mem_info_vis_vram_used", VRAM_USED),
	MEMORY_ATTR("mem_info_gtt_total", GTT_TOTAL),
	MEMORY_ATTR("mem_info_gtt_used", GTT_USED),
	BUSY_ATTR("gpu_busy_percent", BUSY_GFX),
	BUSY_ATTR("mem_busy_percent", BUSY_MEMORY),
	HIVE_ATTR("xgmi_device_id", show_xgmi_device),
	HIVE_ATTR("xgmi_physical_id", show_xgmi_place),
	{.name = "xgmi_hive_info",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = hive_files,
	 .exists = in_hive},
	{.name = "drm",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = rp_sim_gpu_drm_dirs,
	 .exists = bound},
	RP_SIM_END,
};

/* ---- the graphics of the BMC: an ASPEED chip, which takes a DRM card and no render node ---- */

static int show_bmc(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const texts[] = {
		"0x1a03\n",
		"0x2000\n",
		"0x030000\n",
		"0x1a03\n",
		"0x2000\n",
		"0x52\n",
		"DRIVER=ast\nPCI_CLASS=30000\nPCI_ID=1A03:2000\nPCI_SUBSYS_ID=1A03:2000\n"
		"PCI_SLOT_NAME=" RP_SIM_BMC_BDF "\nMODALIAS=" RP_SIM_BMC_MODALIAS "\n",
	};

	(void)sim;
	rp_strbuf_add(out, texts[e->file->arg]);
	return rp_sim_shown(out);
}

static int show_ast_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/bus/pci/drivers/ast");
	return rp_sim_shown(out);
}

#define BMC_ATTR(nm, kind)                                                          \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_bmc                                                    \
	}

static const struct rp_sim_file bmc_files[] = {
	BMC_ATTR("vendor", 0),
	BMC_ATTR("device", 1),
	BMC_ATTR("class", 2),
	BMC_ATTR("subsystem_vendor", 3),
	BMC_ATTR("subsystem_device", 4),
	BMC_ATTR("revision", 5),
	BMC_ATTR("uevent", 6),
	RP_SIM_LINK("driver", show_ast_link),
	RP_SIM_LINK("subsystem", show_subsystem),
	RP_SIM_DIR("drm", rp_sim_bmc_drm_dirs),
	RP_SIM_END,
};

/* ---- sys/devices/pciDDDD:00: one host bridge for each PCI domain ---- */

static int find_host(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		char host[16];

		if (rp_fmt(host, sizeof(host), "pci%04x:00", sim->profile->gpus[g].domain) == 0 &&
		    rp_str_eq(host, name)) {
			e->index = sim->profile->gpus[g].domain;
			return 0;
		}
	}
	return -ENOENT;
}

static int each_host(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		char host[16];
		bool seen = false;

		for (size_t o = 0; o < g && !seen; o++)
			seen = sim->profile->gpus[o].domain == sim->profile->gpus[g].domain;
		if (seen)
			continue;
		r = rp_fmt(host, sizeof(host), "pci%04x:00", sim->profile->gpus[g].domain);
		if (r == 0)
			r = rp_names_add(ret, host);
	}
	return r;
}

static int find_gpu_dir(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	int g = rp_sim_find_gpu(sim, name);

	if (g < 0 || sim->profile->gpus[g].domain != e->index || sim->state.gpus[g].unplugged)
		return -ENOENT;
	e->gpu = (uint32_t)g;
	e->slot = 0;
	return 0;
}

static int each_gpu_dir(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (sim->profile->gpus[g].domain == e->index && !sim->state.gpus[g].unplugged)
			r = rp_names_add(ret, sim->profile->gpus[g].bdf);
	}
	return r;
}

/* The same GPU folder once with and once without what the driver adds. */
static int find_bound_dir(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	int r = find_gpu_dir(sim, name, e);

	return r == 0 && !bound(sim, e) ? -ENOENT : r;
}

static int each_nothing(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	(void)sim;
	(void)e;
	(void)ret;
	return 0;
}

static bool bmc_on_this_bus(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return has_bmc(sim, e) && e->index == 0;
}

static const struct rp_sim_file host_files[] = {
	{.find = find_bound_dir,
	 .each = each_nothing, /* listed by the next row */
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = core_files,
	 .more = {rp_sim_gpu_control_files, rp_sim_gpu_setting_files, rp_sim_gpu_metrics_files,
		  rp_sim_gpu_event_files, rp_sim_gpu_bus_files}},
	{.find = find_gpu_dir,
	 .each = each_gpu_dir,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = core_files,
	 .more = {rp_sim_gpu_event_files, rp_sim_gpu_bus_files}},
	{.name = RP_SIM_BMC_BDF,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = bmc_files,
	 .more = {rp_sim_bmc_bus_files},
	 .exists = bmc_on_this_bus},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_pci_host_files[] = {
	{.find = find_host,
	 .each = each_host,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = host_files},
	RP_SIM_END,
};

/* ---- sys/bus/pci ---- */

static int find_gpu_link(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	int g = rp_sim_find_gpu(sim, name);

	if (g < 0 || sim->state.gpus[g].unplugged ||
	    (e->file->arg && !rp_sim_gpu_bound(sim, (size_t)g)))
		return -ENOENT;
	e->gpu = (uint32_t)g;
	return 0;
}

static int each_gpu_link(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++)
		if (!sim->state.gpus[g].unplugged)
			r = rp_names_add(ret, sim->profile->gpus[g].bdf);
	return r;
}

static int each_bound_link(const struct rp_sim *sim, const struct rp_sim_ent *e,
			   struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (size_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (rp_sim_gpu_bound(sim, g))
			r = rp_names_add(ret, sim->profile->gpus[g].bdf);
	}
	return r;
}

static int show_gpu_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_pci_path(sim, e->gpu, out);
	return rp_sim_shown(out);
}

static int show_bmc_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, RP_SIM_BMC_PATH);
	return rp_sim_shown(out);
}

static int show_module_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/module/amdgpu");
	return rp_sim_shown(out);
}

#define BMC_LINK                                                                                   \
	{                                                                                          \
		.name = RP_SIM_BMC_BDF, .type = RP_FILE_LINK, .mode = 0777, .show = show_bmc_link, \
		.exists = has_bmc                                                                  \
	}

static const struct rp_sim_file device_links[] = {
	{.find = find_gpu_link,
	 .each = each_gpu_link,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_gpu_link},
	BMC_LINK,
	RP_SIM_END,
};

static const struct rp_sim_file amdgpu_files[] = {
	{.find = find_gpu_link,
	 .each = each_bound_link,
	 .arg = 1,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_gpu_link},
	RP_SIM_LINK("module", show_module_link),
	RP_SIM_END,
};

static const struct rp_sim_file ast_files[] = {BMC_LINK, RP_SIM_END};

static const struct rp_sim_file driver_dirs[] = {
	{.name = "amdgpu",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = amdgpu_files,
	 .more = {rp_sim_driver_event_files},
	 .exists = rp_sim_is_loaded},
	{.name = "ast",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = ast_files,
	 .exists = has_bmc},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_pci_bus_files[] = {
	RP_SIM_DIR("devices", device_links),
	{.name = "drivers",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = driver_dirs,
	 .more = {rp_sim_other_driver_dirs}},
	RP_SIM_END,
};
