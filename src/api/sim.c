/* SPDX-License-Identifier: MIT */
/* Opening a simulated machine. */
#include "sim/sim.h"
#include "hw/machine.h"
#include "rocpart/node.h"

static void close_sim(void *sim)
{
	rp_sim_close(sim);
}

ROCPART_PUBLIC int rocpart_machine_open_sim(const char *dir, struct rocpart_machine **ret_machine,
					    struct rocpart_error *reterr)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);
	struct rp_sim *sim = NULL;
	int r = m ? rp_sim_open(dir, &sim, reterr) : rp_error_nomem(reterr);

	if (r < 0) {
		rocpart_machine_close(m);
		return r;
	}
	m->backing = sim;
	m->free_backing = close_sim;
	m->state_dir = rp_strdupf("%s/" RP_SIM_RECORDS, dir);
	r = rp_tree_open_ops(rp_sim_tree_ops(), sim, RP_TREE_SIM, &m->tree);
	if (r < 0 || !m->state_dir) {
		rocpart_machine_close(m);
		return rp_error_nomem(reterr);
	}
	*ret_machine = m;
	return 0;
}
