/* SPDX-License-Identifier: MIT */
/* What the snapshot says of the GPUs. */
#include "doctor/doctor.h"
#include "facts/mode_name.h"

static const char *product_name(const struct rocpart_gpu *gpu)
{
	return gpu->product ? gpu->product->name : "unknown product";
}

/* "8 x MI300X", kinds in order of their first GPU. */
static void count_products(struct rocpart_doctor *d, struct rp_verdict *v)
{
	const struct rocpart_snapshot *s = d->snapshot;

	for (size_t i = 0; i < s->n_gpus; i++) {
		size_t n = 0;
		bool seen_before = false;

		for (size_t k = 0; k < s->n_gpus; k++) {
			if (s->gpus[k].device_id != s->gpus[i].device_id)
				continue;
			seen_before |= k < i;
			n++;
		}
		if (!seen_before)
			rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu x %s (0x%04x)", n,
				       product_name(&s->gpus[i]), s->gpus[i].device_id);
	}
}

static void advise_unable(const struct rocpart_gpu *gpu, struct rp_verdict *v)
{
	if (gpu->is_guest)
		rp_verdict_advise(v, "a virtual function is a part of a GPU that the host of this "
				     "virtual machine gave to it: only the host can partition the "
				     "GPU");
	else
		rp_verdict_advise(v, "partitions need an MI300 or MI350 series GPU, and a driver "
				     "with current_compute_partition");
}

/* List the GPUs that cannot be partitioned, and count those that do not report it. */
static size_t name_unable(struct rocpart_doctor *d, struct rp_verdict *v,
			  enum rocpart_check_state state)
{
	size_t n_silent = 0;

	RP_EACH_GPU(gpu, d)
	{
		n_silent += gpu->partitionable == RP_UNKNOWN && !rp_gpu_is_odd(gpu);
		if (gpu->partitionable != RP_NO)
			continue;
		rp_verdict_add_gpu(v, state, gpu,
				   gpu->is_guest ? RP_GPUS " cannot be partitioned from here (%s, "
							   "virtual function)"
						 : RP_GPUS " cannot be partitioned (%s)",
				   product_name(gpu));
		advise_unable(gpu, v);
	}
	return n_silent;
}

void rp_check_model(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_unable = 0, n_silent;

	if (!d->snapshot || d->snapshot->n_gpus == 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL,
			       "no GPU with a loaded amdgpu driver was found");
		rp_verdict_advise(v, "`lspci -d 1002:` shows the GPUs that are plugged in; the "
				     "kernel log (dmesg) says why amdgpu does not start them");
		return;
	}
	count_products(d, v);
	RP_EACH_GPU(gpu, d) n_unable += gpu->partitionable == RP_NO;
	n_silent = name_unable(
		d, v, n_unable == d->snapshot->n_gpus ? ROCPART_CHECK_FAIL : ROCPART_CHECK_WARN);
	if (!n_silent)
		return;
	rp_verdict_add(v, ROCPART_CHECK_WARN,
		       "the machine does not show whether %zu GPUs can be partitioned", n_silent);
	rp_verdict_advise(v, "make /sys/bus/pci/drivers/amdgpu readable, which shows it");
}

/* One GPU of which something is not known does not hide the others; here it is named. */
void rp_check_reads(struct rocpart_doctor *d, struct rp_verdict *v)
{
	const char *problem = rocpart_snapshot_get_problem(d->snapshot);

	if (problem) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "KFD node of an unknown GPU: %s", problem);
		rp_verdict_advise(v, "look in the kernel log (dmesg) for kfd and amdgpu");
	}
	RP_EACH_GPU(gpu, d)
	{
		if (!rp_gpu_is_odd(gpu))
			continue;
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "GPU %zu (%s): %s", gpu->index, gpu->bdf,
			       gpu->reason);
		if (gpu->degraded & 1U << RP_DEGRADED_IN_RESET)
			rp_verdict_advise(v, "wait until the reset has ended; the kernel log "
					     "(dmesg) shows its end");
		else if (gpu->degraded & 1U << RP_DEGRADED_UNKNOWN_WORD)
			rp_verdict_advise(v, "the driver may be newer than this rocpart: look for "
					     "a newer rocpart");
		else
			rp_verdict_advise(v,
					  "look in the kernel log (dmesg) for amdgpu %s; a "
					  "reboot may bring the GPU back",
					  gpu->bdf);
	}
	if (v->state == ROCPART_CHECK_PASS)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the files of %zu GPUs can be read",
			       d->snapshot->n_gpus);
}

