/* SPDX-License-Identifier: MIT */
#include "model/files/folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/config_read.h"
#include "model/files/file.h"
#include "model/files/gguf.h"
#include "model/files/index.h"
#include "model/files/pull.h"
#include "model/files/safetensors.h"
#include "model/files/stand_in.h"

#define INDEX_NAME  "model.safetensors.index.json"
#define SINGLE_NAME "model.safetensors"
#define MAX_PARTS   4096u

/* What PEFT writes beside or instead of a model. */
#define ADAPTER_NAME   "adapter_model.safetensors"
#define ADAPTER_CONFIG "adapter_config.json"

struct reading {
	int dirfd;
	struct rp_model_desc *d;
	struct rocpart_error *reterr;
	struct rp_st_skip skip;
};

/* Open a file that is what its place says: no pointer to it, and no page about it. */
static int open_file(struct reading *r, const char *name, int *ret_fd, uint64_t *ret_size)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	bool binary = rp_str_ends(name, ".safetensors") || rp_str_ends(name, ".gguf");
	int err = rp_model_file_open(r->dirfd, name, &fd, ret_size, r->reterr);

	err = err < 0 ? err : rp_stand_in_check(fd, *ret_size, name, binary, r->reterr);
	if (err < 0)
		return err;
	*ret_fd = rp_steal_fd(&fd);
	return 0;
}

/* One of the files that hold the tensors. */
static int open_part(struct reading *r, const char *name, int *ret_fd, uint64_t *ret_size)
{
	int err = open_file(r, name, ret_fd, ret_size);

	r->d->n_files += err == 0;
	return err;
}

static int read_config(struct reading *r, const char *name)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	uint64_t size;
	int err = open_file(r, name, &fd, &size);

	if (err < 0)
		return err;
	return rp_config_read(fd, NULL, size, name, &r->d->config, r->reterr);
}

/* What cannot be looked at is taken for there: it is opened next, and the error names it. */
static bool has(int dirfd, const char *name)
{
	struct stat st;

	return rp_retry(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW)) == 0 ||
	       !rp_is_absent(rp_neg_errno());
}

/* Which tensors an engine does not load: the architecture knows whether embeddings are tied. */
static void set_skip(struct reading *r)
{
	struct rp_layout layout;

	if (rp_layout_make(&r->d->config, "config.json", &layout, NULL) == 0)
		r->skip.tied = (layout.features & RP_AF_TIED) != 0;
	else
		r->skip.tied = r->d->config.tied == RP_TRI_YES;
	if (r->d->config.mtp_layers)
		r->skip.mtp_from = r->d->config.layers;
}

/* config.json and hf_quant_config.json, when they are there. */
static int read_configs(struct reading *r)
{
	int err = 0;

	if (!has(r->dirfd, "config.json"))
		return 0;
	err = read_config(r, "config.json");
	if (err < 0)
		return err;
	r->d->has_config = true;
	/* quantization_config in config.json says the same and more. */
	if (!r->d->config.has_quant && has(r->dirfd, "hf_quant_config.json"))
		err = read_config(r, "hf_quant_config.json");
	set_skip(r);
	return err < 0 ? err : rp_model_config_check(&r->d->config, "config.json", r->reterr);
}

static int read_shard(struct reading *r, const char *name, struct rp_st_sums *sums)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	uint64_t size;
	int err = open_part(r, name, &fd, &size);

	if (err < 0)
		return err;
	return rp_safetensors_read(fd, size, name, &r->skip, sums, r->reterr);
}

static int use_sums(struct reading *r, const struct rp_st_sums *s, const char *what)
{
	struct rp_model_desc *d = r->d;
	uint64_t skipped = s->skipped_elements;

	if (s->n_lora > s->n_tensors / 2)
		return rp_stand_in_refuse_adapter(what, "", r->reterr);
	d->origin = RP_ORIGIN_HEADERS;
	d->has_file_bytes = true;
	d->file_bytes = s->bytes;
	d->skipped_bytes = s->skipped_bytes;
	if (r->skip.tied && s->has_embed) {
		d->skipped_bytes += s->head_bytes;
		skipped += s->head_elements;
	}
	d->file_parameters = s->elements - skipped;
	d->float32_bytes = s->float32_bytes;
	d->n_tensors = s->n_tensors;
	d->packed = s->packed;
	free(d->source);
	d->source = rp_strdupf("headers of %u safetensors file%s (%s)", d->n_files,
			       d->n_files == 1 ? "" : "s", what);
	return d->source ? 0 : rp_error_nomem(r->reterr);
}

