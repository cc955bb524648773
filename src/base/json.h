/* SPDX-License-Identifier: MIT */
/*
 * JSON values. A thin face on jansson, included nowhere else. Objects keep insertion order when
 * printed. Numbers are 64-bit integers below 2^63 or doubles; wider identifiers are hex strings.
 */
#ifndef RP_BASE_JSON_H
#define RP_BASE_JSON_H

#include "base/base.h"
#include "base/error.h"
#include "base/strbuf.h"

struct rp_json; /* reference-counted by its container: free the root only */

struct rp_json *rp_json_object(void);
struct rp_json *rp_json_array(void);
struct rp_json *rp_json_null(void);
/* Bytes that are not UTF-8 become U+FFFD, in keys too: only a lack of memory makes it NULL. */
struct rp_json *rp_json_string(const char *s);
struct rp_json *rp_json_int(int64_t v);
struct rp_json *rp_json_u64(uint64_t v); /* above 2^63-1: NULL */
struct rp_json *rp_json_real(double v);	 /* not finite: NULL */
struct rp_json *rp_json_bool(bool v);
struct rp_json *rp_json_free(struct rp_json *j); /* returns NULL */
void rp_cleanup_json(struct rp_json **j);
#define RP_AUTO_JSON RP_AUTO(rp_cleanup_json)

/* Both take over value, also on failure; a NULL value is -ENOMEM. */
int rp_json_set(struct rp_json *obj, const char *key, struct rp_json *value);
int rp_json_append(struct rp_json *arr, struct rp_json *value);
/* The common case: "key": "text". */
int rp_json_set_string(struct rp_json *obj, const char *key, const char *s); /* NULL is null */
int rp_json_set_u64(struct rp_json *obj, const char *key, uint64_t v);
int rp_json_set_bool(struct rp_json *obj, const char *key, bool v);
int rp_json_set_null(struct rp_json *obj, const char *key);

enum rp_json_type {
	RP_JSON_NULL,
	RP_JSON_BOOL,
	RP_JSON_INT,
	RP_JSON_REAL,
	RP_JSON_STRING,
	RP_JSON_ARRAY,
	RP_JSON_OBJECT
};
enum rp_json_type rp_json_type(const struct rp_json *j); /* NULL is RP_JSON_NULL */
/* Borrowed; NULL when absent or when j is not an object / array. */
struct rp_json *rp_json_get(const struct rp_json *j, const char *key);
struct rp_json *rp_json_at(const struct rp_json *j, size_t i);
size_t rp_json_len(const struct rp_json *j);	    /* members of an object or array, else 0 */
const char *rp_json_text(const struct rp_json *j);  /* NULL unless a string */
int64_t rp_json_int_value(const struct rp_json *j); /* 0 unless an integer */
double rp_json_real_value(const struct rp_json *j); /* of an integer too */
bool rp_json_bool_value(const struct rp_json *j);   /* false unless true */
/* Members in order: for (void *it = rp_json_iter(o); it; it = rp_json_iter_next(o, it)) */
void *rp_json_iter(const struct rp_json *obj);
void *rp_json_iter_next(const struct rp_json *obj, void *iter);
const char *rp_json_iter_key(void *iter);
struct rp_json *rp_json_iter_value(void *iter);

/*
 * Parse len bytes of text. name (a file name) is used in messages: "name:line:column". Duplicate
 * keys, NaN, text after the value, depth above 64 are errors. 0, -EINVAL, -ENOMEM.
 */
int rp_json_parse(const char *text, size_t len, const char *name, struct rp_json **ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* Append as text: indented by two blanks when pretty, else on one line. 0 or -ENOMEM. */
int rp_json_print(const struct rp_json *j, bool pretty, struct rp_strbuf *ret) RP_MUST_CHECK;

#endif
