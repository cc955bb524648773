/* SPDX-License-Identifier: MIT */
#include "base/name.h"
#include "base/printable.h"

#define DIGITS	"0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define FIRST	DIGITS LETTERS

static const struct rule {
	const char *what, *first, *chars, *allowed, *otherwise;
	size_t max;
	bool may_be_number; /* a lease is named by its number too */
} rules[] = {
	[RP_NAME_MACHINE] = {"a machine", FIRST, FIRST "._-",
			     "such a name has 1 to 64 letters, digits and . _ -, and begins with a "
			     "letter or a digit",
			     "machine", 64, true},
	[RP_NAME_HOST] = {"a host", LETTERS, FIRST "-",
			  "such a name has 1 to 63 letters, digits and -, begins with a letter, "
			  "and is not localhost",
			  "host", 63, true},
	[RP_NAME_LEASE] =
		{"a lease", FIRST, FIRST "._:/@+-",
		 "such a name has 1 to 128 letters, digits and . _ : / @ + -, begins with "
		 "a letter or a digit, and is not a number",
		 "model", RP_NAME_SIZE - 1, false},
};

/* strchr() finds the end of a text too. */
static bool is_among(const char *chars, char c)
{
	return c && strchr(chars, c);
}

const char *rp_name_allowed(enum rp_name_kind kind)
{
	return rules[kind].allowed;
}

bool rp_name_is_valid(enum rp_name_kind kind, const char *name)
{
	const struct rule *rule = &rules[kind];
	size_t n = strspn(name, rule->chars);

	return n > 0 && n <= rule->max && !name[n] && is_among(rule->first, name[0]) &&
	       (rule->may_be_number || name[strspn(name, DIGITS)]) &&
	       !(kind == RP_NAME_HOST && rp_str_eq_nocase(name, "localhost"));
}

char *rp_name_clean(enum rp_name_kind kind, const char *text, char ret[RP_NAME_SIZE])
{
	const struct rule *rule = &rules[kind];
	char name[RP_NAME_SIZE];
	bool is_gap = false;
	size_t n = 0;

	for (; *text && n < rule->max; text++) {
		if (!is_among(n ? rule->chars : rule->first, *text)) {
			is_gap = true;
			continue;
		}
		if (is_gap && n && name[n - 1] != '-' && *text != '-' && n + 1 < rule->max)
			name[n++] = '-';
		name[n++] = *text;
		is_gap = false;
	}
	name[n] = '\0';
	if (rp_name_is_valid(kind, name))
		(void)rp_fmt(ret, RP_NAME_SIZE, "%s", name);
	else
		(void)rp_fmt(ret, RP_NAME_SIZE, "%s%s%.100s", rule->otherwise, n ? "-" : "", name);
	return ret;
}

int rp_name_check(enum rp_name_kind kind, const char *name, struct rocpart_error *reterr)
{
	const struct rule *rule = &rules[kind];
	char near[RP_NAME_SIZE], shown[80];

	if (rp_name_is_valid(kind, name))
		return 0;
	rp_printable_fit(shown, sizeof(shown), name);
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
			   "'%s%s' cannot be the name of %s: %s", shown,
			   rp_str_eq(shown, name) || strlen(shown) < 60 ? "" : "…", rule->what,
			   rule->allowed);
	return rp_error_hint(reterr, "use '%s'", rp_name_clean(kind, name, near));
}
