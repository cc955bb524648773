/* SPDX-License-Identifier: MIT */
/* Simulated machines. NULL: out of memory. */
#ifndef RP_VIEWS_SIM_H
#define RP_VIEWS_SIM_H

#include "views/document.h"
#include "views/table.h"

/* Document of what was done to a machine: create, reset, reload, rm, fault; hold; mount. */
struct rp_json *view_sim_done(struct view_machine about, const char *name, const char *action);
struct rp_json *view_sim_process(struct view_machine about, const char *name, uint32_t pid,
				 const char *action);
struct rp_json *view_sim_place(struct view_machine about, const char *name, const char *action,
			       const char *dir);

/* Of a fleet: what was done to the nodes. */
struct rp_json *view_sim_fleet(struct view_machine about, const struct rp_names *nodes,
			       const char *action);

/* Of fault --list; rules: one a line; planned: lines "SECONDS RULE". */
struct rp_json *view_sim_faults(struct view_machine about, const char *name, const char *rules,
				const char *planned);
/* Of log; log: lines "level,number,microseconds,-;text". */
struct rp_json *view_sim_log(struct view_machine about, const char *name, const char *log);

/* Of load; load: what rocpart_sim_load_show() says, taken over. */
struct rp_json *view_sim_load(struct view_machine about, const char *name, struct rp_json *load);
extern const struct view_field view_load_fields[];
struct view_table *view_load_table(const struct rp_json *gpus, const struct view_layout *layout);

/* A machine of the list, and one that cannot be read. */
struct rp_json *view_sim_machine_json(const char *name, const char *profile, unsigned abi,
				      size_t n_gpus);
struct rp_json *view_sim_damaged_json(const char *name, const char *error);
/* Of the two above. */
extern const struct view_field view_sim_fields[];
struct view_table *view_sim_table(const struct rp_json *machines, const struct view_layout *layout);
/* Of list; machines: an array of the two, taken over. */
struct rp_json *view_sim_list(struct view_machine about, struct rp_json *machines,
			      const struct rp_names *profiles);

#endif
