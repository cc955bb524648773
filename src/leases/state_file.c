/* SPDX-License-Identifier: MIT */
/*
 * `state export`, `state import` and `state check`.
 *
 * Invariants: an export has every field that a lease needs to be placed again, and the identity of
 * the machine. An import happens as a whole or not: into a machine without leases, in one
 * transaction, and from the same machine when both identities are known. A partition that is gone
 * is recorded with the bytes that are claimed of it, so that the next reconciliation marks the
 * lease instead of losing it.
 */
#include "leases/state_file.h"
#include "base/name.h"
#include "base/num.h"
#include "base/printable.h"
#include "leases/session.h"
#include "rocpart/lease.h"

#define VERSION 1

/* The first format of the tables whose leases have limits. */
#define WITH_LIMITS 2U

/* The first one whose leases have numbers of replicas, and know their file. */
#define WITH_REPLICAS 3U

/*
 * Append a lease to the list of the document. The functions pass on NULL, so one check is enough.
 */
static int put_lease(struct rp_json *list, const struct rp_lease *l, unsigned format)
{
	struct rp_json *j = rp_json_object(), *owner = rp_json_object(), *claims = rp_json_array();
	int r = rp_json_set(j, "id", rp_json_int(l->id));

	r |= rp_json_set_string(j, "name", l->name);
	if (format >= WITH_REPLICAS && l->replica >= 0)
		r |= rp_json_set(j, "replica", rp_json_int(l->replica));
	if (format >= WITH_REPLICAS)
		r |= rp_json_set_string(j, "file", l->file ? l->file : "");
	r |= rp_json_set_u64(j, "bytes", l->bytes);
	r |= rp_json_set_string(j, "state", rocpart_lease_state_to_string(l->state));
	r |= rp_json_set_string(j, "guarantee", rocpart_guarantee_to_string(l->guarantee));
	r |= rp_json_set(j, "priority", rp_json_int(l->priority));
	r |= rp_json_set_u64(j, "share", l->share);
	r |= rp_json_set_bool(j, "seen", l->is_seen);
	r |= rp_json_set_string(j, "mode", l->mode);
	r |= rp_json_set_string(owner, "kind", rp_owner_kind_to_string(l->owner.kind));
	r |= rp_json_set_string(owner, "name", l->owner.name);
	r |= rp_json_set_u64(owner, "start_ticks", l->owner.start_ticks);
	r |= rp_json_set_string(owner, "boot", l->owner.boot);
	r |= rp_json_set(j, "owner", owner);
	for (size_t i = 0; i < l->n_claims; i++) {
		struct rp_json *c = rp_json_object();

		r |= rp_json_set_string(c, "bdf", l->claims[i].bdf);
		r |= rp_json_set_u64(c, "partition", l->claims[i].part);
		r |= rp_json_set_u64(c, "bytes", l->claims[i].bytes);
		r |= rp_json_append(claims, c);
	}
	r |= rp_json_set(j, "claims", claims);
	r |= rp_json_set_string(j, "footprint", l->footprint);
	r |= rp_json_set_string(j, "labels", l->labels);
	if (format >= WITH_LIMITS)
		r |= rp_json_set_string(j, "limits", l->limits);
	r |= rp_json_set_string(j, "why", l->why ? l->why : "");
	r |= rp_json_set_string(j, "problem", l->problem ? l->problem : "");
	r |= rp_json_set(j, "created_s", rp_json_int(l->created_s));
	return rp_json_append(list, j) < 0 || r ? -ENOMEM : 0;
}

