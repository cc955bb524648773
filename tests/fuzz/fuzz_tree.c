/* SPDX-License-Identifier: MIT */
#include "fuzz_tree.h"

#include "hw/hw.h"
#include "modes/modes.h"
#include "node/snapshot.h"

struct text_file {
	const char *path, *data;
	size_t path_len, len;
};

/* The file that begins at or after *pos; moves *pos behind it. */
static bool next_file(const struct text_tree *t, size_t *pos, struct text_file *ret)
{
	const char *end = t->text + t->len, *p = t->text + *pos, *eol;

	while (p < end && !(*p == '=' && (p == t->text || p[-1] == '\n')))
		p++;
	eol = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	if (!eol)
		return false;
	ret->path = p + 1;
	ret->path_len = (size_t)(eol - p - 1);
	ret->data = eol + 1;
	for (p = eol + 1; p < end && !(*p == '=' && p[-1] == '\n'); p++)
		;
	ret->len = (size_t)(p - ret->data);
	*pos = (size_t)(p - t->text);
	return true;
}

static bool find_file(const struct text_tree *t, const char *path, struct text_file *ret)
{
	for (size_t pos = 0; next_file(t, &pos, ret);)
		if (strlen(path) == ret->path_len && memcmp(path, ret->path, ret->path_len) == 0)
			return true;
	return false;
}

static int tree_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	struct text_file f;

	if (!find_file(self, path, &f))
		return -ENOENT;
	*ret_len = f.len < cap ? f.len : cap;
	memcpy(buf, f.data, *ret_len);
	return 0;
}

static bool has_name(const struct rp_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (rp_str_eq(names->v[i], name))
			return true;
	return false;
}

static int tree_list(void *self, const char *path, struct rp_names *ret)
{
	size_t len = strlen(path);
	struct text_file f;

	for (size_t pos = 0; next_file(self, &pos, &f) && ret->n < 100;) {
		RP_AUTO_FREE char *name = NULL;
		const char *rest, *slash;
		size_t n;

		if (f.path_len <= len + 1 || memcmp(f.path, path, len) != 0 || f.path[len] != '/')
			continue;
		rest = f.path + len + 1;
		n = f.path_len - len - 1;
		slash = memchr(rest, '/', n);
		name = rp_strndup(rest, slash ? (size_t)(slash - rest) : n);
		if (!name)
			return -ENOMEM;
		if (!has_name(ret, name) && rp_names_add(ret, name) < 0)
			return -ENOMEM;
	}
	return ret->n ? 0 : -ENOENT;
}

static int tree_stat(void *self, const char *path, struct rp_stat *ret)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	struct text_file f;
	bool is_file = find_file(self, path, &f);

	if (!is_file && tree_list(self, path, &names) < 0)
		return -ENOENT;
	*ret = (struct rp_stat){.type = is_file ? RP_FILE_REGULAR : RP_FILE_DIR, .mode = 0644};
	return 0;
}

static int tree_readlink(void *self, const char *path, struct rp_strbuf *ret)
{
	(void)self;
	(void)path;
	(void)ret;
	return -EINVAL;
}

const struct rp_tree_ops text_tree_ops = {
	.list = tree_list, .read = tree_read, .stat = tree_stat, .readlink = tree_readlink};

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* JSON has integers below 2^63 only, and lists of XCDs are printed one by one. */
static void check_gpu(const struct rocpart_snapshot *s, const struct rocpart_gpu *gpu)
{
	struct rocpart_pairs *pairs = NULL;

	must(gpu->vram_total_bytes.v <= INT64_MAX && gpu->uncorrectable_errors.v <= INT64_MAX);
	for (size_t i = 0; i < gpu->n_partitions; i++) {
		const struct rocpart_partition *p = &gpu->partitions[i];

		must(p->n_xcds <= 64 && p->id < 16); /* location_id[31:28] */
		must(p->memory_bytes.v <= INT64_MAX && p->memory_domain_bytes.v <= INT64_MAX);
		must(p->gpu_id.v <= UINT32_MAX);
	}
	if (rocpart_pairs_new(s, gpu, &pairs, NULL) < 0)
		return;
	for (size_t i = 0; i < rocpart_pairs_get_count(pairs); i++) {
		const struct rocpart_pair *p = rocpart_pairs_get(pairs, i);

		must(p->memory_bytes[0] <= INT64_MAX && p->domain_bytes[0] <= INT64_MAX);
		must(p->state != ROCPART_PAIR_NEVER || *p->reason);
	}
	rocpart_pairs_free(pairs);
}

void look_at_tree(struct text_tree *tree)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_SCAN struct rp_scan scan = {0};
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	int r = rp_tree_open_ops(&text_tree_ops, tree, RP_TREE_SIM, &t);

	if (r == 0)
		r = rp_hw_scan(t, &scan, &err);
	if (r == 0)
		r = rp_snapshot_new(&scan, NULL, 0, &s, &err);
	if (r < 0) {
		must(r == err.errnum && *err.message);
		must(err.code != ROCPART_ERR_BAD_ATTRIBUTE || *err.object);
		return;
	}
	must(!scan.generation.known || scan.generation.v <= UINT32_MAX);
	for (size_t i = 0; i < s->n_gpus; i++)
		check_gpu(s, &s->gpus[i]);
}
