/* SPDX-License-Identifier: MIT */
/* node.yaml, its `node:` part: which modes the GPUs of a node should be in. */
#include "apply/change.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "base/yaml.h"

struct file {
	const char *name;
	struct rocpart_change *change;
	const struct rocpart_snapshot *snapshot;
	enum rocpart_memory_mode memory;
	enum rocpart_compute_mode *compute; /* one for each GPU */
	struct rocpart_error *reterr;
};

static int set_gpu(struct file *f, size_t index, enum rocpart_compute_mode mode,
		   const struct rp_yaml *at)
{
	if (f->compute[index] != ROCPART_COMPUTE_UNKNOWN && f->compute[index] != mode)
		return rp_yaml_error(at, f->name, f->reterr,
				     "GPU %zu gets two compute modes, %s and %s", index,
				     rocpart_compute_mode_to_string(f->compute[index]),
				     rocpart_compute_mode_to_string(mode));
	f->compute[index] = mode;
	return 0;
}

/* "1-7": both ends, by index. 1 when text has that form. */
static int parse_range(const char *text, size_t *first, size_t *last)
{
	const char *dash = strchr(text, '-');
	RP_AUTO_FREE char *left = dash ? rp_strndup(text, (size_t)(dash - text)) : NULL;
	uint64_t a, b;

	if (!left || rp_parse_u64(left, 10, &a) < 0 || rp_parse_u64(dash + 1, 10, &b) < 0)
		return 0;
	*first = (size_t)a;
	*last = (size_t)b;
	return 1;
}

static bool is_of_product(const struct rocpart_gpu *gpu, const char *name)
{
	return gpu->product && rp_str_eq_nocase(gpu->product->name, name);
}

/* A key of `gpus:`: all, a range, an index, a PCI address, a unique id, a product name. */
static int set_named(struct file *f, const char *key, const struct rp_yaml *at,
		     enum rocpart_compute_mode mode)
{
	const struct rocpart_snapshot *s = f->snapshot;
	const struct rocpart_gpu *gpu = NULL;
	size_t first = 0, last = 0, n = 0;
	bool all = rp_str_eq(key, "all"), range = parse_range(key, &first, &last);
	int r = 0;

	if (range && (first > last || last >= s->n_gpus))
		return rp_yaml_error(at, f->name, f->reterr,
				     "range '%s' does not fit: this machine has GPUs 0 to %zu", key,
				     s->n_gpus ? s->n_gpus - 1 : 0);
	if (!range && !all && rocpart_snapshot_find_gpu(s, key, &gpu, NULL) == 0)
		return set_gpu(f, gpu->index, mode, at);
	for (size_t i = 0; r == 0 && i < s->n_gpus; i++) {
		if (all ? s->gpus[i].compute == ROCPART_COMPUTE_UNKNOWN
			: !(range && i >= first && i <= last) && !is_of_product(&s->gpus[i], key))
			continue;
		n++;
		r = set_gpu(f, i, mode, at);
	}
	if (r == 0 && n == 0)
		return rp_yaml_error(at, f->name, f->reterr, "no GPU of this machine is '%s'", key);
	return r;
}

static int read_gpus(struct file *f, const struct rp_yaml *gpus)
{
	int r = 0;

	if (gpus->kind != RP_YAML_MAP)
		return rp_yaml_error(gpus, f->name, f->reterr,
				     "must be a map such as {all: CPX} or {0: SPX, \"1-7\": CPX}");
	for (size_t i = 0; r == 0 && i < gpus->n; i++) {
		enum rocpart_compute_mode mode;
		const char *text;

		r = rp_yaml_text(gpus->items[i], f->name, &text, f->reterr);
		if (r < 0)
			return r;
		if (rocpart_compute_mode_from_string(text, &mode) < 0)
			return rp_yaml_error(gpus->items[i], f->name, f->reterr,
					     "'%s' is not a compute mode (SPX, DPX, TPX, QPX, CPX)",
					     text);
		r = set_named(f, gpus->keys[i], gpus->key_nodes[i], mode);
	}
	return r;
}

