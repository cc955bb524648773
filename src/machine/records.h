/* SPDX-License-Identifier: MIT */
/*
 * Durable records about GPUs that the kernel does not keep: a requested memory mode, cordons. Two
 * small JSON files in the record folder, replaced as a whole.
 */
#ifndef RP_MACHINE_RECORDS_H
#define RP_MACHINE_RECORDS_H

#include "base/json.h"
#include "machine/machine.h"
#include "node/snapshot.h"

struct rp_records {
	struct rp_overlay *v;
	size_t n, cap;
	char **bdfs; /* what v[].bdf points to */
};

/*
 * Read both. A memory mode counts as pending only while the driver that it was requested of is
 * still loaded (ABI study E: a reload consumes it, a reboot forgets it).
 * 0; -EBADMSG CONFIG_SYNTAX when a file is damaged; -ENOMEM; errno of reading.
 */
int rp_records_load(struct rocpart_machine *m, struct rp_records *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_records_done(struct rp_records *r);
#define RP_AUTO_RECORDS RP_AUTO(rp_records_done)

/*
 * One JSON file of the record folder; *ret stays NULL when it is not there or may not be read.
 * 0; -EBADMSG CONFIG_SYNTAX when it is damaged; -E2BIG above limit bytes; -ENOMEM.
 */
int rp_record_read(struct rocpart_machine *m, const char *file, size_t limit, struct rp_json **ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

/* Replace one, in a folder that rp_machine_make_state() opened. -ENOMEM; errno of writing. */
int rp_record_write(struct rocpart_machine *m, const char *file, const struct rp_json *j,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/* Record a requested memory mode of some GPUs; those recorded before of this driver stay. */
int rp_records_set_pending(struct rocpart_machine *m, const char *const *bdfs, size_t n,
			   enum rocpart_memory_mode mode) RP_MUST_CHECK;
int rp_records_clear_pending(struct rocpart_machine *m) RP_MUST_CHECK; /* none there: 0 */

/*
 * Who allocates on the machine, as the node.yaml applied last said: "rocpart", "kubelet", "slurm".
 * get: 0; -ENOENT when none said so.
 */
int rp_records_get_allocator(struct rocpart_machine *m, struct rp_strbuf *ret) RP_MUST_CHECK;
int rp_records_set_allocator(struct rocpart_machine *m, const char *name) RP_MUST_CHECK;

#endif
