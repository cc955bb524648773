/* SPDX-License-Identifier: MIT */
/* The hold of a machine, as the verbs show it. */
#include "cli/cli.h"

#include "base/clock.h"

struct view_hold cli_read_hold(const struct cli *cli, struct cli_hold *ret)
{
	struct view_hold v = {.hold = &ret->hold, .user = ret->user};

	rocpart_machine_get_hold(cli->machine, &ret->hold);
	return cli_view_hold(ret, v);
}

struct view_hold cli_view_hold(struct cli_hold *h, struct view_hold v)
{
	h->user[0] = '\0';
	if (h->hold.has_uid)
		cli_user_name(h->hold.uid, h->user);
	if (rp_clock_read(&v.now_s) < 0)
		v.now_s = h->hold.until_s;
	return v;
}

void cli_print_hold(const struct view_hold *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	view_hold_text(v, &text);
	if (rp_strbuf_failed(&text))
		cli_lose_text();
	cli_say(stdout, "unattended changes \t%s\n", rp_strbuf_str(&text));
}

/* A person goes on; the note says what the person may not know. */
void cli_note_hold(const struct cli *cli)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct cli_hold hold;
	const struct view_hold v = cli_read_hold(cli, &hold);

	if (hold.hold.state == ROCPART_HOLD_NONE)
		return;
	view_hold_text(&v, &text);
	cli_say(stderr, "note: \tunattended changes %s; a person's command goes on\n",
		rp_strbuf_str(&text));
}
