/* SPDX-License-Identifier: MIT */
/* What the commands share: the option table, the command table, opening the machine, output. */
#ifndef RP_CLI_CLI_H
#define RP_CLI_CLI_H

#include <stddef.h>
#include <stdio.h>

#include "views/applied.h"
#include "views/document.h"
#include "views/hold.h"
#include "views/picture.h"
#include "views/table.h"
#include <rocpart/rocpart.h>

struct cli;

/* What every command has. */
struct cli_global_values {
	const char *sim, *root, *backend, *trace;
	bool json, yes, help, version;
};

enum cli_option_kind {
	CLI_FLAG,
	CLI_TEXT,     /* a value that is not empty; given once */
	CLI_LIST,     /* "0,2,5", no part of it empty; given again it goes on */
	CLI_OPTIONAL, /* "" without a value, which takes "=": --trace, --trace=FILE */
	CLI_TABLE,    /* the options of another table, for a struct that is a member */
};

/* What completion offers: as values of options, and as arguments of a command. */
enum cli_words {
	CLI_WORDS_NONE,
	CLI_WORDS_OF_ARG, /* the alternatives in its arg: "auto|never" */
	CLI_WORDS_FILES,
	CLI_WORDS_SIMS,
	CLI_WORDS_SIMS_AND_PROFILES,
	CLI_WORDS_PROFILES,
	CLI_WORDS_BACKENDS,
	CLI_WORDS_COMPUTE_MODES,
	CLI_WORDS_MEMORY_MODES,
	CLI_WORDS_GPUS,	      /* indices; addresses once one is begun */
	CLI_WORDS_PARTITIONS, /* GPU/ID */
	CLI_WORDS_GPUS_AND_PARTITIONS,
	CLI_WORDS_LEASES, /* numbers and names */
	CLI_WORDS_LEASE_NUMBERS,
	CLI_WORDS_LEASES_AND_PARTITIONS, /* numbers and GPU/ID */
	CLI_WORDS_CHANGES,		 /* the number of the last one, which alone can be undone */
	CLI_WORDS_MODELS,
	CLI_WORDS_PRODUCTS,
	CLI_WORDS_COMMANDS,
	CLI_WORDS_COLUMNS,
};

struct cli_option {
	const char *name; /* without the dashes; NULL ends a table */
	char letter;	  /* 0: none */
	enum cli_option_kind kind;
	enum cli_words words;
	const char *arg;		/* name of its value in help; NULL for a flag */
	size_t offset;			/* in the struct of values */
	const struct cli_option *table; /* of CLI_TABLE */
	const char *help;		/* a verb and its object, no full stop */
};

/*
 * One verb. Its options, its struct of values and its function are in one file; the table of verbs
 * in commands.c is all that knows of them.
 */
struct cli_command {
	const char *name;  /* "list", "sim create" */
	const char *group; /* heading in help */
	const char *args;  /* positional arguments in help, or "" */
	unsigned min_args, max_args;
	const char *summary; /* one line, lower case, no full stop */
	const struct cli_option *options;
	size_t values_size;		  /* of the struct that the offsets of options mean */
	enum cli_words words[2];	  /* of the first argument, and of those after it */
	const struct view_field *columns; /* that --columns may name */
	bool needs_machine;
	bool notes_hold;  /* a person who runs it is told of a hold of unattended changes */
	bool has_program; /* what follows "--" is a program and its words, which may be empty */
	bool has_words;	  /* what follows "--" are words of any kind */
	int (*run)(struct cli *cli, int argc, char **argv); /* exit status */
};

/* Groups of options that several verbs have, each with the values that they set. */
struct cli_change_values {
	bool dry_run, allow_unvalidated, evict;
	const char *reload, *wait;
	const char *then; /* one more step, which follows the change; NULL: none */
};
extern const struct cli_option cli_change_options[];

struct cli_file_values {
	const char *file, *config;
	bool unattended; /* of apply */
};
extern const struct cli_option cli_file_options[];

struct cli_table_values {
	const char *columns;
	bool wide, csv;
};
extern const struct cli_option cli_table_options[];

