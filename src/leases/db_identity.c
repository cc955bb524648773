/* SPDX-License-Identifier: MIT */
/*
 * Whose leases a database has. Its row "machine" is what earlier versions compare: the machine-id,
 * or for other machines the unique ids of the GPUs that were present, which a lost GPU changes.
 * Such a database gets a second row, "identity", and this row decides from then on.
 */
#include "leases/db.h"
#include "leases/reconcile.h"

#define ROW "identity"

/* Return whether a blank and the word stand in the text as a whole. */
static bool has_word(const char *text, const char *word, size_t len)
{
	for (const char *p = strchr(text, ' '); p; p = strchr(p + 1, ' '))
		if (strncmp(p + 1, word, len) == 0 && (p[1 + len] == ' ' || !p[1 + len]))
			return true;
	return false;
}

/* A GPU has one unique id in the world: one in common is enough, and none shown proves nothing. */
static bool shares_gpu(const char *then, const char *now)
{
	const char *p = now ? strchr(now, ' ') : NULL;

	if (!p)
		return true;
	for (; p; p = strchr(p + 1, ' '))
		if (has_word(then, p + 1, strcspn(p + 1, " ")))
			return true;
	return false;
}

bool rp_leases_is_machine(const struct rp_host_view *w, const char *identity)
{
	if (!w->identity || rp_str_eq(identity, w->identity))
		return true;
	return rp_str_starts(identity, RP_FORMER_IDENTITY " ") &&
	       shares_gpu(identity, w->former_identity);
}

const char *rp_leases_first_identity(const struct rp_host_view *w)
{
	bool is_former = !w->identity || !rp_str_starts(w->identity, "machine-id ");

	return is_former ? w->former_identity : w->identity;
}

int rp_leases_check_machine(struct rp_lease_db *db, const struct rp_host_view *w,
			    struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf have = RP_STRBUF_INIT;
	int r = rp_lease_db_get(db, ROW, &have, reterr);

	if (r == 0 && !have.len)
		r = rp_lease_db_get(db, "machine", &have, reterr);
	if (r < 0 || !have.len || rp_leases_is_machine(w, rp_strbuf_str(&have)))
		return r;
	return rp_lease_db_refuse_machine(db, reterr);
}

int rp_leases_record_machine(struct rp_lease_db *db, const struct rp_host_view *w,
			     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf have = RP_STRBUF_INIT, first = RP_STRBUF_INIT;
	int r = w->identity ? rp_lease_db_get(db, ROW, &have, reterr) : 0;

	if (r < 0 || !w->identity || have.len)
		return r;
	r = rp_lease_db_get(db, "machine", &first, reterr);
	if (r < 0 || rp_str_eq(rp_strbuf_str(&first), w->identity))
		return r;
	return rp_lease_db_set(db, ROW, w->identity, reterr);
}
