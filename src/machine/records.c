/* SPDX-License-Identifier: MIT */
#include "base/seal.h"
#include "base/spawn.h"
#include "hw/driver.h"
#include "machine/history.h"
#include "machine/hold.h"
#include "machine/journal.h"
#include "machine/public.h"
#include "machine/records_internal.h"
#include "rocpart/change.h"

#define LOCK_TRIES   1000 /* of a millisecond */
#define CORDONS_LOCK "cordons.lock"

void rp_records_done(struct rp_records *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->bdfs[i]);
	free(r->bdfs);
	free(r->v);
	free(r->expected);
	memset(r, 0, sizeof(*r));
}

struct rp_overlay *rp_records_overlay(struct rp_records *r, const char *bdf)
{
	size_t cap = r->cap;

	for (size_t i = 0; i < r->n; i++)
		if (rp_str_eq(r->v[i].bdf, bdf))
			return &r->v[i];
	if (rp_grow(&r->bdfs, &cap, r->n + 1, sizeof(*r->bdfs)) < 0 ||
	    rp_grow(&r->v, &r->cap, r->n + 1, sizeof(*r->v)) < 0)
		return NULL;
	r->bdfs[r->n] = strdup(bdf);
	if (!r->bdfs[r->n])
		return NULL;
	r->v[r->n] = (struct rp_overlay){.bdf = r->bdfs[r->n]};
	return &r->v[r->n++];
}

int rp_record_report_damage(const struct rocpart_machine *m, const char *file, const char *why,
			    struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_RECORDS, m->state_dir,
			   "the record '%s/%s' is damaged: %s", m->state_dir, file, why);
	(void)rp_error_hint(reterr, "`rocpart state set-aside` moves the file away and says what "
				    "is lost with it");
	return -EBADMSG;
}

/* A record of a version before the seal has none. */
static int parse_record(struct rocpart_machine *m, const char *file, struct rp_strbuf *text,
			struct rp_json **ret, struct rocpart_error *reterr)
{
	struct rocpart_error why = {0};
	int r;

	while (rp_str_ends(rp_strbuf_str(text), "\n"))
		rp_strbuf_truncate(text, text->len - 1);
	if (rp_seal_check(rp_strbuf_str(text), text->len) == -EBADMSG)
		return rp_record_report_damage(m, file, "its checksum is wrong", reterr);
	rp_seal_remove(text);
	r = rp_json_parse(rp_strbuf_str(text), text->len, file, ret, &why);
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	return r < 0 ? rp_record_report_damage(m, file, why.message, reterr) : 0;
}

int rp_record_read(struct rocpart_machine *m, const char *file, size_t limit, struct rp_json **ret,
		   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_machine_open_state(m);

	if (r == 0 && !m->state)
		return 0;
	if (r == 0)
		r = rp_tree_read_file(m->state, limit, &text, "%s", file);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		return parse_record(m, file, &text, ret, reterr);
	(void)rp_error_errno(reterr, r, file, "cannot read the record '%s/%s'", m->state_dir, file);
	if (r == -EACCES)
		(void)rp_error_hint(reterr, "run the command as root");
	else if (m->state && rp_record_is_damage(r))
		(void)rp_error_hint(reterr, "`rocpart state set-aside` moves it out of the way and "
					    "shows what is lost");
	return r;
}

int rp_record_report_write(const struct rocpart_machine *m, const char *file, int r,
			   struct rocpart_error *reterr)
{
	if (!rp_tree_is_unsynced(m->state, r))
		return rp_error_errno(reterr, r, m->state_dir, "cannot write the record '%s/%s'",
				      m->state_dir, file);
	(void)rp_error_errno(reterr, r, m->state_dir,
			     "the record '%s/%s' is in effect, but may be lost at a power cut",
			     m->state_dir, file);
	(void)rp_error_hint(reterr, "repeat the command when the disk works again");
	return r;
}

int rp_record_sync(struct rocpart_machine *m, const char *file, struct rocpart_error *reterr)
{
	int r = rp_tree_sync(m->state);

	return r < 0 ? rp_record_report_write(m, file, r, reterr) : 0;
}

