/* SPDX-License-Identifier: MIT */
#include "views/text.h"

#include "base/printable.h"

/* ---- characters ---- */

struct range {
	uint32_t first, last;
};

static bool is_among(const struct range *ranges, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static unsigned columns_of(uint32_t c)
{
	static const struct range none[] = {
		{0x300, 0x36f},	  {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
		{0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	};
	static const struct range two[] = {
		{0x1100, 0x115f},   {0x2e80, 0xa4cf},	{0xac00, 0xd7a3},   {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
		{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	if (is_among(none, RP_ARRAY_LEN(none), c))
		return 0;
	return is_among(two, RP_ARRAY_LEN(two), c) ? 2 : 1;
}

/* Next piece of escaped text: a character, or a sequence of ours that sets a colour. */
static size_t next_piece(const char *s, size_t *ret_columns)
{
	uint32_t c = 0;
	size_t n = rp_utf8_decode(s, &c);

	*ret_columns = 0;
	if (c == 0x1b)
		return strcspn(s, "m") + (strchr(s, 'm') != NULL);
	if (c != '\t')
		*ret_columns = n ? columns_of(c) : 1;
	return n ? n : 1;
}

size_t view_width(const char *s)
{
	size_t width = 0, columns;

	for (; *s; width += columns)
		s += next_piece(s, &columns);
	return width;
}

void view_cut(const char *s, size_t width, struct rp_strbuf *ret)
{
	size_t used = 0, columns;

	if (view_width(s) <= width) {
		rp_strbuf_add(ret, s);
		return;
	}
	while (*s) {
		size_t n = next_piece(s, &columns);

		if (used + columns + 1 > width)
			break;
		rp_strbuf_add_mem(ret, s, n);
		used += columns;
		s += n;
	}
	rp_strbuf_add(ret, "…");
}

/* ---- formatting ---- */

struct spec {
	bool is_left;
	int width, precision; /* -1: none */
	unsigned n_long;      /* of "l", "ll"; "z" counts as one */
};

/* va_list may be an array, which cannot be passed on by its address. */
struct arguments {
	va_list ap;
};

static const char *read_number(const char *p, struct arguments *a, int *ret)
{
	if (*p == '*') {
		*ret = va_arg(a->ap, int);
		return p + 1;
	}
	for (*ret = 0; *p >= '0' && *p <= '9'; p++)
		*ret = *ret * 10 + (*p - '0');
	return p;
}

static const char *read_spec(const char *p, struct arguments *a, struct spec *ret)
{
	*ret = (struct spec){.precision = -1};
	for (; *p == '-'; p++)
		ret->is_left = true;
	p = read_number(p, a, &ret->width);
	if (*p == '.')
		p = read_number(p + 1, a, &ret->precision);
	for (; *p == 'l' || *p == 'z'; p++)
		ret->n_long++;
	return p;
}

static void add_padded(const struct spec *spec, const char *text, struct rp_strbuf *ret)
{
	size_t width = spec->width > 0 ? (size_t)spec->width : 0, has = view_width(text);
	int pad = width > has ? (int)(width - has) : 0;

	rp_strbuf_addf(ret, "%*s%s%*s", spec->is_left ? 0 : pad, "", text, spec->is_left ? pad : 0,
		       "");
}

static void add_string(const struct spec *spec, const char *s, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *part = NULL;

	if (spec->precision >= 0) {
		part = rp_strndup(s, strnlen(s, (size_t)spec->precision));
		ret->failed |= !part;
	}
	rp_printable_add(&text, part ? part : s);
	ret->failed |= rp_strbuf_failed(&text);
	add_padded(spec, rp_strbuf_str(&text), ret);
}

static void add_conversion(char c, const struct spec *spec, struct arguments *a,
			   struct rp_strbuf *ret)
{
	char text[352] = "%"; /* the digits of a double */
	long long i = 0;
	unsigned long long u = 0;

	if (c == 's') {
		const char *s = va_arg(a->ap, const char *);

		add_string(spec, s ? s : "-", ret);
		return;
	}
	if (c == 'd')
		i = spec->n_long > 1   ? va_arg(a->ap, long long)
		    : spec->n_long > 0 ? va_arg(a->ap, long)
				       : va_arg(a->ap, int);
	else if (c == 'u')
		u = spec->n_long > 1   ? va_arg(a->ap, unsigned long long)
		    : spec->n_long > 0 ? va_arg(a->ap, unsigned long)
				       : va_arg(a->ap, unsigned);
	if (c == 'd')
		(void)rp_fmt(text, sizeof(text), "%lld", i);
	else if (c == 'u')
		(void)rp_fmt(text, sizeof(text), "%llu", u);
	else if (c == 'f')
		(void)rp_fmt(text, sizeof(text), "%.*f", spec->precision < 0 ? 6 : spec->precision,
			     va_arg(a->ap, double));
	else if (c == 'g')
		(void)rp_fmt(text, sizeof(text), "%g", va_arg(a->ap, double));
	else if (c == 'c')
		(void)rp_fmt(text, sizeof(text), "%c", va_arg(a->ap, int));
	add_padded(spec, text, ret);
}

void view_vaddf(struct rp_strbuf *ret, const char *fmt, va_list ap)
{
	struct arguments a;

	va_copy(a.ap, ap);
	while (*fmt) {
		size_t n = strcspn(fmt, "%");
		struct spec spec;

		rp_strbuf_add_mem(ret, fmt, n);
		fmt += n;
		if (!*fmt)
			break;
		fmt = read_spec(fmt + 1, &a, &spec);
		if (*fmt)
			add_conversion(*fmt++, &spec, &a, ret);
	}
	va_end(a.ap);
}

void view_addf(struct rp_strbuf *ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	view_vaddf(ret, fmt, ap);
	va_end(ap);
}

/* ---- lines ---- */

/* Where further lines begin: at the tab, or two columns behind the first word. */
static size_t hanging_indent(const char *line, size_t width, struct rp_strbuf *ret)
{
	const char *tab = strchr(line, '\t');
	RP_AUTO_FREE char *head = tab ? rp_strndup(line, (size_t)(tab - line)) : NULL;
	size_t indent = head ? view_width(head) : strspn(line, " ") + 2;

	ret->failed |= tab && !head;
	return indent < width / 2 ? indent : 2;
}

static void add_piece(const char *s, size_t n, struct rp_strbuf *ret)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\t')
			rp_strbuf_add_char(ret, s[i]);
}

void view_wrap(const char *line, size_t width, struct rp_strbuf *ret)
{
	size_t indent = hanging_indent(line, width, ret), column = 0;
	bool is_first = true;

	if (width == 0 || view_width(line) <= width) {
		add_piece(line, strlen(line), ret);
		return;
	}
	while (*line) {
		size_t blanks = strspn(line, " "), n = strcspn(line + blanks, " ");
		RP_AUTO_FREE char *word = rp_strndup(line + blanks, n);
		size_t columns = word ? view_width(word) : n;

		ret->failed |= !word;
		if (!is_first && column + blanks + columns > width) {
			rp_strbuf_addf(ret, "\n%*s", (int)indent, "");
			column = indent;
		} else {
			rp_strbuf_addf(ret, "%*s", (int)blanks, "");
			column += blanks;
		}
		add_piece(line + blanks, n, ret);
		column += columns;
		line += blanks + n;
		is_first = false;
	}
}

/* ---- values ---- */

char *view_format_count(uint64_t n, char buf[VIEW_COUNT_TEXT_SIZE])
{
	static const char *const names[] = {"k", "M", "B", "T"};
	double v = (double)n;
	size_t i = 0;

	if (n < 1000) {
		(void)rp_fmt(buf, VIEW_COUNT_TEXT_SIZE, "%u", (unsigned)n);
		return buf;
	}
	for (v /= 1000; v >= 999.5 && i + 1 < RP_ARRAY_LEN(names); i++)
		v /= 1000;
	(void)rp_fmt(buf, VIEW_COUNT_TEXT_SIZE, "%.*f %s",
		     v < 9.995	 ? 2
		     : v < 99.95 ? 1
				 : 0,
		     v, names[i]);
	return buf;
}

char *view_format_partition(const struct rocpart_snapshot *s, const char *bdf, uint32_t partition,
			    char buf[VIEW_PARTITION_TEXT_SIZE])
{
	const struct rocpart_gpu *gpu = NULL;

	if (s && rocpart_snapshot_find_gpu(s, bdf, &gpu, NULL) == 0)
		(void)rp_fmt(buf, VIEW_PARTITION_TEXT_SIZE, "%zu/%u", rocpart_gpu_get_index(gpu),
			     partition);
	else
		(void)rp_fmt(buf, VIEW_PARTITION_TEXT_SIZE, "%s/%u", bdf, partition);
	return buf;
}

enum view_tone view_tone_of(const char *state)
{
	static const struct {
		const char *state;
		enum view_tone tone;
	} tones[] = {
		{.state = "-", .tone = VIEW_TONE_PLAIN},
		{.state = "placed", .tone = VIEW_TONE_PLAIN},
		{.state = "never", .tone = VIEW_TONE_PLAIN},
		{.state = "ok", .tone = VIEW_TONE_OK},
		{.state = "pass", .tone = VIEW_TONE_OK},
		{.state = "yes", .tone = VIEW_TONE_OK},
		{.state = "now", .tone = VIEW_TONE_OK},
		{.state = "current", .tone = VIEW_TONE_OK},
		{.state = "running", .tone = VIEW_TONE_OK},
		{.state = "no", .tone = VIEW_TONE_FAILED},
		{.state = "fail", .tone = VIEW_TONE_FAILED},
		{.state = "unhealthy", .tone = VIEW_TONE_FAILED},
		{.state = "displaced", .tone = VIEW_TONE_FAILED},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(tones); i++)
		if (rp_str_eq(tones[i].state, state))
			return tones[i].tone;
	return VIEW_TONE_ATTENTION;
}

const char *view_tone_begin(enum view_tone tone)
{
	switch (tone) {
	case VIEW_TONE_OK:
		return "\033[32m";
	case VIEW_TONE_ATTENTION:
		return "\033[33m";
	case VIEW_TONE_FAILED:
		return "\033[31m";
	case VIEW_TONE_PLAIN:
	default:
		return "";
	}
}

const char *view_tone_end(enum view_tone tone)
{
	return tone == VIEW_TONE_PLAIN ? "" : "\033[0m";
}
