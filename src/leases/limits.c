/* SPDX-License-Identifier: MIT */
/*
 * The limits of a lease, each with how strong it is (docs/design/limits.md).
 *
 * A limit is claimed only when something enforces it: the hardware (a memory domain of one
 * partition), the kernel (KFD's size of the partition, a device cgroup), or the program itself
 * (cooperative).
 */
#include "leases/limits.h"
#include "base/json.h"

/* Return whether no other partition of the GPU is in the memory domain. */
static bool is_alone_in_domain(const struct rocpart_partition *part)
{
	const struct rocpart_gpu *gpu = part->gpu;
	size_t n = 0;

	for (size_t i = 0; i < gpu->n_partitions; i++)
		n += gpu->partitions[i].memory_domain.v == part->memory_domain.v;
	return n == 1;
}

enum rocpart_guarantee rp_guarantee_of(const struct rocpart_partition *part, uint32_t share)
{
	if (share > 1 || part->gpu->alloc_all)
		return ROCPART_GUARANTEE_COOPERATIVE;
	return is_alone_in_domain(part) ? ROCPART_GUARANTEE_HARDWARE : ROCPART_GUARANTEE_KERNEL;
}

static int add_limit(struct rp_json *list, const char *limit, enum rocpart_guarantee guarantee,
		     const char *by)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "limit", limit);

	if (r == 0)
		r = rp_json_set_string(j, "guarantee", rocpart_guarantee_to_string(guarantee));
	if (r == 0)
		r = rp_json_set_string(j, "by", by);
	if (r == 0)
		return rp_json_append(list, j);
	rp_json_free(j);
	return r;
}

/*
 * The kernel refuses allocations beyond the size of the partition in KFD's mem_banks. In allocation
 * mode ALL it does not: a partition may then take its whole memory domain.
 */
static int add_memory(struct rp_json *list, const struct rocpart_partition *part)
{
	if (part->gpu->alloc_all)
		return add_limit(
			list, "memory", ROCPART_GUARANTEE_NONE,
			"allocation mode ALL: a partition may use all of its memory domain");
	return add_limit(list, "memory", ROCPART_GUARANTEE_KERNEL,
			 "the driver refuses allocations beyond the memory of the partition");
}

static int add_placement(struct rp_json *list, const struct rocpart_partition *part)
{
	char by[96];

	(void)rp_fmt(by, sizeof(by), "%s: no other partition shares its memory domain",
		     rocpart_memory_mode_to_string(part->gpu->memory));
	if (is_alone_in_domain(part))
		return add_limit(list, "placement", ROCPART_GUARANTEE_HARDWARE, by);
	return add_limit(list, "placement", ROCPART_GUARANTEE_NONE,
			 "the memory domain is shared with other partitions");
}

static int add_share(struct rp_json *list, uint32_t share)
{
	if (share <= 1)
		return 0;
	return add_limit(list, "share", ROCPART_GUARANTEE_COOPERATIVE,
			 "the leases on the partition keep to their bytes by flags of their engine "
			 "(`rocpart args vllm`); `rocpart watch` monitors them");
}

static int add_access(struct rp_json *list, enum rp_access access)
{
	switch (access) {
	case RP_ACCESS_EBPF:
		return add_limit(list, "access", ROCPART_GUARANTEE_KERNEL,
				 "its cgroup denies access to other partitions (cgroup v2, eBPF)");
	case RP_ACCESS_CGROUP:
		return add_limit(
			list, "access", ROCPART_GUARANTEE_KERNEL,
			"its cgroup denies access to other partitions (cgroup v1, devices)");
	case RP_ACCESS_OPEN:
	default:
		return add_limit(
			list, "access", ROCPART_GUARANTEE_NONE,
			"other partitions are not denied to it; start it with `rocpart run`, or "
			"in a container with its own devices only (`rocpart args docker`)");
	}
}

int rp_limits_text(const struct rocpart_partition *part, uint32_t share, enum rp_access access,
		   char **ret)
{
	RP_AUTO_JSON struct rp_json *list = rp_json_array();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!list || add_memory(list, part) < 0 || add_placement(list, part) < 0 ||
	    add_share(list, share) < 0 || add_access(list, access) < 0 ||
	    rp_json_print(list, false, &text) < 0)
		return -ENOMEM;
	*ret = rp_strbuf_steal(&text);
	return *ret ? 0 : -ENOMEM;
}
