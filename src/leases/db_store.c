/* SPDX-License-Identifier: MIT */
/*
 * Leases in and out of the database.
 *
 * Invariants:
 * - A list that was loaded has what one committed state, or the present transaction, has: both
 *   tables are read in one transaction. A pending lease has no claims, any other has some; else the
 *   database is damaged.
 * - Bytes of a lease are the sum of its claims (check_bytes()); the database forbids changing
 *   either.
 * - The lease is written before its claims, because claims refer to it at once, while the reference
 *   of the lease to its first claim is checked at the commit (db_schema.c). Removal goes backwards.
 *
 * Time: O((L + C) log L) to load L leases with C claims; one statement for each lease and claim
 * that is written.
 */
#include <inttypes.h>

#include "base/num.h"
#include "leases/db.h"

void rp_lease_done(struct rp_lease *l)
{
	free(l->name);
	free(l->file);
	free(l->claims);
	free(l->footprint);
	free(l->labels);
	free(l->limits);
	free(l->old_programs);
	free(l->why);
	free(l->problem);
	memset(l, 0, sizeof(*l));
}

void rp_lease_list_done(struct rp_lease_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		rp_lease_done(&list->v[i]);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

void rp_lease_events_done(struct rp_lease_events *events)
{
	for (size_t i = 0; i < events->n; i++)
		free(events->v[i].text);
	free(events->v);
	memset(events, 0, sizeof(*events));
}

static const char *const reading = "read the leases";

static int bind_text(sqlite3_stmt *s, int at, const char *text)
{
	return sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static int64_t read_clock_s(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec;
}

/* Copy the text of a column; NULL stays NULL. 0 or -ENOMEM. */
static int take_text(sqlite3_stmt *s, int column, char **ret)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	*ret = NULL;
	if (!text)
		return sqlite3_column_type(s, column) == SQLITE_NULL ? 0 : -ENOMEM;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int take_name(sqlite3_stmt *s, int column, char *buf, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	return text ? rp_fmt(buf, size, "%s", text) : -ENOMEM;
}

/* A clock that was set before 1970, or a damaged row: a time that is not known. */
static int64_t take_time(sqlite3_stmt *s, int column)
{
	int64_t t = sqlite3_column_int64(s, column);

	return t < 0 ? 0 : t;
}

/* Read a row of RP_SQL_LEASES. An owner that is a process has its pid as name. */
static int take_lease(sqlite3_stmt *s, struct rp_lease *l)
{
	int r = take_text(s, 1, &l->name);

	l->id = sqlite3_column_int64(s, 0);
	l->bytes = (uint64_t)sqlite3_column_int64(s, 2);
	l->state = (enum rocpart_lease_state)sqlite3_column_int(s, 3);
	l->guarantee = (enum rocpart_guarantee)sqlite3_column_int(s, 4);
	l->priority = sqlite3_column_int(s, 5);
	l->share = (uint32_t)sqlite3_column_int64(s, 6);
	l->is_seen = sqlite3_column_int(s, 7) != 0;
	l->owner.kind = (enum rp_owner_kind)sqlite3_column_int(s, 8);
	l->owner.start_ticks = (uint64_t)sqlite3_column_int64(s, 10) & INT64_MAX;
	l->created_s = take_time(s, 16);
	l->changed_s = take_time(s, 17);
	l->replica = sqlite3_column_int64(s, 20);
	if (r == 0)
		r = take_name(s, 9, l->owner.name, sizeof(l->owner.name));
	if (r == 0)
		r = take_name(s, 11, l->owner.boot, sizeof(l->owner.boot));
	if (r == 0)
		r = take_name(s, 18, l->mode, sizeof(l->mode));
	if (r == 0 && l->owner.kind == RP_OWNER_PID)
		r = rp_parse_u32(l->owner.name, 10, &l->owner.pid);
	if (r == 0)
		r = take_text(s, 12, &l->footprint);
	if (r == 0)
		r = take_text(s, 13, &l->labels);
	if (r == 0)
		r = take_text(s, 14, &l->why);
	if (r == 0)
		r = take_text(s, 19, &l->limits);
	if (r == 0)
		r = take_text(s, 21, &l->file);
	if (r == 0)
		r = take_text(s, 22, &l->old_programs);
	return r < 0 ? r : take_text(s, 15, &l->problem);
}

static int load_leases(struct rp_lease_db *db, struct rp_lease_list *list,
		       struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE, bad = 0, r = rp_lease_db_stmt(db, RP_SQL_LEASES, &s, reterr);

	while (r == 0 && bad == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		bad = rp_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v));
		if (bad < 0)
			break;
		memset(&list->v[list->n], 0, sizeof(*list->v));
		bad = take_lease(s, &list->v[list->n++]);
	}
	if (r == 0)
		r = rp_lease_db_end(db, s, rc, reading, reterr);
	if (r == 0 && bad == -ENOMEM)
		return rp_error_nomem(reterr);
	return r == 0 && bad < 0 ? rp_lease_db_error(db, SQLITE_CORRUPT, reading, reterr) : r;
}

