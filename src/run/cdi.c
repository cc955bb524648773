/* SPDX-License-Identifier: MIT */
/* The spec of now, writing it, and writing it anew after a change. */
#include "run/cdi.h"
#include "base/words.h"
#include "machine/observe.h"
#include "machine/records.h"
#include "rocpart/cdi.h"
#include "run/cdi_file.h"
#include "run/handout.h"

#define DEFAULT_DIR "/run/cdi"
#define LOCK	    "cdi.lock"

/* ---- the document of now ---- */

struct parts {
	struct rp_handout *v;
	size_t n, cap;
};

static void parts_done(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		rp_handout_done(&p->v[i]);
	free(p->v);
}

static int add_part(struct parts *p, struct rocpart_machine *m,
		    const struct rocpart_partition *part, struct rocpart_error *reterr)
{
	struct rp_handout *h;

	if (rp_grow(&p->v, &p->cap, p->n + 1, sizeof(*p->v)) < 0)
		return rp_error_nomem(reterr);
	h = &p->v[p->n++];
	memset(h, 0, sizeof(*h));
	return rp_handout_add_part(h, part) < 0 ? rp_error_nomem(reterr)
						: rp_handout_gather(h, m, reterr);
}

int rp_cdi_now(struct rocpart_machine *m, const struct rp_cdi_kind *kind, struct rp_json **ret,
	       struct rocpart_error *reterr)
{
	RP_AUTO(parts_done) struct parts p = {0};
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	int r;

	if (kind->is_of_leases)
		return rp_cdi_leases_now(m, kind, ret, reterr);
	r = rp_observe(m, &s, reterr);

	/* What has no render node here is no device that could be handed in. */
	for (size_t i = 0; r == 0 && i < s->n_gpus; i++)
		for (size_t k = 0; r == 0 && k < s->gpus[i].n_partitions; k++)
			if (s->gpus[i].partitions[k].is_visible)
				r = add_part(&p, m, &s->gpus[i].partitions[k], reterr);
	if (r < 0)
		return r;
	if (!p.n)
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
				    "there is no partition that a container could be given");
	*ret = rp_cdi_document(kind, p.v, p.n);
	return *ret ? 0 : rp_error_nomem(reterr);
}

int rp_cdi_text(const struct rp_json *document, struct rp_strbuf *ret)
{
	int r = rp_json_print(document, true, ret);

	rp_strbuf_add_char(ret, '\n');
	return r < 0 || ret->failed ? -ENOMEM : 0;
}

static int text_of_now(struct rocpart_machine *m, const struct rp_cdi_kind *kind,
		       struct rp_strbuf *ret, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *document = NULL;
	int r = rp_cdi_now(m, kind, &document, reterr);

	if (r < 0)
		return r;
	return rp_cdi_text(document, ret) < 0 ? rp_error_nomem(reterr) : 0;
}

static int find_kind(const char *name, const struct rp_cdi_kind **ret, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	const struct rp_cdi_kind *k;

	*ret = name ? rp_cdi_find_kind(name) : rp_cdi_kind_at(0);
	if (*ret)
		return 0;
	for (size_t i = 0; (k = rp_cdi_kind_at(i)); i++)
		rp_strbuf_addf(&names, "%s%s", i ? " and " : "", k->name);
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
			    "'%.100s' is not a kind of CDI spec: there are %s", name,
			    rp_strbuf_str(&names));
}

ROCPART_PUBLIC int rocpart_cdi_document(struct rocpart_machine *machine, const char *kind,
					char **ret_text, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const struct rp_cdi_kind *k = NULL;
	int r = find_kind(kind, &k, reterr);

	if (r == 0)
		r = text_of_now(machine, k, &text, reterr);
	if (r == 0)
		*ret_text = rp_strbuf_steal(&text);
	return r < 0 || *ret_text ? r : rp_error_nomem(reterr);
}

/* ---- writing ---- */

static int failed_file(int r, const struct rp_cdi_spec *spec, const char *what,
		       struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", spec->dir, spec->file);

	return rp_error_errno(reterr, r, path, "%s", what);
}

static int refuse_other(const struct rp_cdi_spec *spec, struct rocpart_error *reterr)
{
	char word[RP_WORD_SIZE];
	RP_AUTO_FREE char *path = rp_strdupf("%s/%s", spec->dir, spec->file);

	(void)rp_error_set(
		reterr, -EEXIST, ROCPART_ERR_NEEDS_CONFIRMATION, path,
		"the CDI spec was written or edited by another program; it was not changed");
	return rp_error_hint(reterr,
			     "`rocpart cdi generate --kind %s --output %s --yes` replaces it",
			     spec->kind->name, rp_shell_word(path ? path : spec->dir, word));
}

