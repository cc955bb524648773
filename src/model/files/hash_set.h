/* SPDX-License-Identifier: MIT */
/* A set of hashes of names: a key or tensor must not be given twice. */
#ifndef RP_MODEL_FILES_HASH_SET_H
#define RP_MODEL_FILES_HASH_SET_H

#include "base/base.h"

struct rp_hash_set {
	uint64_t *v; /* the caller frees it */
	size_t mask;
};

/* Empty, for n hashes. 0 or -ENOMEM. */
int rp_hash_set_open(struct rp_hash_set *s, uint64_t n) RP_MUST_CHECK;
/* 0, -EEXIST; -E2BIG when the file was made to make this slow. */
int rp_hash_set_add(struct rp_hash_set *s, uint64_t hash) RP_MUST_CHECK;

#endif