/* Find a lease by its number. Precondition: the list is sorted by number, as it is loaded. */
static struct rp_lease *find_lease(struct rp_lease_list *list, int64_t id)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list->v[mid].id == id)
			return &list->v[mid];
		if (list->v[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Read a row of RP_SQL_CLAIMS into its lease. A claim without a lease is damage. */
static int take_claim(sqlite3_stmt *s, struct rp_lease_list *list)
{
	struct rp_lease *l = find_lease(list, sqlite3_column_int64(s, 0));
	size_t cap = l ? l->n_claims : 0;
	struct rp_claim c = {.part = (unsigned)sqlite3_column_int(s, 2),
			     .bytes = (uint64_t)sqlite3_column_int64(s, 3)};
	int r = take_name(s, 1, c.bdf, sizeof(c.bdf));

	if (r == 0 && !l)
		r = -EBADMSG;
	if (r == 0)
		r = rp_grow(&l->claims, &cap, l->n_claims + 1, sizeof(c));
	if (r == 0)
		l->claims[l->n_claims++] = c;
	return r;
}

static int load_claims(struct rp_lease_db *db, struct rp_lease_list *list,
		       struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE, bad = 0, r = rp_lease_db_stmt(db, RP_SQL_CLAIMS, &s, reterr);

	while (r == 0 && bad == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW)
		bad = take_claim(s, list);
	if (r == 0)
		r = rp_lease_db_end(db, s, rc, reading, reterr);
	for (size_t i = 0; r == 0 && bad == 0 && i < list->n; i++)
		if ((list->v[i].state == ROCPART_LEASE_PENDING) != (list->v[i].n_claims == 0))
			bad = -EBADMSG;
	if (r == 0 && bad == -ENOMEM)
		return rp_error_nomem(reterr);
	return r == 0 && bad < 0 ? rp_lease_db_error(db, SQLITE_CORRUPT, reading, reterr) : r;
}

int rp_lease_db_load(struct rp_lease_db *db, struct rp_lease_list *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	bool alone = !db->is_begun; /* then begin, so that both tables are read as of one moment */
	int r = alone ? rp_lease_db_begin_read(db, reterr) : 0;

	if (r == 0)
		r = load_leases(db, &list, reterr);
	if (r == 0)
		r = load_claims(db, &list, reterr);
	if (alone)
		rp_lease_db_rollback(db);
	if (r < 0)
		return r;
	*ret = list;
	memset(&list, 0, sizeof(list));
	return 0;
}

int rp_lease_db_events(struct rp_lease_db *db, size_t max, struct rp_lease_events *ret,
		       struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE, bad = 0, r = rp_lease_db_stmt(db, RP_SQL_EVENTS, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, (int64_t)max);
	while (bad == 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct rp_lease_event e = {.at_s = take_time(s, 0),
					   .lease = sqlite3_column_int64(s, 1)};

		bad = take_text(s, 2, &e.text);
		if (bad == 0)
			bad = rp_grow(&ret->v, &ret->cap, ret->n + 1, sizeof(e));
		if (bad == 0)
			ret->v[ret->n++] = e;
		else
			free(e.text);
	}
	r = rp_lease_db_end(db, s, rc, reading, reterr);
	return r == 0 && bad < 0 ? rp_error_nomem(reterr) : r;
}

int rp_lease_db_get(struct rp_lease_db *db, const char *key, struct rp_strbuf *ret,
		    struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc, r = rp_lease_db_stmt(db, RP_SQL_GET, &s, reterr);
	const char *text;

	if (r < 0)
		return r;
	(void)bind_text(s, 1, key);
	rc = sqlite3_step(s);
	rp_strbuf_reset(ret);
	text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : "";
	if (text)
		rp_strbuf_add(ret, text);
	r = rp_lease_db_end(db, s, rc, reading, reterr);
	return r == 0 && (!text || rp_strbuf_failed(ret)) ? rp_error_nomem(reterr) : r;
}

int rp_lease_db_set(struct rp_lease_db *db, const char *key, const char *value,
		    struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_SET, &s, reterr);

	if (r < 0)
		return r;
	(void)bind_text(s, 1, key);
	(void)bind_text(s, 2, value);
	return rp_lease_db_run(db, s, "record the machine", reterr);
}

int rp_lease_db_set_usable(struct rp_lease_db *db, const char *bdf, unsigned part, uint64_t usable,
			   struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_USABLE, &s, reterr);

	if (r < 0)
		return r;
	(void)bind_text(s, 1, bdf);
	(void)sqlite3_bind_int64(s, 2, part);
	(void)sqlite3_bind_int64(s, 3, (int64_t)(usable > INT64_MAX ? INT64_MAX : usable));
	return rp_lease_db_run(db, s, "record a partition", reterr);
}

