/* SPDX-License-Identifier: MIT */
#include "fault_machine.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "host.h"

char *make_dir(void)
{
	char *dir = host_temp_name("rocpart-fault");

	assert_non_null(dir);
	assert_non_null(mkdtemp(dir));
	return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void remove_dir(char *dir)
{
	assert_int_equal(nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(dir);
}

void make_machine(const char *dir, const char *profile, const char *edits, const char *steps)
{
	RP_AUTO_FREE char *text = profile_text(profile, edits);
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	struct rocpart_error err = {0};

	if (rp_sim_create(dir, text, strlen(text), profile, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	sim_setup(sim, G0, steps ? steps : "");
}

char *make_cpx_machine(void)
{
	char *dir = make_dir();

	make_machine(dir, "mi300x-1", "", "memory NPS4;compute CPX");
	return dir;
}

struct rocpart_machine *open_machine(const char *dir)
{
	struct rocpart_machine *m = NULL;
	struct rocpart_error err = {0};

	if (rocpart_machine_open_sim(dir, &m, &err) < 0)
		fail_msg("%s: %s", dir, err.message);
	return m;
}

void add_fault(const char *dir, const char *rule)
{
	assert_int_equal(rocpart_sim_fault_add(dir, rule, NULL), 0);
}

struct rocpart_change *new_change(struct rocpart_machine *m, const struct wish *wish)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *c = NULL;
	const struct rocpart_gpu *gpu = NULL;
	struct rocpart_error err = {0};

	if (rocpart_machine_observe(m, &s, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	if (wish->bdf)
		assert_int_equal(rocpart_snapshot_find_gpu(s, wish->bdf, &gpu, NULL), 0);
	assert_int_equal(rocpart_change_new(m, s, &c, NULL), 0);
	rocpart_change_set_allow_unvalidated(c, true);
	rocpart_change_set_wait_ms(c, 20);
	assert_int_equal(rocpart_change_set_modes(c, gpu, wish->compute, wish->memory, NULL), 0);
	rocpart_snapshot_unref(s);
	return c;
}

int apply(const char *dir, const struct wish *wish, struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = new_change(m, wish);
	int r = rocpart_change_apply(c, err);

	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r;
}

static int go_on(const char *dir, int (*fn)(struct rocpart_change *, struct rocpart_error *),
		 struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;
	int r = rocpart_change_open_journal(m, &c, err);

	if (r == 0) {
		rocpart_change_set_wait_ms(c, 20);
		r = fn(c, err);
		rocpart_change_free(c);
	}
	rocpart_machine_close(m);
	return r;
}

int resume(const char *dir, struct rocpart_error *err)
{
	return go_on(dir, rocpart_change_apply, err);
}

int undo(const char *dir, struct rocpart_error *err)
{
	return go_on(dir, rocpart_change_undo, err);
}

bool has_journal(const char *dir)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_change_open_journal(m, &c, &err);

	if (r < 0 && r != -ENOENT)
		fail_msg("journal: %s: %s", err.object, err.message);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	return r == 0;
}

char *modes_of(const char *dir)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_snapshot *s = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_error err = {0};

	if (rocpart_machine_observe(m, &s, &err) < 0)
		fail_msg("observe: %s: %s", err.object, err.message);
	for (size_t i = 0; i < rocpart_snapshot_get_gpu_count(s); i++) {
		const struct rocpart_gpu *gpu = rocpart_snapshot_get_gpu(s, i);

		rp_strbuf_addf(&text, "%s%s/%s", i ? " " : "",
			       rocpart_compute_mode_to_string(rocpart_gpu_get_compute_mode(gpu)),
			       rocpart_memory_mode_to_string(rocpart_gpu_get_memory_mode(gpu)));
	}
	rp_strbuf_add(&text, "");
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
	return text.s ? rp_strbuf_steal(&text) : strdup("");
}

/* As when the power fails during a write(2): the begin of a line, without its end. */
static void tear(const struct counter *c, const char *path)
{
	RP_AUTO_FREE char *name = rp_strdupf("%s/records/%s", c->dir, path);
	int fd = open(name, O_WRONLY | O_APPEND | O_CREAT, 0644);

	if (fd < 0 || write(fd, "{\"step\":\"un", 11) != 11)
		_exit(99);
	close(fd);
}

static int on_call(void *userdata, const char *op, const char *path, bool after)
{
	struct counter *c = userdata;
	bool is_machine =
		     rp_str_eq(op, "write") || rp_str_eq(op, "load") || rp_str_eq(op, "unload"),
	     here;

	c->n++;
	c->was_after = after;
	c->n_machine += is_machine && !after;
	here = c->at && (c->n == c->at || (c->from_on && c->n > c->at));
	if (!here)
		return 0;
	(void)rp_fmt(c->last, sizeof(c->last), "%s %s %s", after ? "after" : "before", op, path);
	if (c->error)
		return after ? 0 : c->error;
	if (c->tear && rp_str_eq(op, "append") && !after)
		tear(c, path);
	_exit(77);
}

void count_calls(struct rocpart_machine *m, struct counter *c)
{
	m->hook = on_call;
	m->hook_userdata = c;
	rp_tree_set_hook(m->tree, on_call, c);
	if (m->state)
		rp_tree_set_hook(m->state, on_call, c);
}
