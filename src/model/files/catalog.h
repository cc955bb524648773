/* SPDX-License-Identifier: MIT */
/* The catalog: names of models with the keys of their config.json and where those were found. */
#ifndef RP_MODEL_FILES_CATALOG_H
#define RP_MODEL_FILES_CATALOG_H

#include "model/size.h"

struct rp_catalog_entry {
	char *name;
	char *source; /* where the numbers were found */
	char *note;   /* "" or what to know */
	char *file;   /* the catalog file */
	unsigned line;
	uint64_t parameters; /* as published; 0: not said. A check, never an input */
	char *path;	     /* its files are here; NULL: config says all */
	struct rp_model_config config;
};

struct rp_catalog {
	struct rp_catalog_entry *v; /* in the order of the files */
	size_t n, cap;
	size_t *order; /* by name, letters of both cases alike */
};

void rp_catalog_done(struct rp_catalog *c);
#define RP_AUTO_CATALOG RP_AUTO(rp_catalog_done)

/*
 * Add a YAML file, or every *.yaml of a folder in the order of their names. A name of a later file
 * replaces an earlier one; twice in one file is an error. On failure the catalog has the models
 * before the mistake. 0; -ENOENT; -EINVAL naming file and line; -ENOMEM.
 */
int rp_catalog_load(struct rp_catalog *c, const char *path,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * By name, letters of both cases alike; or by what stands behind the '/', when that is one model
 * only. NULL when there is none; *ret_ambiguous when there are several.
 */
const struct rp_catalog_entry *rp_catalog_find(const struct rp_catalog *c, const char *name,
					       bool *ret_ambiguous);
/* Describe an entry. 0 or -ENOMEM. */
int rp_catalog_describe(const struct rp_catalog_entry *e, struct rp_model_desc *ret,
			struct rocpart_error *reterr) RP_MUST_CHECK;
/* Refuse a name by name, with the nearest ones and the ways out. Returns -ENOENT. */
int rp_catalog_refuse(const struct rp_catalog *c, const char *name, struct rocpart_error *reterr);

#endif
