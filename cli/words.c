/* SPDX-License-Identifier: MIT */
/*
 * The words that completion offers. A machine is only read, and only one that exists: pressing TAB
 * creates nothing and prints no error.
 */
#include "cli/words.h"

#include <dirent.h>

#include "base/num.h"
#include "base/printable.h"

/* A word with a line feed or the like cannot be offered: answers are lines. */
static int add(struct rp_names *list, const char *word)
{
	return rp_is_printable(word) ? rp_names_add(list, word) : 0;
}

static int add_described(struct rp_names *list, const char *word, const char *description)
{
	RP_AUTO_FREE char *line = NULL;

	if (!rp_is_printable(word) || !rp_is_printable(description))
		return add(list, word);
	line = rp_strdupf("%s\t%s", word, description);
	return line ? rp_names_add(list, line) : -ENOMEM;
}

static int add_mode_names(struct rp_names *list, bool is_memory)
{
	int r = 0;

	for (int m = 1; r == 0; m++) {
		const char *name =
			is_memory ? rocpart_memory_mode_to_string((enum rocpart_memory_mode)m)
				  : rocpart_compute_mode_to_string((enum rocpart_compute_mode)m);

		if (rp_str_eq(name, "UNKNOWN"))
			return 0;
		r = add(list, name);
	}
	return r;
}

static int add_backends(struct rp_names *list)
{
	int r = 0;

	for (int b = 0; r == 0; b++) {
		const char *name = rocpart_backend_to_string((enum rocpart_backend)b);

		if (rp_str_eq(name, "unknown"))
			return 0;
		r = add(list, name);
	}
	return r;
}

/* "auto|never" */
static int add_alternatives(struct rp_names *list, const char *arg)
{
	int r = 0;

	while (arg && *arg && *arg != ' ' && r == 0) {
		size_t n = strcspn(arg, "| ");
		RP_AUTO_FREE char *one = rp_strndup(arg, n);

		r = one ? add(list, one) : -ENOMEM;
		arg += n + (arg[n] == '|');
	}
	return r;
}

/* Names in a folder that end with suffix, without it; folders when suffix is NULL. */
static int add_entries(struct rp_names *list, const char *dir, const char *suffix,
		       const char *description)
{
	RP_AUTO_CLOSEDIR DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *e;
	int r = 0;

	while (r == 0 && d && (e = readdir(d))) {
		size_t n = strlen(e->d_name), cut = suffix ? strlen(suffix) : 0;
		RP_AUTO_FREE char *name = NULL;

		if (e->d_name[0] == '.' || (suffix && !rp_str_ends(e->d_name, suffix)))
			continue;
		name = rp_strndup(e->d_name, n - cut);
		r = name ? add_described(list, name, description) : -ENOMEM;
	}
	return r;
}

static int add_sims(struct rp_names *list)
{
	RP_AUTO_FREE char *root = cli_sim_root();

	return add_entries(list, root, NULL, "simulated machine");
}

static int add_profiles(struct rp_names *list)
{
	RP_AUTO_FREE char *dir = cli_data_file("profiles");

	return add_entries(list, dir, ".yaml", "profile");
}

/* NULL: there is none to read. The caller closes it. */
static struct rocpart_machine *open_machine(const struct cli *cli)
{
	const char *sim = cli->global.sim ? cli->global.sim : secure_getenv("ROCPART_SIM");
	RP_AUTO_FREE char *dir = sim && *sim ? cli_sim_dir(sim) : NULL;
	struct rocpart_machine *m = NULL;

	if (cli->global.root)
		(void)rocpart_machine_open_capture(cli->global.root, &m, NULL);
	else if (sim && *sim)
		(void)(dir ? rocpart_machine_open_sim(dir, &m, NULL) : -ENOMEM);
	else
		(void)rocpart_machine_open_real(NULL, &m, NULL);
	return m;
}

