/* SPDX-License-Identifier: MIT */
/* Showing a change, asking for leave, doing it with progress, saying how it ended. */
#include "cli/cli.h"

#include <unistd.h>

#include "base/num.h"
#include "base/spawn.h"
#include "views/change.h"

static int parse_wait(struct cli *cli, const struct cli_change_values *v, uint64_t *ret_ms)
{
	double seconds;

	if (!v->wait)
		return 0;
	if (rp_parse_double(v->wait, &seconds) < 0 || seconds < 0 || seconds > 86400)
		return cli_usage_error(cli, "--wait is seconds from 0 to 86400, not '%s'", v->wait);
	*ret_ms = (uint64_t)(seconds * 1000);
	return 0;
}

static int set_options(struct cli *cli, const struct cli_change_values *v,
		       struct rocpart_change *change)
{
	uint64_t wait_ms = 0;
	int status = parse_wait(cli, v, &wait_ms);

	if (status)
		return status;
	if (v->evict)
		rocpart_change_set_evict(change, true);
	if (v->allow_unvalidated)
		rocpart_change_set_allow_unvalidated(change, true);
	if (v->reload && rp_str_eq(v->reload, "never"))
		rocpart_change_set_reload(change, ROCPART_RELOAD_NEVER);
	else if (v->reload && rp_str_eq(v->reload, "auto"))
		rocpart_change_set_reload(change, ROCPART_RELOAD_AUTO);
	else if (v->reload)
		return cli_usage_error(cli, "--reload is auto or never, not '%s'", v->reload);
	if (v->wait)
		rocpart_change_set_wait_ms(change, wait_ms);
	return 0;
}

int cli_wait_for_change(struct cli *cli, const struct cli_change_values *v)
{
	uint64_t wait_ms = 0, end_ns;
	int status = parse_wait(cli, v, &wait_ms);
	bool is_said = cli->global.json;

	for (end_ns = rp_now_ns() + wait_ms * 1000000; status == 0; rp_sleep_ms(50)) {
		enum rocpart_change_status now = ROCPART_CHANGE_NONE;
		RP_AUTO_FREE char *holder = NULL;

		if (rp_now_ns() >= end_ns ||
		    rocpart_machine_get_change_status(cli->machine, &now, &holder, NULL) < 0 ||
		    now != ROCPART_CHANGE_UNDER_WAY)
			break;
		if (!is_said)
			cli_say(stderr, "wait for another change of this machine: %s\n", holder);
		is_said = true;
	}
	return status;
}

void cli_print_holders(const struct rocpart_holders *holders)
{
	const struct rocpart_holder *h;

	for (size_t i = 0; (h = rocpart_holders_get(holders, i)); i++) {
		char used[RP_BYTES_TEXT_SIZE];

		cli_say(stdout, "  pid %u %s", h->pid, *h->command ? h->command : "?");
		if (*h->unit)
			cli_say(stdout, ", unit %s", h->unit);
		if (*h->container)
			cli_say(stdout, ", container %s", h->container);
		if (*h->job)
			cli_say(stdout, ", Slurm job %s", h->job);
		if (h->memory_used_bytes)
			cli_say(stdout, ", %s", rp_format_bytes(h->memory_used_bytes, used));
		cli_say(stdout, ": %s\n", h->devices);
		cli_say(stdout, "    -> \t%s\n", rocpart_holders_get_advice(holders, i));
	}
	if (!rocpart_holders_is_complete(holders))
		cli_say(stdout,
			"  (files of other users' processes cannot be seen without root)\n");
}

static bool is_alike(const struct rocpart_change_gpu *a, const struct rocpart_change_gpu *b)
{
	return a->from_compute == b->from_compute && a->from_memory == b->from_memory &&
	       a->to_compute == b->to_compute && a->to_memory == b->to_memory &&
	       a->n_partitions_before == b->n_partitions_before &&
	       a->n_partitions_after == b->n_partitions_after &&
	       a->partition_bytes == b->partition_bytes;
}

/* GPUs first to last, all of which change in the same way. */
static void print_gpus_line(const struct rocpart_change_gpu *first,
			    const struct rocpart_change_gpu *last)
{
	char each[RP_BYTES_TEXT_SIZE], domain[RP_BYTES_TEXT_SIZE];

	if (first == last)
		cli_say(stdout, "  GPU %zu (%s)", first->index, first->bdf);
	else
		cli_say(stdout, "  GPU %zu-%zu (%s to %s)", first->index, last->index, first->bdf,
			last->bdf);
	cli_say(stdout, ": %s/%s -> %s/%s, %u -> %u partition%s%s",
		rocpart_compute_mode_to_string(first->from_compute),
		rocpart_memory_mode_to_string(first->from_memory),
		rocpart_compute_mode_to_string(first->to_compute),
		rocpart_memory_mode_to_string(first->to_memory), first->n_partitions_before,
		first->n_partitions_after, first->n_partitions_after == 1 ? "" : "s",
		first == last ? "" : " each");
	if (first->partition_bytes)
		cli_say(stdout, ", %s (domain %s)", rp_format_bytes(first->partition_bytes, each),
			rp_format_bytes(first->domain_bytes, domain));
	cli_say(stdout, "\n");
}

