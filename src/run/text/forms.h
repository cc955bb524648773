/* SPDX-License-Identifier: MIT */
/* Each text. All append; 0; -EINVAL: it cannot be said in that form; -ENOMEM. */
#ifndef RP_RUN_TEXT_FORMS_H
#define RP_RUN_TEXT_FORMS_H

#include "base/json.h"
#include "run/text/values.h"

int rp_handout_shell(const struct rp_handout *h, struct rp_strbuf *out,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_dotenv(const struct rp_handout *h, struct rp_strbuf *out,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_systemd(const struct rp_handout *h, struct rp_strbuf *out,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_k8s_yaml(const struct rp_handout *h, struct rp_strbuf *out,
			struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_k8s_json(const struct rp_handout *h, struct rp_strbuf *out,
			struct rocpart_error *reterr) RP_MUST_CHECK;

/* A pod that filters sees all of the machine, and counts as the host does. */
enum rocpart_view rp_handout_k8s_view(const struct rp_handout *h);

int rp_handout_docker(const struct rp_handout *h, struct rp_words *out,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_podman(const struct rp_handout *h, struct rp_words *out,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_vllm(const struct rp_handout *h, struct rp_words *out,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_handout_llama(const struct rp_handout *h, struct rp_words *out,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

/* Everything shown of a simulated machine says so: a comment, or nothing. */
void rp_handout_banner(const struct rp_handout *h, struct rp_strbuf *out);

#endif
