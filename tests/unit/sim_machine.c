/* SPDX-License-Identifier: MIT */
#include "sim_machine.h"

#include "base/num.h"

static char *load_profile(const char *name)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/profiles/%s.yaml", ROCPART_SOURCE_ROOT, name);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FCLOSE FILE *f = NULL;
	char buf[4096];
	size_t n;

	assert_non_null(path);
	f = fopen(path, "re");
	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		rp_strbuf_add_mem(&text, buf, n);
	return rp_strbuf_steal(&text);
}

static char *edited(const char *text, const char *from, const char *to)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	const char *at = strstr(text, from);

	assert_non_null(at);
	for (; at; at = strstr(text, from)) {
		rp_strbuf_add_mem(&out, text, (size_t)(at - text));
		rp_strbuf_add(&out, to);
		text = at + strlen(from);
	}
	rp_strbuf_add(&out, text);
	return rp_strbuf_steal(&out);
}

char *profile_text(const char *name, const char *edits)
{
	char *text = load_profile(name);

	while (edits && *edits) {
		size_t len = strcspn(edits, ";");
		RP_AUTO_FREE char *edit = rp_strndup(edits, len);
		char *arrow = strstr(edit, "=>"), *next;

		assert_non_null(arrow);
		*arrow = '\0';
		next = edited(text, edit, arrow + 2);
		free(text);
		text = next;
		edits += len + (edits[len] == ';' ? 1 : 0);
	}
	return text;
}

struct rp_sim *boot(const char *profile, const char *edits)
{
	RP_AUTO_FREE char *text = profile_text(profile, edits);
	struct rocpart_error err = {0};
	struct rp_sim *sim = NULL;

	if (rp_sim_new(text, strlen(text), profile, &sim, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	return sim;
}

int sim_write(struct rp_sim *sim, const char *path, const char *value)
{
	return rp_sim_tree_ops()->write(sim, path, value, strlen(value));
}

int sim_read(struct rp_sim *sim, const char *path, char *buf, size_t size)
{
	size_t len = 0;
	int r = rp_sim_tree_ops()->read(sim, path, buf, size - 1, &len);

	buf[len] = '\0';
	return r;
}

bool sim_exists(struct rp_sim *sim, const char *path)
{
	struct rp_stat st;

	return rp_sim_tree_ops()->stat(sim, path, &st) == 0;
}

uint32_t sim_mode(struct rp_sim *sim, const char *path)
{
	struct rp_stat st = {0};

	assert_int_equal(rp_sim_tree_ops()->stat(sim, path, &st), 0);
	return st.mode;
}

int sim_driver(struct rp_sim *sim, enum rp_driver_op op)
{
	return rp_sim_tree_ops()->driver(sim, op, NULL);
}

size_t sim_count(struct rp_sim *sim, const char *path)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	assert_int_equal(rp_sim_tree_ops()->list(sim, path, &names), 0);
	return names.n;
}

uint64_t sim_number(struct rp_sim *sim, const char *path)
{
	char text[64];
	uint64_t v = 0;

	assert_int_equal(sim_read(sim, path, text, sizeof(text)), 0);
	text[strcspn(text, "\n")] = '\0';
	assert_int_equal(rp_parse_u64(text, 10, &v), 0);
	return v;
}

uint64_t sim_property(struct rp_sim *sim, uint32_t node, const char *file, const char *key)
{
	RP_AUTO_FREE char *path = rp_strdupf(KFD "nodes/%u/%s", node, file);
	char text[4096];
	uint64_t v = 0;

	assert_int_equal(sim_read(sim, path, text, sizeof(text)), 0);
	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strlen(key);

		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			line[strcspn(line, "\n")] = '\0';
			assert_int_equal(rp_parse_u64(line + len + 1, 10, &v), 0);
			return v;
		}
	}
	fail_msg("%s has no %s", path, key);
	return 0;
}

uint32_t sim_node_of(struct rp_sim *sim, uint32_t location_id)
{
	uint32_t n = (uint32_t)sim_count(sim, KFD "nodes");

	for (uint32_t i = 0; i < n; i++) {
		if (sim_property(sim, i, "properties", "location_id") == location_id &&
		    sim_property(sim, i, "properties", "domain") == 0)
			return i;
	}
	return UINT32_MAX;
}

static int write_control(struct rp_sim *sim, const char *bdf, const char *file, const char *value)
{
	RP_AUTO_FREE char *path = rp_strdupf(PCI "%s/%s", bdf, file);

	return sim_write(sim, path, value);
}

void sim_switch_memory(struct rp_sim *sim, const char *bdf, const char *mode)
{
	assert_int_equal(write_control(sim, bdf, "current_memory_partition", mode), 0);
	assert_int_equal(rp_sim_reload(sim, NULL), 0);
}

void assert_file(struct rp_sim *sim, const char *path, const char *text)
{
	char got[4096];
	int r = sim_read(sim, path, got, sizeof(got));

	if (r < 0)
		fail_msg("%s: %s", path, strerror(-r));
	assert_string_equal(got, text);
}

static void hold(struct rp_sim *sim, const char *where, bool kfd)
{
	struct rp_sim_slot slot = {0};
	struct rp_sim_process p = {.kfd = kfd};
	char bdf[13] = "";
	uint32_t pid = 0;

	if (*where) {
		assert_int_equal(rp_fmt(bdf, sizeof(bdf), "%.12s", where), 0);
		slot.bdf = bdf;
		slot.slot = (uint32_t)(where[13] - '0');
		p.allow = kfd ? &slot : NULL;
		p.n_allow = kfd ? 1 : 0;
		p.render = kfd ? NULL : &slot;
		p.n_render = kfd ? 0 : 1;
	}
	assert_int_equal(rp_sim_hold(sim, &p, &pid, NULL), 0);
}

static void one_step(struct rp_sim *sim, const char *gpu, const char *step)
{
	const char *arg = strchr(step, ' ');

	arg = arg ? arg + 1 : "";
	if (rp_str_starts(step, "compute "))
		assert_int_equal(write_control(sim, gpu, "current_compute_partition", arg), 0);
	else if (rp_str_starts(step, "memory "))
		sim_switch_memory(sim, gpu, arg);
	else if (rp_str_starts(step, "request "))
		assert_int_equal(write_control(sim, gpu, "current_memory_partition", arg), 0);
	else if (rp_str_starts(step, "kfd"))
		hold(sim, arg, true);
	else if (rp_str_starts(step, "render "))
		hold(sim, arg, false);
	else if (rp_str_starts(step, "fault "))
		assert_int_equal(rp_sim_fault_add(sim, arg, NULL), 0);
	else if (rp_str_eq(step, "unload"))
		assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	else if (rp_str_eq(step, "load"))
		assert_int_equal(sim_driver(sim, RP_DRIVER_LOAD), 0);
	else
		fail_msg("no such step: %s", step);
}

void sim_setup(struct rp_sim *sim, const char *gpu, const char *steps)
{
	while (*steps) {
		size_t len = strcspn(steps, ";");
		RP_AUTO_FREE char *step = rp_strndup(steps, len);

		one_step(sim, gpu, step);
		steps += len + (steps[len] == ';' ? 1 : 0);
	}
}