/* Find the row of a partition; what this transaction has found is remembered in db->found. */
static int find_partition(struct rp_lease_db *db, const struct rp_claim *c, int64_t *ret,
			  struct rocpart_error *reterr)
{
	size_t slot = c->part % RP_ARRAY_LEN(db->found);
	sqlite3_stmt *s = NULL;
	int rc, r;

	if (db->found[slot].id && rp_str_eq(db->found[slot].bdf, c->bdf) &&
	    c->part < RP_ARRAY_LEN(db->found)) {
		*ret = db->found[slot].id;
		return 0;
	}
	r = rp_lease_db_stmt(db, RP_SQL_FIND_PARTITION, &s, reterr);
	if (r < 0)
		return r;
	(void)bind_text(s, 1, c->bdf);
	(void)sqlite3_bind_int64(s, 2, c->part);
	rc = sqlite3_step(s);
	*ret = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	r = rp_lease_db_end(db, s, rc, reading, reterr);
	if (r == 0 && *ret) {
		db->found[slot].id = *ret;
		memcpy(db->found[slot].bdf, c->bdf, sizeof(c->bdf));
	}
	return r == 0 && *ret == 0
		       ? rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, c->bdf,
				      "partition %u of the GPU is not recorded", c->part)
		       : r;
}

/* Add the claims of lease id. first is the row of the first one, which the lease refers to. */
static int add_claims(struct rp_lease_db *db, const struct rp_lease *l, int64_t id, int64_t first,
		      struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_CLAIM, &s, reterr);

	for (size_t i = 0; r == 0 && i < l->n_claims; i++) {
		int64_t partition = first;

		if (i > 0)
			r = find_partition(db, &l->claims[i], &partition, reterr);
		if (r < 0)
			return r;
		(void)sqlite3_bind_int64(s, 1, partition);
		(void)sqlite3_bind_int64(s, 2, id);
		(void)sqlite3_bind_int64(s, 3, (int64_t)l->claims[i].bytes);
		(void)sqlite3_bind_int64(s, 4, l->share ? l->share : 1);
		r = rp_lease_db_run(db, s, "record the bytes of a lease", reterr);
	}
	return r;
}

/* Check the bytes of a lease that is to be written: see the invariants. */
static int check_bytes(const struct rp_lease *l, struct rocpart_error *reterr)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n_claims; i++)
		if (rp_add_u64(sum, l->claims[i].bytes, &sum) < 0)
			sum = UINT64_MAX;
	if (l->bytes == 0 || l->bytes > INT64_MAX || (l->n_claims && sum != l->bytes) ||
	    (l->state == ROCPART_LEASE_PENDING) != (l->n_claims == 0))
		return rp_error_set(
			reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, l->name,
			"the bytes of the lease are not the sum of its partitions' bytes");
	return 0;
}

static void bind_owner(sqlite3_stmt *s, int at, const struct rp_owner *o)
{
	(void)sqlite3_bind_int(s, at, (int)o->kind);
	(void)bind_text(s, at + 1, o->name);
	(void)sqlite3_bind_int64(s, at + 2, (int64_t)o->start_ticks);
	(void)bind_text(s, at + 3, o->boot);
}

