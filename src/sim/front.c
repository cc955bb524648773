/* SPDX-License-Identifier: MIT */
/* From a path to a row of the tables, and the operations of a tree on it. */
#include "sim/front.h"

#include <limits.h>

#include "base/num.h"
#include "sim/delay.h"

#define MAX_HOPS   40 /* links followed, as in the kernel */
#define MAX_PATH   4096
#define USUAL_PATH 128 /* room for nearly all paths: a scan walks a thousand */

/* Where a walk stands. */
struct walk {
	struct rp_sim_ent ent;
	struct rp_strbuf path; /* canonical, from the root */
	struct rp_strbuf todo; /* what is still to be walked */
	size_t done;	       /* bytes of todo that were walked */
	unsigned hops;
};

static const struct rp_sim_file root = {
	.name = "", .type = RP_FILE_DIR, .mode = 0755, .children = rp_sim_root_files};

static void walk_done(struct walk *w)
{
	rp_strbuf_done(&w->path);
	rp_strbuf_done(&w->todo);
}

static int find_in(const struct rp_sim *sim, const struct rp_sim_ent *dir,
		   const struct rp_sim_file *rows, const char *name, struct rp_sim_ent *ret)
{
	for (const struct rp_sim_file *f = rows; f && (f->name || f->find); f++) {
		struct rp_sim_ent e = *dir;
		int r;

		e.file = f;
		r = f->name ? (rp_str_eq(f->name, name) ? 0 : -ENOENT) : f->find(sim, name, &e);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue;
		if (f->exists && !f->exists(sim, &e))
			continue;
		*ret = e;
		return 0;
	}
	return -ENOENT;
}

static int find_child(const struct rp_sim *sim, const struct rp_sim_ent *dir, const char *name,
		      struct rp_sim_ent *ret)
{
	int r = find_in(sim, dir, dir->file->children, name, ret);

	for (size_t i = 0; r < 0 && r != -ENOMEM && i < RP_ARRAY_LEN(dir->file->more); i++)
		r = find_in(sim, dir, dir->file->more[i], name, ret);
	return r;
}

/* Start over at the root with another path: what is behind a link, or above "..". */
static int restart(struct walk *w, struct rp_strbuf *path)
{
	if (++w->hops > MAX_HOPS)
		return -ELOOP;
	if (rp_strbuf_failed(path))
		return -ENOMEM;
	rp_strbuf_done(&w->todo);
	w->todo = *path;
	*path = (struct rp_strbuf)RP_STRBUF_INIT;
	w->done = 0;
	rp_strbuf_reset(&w->path);
	w->ent = (struct rp_sim_ent){.file = &root};
	return 0;
}

static int follow(struct rp_sim *sim, struct walk *w, const struct rp_sim_ent *link)
{
	RP_AUTO_STRBUF struct rp_strbuf path = RP_STRBUF_INIT;
	int r = link->file->show(sim, link, &path);

	if (r < 0)
		return r;
	rp_strbuf_add_char(&path, '/');
	rp_strbuf_add(&path, rp_strbuf_str(&w->todo) + w->done);
	return restart(w, &path);
}

static int go_up(struct walk *w)
{
	RP_AUTO_STRBUF struct rp_strbuf path = RP_STRBUF_INIT;
	const char *here = rp_strbuf_str(&w->path), *slash = strrchr(here, '/');

	if (slash)
		rp_strbuf_add_mem(&path, here, (size_t)(slash - here));
	rp_strbuf_add_char(&path, '/');
	rp_strbuf_add(&path, rp_strbuf_str(&w->todo) + w->done);
	return restart(w, &path);
}

static int step(struct rp_sim *sim, struct walk *w, const char *name, bool follow_it)
{
	struct rp_sim_ent child;
	int r;

	if (w->ent.file->type != RP_FILE_DIR)
		return -ENOTDIR;
	if (rp_str_eq(name, "."))
		return 0;
	if (rp_str_eq(name, ".."))
		return go_up(w);
	r = find_child(sim, &w->ent, name, &child);
	if (r < 0)
		return r;
	if (child.file->type == RP_FILE_LINK && follow_it)
		return follow(sim, w, &child);
	w->ent = child;
	if (w->path.len)
		rp_strbuf_add_char(&w->path, '/');
	rp_strbuf_add(&w->path, name);
	return rp_sim_shown(&w->path);
}

