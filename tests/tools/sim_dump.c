/* SPDX-License-Identifier: MIT */
/*
 * sim_dump PROFILE DIR [PATH=VALUE | reload]...: boot the machine of a profile, write the values,
 * and lay its tree out below DIR as plain files, so that it can be compared with a capture. In
 * place of a profile, the folder of a machine: it is opened as it is.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/sim.h"

#define FILE_MAX (1U << 20)

static int fail(const char *what, int r)
{
	fprintf(stderr, "sim_dump: %s: %s\n", what, strerror(-r));
	return r;
}

static int load_text(const char *path, struct rp_strbuf *ret)
{
	RP_AUTO_FCLOSE FILE *f = fopen(path, "re");
	char buf[4096];
	size_t n;

	if (!f)
		return fail(path, rp_neg_errno());
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		rp_strbuf_add_mem(ret, buf, n);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

static int dump_file(struct rp_sim *sim, const char *path, const char *out)
{
	const struct rp_tree_ops *ops = rp_sim_tree_ops();
	RP_AUTO_FREE char *buf = malloc(FILE_MAX);
	RP_AUTO_FCLOSE FILE *f = NULL;
	size_t len = 0;
	int r = buf ? ops->read(sim, path, buf, FILE_MAX, &len) : -ENOMEM;

	if (r == -EACCES || r == -EIO || r == -ENODEV) /* write only; off the bus */
		return 0;
	if (r < 0)
		return fail(path, r);
	f = fopen(out, "we");
	if (!f || fwrite(buf, 1, len, f) != len)
		return fail(out, rp_neg_errno());
	return 0;
}

static int dump(struct rp_sim *sim, const char *path, const char *out);

static int dump_dir(struct rp_sim *sim, const char *path, const char *out)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_sim_tree_ops()->list(sim, path, &names);

	if (r < 0)
		return fail(path, r);
	if (mkdir(out, 0755) < 0 && errno != EEXIST)
		return fail(out, rp_neg_errno());
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *from = rp_strdupf("%s/%s", path, names.v[i]);
		RP_AUTO_FREE char *to = rp_strdupf("%s/%s", out, names.v[i]);

		r = from && to ? dump(sim, from, to) : -ENOMEM;
	}
	return r;
}

static int dump(struct rp_sim *sim, const char *path, const char *out)
{
	RP_AUTO_STRBUF struct rp_strbuf link = RP_STRBUF_INIT;
	struct rp_stat st;
	int r = rp_sim_tree_ops()->stat(sim, path, &st);

	if (r < 0)
		return fail(path, r);
	switch (st.type) {
	case RP_FILE_DIR:
		return dump_dir(sim, path, out);
	case RP_FILE_REGULAR:
		return dump_file(sim, path, out);
	case RP_FILE_LINK:
		r = rp_sim_tree_ops()->readlink(sim, path, &link);
		if (r == 0 && symlink(rp_strbuf_str(&link), out) < 0)
			r = rp_neg_errno();
		return r < 0 ? fail(path, r) : 0;
	case RP_FILE_CHAR:
	case RP_FILE_OTHER:
		break;
	}
	return 0; /* a device node needs privileges to make */
}

static int change(struct rp_sim *sim, char *arg)
{
	char *value = strchr(arg, '=');

	if (!value)
		return rp_sim_reload(sim, NULL);
	*value++ = '\0';
	return rp_sim_tree_ops()->write(sim, arg, value, strlen(value));
}

static int start(const char *path, struct rp_sim **ret, struct rocpart_error *err)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct stat st;
	int r = stat(path, &st) < 0 ? rp_neg_errno() : 0;

	if (r == 0 && S_ISDIR(st.st_mode))
		return rp_sim_open(path, ret, err);
	r = load_text(path, &text);
	return r < 0 ? r : rp_sim_new(rp_strbuf_str(&text), text.len, path, ret, err);
}

int main(int argc, char **argv)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	struct rocpart_error err = {0};

	if (argc < 3)
		return 2;
	if (start(argv[1], &sim, &err) < 0) {
		fprintf(stderr, "sim_dump: %s: %s\n", err.object, err.message);
		return 1;
	}
	for (int i = 3; i < argc; i++) {
		int r = change(sim, argv[i]);

		if (r < 0)
			return fail(argv[i], r) ? 1 : 0;
	}
	if (mkdir(argv[2], 0755) < 0 && errno != EEXIST)
		return 1;
	for (const char *const *top = (const char *const[]){"sys", "proc", NULL}; *top; top++) {
		RP_AUTO_FREE char *out = rp_strdupf("%s/%s", argv[2], *top);

		if (!out || dump(sim, *top, out) < 0)
			return 1;
	}
	return 0;
}
