/* SPDX-License-Identifier: MIT */
/*
 * The verbs in the order of `rocpart help`. A new verb is its file, its name here and in
 * meson.build, and its man page; help, completion and man pages are made from its struct.
 */
#include "cli/cli.h"

#include "base/suggest.h"

extern const struct cli_command cli_verb_status, cli_verb_plan, cli_verb_apply, cli_verb_place,
	cli_verb_release, cli_verb_lease_set, cli_verb_args, cli_verb_run, cli_verb_doctor,
	cli_verb_undo, cli_verb_list, cli_verb_show, cli_verb_modes, cli_verb_explain,
	cli_verb_usage, cli_verb_holders, cli_verb_set, cli_verb_reset, cli_verb_assert,
	cli_verb_export, cli_verb_config, cli_verb_adopt, cli_verb_cordon, cli_verb_uncordon,
	cli_verb_accept_gpu, cli_verb_watch, cli_verb_cdi_generate, cli_verb_cdi_list,
	cli_verb_cdi_validate, cli_verb_state_export, cli_verb_state_import, cli_verb_state_check,
	cli_verb_state_migrate, cli_verb_state_set_aside, cli_verb_sim_create, cli_verb_sim_list,
	cli_verb_sim_reset, cli_verb_sim_reload, cli_verb_sim_rm, cli_verb_sim_hold,
	cli_verb_sim_fault, cli_verb_sim_log, cli_verb_sim_load, cli_verb_sim_mount,
	cli_verb_sim_unmount, cli_verb_sim_exec, cli_verb_sim_fleet, cli_verb_model_size,
	cli_verb_model_fit, cli_verb_model_list, cli_verb_model_show, cli_verb_model_add,
	cli_verb_gather, cli_verb_history, cli_verb_hold, cli_verb_revisions, cli_verb_completion,
	cli_verb_help;

static const struct cli_command *const commands[] = {
	&cli_verb_status,
	&cli_verb_plan,
	&cli_verb_apply,
	&cli_verb_place,
	&cli_verb_release,
	&cli_verb_args,
	&cli_verb_run,
	&cli_verb_doctor,
	&cli_verb_undo,
	&cli_verb_list,
	&cli_verb_show,
	&cli_verb_modes,
	&cli_verb_explain,
	&cli_verb_usage,
	&cli_verb_history,
	&cli_verb_holders,
	&cli_verb_set,
	&cli_verb_reset,
	&cli_verb_assert,
	&cli_verb_export,
	&cli_verb_config,
	&cli_verb_revisions,
	&cli_verb_adopt,
	&cli_verb_lease_set,
	&cli_verb_cordon,
	&cli_verb_uncordon,
	&cli_verb_hold,
	&cli_verb_accept_gpu,
	&cli_verb_watch,
	&cli_verb_cdi_generate,
	&cli_verb_cdi_list,
	&cli_verb_cdi_validate,
	&cli_verb_state_export,
	&cli_verb_state_import,
	&cli_verb_state_check,
	&cli_verb_state_migrate,
	&cli_verb_state_set_aside,
	&cli_verb_sim_create,
	&cli_verb_sim_list,
	&cli_verb_sim_reset,
	&cli_verb_sim_reload,
	&cli_verb_sim_rm,
	&cli_verb_sim_hold,
	&cli_verb_sim_fault,
	&cli_verb_sim_log,
	&cli_verb_sim_load,
	&cli_verb_sim_mount,
	&cli_verb_sim_unmount,
	&cli_verb_sim_exec,
	&cli_verb_sim_fleet,
	&cli_verb_model_size,
	&cli_verb_model_fit,
	&cli_verb_model_list,
	&cli_verb_model_show,
	&cli_verb_model_add,
	&cli_verb_gather,
	&cli_verb_completion,
	&cli_verb_help,
};

const struct cli_command *cli_command_at(size_t i)
{
	return i < RP_ARRAY_LEN(commands) ? commands[i] : NULL;
}

const struct cli_command *cli_command_named(const char *name)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(commands); i++)
		if (rp_str_eq(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static const char *name_at(const void *list, size_t index)
{
	(void)list;
	return index < RP_ARRAY_LEN(commands) ? commands[index]->name : NULL;
}

/* A group is the first word of its commands. */
static int add_groups(struct rp_names *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(commands); i++) {
		const char *name = commands[i]->name, *blank = strchr(name, ' ');
		RP_AUTO_FREE char *group = blank ? rp_strndup(name, (size_t)(blank - name)) : NULL;

		if (blank)
			r = group ? rp_names_add(ret, group) : -ENOMEM;
	}
	return r;
}

bool cli_suggest_command(const char *word, char ret[64])
{
	RP_AUTO_NAMES struct rp_names groups = RP_NAMES_INIT;
	const char *near = rp_suggest(word, name_at, NULL);

	if (!near && add_groups(&groups) == 0)
		near = rp_suggest_of(word, (const char *const *)groups.v, groups.n);
	return near && rp_fmt(ret, 64, "%s", near) == 0;
}
