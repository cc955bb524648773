/* SPDX-License-Identifier: MIT */
/* Who uses the GPUs, and who may. */
#include "change/holders.h"
#include "doctor/doctor.h"
#include "hw/device_list.h"

#define SHOWN_MAX 4 /* of a kind, in a line */

ROCPART_PUBLIC const char *rocpart_doctor_get_variable(size_t index)
{
	return index < RP_N_VARIABLES ? rp_filter_variables[index] : NULL;
}

void rp_check_holders(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_HOLDERS struct rocpart_holders *list = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	struct rp_stat st;
	int r = rp_tree_stat(d->machine->tree, &st, "proc");

	if (rp_is_absent(r) && !d->snapshot->has_usage) {
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "skipped: the processes of this machine are not shown");
		return;
	}
	r = rocpart_holders_new(d->machine, d->snapshot, &list, &err);
	if (r < 0) {
		rp_verdict_add_failure(v, r, "the processes cannot be read", err.message);
		rp_verdict_advise(v, "run the command as root");
		return;
	}
	if (rocpart_holders_get(list, 0)) {
		rp_holders_text(list, &text);
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%s", rp_strbuf_str(&text));
		rp_verdict_advise(v, "a switch waits until these processes end; `rocpart holders` "
				     "says how to stop them");
	} else {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no process has a GPU open");
	}
	if (!rocpart_holders_is_complete(list)) {
		rp_verdict_add(v, ROCPART_CHECK_WARN,
			       "the open files of other users' processes are not visible");
		rp_verdict_advise(v, "run the command as root");
	}
}

/* Calls fn for the device node of each partition; stops at nothing. */
static size_t each_node(struct rocpart_doctor *d,
			void (*fn)(void *to, const char *path, const struct rp_stat *st, int r),
			void *to)
{
	const struct rocpart_snapshot *s = d->snapshot;
	size_t n = 0;

	for (size_t i = 0; i < s->n_gpus; i++) {
		for (size_t k = 0; k < s->gpus[i].n_partitions; k++) {
			char path[48];
			struct rp_stat st = {0};
			int r;

			if (!s->gpus[i].partitions[k].render_minor)
				continue; /* rp_check_reads() names it */
			(void)rp_fmt(path, sizeof(path), "dev/dri/renderD%u",
				     s->gpus[i].partitions[k].render_minor);
			r = rp_hw_stat_device(d->machine->tree, &st, path);
			fn(to, path, &st, r);
			n++;
		}
	}
	return n;
}

struct missing {
	struct rp_strbuf names;
	size_t n;
	int error; /* of the last that cannot be looked at */
};

static void add_shown(struct missing *m, const char *name)
{
	if (m->n++ < SHOWN_MAX)
		rp_strbuf_addf(&m->names, "%s/%s", m->n > 1 ? ", " : "", name);
	else if (m->n == SHOWN_MAX + 1)
		rp_strbuf_add(&m->names, ", ...");
}

static void add_missing(void *to, const char *path, const struct rp_stat *st, int r)
{
	struct missing *m = to;

	if (r < 0 && !rp_is_absent(r))
		m->error = r;
	else if (r < 0 || st->type != RP_FILE_CHAR)
		add_shown(m, path);
}

static void add_unseen(const struct missing *m, struct rp_verdict *v)
{
	v->seen.failed |= rp_strbuf_failed(&m->names);
	if (m->error)
		rp_verdict_add_failure(v, m->error, "some device nodes cannot be looked at",
				       rocpart_strerror(m->error));
}

void rp_check_render(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct missing m = {0};
	struct rp_stat st;
	size_t n;

	if (rp_hw_stat_device(d->machine->tree, &st, "dev/kfd") == -ENODATA) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "skipped: the capture does not show it");
		return;
	}
	n = each_node(d, add_missing, &m);
	if (m.n) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "%zu of %zu render nodes are missing: %s",
			       m.n, n, rp_strbuf_str(&m.names));
		rp_verdict_advise(v, "in a container, pass them in (--device); on the host, let "
				     "udev create them (udevadm trigger --subsystem-match=drm)");
	} else if (!m.error) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "%zu render nodes", n);
	}
	add_unseen(&m, v);
	rp_strbuf_done(&m.names);
}

