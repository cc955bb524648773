/* SPDX-License-Identifier: MIT */
/* A growing string. A failed append is remembered: check rp_strbuf_failed() once, at the end. */
#ifndef RP_BASE_STRBUF_H
#define RP_BASE_STRBUF_H

#include <stdarg.h>

#include "base/base.h"

struct rp_strbuf {
	char *s;    /* NUL-terminated; NULL while empty: use rp_strbuf_str() */
	size_t len; /* without the NUL */
	size_t cap;
	bool failed; /* out of memory at some append */
};

#define RP_STRBUF_INIT            \
	{                         \
		NULL, 0, 0, false \
	}

void rp_strbuf_done(struct rp_strbuf *b);
#define RP_AUTO_STRBUF RP_AUTO(rp_strbuf_done)

void rp_strbuf_reset(struct rp_strbuf *b); /* empty, keeps the memory */
void rp_strbuf_add(struct rp_strbuf *b, const char *s);
void rp_strbuf_add_mem(struct rp_strbuf *b, const void *p, size_t len);
void rp_strbuf_add_char(struct rp_strbuf *b, char c);
void rp_strbuf_addf(struct rp_strbuf *b, const char *fmt, ...) RP_PRINTF(2, 3);
void rp_strbuf_vaddf(struct rp_strbuf *b, const char *fmt, va_list ap) RP_PRINTF(2, 0);
void rp_strbuf_truncate(struct rp_strbuf *b, size_t len);
/* Room for len more bytes after b->len; 0 or -ENOMEM. */
int rp_strbuf_reserve(struct rp_strbuf *b, size_t len) RP_MUST_CHECK;
const char *rp_strbuf_str(const struct rp_strbuf *b); /* "" while empty */
static inline bool rp_strbuf_failed(const struct rp_strbuf *b)
{
	return b->failed;
}
char *rp_strbuf_steal(struct rp_strbuf *b); /* caller frees; NULL when an append failed */

/* asprintf whose result is NULL on failure. */
char *rp_strdupf(const char *fmt, ...) RP_PRINTF(1, 2);
char *rp_strndup(const char *s, size_t len);
/* snprintf that says so when the text does not fit: 0 or -ENAMETOOLONG (text is cut). */
int rp_fmt(char *buf, size_t size, const char *fmt, ...) RP_PRINTF(3, 4);

/* Most are told apart by the first character, without a call. */
static inline bool rp_str_eq(const char *a, const char *b)
{
	return *a == *b && strcmp(a, b) == 0;
}
bool rp_str_starts(const char *s, const char *prefix);
bool rp_str_ends(const char *s, const char *suffix);
/* Letters are those of ASCII: in Turkish, strcasecmp() tells "mi300x" from "MI300X". */
int rp_str_cmp_nocase(const char *a, const char *b);
bool rp_str_eq_nocase(const char *a, const char *b);
bool rp_str_starts_nocase(const char *s, const char *prefix);

/* Sorted list of names, digits compared as numbers ("2" before "10"). */
struct rp_names {
	char **v;
	size_t n, cap;
};
#define RP_NAMES_INIT      \
	{                  \
		NULL, 0, 0 \
	}
void rp_names_done(struct rp_names *names);
#define RP_AUTO_NAMES RP_AUTO(rp_names_done)
int rp_names_add(struct rp_names *names, const char *name) RP_MUST_CHECK; /* copies; -ENOMEM */
void rp_names_sort(struct rp_names *names);
int rp_natural_cmp(const char *a, const char *b);

#endif
