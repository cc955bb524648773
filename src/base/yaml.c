/* SPDX-License-Identifier: MIT */
#include "base/yaml.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/tree.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <yaml.h>

#define YAML_SIZE_MAX  (1024 * 1024)
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 200000
#define YAML_KEY_MAX   250 /* bytes: libyaml reads a key of 1,024 characters, each escape counted */

#define BOM "\xEF\xBB\xBF"

struct reader {
	yaml_parser_t parser;
	const char *text, *name;
	size_t len; /* of text, which nothing ends */
	struct rocpart_error *reterr;
	size_t nodes;
};

struct rp_yaml *rp_yaml_free(struct rp_yaml *y)
{
	if (!y)
		return NULL;
	for (size_t i = 0; i < y->n; i++) {
		rp_yaml_free(y->items[i]);
		if (y->kind == RP_YAML_MAP) {
			free(y->keys[i]);
			rp_yaml_free(y->key_nodes[i]);
		}
	}
	free(y->items);
	free(y->keys);
	free(y->key_nodes);
	free(y->text);
	free(y);
	return NULL;
}

void rp_cleanup_yaml(struct rp_yaml **y)
{
	*y = rp_yaml_free(*y);
}

static int error_at(const struct reader *r, yaml_mark_t mark, const char *fmt, ...) RP_PRINTF(3, 4);

static int error_at(const struct reader *r, yaml_mark_t mark, const char *fmt, ...)
{
	char place[sizeof(r->reterr->object)], text[sizeof(r->reterr->message)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)rp_fmt(place, sizeof(place), "%s:%zu:%zu", r->name, mark.line + 1, mark.column + 1);
	return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place, "%s", text);
}

/* libyaml tells the line of what it cannot parse, but only the offset of what it cannot decode. */
static yaml_mark_t problem_place(const struct reader *r)
{
	yaml_mark_t mark = {0};

	if (r->parser.error != YAML_READER_ERROR)
		return r->parser.problem_mark;
	for (size_t i = 0; i < r->parser.problem_offset; i++) {
		mark.line += r->text[i] == '\n';
		mark.column = r->text[i] == '\n' ? 0 : mark.column + 1;
	}
	return mark;
}

/* A tab in the indentation of a line; its place into *mark. */
static bool is_indented_by_tab(const struct reader *r, yaml_mark_t *mark)
{
	const char *p = r->text, *end = r->text + r->len;
	size_t n = 0;

	for (size_t line = 0; p && line < mark->line; line++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return false;
	while (p + n < end && (p[n] == ' ' || p[n] == '-'))
		n++;
	mark->column = n;
	return p + n < end && p[n] == '\t';
}

/* A mark where a file was appended to another one; its place into *mark. */
static bool has_inner_bom(const struct reader *r, yaml_mark_t *mark)
{
	const char *bom = r->len ? memmem(r->text, r->len, BOM, sizeof(BOM) - 1) : NULL;

	if (!bom)
		return false;
	*mark = (yaml_mark_t){0};
	for (const char *p = r->text; p < bom; p++) {
		mark->line += *p == '\n';
		mark->column = *p == '\n' ? 0 : mark->column + 1;
	}
	return true;
}

/* What libyaml cannot read, in words of the file where its own are those of a parser. */
static int refuse_text(const struct reader *r)
{
	yaml_mark_t mark = problem_place(r), tab = mark;
	const char *problem = r->parser.problem ? r->parser.problem : "unknown problem";

	if (r->parser.error == YAML_MEMORY_ERROR)
		return rp_error_nomem(r->reterr);
	if (r->parser.error == YAML_READER_ERROR && strstr(problem, "UTF-8"))
		return error_at(r, mark, "the text is not UTF-8: %s", problem);
	if (r->parser.error != YAML_READER_ERROR && is_indented_by_tab(r, &tab))
		return error_at(r, tab, "a tab cannot indent YAML: use spaces");
	if (r->parser.error != YAML_READER_ERROR && has_inner_bom(r, &tab))
		return error_at(r, tab,
				"a byte order mark (BOM) stands inside of the file: "
				"remove it");
	return error_at(r, mark, "not valid YAML: %s%s%s", problem, r->parser.context ? " " : "",
			r->parser.context ? r->parser.context : "");
}

static int next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? 0 : refuse_text(r);
}

static struct rp_yaml *node_new(enum rp_yaml_kind kind, yaml_mark_t mark)
{
	struct rp_yaml *y = rp_new0(struct rp_yaml, 1);

