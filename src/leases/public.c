/* SPDX-License-Identifier: MIT */
#include "leases/public.h"
#include "base/seal.h"
#include "hw/driver.h"
#include "hw/hw.h"
#include "leases/reconcile.h"
#include "machine/public.h"
#include "machine/records.h"

#include <time.h>

/*
 * Leases are written as text, which takes half the time of objects: each commit of a lease does
 * this. Of their texts only the name can have letters that JSON escapes.
 */
static int add_lease(const struct rp_lease *l, struct rp_strbuf *ret)
{
	RP_AUTO_JSON struct rp_json *name = rp_json_string(l->name);

	rp_strbuf_addf(ret, "{\"id\":%lld,\"name\":", (long long)l->id);
	if (!name || rp_json_print(name, false, ret) < 0)
		return -ENOMEM;
	if (l->replica >= 0)
		rp_strbuf_addf(ret, ",\"replica\":%lld", (long long)l->replica);
	rp_strbuf_addf(ret, ",\"bytes\":%llu,\"share\":%u,\"state\":\"%s\",",
		       (unsigned long long)l->bytes, l->share,
		       rocpart_lease_state_to_string(l->state));
	rp_strbuf_addf(ret, "\"guarantee\":\"%s\",\"mode\":\"%s\",\"created_s\":%lld,",
		       rocpart_guarantee_to_string(l->guarantee), l->mode, (long long)l->created_s);
	rp_strbuf_addf(ret, "\"changed_s\":%lld,\"partitions\":[", (long long)l->changed_s);
	for (size_t i = 0; i < l->n_claims; i++)
		rp_strbuf_addf(ret, "%s{\"bdf\":\"%s\",\"partition\":%u,\"bytes\":%llu}",
			       i ? "," : "", l->claims[i].bdf, l->claims[i].part,
			       (unsigned long long)l->claims[i].bytes);
	rp_strbuf_add(ret, "]}");
	return 0;
}

static int add_leases(const struct rp_lease_list *list, struct rp_strbuf *ret)
{
	int r = 0;

	rp_strbuf_truncate(ret, ret->len - 1); /* the end of the object */
	rp_strbuf_add(ret, ",\"leases\":[");
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		rp_strbuf_add(ret, i ? "," : "");
		r = add_lease(&list->v[i], ret);
	}
	rp_strbuf_add(ret, "]}");
	return r;
}

static int load(struct rocpart_machine *m, struct rp_lease_db *db, struct rp_lease_list *ret)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *own = NULL;
	int r = db ? 1 : rp_leases_exist(m, NULL);

	if (r <= 0)
		return r;
	r = 0;
	if (!db)
		r = rp_leases_open(m, RP_LEASE_READ, NULL, &own, NULL);
	return r < 0 ? r : rp_lease_db_load(db ? db : own, ret, NULL);
}

struct writing {
	struct rocpart_machine *m;
	struct rp_lease_db *db;
};

