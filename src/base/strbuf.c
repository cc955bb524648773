/* SPDX-License-Identifier: MIT */
#include "base/strbuf.h"

#include <ctype.h>
#include <stdio.h>

void rp_strbuf_done(struct rp_strbuf *b)
{
	int saved = errno;

	free(b->s);
	*b = (struct rp_strbuf)RP_STRBUF_INIT;
	errno = saved;
}

void rp_strbuf_reset(struct rp_strbuf *b)
{
	rp_strbuf_truncate(b, 0);
	b->failed = false;
}

int rp_strbuf_reserve(struct rp_strbuf *b, size_t len)
{
	int r;

	if (len > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		r = -ENOMEM;
	else
		r = rp_grow(&b->s, &b->cap, b->len + len + 1, 1);
	if (r < 0)
		b->failed = true;
	return r;
}

void rp_strbuf_add_mem(struct rp_strbuf *b, const void *p, size_t len)
{
	if (len >= b->cap - b->len && rp_strbuf_reserve(b, len) < 0)
		return;
	if (len)
		memcpy(b->s + b->len, p, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void rp_strbuf_add(struct rp_strbuf *b, const char *s)
{
	rp_strbuf_add_mem(b, s, strlen(s));
}

void rp_strbuf_add_char(struct rp_strbuf *b, char c)
{
	rp_strbuf_add_mem(b, &c, 1);
}

void rp_strbuf_vaddf(struct rp_strbuf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->len;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(b->s ? b->s + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < room) {
		b->len += (size_t)n;
	} else if (rp_strbuf_reserve(b, (size_t)n) == 0) {
		(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	} else if (b->s) {
		b->s[b->len] = '\0';
	}
	va_end(again);
}

void rp_strbuf_addf(struct rp_strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(b, fmt, ap);
	va_end(ap);
}

void rp_strbuf_truncate(struct rp_strbuf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->s[len] = '\0';
}

const char *rp_strbuf_str(const struct rp_strbuf *b)
{
	return b->s ? b->s : "";
}

char *rp_strbuf_steal(struct rp_strbuf *b)
{
	char *s = NULL;

	if (!b->failed && b->s) /* what is given away is kept: room for a page would be kept too */
		s = realloc(b->s, b->len + 1);
	else if (!b->failed)
		s = rp_strndup("", 0);
	if (s)
		b->s = NULL;
	rp_strbuf_done(b);
	return s;
}

char *rp_strdupf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return n < 0 ? NULL : s;
}

char *rp_strndup(const char *s, size_t len)
{
	return strndup(s, len);
}

int rp_fmt(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

bool rp_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool rp_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

int rp_str_cmp_nocase(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) - lower(*b);
}

bool rp_str_eq_nocase(const char *a, const char *b)
{
	return rp_str_cmp_nocase(a, b) == 0;
}

bool rp_str_starts_nocase(const char *s, const char *prefix)
{
	while (*prefix && lower(*s) == lower(*prefix)) {
		s++;
		prefix++;
	}
	return *prefix == '\0';
}
