/* SPDX-License-Identifier: MIT */
/* Damaged records are moved out of the way, never removed. */
#include "machine/hold.h"
#include "machine/public.h"
#include "machine/records_internal.h"

bool rp_record_is_damage(int r)
{
	return r == -EBADMSG || r == -EFBIG || r == -EISDIR || r == -ELOOP;
}

int rp_record_set_aside(struct rocpart_machine *m, const char *file, char ret_name[RP_ASIDE_SIZE])
{
	struct rp_stat st;
	int r = 0;

	for (unsigned i = 1; r == 0; i++) {
		(void)rp_fmt(ret_name, RP_ASIDE_SIZE, "%s.damaged.%u", file, i);
		r = rp_tree_stat(m->state, &st, "%s", ret_name);
	}
	if (r == -ENOENT)
		r = rp_tree_rename(m->state, file, ret_name);
	/* When a power cut brings the file back, the next command finds the damage again. */
	return rp_tree_is_unsynced(m->state, r) ? 0 : r;
}

static int check_pending(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = rp_record_read(m, RP_RECORD_PENDING, RP_RECORD_LIMIT, &j, err);

	return r < 0 ? r : rp_records_take_pending(m, j, &records);
}

static int check_cordons(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = rp_record_read(m, RP_RECORD_CORDONS, RP_RECORD_LIMIT, &j, err);

	return r < 0 ? r : rp_records_take_cordons(j, &records);
}

static int check_expected(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	RP_AUTO_JSON struct rp_json *j = NULL;
	int r = rp_record_read(m, RP_RECORD_EXPECTED, RP_RECORD_LIMIT, &j, err);

	return r < 0 ? r : rp_records_take_expected(j, &records);
}

static int check_allocator(struct rocpart_machine *m, struct rocpart_error *err RP_UNUSED)
{
	const char *name;

	return rp_records_get_allocator(m, &name);
}

static int check_cdi(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = NULL;

	return rp_record_read(m, RP_RECORD_CDI, RP_RECORD_CDI_LIMIT, &j, err);
}

static int check_applied(struct rocpart_machine *m, struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = NULL;

	return rp_record_read(m, RP_RECORD_APPLIED, RP_RECORD_APPLIED_LIMIT, &j, err);
}

static int check_plain(struct rocpart_machine *m, const char *file, struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *j = NULL;

	return rp_record_read(m, file, RP_RECORD_LIMIT, &j, err);
}

static int check_restart(struct rocpart_machine *m, struct rocpart_error *err)
{
	return check_plain(m, RP_RECORD_RESTART, err);
}

static int check_policy(struct rocpart_machine *m, struct rocpart_error *err)
{
	return check_plain(m, RP_RECORD_POLICY, err);
}

static int check_on_demand(struct rocpart_machine *m, struct rocpart_error *err)
{
	return check_plain(m, RP_RECORD_ON_DEMAND, err);
}

int rp_records_set_aside(struct rocpart_machine *m, struct rp_strbuf *ret,
			 struct rocpart_error *reterr)
{
	static const struct {
		const char *file;
		int (*check)(struct rocpart_machine *m, struct rocpart_error *err);
		const char *lost;
	} records[] = {
		{RP_RECORD_PENDING, check_pending,
		 "a memory mode that was requested still takes effect when the driver is reloaded"},
		{RP_RECORD_CORDONS, check_cordons, "no GPU is cordoned now; cordon the GPUs again"},
		{RP_RECORD_EXPECTED, check_expected,
		 "a GPU that is missing or was replaced is not noticed; the next change or lease "
		 "records the GPUs that are there"},
		{RP_RECORD_ALLOCATOR, check_allocator,
		 "rocpart allocates unless the node shows another allocator; apply the node.yaml "
		 "again"},
		{RP_RECORD_HOLD, rp_hold_check_record,
		 "nothing is on hold now; `rocpart hold` stops unattended changes again"},
		{RP_RECORD_CDI, check_cdi,
		 "rocpart does not know its CDI specs any more; `rocpart cdi generate --overwrite` "
		 "writes them again"},
		{RP_RECORD_APPLIED, check_applied,
		 "the files that were applied are forgotten, and `rocpart revisions` begins again"},
		{RP_RECORD_POLICY, check_policy,
		 "no GPU is switched on demand; apply the node.yaml again"},
		{RP_RECORD_ON_DEMAND, check_on_demand,
		 "GPUs that were switched on demand count as switched by hand"},
		{RP_RECORD_RESTART, check_restart,
		 "a replica that an interrupted apply stopped is not started again; `rocpart "
		 "status` shows which does not run"},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(records); i++) {
		struct rocpart_error why = {0};
		char name[RP_ASIDE_SIZE];
		int r = records[i].check(m, &why);

		if (r == 0 || r == -ENOENT)
			continue;
		if (!rp_record_is_damage(r))
			return rp_error_errno(reterr, r, records[i].file,
					      "cannot read the record '%s/%s'", m->state_dir,
					      records[i].file);
		r = rp_record_set_aside(m, records[i].file, name);
		if (r < 0)
			return rp_error_errno(reterr, r, records[i].file,
					      "cannot move the damaged record '%s/%s'",
					      m->state_dir, records[i].file);
		rp_strbuf_addf(ret, "the damaged record is now '%s/%s': %s\n", m->state_dir, name,
			       records[i].lost);
	}
	rp_machine_publish(m);
	return rp_strbuf_failed(ret) ? rp_error_nomem(reterr) : 0;
}
