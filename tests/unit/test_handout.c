/* SPDX-License-Identifier: MIT */
/* What is handed out, as values: indices of both views, quoting judged by sh, each form. */
#include "node_tree.h"

#include "base/num.h"
#include "base/spawn.h"
#include "base/yaml.h"
#include "run/text/forms.h"

/* ---- quoting ---- */

#define N_TEXTS	   400
#define TEXT_MAX   24
#define OUTPUT_MAX (N_TEXTS * (TEXT_MAX + 1))

/* Bytes that mean something to a shell come often. */
static char any_byte(uint64_t *seed)
{
	static const char special[] = "'\"\\$`!*?[]{}()<>|&;#~ \t\n\r-=%\x01\x7f\xc3\xa9\x80";

	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	if ((*seed >> 33) % 3)
		return special[(*seed >> 40) % (sizeof(special) - 1)];
	return (char)((*seed >> 40) % 255 + 1);
}

static void quoted_texts_evaluated_by_sh_are_the_same(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf script = RP_STRBUF_INIT, out = RP_STRBUF_INIT,
					wanted = RP_STRBUF_INIT;
	const char *argv[] = {"sh", "-c", NULL, NULL};
	struct rp_spawn_result result;
	uint64_t seed = 7;

	(void)state;
	rp_strbuf_add(&script, "set -f; export LC_ALL=C; printf '%s\\0'");
	for (size_t i = 0; i < N_TEXTS; i++) {
		char text[TEXT_MAX + 1];
		size_t len = i % (TEXT_MAX + 1);

		for (size_t k = 0; k < len; k++)
			text[k] = any_byte(&seed);
		text[len] = '\0';
		rp_strbuf_add_char(&script, ' ');
		rp_quote_shell(&script, text);
		rp_strbuf_add_mem(&wanted, text, len + 1);
	}
	argv[2] = rp_strbuf_str(&script);
	assert_int_equal(rp_spawn(argv, &out, OUTPUT_MAX, 20000, &result), 0);
	assert_int_equal(result.exit_status, 0);
	assert_int_equal(out.len, wanted.len);
	assert_memory_equal(out.s, wanted.s, wanted.len);
}

/* systemd.syntax(7), systemd.unit(5) "Specifiers", systemd.exec(5) "Environment=". */
static void quoted_systemd_text_escapes_what_means_something(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	(void)state;
	rp_quote_systemd(&b, "A=100% \"x\" \\ $HOME\n");
	assert_string_equal(rp_strbuf_str(&b), "\"A=100%% \\\"x\\\" \\\\ $HOME\\x0a\"");
}

static void quoted_dotenv_text_refuses_what_readers_disagree_about(void **state)
{
	static const char *const bad[] = {"a b", "$HOME", "a\\n", "it's", "\"a\"", "a#b", "a\n"};
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++)
		assert_int_equal(rp_quote_dotenv(&b, bad[i]), -EINVAL);
	assert_int_equal(rp_quote_dotenv(&b, "{\"max-model-len\":8192}"), 0);
	assert_string_equal(rp_strbuf_str(&b), "{\"max-model-len\":8192}");
}

/* ---- a machine of two partitioned GPUs ---- */

struct fixture {
	struct rocpart_snapshot *snapshot;
	struct rp_handout h;
};

static int setup(void **state)
{
	static struct fixture f;
	struct rp_sim *sim = boot("mi300x-8", "");

	memset(&f, 0, sizeof(f));
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), 0);
	f.snapshot = look_at_sim(sim);
	rp_sim_close(sim);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	rp_handout_done(&f->h);
	rocpart_snapshot_unref(f->snapshot);
	return 0;
}

static void take(struct fixture *f, const char *name)
{
	const struct rocpart_partition *p = NULL;
	char path[48];

	assert_int_equal(rocpart_snapshot_find_partition(f->snapshot, name, &p, NULL), 0);
	assert_int_equal(rp_handout_add_part(&f->h, p), 0);
	assert_int_equal(rp_handout_add_part(&f->h, p), -EEXIST);
	assert_int_equal(rp_fmt(path, sizeof(path), "/dev/dri/renderD%u", p->render_minor), 0);
	assert_int_equal(rp_handout_add_device(&f->h, path), 0);
}

static const char *value(const struct rp_variables *vars, const char *name)
{
	for (size_t i = 0; i < vars->n; i++)
		if (rp_str_eq(vars->v[i].name, name))
			return vars->v[i].value;
	return NULL;
}

