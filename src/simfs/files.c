/* SPDX-License-Identifier: MIT */
/*
 * What FUSE is asked. Its root has a few files of our own, and slots that are only reached where
 * they are bind-mounted. The errno of an open and of a write is the one that the machine gives.
 */
#define FUSE_USE_VERSION 314
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <sys/stat.h>

#include "base/num.h"
#include "simfs/simfs.h"

#define KEEP_SECONDS 86400.0 /* modes and sizes of a file never change */
#define PAGE_BYTES   4096    /* st_size of an attribute in sysfs */
#define FIRST_INO    2

enum { FILE_NAME, FILE_FOLDER, FILE_SRCVERSION, FILE_CONTROL, FILE_ASKS, FILE_ID, FILE_NO_SYNC };
static const char *const fixed[RP_SIMFS_FIXED_FILES] = {"name", "folder", "srcversion", "control",
							"asks", "id",	  "no-sync"};

static struct rp_simfs *fs_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* An answer of 512 or more is none to the kernel: it keeps the caller waiting. */
static void fail(fuse_req_t req, int r)
{
	fuse_reply_err(req, r > -512 ? -r : EOPNOTSUPP);
}

static const struct rp_simfs_slot *slot_at(const struct rp_simfs *fs, fuse_ino_t ino)
{
	size_t i = ino - FIRST_INO - RP_SIMFS_FIXED_FILES;

	if (ino < FIRST_INO + RP_SIMFS_FIXED_FILES || i >= fs->n_slots)
		return NULL;
	return &fs->slots[i];
}

static bool is_kmsg(const struct rp_simfs_slot *slot)
{
	return slot && slot->path && rp_str_eq(slot->path, RP_SIMFS_KMSG);
}

/* The kernel holds a file to the type that it had first: slots to be bound are told by their place.
 */
static mode_t type_bits(const struct rp_simfs_slot *slot, fuse_ino_t ino, enum rp_file_type type)
{
	if (ino == FIRST_INO + RP_SIMFS_FIXED_FILES)
		return S_IFDIR;
	if (!slot || !slot->path || type == RP_FILE_REGULAR)
		return S_IFREG;
	return type == RP_FILE_DIR ? S_IFDIR : S_IFLNK;
}

static int stat_of(struct rp_simfs *fs, fuse_ino_t ino, struct stat *st)
{
	const struct rp_simfs_slot *slot = slot_at(fs, ino);
	struct rp_stat s = {.mode = ino == FIRST_INO + FILE_CONTROL ? 0200 : 0444};

	*st = (struct stat){.st_ino = ino, .st_nlink = 1, .st_size = PAGE_BYTES};
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0755;
		return 0;
	}
	if (!slot && ino >= FIRST_INO + RP_SIMFS_FIXED_FILES)
		return -ENOENT;
	/* A slot without a path is only ever looked at by ourselves, as a place to bind from. */
	if (slot && slot->path && rp_sim_tree_ops()->stat(fs->sim, slot->path, &s) < 0)
		s.mode = 0444;
	st->st_mode = type_bits(slot, ino, s.type) | s.mode;
	st->st_ino = s.inode ? s.inode : ino;
	if (is_kmsg(slot)) { /* who seeks to its end waits for news */
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

		st->st_size = rp_simfs_read(fs, RP_SIMFS_KMSG, &text) == 0 ? (off_t)text.len : 0;
	}
	return 0;
}

static void do_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct rp_simfs_slot *slot = slot_at(fs_of(req), ino);
	struct stat st;
	int r = stat_of(fs_of(req), ino, &st);

	(void)fi;
	if (r < 0)
		fail(req, r);
	else
		fuse_reply_attr(req, &st,
				slot && slot->path && S_ISREG(st.st_mode) && !is_kmsg(slot)
					? KEEP_SECONDS
					: 0);
}

/* Opening for writing asks for a size of 0, which sysfs ignores as well. */
static void do_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	(void)attr;
	if (to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fail(req, -EPERM);
	else
		do_getattr(req, ino, fi);
}

static fuse_ino_t look_up_fixed(const struct rp_simfs *fs, const char *name)
{
	uint32_t n = 0;

	for (size_t i = 0; i < RP_SIMFS_FIXED_FILES; i++) {
		if (rp_str_eq(name, fixed[i]))
			return FIRST_INO + i;
	}
	if (rp_parse_u32(name, 10, &n) < 0 || n >= fs->n_bindable)
		return 0;
	return FIRST_INO + RP_SIMFS_FIXED_FILES + n;
}

/* In a served folder. */
static fuse_ino_t look_up_child(struct rp_simfs *fs, fuse_ino_t parent, const char *name)
{
	const struct rp_simfs_slot *dir = slot_at(fs, parent);
	RP_AUTO_FREE char *path = dir && dir->path ? rp_strdupf("%s/%s", dir->path, name) : NULL;
	struct rp_stat st;
	size_t i = 0;

	if (!path || rp_sim_tree_ops()->stat(fs->sim, path, &st) < 0 ||
	    rp_simfs_slot_of(fs, path, false, &i) < 0)
		return 0;
	return FIRST_INO + RP_SIMFS_FIXED_FILES + i;
}

