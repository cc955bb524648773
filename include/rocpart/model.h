/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_MODEL_H
#define ROCPART_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/mode.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How many bytes a model needs. A model is described by its files, by a config.json or by the
 * catalog; a footprint is what it needs with given options, item by item, each with its source and
 * how far it can be trusted. All bytes of a footprint are those of one rank.
 *
 * Files are read as hostile input: bounded memory, no code of theirs, links only inside their
 * folder. Nothing here uses the network or a GPU. Objects belong to one thread at a time; different
 * objects are independent.
 */

/**
 * struct rocpart_catalog - Models by name, with where their numbers were found. Opaque.
 */
struct rocpart_catalog;

/**
 * rocpart_catalog_new() - An empty catalog.
 * @ret_catalog: to be freed with rocpart_catalog_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_catalog_new(struct rocpart_catalog **ret_catalog);

/**
 * rocpart_catalog_load() - Add a catalog file, or all *.yaml of a folder.
 * @catalog: catalog; a name that it has already is replaced.
 * @path: YAML file or folder.
 * @reterr: why it failed, or NULL; of a malformed file the object is "file:line:column".
 *
 * Reads files. Since 0.1.
 * Return: 0; -ENOENT: there is no such file; -EINVAL: malformed, unknown keys included; -ERANGE: a
 * number that no model has; -EFBIG: above 1 MiB; -ENOMEM; errno of reading.
 */
int rocpart_catalog_load(struct rocpart_catalog *catalog, const char *path,
			 struct rocpart_error *reterr);

/**
 * rocpart_catalog_free() - Free a catalog. Models made from it live on.
 * @catalog: catalog, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_catalog *rocpart_catalog_free(struct rocpart_catalog *catalog);

/**
 * rocpart_catalog_get_count() - How many models it holds.
 * @catalog: catalog.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_catalog_get_count(const struct rocpart_catalog *catalog);

/**
 * rocpart_catalog_get_name() - Name of a model, in the order of the files.
 * @catalog: catalog.
 * @index: below rocpart_catalog_get_count().
 *
 * Since 0.1.
 * Return: text that lives as long as the catalog is not changed; NULL past the end.
 */
const char *rocpart_catalog_get_name(const struct rocpart_catalog *catalog, size_t index);

/**
 * rocpart_catalog_get_source() - Where the numbers of a model were found.
 * @catalog: catalog.
 * @index: below rocpart_catalog_get_count().
 *
 * Since 0.1.
 * Return: text as of rocpart_catalog_get_name(); NULL past the end.
 */
const char *rocpart_catalog_get_source(const struct rocpart_catalog *catalog, size_t index);

/**
 * struct rocpart_model - A described model. Opaque, immutable.
 */
struct rocpart_model;

/**
 * rocpart_model_open() - Describe a model by its files.
 * @path: a folder with safetensors files (and model.safetensors.index.json, config.json,
 *	hf_quant_config.json), with a GGUF file or with a config.json only; or one such file, of a
 *	split model any part.
 * @ret_model: to be freed with rocpart_model_free().
 * @reterr: why it failed, or NULL; names file, tensor and field.
 *
 * Reads headers, never weights; at most 100 MB of header per safetensors file. Since 0.1.
 * Return: 0; -ENOENT: no such file, or a part is missing; -EINVAL: malformed or hostile; -ERANGE: a
 * number that no model has; -EXDEV: a symbolic link out of the folder; -ENOTSUP: nothing there says
 * what the model is; -EFBIG; -E2BIG; -ENOMEM; -EIO: the file became shorter; errno of reading.
 */
int rocpart_model_open(const char *path, struct rocpart_model **ret_model,
		       struct rocpart_error *reterr);

/**
 * rocpart_model_open_at() - The same, of a folder that is open already.
 * @dirfd: the folder; stays open.
 * @name: a file in it, or NULL for the folder itself.
 * @label: how the model is called in messages.
 * @ret_model: to be freed with rocpart_model_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: as rocpart_model_open().
 */
int rocpart_model_open_at(int dirfd, const char *name, const char *label,
			  struct rocpart_model **ret_model, struct rocpart_error *reterr);

/**
 * rocpart_model_find() - Describe a model of the catalog.
 * @catalog: catalog; may be freed before the model.
 * @name: its name in any case, or what stands behind the '/' when only one model has it.
 * @ret_model: to be freed with rocpart_model_free().
 * @reterr: why it failed, or NULL; the hint names the nearest model and the ways out.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: the catalog has no such model, or several; -ENOMEM.
 */