static int read_memory(struct file *f, const struct rp_yaml *memory)
{
	const char *text;
	int r = rp_yaml_text(memory, f->name, &text, f->reterr);

	if (r < 0)
		return r;
	if (rocpart_memory_mode_from_string(text, &f->memory) < 0)
		return rp_yaml_error(memory, f->name, f->reterr,
				     "'%s' is not a memory mode (NPS1, NPS2, NPS4)", text);
	return 0;
}

static int read_allocator(struct file *f, const struct rp_yaml *allocator)
{
	const char *text;
	int r = rp_yaml_text(allocator, f->name, &text, f->reterr);

	if (r == 0 && !rp_str_eq(text, "rocpart") && !rp_str_eq(text, "kubelet") &&
	    !rp_str_eq(text, "slurm"))
		r = rp_yaml_error(allocator, f->name, f->reterr,
				  "'%s' is not an allocator (rocpart, kubelet, slurm)", text);
	if (r == 0)
		(void)rp_fmt(f->change->allocator, sizeof(f->change->allocator), "%s", text);
	return r;
}

static int read_node(struct file *f, const struct rp_yaml *node)
{
	static const char *const known[] = {"memory", "gpus", "allocator"};
	const struct rp_yaml *v;
	int r = rp_yaml_only_keys(node, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	if (r == 0 && (v = rp_yaml_get(node, "memory")))
		r = read_memory(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "gpus")))
		r = read_gpus(f, v);
	if (r == 0 && (v = rp_yaml_get(node, "allocator")))
		r = read_allocator(f, v);
	return r;
}

static int read_document(struct file *f, const struct rp_yaml *doc)
{
	static const char *const known[] = {"version", "node", "models"};
	const struct rp_yaml *v;
	int r = rp_yaml_only_keys(doc, f->name, known, RP_ARRAY_LEN(known), f->reterr);

	if (r < 0)
		return r;
	v = rp_yaml_get(doc, "version");
	if (!v || v->kind != RP_YAML_SCALAR || !rp_str_eq(v->text, "v1"))
		return rp_yaml_error(v ? v : doc, f->name, f->reterr,
				     "the file must say 'version: v1'");
	v = rp_yaml_get(doc, "models");
	if (v)
		return rp_yaml_error(v, f->name, f->reterr,
				     "this version sets modes only; it cannot place models yet");
	v = rp_yaml_get(doc, "node");
	if (!v)
		return rp_yaml_error(doc, f->name, f->reterr, "there is no 'node:' in the file");
	return read_node(f, v);
}

static int set_wishes(struct file *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &f->snapshot->gpus[i];
		enum rocpart_memory_mode memory = f->memory;

		if (gpu->compute == ROCPART_COMPUTE_UNKNOWN)
			memory = ROCPART_MEMORY_UNKNOWN; /* "hive-wide" does not mean this one */
		if (f->compute[i] || memory)
			r = rocpart_change_set_modes(f->change, gpu, f->compute[i], memory,
						     f->reterr);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_change_load_file(struct rocpart_change *change, const char *path,
					    struct rocpart_error *reterr)
{
	RP_AUTO_YAML struct rp_yaml *doc = NULL;
	RP_AUTO_FREE enum rocpart_compute_mode *compute = NULL;
	struct file f = {
		.name = path, .change = change, .snapshot = change->snapshot, .reterr = reterr};
	int r = rp_yaml_load(path, &doc, reterr);

	if (r < 0)
		return r;
	f.compute = compute = rp_new0(enum rocpart_compute_mode, f.snapshot->n_gpus);
	r = compute ? read_document(&f, doc) : rp_error_nomem(reterr);
	return r < 0 ? r : set_wishes(&f);
}
