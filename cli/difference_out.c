/* SPDX-License-Identifier: MIT */
/* A node against its file, as text. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/difference.h"

struct printing {
	const struct rocpart_snapshot *s;
	char from[VIEW_PARTITION_TEXT_SIZE], to[VIEW_PARTITION_TEXT_SIZE];
	char bytes[RP_BYTES_TEXT_SIZE];
};

static const char *place(const struct printing *p, const char *bdf, uint32_t partition,
			 char buf[VIEW_PARTITION_TEXT_SIZE])
{
	return *bdf ? view_format_partition(p->s, bdf, partition, buf) : "nowhere";
}

static void print_lease(const struct rocpart_difference_item *i)
{
	if (i->lease)
		cli_say(stdout, ", lease %llu", (unsigned long long)i->lease);
	if (i->is_alive && *i->owner)
		cli_say(stdout, ", %s runs", i->owner);
	else if (i->is_alive && i->lease)
		cli_say(stdout, ", its programs run");
	if (i->is_withheld)
		cli_say(stdout, ": left as it is");
	else if (i->restarts)
		cli_say(stdout, i->kind == ROCPART_DIFFERENCE_RELEASE ? ": stopped first"
								      : ": stopped and started");
	cli_say(stdout, "\n");
}

static void print_where(struct printing *p, const struct rocpart_difference_item *i)
{
	const char *from = place(p, i->from_bdf, i->from_partition, p->from);
	const char *to = place(p, i->to_bdf, i->to_partition, p->to);

	rp_format_bytes(i->bytes, p->bytes);
	switch (i->kind) {
	case ROCPART_DIFFERENCE_PLACE:
		cli_say(stdout, "%s on %s", p->bytes, to);
		break;
	case ROCPART_DIFFERENCE_CHANGE:
		cli_say(stdout, "on %s", *i->to_bdf ? to : from);
		break;
	case ROCPART_DIFFERENCE_MOVE:
		cli_say(stdout, "%s -> %s", from, to);
		break;
	case ROCPART_DIFFERENCE_RELEASE:
		cli_say(stdout, "released from %s", from);
		break;
	case ROCPART_DIFFERENCE_DISPLACED:
		cli_say(stdout, "displaced from %s, which is not back", from);
		break;
	case ROCPART_DIFFERENCE_NO_ROOM:
		cli_say(stdout, "no room for %s", p->bytes);
		break;
	case ROCPART_DIFFERENCE_OTHER:
		cli_say(stdout, "on %s, not of this file: stays", from);
		break;
	case ROCPART_DIFFERENCE_UNMANAGED:
		cli_say(stdout, "programs without a lease use %s", p->bytes);
		break;
	default:
		break;
	}
}

static void print_line(struct printing *p, const struct rocpart_difference_item *i)
{
	cli_say(stdout, "  %c ", view_difference_sign(i->kind));
	if (*i->name)
		cli_say(stdout, "%s/%u", i->name, i->replica);
	else
		cli_say(stdout, "%s", place(p, i->from_bdf, i->from_partition, p->from));
	cli_say(stdout, " \t");
	print_where(p, i);
	if (*i->fields)
		cli_say(stdout, ": %s", i->fields);
	print_lease(i);
}

void cli_print_compared(struct cli *cli, struct rocpart_difference *d)
{
	if (rocpart_difference_is_empty(d))
		cli_say(stdout, "the machine is as the file describes it\n");
	else
		cli_print_difference(cli, d);
}

void cli_print_difference(struct cli *cli, struct rocpart_difference *d)
{
	struct printing p = {.s = rocpart_difference_get_snapshot(d)};
	const struct rocpart_change *change = rocpart_difference_get_change(d);
	struct rocpart_difference_item item;
	const char *text;

	(void)cli;
	cli_say(stdout, "the machine differs from the file:\n");
	for (size_t i = 0; (text = rocpart_change_get_difference(change, i)); i++)
		cli_say(stdout, "  %s\n", text);
	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++)
		print_line(&p, &item);
}
