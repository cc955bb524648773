/* SPDX-License-Identifier: MIT */
/* sys/dev/char: "226:128" leads to the device with these numbers; libdrm starts here. */
#include "sim/front.h"

enum { NODE_CARD, NODE_RENDER };

static uint32_t minor_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	const struct rp_sim_drm *d = &sim->drm[e->gpu][e->slot];

	return e->index == NODE_CARD ? d->card : d->render;
}

/* Each DRM device has a card and a render node. Stops where visit says something else than 0. */
static int each_node(const struct rp_sim *sim, struct rp_sim_ent *e,
		     int (*visit)(const struct rp_sim *sim, const struct rp_sim_ent *e,
				  void *userdata),
		     void *userdata)
{
	for (e->gpu = 0; e->gpu < sim->profile->n_gpus; e->gpu++) {
		for (e->slot = 0; e->slot < RP_SIM_SLOTS; e->slot++) {
			if (!sim->drm[e->gpu][e->slot].render)
				continue;
			for (e->index = NODE_CARD; e->index <= NODE_RENDER; e->index++) {
				int r = visit(sim, e, userdata);

				if (r)
					return r;
			}
		}
	}
	return 0;
}

static int is_minor(const struct rp_sim *sim, const struct rp_sim_ent *e, void *userdata)
{
	const uint32_t *minor = userdata;

	return minor_of(sim, e) == *minor;
}

static int find_number(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	uint32_t minor = 0;

	if (!rp_str_starts(name, RP_SIM_DRM_MAJOR ":") ||
	    rp_sim_number_name(name + strlen(RP_SIM_DRM_MAJOR ":"), 256, &minor) < 0)
		return -ENOENT;
	return each_node(sim, e, is_minor, &minor) ? 0 : -ENOENT;
}

static int add_number(const struct rp_sim *sim, const struct rp_sim_ent *e, void *userdata)
{
	struct rp_names *names = userdata;
	char name[16];
	int r = rp_fmt(name, sizeof(name), RP_SIM_DRM_MAJOR ":%u", minor_of(sim, e));

	return r == 0 ? rp_names_add(names, name) : r;
}

static int each_number(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	struct rp_sim_ent at = *e;

	return each_node(sim, &at, add_number, ret);
}

static int show_node(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_slot_path(sim, e->gpu, e->slot, out);
	rp_strbuf_addf(out, "/drm/%s%u", e->index == NODE_CARD ? "card" : "renderD",
		       minor_of(sim, e));
	return rp_sim_shown(out);
}

static bool has_bmc(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->bmc;
}

static int show_path(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const paths[] = {RP_SIM_BMC_PATH "/drm/card0",
					    "sys/devices/virtual/kfd/kfd"};

	(void)sim;
	rp_strbuf_add(out, paths[e->file->arg]);
	return rp_sim_shown(out);
}

const struct rp_sim_file rp_sim_dev_char_files[] = {
	{.find = find_number,
	 .each = each_number,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_node},
	{.name = RP_SIM_DRM_MAJOR ":0",
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .arg = 0,
	 .show = show_path,
	 .exists = has_bmc},
	{.name = RP_SIM_KFD_MAJOR ":0",
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .arg = 1,
	 .show = show_path,
	 .exists = rp_sim_is_loaded},
	RP_SIM_END,
};
