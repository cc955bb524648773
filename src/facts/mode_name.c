/* SPDX-License-Identifier: MIT */
#include "facts/mode_name.h"
#include "base/strbuf.h"
#include "facts/product.h"

static const char *const compute_names[] = {"UNKNOWN", "SPX", "DPX", "TPX", "QPX", "CPX"};
static const char *const memory_names[] = {"UNKNOWN", "NPS1", "NPS2", "NPS3", "NPS4",
					   NULL,      "NPS6", NULL,   "NPS8"};

ROCPART_PUBLIC const char *rocpart_compute_mode_to_string(enum rocpart_compute_mode mode)
{
	return (size_t)mode < RP_ARRAY_LEN(compute_names) ? compute_names[mode] : compute_names[0];
}

ROCPART_PUBLIC const char *rocpart_memory_mode_to_string(enum rocpart_memory_mode mode)
{
	if ((size_t)mode >= RP_ARRAY_LEN(memory_names) || !memory_names[mode])
		return memory_names[0];
	return memory_names[mode];
}

ROCPART_PUBLIC int rocpart_compute_mode_from_string(const char *text,
						    enum rocpart_compute_mode *ret_mode)
{
	for (size_t i = 1; i < RP_ARRAY_LEN(compute_names); i++) {
		if (rp_str_eq_nocase(text, compute_names[i])) {
			*ret_mode = (enum rocpart_compute_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}

ROCPART_PUBLIC int rocpart_memory_mode_from_string(const char *text,
						   enum rocpart_memory_mode *ret_mode)
{
	for (size_t i = 1; i < RP_ARRAY_LEN(memory_names); i++) {
		if (memory_names[i] && rp_str_eq_nocase(text, memory_names[i])) {
			*ret_mode = (enum rocpart_memory_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Names of a set by the mode's number; NULL: no such mode. */
static const char *list_names(const char *const *names, size_t n, uint32_t set, const char *word,
			      char buf[RP_MODES_TEXT_SIZE])
{
	size_t len = 0;

	(void)rp_fmt(buf, RP_MODES_TEXT_SIZE, "none");
	for (size_t i = 1; i < n; i++) {
		bool is_last = !(set >> i >> 1);

		if (!names[i] || !(set >> i & 1))
			continue;
		(void)rp_fmt(buf + len, RP_MODES_TEXT_SIZE - len, "%s%s%s%s",
			     len == 0  ? ""
			     : is_last ? " "
				       : ", ",
			     len && is_last ? word : "", len && is_last ? " " : "", names[i]);
		len = strlen(buf);
	}
	return buf;
}

const char *rp_compute_modes_text(uint32_t set, const char *word, char buf[RP_MODES_TEXT_SIZE])
{
	return list_names(compute_names, RP_ARRAY_LEN(compute_names), set, word, buf);
}

const char *rp_memory_modes_text(uint32_t set, const char *word, char buf[RP_MODES_TEXT_SIZE])
{
	return list_names(memory_names, RP_ARRAY_LEN(memory_names), set, word, buf);
}

uint32_t rp_known_compute_modes(void)
{
	return (UINT32_C(1) << RP_ARRAY_LEN(compute_names)) - 2;
}

uint32_t rp_known_memory_modes(void)
{
	const struct rp_product *p;
	uint32_t set = 0;

	for (size_t i = 0; (p = rp_product_at(i)); i++)
		set |= p->memory_modes;
	return set;
}

/* Next element of a list that is separated by ", " or white space; NULL at its end. */
static const char *next_name(const char **list, char name[16])
{
	size_t n;

	*list += strspn(*list, ", \t\n");
	n = strcspn(*list, ", \t\n");
	if (n == 0)
		return NULL;
	(void)rp_fmt(name, 16, "%.*s", n < 16 ? (int)n : 15, *list);
	*list += n;
	return name;
}

static bool says_none(const char *text)
{
	return rp_str_eq(text, "Not supported") || rp_str_eq(text, "");
}

int rp_compute_set_parse(const char *text, uint32_t *ret_set)
{
	char name[16];
	uint32_t set = 0;
	int r = 0;

	while (!says_none(text) && next_name(&text, name)) {
		enum rocpart_compute_mode m;

		if (rocpart_compute_mode_from_string(name, &m) < 0)
			r = -EBADMSG;
		else
			set |= rp_compute_bit(m);
	}
	*ret_set = set;
	return r;
}

int rp_memory_set_parse(const char *text, uint32_t *ret_set)
{
	char name[16];
	uint32_t set = 0;
	int r = 0;

	while (!says_none(text) && next_name(&text, name)) {
		enum rocpart_memory_mode m;

		if (rocpart_memory_mode_from_string(name, &m) < 0)
			r = -EBADMSG;
		else
			set |= rp_memory_bit(m);
	}
	*ret_set = set;
	return r;
}

static unsigned gfx9_partitions(enum rocpart_compute_mode mode, unsigned n_xcds)
{
	if (n_xcds == 0 || n_xcds % 2)
		return mode == ROCPART_COMPUTE_SPX && n_xcds ? 1 : 0;
	switch (mode) {
	case ROCPART_COMPUTE_SPX:
		return 1;
	case ROCPART_COMPUTE_DPX:
		return n_xcds % 4 == 0 ? 2 : 0;
	case ROCPART_COMPUTE_TPX:
		return n_xcds == 6 ? 3 : 0;
	case ROCPART_COMPUTE_QPX:
		return n_xcds == 8 ? 4 : 0;
	case ROCPART_COMPUTE_CPX:
		return n_xcds;
	case ROCPART_COMPUTE_UNKNOWN:
	default:
		return 0;
	}
}

unsigned rp_compute_partitions(enum rp_mode_rules rules, enum rocpart_compute_mode mode,
			       unsigned n_xcds)
{
	static const unsigned parts[] = {0, 1, 2, 3, 4, 0};
	unsigned n;

	if (rules == RP_RULES_GFX942 || rules == RP_RULES_GFX950)
		return gfx9_partitions(mode, n_xcds);
	if (mode == ROCPART_COMPUTE_CPX)
		return n_xcds;
	n = (size_t)mode < RP_ARRAY_LEN(parts) ? parts[mode] : 0;
	return n && n_xcds % n == 0 && n_xcds ? n : 0;
}

unsigned rp_compute_set_xcds(uint32_t set)
{
	if (set & rp_compute_bit(ROCPART_COMPUTE_QPX))
		return 8;
	if (set & rp_compute_bit(ROCPART_COMPUTE_TPX))
		return 6;
	if (set & rp_compute_bit(ROCPART_COMPUTE_DPX))
		return 4;
	return set & rp_compute_bit(ROCPART_COMPUTE_CPX) ? 2 : 0;
}