/* No shard at all: the index alone is somebody's download list. */
static int use_total(struct reading *r, const struct rp_index *x)
{
	struct rp_model_desc *d = r->d;

	d->origin = RP_ORIGIN_INDEX;
	d->has_file_bytes = true;
	d->file_bytes = x->total_bytes;
	d->n_tensors = x->n_tensors;
	d->packed = true; /* bytes do not tell elements */
	free(d->source);
	d->source = rp_strdupf("total_size of " INDEX_NAME "; the shards are not present");
	return d->source ? 0 : rp_error_nomem(r->reterr);
}

static int one_of_index(struct reading *r, const struct rp_index_shard *s, struct rp_st_sums *sums)
{
	struct rp_st_sums before = *sums;
	int err = read_shard(r, s->name, sums);

	if (err < 0)
		return err;
	if (sums->n_tensors - before.n_tensors != s->n_tensors ||
	    sums->name_sum - before.name_sum != s->name_sum)
		return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, s->name,
				    "the file has %llu tensors, but " INDEX_NAME
				    " lists %llu of it",
				    (unsigned long long)(sums->n_tensors - before.n_tensors),
				    (unsigned long long)s->n_tensors);
	return 0;
}

static int read_indexed(struct reading *r)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	RP_AUTO_INDEX struct rp_index x = {0};
	struct rp_st_sums sums = {0};
	size_t present = 0;
	uint64_t size;
	int err = open_file(r, INDEX_NAME, &fd, &size);

	err = err < 0 ? err : rp_index_read(fd, NULL, size, INDEX_NAME, &x, r->reterr);
	if (err < 0)
		return err;
	for (size_t i = 0; i < x.n_shards; i++)
		present += has(r->dirfd, x.shards[i].name);
	if (!present && x.has_total)
		return use_total(r, &x);
	for (size_t i = 0; i < x.n_shards && err == 0; i++)
		err = one_of_index(r, &x.shards[i], &sums);
	return err < 0 ? err : use_sums(r, &sums, INDEX_NAME);
}

/* "NAME-00002-of-00005.EXT": part and count, and where the digits stand. */
static bool is_part(const char *name, const char *ext, uint32_t *ret_part, uint32_t *ret_count)
{
	char digits[6] = "";
	size_t n = strlen(name), e = strlen(ext);
	const char *at;

	if (n < e + 15 || !rp_str_ends(name, ext))
		return false;
	at = name + n - e - 15; /* -00002-of-00005 */
	if (at[0] != '-' || memcmp(at + 6, "-of-", 4) != 0)
		return false;
	memcpy(digits, at + 1, 5);
	if (rp_parse_u32(digits, 10, ret_part) < 0)
		return false;
	memcpy(digits, at + 10, 5);
	return rp_parse_u32(digits, 10, ret_count) == 0;
}

static int part_name(const char *any, const char *ext, uint32_t part, uint32_t count, char *buf,
		     size_t size)
{
	size_t stem = strlen(any) - strlen(ext) - 15;

	return rp_fmt(buf, size, "%.*s-%05u-of-%05u%s", (int)stem, any, part, count, ext);
}

/* All parts of a split model without an index. */
static int read_parts(struct reading *r, const char *any, uint32_t count)
{
	struct rp_st_sums sums = {0};
	char name[256];

	if (count == 0 || count > MAX_PARTS)
		return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, any,
				    "the file name claims %u parts", count);
	for (uint32_t i = 1; i <= count; i++) {
		int err = part_name(any, ".safetensors", i, count, name, sizeof(name));

		err = err < 0 ? rp_error_errno(r->reterr, err, any, "the file name is too long")
			      : read_shard(r, name, &sums);
		if (err < 0)
			return err;
	}
	return use_sums(r, &sums, any);
}

static int read_safetensors(struct reading *r, const char *name)
{
	struct rp_st_sums sums = {0};
	uint32_t part, count;
	int err;

	if (is_part(name, ".safetensors", &part, &count))
		return read_parts(r, name, count);
	err = read_shard(r, name, &sums);
	return err < 0 ? err : use_sums(r, &sums, name);
}

static int one_gguf(struct reading *r, const char *name, struct rp_gguf *g)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	uint64_t size;
	int err = open_part(r, name, &fd, &size);

	if (err < 0)
		return err;
	return rp_gguf_read(fd, size, name, g, &r->d->config, r->reterr);
}

