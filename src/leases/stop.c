/* SPDX-License-Identifier: MIT */
/*
 * Ending the processes of a lease, and no others.
 *
 * A process belongs to a lease when its memory does so for certain (rp_lease_of_memory()), or when
 * it is in the cgroup that `rocpart run` made for one that does. Pids are reused, so a pid alone
 * names no process: each is opened as a pidfd, then the machine is looked at again, and a signal
 * goes only to those that still belong to the lease. A process that took over the pid in between is
 * either not the one behind the pidfd or not on the second list.
 */
#include "base/words.h"
#include "leases/stop_signal.h"
#include "leases/usage.h"
#include "sim/sim.h"

struct pids {
	uint32_t *v;
	size_t n, cap;
};

static int add_pid(struct pids *pids, uint32_t pid)
{
	for (size_t i = 0; i < pids->n; i++)
		if (pids->v[i] == pid)
			return 0;
	if (rp_grow(&pids->v, &pids->cap, pids->n + 1, sizeof(*pids->v)) < 0)
		return -ENOMEM;
	pids->v[pids->n++] = pid;
	return 0;
}

/* Collect the processes whose memory belongs to the lease for certain. */
static int collect_users(struct rp_session *s, uint64_t lease, struct pids *ret,
			 struct rocpart_error *reterr)
{
	RP_AUTO_USAGE_LIST struct rp_usage_list list = {.texts = RP_NAMES_INIT};
	int r = rp_usage_measure(s, &list, reterr);

	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (list.v[i].lease == lease && list.v[i].is_certain &&
		    add_pid(ret, list.v[i].pid) < 0)
			r = rp_error_nomem(reterr);
	return r;
}

/* Find the cgroup that `rocpart run` made for one of the processes; "" when it made none. */
static const char *find_group(const struct rp_host_view *w, const struct pids *pids)
{
	for (size_t i = 0; i < w->n_processes; i++)
		for (size_t k = 0; k < pids->n; k++)
			if (w->processes[i].pid == pids->v[k] && *w->processes[i].names.run)
				return w->processes[i].names.run;
	return "";
}

/* Collect the processes of a lease: users of its memory, and all others in their cgroup. */
static int collect_pids(struct rp_session *s, uint64_t lease, struct pids *ret,
			struct rocpart_error *reterr)
{
	const struct rp_host_view *w = &s->host;
	int r = collect_users(s, lease, ret, reterr);
	const char *group;

	if (r < 0)
		return r;
	if (ret->n)
		r = rp_host_view_read_processes(&s->host);
	group = r == 0 ? find_group(w, ret) : "";
	for (size_t i = 0; r == 0 && *group && i < w->n_processes; i++)
		if (rp_str_eq(w->processes[i].names.run, group))
			r = add_pid(ret, w->processes[i].pid);
	return r < 0 ? rp_error_errno(reterr, r, NULL, "cannot look at the processes") : 0;
}

static bool has_lease(const struct rp_session *s, uint64_t lease)
{
	for (size_t i = 0; i < s->list.n; i++)
		if ((uint64_t)s->list.v[i].id == lease)
			return true;
	return false;
}

static int check_machine(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	char name[RP_WORD_SIZE];

	if (rp_tree_kind(m->tree) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EOPNOTSUPP, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture has no running processes");
	if (!rp_machine_is_sim_in_files(m))
		return 0;
	(void)rp_error_set(
		reterr, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED, NULL,
		"simulated processes cannot be stopped from inside of the simulated machine");
	return rp_error_hint(reterr, "run `rocpart sim hold %s --release PID` outside of it",
			     rp_shell_word(m->sim_name, name));
}

/* Which processes are a lease's is not known from the public document. */
static int look_whole(struct rocpart_machine *m, struct rp_session *ret,
		      struct rocpart_error *reterr)
{
	int r = rp_session_look(m, ret, reterr);

	if (r < 0 || !ret->list.is_public)
		return r;
	(void)rp_error_set(reterr, -EACCES, ROCPART_ERR_PERMISSION, m->state_dir,
			   "the processes of a lease are not known: reading '%s' needs root",
			   m->state_dir);
	(void)rp_error_hint(reterr, "run the command as root");
	return -EACCES;
}

/*
 * Open the processes, look at the machine again, and send the signal to those that are on both
 * lists.
 */
static int stop_real(struct rocpart_machine *m, uint64_t lease, bool is_hard, size_t *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session first = {0}, again = {0};
	RP_AUTO(rp_stop_done) struct rp_stop stop = {0};
	struct pids before = {0}, now = {0};
	int r = look_whole(m, &first, reterr);

	if (r == 0 && !has_lease(&first, lease))
		r = rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				 "lease %llu does not exist", (unsigned long long)lease);
	if (r == 0)
		r = collect_pids(&first, lease, &before, reterr);
	if (r == 0) {
		r = rp_stop_open(&stop, before.v, before.n);
		if (r < 0)
			r = rp_error_errno(reterr, r, NULL,
					   "cannot open the processes of lease %llu",
					   (unsigned long long)lease);
	}
	rp_session_done(&first);
	if (r == 0)
		r = look_whole(m, &again, reterr);
	if (r == 0)
		r = collect_pids(&again, lease, &now, reterr);
	if (r == 0) {
		r = rp_stop_send(&stop, now.v, now.n, is_hard, ret);
		if (r < 0)
			r = rp_error_errno(reterr, r, NULL, "cannot stop a process of lease %llu",
					   (unsigned long long)lease);
	}
	free(before.v);
	free(now.v);
	return r;
}

/* End the simulated processes of a lease in the simulated machine. */
static int stop_simulated(struct rocpart_machine *m, uint64_t lease, size_t *ret,
			  struct rocpart_error *reterr)
{
	RP_AUTO_SESSION struct rp_session s = {0};
	struct pids pids = {0};
	size_t n = 0;
	int r = look_whole(m, &s, reterr);

	if (r == 0 && !has_lease(&s, lease))
		r = rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, NULL,
				 "lease %llu does not exist", (unsigned long long)lease);
	if (r == 0)
		r = collect_pids(&s, lease, &pids, reterr);
	for (size_t i = 0; r == 0 && i < pids.n; i++) {
		r = rp_sim_unhold(m->backing, pids.v[i], reterr);
		n += r == 0;
		r = r == -ESRCH ? 0 : r; /* it ended meanwhile */
	}
	free(pids.v);
	if (r == 0)
		*ret = n;
	return r;
}

ROCPART_PUBLIC int rocpart_lease_stop(struct rocpart_machine *machine, uint64_t lease, bool is_hard,
				      size_t *ret_stopped, struct rocpart_error *reterr)
{
	struct rocpart_error local = {0};
	int r;

	reterr = reterr ? reterr : &local;
	r = check_machine(machine, reterr);
	if (r < 0)
		return r;
	if (machine->flavour == RP_MACHINE_SIM)
		return stop_simulated(machine, lease, ret_stopped, reterr);
	return stop_real(machine, lease, is_hard, ret_stopped, reterr);
}