static void print_gpus(const struct rocpart_change *change)
{
	const struct rocpart_change_gpu *first = rocpart_change_get_gpu(change, 0), *last = first;

	for (size_t i = 1; first; i++) {
		const struct rocpart_change_gpu *g = rocpart_change_get_gpu(change, i);

		if (g && is_alike(first, g) && g->index == last->index + 1) {
			last = g;
			continue;
		}
		print_gpus_line(first, last);
		first = last = g;
	}
}

static void print_steps(const struct rocpart_change *change, const char *then)
{
	const char *text;
	size_t i = 0;

	for (; (text = rocpart_change_get_step(change, i)); i++)
		cli_say(stdout, "  %zu. \t%s\n", i + 1, text);
	if (then)
		cli_say(stdout, "  %zu. \t%s\n", i + 1, then);
}

static void print_change(const struct cli *cli, const struct rocpart_change *change,
			 const struct rocpart_holders *holders, const char *then)
{
	const char *text;

	cli_print_banner(cli);
	cli_say(stdout, "change:\n");
	print_gpus(change);
	cli_say(stdout, "steps:\n");
	print_steps(change, then);
	for (size_t i = 0; (text = rocpart_change_get_warning(change, i)); i++)
		cli_say(stdout, "note: \t%s\n", text);
	if (rocpart_holders_get(holders, 0)) {
		cli_say(stdout, "processes in the way (the change waits until they end):\n");
		cli_print_holders(holders);
	} else {
		cli_say(stdout, "no process is in the way\n");
	}
}

int cli_confirm(struct cli *cli)
{
	struct rocpart_error err = {.errnum = -EPERM,
				    .code = ROCPART_ERR_NEEDS_CONFIRMATION,
				    .message = "the change needs confirmation; nothing was changed",
				    .hint = "add --yes; --dry-run shows the change"};
	char answer[8] = "";

	if (cli->global.yes || !rocpart_machine_asks(cli->machine))
		return 0;
	if (cli->global.json || !isatty(STDIN_FILENO))
		return cli_fail(cli, &err);
	cli_say(stdout, "type 'yes' to start the change: ");
	cli_end_line(stdout);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin) || strncmp(answer, "yes\n", 4) != 0)
		return cli_fail(cli, &err);
	return 0;
}

static void show_progress(void *userdata, unsigned step, unsigned n_steps, const char *text)
{
	(void)userdata;
	cli_elapsed_end();
	if (step)
		cli_say(stderr, "[%u/%u] \t%s\n", step, n_steps, text);
	else
		cli_say(stderr, "%s\n", text);
	cli_elapsed_begin();
}

static bool is_interrupted(void *userdata)
{
	(void)userdata;
	return cli_take_signal();
}

void cli_watch_restarts(struct cli *cli, struct rocpart_difference *d)
{
	fflush(stdout);
	if (!cli->global.json)
		rocpart_difference_set_progress(d, show_progress, NULL);
	cli_defer_signals();
	rocpart_difference_set_interrupt(d, is_interrupted, NULL);
}

static int print_end(struct cli *cli, struct rocpart_change *change, const char *result)
{
	if (cli->global.json)
		return cli_print_json(cli, view_change(cli_about(cli), change, NULL, result));
	cli_say(stdout, "%s\n", result);
	return 0;
}

/* The words by which the prototype's users look for it, whatever refused or failed. */
static int change_failed(struct cli *cli, struct rocpart_error *err)
{
	static const enum rocpart_errcode codes[] = {
		ROCPART_ERR_PERMISSION,	      ROCPART_ERR_BUSY_PROCESS,
		ROCPART_ERR_MODE_UNSUPPORTED, ROCPART_ERR_NPS_NEEDS_COMPUTE,
		ROCPART_ERR_NOT_VALIDATED,    ROCPART_ERR_DRIVER_IN_USE,
		ROCPART_ERR_DRIVER_RELOAD,    ROCPART_ERR_READBACK_MISMATCH,
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(codes); i++)
		if (err->code == codes[i] && !rp_str_starts(err->message, "failed to set"))
			(void)rp_error_prefix(err, "failed to set partition mode");
	return cli_fail(cli, err);
}

static int run_change(struct cli *cli, struct rocpart_change *change, bool undo,
		      struct rocpart_error *reterr)
{
	int r;

	fflush(stdout); /* what was planned is read before the progress, in one log too */
	if (!cli->global.json)
		rocpart_change_set_progress(change, show_progress, NULL);
	cli_defer_signals();
	rocpart_change_set_interrupt(change, is_interrupted, NULL);
	r = undo ? rocpart_change_undo(change, reterr) : rocpart_change_apply(change, reterr);
	cli_elapsed_end();
	return r;
}

