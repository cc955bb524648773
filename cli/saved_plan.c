/* SPDX-License-Identifier: MIT */
/*
 * Plans kept in a file. A plan is what was to be done to this machine for that text of node.yaml;
 * apply computes it again and does it only when it is the same. So a plan holds no text that root
 * would act on: the file itself is read, and trusted or not, as ever.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/seal.h"
#include "base/strbuf.h"
#include "cli/saved_plan.h"

/* Both are the same for `plan` and `apply`; an absolute path survives another working folder. */
static int describe_file(struct cli *cli, const char *path, const struct rocpart_desired *desired,
			 struct rp_strbuf *ret_path, char ret_checksum[16])
{
	RP_AUTO_FREE char *text = NULL, *cwd = NULL;
	struct rocpart_error err = {0};

	if (rocpart_desired_to_yaml(desired, &text, &err) < 0)
		return cli_fail(cli, &err);
	(void)rp_fmt(ret_checksum, 16, "%08x", rp_crc32c(text, strlen(text)));
	if (*path != '/' && !(cwd = getcwd(NULL, 0)))
		return cli_nomem(cli);
	rp_strbuf_addf(ret_path, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path);
	return rp_strbuf_failed(ret_path) ? cli_nomem(cli) : 0;
}

static struct rp_json *plan_of(struct cli *cli, struct rocpart_difference *d, const char *file,
			       const struct rocpart_desired *desired,
			       const struct view_plan_options *options, int *ret_status)
{
	RP_AUTO_STRBUF struct rp_strbuf path = RP_STRBUF_INIT;
	char checksum[16];
	struct rp_json *j;

	*ret_status = describe_file(cli, file, desired, &path, checksum);
	if (*ret_status)
		return NULL;
	j = view_saved_plan(cli_about(cli), d, rp_strbuf_str(&path), checksum, options);
	if (!j)
		*ret_status = cli_nomem(cli);
	return j;
}

static int write_file(struct cli *cli, const char *path, const struct rp_strbuf *text)
{
	RP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct rocpart_error err = {0};
	ssize_t n = fd < 0 ? -1 : write(fd, text->s, text->len);

	if (n == (ssize_t)text->len)
		return 0;
	(void)rp_error_errno(&err, n < 0 ? rp_neg_errno() : -EIO, path, "cannot write '%s'", path);
	return cli_fail(cli, &err);
}

int cli_save_plan(struct cli *cli, struct rocpart_difference *d, const char *to, const char *file,
		  const struct rocpart_desired *desired, const struct view_plan_options *options)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = NULL;
	int status;

	if (rp_str_eq(file, "-"))
		return cli_usage_error(cli, "--save needs a file: standard input is gone when the "
					    "plan is applied");
	j = plan_of(cli, d, file, desired, options, &status);
	if (status)
		return status;
	if (rp_json_print(j, true, &text) < 0)
		return cli_nomem(cli);
	rp_strbuf_add_char(&text, '\n');
	status = rp_strbuf_failed(&text) ? cli_nomem(cli) : write_file(cli, to, &text);
	if (status == 0 && !cli->global.json)
		cli_say(stdout, "saved; `rocpart apply --plan %s` does this and nothing else\n",
			to);
	return status;
}

int cli_read_plan(struct cli *cli, const char *path, struct rp_json **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	int status = cli_read_file(cli, path, &text);

	if (status)
		return status;
	if (rp_json_parse(rp_strbuf_str(&text), text.len, path, ret, &err) < 0)
		return cli_fail(cli, &err);
	if (rp_json_text(rp_json_get(*ret, "file")) && rp_json_get(*ret, "replicas"))
		return 0;
	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, path,
			   "'%s' is not a plan that `rocpart plan --save` wrote", path);
	return cli_fail(cli, &err);
}

static bool is_same(const struct rp_json *a, const struct rp_json *b, const char *key)
{
	RP_AUTO_STRBUF struct rp_strbuf x = RP_STRBUF_INIT, y = RP_STRBUF_INIT;

	return rp_json_print(rp_json_get(a, key), false, &x) == 0 &&
	       rp_json_print(rp_json_get(b, key), false, &y) == 0 &&
	       rp_str_eq(rp_strbuf_str(&x), rp_strbuf_str(&y));
}

int cli_check_plan(struct cli *cli, const struct rp_json *saved, struct rocpart_difference *d,
		   const char *file, const struct rocpart_desired *desired)
{
	static const struct {
		const char *key, *why;
	} parts[] = {
		{"kind", "the plan is of another kind of machine"},
		{"machine", "the plan is of another machine"},
		{"checksum", "the file is another one than the plan was made of"},
		{"differences", "the modes of the GPUs are others than the plan was made of"},
		{"replicas", "other leases are to change than those of the plan"},
	};
	struct view_plan_options options;
	RP_AUTO_JSON struct rp_json *now = NULL;
	struct rocpart_error err = {0};
	int status;

	view_read_plan_options(saved, &options);
	now = plan_of(cli, d, file, desired, &options, &status);
	for (size_t i = 0; status == 0 && i < RP_ARRAY_LEN(parts); i++) {
		if (is_same(saved, now, parts[i].key))
			continue;
		(void)rp_error_set(&err, -ESTALE, ROCPART_ERR_STALE_SNAPSHOT, file,
				   "%s; nothing was changed", parts[i].why);
		(void)rp_error_hint(&err, "make the plan again: `rocpart plan %s --save FILE`",
				    file);
		status = cli_fail(cli, &err);
	}
	return status;
}