/* The text in the file of spec; "" when there is none. */
static int read_old(const struct rp_cdi_spec *spec, struct rp_strbuf *ret,
		    struct rocpart_error *reterr)
{
	int r = rp_cdi_file_read(spec->dir, spec->file, ret);

	return r < 0 && r != -ENOENT ? failed_file(r, spec, "cannot read the CDI spec", reterr) : 0;
}

/* Record, then write; spec has the new text, and in before what is there now. */
static int put(struct rocpart_machine *m, struct rp_cdi_record *record,
	       const struct rp_cdi_spec *spec, struct rocpart_error *reterr)
{
	/* The record may own them. */
	RP_AUTO_FREE char *dir = strdup(spec->dir), *file = strdup(spec->file);
	struct rp_cdi_spec s = *spec;
	bool is_unsynced = false;
	int r;

	if (!dir || !file)
		return rp_error_nomem(reterr);
	s.dir = dir;
	s.file = file;
	r = rp_cdi_record_put(m, record, &s, reterr);
	if (r < 0)
		(void)rp_error_append(reterr, "; no CDI spec was written");
	if (r < 0)
		return r;
	r = rp_cdi_file_write(dir, s.file, s.text, strlen(s.text), m->no_sync, &is_unsynced);
	if (r == 0)
		return 0;
	if (!is_unsynced)
		return failed_file(r, &s, "cannot write the CDI spec", reterr);
	(void)failed_file(r, &s, "the CDI spec is written, but may be lost at a power cut", reterr);
	(void)rp_error_hint(reterr, "repeat the command when the disk works again");
	return r;
}

static bool is_recorded(const struct rp_cdi_record *record, const struct rp_cdi_spec *spec,
			const char *text)
{
	struct rp_cdi_spec s;

	for (size_t i = 0; rp_cdi_record_at(record, i, &s); i++)
		if (s.kind == spec->kind && rp_str_eq(s.dir, spec->dir) &&
		    rp_str_eq(s.file, spec->file))
			return rp_cdi_is_ours(&s, text);
	return false;
}

static int generate(struct rocpart_machine *m, struct rp_cdi_spec *spec, bool overwrite,
		    struct rocpart_error *reterr)
{
	RP_AUTO_CDI_RECORD struct rp_cdi_record record = {0};
	RP_AUTO_STRBUF struct rp_strbuf now = RP_STRBUF_INIT, old = RP_STRBUF_INIT;
	int r = rp_cdi_record_load(m, &record, reterr);

	if (r == 0)
		r = read_old(spec, &old, reterr);
	if (r == 0 && old.len && !overwrite && !is_recorded(&record, spec, rp_strbuf_str(&old)))
		return refuse_other(spec, reterr);
	if (r == 0)
		r = text_of_now(m, spec->kind, &now, reterr);
	spec->text = rp_strbuf_str(&now);
	spec->before = rp_strbuf_str(&old);
	r = r < 0 ? r : put(m, &record, spec, reterr);
	spec->text = spec->before = NULL;
	return r;
}

/* One that writes specs at a time. */
static int lock(struct rocpart_machine *m, int *ret_fd, struct rocpart_error *reterr)
{
	int r = rp_machine_make_state(m, reterr);
	char holder[RP_LOCK_HOLDER_SIZE];

	if (r < 0)
		return r;
	r = rp_tree_lock(m->state, LOCK, ret_fd);
	if (r == -EWOULDBLOCK) {
		rp_tree_lock_holder(m->state, LOCK, holder);
		(void)rp_error_set(reterr, r, ROCPART_ERR_LOCKED, NULL,
				   "another process is writing the CDI specs of this machine%s%s",
				   *holder ? ": " : "", holder);
		(void)rp_error_hint(reterr,
				    "wait until that process ends, then repeat the command");
		return r;
	}
	return r < 0 ? rp_error_errno(reterr, r, m->state_dir, "cannot lock '%s/" LOCK "'",
				      m->state_dir)
		     : 0;
}

/*
 * A path that ends with .json or .yaml is of the file, as amd-ctk and nvidia-ctk take it; JSON is
 * YAML too. Engines read no other names, and do not descend into a folder of such a name.
 */
static bool is_spec_file(const char *path)
{
	return rp_str_ends(path, ".json") || rp_str_ends(path, ".yaml");
}

