/* SPDX-License-Identifier: MIT */
/* The table of commands and their options: help, completion and man pages are made from it. */
#include "cli/cli.h"

#include <stddef.h>

#define AT(field) offsetof(struct cli_values, field)
#define END                                      \
	{                                        \
		NULL, 0, NULL, CLI_FLAG, 0, NULL \
	}

const struct cli_option cli_global_options[] = {
	{"sim", 0, "NAME|FILE", CLI_TEXT, AT(sim),
	 "use the simulated machine NAME, or one made from the profile FILE; also ROCPART_SIM"},
	{"root", 0, "DIR", CLI_TEXT, AT(root),
	 "read a captured tree in DIR instead of this machine"},
	{"json", 'j', NULL, CLI_FLAG, AT(json), "print JSON"},
	{"yes", 'y', NULL, CLI_FLAG, AT(yes), "do what stops workloads without asking"},
	{"help", 'h', NULL, CLI_FLAG, AT(help), "show help and end"},
	{"version", 'V', NULL, CLI_FLAG, AT(version), "show the version and end"},
	END,
};

#define OPT_GPU                                                                                   \
	{                                                                                         \
		"gpu", 'g', "GPU", CLI_LIST, AT(gpus),                                            \
			"this GPU only: index, PCI address or unique id; several by comma; 'all'" \
	}
#define OPT_COLUMNS                                                                       \
	{                                                                                 \
		"columns", 0, "KEYS", CLI_TEXT, AT(columns), "columns to print, by comma" \
	}
#define OPTS_CHANGE                                                                                  \
	{"dry-run", 'n', NULL, CLI_FLAG, AT(dry_run), "show what would be done and do nothing"},     \
		{"allow-unvalidated",                                                                \
		 0,                                                                                  \
		 NULL,                                                                               \
		 CLI_FLAG,                                                                           \
		 AT(allow_unvalidated),                                                              \
		 "accept modes that the vendor has not validated on this product"},                  \
		{"reload",     0,                                                                    \
		 "auto|never", CLI_TEXT,                                                             \
		 AT(reload),   "whether the driver may be reloaded for a memory mode (auto)"},       \
		{"evict",   0,                                                                       \
		 NULL,	    CLI_FLAG,                                                                \
		 AT(evict), "take their places away from leases in the way; they wait for another"}, \
	{                                                                                            \
		"wait", 0, "SECONDS", CLI_TEXT, AT(wait), "how long to wait for idle GPUs (10)"      \
	}

static const struct cli_option list_options[] = {OPT_COLUMNS, END};
static const struct cli_option modes_options[] = {OPT_GPU, END};
static const struct cli_option set_options[] = {
	{"compute", 'c', "MODE", CLI_TEXT, AT(compute), "compute mode: SPX, DPX, TPX, QPX or CPX"},
	{"memory", 'm', "MODE", CLI_TEXT, AT(memory), "memory mode: NPS1, NPS2 or NPS4"},
	OPT_GPU,
	OPTS_CHANGE,
	END,
};
static const struct cli_option apply_options[] = {
	{"file", 'f', "FILE", CLI_TEXT, AT(file), "what the node should be (node.yaml)"},
	{"resume", 0, NULL, CLI_FLAG, AT(resume), "go on with a change that was interrupted"},
	OPTS_CHANGE,
	END,
};
static const struct cli_option reset_options[] = {OPT_GPU, OPTS_CHANGE, END};
static const struct cli_option undo_options[] = {OPTS_CHANGE, END};
static const struct cli_option help_options[] = {
	{"scdoc", 0, "COMMAND", CLI_TEXT, AT(scdoc), "print the frame of its man page"},
	END,
};

static const struct cli_option place_options[] = {
	{"bytes", 0, "SIZE", CLI_TEXT, AT(bytes), "how much one replica needs, such as 16G"},
	{"dtype", 0, "FORMAT", CLI_TEXT, AT(dtype), "format of the weights (as the model comes)"},
	{"context", 0, "TOKENS", CLI_TEXT, AT(context), "longest request, such as 32k"},
	{"replicas", 0, "N", CLI_TEXT, AT(replicas), "how many, on different GPUs if possible (1)"},
	{"owner", 0, "OWNER", CLI_TEXT, AT(owner),
	 "whose: docker:NAME, unit:NAME, pod:NS/NAME, job:ID, pid:N or none (none)"},
	{"partition", 0, "GPU/ID", CLI_LIST, AT(partitions), "on this partition, such as 0/3"},
	{"share", 0, "N", CLI_TEXT, AT(share), "up to N leases may share its partition (1)"},
	{"priority", 0, "N", CLI_TEXT, AT(priority), "higher is placed again first (0)"},
	{"label", 0, "KEY=VALUE", CLI_LIST, AT(labels), "recorded with it; several by comma"},
	{"pending", 0, NULL, CLI_FLAG, AT(pending), "find places for leases that lost theirs"},
	END,
};

