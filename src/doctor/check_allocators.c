/* SPDX-License-Identifier: MIT */
/*
 * Who else hands out the GPUs or switches their modes, by what this node shows of it: processes,
 * sockets, files. The API server of a cluster is not asked.
 */
#include "base/num.h"
#include "doctor/doctor.h"
#include "machine/allocator.h"
#include "machine/records.h"

#define DCM_LABEL   "dcm.amd.com/gpu-config-profile"
#define CMDLINE_MAX (128 * 1024)

/* Names as /proc/PID/comm shows them: 15 characters. */
static const struct {
	const char *comm, *what;
	const char *allocator; /* what node.yaml calls it; NULL: it does more than to allocate */
	const char *advice;
} known[] = {
	{"k8s-device-plug", "AMD's Kubernetes device plugin", "kubelet",
	 "put `allocator: kubelet` into node.yaml; drain the node before a switch: the plugin "
	 "reads the partitions only when it starts"},
	{"gpu-kubeletplug", "AMD's Kubernetes DRA driver", "kubelet",
	 "put `allocator: kubelet` into node.yaml; drain the node before a switch"},
	{"device-config-m", "AMD's device-config-manager, which switches modes itself", NULL,
	 "remove its node label " DCM_LABEL
	 ", or let it set the modes; rocpart reads its config.json (apply -f)"},
	{"slurmd", "Slurm", "slurm",
	 "put `allocator: slurm` into node.yaml; drain the node before a switch and restart slurmd "
	 "afterwards"},
};

struct look {
	struct rp_verdict *v;
	const char *allocator; /* beside rocpart, or NULL */
	bool is_said;	       /* a node.yaml said who it is */
	bool is_seen;	       /* a process of it was seen */
	bool has_dcm, has_label;
	int error; /* of the last process that cannot be looked at, though it runs */
};

static void look_at_comm(struct look *l, const char *pid, const char *comm)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(known); i++) {
		bool is_it = l->allocator && known[i].allocator &&
			     rp_str_eq(l->allocator, known[i].allocator);

		if (!rp_str_eq(comm, known[i].comm))
			continue;
		l->is_seen |= is_it;
		l->has_dcm |= !known[i].allocator;
		if (is_it && l->is_said) {
			rp_verdict_add(l->v, ROCPART_CHECK_PASS, "pid %s is %s", pid,
				       known[i].what);
			continue;
		}
		rp_verdict_add(l->v, ROCPART_CHECK_WARN, "pid %s is %s", pid, known[i].what);
		rp_verdict_advise(l->v, "%s", known[i].advice);
	}
}

/*
 * Labels of a node are kept by the API server. Those that the kubelet was told to register it with
 * are in its command line: --node-labels=a=b,c=d.
 */
static void look_at_labels(struct look *l, struct rp_strbuf *cmdline)
{
	const char *label;

	for (size_t i = 0; i < cmdline->len; i++)
		cmdline->s[i] = cmdline->s[i] ? cmdline->s[i] : ',';
	label = strstr(rp_strbuf_str(cmdline), DCM_LABEL "=");
	if (!label)
		return;
	l->has_label = true;
	rp_verdict_add(l->v, ROCPART_CHECK_WARN, "the kubelet registered this node with %.*s",
		       (int)strcspn(label, ","), label);
	rp_verdict_advise(l->v,
			  "device-config-manager switches to that profile: remove the label "
			  "(kubectl label node NODE " DCM_LABEL "-), or let it set the modes");
}

static void look_at_process(struct rocpart_machine *m, struct look *l, const char *pid)
{
	RP_AUTO_STRBUF struct rp_strbuf comm = RP_STRBUF_INIT, cmdline = RP_STRBUF_INIT;
	const char *proc = rp_machine_proc(m);

	int r = rp_tree_read(m->tree, &comm, "%s/%s/comm", proc, pid);

	if (r == 0)
		look_at_comm(l, pid, rp_strbuf_str(&comm));
	if (r == 0 && (rp_str_eq(rp_strbuf_str(&comm), "kubelet") ||
		       rp_str_starts(rp_strbuf_str(&comm), "k3s"))) {
		r = rp_tree_read_file(m->tree, CMDLINE_MAX, &cmdline, "%s/%s/cmdline", proc, pid);
		if (r == 0)
			look_at_labels(l, &cmdline);
	}
	if (r < 0 && !rp_is_ended(r) && !rp_is_denied(r))
		l->error = r;
}

static void look_at_processes(struct rocpart_machine *m, struct look *l)
{
	RP_AUTO_NAMES struct rp_names pids = RP_NAMES_INIT;
	int r = rp_tree_list(m->tree, &pids, "%s", rp_machine_proc(m));
	uint32_t pid;

	if (r < 0 && !rp_is_absent(r))
		l->error = r;
	for (size_t i = 0; i < pids.n; i++)
		if (rp_parse_u32(pids.v[i], 10, &pid) == 0)
			look_at_process(m, l, pids.v[i]);
	if (l->error)
		rp_verdict_add_failure(l->v, l->error, "the processes in /proc cannot be read",
				       rocpart_strerror(l->error));
}

static void look_at_files(struct rocpart_machine *m, struct look *l)
{
	struct rp_stat st;
	int r = rp_machine_is_sim_in_files(m)
			? -ENOENT
			: rp_tree_stat(m->tree, &st, "etc/config-manager/config.json");

	if (r < 0 && !rp_is_absent(r))
		rp_verdict_add_failure(l->v, r,
				       "/etc/config-manager/config.json cannot be looked at",
				       rocpart_strerror(r));
	if (r == 0) {
		l->has_dcm = true;
		rp_verdict_add(l->v, ROCPART_CHECK_WARN,
			       "device-config-manager is set up (/etc/config-manager/config.json)");
		rp_verdict_advise(
			l->v, "let one of the two set modes; rocpart reads that file (apply -f)");
	}
	if (l->has_dcm && !l->has_label)
		rp_verdict_add(l->v, ROCPART_CHECK_WARN,
			       "the label " DCM_LABEL
			       " of device-config-manager is kept by the API server and was not "
			       "checked (kubectl get node -L " DCM_LABEL ")");
}

void rp_check_allocators(struct rocpart_doctor *d, struct rp_verdict *v)
{
	const char *said;
	struct rocpart_error err = {0};
	struct look l = {.v = v};
	int r = rp_allocator(d->machine, &l.allocator, &err);

	if (r < 0) {
		rp_verdict_add_failure(v, r, "the allocator is not known", err.message);
		return;
	}
	l.is_said = rp_records_get_allocator(d->machine, &said) == 0;
	look_at_processes(d->machine, &l);
	look_at_files(d->machine, &l);
	if (l.allocator && l.is_said) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "node.yaml says that %s allocates the GPUs",
			       l.allocator);
	} else if (l.allocator && !l.is_seen) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%s is set up on this node",
			       rp_str_eq(l.allocator, "slurm") ? "slurmd" : "AMD's device plugin");
		rp_verdict_advise(v, "put `allocator: %s` into node.yaml", l.allocator);
	}
	if (!v->n)
		rp_verdict_add(v, ROCPART_CHECK_PASS, "no other allocator was found");
}