struct cli_size_values {
	const char *dtype, *context, *max_seqs, *max_batched, *kv_dtype, *tp, *engine, *bytes;
	bool eager, lenient;
};
extern const struct cli_option cli_size_options[];

struct cli_lease_values {
	const char *bytes, *dtype, *context, *replicas, *owner, *share, *priority;
	bool lenient;
	struct rp_names labels;
};
extern const struct cli_option cli_lease_options[];

#define CLI_SHARED(options_, type, member)                          \
	{                                                           \
		.name = "", .kind = CLI_TABLE, .table = (options_), \
		.offset = offsetof(struct type, member)             \
	}
#define CLI_END              \
	{                    \
		.name = NULL \
	}

struct cli {
	struct cli_global_values global;
	void *values; /* of the command's options: its own struct */
	const struct cli_command *command;
	int n_plain; /* words of the command line, the verb among them, before "--" */
	struct rocpart_machine *machine;
	struct rp_strbuf machine_name; /* of a simulated machine or a capture */
	struct rp_strbuf command_line; /* for the history: without a program of the caller's */
};

/* commands.c */
const struct cli_command *cli_command_at(size_t i);	       /* NULL past the end */
const struct cli_command *cli_command_named(const char *name); /* NULL: there is none */
/* Name of a command or of a group ("sim") in ret. False: none is near. */
bool cli_suggest_command(const char *word, char ret[64]);
extern const struct cli_option cli_global_options[];

/* options.c: options of a table, those of shared tables in their place; false past the end. */
struct cli_option_at {
	const struct cli_option *option;
	size_t offset; /* in the struct of the outermost table */
};
bool cli_option_at(const struct cli_option *table, size_t index, struct cli_option_at *ret);
/* By name; by letter when name is NULL. */
bool cli_find_option(const struct cli_option *table, const char *name, char letter,
		     struct cli_option_at *ret);
/*
 * Find the command and its options, wherever they stand. 0, or an exit status with the error
 * printed. Positional arguments are moved to argv[0..n). cli->command stays NULL when no word names
 * one: then they are the words.
 */
int cli_parse(struct cli *cli, int argc, char **argv, int *ret_argc);
void cli_free_values(struct cli *cli);

/* machine.c */
int cli_open_machine(struct cli *cli); /* 0 or exit status */
int cli_observe(struct cli *cli, struct rocpart_snapshot **ret);
/*
 * To name partitions by. NULL when the machine cannot be observed: they are named by PCI addresses
 * then, and the error is noted.
 */
struct rocpart_snapshot *cli_observe_for_names(struct cli *cli);
/* cli_observe(), with exit status 5 for no GPU, 6 when an unfinished change is why. */
int cli_observe_gpus(struct cli *cli, struct rocpart_snapshot **ret);
/* The same for verbs that show what is there: no GPU during an unfinished change is no failure. */
int cli_observe_or_unfinished(struct cli *cli, struct rocpart_snapshot **ret);

/*
 * unfinished.c: a change that is under way, or was left unfinished. A state that cannot be read is
 * noted as an error.
 */
bool cli_has_unfinished(const struct cli *cli);
/* The line under what such a verb prints, and the key of its document; it takes over j. */
void cli_print_unfinished(const struct cli *cli);
struct rp_json *cli_add_unfinished(const struct cli *cli, struct rp_json *j);
int cli_print_json_unfinished(struct cli *cli, struct rp_json *j);
/*
 * The same on standard error, after a verb that did not say it in its output or its error. A state
 * that cannot be read is a note, too: the exit status is that of the work.
 */
void cli_note_unfinished(const struct cli *cli);
void cli_set_unfinished_shown(void);
/* The error of a verb that needs a GPU during an unfinished change. */
void cli_say_unfinished(const struct cli *cli, struct rocpart_error *err);
/* cli_fail() for a GPU or partition that was not found: exit status 6 where a change is why. */
int cli_fail_without_gpu(struct cli *cli, const struct rocpart_error *err);
/* Folder of a simulated machine of that name (or profile file); caller frees. NULL: no memory. */
char *cli_sim_dir(const char *name);
char *cli_sim_root(void);
/* cmd_sim.c: that folder, of what argv[0] names; 0 or exit status. What was done to a machine. */
int cli_sim_find_dir(struct cli *cli, char **argv, char **ret);
int cli_sim_done(struct cli *cli, const char *name, const char *action);
/*
 * Folder of the user: that of an XDG variable, else below_home in the home folder; for the caller
 * to free. NULL: out of memory.
 */
