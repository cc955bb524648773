/* SPDX-License-Identifier: MIT */
/* One document of several files: each node knows its file, so an error names the right one. */
#include "base/strbuf.h"
#include "base/yaml.h"

void rp_yaml_set_file(struct rp_yaml *y, const char *file)
{
	y->file = file;
	for (size_t i = 0; i < y->n; i++) {
		rp_yaml_set_file(y->items[i], file);
		if (y->kind == RP_YAML_MAP)
			y->key_nodes[i]->file = file;
	}
}

char *rp_yaml_place(const struct rp_yaml *at, const char *name)
{
	return rp_strdupf("%s:%u:%u", at->file ? at->file : name, at->line, at->column);
}

static size_t find(const struct rp_yaml *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (rp_str_eq(map->keys[i], key))
			return i;
	return SIZE_MAX;
}

/* Move member i of from into place k of into, whose own key and value are gone or have moved. */
static void move_member(struct rp_yaml *into, size_t k, struct rp_yaml *from, size_t i)
{
	into->items[k] = rp_steal(&from->items[i]);
	into->keys[k] = rp_steal(&from->keys[i]);
	into->key_nodes[k] = rp_steal(&from->key_nodes[i]);
	into->items[k]->parent = into;
	into->items[k]->key = into->keys[k];
}

static void free_member(struct rp_yaml *map, size_t i)
{
	map->items[i] = rp_yaml_free(map->items[i]);
	map->key_nodes[i] = rp_yaml_free(map->key_nodes[i]);
	free(map->keys[i]);
	map->keys[i] = NULL;
}

static int merge_member(struct rp_yaml *into, struct rp_yaml *from, size_t i, bool later_wins,
			const char *name, struct rocpart_error *reterr)
{
	size_t k = find(into, from->keys[i]);

	if (k == SIZE_MAX) {
		if (into->n == RP_YAML_KEYS_MAX)
			return rp_yaml_error(from->key_nodes[i], name, reterr,
					     "with the keys of other files the map has more than "
					     "%d keys",
					     RP_YAML_KEYS_MAX);
		if (rp_yaml_reserve(into) < 0)
			return rp_error_nomem(reterr);
		move_member(into, into->n++, from, i);
		return 0;
	}
	if (into->items[k]->kind == RP_YAML_MAP && from->items[i]->kind == RP_YAML_MAP)
		return rp_yaml_merge(into->items[k], from->items[i], later_wins, name, reterr);
	if (!later_wins)
		return 0;
	free_member(into, k);
	move_member(into, k, from, i);
	return 0;
}

int rp_yaml_merge(struct rp_yaml *into, struct rp_yaml *from, bool later_wins, const char *name,
		  struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = merge_member(into, from, i, later_wins, name, reterr);
	for (size_t i = 0; i < from->n; i++)
		free_member(from, i);
	from->n = 0;
	return r;
}

int rp_yaml_make_map(struct rp_yaml *scalar, const char *key)
{
	RP_AUTO_YAML struct rp_yaml *value = rp_new0(struct rp_yaml, 1);
	RP_AUTO_YAML struct rp_yaml *key_node = rp_new0(struct rp_yaml, 1);
	RP_AUTO_FREE char *text = strdup(key);
	struct rp_yaml map = {.kind = RP_YAML_MAP,
			      .line = scalar->line,
			      .column = scalar->column,
			      .file = scalar->file,
			      .parent = scalar->parent,
			      .key = scalar->key};

	if (!value || !key_node || !text)
		return -ENOMEM;
	key_node->line = scalar->line;
	key_node->column = scalar->column;
	key_node->file = scalar->file;
	key_node->text = strdup(key);
	if (!key_node->text || rp_yaml_reserve(&map) < 0) {
		free(map.items);
		free(map.keys);
		free(map.key_nodes);
		return -ENOMEM;
	}
	*value = *scalar;
	value->parent = scalar;
	value->key = text;
	map.items[0] = rp_steal(&value);
	map.keys[0] = rp_steal(&text);
	map.key_nodes[0] = rp_steal(&key_node);
	map.n = 1;
	*scalar = map;
	return 0;
}

bool rp_yaml_is_equal(const struct rp_yaml *a, const struct rp_yaml *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == RP_YAML_SCALAR)
		return rp_str_eq(a->text, b->text);
	for (size_t i = 0; i < a->n; i++) {
		const struct rp_yaml *other = b->items[i];

		if (a->kind == RP_YAML_MAP && !rp_str_eq(a->keys[i], b->keys[i]))
			other = rp_yaml_get(b, a->keys[i]);
		if (!other || !rp_yaml_is_equal(a->items[i], other))
			return false;
	}
	return true;
}
