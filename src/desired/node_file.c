/* SPDX-License-Identifier: MIT */
/* node.yaml: which modes the GPUs of a node should be in. */
#include "desired/node_file.h"

#include <fcntl.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "base/trust.h"

static int read_gpus(struct rp_node_file *f, const struct rp_yaml *gpus)
{
	RP_AUTO_FREE bool *named = rp_new0(bool, f->snapshot->n_gpus);
	int r = named ? 0 : rp_error_nomem(f->reterr);

	if (r == 0 && gpus->kind != RP_YAML_MAP)
		return rp_yaml_must_be(gpus, f->name, f->reterr,
				       "a map such as {all: CPX} or {0: SPX, \"1-7\": CPX}");
	for (size_t i = 0; r == 0 && i < gpus->n; i++) {
		struct rp_mode_pair modes = {ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_UNKNOWN};

		r = rp_node_read_compute(f, gpus->items[i], &modes.compute);
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

static int read_node(struct rp_node_file *f, const struct rp_yaml *node)
{
	static const char *const known[] = {"memory", "gpus", "allocator", "count"};
	const struct rp_yaml *v;
	int r = rp_yaml_only_keys(node, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	if (r == 0 && (v = rp_yaml_get(node, "count")))
		r = read_count(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "memory")))
		r = read_memory(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "gpus")))
		r = read_gpus(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "allocator")))
		r = read_allocator(f, v);
	return r;
}

static int read_modes(struct rp_node_file *f, const struct rp_yaml *doc)
{
	const struct rp_yaml *node = rp_yaml_get(doc, "node");
	const struct rp_yaml *configs = rp_yaml_get(doc, "partition-configs");

	if (node && configs)
		return rp_yaml_error(
			configs, f->name, f->reterr,
			"the file has both 'node:' and 'partition-configs:', but only one "
			"of them is allowed");
	if (configs)
		return rp_node_read_configs(f, configs);
	if (!node)
		return rp_yaml_error(doc, f->name, f->reterr,
				     "'node:' is missing: it says which modes the GPUs must have");
	if (f->config)
		return rp_yaml_error(
			node, f->name, f->reterr,
			"configuration '%s' cannot be chosen: the file has 'node:', not "
			"'partition-configs:'",
			f->config);
	return read_node(f, node);
}

static int read_document(struct rp_node_file *f, const struct rp_yaml *doc)
{
	static const char *const known[] = {"version",		 "node",     "models",
					    "partition-configs", "services", "hooks"};
	const struct rp_yaml *v;
	int r;

	if (doc->kind == RP_YAML_MAP && rp_yaml_get(doc, "gpu-config-profiles"))
		return rp_node_read_profiles(f, doc);
	r = rp_yaml_only_keys(doc, f->name, known, RP_ARRAY_LEN(known), f->reterr);
	if (r < 0)
		return r;
	v = rp_yaml_get(doc, "version");
	if (!v)
		return rp_yaml_error(doc, f->name, f->reterr, "'version: v1' is missing");
	if (v->kind != RP_YAML_SCALAR || !rp_str_eq(v->text, "v1"))
		return rp_yaml_must_be(v, f->name, f->reterr, "v1");
	v = rp_yaml_get(doc, "services");
	r = v ? rp_node_read_services(f, v) : 0;
	if (r == 0 && (v = rp_yaml_get(doc, "hooks")))
		r = rp_node_read_hooks(f, v);
	/* `models:` are for a plan, which may choose the modes when there is no `node:`. */
	if (r < 0 || (rp_yaml_get(doc, "models") && !rp_yaml_get(doc, "node")))
		return r;
	return read_modes(f, doc);
}

static int set_wishes(struct rp_node_file *f)
{
	int r = 0;

	f->change->spares_odd = true;
	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++)
		if ((f->compute[i] || f->memory[i]) && !rp_gpu_is_odd(&f->snapshot->gpus[i]))
			r = rocpart_change_set_modes(f->change, &f->snapshot->gpus[i],
						     f->compute[i], f->memory[i], f->reterr);
	return r;
}

/*
 * The services and hooks of a file run as root: whoever can change the file, or the program of a
 * hook, is root then. A file without a name, such as standard input, comes from anybody. Whoever
 * uses no rights of another is not asked: a user's own rights, and simulated machines, where
 * nothing of this computer is run.
 */
static int check_programs(const struct rp_node_file *f, int fd)
{
	const struct rp_services *s = &f->change->services;
	int r = 0;

	if (s->n == 0 && s->n_hooks == 0)
		return 0;
	if (!rp_trust_has_name(fd)) {
		(void)rp_error_set(f->reterr, -EPERM, ROCPART_ERR_PERMISSION, f->name,
				   "standard input may name neither services nor hooks");
		return rp_error_hint(f->reterr, "save the text as a file of root, such as "
						"/etc/rocpart/node.yaml");
	}
	if (!rp_change_acts_as_root(f->change))
		return 0;
	if (!f->change->unattended) /* checked as a whole already */
		r = rp_trust_file(f->name, fd, f->reterr);
	for (size_t i = 0; r == 0 && i < s->n_hooks; i++)
		r = rp_trust_program(s->hooks[i].argv.v[0], f->reterr);
	return r;
}

static int open_file(const struct rocpart_change *change, const char *path, int *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r = 0;

	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open '%s'", path);
	if (change->unattended)
		r = rp_trust_file(path, fd, reterr);
	if (r == 0)
		*ret = rp_steal_fd(&fd);
	return r;
}

ROCPART_PUBLIC void rocpart_change_set_unattended(struct rocpart_change *change, bool unattended)
{
	change->unattended = unattended;
}

ROCPART_PUBLIC int rocpart_change_load_config(struct rocpart_change *change, const char *path,
					      const char *config, struct rocpart_error *reterr)
{
	RP_AUTO_YAML struct rp_yaml *doc = NULL, *inner = NULL;
	RP_AUTO_FREE char *inner_name = NULL;
	RP_AUTO_FREE enum rocpart_compute_mode *compute =
		rp_new0(enum rocpart_compute_mode, change->snapshot->n_gpus);
	RP_AUTO_FREE enum rocpart_memory_mode *memory =
		rp_new0(enum rocpart_memory_mode, change->snapshot->n_gpus);
	struct rp_node_file f = {.name = path,
				 .config = config,
				 .change = change,
				 .snapshot = change->snapshot,
				 .compute = compute,
				 .memory = memory,
				 .reterr = reterr};
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = compute && memory ? open_file(change, path, &fd, reterr) : rp_error_nomem(reterr);

	if (r == 0)
		r = rp_yaml_load_fd(fd, path, &doc, reterr);
	if (r == 0)
		r = rp_node_unwrap(doc, path, &inner, &inner_name, reterr);
	if (r == 1)
		f.name = inner_name;
	if (r >= 0)
		r = read_document(&f, r == 1 ? inner : doc);
	f.name = path;
	if (r >= 0)
		r = check_programs(&f, fd);
	return r < 0 ? r : set_wishes(&f);
}
