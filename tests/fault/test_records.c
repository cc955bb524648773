/* SPDX-License-Identifier: MIT */
/*
 * Damaged records: whatever one byte of a journal or a small record becomes, nothing else than what
 * was written is believed. Records of older and newer versions, a request that was never made, and
 * folders that are not to be trusted.
 */
#include "fault_machine.h"

#include "base/seal.h"
#include "machine/journal.h"
#include "machine/records.h"

#include <sys/stat.h>
#include <unistd.h>

#define CPX ROCPART_COMPUTE_CPX
#define N4  ROCPART_MEMORY_NPS4

static const struct wish to_cpx_nps4 = {NULL, CPX, N4};

static int set_up(void **state)
{
	char *dir = make_dir();

	make_machine(dir, "mi300x-1", TWO_HIVES, "");
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	remove_dir(*state);
	return 0;
}

static int close_journal(struct rocpart_machine *m, const char *outcome)
{
	RP_AUTO_JSON struct rp_json *line = rp_json_object();

	assert_int_equal(rp_json_set_string(line, "closed", outcome), 0);
	return rp_journal_close(m, line, NULL);
}

/* ---- the seal ---- */

static void crc32c_of_the_check_string_is_that_of_rfc_3720(void **state)
{
	(void)state;
	assert_int_equal(rp_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(rp_crc32c("", 0), 0);
}

static void seal_of_an_object_is_its_last_key(void **state)
{
	static const char *const bodies[] = {"{}", "{\"a\":1}", "{\"a\":{\"b\":\"}\"}}"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(bodies); i++) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		RP_AUTO_JSON struct rp_json *j = NULL;

		rp_strbuf_add(&text, bodies[i]);
		assert_int_equal(rp_seal_check(text.s, text.len), -ENODATA);
		assert_int_equal(rp_seal_add(&text), 0);
		assert_int_equal(rp_seal_check(text.s, text.len), 0);
		assert_int_equal(rp_json_parse(text.s, text.len, "sealed", &j, NULL), 0);
		assert_non_null(rp_json_text(rp_json_get(j, "crc32c")));
		rp_seal_remove(&text);
		assert_string_equal(rp_strbuf_str(&text), bodies[i]);
	}
}

/* ---- the journal ---- */

/* Records in memory: thousands of damages a second. */
static struct rocpart_machine *memory_machine(void)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);

	assert_non_null(m);
	m->state_dir = strdup("records");
	m->in_memory = true;
	assert_int_equal(rp_tree_open_memory(&m->state), 0);
	return m;
}

static void free_machine(struct rocpart_machine *m)
{
	rp_tree_close(m->state);
	free(m->state_dir);
	free(m->note);
	free(m);
}

/* What a change wrote, with the line that closes it. */
static void read_closed_journal(const char *dir, struct rp_strbuf *ret)
{
	RP_AUTO_FREE char *records = rp_strdupf("%s/records", dir);
	RP_AUTO_TREE struct rp_tree *tree = NULL;

	assert_int_equal(apply(dir, &to_cpx_nps4, NULL), 0);
	assert_int_equal(rp_tree_open(records, RP_TREE_STATE, &tree), 0);
	assert_int_equal(rp_tree_read_file(tree, 65536, ret, "journal.last"), 0);
}

/* As it was just before the change ended. */
static void read_open_journal(const char *dir, struct rp_strbuf *ret)
{
	read_closed_journal(dir, ret);
	rp_strbuf_truncate(ret, ret->len - 1);
	rp_strbuf_truncate(ret, (size_t)(strrchr(ret->s, '\n') - ret->s) + 1);
}

struct given {
	const char *original; /* the lines that were written, each where the last one ended */
	size_t n;
	bool is_other;
};

/* A line is what was written: its text begins with the body of that line. */
static int compare_line(void *userdata, const struct rp_json *line, bool is_head)
{
	struct given *g = userdata;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *end = strchr(g->original, '\n'), *seal;
	size_t body;

	(void)is_head;
	if (!end || rp_json_print(line, false, &text) < 0) {
		g->is_other = true;
		return 0;
	}
	seal = memmem(g->original, (size_t)(end - g->original), "\"crc32c\"", 8);
	body = seal ? (size_t)(seal - g->original) : (size_t)(end - g->original) - 1;
	g->is_other |= text.len < body || memcmp(text.s, g->original, body) != 0;
	g->original = end + 1;
	g->n++;
	return 0;
}

static int ignore_line(void *userdata, const struct rp_json *line, bool is_head)
{
	(void)userdata;
	(void)line;
	(void)is_head;
	return 0;
}

