/* SPDX-License-Identifier: MIT */
/* The part of status that is about leases. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/leases.h"

static void print_over_limit(const struct rocpart_lease *l)
{
	char used[RP_BYTES_TEXT_SIZE], limit[RP_BYTES_TEXT_SIZE];

	cli_say_toned(stdout, VIEW_TONE_ATTENTION, "over its limit:");
	cli_say(stdout, " lease %llu (%s) uses %s of %s\n", (unsigned long long)l->id, l->name,
		rp_format_bytes(l->used_bytes, used), rp_format_bytes(l->limit_bytes, limit));
}

static void print_old(const struct rocpart_lease *l)
{
	cli_say_toned(stdout, VIEW_TONE_ATTENTION, "restart ");
	cli_say(stdout,
		"the programs of lease %llu (%s/%u): they were started before its last change, "
		"and run with what it had then\n",
		(unsigned long long)l->id, l->name, l->replica);
}

/* Leases that lost their places with the mode of one GPU have one problem. */
static bool is_same_loss(const struct rocpart_lease *a, const struct rocpart_lease *b)
{
	return a->state == ROCPART_LEASE_DISPLACED && b->state == a->state && *b->problem &&
	       rp_str_eq(a->bdf, b->bdf);
}

/* The problem of a lease, unless it was printed with that of another. */
static void print_problem(const struct rocpart_leases *leases, size_t index)
{
	const struct rocpart_lease *l = rocpart_leases_get(leases, index), *other;
	bool is_first = true;

	for (size_t i = 0; i < index; i++)
		if (is_same_loss(l, rocpart_leases_get(leases, i)))
			return;
	cli_say_toned(stdout, VIEW_TONE_ATTENTION, "lease ");
	cli_say(stdout, "%llu (%s): %s\n", (unsigned long long)l->id, l->name, l->problem);
	for (size_t i = index + 1; (other = rocpart_leases_get(leases, i)); i++) {
		if (!is_same_loss(l, other))
			continue;
		if (is_first)
			cli_say(stdout, "  the same: leases \t%llu", (unsigned long long)other->id);
		else
			cli_say(stdout, ", %llu", (unsigned long long)other->id);
		is_first = false;
	}
	if (!is_first)
		cli_say(stdout, " of that GPU\n");
}

static void print_problems(const struct rocpart_leases *leases, const struct rocpart_snapshot *s)
{
	const struct rocpart_partition_use *u;
	const struct rocpart_lease *l;
	char bytes[RP_BYTES_TEXT_SIZE], where[VIEW_PARTITION_TEXT_SIZE];

	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++) {
		if (*l->bdf && l->limit_bytes && l->used_bytes > l->limit_bytes)
			print_over_limit(l);
		if (*l->problem)
			print_problem(leases, i);
		if (l->runs_old)
			print_old(l);
	}
	for (size_t i = 0; (u = rocpart_leases_get_use(leases, i)); i++) {
		if (!u->unmanaged_bytes)
			continue;
		cli_say_toned(stdout, VIEW_TONE_ATTENTION, "partition ");
		cli_say(stdout,
			"%s: %s unmanaged, used without a lease: counts as taken (`rocpart "
			"holders` shows by whom, `rocpart adopt` gives it a lease)\n",
			view_format_partition(s, u->bdf, u->partition, where),
			rp_format_bytes(u->unmanaged_bytes, bytes));
	}
}

/* Programs that block a change of modes, although the columns of memory do not show them. */
static void print_idle(const struct rocpart_leases *leases)
{
	uint32_t pid;
	size_t n = 0;

	while (rocpart_leases_get_idle_process(leases, n))
		n++;
	if (!n)
		return;
	cli_say(stdout,
		"%zu program%s a GPU open without using memory, and can block a change "
		"of modes: pid",
		n, n == 1 ? " has" : "s have");
	for (size_t i = 0; i < 8 && (pid = rocpart_leases_get_idle_process(leases, i)); i++)
		cli_say(stdout, "%s %u", i ? "," : "", pid);
	cli_say(stdout, "%s (`rocpart holders` names %s)\n", n > 8 ? ", ..." : "",
		n == 1 ? "it" : "them");
}

/* What ended by itself, and what happened to the machine: the last few. */
static void print_events(const struct rocpart_leases *leases)
{
	uint64_t at, lease;
	const char *text;
	unsigned n = 0;

	for (size_t i = 0; n < 5 && (text = rocpart_leases_get_event(leases, i, &at, &lease));
	     i++) {
		if (lease && !rp_str_starts(text, "ended"))
			continue;
		n++;
		if (lease)
			cli_say(stdout, "lease %llu %s\n", (unsigned long long)lease, text);
		else
			cli_say(stdout, "%s\n", text);
	}
}

/* A partition that several may share is not free for a person once one is there. */
static bool is_open(const struct rocpart_partition_use *u)
{
	return u->is_free && !u->n_leases;
}

/* Uses from first on that are of one GPU, and how many of them are open. */
static size_t count_gpu(const struct rocpart_leases *leases, size_t first, size_t *ret_open)
{
	const struct rocpart_partition_use *u, *begin = rocpart_leases_get_use(leases, first);
	size_t n = 0;

	*ret_open = 0;
	for (; (u = rocpart_leases_get_use(leases, first + n)); n++) {
		if (!rp_str_eq(u->bdf, begin->bdf))
			break;
		*ret_open += is_open(u);
	}
	return n;
}

