/* SPDX-License-Identifier: MIT */
/* The leases in the public document of the record folder (machine/public.h). */
#ifndef RP_LEASES_PUBLIC_H
#define RP_LEASES_PUBLIC_H

#include "leases/lease.h"
#include "machine/machine.h"

/*
 * Write the document again: what every user may know of the leases and records, without owners,
 * labels and reasons (docs/schema/public-document.json). db is an open database without a
 * transaction; NULL: the one of the machine is opened. Nothing is done for a machine without a
 * record folder. A failure is traced and leaves no document: readers then know that they do not
 * know.
 */
void rp_public_write(struct rocpart_machine *m, struct rp_lease_db *db);
/* The same as rp_machine_publish() calls it. */
void rp_public_publish(struct rocpart_machine *m);

/*
 * Read the leases of the document, for a caller who may not read the database. 0; -EACCES
 * PERMISSION: there is no document, so the leases are not known; -ENOMEM.
 */
int rp_public_leases(struct rocpart_machine *m, struct rp_lease_list *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
