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
 * rocpart_plan_new() - An empty plan: which modes, which partition for which model.
 * @ret_plan: to be freed with rocpart_plan_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_plan_new(struct rocpart_plan **ret_plan);

/**
 * rocpart_plan_free() - Free a plan.
 * @plan: the plan, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_plan *rocpart_plan_free(struct rocpart_plan *plan);

/**
 * rocpart_plan_set_machine() - Plan for the GPUs of a machine.
 * @plan: the plan.
 * @snapshot: picture of the machine; the plan keeps its own reference.
 *
 * Bytes, modes and what is in use are those of the machine. Partitions on which processes use
 * memory are occupied, and their GPU is not switched. Since 0.1.
 */
void rocpart_plan_set_machine(struct rocpart_plan *plan, struct rocpart_snapshot *snapshot);

/**
 * rocpart_plan_set_leases() - Respect the leases of the machine.
 * @plan: the plan, with its machine set.
 * @leases: leases of that machine; borrowed until the plan is freed.
 *
 * A lease whose name is that of a wish is one of its replicas, and stays where it is; what other
 * leases hold is taken. Since 0.1.
 */
void rocpart_plan_set_leases(struct rocpart_plan *plan, const struct rocpart_leases *leases);

/**
 * rocpart_plan_set_product() - Plan for GPUs that one does not have.
 * @plan: the plan.
 * @product: market name, "mi300x". Its figures are those of the library's table.
 * @n_gpus: how many there are, eight to a hive; 0: as many as needed.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: unknown product; -ENOTSUP: its memory is not known (MI300A: the host's);
 * -EINVAL: more than 4096 GPUs.
 */
int rocpart_plan_set_product(struct rocpart_plan *plan, const char *product, size_t n_gpus,
			     struct rocpart_error *reterr);

/**
 * rocpart_plan_load_file() - Wishes from a node.yaml.
 * @plan: the plan, with its machine or product set.
 * @path: the file. Its `models:` are what is to be placed; its `node:` part, when there, limits the
 *	modes; without it the plan chooses them.
 * @reterr: why it failed, with line and column, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: CONFIG_SYNTAX; -ENOMEM; errno of reading the file.
 */
int rocpart_plan_load_file(struct rocpart_plan *plan, const char *path,
			   struct rocpart_error *reterr);

/**
 * rocpart_plan_add_model() - One more wish: one replica of a model.
 * @plan: the plan.
 * @model: name in the catalog, or path of a model's files.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_plan_add_model(struct rocpart_plan *plan, const char *model,
			   struct rocpart_error *reterr);

/**
 * rocpart_plan_set_allow_unvalidated() - Use modes that the vendor has not validated too.
 * @plan: the plan.
 * @allow: false unless set.
 *
 * Since 0.1.
 */
void rocpart_plan_set_allow_unvalidated(struct rocpart_plan *plan, bool allow);

/**
 * rocpart_plan_solve() - Find the plan.
 * @plan: the plan.
 * @catalog: names of models.
 * @max_work: units of search, 0 for the usual; it is a pure computation without a clock.
 * @reterr: why it failed, or NULL.
 *
 * Fewest GPUs, then fewest switches and moves, with a proof of the bound; when not everything fits,
 * the most weight, with the smallest reason and the cheapest remedies. Since 0.1.
 * Return: 0, also when not everything fits (rocpart_plan_is_feasible()); -ENOENT: MODEL_UNKNOWN;
 * -EINVAL: a wish that makes no sense; -EOVERFLOW; -E2BIG; -ENODEV: no GPU; -ENOMEM.
 */
int rocpart_plan_solve(struct rocpart_plan *plan, const struct rocpart_catalog *catalog,
		       uint64_t max_work, struct rocpart_error *reterr);

/**
 * rocpart_plan_is_feasible() - Whether everything has a place.
 * @plan: a solved plan.
 *
 * Since 0.1.
 * Return: true when each replica has one.
 */
bool rocpart_plan_is_feasible(const struct rocpart_plan *plan);

/**
 * rocpart_plan_file_has_models() - Whether a node.yaml says what is to be placed.
 * @path: the file.
 *
 * Since 0.1.
 * Return: true when it can be read and has `models:`.
 */
bool rocpart_plan_file_has_models(const char *path);

/**
 * rocpart_plan_fill_change() - The switches that a plan needs, as a change.
 * @plan: a solved, feasible plan for a machine.
 * @change: a change of that machine; wishes are added to it.
 * @reterr: why it failed, or NULL.
 *
 * GPUs that the plan leaves empty follow the memory mode of their hive. Since 0.1.
 * Return: 0; errors of rocpart_change_set_modes().
 */
int rocpart_plan_fill_change(const struct rocpart_plan *plan, struct rocpart_change *change,
			     struct rocpart_error *reterr);

/**
 * struct rocpart_placement - One replica that a plan puts somewhere. Layout frozen.
 * @name: name of its wish, owned by the plan.
 * @bytes: what it needs.
 * @bdf: PCI address of its GPU, owned by the plan.
 * @partition: partition id.
 * @share: at most so many tenants on that partition.
 * @priority: of the wish.
 * @is_new: false: it has a lease there already.
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
 * rocpart_plan_get_placement() - One replica of a plan.
 * @plan: a solved plan.
 * @index: from 0.
 * @ret_placement: the replica.
 *
 * Since 0.1.
 * Return: 0; -ENOENT past the end.
 */
int rocpart_plan_get_placement(const struct rocpart_plan *plan, size_t index,
			       struct rocpart_placement *ret_placement);

/**
 * rocpart_plan_get_footprint() - What the bytes of a replica consist of.
 * @plan: a solved plan.
 * @index: as for rocpart_plan_get_placement().
 *
 * Since 0.1.
 * Return: owned by the plan; NULL past the end, and when the file gives bytes instead of a model.
 */
const struct rocpart_footprint *rocpart_plan_get_footprint(const struct rocpart_plan *plan,
							   size_t index);

/**
 * rocpart_plan_to_json() - The plan as a document, certificate included.
 * @plan: a solved plan.
 * @ret_text: JSON text; the caller frees it.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_plan_to_json(const struct rocpart_plan *plan, char **ret_text,
			 struct rocpart_error *reterr);

/**
 * rocpart_plan_verify() - Check a plan from its document alone.
 * @text: JSON text of rocpart_plan_to_json().
 * @size: its bytes.
 * @name: name of the text in messages.
 * @reterr: which claim does not hold, or NULL.
 *
 * Integer arithmetic by code that shares nothing with the planner: modes and places are possible,
 * counts add up, each prefix of the steps is possible, the bound holds, "proved" follows. Since
 * 0.1. Return: 0: every claim holds; -EBADMSG: one does not; -EINVAL: not a plan; -E2BIG: too large
 * a proof; -ENOMEM.
 */
int rocpart_plan_verify(const char *text, size_t size, const char *name,
			struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
