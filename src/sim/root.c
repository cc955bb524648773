/* SPDX-License-Identifier: MIT */
/* The upper folders of the tree, and the driver's module. */
#include "sim/front.h"

/* ---- sys/module/amdgpu ---- */

static int show_refcnt(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%u\n", rp_sim_open_files(sim));
	return rp_sim_shown(out);
}

static bool has_srcversion(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->srcversion;
}

static int show_srcversion(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%s\n", sim->profile->srcversion);
	return rp_sim_shown(out);
}

static bool has_version(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->driver_version;
}

static int show_version(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%s\n", sim->profile->driver_version);
	return rp_sim_shown(out);
}

static int show_initstate(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	if (rp_sim_due_find(sim, RP_SIM_DUE_LOADED, 0))
		rp_strbuf_add(out, "coming\n");
	else
		rp_strbuf_add(out, rp_sim_is_live(sim) ? "live\n" : "going\n");
	return rp_sim_shown(out);
}

/* A signed parameter that the kernel prints unsigned: -2 is 4294967294. */
static int show_user_partt_mode(struct rp_sim *sim, const struct rp_sim_ent *e,
				struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%u\n", (uint32_t)sim->profile->user_partt_mode);
	return rp_sim_shown(out);
}

static int show_driver_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/bus/pci/drivers/amdgpu");
	return rp_sim_shown(out);
}

static bool has_threshold(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->bad_page_threshold;
}

static int show_threshold(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	rp_strbuf_addf(out, "%u\n", sim->profile->bad_page_threshold);
	return rp_sim_shown(out);
}

static const struct rp_sim_file parameter_files[] = {
	RP_SIM_ATTR("user_partt_mode", show_user_partt_mode),
	{.name = "bad_page_threshold",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_threshold,
	 .exists = has_threshold},
	RP_SIM_END,
};

static const struct rp_sim_file module_driver_links[] = {
	RP_SIM_LINK("pci:amdgpu", show_driver_link),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_module_files[] = {
	RP_SIM_ATTR("refcnt", show_refcnt),
	RP_SIM_ATTR("initstate", show_initstate),
	{.name = "srcversion",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_srcversion,
	 .exists = has_srcversion},
	{.name = "version",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_version,
	 .exists = has_version},
	RP_SIM_DIR("holders", NULL),
	RP_SIM_DIR("parameters", parameter_files),
	RP_SIM_DIR("drivers", module_driver_links),
	RP_SIM_END,
};

/* ---- upper folders ---- */

static int show_kfd_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/devices/virtual/kfd/kfd");
	return rp_sim_shown(out);
}

#define LOADED_DIR(nm, kids)                                                         \
	{                                                                            \
		.name = (nm), .type = RP_FILE_DIR, .mode = 0755, .children = (kids), \
		.exists = rp_sim_is_loaded                                           \
	}

static const struct rp_sim_file bus_dirs[] = {
	{.name = "pci",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = rp_sim_pci_bus_files,
	 .more = {rp_sim_bus_event_files}},
	RP_SIM_DIR("platform", rp_sim_platform_bus_files),
	RP_SIM_END,
};

static const struct rp_sim_file kfd_class_links[] = {
	RP_SIM_LINK("kfd", show_kfd_link),
	RP_SIM_END,
};

static const struct rp_sim_file class_dirs[] = {
	LOADED_DIR("kfd", kfd_class_links),
	RP_SIM_DIR("drm", rp_sim_drm_class_files),
	RP_SIM_DIR("hwmon", rp_sim_hwmon_class_files),
	RP_SIM_END,
};

static const struct rp_sim_file kfd_dirs[] = {
	RP_SIM_DIR("kfd", rp_sim_kfd_device_files),
	RP_SIM_END,
};

static const struct rp_sim_file virtual_dirs[] = {LOADED_DIR("kfd", kfd_dirs), RP_SIM_END};

static const struct rp_sim_file device_dirs[] = {
	RP_SIM_DIR("platform", rp_sim_platform_files),
	RP_SIM_DIR("virtual", virtual_dirs),
	RP_SIM_END,
};

/* kernfs numbers a folder anew when it is made: each load of the module has its own. */
static void number_load(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	(void)e;
	st->inode = sim->state.loads;
}

static const struct rp_sim_file module_dirs[] = {
	{.name = "amdgpu",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = rp_sim_module_files,
	 .exists = rp_sim_is_loaded,
	 .info = number_load},
	RP_SIM_END,
};

static const struct rp_sim_file dev_dirs[] = {
	RP_SIM_DIR("char", rp_sim_dev_char_files),
	RP_SIM_END,
};

static const struct rp_sim_file sys_dirs[] = {
	RP_SIM_DIR("bus", bus_dirs),
	RP_SIM_DIR("class", class_dirs),
	{.name = "devices",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = device_dirs,
	 .more = {rp_sim_pci_host_files}},
	RP_SIM_DIR("module", module_dirs),
	RP_SIM_DIR("dev", dev_dirs),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_root_files[] = {
	RP_SIM_DIR("sys", sys_dirs),
	RP_SIM_DIR("dev", rp_sim_dev_files),
	RP_SIM_DIR("proc", rp_sim_proc_files),
	RP_SIM_END,
};
