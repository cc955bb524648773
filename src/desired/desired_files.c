/* SPDX-License-Identifier: MIT */
/*
 * The files of a node.yaml. "X.yaml.d" beside "X.yaml" has files that add to it, in the order of
 * the bytes of their names. What is in the folder and cannot be read is an error, never left out: a
 * node that lacks a part of its file would lose what that part says.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"
#include "desired/desired.h"
#include "desired/node_file.h"

#define FOLDER_FILES_MAX 100
#define FOLDER_BYTES_MAX (1024 * 1024)

struct folder {
	struct rp_names names; /* by their bytes */
	uint64_t bytes;	       /* of the files that were opened */
};

static bool has_suffix(const char *name)
{
	return rp_str_ends(name, ".yaml") || rp_str_ends(name, ".yml");
}

/* Whether programs of the file may run as root is asked later, and the answer belongs to this fd.
 */
static int check_trust(struct rocpart_desired *d, const char *path, int fd, bool unattended,
		       int (*trust)(const char *path, int fd, struct rocpart_error *reterr),
		       struct rocpart_error *reterr)
{
	if (unattended)
		return trust(path, fd, reterr);
	if (d->distrust == 0)
		d->distrust = trust(path, fd, &d->distrust_error);
	return 0;
}

static int open_file(struct rocpart_desired *d, const char *path, bool unattended, int *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = rp_retry(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
	int r;

	if (fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open '%s'", path);
	r = check_trust(d, path, fd, unattended, rp_trust_file, reterr);
	if (r == 0)
		*ret = rp_steal_fd(&fd);
	return r;
}

/* Parse a file; its nodes borrow the name from the list of files. */
static int parse_file(struct rocpart_desired *d, int fd, const char *path, struct rp_yaml **ret,
		      struct rocpart_error *reterr)
{
	RP_AUTO_YAML struct rp_yaml *doc = NULL;
	int r;

	if (rp_names_add(&d->files, path) < 0)
		return rp_error_nomem(reterr);
	r = rp_yaml_load_fd(fd, path, &doc, reterr);
	if (r < 0)
		return r;
	rp_yaml_set_file(doc, d->files.v[d->files.n - 1]);
	*ret = rp_steal(&doc);
	return 0;
}

static int compare_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_name(struct folder *folder, const char *name, const char *path,
		    struct rocpart_error *reterr)
{
	if (*name == '.' || !has_suffix(name))
		return 0;
	if (folder->names.n == FOLDER_FILES_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, path,
				    "the folder '%s' has more than %d files", path,
				    FOLDER_FILES_MAX);
	return rp_names_add(&folder->names, name) < 0 ? rp_error_nomem(reterr) : 0;
}

static int fail_listing(int r, const char *path, struct rocpart_error *reterr)
{
	return rp_error_errno(reterr, r, path, "cannot list the folder '%s'", path);
}

/* Takes over fd. */
static int list_folder(int fd, const char *path, struct folder *ret, struct rocpart_error *reterr)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry = NULL;
	int r = dir ? 0 : fail_listing(rp_neg_errno(), path, reterr);

	if (!dir) {
		close(fd);
		return r;
	}
	do {
		errno = 0;
		entry = readdir(dir);
		if (entry)
			r = add_name(ret, entry->d_name, path, reterr);
		else if (errno)
			r = fail_listing(rp_neg_errno(), path, reterr);
	} while (entry && r == 0);
	closedir(dir);
	if (r == 0 && ret->names.n)
		qsort(ret->names.v, ret->names.n, sizeof(*ret->names.v), compare_bytes);
	return r;
}

/* 1: it is open; 0: there is none. A link that leads nowhere is there. */
static int open_folder(struct rocpart_desired *d, const char *path, bool unattended, int *ret,
		       struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = rp_retry(open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY));
	struct stat st;
	int r = fd < 0 ? rp_neg_errno() : 0;

	if (r == -ENOENT && lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	if (r < 0)
		return rp_error_errno(reterr, r, path, "cannot open the folder '%s'", path);
	r = check_trust(d, path, fd, unattended, rp_trust_folder, reterr);
	if (r < 0)
		return r;
	*ret = rp_steal_fd(&fd);
	return 1;
}

/* A file of the folder has the form of the first one, and says so. */
static int check_part(const struct rocpart_desired *d, const struct rp_yaml *part, const char *path,
		      struct rocpart_error *reterr)
{
	static const char *const known[] = {"version", "node", "models", "services", "hooks"};
	const struct rp_yaml *version, *first = rp_yaml_get(d->doc, "version");
	int r = rp_yaml_only_keys(part, path, known, RP_ARRAY_LEN(known), reterr);

	if (r < 0)
		return r;
	version = rp_yaml_get(part, "version");
	if (!version)
		return rp_yaml_error(part, path, reterr, "'version: v1' is missing");
	if (first && first->kind == RP_YAML_SCALAR &&
	    (version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, first->text)))
		return rp_yaml_must_be(version, path, reterr, "%.20s as in '%.100s'", first->text,
				       d->path);
	return 0;
}