/* Number of lines that are believed; -1: other ones than were written. */
static int believe(struct rocpart_machine *m, enum rp_journal_file file, const char *original,
		   const void *data, size_t len, int *ret_r)
{
	struct given g = {.original = original};

	assert_int_equal(rp_tree_replace(m->state, data, len,
					 file == RP_JOURNAL_OPEN ? "journal" : "journal.last"),
			 0);
	*ret_r = rp_journal_read(m, file, compare_line, &g, NULL);
	return g.is_other ? -1 : (int)g.n;
}

static void flip_each_byte(enum rp_journal_file file, const struct rp_strbuf *text)
{
	static const uint8_t others[] = {0, '\n', '"', '}', ' ', 0xff};
	struct rocpart_machine *m = memory_machine();
	unsigned n = 0, n_damaged = 0, n_same = 0;
	int n_lines, r_whole;

	n_lines = believe(m, file, text->s, text->s, text->len, &r_whole);
	for (size_t at = 0; at < text->len; at++)
		for (unsigned k = 0; k < 8 + RP_ARRAY_LEN(others); k++) {
			RP_AUTO_FREE char *copy = rp_strndup(text->s, text->len);
			int r, lines;

			copy[at] = k < 8 ? (char)(copy[at] ^ 1 << k) : (char)others[k - 8];
			if (copy[at] == text->s[at])
				continue;
			n++;
			lines = believe(m, file, text->s, copy, text->len, &r);
			if (lines < 0 || (r == 0 && lines != n_lines))
				fail_msg("byte %zu as 0x%02x is believed", at, (uint8_t)copy[at]);
			n_same += r == 0;
			n_damaged += r == -EBADMSG;
			assert_true(r == 0 || r == -EBADMSG);
		}
	/* What changes only the name of a seal changes no line. */
	printf("# %u damages: %u refused, %u in the name of a seal\n", n, n_damaged, n_same);
	assert_true(n_damaged > 5 * n_same);
	free_machine(m);
}

static void flip_of_a_byte_of_a_journal_is_never_believed(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	read_open_journal(*state, &text);
	flip_each_byte(RP_JOURNAL_OPEN, &text);
}

static void flip_of_a_byte_of_the_last_journal_is_never_believed(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	read_closed_journal(*state, &text);
	flip_each_byte(RP_JOURNAL_LAST, &text);
}

static void journal_cut_anywhere_gives_the_lines_before_the_cut(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_machine *m = memory_machine();
	int n = 0;

	read_open_journal(*state, &text);
	for (size_t len = 0; len < text.len; len++) {
		int r, lines = believe(m, RP_JOURNAL_OPEN, text.s, text.s, len, &r);

		n += len && text.s[len - 1] == '\n';
		if (n == 0 && text.s[len] != '\n')
			assert_int_equal(r, -EBADMSG); /* the head is missing */
		else
			assert_int_equal(lines, n + (text.s[len] == '\n'));
	}
	free_machine(m);
}

static void line_after_a_torn_one_is_read(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *line = rp_json_object();
	struct rocpart_machine *m = memory_machine();
	char *last;
	int r;

	read_open_journal(*state, &text);
	text.s[text.len - 1] = '\0';
	last = strrchr(text.s, '\n') + 1;
	text.s[text.len - 1] = '\n';
	assert_int_equal(rp_json_set_string(line, "step", "unload"), 0);
	for (size_t len = (size_t)(last - text.s) + 1; len < text.len; len++) {
		assert_true(believe(m, RP_JOURNAL_OPEN, text.s, text.s, len, &r) > 0);
		assert_int_equal(rp_journal_append(m, line, NULL), 0);
		assert_int_equal(close_journal(m, "done"), 0);
		assert_false(rp_journal_is_open(m));
		assert_int_equal(rp_journal_read(m, RP_JOURNAL_LAST, ignore_line, NULL, NULL), 0);
	}
	free_machine(m);
}

static void block_that_was_not_written_tears_the_last_line_only(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_machine *m = memory_machine();
	size_t n = 0;
	char *last;
	int r;

	read_open_journal(*state, &text);
	for (const char *p = text.s; (p = strchr(p, '\n')); p++)
		n++;
	text.s[text.len - 1] = '\0';
	last = strrchr(text.s, '\n') + 1;
	text.s[text.len - 1] = '\n';
	memset(last + 2, 0, 16);
	assert_int_equal(believe(m, RP_JOURNAL_OPEN, text.s, text.s, text.len, &r), n - 1);
	assert_int_equal(r, 0);
	memset(text.s + 10, 0, 16);
	(void)believe(m, RP_JOURNAL_OPEN, text.s, text.s, text.len, &r);
	assert_int_equal(r, -EBADMSG);
	free_machine(m);
}

