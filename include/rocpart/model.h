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
 * Sizing models. The files of a model, a config.json or the catalog describe a model. A footprint
 * lists the bytes that a model needs with given options, item by item, each item with its source
 * and its confidence. All bytes of a footprint are those of one rank.
 *
 * rocpart treats model files as hostile input: it reads them in bounded memory, executes no code
 * from them, and follows links only inside their folder. The calls use neither the network nor a
 * GPU. One thread at a time may use an object; different objects are independent.
 */

/**
 * struct rocpart_catalog - A catalog of models by name, with the sources of their numbers. Opaque.
 */
struct rocpart_catalog;

/**
 * rocpart_catalog_new() - Create an empty catalog.
 * @ret_catalog: receives the catalog; free it with rocpart_catalog_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_catalog_new(struct rocpart_catalog **ret_catalog);

/**
 * rocpart_catalog_load() - Load a catalog file, or all *.yaml files of a folder, into a catalog.
 * @catalog: catalog; a new model replaces a model of the same name.
 * @path: YAML file or folder.
 * @reterr: receives the reason on failure; may be NULL. For a malformed file the object is
 *	"file:line:column".
 *
 * The call reads files. On failure the catalog keeps the models before the mistake. Since 0.1.
 * Return: 0; -ENOENT: the file does not exist; -EINVAL: the file is malformed or has an unknown
 * key; -ERANGE: the file has a number that no model has; -EFBIG: the file exceeds 1 MiB; -ENOMEM:
 * out of memory; errno of reading.
 */
int rocpart_catalog_load(struct rocpart_catalog *catalog, const char *path,
			 struct rocpart_error *reterr);

/**
 * rocpart_catalog_free() - Free a catalog. Models of the catalog stay valid.
 * @catalog: catalog, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_catalog *rocpart_catalog_free(struct rocpart_catalog *catalog);

/**
 * rocpart_catalog_get_count() - Return the number of models in a catalog.
 * @catalog: catalog.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_catalog_get_count(const struct rocpart_catalog *catalog);

/**
 * rocpart_catalog_get_name() - Return the name of a model, in the order of the files.
 * @catalog: catalog.
 * @index: below rocpart_catalog_get_count().
 *
 * Since 0.1.
 * Return: text, valid until the catalog changes; NULL past the end.
 */
const char *rocpart_catalog_get_name(const struct rocpart_catalog *catalog, size_t index);

/**
 * rocpart_catalog_get_source() - Return the source of a model's numbers.
 * @catalog: catalog.
 * @index: below rocpart_catalog_get_count().
 *
 * Since 0.1.
 * Return: text, valid until the catalog changes; NULL past the end.
 */
const char *rocpart_catalog_get_source(const struct rocpart_catalog *catalog, size_t index);

/**
 * struct rocpart_model - A described model. Opaque, immutable.
 */
struct rocpart_model;

/**
 * rocpart_model_open() - Open a model by its files.
 * @path: folder with safetensors files (and model.safetensors.index.json, config.json,
 *	hf_quant_config.json), with a GGUF file, or with only a config.json; or one such file, for a
 *	split model any part.
 * @ret_model: receives the model; free it with rocpart_model_free().
 * @reterr: receives the reason on failure, with file, tensor and field; may be NULL.
 *
 * The call reads headers, never weights, and at most 100 MB of header for each safetensors file.
 * Since 0.1.
 * Return: 0; -ENOENT: the file or a part of a split model does not exist; -EINVAL: a file is
 * malformed or hostile; -ERANGE: a file has a number that no model has; -EXDEV: a symbolic link
 * leads out of the folder; -ENOTSUP: no file describes the model; -EFBIG: a file or header is too
 * large; -E2BIG: a folder or header has too many entries; -EOVERFLOW: a sum of bytes exceeds 64
 * bits; -ENOMEM: out of memory; -EIO: the file became shorter during the read; errno of reading.
 */
