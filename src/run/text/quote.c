/* SPDX-License-Identifier: MIT */
/* A value as one word of a unit file, of an env file. */
#include "run/text/values.h"

/* systemd.syntax(7): C escapes inside double quotes; systemd.unit(5): %% is a percent sign. */
void rp_quote_systemd(struct rp_strbuf *b, const char *s)
{
	rp_strbuf_add_char(b, '"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '%')
			rp_strbuf_add(b, "%%");
		else if (c == '"' || c == '\\')
			rp_strbuf_addf(b, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			rp_strbuf_addf(b, "\\x%02x", c);
		else
			rp_strbuf_add_char(b, *s);
	}
	rp_strbuf_add_char(b, '"');
}

/*
 * docker --env-file takes a line as it is, quotes included; compose, python-dotenv and systemd's
 * EnvironmentFile take quotes away, and $, \, # and blanks mean something to one or the other.
 */
int rp_quote_dotenv(struct rp_strbuf *b, const char *s)
{
	if (strspn(s, RP_WORD_PLAIN "{}[]\"") != strlen(s) || *s == '"')
		return -EINVAL;
	rp_strbuf_add(b, s);
	return 0;
}
