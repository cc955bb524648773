/* SPDX-License-Identifier: MIT */
#include "base/num.h"
#include "base/strbuf.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int rp_parse_u64(const char *s, int base, uint64_t *ret)
{
	uint64_t v = 0;

	if (base == 0) {
		base = 10;
		if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
			base = 16;
			s += 2;
		}
	}
	if (*s == '\0')
		return -EINVAL;
	for (; *s; s++) {
		int d = digit_value(*s);

		if (d >= base)
			return -EINVAL;
		if (rp_mul_u64(v, (uint64_t)base, &v) < 0 || rp_add_u64(v, (uint64_t)d, &v) < 0)
			return -ERANGE;
	}
	*ret = v;
	return 0;
}

int rp_parse_u64_part(const char *s, size_t len, int base, uint64_t *ret)
{
	char text[72]; /* the digits of 64 bits in any base */

	if (len >= sizeof(text))
		return -ERANGE;
	memcpy(text, s, len);
	text[len] = '\0';
	return rp_parse_u64(text, base, ret);
}

int rp_parse_u32(const char *s, int base, uint32_t *ret)
{
	uint64_t v;
	int r = rp_parse_u64(s, base, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int rp_parse_duration(const char *s, uint64_t *ret_s)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(s);
	uint64_t n = 0;
	int r = len < 2 ? -EINVAL : rp_parse_u64_part(s, len - 1, 10, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < RP_ARRAY_LEN(units); i++)
		if (s[len - 1] == units[i].unit)
			return rp_mul_u64(n, units[i].seconds, ret_s) < 0 ? -ERANGE : 0;
	return -EINVAL;
}

/* The point is a point, also in a program whose locale has a comma there. */
static int parse_in_c(const char *s, double *ret)
{
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end;
	double v;

	if (!c_locale)
		return -ENOMEM;
	errno = 0;
	v = strtod_l(s, &end, c_locale);
	freelocale(c_locale);
	if (end == s || *end != '\0')
		return -EINVAL;
	if (!isfinite(v))
		return -ERANGE;
	*ret = v;
	return errno == ERANGE ? 1 : 0; /* 1: too small for a double */
}

int rp_parse_real(const char *s, double *ret)
{
	int r = parse_in_c(s, ret);

	return r < 0 ? r : 0;
}

int rp_parse_double(const char *s, double *ret)
{
	const char *p = s;
	double v = 0;
	int r;

	if (*p == '-' || *p == '+')
		p++;
	if (!isdigit((unsigned char)*p))
		return -EINVAL;
	for (; *p; p++)
		if (!isdigit((unsigned char)*p) && *p != '.')
			return -EINVAL;
	r = parse_in_c(s, &v);
	if (r)
		return r < 0 ? r : -ERANGE;
	*ret = v;
	return 0;
}

static int unit_factor(const char *unit, double *ret)
{
	static const struct {
		const char *name;
		double factor;
	} units[] = {
		{"", 1},	 {"B", 1},	 {"K", 0x1p10},	  {"Ki", 0x1p10},  {"KiB", 0x1p10},
		{"M", 0x1p20},	 {"Mi", 0x1p20}, {"MiB", 0x1p20}, {"G", 0x1p30},   {"Gi", 0x1p30},
		{"GiB", 0x1p30}, {"T", 0x1p40},	 {"Ti", 0x1p40},  {"TiB", 0x1p40}, {"kB", 1e3},
		{"KB", 1e3},	 {"MB", 1e6},	 {"GB", 1e9},	  {"TB", 1e12},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(units); i++) {
		if (rp_str_eq_nocase(unit, units[i].name)) {
			*ret = units[i].factor;
			return 0;
		}
	}
	return -EINVAL;
}

int rp_parse_bytes(const char *s, uint64_t *ret)
{
	size_t len = strspn(s, "0123456789.");
	const char *unit = s + len;
	char number[64];
	double v, factor;
	int r;

	while (*unit == ' ')
		unit++;
	r = unit_factor(unit, &factor);
	if (r < 0)
		return r;
	if (rp_fmt(number, sizeof(number), "%.*s", (int)len, s) < 0)
		return -ERANGE;
	if (!strchr(number, '.') && factor <= 1)
		return rp_parse_u64(number, 10, ret);
	r = rp_parse_double(number, &v);
	if (r < 0)
		return r;
	v *= factor;
	if (v >= 0x1p63)
		return -ERANGE;
	*ret = (uint64_t)v;
	return 0;
}

#define TOKENS_MIN 64
#define TOKENS_MAX (UINT64_C(1) << 40)

int rp_parse_tokens(const char *s, uint64_t *ret, char why[RP_TOKENS_WHY_SIZE])
{
	size_t len = strlen(s);
	bool kilo = len > 1 && (s[len - 1] == 'k' || s[len - 1] == 'K');
	uint64_t v = 0;

	if (rp_parse_u64_part(s, kilo ? len - 1 : len, 10, &v) < 0 || v == 0 ||
	    v > TOKENS_MAX / 1024) {
		(void)rp_fmt(why, RP_TOKENS_WHY_SIZE,
			     "must be a number of tokens, such as 32768, or 32k (k is 1024), not "
			     "'%.60s'",
			     s);
		return -EINVAL;
	}
	v = kilo ? v * 1024 : v;
	if (v < TOKENS_MIN) {
		(void)rp_fmt(why, RP_TOKENS_WHY_SIZE, "is only %llu tokens; did you mean %lluk?",
			     (unsigned long long)v, (unsigned long long)v);
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

int rp_align_up_u64(uint64_t v, uint64_t align, uint64_t *ret)
{
	uint64_t rest = v % align;

	return rp_add_u64(v, rest ? align - rest : 0, ret);
}

/* n and rest/unit: the nearest whole number, of two equally near ones the even one. */
static uint64_t round_half_even(uint64_t n, uint64_t rest, uint64_t unit)
{
	return n + (rest > unit / 2 || (rest == unit / 2 && n % 2));
}

char *rp_format_bytes(uint64_t bytes, char buf[RP_BYTES_TEXT_SIZE])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t unit = 1024, tenths, whole, rest;
	size_t i = 0;

	if (bytes < 1024) {
		(void)rp_fmt(buf, RP_BYTES_TEXT_SIZE, "%u B", (unsigned)bytes);
		return buf;
	}
	while (bytes / unit >= 1000 || (bytes / unit == 999 && bytes % unit >= unit / 2)) {
		unit *= 1024;
		i++;
	}
	whole = bytes / unit;
	rest = bytes % unit;
	/* Rounded as by printf(), half to even, but with a point in each locale. */
	tenths = round_half_even(whole * 10 + rest * 10 / unit, rest * 10 % unit, unit);
	if (tenths < 1000)
		(void)rp_fmt(buf, RP_BYTES_TEXT_SIZE, "%u.%u %s", (unsigned)(tenths / 10),
			     (unsigned)(tenths % 10), names[i]);
	else
		(void)rp_fmt(buf, RP_BYTES_TEXT_SIZE, "%u %s",
			     (unsigned)round_half_even(whole, rest, unit), names[i]);
	return buf;
}
