/* SPDX-License-Identifier: MIT */
/* What must be finished, installed and loaded: the last change, driver, KFD, ROCm. */
#include "change/change.h"
#include "doctor/doctor.h"
#include "hw/hw.h"
#include "hw/sysfs.h"
#include "machine/journal.h"

#define MODULE "sys/module/amdgpu"

static bool is_real(const struct rocpart_doctor *d)
{
	return rp_tree_kind(d->machine->tree) == RP_TREE_REAL;
}

/* A file of the module; false when it has none, or when that cannot be read, which is added. */
static bool read_module(struct rp_tree *t, const char *file, struct rp_strbuf *ret,
			struct rp_verdict *v)
{
	int r = rp_tree_read(t, ret, MODULE "/%s", file);

	if (r < 0 && !rp_is_absent(r))
		rp_verdict_add_failure(v, r, "a file of the module cannot be read",
				       rocpart_strerror(r));
	return r == 0;
}

static void add_unfinished(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct rocpart_error err = {0};
	int r = rp_change_check_journal(d->machine, &err);

	if (r == -ENOMEM) {
		rp_verdict_add_failure(v, r, "", "");
		return;
	}
	if (r == 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL,
			       "a change was interrupted and is not finished");
		rp_verdict_advise(v, "`rocpart apply --resume` finishes it, `rocpart undo` "
				     "reverts it");
		v->fix = RP_FIX_RESUME;
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_FAIL,
		       "a change is not finished, and its journal cannot be used: %s", err.message);
	rp_verdict_advise(v, "%s", err.hint);
}

void rp_check_change(struct rocpart_doctor *d, struct rp_verdict *v)
{
	enum rocpart_change_status status = ROCPART_CHANGE_NONE;
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *holder = NULL;
	int r = rocpart_machine_get_change_status(d->machine, &status, &holder, &err);

	if (r < 0) {
		rp_verdict_add_failure(v, r, "the records cannot be read", err.message);
		rp_verdict_advise(v, "run the command as root");
	} else if (status == ROCPART_CHANGE_UNDER_WAY) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "a change is under way: %s", holder);
		rp_verdict_advise(v, "wait until it ends: other findings may be its doing");
	} else if (status == ROCPART_CHANGE_UNFINISHED) {
		add_unfinished(d, v);
	} else {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no change is unfinished");
	}
}

/* Display controllers and processing accelerators of AMD, with a driver or without. */
static bool has_amd_gpu(struct rp_tree *t)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	uint64_t vendor, class;

	if (rp_tree_list(t, &names, RP_PCI_DEVICES) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (rp_tree_read_u64(t, 0, &vendor, RP_PCI_DEVICES "/%s/vendor", names.v[i]) == 0 &&
		    vendor == 0x1002 &&
		    rp_tree_read_u64(t, 0, &class, RP_PCI_DEVICES "/%s/class", names.v[i]) == 0 &&
		    (class >> 16 == 0x03 || class >> 16 == 0x12))
			return true;
	return false;
}

/* On the host of virtual machines: amdgpu would find nothing to drive. */
static bool add_foreign(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct rp_foreign_gpus f;

	if (rp_hw_find_foreign(d->machine->tree, &f) < 0 || f.n == 0 || f.n_others > 0)
		return false;
	rp_verdict_add(v, ROCPART_CHECK_FAIL,
		       "the driver %s has GPU %s, and no GPU on the PCI bus is left for amdgpu",
		       f.driver, f.bdf);
	rp_verdict_advise(v,
			  "on a host of virtual machines GIM divides the GPUs: choose the number "
			  "of virtual functions and their modes there; to use the GPUs on this "
			  "host, unload that driver, then modprobe amdgpu");
	return true;
}

static void add_absent(struct rocpart_doctor *d, struct rp_verdict *v)
{
	rp_verdict_add(v, ROCPART_CHECK_FAIL, "/%s does not exist", MODULE);
	if (rp_journal_is_open(d->machine)) {
		rp_verdict_advise(v, "a change is not finished: `rocpart apply --resume` finishes "
				     "it, `rocpart undo` reverts it");
		return;
	}
	if (add_foreign(d, v))
		return;
	rp_verdict_advise(v, "load the driver: modprobe amdgpu; if that fails, the kernel log "
			     "(dmesg) says why");
	if (rp_tree_kind(d->machine->tree) != RP_TREE_CAPTURE && has_amd_gpu(d->machine->tree))
		v->fix = RP_FIX_LOAD_DRIVER;
}

void rp_check_driver(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_tree *t = d->machine->tree;
	struct rp_stat st;
	int r = rp_tree_stat(t, &st, MODULE);

	if (r < 0 && !rp_is_absent(r)) {
		rp_verdict_add_failure(v, r, "/" MODULE " cannot be looked at",
				       rocpart_strerror(r));
		return;
	}
	if (r < 0 && rp_tree_kind(t) == RP_TREE_CAPTURE && d->snapshot && d->snapshot->n_gpus) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "skipped: the capture does not show it");
		return;
	}
	if (r < 0) {
		add_absent(d, v);
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "amdgpu is loaded");
	if (read_module(t, "initstate", &text, v) && !rp_str_eq(rp_strbuf_str(&text), "live")) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "its state is '%s', not 'live'",
			       rp_strbuf_str(&text));
		rp_verdict_advise(v, "wait until the driver has started or is gone; if it stays, "
				     "look into the kernel log (dmesg)");
	}
	if (read_module(t, "version", &text, v))
		rp_verdict_add(v, ROCPART_CHECK_PASS, "version %s", rp_strbuf_str(&text));
	if (read_module(t, "srcversion", &text, v))
		rp_verdict_add(v, ROCPART_CHECK_PASS, "srcversion %s", rp_strbuf_str(&text));
}

void rp_check_kfd(struct rocpart_doctor *d, struct rp_verdict *v)
{
	uint64_t generation = 0;
	int r = rp_hw_read_generation(d->machine->tree, &generation);

	if (r == -ENOMEM) {
		rp_verdict_add_failure(v, r, "", "");
		return;
	}
	if (r < 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL,
			       "the generation of the KFD topology cannot be read: %s",
			       rocpart_strerror(r));
		rp_verdict_advise(v, "amdgpu creates the topology when it starts a GPU that can "
				     "compute; look into the kernel log (dmesg)");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "generation %llu", (unsigned long long)generation);
	if (!d->snapshot) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "the machine cannot be read: %s: %s",
			       d->observe_error.object, d->observe_error.message);
		rp_verdict_advise(v, "%s", d->observe_error.hint);
	} else if (d->snapshot->n_hidden_nodes) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "the device cgroup hides %u KFD nodes",
			       d->snapshot->n_hidden_nodes);
		rp_verdict_advise(v, "run the command outside of the container");
	}
}

void rp_check_rocm(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(d->machine->tree, &text, "opt/rocm/.info/version");

	if (r == 0) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "ROCm %s", rp_strbuf_str(&text));
	} else if (!rp_is_absent(r)) {
		rp_verdict_add_failure(v, r, "/opt/rocm/.info/version cannot be read",
				       rocpart_strerror(r));
	} else if (!is_real(d)) {
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "skipped: only the devices of this machine are shown");
	} else {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "/opt/rocm/.info/version does not exist");
		rp_verdict_advise(v, "rocpart works without ROCm; programs that compute need it, "
				     "on the host or in their container");
	}
}
