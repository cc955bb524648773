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

/*
 * A filter binds a program only while the program cannot get rid of it: root can, and so can a user
 * to whom a cgroup above was delegated.
 */
static int add_filter(struct rp_json *list, const struct rp_confinement *how)
{
	const char *by = how->access == RP_ACCESS_EBPF ? "cgroup v2, eBPF" : "cgroup v1, devices";
	char text[192];

	(void)rp_fmt(text, sizeof(text), "its cgroup denies access to other partitions (%s)%s", by,
		     how->is_root     ? "; a program that runs as root can leave the cgroup"
		     : how->can_leave ? "; a cgroup above belongs to its user, who can move it out"
				      : "");
	return add_limit(list, "access",
			 how->is_root || how->can_leave ? ROCPART_GUARANTEE_COOPERATIVE
							: ROCPART_GUARANTEE_KERNEL,
			 text);
}

static int add_access(struct rp_json *list, const struct rp_confinement *how)
{
	int r;

	if (how->access != RP_ACCESS_OPEN)
		r = add_filter(list, how);
	else
		r = add_limit(
			list, "access", ROCPART_GUARANTEE_NONE,
			"other partitions are not denied to it; start it with `rocpart run`, or "
			"in a container with its own devices only (`rocpart args docker`)");
	if (r < 0 || !how->group)
		return r;
	return rp_json_set_string(rp_json_at(list, rp_json_len(list) - 1), "cgroup", how->group);
}

int rp_limits_text(const struct rocpart_partition *part, uint32_t share,
		   const struct rp_confinement *how, char **ret)
{
	RP_AUTO_JSON struct rp_json *list = rp_json_array();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (!list || add_memory(list, part) < 0 || add_placement(list, part) < 0 ||
	    add_share(list, share) < 0 || add_access(list, how) < 0 ||
	    rp_json_print(list, false, &text) < 0)
		return -ENOMEM;
	*ret = rp_strbuf_steal(&text);
	return *ret ? 0 : -ENOMEM;
}

void rp_limits_group(const char *limits, char *ret, size_t size)
{
	RP_AUTO_JSON struct rp_json *list = NULL;

	*ret = '\0';
	if (!limits || rp_json_parse(limits, strlen(limits), "limits", &list, NULL) < 0)
		return;
	for (size_t i = 0; i < rp_json_len(list); i++) {
		const char *group = rp_json_text(rp_json_get(rp_json_at(list, i), "cgroup"));

		if (group && rp_fmt(ret, size, "%s", group) < 0)
			*ret = '\0';
	}
}
