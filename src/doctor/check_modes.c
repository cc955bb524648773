/* SPDX-License-Identifier: MIT */
/* Whether modes can be switched: the files, the driver, our own records. */
#include "doctor/doctor.h"
#include "hw/driver.h"

/*
 * available_memory_partition is created only for a GPU whose firmware has a choice of memory modes
 * (amdgpu_gmc_sysfs_init() in amdgpu_gmc.c, Linux 6.13 to 7.1). For a GPU without a choice the
 * same function clears the write bits of current_memory_partition, and it does so in a static
 * attribute: each GPU that is probed later gets a read-only file too, whatever its firmware has.
 */
static bool is_hit_by_kernel_bug(const struct rocpart_gpu *gpu)
{
	return gpu->partitionable == RP_YES && gpu->has_memory_available && !gpu->memory_writable;
}

static void check_memory_file(const struct rocpart_gpu *gpu, struct rp_verdict *v)
{
	if (is_hit_by_kernel_bug(gpu)) {
		rp_verdict_add_gpu(
			v, ROCPART_CHECK_WARN, gpu,
			"the memory mode of " RP_GPUS
			" is read-only although the firmware has a choice: the kernel applies "
			"what is true of a GPU without a choice to all GPUs that start later");
		rp_verdict_advise(v, "unload amdgpu, bind the GPU without a choice of memory modes "
				     "to another driver (driver_override, such as vfio-pci), then "
				     "load amdgpu again; a newer kernel may have corrected it");
	} else if (gpu->partitionable == RP_YES && !gpu->memory_writable) {
		rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
				   "the memory mode of " RP_GPUS " is read-only");
		rp_verdict_advise(v, "switching memory modes needs a newer amdgpu driver (Linux "
				     "6.13), and firmware with more than one memory mode");
	}
}

static void check_compute_file(const struct rocpart_gpu *gpu, struct rp_verdict *v)
{
	if (gpu->is_guest) {
		rp_verdict_add_gpu(v, ROCPART_CHECK_FAIL, gpu,
				   RP_GPUS " cannot be switched here (virtual function)");
		rp_verdict_advise(v, "switch the modes on the host of this virtual machine; the "
				     "modes shown here need not be those of the host");
	} else if (gpu->notes & 1U << RP_NOTE_READ_ONLY_FILES) {
		rp_verdict_add_gpu(v, ROCPART_CHECK_FAIL, gpu,
				   "the partition files of " RP_GPUS " are read-only");
		rp_verdict_advise(v, "run outside of the container, or give the container a "
				     "writable /sys");
	}
}

void rp_check_files(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_memory = 0, n = 0;

	RP_EACH_GPU(gpu, d)
	{
		n += gpu->partitionable == RP_YES;
		n_memory += gpu->partitionable == RP_YES && gpu->memory_writable;
		check_compute_file(gpu, v);
		check_memory_file(gpu, v);
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS,
		       "compute mode of %zu and memory mode of %zu of %zu GPUs can be written", n,
		       n_memory, d->snapshot->n_gpus);
	if (rp_tree_kind(d->machine->tree) == RP_TREE_CAPTURE) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "a capture is never written");
	} else if (rp_tree_kind(d->machine->tree) == RP_TREE_REAL && d->uid != 0) {
		rp_verdict_add(v, ROCPART_CHECK_WARN,
			       "only root may write the files, and this is user %u", d->uid);
		rp_verdict_advise(v, "switch modes as root");
	}
}

static void check_reload(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct rocpart_error err = {0};
	int r;

	if (rp_tree_kind(d->machine->tree) == RP_TREE_CAPTURE) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "skipped: a capture has no driver to reload");
		return;
	}
	r = rp_driver_check_unloadable(d->machine->tree, &err);
	if (r == -ENOMEM) {
		rp_verdict_add_failure(v, r, "", "");
		return;
	}
	if (r == 0) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the driver can be reloaded");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_WARN, "memory modes cannot be switched now: %s",
		       err.message);
	rp_verdict_advise(v, "%s",
			  *err.hint ? err.hint : "compute modes can be switched nevertheless");
}

void rp_check_modes(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_EACH_GPU(gpu, d)
	{
		if (gpu->notes & 1U << RP_NOTE_CORDONED) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
					   "a cordon keeps " RP_GPUS
					   " from changes and new leases");
			rp_verdict_advise(v, "`rocpart uncordon %zu` removes the cordon",
					  gpu->index);
		}
		if (gpu->partitionable == RP_YES && !gpu->compute_available) {
			rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, gpu,
					   "no compute mode is available on " RP_GPUS);
			rp_verdict_advise(v, "`rocpart modes` shows what is known of each pair");
		}
	}
	check_reload(d, v);
}
