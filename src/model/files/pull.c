/* SPDX-License-Identifier: MIT */
#include "model/files/pull.h"

#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "model/files/text.h"

enum expect { VALUE, FIRST_VALUE_OR_END, COMMA_OR_END, FIRST_KEY_OR_END, KEY, NOTHING };

int rp_pull_open_fd(struct rp_pull *p, int fd, uint64_t offset, uint64_t size, const char *name,
		    struct rocpart_error *reterr)
{
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->offset = offset;
	p->left = size;
	p->name = name;
	p->reterr = reterr;
	p->max_depth = 32;
	p->buf = malloc(RP_PULL_BUFFER);
	return p->buf ? 0 : rp_error_nomem(reterr);
}

void rp_pull_open_mem(struct rp_pull *p, const char *text, size_t len, const char *name,
		      struct rocpart_error *reterr)
{
	memset(p, 0, sizeof(*p));
	p->fd = -EBADF;
	/* Never written: borrowed says so. */
	memcpy(&p->buf, &text, sizeof(p->buf));
	p->len = len;
	p->borrowed = true;
	p->name = name;
	p->reterr = reterr;
	p->max_depth = 32;
}

void rp_pull_done(struct rp_pull *p)
{
	if (!p->borrowed)
		free(p->buf);
	free(p->scratch);
	memset(p, 0, sizeof(*p));
	p->fd = -EBADF;
}

int rp_pull_error(struct rp_pull *p, const char *fmt, ...)
{
	char message[384];
	va_list ap;

	va_start(ap, fmt);
	/* A message too long is cut. */
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	rp_error_set(p->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, p->name, "byte %llu: %s",
		     (unsigned long long)(p->base + p->pos), message);
	return -EINVAL;
}

/* More bytes behind buf[len]; those before keep are dropped. 0, 1 at the end of the text, -errno.
 */
