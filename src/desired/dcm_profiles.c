/* SPDX-License-Identifier: MIT */
/*
 * Profiles of AMD's device-config-manager, so that a site can move over without writing them anew.
 * Its documentation of 2026: a count that is left out, or 0, takes the GPUs that remain.
 */
#include "base/num.h"
#include "desired/node_file.h"

static int read_skipped(struct rp_node_file *f, const struct rp_yaml *skipped, bool *gpus)
{
	static const char *const known[] = {"ids"};
	const struct rp_yaml *ids;
	int r = rp_yaml_only_keys(skipped, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	ids = r == 0 ? rp_yaml_get(skipped, "ids") : NULL;
	if (ids && ids->kind != RP_YAML_LIST)
		return rp_yaml_must_be(ids, f->name, f->reterr, "a list of GPU indices");
	for (size_t i = 0; r == 0 && ids && i < ids->n; i++) {
		uint64_t index;

		r = rp_yaml_u64(ids->items[i], f->name, &index, f->reterr);
		if (r == 0 && index >= f->snapshot->n_gpus)
			r = rp_yaml_error(ids->items[i], f->name, f->reterr,
					  "this machine has no GPU %llu, only %zu GPUs from 0",
					  (unsigned long long)index, f->snapshot->n_gpus);
		if (r == 0)
			gpus[index] = true;
	}
	return r;
}

/* One entry of `profiles`. */
struct profile {
	const struct rp_yaml *at;
	struct rp_mode_pair modes;
	uint64_t n_gpus; /* 0: the GPUs that remain */
};

static int read_profile(struct rp_node_file *f, const struct rp_yaml *at, struct profile *ret)
{
	static const char *const known[] = {"computePartition", "memoryPartition",
					    "numGPUsAssigned"};
	const struct rp_yaml *v;
	int r = rp_yaml_only_keys(at, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	ret->at = at;
	if (r == 0 && (v = rp_yaml_get(at, "computePartition")))
		r = rp_node_read_compute(f, v, &ret->modes.compute);
	if (r == 0 && (v = rp_yaml_get(at, "memoryPartition")))
		r = rp_node_read_memory(f, v, &ret->modes.memory);
	if (r == 0 && (v = rp_yaml_get(at, "numGPUsAssigned")))
		r = rp_yaml_u64(v, f->name, &ret->n_gpus, f->reterr);
	return r;
}

/* A count that is left out or 0 takes the GPUs that the others leave; one entry may. */
static int count_rest(struct rp_node_file *f, struct profile *profiles, size_t n, size_t n_usable)
{
	struct profile *rest = NULL;
	uint64_t n_taken = 0;

	for (size_t i = 0; i < n; i++) {
		struct profile *p = &profiles[i];

		if (p->n_gpus == 0 && rest)
			return rp_yaml_error(p->at, f->name, f->reterr,
					     "two profiles leave out 'numGPUsAssigned': only one "
					     "can take the GPUs that remain");
		if (p->n_gpus == 0)
			rest = p;
		if (p->n_gpus > n_usable - n_taken)
			return rp_yaml_error(
				p->at, f->name, f->reterr,
				"the profiles assign more GPUs than this machine has (%zu)",
				n_usable);
		n_taken += p->n_gpus;
	}
	if (rest)
		rest->n_gpus = n_usable - n_taken;
	return 0;
}

/* The next GPUs that are not skipped get the modes; *next moves on behind them. */
static int assign(struct rp_node_file *f, const struct profile *p, const bool *skipped,
		  size_t *next)
{
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < p->n_gpus; i++) {
		while (skipped[*next])
			(*next)++;
		r = rp_node_set_gpu(f, (*next)++, p->modes, p->at);
	}
	return r;
}

/* Skipped and assigned GPUs together are all of them, as device-config-manager demands. */
static int check_rest(struct rp_node_file *f, const struct rp_yaml *at, const bool *skipped,
		      size_t next)
{
	for (; next < f->snapshot->n_gpus; next++)
		if (!skipped[next])
			return rp_yaml_error(
				at, f->name, f->reterr,
				"GPU %zu (%s) is neither skipped nor assigned by a profile", next,
				f->snapshot->gpus[next].bdf);
	return 0;
}

static int assign_all(struct rp_node_file *f, const struct rp_yaml *at, const struct rp_yaml *list,
		      const bool *skipped)
{
	RP_AUTO_FREE struct profile *profiles = rp_new0(struct profile, list->n);
	size_t n_usable = 0, next = 0;
	int r = profiles ? 0 : rp_error_nomem(f->reterr);

	for (size_t i = 0; i < f->snapshot->n_gpus; i++)
		n_usable += !skipped[i];
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = read_profile(f, list->items[i], &profiles[i]);
	if (r == 0)
		r = count_rest(f, profiles, list->n, n_usable);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = assign(f, &profiles[i], skipped, &next);
	return r < 0 ? r : check_rest(f, at, skipped, next);
}

/* What it stops around a switch: {"names": ["amd-metrics-exporter", "gpuagent"]}. */
static int read_clients(struct rp_node_file *f, const struct rp_yaml *clients)
{
	static const char *const known[] = {"names"};
	const struct rp_yaml *names;
	int r = rp_yaml_only_keys(clients, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	names = r == 0 ? rp_yaml_get(clients, "names") : NULL;
	return names ? rp_node_read_names(f, RP_SERVICE_UNIT, names) : r;
}

int rp_node_read_profiles(struct rp_node_file *f, const struct rp_yaml *doc)
{
	static const char *const known_top[] = {"gpu-config-profiles", "gpuClientSystemdServices"};
	static const char *const known[] = {"skippedGPUs", "profiles"};
	RP_AUTO_FREE bool *skipped = rp_new0(bool, f->snapshot->n_gpus);
	const struct rp_yaml *v, *chosen = NULL, *list;
	int r = skipped ? 0 : rp_error_nomem(f->reterr);

	if (r == 0)
		r = rp_yaml_only_keys(doc, f->name, known_top, RP_ARRAY_LEN(known_top), f->reterr);
	if (r == 0)
		r = rp_node_choose(f, rp_yaml_get(doc, "gpu-config-profiles"), &chosen);
	if (r == 0 && (v = rp_yaml_get(doc, "gpuClientSystemdServices")))
		r = read_clients(f, v);
	if (r == 0)
		r = rp_yaml_only_keys(chosen, f->name, known, RP_ARRAY_LEN(known), f->reterr);
	if (r == 0 && (v = rp_yaml_get(chosen, "skippedGPUs")))
		r = read_skipped(f, v, skipped);
	if (r < 0)
		return r;
	list = rp_yaml_get(chosen, "profiles");
	if (!list || list->kind != RP_YAML_LIST || list->n == 0)
		return rp_yaml_error(list ? list : chosen, f->name, f->reterr,
				     "'profiles' is missing, or is not a list with entries");
	return assign_all(f, chosen, list, skipped);
}