static void journal_without_seals_is_still_read(void **state)
{
	static const char old[] =
		"{\"targets\":[{\"bdf\":\"" G0 "\",\"named\":true,\"from\":{\"compute\":\"SPX\","
		"\"memory\":\"NPS1\"},\"to\":{\"compute\":\"CPX\",\"memory\":\"NPS4\"}}],"
		"\"journal_version\":1,\"n_gpus\":2,\"reload\":0}\n"
		"{\"step\":\"unload\",\"driver_epoch\":1}\n{\"step\":\"lo";
	RP_AUTO_FREE char *records = rp_strdupf("%s/records", (char *)*state);
	RP_AUTO_TREE struct rp_tree *tree = NULL;

	assert_int_equal(rp_make_dirs(records, false), 0);
	assert_int_equal(rp_tree_open(records, RP_TREE_STATE, &tree), 0);
	assert_int_equal(rp_tree_replace(tree, old, sizeof(old) - 1, "journal"), 0);
	assert_int_equal(resume(*state, NULL), 0);
	assert_false(has_journal(*state));
}

static void expect_version(struct rocpart_machine *m, const char *head, int expected,
			   const char *text)
{
	RP_AUTO_STRBUF struct rp_strbuf line = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	struct given g = {.original = ""};

	rp_strbuf_add(&line, head);
	assert_int_equal(rp_seal_add(&line), 0);
	rp_strbuf_add_char(&line, '\n');
	assert_int_equal(rp_tree_replace(m->state, line.s, line.len, "journal"), 0);
	assert_int_equal(rp_journal_read(m, RP_JOURNAL_OPEN, compare_line, &g, &err), expected);
	if (!strstr(err.message, text))
		fail_msg("'%s' lacks '%s'", err.message, text);
}

static void journal_of_a_newer_version_is_said_to_be_one(void **state)
{
	struct rocpart_machine *m = memory_machine();

	(void)state;
	expect_version(m, "{\"journal_version\":3}", -EPROTONOSUPPORT, "journal version 3");
	expect_version(m, "{\"journal_version\":3,\"min_reader\":2}", -EPROTONOSUPPORT, "newer");
	expect_version(m, "{\"journal_version\":3,\"min_reader\":1}", 0, "");
	expect_version(m, "{\"journal_version\":0}", -EBADMSG, "damaged");
	expect_version(m, "{\"targets\":[]}", -EBADMSG, "damaged");
	free_machine(m);
}

/* ---- small records ---- */

static unsigned count_cordoned(struct rocpart_machine *m, int *ret_r)
{
	RP_AUTO_RECORDS struct rp_records records = {0};
	unsigned n = 0;

	*ret_r = rp_records_load(m, &records, NULL);
	for (size_t i = 0; i < records.n; i++)
		n += records.v[i].cordoned &&
		     (rp_str_eq(records.v[i].bdf, G0) || rp_str_eq(records.v[i].bdf, G1));
	return n;
}

static void flip_of_a_byte_of_the_cordons_uncordons_nothing(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_machine *m = open_machine(*state);
	int r;

	assert_int_equal(rocpart_machine_set_cordon(m, G0, true, NULL), 0);
	assert_int_equal(rocpart_machine_set_cordon(m, G1, true, NULL), 0);
	assert_int_equal(rp_tree_read_file(m->state, 4096, &text, "cordons.json"), 0);
	for (size_t at = 0; at < text.len; at++)
		for (unsigned k = 0; k < 8; k += 3) {
			RP_AUTO_FREE char *copy = rp_strndup(text.s, text.len);

			copy[at] = (char)(copy[at] ^ 1 << k);
			assert_int_equal(rp_tree_replace(m->state, copy, text.len, "cordons.json"),
					 0);
			if (count_cordoned(m, &r) != 2 && r != -EBADMSG)
				fail_msg("byte %zu, bit %u: a GPU is not cordoned any more", at, k);
		}
	for (size_t len = 0; len + 1 < text.len; len++) {
		assert_int_equal(rp_tree_replace(m->state, text.s, len, "cordons.json"), 0);
		(void)count_cordoned(m, &r);
		assert_int_equal(r, -EBADMSG);
	}
	rocpart_machine_close(m);
}

