/* SPDX-License-Identifier: MIT */
/* Shared by the two files that know the keys of config.json. */
#ifndef RP_MODEL_FILES_CONFIG_INTERNAL_H
#define RP_MODEL_FILES_CONFIG_INTERNAL_H

#include "model/files/config_read.h"

enum rp_config_sort { NUMBER, TRI, TEXT };

struct rp_config_key {
	const char *name;
	enum rp_config_sort sort;
	size_t offset;
	size_t size; /* of TEXT */
};

#define NUM(name, f)                                                 \
	{                                                            \
		name, NUMBER, offsetof(struct rp_model_config, f), 0 \
	}
#define YES(name, f)                                              \
	{                                                         \
		name, TRI, offsetof(struct rp_model_config, f), 0 \
	}
#define STR(name, f)                                             \
	{                                                        \
		name, TEXT, offsetof(struct rp_model_config, f), \
			sizeof(((struct rp_model_config *)0)->f) \
	}

/* "'key' what": -EINVAL. */
int rp_config_complain(const struct rp_config_reader *r, const char *key, const char *what);
/* A plain value of one of n_keys keys; others are ignored. */
int rp_config_put_scalar(struct rp_config_reader *r, enum rp_config_scope scope,
			 const struct rp_config_key *keys, size_t n_keys, const char *name,
			 const struct rp_config_value *v) RP_MUST_CHECK;
/* A value below quantization_config; path without that. */
int rp_config_put_quant(struct rp_config_reader *r, const char *const *path, size_t n, long index,
			const struct rp_config_value *v) RP_MUST_CHECK;

#endif