/* A memory mode in the driver's list that this VBIOS cannot complete. */
void rp_check_vbios(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n = 0;

	RP_EACH_GPU(gpu, d)
	{
		const struct rp_product *p = gpu->product;

		n += gpu->vbios != NULL;
		if (!gpu->vbios || !p || !p->bad_vbios || !rp_str_eq(gpu->vbios, p->bad_vbios))
			continue;
		rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
				   "VBIOS %s of " RP_GPUS
				   " lists %s and does not complete a switch to it",
				   gpu->vbios, rocpart_memory_mode_to_string(p->bad_vbios_mode));
		rp_verdict_advise(v, "update the firmware to %s or newer", p->firmware);
	}
	if (n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the VBIOS of %zu GPUs is known", n);
	else
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the machine does not show its VBIOS");
}

void rp_check_devices(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n = 0;

	RP_EACH_GPU(gpu, d)
	{
		n += gpu->n_partitions;
		if (gpu->degraded & 1U << RP_DEGRADED_PARTITION_MISSING) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_FAIL, gpu,
					   "the machine shows %zu of %u partitions of " RP_GPUS,
					   gpu->n_partitions, gpu->n_expected);
			rp_verdict_advise(v, "look in the kernel log (dmesg) for 'Skip xcp node' "
					     "and 'Won't add GPU'; if the graphics of a BMC use a "
					     "DRM minor, unload ast and reload amdgpu");
		}
		if (gpu->degraded & 1U << RP_DEGRADED_MODE_MISMATCH) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_FAIL, gpu,
					   "the partitions do not match the mode of " RP_GPUS);
			rp_verdict_advise(v,
					  "reload the driver: modprobe -r amdgpu; modprobe amdgpu");
		}
		if (gpu->degraded & 1U << RP_DEGRADED_HIDDEN_BY_CGROUP) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
					   "the device cgroup hides partitions of " RP_GPUS);
			rp_verdict_advise(v, "run the command outside of the container");
		}
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu partitions of %zu GPUs", n, d->snapshot->n_gpus);
}

/*
 * Up to Linux 6.x there are 64 minors for all drivers together: with the graphics of a BMC, eight
 * GPUs in CPX get 63 partitions (amdgpu_xcp.c).
 */
void rp_check_minors(struct rocpart_doctor *d, struct rp_verdict *v)
{
	unsigned long long slots = 0, wanted = 0;

	RP_EACH_GPU(gpu, d)
	{
		if (!gpu->n_slots.known || gpu->partitionable != RP_YES)
			continue;
		wanted += gpu->n_xcds;
		slots += gpu->n_slots.v < gpu->n_xcds ? gpu->n_slots.v : gpu->n_xcds;
		if (gpu->n_slots.v >= gpu->n_xcds)
			continue;
		rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
				   "%llu of %u partitions of " RP_GPUS " can get a DRM minor",
				   (unsigned long long)gpu->n_slots.v, gpu->n_xcds);
		rp_verdict_advise(
			v, "another driver (ast, the graphics of a BMC) uses DRM minors: keep it "
			   "from loading (modprobe.d: blacklist ast), then reload amdgpu");
	}
	if (!wanted)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the machine does not show its DRM minors");
	else
		rp_verdict_add(v, ROCPART_CHECK_PASS, "enough for %llu of %llu partitions in CPX",
			       slots, wanted);
}

void rp_check_pending(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_EACH_GPU(gpu, d)
	{
		if (gpu->pending_memory == ROCPART_MEMORY_UNKNOWN)
			continue;
		rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
				   "memory mode %s of " RP_GPUS
				   " is requested and waits for a driver reload",
				   rocpart_memory_mode_to_string(gpu->pending_memory));
		rp_verdict_advise(v,
				  "stop the processes that use the GPUs, then `rocpart set "
				  "--memory %s`; a reboot drops the request",
				  rocpart_memory_mode_to_string(gpu->pending_memory));
	}
	if (!v->n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "rocpart has requested no memory mode");
}

void rp_check_health(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_counted = 0;

	RP_EACH_GPU(gpu, d)
	{
		n_counted += gpu->uncorrectable_errors.known;
		if (gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_FAIL, gpu,
					   "the driver counted %llu uncorrectable memory errors "
					   "on " RP_GPUS,
					   (unsigned long long)gpu->uncorrectable_errors.v);
			rp_verdict_advise(
				v, "`rocpart cordon %zu`, then look into the kernel log (dmesg)",
				gpu->index);
		}
		if (gpu->bad_pages.known && gpu->bad_pages.v) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
					   "the driver has %llu retired pages on " RP_GPUS,
					   (unsigned long long)gpu->bad_pages.v);
			rp_verdict_advise(v, "the driver does not use these pages; watch whether "
					     "their number grows");
		}
	}
	if (n_counted < d->snapshot->n_gpus)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu of %zu GPUs show error counts",
			       n_counted, d->snapshot->n_gpus);
	else if (!v->n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no GPU counted uncorrectable memory errors");
}
