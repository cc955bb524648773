/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_PLAN_H
#define ROCPART_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/change.h>
#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/model.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_plan;

/**
 * rocpart_plan_new() - Create an empty plan. A plan chooses modes for GPUs and a partition for each
 * replica.
 * @ret_plan: receives the plan; free it with rocpart_plan_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_plan_new(struct rocpart_plan **ret_plan);

/**
 * rocpart_plan_free() - Free a plan.
 * @plan: plan, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_plan *rocpart_plan_free(struct rocpart_plan *plan);

/**
 * rocpart_plan_set_machine() - Plan for the GPUs of a machine.
 * @plan: plan.
 * @snapshot: snapshot of the machine; the plan keeps its own reference.
 *
 * The plan uses the bytes, the modes and the memory usage of the machine. A partition on which
 * processes use memory is occupied, and the plan does not switch the GPU of that partition. Since
 * 0.1.
 */
void rocpart_plan_set_machine(struct rocpart_plan *plan, struct rocpart_snapshot *snapshot);

/**
 * rocpart_plan_set_leases() - Respect the leases of the machine.
 * @plan: plan with its machine set.
 * @leases: leases of that machine; borrowed until the plan is freed.
 *
 * A lease with the name of a request is a replica of that request and keeps its partition; it must
 * have what the request asks for (see rocpart_plan_solve()). The partitions of other leases are
 * occupied, but a lease that shares its partition leaves the rest of its bytes for requests that
 * share. Since 0.1.
 */
void rocpart_plan_set_leases(struct rocpart_plan *plan, const struct rocpart_leases *leases);

/**
 * rocpart_plan_set_product() - Plan for GPUs of a product instead of the GPUs of a machine.
 * @plan: plan.
 * @product: market name, "mi300x". The plan uses the figures of the library's product table.
 * @n_gpus: number of GPUs, eight in a hive; 0: as many as the plan needs.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: the product is unknown; -ENOTSUP: the table does not know the memory of the
 * product (MI300A uses the memory of its host); -EINVAL: more than 4096 GPUs.
 */
int rocpart_plan_set_product(struct rocpart_plan *plan, const char *product, size_t n_gpus,
			     struct rocpart_error *reterr);

/**
 * rocpart_plan_load_file() - Add the requests of a node.yaml.
 * @plan: plan with its machine or product set.
 * @path: file to read. The `models:` part lists the requests; the `node:` part limits the modes.
 *	Without a `node:` part the plan chooses the modes.
 * @reterr: receives the reason on failure, with line and column; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: the file is malformed, or has no `models:` (CONFIG_SYNTAX); -ENOMEM: out of
 * memory; errno of reading the file.
 */
int rocpart_plan_load_file(struct rocpart_plan *plan, const char *path,
			   struct rocpart_error *reterr);

/**
 * rocpart_plan_add_model() - Add a request for one replica of a model.
 * @plan: plan.
 * @model: name in the catalog, or path of the model's files.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @model is empty; -ENOMEM: out of memory.
 */
int rocpart_plan_add_model(struct rocpart_plan *plan, const char *model,
			   struct rocpart_error *reterr);

/**
 * rocpart_plan_set_allow_unvalidated() - Also use pairs of modes that the vendor has not validated.
 * @plan: plan.
 * @allow: false unless set.
 *
 * Since 0.1.
 */
void rocpart_plan_set_allow_unvalidated(struct rocpart_plan *plan, bool allow);

/**
 * rocpart_plan_set_lenient() - Size all models as rocpart_size_options_set_lenient() does.
 * @plan: plan.
 * @lenient: false unless set; a model of a file may have a "lenient" of its own.
 *
 * Since 0.1.
 */
void rocpart_plan_set_lenient(struct rocpart_plan *plan, bool lenient);

/**
 * rocpart_plan_solve() - Solve a plan.
 * @plan: plan.
 * @catalog: catalog of model names.
 * @max_work: limit of the search in units of work, 0 for the default. The search is a pure
 *	computation without a clock.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The plan uses the fewest GPUs, then the fewest switches and moves, and proves a bound for the
 * number of GPUs. When the GPUs have no room for all replicas, the plan places the replicas with
 * the most weight, and names the smallest reason that it found and the cheapest remedies. Since
 * 0.1.
 * Return: 0, also without room for all replicas (see rocpart_plan_is_feasible()); -ENOENT: the
 * catalog does not have a model (MODEL_UNKNOWN); -EINVAL: the plan has no request, a request is
 * invalid, the GPUs do not support the modes of `node:`, or the GPUs of a hive are in different
 * memory modes; -EBUSY: a lease uses a GPU whose modes `node:` would change, or a lease does not
 * have what its request asks for (LEASED); -EOVERFLOW: a sum of bytes exceeds 2^63; -E2BIG: the
 * machine has more than 512 sizes of partitions or 256 modes; -ENODEV: the machine has no GPU;
 * -ENOMEM: out of memory; errors of rocpart_model_open() and rocpart_footprint_new().
 */
int rocpart_plan_solve(struct rocpart_plan *plan, const struct rocpart_catalog *catalog,
		       uint64_t max_work, struct rocpart_error *reterr);

/**
 * rocpart_plan_is_feasible() - Report whether every replica has a partition.
 * @plan: solved plan.
 *
 * Since 0.1.
 * Return: true when every replica has one.
 */
bool rocpart_plan_is_feasible(const struct rocpart_plan *plan);

/**
 * struct rocpart_placement - One replica of a plan with its partition. Layout frozen.
 * @name: name of the request, owned by the plan.
 * @bytes: bytes that the replica needs.
 * @bdf: PCI address of the GPU, owned by the plan.
 * @partition: partition id.
 * @share: highest number of replicas on that partition; with `min-tok-s` no more than its bandwidth
 *	serves.
 * @priority: priority of the request.
 * @is_new: false when the replica already has a lease on that partition.
 * @reserved: zero.
 */
struct rocpart_placement {
	const char *name;
	uint64_t bytes;
	const char *bdf;
	uint32_t partition;
	uint32_t share;
	int32_t priority;
	bool is_new;
	uint64_t reserved[4];
};

/**
 * rocpart_plan_get_placement() - Return one replica of a plan.
 * @plan: solved plan.
 * @index: from 0.
 * @ret_placement: receives the replica.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: @index is past the end.
 */
int rocpart_plan_get_placement(const struct rocpart_plan *plan, size_t index,
			       struct rocpart_placement *ret_placement);

/**
 * rocpart_plan_to_json() - Write a plan as a JSON document that includes its certificate.
 * @plan: solved plan.
 * @ret_text: receives JSON text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: the plan is not solved; -ENOMEM: out of memory.
 */
int rocpart_plan_to_json(const struct rocpart_plan *plan, char **ret_text,
			 struct rocpart_error *reterr);

/**
 * rocpart_plan_verify() - Verify a plan from its document alone.
 * @text: JSON text of rocpart_plan_to_json().
 * @size: length of @text in bytes.
 * @name: name of the text in messages.
 * @reterr: names the claim that does not hold; may be NULL.
 *
 * The verifier uses integer arithmetic and shares no code with the planner. The verifier checks
 * that modes and placements are possible, that the counts add up, that each prefix of the steps is
 * possible, that the bound holds, and that "proved" follows from the bound. Since 0.1.
 * Return: 0: every claim holds; -EBADMSG: a claim does not hold; -EINVAL: the text is not a plan;
 * -E2BIG: the proof is too large to verify; -ENOMEM: out of memory.
 */
int rocpart_plan_verify(const char *text, size_t size, const char *name,
			struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
