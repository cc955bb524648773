/* SPDX-License-Identifier: MIT */
/* --trace: what the library reads in vain, writes, runs and decides, a line each. */
#include "cli/cli.h"

static struct {
	FILE *file; /* NULL: off */
	uint64_t begin_ns;
} trace;

static void print_event(void *userdata, const struct rocpart_trace *t)
{
	RP_AUTO_STRBUF struct rp_strbuf line = RP_STRBUF_INIT;

	(void)userdata;
	if (!trace.begin_ns)
		trace.begin_ns = t->at_ns;
	view_addf(&line, "%9.3f ms  %-8s %s%s%s", (double)(t->at_ns - trace.begin_ns) / 1e6,
		  rocpart_trace_kind_to_string(t->kind), t->object,
		  *t->object && *t->text ? ": " : "", t->text);
	if (t->result < 0)
		view_addf(&line, " = %s", rocpart_strerror(t->result));
	else if (t->duration_ns)
		view_addf(&line, " = ok, %.3f ms", (double)t->duration_ns / 1e6);
	fprintf(trace.file, "%s\n", rp_strbuf_str(&line));
	fflush(trace.file);
}

int cli_start_trace(struct cli *cli)
{
	const char *path = cli->global.trace;

	if (!path)
		return 0;
	trace.file = *path ? fopen(path, "ae") : stderr;
	if (!trace.file)
		return cli_usage_error(cli, "cannot write the trace to '%s': %s", path,
				       rocpart_strerror(errno));
	rocpart_machine_set_trace(cli->machine, print_event, NULL);
	return 0;
}

void cli_end_trace(void)
{
	if (trace.file && trace.file != stderr)
		fclose(trace.file);
}