static void do_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct rp_simfs *fs = fs_of(req);
	struct fuse_entry_param e = {.entry_timeout = parent == FUSE_ROOT_ID ? KEEP_SECONDS : 0};

	e.ino = parent == FUSE_ROOT_ID ? look_up_fixed(fs, name) : look_up_child(fs, parent, name);
	if (!e.ino || stat_of(fs, e.ino, &e.attr) < 0)
		fail(req, -ENOENT);
	else
		fuse_reply_entry(req, &e);
}

static int names_of(struct rp_simfs *fs, fuse_ino_t ino, struct rp_names *ret)
{
	const struct rp_simfs_slot *dir = slot_at(fs, ino);
	int r = 0;

	if (ino != FUSE_ROOT_ID)
		return dir && dir->path ? rp_sim_tree_ops()->list(fs->sim, dir->path, ret)
					: -ENOTDIR;
	for (size_t i = 0; r == 0 && i < RP_SIMFS_FIXED_FILES; i++)
		r = rp_names_add(ret, fixed[i]);
	return r;
}

static void do_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	char buf[4096];
	size_t used = 0, room = size < sizeof(buf) ? size : sizeof(buf);
	int r = names_of(fs_of(req), ino, &names);

	(void)fi;
	if (r < 0) {
		fail(req, r);
		return;
	}
	for (size_t i = (size_t)off; i < names.n; i++) {
		/* neither number nor type: they are asked for by name */
		struct stat st = {.st_ino = 0xffffffff};
		size_t n = fuse_add_direntry(req, buf + used, room - used, names.v[i], &st,
					     (off_t)i + 1);

		if (n > room - used)
			break;
		used += n;
	}
	fuse_reply_buf(req, buf, used);
}

static void do_readlink(fuse_req_t req, fuse_ino_t ino)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_simfs *fs = fs_of(req);
	const struct rp_simfs_slot *slot = slot_at(fs, ino);
	int r = slot && slot->path ? rp_sim_tree_ops()->readlink(fs->sim, slot->path, &text)
				   : -EINVAL;

	if (r < 0)
		fail(req, r);
	else
		fuse_reply_readlink(req, rp_strbuf_str(&text));
}

/* Who asks: the machine looks at the user, as the kernel does. */
static int become_caller(fuse_req_t req)
{
	return rp_sim_set_caller(fs_of(req)->sim, (uint32_t)fuse_req_ctx(req)->uid, NULL, 0);
}

static void do_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct rp_simfs *fs = fs_of(req);
	const struct rp_simfs_slot *slot = slot_at(fs, ino);
	bool reads = (fi->flags & O_ACCMODE) != O_WRONLY;
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	int r = become_caller(req);

	if (r == 0 && slot && slot->path && reads)
		r = rp_sim_may_open(fs->sim, slot->path, false);
	if (r == 0 && slot && slot->path && writes)
		r = rp_sim_may_open(fs->sim, slot->path, true);
	if (r < 0) {
		fail(req, r);
		return;
	}
	fi->direct_io = 1; /* the text is made at each read, whatever st_size says */
	fuse_reply_open(req, fi);
}

void rp_simfs_forget_attributes(const struct rp_simfs *fs)
{
	for (size_t i = 0; fs->session && i < fs->n_slots; i++)
		if (fs->slots[i].path) /* -1: attributes, not contents */
			(void)fuse_lowlevel_notify_inval_inode(
				fs->session, FIRST_INO + RP_SIMFS_FIXED_FILES + i, -1, 0);
}

static int read_fixed(struct rp_simfs *fs, fuse_ino_t ino, struct rp_strbuf *text)
{
	char id[RP_SIM_ID_SIZE];
	int r = 0;

	switch (ino - FIRST_INO) {
	case FILE_NAME:
		rp_strbuf_add(text, fs->name);
		break;
	case FILE_FOLDER:
		rp_strbuf_add(text, fs->folder);
		break;
	case FILE_ASKS:
		rp_strbuf_add(text, rp_sim_asks(fs->sim) ? "1" : "0");
		break;
	case FILE_ID:
		rp_sim_get_id(fs->sim, id);
		rp_strbuf_add(text, id);
		break;
	case FILE_NO_SYNC:
		rp_strbuf_add(text, rp_sim_no_sync(fs->sim) ? "1" : "0");
		break;
	case FILE_SRCVERSION:
		r = rp_sim_tree_ops()->driver(fs->sim, RP_DRIVER_DISK_SRCVERSION, text);
		break;
	default:
		return -EACCES;
	}
	rp_strbuf_add_char(text, '\n');
	return r == 0 && rp_strbuf_failed(text) ? -ENOMEM : r;
}

/* /dev/kmsg gives one record to each read(2). */
static size_t record_at(const char *text, size_t from)
{
	size_t n = strcspn(text + from, "\n");

	return text[from + n] ? n + 1 : n;
}