/* Return the next number: one more than any lease has, or had when it was deleted. */
static int next_id(struct rp_lease_db *db, int64_t *ret, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int rc, r;

	if (!db->last_id) {
		r = rp_lease_db_stmt(db, RP_SQL_LAST_ID, &s, reterr);
		if (r < 0)
			return r;
		rc = sqlite3_step(s);
		db->last_id = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
		r = rp_lease_db_end(db, s, rc, reading, reterr);
		if (r < 0)
			return r;
	}
	if (db->last_id < 0 || db->last_id >= RP_LEASE_LAST_ID)
		return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_BAD_RECORDS, db->path,
				    "'%s' says that a lease had the number %" PRId64
				    ": no larger one is left",
				    db->path ? db->path : RP_LEASE_FILE, db->last_id);
	*ret = ++db->last_id;
	return 0;
}

static void bind_lease(sqlite3_stmt *s, const struct rp_lease *l, int64_t id, int64_t partition)
{
	int64_t now = read_clock_s();

	(void)sqlite3_bind_int64(s, 1, id);
	(void)bind_text(s, 2, l->name);
	(void)sqlite3_bind_int64(s, 3, (int64_t)l->bytes);
	(void)sqlite3_bind_int(s, 4, (int)l->state);
	if (partition)
		(void)sqlite3_bind_int64(s, 5, partition);
	(void)sqlite3_bind_int(s, 6, (int)l->guarantee);
	(void)sqlite3_bind_int(s, 7, l->priority);
	(void)sqlite3_bind_int64(s, 8, l->share ? l->share : 1);
	(void)sqlite3_bind_int(s, 9, l->is_seen);
	bind_owner(s, 10, &l->owner);
	(void)bind_text(s, 14, l->footprint);
	(void)bind_text(s, 15, l->labels);
	(void)bind_text(s, 16, l->why ? l->why : "");
	(void)bind_text(s, 17, l->problem ? l->problem : "");
	(void)sqlite3_bind_int64(s, 18, l->created_s ? l->created_s : now);
	(void)sqlite3_bind_int64(s, 19, now);
	(void)bind_text(s, 20, l->mode);
	(void)bind_text(s, 21, l->limits ? l->limits : "");
	(void)sqlite3_bind_int64(s, 22, l->replica);
	(void)bind_text(s, 23, l->file ? l->file : "");
	(void)bind_text(s, 24, l->old_programs ? l->old_programs : "");
}

int rp_lease_db_add(struct rp_lease_db *db, const struct rp_lease *l, int64_t *ret_id,
		    struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int64_t partition = 0, id = l->id;
	int r = check_bytes(l, reterr);

	if (r == 0 && l->n_claims)
		r = find_partition(db, &l->claims[0], &partition, reterr);
	if (r == 0 && !id)
		r = next_id(db, &id, reterr);
	if (r == 0)
		r = rp_lease_db_stmt(db, RP_SQL_ADD, &s, reterr);
	if (r < 0)
		return r;
	bind_lease(s, l, id, partition);
	r = rp_lease_db_run(db, s, "add a lease", reterr);
	if (r == 0)
		r = add_claims(db, l, id, partition, reterr);
	if (r < 0)
		return r;
	rp_lease_db_note(db, id, l->n_claims ? "placed" : "pending", NULL);
	*ret_id = id;
	return 0;
}

static int refuse_id(int64_t id, struct rocpart_error *reterr)
{
	return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
			    "lease %lld does not exist", (long long)id);
}

int rp_lease_db_edit(struct rp_lease_db *db, const struct rp_lease *l, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = check_bytes(l, reterr);

	if (r == 0)
		r = rp_lease_db_stmt(db, RP_SQL_EDIT, &s, reterr);
	if (r < 0)
		return r;
	bind_lease(s, l, l->id, 0);
	r = rp_lease_db_run(db, s, "change a lease", reterr);
	if (r == 0 && sqlite3_changes(db->db) != 1)
		return refuse_id(l->id, reterr);
	if (r == 0 && l->n_claims) /* else its new place is noted */
		rp_lease_db_note(db, l->id, "changed", NULL);
	return r;
}

