/* SPDX-License-Identifier: MIT */
/* Reading what a node should be, in its forms; used inside desired/ only. */
#ifndef RP_DESIRED_NODE_FILE_H
#define RP_DESIRED_NODE_FILE_H

#include "base/yaml.h"
#include "change/change.h"
#include "rocpart/desired.h"

struct rp_node_file {
	const struct rocpart_desired *desired;
	const char *name;   /* of the file, for messages */
	const char *config; /* wanted among several, or NULL */
	struct rocpart_change *change;
	const struct rocpart_snapshot *snapshot;
	const enum rocpart_compute_mode *keeps; /* modes on demand; NULL: none */
	/* One for each GPU; UNKNOWN: it keeps what it has. */
	enum rocpart_compute_mode *compute;
	enum rocpart_memory_mode *memory;
	struct rocpart_error *reterr;
};

/* node_gpus.c */
int rp_node_read_compute(struct rp_node_file *f, const struct rp_yaml *at,
			 enum rocpart_compute_mode *ret) RP_MUST_CHECK;
int rp_node_read_memory(struct rp_node_file *f, const struct rp_yaml *at,
			enum rocpart_memory_mode *ret) RP_MUST_CHECK;
/* Modes of one GPU; UNKNOWN says nothing. Two different modes for one GPU are an error. */
int rp_node_set_gpu(struct rp_node_file *f, size_t index, struct rp_mode_pair modes,
		    const struct rp_yaml *at) RP_MUST_CHECK;
/*
 * GPUs that a word names, as bits: all (that can be partitioned), a range, an index, a PCI
 * address, a unique id, a product name. A PCI address that is not here is a GPU that is lost: it is
 * told to the change, which will not be done.
 */
int rp_node_find_gpus(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
		      bool *ret_gpus) RP_MUST_CHECK;
/* The same, and it is not told: a GPU that is named for another reason than its modes. */
int rp_node_find_present_gpus(struct rp_node_file *f, const char *word, const struct rp_yaml *at,
			      bool *ret_gpus) RP_MUST_CHECK;

/* node_services.c */
int rp_node_read_services(struct rp_node_file *f, const struct rp_yaml *services) RP_MUST_CHECK;
int rp_node_read_hooks(struct rp_node_file *f, const struct rp_yaml *hooks) RP_MUST_CHECK;
int rp_node_read_names(struct rp_node_file *f, enum rp_service_kind kind,
		       const struct rp_yaml *list) RP_MUST_CHECK;

/* partition_configs.c. choose: the entry of map that --config names, or the only one. */
int rp_node_choose(struct rp_node_file *f, const struct rp_yaml *map,
		   const struct rp_yaml **ret) RP_MUST_CHECK;
int rp_node_read_configs(struct rp_node_file *f, const struct rp_yaml *configs) RP_MUST_CHECK;
/* dcm_profiles.c */
int rp_node_read_profiles(struct rp_node_file *f, const struct rp_yaml *doc) RP_MUST_CHECK;
/*
 * peer_files.c: a file of another program. 1: it holds a document in *ret, to be freed, and
 * *ret_name names its place; 0: it is none of these; -EINVAL with what it is and the way.
 */
int rp_node_unwrap(const struct rp_yaml *doc, const char *name, struct rp_yaml **ret,
		   char **ret_name, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Return whether a document has another form than node: and models:. */
bool rp_node_is_foreign(const struct rp_yaml *doc);

#endif
