/* SPDX-License-Identifier: MIT */
#include "base/words.h"
#include "base/printable.h"

void rp_words_done(struct rp_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i]);
	free(w->v);
	memset(w, 0, sizeof(*w));
}

void rp_words_add(struct rp_words *w, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf word = RP_STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&word, fmt, ap);
	va_end(ap);
	if (w->failed || word.failed || rp_grow(&w->v, &w->cap, w->n + 2, sizeof(*w->v)) < 0) {
		w->failed = true;
		return;
	}
	w->v[w->n] = word.len ? rp_strbuf_steal(&word) : strdup("");
	w->failed = !w->v[w->n];
	w->n += !w->failed;
	w->v[w->n] = NULL;
}

void rp_quote_shell(struct rp_strbuf *b, const char *s)
{
	if (*s && strspn(s, RP_WORD_PLAIN) == strlen(s)) {
		rp_strbuf_add(b, s);
		return;
	}
	rp_strbuf_add_char(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			rp_strbuf_add(b, "'\\''");
		else
			rp_strbuf_add_char(b, *s);
	}
	rp_strbuf_add_char(b, '\'');
}

const char *rp_shell_word(const char *name, char ret[RP_WORD_SIZE])
{
	char shown[RP_WORD_SIZE / 4];
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	rp_printable_fit(shown, sizeof(shown), name);
	rp_quote_shell(&text, shown);
	(void)rp_fmt(ret, RP_WORD_SIZE, "%s", rp_strbuf_failed(&text) ? "NAME" : text.s);
	return ret;
}
