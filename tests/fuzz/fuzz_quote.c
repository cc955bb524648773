/* SPDX-License-Identifier: MIT */
/*
 * Any text as a word of a shell, of a unit file, of an env file: an unquoter written from the rules
 * of each (POSIX 2.2, systemd.syntax(7)) reads it back, and no byte of it stands outside quotes.
 */
#include <assert.h>

#include "run/text/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void unquote_shell(const char *q, struct rp_strbuf *ret)
{
	static const char special[] = "|&;<>()$`\\\"' \t\n*?[]#~!{}";

	while (*q) {
		if (*q == '\'') {
			const char *end = strchr(q + 1, '\'');

			assert(end);
			rp_strbuf_add_mem(ret, q + 1, (size_t)(end - q - 1));
			q = end + 1;
		} else if (*q == '\\') {
			rp_strbuf_add_char(ret, q[1]);
			q += 2;
		} else {
			assert(!strchr(special, *q) && (unsigned char)*q < 0x80);
			rp_strbuf_add_char(ret, *q++);
		}
	}
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	assert(c && at);
	return (int)(at - digits);
}

static void unquote_systemd(const char *q, struct rp_strbuf *ret)
{
	assert(*q == '"');
	for (q++; *q != '"'; q++) {
		assert(*q && *q != '\n');
		if (*q == '%') {
			assert(*++q == '%');
			rp_strbuf_add_char(ret, '%');
		} else if (*q == '\\' && q[1] == 'x') {
			rp_strbuf_add_char(ret, (char)(hex(q[2]) * 16 + hex(q[3])));
			q += 3;
		} else {
			q += *q == '\\';
			rp_strbuf_add_char(ret, *q);
		}
	}
	assert(!q[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_FREE char *text = rp_strndup((const char *)data, size);
	RP_AUTO_STRBUF struct rp_strbuf quoted = RP_STRBUF_INIT, back = RP_STRBUF_INIT;

	if (!text)
		return 0;
	rp_quote_shell(&quoted, text);
	assert(quoted.len);
	unquote_shell(rp_strbuf_str(&quoted), &back);
	assert(rp_str_eq(rp_strbuf_str(&back), text));
	rp_strbuf_reset(&quoted);
	rp_strbuf_reset(&back);
	rp_quote_systemd(&quoted, text);
	unquote_systemd(rp_strbuf_str(&quoted), &back);
	assert(rp_str_eq(rp_strbuf_str(&back), text));
	rp_strbuf_reset(&quoted);
	if (rp_quote_dotenv(&quoted, text) == 0)
		assert(rp_str_eq(rp_strbuf_str(&quoted), text) && !strpbrk(text, "$\\'#\n\r\t `"));
	return 0;
}
