/* SPDX-License-Identifier: MIT */
#include "cli/run_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "base/num.h"

#define ENTRY_MAX 65536 /* of the user database; a group may have thousands of members */

void cli_run_user_done(struct cli_run_user *u)
{
	free(u->name);
	free(u->groups);
	free(u->envp);
	rp_names_done(&u->words);
	memset(u, 0, sizeof(*u));
}

/* Names before numbers: a name may consist of digits. text receives the strings of *entry. */
static bool find_entry(const char *user, char *text, struct passwd *entry)
{
	struct passwd *found = NULL;
	uint32_t uid;

	if (getpwnam_r(user, entry, text, ENTRY_MAX, &found) == 0 && found)
		return true;
	return rp_parse_u32(user, 10, &uid) == 0 &&
	       getpwuid_r(uid, entry, text, ENTRY_MAX, &found) == 0 && found;
}

static int find_group(struct cli *cli, const char *group, uint32_t *ret)
{
	RP_AUTO_FREE char *text = rp_new0(char, ENTRY_MAX);
	struct group entry, *found = NULL;

	if (!text)
		return cli_nomem(cli);
	if (getgrnam_r(group, &entry, text, ENTRY_MAX, &found) == 0 && found)
		*ret = entry.gr_gid;
	else if (rp_parse_u32(group, 10, ret) < 0)
		return cli_usage_error(cli, "option '--group': there is no group '%s'", group);
	return 0;
}

/* The groups of the user database, such as render and video, which own the device nodes. */
static int add_groups(struct cli *cli, struct cli_run_user *u)
{
	int n = 0;

	if (u->name)
		(void)getgrouplist(u->name, u->user.gid, NULL, &n); /* counts them */
	n = n > 0 ? n : 1;
	u->groups = rp_new0(uint32_t, (size_t)n);
	if (!u->groups)
		return cli_nomem(cli);
	u->groups[0] = u->user.gid;
	if (u->name && getgrouplist(u->name, u->user.gid, u->groups, &n) < 0)
		return cli_usage_error(cli, "the groups of user '%s' cannot be read", u->name);
	u->user.groups = u->groups;
	u->user.n_groups = (uint64_t)n;
	return 0;
}

static bool is_name(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* What login sets. A user who is not in the database has no home, no name and no shell. */
static int set_environment(struct cli *cli, struct cli_run_user *u, const struct passwd *entry)
{
	static const char *const names[] = {"HOME", "USER", "LOGNAME", "SHELL"};
	const char *const values[] = {entry ? entry->pw_dir : NULL, entry ? entry->pw_name : NULL,
				      entry ? entry->pw_name : NULL,
				      entry ? entry->pw_shell : NULL};
	size_t n = 0, k = 0;

	while (environ[n])
		n++;
	u->envp = rp_new0(const char *, n + RP_ARRAY_LEN(names) + 1);
	for (size_t i = 0; u->envp && i < n; i++) {
		bool replaced = false;

		for (size_t v = 0; v < RP_ARRAY_LEN(names); v++)
			replaced |= is_name(environ[i], names[v]);
		if (!replaced)
			u->envp[k++] = environ[i];
	}
	for (size_t v = 0; u->envp && v < RP_ARRAY_LEN(names); v++) {
		RP_AUTO_FREE char *word =
			values[v] ? rp_strdupf("%s=%s", names[v], values[v]) : NULL;

		if (values[v] && (!word || rp_names_add(&u->words, word) < 0))
			return cli_nomem(cli);
	}
	for (size_t i = 0; u->envp && i < u->words.n; i++)
		u->envp[k++] = u->words.v[i];
	return u->envp ? 0 : cli_nomem(cli);
}

/* user: never NULL. A user who is only a number needs a group: there is no entry to take it from.
 */
static int take_user(struct cli *cli, const char *user, const char *group, struct cli_run_user *u)
{
	RP_AUTO_FREE char *text = rp_new0(char, ENTRY_MAX);
	struct passwd entry;
	bool is_known = text && find_entry(user, text, &entry);
	int status;

	if (!text)
		return cli_nomem(cli);
	if (!is_known && rp_parse_u32(user, 10, &u->user.uid) < 0)
		return cli_usage_error(cli, "option '--user': there is no user '%s'", user);
	if (!is_known && !group)
		return cli_usage_error(
			cli, "user %s is not in the user database: give --group, too", user);
	if (is_known) {
		u->user.uid = entry.pw_uid;
		u->user.gid = entry.pw_gid;
		u->name = strdup(entry.pw_name);
		if (!u->name)
			return cli_nomem(cli);
	}
	status = group ? find_group(cli, group, &u->user.gid) : 0;
	if (status == 0)
		status = add_groups(cli, u);
	return status ? status : set_environment(cli, u, is_known ? &entry : NULL);
}

static int refuse_other(struct cli *cli, const char *what)
{
	struct rocpart_error err = {.errnum = -EPERM, .code = ROCPART_ERR_PERMISSION};

	(void)rp_fmt(err.message, sizeof(err.message),
		     "only root can run a command as another %s; nothing was leased", what);
	(void)rp_fmt(err.hint, sizeof(err.hint),
		     "leave out --user and --group, or run the command with sudo");
	return cli_fail(cli, &err);
}

/* Without root only the present user and group can be asked for, which changes nothing. */
static int check_own(struct cli *cli, struct cli_run_user *u, const char *group)
{
	if (u->user.uid != geteuid())
		return refuse_other(cli, "user");
	if (group && u->user.gid != getegid())
		return refuse_other(cli, "group");
	cli_run_user_done(u);
	return 0;
}

/* Digits only: sudo sets both, and nothing else is believed. */
static int read_sudo(struct cli *cli, const char **ret_user, const char **ret_group)
{
	const char *uid = secure_getenv("SUDO_UID"), *gid = secure_getenv("SUDO_GID");
	uint32_t id;

	*ret_user = *ret_group = NULL;
	if (geteuid() != 0 || !uid)
		return 0;
	if (rp_parse_u32(uid, 10, &id) < 0 || !gid || rp_parse_u32(gid, 10, &id) < 0)
		return cli_usage_error(cli, "the variables SUDO_UID and SUDO_GID are no ids of a "
					    "user and a group: give --user");
	if (rp_parse_u32(uid, 10, &id) == 0 && id == 0)
		return 0;
	*ret_user = uid;
	*ret_group = gid;
	return 0;
}

int cli_find_run_user(struct cli *cli, const char *user, const char *group,
		      struct cli_run_user *ret)
{
	struct cli_run_user u = {.words = RP_NAMES_INIT};
	const char *sudo_user = NULL, *sudo_group = NULL;
	char own[16];
	int status = user ? 0 : read_sudo(cli, &sudo_user, &sudo_group);

	if (status)
		return status;
	(void)rp_fmt(own, sizeof(own), "%u", geteuid());
	u.is_sudo = sudo_user;
	if (user || group || sudo_user)
		status = take_user(cli,
				   user	       ? user
				   : sudo_user ? sudo_user
					       : own,
				   group ? group : sudo_group, &u);
	u.is_other = u.envp;
	if (status == 0 && u.is_other && geteuid() != 0)
		status = check_own(cli, &u, group);
	if (status) {
		cli_run_user_done(&u);
		return status;
	}
	*ret = u;
	return 0;
}
