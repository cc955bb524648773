/* SPDX-License-Identifier: MIT */
/* Words of a command line. A failed append is remembered: check failed once, at the end. */
#ifndef RP_BASE_WORDS_H
#define RP_BASE_WORDS_H

#include "base/strbuf.h"

struct rp_words {
	char **v; /* ends with NULL; NULL while empty */
	size_t n, cap;
	bool failed;
};
void rp_words_done(struct rp_words *w);
#define RP_AUTO_WORDS RP_AUTO(rp_words_done)

void rp_words_add(struct rp_words *w, const char *fmt, ...) RP_PRINTF(2, 3);

/* One word of a shell: as it is where each character stands for itself, else in quotes. */
#define RP_WORD_PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"
void rp_quote_shell(struct rp_strbuf *b, const char *s);
/* A name of a stranger in a command that a person may copy: printable, and quoted. Returns ret. */
#define RP_WORD_SIZE 520
const char *rp_shell_word(const char *name, char ret[RP_WORD_SIZE]);

#endif