int rocpart_model_open(const char *path, struct rocpart_model **ret_model,
		       struct rocpart_error *reterr);

/**
 * rocpart_model_open_at() - Open a model by its files in an open folder.
 * @dirfd: descriptor of the folder; stays open.
 * @name: name of a file in the folder, or NULL for the folder itself.
 * @label: name of the model in messages.
 * @ret_model: receives the model; free it with rocpart_model_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: as rocpart_model_open().
 */
int rocpart_model_open_at(int dirfd, const char *name, const char *label,
			  struct rocpart_model **ret_model, struct rocpart_error *reterr);

/**
 * rocpart_model_find() - Find a model in a catalog.
 * @catalog: catalog; may be freed before the model.
 * @name: name of the model in upper or lower case, or the part after the '/' when only one model
 *	has that part.
 * @ret_model: receives the model; free it with rocpart_model_free().
 * @reterr: receives the reason on failure; may be NULL. The hint names the most similar model and
 *	other ways to describe a model.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: no model or several models of the catalog have the name; -ENOMEM: out of
 * memory.
 */
int rocpart_model_find(const struct rocpart_catalog *catalog, const char *name,
		       struct rocpart_model **ret_model, struct rocpart_error *reterr);

/**
 * rocpart_model_new_bytes() - Create a model from the bytes of its weights alone.
 * @name: name of the model.
 * @weights_bytes: bytes of its weights in memory.
 * @ret_model: receives the model; free it with rocpart_model_free().
 *
 * The footprint of such a model has neither cache nor activations, and therefore no total. Since
 * 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_model_new_bytes(const char *name, uint64_t weights_bytes,
			    struct rocpart_model **ret_model);

/**
 * rocpart_model_free() - Free a model. Footprints of the model stay valid.
 * @model: model, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_model *rocpart_model_free(struct rocpart_model *model);

/**
 * rocpart_model_get_name() - Return the name in the catalog, or the path that was given.
 * @model: model.
 *
 * Since 0.1.
 * Return: text, valid as long as the model.
 */
const char *rocpart_model_get_name(const struct rocpart_model *model);

/**
 * rocpart_model_get_source() - Return the source of a model's description.
 * @model: model.
 *
 * Since 0.1.
 * Return: text, valid as long as the model.
 */
const char *rocpart_model_get_source(const struct rocpart_model *model);

/**
 * rocpart_model_get_architecture() - Return the family in the architecture table, "Llama".
 * @model: model.
 *
 * Since 0.1.
 * Return: static text; "unknown" when the model has no config or the table does not contain the
 * architecture.
 */
const char *rocpart_model_get_architecture(const struct rocpart_model *model);

/**
 * rocpart_model_get_max_context() - Return the longest context of a model, in tokens.
 * @model: model.
 * @ret_tokens: receives the number of tokens.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: the description of the model does not contain the number.
 */
int rocpart_model_get_max_context(const struct rocpart_model *model, uint64_t *ret_tokens);

/**
 * struct rocpart_size_options - Options for running a model. Opaque.
 *
 * rocpart assumes a value for each option that is not set, and the footprint lists the assumptions.
 */
struct rocpart_size_options;

/**
 * rocpart_size_options_new() - Create options without any value set.
 * @ret_options: receives the options; free them with rocpart_size_options_free().
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_size_options_new(struct rocpart_size_options **ret_options);

/**
 * rocpart_size_options_free() - Free size options.
 * @options: options, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_size_options *rocpart_size_options_free(struct rocpart_size_options *options);

/**
 * rocpart_size_options_set_dtype() - Set the format of the weights.
 * @options: options.
 * @word: fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4, or NULL for the format of the model's
 *	files. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Embeddings, lm_head, norms, routers and vision towers keep 16 bits. Since 0.1.
 * Return: 0; -EINVAL: @word is not a format; -ENOMEM: out of memory.
 */