int rocpart_model_find(const struct rocpart_catalog *catalog, const char *name,
		       struct rocpart_model **ret_model, struct rocpart_error *reterr);

/**
 * rocpart_model_new_bytes() - A model of which only the bytes of its weights are known.
 * @name: how to call it.
 * @weights_bytes: bytes of its weights in memory.
 * @ret_model: to be freed with rocpart_model_free().
 *
 * Its footprint has no cache and no activations, so no total. Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_model_new_bytes(const char *name, uint64_t weights_bytes,
			    struct rocpart_model **ret_model);

/**
 * rocpart_model_free() - Free a model. Footprints made from it live on.
 * @model: model, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_model *rocpart_model_free(struct rocpart_model *model);

/**
 * rocpart_model_get_name() - Name in the catalog, or the path that was given.
 * @model: model.
 *
 * Since 0.1.
 * Return: text that lives as long as the model.
 */
const char *rocpart_model_get_name(const struct rocpart_model *model);

/**
 * rocpart_model_get_source() - What the description was taken from.
 * @model: model.
 *
 * Since 0.1.
 * Return: text that lives as long as the model.
 */
const char *rocpart_model_get_source(const struct rocpart_model *model);

/**
 * rocpart_model_get_architecture() - Family of the architecture table, "Llama".
 * @model: model.
 *
 * Since 0.1.
 * Return: static text; "unknown" when there is no config or the table does not have it.
 */
const char *rocpart_model_get_architecture(const struct rocpart_model *model);

/**
 * rocpart_model_get_max_context() - Longest context that the model was made for, in tokens.
 * @model: model.
 * @ret_tokens: the number.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: its description does not say.
 */
int rocpart_model_get_max_context(const struct rocpart_model *model, uint64_t *ret_tokens);

/**
 * struct rocpart_size_options - How a model is going to be run. Opaque.
 *
 * What is not set is assumed, and the footprint tells so.
 */
struct rocpart_size_options;

/**
 * rocpart_size_options_new() - Options with nothing set.
 * @ret_options: to be freed with rocpart_size_options_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_size_options_new(struct rocpart_size_options **ret_options);

/**
 * rocpart_size_options_free() - Free options.
 * @options: options, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_size_options *rocpart_size_options_free(struct rocpart_size_options *options);

/**
 * rocpart_size_options_set_dtype() - Format of the weights.
 * @options: options.
 * @word: fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4, or NULL: as the model comes. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Embeddings, lm_head, norms, routers and vision towers stay 16 bit. Since 0.1.
 * Return: 0; -EINVAL: no such word; -ENOMEM.
 */
