/* SPDX-License-Identifier: MIT */
/* The JSON in an answer of amd-smi: documents one after another, among warnings. */
#include "hw/smi/text.h"

/*
 * amd-smi prints arrays and objects of objects, indented: a document begins in the first column and
 * what follows its bracket is one, a quote, or nothing. "[AMDSMI_STATUS_BUSY] ..." is none.
 */
static bool begins_document(const char *at, const char *end)
{
	if (*at != '[' && *at != '{')
		return false;
	do
		at++;
	while (at < end && strchr(" \t\r\n", *at) && *at);
	return at == end || (*at && strchr("[]{}\"", *at));
}

/* Past the bracket that closes the one at the beginning, or NULL when it is not there. */
static const char *end_of_document(const char *at, const char *end)
{
	bool in_string = false;
	size_t depth = 0;

	for (; at < end; at++) {
		if (in_string) {
			if (*at == '\\' && at + 1 < end)
				at++;
			else if (*at == '"')
				in_string = false;
		} else if (*at == '"') {
			in_string = true;
		} else if (*at == '[' || *at == '{') {
			depth++;
		} else if ((*at == ']' || *at == '}') && --depth == 0) {
			return at + 1;
		}
	}
	return NULL;
}

static int broken(struct rocpart_error *reterr, const char *why)
{
	return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, "amd-smi",
			    "amd-smi printed JSON that cannot be read: %s", why);
}

static int add_document(const char *at, const char *end, struct rp_json *docs,
			struct rocpart_error *reterr)
{
	struct rocpart_error why = {0};
	struct rp_json *doc = NULL;
	int r = rp_json_parse(at, (size_t)(end - at), "amd-smi", &doc, &why);

	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r < 0)
		return broken(reterr, why.message);
	return rp_json_append(docs, doc) < 0 ? rp_error_nomem(reterr) : 0;
}

int rp_smi_json_docs(const char *text, size_t len, struct rp_json **ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *docs = rp_json_array();
	const char *at = text, *end = text + len;

	if (!docs)
		return rp_error_nomem(reterr);
	while (at < end) {
		const char *newline, *past;
		int r;

		if (begins_document(at, end)) {
			past = end_of_document(at, end);
			if (!past)
				return broken(reterr, "the JSON ends too early");
			r = add_document(at, past, docs, reterr);
			if (r < 0)
				return r;
			at = past;
		}
		newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	*ret = rp_steal(&docs);
	return 0;
}

int rp_smi_docs(const char *text, size_t len, struct rp_json **ret, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *docs = NULL;
	int r = rp_smi_json_docs(text, len, &docs, reterr);

	if (r < 0)
		return r;
	if (rp_json_len(docs) == 0)
		return rp_smi_text_docs(text, len, ret, reterr);
	*ret = rp_steal(&docs);
	return 0;
}
