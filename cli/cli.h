/* SPDX-License-Identifier: MIT */
/* What the commands share: the option table, the command table, opening the machine, output. */
#ifndef RP_CLI_CLI_H
#define RP_CLI_CLI_H

#include <stdio.h>

#include "views/document.h"
#include "views/table.h"
#include <rocpart/rocpart.h>

/* Every value that an option can set; a command reads those that its table names. */
struct cli_values {
	/* global */
	const char *sim, *root, *backend;
	bool json, yes, help, version;
	/* of commands */
	bool dry_run, allow_unvalidated, resume, all;
	const char *compute, *memory, *reload, *file, *config, *output, *columns, *profile, *wait,
		*scdoc;
	struct rp_names gpus;
	/* of plan */
	const char *product, *n_gpus, *verify;
	struct rp_names add;
	/* of model */
	const char *dtype, *context, *max_seqs, *max_batched, *kv_dtype, *tp, *engine, *on, *bytes;
	bool eager;
	/* of sim hold, sim fault */
	const char *pid, *process, *cgroup, *release;
	struct rp_names partitions;
	bool contained, no_kfd, list, clear;
	/* of place, and of changes where leases are */
	const char *owner, *replicas, *share, *priority;
	struct rp_names labels;
	bool pending, evict;
	/* of run */
	const char *model;
	struct rp_names leases;
	/* of watch */
	const char *enforce, *grace, *interval;
	/* of args */
	const char *filter, *format;
	/* of cdi */
	const char *kind;
};

enum cli_option_kind { CLI_FLAG, CLI_TEXT, CLI_LIST };

struct cli_option {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	const char *arg;  /* name of its argument in help; NULL for a flag */
	enum cli_option_kind kind;
	size_t offset; /* in struct cli_values */
	const char *help;
};

struct cli;

struct cli_command {
	const char *name;  /* "list", "sim create" */
	const char *group; /* heading in help */
	const char *args;  /* positional arguments in help, or "" */
	unsigned min_args, max_args;
	const char *summary;		  /* one line, lower case, no full stop */
	const struct cli_option *options; /* ends with a NULL name; may be NULL */
	bool needs_machine;
	int (*run)(struct cli *cli, int argc, char **argv); /* exit status */
};

struct cli {
	struct cli_values values;
	const struct cli_command *command;
	struct rocpart_machine *machine;
	struct rp_strbuf machine_name; /* of a simulated machine or a capture */
};

/* commands.c */
const struct cli_command *cli_command_at(size_t i); /* NULL past the end */
extern const struct cli_option cli_global_options[];

/* options.c: 0, or an exit status with the error printed. Positionals are moved to argv[0..n). */
int cli_parse(struct cli *cli, int argc, char **argv, int *ret_argc);
const struct cli_option *cli_find_option(const struct cli_command *command, const char *name);

/* machine.c */
int cli_open_machine(struct cli *cli); /* 0 or exit status */
int cli_observe(struct cli *cli, struct rocpart_snapshot **ret);
/* The same, and exit status 5 when there is no GPU. */
int cli_observe_gpus(struct cli *cli, struct rocpart_snapshot **ret);
/* Folder of a simulated machine of that name (or profile file); caller frees. NULL: no memory. */
char *cli_sim_dir(const char *name);
char *cli_sim_root(void);
/* Where a file that comes with rocpart is; caller frees. NULL: no memory. */
char *cli_data_file(const char *file);
/* Text of a profile by its name or path; 0 or exit status. */
int cli_load_profile(struct cli *cli, const char *name, struct rp_strbuf *ret);
bool cli_is_path(const char *name);
/* Whole text of a file; 0 or exit status. */
int cli_read_file(struct cli *cli, const char *path, struct rp_strbuf *ret);

/* model_io.c: 0 or exit status; what is returned is to be freed. */
int cli_open_catalog(struct cli *cli, struct rocpart_catalog **ret);
/* By path, by catalog name, or by --bytes; name may be NULL with --bytes. */
int cli_open_model(struct cli *cli, const char *name, struct rocpart_model **ret);
int cli_size_options(struct cli *cli, struct rocpart_size_options **ret);
/* The folder of the user's own catalog; NULL: no memory. */
char *cli_user_models(void);
/* "32k" is 32768. */
int cli_parse_count(struct cli *cli, const char *option, const char *text, uint64_t *ret);

/* out.c */
bool cli_wants_colour(FILE *f);
int cli_fail(const struct cli *cli, const struct rocpart_error *err); /* prints, exit status */
int cli_usage_error(const struct cli *cli, const char *fmt, ...) RP_PRINTF(2, 3);
int cli_nomem(const struct cli *cli);
/* Exit status 0, or 1 when it cannot be written. JSON and tables are freed; NULL: no memory. */
int cli_print_json(struct cli *cli, struct rp_json *j);
int cli_print_table(struct cli *cli, struct view_table *table);
int cli_print_text(struct cli *cli, const struct rp_strbuf *text);
/* 0, or an exit status when columns names none of the fields. */
int cli_check_columns(struct cli *cli, const struct view_field *fields, const char *columns);
/* "simulated machine mi300x-8" or "capture ..." above text output; nothing for a real one. */
void cli_print_banner(const struct cli *cli);
/* The machine of the command, for the documents of views/. */
struct view_machine cli_about(const struct cli *cli);
int cli_flush(int status); /* status, or 1 when standard output could not be written */