/* "0000:05:00.0, MI300X, SPX/NPS1" */
static void describe_gpu(const struct rocpart_gpu *gpu, char *ret, size_t size)
{
	const char *product = rocpart_gpu_get_product(gpu);
	enum rocpart_compute_mode c = rocpart_gpu_get_compute_mode(gpu);
	enum rocpart_memory_mode m = rocpart_gpu_get_memory_mode(gpu);

	(void)rp_fmt(ret, size, "%s, %.20s, %s/%s", rocpart_gpu_get_bdf(gpu),
		     product ? product : "unknown product", rocpart_compute_mode_to_string(c),
		     rocpart_memory_mode_to_string(m));
}

/* name: index or address of the GPU. */
static int add_partitions(struct rp_names *list, const struct rocpart_gpu *gpu, const char *name)
{
	char text[64], bytes[RP_BYTES_TEXT_SIZE];
	int r = 0;

	for (size_t k = 0; r == 0 && k < rocpart_gpu_get_partition_count(gpu); k++) {
		const struct rocpart_partition *p = rocpart_gpu_get_partition(gpu, k);
		uint64_t n = 0;

		(void)rp_fmt(text, sizeof(text), "%.40s/%u", name, rocpart_partition_get_id(p));
		r = rocpart_partition_get_memory_bytes(p, &n) == 0
			    ? add_described(list, text, rp_format_bytes(n, bytes))
			    : add(list, text);
	}
	return r;
}

struct wanted {
	bool gpus, partitions;
};

static int add_gpu(struct rp_names *list, const struct rocpart_gpu *gpu, const char *name,
		   const struct wanted *w)
{
	char description[128];
	int r = 0;

	describe_gpu(gpu, description, sizeof(description));
	if (w->gpus)
		r = add_described(list, name, description);
	return r == 0 && w->partitions ? add_partitions(list, gpu, name) : r;
}

/* Addresses once one is begun: all at once would be two names for each GPU. */
static int add_gpus(const struct cli *cli, struct rp_names *list, const char *start,
		    const struct wanted *w)
{
	struct rocpart_machine *m = open_machine(cli);
	struct rocpart_snapshot *s = NULL;
	const char *comma = strrchr(start, ',');
	bool is_address = strlen(comma ? comma + 1 : start) > 1;
	const struct rocpart_gpu *gpu;
	char index[32];
	int r = 0;

	if (m && rocpart_machine_observe(m, &s, NULL) < 0)
		s = NULL;
	for (size_t i = 0; r == 0 && s && (gpu = rocpart_snapshot_get_gpu(s, i)); i++) {
		(void)rp_fmt(index, sizeof(index), "%zu", rocpart_gpu_get_index(gpu));
		r = add_gpu(list, gpu, index, w);
		if (r == 0 && is_address)
			r = add_gpu(list, gpu, rocpart_gpu_get_bdf(gpu), w);
	}
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
	return r;
}

static int add_lease(struct rp_names *list, const struct rocpart_lease *l, bool with_name)
{
	char id[24], description[64];
	int r;

	(void)rp_fmt(id, sizeof(id), "%llu", (unsigned long long)l->id);
	(void)rp_fmt(description, sizeof(description), "lease %.24s", id);
	r = add_described(list, id, l->name);
	return r == 0 && with_name ? add_described(list, l->name, description) : r;
}

static int add_leases(const struct cli *cli, struct rp_names *list, bool with_names)
{
	struct rocpart_machine *m = open_machine(cli);
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;
	int r = 0;

	if (m && rocpart_leases_new(m, &leases, NULL) < 0)
		leases = NULL;
	for (size_t i = 0; r == 0 && leases && (l = rocpart_leases_get(leases, i)); i++)
		r = add_lease(list, l, with_names);
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
	return r;
}

