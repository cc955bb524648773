/* SPDX-License-Identifier: MIT */
/*
 * DRM devices. A partitionable GPU has 8 slots in every mode: its own device, and 7 platform
 * devices whose names do not say whose they are.
 */
#include "sim/front.h"

#define DRM_MAJOR 226

static const struct rp_sim_drm *drm_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return &sim->drm[e->gpu][e->slot];
}

/* Up to 6.9 with a dot, later with an underscore. */
void rp_sim_add_xcp_name(const struct rp_sim *sim, int32_t n, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "amdgpu_xcp%s%d", sim->profile->abi == RP_SIM_G1 ? "." : "_", n);
}

void rp_sim_add_slot_path(const struct rp_sim *sim, size_t gpu, uint32_t slot,
			  struct rp_strbuf *out)
{
	if (slot == 0) {
		rp_sim_add_pci_path(sim, gpu, out);
		return;
	}
	rp_strbuf_add(out, "sys/devices/platform/");
	rp_sim_add_xcp_name(sim, sim->drm[gpu][slot].xcp, out);
}

/* ---- drm/ of a device ---- */

enum { NODE_CARD, NODE_RENDER };

static uint32_t minor_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return e->index == NODE_CARD ? drm_of(sim, e)->card : drm_of(sim, e)->render;
}

static int show_dev(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%d:%u\n", DRM_MAJOR, minor_of(sim, e));
	return rp_sim_shown(out);
}

static int show_uevent(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "MAJOR=%d\nMINOR=%u\nDEVNAME=dri/%s%u\nDEVTYPE=drm_minor\n", DRM_MAJOR,
		       minor_of(sim, e), e->index == NODE_CARD ? "card" : "renderD",
		       minor_of(sim, e));
	return rp_sim_shown(out);
}

static int show_device(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_slot_path(sim, e->gpu, e->slot, out);
	return rp_sim_shown(out);
}

static int show_class(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/class/drm");
	return rp_sim_shown(out);
}

static const struct rp_sim_file minor_files[] = {
	RP_SIM_ATTR("dev", show_dev),
	RP_SIM_ATTR("uevent", show_uevent),
	RP_SIM_LINK("device", show_device),
	RP_SIM_LINK("subsystem", show_class),
	RP_SIM_END,
};

/* "card7" or "renderD135": which kind and number. */
static int parse_minor(const char *name, uint32_t *ret_kind, uint32_t *ret_minor)
{
	bool render = rp_str_starts(name, "renderD");

	if (!render && !rp_str_starts(name, "card"))
		return -ENOENT;
	*ret_kind = render ? NODE_RENDER : NODE_CARD;
	return rp_sim_number_name(name + strlen(render ? "renderD" : "card"), 256, ret_minor);
}

static int find_minor(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	uint32_t minor = 0;

	if (parse_minor(name, &e->index, &minor) < 0 || !drm_of(sim, e)->render)
		return -ENOENT;
	return minor == minor_of(sim, e) ? 0 : -ENOENT;
}

static int add_minors(const struct rp_sim_drm *d, struct rp_names *ret)
{
	char card[16], render[16];
	int r = rp_fmt(card, sizeof(card), "card%u", d->card);

	if (r == 0)
		r = rp_fmt(render, sizeof(render), "renderD%u", d->render);
	if (r == 0)
		r = rp_names_add(ret, card);
	return r == 0 ? rp_names_add(ret, render) : r;
}

static int each_minor(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	return drm_of(sim, e)->render ? add_minors(drm_of(sim, e), ret) : 0;
}

const struct rp_sim_file rp_sim_gpu_drm_dirs[] = {
	{.find = find_minor,
	 .each = each_minor,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = minor_files},
	RP_SIM_END,
};

static int show_bmc_dev(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "226:0\n");
	return rp_sim_shown(out);
}

static int show_bmc_device(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, RP_SIM_BMC_PATH);
	return rp_sim_shown(out);
}

static int show_bmc_uevent(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "MAJOR=226\nMINOR=0\nDEVNAME=dri/card0\nDEVTYPE=drm_minor\n");
	return rp_sim_shown(out);
}

static const struct rp_sim_file bmc_card_files[] = {
	RP_SIM_ATTR("dev", show_bmc_dev),
	RP_SIM_ATTR("uevent", show_bmc_uevent),
	RP_SIM_LINK("device", show_bmc_device),
	RP_SIM_LINK("subsystem", show_class),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_bmc_drm_dirs[] = {
	RP_SIM_DIR("card0", bmc_card_files),
	RP_SIM_END,
};

/* ---- platform devices ---- */

static bool valid_slot(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return e->slot < rp_sim_partitions(sim, e->gpu);
}

static int show_modalias(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "platform:amdgpu_xcp\n");
	return rp_sim_shown(out);
}

static int show_platform_uevent(struct rp_sim *sim, const struct rp_sim_ent *e,
				struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "MODALIAS=platform:amdgpu_xcp\n");
	return rp_sim_shown(out);
}

