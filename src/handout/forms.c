/* SPDX-License-Identifier: MIT */
/* What is handed out, as text for those who start programs. */
#include "handout/forms.h"

/* Everything shown of a simulated machine says so. */
static void add_banner(const struct rp_handout *h, struct rp_strbuf *out)
{
	if (h->sim_name)
		rp_strbuf_addf(out, "# simulated machine%s%s\n", *h->sim_name ? " " : "",
			       h->sim_name);
}

int rp_handout_shell(const struct rp_handout *h, struct rp_strbuf *out,
		     struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};

	if (rp_handout_variables(h, ROCPART_VIEW_HOST, &vars) < 0)
		return rp_error_nomem(reterr);
	add_banner(h, out);
	for (size_t i = 0; i < vars.n; i++) {
		rp_strbuf_addf(out, "export %s=", vars.v[i].name);
		rp_quote_shell(out, vars.v[i].value);
		rp_strbuf_add_char(out, '\n');
	}
	return 0;
}

int rp_handout_dotenv(const struct rp_handout *h, struct rp_strbuf *out,
		      struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};

	if (rp_handout_variables(h, ROCPART_VIEW_HOST, &vars) < 0)
		return rp_error_nomem(reterr);
	add_banner(h, out);
	for (size_t i = 0; i < vars.n; i++) {
		rp_strbuf_addf(out, "%s=", vars.v[i].name);
		if (rp_quote_dotenv(out, vars.v[i].value) < 0)
			return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT,
					    vars.v[i].name,
					    "the readers of env files do not agree how to write "
					    "the value of %s",
					    vars.v[i].name);
		rp_strbuf_add_char(out, '\n');
	}
	return 0;
}