static void records_without_seals_are_still_read(void **state)
{
	static const char old[] = "{\n  \"gpus\": [\"" G0 "\", \"" G1 "\"]\n}\n";
	struct rocpart_machine *m = open_machine(*state);
	int r;

	assert_int_equal(rocpart_machine_set_cordon(m, G0, true, NULL), 0);
	assert_int_equal(rp_tree_replace(m->state, old, sizeof(old) - 1, "cordons.json"), 0);
	assert_int_equal(count_cordoned(m, &r), 2);
	rocpart_machine_close(m);
}

/* ---- a request that was never made ---- */

static int fail_removal(void *userdata, const char *op, const char *path, bool after)
{
	(void)userdata;
	return !after && rp_str_eq(op, "remove") && rp_str_eq(path, "pending.json") ? -EIO : 0;
}

static enum rocpart_memory_mode pending_of(const char *dir)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_snapshot *s = NULL;
	enum rocpart_memory_mode mode;

	assert_int_equal(rocpart_machine_observe(m, &s, NULL), 0);
	mode = rocpart_gpu_get_pending_memory_mode(rocpart_snapshot_get_gpu(s, 0));
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
	return mode;
}

/* The kernel refuses the request, and the record of it cannot be removed. */
static void request_that_failed_is_not_pending(void **state)
{
	const struct wish wish = {G0, CPX, N4};
	struct rocpart_machine *m = open_machine(*state);
	struct rocpart_change *c = new_change(m, &wish);

	add_fault(*state, "write:current_memory_partition:EIO");
	m->hook = fail_removal;
	assert_true(rocpart_change_apply(c, NULL) < 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	assert_false(has_journal(*state));
	assert_int_equal(pending_of(*state), ROCPART_MEMORY_UNKNOWN);
}

static void announced_request_is_pending_while_its_change_is_open(void **state)
{
	RP_AUTO_JSON struct rp_json *head = rp_json_object();
	struct rocpart_machine *m = open_machine(*state);
	const char *bdf = G0;

	assert_int_equal(rp_machine_make_state(m, NULL), 0);
	assert_int_equal(rp_json_set_u64(head, "journal_version", 1), 0);
	assert_int_equal(rp_journal_begin(m, head, NULL), 0);
	assert_int_equal(rp_records_announce_pending(m, bdf, N4), 0);
	assert_int_equal(pending_of(*state), N4);
	assert_int_equal(close_journal(m, "undone"), 0);
	assert_int_equal(pending_of(*state), ROCPART_MEMORY_UNKNOWN);
	assert_int_equal(rp_records_set_pending(m, &bdf, 1, N4), 0);
	assert_int_equal(pending_of(*state), N4);
	rocpart_machine_close(m);
}

/* ---- the record folder of this computer ---- */

static void record_folder_of_others_is_refused(void **state)
{
	RP_AUTO_FREE char *dir = rp_strdupf("%s/own", (char *)*state);
	struct rocpart_machine *m = NULL;
	struct rocpart_error err = {0};

	assert_int_equal(rp_make_record_dir(dir, true), 0);
	assert_int_equal(rocpart_machine_open_real(dir, &m, &err), 0);
	rocpart_machine_close(m);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(chmod(dir, i ? 0775 : 0757), 0);
		m = NULL;
		assert_int_equal(rocpart_machine_open_real(dir, &m, &err), -EPERM);
		assert_non_null(strstr(err.message, "may write it"));
		assert_non_null(strstr(err.hint, "chmod 755"));
	}
	assert_int_equal(chmod(dir, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 65534, 65534), 0);
		assert_int_equal(rocpart_machine_open_real(dir, &m, &err), -EPERM);
		assert_non_null(strstr(err.message, "belongs to user 65534"));
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc32c_of_the_check_string_is_that_of_rfc_3720),
		cmocka_unit_test(seal_of_an_object_is_its_last_key),
		cmocka_unit_test_setup_teardown(flip_of_a_byte_of_a_journal_is_never_believed,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			flip_of_a_byte_of_the_last_journal_is_never_believed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(line_after_a_torn_one_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(journal_cut_anywhere_gives_the_lines_before_the_cut,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(block_that_was_not_written_tears_the_last_line_only,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(journal_without_seals_is_still_read, set_up,
						tear_down),
		cmocka_unit_test(journal_of_a_newer_version_is_said_to_be_one),
		cmocka_unit_test_setup_teardown(flip_of_a_byte_of_the_cordons_uncordons_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_without_seals_are_still_read, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(request_that_failed_is_not_pending, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			announced_request_is_pending_while_its_change_is_open, set_up, tear_down),
		cmocka_unit_test_setup_teardown(record_folder_of_others_is_refused, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
