/* SPDX-License-Identifier: MIT */
#include "hw/smi/cli.h"
#include "base/num.h"
#include "base/spawn.h"

#define ROCM_PATH "/opt/rocm/bin/amd-smi"
/* The longest real answer, `partition` of 64 partitions, is about 100 KiB. */
#define ANSWER_MAX (1 << 20)

int rp_smi_cli_open(struct rp_smi_cli *ret, struct rocpart_error *reterr)
{
	struct rp_smi_cli cli = {.read_ms = RP_SMI_READ_MS, .set_ms = RP_SMI_SET_MS};
	int r = rp_find_program("amd-smi", &cli.path);

	if (r == -ENOENT && access(ROCM_PATH, X_OK) == 0) {
		cli.path = strdup(ROCM_PATH);
		r = cli.path ? 0 : -ENOMEM;
	}
	if (r == -ENOENT) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_UNSUPPORTED, "amd-smi",
				   "amd-smi not available: it is neither in the folders of "
				   "programs nor at " ROCM_PATH);
		return rp_error_hint(reterr, "install amd-smi (ROCm: amd-smi-lib, Debian: "
					     "amd-smi), or use --backend sysfs");
	}
	if (r < 0)
		return rp_error_nomem(reterr);
	*ret = cli;
	return 0;
}

void rp_smi_cli_done(struct rp_smi_cli *cli)
{
	free(cli->path);
	cli->path = NULL;
}

/* What one run said. */
struct answer {
	struct rp_strbuf out, err;
	struct rp_strbuf all; /* both, to look for a complaint in */
};
#define NO_ANSWER                                               \
	{                                                       \
		RP_STRBUF_INIT, RP_STRBUF_INIT, RP_STRBUF_INIT, \
	}

static void answer_done(struct answer *a)
{
	rp_strbuf_done(&a->out);
	rp_strbuf_done(&a->err);
	rp_strbuf_done(&a->all);
}
#define AUTO_ANSWER RP_AUTO(answer_done)

static int did_not_run(const char *path, int r, struct rocpart_error *reterr)
{
	if (r == -ENOENT)
		(void)rp_error_set(reterr, r, ROCPART_ERR_UNSUPPORTED, path,
				   "amd-smi cannot be started: the interpreter that its first line "
				   "names does not exist");
	else
		(void)rp_error_errno(reterr, r, path, "amd-smi cannot be started");
	return rp_error_hint(reterr, "reinstall amd-smi and python3, or use --backend sysfs");
}

/* It ended in a way that makes its words worthless. */
static int ended_badly(const char *path, const struct rp_spawn_result *res, uint64_t deadline_ms,
		       struct rocpart_error *reterr)
{
	int r = -EIO;

	if (res->timed_out)
		r = rp_error_set(reterr, -ETIMEDOUT, ROCPART_ERR_FAILED, path,
				 "amd-smi did not end within %llu s and was killed",
				 (unsigned long long)(deadline_ms + 999) / 1000);
	else if (res->signal)
		(void)rp_error_set(reterr, r, ROCPART_ERR_FAILED, path,
				   "amd-smi was killed by signal %d (%s)", res->signal,
				   strsignal(res->signal));
	else
		r = rp_error_set(reterr, -EFBIG, ROCPART_ERR_FAILED, path,
				 "amd-smi printed more than %d MiB", ANSWER_MAX >> 20);
	(void)rp_error_hint(reterr,
			    "run amd-smi by hand to see what is wrong, or use --backend sysfs");
	return r;
}

static int run(const struct rp_smi_cli *cli, const char *const *argv, const char *input,
	       uint64_t deadline_ms, struct answer *ret, struct rocpart_error *reterr)
{
	struct rp_spawn_streams s = {input, &ret->out, &ret->err, ANSWER_MAX, cli->inherited_fd};
	struct rp_spawn_result res = {0};
	int r = rp_spawn_streams(argv, &s, deadline_ms, &res);

	if (r == -ENOMEM)
		return rp_error_nomem(reterr);
	if (r < 0)
		return did_not_run(cli->path, r, reterr);
	if (res.timed_out || res.signal || res.cut)
		return ended_badly(cli->path, &res, deadline_ms, reterr);
	rp_strbuf_addf(&ret->all, "%s\n%s", rp_strbuf_str(&ret->err), rp_strbuf_str(&ret->out));
	return rp_strbuf_failed(&ret->all) ? rp_error_nomem(reterr) : 0;
}

