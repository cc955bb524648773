/* SPDX-License-Identifier: MIT */
#include "model/files/text.h"

/* Length of one well-formed UTF-8 sequence at s, 0 when malformed (Unicode table 3-7). */
size_t rp_utf8_length(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return n;
}

static int hex4(const char *s, size_t len, unsigned *ret)
{
	unsigned v = 0;

	if (len < 4)
		return -EINVAL;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v * 16 + (unsigned)((c | 0x20) - 'a' + 10);
		else
			return -EINVAL;
	}
	*ret = v;
	return 0;
}

static size_t put_utf8(char *out, unsigned cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* One escape behind the backslash; bytes used of s, 0 when malformed. */
size_t rp_json_unescape_one(const char *s, size_t len, char *out, size_t *ret_out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	unsigned cp, low;
	const char *at;

	*ret_out = 0;
	if (len == 0)
		return 0;
	if (s[0] != 'u') {
		at = s[0] ? strchr(from, s[0]) : NULL;
		if (!at)
			return 0;
		out[0] = to[at - from];
		*ret_out = 1;
		return 1;
	}
	if (hex4(s + 1, len - 1, &cp) < 0)
		return 0;
	if (cp < 0xd800 || cp > 0xdfff) {
		*ret_out = put_utf8(out, cp);
		return 5;
	}
	if (cp > 0xdbff || len < 11 || s[5] != '\\' || s[6] != 'u' ||
	    hex4(s + 7, len - 7, &low) < 0 || low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_out = put_utf8(out, 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00));
	return 11;
}
