/* SPDX-License-Identifier: MIT */
#include "base/words.h"

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