static const char *last_line(struct rp_strbuf *text)
{
	char *newline;

	while (text->len && strchr(" \r\n", text->s[text->len - 1]))
		rp_strbuf_truncate(text, text->len - 1);
	newline = text->len ? strrchr(text->s, '\n') : NULL;
	return newline ? newline + 1 : rp_strbuf_str(text);
}

/* Its complaint as ours, or, when it is none that is known, its last words. */
static int complained(const struct rp_smi_cli *cli, const char *what, struct answer *a,
		      struct rocpart_error *reterr)
{
	const struct rp_smi_failure *f = rp_smi_find_failure(rp_strbuf_str(&a->all));
	const char *out = last_line(&a->out), *err = last_line(&a->err);

	if (f) {
		(void)rp_error_set(reterr, f->errnum, f->code, cli->path, "amd-smi %s: %s", what,
				   f->message);
		return rp_error_hint(reterr, "%s", f->hint);
	}
	(void)rp_error_set(
		reterr, -EIO, ROCPART_ERR_FAILED, cli->path, "amd-smi %s: %.200s%s%.200s", what,
		*out || *err ? out : "it printed nothing", *out && *err ? "; " : "", err);
	return rp_error_hint(reterr,
			     "run amd-smi by hand to see its whole output, or use --backend sysfs");
}

/* Documents of one question: words after the command's name, ended by NULL. */
static int ask(const struct rp_smi_cli *cli, const char *const *words, struct rp_json **ret,
	       struct rocpart_error *reterr)
{
	AUTO_ANSWER struct answer a = NO_ANSWER;
	RP_AUTO_JSON struct rp_json *docs = NULL;
	const char *argv[8] = {cli->path};
	int r;

	for (size_t i = 0; words[i] && i + 2 < RP_ARRAY_LEN(argv); i++)
		argv[i + 1] = words[i];
	r = run(cli, argv, NULL, cli->read_ms, &a, reterr);
	if (r < 0)
		return r;
	r = rp_smi_docs(rp_strbuf_str(&a.out), a.out.len, &docs, reterr);
	if (r < 0)
		return r;
	/* 6.1 gives its errors as JSON, later ones put the name of a class before it. */
	if (rp_json_len(docs) == 0 || rp_json_get(rp_json_at(docs, 0), "error"))
		return complained(cli, words[0], &a, reterr);
	*ret = rp_steal(&docs);
	return 0;
}

static int ask_rows(const struct rp_smi_cli *cli, const char *const *words,
		    struct rp_smi_rows *rows, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *docs = NULL;
	int r = ask(cli, words, &docs, reterr);

	return r < 0 ? r : rp_smi_read_rows(docs, rows, reterr);
}

int rp_smi_cli_version(const struct rp_smi_cli *cli, char **ret, struct rocpart_error *reterr)
{
	static const char *const words[] = {"version", "--json", NULL};
	RP_AUTO_JSON struct rp_json *docs = NULL;
	struct rp_smi_version v = {0};
	char *copy;
	int r = ask(cli, words, &docs, reterr);

	if (r < 0)
		return r;
	rp_smi_read_version(docs, &v);
	if (!v.library)
		return rp_error_set(reterr, -EBADMSG, ROCPART_ERR_BAD_ATTRIBUTE, cli->path,
				    "amd-smi does not print the version of its library");
	copy = strdup(v.library);
	if (!copy)
		return rp_error_nomem(reterr);
	*ret = copy;
	return 0;
}

/* A command or option that this version has not: in its own words, or in those of argparse. */
static bool is_not_offered(int r)
{
	return r == -EOPNOTSUPP || r == -ERANGE;
}

/* -e came with 6.4. */
static int read_list(const struct rp_smi_cli *cli, struct rp_smi_rows *rows,
		     struct rocpart_error *reterr)
{
	static const char *const with_nodes[] = {"list", "-e", "--json", NULL};
	static const char *const without[] = {"list", "--json", NULL};
	int r = ask_rows(cli, with_nodes, rows, reterr);