	if (!y)
		return NULL;
	y->kind = kind;
	y->line = (unsigned)mark.line + 1;
	y->column = (unsigned)mark.column + 1;
	return y;
}

int rp_yaml_reserve(struct rp_yaml *y)
{
	size_t cap = y->cap, cap_keys = y->cap, cap_nodes = y->cap;

	if (y->n < y->cap)
		return 0;
	if (rp_grow(&y->items, &cap, y->n + 1, sizeof(*y->items)) < 0)
		return -ENOMEM;
	if (y->kind == RP_YAML_MAP &&
	    (rp_grow(&y->keys, &cap_keys, y->n + 1, sizeof(*y->keys)) < 0 ||
	     rp_grow(&y->key_nodes, &cap_nodes, y->n + 1, sizeof(*y->key_nodes)) < 0))
		return -ENOMEM;
	y->cap = cap;
	return 0;
}

static int read_node(struct reader *r, yaml_event_t *event, unsigned depth, struct rp_yaml **ret);

static int read_scalar(struct reader *r, const yaml_event_t *event, struct rp_yaml **ret)
{
	RP_AUTO_YAML struct rp_yaml *y = node_new(RP_YAML_SCALAR, event->start_mark);
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (!y)
		return rp_error_nomem(r->reterr);
	if (memchr(text, '\0', len))
		return error_at(r, event->start_mark, "a text contains a NUL character");
	y->quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		    event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	if (!y->quoted && (rp_str_eq(text, "~") || rp_str_eq(text, "null")))
		len = 0;
	y->text = rp_strndup(text, len);
	if (!y->text)
		return rp_error_nomem(r->reterr);
	*ret = rp_steal(&y);
	return 0;
}

/* One member of a map or list; *done when the closing event was read instead. */
static int read_member(struct reader *r, struct rp_yaml *parent, unsigned depth, bool *done)
{
	RP_AUTO_YAML struct rp_yaml *key = NULL, *value = NULL;
	yaml_event_t event;
	int rc = next_event(r, &event);

	if (rc < 0)
		return rc;
	*done = event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
	if (*done) {
		yaml_event_delete(&event);
		return 0;
	}
	if (parent->kind == RP_YAML_MAP) {
		if (event.type != YAML_SCALAR_EVENT) {
			rc = error_at(r, event.start_mark,
				      "a key must be text, not a list or a map");
			yaml_event_delete(&event);
			return rc;
		}
		rc = read_node(r, &event, depth, &key);
		if (rc < 0)
			return rc;
		if (parent->n == RP_YAML_KEYS_MAX)
			return rp_yaml_error(key, r->name, r->reterr,
					     "the map has more than %d keys", RP_YAML_KEYS_MAX);
		if (strlen(key->text) > YAML_KEY_MAX)
			return rp_yaml_error(key, r->name, r->reterr,
					     "a key has more than %d bytes", YAML_KEY_MAX);
		if (rp_yaml_get(parent, key->text))
			return rp_yaml_error(key, r->name, r->reterr, "key '%s' is given twice",
					     key->text);
		rc = next_event(r, &event);
		if (rc < 0)
			return rc;
	}
	rc = read_node(r, &event, depth, &value);
	if (rc < 0)
		return rc;
	if (rp_yaml_reserve(parent) < 0)
		return rp_error_nomem(r->reterr);
	value->parent = parent;
	if (key) {
		parent->keys[parent->n] = strdup(key->text);
		if (!parent->keys[parent->n])
			return rp_error_nomem(r->reterr);
		parent->key_nodes[parent->n] = rp_steal(&key);
		value->key = parent->keys[parent->n];
	}
	parent->items[parent->n++] = rp_steal(&value);
	return 0;
}

static int read_members(struct reader *r, const yaml_event_t *event, enum rp_yaml_kind kind,
			unsigned depth, struct rp_yaml **ret)
{
	RP_AUTO_YAML struct rp_yaml *y = node_new(kind, event->start_mark);
	bool done = false;
	int rc = 0;

	if (!y)
		return rp_error_nomem(r->reterr);
	if (depth >= YAML_DEPTH_MAX)
		return error_at(r, event->start_mark,
				"maps and lists are nested more than %d levels deep",
				YAML_DEPTH_MAX);
	while (rc == 0 && !done)
		rc = read_member(r, y, depth + 1, &done);
	if (rc < 0)
		return rc;
	*ret = rp_steal(&y);
	return 0;
}