/* Walk path; its last component is followed when it is a link and follow_last is set. */
static int walk(struct rp_sim *sim, const char *path, bool follow_last, struct walk *w)
{
	RP_AUTO_STRBUF struct rp_strbuf start = RP_STRBUF_INIT;
	int r;

	if (strlen(path) >= MAX_PATH)
		return -ENAMETOOLONG;
	rp_strbuf_add(&start, path);
	if (rp_strbuf_reserve(&w->path, USUAL_PATH) < 0)
		return -ENOMEM;
	r = restart(w, &start);
	while (r == 0) {
		char name[NAME_MAX + 1];
		const char *at = rp_strbuf_str(&w->todo) + w->done;
		size_t slashes = strspn(at, "/"), len;

		at += slashes;
		len = strcspn(at, "/");
		if (len == 0)
			return 0;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, at, len);
		name[len] = '\0';
		w->done += slashes + len;
		r = step(sim, w, name, follow_last || at[len + strspn(at + len, "/")] != '\0');
	}
	return r;
}

/* ---- open(2) ---- */

static void stat_of(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st)
{
	*st = (struct rp_stat){.type = e->file->type, .mode = e->file->mode};
	if (e->file->info)
		e->file->info(sim, e, st);
}

/* With the path, of which a rule may say that nobody writes it. */
static void stat_at(const struct rp_sim *sim, const struct rp_sim_ent *e, const char *path,
		    struct rp_stat *st)
{
	stat_of(sim, e, st);
	if ((st->mode & 0222) && st->type == RP_FILE_REGULAR &&
	    rp_sim_fault_match(sim, RP_SIM_FAULT_READ_ONLY, path))
		st->mode &= ~UINT32_C(0222);
}

/* sysfs refuses what the mode bits of nobody allow, also to root. */
static int check_mode(const struct rp_sim *sim, const struct rp_sim_ent *e, const char *path,
		      bool writing)
{
	uint32_t bit = writing ? 0222 : 0444;
	struct rp_stat st;

	stat_at(sim, e, path, &st);
	if (!(st.mode & bit))
		return -EACCES;
	if (sim->caller_uid == 0)
		return 0;
	if (sim->caller_uid == st.uid)
		return st.mode & bit & 0700 ? 0 : -EACCES;
	return st.mode & bit & 0007 ? 0 : -EACCES;
}

static int check_open(const struct rp_sim *sim, const struct walk *w, bool writing)
{
	const struct rp_sim_ent *e = &w->ent;
	int r;

	if (e->file->type == RP_FILE_DIR)
		return -EISDIR;
	r = check_mode(sim, e, rp_strbuf_str(&w->path), writing);
	if (r == 0 && e->file->may_open)
		r = e->file->may_open(sim, e);
	return r;
}

static int check_bus(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return e->file->when_off && sim->state.gpus[e->gpu].off ? e->file->when_off : 0;
}

int rp_sim_may_open(struct rp_sim *sim, const char *path, bool writing)
{
	RP_AUTO(walk_done) struct walk w = {0};
	int r = rp_sim_store_refresh(sim);

	if (r == 0)
		r = walk(sim, path, true, &w);
	return r == 0 ? check_open(sim, &w, writing) : r;
}

/* ---- operations ---- */

static int list_rows(const struct rp_sim *sim, const struct rp_sim_ent *dir,
		     const struct rp_sim_file *rows, struct rp_names *ret)
{
	int r = 0;

	for (const struct rp_sim_file *f = rows; r == 0 && f && (f->name || f->find); f++) {
		struct rp_sim_ent e = *dir;

		e.file = f;
		if (!f->name)
			r = f->each(sim, dir, ret);
		else if (!f->exists || f->exists(sim, &e))
			r = rp_names_add(ret, f->name);
	}
	return r;
}

