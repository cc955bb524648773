/* SPDX-License-Identifier: MIT */
/* Observing a machine: what the kernel shows, with our records laid over it. */
#include "machine/observe.h"
#include "hw/hw.h"
#include "hw/smi/backend.h"
#include "machine/records.h"
#include "machine/site_rows.h"
#include "rocpart/node.h"

static int observe(struct rocpart_machine *m, bool ask_backend, struct rocpart_snapshot **ret,
		   struct rocpart_error *reterr)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	RP_AUTO_SCAN struct rp_scan scan = {0};
	int r = rp_records_load(m, &records, reterr);

	if (r < 0)
		return r;
	r = ask_backend ? rp_backend_scan(m->tree, m->backend, &scan, reterr)
			: rp_hw_scan(m->tree, &scan, reterr);
	if (r < 0)
		return r;
	rp_trace_note(&m->trace, ROCPART_TRACE_READ, "", "%zu KFD nodes and %zu PCI devices, by %s",
		      scan.n_nodes, scan.n_pci,
		      ask_backend ? rocpart_backend_to_string(m->backend) : "sysfs");
	r = rp_snapshot_new(&scan, records.v, records.n, &s, reterr);
	if (r == 0 && rp_records_find_missing(m, &records, s) < 0)
		return rp_error_nomem(reterr);
	if (r == 0)
		r = rp_site_rows_load(m->tree, &s->vendor_rows, reterr);
	if (r < 0)
		return r;
	*ret = rp_steal(&s);
	return 0;
}

int rp_observe(struct rocpart_machine *m, struct rocpart_snapshot **ret,
	       struct rocpart_error *reterr)
{
	return observe(m, false, ret, reterr);
}

int rp_observe_via_backend(struct rocpart_machine *m, struct rocpart_snapshot **ret,
			   struct rocpart_error *reterr)
{
	return observe(m, true, ret, reterr);
}

ROCPART_PUBLIC int rocpart_machine_read_generation(struct rocpart_machine *machine,
						   uint64_t *ret_generation)
{
	return rp_hw_read_generation(machine->tree, ret_generation);
}

ROCPART_PUBLIC int rocpart_machine_observe(struct rocpart_machine *machine,
					   struct rocpart_snapshot **ret_snapshot,
					   struct rocpart_error *reterr)
{
	struct rocpart_snapshot *s = NULL;
	int r = rp_observe_via_backend(machine, &s, reterr);

	if (r < 0)
		return r;
	if (rp_machine_is_simulated(machine))
		s->kind = RP_TREE_SIM;
	*ret_snapshot = s;
	return 0;
}

ROCPART_PUBLIC int rocpart_machine_set_backend(struct rocpart_machine *machine,
					       enum rocpart_backend backend,
					       struct rocpart_error *reterr)
{
	if (backend != ROCPART_BACKEND_AUTO && !rp_backend_get(backend))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "back end %d does not exist", (int)backend);
	if (backend > ROCPART_BACKEND_SYSFS && rp_tree_kind(machine->tree) != RP_TREE_REAL) {
		(void)rp_error_set(reterr, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED,
				   rocpart_backend_to_string(backend),
				   "AMD's software only sees the computer that it runs on");
		(void)rp_error_hint(reterr,
				    "show it a simulated machine: rocpart sim exec NAME -- rocpart "
				    "--backend %s ...",
				    rocpart_backend_to_string(backend));
		return -EOPNOTSUPP;
	}
	machine->backend = backend;
	return 0;
}