int rocpart_size_options_set_dtype(struct rocpart_size_options *options, const char *word,
				   struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_kv_dtype() - Set the format of the KV cache.
 * @options: options.
 * @word: bf16 fp16 fp8 int8 fp32; for llama.cpp also q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl. Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @word is not a format; -ENOMEM: out of memory.
 */
int rocpart_size_options_set_kv_dtype(struct rocpart_size_options *options, const char *word,
				      struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_engine() - Set the engine that runs the model.
 * @options: options.
 * @word: "vllm", "vllm:0.19", "llama.cpp". Copied.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Without this option rocpart assumes vLLM 0.19, and llama.cpp for GGUF files. Since 0.1.
 * Return: 0; -EINVAL: @word is not an engine; -ENOMEM: out of memory.
 */
int rocpart_size_options_set_engine(struct rocpart_size_options *options, const char *word,
				    struct rocpart_error *reterr);

/**
 * rocpart_size_options_set_context() - Set the longest request, prompt and answer together.
 * @options: options.
 * @tokens: number of tokens; 0: the smaller of the model's maximum and 8192.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_context(struct rocpart_size_options *options, uint64_t tokens);

/**
 * rocpart_size_options_set_max_seqs() - Set the number of requests that run at once
 * (--max-num-seqs).
 * @options: options.
 * @requests: number of requests; 0: 256, for llama.cpp 1.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_max_seqs(struct rocpart_size_options *options, uint64_t requests);

/**
 * rocpart_size_options_set_max_batched_tokens() - Set the tokens of one step
 * (--max-num-batched-tokens).
 * @options: options.
 * @tokens: number of tokens; 0: 2048.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_max_batched_tokens(struct rocpart_size_options *options,
						 uint64_t tokens);

/**
 * rocpart_size_options_set_tensor_parallel() - Set the number of ranks that share the model.
 * @options: options.
 * @ranks: number of ranks; 0: 1. The number must divide the heads, the MLP and the vocabulary.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_tensor_parallel(struct rocpart_size_options *options, uint32_t ranks);

/**
 * rocpart_size_options_set_eager() - Run the model without graphs (--enforce-eager).
 * @options: options.
 * @eager: true: the footprint has no bytes for graphs.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_eager(struct rocpart_size_options *options, bool eager);

/**
 * rocpart_size_options_set_lenient() - Size a model without the keys that nobody understood.
 * @options: options.
 * @lenient: true: keys of config.json that may decide a size, and that rocpart does not understand,
 *           are left out. The parts that follow from the config are then a "guess", and an
 *           assumption of the footprint names the keys. false: rocpart_footprint_new() refuses
 *           such a model by the name of the key.
 *
 * Since 0.1.
 */
void rocpart_size_options_set_lenient(struct rocpart_size_options *options, bool lenient);

/**
 * enum rocpart_footprint_value - The numbers of a footprint. Append-only.
 */
enum rocpart_footprint_value {
	ROCPART_FOOTPRINT_WEIGHTS_BYTES = 0,	 /* resident weights */
	ROCPART_FOOTPRINT_KV_BYTES = 1,		 /* cache of one request with the whole context */
	ROCPART_FOOTPRINT_ACTIVATION_BYTES = 2,	 /* peak of activations */
	ROCPART_FOOTPRINT_PROCESS_BYTES = 3,	 /* context of the process on the GPU */
	ROCPART_FOOTPRINT_COLLECTIVE_BYTES = 4,	 /* buffers of collective operations */
	ROCPART_FOOTPRINT_GRAPH_BYTES = 5,	 /* captured graphs */
	ROCPART_FOOTPRINT_MARGIN_BYTES = 6,	 /* margin for the error of the formulas */
	ROCPART_FOOTPRINT_TOTAL_BYTES = 7,	 /* the least that works: sum of the items above */
	ROCPART_FOOTPRINT_COMFORTABLE_BYTES = 8, /* total with four such requests */
	ROCPART_FOOTPRINT_PARAMETERS = 9,	 /* parameters of the whole model */
	ROCPART_FOOTPRINT_KV_BYTES_PER_TOKEN = 10, /* cache of all layers, no window full */
	ROCPART_FOOTPRINT_STATE_BYTES = 11,	   /* recurrent state of one sequence */
	ROCPART_FOOTPRINT_ACTIVE_BYTES = 12,	   /* weights read for one token of one sequence */
	ROCPART_FOOTPRINT_CONTEXT = 13,		   /* context in tokens */
	ROCPART_FOOTPRINT_MAX_SEQS = 14,
	ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS = 15,
	ROCPART_FOOTPRINT_RANKS = 16,
	ROCPART_FOOTPRINT_DRAFT_PARAMETERS = 17, /* parameters of draft layers, not loaded */
};

/**
 * struct rocpart_footprint - The bytes that a model needs with given options. Opaque, immutable.
 */
struct rocpart_footprint;

/**
 * rocpart_footprint_new() - Compute the footprint of a model.
 * @model: model; may be freed before the footprint.
 * @options: options for running the model, or NULL to assume every option.
 * @ret_footprint: receives the footprint; free it with rocpart_footprint_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call reads no files. docs/design/model-bytes.md has the formulas. Since 0.1.
 * Return: 0; -EINVAL: the config lacks a number, the number of ranks does not divide the model, or
 * the context exceeds the model's maximum; -ENOTSUP: the tables lack the architecture, the
 * quantisation or the vision tower, which the message names; -ERANGE: the config has a number that
 * no model has; -EOVERFLOW: a product of numbers exceeds 64 bits; -ENOMEM: out of memory.
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
 * rocpart_footprint_get() - Return one number of a footprint.
 * @footprint: footprint.
 * @value: number to return.
 * @ret_value: receives bytes, tokens or a count, as the enum states; bytes are those of one rank.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: the number is not known, e.g. the cache of a model without a config;
 * -EINVAL: @value is not a number of a footprint; -EOVERFLOW: the sum exceeds 64 bits.
 */
int rocpart_footprint_get(const struct rocpart_footprint *footprint,
			  enum rocpart_footprint_value value, uint64_t *ret_value);

/**
 * rocpart_footprint_get_confidence() - Return the confidence of one item of a footprint.
 * @footprint: footprint.
 * @value: ROCPART_FOOTPRINT_WEIGHTS_BYTES to ROCPART_FOOTPRINT_MARGIN_BYTES, or
 *	ROCPART_FOOTPRINT_TOTAL_BYTES for the lowest confidence of all items.
 *
 * Since 0.1.
 * Return: "exact" (read from files), "derived" (follows from the config), "measured" (on other
 * hardware), "guess", "given", "incomplete"; "unknown" for other values. Static text.
 */
const char *rocpart_footprint_get_confidence(const struct rocpart_footprint *footprint,
					     enum rocpart_footprint_value value);

/**
 * rocpart_footprint_get_source() - Return the source of one item of a footprint.
 * @footprint: footprint.
 * @value: ROCPART_FOOTPRINT_WEIGHTS_BYTES to ROCPART_FOOTPRINT_MARGIN_BYTES.
 *
 * Since 0.1.
 * Return: static text, "" for other values and for an unknown item.
 */
const char *rocpart_footprint_get_source(const struct rocpart_footprint *footprint,
					 enum rocpart_footprint_value value);

/**
 * rocpart_footprint_get_text() - Return one of the words of a footprint.
 * @footprint: footprint.
 * @what: "model", "dtype", "kv_dtype" or "engine".
 *
 * Since 0.1.
 * Return: text, valid as long as the footprint; "" for another @what.
 */
const char *rocpart_footprint_get_text(const struct rocpart_footprint *footprint, const char *what);

/**
 * rocpart_footprint_get_assumption() - Return one assumed option.
 * @footprint: footprint.
 * @index: from 0.
 * @ret_what: receives the name of the option.
 * @ret_value: receives the assumed value.
 * @ret_why: receives the reason.
 *
 * The three texts are valid as long as the footprint. Since 0.1.
 * Return: 0; -ENOENT: @index is past the end.
 */
int rocpart_footprint_get_assumption(const struct rocpart_footprint *footprint, size_t index,
				     const char **ret_what, const char **ret_value,
				     const char **ret_why);

/**
 * rocpart_footprint_kv_tokens() - Compute the tokens of cache that fit next to the other items.
 * @footprint: footprint.
 * @usable_bytes: bytes that the partition offers, see rocpart_usable_bytes().
 * @ret_tokens: receives the number of tokens; 0 when the other items do not fit. For models that
 *	mix kinds of layers the number is vLLM's "GPU KV cache size", which is not the length of the
 *	longest request.
 *
 * No measurement on a partition of an AMD GPU is known, so the error is that of the items. Since
 * 0.1.
 * Return: 0; -ENODATA: the cache is not known.
 */
int rocpart_footprint_kv_tokens(const struct rocpart_footprint *footprint, uint64_t usable_bytes,
				uint64_t *ret_tokens);

/**
 * rocpart_footprint_kv_bytes() - Compute the bytes of cache for a number of tokens.
 * @footprint: footprint.
 * @tokens: number of tokens.
 * @ret_bytes: receives the smallest number of bytes that holds the tokens, in whole blocks.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: the cache is not known; -EOVERFLOW: the bytes exceed 64 bits.
 */
int rocpart_footprint_kv_bytes(const struct rocpart_footprint *footprint, uint64_t tokens,
			       uint64_t *ret_bytes);

/**
 * rocpart_footprint_fits() - Report whether all items and one request of the context fit.
 * @footprint: footprint.
 * @usable_bytes: bytes that the partition offers.
 *
 * Since 0.1.
 * Return: 1: the model fits; 0: the model does not fit; -ENODATA: an item is not known.
 */
int rocpart_footprint_fits(const struct rocpart_footprint *footprint, uint64_t usable_bytes);

/**
 * rocpart_footprint_bound() - Compute an upper bound of the tokens per second of one sequence.
 * @footprint: footprint.
 * @bandwidth_bytes_per_s: memory bandwidth of the partition, in bytes per second.
 * @tokens: length of the context whose cache is read too; 0 for the start of a request.
 * @ret_millitokens_per_s: receives thousandths of tokens per second. The number is a bound and not
 *	a forecast: reading the weights and the cache alone takes that long.
 *
 * Since 0.1.
 * Return: 0; -ENODATA: the weights or the cache are not known; -EOVERFLOW: the bytes of the cache
 * exceed 64 bits.
 */
int rocpart_footprint_bound(const struct rocpart_footprint *footprint,
			    uint64_t bandwidth_bytes_per_s, uint64_t tokens,
			    uint64_t *ret_millitokens_per_s);

/**
 * rocpart_footprint_get_flags() - Return the options of the engine that the footprint is valid for.
 * @footprint: footprint.
 * @partition_bytes: total memory that the process sees, in bytes; 0: not known.
 * @usable_bytes: bytes that the partition offers; the cache takes all bytes that the other items
 *	leave. 0: not known.
 * @ret_flags: receives a NULL-terminated list of words; free it with rocpart_flags_free().
 *
 * vLLM: --gpu-memory-utilization passes vLLM's start-up check, --kv-cache-memory-bytes sizes the
 * cache, and --max-model-len, --max-num-seqs and --max-num-batched-tokens bound the other items.
 * llama.cpp: --ctx-size, --parallel, --batch-size, --cache-type-k, --cache-type-v, --n-gpu-layers.
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
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
 * rocpart_usable_bytes() - Compute the bytes of a partition that processes can use.
 * @partition_bytes: bytes that the kernel enforces for the partition (KFD mem_banks).
 * @host_free_bytes: bytes of host memory that were free when the driver was loaded.
 * @vram_bytes: bytes of VRAM of all GPUs of the machine.
 * @pinned_bytes: bytes of pinned VRAM of the whole GPU (RDMA), which the kernel subtracts from each
 *	partition.
 *
 * The kernel reserves (host_free_bytes + vram_bytes) / 16384, at least 8 MiB, of each partition for
 * page tables (Linux amdgpu_amdkfd_gpuvm.c, amdgpu_amdkfd_reserve_mem_limit). Since 0.1.
 * Return: bytes; 0 when no byte is left.
 */
uint64_t rocpart_usable_bytes(uint64_t partition_bytes, uint64_t host_free_bytes,
			      uint64_t vram_bytes, uint64_t pinned_bytes);

/**
 * struct rocpart_fit - A model on one product in one pair of modes. Frozen.
 * @product: market name, static text.
 * @compute: compute mode.
 * @memory: memory mode.
 * @validated: true when the vendor has validated the pair on the product.
 * @vendor: source of @validated with its month, as in struct rocpart_pair; static text, "" when no
 *	source names the product.
 * @dissent: newest source that says the opposite; static text, "" when there is none.
 * @n_partitions: number of partitions of one GPU.
 * @partition_bytes: bytes of the smallest partition; 0: the size depends on the host (MI300A).
 * @usable_bytes: usable part of @partition_bytes, with @host_bytes of rocpart_fits_new() and eight
 *	GPUs.
 * @fits: 1: the model fits; 0: the model does not fit; -ENODATA: not known.
 * @kv_tokens: tokens of cache that fit next to the other items.
 * @replicas: number of partitions of one GPU that hold the model, divided by the number of ranks;
 *	each replica has its own engine.
 * @bandwidth_bytes_per_s: share of a partition when all partitions are busy. rocpart applies the
 *	efficiency that copies reach on MI300X (4010 of 5300 GB/s in NPS1, 4210 in other modes; ROCm
 *	blog, February 2025) to all products.
 * @bound_millitokens_per_s: bound of one sequence at the start of a request, in thousandths of
 *	tokens per second.
 * @bound_context_millitokens_per_s: bound of one sequence with the whole context in the cache, in
 *	thousandths of tokens per second.
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
	const char *vendor;
	const char *dissent;
	uint64_t reserved[2];
};

/**
 * struct rocpart_fits - A footprint on every product and pair of modes. Opaque.
 */
struct rocpart_fits;

/**
 * rocpart_fits_new() - Compare a footprint with every product and pair of modes.
 * @footprint: footprint; borrowed during the call.
 * @host_bytes: bytes of free host memory of the machine; 0: 2 TiB.
 * @ret_fits: receives the list; free it with rocpart_fits_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The figures of the products come from the library's product table (data sheets and rules of the
 * kernel), not from this machine. Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_fits_new(const struct rocpart_footprint *footprint, uint64_t host_bytes,
		     struct rocpart_fits **ret_fits, struct rocpart_error *reterr);

/**
 * rocpart_fits_free() - Free a list of fits.
 * @fits: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_fits *rocpart_fits_free(struct rocpart_fits *fits);

/**
 * rocpart_fits_get_count() - Return the number of rows in a list of fits.
 * @fits: list.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_fits_get_count(const struct rocpart_fits *fits);

/**
 * rocpart_fits_get() - Return one row of a list of fits.
 * @fits: list.
 * @index: below rocpart_fits_get_count().
 *
 * Since 0.1.
 * Return: row, valid as long as the list; NULL past the end.
 */
const struct rocpart_fit *rocpart_fits_get(const struct rocpart_fits *fits, size_t index);

#ifdef __cplusplus
}
#endif
#endif
