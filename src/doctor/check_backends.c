/* SPDX-License-Identifier: MIT */
/* AMD's library and command: whether they work, what is known of them, what they tell otherwise. */
#include "doctor/doctor.h"
#include "hw/hw.h"
#include "hw/smi/backend.h"

/* What it tells beside what the kernel tells; a switch in between is no disagreement. */
static void compare(struct rocpart_doctor *d, const struct rp_backend *b, struct rp_verdict *v)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	RP_AUTO_SCAN struct rp_scan scan = {0};
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	uint64_t after = 0;
	int r = b->read(&rows, &err);

	if (r < 0) {
		rp_verdict_add_failure(v, r, "does not work", err.message);
		rp_verdict_advise(v, "%s", err.hint);
		return;
	}
	r = rp_hw_scan(d->machine->tree, &scan, &err);
	if (r == 0)
		r = rp_hw_read_generation(d->machine->tree, &after);
	if (r < 0 && !rp_is_absent(r) && r != -EAGAIN)
		rp_verdict_add_failure(v, r, "not compared", rocpart_strerror(r));
	else if (r < 0 || after != scan.generation.v)
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "not compared: the machine changed meanwhile");
	else if (rp_backend_compare(&scan, &rows, &text) == 0)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "agrees with sysfs on %zu partition%s",
			       rows.n, rows.n == 1 ? "" : "s");
	else
		rp_verdict_add(v, ROCPART_CHECK_WARN, "differs from sysfs: %s",
			       rp_strbuf_str(&text));
	v->seen.failed |= rp_strbuf_failed(&text);
	rp_verdict_advise(
		v, "rocpart relies on the kernel's files; update amd-smi and run the check again");
}

static void check(struct rocpart_doctor *d, enum rocpart_backend backend, struct rp_verdict *v)
{
	const struct rp_backend *b = rp_backend_get(backend);
	struct rp_backend_info info = {0};

	if (rp_tree_kind(d->machine->tree) != RP_TREE_REAL) {
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "skipped: programs of this machine cannot be run");
		return;
	}
	b->probe(d->machine->tree, &info);
	if (!info.available) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%s%s%s%s", info.reason,
			       *info.path ? " (" : "", info.path, *info.path ? ")" : "");
		rp_verdict_advise(
			v, "rocpart works without AMD's software; to compare with it, install "
			   "amd-smi-lib (ROCm) or amd-smi and libamd-smi27 (Debian)");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "%s (%s)", info.version, info.path);
	if (info.quirk)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "known behaviour: %s", info.quirk);
	compare(d, b, v);
}

void rp_check_libamd_smi(struct rocpart_doctor *d, struct rp_verdict *v)
{
	check(d, ROCPART_BACKEND_LIBAMD_SMI, v);
}

void rp_check_amd_smi(struct rocpart_doctor *d, struct rp_verdict *v)
{
	check(d, ROCPART_BACKEND_AMD_SMI, v);
}