static void answer_read(struct rp_simfs *fs, const struct rp_simfs_request *q)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const struct rp_simfs_slot *slot = slot_at(fs, q->ino);
	size_t from = (size_t)q->off, n;
	int r = become_caller(q->req);

	if (r == 0)
		r = slot ? rp_simfs_read(fs, slot->path ? slot->path : "", &text)
			 : read_fixed(fs, q->ino, &text);
	if (r < 0) {
		fail(q->req, r);
		return;
	}
	from = from < text.len ? from : text.len;
	n = text.len - from;
	if (is_kmsg(slot))
		n = record_at(rp_strbuf_str(&text), from);
	fuse_reply_buf(q->req, rp_strbuf_str(&text) + from, n < q->size ? n : q->size);
}

void rp_simfs_answer(struct rp_simfs *fs, const struct rp_simfs_request *q)
{
	if (q->is_read)
		answer_read(fs, q);
	else if (q->result < 0)
		fail(q->req, q->result);
	else
		fuse_reply_write(q->req, q->size);
}

/* Now, or when its time has come. */
static void answer_after(struct rp_simfs *fs, const struct rp_simfs_request *q, const char *path,
			 const struct rp_sim_delay *delay)
{
	int r = 0;

	if (rp_sim_delay_is_over(fs->sim, path, delay))
		rp_simfs_answer(fs, q);
	else
		r = rp_simfs_wait(fs, q, path, delay);
	if (r < 0)
		fail(q->req, r);
}

static void do_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct rp_simfs *fs = fs_of(req);
	const struct rp_simfs_slot *slot = slot_at(fs, ino);
	const struct rp_simfs_request q = {
		.req = req, .is_read = true, .ino = ino, .size = size, .off = off};
	struct rp_sim_delay delay = {0};

	(void)fi;
	if (slot && slot->path && off == 0) /* the end of the file is known by then */
		rp_sim_delay_of_read(fs->sim, slot->path, &delay);
	answer_after(fs, &q, slot && slot->path ? slot->path : "", &delay);
}

static int order_driver(struct rp_simfs *fs, const char *verb)
{
	bool unloads = rp_str_eq(verb, "unload");

	if (!unloads && !rp_str_eq(verb, "load"))
		return -EINVAL;
	return rp_sim_tree_ops()->driver(fs->sim, unloads ? RP_DRIVER_UNLOAD : RP_DRIVER_LOAD,
					 NULL);
}

static int order_service(struct rp_simfs *fs, const char *verb, const char *id)
{
	if (rp_str_eq(verb, "start"))
		return rp_sim_service_start(fs->sim, id);
	if (rp_str_eq(verb, "stop"))
		return rp_sim_service_stop(fs->sim, id);
	if (rp_str_eq(verb, "ask")) {
		int r = rp_sim_service_runs(fs->sim, id);

		return r == 0 ? -ESRCH : r < 0 ? r : 0;
	}
	return -EINVAL;
}

/* Orders: the stand-ins for programs of the host write them, and `rocpart sim unmount` stop. */
static int order(struct rp_simfs *fs, const char *text, size_t len)
{
	RP_AUTO_FREE char *line = rp_strndup(text, strnlen(text, len));
	char *what;

	if (!line)
		return -ENOMEM;
	line[strcspn(line, "\n")] = '\0';
	what = strchr(line, ' ');
	if (what && rp_str_starts(line, "hook "))
		return rp_sim_log(fs->sim, line);
	if (what) {
		*what++ = '\0';
		return order_service(fs, line, what);
	}
	if (!rp_str_eq(line, "stop"))
		return order_driver(fs, line);
	fs->stop = true;
	return 0;
}

static void do_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct rp_simfs *fs = fs_of(req);
	const struct rp_simfs_slot *slot = slot_at(fs, ino);
	struct rp_simfs_request q = {.req = req, .size = size, .result = become_caller(req)};
	struct rp_sim_delay delay;
	int rebuilt;

	(void)off; /* each write is a new one, wherever it is made */
	(void)fi;
	if (q.result == 0 && slot)
		q.result = slot->path ? rp_sim_tree_ops()->write(fs->sim, slot->path, buf, size)
				      : -EINVAL;
	else if (q.result == 0)
		q.result = ino == FIRST_INO + FILE_CONTROL ? order(fs, buf, size) : -EACCES;
	rp_sim_delay_of_change(fs->sim, &delay);
	/* Also of a write that failed: it may have got half-way. The caller waits for the tree. */
	rebuilt = fs->stop ? 0 : rp_simfs_refresh(fs);
	if (q.result == 0)
		q.result = rebuilt;
	answer_after(fs, &q, "", &delay);
}

/* Says once that nothing has to be flushed: the kernel does not ask again. */
static void do_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	(void)fi;
	fuse_reply_err(req, ENOSYS);
}

const struct fuse_lowlevel_ops *rp_simfs_fuse_ops(void)
{
	static const struct fuse_lowlevel_ops ops = {
		.lookup = do_lookup,
		.getattr = do_getattr,
		.setattr = do_setattr,
		.readdir = do_readdir,
		.readlink = do_readlink,
		.open = do_open,
		.read = do_read,
		.write = do_write,
		.flush = do_flush,
	};

	return &ops;
}
