/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a name: what is printed has no byte that a terminal obeys, and comes out of a second
 * pass as it is; what is cleaned follows the rule; what is quoted is one word; what is put into
 * JSON comes back.
 */
#include <assert.h>

#include "base/json.h"
#include "base/name.h"
#include "base/printable.h"
#include "base/words.h"
#include "change/known_holder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the Unicode tables, not by the code: C0, C1, Zs and Zl separators, Bidi_Control, Cf. */
static void check_printed(const char *s)
{
	static const char *const hidden[] = {"\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\x8b",
					     "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
					     "\xc2\x85",     "\xc2\x9b",     "\xc2\xad"};
	RP_AUTO_JSON struct rp_json *j = rp_json_string(s);

	for (const char *c = s; *c; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
	for (size_t i = 0; i < RP_ARRAY_LEN(hidden); i++)
		assert(!strstr(s, hidden[i]));
	/* jansson has another decoder: it takes what is UTF-8 as it is */
	assert(j && rp_str_eq(rp_json_text(j), s));
	assert(rp_is_printable(s));
}

static void print(const char *text)
{
	RP_AUTO_STRBUF struct rp_strbuf once = RP_STRBUF_INIT, twice = RP_STRBUF_INIT;
	char buf[64], again[64];

	rp_printable_add(&once, text);
	check_printed(rp_strbuf_str(&once));
	assert(once.len <= RP_PRINTABLE_MAX + strlen("…"));
	rp_printable_add(&twice, rp_strbuf_str(&once));
	assert(rp_str_eq(rp_strbuf_str(&once), rp_strbuf_str(&twice)));
	assert(!rp_is_printable(text) || strlen(text) > RP_PRINTABLE_MAX ||
	       rp_str_eq(rp_strbuf_str(&once), text));
	rp_printable_fit(buf, sizeof(buf), text);
	check_printed(buf);
	assert(strncmp(buf, rp_strbuf_str(&once), strlen(buf)) == 0);
	rp_printable_fit(again, sizeof(again), buf);
	assert(rp_str_eq(again, buf));
}

static void clean(enum rp_name_kind kind, const char *text)
{
	struct rocpart_error err = {0};
	char name[RP_NAME_SIZE], again[RP_NAME_SIZE];

	rp_name_clean(kind, text, name);
	assert(rp_name_is_valid(kind, name));
	assert(rp_str_eq(rp_name_clean(kind, name, again), name));
	if (rp_name_check(kind, text, &err) == 0) {
		assert(rp_str_eq(name, text) && rp_is_printable(text));
		return;
	}
	assert(err.errnum == -EINVAL && strstr(err.hint, name));
	check_printed(err.message);
	check_printed(err.hint);
}

static void report(const char *text)
{
	struct rocpart_error err = {0};

	(void)rp_error_set(&err, -EIO, ROCPART_ERR_FAILED, text, "cannot use '%s'", text);
	(void)rp_error_prefix(&err, "%s", text);
	(void)rp_error_append(&err, "%s", text);
	(void)rp_error_hint(&err, "`rocpart %s`", text);
	check_printed(err.object);
	check_printed(err.message);
	check_printed(err.hint);
}

/* Outside of single quotes and of \' nothing stands that a shell does not take as it is. */
static void quote(const char *text)
{
	const struct rocpart_holder holder = {
		.pid = 1, .command = text, .unit = text, .container = "", .job = "", .devices = ""};
	char word[RP_WORD_SIZE], advice[RP_WORD_SIZE + 160];
	bool is_quoted = false;

	check_printed(rp_shell_word(text, word));
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			is_quoted = !is_quoted;
		else if (!is_quoted && c[0] == '\\')
			assert(*++c == '\'');
		else
			assert(is_quoted || strchr(RP_WORD_PLAIN, *c));
	}
	assert(!is_quoted && *word);
	rp_holder_advice(&holder, advice, sizeof(advice));
	check_printed(advice);
	assert(!*text || strstr(advice, word));
}

static void put_into_json(const char *text)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object(), *back = NULL;
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;

	assert(rp_json_set_string(j, text, text) == 0 && rp_json_print(j, false, &out) == 0);
	assert(rp_json_parse(rp_strbuf_str(&out), out.len, "", &back, NULL) == 0);
	assert(rp_json_len(back) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_FREE char *text = rp_strndup((const char *)data, size);

	if (!text)
		return 0;
	print(text);
	clean(RP_NAME_MACHINE, text);
	clean(RP_NAME_LEASE, text);
	report(text);
	quote(text);
	put_into_json(text);
	return 0;
}
