/* SPDX-License-Identifier: MIT */
/* node.yaml: which modes the GPUs of a node should be in. */
#include "desired/node_file.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "base/trust.h"
#include "change/service_run.h"
#include "desired/desired.h"
#include "desired/mode_read.h"

static int read_gpus(struct rp_node_file *f, const struct rp_yaml *gpus)
{
	RP_AUTO_FREE bool *named = rp_new0(bool, f->snapshot->n_gpus);
	int r = named ? 0 : rp_error_nomem(f->reterr);

	if (r == 0 && gpus->kind != RP_YAML_MAP)
		return rp_yaml_must_be(gpus, f->name, f->reterr,
				       "a map such as {all: CPX} or {0: SPX, \"1-7\": CPX/NPS4}");
	for (size_t i = 0; r == 0 && i < gpus->n; i++) {
		struct rp_mode_pair modes = {ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_UNKNOWN};

		r = rp_modes_read(gpus->items[i], f->name, &modes.compute, &modes.memory,
				  f->reterr);
		if (r == 0)
			r = rp_node_find_gpus(f, gpus->keys[i], gpus->key_nodes[i], named);
		for (size_t k = 0; r == 0 && k < f->snapshot->n_gpus; k++)
			if (named[k])
				r = rp_node_set_gpu(f, k, modes, gpus->key_nodes[i]);
	}
	return r;
}

/* Of every GPU that has one: "hive-wide" does not mean a GPU that cannot be partitioned. */
static int read_memory(struct rp_node_file *f, const struct rp_yaml *memory)
{
	struct rp_mode_pair modes = {ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_UNKNOWN};
	int r = rp_node_read_memory(f, memory, &modes.memory);

	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++)
		if (f->snapshot->gpus[i].compute != ROCPART_COMPUTE_UNKNOWN)
			r = rp_node_set_gpu(f, i, modes, memory);
	return r;
}

static int read_allocator(struct rp_node_file *f, const struct rp_yaml *allocator)
{
	const char *text;
	int r = rp_yaml_text(allocator, f->name, &text, f->reterr);

	if (r == 0 && !rp_str_eq(text, "rocpart") && !rp_str_eq(text, "kubelet") &&
	    !rp_str_eq(text, "slurm"))
		r = rp_yaml_must_be(allocator, f->name, f->reterr, "rocpart, kubelet or slurm");
	if (r == 0)
		(void)rp_fmt(f->change->allocator, sizeof(f->change->allocator), "%s", text);
	return r;
}

static int read_count(struct rp_node_file *f, const struct rp_yaml *count)
{
	uint64_t n;
	int r = rp_yaml_u64(count, f->name, &n, f->reterr);

	if (r == 0 && (n == 0 || n > 1024))
		return rp_yaml_must_be(count, f->name, f->reterr, "from 1 to 1024");
	if (r == 0)
		f->change->n_gpus_wanted = (size_t)n;
	return r;
}

/* GPUs to cordon once their modes are set. One that is missing is cordoned when it is back. */
static int read_cordoned(struct rp_node_file *f, const struct rp_yaml *list)
{
	RP_AUTO_FREE bool *named = rp_new0(bool, f->snapshot->n_gpus);
	int r = named ? 0 : rp_error_nomem(f->reterr);

	if (r == 0 && list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, f->name, f->reterr,
				       "a list of GPUs such as [\"0000:05:00.0\"]");
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const char *word;

		r = rp_yaml_text(list->items[i], f->name, &word, f->reterr);
		if (r == 0)
			r = rp_node_find_present_gpus(f, word, list->items[i], named);
		for (size_t k = 0; r == 0 && k < f->snapshot->n_gpus; k++)
			if (named[k])
				r = rp_change_add_cordon(f->change, &f->snapshot->gpus[k]) < 0
					    ? rp_error_nomem(f->reterr)
					    : 0;
	}
	return r;
}

/* That this machine has them; the policy itself was read with the file. */
static int check_policy_gpus(struct rp_node_file *f, const struct rp_yaml *policy)
{
	const struct rp_yaml *gpus = rp_yaml_get(policy, "gpus");
	RP_AUTO_FREE bool *named = rp_new0(bool, f->snapshot->n_gpus);
	int r = named ? 0 : rp_error_nomem(f->reterr);

	for (size_t i = 0; r == 0 && gpus && i < gpus->n; i++)
		r = rp_node_find_present_gpus(f, gpus->items[i]->text, gpus->items[i], named);
	return r;
}

static int read_node(struct rp_node_file *f, const struct rp_yaml *node)
{
	const struct rp_yaml *v;
	int r = check_policy_gpus(f, rp_yaml_get(node, "policy"));

	f->change->allow_unvalidated |= f->desired->allow_unvalidated;
	if (r == 0 && (v = rp_yaml_get(node, "count")))
		r = read_count(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "memory")))
		r = read_memory(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "gpus")))
		r = read_gpus(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "allocator")))
		r = read_allocator(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "cordoned")))
		r = read_cordoned(f, v);
	return r;
}

static int refuse_config(struct rp_node_file *f)
{
	return rp_yaml_error(rp_yaml_get(f->desired->root, "node"), f->name, f->reterr,
			     "configuration '%s' cannot be chosen: the file has 'node:', not "
			     "'partition-configs:'",
			     f->config);
}