/* Called while nobody else can replace the document: what is read here is the latest. */
static int write_text(void *userdata, struct rp_strbuf *ret)
{
	const struct writing *w = userdata;
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	struct timespec now = {0};
	uint64_t generation = 0;
	int r = load(w->m, w->db, &list);

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (r == 0)
		r = rp_json_set_u64(j, "public_version", RP_PUBLIC_VERSION);
	if (r == 0)
		r = rp_json_set_u64(j, "written_s", (uint64_t)now.tv_sec);
	if (r == 0 && rp_hw_read_generation(w->m->tree, &generation) == 0)
		r = rp_json_set_u64(j, "generation", generation);
	if (r == 0)
		r = rp_records_describe(w->m, j);
	if (r == 0)
		r = rp_json_print(j, false, ret);
	if (r == 0)
		r = add_leases(&list, ret);
	if (r == 0)
		r = rp_seal_add(ret);
	rp_strbuf_add_char(ret, '\n');
	return r < 0 ? r : rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

void rp_public_write(struct rocpart_machine *m, struct rp_lease_db *db)
{
	struct writing w = {.m = m, .db = db};
	int r;

	if (m->in_memory || rp_machine_open_state(m) < 0 || !m->state)
		return;
	r = rp_tree_publish(m->state, RP_PUBLIC_FILE, write_text, &w);
	if (r < 0)
		rp_trace_note(&m->trace, ROCPART_TRACE_WRITE, RP_PUBLIC_FILE,
			      "not written, so readers without rights know no leases: %s",
			      rocpart_strerror(r));
}

void rp_public_publish(struct rocpart_machine *m)
{
	rp_public_write(m, NULL);
}

static int read_claims(const struct rp_json *j, struct rp_lease *l)
{
	l->claims = rp_new0(struct rp_claim, rp_json_len(j));
	if (!l->claims)
		return -ENOMEM;
	for (size_t i = 0; i < rp_json_len(j); i++) {
		const struct rp_json *item = rp_json_at(j, i);
		const char *bdf = rp_json_text(rp_json_get(item, "bdf"));
		struct rp_claim *c = &l->claims[l->n_claims++];

		if (!bdf || rp_fmt(c->bdf, sizeof(c->bdf), "%s", bdf) < 0)
			return -EBADMSG;
		c->part = (unsigned)rp_json_int_value(rp_json_get(item, "partition"));
		c->bytes = (uint64_t)rp_json_int_value(rp_json_get(item, "bytes"));
	}
	return 0;
}

static int read_state(const char *text, enum rocpart_lease_state *ret)
{
	for (int i = ROCPART_LEASE_PENDING; i <= ROCPART_LEASE_DISPLACED; i++)
		if (rp_str_eq(text, rocpart_lease_state_to_string((enum rocpart_lease_state)i))) {
			*ret = (enum rocpart_lease_state)i;
			return 0;
		}
	return -EBADMSG;
}

static int read_guarantee(const char *text, enum rocpart_guarantee *ret)
{
	for (int i = ROCPART_GUARANTEE_NONE; i <= ROCPART_GUARANTEE_HARDWARE; i++)
		if (rp_str_eq(text, rocpart_guarantee_to_string((enum rocpart_guarantee)i))) {
			*ret = (enum rocpart_guarantee)i;
			return 0;
		}
	return -EBADMSG;
}

static int read_lease(const struct rp_json *j, struct rp_lease *l)
{
	const char *name = rp_json_text(rp_json_get(j, "name"));
	const char *state = rp_json_text(rp_json_get(j, "state"));
	const char *mode = rp_json_text(rp_json_get(j, "mode"));
	const char *guarantee = rp_json_text(rp_json_get(j, "guarantee"));
	const struct rp_json *replica;

	if (!name || !state || !mode || !guarantee || read_state(state, &l->state) < 0 ||
	    read_guarantee(guarantee, &l->guarantee) < 0 ||
	    rp_fmt(l->mode, sizeof(l->mode), "%s", mode) < 0)
		return -EBADMSG;
	l->id = rp_json_int_value(rp_json_get(j, "id"));
	l->bytes = (uint64_t)rp_json_int_value(rp_json_get(j, "bytes"));
	l->share = (uint32_t)rp_json_int_value(rp_json_get(j, "share"));
	l->created_s = rp_json_int_value(rp_json_get(j, "created_s"));
	l->changed_s = rp_json_int_value(rp_json_get(j, "changed_s"));
	/* An earlier version wrote none: it is given one. */
	replica = rp_json_get(j, "replica");
	l->replica = replica ? rp_json_int_value(replica) : -1;
	l->name = strdup(name);
	return l->name ? read_claims(rp_json_get(j, "partitions"), l) : -ENOMEM;
}

int rp_public_leases(struct rocpart_machine *m, struct rp_lease_list *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {.is_public = true};
	RP_AUTO_JSON struct rp_json *j = NULL;
	const struct rp_json *leases;
	int r = rp_public_read(m, &j);

	leases = rp_json_get(j, "leases");
	for (size_t i = 0; r == 0 && i < rp_json_len(leases); i++) {
		r = rp_grow(&list.v, &list.cap, list.n + 1, sizeof(*list.v));
		if (r == 0)
			list.v[list.n] = (struct rp_lease){0};
		if (r == 0)
			r = read_lease(rp_json_at(leases, i), &list.v[list.n++]);
	}
	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r < 0) {
		(void)rp_error_set(reterr, -EACCES, ROCPART_ERR_PERMISSION, m->state_dir,
				   "leases are not known: reading '%s' needs root", m->state_dir);
		(void)rp_error_hint(reterr, "run the command as root");
		return -EACCES;
	}
	*ret = list;
	memset(&list, 0, sizeof(list));
	return 0;
}
