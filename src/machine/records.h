/* SPDX-License-Identifier: MIT */
/*
 * Durable records about GPUs that the kernel does not keep: a requested memory mode, cordons, which
 * GPUs the machine has. Small JSON files in the record folder, replaced as a whole.
 */
#ifndef RP_MACHINE_RECORDS_H
#define RP_MACHINE_RECORDS_H

#include "base/json.h"
#include "machine/machine.h"
#include "node/snapshot.h"

/* A GPU that the machine is expected to have. */
struct rp_expected {
	char bdf[RP_BDF_SIZE];
	uint32_t device_id;
	struct rp_opt_u64 unique_id;
	char vbios[64]; /* "" when it is not known */
};

struct rp_records {
	struct rp_expected *expected; /* in BDF order */
	size_t n_expected, cap_expected;
	struct rp_overlay *v;
	size_t n, cap;
	char **bdfs; /* what v[].bdf points to */
};

/*
 * Read them. A memory mode counts as pending only while the driver that it was requested of is
 * still loaded (ABI study E: a reload consumes it, a reboot forgets it), and a request that was
 * only announced while its change is open. A caller without the right to read them gets what the
 * public document says, and a note in the machine. 0; -EBADMSG BAD_RECORDS when a file is damaged;
 * -ENOMEM; errno of reading.
 */
int rp_records_load(struct rocpart_machine *m, struct rp_records *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_records_done(struct rp_records *r);
#define RP_AUTO_RECORDS RP_AUTO(rp_records_done)

/*
 * One JSON file of the record folder; *ret stays NULL when it is not there.
 * 0; -EACCES PERMISSION; -EBADMSG BAD_RECORDS when it is damaged; -EFBIG above limit bytes;
 * -ENOMEM; errno of reading.
 */
int rp_record_read(struct rocpart_machine *m, const char *file, size_t limit, struct rp_json **ret,
		   struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Replace one, in a folder that rp_machine_make_state() opened. An object is sealed. -ENOMEM; errno
 * of writing, and of syncing what was written: rp_tree_is_unsynced() tells them apart.
 */
int rp_record_write(struct rocpart_machine *m, const char *file, const struct rp_json *j,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Record that a memory mode is about to be requested: whoever is interrupted then does not know
 * whether it was. set: it was requested, of some GPUs. Those recorded before of this load of the
 * driver stay.
 */
int rp_records_announce_pending(struct rocpart_machine *m, const char *bdf,
				enum rocpart_memory_mode mode) RP_MUST_CHECK;
int rp_records_set_pending(struct rocpart_machine *m, const char *const *bdfs, size_t n,
			   enum rocpart_memory_mode mode) RP_MUST_CHECK;
int rp_records_clear_pending(struct rocpart_machine *m) RP_MUST_CHECK; /* none there: 0 */

/* expected.c */
/*
 * Fill the missing GPUs of a snapshot: those of the record that it does not have. Where the PCI bus
 * is not shown, and of a capture, none is missing. 0 or -ENOMEM.
 */
int rp_records_find_missing(struct rocpart_machine *m, const struct rp_records *records,
			    struct rocpart_snapshot *s) RP_MUST_CHECK;
/*
 * Record the GPUs of a snapshot beside those that are recorded: one that is missing or was replaced
 * stays as it is until rocpart_machine_accept_gpu(). Nothing is written when nothing is new.
 */
int rp_records_add_expected(struct rocpart_machine *m, const struct rocpart_snapshot *s,
			    struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Who allocates on the machine, as the node.yaml applied last said: "rocpart", "kubelet", "slurm".
 * get: 0; -ENOENT when none said so, or nothing may be read; -EBADMSG: none of these names.
 */
int rp_records_get_allocator(struct rocpart_machine *m, const char **ret) RP_MUST_CHECK;
int rp_records_set_allocator(struct rocpart_machine *m, const char *name,
			     struct rocpart_error *reterr) RP_MUST_CHECK;

/* What the public document says of the records: pending, cordons, allocator, unfinished_change. */
int rp_records_describe(struct rocpart_machine *m, struct rp_json *ret) RP_MUST_CHECK;

/*
 * Whether reading a record failed because of what is under its name: wrong bytes, too many, a
 * folder, a link to nowhere. Every other error says nothing about the record.
 */
bool rp_record_is_damage(int r);

/* Rename a record to "FILE.damaged.N", the first that is not there. 0 or errno. */
#define RP_ASIDE_SIZE 32
int rp_record_set_aside(struct rocpart_machine *m, const char *file,
			char ret_name[RP_ASIDE_SIZE]) RP_MUST_CHECK;
/* Move each damaged record aside; ret gets a line for each, with what is lost. 0; -ENOMEM; errno.
 */
int rp_records_set_aside(struct rocpart_machine *m, struct rp_strbuf *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