int rp_record_write(struct rocpart_machine *m, const char *file, const struct rp_json *j,
		    struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_json_print(j, rp_json_type(j) == RP_JSON_ARRAY, &text);

	if (r == 0 && rp_json_type(j) == RP_JSON_OBJECT)
		r = rp_seal_add(&text);
	rp_strbuf_add_char(&text, '\n');
	if (r < 0 || rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	r = rp_tree_replace(m->state, text.s, text.len, "%s", file);
	return r < 0 ? rp_record_report_write(m, file, r, reterr) : 0;
}

uint64_t rp_records_epoch(const struct rp_json *pending)
{
	return (uint64_t)rp_json_int_value(rp_json_get(pending, "driver_epoch"));
}

bool rp_records_have_text(const struct rp_json *list, const char *text)
{
	for (size_t i = 0; i < rp_json_len(list); i++) {
		const char *have = rp_json_text(rp_json_at(list, i));

		if (have && rp_str_eq(have, text))
			return true;
	}
	return false;
}

int rp_records_take_pending(struct rocpart_machine *m, const struct rp_json *pending,
			    struct rp_records *ret)
{
	const struct rp_json *gpus = rp_json_get(pending, "gpus");
	const struct rp_json *announced = rp_json_get(pending, "announced");
	bool is_over = rp_json_len(announced) && !rp_journal_is_open(m);
	uint64_t epoch = 0;
	int r;

	if (pending && rp_json_type(gpus) != RP_JSON_OBJECT)
		return -EBADMSG;
	r = pending ? rp_driver_read_epoch(m->tree, &epoch, NULL) : 0;
	if (r < 0 || !pending || rp_records_epoch(pending) != epoch)
		return r;
	for (void *it = rp_json_iter(gpus); it; it = rp_json_iter_next(gpus, it)) {
		const char *mode = rp_json_text(rp_json_iter_value(it));
		struct rp_overlay *o;

		if (is_over && rp_records_have_text(announced, rp_json_iter_key(it)))
			continue;
		o = rp_records_overlay(ret, rp_json_iter_key(it));
		if (!o)
			return -ENOMEM;
		if (!mode || rocpart_memory_mode_from_string(mode, &o->pending_memory) < 0)
			return -EBADMSG;
	}
	return 0;
}

int rp_records_take_cordons(const struct rp_json *cordons, struct rp_records *ret)
{
	const struct rp_json *gpus = rp_json_get(cordons, "gpus");

	if (cordons && rp_json_type(gpus) != RP_JSON_ARRAY)
		return -EBADMSG;
	for (size_t i = 0; i < rp_json_len(gpus); i++) {
		const char *bdf = rp_json_text(rp_json_at(gpus, i));
		struct rp_overlay *o = bdf ? rp_records_overlay(ret, bdf) : NULL;

		if (!o)
			return bdf ? -ENOMEM : -EBADMSG;
		o->cordoned = true;
	}
	return 0;
}

/* NULL: the record is not there. */
static const struct rp_json *object_of(const struct rp_json *public, const char *key)
{
	const struct rp_json *j = rp_json_get(public, key);

	return rp_json_type(j) == RP_JSON_OBJECT ? j : NULL;
}

/* What the public document says of both, for a caller who may not read them. */
static int load_public(struct rocpart_machine *m, struct rp_records *ret)
{
	RP_AUTO_JSON struct rp_json *public = NULL;
	int r = rp_public_read(m, &public);

	if (r < 0)
		return r == -ENOENT ? 0 : r; /* the note says that nothing is known */
	r = rp_records_take_pending(m, object_of(public, "pending"), ret);
	if (r == 0)
		r = rp_records_take_cordons(object_of(public, "cordons"), ret);
	return r == -EBADMSG ? 0 : r; /* a version that we know, and sealed: this does not happen */
}

/* The caller may not read a record that is there: then it goes by the document in all things. */
static bool is_hidden(struct rocpart_machine *m)
{
	static const char *const files[] = {"leases.db", "journal"};

	for (size_t i = 0; m->state && i < RP_ARRAY_LEN(files); i++)
		if (rp_tree_can_read(m->state, files[i]) == -EACCES)
			return true;
	return false;
}

static int report_unusable(struct rocpart_machine *m, int r, struct rocpart_error *reterr)
{
	return rp_error_errno(reterr, r, m->state_dir, "cannot use the records in '%s'",
			      m->state_dir);
}

static int load_own(struct rocpart_machine *m, struct rp_records *ret, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *pending = NULL, *cordons = NULL, *expected = NULL;
	int r = rp_record_read(m, RP_RECORD_PENDING, RP_RECORD_LIMIT, &pending, reterr);

	if (r == 0)
		r = rp_record_read(m, RP_RECORD_CORDONS, RP_RECORD_LIMIT, &cordons, reterr);
	if (r == 0)
		r = rp_record_read(m, RP_RECORD_EXPECTED, RP_RECORD_LIMIT, &expected, reterr);
	if (r < 0)
		return r;
	r = rp_records_take_pending(m, pending, ret);
	if (r == -EBADMSG)
		return rp_record_report_damage(m, RP_RECORD_PENDING,
					       "it names no memory modes of GPUs", reterr);
	if (r == 0)
		r = rp_records_take_cordons(cordons, ret);
	if (r == -EBADMSG)
		return rp_record_report_damage(m, RP_RECORD_CORDONS, "it is no list of GPUs",
					       reterr);
	if (r == 0)
		r = rp_records_take_expected(expected, ret);
	if (r == -EBADMSG)
		return rp_record_report_damage(m, RP_RECORD_EXPECTED, "it is no list of GPUs",
					       reterr);
	return r < 0 ? report_unusable(m, r, reterr) : 0;
}

int rp_records_load(struct rocpart_machine *m, struct rp_records *ret, struct rocpart_error *reterr)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	int r;

	free(m->note);
	m->note = NULL;
	r = load_own(m, &records, reterr);
	if (r == -EACCES || is_hidden(m)) {
		rp_records_done(&records);
		r = load_public(m, &records);
		if (r < 0)
			return report_unusable(m, r, reterr);
	}
	if (r < 0)
		return r;
	*ret = records;
	memset(&records, 0, sizeof(records));
	return 0;
}