static const struct cli_option sim_create_options[] = {
	{"profile", 'p', "PROFILE", CLI_TEXT, AT(profile),
	 "what it consists of; `rocpart sim list` shows the profiles (NAME)"},
	{"file", 'f', "FILE", CLI_TEXT, AT(file), "a profile of your own, YAML"},
	END,
};
static const struct cli_option sim_hold_options[] = {
	{"partition", 0, "GPU/ID[=SIZE]", CLI_LIST, AT(partitions),
	 "it has this partition open, and uses SIZE of its memory; several by comma"},
	{"contained", 0, NULL, CLI_FLAG, AT(contained),
	 "its device cgroup allows these partitions only, as in a container"},
	{"no-kfd", 0, NULL, CLI_FLAG, AT(no_kfd),
	 "it does not compute: only render nodes are open"},
	{"process", 0, "WORDS", CLI_TEXT, AT(process), "its command line (python3)"},
	{"cgroup", 0, "PATH", CLI_TEXT, AT(cgroup),
	 "its control group, such as /system.slice/docker-ID.scope"},
	{"pid", 0, "PID", CLI_TEXT, AT(pid), "its process id"},
	{"release", 0, "PID", CLI_TEXT, AT(release), "end this process instead"},
	END,
};
static const struct cli_option sim_fault_options[] = {
	{"list", 'l', NULL, CLI_FLAG, AT(list), "show the rules, as without RULE"},
	{"clear", 0, NULL, CLI_FLAG, AT(clear), "remove all rules"},
	END,
};

static const char every_day[] = "every day";
static const char closer[] = "look closer";
static const char manage[] = "manage";
static const char develop[] = "develop";
static const char simulated[] = "simulated machines";

static const struct cli_command commands[] = {
	{"status", every_day, "", 0, 0, "what each GPU is in, and what is wrong", list_options,
	 true, cli_cmd_status},
	{"apply", every_day, "", 0, 0, "make the node what a file says, or finish a change",
	 apply_options, true, cli_cmd_apply},
	{"place", every_day, "[MODEL|NAME]", 0, 1, "lease a partition for a model", place_options,
	 true, cli_cmd_place},
	{"release", every_day, "LEASE|OWNER...", 1, 64, "end leases", NULL, true, cli_cmd_release},
	{"undo", every_day, "", 0, 0, "take back the last change, finished or not", undo_options,
	 true, cli_cmd_undo},
	{"list", closer, "", 0, 0, "every partition, one a line", list_options, true, cli_cmd_list},
	{"show", closer, "GPU|GPU/ID", 1, 1, "everything about one GPU or partition", NULL, true,
	 cli_cmd_show},
	{"modes", closer, "", 0, 0, "which modes each GPU accepts and what they yield",
	 modes_options, true, cli_cmd_modes},
	{"explain", closer, "LEASE|GPU/ID", 1, 1,
	 "why a lease is where it is, and what keeps others "
	 "off",
	 NULL, true, cli_cmd_explain},
	{"holders", closer, "", 0, 0, "which processes hold the GPUs", NULL, true, cli_cmd_holders},
	{"set", manage, "", 0, 0, "switch the modes of GPUs", set_options, true, cli_cmd_set},
	{"reset", manage, "", 0, 0, "bring GPUs back to SPX/NPS1", reset_options, true,
	 cli_cmd_reset},
	{"adopt", manage, "OWNER|PID", 1, 1, "give leases to memory that is used without", NULL,
	 true, cli_cmd_adopt},
	{"cordon", manage, "GPU...", 1, 64, "keep GPUs out of changes and placement", NULL, true,
	 cli_cmd_cordon},
	{"uncordon", manage, "GPU...", 1, 64, "let cordoned GPUs in again", NULL, true,
	 cli_cmd_uncordon},
	{"state export", manage, "", 0, 0, "print all leases as JSON", NULL, true,
	 cli_cmd_state_export},
	{"state import", manage, "FILE", 1, 1,
	 "put exported leases back ('-' reads standard input)", NULL, true, cli_cmd_state_import},
	{"state check", manage, "", 0, 0, "count all leases anew", NULL, true, cli_cmd_state_check},
	{"sim create", simulated, "NAME", 1, 1, "make a simulated machine", sim_create_options,
	 false, cli_cmd_sim_create},
	{"sim list", simulated, "", 0, 0, "simulated machines, and profiles to make them of", NULL,
	 false, cli_cmd_sim_list},
	{"sim reset", simulated, "NAME", 1, 1, "switch one off and on", NULL, false,
	 cli_cmd_sim_reset},
	{"sim hold", simulated, "NAME", 1, 1, "start a process that holds GPUs, or end it",
	 sim_hold_options, false, cli_cmd_sim_hold},
	{"sim fault", simulated, "NAME [RULE]", 1, 2, "let something go wrong", sim_fault_options,
	 false, cli_cmd_sim_fault},
	{"sim reload", simulated, "NAME", 1, 1, "reload its driver, as somebody else would", NULL,
	 false, cli_cmd_sim_reload},
	{"sim rm", simulated, "NAME", 1, 1, "delete a simulated machine", NULL, false,
	 cli_cmd_sim_rm},
	{"completion", develop, "bash|zsh|fish", 1, 1, "print a completion script", NULL, false,
	 cli_cmd_completion},
	{"help", develop, "[COMMAND]", 0, 2, "show help on a command", help_options, false,
	 cli_cmd_help},
};

const struct cli_command *cli_command_at(size_t i)
{
	return i < RP_ARRAY_LEN(commands) ? &commands[i] : NULL;
}
