/* SPDX-License-Identifier: MIT */
/*
 * YAML documents as a tree with places. A thin face on libyaml, included nowhere else. One
 * document; anchors, aliases, tags and duplicate keys are refused; at most 1 MiB, depth 32,
 * 200,000 nodes, 4,096 keys in one map. JSON is read too, being YAML.
 */
#ifndef RP_BASE_YAML_H
#define RP_BASE_YAML_H

#include "base/base.h"
#include "base/error.h"

enum rp_yaml_kind { RP_YAML_SCALAR, RP_YAML_LIST, RP_YAML_MAP };

struct rp_yaml {
	enum rp_yaml_kind kind;
	unsigned line, column;	    /* of its first character, from 1 */
	char *text;		    /* scalar: its text, "" for null */
	bool quoted;		    /* scalar: it stood in quotes */
	struct rp_yaml **items;	    /* list: elements; map: values */
	char **keys;		    /* map: keys, beside items */
	struct rp_yaml **key_nodes; /* map: places of the keys */
	size_t n, cap;
	const struct rp_yaml *parent; /* NULL: the document */
	const char *key;	      /* of a value in a map, borrowed; NULL: of a list, or none */
};

/* Parse len bytes; name stands in messages: "name:line:column: ...". 0, -EINVAL, -EFBIG, -ENOMEM.
 */
int rp_yaml_parse(const char *text, size_t len, const char *name, struct rp_yaml **ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* Read and parse a file; at most 1 MiB. */
int rp_yaml_load(const char *path, struct rp_yaml **ret,
		 struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same from an open file; name is for messages. */
int rp_yaml_load_fd(int fd, const char *name, struct rp_yaml **ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
struct rp_yaml *rp_yaml_free(struct rp_yaml *y); /* returns NULL */
void rp_cleanup_yaml(struct rp_yaml **y);
#define RP_AUTO_YAML RP_AUTO(rp_cleanup_yaml)

const struct rp_yaml *rp_yaml_get(const struct rp_yaml *map, const char *key); /* NULL: absent */

/* Error at a node: -EINVAL, CONFIG_SYNTAX, object "name:line:column". */
int rp_yaml_error(const struct rp_yaml *at, const char *name, struct rocpart_error *reterr,
		  const char *fmt, ...) RP_PRINTF(4, 5);
/* "'replicas' must be " and the text, which says what; the message ends with what is there. */
int rp_yaml_must_be(const struct rp_yaml *at, const char *name, struct rocpart_error *reterr,
		    const char *fmt, ...) RP_PRINTF(4, 5);
/* Refuse every key of map that is not among the n known ones, and what is not a map. */
int rp_yaml_only_keys(const struct rp_yaml *map, const char *name, const char *const *known,
		      size_t n, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Typed scalars; each error names the place. */
int rp_yaml_u64(const struct rp_yaml *y, const char *name, uint64_t *ret,
		struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_yaml_bool(const struct rp_yaml *y, const char *name, bool *ret,
		 struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_yaml_text(const struct rp_yaml *y, const char *name, const char **ret,
		 struct rocpart_error *reterr) RP_MUST_CHECK; /* borrowed, not empty */

#endif