static const char *const allocators[] = {"rocpart", "kubelet", "slurm"};

int rp_records_get_allocator(struct rocpart_machine *m, const char **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *public = NULL;
	int r = rp_machine_open_state(m);
	const char *name;

	if (r == 0)
		r = m->state ? rp_tree_read(m->state, &text, RP_RECORD_ALLOCATOR) : -ENOENT;
	if (r == -EACCES)
		r = rp_public_read(m, &public);
	if (r < 0)
		return r;
	name = public ? rp_json_text(rp_json_get(public, "allocator")) : rp_strbuf_str(&text);
	if (!name)
		return -ENOENT;
	for (size_t i = 0; i < RP_ARRAY_LEN(allocators); i++)
		if (rp_str_eq(allocators[i], name)) {
			*ret = allocators[i];
			return 0;
		}
	return -EBADMSG;
}

int rp_records_set_allocator(struct rocpart_machine *m, const char *name,
			     struct rocpart_error *reterr)
{
	const char *before;
	int r = rp_machine_make_state(m, reterr);

	if (r < 0)
		return r;
	if (rp_records_get_allocator(m, &before) == 0 && rp_str_eq(before, name))
		return rp_record_sync(m, RP_RECORD_ALLOCATOR, reterr);
	r = rp_tree_replace(m->state, name, strlen(name), RP_RECORD_ALLOCATOR);
	if (r < 0)
		(void)rp_record_report_write(m, RP_RECORD_ALLOCATOR, r, reterr);
	rp_machine_publish(m);
	return r;
}

/* Cordons are also set while a change holds the lock of the machine, so they have their own. */
int rp_record_lock(struct rocpart_machine *m, const char *lock, int *ret_fd,
		   struct rocpart_error *reterr)
{
	int r = -EWOULDBLOCK;

	for (int i = 0; r == -EWOULDBLOCK && i < LOCK_TRIES; i++) {
		if (i)
			rp_sleep_ms(1);
		r = rp_tree_lock(m->state, lock, ret_fd);
	}
	if (r < 0)
		(void)rp_error_errno(reterr, r, m->state_dir, "cannot lock '%s/%s'", m->state_dir,
				     lock);
	if (r == -EACCES)
		(void)rp_error_hint(reterr, "run the command as root");
	return r;
}