static bool has_anchor_or_tag(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return e->data.scalar.anchor || e->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT:
		return e->data.sequence_start.anchor || e->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT:
		return e->data.mapping_start.anchor || e->data.mapping_start.tag;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
	case YAML_ALIAS_EVENT:
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
	default:
		return false;
	}
}

/* Takes over event. */
static int read_node(struct reader *r, yaml_event_t *event, unsigned depth, struct rp_yaml **ret)
{
	int rc;

	if (++r->nodes > YAML_NODES_MAX)
		rc = error_at(r, event->start_mark, "the document has more than %d values",
			      YAML_NODES_MAX);
	else if (event->type == YAML_ALIAS_EVENT || has_anchor_or_tag(event))
		rc = error_at(r, event->start_mark,
			      "YAML anchors, aliases and tags are not accepted");
	else if (event->type == YAML_SCALAR_EVENT)
		rc = read_scalar(r, event, ret);
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		rc = read_members(r, event, RP_YAML_LIST, depth, ret);
	else if (event->type == YAML_MAPPING_START_EVENT)
		rc = read_members(r, event, RP_YAML_MAP, depth, ret);
	else
		rc = error_at(r, event->start_mark, "a value is missing here");
	yaml_event_delete(event);
	return rc;
}

/* Skip the events that open the stream and the document; the next one starts the value. */
static int read_document(struct reader *r, struct rp_yaml **ret)
{
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	yaml_event_t event;
	yaml_event_type_t type;
	int rc;

	do {
		rc = next_event(r, &event);
		if (rc < 0)
			return rc;
		type = event.type;
		if (type == YAML_STREAM_END_EVENT) {
			rc = error_at(r, event.start_mark, "the document is empty");
			yaml_event_delete(&event);
			return rc;
		}
		if (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT)
			yaml_event_delete(&event);
	} while (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT);
	rc = read_node(r, &event, 0, &y);
	if (rc < 0)
		return rc;
	do {
		rc = next_event(r, &event);
		if (rc < 0)
			return rc;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT)
			rc = error_at(
				r, event.start_mark,
				"a second document begins here, but a file must have one only");
		yaml_event_delete(&event);
	} while (rc == 0 && type != YAML_STREAM_END_EVENT);
	if (rc == 0)
		*ret = rp_steal(&y);
	return rc;
}

static int refuse_mark(const char *name, const char *what, struct rocpart_error *reterr)
{
	const struct rp_yaml first = {.line = 1, .column = 1};

	return rp_yaml_error(&first, name, reterr, "the file begins with %s", what);
}

int rp_yaml_parse(const char *text, size_t len, const char *name, struct rp_yaml **ret,
		  struct rocpart_error *reterr)
{
	struct reader r = {.text = text, .len = len, .name = name, .reterr = reterr};
	int rc;

	if (len > YAML_SIZE_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, name,
				    "'%s' is larger than %d MiB", name,
				    YAML_SIZE_MAX / (1024 * 1024));
	if (len >= 3 && memcmp(text, BOM, 3) == 0)
		return refuse_mark(name, "a byte order mark (BOM): save it as UTF-8 without BOM",
				   reterr);
	if (len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
		return refuse_mark(name, "the mark of UTF-16: save it as UTF-8", reterr);
	if (!yaml_parser_initialize(&r.parser))
		return rp_error_nomem(reterr);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = read_document(&r, ret);
	yaml_parser_delete(&r.parser);
	return rc;
}

int rp_yaml_load_fd(int fd, const char *name, struct rp_yaml **ret, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	ssize_t n = 1;

	while (n > 0 && text.len <= YAML_SIZE_MAX) {
		if (rp_strbuf_reserve(&text, 65536) < 0)
			return rp_error_nomem(reterr);
		n = rp_retry(read(fd, text.s + text.len, 65536));
		if (n < 0)
			return rp_error_errno(reterr, rp_neg_errno(), name, "cannot read '%s'",
					      name);
		text.len += (size_t)n;
	}
	return rp_yaml_parse(rp_strbuf_str(&text), text.len, name, ret, reterr);
}

int rp_yaml_load(const char *path, struct rp_yaml **ret, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = rp_retry(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));

	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open '%s'", path);
	return rp_yaml_load_fd(fd, path, ret, reterr);
}