static int add_gguf(struct reading *r, const char *name, uint32_t part, uint32_t count)
{
	struct rp_gguf g = {0};
	int err = one_gguf(r, name, &g);

	if (err < 0)
		return err;
	if (count && (g.split_count != count || g.split_no + 1 != part))
		return rp_error_set(
			r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			"the file is part %u of %u by its own header, which its name contradicts",
			g.split_no + 1, g.split_count);
	if (rp_add_u64(r->d->file_bytes, g.bytes, &r->d->file_bytes) < 0 ||
	    rp_add_u64(r->d->file_parameters, g.elements, &r->d->file_parameters) < 0)
		return rp_error_set(r->reterr, -EOVERFLOW, ROCPART_ERR_MODEL_FORMAT, name,
				    "the sum of all sizes does not fit in 64 bits");
	r->d->n_tensors += g.n_tensors;
	r->d->host_bytes += g.embedding_bytes;
	if (part == count && g.split_tensors && g.split_tensors != r->d->n_tensors)
		return rp_error_set(
			r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			"the parts have %llu tensors, but 'split.tensors.count' is %llu",
			(unsigned long long)r->d->n_tensors, (unsigned long long)g.split_tensors);
	return 0;
}

static int read_gguf(struct reading *r, const char *name)
{
	struct rp_model_desc *d = r->d;
	uint32_t part, count = 0;
	char other[256];
	int err = 0;

	/* A GGUF file says all that counts itself. */
	rp_model_config_done(&d->config);
	if (!is_part(name, ".gguf", &part, &count)) {
		err = add_gguf(r, name, 0, 0);
	} else if (count == 0 || count > MAX_PARTS) {
		return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the file name claims %u parts", count);
	}
	for (uint32_t i = 1; i <= count && err == 0; i++) {
		err = part_name(name, ".gguf", i, count, other, sizeof(other));
		err = err < 0 ? rp_error_errno(r->reterr, err, name, "the file name is too long")
			      : add_gguf(r, other, i, count);
	}
	if (err < 0)
		return err;
	d->origin = RP_ORIGIN_GGUF;
	d->has_file_bytes = true;
	d->has_config = d->config.model_type[0] != '\0';
	free(d->source);
	d->source = rp_strdupf("tensor tables of %u GGUF file%s (%s)", d->n_files,
			       d->n_files == 1 ? "" : "s", name);
	return d->source ? 0 : rp_error_nomem(r->reterr);
}

static int use_config(struct reading *r)
{
	struct rp_model_desc *d = r->d;

	d->origin = RP_ORIGIN_CONFIG;
	free(d->source);
	d->source = rp_strdupf("config.json");
	return d->source ? 0 : rp_error_nomem(r->reterr);
}

/* "base_model_name_or_path" of adapter_config.json; "" when it is not there. */
static int read_base(struct reading *r, char *buf, size_t size)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	RP_AUTO_PULL struct rp_pull p = {.fd = -EBADF};
	uint64_t bytes;
	int err, t;

	buf[0] = '\0';
	err = rp_model_file_open(r->dirfd, ADAPTER_CONFIG, &fd, &bytes, NULL);
	if (err < 0 || bytes > RP_CONFIG_MAX_BYTES ||
	    rp_pull_open_fd(&p, fd, 0, bytes, ADAPTER_CONFIG, NULL) < 0)
		return err;
	t = rp_pull_expect(&p, RP_PULL_OBJECT, "the map of keys");
	while (t >= 0) {
		bool wanted;

		t = rp_pull_next(&p);
		if (t < 0 || t == RP_PULL_OBJECT_END)
			break;
		wanted = rp_pull_is(&p, "base_model_name_or_path");
		t = rp_pull_next(&p);
		if (wanted && t == RP_PULL_STRING)
			rp_pull_copy(&p, buf, size);
		t = t < 0 ? t : rp_pull_skip(&p, t);
	}
	return 0;
}

static int refuse_adapter(struct reading *r, const char *name)
{
	char base[128];

	(void)read_base(r, base, sizeof(base)); /* without a name the refusal is as good */
	return rp_stand_in_refuse_adapter(name, base, r->reterr);
}

static int read_file(struct reading *r, const char *name)
{
	int err;

	if (rp_str_eq(name, ADAPTER_NAME) || rp_str_eq(name, ADAPTER_CONFIG))
		return refuse_adapter(r, name);
	if (rp_stand_in_is_partial(name)) {
		rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
			     "the name is that of a download that did not end");
		return rp_error_hint(r->reterr, "download the file again");
	}
	if (rp_str_ends(name, ".gguf"))
		return read_gguf(r, name);
	err = read_configs(r);
	if (err < 0)
		return err;
	if (rp_str_eq(name, INDEX_NAME))
		return read_indexed(r);
	if (rp_str_ends(name, ".safetensors"))
		return read_safetensors(r, name);
	if (!rp_str_eq(name, "config.json")) { /* any other .json is a config by another name */
		rp_model_config_done(&r->d->config);
		err = read_config(r, name);
		r->d->has_config = true;
	}
	return err < 0 ? err : use_config(r);
}