/* The cordon is as it should be, and rp_record_report_write() says so of the record. */
static int name_unsynced(const struct rocpart_machine *m, const char *bdf, bool cordoned, int r,
			 struct rocpart_error *reterr)
{
	if (rp_tree_is_unsynced(m->state, r))
		(void)rp_error_prefix(reterr, "GPU %s is %s now", bdf,
				      cordoned ? "cordoned" : "not cordoned");
	return r;
}

static int write_cordons(struct rocpart_machine *m, const struct rp_json *have, const char *bdf,
			 bool cordoned, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object(), *gpus = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < rp_json_len(have) && r == 0; i++) {
		const char *text = rp_json_text(rp_json_at(have, i));

		if (text && !rp_str_eq(text, bdf))
			r = rp_json_append(gpus, rp_json_string(text));
	}
	if (r == 0 && cordoned)
		r = rp_json_append(gpus, rp_json_string(bdf));
	if (r < 0 || rp_json_set(j, "gpus", rp_steal(&gpus)) < 0)
		return rp_error_nomem(reterr);
	return rp_record_write(m, RP_RECORD_CORDONS, j, reterr);
}

static void note_cordon(struct rocpart_machine *m, const char *bdf, bool cordoned)
{
	char text[RP_HISTORY_TEXT_SIZE];

	(void)rp_fmt(text, sizeof(text), "GPU %s", bdf);
	rp_history_add(m, &(struct rocpart_history_entry){.kind = "cordon",
							  .outcome = cordoned ? "set" : "ended",
							  .text = text,
							  .milliseconds = -1});
}

ROCPART_PUBLIC int rocpart_machine_set_cordon(struct rocpart_machine *machine, const char *bdf,
					      bool cordoned, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *old = NULL;
	RP_AUTO_CLOSE int lock = -EBADF;
	const struct rp_json *have;
	bool is_news;
	int r = rp_machine_make_state(machine, reterr);

	if (r == 0)
		r = rp_record_lock(machine, CORDONS_LOCK, &lock, reterr);
	if (r == 0)
		r = rp_record_read(machine, RP_RECORD_CORDONS, RP_RECORD_LIMIT, &old, reterr);
	if (r < 0)
		return r;
	have = rp_json_get(old, "gpus");
	if (old && rp_json_type(have) != RP_JSON_ARRAY)
		return rp_record_report_damage(machine, RP_RECORD_CORDONS, "it is no list of GPUs",
					       reterr);
	is_news = rp_records_have_text(have, bdf) != cordoned;
	if (is_news)
		r = write_cordons(machine, have, bdf, cordoned, reterr);
	else
		r = old ? rp_record_sync(machine, RP_RECORD_CORDONS, reterr) : 0;
	r = name_unsynced(machine, bdf, cordoned, r, reterr);
	if (is_news && (r == 0 || rp_tree_is_unsynced(machine->state, r)))
		note_cordon(machine, bdf, cordoned);
	rp_machine_publish(machine);
	return r;
}

int rp_records_describe(struct rocpart_machine *m, struct rp_json *ret)
{
	RP_AUTO_JSON struct rp_json *pending = NULL, *cordons = NULL;
	const char *allocator = NULL;
	int r = rp_record_read(m, RP_RECORD_PENDING, RP_RECORD_LIMIT, &pending, NULL);

	if (r == 0)
		r = rp_record_read(m, RP_RECORD_CORDONS, RP_RECORD_LIMIT, &cordons, NULL);
	if (r == 0)
		r = rp_records_get_allocator(m, &allocator);
	if (r < 0 && r != -ENOENT)
		return r;
	r = rp_json_set(ret, "pending", pending ? rp_steal(&pending) : rp_json_null());
	r |= rp_json_set(ret, "cordons", cordons ? rp_steal(&cordons) : rp_json_null());
	r |= rp_json_set_string(ret, "allocator", allocator);
	r |= rp_json_set_bool(ret, "unfinished_change", rp_journal_is_open(m));
	r |= rp_hold_describe(m, ret);
	return r < 0 ? -ENOMEM : 0;
}