int rp_state_file_write(struct rp_lease_db *db, unsigned format, struct rp_strbuf *ret,
			struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_STRBUF struct rp_strbuf identity = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	struct rp_json *leases = NULL;
	int r = 0;

	if (format < 1 || format > RP_LEASE_VERSION)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, NULL,
				    "leases have formats 1 to %u in this version of rocpart, not "
				    "%u",
				    RP_LEASE_VERSION, format);
	if (db)
		r = rp_lease_db_load(db, &list, reterr);
	if (r == 0 && db)
		r = rp_lease_db_get(db, "machine", &identity, reterr);
	if (r < 0)
		return r;
	leases = rp_json_array();
	r = rp_json_set_u64(j, "rocpart_leases", VERSION);
	r |= rp_json_set_string(j, "machine", rp_strbuf_str(&identity));
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = put_lease(leases, &list.v[i], format);
	if (rp_json_set(j, "leases", leases) < 0 || r || rp_json_print(j, true, ret) < 0)
		return rp_error_nomem(reterr);
	rp_strbuf_add_char(ret, '\n');
	return rp_strbuf_failed(ret) ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC int rocpart_leases_export_for(struct rocpart_machine *machine, unsigned format,
					     char **ret_text, struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_leases_exist(machine, reterr);

	if (r > 0)
		r = rp_leases_open(machine, RP_LEASE_READ, NULL, &db, reterr);
	if (r >= 0)
		r = rp_state_file_write(db, format, &text, reterr);
	if (r < 0)
		return r;
	*ret_text = rp_strbuf_steal(&text);
	return *ret_text ? 0 : rp_error_nomem(reterr);
}

ROCPART_PUBLIC int rocpart_leases_export(struct rocpart_machine *machine, char **ret_text,
					 struct rocpart_error *reterr)
{
	return rocpart_leases_export_for(machine, RP_LEASE_VERSION, ret_text, reterr);
}

/* ---- import ---- */

static int get_text(const struct rp_json *j, const char *key, char **ret)
{
	const char *text = rp_json_text(rp_json_get(j, key));

	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

/* Read an integer from 0 to max. */
static int get_number(const struct rp_json *j, const char *key, uint64_t max, uint64_t *ret)
{
	const struct rp_json *v = rp_json_get(j, key);
	int64_t n = rp_json_int_value(v);

	if (rp_json_type(v) != RP_JSON_INT || n < 0 || (uint64_t)n > max)
		return -EINVAL;
	*ret = (uint64_t)n;
	return 0;
}

/* Read a name and find its number, given the function that turns numbers into names. */
static int get_name(const struct rp_json *j, const char *key, const char *(*name)(unsigned v),
		    unsigned *ret)
{
	const char *text = rp_json_text(rp_json_get(j, key));

	for (unsigned v = 0; text && v < 8; v++)
		if (rp_str_eq(name(v), text)) {
			*ret = v;
			return 0;
		}
	return -EINVAL;
}

static const char *state_name(unsigned v)
{
	return rocpart_lease_state_to_string((enum rocpart_lease_state)v);
}

static const char *guarantee_name(unsigned v)
{
	return rocpart_guarantee_to_string((enum rocpart_guarantee)v);
}

static int get_owner(const struct rp_json *j, struct rp_owner *ret)
{
	const char *kind = rp_json_text(rp_json_get(j, "kind"));
	const char *name = rp_json_text(rp_json_get(j, "name"));
	const char *boot = rp_json_text(rp_json_get(j, "boot"));
	RP_AUTO_FREE char *text = NULL;
	int r;

	if (!kind || !name || !boot)
		return -EINVAL;
	text = rp_str_eq(kind, "none") ? strdup(kind) : rp_strdupf("%s:%s", kind, name);
	if (!text)
		return -ENOMEM;
	r = rp_owner_parse(text, ret, NULL);
	if (r == 0)
		r = get_number(j, "start_ticks", INT64_MAX, &ret->start_ticks);
	return r == 0 && rp_fmt(ret->boot, sizeof(ret->boot), "%s", boot) < 0 ? -EINVAL : r;
}

static int get_claims(const struct rp_json *list, struct rp_lease *l)
{
	size_t n = rp_json_len(list);

	if (rp_json_type(list) != RP_JSON_ARRAY || n > 64)
		return -EINVAL;
	l->claims = rp_new0(struct rp_claim, n);
	if (!l->claims)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *j = rp_json_at(list, i);
		const char *bdf = rp_json_text(rp_json_get(j, "bdf"));
		struct rp_claim *c = &l->claims[l->n_claims++];
		uint64_t part;

		if (!bdf || rp_fmt(c->bdf, sizeof(c->bdf), "%s", bdf) < 0 ||
		    get_number(j, "partition", 63, &part) < 0 ||
		    get_number(j, "bytes", INT64_MAX, &c->bytes) < 0)
			return -EINVAL;
		c->part = (unsigned)part;
	}
	return 0;
}

