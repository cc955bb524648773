/* SPDX-License-Identifier: MIT */
#include "base/printable.h"

struct range {
	uint32_t first, last;
};

/* C0, DEL, C1; what turns the direction of writing around or cannot be seen (CVE-2021-42574). */
static bool is_hidden(uint32_t c)
{
	static const struct range hidden[] = {
		{0x00, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},	{0x61c, 0x61c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},	{0x2060, 0x206f},
		{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(hidden); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

size_t rp_utf8_decode(const char *s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80	     ? 1
		   : p[0] >> 5 == 6  ? 2
		   : p[0] >> 4 == 14 ? 3
		   : p[0] >> 3 == 30 ? 4
				     : 0;
	uint32_t c = n == 1 ? p[0] : n ? p[0] & (0x7fU >> n) : 0;

	for (size_t i = 1; i < n; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if (n > 1 && (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return 0;
	*ret = c;
	return n;
}

struct piece {
	size_t n;	/* bytes that it stands for */
	const char *as; /* text, of len bytes */
	size_t len;
	char escape[12];
};

static void next_piece(const char *s, struct piece *ret)
{
	uint32_t c = 0;
	size_t n = rp_utf8_decode(s, &c);

	*ret = (struct piece){.n = n ? n : 1, .as = s, .len = n};
	if (n && !is_hidden(c))
		return;
	if (c == '\n' || c == '\t' || c == '\r')
		(void)rp_fmt(ret->escape, sizeof(ret->escape), "\\%c",
			     c == '\n'	 ? 'n'
			     : c == '\t' ? 't'
					 : 'r');
	else if (n == 0 || c < 0x80)
		(void)rp_fmt(ret->escape, sizeof(ret->escape), "\\x%02x",
			     (unsigned)(unsigned char)*s);
	else
		(void)rp_fmt(ret->escape, sizeof(ret->escape), c > 0xffff ? "\\U%08x" : "\\u%04x",
			     (unsigned)c);
	ret->as = ret->escape;
	ret->len = strlen(ret->escape);
}

void rp_printable_add(struct rp_strbuf *ret, const char *s)
{
	const size_t most = ret->len + RP_PRINTABLE_MAX;
	struct piece p;

	for (; *s; s += p.n) {
		next_piece(s, &p);
		if (ret->len + p.len > most) {
			rp_strbuf_add(ret, "…");
			return;
		}
		rp_strbuf_add_mem(ret, p.as, p.len);
	}
}

bool rp_is_printable(const char *s)
{
	struct piece p;

	for (; *s; s += p.n) {
		next_piece(s, &p);
		if (p.as == p.escape)
			return false;
	}
	return true;
}

void rp_printable_fit(char *buf, size_t size, const char *s)
{
	size_t used = 0;
	struct piece p;

	for (; *s; s += p.n) {
		next_piece(s, &p);
		if (used + p.len >= size)
			break;
		memmove(buf + used, p.as, p.len); /* s may be buf itself */
		used += p.len;
	}
	buf[used] = '\0';
}