char *cli_user_folder(const char *variable, const char *below_home);
/* The same for what lasts until the next boot: /run for root. */
char *cli_runtime_folder(void);
/* Where a file that comes with rocpart is; caller frees. NULL: no memory. */
char *cli_data_file(const char *file);
/* Text of a profile by its name or path; 0 or exit status. */
int cli_load_profile(struct cli *cli, const char *name, struct rp_strbuf *ret);
bool cli_is_path(const char *name);
/* A file, "-" for standard input, of up to max bytes. 0; -EFBIG; errno of reading. */
int cli_read_up_to(const char *path, size_t max, struct rp_strbuf *ret) RP_MUST_CHECK;
/* Whole text of a file of up to 4 MiB; 0 or exit status. */
int cli_read_file(struct cli *cli, const char *path, struct rp_strbuf *ret);

/* model_io.c: 0 or exit status; what is returned is to be freed. */
int cli_open_catalog(struct cli *cli, struct rocpart_catalog **ret);
/* The same, without printing. 0 or a negative errno. */
int cli_load_catalog(struct rocpart_catalog **ret, struct rocpart_error *reterr);
/* By path, by catalog name, or by --bytes; name may be NULL with --bytes. */
int cli_open_model(struct cli *cli, const char *name, const char *bytes,
		   struct rocpart_model **ret);
int cli_make_size_options(struct cli *cli, const struct cli_size_values *v,
			  struct rocpart_size_options **ret);
/* The folder of the user's own catalog; NULL: no memory. */
char *cli_user_models(void);
/* "32k" is 32768. */
int cli_parse_count(struct cli *cli, const char *option, const char *text, uint64_t *ret);

/* elapsed.c: a step of a change takes its time; on a terminal its seconds are shown. */
void cli_elapsed_begin(void);
void cli_elapsed_end(void);

/* interrupt.c: from defer on, INT, TERM, HUP and QUIT wait for take: one came since the last call.
 */
void cli_defer_signals(void);
bool cli_take_signal(void);

/* out.c */
int cli_fail(const struct cli *cli, const struct rocpart_error *err); /* prints, exit status */
int cli_usage_error(const struct cli *cli, const char *fmt, ...) RP_PRINTF(2, 3);
int cli_nomem(const struct cli *cli);
/* Exit status 0, or 1 when it cannot be written. JSON and tables are freed; NULL: no memory. */
int cli_print_json(struct cli *cli, struct rp_json *j);
int cli_print_text(struct cli *cli, const struct rp_strbuf *text);
/* "simulated machine mi300x-8" or "capture ..." above text output; nothing for a real one. */
void cli_print_banner(const struct cli *cli);
/* What the caller may not read, and what is shown instead; the banner has it too. */
void cli_print_note(const struct cli *cli, FILE *to);
/* The machine of the command, for the documents of views/. */
struct view_machine cli_about(const struct cli *cli);
/*
 * An error of something beside the answer, which is printed all the same: the command ends with the
 * message, and with its status unless that is an error already.
 */
void cli_note_error(const struct rocpart_error *err);
/* The same of what comes after the work is done, which the exit status is of. */
void cli_say_note(const char *what, const struct rocpart_error *err);
/* The message of the last failure; "" without one. */
const char *cli_last_message(void);
void cli_set_last_message(const char *text); /* of a failure that is shown as more than a message */
void cli_set_done(void);   /* what is changed is said when standard output cannot be written */
int cli_flush(int status); /* status, or 1 when standard output could not be written */

/*
 * say.c: text for people. As printf(), but %s is escaped, and a line that is wider than the
 * terminal is broken between words, below the tab of its format if it has one. What programs read
 * (JSON, CSV, specs, settings) is printed without it.
 */