/* The only file with that ending; NULL when there is none, "" when there are several models. */
static const char *only_one(const struct rp_names *names, const char *ext)
{
	const char *found = NULL;
	uint32_t part, count;

	for (size_t i = 0; i < names->n; i++) {
		if (!rp_str_ends(names->v[i], ext) || rp_str_eq(names->v[i], ADAPTER_NAME))
			continue;
		if (is_part(names->v[i], ext, &part, &count) && part != 1)
			continue;
		if (found)
			return "";
		found = names->v[i];
	}
	return found;
}

/* A download of tensors that did not end; NULL: there is none. */
static const char *find_partial(const struct rp_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (rp_stand_in_is_partial(names->v[i]) &&
		    (strstr(names->v[i], ".safetensors") || strstr(names->v[i], ".gguf")))
			return names->v[i];
	return NULL;
}

static int read_folder(struct reading *r, const char *label)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	const char *st, *gguf, *partial;
	int err;

	if (has(r->dirfd, INDEX_NAME))
		return read_file(r, INDEX_NAME);
	if (has(r->dirfd, SINGLE_NAME))
		return read_file(r, SINGLE_NAME);
	err = rp_model_folder_list(r->dirfd, &names, r->reterr);
	if (err < 0)
		return err;
	partial = find_partial(&names);
	st = only_one(&names, ".safetensors");
	gguf = only_one(&names, ".gguf");
	if (st && st[0])
		return read_file(r, st);
	if (!st && gguf && gguf[0])
		return read_file(r, gguf);
	if (st || gguf) {
		rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, label,
			     "the folder has several models");
		return rp_error_hint(r->reterr, "give the path of one of its files");
	}
	if (has(r->dirfd, ADAPTER_CONFIG) || has(r->dirfd, ADAPTER_NAME))
		return refuse_adapter(r, label);
	if (partial)
		return read_file(r, partial);
	if (has(r->dirfd, "config.json"))
		return read_file(r, "config.json");
	rp_error_set(r->reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, label,
		     "the folder has no safetensors file, no GGUF file and no config.json");
	return rp_error_hint(r->reterr, "give a model file, a catalog name, or --bytes");
}

int rp_model_read_at(int dirfd, const char *name, const char *label, struct rp_model_desc *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_MODEL_DESC struct rp_model_desc d = {0};
	struct reading r = {.dirfd = dirfd, .d = &d, .reterr = reterr};
	int err;

	d.name = rp_strdupf("%s", label);
	if (!d.name)
		return rp_error_nomem(reterr);
	err = name ? read_file(&r, name) : read_folder(&r, label);
	if (err < 0)
		return err;
	if (d.has_config)
		err = rp_model_config_check(&d.config, label, reterr);
	if (err < 0)
		return err;
	*ret = d;
	memset(&d, 0, sizeof(d)); /* given away */
	return 0;
}

/* A file of the folder is named with the folder: the readers know its name only. */
static int name_folder(const char *folder, int r, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *name = reterr ? strdup(reterr->object) : NULL;

	if (name && *name && !strchr(name, '/'))
		(void)rp_fmt(reterr->object, sizeof(reterr->object), "%s%s%s", folder,
			     rp_str_ends(folder, "/") ? "" : "/", name);
	return r;
}

int rp_model_read(const char *path, struct rp_model_desc *ret, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int dirfd = -EBADF;
	RP_AUTO_FREE char *folder = NULL;
	const char *slash, *name;
	struct stat st;
	int r;

	/* A link that leads nowhere is opened, so that the message says what it is. */
	if (rp_retry(stat(path, &st)) < 0 && rp_retry(lstat(path, &st)) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), path, "cannot open the model");
	if (S_ISDIR(st.st_mode)) {
		r = rp_model_folder_open(path, &dirfd, reterr);
		if (r == 0)
			r = rp_model_read_at(dirfd, NULL, path, ret, reterr);
		return r < 0 ? name_folder(path, r, reterr) : 0;
	}
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	folder = slash ? rp_strndup(path, (size_t)(slash - path) + 1) : rp_strndup(".", 1);
	if (!folder)
		return rp_error_nomem(reterr);
	r = rp_model_folder_open(folder, &dirfd, reterr);
	if (r == 0)
		r = rp_model_read_at(dirfd, name, path, ret, reterr);
	return r < 0 ? name_folder(folder, r, reterr) : 0;
}
