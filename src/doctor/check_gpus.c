/* SPDX-License-Identifier: MIT */
/* What the snapshot says of the GPUs. */
#include "doctor/doctor.h"
#include "facts/mode_name.h"
#include "hw/driver.h"
#include "machine/journal.h"
#include "modes/modes.h"

#define EACH_GPU(gpu, d)                                          \
	for (const struct rocpart_gpu *gpu = (d)->snapshot->gpus; \
	     gpu < (d)->snapshot->gpus + (d)->snapshot->n_gpus; gpu++)

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

/* Those that cannot; those of which nothing tells are counted. */
static size_t name_unable(struct rocpart_doctor *d, struct rp_verdict *v,
			  enum rocpart_check_state state)
{
	size_t n_silent = 0;

	EACH_GPU(gpu, d)
	{
		n_silent += gpu->partitionable == RP_UNKNOWN;
		if (gpu->partitionable != RP_NO)
			continue;
		rp_verdict_add(v, state, "GPU %zu (%s, %s) cannot be partitioned", gpu->index,
			       gpu->bdf, product_name(gpu));
		rp_verdict_advise(v, "partitions need an MI300 or MI350 series GPU, not a virtual "
				     "function, and a driver with current_compute_partition");
	}
	return n_silent;
}

void rp_check_model(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_unable = 0, n_silent;

	if (!d->snapshot || d->snapshot->n_gpus == 0) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "no AMD GPU that amdgpu drives was found");
		rp_verdict_advise(
			v, "`lspci -d 1002:` shows what is plugged in; the kernel log says why "
			   "the driver does not take it");
		return;
	}
	count_products(d, v);
	EACH_GPU(gpu, d) n_unable += gpu->partitionable == RP_NO;
	n_silent = name_unable(
		d, v, n_unable == d->snapshot->n_gpus ? ROCPART_CHECK_FAIL : ROCPART_CHECK_WARN);
	if (!n_silent)
		return;
	rp_verdict_add(v, ROCPART_CHECK_WARN,
		       "of %zu GPUs nothing tells whether they can be partitioned", n_silent);
	rp_verdict_advise(v, "the PCI files of the GPUs are needed: /sys/bus/pci/drivers/amdgpu");
}

void rp_check_files(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_memory = 0, n = 0;

	EACH_GPU(gpu, d)
	{
		n += gpu->partitionable == RP_YES;
		n_memory += gpu->partitionable == RP_YES && gpu->memory_writable;
		if (gpu->notes & 1U << RP_NOTE_READ_ONLY_FILES) {
			rp_verdict_add(v, ROCPART_CHECK_FAIL, "those of GPU %zu (%s) are read-only",
				       gpu->index, gpu->bdf);
			rp_verdict_advise(
				v, "leave the container, or give it a /sys that can be written");
		}
	}
	rp_verdict_add(v, ROCPART_CHECK_PASS, "compute mode of %zu, memory mode of %zu of %zu GPUs",
		       n, n_memory, d->snapshot->n_gpus);
	if (n_memory < n) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "the memory mode is read-only");
		rp_verdict_advise(v, "a newer amdgpu driver can switch it (Linux 6.13)");
	}
	if (rp_tree_kind(d->machine->tree) == RP_TREE_CAPTURE)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "this is a capture: nothing is written");
	else if (rp_tree_kind(d->machine->tree) == RP_TREE_REAL && d->uid != 0) {
		rp_verdict_add(v, ROCPART_CHECK_WARN,
			       "only root may write them, and this is user %u", d->uid);
		rp_verdict_advise(v, "switch modes as root");
	}
}

static void check_unfinished(struct rocpart_doctor *d, struct rp_verdict *v)
{
	if (!rp_journal_is_open(d->machine))
		return;
	rp_verdict_add(v, ROCPART_CHECK_FAIL, "a change is not finished");
	rp_verdict_advise(v,
			  "`rocpart apply --resume` goes on with it, `rocpart undo` takes it back");
}

static void check_reload(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct rocpart_error err = {0};

	if (rp_tree_kind(d->machine->tree) == RP_TREE_CAPTURE) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "a capture is not asked for more");
		return;
	}
	if (rp_driver_check_unloadable(d->machine->tree, &err) == 0) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the driver can be reloaded");
		return;
	}
	rp_verdict_add(v, ROCPART_CHECK_WARN, "memory modes cannot be switched now: %s",
		       err.message);
	rp_verdict_advise(v, "%s",
			  *err.hint ? err.hint : "compute modes can be switched all the same");
}

