/* SPDX-License-Identifier: MIT */
/* Shared by the files that know the keys of config.json. */
#ifndef RP_MODEL_FILES_CONFIG_INTERNAL_H
#define RP_MODEL_FILES_CONFIG_INTERNAL_H

#include "model/files/config_read.h"

enum rp_config_sort { NUMBER, TRI, TEXT };

struct rp_config_key {
	const char *name;
	enum rp_config_sort sort;
	size_t offset;
	size_t size;	 /* of TEXT */
	uint32_t groups; /* RP_KEYS_*: architectures without these do not understand the key */
};

#define NUM(name, f) NUM_OF(0, name, f)
#define YES(name, f) YES_OF(0, name, f)
#define NUM_OF(groups, name, f)                                              \
	{                                                                    \
		name, NUMBER, offsetof(struct rp_model_config, f), 0, groups \
	}
#define YES_OF(groups, name, f)                                           \
	{                                                                 \
		name, TRI, offsetof(struct rp_model_config, f), 0, groups \
	}
#define STR(name, f)                                                \
	{                                                           \
		name, TEXT, offsetof(struct rp_model_config, f),    \
			sizeof(((struct rp_model_config *)0)->f), 0 \
	}

/* "'key' what": -EINVAL. */
int rp_config_complain(const struct rp_config_reader *r, const char *key, const char *what);
/* A plain value of one of n_keys keys; 1: none of them has that name. */
int rp_config_put_scalar(struct rp_config_reader *r, enum rp_config_scope scope,
			 const struct rp_config_key *keys, size_t n_keys, const char *name,
			 const struct rp_config_value *v) RP_MUST_CHECK;
/* A value of a key that describes layer after layer; 1: the key is none of these. */
int rp_config_put_layers(struct rp_config_reader *r, const char *key, long index,
			 const struct rp_config_value *v) RP_MUST_CHECK;
/* A value below quantization_config; path without that. */
int rp_config_put_quant(struct rp_config_reader *r, const char *const *path, size_t n, long index,
			const struct rp_config_value *v) RP_MUST_CHECK;
/* An object begins there: a pattern of modules may be the key of an empty object. */
int rp_config_open_quant(struct rp_config_reader *r, const char *const *path,
			 size_t n) RP_MUST_CHECK;

/* Keep a key that may decide a size. value is for people. */
void rp_config_doubt(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
		     const char *value);
/* A value of a key that no table understands: a doubt, unless the key decides no size. */
void rp_config_unknown(struct rp_config_reader *r, enum rp_config_scope scope, const char *key,
		       bool in_list, bool in_object, const struct rp_config_value *v);

#endif
