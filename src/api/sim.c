/* SPDX-License-Identifier: MIT */
/* Opening a simulated machine: of a folder, or in memory. */
#include "sim/sim.h"
#include "api/cdi.h"
#include "hw/machine.h"
#include "rocpart/node.h"

static void close_sim(void *sim)
{
	rp_sim_close(sim);
}

/* Takes sim and state_dir over, also when it fails; NULL for either: out of memory. */
static int wrap(struct rp_sim *sim, char *state_dir, struct rocpart_machine **ret,
		struct rocpart_error *reterr)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);
	int r = -ENOMEM;

	if (!m) {
		rp_sim_close(sim);
		free(state_dir);
		return rp_error_nomem(reterr);
	}
	m->changed = rp_cdi_refresh;
	m->backing = sim;
	m->free_backing = close_sim;
	m->state_dir = state_dir;
	if (state_dir)
		r = rp_tree_open_ops(rp_sim_tree_ops(), sim, RP_TREE_SIM, &m->tree);
	if (r < 0) {
		rocpart_machine_close(m);
		return rp_error_nomem(reterr);
	}
	*ret = m;
	return 0;
}

ROCPART_PUBLIC int rocpart_machine_open_sim(const char *dir, struct rocpart_machine **ret_machine,
					    struct rocpart_error *reterr)
{
	struct rp_sim *sim = NULL;
	int r = rp_sim_open(dir, &sim, reterr);

	return r < 0 ? r : wrap(sim, rp_strdupf("%s/" RP_SIM_RECORDS, dir), ret_machine, reterr);
}

ROCPART_PUBLIC int rocpart_machine_open_sim_memory(const char *profile, size_t profile_bytes,
						   const char *profile_name,
						   struct rocpart_machine **ret_machine,
						   struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	struct rp_sim *sim = NULL;
	int r;

	if (profile_bytes > RP_SIM_PROFILE_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, profile_name,
				    "a profile is at most 1 MiB long");
	r = rp_sim_new(profile, profile_bytes, profile_name, &sim, reterr);
	if (r == 0)
		r = wrap(sim, strdup(RP_STATE_IN_MEMORY), &m, reterr);
	if (r == 0 && rp_tree_open_memory(&m->state) < 0) {
		rocpart_machine_close(m);
		r = rp_error_nomem(reterr);
	}
	if (r == 0)
		*ret_machine = m;
	return r;
}