	if (is_not_offered(r))
		r = ask_rows(cli, without, rows, reterr);
	if (r == 0)
		rp_smi_forget_wrong_nodes(rows);
	return r;
}

static bool lacks_modes(const struct rp_smi_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->v[i].partition_id.v == 0 && rows->v[i].compute == ROCPART_COMPUTE_UNKNOWN)
			return true;
	return false;
}

/*
 * `partition` came with 6.3, where it gives no names of compute modes; its JSON was broken in 6.4.
 * `static` gives both modes in all versions, but not what memory modes there are.
 */
static int read_modes(const struct rp_smi_cli *cli, struct rp_smi_rows *rows,
		      struct rocpart_error *reterr)
{
	static const char *const partition[] = {"partition", "-c", "-m", "--json", NULL};
	static const char *const as_text[] = {"partition", "-c", "-m", NULL};
	static const char *const of_static[] = {"static", "-p", "--json", NULL};
	int r = ask_rows(cli, partition, rows, reterr);

	if (r == -EBADMSG)
		r = ask_rows(cli, as_text, rows, reterr);
	if (is_not_offered(r) || (r == 0 && lacks_modes(rows)))
		r = ask_rows(cli, of_static, rows, reterr);
	return r;
}

int rp_smi_cli_read(const struct rp_smi_cli *cli, struct rp_smi_rows *ret,
		    struct rocpart_error *reterr)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	int r = read_list(cli, &rows, reterr);

	if (r == 0)
		r = read_modes(cli, &rows, reterr);
	if (r < 0)
		return r;
	*ret = rows;
	rows = (struct rp_smi_rows){0};
	return 0;
}

/* -M asks a question, whose answer is in the pipe before; its banner stands before what it says. */
static int set(const struct rp_smi_cli *cli, const char *option, const char *value, const char *bdf,
	       struct rocpart_error *reterr)
{
	const char *const argv[] = {cli->path, "set", option, value, "-g", bdf, NULL};
	AUTO_ANSWER struct answer a = NO_ANSWER;
	int r = run(cli, argv, "y\n", cli->set_ms, &a, reterr);

	if (r < 0)
		return r;
	if (!rp_smi_find_failure(rp_strbuf_str(&a.all)) &&
	    strstr(rp_strbuf_str(&a.out), "Successfully set"))
		return 0;
	return complained(cli, "set", &a, reterr);
}

/* The index of the profile that is this mode, by `partition -a`, which needs root as set does. */
static int find_profile(const struct rp_smi_cli *cli, const char *bdf,
			enum rocpart_compute_mode mode, uint64_t *ret)
{
	static const char *const profiles[] = {"partition", "-a", NULL};
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	int r = read_list(cli, &rows, NULL);

	if (r == 0)
		r = ask_rows(cli, profiles, &rows, NULL);
	for (size_t i = 0; r == 0 && i < rows.n; i++) {
		if (rp_str_eq(rows.v[i].bdf, bdf) && rows.v[i].profiles[mode].known) {
			*ret = rows.v[i].profiles[mode].v;
			return 0;
		}
	}
	return r < 0 ? r : -ENOENT;
}

/* 6.4.0 takes single characters only, that is an index (ROCm/amdsmi#132). */
int rp_smi_cli_set_compute(const struct rp_smi_cli *cli, const char *bdf,
			   enum rocpart_compute_mode mode, struct rocpart_error *reterr)
{
	struct rocpart_error err = {0};
	char number[24];
	uint64_t index;
	int r = set(cli, "-C", rocpart_compute_mode_to_string(mode), bdf, &err);

	if (r == -ERANGE && find_profile(cli, bdf, mode, &index) == 0) {
		(void)rp_fmt(number, sizeof(number), "%llu", (unsigned long long)index);
		r = set(cli, "-C", number, bdf, &err);
	}
	if (r < 0 && reterr)
		*reterr = err;
	return r;
}

int rp_smi_cli_set_memory(const struct rp_smi_cli *cli, const char *bdf,
			  enum rocpart_memory_mode mode, struct rocpart_error *reterr)
{
	return set(cli, "-M", rocpart_memory_mode_to_string(mode), bdf, reterr);
}