const struct rp_yaml *rp_yaml_get(const struct rp_yaml *map, const char *key)
{
	if (!map || map->kind != RP_YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (rp_str_eq(map->keys[i], key))
			return map->items[i];
	return NULL;
}

int rp_yaml_error(const struct rp_yaml *at, const char *name, struct rocpart_error *reterr,
		  const char *fmt, ...)
{
	char place[sizeof(reterr->object)], text[sizeof(reterr->message)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)rp_fmt(place, sizeof(place), "%s:%u:%u", at->file ? at->file : name, at->line,
		     at->column);
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place, "%s", text);
}

/* What stands there: 'x', nothing, a map, a list. */
static void add_value(const struct rp_yaml *at, struct rp_strbuf *text)
{
	if (at->kind != RP_YAML_SCALAR)
		rp_strbuf_add(text, at->kind == RP_YAML_MAP ? "a map" : "a list");
	else if (*at->text)
		rp_strbuf_addf(text, "'%.80s'", at->text);
	else
		rp_strbuf_add(text, "empty");
}

int rp_yaml_must_be(const struct rp_yaml *at, const char *name, struct rocpart_error *reterr,
		    const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const struct rp_yaml *named = at;
	va_list ap;

	while (named->parent && !named->key)
		named = named->parent;
	if (named->key)
		rp_strbuf_addf(&text, "%s'%s' must be ", named == at ? "" : "an entry of ",
			       named->key);
	else
		rp_strbuf_add(&text, "the document must be ");
	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	rp_strbuf_add(&text, ", not ");
	add_value(at, &text);
	return rp_yaml_error(at, name, reterr, "%s", rp_strbuf_str(&text));
}

/* Name the nearest known key, and all that are allowed. */
static bool is_known(const char *key, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rp_str_eq(key, known[i]))
			return true;
	return false;
}

/* The first unknown key has the place; the others are named, to be found at once. */
static int refuse_key(const struct rp_yaml *map, size_t index, const char *name,
		      const char *const *known, size_t n, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf all = RP_STRBUF_INIT, others = RP_STRBUF_INIT;
	const char *near = rp_suggest_of(map->keys[index], known, n);

	for (size_t i = 0; i < n; i++)
		rp_strbuf_addf(&all, "%s%s", i ? ", " : "", known[i]);
	for (size_t i = index + 1; i < map->n && others.len < 120; i++)
		if (!is_known(map->keys[i], known, n))
			rp_strbuf_addf(&others, "%s'%.40s'",
				       others.len ? ", " : "; also unknown: ", map->keys[i]);
	(void)rp_yaml_error(map->key_nodes[index], name, reterr, "unknown key '%s'%s",
			    map->keys[index], rp_strbuf_str(&others));
	if (near)
		return rp_error_hint(reterr, "did you mean '%s'? Allowed here: %s", near,
				     rp_strbuf_str(&all));
	return rp_error_hint(reterr, "allowed here: %s", rp_strbuf_str(&all));
}

int rp_yaml_only_keys(const struct rp_yaml *map, const char *name, const char *const *known,
		      size_t n, struct rocpart_error *reterr)
{
	if (map->kind != RP_YAML_MAP)
		return rp_yaml_must_be(map, name, reterr, "a map of keys and values");
	for (size_t i = 0; i < map->n; i++)
		if (!is_known(map->keys[i], known, n))
			return refuse_key(map, i, name, known, n, reterr);
	return 0;
}

int rp_yaml_text(const struct rp_yaml *y, const char *name, const char **ret,
		 struct rocpart_error *reterr)
{
	if (y->kind != RP_YAML_SCALAR || !*y->text)
		return rp_yaml_must_be(y, name, reterr, "text");
	*ret = y->text;
	return 0;
}

int rp_yaml_u64(const struct rp_yaml *y, const char *name, uint64_t *ret,
		struct rocpart_error *reterr)
{
	if (y->kind != RP_YAML_SCALAR || rp_parse_u64(y->text, 0, ret) < 0)
		return rp_yaml_must_be(y, name, reterr, "a whole number from 0");
	return 0;
}

int rp_yaml_bool(const struct rp_yaml *y, const char *name, bool *ret, struct rocpart_error *reterr)
{
	if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "true"))
		*ret = true;
	else if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "false"))
		*ret = false;
	else
		return rp_yaml_must_be(y, name, reterr, "true or false");
	return 0;
}