/* An export of an earlier version has neither: the number is given when it is there again. */
static int get_replica(const struct rp_json *j, struct rp_lease *l)
{
	uint64_t replica = 0;

	l->replica = -1;
	if (rp_json_get(j, "replica")) {
		if (get_number(j, "replica", INT32_MAX, &replica) < 0)
			return -EINVAL;
		l->replica = (int64_t)replica;
	}
	if (rp_json_get(j, "file"))
		return get_text(j, "file", &l->file);
	l->file = strdup(RP_LEASE_FILE_UNKNOWN);
	return l->file ? 0 : -ENOMEM;
}

/* Read a lease. -EINVAL: a field is missing or out of range. */
static int get_lease(const struct rp_json *j, struct rp_lease *l)
{
	const char *mode = rp_json_text(rp_json_get(j, "mode"));
	int64_t priority = rp_json_int_value(rp_json_get(j, "priority"));
	uint64_t id = 0, share = 0, created = 0;
	unsigned state = 0, guarantee = 0;
	int r = get_number(j, "id", RP_LEASE_LAST_ID, &id);

	if (r == 0)
		r = get_number(j, "bytes", INT64_MAX, &l->bytes);
	if (r == 0)
		r = get_number(j, "share", 64, &share);
	if (r == 0)
		r = get_number(j, "created_s", INT64_MAX, &created);
	if (r == 0)
		r = get_name(j, "state", state_name, &state);
	if (r == 0)
		r = get_name(j, "guarantee", guarantee_name, &guarantee);
	if (r == 0)
		r = get_owner(rp_json_get(j, "owner"), &l->owner);
	if (r == 0)
		r = get_claims(rp_json_get(j, "claims"), l);
	if (r < 0)
		return r;
	if (id == 0 || share == 0 || priority < INT32_MIN || priority > INT32_MAX || state > 4 ||
	    guarantee > 3 || !mode || rp_fmt(l->mode, sizeof(l->mode), "%s", mode) < 0)
		return -EINVAL;
	l->id = (int64_t)id;
	l->share = (uint32_t)share;
	l->priority = (int32_t)priority;
	l->created_s = (int64_t)created;
	l->state = (enum rocpart_lease_state)state;
	l->guarantee = (enum rocpart_guarantee)guarantee;
	l->is_seen = rp_json_bool_value(rp_json_get(j, "seen"));
	if (get_text(j, "name", &l->name) < 0 || get_text(j, "footprint", &l->footprint) < 0 ||
	    get_text(j, "labels", &l->labels) < 0 || get_text(j, "limits", &l->limits) < 0 ||
	    get_text(j, "why", &l->why) < 0 || get_text(j, "problem", &l->problem) < 0)
		return -ENOMEM;
	return l->name ? get_replica(j, l) : -EINVAL;
}

/*
 * A backup of an earlier version may have other names. A lease that is lost would be worse than one
 * that is renamed, and its history says so.
 */
static int rename_lease(struct rp_session *s, struct rp_lease *l, struct rocpart_error *reterr)
{
	char name[RP_NAME_SIZE];
	RP_AUTO_FREE char *old = l->name;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	l->name = strdup(rp_name_clean(RP_NAME_LEASE, old, name));
	l->replica = -1; /* the number was one among the leases of the old name */
	rp_strbuf_addf(&text, "imported as '%s': its name was '", name);
	rp_printable_add(&text, old);
	rp_strbuf_add_char(&text, '\'');
	if (!l->name || rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	return rp_lease_db_event(s->db, l->id, rp_strbuf_str(&text), reterr);
}

/* Record the partitions of a lease, then the lease under its old number. */
static int put_back(struct rp_session *s, struct rp_lease *l, struct rocpart_error *reterr)
{
	int64_t id;
	int r = rp_name_is_valid(RP_NAME_LEASE, l->name) ? 0 : rename_lease(s, l, reterr);

	for (size_t k = 0; r == 0 && k < l->n_claims; k++) {
		const struct rp_claim *c = &l->claims[k];
		const struct rp_part_use *u = rp_reconciled_find(&s->now, c->bdf, c->part);

		r = rp_lease_db_set_usable(s->db, c->bdf, c->part, u ? u->usable : c->bytes,
					   reterr);
	}
	return r < 0 ? r : rp_lease_db_add(s->db, l, &id, reterr);
}

static int bad_file(const char *name, struct rocpart_error *reterr, const char *why)
{
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, name, "%s", why);
}

