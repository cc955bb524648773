/* SPDX-License-Identifier: MIT */
#include "base/hostlist.h"

#include "base/num.h"

#define NAME_MAX_BYTES 255
#define DIGITS_MAX     9 /* of a number: sums of two never overflow */
#define DIGITS	       "0123456789"
#define SPECIAL	       "[]," /* what is no part of a name */

struct expander {
	const char *text; /* whole */
	size_t max;
	struct rp_names *names;
	size_t *at;
	struct rocpart_error *err;
	char name[NAME_MAX_BYTES + 1]; /* of what is left of the place that is read */
};

static int refuse(struct expander *e, const char *at, int r, const char *why)
{
	*e->at = (size_t)(at - e->text);
	return rp_error_set(e->err, r, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			    "'%s' is not a list of nodes: %s", e->text, why);
}

static int add_text(struct expander *e, size_t *len, const char *s, size_t n, const char *at)
{
	if (*len + n > NAME_MAX_BYTES)
		return refuse(e, at, -ENAMETOOLONG, "a name has more than 255 bytes");
	memcpy(e->name + *len, s, n);
	*len += n;
	return 0;
}

/* A number at *at, which is moved behind it. */
static int read_number(struct expander *e, const char **at, uint32_t *ret, size_t *ret_digits)
{
	size_t n = strspn(*at, DIGITS);
	char digits[DIGITS_MAX + 1] = "";

	if (n == 0)
		return refuse(e, *at, -EINVAL, "a number is missing in the brackets");
	if (n > DIGITS_MAX)
		return refuse(e, *at, -EINVAL, "a number has more than 9 digits");
	memcpy(digits, *at, n);
	*at += n;
	*ret_digits = n;
	return rp_parse_u32(digits, 10, ret);
}

/* "001-050" or "60" at *at. */
static int read_range(struct expander *e, const char **at, uint32_t *ret_first, uint32_t *ret_last,
		      size_t *ret_width)
{
	const char *begin = *at;
	size_t digits;
	int r = read_number(e, at, ret_first, ret_width);

	*ret_last = *ret_first;
	if (r < 0 || **at != '-')
		return r;
	++*at;
	r = read_number(e, at, ret_last, &digits);
	if (r == 0 && *ret_last < *ret_first)
		return refuse(e, begin, -EINVAL, "a range ends before it begins");
	return r;
}

static const char *end_of_brackets(const char *open)
{
	return open + strcspn(open, "]");
}

static int expand_from(struct expander *e, size_t len, const char *at);

/* The brackets at open, each of their numbers with all that follows. */
static int expand_brackets(struct expander *e, size_t len, const char *open)
{
	const char *at = open + 1, *close = end_of_brackets(open);

	if (!*close)
		return refuse(e, open, -EINVAL, "a bracket is not closed");
	for (;;) {
		uint32_t first, last;
		size_t width;
		int r = read_range(e, &at, &first, &last, &width);

		for (uint32_t i = first; r == 0 && i <= last; i++) {
			char number[16];
			size_t longer = len;

			r = rp_fmt(number, sizeof(number), "%0*u", (int)width, i);
			if (r == 0)
				r = add_text(e, &longer, number, strlen(number), open);
			if (r == 0)
				r = expand_from(e, longer, close + 1);
		}
		if (r < 0)
			return r;
		if (at == close)
			return 0;
		if (*at++ != ',')
			return refuse(e, at - 1, -EINVAL,
				      "brackets hold numbers and ranges of numbers");
	}
}

static int add_name(struct expander *e, size_t len, const char *at)
{
	e->name[len] = '\0';
	if (len == 0)
		return refuse(e, at, -EINVAL, "a name is empty");
	if (e->names->n >= e->max)
		return refuse(e, at, -E2BIG, "there are too many nodes");
	return rp_names_add(e->names, e->name) < 0 ? rp_error_nomem(e->err) : 0;
}

/*
 * The rest of a name, from at to a comma or the end; e->name has len bytes of it. The calls nest
 * once for each pair of brackets, of which a name of 255 bytes has at most as many.
 */
static int expand_from(struct expander *e, size_t len, const char *at)
{
	size_t n = strcspn(at, SPECIAL);
	int r = add_text(e, &len, at, n, at);

	at += n;
	if (r < 0)
		return r;
	if (*at == '[')
		return expand_brackets(e, len, at);
	if (*at == ']')
		return refuse(e, at, -EINVAL, "a bracket is closed that was not opened");
	return add_name(e, len, at);
}

/* The end of the name at at: a comma outside of brackets, or the end of the text. */
static const char *end_of_name(const char *at)
{
	for (; *at && *at != ','; at++)
		if (*at == '[')
			at = end_of_brackets(at); /* expand_from() has seen that they close */
	return at;
}

int rp_hostlist_expand(const char *text, size_t max, struct rp_names *ret, size_t *ret_at,
		       struct rocpart_error *reterr)
{
	struct expander e = {.text = text, .max = max, .names = ret, .at = ret_at, .err = reterr};
	const char *at = text;

	*ret_at = 0;
	for (;;) {
		int r = expand_from(&e, 0, at);

		if (r < 0)
			return r;
		at = end_of_name(at);
		if (!*at)
			return 0;
		at++;
	}
}
