/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON (RFC 8259). jansson's reader is not used: when memory runs out while it collects a
 * text, it drops a byte of it without a word, or aborts (2.14, load.c, lex_save).
 *
 * Invariant: p is never beyond end; nothing ends the text, a NUL in it is an ordinary bad byte.
 */
#include "base/json.h"
#include "base/num.h"
#include "base/printable.h"

#define DEPTH_MAX 64

struct parser {
	const char *text, *p, *end;
	const char *name;
	unsigned depth;
	struct rocpart_error *reterr;
};

static int refuse_at(const struct parser *ps, const char *at, const char *what)
{
	char place[sizeof(ps->reterr->object)];
	unsigned line = 1, column = 1;

	for (const char *p = ps->text; p < at; p++) {
		line += *p == '\n';
		column = *p == '\n' ? 1 : column + 1;
	}
	(void)rp_fmt(place, sizeof(place), "%s:%u:%u", ps->name, line, column);
	return rp_error_set(ps->reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place,
			    "not valid JSON: %s", what);
}

static int refuse(const struct parser *ps, const char *what)
{
	return refuse_at(ps, ps->p, ps->p == ps->end ? "the text ends too early" : what);
}

static int next_byte(const struct parser *ps)
{
	return ps->p < ps->end ? (unsigned char)*ps->p : EOF;
}

static bool take(struct parser *ps, char c)
{
	if (next_byte(ps) != (unsigned char)c)
		return false;
	ps->p++;
	return true;
}

static void skip_blanks(struct parser *ps)
{
	while (take(ps, ' ') || take(ps, '\n') || take(ps, '\t') || take(ps, '\r'))
		;
}

/* ---- texts ---- */

/* Four hexadecimal digits. */
static int read_hex(struct parser *ps, uint32_t *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		int c = next_byte(ps);

		if (c >= '0' && c <= '9')
			*ret = *ret << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*ret = *ret << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return refuse(ps, "\\u takes four hexadecimal digits");
		ps->p++;
	}
	return 0;
}

static void add_utf8(struct rp_strbuf *b, uint32_t c)
{
	if (c < 0x80) {
		rp_strbuf_add_char(b, (char)c);
		return;
	}
	if (c < 0x800) {
		rp_strbuf_add_char(b, (char)(0xc0 | c >> 6));
	} else {
		rp_strbuf_add_char(b, (char)(c < 0x10000 ? 0xe0 | c >> 12 : 0xf0 | c >> 18));
		if (c >= 0x10000)
			rp_strbuf_add_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		rp_strbuf_add_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	rp_strbuf_add_char(b, (char)(0x80 | (c & 0x3f)));
}

/* What follows "\u"; a character beyond U+FFFF is written as two halves. */
static int read_unicode(struct parser *ps, struct rp_strbuf *ret)
{
	uint32_t c, low;
	int r = read_hex(ps, &c);

	if (r == 0 && c >= 0xd800 && c < 0xdc00) {
		if (!take(ps, '\\') || !take(ps, 'u'))
			return refuse(ps, "half a character: \\ud800 to \\udbff needs another \\u");
		r = read_hex(ps, &low);
		if (r == 0 && (low < 0xdc00 || low > 0xdfff))
			return refuse(ps, "half a character: \\udc00 to \\udfff was expected");
		c = 0x10000 + ((c - 0xd800) << 10) + (r == 0 ? low - 0xdc00 : 0);
	} else if (r == 0 && c >= 0xdc00 && c <= 0xdfff) {
		return refuse(ps, "half a character");
	}
	if (r == 0 && c == 0)
		return refuse(ps, "\\u0000 is not accepted in a text");
	if (r == 0)
		add_utf8(ret, c);
	return r;
}

static int read_escape(struct parser *ps, struct rp_strbuf *ret)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	int c = next_byte(ps);
	const char *at = c > 0 ? strchr(names, c) : NULL;

	if (take(ps, 'u'))
		return read_unicode(ps, ret);
	if (!at)
		return refuse(ps, "unknown escape");
	ps->p++;
	rp_strbuf_add_char(ret, values[at - names]);
	return 0;
}

static bool is_utf8(const char *s)
{
	uint32_t c;

	for (size_t n; *s; s += n) {
		n = rp_utf8_decode(s, &c);
		if (!n)
			return false;
	}
	return true;
}

/* The bytes of a text, and the same as a value. */
static int read_text(struct parser *ps, struct rp_strbuf *text, struct rp_json **ret)
{
	const char *begin = ps->p;
	int r = 0;

	if (!take(ps, '"'))
		return refuse(ps, "a text in double quotes was expected");
	while (r == 0 && !take(ps, '"')) {
		int c = next_byte(ps);

		if (c < 0x20) /* EOF too */
			return refuse(ps, "control character in a text");
		ps->p++;
		if (c == '\\')
			r = read_escape(ps, text);
		else
			rp_strbuf_add_char(text, (char)c);
	}
	if (r < 0)
		return r;
	if (rp_strbuf_failed(text))
		return rp_error_nomem(ps->reterr);
	if (!is_utf8(rp_strbuf_str(text)))
		return refuse_at(ps, begin, "a text that is not UTF-8");
	*ret = rp_json_string(rp_strbuf_str(text));
	return *ret ? 0 : rp_error_nomem(ps->reterr);
}

/* ---- numbers ---- */

