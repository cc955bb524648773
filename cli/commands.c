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
	{"backend", 0, "NAME", CLI_TEXT, AT(backend),
	 "look and switch through sysfs, libamd_smi or amd-smi (auto: sysfs where it can be "
	 "written)"},
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
#define OPTS_FILE                                                                                 \
	{"file",   'f',	     "FILE",                                                              \
	 CLI_TEXT, AT(file), "what the node should be (node.yaml, or a neighbour's form of it)"}, \
	{                                                                                         \
		"config", 0, "NAME", CLI_TEXT, AT(config),                                        \
			"which of the configurations or profiles of the file"                     \
	}
static const struct cli_option assert_options[] = {OPTS_FILE, END};
static const struct cli_option apply_options[] = {
	OPTS_FILE,
	{"resume", 0, NULL, CLI_FLAG, AT(resume), "go on with a change that was interrupted"},
	OPTS_CHANGE,
	END,
};
static const struct cli_option reset_options[] = {OPT_GPU, OPTS_CHANGE, END};
static const struct cli_option undo_options[] = {OPTS_CHANGE, END};
static const struct cli_option gather_options[] = {
	{"output", 'o', "DIR", CLI_TEXT, AT(output), "folder to make (rocpart-capture)"},
	END,
};
static const struct cli_option help_options[] = {
	{"scdoc", 0, "COMMAND", CLI_TEXT, AT(scdoc), "print the frame of its man page"},
	END,
};

/* Of place and run alike. */
#define OPTS_OF_MODEL                                                                              \
	{"dtype", 0, "FORMAT", CLI_TEXT, AT(dtype), "format of the weights (as the model comes)"}, \
	{                                                                                          \
		"context", 0, "TOKENS", CLI_TEXT, AT(context), "longest request, such as 32k"      \
	}
#define OPTS_OF_LEASE                                                                             \
	{"share", 0, "N", CLI_TEXT, AT(share), "up to N leases may share its partition (1)"},     \
		{"priority", 0, "N", CLI_TEXT, AT(priority), "higher is placed again first (0)"}, \
	{                                                                                         \
		"label", 0, "KEY=VALUE", CLI_LIST, AT(labels),                                    \
			"recorded with it; several by comma"                                      \
	}

static const struct cli_option place_options[] = {
	{"bytes", 0, "SIZE", CLI_TEXT, AT(bytes), "how much one replica needs, such as 16G"},
	OPTS_OF_MODEL,
	{"replicas", 0, "N", CLI_TEXT, AT(replicas), "how many, on different GPUs if possible (1)"},
	{"owner", 0, "OWNER", CLI_TEXT, AT(owner),
	 "whose: docker:NAME, unit:NAME, pod:NS/NAME, job:ID, pid:N or none (none)"},
	{"partition", 0, "GPU/ID", CLI_LIST, AT(partitions), "on this partition, such as 0/3"},
	OPTS_OF_LEASE,
	{"pending", 0, NULL, CLI_FLAG, AT(pending), "find places for leases that lost theirs"},
	END,
};

static const struct cli_option args_options[] = {
	{"filter", 0, "rocr|hip|none", CLI_TEXT, AT(filter),
	 "the variable that hides other devices (rocr on the host, none in containers)"},
	{"format", 0, "FORMAT", CLI_TEXT, AT(format),
	 "of env: shell or dotenv (shell); of k8s: yaml or json (yaml)"},
	END,
};

static const struct cli_option cdi_generate_options[] = {
	{"output", 'o', "DIR", CLI_TEXT, AT(output),
	 "folder of the spec (/run/cdi); '-' prints it instead"},
	{"kind", 0, "KIND", CLI_TEXT, AT(kind),
	 "rocpart.dev/partition, or amd.com/gpu: named as by amd-ctk (rocpart.dev/partition)"},
	END,
};

static const struct cli_option run_options[] = {
	{"model", 0, "MODEL", CLI_TEXT, AT(model), "lease what this model needs"},
	{"bytes", 0, "SIZE", CLI_TEXT, AT(bytes), "lease that much, such as 16G"},
	{"partition", 0, "GPU/ID", CLI_LIST, AT(partitions),
	 "lease this partition, all of it unless --model or --bytes say less; several by comma"},
	{"lease", 0, "LEASE", CLI_LIST, AT(leases), "use this lease; several by comma"},
	OPTS_OF_MODEL,
	OPTS_OF_LEASE,
	END,
};