static int op_list(void *self, const char *path, struct rp_names *ret)
{
	RP_AUTO(walk_done) struct walk w = {0};
	struct rp_sim *sim = self;
	int r = rp_sim_store_refresh(sim);

	if (r == 0)
		r = walk(sim, path, true, &w);
	if (r < 0)
		return r;
	if (w.ent.file->type != RP_FILE_DIR)
		return -ENOTDIR;
	r = list_rows(sim, &w.ent, w.ent.file->children, ret);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(w.ent.file->more); i++)
		r = list_rows(sim, &w.ent, w.ent.file->more[i], ret);
	return r;
}

/* Count a read that a rule looks at. 0 or what the rule says. */
static int read_fault(struct rp_sim *sim, const char *path)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	const struct rp_sim_fault *f = rp_sim_fault_match(sim, RP_SIM_FAULT_READ, path);
	int r, effect;

	if (!f)
		return 0;
	r = rp_sim_change_begin(sim, &lock);
	if (r < 0)
		return r;
	f = rp_sim_fault_fires(sim, RP_SIM_FAULT_READ, path);
	effect = f ? f->effect : 0;
	r = rp_sim_change_end(sim);
	return r < 0 ? r : effect;
}

/* Where the file is found, and may be read: 1 when it was waited for, and is to be looked up anew.
 */
static int find_to_read(struct rp_sim *sim, const char *path, struct walk *w)
{
	struct rp_sim_delay delay;
	int r = rp_sim_store_refresh(sim);

	if (r == 0)
		r = walk(sim, path, true, w);
	if (r == 0)
		r = check_open(sim, w, false);
	if (r < 0 || sim->defers)
		return r;
	rp_sim_delay_of_read(sim, rp_strbuf_str(&w->path), &delay);
	if (rp_sim_delay_is_over(sim, rp_strbuf_str(&w->path), &delay))
		return 0;
	r = rp_sim_delay(sim, rp_strbuf_str(&w->path), &delay);
	walk_done(w);
	*w = (struct walk){0};
	return r < 0 ? r : walk(sim, path, true, w);
}

static int op_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	RP_AUTO(walk_done) struct walk w = {0};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_sim *sim = self;
	int r = find_to_read(sim, path, &w);

	if (r == 0)
		r = check_bus(sim, &w.ent);
	if (r == 0)
		r = read_fault(sim, rp_strbuf_str(&w.path));
	if (r == 0 && !w.ent.file->show)
		r = -EINVAL; /* a device: there is nothing to read(2) from it */
	if (r == 0)
		r = w.ent.file->show(sim, &w.ent, &out);
	if (r < 0)
		return r;
	*ret_len = out.len < cap ? out.len : cap;
	if (*ret_len)
		memcpy(buf, out.s, *ret_len);
	return 0;
}

static int write_ent(struct rp_sim *sim, const struct walk *w, const char *data, size_t len)
{
	RP_AUTO_FREE char *text = rp_strndup(data, len);
	const struct rp_sim_fault *f;

	if (!text)
		return -ENOMEM;
	f = rp_sim_fault_fires(sim, RP_SIM_FAULT_WRITE, rp_strbuf_str(&w->path));
	if (f)
		return f->effect;
	if (check_bus(sim, &w->ent) < 0)
		return check_bus(sim, &w->ent);
	return w->ent.file->store ? w->ent.file->store(sim, &w->ent, text, len) : -EINVAL;
}

/* The change is made; let go of the lock, and take the time that it takes. */
static int take_time(struct rp_sim *sim, int *lock)
{
	struct rp_sim_delay delay;

	rp_cleanup_close(lock);
	*lock = -EBADF;
	if (sim->defers)
		return 0;
	rp_sim_delay_of_change(sim, &delay);
	return rp_sim_delay(sim, "", &delay);
}

static int op_write(void *self, const char *path, const char *data, size_t len)
{
	RP_AUTO(walk_done) struct walk w = {0};
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rp_sim *sim = self;
	int saved, r = rp_sim_change_begin(sim, &lock);

	if (r == 0)
		r = walk(sim, path, true, &w);
	if (r == 0)
		r = check_open(sim, &w, true);
	if (r < 0 || len == 0)
		return r; /* a write of nothing does not reach the handler */
	r = write_ent(sim, &w, data, len);
	saved = rp_sim_change_end(sim); /* also of a write that failed half-way */
	if (saved == 0)
		saved = take_time(sim, &lock);
	return r < 0 ? r : saved;
}

