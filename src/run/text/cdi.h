/* SPDX-License-Identifier: MIT */
/* The partitions of a machine as a document of the Container Device Interface. */
#ifndef RP_RUN_TEXT_CDI_H
#define RP_RUN_TEXT_CDI_H

#include "base/json.h"
#include "run/text/values.h"

struct rp_cdi_kind {
	const char *name;    /* "vendor/class" */
	const char *file;    /* in the folder of specs */
	const char *version; /* the lowest that has what the document uses */
	bool is_numbered;    /* devices are "0", "1"... and "all", without variables */
	bool is_of_leases;   /* devices are leases, by their names */
};

const struct rp_cdi_kind *rp_cdi_find_kind(const char *name); /* NULL: there is none */
const struct rp_cdi_kind *rp_cdi_kind_at(size_t i); /* the usual one first; NULL past the end */

#define RP_CDI_NAME_SIZE 64
/* "gpu-0000-05-00.0-part3": the same as long as the GPU is in its slot. */
void rp_cdi_name(const struct rocpart_partition *p, char ret[RP_CDI_NAME_SIZE]);

/*
 * Each handout has one partition, whose first device is /dev/kfd. Equal machines give equal
 * documents: what is found changed later was changed by somebody. NULL: no memory.
 */
struct rp_json *rp_cdi_document(const struct rp_cdi_kind *kind, const struct rp_handout *handouts,
				size_t n);
/*
 * The same of leases, with a name for each. A spec must have a device: without any there is one
 * that gives nothing, "none".
 */
struct rp_json *rp_cdi_lease_document(const struct rp_cdi_kind *kind,
				      const struct rp_handout *handouts, const char *const *names,
				      size_t n);

/* What a device of a document is now. */
enum rp_cdi_state {
	RP_CDI_SAME,
	RP_CDI_OTHER,	/* other nodes, other variables */
	RP_CDI_GONE,	/* the document of now has no such device */
	RP_CDI_MISSING, /* only the document of now has it */
};
typedef int (*rp_cdi_compare_fn)(void *userdata, const char *name, enum rp_cdi_state state);
/*
 * Every device of old, then those that only now has. 0; -EINVAL: old is no such document; what fn
 * returned when that is not 0.
 */
int rp_cdi_compare(const struct rp_json *old, const struct rp_json *now, rp_cdi_compare_fn fn,
		   void *userdata) RP_MUST_CHECK;

#endif
