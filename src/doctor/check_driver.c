/* SPDX-License-Identifier: MIT */
/* What must be installed and loaded: driver, KFD, ROCm. */
#include "doctor/doctor.h"
#include "hw/hw.h"

#define MODULE "sys/module/amdgpu"

static bool is_real(const struct rocpart_doctor *d)
{
	return rp_tree_kind(d->machine->tree) == RP_TREE_REAL;
}

void rp_check_driver(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_tree *t = d->machine->tree;
	struct rp_stat st;

	if (rp_tree_stat(t, &st, MODULE) < 0 && rp_tree_kind(t) == RP_TREE_CAPTURE && d->snapshot &&
	    d->snapshot->n_gpus) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "not asked: the capture does not tell");
		return;
	}
	if (rp_tree_stat(t, &st, MODULE) < 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "there is no %s", MODULE);
		rp_verdict_advise(v,
				  "load it: modprobe amdgpu; the kernel log says why it does not");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "amdgpu is there");
	if (rp_tree_read(t, &text, MODULE "/initstate") == 0 &&
	    !rp_str_eq(rp_strbuf_str(&text), "live")) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "its state is '%s'", rp_strbuf_str(&text));
		rp_verdict_advise(v,
				  "wait until it has started or gone, then look at the kernel log");
	}
	if (rp_tree_read(t, &text, MODULE "/version") == 0)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "version %s", rp_strbuf_str(&text));
	if (rp_tree_read(t, &text, MODULE "/srcversion") == 0)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "source %s", rp_strbuf_str(&text));
}

void rp_check_kfd(struct rocpart_doctor *d, struct rp_verdict *v)
{
	uint64_t generation = 0;
	int r = rp_hw_read_generation(d->machine->tree, &generation);

	if (r < 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "its generation cannot be read: %s",
			       rocpart_strerror(r));
		rp_verdict_advise(
			v, "amdgpu makes it when it starts a GPU that computes; see the kernel "
			   "log");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "generation %llu", (unsigned long long)generation);
	if (!d->snapshot) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "it cannot be read: %s: %s",
			       d->observe_error.object, d->observe_error.message);
		rp_verdict_advise(v, "%s", d->observe_error.hint);
	} else if (d->snapshot->n_hidden_nodes) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%u nodes are hidden by the device cgroup",
			       d->snapshot->n_hidden_nodes);
		rp_verdict_advise(v, "look from outside of the container");
	}
}

void rp_check_rocm(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(d->machine->tree, &text, "opt/rocm/.info/version");

	if (r == 0) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "ROCm %s", rp_strbuf_str(&text));
	} else if (!is_real(d)) {
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "not asked: only devices of this machine are here");
	} else {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "there is no /opt/rocm/.info/version");
		rp_verdict_advise(
			v, "rocpart does without; what computes needs ROCm, maybe in containers");
	}
}