static int add_last_change(const struct cli *cli, struct rp_names *list)
{
	struct rocpart_machine *m = open_machine(cli);
	struct rocpart_history *h = NULL;
	const struct rocpart_history_entry *e = NULL;
	char number[24];
	int r = 0;

	if (m && rocpart_history_new(m, 0, &h, NULL) < 0)
		h = NULL;
	for (size_t i = 0; h && (e = rocpart_history_get(h, i)) && !e->change; i++)
		;
	if (e) {
		(void)rp_fmt(number, sizeof(number), "%llu", (unsigned long long)e->change);
		r = add_described(list, number, e->text);
	}
	rocpart_history_free(h);
	rocpart_machine_close(m);
	return r;
}

static int add_models(struct cli *cli, struct rp_names *list)
{
	struct rocpart_catalog *catalog = NULL;
	int r = cli_open_catalog(cli, &catalog) ? -ENOENT : 0;

	for (size_t i = 0; r == 0 && i < rocpart_catalog_get_count(catalog); i++)
		r = add(list, rocpart_catalog_get_name(catalog, i));
	rocpart_catalog_free(catalog);
	return r;
}

static int add_products(struct rp_names *list)
{
	const char *name;
	int r = 0;

	for (size_t i = 0; r == 0 && (name = rocpart_product_get_name(i)); i++)
		r = add(list, name);
	return r;
}

static int add_commands(struct rp_names *list)
{
	const struct cli_command *c;
	int r = 0;

	for (size_t i = 0; r == 0 && (c = cli_command_at(i)); i++)
		r = add(list, c->name);
	return r;
}

static int add_columns(const struct cli *cli, struct rp_names *list)
{
	const struct view_field *f = cli->command ? cli->command->columns : NULL;
	int r = 0;

	for (; r == 0 && f && f->key; f++)
		r = add(list, f->key);
	return r;
}

int cli_add_words(struct cli *cli, enum cli_words words, const char *arg, const char *start,
		  struct rp_names *ret)
{
	const struct wanted gpus = {.gpus = true}, partitions = {.partitions = true},
			    both = {true, true};

	switch (words) {
	case CLI_WORDS_OF_ARG:
		return add_alternatives(ret, arg);
	case CLI_WORDS_SIMS:
		return add_sims(ret);
	case CLI_WORDS_PROFILES:
		return add_profiles(ret);
	case CLI_WORDS_SIMS_AND_PROFILES:
		return add_sims(ret) < 0 ? -ENOMEM : add_profiles(ret);
	case CLI_WORDS_BACKENDS:
		return add_backends(ret);
	case CLI_WORDS_COMPUTE_MODES:
		return add_mode_names(ret, false);
	case CLI_WORDS_MEMORY_MODES:
		return add_mode_names(ret, true);
	case CLI_WORDS_GPUS:
		return add_gpus(cli, ret, start, &gpus);
	case CLI_WORDS_PARTITIONS:
		return add_gpus(cli, ret, start, &partitions);
	case CLI_WORDS_GPUS_AND_PARTITIONS:
		return add_gpus(cli, ret, start, &both);
	case CLI_WORDS_LEASES:
		return add_leases(cli, ret, true);
	case CLI_WORDS_LEASE_NUMBERS:
		return add_leases(cli, ret, false);
	case CLI_WORDS_LEASES_AND_PARTITIONS:
		return add_leases(cli, ret, false) < 0 ? -ENOMEM
						       : add_gpus(cli, ret, start, &partitions);
	case CLI_WORDS_CHANGES:
		return add_last_change(cli, ret);
	case CLI_WORDS_MODELS:
		return add_models(cli, ret);
	case CLI_WORDS_PRODUCTS:
		return add_products(ret);
	case CLI_WORDS_COMMANDS:
		return add_commands(ret);
	case CLI_WORDS_COLUMNS:
		return add_columns(cli, ret);
	case CLI_WORDS_NONE:
	case CLI_WORDS_FILES:
	default:
		return 0;
	}
}