int rocpart_size_options_set_dtype(struct rocpart_size_options *options, const char *word,
				   struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_kv_dtype() - Format of the KV cache.
 * @options: options.
 * @word: bf16 fp16 fp8 int8 fp32; of llama.cpp also q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl. Copied.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: no such word; -ENOMEM.
 */
int rocpart_size_options_set_kv_dtype(struct rocpart_size_options *options, const char *word,
				      struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_engine() - The program that will run it.
 * @options: options.
 * @word: "vllm", "vllm:0.19", "llama.cpp". Copied.
 * @reterr: why it failed, or NULL.
 *
 * Not set: vLLM 0.19, for GGUF files llama.cpp. Since 0.1.
 * Return: 0; -EINVAL: no such word; -ENOMEM.
 */
int rocpart_size_options_set_engine(struct rocpart_size_options *options, const char *word,
				    struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_context() - Longest request, prompt and answer together.
 * @options: options.
 * @tokens: number of tokens; 0: the smaller of the model's maximum and 8192.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_context(struct rocpart_size_options *options, uint64_t tokens);

/**
 * rocpart_size_options_set_max_seqs() - Requests that run at once (--max-num-seqs).
 * @options: options.
 * @requests: number; 0: 256, of llama.cpp 1.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_max_seqs(struct rocpart_size_options *options, uint64_t requests);

/**
 * rocpart_size_options_set_max_batched_tokens() - Tokens of one step (--max-num-batched-tokens).
 * @options: options.
 * @tokens: number; 0: 2048.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_max_batched_tokens(struct rocpart_size_options *options,
						 uint64_t tokens);

/**
 * rocpart_size_options_set_tensor_parallel() - Ranks that share the model.
 * @options: options.
 * @ranks: number; 0: 1. Heads, MLP and vocabulary must divide by it.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_tensor_parallel(struct rocpart_size_options *options, uint32_t ranks);

/**
 * rocpart_size_options_set_eager() - Run without graphs (--enforce-eager).
 * @options: options.
 * @eager: true: no bytes for graphs.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_eager(struct rocpart_size_options *options, bool eager);

/**
 * enum rocpart_footprint_value - Numbers of a footprint. Append-only.
 */
enum rocpart_footprint_value {
	ROCPART_FOOTPRINT_WEIGHTS_BYTES = 0,	   /* resident weights */
	ROCPART_FOOTPRINT_KV_BYTES = 1,		   /* cache of one request of the context */
	ROCPART_FOOTPRINT_ACTIVATION_BYTES = 2,	   /* peak of activations */
	ROCPART_FOOTPRINT_PROCESS_BYTES = 3,	   /* context of the process on the GPU */
	ROCPART_FOOTPRINT_COLLECTIVE_BYTES = 4,	   /* buffers of collective operations */
	ROCPART_FOOTPRINT_GRAPH_BYTES = 5,	   /* captured graphs */
	ROCPART_FOOTPRINT_MARGIN_BYTES = 6,	   /* for the error of the formulas */
	ROCPART_FOOTPRINT_TOTAL_BYTES = 7,	   /* the least that works: sum of the above */
	ROCPART_FOOTPRINT_COMFORTABLE_BYTES = 8,   /* with the cache of four such requests */
	ROCPART_FOOTPRINT_PARAMETERS = 9,	   /* of the whole model */
	ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN = 10, /* of all layers, before any window is full */
	ROCPART_FOOTPRINT_STATE_BYTES = 11,	   /* recurrent state of one sequence */
	ROCPART_FOOTPRINT_ACTIVE_BYTES = 12, /* weights that one token of one sequence reads */
	ROCPART_FOOTPRINT_CONTEXT = 13,	     /* tokens */
	ROCPART_FOOTPRINT_MAX_SEQS = 14,
	ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS = 15,
	ROCPART_FOOTPRINT_RANKS = 16,
	ROCPART_FOOTPRINT_DRAFT_PARAMETERS = 17, /* of draft layers, in the files but not loaded */
};

/**
 * struct rocpart_footprint - What a model needs with given options. Opaque, immutable.
 */
struct rocpart_footprint;

/**
 * rocpart_footprint_new() - Size a model.
 * @model: model; may be freed before the footprint.
 * @options: how it is run, or NULL: everything assumed.
 * @ret_footprint: to be freed with rocpart_footprint_free().
 * @reterr: why it failed, or NULL.
 *
 * Reads nothing. Formulas: docs/design/model-bytes.md. Since 0.1.
 * Return: 0; -EINVAL: the config lacks a number, the ranks do not divide the model, or the context
 * is above its maximum; -ENOTSUP: architecture, quantisation or vision tower are not in the tables,
 * named in the message; -ERANGE; -EOVERFLOW; -ENOMEM.
 */
int rocpart_footprint_new(const struct rocpart_model *model,
			  const struct rocpart_size_options *options,
			  struct rocpart_footprint **ret_footprint, struct rocpart_error *reterr);

/**
 * rocpart_footprint_free() - Free a footprint.
 * @footprint: footprint, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_footprint *rocpart_footprint_free(struct rocpart_footprint *footprint);

/**
 * rocpart_footprint_get() - One number of a footprint.
 * @footprint: footprint.
 * @value: which one.
 * @ret_value: bytes, tokens or a count, as the enum says; bytes are those of one rank.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: not known, e.g. the cache of a model without a config; -EINVAL: no such
 * value; -EOVERFLOW.
 */
int rocpart_footprint_get(const struct rocpart_footprint *footprint,
			  enum rocpart_footprint_value value, uint64_t *ret_value);

/**
 * rocpart_footprint_get_confidence() - How far one of the parts of the sum can be trusted.
 * @footprint: footprint.
 * @value: ROCPART_FOOTPRINT_WEIGHTS_BYTES to ROCPART_FOOTPRINT_MARGIN_BYTES, or
 *	ROCPART_FOOTPRINT_TOTAL_BYTES for the worst of all.
 *
 * Since 0.1.
 * Return: "exact" (read from files), "derived" (follows from the config), "measured" (on other
 * hardware), "guess", "given", "incomplete"; "unknown" for other values. Static text.
 */
const char *rocpart_footprint_get_confidence(const struct rocpart_footprint *footprint,
					     enum rocpart_footprint_value value);

/**
 * rocpart_footprint_get_source() - Where one of the parts of the sum comes from.
 * @footprint: footprint.
 * @value: ROCPART_FOOTPRINT_WEIGHTS_BYTES to ROCPART_FOOTPRINT_MARGIN_BYTES.
 *
 * Since 0.1.
 * Return: static text, "" for other values and what is not known.
 */
const char *rocpart_footprint_get_source(const struct rocpart_footprint *footprint,
					 enum rocpart_footprint_value value);

/**
 * rocpart_footprint_get_text() - Words of a footprint.
 * @footprint: footprint.
 * @what: "dtype", "kv_dtype" or "engine".
 *
 * Since 0.1.
 * Return: text that lives as long as the footprint; "" for other words.
 */
const char *rocpart_footprint_get_text(const struct rocpart_footprint *footprint, const char *what);

/**
 * rocpart_footprint_get_assumption() - What was assumed because it was not set.
 * @footprint: footprint.
 * @index: from 0.
 * @ret_what: name of the option.
 * @ret_value: the value assumed.
 * @ret_why: the reason.
 *
 * All three live as long as the footprint. Since 0.1.
 * Return: 0; -ENOENT past the last.
 */
int rocpart_footprint_get_assumption(const struct rocpart_footprint *footprint, size_t index,
				     const char **ret_what, const char **ret_value,
				     const char **ret_why);

/**
 * rocpart_footprint_kv_tokens() - Tokens of cache that fit beside the rest.
 * @footprint: footprint.
 * @usable_bytes: what the partition offers, see rocpart_usable_bytes().
 * @ret_tokens: 0 when the rest does not fit. For models that mix kinds of layers it is vLLM's "GPU
 *	KV cache size", which is not the length of the longest request.
 *
 * No measurement on a partition of an AMD GPU is known: the error is that of the parts. Since 0.1.
 * Return: 0; -ENODATA: the cache is not known.
 */
int rocpart_footprint_kv_tokens(const struct rocpart_footprint *footprint, uint64_t usable_bytes,
				uint64_t *ret_tokens);

/**
 * rocpart_footprint_kv_bytes() - Bytes of cache for so many tokens.
 * @footprint: footprint.
 * @tokens: number of tokens.
 * @ret_bytes: the least that holds them, in whole blocks.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: the cache is not known; -EOVERFLOW.
 */
int rocpart_footprint_kv_bytes(const struct rocpart_footprint *footprint, uint64_t tokens,
			       uint64_t *ret_bytes);

/**
 * rocpart_footprint_fits() - Do the rest and one request of the context fit?
 * @footprint: footprint.
 * @usable_bytes: what the partition offers.
 *
 * Since 0.1.
 * Return: 1 yes; 0 no; -ENODATA: a part is not known.
 */
int rocpart_footprint_fits(const struct rocpart_footprint *footprint, uint64_t usable_bytes);

/**
 * rocpart_footprint_bound() - Upper bound of tokens per second of one sequence.
 * @footprint: footprint.
 * @bandwidth_bytes_per_s: memory bandwidth that the partition has.
 * @tokens: context whose cache is read too; 0 for the start of a request.
 * @ret_millitokens_per_s: thousandths of tokens per second. A bound, no forecast: reading weights
 *	and cache alone takes so long.
 *
 * Since 0.1.
 * Return: 0; -ENODATA; -EOVERFLOW.
 */
int rocpart_footprint_bound(const struct rocpart_footprint *footprint,
			    uint64_t bandwidth_bytes_per_s, uint64_t tokens,
			    uint64_t *ret_millitokens_per_s);

/**
 * rocpart_footprint_get_flags() - Options of the engine that make the numbers true.
 * @footprint: footprint.
 * @partition_bytes: what the process sees as total memory; 0: not known.
 * @usable_bytes: what the partition offers; the cache takes all that is left. 0: not known.
 * @ret_flags: NULL-terminated list of words; to be freed with rocpart_flags_free().
 *
 * vLLM: --gpu-memory-utilization passes its start-up check, --kv-cache-memory-bytes sizes the
 * cache, --max-model-len, --max-num-seqs and --max-num-batched-tokens bound the rest. llama.cpp:
 * --ctx-size, --parallel, --batch-size, --cache-type-k and -v, --n-gpu-layers. Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_footprint_get_flags(const struct rocpart_footprint *footprint, uint64_t partition_bytes,
				uint64_t usable_bytes, char ***ret_flags);

/**
 * rocpart_flags_free() - Free a list of words.
 * @flags: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
char **rocpart_flags_free(char **flags);

/**
 * rocpart_usable_bytes() - What a partition offers to a process.
 * @partition_bytes: what the kernel enforces for it (KFD mem_banks).
 * @host_free_bytes: free host memory when the driver was loaded.
 * @vram_bytes: VRAM of all GPUs of the machine.
 * @pinned_bytes: pinned VRAM of the whole GPU (RDMA), which each partition pays.
 *
 * The kernel keeps (host_free_bytes + vram_bytes) / 16384, at least 8 MiB, of each partition for
 * page tables (Linux amdgpu_amdkfd_gpuvm.c, amdgpu_amdkfd_reserve_mem_limit). Since 0.1.
 * Return: bytes; 0 when nothing is left.
 */
uint64_t rocpart_usable_bytes(uint64_t partition_bytes, uint64_t host_free_bytes,
			      uint64_t vram_bytes, uint64_t pinned_bytes);

/**
 * struct rocpart_fit - A model on one product in one pair of modes. Frozen.
 * @product: market name, static text.
 * @compute: compute mode.
 * @memory: memory mode.
 * @validated: the vendor has validated the pair on the product.
 * @n_partitions: partitions of one GPU.
 * @partition_bytes: the smallest of them; 0: depends on the host (MI300A).
 * @usable_bytes: of that, with @host_bytes of rocpart_fits_new() and eight GPUs.
 * @fits: 1 yes, 0 no, -ENODATA not known.
 * @kv_tokens: tokens of cache that are left.
 * @replicas: partitions of one GPU that hold it, divided by the ranks; one engine each.
 * @bandwidth_bytes_per_s: share of a partition when all are busy, what copies reach on MI300X
 *	(4010 of 5300 GB/s in NPS1, 4210 in other modes) taken for all products.
 * @bound_millitokens_per_s: bound of one sequence at the start of a request, in thousandths.
 * @bound_context_millitokens_per_s: the same with the whole context in the cache.
 * @reserved: zero.
 */
struct rocpart_fit {
	const char *product;
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	bool validated;
	unsigned n_partitions;
	uint64_t partition_bytes;
	uint64_t usable_bytes;
	int fits;
	uint64_t kv_tokens;
	unsigned replicas;
	uint64_t bandwidth_bytes_per_s;
	uint64_t bound_millitokens_per_s;
	uint64_t bound_context_millitokens_per_s;
	uint64_t reserved[4];
};

/**
 * struct rocpart_fits - Every product in every pair of modes that it accepts. Opaque.
 */
struct rocpart_fits;

/**
 * rocpart_fits_new() - Try a footprint on every product and pair of modes.
 * @footprint: footprint; borrowed during the call.
 * @host_bytes: free host memory of the machine; 0: 2 TiB.
 * @ret_fits: to be freed with rocpart_fits_free().
 * @reterr: why it failed, or NULL.
 *
 * Figures of products are those of the library's table (data sheets and the kernel's rules), not of
 * this machine. Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_fits_new(const struct rocpart_footprint *footprint, uint64_t host_bytes,
		     struct rocpart_fits **ret_fits, struct rocpart_error *reterr);

/**
 * rocpart_fits_free() - Free a list.
 * @fits: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_fits *rocpart_fits_free(struct rocpart_fits *fits);

/**
 * rocpart_fits_get_count() - Length of a list.
 * @fits: list.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_fits_get_count(const struct rocpart_fits *fits);

/**
 * rocpart_fits_get() - One row.
 * @fits: list.
 * @index: below rocpart_fits_get_count().
 *
 * Since 0.1.
 * Return: row that lives as long as the list; NULL past the end.
 */
const struct rocpart_fit *rocpart_fits_get(const struct rocpart_fits *fits, size_t index);

#ifdef __cplusplus
}
#endif
#endif