/* `llama: MODEL` is short for `llama: {model: MODEL}`, and both are merged alike. */
static int lengthen_models(struct rp_yaml *models, const struct rp_yaml *other)
{
	int r = 0;

	for (size_t i = 0; r == 0 && models->kind == RP_YAML_MAP && i < models->n; i++) {
		const struct rp_yaml *beside = rp_yaml_get(other, models->keys[i]);

		if (models->items[i]->kind == RP_YAML_SCALAR && beside &&
		    beside->kind == RP_YAML_MAP)
			r = rp_yaml_make_map(models->items[i], "model");
	}
	return r;
}

static struct rp_yaml *get_models(struct rp_yaml *doc)
{
	for (size_t i = 0; doc->kind == RP_YAML_MAP && i < doc->n; i++)
		if (rp_str_eq(doc->keys[i], "models"))
			return doc->items[i];
	return NULL;
}

static int merge_part(struct rocpart_desired *d, struct rp_yaml *part, const char *path,
		      struct rocpart_error *reterr)
{
	struct rp_yaml *ours = get_models(d->doc), *theirs = get_models(part);

	if (ours && theirs &&
	    (lengthen_models(ours, theirs) < 0 || lengthen_models(theirs, ours) < 0))
		return rp_error_nomem(reterr);
	return rp_yaml_merge(d->doc, part, true, path, reterr);
}

static int check_kind(const struct stat *st, const char *path, struct rocpart_error *reterr)
{
	if (S_ISREG(st->st_mode))
		return 0;
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, path,
			    "'%s' is not a regular file", path);
}

static int check_size(struct folder *folder, int fd, const char *path, struct rocpart_error *reterr)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot read '%s'", path);
	r = check_kind(&st, path, reterr);
	if (r < 0)
		return r;
	folder->bytes += (uint64_t)st.st_size;
	if (folder->bytes > FOLDER_BYTES_MAX)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_CONFIG_SYNTAX, path,
				    "with '%s' the files of the folder are larger than %d MiB",
				    path, FOLDER_BYTES_MAX / (1024 * 1024));
	return 0;
}

/* A device does something when it is opened, so it is not. */
static int look_at_part(const char *path, struct rocpart_error *reterr)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open '%s'", path);
	return check_kind(&st, path, reterr);
}

static int read_part(struct rocpart_desired *d, struct folder *folder, const char *path,
		     bool unattended, struct rocpart_error *reterr)
{
	RP_AUTO_YAML struct rp_yaml *part = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = look_at_part(path, reterr);

	if (r == 0)
		r = open_file(d, path, unattended, &fd, reterr);
	if (r == 0)
		r = check_size(folder, fd, path, reterr);
	if (r == 0)
		r = parse_file(d, fd, path, &part, reterr);
	if (r == 0)
		r = check_part(d, part, path, reterr);
	return r < 0 ? r : merge_part(d, part, path, reterr);
}

/* Only a file of ours has parts: what stands beside another one would never be read. */
static int refuse_folder(const struct rocpart_desired *d, const char *path,
			 struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, path,
			   "the folder '%.150s' would add to '%.150s', which has no 'node:' or "
			   "'models:' to add to",
			   path, d->path);
	return rp_error_hint(reterr, "move the folder away, or write its values into the file");
}

static int read_folder(struct rocpart_desired *d, bool unattended, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s.d", d->path);
	struct folder folder = {.names = RP_NAMES_INIT};
	int fd = -EBADF, r = path ? 0 : rp_error_nomem(reterr);

	if (r == 0)
		r = open_folder(d, path, unattended, &fd, reterr);
	if (r <= 0)
		return r;
	r = list_folder(fd, path, &folder, reterr);
	if (r == 0 && folder.names.n && rp_node_is_foreign(d->doc))
		r = refuse_folder(d, path, reterr);
	for (size_t i = 0; r == 0 && i < folder.names.n; i++) {
		RP_AUTO_FREE char *file = rp_strdupf("%s/%s", path, folder.names.v[i]);

		r = file ? read_part(d, &folder, file, unattended, reterr) : rp_error_nomem(reterr);
	}
	rp_names_done(&folder.names);
	return r;
}

/* A pipe, such as that of <(...), is waited for; only opening one without a writer must not wait.
 */
static int wait_for_text(int fd, const char *path, struct rocpart_error *reterr)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot read '%s'", path);
	return 0;
}

int rp_desired_read_files(struct rocpart_desired *d, bool unattended, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = open_file(d, d->path, unattended, &fd, reterr);

	if (r == 0)
		r = wait_for_text(fd, d->path, reterr);
	if (r < 0)
		return r;
	d->has_name = rp_trust_has_name(fd);
	r = parse_file(d, fd, d->path, &d->doc, reterr);
	if (r < 0 || !has_suffix(d->path) || d->doc->kind != RP_YAML_MAP)
		return r; /* one that is no map is refused for that */
	return read_folder(d, unattended, reterr);
}