static int show_platform_bus(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/bus/platform");
	return rp_sim_shown(out);
}

/* No driver was asked for; nobody manages its power at run time. */
static int show_constant(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const texts[] = {"(null)\n", "auto\n", "unsupported\n", "0\n"};

	(void)sim;
	rp_strbuf_add(out, texts[e->file->arg]);
	return rp_sim_shown(out);
}

#define CONSTANT(nm, bits, which)                                                      \
	{                                                                              \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = (bits), .arg = (which), \
		.show = show_constant                                                  \
	}

static const struct rp_sim_file power_files[] = {
	CONSTANT("control", 0644, 1),
	CONSTANT("runtime_status", 0444, 2),
	CONSTANT("runtime_active_time", 0444, 3),
	CONSTANT("runtime_suspended_time", 0444, 3),
	RP_SIM_END,
};

static const struct rp_sim_file platform_device_files[] = {
	RP_SIM_DIR("drm", rp_sim_gpu_drm_dirs),
	RP_SIM_ATTR("modalias", show_modalias),
	{.name = "uevent", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_platform_uevent},
	RP_SIM_LINK("subsystem", show_platform_bus),
	CONSTANT("driver_override", 0644, 0),
	RP_SIM_DIR("power", power_files),
	RP_SIM_END,
};

static int find_platform(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	RP_AUTO_STRBUF struct rp_strbuf prefix = RP_STRBUF_INIT;
	uint32_t n = 0;

	rp_sim_add_xcp_name(sim, 0, &prefix);
	if (rp_strbuf_failed(&prefix))
		return -ENOMEM;
	rp_strbuf_truncate(&prefix, prefix.len - 1);
	if (!rp_str_starts(name, rp_strbuf_str(&prefix)) ||
	    rp_sim_number_name(name + prefix.len, RP_SIM_MAX_GPUS * RP_SIM_SLOTS, &n) < 0)
		return -ENOENT;
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		for (uint32_t s = 1; s < RP_SIM_SLOTS; s++) {
			if (sim->drm[g][s].render && sim->drm[g][s].xcp == (int32_t)n) {
				e->gpu = g;
				e->slot = s;
				return 0;
			}
		}
	}
	return -ENOENT;
}

static int each_platform(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		for (uint32_t s = 1; r == 0 && s < RP_SIM_SLOTS; s++) {
			RP_AUTO_STRBUF struct rp_strbuf name = RP_STRBUF_INIT;

			if (!sim->drm[g][s].render)
				continue;
			rp_sim_add_xcp_name(sim, sim->drm[g][s].xcp, &name);
			r = rp_strbuf_failed(&name) ? -ENOMEM
						    : rp_names_add(ret, rp_strbuf_str(&name));
		}
	}
	return r;
}

const struct rp_sim_file rp_sim_platform_files[] = {
	{.find = find_platform,
	 .each = each_platform,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = platform_device_files,
	 .more = {rp_sim_slot_metrics_files}},
	RP_SIM_END,
};

static const struct rp_sim_file platform_links[] = {
	{.find = find_platform,
	 .each = each_platform,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_device},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_platform_bus_files[] = {
	RP_SIM_DIR("devices", platform_links),
	RP_SIM_END,
};

/* ---- sys/class/drm and dev/dri: by minor, over all slots ---- */

static int find_any_minor(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	uint32_t minor = 0;

	if (parse_minor(name, &e->index, &minor) < 0)
		return -ENOENT;
	for (e->gpu = 0; e->gpu < sim->profile->n_gpus; e->gpu++) {
		for (e->slot = 0; e->slot < RP_SIM_SLOTS; e->slot++) {
			if (drm_of(sim, e)->render && minor == minor_of(sim, e))
				return 0;
		}
	}
	return -ENOENT;
}

static int each_any_minor(const struct rp_sim *sim, const struct rp_sim_ent *e,
			  struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		for (uint32_t s = 0; r == 0 && s < RP_SIM_SLOTS; s++) {
			if (sim->drm[g][s].render)
				r = add_minors(&sim->drm[g][s], ret);
		}
	}
	return r;
}

static bool has_bmc(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->bmc;
}

static int show_class_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_slot_path(sim, e->gpu, e->slot, out);
	rp_strbuf_addf(out, "/drm/%s%u", e->index == NODE_CARD ? "card" : "renderD",
		       minor_of(sim, e));
	return rp_sim_shown(out);
}

static int show_bmc_card(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, RP_SIM_BMC_PATH "/drm/card0");
	return rp_sim_shown(out);
}

/* drm_sysfs.c: the core's, whatever drivers there are. */
static int show_drm_version(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "drm 1.1.0 20060810\n");
	return rp_sim_shown(out);
}

const struct rp_sim_file rp_sim_drm_class_files[] = {
	RP_SIM_ATTR("version", show_drm_version),
	{.find = find_any_minor,
	 .each = each_any_minor,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_class_link},
	{.name = "card0",
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_bmc_card,
	 .exists = has_bmc},
	RP_SIM_END,
};

