/* SPDX-License-Identifier: MIT */
/* The GPUs that a file names, and the modes that it gives them. */
#include "desired/gpu_word.h"
#include "desired/mode_read.h"
#include "desired/node_file.h"
#include "facts/mode_name.h"

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

/* All GPUs of the machine. */
static struct rp_gpu_set set_of(const struct rp_node_file *f)
{
	return (struct rp_gpu_set){.snapshot = f->snapshot, .n = f->snapshot->n_gpus};
}

int rp_node_find_present_gpus(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
			      bool *ret_gpus)
{
	const struct rp_gpu_set set = set_of(f);
	enum rp_gpu_found found = rp_gpu_word_find(&set, word, ret_gpus);
	RP_AUTO_FREE char *place = NULL;

	if (found == RP_GPU_FOUND || found == RP_GPU_LOST)
		return 0;
	place = rp_yaml_place(at, f->name);
	return place ? rp_gpu_word_refuse(&set, found, word, place, f->reterr)
		     : rp_error_nomem(f->reterr);
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
