/* SPDX-License-Identifier: MIT */
/* Finding models: files, the catalogs of the system and of the user; options of sizing. */
#include "cli/cli.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"

#define SYSTEM_MODELS "/etc/rocpart/models.d"

char *cli_user_models(void)
{
	RP_AUTO_FREE char *config = cli_user_folder("XDG_CONFIG_HOME", ".config");

	return config ? rp_strdupf("%s/rocpart/models.d", config) : NULL;
}

static bool is_absent(const char *path)
{
	struct stat st;

	return rp_retry(stat(path, &st)) < 0 && rp_is_absent(rp_neg_errno());
}

int cli_load_catalog(struct rocpart_catalog **ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *shipped = cli_data_file("models"), *own = cli_user_models();
	const char *const places[] = {shipped, SYSTEM_MODELS, own};
	struct rocpart_catalog *c = NULL;
	int r = shipped && own ? rocpart_catalog_new(&c) : -ENOMEM;

	if (r < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(places); i++)
		if (i == 0 || !is_absent(places[i])) /* the shipped one must be there */
			r = rocpart_catalog_load(c, places[i], reterr);
	if (r < 0) {
		rocpart_catalog_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int cli_open_catalog(struct cli *cli, struct rocpart_catalog **ret)
{
	struct rocpart_error err = {0};

	return cli_load_catalog(ret, &err) < 0 ? cli_fail(cli, &err) : 0;
}

static int open_bytes(struct cli *cli, const char *name, const char *size,
		      struct rocpart_model **ret)
{
	uint64_t bytes;

	if (rp_parse_bytes(size, &bytes) < 0)
		return cli_usage_error(cli, "--bytes: '%s' is not a size such as 14GiB", size);
	return rocpart_model_new_bytes(name ? name : "(given by --bytes)", bytes, ret) < 0
		       ? cli_nomem(cli)
		       : 0;
}

/* What looks like a path is one, even when nothing is there. */
static bool looks_like_path(const char *name)
{
	return name[0] == '/' || rp_str_starts(name, "./") || rp_str_starts(name, "../") ||
	       rp_str_ends(name, ".safetensors") || rp_str_ends(name, ".gguf") ||
	       rp_str_ends(name, ".json") || !is_absent(name);
}

int cli_open_model(struct cli *cli, const char *name, const char *bytes, struct rocpart_model **ret)
{
	struct rocpart_catalog *catalog = NULL;
	struct rocpart_error err = {0};
	int r, status;

	if (bytes)
		return open_bytes(cli, name, bytes, ret);
	if (!name)
		return cli_usage_error(cli, "no model is given: name one of the catalog, a folder "
					    "or a file, or give --bytes");
	if (looks_like_path(name)) {
		r = rocpart_model_open(name, ret, &err);
		return r < 0 ? cli_fail(cli, &err) : 0;
	}
	status = cli_open_catalog(cli, &catalog);
	if (status)
		return status;
	r = rocpart_model_find(catalog, name, ret, &err);
	rocpart_catalog_free(catalog);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

int cli_parse_count(struct cli *cli, const char *option, const char *text, uint64_t *ret)
{
	size_t n = strlen(text);
	bool kilo = n > 1 && (text[n - 1] == 'k' || text[n - 1] == 'K');
	RP_AUTO_FREE char *digits = rp_strndup(text, kilo ? n - 1 : n);
	uint64_t v;

	if (!digits)
		return cli_nomem(cli);
	if (rp_parse_u64(digits, 10, &v) < 0 || rp_mul_u64(v, kilo ? 1024 : 1, &v) < 0 || v == 0)
		return cli_usage_error(
			cli,
			"--%s: '%s' is not a whole number above zero, such as 4096 or "
			"32k",
			option, text);
	*ret = v;
	return 0;
}

static int set_words(struct cli *cli, const struct cli_size_values *v,
		     struct rocpart_size_options *o)
{
	struct rocpart_error err = {0};
	int r = rocpart_size_options_set_dtype(o, v->dtype, &err);

	if (r == 0)
		r = rocpart_size_options_set_kv_dtype(o, v->kv_dtype, &err);
	if (r == 0)
		r = rocpart_size_options_set_engine(o, v->engine, &err);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int parse_context(struct cli *cli, const char *text, uint64_t *ret)
{
	char why[RP_TOKENS_WHY_SIZE];
	int r = rp_parse_tokens(text, ret, why);

	if (r == -ENOMEM)
		return cli_nomem(cli);
	return r < 0 ? cli_usage_error(cli, "--context %s", why) : 0;
}

static int set_counts(struct cli *cli, const struct cli_size_values *v,
		      struct rocpart_size_options *o)
{
	uint64_t n;
	int status = 0;

	if (v->context && !(status = parse_context(cli, v->context, &n)))
		rocpart_size_options_set_context(o, n);
	if (!status && v->max_seqs && !(status = cli_parse_count(cli, "max-seqs", v->max_seqs, &n)))
		rocpart_size_options_set_max_seqs(o, n);
	if (!status && v->max_batched &&
	    !(status = cli_parse_count(cli, "max-batched-tokens", v->max_batched, &n)))
		rocpart_size_options_set_max_batched_tokens(o, n);
	if (!status && v->tp && !(status = cli_parse_count(cli, "tp", v->tp, &n))) {
		if (n > 1024)
			return cli_usage_error(cli, "--tp: %s ranks are more than 1024", v->tp);
		rocpart_size_options_set_tensor_parallel(o, (uint32_t)n);
	}
	rocpart_size_options_set_eager(o, v->eager);
	rocpart_size_options_set_lenient(o, v->lenient);
	return status;
}

int cli_make_size_options(struct cli *cli, const struct cli_size_values *v,
			  struct rocpart_size_options **ret)
{
	struct rocpart_size_options *o = NULL;
	int status;

	if (rocpart_size_options_new(&o) < 0)
		return cli_nomem(cli);
	status = set_words(cli, v, o);
	status = status ? status : set_counts(cli, v, o);
	if (status) {
		rocpart_size_options_free(o);
		return status;
	}
	*ret = o;
	return 0;
}
