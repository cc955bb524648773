/* SPDX-License-Identifier: MIT */
/* Whether the GPUs are there that rocpart has recorded. */
#include "doctor/doctor.h"

static void advise(struct rp_verdict *v, const struct rocpart_missing_gpu *gpu)
{
	switch (gpu->where) {
	case ROCPART_MISSING_WITHOUT_DRIVER:
		rp_verdict_advise(
			v,
			"the kernel log (dmesg) says why amdgpu did not start it; `echo %s "
			"> /sys/bus/pci/drivers/amdgpu/bind` tries again, or reload the "
			"driver: modprobe -r amdgpu; modprobe amdgpu",
			gpu->bdf);
		break;
	case ROCPART_MISSING_OTHER_DRIVER:
		rp_verdict_advise(v,
				  "unbind the other driver (lspci -k -s %s names it), or `rocpart "
				  "accept-gpu %s` when the GPU is no longer for this machine",
				  gpu->bdf, gpu->bdf);
		break;
	case ROCPART_MISSING_OFF_BUS:
	case ROCPART_MISSING_UNKNOWN:
	default:
		rp_verdict_advise(v,
				  "look for %s in the kernel log (dmesg); `echo 1 > "
				  "/sys/bus/pci/rescan` or a power cycle may bring it back; if it "
				  "was removed for good, `rocpart accept-gpu %s`",
				  gpu->bdf, gpu->bdf);
	}
}

static void check_replaced(const struct rocpart_gpu *gpu, struct rp_verdict *v)
{
	if (!(gpu->degraded & 1U << RP_DEGRADED_GPU_REPLACED))
		return;
	rp_verdict_add(v, ROCPART_CHECK_FAIL,
		       "GPU %zu (%s) is not the GPU that rocpart recorded there", gpu->index,
		       gpu->bdf);
	rp_verdict_advise(v,
			  "if the GPU was exchanged, `rocpart accept-gpu %s`; else look at how the "
			  "GPUs are plugged in",
			  gpu->bdf);
}

void rp_check_expected(struct rocpart_doctor *d, struct rp_verdict *v)
{
	const struct rocpart_snapshot *s = d->snapshot;
	size_t n = 0;

	for (size_t i = 0; s && i < s->n_missing; i++) {
		const struct rocpart_missing_gpu *gpu = &s->missing[i];

		rp_verdict_add(v, ROCPART_CHECK_FAIL, "GPU %s (%s) is missing: %s", gpu->bdf,
			       gpu->product ? gpu->product : "unknown product",
			       rocpart_missing_where_describe(gpu->where));
		advise(v, gpu);
	}
	for (size_t i = 0; s && i < s->n_gpus; i++) {
		n += s->gpus[i].former_index.known;
		check_replaced(&s->gpus[i], v);
	}
	if (n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu of %zu recorded GPUs are there", n,
			       n + s->n_missing);
	else if (!v->seen.len)
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "no GPUs are recorded; the first change or lease records them");
}
