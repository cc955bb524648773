/* SPDX-License-Identifier: MIT */
/*
 * The public document of the record folder, "public.json": what every user may know of the records.
 * It is derived from them (leases/public.c) and read only by callers who may not read the records.
 */
#ifndef RP_MACHINE_PUBLIC_H
#define RP_MACHINE_PUBLIC_H

#include "base/json.h"
#include "machine/machine.h"

#define RP_PUBLIC_FILE	  "public.json"
#define RP_PUBLIC_VERSION 1
#define RP_PUBLIC_LIMIT	  (16 * 1024 * 1024)

/*
 * Read it, because the records cannot be read. The note of the machine then says how old it is, or
 * that nothing is known. 0; -ENOENT: it is missing, damaged, newer, or not readable; -ENOMEM.
 */
int rp_public_read(struct rocpart_machine *m, struct rp_json **ret) RP_MUST_CHECK;

#endif