int rp_lease_db_place(struct rp_lease_db *db, const struct rp_lease *l,
		      struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int64_t partition = 0;
	int r = check_bytes(l, reterr);

	if (r == 0)
		r = find_partition(db, &l->claims[0], &partition, reterr);
	if (r == 0)
		r = rp_lease_db_stmt(db, RP_SQL_PLACE, &s, reterr);
	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, l->id);
	(void)sqlite3_bind_int64(s, 2, partition);
	(void)sqlite3_bind_int(s, 3, (int)l->guarantee);
	(void)bind_text(s, 4, l->why ? l->why : "");
	(void)sqlite3_bind_int64(s, 5, read_clock_s());
	(void)bind_text(s, 6, l->mode);
	(void)bind_text(s, 7, l->limits ? l->limits : "");
	r = rp_lease_db_run(db, s, "place a lease", reterr);
	if (r == 0 && sqlite3_changes(db->db) != 1)
		return rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, l->name,
				    "lease %lld is not pending, so it cannot be placed",
				    (long long)l->id);
	if (r == 0)
		r = add_claims(db, l, l->id, partition, reterr);
	if (r == 0)
		rp_lease_db_note(db, l->id, "placed", NULL);
	return r;
}

/* Run a statement on one lease: its number, and text and time when text is given. */
static int run_with_id(struct rp_lease_db *db, enum rp_lease_sql which, int64_t id,
		       const char *text, struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, which, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, id);
	if (text) {
		(void)bind_text(s, 2, text);
		(void)sqlite3_bind_int64(s, 3, read_clock_s());
	}
	return rp_lease_db_run(db, s, "change a lease", reterr);
}

int rp_lease_db_remove(struct rp_lease_db *db, int64_t id, const char *text,
		       struct rocpart_error *reterr)
{
	int r;

	rp_lease_db_note(db, id, "ended", text);
	r = run_with_id(db, RP_SQL_UNCLAIM, id, NULL, reterr);
	if (r == 0)
		r = run_with_id(db, RP_SQL_REMOVE, id, NULL, reterr);
	if (r == 0 && sqlite3_changes(db->db) != 1)
		return refuse_id(id, reterr);
	return r == 0 && text ? rp_lease_db_event(db, id, text, reterr) : r;
}

int rp_lease_db_set_limits(struct rp_lease_db *db, int64_t id, const char *limits,
			   struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_LIMITS, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, id);
	(void)bind_text(s, 2, limits);
	r = rp_lease_db_run(db, s, "change a lease", reterr);
	return r == 0 && sqlite3_changes(db->db) != 1 ? refuse_id(id, reterr) : r;
}

int rp_lease_db_set_replica(struct rp_lease_db *db, const struct rp_lease *l,
			    struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_REPLICA, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, l->id);
	(void)sqlite3_bind_int64(s, 2, l->replica);
	r = rp_lease_db_run(db, s, "number a lease", reterr);
	return r == 0 && sqlite3_changes(db->db) != 1 ? refuse_id(l->id, reterr) : r;
}

int rp_lease_db_evict(struct rp_lease_db *db, int64_t id, const char *text,
		      struct rocpart_error *reterr)
{
	int r;

	rp_lease_db_note(db, id, "evicted", NULL);
	r = run_with_id(db, RP_SQL_UNCLAIM, id, NULL, reterr);
	if (r == 0)
		r = run_with_id(db, RP_SQL_EVICT, id, text, reterr);
	if (r == 0 && sqlite3_changes(db->db) != 1)
		return refuse_id(id, reterr);
	return r < 0 ? r : rp_lease_db_event(db, id, text, reterr);
}

int rp_lease_db_update(struct rp_lease_db *db, const struct rp_lease *l,
		       struct rocpart_error *reterr)
{
	sqlite3_stmt *s = NULL;
	int r = rp_lease_db_stmt(db, RP_SQL_UPDATE, &s, reterr);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int64(s, 1, l->id);
	(void)sqlite3_bind_int(s, 2, (int)l->state);
	(void)sqlite3_bind_int(s, 3, l->is_seen);
	(void)bind_text(s, 4, l->problem ? l->problem : "");
	bind_owner(s, 5, &l->owner);
	(void)sqlite3_bind_int64(s, 9, read_clock_s());
	r = rp_lease_db_run(db, s, "change a lease", reterr);
	return r == 0 && sqlite3_changes(db->db) != 1 ? refuse_id(l->id, reterr) : r;
}