/* " 0/2-0/7" for each row of open partitions of one GPU, which has n from first on. */
static void print_open(const struct rocpart_leases *leases, const struct rocpart_snapshot *s,
		       size_t first, size_t n)
{
	char from[VIEW_PARTITION_TEXT_SIZE], to[VIEW_PARTITION_TEXT_SIZE];

	for (size_t i = first; i < first + n; i++) {
		const struct rocpart_partition_use *u = rocpart_leases_get_use(leases, i), *v = u;

		if (!is_open(u))
			continue;
		while (i + 1 < first + n && is_open(rocpart_leases_get_use(leases, i + 1)))
			v = rocpart_leases_get_use(leases, ++i);
		cli_say(stdout, " %s", view_format_partition(s, u->bdf, u->partition, from));
		if (u != v)
			cli_say(stdout, "-%s", view_format_partition(s, v->bdf, v->partition, to));
	}
}

/* Neighbouring GPUs that are free as a whole, and whether the line ends with such GPUs. */
struct free_gpus {
	size_t first, n;
	bool is_list;
};

static void print_gpus(struct free_gpus *f)
{
	if (!f->n)
		return;
	cli_say(stdout, "%s%zu", f->is_list ? "," : " GPU ", f->first);
	if (f->n > 1)
		cli_say(stdout, "-%zu", f->first + f->n - 1);
	f->is_list = true;
	f->n = 0;
}

static void add_gpu(struct free_gpus *f, size_t index)
{
	if (!f->n || index != f->first + f->n) {
		print_gpus(f);
		f->first = index;
	}
	f->n++;
}

/* Where the next lease could go; GPUs that are free as a whole by their numbers alone. */
static void print_free(const struct rocpart_leases *leases, const struct rocpart_snapshot *s)
{
	struct free_gpus gpus = {0};
	const struct rocpart_gpu *gpu;
	size_t open, n;

	cli_say(stdout, "free:");
	for (size_t i = 0; rocpart_leases_get_use(leases, i); i += n) {
		const char *bdf = rocpart_leases_get_use(leases, i)->bdf;

		n = count_gpu(leases, i, &open);
		if (open == n && s && rocpart_snapshot_find_gpu(s, bdf, &gpu, NULL) == 0) {
			add_gpu(&gpus, rocpart_gpu_get_index(gpu));
		} else if (open) {
			print_gpus(&gpus);
			gpus.is_list = false;
			print_open(leases, s, i, n);
		}
	}
	print_gpus(&gpus);
	cli_say(stdout, "\n");
}

static void print_sum(const struct rocpart_leases *leases, const struct rocpart_snapshot *s)
{
	const struct rocpart_partition_use *u;
	const struct rocpart_lease *l;
	uint64_t usable = 0, leased = 0;
	uint64_t largest = 0;
	size_t n = 0, n_open = 0, n_shared = 0;
	char a[RP_BYTES_TEXT_SIZE], b[RP_BYTES_TEXT_SIZE];

	for (; (u = rocpart_leases_get_use(leases, n)); n++) {
		usable += u->usable_bytes;
		n_open += is_open(u);
		if (is_open(u) && u->usable_bytes > largest)
			largest = u->usable_bytes;
		n_shared += u->is_free && u->n_leases;
	}
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		leased += *l->bdf ? l->bytes : 0;
	cli_say(stdout, "%s of %s leased\n", rp_format_bytes(leased, a),
		rp_format_bytes(usable, b));
	cli_say(stdout, "%zu of %zu partitions %s free", n_open, n, n_open == 1 ? "is" : "are");
	if (n_open)
		cli_say(stdout, "; %s %s", n_open == 1 ? "it has" : "the largest has",
			rp_format_bytes(largest, a));
	if (n_shared)
		cli_say(stdout, "; %zu leased with room to share", n_shared);
	cli_say(stdout, "\n");
	if (n_open && n_open < n)
		print_free(leases, s);
}

int cli_print_lease_status(struct cli *cli, const struct rocpart_leases *leases,
			   const struct rocpart_snapshot *snapshot)
{
	/* --columns names those of GPUs */
	struct view_layout layout = cli_get_layout(cli, snapshot);
	int status;

	layout.columns = NULL;
	if (rocpart_leases_get_allocator(leases) &&
	    rp_str_eq(rocpart_leases_get_allocator(leases), "unknown"))
		cli_say(stdout, "the record of the allocator is damaged: rocpart places nothing "
				"(`rocpart state set-aside`)\n");
	else if (rocpart_leases_get_allocator(leases))
		cli_say(stdout, "%s allocates the GPUs of this machine: rocpart places nothing\n",
			rocpart_leases_get_allocator(leases));
	if (rocpart_leases_get(leases, 0)) {
		cli_say(stdout, "\n");
		status = cli_print_table(cli, view_lease_table(leases, &layout));
		if (status)
			return status;
	}
	print_sum(leases, snapshot);
	if (*rocpart_leases_get_note(leases))
		cli_say(stdout, "note: %s\n", rocpart_leases_get_note(leases));
	print_problems(leases, snapshot);
	print_idle(leases);
	print_events(leases);
	return 0;
}