static void assert_variable(const struct fixture *f, enum rocpart_view view, const char *name,
			    const char *wanted)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};
	const char *is;

	assert_int_equal(rp_handout_variables(&f->h, view, &vars), 0);
	is = value(&vars, name);
	if (wanted)
		assert_string_equal(is ? is : "(not set)", wanted);
	else
		assert_null(is);
}

/*
 * ABI study D.2: the nodes of GPU 0, switched while the machine ran, come after those of GPUs 1 to
 * 7. Engines study 4.3: with its own nodes only, a program counts from 0, and needs no variable.
 */
static void variables_of_both_views_count_as_rocr_does(void **state)
{
	struct fixture *f = *state;

	take(f, "0/3");
	take(f, "0/1");
	assert_variable(f, ROCPART_VIEW_HOST, "ROCR_VISIBLE_DEVICES", "8,10");
	assert_variable(f, ROCPART_VIEW_OWN, "ROCR_VISIBLE_DEVICES", NULL);
	assert_variable(f, ROCPART_VIEW_OWN, "AIM_PARTITION_ID", "1,3");
	f->h.filter = ROCPART_FILTER_ROCR;
	assert_variable(f, ROCPART_VIEW_OWN, "ROCR_VISIBLE_DEVICES", "0,1");
	f->h.filter = ROCPART_FILTER_HIP;
	assert_variable(f, ROCPART_VIEW_OWN, "HIP_VISIBLE_DEVICES", "0,1");
	assert_variable(f, ROCPART_VIEW_OWN, "ROCR_VISIBLE_DEVICES", NULL);
	assert_variable(f, ROCPART_VIEW_HOST, "HIP_VISIBLE_DEVICES", "8,10");
	f->h.filter = ROCPART_FILTER_NONE;
	assert_variable(f, ROCPART_VIEW_HOST, "ROCR_VISIBLE_DEVICES", NULL);
}

/* Rule 7 of ARCHITECTURE.md: what the machine does not tell is absent. */
static void variables_of_an_unknown_memory_mode_leave_it_out(void **state)
{
	struct fixture *f = *state;

	take(f, "0/0");
	f->snapshot->gpus[0].memory = ROCPART_MEMORY_UNKNOWN;
	assert_variable(f, ROCPART_VIEW_HOST, "AIM_MEMORY_MODE", NULL);
	assert_variable(f, ROCPART_VIEW_HOST, "AIM_COMPUTE_MODE", "CPX");
}

static void conflicts_are_all_filters_but_ours(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(rp_handout_conflict(&f->h, ROCPART_VIEW_HOST, 0),
			    "HIP_VISIBLE_DEVICES");
	assert_string_equal(rp_handout_conflict(&f->h, ROCPART_VIEW_HOST, 2), "GPU_DEVICE_ORDINAL");
	assert_null(rp_handout_conflict(&f->h, ROCPART_VIEW_HOST, 3));
	assert_string_equal(rp_handout_conflict(&f->h, ROCPART_VIEW_OWN, 0),
			    "ROCR_VISIBLE_DEVICES");
	assert_string_equal(rp_handout_conflict(&f->h, ROCPART_VIEW_OWN, 3), "GPU_DEVICE_ORDINAL");
}

/* ---- forms ---- */

static void systemd_form_allows_the_nodes_and_takes_filters_away(void **state)
{
	struct fixture *f = *state;
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	take(f, "0/1");
	assert_int_equal(rp_handout_add_group(&f->h, 44), 0);
	assert_int_equal(rp_handout_add_group(&f->h, 109), 0);
	assert_int_equal(rp_handout_add_group(&f->h, 44), 0);
	assert_int_equal(rp_handout_systemd(&f->h, &b, NULL), 0);
	assert_string_equal(rp_strbuf_str(&b),
			    "[Service]\n"
			    "Environment=\"AIM_GPU_COUNT=1\"\n"
			    "Environment=\"AIM_PARTITION_ID=1\"\n"
			    "Environment=\"AIM_COMPUTE_MODE=CPX\"\n"
			    "Environment=\"AIM_MEMORY_MODE=NPS1\"\n"
			    "Environment=\"AIM_XCD_ID=1\"\n"
			    "Environment=\"ROCPART_PARTITIONS=0000:05:00.0/1\"\n"
			    "UnsetEnvironment=ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES "
			    "CUDA_VISIBLE_DEVICES GPU_DEVICE_ORDINAL\n"
			    "DevicePolicy=closed\n"
			    "DeviceAllow=/dev/dri/renderD129 rw\n"
			    "SupplementaryGroups=44 109\n");
}

