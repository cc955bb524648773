/* SPDX-License-Identifier: MIT */
/*
 * Where the rooms are put together: machine/ opens a machine and knows nothing of those above it;
 * whoever must learn of a change of modes is registered here.
 */
#include "leases/public.h"
#include "machine/machine.h"
#include "rocpart/rocpart.h"
#include "run/cdi.h"

ROCPART_PUBLIC const char *rocpart_version(void)
{
	return ROCPART_VERSION;
}

/* What every opened machine gets; r is what opening it returned. */
static int equip(int r, struct rocpart_machine *m, struct rocpart_machine **ret)
{
	if (r < 0)
		return r;
	rp_machine_listen(m, rp_cdi_refresh);
	m->leases_changed = rp_cdi_refresh_leases;
	m->publish = rp_public_publish;
	*ret = m;
	return 0;
}

ROCPART_PUBLIC int rocpart_machine_open_real(const char *state_dir,
					     struct rocpart_machine **ret_machine,
					     struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = rp_machine_open_real(state_dir, &m, reterr);

	return equip(r, m, ret_machine);
}

ROCPART_PUBLIC int rocpart_machine_open_capture(const char *dir,
						struct rocpart_machine **ret_machine,
						struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = rp_machine_open_capture(dir, &m, reterr);

	return equip(r, m, ret_machine);
}

ROCPART_PUBLIC int rocpart_machine_open_sim(const char *dir, struct rocpart_machine **ret_machine,
					    struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = rp_machine_open_sim(dir, &m, reterr);

	return equip(r, m, ret_machine);
}

ROCPART_PUBLIC int rocpart_machine_open_sim_memory(const char *profile, size_t profile_bytes,
						   const char *profile_name,
						   struct rocpart_machine **ret_machine,
						   struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = rp_machine_open_sim_memory(profile, profile_bytes, profile_name, &m, reterr);

	return equip(r, m, ret_machine);
}
