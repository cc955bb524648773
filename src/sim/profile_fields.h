/* SPDX-License-Identifier: MIT */
/* How a map of a profile is read: a table of its keys, every other key is refused. */
#ifndef RP_SIM_PROFILE_FIELDS_H
#define RP_SIM_PROFILE_FIELDS_H

#include "base/base.h"
#include "base/error.h"
#include "base/yaml.h"

enum rp_sim_field_type { FIELD_U32, FIELD_U64, FIELD_BOOL, FIELD_TEXT, FIELD_OTHER };

/* Where a key's value goes. FIELD_OTHER: known here, read by hand. */
struct rp_sim_field {
	const char *key;
	enum rp_sim_field_type type;
	size_t offset;
	uint64_t min, max;
	bool required;
};

struct rp_sim_reader {
	const char *name;
	struct rocpart_error *err;
};

/* base: the struct whose members the offsets are of. 0, or -EINVAL with the place; -ENOMEM. */
int rp_sim_read_map(const struct rp_sim_reader *r, const struct rp_yaml *map,
		    const struct rp_sim_field *fields, size_t n, void *base) RP_MUST_CHECK;
int rp_sim_want_list(const struct rp_sim_reader *r, const struct rp_yaml *y,
		     size_t max) RP_MUST_CHECK;

#endif