void rp_check_modes(struct rocpart_doctor *d, struct rp_verdict *v)
{
	EACH_GPU(gpu, d)
	{
		if (gpu->notes & 1U << RP_NOTE_CORDONED) {
			rp_verdict_add(v, ROCPART_CHECK_WARN, "GPU %zu (%s) is cordoned",
				       gpu->index, gpu->bdf);
			rp_verdict_advise(v, "`rocpart uncordon %zu` lets it be switched",
					  gpu->index);
		}
		if (gpu->partitionable == RP_YES && !gpu->compute_available) {
			rp_verdict_add(v, ROCPART_CHECK_WARN,
				       "GPU %zu (%s) lists no compute mode that it accepts",
				       gpu->index, gpu->bdf);
			rp_verdict_advise(v, "`rocpart modes` shows what is known of each pair");
		}
	}
	check_unfinished(d, v);
	check_reload(d, v);
}

void rp_check_devices(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n = 0;

	EACH_GPU(gpu, d)
	{
		n += gpu->n_partitions;
		if (gpu->degraded & 1U << RP_DEGRADED_PARTITION_MISSING) {
			rp_verdict_add(v, ROCPART_CHECK_FAIL,
				       "GPU %zu (%s) shows %zu of %u partitions", gpu->index,
				       gpu->bdf, gpu->n_partitions, gpu->n_expected);
			rp_verdict_advise(
				v, "look at the kernel log for 'Skip xcp node' and 'Won't add "
				   "GPU'; graphics of a BMC hold a DRM minor: unload ast, then "
				   "reload amdgpu");
		}
		if (gpu->degraded & 1U << RP_DEGRADED_MODE_MISMATCH) {
			rp_verdict_add(v, ROCPART_CHECK_FAIL,
				       "the partitions of GPU %zu (%s) do not look like its mode",
				       gpu->index, gpu->bdf);
			rp_verdict_advise(v, "reload the driver");
		}
		if (gpu->degraded & 1U << RP_DEGRADED_HIDDEN_BY_CGROUP) {
			rp_verdict_add(v, ROCPART_CHECK_WARN,
				       "partitions of GPU %zu (%s) are hidden by the device cgroup",
				       gpu->index, gpu->bdf);
			rp_verdict_advise(v, "look from outside of the container");
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

	EACH_GPU(gpu, d)
	{
		if (!gpu->n_slots.known || gpu->partitionable != RP_YES)
			continue;
		wanted += gpu->n_xcds;
		slots += gpu->n_slots.v < gpu->n_xcds ? gpu->n_slots.v : gpu->n_xcds;
		if (gpu->n_slots.v >= gpu->n_xcds)
			continue;
		rp_verdict_add(v, ROCPART_CHECK_WARN, "GPU %zu (%s) can show %llu of %u",
			       gpu->index, gpu->bdf, (unsigned long long)gpu->n_slots.v,
			       gpu->n_xcds);
		rp_verdict_advise(
			v, "another driver (graphics of a BMC: ast) holds DRM minors: keep it "
			   "from loading (modprobe.d: blacklist ast), then reload amdgpu");
	}
	if (!wanted)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "the machine does not tell");
	else
		rp_verdict_add(v, ROCPART_CHECK_PASS, "for %llu of %llu partitions in CPX", slots,
			       wanted);
}

void rp_check_pending(struct rocpart_doctor *d, struct rp_verdict *v)
{
	EACH_GPU(gpu, d)
	{
		if (gpu->pending_memory == ROCPART_MEMORY_UNKNOWN)
			continue;
		rp_verdict_add(v, ROCPART_CHECK_WARN, "GPU %zu (%s) waits for %s", gpu->index,
			       gpu->bdf, rocpart_memory_mode_to_string(gpu->pending_memory));
		rp_verdict_advise(
			v,
			"it comes with the next driver reload: stop what uses the GPUs and "
			"`rocpart set --memory %s`; a reboot forgets it",
			rocpart_memory_mode_to_string(gpu->pending_memory));
	}
	if (!v->seen.len)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "none was requested through rocpart");
}

void rp_check_health(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_counted = 0;

	EACH_GPU(gpu, d)
	{
		n_counted += gpu->uncorrectable_errors.known;
		if (gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY) {
			rp_verdict_add(v, ROCPART_CHECK_FAIL,
				       "GPU %zu (%s) counted %llu uncorrectable memory errors",
				       gpu->index, gpu->bdf,
				       (unsigned long long)gpu->uncorrectable_errors.v);
			rp_verdict_advise(v, "`rocpart cordon %zu`, then look at the kernel log",
					  gpu->index);
		}
		if (gpu->bad_pages.known && gpu->bad_pages.v) {
			rp_verdict_add(v, ROCPART_CHECK_WARN, "GPU %zu (%s) has %llu retired pages",
				       gpu->index, gpu->bdf, (unsigned long long)gpu->bad_pages.v);
			rp_verdict_advise(
				v, "the driver keeps them out of use; watch whether they grow");
		}
	}
	if (n_counted < d->snapshot->n_gpus)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu of %zu GPUs show error counts",
			       n_counted, d->snapshot->n_gpus);
	else if (!v->seen.len)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no uncorrectable memory errors");
}