static bool is_member(const struct rocpart_doctor *d, uint32_t gid)
{
	for (size_t i = 0; i < d->n_gids; i++)
		if (d->gids[i] == gid)
			return true;
	return false;
}

/* Read and write, as open(2) decides; access lists are not looked at. */
static bool may_open(const struct rocpart_doctor *d, const struct rp_stat *st)
{
	unsigned bits = st->mode;

	if (d->uid == 0)
		return true;
	if (st->uid == d->uid)
		bits >>= 6;
	else if (is_member(d, st->gid))
		bits >>= 3;
	return (bits & 6) == 6;
}

struct refused {
	const struct rocpart_doctor *d;
	struct missing names;
	uint32_t gid;
};

static void add_refused(void *to, const char *path, const struct rp_stat *st, int r)
{
	struct refused *f = to;

	if (r < 0 && !rp_is_absent(r))
		f->names.error = r;
	if (r < 0 || may_open(f->d, st))
		return;
	f->gid = st->gid;
	add_shown(&f->names, path);
}

void rp_check_permissions(struct rocpart_doctor *d, struct rp_verdict *v)
{
	struct refused f = {.d = d};
	struct rp_stat st = {0};
	int r;

	if (rp_tree_kind(d->machine->tree) == RP_TREE_CAPTURE) {
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "skipped: users of this host do not exist on that machine");
		return;
	}
	r = rp_tree_stat(d->machine->tree, &st, "dev/kfd");
	if (rp_is_absent(r)) {
		rp_verdict_add(v, ROCPART_CHECK_FAIL, "/dev/kfd: %s", rocpart_strerror(r));
		rp_verdict_advise(v, "in a container, pass it in (--device /dev/kfd)");
	}
	add_refused(&f, "dev/kfd", &st, r);
	(void)each_node(d, add_refused, &f);
	if (f.names.n) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "user %u may not open %s", d->uid,
			       rp_strbuf_str(&f.names.names));
		rp_verdict_advise(v,
				  "these nodes belong to group %u (render or video): usermod -aG "
				  "%u USER, then log in again",
				  f.gid, f.gid);
	} else if (!f.names.error) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "user %u may open all of them", d->uid);
	}
	add_unseen(&f.names, v);
	rp_strbuf_done(&f.names.names);
}

/* Both of a pair filter: the second one counts what the first one left, from 0. */
static void check_pair(struct rocpart_doctor *d, size_t first, size_t second, struct rp_verdict *v)
{
	if (!d->variables[first] || !d->variables[second])
		return;
	rp_verdict_add(v, ROCPART_CHECK_WARN,
		       "%s and %s filter twice: the second counts the devices that the first left, "
		       "from 0",
		       rp_filter_variables[first], rp_filter_variables[second]);
	rp_verdict_advise(v, "set ROCR_VISIBLE_DEVICES only and unset the others (of a Slurm job: "
			     "Flags=amd_gpu_env in gres.conf)");
}

/* ROCR_VISIBLE_DEVICES is the first of rp_filter_variables: the runtime applies it below HIP. */
void rp_check_variables(struct rocpart_doctor *d, struct rp_verdict *v)
{
	size_t n_set = 0;

	for (size_t i = 0; i < RP_N_VARIABLES; i++)
		n_set += d->variables[i] != NULL;
	for (size_t i = 1; i < RP_N_VARIABLES; i++)
		check_pair(d, 0, i, v);
	for (size_t i = 0; i < RP_N_VARIABLES; i++) {
		if (!d->variables[i])
			continue;
		rp_verdict_add(v, i ? ROCPART_CHECK_WARN : ROCPART_CHECK_PASS, "%s=%s",
			       rp_filter_variables[i], d->variables[i]);
		rp_verdict_advise(v, "programs see these devices only, numbered from 0; unset the "
				     "variable unless you want that");
	}
	if (!n_set)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no such variable is set");
}
