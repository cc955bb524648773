/* SPDX-License-Identifier: MIT */
/* The first database of a machine: whole or not there, whatever fails, and for root alone. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "fault/fault_machine.h"
#include "leases/lease.h"
#include "tests/lease/vfs.h"

#define BDF "0000:05:00.0"

static char *dir;

static int setup(void **state)
{
	(void)state;
	memset(&vfs_counter, 0, sizeof(vfs_counter));
	dir = make_dir();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memset(&vfs_counter, 0, sizeof(vfs_counter));
	remove_dir(dir);
	return 0;
}

static char *path_of(const char *name)
{
	return rp_strdupf("%s/%s", dir, name);
}

static bool exists(const char *name)
{
	RP_AUTO_FREE char *path = path_of(name);

	return access(path, F_OK) == 0;
}

static void write_file(const char *name, const char *text)
{
	RP_AUTO_FREE char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static unsigned mode_of(const char *name)
{
	RP_AUTO_FREE char *path = path_of(name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

/* Place one lease, in a database that is made when it is not there. */
static int place(struct rocpart_error *err)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	char name[] = "llama";
	struct rp_claim c = {.bytes = 7, .bdf = BDF};
	struct rp_lease l = {.name = name,
			     .replica = -1,
			     .bytes = 7,
			     .state = ROCPART_LEASE_PLACED,
			     .share = 64,
			     .claims = &c,
			     .n_claims = 1};
	int64_t id;
	int r = rp_lease_db_open(dir, RP_LEASE_MAKE, "machine A", false, &db, err);

	if (r == 0)
		r = rp_lease_db_begin(db, err);
	if (r == 0)
		r = rp_lease_db_set_usable(db, BDF, 0, 1000, err);
	if (r == 0)
		r = rp_lease_db_add(db, &l, &id, err);
	return r < 0 ? r : rp_lease_db_commit(db, err);
}

/* Number of leases of a consistent database; 0 without one. */
static size_t count(void)
{
	RP_AUTO_NAMES struct rp_names problems = RP_NAMES_INIT;
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};
	int r = rp_lease_db_open(dir, RP_LEASE_READ, "machine A", false, &db, &err);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || rp_lease_db_check(db, &problems, &err) < 0 ||
	    rp_lease_db_load(db, &list, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(problems.n, 0);
	return list.n;
}

/* What a maker left aside is a failure; all files are removed when that is meant. */
static void look_through(bool removes)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d))) {
		RP_AUTO_FREE char *path = path_of(e->d_name);

		if (*e->d_name == '.')
			continue;
		if (strstr(e->d_name, ".new"))
			fail_msg("left behind: %s", e->d_name);
		assert_true(!removes || unlink(path) == 0);
	}
	closedir(d);
}

static void empty_folder(void)
{
	look_through(true);
}

/* The first lease fails at each call: then there is none, and the next one is placed. */
static unsigned fail_everywhere(int code, int once)
{
	unsigned n, n_failed = 0;

	for (n = 1; n < 400; n++) {
		struct rocpart_error err = {0};
		size_t before;
		int r;

		vfs_counter = (struct vfs_counter){.at = n, .error = code, .once = once, .wide = 1};
		r = place(&err);
		if (vfs_counter.n < n && r == 0)
			break;
		memset(&vfs_counter, 0, sizeof(vfs_counter));
		look_through(false);
		before = count();
		/*
		 * A commit whose sync failed is in the log. Where the disk fails on and on, it
		 * cannot be overwritten there (db.c, void_failed_commit()).
		 */
		if (r < 0 && before != 0 && (once || !strstr(err.message, "cannot record")))
			fail_msg("call %u: %zu leases after: %s", n, before, err.message);
		assert_true(r == 0 ? before == 1 : *err.message != '\0');
		err = (struct rocpart_error){0};
		if (place(&err) < 0)
			fail_msg("call %u, again: %s", n, err.message);
		assert_int_equal(count(), before + 1);
		n_failed += r < 0;
		empty_folder();
	}
	assert_true(n > 30 && n < 400);
	memset(&vfs_counter, 0, sizeof(vfs_counter));
	empty_folder();
	return n_failed;
}

static void make_that_fails_anywhere_leaves_nothing(void **state)
{
	static const int codes[] = {SQLITE_FULL, SQLITE_IOERR_WRITE};
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(codes); i++)
		n += fail_everywhere(codes[i], 0) + fail_everywhere(codes[i], 1);
	printf("# the first lease failed in %u ways\n", n);
	assert_true(n > 200);
}

static void make_removes_what_killed_makers_left(void **state)
{
	static const char *const left[] = {"leases.db.new", "leases.db.new-journal",
					   "leases.db.new.4194304", "leases.db.new.4194304-wal",
					   "leases.db.new.4194304-shm"};
	/* pid 1 is alive; the others are not ours */
	static const char *const kept[] = {"leases.db.new.1", "leases.db.news", "leases.db.new.x"};
	struct rocpart_error err = {0};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(left); i++)
		write_file(left[i], "half a database");
	for (size_t i = 0; i < RP_ARRAY_LEN(kept); i++)
		write_file(kept[i], "something else");
	if (place(&err) < 0)
		fail_msg("%s", err.message);
	for (size_t i = 0; i < RP_ARRAY_LEN(left); i++)
		assert_false(exists(left[i]));
	for (size_t i = 0; i < RP_ARRAY_LEN(kept); i++)
		assert_true(exists(kept[i]));
	assert_int_equal(count(), 1);
}

/* SQLite would replay the log of a database that was moved away into the new one. */
static void make_beside_an_old_log_keeps_the_log_out_of_it(void **state)
{
	RP_AUTO_FREE char *path = path_of("leases.db");
	struct rocpart_error err = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(place(&err), 0);
	assert_int_equal(unlink(path), 0);
	if (place(&err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(count(), 1);
	assert_true(exists("leases.db-wal.old"));
}

static void files_of_the_database_are_for_their_owner_alone(void **state)
{
	static const char *const names[] = {"leases.db", "leases.db-wal", "leases.db-shm",
					    "leases.queue"};
	static const mode_t masks[] = {0, 0022, 0077, 0177};
	struct rocpart_error err = {0};

	(void)state;
	for (size_t m = 0; m < RP_ARRAY_LEN(masks); m++) {
		mode_t before = umask(masks[m]);
		int r = place(&err);

		umask(before);
		if (r < 0)
			fail_msg("%s", err.message);
		for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
			assert_int_equal(mode_of(names[i]), 0600);
		empty_folder();
	}
}

static void database_that_others_may_read_is_closed_by_the_next_writer(void **state)
{
	static const char *const names[] = {"leases.db", "leases.db-wal", "leases.db-shm"};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(place(&err), 0);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		RP_AUTO_FREE char *path = path_of(names[i]);

		assert_int_equal(chmod(path, 0644), 0);
	}
	assert_int_equal(count(), 1); /* a reader writes nothing */
	assert_int_equal(mode_of("leases.db"), 0644);
	assert_int_equal(place(&err), 0);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		assert_int_equal(mode_of(names[i]), 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(make_that_fails_anywhere_leaves_nothing),
		TEST(make_removes_what_killed_makers_left),
		TEST(make_beside_an_old_log_keeps_the_log_out_of_it),
		TEST(files_of_the_database_are_for_their_owner_alone),
		TEST(database_that_others_may_read_is_closed_by_the_next_writer),
	};

	vfs_install();
	return cmocka_run_group_tests_name("lease_make", tests, NULL, NULL);
}
