/* SPDX-License-Identifier: MIT */
/* Files of the PCI core that take devices away and bring them back: each is written only. */
#include "sim/front.h"

static int happen_to(struct rp_sim *sim, enum rp_sim_fault_op op, size_t gpu)
{
	char pattern[sizeof(sim->profile->gpus[gpu].bdf)];
	struct rp_sim_fault f = {.op = op, .pattern = pattern};

	memcpy(pattern, sim->profile->gpus[gpu].bdf, sizeof(pattern));
	return rp_sim_happen(sim, &f);
}

/* As kstrtoul() takes it: a number that is not 0. A write of 0 does nothing. */
static int parse_flag(const char *data, size_t len, bool *ret)
{
	size_t n = len > 0 && data[len - 1] == '\n' ? len - 1 : len;

	if (n == 0 || strspn(data, "0123456789") < n)
		return -EINVAL;
	*ret = strspn(data, "0") < n;
	return 0;
}

static int store_flag(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data, size_t len)
{
	bool yes = false;
	int r = parse_flag(data, len, &yes);

	if (r < 0 || !yes)
		return r;
	return happen_to(sim, (enum rp_sim_fault_op)e->file->arg, e->gpu);
}

static int store_rescan(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			size_t len)
{
	struct rp_sim_fault f = {.op = RP_SIM_EVENT_RESCAN};
	bool yes = false;
	int r = parse_flag(data, len, &yes);

	(void)e;
	return r < 0 || !yes ? r : rp_sim_happen(sim, &f);
}

/* The address of a GPU that is bound, or is not. */
static int store_bdf(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data, size_t len)
{
	bool binds = e->file->arg == RP_SIM_EVENT_BIND;
	RP_AUTO_FREE char *bdf = rp_strndup(data, len);
	int g;

	if (!bdf)
		return -ENOMEM;
	bdf[strcspn(bdf, "\n")] = '\0';
	g = rp_sim_find_gpu(sim, bdf);
	if (g < 0 || sim->state.gpus[g].unplugged || rp_sim_gpu_bound(sim, (size_t)g) == binds)
		return g >= 0 && binds && !sim->state.gpus[g].unplugged ? -EBUSY : -ENODEV;
	g = happen_to(sim, (enum rp_sim_fault_op)e->file->arg, (size_t)g);
	return g;
}

#define WRITTEN(nm, fn, what)                                                                      \
	{                                                                                          \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0200, .arg = (what), .store = (fn), \
	}

const struct rp_sim_file rp_sim_gpu_event_files[] = {
	WRITTEN("remove", store_flag, RP_SIM_EVENT_REMOVE),
	WRITTEN("reset", store_flag, RP_SIM_EVENT_RESET),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_bus_event_files[] = {
	WRITTEN("rescan", store_rescan, RP_SIM_EVENT_RESCAN),
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_driver_event_files[] = {
	WRITTEN("bind", store_bdf, RP_SIM_EVENT_BIND),
	WRITTEN("unbind", store_bdf, RP_SIM_EVENT_UNBIND),
	RP_SIM_END,
};