static int read_document(struct rp_node_file *f)
{
	const struct rp_yaml *v, *doc = f->desired->root;
	int r = 0;

	if (f->desired->form == RP_DESIRED_PROFILES)
		return rp_node_read_profiles(f, doc);
	if ((v = rp_yaml_get(doc, "services")))
		r = rp_node_read_services(f, v);
	if (r == 0 && (v = rp_yaml_get(doc, "hooks")))
		r = rp_node_read_hooks(f, v);
	if (r < 0)
		return r;
	if (f->desired->form == RP_DESIRED_CONFIGS)
		return rp_node_read_configs(f, rp_yaml_get(doc, "partition-configs"));
	if (f->config && f->desired->has_node)
		return refuse_config(f);
	return read_node(f, rp_yaml_get(doc, "node"));
}

static int set_wishes(struct rp_node_file *f)
{
	int r = 0;

	f->change->spares_odd = true;
	f->change->has_file = true;
	for (size_t i = 0; f->keeps && i < f->snapshot->n_gpus; i++)
		if (f->keeps[i] && f->compute[i] &&
		    (!f->memory[i] || f->memory[i] == f->snapshot->gpus[i].memory))
			f->compute[i] = f->keeps[i];
	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++)
		if ((f->compute[i] || f->memory[i]) && !rp_gpu_is_odd(&f->snapshot->gpus[i]))
			r = rocpart_change_set_modes(f->change, &f->snapshot->gpus[i],
						     f->compute[i], f->memory[i], f->reterr);
	return r;
}

static int check_model_hooks(const struct rp_node_file *f)
{
	const struct rp_model_requests *models = &f->desired->models;
	int r = 0;

	for (size_t i = 0; r == 0 && i < models->n; i++) {
		if (models->v[i].stop.n)
			r = rp_trust_program(models->v[i].stop.v[0], f->reterr);
		if (r == 0 && models->v[i].start.n)
			r = rp_trust_program(models->v[i].start.v[0], f->reterr);
	}
	return r;
}

/*
 * The services and hooks of a file run as root: whoever can change the file, or the program of a
 * hook, is root then. A file without a name, such as standard input, comes from anybody. Whoever
 * uses no rights of another is not asked: a user's own rights, and simulated machines, where
 * nothing of this computer is run.
 */
static int check_programs(const struct rp_node_file *f)
{
	const struct rp_services *s = &f->change->services;
	int r = 0;

	if (s->n == 0 && s->n_hooks == 0 && !rp_desired_has_model_hooks(f->desired))
		return 0;
	if (!f->desired->has_name) {
		(void)rp_error_set(f->reterr, -EPERM, ROCPART_ERR_PERMISSION, f->name,
				   "standard input may name neither services nor hooks");
		return rp_error_hint(f->reterr, "save the text as a file of root, such as "
						"/etc/rocpart/node.yaml");
	}
	if (!rp_machine_runs_as_root(f->change->machine))
		return 0;
	if (f->desired->distrust < 0)
		return rp_error_copy(f->reterr, &f->desired->distrust_error);
	for (size_t i = 0; r == 0 && i < s->n_hooks; i++)
		r = rp_trust_program(s->hooks[i].argv.v[0], f->reterr);
	return r < 0 ? r : check_model_hooks(f);
}

ROCPART_PUBLIC void rocpart_change_set_unattended(struct rocpart_change *change, bool unattended)
{
	change->unattended = unattended;
}

int rp_change_load_desired(struct rocpart_change *change, const struct rocpart_desired *desired,
			   const char *config, const enum rocpart_compute_mode *keeps,
			   struct rocpart_error *reterr)
{
	RP_AUTO_FREE enum rocpart_compute_mode *compute =
		rp_new0(enum rocpart_compute_mode, change->snapshot->n_gpus);
	RP_AUTO_FREE enum rocpart_memory_mode *memory =
		rp_new0(enum rocpart_memory_mode, change->snapshot->n_gpus);
	struct rp_node_file f = {.desired = desired,
				 .name = desired->inner_name ? desired->inner_name : desired->path,
				 .config = config,
				 .change = change,
				 .snapshot = change->snapshot,
				 .keeps = keeps,
				 .compute = compute,
				 .memory = memory,
				 .reterr = reterr};
	int r = compute && memory ? 0 : rp_error_nomem(reterr);

	if (r == 0 && change->unattended && desired->distrust < 0)
		r = rp_error_copy(reterr, &desired->distrust_error);
	if (r == 0)
		r = read_document(&f);
	f.name = desired->path;
	if (r == 0)
		r = check_programs(&f);
	return r < 0 ? r : set_wishes(&f);
}

ROCPART_PUBLIC int rocpart_change_load_config(struct rocpart_change *change, const char *path,
					      const char *config, struct rocpart_error *reterr)
{
	struct rocpart_desired *desired = NULL;
	int r = rocpart_desired_open(path, change->unattended, &desired, reterr);

	if (r == 0)
		r = rp_change_load_desired(change, desired, config, NULL, reterr);
	rocpart_desired_free(desired);
	return r;
}