static void assert_alike(const struct rp_yaml *a, const struct rp_yaml *b)
{
	assert_non_null(b);
	assert_int_equal(a->kind, b->kind);
	if (a->kind == RP_YAML_SCALAR) {
		assert_string_equal(a->text, b->text);
		return;
	}
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		assert_alike(a->items[i],
			     a->kind == RP_YAML_LIST ? b->items[i] : rp_yaml_get(b, a->keys[i]));
}

static void k8s_form_is_alike_in_yaml_and_json(void **state)
{
	struct fixture *f = *state;
	RP_AUTO_STRBUF struct rp_strbuf yaml = RP_STRBUF_INIT, json = RP_STRBUF_INIT;
	struct rp_yaml *a = NULL, *b = NULL;

	take(f, "0/1");
	take(f, "0/2");
	assert_int_equal(rp_handout_add_group(&f->h, 109), 0);
	f->h.filter = ROCPART_FILTER_ROCR;
	assert_int_equal(rp_handout_k8s_yaml(&f->h, &yaml, NULL), 0);
	assert_int_equal(rp_handout_k8s_json(&f->h, &json, NULL), 0);
	assert_int_equal(rp_yaml_parse(yaml.s, yaml.len, "yaml", &a, NULL), 0);
	assert_int_equal(rp_yaml_parse(json.s, json.len, "json", &b, NULL), 0);
	assert_alike(a, b);
	/* Privileged, it sees all: the index is that of the host. */
	assert_non_null(strstr(rp_strbuf_str(&yaml), "privileged: true\n"));
	assert_non_null(strstr(rp_strbuf_str(&yaml), "value: \"8,9\"\n"));
	rp_yaml_free(a);
	rp_yaml_free(b);
}

static void words_of(const struct rp_words *w, struct rp_strbuf *ret)
{
	for (size_t i = 0; i < w->n; i++)
		rp_strbuf_addf(ret, "%s%s", i ? " " : "", w->v[i]);
}

/* podman-run(1): keep-groups is for users who are not root, and stands alone. */
static void podman_form_of_a_user_keeps_the_groups(void **state)
{
	struct fixture *f = *state;
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	RP_AUTO_WORDS struct rp_words root = {0}, user = {0};

	take(f, "0/1");
	assert_int_equal(rp_handout_add_group(&f->h, 109), 0);
	assert_int_equal(rp_handout_podman(&f->h, &root, NULL), 0);
	words_of(&root, &b);
	assert_non_null(strstr(rp_strbuf_str(&b), "--device=/dev/dri/renderD129 --group-add=109 "));
	rp_strbuf_reset(&b);
	f->h.is_rootless = true;
	assert_int_equal(rp_handout_podman(&f->h, &user, NULL), 0);
	words_of(&user, &b);
	assert_non_null(strstr(rp_strbuf_str(&b), " --group-add=keep-groups "));
	assert_null(strstr(rp_strbuf_str(&b), "109"));
}

/* ---- flags of engines ---- */

static void flags_as_json_keep_numbers_words_and_switches(void **state)
{
	RP_AUTO_WORDS struct rp_words w = {0};
	RP_AUTO_STRBUF struct rp_strbuf json = RP_STRBUF_INIT;
	static const char *const words[] = {"--gpu-memory-utilization", "0.93", "--enforce-eager",
					    "--dtype", "bfloat16"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(words); i++)
		rp_words_add(&w, "%s", words[i]);
	assert_int_equal(rp_engine_flags_json(&w, &json), 0);
	assert_string_equal(rp_strbuf_str(&json), "{\"gpu-memory-utilization\":0.93,"
						  "\"enforce-eager\":true,\"dtype\":\"bfloat16\"}");
}

int main(void)
{
#define ON_MACHINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quoted_texts_evaluated_by_sh_are_the_same),
		cmocka_unit_test(quoted_systemd_text_escapes_what_means_something),
		cmocka_unit_test(quoted_dotenv_text_refuses_what_readers_disagree_about),
		ON_MACHINE(variables_of_both_views_count_as_rocr_does),
		ON_MACHINE(variables_of_an_unknown_memory_mode_leave_it_out),
		ON_MACHINE(conflicts_are_all_filters_but_ours),
		ON_MACHINE(systemd_form_allows_the_nodes_and_takes_filters_away),
		ON_MACHINE(k8s_form_is_alike_in_yaml_and_json),
		ON_MACHINE(podman_form_of_a_user_keeps_the_groups),
		cmocka_unit_test(flags_as_json_keep_numbers_words_and_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