static int refill(struct rp_pull *p, size_t keep)
{
	ssize_t n;

	if (p->left == 0 || p->borrowed)
		return 1;
	if (keep) {
		memmove(p->buf, p->buf + keep, p->len - keep);
		p->base += keep;
		p->len -= keep;
		p->pos -= keep;
	}
	if (p->len == RP_PULL_BUFFER)
		return -ENOBUFS;
	do {
		size_t room = RP_PULL_BUFFER - p->len;

		n = pread(p->fd, p->buf + p->len, room < p->left ? room : (size_t)p->left,
			  (off_t)p->offset);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return rp_error_errno(p->reterr, rp_neg_errno(), p->name, "cannot read the file");
	if (n == 0)
		return rp_error_set(p->reterr, -EIO, ROCPART_ERR_MODEL_FORMAT, p->name,
				    "the file became shorter while it was read");
	p->len += (size_t)n;
	p->offset += (uint64_t)n;
	p->left -= (uint64_t)n;
	return 0;
}

/* The next byte that is not white space, not taken; -ENODATA at the end. */
static int peek(struct rp_pull *p)
{
	for (;;) {
		while (p->pos < p->len) {
			unsigned char c = (unsigned char)p->buf[p->pos];

			if (c > ' ' || (c != ' ' && c != '\n' && c != '\t' && c != '\r'))
				return c;
			p->pos++;
		}
		int r = refill(p, p->pos);

		if (r)
			return r < 0 ? r : -ENODATA;
	}
}

static int no_more(struct rp_pull *p)
{
	return rp_pull_error(p, "the text ends too early");
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static uint64_t load8(const char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return v;
}

/* Nonzero where one of eight bytes is a quote, a backslash, below 0x20 or above 0x7f. */
static uint64_t special(uint64_t v)
{
	uint64_t quote = v ^ (ONES * '"'), slash = v ^ (ONES * '\\');

	return (((quote - ONES) & ~quote) | ((slash - ONES) & ~slash) | (v - ONES * 0x20) | v) &
	       HIGHS;
}

/* First byte from i on that ends or interrupts plain ASCII text. */
static size_t scan_plain(const char *s, size_t i, size_t len)
{
	while (i + 8 <= len && !special(load8(s + i)))
		i += 8;
	while (i < len) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\' || c < 0x20 || c > 0x7f)
			break;
		i++;
	}
	return i;
}

static int unescape(struct rp_pull *p)
{
	size_t n = 0, step;
	int r = rp_grow(&p->scratch, &p->scratch_cap, p->text_len, 1);

	if (r < 0)
		return rp_error_nomem(p->reterr);
	for (size_t i = 0; i < p->text_len; i += step) {
		step = 1;
		if (p->text[i] != '\\') {
			p->scratch[n++] = p->text[i];
			continue;
		}
		size_t made;

		step = rp_json_unescape_one(p->text + i + 1, p->text_len - i - 1, p->scratch + n,
					    &made);
		if (step == 0)
			return rp_pull_error(p, "a string has a malformed escape");
		step++;
		n += made;
	}
	p->text = p->scratch;
	p->text_len = n;
	return 0;
}

/* At buf[i] the string was interrupted: 0 go on at *ret, 1 it ends there, -errno. */
static int interruption(struct rp_pull *p, size_t i, bool *escaped, size_t *ret)
{
	unsigned char c = (unsigned char)p->buf[i];
	size_t n;

	if (c == '"')
		return 1;
	if (c < 0x20)
		return rp_pull_error(p, "a string has the control character 0x%02x", c);
	if (c == '\\') {
		*escaped = true;
		*ret = i + 2;
		return 0;
	}
	n = rp_utf8_length((const unsigned char *)p->buf + i, p->len - i);
	if (n == 0)
		return rp_pull_error(p, "a string is not UTF-8");
	*ret = i + n;
	return 0;
}

/* Does what stands at i need bytes that are not in the buffer yet? */
static bool is_split(const struct rp_pull *p, size_t i)
{
	size_t need = p->buf[i] == '\\' ? 2 : (unsigned char)p->buf[i] > 0x7f ? 4 : 1;

	return p->len - i < need && p->left > 0;
}

/* A string, its quote taken. Long ones pass through the buffer and are told as cut. */
static int string(struct rp_pull *p)
{
	size_t start = p->pos, i = p->pos;
	bool escaped = false;
	int r;

	p->cut = false;
	for (;;) {
		i = i < p->len ? scan_plain(p->buf, i, p->len) : i;
		if (i < p->len && !is_split(p, i)) {
			r = interruption(p, i, &escaped, &i);
			if (r < 0)
				return r;
			if (r == 1)
				break;
			continue;
		}
		if (start == 0 && p->len == RP_PULL_BUFFER && !p->borrowed) {
			p->cut = true; /* drop what was seen, but not a split character */
			start = i < p->len ? i : p->len;
		}
		p->pos = start;
		r = refill(p, start);
		if (r)
			return r < 0 ? r : no_more(p);
		i -= start;
		start = 0;
	}
	p->text = p->buf + start;
	p->text_len = i - start;
	p->pos = i + 1;
	if (p->cut) {
		p->text_len = 0;
		return 0;
	}
	return escaped ? unescape(p) : 0;
}

/* Bytes of a literal or number, all in the buffer. */
static int word(struct rp_pull *p)
{
	size_t i = p->pos;

	for (;;) {
		while (i < p->len) {
			unsigned char c = (unsigned char)p->buf[i];

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			      (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.'))
				goto out;
			i++;
		}
		size_t seen = i - p->pos;
		int r;

		if (seen > 1024)
			return rp_pull_error(p, "a number is longer than 1024 characters");
		r = refill(p, p->pos);
		if (r < 0)
			return r;
		if (r > 0)
			break;
		i = p->pos + seen;
	}
out:
	p->text = p->buf + p->pos;
	p->text_len = i - p->pos;
	p->pos = i;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The fraction and exponent of JSON's number grammar, from i on; the end, or 0. */
static size_t fraction(const char *s, size_t i, size_t n)
{
	if (i < n && s[i] == '.') {
		size_t first = ++i;

		while (i < n && is_digit(s[i]))
			i++;
		if (i == first)
			return 0;
	}
	if (i < n && (s[i] == 'e' || s[i] == 'E')) {
		size_t first;

		i++;
		if (i < n && (s[i] == '+' || s[i] == '-'))
			i++;
		first = i;
		while (i < n && is_digit(s[i]))
			i++;
		if (i == first)
			return 0;
	}
	return i;
}

static int number(struct rp_pull *p)
{
	const char *s = p->text;
	size_t n = p->text_len, i = 0, first;
	bool overflow = false;

	p->negative = n && s[0] == '-';
	i = first = p->negative ? 1 : 0;
	p->u = 0;
	while (i < n && is_digit(s[i])) {
		overflow |= __builtin_mul_overflow(p->u, UINT64_C(10), &p->u);
		overflow |= __builtin_add_overflow(p->u, (uint64_t)(s[i] - '0'), &p->u);
		i++;
	}
	if (i == first || (s[first] == '0' && i > first + 1))
		return rp_pull_error(p, "'%.*s' is not a JSON value", (int)(n < 40 ? n : 40), s);
	if (i == n) {
		if (overflow)
			return rp_pull_error(p, "an integer does not fit in 64 bits");
		return RP_PULL_INT;
	}
	if (fraction(s, i, n) != n)
		return rp_pull_error(p, "'%.*s' is not a JSON value", (int)(n < 40 ? n : 40), s);
	return RP_PULL_REAL;
}

static int literal(struct rp_pull *p)
{
	static const struct {
		const char *text;
		enum rp_pull_token token;
		bool nonfinite;
	} literals[] = {
		{"true", RP_PULL_TRUE, false},	  {"false", RP_PULL_FALSE, false},
		{"null", RP_PULL_NULL, false},	  {"NaN", RP_PULL_REAL, true},
		{"Infinity", RP_PULL_REAL, true}, {"-Infinity", RP_PULL_REAL, true},
	};
	int r = word(p);

	if (r < 0)
		return r;
	for (size_t i = 0; i < RP_ARRAY_LEN(literals); i++) {
		if (!rp_pull_is(p, literals[i].text))
			continue;
		if (literals[i].nonfinite && !p->nonfinite)
			return rp_pull_error(p, "'%s' is not JSON", literals[i].text);
		return (int)literals[i].token;
	}
	if (p->text_len == 0)
		return rp_pull_error(p, "the character 0x%02x is not allowed here",
				     (unsigned char)p->buf[p->pos]);
	return number(p);
}

/*
 * The common case of a number: digits that end inside the buffer. Headers consist of names and of
 * these, and the long way costs as much as the rest of the header. False: not the common case.
 */
static bool short_integer(struct rp_pull *p)
{
	size_t i = p->pos, most = p->len - p->pos < 19 ? p->len : p->pos + 19;
	uint64_t v = 0;

	while (i < most && is_digit(p->buf[i]))
		v = v * 10 + (uint64_t)(p->buf[i++] - '0');
	if (i == most || i == p->pos || (p->buf[p->pos] == '0' && i != p->pos + 1))
		return false;
	if (p->buf[i] != ',' && p->buf[i] != ']' && p->buf[i] != '}')
		return false;
	p->u = v;
	p->negative = false;
	p->text = p->buf + p->pos;
	p->text_len = i - p->pos;
	p->pos = i;
	return true;
}

static bool in_object(const struct rp_pull *p)
{
	return p->depth && (p->in_object >> (p->depth - 1)) & 1;
}

static void after_value(struct rp_pull *p)
{
	p->expect = p->depth ? COMMA_OR_END : NOTHING;
}

static int push(struct rp_pull *p, bool object)
{
	if (p->depth >= p->max_depth)
		return rp_pull_error(p, "values are nested more than %u levels deep", p->max_depth);
	p->pos++;
	p->in_object &= ~(UINT64_C(1) << p->depth);
	p->in_object |= (uint64_t)object << p->depth;
	p->depth++;
	p->expect = object ? FIRST_KEY_OR_END : FIRST_VALUE_OR_END;
	return object ? RP_PULL_OBJECT : RP_PULL_ARRAY;
}

static int pop(struct rp_pull *p, int c)
{
	bool object = in_object(p);

	if (c != (object ? '}' : ']'))
		return rp_pull_error(p, "'%c' closes what '%c' did not open", c,
				     object ? '{' : '[');
	p->pos++;
	p->depth--;
	after_value(p);
	return object ? RP_PULL_OBJECT_END : RP_PULL_ARRAY_END;
}

static int value(struct rp_pull *p, int c)
{
	int r;

	if (c == '{' || c == '[')
		return push(p, c == '{');
	if (c == '"') {
		p->pos++;
		r = string(p);
		r = r < 0 ? r : RP_PULL_STRING;
	} else {
		r = short_integer(p) ? RP_PULL_INT : literal(p);
	}
	if (r >= 0)
		after_value(p);
	return r;
}

static int key(struct rp_pull *p, int c)
{
	int r;

	if (c != '"')
		return rp_pull_error(p, "a key is missing here");
	p->pos++;
	r = string(p);
	if (r < 0)
		return r;
	if (p->cut)
		return rp_pull_error(p, "a key is longer than %u bytes", RP_PULL_BUFFER);
	p->expect = VALUE;
	/* The colon must not move the text of the key, so the buffer may not be refilled here. */
	return RP_PULL_KEY;
}

static int take_colon(struct rp_pull *p)
{
	int c = peek(p);

	if (c < 0)
		return c == -ENODATA ? no_more(p) : c;
	if (c != ':')
		return rp_pull_error(p, "':' is missing after a key");
	p->pos++;
	return 0;
}

int rp_pull_next(struct rp_pull *p)
{
	bool behind_key = p->expect == VALUE && in_object(p);
	int c, r = behind_key ? take_colon(p) : 0;

	if (r < 0)
		return r;
	c = peek(p);
	if (c == -ENODATA)
		return p->expect == NOTHING ? RP_PULL_END : no_more(p);
	if (c < 0)
		return c;
	if (p->expect == COMMA_OR_END) {
		if (c == '}' || c == ']')
			return pop(p, c);
		if (c != ',')
			return rp_pull_error(p, "',' is missing");
		p->pos++;
		p->expect = in_object(p) ? KEY : VALUE;
		c = peek(p);
		if (c < 0)
			return c == -ENODATA ? no_more(p) : c;
	}
	switch ((enum expect)p->expect) {
	case FIRST_KEY_OR_END:
		return c == '}' ? pop(p, c) : key(p, c);
	case KEY:
		return key(p, c);
	case FIRST_VALUE_OR_END:
		return c == ']' ? pop(p, c) : value(p, c);
	case VALUE:
	case COMMA_OR_END:
		return value(p, c);
	case NOTHING:
		break;
	}
	return rp_pull_error(p, "the file continues after the end of the document");
}

int rp_pull_skip(struct rp_pull *p, int token)
{
	unsigned depth = p->depth;
	int t;

	if (token != RP_PULL_OBJECT && token != RP_PULL_ARRAY)
		return 0;
	do {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
	} while (p->depth >= depth);
	return 0;
}

int rp_pull_expect(struct rp_pull *p, enum rp_pull_token token, const char *what)
{
	int t = rp_pull_next(p);

	if (t < 0)
		return t;
	return t == (int)token ? 0 : rp_pull_error(p, "%s is missing", what);
}

int rp_pull_padding(struct rp_pull *p)
{
	for (;;) {
		int c = peek(p);

		if (c == -ENODATA)
			return 0;
		if (c < 0)
			return c;
		if (c != '\0')
			return rp_pull_error(p, "the file continues after the end of the document");
		p->pos++;
	}
}

bool rp_pull_is(const struct rp_pull *p, const char *w)
{
	/* The first letter decides nearly always. */
	if (p->text_len == 0 || p->text[0] != w[0])
		return p->text_len == 0 && !w[0];
	return strlen(w) == p->text_len && memcmp(p->text, w, p->text_len) == 0;
}

void rp_pull_copy(const struct rp_pull *p, char *buf, size_t size)
{
	size_t n = p->text_len < size - 1 ? p->text_len : size - 1;

	memcpy(buf, p->text, n);
	buf[n] = '\0';
}