static const struct cli_option usage_options[] = {OPT_COLUMNS, END};
static const struct cli_option watch_options[] = {
	{"enforce", 0, "warn|stop", CLI_TEXT, AT(enforce),
	 "what to do with a lease over its limit: say so, or end its processes too (warn)"},
	{"grace", 0, "SECONDS", CLI_TEXT, AT(grace),
	 "how long it may be over its limit; as long again until SIGKILL (10)"},
	{"interval", 0, "SECONDS", CLI_TEXT, AT(interval), "time between two looks (2)"},
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

#define OPTS_MODEL                                                                               \
	{"dtype",   0,                                                                           \
	 "WORD",    CLI_TEXT,                                                                    \
	 AT(dtype), "format of the weights: fp32 fp16 bf16 fp8 int8 int4 gptq awq mxfp4 nvfp4"}, \
		{"context", 0, "TOKENS", CLI_TEXT, AT(context), "longest request, e.g. 32k"},    \
		{"max-seqs", 0, "N", CLI_TEXT, AT(max_seqs), "requests that run at once (256)"}, \
		{"max-batched-tokens",	     0, "N", CLI_TEXT, AT(max_batched),                  \
		 "tokens of one step (2048)"},                                                   \
		{"kv-dtype",                                                                     \
		 0,                                                                              \
		 "WORD",                                                                         \
		 CLI_TEXT,                                                                       \
		 AT(kv_dtype),                                                                   \
		 "format of the KV cache: bf16 fp8 int8; of llama.cpp q8_0 q4_0 and more"},      \
		{"tp", 0, "RANKS", CLI_TEXT, AT(tp), "ranks that share the model (1)"},          \
		{"engine",   0,                                                                  \
		 "ENGINE",   CLI_TEXT,                                                           \
		 AT(engine), "vllm, vllm:VERSION or llama.cpp (vllm:0.19, for GGUF llama.cpp)"}, \
		{"eager", 0, NULL, CLI_FLAG, AT(eager), "run without graphs"},                   \
	{                                                                                        \
		"bytes", 0, "SIZE", CLI_TEXT, AT(bytes),                                         \
			"the weights are that many bytes; nothing else is known of the model"    \
	}

static const struct cli_option model_size_options[] = {
	OPTS_MODEL,
	{"on", 0, "SIZE|GPU/ID", CLI_TEXT, AT(on),
	 "on a partition of that size, or on that partition of the machine"},
	END,
};
static const struct cli_option model_fit_options[] = {OPTS_MODEL, OPT_COLUMNS, END};
static const struct cli_option model_list_options[] = {OPT_COLUMNS, END};

static const struct cli_option plan_options[] = {
	{"file", 'f', "FILE", CLI_TEXT, AT(file), "what is to be placed (node.yaml, its models:)"},
	{"add", 0, "MODEL", CLI_LIST, AT(add), "one replica of this model too; several by comma"},
	{"product", 0, "NAME", CLI_TEXT, AT(product),
	 "plan for GPUs of this product instead of the machine's"},
	{"gpus", 0, "N", CLI_TEXT, AT(n_gpus), "with --product: how many there are (any number)"},
	{"allow-unvalidated", 0, NULL, CLI_FLAG, AT(allow_unvalidated),
	 "use modes that the vendor has not validated too"},
	{"verify", 0, "FILE", CLI_TEXT, AT(verify),
	 "check the claims of a plan that --json printed, from the file alone"},
	END,
};

static const char every_day[] = "every day";
static const char closer[] = "look closer";
static const char manage[] = "manage";
static const char develop[] = "develop";
static const char models[] = "models";
static const char simulated[] = "simulated machines";

static const struct cli_command commands[] = {
	{"status", every_day, "", 0, 0, "what each GPU is in, and what is wrong", list_options,
	 true, cli_cmd_status},
	{"plan", every_day, "", 0, 0, "which modes and partitions for which models, with a proof",
	 plan_options, false, cli_cmd_plan},
	{"apply", every_day, "", 0, 0, "make the node what a file says, or finish a change",
	 apply_options, true, cli_cmd_apply},
	{"doctor", every_day, "", 0, 0, "go through the checklist of a machine", NULL, true,
	 cli_cmd_doctor},
	{"place", every_day, "[MODEL|NAME]", 0, 1, "lease a partition for a model", place_options,
	 true, cli_cmd_place},
	{"release", every_day, "LEASE|OWNER...", 1, 64, "end leases", NULL, true, cli_cmd_release},
	{"args", every_day, "WHAT LEASE|GPU/ID...", 2, 65,
	 "what a program needs there: env docker podman k8s systemd vllm llama.cpp", args_options,
	 true, cli_cmd_args},
	{"run", every_day, "-- COMMAND...", 1, 4096, "run a command on a partition of its own",
	 run_options, true, cli_cmd_run},
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
	{"usage", closer, "", 0, 0, "how much memory the processes of each lease use",
	 usage_options, true, cli_cmd_usage},
	{"holders", closer, "", 0, 0, "which processes hold the GPUs", NULL, true, cli_cmd_holders},
	{"set", manage, "", 0, 0, "switch the modes of GPUs", set_options, true, cli_cmd_set},
	{"reset", manage, "", 0, 0, "bring GPUs back to SPX/NPS1", reset_options, true,
	 cli_cmd_reset},
	{"assert", manage, "", 0, 0, "check that the node is what a file says", assert_options,
	 true, cli_cmd_assert},
	{"export", manage, "", 0, 0, "print the present state as a file for apply", NULL, true,
	 cli_cmd_export},
	{"adopt", manage, "OWNER|PID", 1, 1, "give leases to memory that is used without", NULL,
	 true, cli_cmd_adopt},
	{"cordon", manage, "GPU...", 1, 64, "keep GPUs out of changes and placement", NULL, true,
	 cli_cmd_cordon},
	{"uncordon", manage, "GPU...", 1, 64, "let cordoned GPUs in again", NULL, true,
	 cli_cmd_uncordon},
	{"watch", manage, "", 0, 0, "look after leases that use more than they claim",
	 watch_options, true, cli_cmd_watch},
	{"cdi generate", manage, "", 0, 0, "write a spec of the partitions for container engines",
	 cdi_generate_options, true, cli_cmd_cdi_generate},
	{"cdi list", manage, "", 0, 0, "devices of the generated specs", NULL, true,
	 cli_cmd_cdi_list},
	{"cdi validate", manage, "", 0, 0, "hold the generated specs against the machine", NULL,
	 true, cli_cmd_cdi_validate},
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
	{"sim mount", simulated, "NAME [DIR]", 1, 2, "show one as files, sys/ and dev/ in DIR",
	 NULL, false, cli_cmd_sim_mount},
	{"sim unmount", simulated, "NAME [DIR]", 1, 2, "end that", NULL, false,
	 cli_cmd_sim_unmount},
	{"sim exec", simulated, "NAME -- COMMAND...", 2, 4096,
	 "run a command that sees it as /sys and /dev", NULL, false, cli_cmd_sim_exec},
	{"sim rm", simulated, "NAME", 1, 1, "delete a simulated machine", NULL, false,
	 cli_cmd_sim_rm},
	{"model size", models, "MODEL|FILE", 0, 1, "how many bytes a model needs, item by item",
	 model_size_options, false, cli_cmd_model_size},
	{"model fit", models, "MODEL|FILE", 0, 1, "on which products and modes it fits",
	 model_fit_options, false, cli_cmd_model_fit},
	{"model list", models, "", 0, 0, "the models of the catalog", model_list_options, false,
	 cli_cmd_model_list},
	{"model show", models, "MODEL|FILE", 1, 1, "what is known of a model, and from where", NULL,
	 false, cli_cmd_model_show},
	{"model add", models, "NAME FILE", 2, 2, "put a model's files in your own catalog", NULL,
	 false, cli_cmd_model_add},
	{"gather", develop, "", 0, 0, "copy what the kernel shows of the GPUs into a folder",
	 gather_options, true, cli_cmd_gather},
	{"completion", develop, "bash|zsh|fish", 1, 1, "print a completion script", NULL, false,
	 cli_cmd_completion},
	{"help", develop, "[COMMAND]", 0, 2, "show help on a command", help_options, false,
	 cli_cmd_help},
};

const struct cli_command *cli_command_at(size_t i)
{
	return i < RP_ARRAY_LEN(commands) ? &commands[i] : NULL;
}
