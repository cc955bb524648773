/* SPDX-License-Identifier: MIT */
/* The rooted tree: what is read and written, and that nothing outside is. */
#include "node_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
	*state = make_dir();
	return 0;
}

static int teardown(void **state)
{
	remove_dir(*state);
	return 0;
}

static int read_of(const char *dir, const char *path, struct rp_strbuf *text)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open(dir, RP_TREE_CAPTURE, &t), 0);
	return rp_tree_read(t, text, "%s", path);
}

static void link_to(const char *dir, const char *path, const char *target)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s", dir, path);

	assert_int_equal(symlink(target, full), 0);
}

static void attribute_loses_one_newline(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	put(*state, "a", "SPX\n");
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "SPX");
	put(*state, "a", "SPX");
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "SPX");
	put(*state, "a", "\n\n");
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "\n");
	put(*state, "a", "");
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "");
}

static void attribute_of_a_full_page_is_e2big(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	static char page[RP_ATTR_MAX + 10];

	memset(page, 'x', sizeof(page));
	put_bytes(*state, "a", page, RP_ATTR_MAX - 1);
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_int_equal(text.len, RP_ATTR_MAX - 1);
	put_bytes(*state, "a", page, RP_ATTR_MAX);
	assert_int_equal(read_of(*state, "a", &text), -E2BIG);
	put_bytes(*state, "a", page, sizeof(page));
	assert_int_equal(read_of(*state, "a", &text), -E2BIG);
}

static void attribute_with_nul_is_ebadmsg(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	put_bytes(*state, "a", "\0", 1);
	assert_int_equal(read_of(*state, "a", &text), -EBADMSG);
	put_bytes(*state, "a", "SPX\0\n", 5);
	assert_int_equal(read_of(*state, "a", &text), -EBADMSG);
	assert_int_equal(read_of(*state, "b", &text), -ENOENT);
}

static void file_larger_than_its_limit_is_efbig(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	put(*state, "a", "12345");
	assert_int_equal(rp_tree_open(*state, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_read_file(t, 5, &text, "a"), 0);
	assert_int_equal(rp_tree_read_file(t, 4, &text, "a"), -EFBIG);
}

/* A fifo in a capture must not make anybody wait. */
static void only_regular_files_of_a_capture_are_read(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *fifo = rp_strdupf("%s/fifo", (char *)*state);
	RP_AUTO_FREE char *link = rp_strdupf("%s/link", (char *)*state);

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(read_of(*state, "fifo", &text), -EBADMSG);
	assert_int_equal(symlink("fifo", link), 0);
	assert_int_equal(read_of(*state, "link", &text), -EBADMSG);
}

static void capture_is_never_written(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	put(*state, "a", "SPX\n");
	assert_int_equal(rp_tree_open(*state, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_write(t, "CPX", "a"), -EROFS);
	assert_int_equal(rp_tree_replace(t, "x", 1, "a"), -EINVAL);
	assert_int_equal(rp_tree_append(t, "x", 1, "a"), -EINVAL);
	assert_int_equal(rp_tree_rename(t, "a", "b"), -EINVAL);
	assert_int_equal(rp_tree_remove(t, "a"), -EINVAL);
	assert_int_equal(read_of(*state, "a", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "SPX");
}

/* The host's file of that name must not be read in place of the capture's. */
static void link_out_of_a_capture_is_resolved_inside_it(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *inside = rp_strdupf("%s/in", (char *)*state);

	put(*state, "outside", "secret\n");
	put(*state, "in/etc/hostname", "captured\n");
	put(*state, "in/secret/x", "");
	link_to(inside, "absolute", "/etc/hostname");
	link_to(inside, "secret/up", "../../outside");
	link_to(inside, "folder", "..");
	assert_int_equal(read_of(inside, "absolute", &text), 0);
	assert_string_equal(rp_strbuf_str(&text), "captured");
	assert_int_equal(read_of(inside, "secret/up", &text), -ENOENT);
	assert_int_equal(read_of(inside, "folder/outside", &text), -ENOENT);
	assert_int_equal(read_of(inside, "../outside", &text), -ENOENT);
	assert_int_equal(read_of(inside, "folder/etc/hostname", &text), 0);
}

static void link_in_a_circle_is_an_error(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	link_to(*state, "a", "b");
	link_to(*state, "b", "a");
	assert_int_equal(read_of(*state, "a", &text), -ELOOP);
}

static void folder_is_listed_by_number(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	put(*state, "nodes/10/x", "");
	put(*state, "nodes/9/x", "");
	put(*state, "nodes/0/x", "");
	assert_int_equal(rp_tree_open(*state, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_list(t, &names, "nodes"), 0);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "0");
	assert_string_equal(names.v[2], "10");
	assert_int_equal(rp_tree_list(t, &names, "nodes/0/x"), -ENOTDIR);
	assert_int_equal(names.n, 3); /* untouched on failure */
}

/* ---- records ---- */

static struct rp_tree *records(const char *dir)
{
	struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open(dir, RP_TREE_STATE, &t), 0);
	return t;
}

static void replaced_record_leaves_nothing_beside_it(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = records(*state);
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_tree_replace(t, "first one", 9, "r"), 0);
	assert_int_equal(rp_tree_replace(t, "second", 6, "r"), 0);
	assert_int_equal(rp_tree_read_file(t, 100, &text, "r"), 0);
	assert_string_equal(rp_strbuf_str(&text), "second");
	assert_int_equal(rp_tree_list(t, &names, "."), 0);
	assert_int_equal(names.n, 1);
}

static int refuse(void *userdata, const char *op, const char *path, bool after)
{
	(void)userdata;
	(void)op;
	(void)path;
	return after ? 0 : -ENOSPC;
}

static void record_that_cannot_be_replaced_is_as_before(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = records(*state);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_tree_replace(t, "old", 3, "r"), 0);
	rp_tree_set_hook(t, refuse, NULL);
	assert_int_equal(rp_tree_replace(t, "new", 3, "r"), -ENOSPC);
	assert_int_equal(rp_tree_append(t, "new", 3, "r"), -ENOSPC);
	assert_int_equal(rp_tree_rename(t, "r", "s"), -ENOSPC);
	assert_int_equal(rp_tree_remove(t, "r"), -ENOSPC);
	assert_int_equal(rp_tree_read_file(t, 100, &text, "r"), 0);
	assert_string_equal(rp_strbuf_str(&text), "old");
}

