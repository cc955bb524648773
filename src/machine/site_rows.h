/* SPDX-License-Identifier: MIT */
/* Statements of the vendor that a site knows and rocpart does not. */
#ifndef RP_MACHINE_SITE_ROWS_H
#define RP_MACHINE_SITE_ROWS_H

#include "base/tree.h"
#include "facts/validation.h"

/*
 * Rows of every etc/rocpart/products.d/NAME.yaml of the machine, in order of the names. 0, with no
 * rows when the folder is not there; -EINVAL with the place of what is wrong; other -errno.
 */
int rp_site_rows_load(struct rp_tree *t, struct rp_vendor_rows *rows,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