int cli_resume_change(struct cli *cli, struct rocpart_error *reterr)
{
	struct rocpart_change *change = NULL;
	int r = rocpart_change_open_journal(cli->machine, &change, reterr);

	if (r == 0)
		r = run_change(cli, change, false, reterr);
	rocpart_change_free(change);
	return r;
}

/* is_last: the command has nothing else to do, which an interruption could stop. */
static int perform(struct cli *cli, struct rocpart_change *change, bool undo, bool is_last)
{
	struct rocpart_error err = {0};

	if (run_change(cli, change, undo, &err) < 0)
		return change_failed(cli, &err);
	cli_set_done();
	if (is_last && cli_take_signal() && !cli->global.json)
		cli_say(stderr, "interrupted after the last step: the change is complete\n");
	return 0;
}

int cli_say_unchanged(struct cli *cli, const char *text)
{
	if (cli->global.json)
		return cli_print_json(cli, view_result(cli_about(cli), "unchanged"));
	cli_say(stdout, "%s\n", text);
	return 0;
}

/* The change as it would be done. */
static int show_dry_run(struct cli *cli, struct rocpart_change *change,
			const struct rocpart_holders *holders)
{
	int status = 0;

	if (cli->global.json)
		status = cli_print_json(cli,
					view_change(cli_about(cli), change, holders, "dry-run"));
	else
		cli_say(stdout, "dry run: nothing was changed\n");
	return status ? status : CLI_EXIT_TO_DO;
}

/* No mode differs; what else stands in the file, its allocator and cordons, is recorded. */
static int record_rest(struct cli *cli, const struct cli_change_values *v,
		       struct rocpart_change *change, bool quietly)
{
	bool has_steps = rocpart_change_get_step(change, 0);
	struct rocpart_error err = {0};

	if (has_steps && !cli->global.json) {
		cli_print_banner(cli);
		cli_say(stdout, "steps:\n");
		print_steps(change, v->then);
	}
	if (v->dry_run && has_steps)
		return quietly ? CLI_EXIT_TO_DO : show_dry_run(cli, change, NULL);
	if ((has_steps || rocpart_change_get_allocator(change)) && !v->dry_run &&
	    rocpart_change_apply(change, &err) < 0)
		return cli_fail(cli, &err);
	if (quietly)
		return 0;
	if (has_steps || cli->global.json)
		return print_end(cli, change, has_steps ? "done" : "unchanged");
	cli_say(stdout, "the machine is already in the requested state\n");
	return 0;
}

static int checked_change(struct cli *cli, const struct cli_change_values *v,
			  struct rocpart_change *change, bool quietly)
{
	struct rocpart_holders *holders = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	if (rocpart_change_check(change, &err) < 0)
		return change_failed(cli, &err);
	if (!rocpart_change_get_gpu(change, 0))
		return record_rest(cli, v, change, quietly);
	if (rocpart_change_get_holders(change, &holders, &err) < 0)
		return cli_fail(cli, &err);
	if (!cli->global.json)
		print_change(cli, change, holders, v->then);
	if (!v->dry_run)
		status = cli_confirm(cli);
	else
		status = quietly ? CLI_EXIT_TO_DO : show_dry_run(cli, change, holders);
	rocpart_holders_free(holders);
	if (status == 0)
		status = perform(cli, change, false, !quietly);
	return status || quietly ? status : print_end(cli, change, "done");
}

static int do_change(struct cli *cli, const struct cli_change_values *v,
		     struct rocpart_change *change, bool quietly)
{
	int status = set_options(cli, v, change);

	if (status == 0)
		status = checked_change(cli, v, change, quietly);
	return status;
}

int cli_do_change(struct cli *cli, const struct cli_change_values *v, struct rocpart_change *change)
{
	return do_change(cli, v, change, false);
}

int cli_do_change_quietly(struct cli *cli, const struct cli_change_values *v,
			  struct rocpart_change *change)
{
	return do_change(cli, v, change, true);
}

static int show_remaining(struct cli *cli, struct rocpart_change *change, bool undo)
{
	struct rocpart_error err = {0};

	if (rocpart_change_list_remaining(change, undo, &err) < 0)
		return cli_fail(cli, &err);
	if (!cli->global.json) {
		cli_say(stdout, "the unfinished change would be %s; steps:\n",
			undo ? "undone" : "resumed");
		print_steps(change, NULL);
	}
	return show_dry_run(cli, change, NULL);
}

static int finish(struct cli *cli, const struct cli_change_values *v, struct rocpart_change *change,
		  bool undo)
{
	int status = set_options(cli, v, change);

	if (status)
		return status;
	if (v->dry_run)
		return show_remaining(cli, change, undo);
	status = cli_confirm(cli);
	if (status == 0)
		status = perform(cli, change, undo, true);
	return status ? status : print_end(cli, change, undo ? "undone" : "done");
}

int cli_finish_change(struct cli *cli, const struct cli_change_values *v,
		      struct rocpart_change *change, bool undo)
{
	int status = finish(cli, v, change, undo);

	rocpart_change_free(change);
	return status;
}
