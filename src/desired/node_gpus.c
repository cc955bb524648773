/* SPDX-License-Identifier: MIT */
/* The GPUs that a file names, and the modes that it gives them. */
#include "base/num.h"
#include "desired/mode_read.h"
#include "desired/node_file.h"
#include "facts/mode_name.h"

#include <ctype.h>

static int parse_compute(const struct rp_yaml *at, const char *name, const char *text,
			 enum rocpart_compute_mode *ret, struct rocpart_error *reterr)
{
	char modes[RP_MODES_TEXT_SIZE];

	if (rocpart_compute_mode_from_string(text, ret) == 0)
		return 0;
	return rp_yaml_error(at, name, reterr, "'%s' is not a compute mode; use %s", text,
			     rp_compute_modes_text(rp_known_compute_modes(), "or", modes));
}

static int parse_memory(const struct rp_yaml *at, const char *name, const char *text,
			enum rocpart_memory_mode *ret, struct rocpart_error *reterr)
{
	char modes[RP_MODES_TEXT_SIZE];

	if (rocpart_memory_mode_from_string(text, ret) == 0)
		return 0;
	return rp_yaml_error(at, name, reterr, "'%s' is not a memory mode; use %s", text,
			     rp_memory_modes_text(rp_known_memory_modes(), "or", modes));
}

int rp_compute_mode_read(const struct rp_yaml *at, const char *name, enum rocpart_compute_mode *ret,
			 struct rocpart_error *reterr)
{
	const char *text;
	int r = rp_yaml_text(at, name, &text, reterr);

	return r < 0 ? r : parse_compute(at, name, text, ret, reterr);
}

int rp_memory_mode_read(const struct rp_yaml *at, const char *name, enum rocpart_memory_mode *ret,
			struct rocpart_error *reterr)
{
	const char *text;
	int r = rp_yaml_text(at, name, &text, reterr);

	return r < 0 ? r : parse_memory(at, name, text, ret, reterr);
}

int rp_modes_read(const struct rp_yaml *at, const char *name,
		  enum rocpart_compute_mode *ret_compute, enum rocpart_memory_mode *ret_memory,
		  struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *compute = NULL;
	const char *text, *slash;
	int r = rp_yaml_text(at, name, &text, reterr);

	if (r < 0)
		return r;
	slash = strchr(text, '/');
	if (!slash)
		return parse_compute(at, name, text, ret_compute, reterr);
	compute = rp_strndup(text, (size_t)(slash - text));
	if (!compute)
		return rp_error_nomem(reterr);
	r = parse_compute(at, name, compute, ret_compute, reterr);
	return r < 0 ? r : parse_memory(at, name, slash + 1, ret_memory, reterr);
}

int rp_node_read_compute(struct rp_node_file *f, const struct rp_yaml *at,
			 enum rocpart_compute_mode *ret)
{
	return rp_compute_mode_read(at, f->name, ret, f->reterr);
}

int rp_node_read_memory(struct rp_node_file *f, const struct rp_yaml *at,
			enum rocpart_memory_mode *ret)
{
	return rp_memory_mode_read(at, f->name, ret, f->reterr);
}

int rp_node_set_gpu(struct rp_node_file *f, size_t index, struct rp_mode_pair modes,
		    const struct rp_yaml *at)
{
	enum rocpart_compute_mode *compute = &f->compute[index];
	enum rocpart_memory_mode *memory = &f->memory[index];

	if (*compute && modes.compute && *compute != modes.compute)
		return rp_yaml_error(at, f->name, f->reterr,
				     "GPU %zu (%s) is given two compute modes, %s and %s", index,
				     f->snapshot->gpus[index].bdf,
				     rocpart_compute_mode_to_string(*compute),
				     rocpart_compute_mode_to_string(modes.compute));
	if (*memory && modes.memory && *memory != modes.memory)
		return rp_yaml_error(
			at, f->name, f->reterr, "GPU %zu (%s) is given two memory modes, %s and %s",
			index, f->snapshot->gpus[index].bdf, rocpart_memory_mode_to_string(*memory),
			rocpart_memory_mode_to_string(modes.memory));
	*compute = modes.compute ? modes.compute : *compute;
	*memory = modes.memory ? modes.memory : *memory;
	return 0;
}

/* "1-7": both ends, by index. */
static bool parse_range(const char *text, size_t *first, size_t *last)
{
	const char *dash = strchr(text, '-');
	uint64_t a, b;

	if (!dash || rp_parse_u64_part(text, (size_t)(dash - text), 10, &a) < 0 ||
	    rp_parse_u64(dash + 1, 10, &b) < 0)
		return false;
	*first = (size_t)a;
	*last = (size_t)b;
	return true;
}

bool rp_looks_like_bdf(const char *word)
{
	const char *colon = strchr(word, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;

	return second && strchr(second, '.') && strlen(word) < 16 && isxdigit((unsigned char)*word);
}

static int find_range(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
		      bool *ret_gpus, const size_t ends[2])
{
	size_t n = f->snapshot->n_gpus;

	if (ends[0] > ends[1] || ends[1] >= n)
		return rp_yaml_error(
			at, f->name, f->reterr,
			"'%s' is not a range of this machine's GPUs, which are 0 to %zu", word,
			n ? n - 1 : 0);
	for (size_t i = ends[0]; i <= ends[1]; i++)
		ret_gpus[i] = true;
	return 0;
}

int rp_node_find_present_gpus(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
			      bool *ret_gpus)
{
	const struct rocpart_snapshot *s = f->snapshot;
	const struct rocpart_gpu *gpu = NULL;
	bool all = rp_str_eq(word, "all");
	size_t ends[2] = {0, 0}, n = 0;

	memset(ret_gpus, 0, s->n_gpus * sizeof(*ret_gpus));
	if (parse_range(word, &ends[0], &ends[1]))
		return find_range(f, word, at, ret_gpus, ends);
	if (!all && rocpart_snapshot_find_gpu(s, word, &gpu, NULL) == 0) {
		ret_gpus[gpu->index] = true;
		return 0;
	}
	for (size_t i = 0; i < s->n_gpus; i++) {
		gpu = &s->gpus[i];
		ret_gpus[i] = all ? gpu->compute != ROCPART_COMPUTE_UNKNOWN
				  : gpu->product && rp_str_eq_nocase(gpu->product->name, word);
		n += ret_gpus[i];
	}
	if (n || rp_looks_like_bdf(word))
		return 0;
	(void)rp_yaml_error(at, f->name, f->reterr, "this machine has no GPU '%s'", word);
	return rp_error_hint(f->reterr,
			     "name GPUs by index, range, PCI address, unique id or product, "
			     "or 'all'; `rocpart list` shows them");
}

int rp_node_find_gpus(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
		      bool *ret_gpus)
{
	int r = rp_node_find_present_gpus(f, word, at, ret_gpus);

	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++)
		if (ret_gpus[i])
			return 0;
	if (r == 0 && rp_names_add(&f->change->lost, word) < 0)
		return rp_error_nomem(f->reterr);
	return r;
}
