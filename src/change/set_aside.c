/* SPDX-License-Identifier: MIT */
/* The way out of damaged records: they are moved out of the way, and what is lost is said. */
#include "change/change.h"
#include "machine/journal.h"
#include "machine/records.h"

/* Nobody writes the records of a change meanwhile. */
static int take_lock(struct rocpart_machine *m, int *ret_fd, struct rocpart_error *reterr)
{
	char holder[RP_LOCK_HOLDER_SIZE];
	int r = rp_machine_make_state(m, reterr);

	if (r < 0)
		return r;
	r = rp_tree_lock(m->state, RP_MACHINE_LOCK, ret_fd);
	if (r == 0)
		return 0;
	if (r != -EWOULDBLOCK) {
		(void)rp_error_errno(reterr, r, m->state_dir,
				     "cannot lock '%s/" RP_MACHINE_LOCK "'", m->state_dir);
		if (r == -EACCES)
			(void)rp_error_hint(reterr, "run the command as root");
		return r;
	}
	rp_tree_lock_holder(m->state, RP_MACHINE_LOCK, holder);
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_LOCKED, m->state_dir,
			   "another process is changing this machine%s%s; no record was moved",
			   *holder ? ": " : "", holder);
	(void)rp_error_hint(reterr, "wait until that process ends, then repeat the command");
	return -EBUSY;
}

static int set_aside_journal(struct rocpart_machine *m, struct rp_strbuf *ret,
			     struct rocpart_error *reterr)
{
	struct rocpart_error why = {0};
	int r = rp_change_check_journal(m, &why);

	if (r == 0 || r == -ENOENT)
		return 0;
	if (!rp_record_is_damage(r)) {
		if (reterr)
			*reterr = why;
		return r;
	}
	r = rp_journal_set_aside(m, ret);
	return r < 0 ? rp_error_errno(reterr, r, m->state_dir,
				      "cannot move the damaged journal in '%s'", m->state_dir)
		     : 0;
}

ROCPART_PUBLIC int rocpart_machine_set_aside_records(struct rocpart_machine *machine,
						     char **ret_text, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int lock = -EBADF;
	char *steal;
	int r = take_lock(machine, &lock, reterr);

	if (r == 0)
		r = set_aside_journal(machine, &text, reterr);
	if (r == 0)
		r = rp_records_set_aside(machine, &text, reterr);
	if (r < 0)
		return r;
	rp_strbuf_add(&text, "");
	steal = rp_strbuf_steal(&text);
	if (!steal)
		return rp_error_nomem(reterr);
	*ret_text = steal;
	return 0;
}