static int refuse_name(const char *path, struct rocpart_error *reterr)
{
	static const char *const ends[] = {".yml", ".JSON", ".YAML", ".YML"};

	for (size_t i = 0; i < RP_ARRAY_LEN(ends); i++)
		if (rp_str_ends(path, ends[i]))
			return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, path,
					    "container engines read only CDI specs whose names end "
					    "with .json or .yaml");
	return 0;
}

/* Where engines look; a simulated machine has its own, so that no engine takes it for real. */
static int find_place(const struct rocpart_machine *m, const char *dir,
		      const struct rp_cdi_kind *kind, char **ret, const char **ret_file,
		      struct rocpart_error *reterr)
{
	const char *slash = dir ? strrchr(dir, '/') : NULL;
	bool is_sim = m->flavour == RP_MACHINE_SIM;

	if (dir ? *dir != '/' : m->in_memory)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, dir,
				    "the path of a CDI spec, or of its folder, must be absolute");
	if (dir && refuse_name(dir, reterr) < 0)
		return -EINVAL;
	*ret_file = dir && is_spec_file(dir) ? slash + 1 : kind->file;
	if (dir && is_spec_file(dir))
		*ret = slash == dir ? strdup("/") : rp_strndup(dir, (size_t)(slash - dir));
	else if (dir)
		*ret = strdup(dir);
	else
		*ret = is_sim ? rp_strdupf("%s/cdi", m->state_dir) : strdup(DEFAULT_DIR);
	return *ret ? 0 : rp_error_nomem(reterr);
}

ROCPART_PUBLIC int rocpart_cdi_generate(struct rocpart_machine *machine, const char *kind,
					const char *dir, bool overwrite, char **ret_path,
					struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock_fd = -EBADF;
	RP_AUTO_FREE char *folder = NULL;
	RP_AUTO_FREE char *path = NULL;
	struct rp_cdi_spec spec = {0};
	int r = find_kind(kind, &spec.kind, reterr);

	if (r == 0)
		r = lock(machine, &lock_fd, reterr);
	if (r == 0)
		r = find_place(machine, dir, spec.kind, &folder, &spec.file, reterr);
	if (r < 0)
		return r;
	spec.dir = folder;
	path = rp_strdupf("%s/%s", folder, spec.file); /* nothing fails once the spec is written */
	if (!path)
		return rp_error_nomem(reterr);
	r = generate(machine, &spec, overwrite, reterr);
	if (r == 0)
		*ret_path = rp_steal(&path);
	return r;
}

/* ---- after a change ---- */

static int refresh_one(struct rocpart_machine *m, struct rp_cdi_record *record,
		       struct rp_cdi_spec spec, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf now = RP_STRBUF_INIT, old = RP_STRBUF_INIT;
	int r = read_old(&spec, &old, reterr);

	if (r < 0 || !old.len) /* it was removed: it is not wanted */
		return r;
	if (!rp_cdi_is_ours(&spec, rp_strbuf_str(&old)))
		return refuse_other(&spec, reterr);
	r = text_of_now(m, spec.kind, &now, reterr);
	if (r < 0 || rp_str_eq(rp_strbuf_str(&now), rp_strbuf_str(&old)))
		return r;
	spec.text = rp_strbuf_str(&now);
	spec.before = rp_strbuf_str(&old);
	return put(m, record, &spec, reterr);
}

static bool has_kind(const struct rp_cdi_record *record, bool of_leases)
{
	struct rp_cdi_spec spec;

	for (size_t i = 0; rp_cdi_record_at(record, i, &spec); i++)
		if (!of_leases || spec.kind->is_of_leases)
			return true;
	return false;
}

static int refresh(struct rocpart_machine *m, bool of_leases, struct rocpart_error *reterr)
{
	RP_AUTO_CDI_RECORD struct rp_cdi_record record = {0};
	RP_AUTO_CLOSE int lock_fd = -EBADF;
	struct rp_cdi_spec spec;
	int r = rp_cdi_record_load(m, &record, reterr), worst = 0;

	if (r < 0 || !record.list || !has_kind(&record, of_leases))
		return r;
	r = lock(m, &lock_fd, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; rp_cdi_record_at(&record, i, &spec); i++) {
		if (of_leases && !spec.kind->is_of_leases)
			continue;
		r = refresh_one(m, &record, spec, reterr);
		worst = r < 0 ? r : worst;
	}
	return worst;
}

int rp_cdi_refresh(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	return refresh(m, false, reterr);
}

int rp_cdi_refresh_leases(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	return refresh(m, true, reterr);
}