/* What a killed process left is written over; a reader never sees it under the record's name. */
static void half_written_temporary_file_is_no_obstacle(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = records(*state);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	put(*state, "r.new", "half of a record that is longer than the next");
	assert_int_equal(rp_tree_read_file(t, 100, &text, "r"), -ENOENT);
	assert_int_equal(rp_tree_replace(t, "whole", 5, "r"), 0);
	assert_int_equal(rp_tree_read_file(t, 100, &text, "r"), 0);
	assert_string_equal(rp_strbuf_str(&text), "whole");
}

static void lock_is_held_by_one(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = records(*state);
	RP_AUTO_CLOSE int first = -EBADF;
	RP_AUTO_CLOSE int second = -EBADF;

	assert_int_equal(rp_tree_lock(t, "lock", &first), 0);
	assert_int_equal(rp_tree_lock(t, "lock", &second), -EWOULDBLOCK);
	rp_cleanup_close(&first);
	first = -EBADF;
	assert_int_equal(rp_tree_lock(t, "lock", &second), 0);
}

static void assert_record(struct rp_tree *t, const char *name, const char *want)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_tree_read_file(t, 100, &text, "%s", name), 0);
	assert_string_equal(rp_strbuf_str(&text), want);
}

/* What records in a folder do, one after the other. */
static void use_records(struct rp_tree *t)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_tree_read_file(t, 100, &text, "a"), -ENOENT);
	assert_int_equal(rp_tree_append(t, "one\n", 4, "a"), 0);
	assert_int_equal(rp_tree_append(t, "two\n", 4, "a"), 0);
	assert_record(t, "a", "one\ntwo\n");
	assert_int_equal(rp_tree_read_file(t, 7, &text, "a"), -EFBIG);
	assert_int_equal(rp_tree_replace(t, "b", 1, "b"), 0);
	assert_int_equal(rp_tree_replace(t, "c", 1, "c"), 0);
	assert_int_equal(rp_tree_rename(t, "c", "b"), 0);
	assert_record(t, "b", "c");
	assert_int_equal(rp_tree_rename(t, "c", "b"), -ENOENT);
	assert_int_equal(rp_tree_remove(t, "a"), 0);
	assert_int_equal(rp_tree_remove(t, "a"), -ENOENT);
	assert_int_equal(rp_tree_list(t, &names, "."), 0);
	assert_int_equal(names.n, 1);
	assert_string_equal(names.v[0], "b");
}

static void records_in_memory_behave_as_in_a_folder(void **state)
{
	RP_AUTO_TREE struct rp_tree *folder = records(*state);
	RP_AUTO_TREE struct rp_tree *memory = NULL;

	use_records(folder);
	assert_int_equal(rp_tree_open_memory(&memory), 0);
	use_records(memory);
}

static void record_in_memory_that_is_refused_is_as_before(void **state)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;

	(void)state;
	assert_int_equal(rp_tree_open_memory(&t), 0);
	assert_int_equal(rp_tree_replace(t, "old", 3, "r"), 0);
	rp_tree_set_hook(t, refuse, NULL);
	assert_int_equal(rp_tree_replace(t, "new", 3, "r"), -ENOSPC);
	assert_int_equal(rp_tree_remove(t, "r"), -ENOSPC);
	assert_record(t, "r", "old");
}

static void path_that_is_too_long_is_refused(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char path[2000];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(read_of(*state, path, &text), -ENAMETOOLONG);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attribute_loses_one_newline),
		TEST(attribute_of_a_full_page_is_e2big),
		TEST(attribute_with_nul_is_ebadmsg),
		TEST(file_larger_than_its_limit_is_efbig),
		TEST(only_regular_files_of_a_capture_are_read),
		TEST(capture_is_never_written),
		TEST(link_out_of_a_capture_is_resolved_inside_it),
		TEST(link_in_a_circle_is_an_error),
		TEST(folder_is_listed_by_number),
		TEST(replaced_record_leaves_nothing_beside_it),
		TEST(record_that_cannot_be_replaced_is_as_before),
		TEST(half_written_temporary_file_is_no_obstacle),
		TEST(lock_is_held_by_one),
		TEST(records_in_memory_behave_as_in_a_folder),
		TEST(record_in_memory_that_is_refused_is_as_before),
		TEST(path_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
