/* SPDX-License-Identifier: MIT */
/* A node against its file, as text. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/difference.h"

#define LEAST_ALIKE 5 /* lines that are one */

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
		cli_say(stdout, "on %s", *i->to_bdf ? to : from); /* none: it is withheld */
		break;
	case ROCPART_DIFFERENCE_MOVE:
		cli_say(stdout, "%s -> %s", from, *i->to_bdf ? to : "elsewhere");
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

/* New replicas of one model, from a line on: how many. Where each goes is seen in the picture. */
static size_t count_alike(const struct rocpart_difference *d, size_t index,
			  const struct rocpart_difference_item *first)
{
	struct rocpart_difference_item item;
	size_t n = 0;

	while (!first->lease && rocpart_difference_get(d, index + n, &item) == 0 && !item.lease &&
	       item.kind == first->kind && item.kind != ROCPART_DIFFERENCE_UNMANAGED &&
	       item.bytes == first->bytes && item.replica == first->replica + n &&
	       rp_str_eq(item.name, first->name))
		n++;
	return n;
}

static void print_alike(struct printing *p, const struct rocpart_difference_item *i, size_t n)
{
	rp_format_bytes(i->bytes, p->bytes);
	cli_say(stdout, "  %c %s/%u to %s/%zu: \t%s%zu replicas of %s each\n",
		view_difference_sign(i->kind), i->name, i->replica, i->name, i->replica + n - 1,
		i->kind == ROCPART_DIFFERENCE_NO_ROOM ? "no room for " : "", n, p->bytes);
}

/* "GPU 3 (0000:65:00.0) is in ...": its number, and the rest. False: it is about something else. */
static bool parse_gpu(const char *text, uint64_t *ret_index, const char **ret_rest)
{
	const char *name = rp_str_starts(text, "GPU ") ? text + strlen("GPU ") : NULL;
	const char *end = name ? strstr(name, ") ") : NULL;

	if (!end || rp_parse_u64_part(name, strspn(name, "0123456789"), 10, ret_index) < 0)
		return false;
	*ret_rest = end + 2;
	return true;
}

/* What differs of GPUs that follow each other in the same way is one line. */
static void print_modes(const struct rocpart_change *change)
{
	const char *text, *next, *rest, *other;
	uint64_t first, last, index;

	for (size_t i = 0; (text = rocpart_change_get_difference(change, i)); i++) {
		if (!parse_gpu(text, &first, &rest)) {
			cli_say(stdout, "  %s\n", text);
			continue;
		}
		for (last = first; (next = rocpart_change_get_difference(change, i + 1)); i++) {
			if (!parse_gpu(next, &index, &other) || index != last + 1 ||
			    !rp_str_eq(rest, other))
				break;
			last = index;
		}
		if (last == first)
			cli_say(stdout, "  %s\n", text);
		else
			cli_say(stdout, "  each of GPU %llu-%llu %s\n", (unsigned long long)first,
				(unsigned long long)last, rest);
	}
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
	struct rocpart_difference_item item;

	(void)cli;
	cli_say(stdout, "the machine differs from the file:\n");
	print_modes(rocpart_difference_get_change(d));
	for (size_t i = 0; rocpart_difference_get(d, i, &item) == 0; i++) {
		size_t n = count_alike(d, i, &item);

		if (n < LEAST_ALIKE) {
			print_line(&p, &item);
			continue;
		}
		print_alike(&p, &item, n);
		i += n - 1;
	}
}
