/* SPDX-License-Identifier: MIT */
/*
 * YAML documents as a tree with places. A thin face on libyaml, included nowhere else. One
 * document; anchors, aliases, tags and duplicate keys are refused; at most 1 MiB, depth 32,
 * 200,000 nodes, 4,096 keys in one map, 250 bytes in a key. JSON is read too, being YAML.
 */
#ifndef RP_BASE_YAML_H
#define RP_BASE_YAML_H

#include "base/base.h"
#include "base/error.h"

enum rp_yaml_kind { RP_YAML_SCALAR, RP_YAML_LIST, RP_YAML_MAP };

struct rp_yaml {
	enum rp_yaml_kind kind;
	unsigned line, column;	/* of its first character, from 1 */
	const char *file;	/* borrowed, of a document that was merged; NULL: see name below */
	char *text;		/* scalar: its text, "" for null */
	bool quoted;		/* scalar: it stood in quotes */
	struct rp_yaml **items; /* list: elements; map: values */
	char **keys;		/* map: keys, beside items */
	struct rp_yaml **key_nodes; /* map: places of the keys */
	size_t n, cap;
	const struct rp_yaml *parent; /* NULL: the document */
	const char *key;	      /* of a value in a map, borrowed; NULL: of a list, or none */
};

/*
 * Parse len bytes; name stands in messages: "name:line:column: ...". 0, -EINVAL, -EFBIG, -ENOMEM.
 * The functions below get the name again; a node that has a file of its own is named by that.
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

/*
 * yaml_merge.c. set_file: of a node and all below it; the text is borrowed as long as they live.
 * merge: what from has becomes part of into. Maps are merged key by key; of other values that both
 * have, one stays, which is that of from when later_wins. from keeps nothing but its own node.
 * 0; -EINVAL when a map gets too many keys; -ENOMEM: into may then have a part of from.
 */
void rp_yaml_set_file(struct rp_yaml *y, const char *file);
int rp_yaml_merge(struct rp_yaml *into, struct rp_yaml *from, bool later_wins, const char *name,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same keys with the same values, in any order; lists in the same order. */
bool rp_yaml_is_equal(const struct rp_yaml *a, const struct rp_yaml *b);
/* Turn a scalar into a map that has the scalar as the value of key. 0 or -ENOMEM. */
int rp_yaml_make_map(struct rp_yaml *scalar, const char *key) RP_MUST_CHECK;
/* "name:line:column", to be freed; NULL: no memory. */
char *rp_yaml_place(const struct rp_yaml *at, const char *name);
/* yaml.c: room for one more member, with its key where it is a map. 0 or -ENOMEM. */
int rp_yaml_reserve(struct rp_yaml *y) RP_MUST_CHECK;
#define RP_YAML_KEYS_MAX 4096 /* of one map: each is compared with those before it */

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
