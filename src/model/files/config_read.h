/* SPDX-License-Identifier: MIT */
/* From config.json, hf_quant_config.json and catalog entries to struct rp_model_config. */
#ifndef RP_MODEL_FILES_CONFIG_READ_H
#define RP_MODEL_FILES_CONFIG_READ_H

#include "model/config.h"

#define RP_CONFIG_MAX_BYTES (UINT64_C(16) << 20)
#define RP_CONFIG_MAX_PATH  33u

/* A value of the document; lists are given element by element. */
enum rp_config_kind {
	RP_CONFIG_NULL,
	RP_CONFIG_BOOL,
	RP_CONFIG_INT,
	RP_CONFIG_REAL,
	RP_CONFIG_TEXT
};

struct rp_config_value {
	enum rp_config_kind kind;
	bool yes;
	bool negative;
	uint64_t u;
	const char *text; /* NUL-terminated */
};

enum rp_config_scope {
	RP_SCOPE_ROOT,
	RP_SCOPE_TEXT,
	RP_SCOPE_VISION,
	RP_SCOPE_QUANT,
	RP_SCOPE_QUANT_FILE,   /* "quantization": hf_quant_config.json, and MLX */
	RP_SCOPE_QUANT_WEIGHT, /* of Quark */
	RP_N_SCOPES
};

#define RP_CONFIG_MAX_CONDITIONAL 64
struct rp_config_key;

/* State while one document is read: which keys were seen. Start zeroed, end with _finish(). */
struct rp_config_reader {
	struct rp_model_config *c;
	const char *name;
	struct rocpart_error *reterr;
	uint64_t seen[RP_N_SCOPES][3];
	uint64_t text_said[3]; /* keys that the language part set: they win over the root */
	/* keys that only some architectures understand: model_type may come behind them */
	struct {
		const struct rp_config_key *key;
		uint64_t value;
	} conditional[RP_CONFIG_MAX_CONDITIONAL];
	size_t n_conditional;
	bool no_memory;			  /* to keep a doubt */
	enum rp_config_scope quant_scope; /* of the part that is being read */
	int group; /* of the pattern whose format is being read; -1: of none */
};

/*
 * One value at a path of keys. index is its place in a list, -1 for a plain value. A key that may
 * decide a size and that is not understood becomes a doubt of the config. 0; -EINVAL naming the
 * key: twice, negative, wrong sort, out of range.
 */
int rp_config_put(struct rp_config_reader *r, const char *const *path, size_t n, long index,
		  const struct rp_config_value *v) RP_MUST_CHECK;
/* A value in a list of lists, or in an object in a list: none of these is understood. */
void rp_config_put_deep(struct rp_config_reader *r, const char *const *path, size_t n,
			const struct rp_config_value *v);
/* An object begins at that path. */
int rp_config_open(struct rp_config_reader *r, const char *const *path, size_t n) RP_MUST_CHECK;
/* All values were given: keys that the architecture does not understand become doubts. 0, -ENOMEM.
 */
int rp_config_finish(struct rp_config_reader *r) RP_MUST_CHECK;

/*
 * Read a document of size bytes: config.json, or hf_quant_config.json, whose keys stand under
 * "quantization". fd < 0: text in memory instead. 0; -EINVAL; -EFBIG; -EIO.
 */
int rp_config_read(int fd, const char *text, uint64_t size, const char *name,
		   struct rp_model_config *c, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