static int op_stat(void *self, const char *path, struct rp_stat *ret)
{
	RP_AUTO(walk_done) struct walk w = {0};
	struct rp_sim *sim = self;
	int r = rp_sim_store_refresh(sim);

	if (r == 0)
		r = walk(sim, path, false, &w);
	if (r == 0)
		stat_at(sim, &w.ent, rp_strbuf_str(&w.path), ret);
	return r;
}

/* The text of a link in sysfs is relative: up to the common folder, then down. */
static int relative(const char *from, const char *to, struct rp_strbuf *out)
{
	size_t common = 0;

	for (size_t i = 0; from[i] && from[i] == to[i]; i++) {
		if (from[i] == '/')
			common = i + 1;
	}
	for (const char *c = from + common; *c; c++) {
		if (*c == '/')
			rp_strbuf_add(out, "../");
	}
	rp_strbuf_add(out, to + common);
	return rp_sim_shown(out);
}

static int op_readlink(void *self, const char *path, struct rp_strbuf *ret)
{
	RP_AUTO(walk_done) struct walk w = {0};
	RP_AUTO_STRBUF struct rp_strbuf to = RP_STRBUF_INIT;
	struct rp_sim *sim = self;
	int r = rp_sim_store_refresh(sim);

	if (r == 0)
		r = walk(sim, path, false, &w);
	if (r < 0)
		return r;
	if (w.ent.file->type != RP_FILE_LINK)
		return -EINVAL;
	r = w.ent.file->show(sim, &w.ent, &to);
	if (r < 0)
		return r;
	if (rp_strbuf_str(&to)[0] == '/') /* a link of /proc: shown as it is */
		rp_strbuf_add(ret, rp_strbuf_str(&to));
	else
		return relative(rp_strbuf_str(&w.path), rp_strbuf_str(&to), ret);
	return rp_sim_shown(ret);
}

static int op_driver(void *self, enum rp_driver_op op, struct rp_strbuf *ret)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rp_sim *sim = self;
	int saved, r;

	if (op == RP_DRIVER_DISK_SRCVERSION) {
		rp_strbuf_add(ret, sim->profile->srcversion ? sim->profile->srcversion : "");
		return rp_sim_shown(ret);
	}
	if (sim->caller_uid != 0)
		return -EPERM;
	r = rp_sim_change_begin(sim, &lock);
	if (r < 0)
		return r;
	r = op == RP_DRIVER_UNLOAD ? rp_sim_unload(sim) : rp_sim_load(sim);
	saved = rp_sim_change_end(sim); /* a rule may have counted this time */
	if (saved == 0)
		saved = take_time(sim, &lock);
	return r < 0 ? r : saved;
}

const struct rp_tree_ops *rp_sim_tree_ops(void)
{
	static const struct rp_tree_ops ops = {
		.list = op_list,
		.read = op_read,
		.write = op_write,
		.stat = op_stat,
		.readlink = op_readlink,
		.driver = op_driver,
	};

	return &ops;
}

/* ---- small pieces of the tables ---- */

bool rp_sim_is_loaded(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->state.loaded;
}

bool rp_sim_has_pm(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_gpu_bound(sim, e->gpu) && !sim->profile->gpus[e->gpu].multi_vf;
}

int rp_sim_number_name(const char *name, uint32_t n, uint32_t *ret)
{
	uint32_t v = 0;

	if (rp_parse_u32(name, 10, &v) < 0 || v >= n || (name[0] == '0' && name[1]))
		return -ENOENT;
	*ret = v;
	return 0;
}

int rp_sim_number_names(uint32_t n, struct rp_names *ret)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		char name[16];

		r = rp_fmt(name, sizeof(name), "%u", i);
		if (r == 0)
			r = rp_names_add(ret, name);
	}
	return r;
}

int rp_sim_shown(const struct rp_strbuf *out)
{
	return rp_strbuf_failed(out) ? -ENOMEM : 0;
}
