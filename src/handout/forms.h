/* SPDX-License-Identifier: MIT */
/* One function for each text; all append to out. 0; -EINVAL: it cannot be said in it; -ENOMEM. */
#ifndef RP_HANDOUT_FORMS_H
#define RP_HANDOUT_FORMS_H

#include "handout/handout.h"

int rp_handout_shell(const struct rp_handout *h, struct rp_strbuf *out,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_dotenv(const struct rp_handout *h, struct rp_strbuf *out,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