void cli_say(FILE *f, const char *fmt, ...) RP_PRINTF(2, 3);
void cli_say_lines(FILE *f, const char *text); /* each line of a text that has several */
void cli_say_toned(FILE *f, enum view_tone tone, const char *text); /* part of a line */
void cli_end_line(FILE *f); /* print what was said of a line, for a question */
void cli_lose_text(void);   /* some of it cannot be made for lack of memory */
bool cli_has_lost_text(void);
bool cli_wants_colour(FILE *f);
size_t cli_get_width(FILE *f); /* of the terminal; 0: it is none */
/* The options of the command's table; NULL: it has none. */
struct cli_table_values *cli_get_table_values(const struct cli *cli);
bool cli_wants_csv(const struct cli *cli);
bool cli_wants_wide(const struct cli *cli);
/* Options that exclude each other, and columns that are none. 0 or exit status. */
int cli_check_table(const struct cli *cli);
/* snapshot: by which partitions are named, or NULL; to be kept until the table is printed. */
struct view_layout cli_get_layout(const struct cli *cli, const struct rocpart_snapshot *snapshot);
int cli_print_table(struct cli *cli, struct view_table *table);

/* user_name.c: "alice", or "user 1000" where the user database has no such user. */
#define CLI_USER_NAME_SIZE 64
void cli_user_name(uint32_t uid, char buf[CLI_USER_NAME_SIZE]);

/* hold_say.c: the hold of the machine now, or another one, for the functions of views/hold.h. */
struct cli_hold {
	struct rocpart_hold hold;
	char user[CLI_USER_NAME_SIZE];
};
struct view_hold cli_read_hold(const struct cli *cli, struct cli_hold *ret);
struct view_hold cli_view_hold(struct cli_hold *h, struct view_hold v);
void cli_print_hold(const struct view_hold *v); /* a line */
void cli_note_hold(const struct cli *cli);	/* a note on standard error while there is one */

/* trace.c: print what the library does, to standard error or to the file of --trace=. */
int cli_start_trace(struct cli *cli); /* 0 or exit status */
void cli_end_trace(void);

/* help.c */
void cli_print_help(FILE *f);
void cli_print_command_help(FILE *f, const struct cli_command *command);
/* The commands of two words that start with group, such as "sim". False: there are none. */
bool cli_print_group_help(FILE *f, const char *group);
/* Prints that the first one or two of n words name no command. Exit status. */
int cli_refuse_command(struct cli *cli, int n, char **words);

/* The command has --dry-run, and it is given: the machine is opened so that nothing is written. */
bool cli_is_dry_run(const struct cli *cli);
/* Nobody runs it, as --unattended says: it obeys a hold. */
bool cli_is_unattended(const struct cli *cli);
/* Exit status of a command that did something, or showed in a dry run what it would do. */
int cli_done(const struct cli *cli);
/* Prints a document of such a command, with "dry_run": true in a dry run. It takes over j. */
int cli_print_json_done(struct cli *cli, struct rp_json *j);
extern const struct cli_option cli_dry_run_options[]; /* of a bool */

/* Something is to be done: the answer of assert, of plan for a machine and of --dry-run. */
#define CLI_EXIT_PARTLY 4
#define CLI_EXIT_TO_DO	7

/* shared_options.c: the file, given by -f or as the argument. 0, or exit status with the error. */
int cli_take_file(struct cli *cli, struct cli_file_values *v, int argc, char **argv);
/* Read it, "-" for standard input; to be freed. 0, or exit status with the error. */
int cli_open_desired(struct cli *cli, const char *path, bool unattended,
		     struct rocpart_desired **ret);

/* change_io.c: a change stops what runs: by --yes, or by the word typed at a terminal. */
int cli_confirm(struct cli *cli);
/* Say that nothing was to be done. */
int cli_say_unchanged(struct cli *cli, const char *text);
/* Show, confirm and do a change. */
int cli_do_change(struct cli *cli, const struct cli_change_values *v,
		  struct rocpart_change *change);
/* The same as one part of a command: silent with --json and when nothing is to be done. */
int cli_do_change_quietly(struct cli *cli, const struct cli_change_values *v,
			  struct rocpart_change *change);
/* An unfinished change is resumed, or undone; --dry-run only shows it. Takes over change. */
int cli_finish_change(struct cli *cli, const struct cli_change_values *v,
		      struct rocpart_change *change, bool undo);
