/* SPDX-License-Identifier: MIT */
/* A STATE tree without a folder: the records of a machine that nobody else can see. */
#include "base/base.h"
#include "base/tree_internal.h"

struct file {
	char *name;
	struct rp_strbuf text;
};

struct memory {
	struct file *v;
	size_t n, cap;
};

static struct file *find(const struct memory *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (rp_str_eq(m->v[i].name, name))
			return &m->v[i];
	return NULL;
}

static void file_done(struct file *f)
{
	free(f->name);
	rp_strbuf_done(&f->text);
}

static int list(void *self, const char *path, struct rp_names *ret)
{
	const struct memory *m = self;
	int r = rp_str_eq(path, ".") || !*path ? 0 : -ENOENT;

	for (size_t i = 0; r == 0 && i < m->n; i++)
		r = rp_names_add(ret, m->v[i].name);
	return r;
}

static int read_file(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	const struct file *f = find(self, path);
	size_t n;

	if (!f)
		return -ENOENT;
	n = f->text.len < cap ? f->text.len : cap;
	if (n)
		memcpy(buf, f->text.s, n);
	*ret_len = n;
	return 0;
}

static int write_file(void *self, const char *path, const char *data, size_t len)
{
	return find(self, path) ? rp_memory_put(self, path, false, data, len) : -ENOENT;
}

static int stat_file(void *self, const char *path, struct rp_stat *ret)
{
	if (!find(self, path))
		return -ENOENT;
	*ret = (struct rp_stat){.type = RP_FILE_REGULAR, .mode = 0644};
	return 0;
}

static int read_link(void *self, const char *path, struct rp_strbuf *ret RP_UNUSED)
{
	return find(self, path) ? -EINVAL : -ENOENT;
}

static const struct rp_tree_ops memory_ops = {
	.list = list,
	.read = read_file,
	.write = write_file,
	.stat = stat_file,
	.readlink = read_link,
};

static void memory_free(void *self)
{
	struct memory *m = self;

	for (size_t i = 0; i < m->n; i++)
		file_done(&m->v[i]);
	free(m->v);
	free(m);
}

int rp_memory_put(void *self, const char *name, bool append, const void *data, size_t len)
{
	struct memory *m = self;
	struct file *f = find(m, name);
	struct file made = {0};

	if (!f) {
		if (rp_grow(&m->v, &m->cap, m->n + 1, sizeof(*m->v)) < 0)
			return -ENOMEM;
		made.name = strdup(name);
		if (!made.name)
			return -ENOMEM;
	}
	/* Room first: a file is never left half-written. */
	if (rp_strbuf_reserve(f ? &f->text : &made.text, len) < 0) {
		file_done(&made);
		return -ENOMEM;
	}
	if (!f) {
		m->v[m->n] = made;
		f = &m->v[m->n++];
	}
	if (!append)
		rp_strbuf_reset(&f->text);
	rp_strbuf_add_mem(&f->text, data, len);
	return 0;
}

size_t rp_memory_size(void *self, const char *name)
{
	const struct file *f = find(self, name);

	return f ? f->text.len : 0;
}

int rp_memory_rename(void *self, const char *from, const char *to)
{
	RP_AUTO_FREE char *name = strdup(to);
	struct file *f;

	if (!name)
		return -ENOMEM;
	if (!find(self, from))
		return -ENOENT;
	if (!rp_str_eq(from, to))
		(void)rp_memory_remove(self, to);
	f = find(self, from); /* looked up anew: a removal moves the last file */
	if (f) {
		free(f->name);
		f->name = rp_steal(&name);
	}
	return 0;
}

int rp_memory_remove(void *self, const char *name)
{
	struct memory *m = self;
	struct file *f = find(m, name);

	if (!f)
		return -ENOENT;
	file_done(f);
	*f = m->v[--m->n];
	return 0;
}

int rp_tree_open_memory(struct rp_tree **ret)
{
	struct memory *m = rp_new0(struct memory, 1);
	int r = m ? rp_tree_open_ops(&memory_ops, m, RP_TREE_STATE, ret) : -ENOMEM;

	if (r < 0)
		free(m);
	else
		(*ret)->free_self = memory_free;
	return r;
}