static bool take_digits(struct parser *ps)
{
	const char *begin = ps->p;

	while (next_byte(ps) >= '0' && next_byte(ps) <= '9')
		ps->p++;
	return ps->p > begin;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static int scan_number(struct parser *ps, bool *ret_is_real)
{
	take(ps, '-');
	if (!take(ps, '0') && !take_digits(ps))
		return refuse(ps, "a value was expected");
	*ret_is_real = false;
	if (take(ps, '.')) {
		*ret_is_real = true;
		if (!take_digits(ps))
			return refuse(ps, "a digit was expected");
	}
	if (take(ps, 'e') || take(ps, 'E')) {
		*ret_is_real = true;
		if (!take(ps, '+'))
			take(ps, '-');
		if (!take_digits(ps))
			return refuse(ps, "a digit was expected");
	}
	return 0;
}

/* "-9223372036854775808" to "9223372036854775807". */
static int parse_int(const char *s, int64_t *ret)
{
	bool is_negative = *s == '-';
	uint64_t v = 0;
	int r = rp_parse_u64(s + is_negative, 10, &v);

	if (r < 0 || v > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	*ret = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

static int read_number(struct parser *ps, struct rp_json **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *begin = ps->p;
	bool is_real = false;
	int64_t i = 0;
	double d = 0;
	int r = scan_number(ps, &is_real);

	if (r < 0)
		return r;
	rp_strbuf_add_mem(&text, begin, (size_t)(ps->p - begin));
	if (rp_strbuf_failed(&text))
		return rp_error_nomem(ps->reterr);
	r = is_real ? rp_parse_real(text.s, &d) : parse_int(text.s, &i);
	if (r < 0)
		return r == -ENOMEM ? rp_error_nomem(ps->reterr)
				    : refuse_at(ps, begin, "a number that is too large");
	*ret = is_real ? rp_json_real(d) : rp_json_int(i);
	return *ret ? 0 : rp_error_nomem(ps->reterr);
}

/* ---- values ---- */

static int read_value(struct parser *ps, struct rp_json **ret);

static int read_member(struct parser *ps, struct rp_json *object)
{
	RP_AUTO_JSON struct rp_json *as_value = NULL;
	RP_AUTO_STRBUF struct rp_strbuf key = RP_STRBUF_INIT;
	struct rp_json *value = NULL;
	const char *begin;
	int r;

	skip_blanks(ps);
	begin = ps->p;
	r = read_text(ps, &key, &as_value);
	if (r < 0)
		return r;
	if (rp_json_get(object, rp_strbuf_str(&key)))
		return refuse_at(ps, begin, "a key is given twice");
	skip_blanks(ps);
	if (!take(ps, ':'))
		return refuse(ps, "':' was expected after a key");
	r = read_value(ps, &value);
	if (r == 0 && rp_json_set(object, rp_strbuf_str(&key), value) < 0)
		r = rp_error_nomem(ps->reterr);
	return r;
}

static int read_element(struct parser *ps, struct rp_json *array)
{
	struct rp_json *value = NULL;
	int r = read_value(ps, &value);

	if (r == 0 && rp_json_append(array, value) < 0)
		r = rp_error_nomem(ps->reterr);
	return r;
}

/* What stands between the brackets, which end with the byte close. */
static int read_members(struct parser *ps, char close, struct rp_json *ret)
{
	int r = 0;

	skip_blanks(ps);
	if (take(ps, close))
		return 0;
	for (;;) {
		r = close == '}' ? read_member(ps, ret) : read_element(ps, ret);
		if (r < 0)
			return r;
		skip_blanks(ps);
		if (take(ps, close))
			return 0;
		if (!take(ps, ','))
			return refuse(ps, close == '}' ? "',' or '}' was expected"
						       : "',' or ']' was expected");
	}
}

static int read_container(struct parser *ps, char close, struct rp_json **ret)
{
	RP_AUTO_JSON struct rp_json *j = close == '}' ? rp_json_object() : rp_json_array();
	int r;

	if (!j)
		return rp_error_nomem(ps->reterr);
	if (++ps->depth > DEPTH_MAX)
		return rp_error_set(ps->reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, ps->name,
				    "JSON is nested more than %d levels deep", DEPTH_MAX);
	r = read_members(ps, close, j);
	ps->depth--;
	if (r == 0)
		*ret = rp_steal(&j);
	return r;
}

static bool take_word(struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, word, n) != 0)
		return false;
	ps->p += n;
	return true;
}

static int read_value(struct parser *ps, struct rp_json **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	skip_blanks(ps);
	if (next_byte(ps) == '"')
		return read_text(ps, &text, ret);
	if (take(ps, '{'))
		return read_container(ps, '}', ret);
	if (take(ps, '['))
		return read_container(ps, ']', ret);
	if (take_word(ps, "true"))
		*ret = rp_json_bool(true);
	else if (take_word(ps, "false"))
		*ret = rp_json_bool(false);
	else if (take_word(ps, "null"))
		*ret = rp_json_null();
	else
		return read_number(ps, ret);
	return 0; /* these three are not allocated */
}

int rp_json_parse(const char *text, size_t len, const char *name, struct rp_json **ret,
		  struct rocpart_error *reterr)
{
	struct parser ps = {
		.text = text, .p = text, .end = text + len, .name = name, .reterr = reterr};
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = read_value(&ps, &j);

	if (r < 0)
		return r;
	skip_blanks(&ps);
	if (ps.p < ps.end)
		return refuse(&ps, "something follows the value");
	*ret = rp_steal(&j);
	return 0;
}