static void info_minor(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	st->dev_major = DRM_MAJOR;
	st->dev_minor = minor_of(sim, e);
	st->gid = e->index == NODE_CARD ? 44 : 109; /* video, render */
}

static void info_bmc_card(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	(void)sim;
	(void)e;
	st->dev_major = DRM_MAJOR;
	st->gid = 44;
}

/* The render node of a slot that is no partition can be seen, but not opened. */
static int open_minor(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	if (e->index == NODE_CARD)
		return 0;
	if (sim->caller_minors) {
		bool allowed = false;

		for (size_t i = 0; i < sim->n_caller_minors; i++)
			allowed |= sim->caller_minors[i] == minor_of(sim, e);
		if (!allowed)
			return -EPERM;
	}
	return valid_slot(sim, e) ? 0 : -ENOENT;
}

/* dev/dri/by-path: what udev makes. arg 0: of GPUs, 1: of platform devices. */
static int find_path(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	RP_AUTO_FREE char *copy = rp_strndup(name, strlen(name));
	bool card = rp_str_ends(name, "-card"), pci = rp_str_starts(name, "pci-");
	const char *prefix = pci ? "pci-" : "platform-";
	int g;

	if (!copy)
		return -ENOMEM;
	if ((!card && !rp_str_ends(name, "-render")) || !rp_str_starts(name, prefix))
		return -ENOENT;
	*strrchr(copy, '-') = '\0';
	if (strlen(copy) < strlen(prefix))
		return -ENOENT;
	e->index = card ? NODE_CARD : NODE_RENDER;
	if (!pci)
		return find_platform(sim, copy + strlen(prefix), e);
	g = rp_sim_find_gpu(sim, copy + strlen(prefix));
	if (g < 0 || !sim->drm[g][0].render)
		return -ENOENT;
	e->gpu = (uint32_t)g;
	e->slot = 0;
	return 0;
}

static int add_path_names(const struct rp_sim *sim, uint32_t gpu, uint32_t slot,
			  struct rp_names *ret)
{
	static const char *const ends[] = {"-card", "-render"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(ends); i++) {
		RP_AUTO_STRBUF struct rp_strbuf name = RP_STRBUF_INIT;

		if (slot == 0) {
			rp_strbuf_addf(&name, "pci-%s", sim->profile->gpus[gpu].bdf);
		} else {
			rp_strbuf_add(&name, "platform-");
			rp_sim_add_xcp_name(sim, sim->drm[gpu][slot].xcp, &name);
		}
		rp_strbuf_add(&name, ends[i]);
		r = rp_strbuf_failed(&name) ? -ENOMEM : rp_names_add(ret, rp_strbuf_str(&name));
	}
	return r;
}

static int each_path(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	int r = 0;

	(void)e;
	for (uint32_t g = 0; g < sim->profile->n_gpus; g++) {
		for (uint32_t s = 0; r == 0 && s < RP_SIM_SLOTS; s++) {
			if (sim->drm[g][s].render)
				r = add_path_names(sim, g, s, ret);
		}
	}
	return r;
}

static int show_path_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "dev/dri/%s%u", e->index == NODE_CARD ? "card" : "renderD",
		       minor_of(sim, e));
	return rp_sim_shown(out);
}

static const struct rp_sim_file path_links[] = {
	{.find = find_path,
	 .each = each_path,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_path_link},
	RP_SIM_END,
};

static const struct rp_sim_file dri_files[] = {
	{.find = find_any_minor,
	 .each = each_any_minor,
	 .type = RP_FILE_CHAR,
	 .mode = 0666,
	 .info = info_minor,
	 .may_open = open_minor},
	{.name = "card0",
	 .type = RP_FILE_CHAR,
	 .mode = 0660,
	 .exists = has_bmc,
	 .info = info_bmc_card},
	{.name = "by-path",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = path_links,
	 .exists = rp_sim_is_loaded},
	RP_SIM_END,
};

/* kfd_open() of kfd_chardev.c: while any mode is switched there is no new process. */
static int open_kfd(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (rp_sim_switching(sim, g))
			return -EINVAL;
	}
	return 0;
}

static void info_kfd(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	(void)sim;
	(void)e;
	st->dev_major = 511; /* the first of the dynamic majors, going down */
	st->gid = 109;
}

/* All records, one a line: a server gives one to each read(2). */
static int show_kmsg(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)e;
	return rp_sim_klog_read(sim, out);
}

const struct rp_sim_file rp_sim_dev_files[] = {
	{.name = "kfd",
	 .may_open = open_kfd,
	 .type = RP_FILE_CHAR,
	 .mode = 0666,
	 .exists = rp_sim_is_loaded,
	 .info = info_kfd},
	RP_SIM_DIR("dri", dri_files),
	{.name = "kmsg", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_kmsg},
	RP_SIM_END,
};
