/* SPDX-License-Identifier: MIT */
#include "desired/yaml_text.h"
#include "base/printable.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* It begins as no indicator of YAML does, has none inside, and is not taken for null. */
static bool is_plain(const char *text)
{
	return *text && strchr(LETTERS "/", *text) && !text[strspn(text, LETTERS "/._+@-")] &&
	       !rp_str_eq_nocase(text, "null");
}

static void add_escape(struct rp_strbuf *out, uint32_t c)
{
	if (c == '\n' || c == '\t')
		rp_strbuf_add(out, c == '\n' ? "\\n" : "\\t");
	else
		rp_strbuf_addf(out,
			       c > 0xffff ? "\\U%08x"
			       : c > 0xff ? "\\u%04x"
					  : "\\x%02x",
			       (unsigned)c);
}

static void add_quoted(struct rp_strbuf *out, const char *text)
{
	size_t n;

	rp_strbuf_add_char(out, '"');
	for (; *text; text += n) {
		char one[8] = "";
		uint32_t c = 0xfffd;

		n = rp_utf8_decode(text, &c);
		memcpy(one, text, n);
		n = n ? n : 1;
		if (c == '"' || c == '\\')
			rp_strbuf_addf(out, "\\%c", (int)c);
		else if (c == 0xfffd || !rp_is_printable(one))
			add_escape(out, c);
		else
			rp_strbuf_add(out, one);
	}
	rp_strbuf_add_char(out, '"');
}

void rp_yaml_add_text(struct rp_strbuf *out, const char *text, bool always_quoted)
{
	if (!always_quoted && is_plain(text))
		rp_strbuf_add(out, text);
	else
		add_quoted(out, text);
}

void rp_yaml_add_comment(struct rp_strbuf *out, const char *text)
{
	rp_strbuf_add(out, "# ");
	rp_printable_add(out, text);
}