/* Read and add every lease of the document. */
static int read_document(struct rp_session *s, const struct rp_json *doc, const char *name,
			 struct rocpart_error *reterr)
{
	const char *machine = rp_json_text(rp_json_get(doc, "machine"));
	const struct rp_json *list = rp_json_get(doc, "leases");
	int r = 0;

	if (rp_json_int_value(rp_json_get(doc, "rocpart_leases")) != VERSION || !machine ||
	    rp_json_type(list) != RP_JSON_ARRAY)
		return bad_file(name, reterr,
				"the file is not an export of leases that this version can read");
	if (*machine && !rp_leases_is_machine(&s->host, machine))
		return bad_file(name, reterr, "the file has the leases of another machine");
	for (size_t i = 0; r == 0 && i < rp_json_len(list); i++) {
		struct rp_lease l = {0};

		r = get_lease(rp_json_at(list, i), &l);
		if (r == -ENOMEM)
			(void)rp_error_nomem(reterr);
		else if (r < 0)
			(void)rp_error_set(reterr, r, ROCPART_ERR_CONFIG_SYNTAX, name,
					   "entry %zu of the file is not a valid lease", i + 1);
		else if (!s->machine->is_dry_run)
			r = put_back(s, &l, reterr);
		rp_lease_done(&l);
	}
	return r;
}

ROCPART_PUBLIC int rocpart_leases_import(struct rocpart_machine *machine, const char *text,
					 size_t n_bytes, const char *name, size_t *ret_imported,
					 struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	RP_AUTO_SESSION struct rp_session s = {0};
	RP_AUTO_JSON struct rp_json *doc = NULL;
	int r;

	reterr = reterr ? reterr : &local;
	r = rp_json_parse(text, n_bytes, name, &doc, reterr);
	if (r < 0)
		return r;
	if (rp_tree_kind(machine->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: leases cannot be imported into it");
	r = rp_session_begin(machine, RP_LEASE_MAKE, &s, reterr);
	if (r < 0)
		return r;
	if (s.list.n) {
		(void)rp_error_set(reterr, -EEXIST, ROCPART_ERR_LEASED, machine->state_dir,
				   "this machine has %zu leases already; nothing was imported",
				   s.list.n);
		return rp_error_hint(reterr,
				     "release these leases first (`rocpart status` shows them)");
	}
	r = read_document(&s, doc, name, reterr);
	if (r == 0)
		r = rp_session_commit(&s, reterr);
	if (r == 0)
		*ret_imported = rp_json_len(rp_json_get(doc, "leases"));
	return r;
}

ROCPART_PUBLIC int rocpart_leases_check(struct rocpart_machine *machine, char **ret_problems,
					struct rocpart_error *reterr)
{
	RP_AUTO_HOST_VIEW struct rp_host_view w = {0};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	RP_AUTO_NAMES struct rp_names problems = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_leases_exist(machine, reterr);

	if (r > 0) {
		r = rp_host_view_observe(machine, &w, reterr);
		if (r == 0)
			r = rp_leases_open(machine, RP_LEASE_READ, NULL, &db, reterr);
		if (r == 0)
			r = rp_leases_check_machine(db, &w, reterr);
		if (r == 0)
			r = rp_lease_db_check(db, &problems, reterr);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < problems.n; i++)
		rp_strbuf_addf(&text, "%s\n", problems.v[i]);
	if (rp_strbuf_failed(&text))
		return rp_error_nomem(reterr);
	*ret_problems = text.len ? rp_strbuf_steal(&text) : strdup("");
	return *ret_problems ? 0 : rp_error_nomem(reterr);
}
