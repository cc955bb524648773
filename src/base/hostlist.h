/* SPDX-License-Identifier: MIT */
/*
 * Lists of node names as Slurm and pdsh write them: "gpu[001-050,60],login". A number of a range
 * has at least as many digits as the first one is written with. Several brackets of a name count
 * like digits, the last one fastest.
 */
#ifndef RP_BASE_HOSTLIST_H
#define RP_BASE_HOSTLIST_H

#include "base/error.h"
#include "base/strbuf.h"

/*
 * Add the names of text to ret, in the order of the text; the same name may come twice. *ret_at is
 * the byte of text where an error is. 0; -EINVAL: the text is no such list; -E2BIG: ret would have
 * more than max names; -ENAMETOOLONG: a name has more than 255 bytes; -ENOMEM. After an error ret
 * has some of the names.
 */
int rp_hostlist_expand(const char *text, size_t max, struct rp_names *ret, size_t *ret_at,
		       struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