/* help.c */
void cli_print_help(FILE *f);
void cli_print_command_help(FILE *f, const struct cli_command *command);
/* The commands of two words that start with group, such as "sim". False: there are none. */
bool cli_print_group_help(FILE *f, const char *group);
int cli_cmd_help(struct cli *cli, int argc, char **argv);
int cli_cmd_completion(struct cli *cli, int argc, char **argv);

/* change_io.c: showing, confirming and doing a change. Takes over change. */
int cli_do_change(struct cli *cli, struct rocpart_change *change);
/* The same as one part of a command: says nothing with --json, nor when all is so already. */
int cli_do_change_quietly(struct cli *cli, struct rocpart_change *change);
int cli_finish_change(struct cli *cli, struct rocpart_change *change, bool undo);
void cli_print_holders(const struct rocpart_holders *holders);
/* Options of a change into it: --allow-unvalidated --reload --wait. 0 or exit status. */
int cli_set_change_options(struct cli *cli, struct rocpart_change *change);

/*
 * cmd_place.c: what the options say of a lease, to be freed. model: sized; else --bytes, or 0 for
 * all of a partition, and name. 0 or exit status.
 */
int cli_place_options(struct cli *cli, const char *model, const char *name,
		      struct rocpart_place_options **ret);

/* cmd_lease.c: leases under the table of status. Exit status. */
int cli_print_lease_status(struct cli *cli, const struct rocpart_leases *leases);

/* cmd_*.c */
int cli_cmd_args(struct cli *cli, int argc, char **argv);
int cli_cmd_cdi_generate(struct cli *cli, int argc, char **argv);
int cli_cmd_cdi_list(struct cli *cli, int argc, char **argv);
int cli_cmd_cdi_validate(struct cli *cli, int argc, char **argv);
int cli_cmd_place(struct cli *cli, int argc, char **argv);
int cli_cmd_release(struct cli *cli, int argc, char **argv);
int cli_cmd_run(struct cli *cli, int argc, char **argv);
int cli_cmd_usage(struct cli *cli, int argc, char **argv);
int cli_cmd_watch(struct cli *cli, int argc, char **argv);
int cli_cmd_adopt(struct cli *cli, int argc, char **argv);
int cli_cmd_explain(struct cli *cli, int argc, char **argv);
int cli_cmd_state_export(struct cli *cli, int argc, char **argv);
int cli_cmd_state_import(struct cli *cli, int argc, char **argv);
int cli_cmd_state_check(struct cli *cli, int argc, char **argv);
int cli_cmd_list(struct cli *cli, int argc, char **argv);
int cli_cmd_status(struct cli *cli, int argc, char **argv);
int cli_cmd_show(struct cli *cli, int argc, char **argv);
int cli_cmd_modes(struct cli *cli, int argc, char **argv);
int cli_cmd_doctor(struct cli *cli, int argc, char **argv);
int cli_cmd_assert(struct cli *cli, int argc, char **argv);
int cli_cmd_export(struct cli *cli, int argc, char **argv);
int cli_cmd_gather(struct cli *cli, int argc, char **argv);
int cli_cmd_holders(struct cli *cli, int argc, char **argv);
int cli_cmd_set(struct cli *cli, int argc, char **argv);
int cli_cmd_apply(struct cli *cli, int argc, char **argv);
int cli_cmd_reset(struct cli *cli, int argc, char **argv);
int cli_cmd_undo(struct cli *cli, int argc, char **argv);
int cli_cmd_cordon(struct cli *cli, int argc, char **argv);
int cli_cmd_uncordon(struct cli *cli, int argc, char **argv);
int cli_cmd_plan(struct cli *cli, int argc, char **argv);
/* cmd_plan.c: 0 or exit status with the error printed. */
int cli_plan_for_machine(struct cli *cli, struct rocpart_plan *plan, struct rocpart_snapshot *s,
			 struct rocpart_leases **ret_leases);
int cli_solve_plan(struct cli *cli, struct rocpart_plan *plan); /* -f and --add into it, solved */
int cli_print_plan(struct cli *cli, const struct rocpart_plan *plan); /* 1 when not feasible */
/* apply_models.c */
int cli_apply_models(struct cli *cli);
int cli_cmd_model_size(struct cli *cli, int argc, char **argv);
int cli_cmd_model_fit(struct cli *cli, int argc, char **argv);
int cli_cmd_model_list(struct cli *cli, int argc, char **argv);
int cli_cmd_model_show(struct cli *cli, int argc, char **argv);
int cli_cmd_model_add(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_create(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_list(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_reset(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_reload(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_mount(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_unmount(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_exec(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_rm(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_hold(struct cli *cli, int argc, char **argv);
int cli_cmd_sim_fault(struct cli *cli, int argc, char **argv);

#endif