/* The unfinished change is resumed, with progress unless --json. 0 or a negative errno. */
int cli_resume_change(struct cli *cli, struct rocpart_error *reterr);
void cli_print_holders(const struct rocpart_holders *holders);
/*
 * Wait, for the time of --wait, until no other process changes the machine: before it is observed.
 * 0, or exit status with the error printed. A change that is still under way is refused later.
 */
int cli_wait_for_change(struct cli *cli, const struct cli_change_values *v);

/*
 * cmd_place.c: what the options say of a lease, to be freed. model: sized; else --bytes, or 0 for
 * all of a partition, and name. 0 or exit status.
 */
int cli_place_options(struct cli *cli, const struct cli_lease_values *v, const char *model,
		      const char *name, struct rocpart_place_options **ret);

/*
 * applied_say.c: the file that was applied last, and how the machine differs from it. leases NULL:
 * they are not known, and nothing is compared. 0, or exit status with the error printed.
 */
struct cli_applied {
	struct rocpart_applied *list; /* owns the texts of the revision */
	struct view_applied view;
	char problem[512], problem_of_file[768];
};
int cli_read_applied(struct cli *cli, struct rocpart_snapshot *snapshot,
		     const struct rocpart_leases *leases, struct cli_applied *ret);
void cli_applied_done(struct cli_applied *a);
void cli_print_applied(const struct cli_applied *a); /* nothing when no file was applied */

/* lease_status.c: leases under the table of status. Exit status. */
int cli_print_lease_status(struct cli *cli, const struct rocpart_leases *leases,
			   const struct rocpart_snapshot *snapshot);

/* cmd_plan.c: 0 or exit status with the error printed. */
int cli_plan_for_machine(struct cli *cli, struct rocpart_plan *plan, struct rocpart_snapshot *s,
			 struct rocpart_leases **ret_leases);
/* The file, unless it is NULL, and the models of add into it, solved. */
int cli_solve_plan(struct cli *cli, struct rocpart_plan *plan,
		   const struct rocpart_desired *desired, const struct rp_names *add,
		   bool allow_unvalidated);
/* plan_out.c: a plan; 1 when not feasible. */
enum cli_plan_detail {
	CLI_PLAN_SUMMARY, /* without the GPUs: a difference shows them */
	CLI_PLAN_PICTURE, /* GPUs as a picture, or as numbers where that is larger than a screen */
	CLI_PLAN_ALL,	  /* each partition, each model */
};
int cli_print_plan(struct cli *cli, const struct rocpart_plan *plan, enum cli_plan_detail detail);
/* plan_why.c: a sentence when no partition at all is enough for the request. False: some are. */
bool cli_explain_never(const struct rp_json *doc, size_t request, struct rp_strbuf *ret);
int cli_print_fleet(const struct rp_json *doc); /* plan_fleet.c: 0 or -ENOMEM */
/*
 * picture_out.c: GPUs before and after, of a difference, and of the document of a plan. NULL: out
 * of memory.
 */
struct view_picture *cli_picture_difference(struct rocpart_difference *d);
struct view_picture *cli_picture_plan(const struct rp_json *doc);
/* Print and free a picture, unless it is larger than a screen: then false. */
bool cli_print_picture(struct view_picture *picture);
/* Show the restarts of a difference as they are done; Ctrl-C stops between two of them. */
void cli_watch_restarts(struct cli *cli, struct rocpart_difference *d);
/* difference_out.c: the lines of a difference, below a title. */
void cli_print_difference(struct cli *cli, struct rocpart_difference *d);
/* The same, or that there is none. */
void cli_print_compared(struct cli *cli, struct rocpart_difference *d);
/* plan_effect.c: what the switches of a difference stop, for how long, and what is in the way. */
int cli_print_effect(struct cli *cli, struct rocpart_difference *d); /* 0 or exit status */
/* Compare the machine with a file. 0 or exit status with the error printed. */
int cli_compare(struct cli *cli, struct rocpart_difference *d);
/* Why a plan that is not feasible places too little, in one sentence. */
void cli_explain_misfit(const struct rocpart_plan *plan, struct rocpart_error *ret);

#endif
