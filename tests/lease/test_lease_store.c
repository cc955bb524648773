/* SPDX-License-Identifier: MIT */
/* The database of leases: its rules hold without our code, and it refuses what it must not use. */
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

static struct rp_lease_db *open_as(enum rp_lease_open how)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};

	if (rp_lease_db_open(dir, how, "machine A", false, &db, &err) < 0)
		fail_msg("%s", err.message);
	return db;
}

/* Partitions 0 to 3 of 24 bytes each: small numbers are easier to read. */
static struct rp_lease_db *make_db(void)
{
	struct rp_lease_db *db = open_as(RP_LEASE_MAKE);

	assert_int_equal(rp_lease_db_begin(db, NULL), 0);
	for (unsigned p = 0; p < 4; p++)
		assert_int_equal(rp_lease_db_set_usable(db, BDF, p, 24, NULL), 0);
	assert_int_equal(rp_lease_db_commit(db, NULL), 0);
	return db;
}

static int add_in(struct rp_lease_db *db, unsigned part, uint64_t bytes, uint32_t share,
		  int64_t *ret_id, struct rocpart_error *err)
{
	char name[] = "llama";
	struct rp_claim c = {.part = part, .bytes = bytes};
	struct rp_lease l = {.name = name,
			     .replica = -1,
			     .bytes = bytes,
			     .state = ROCPART_LEASE_PLACED,
			     .share = share,
			     .claims = &c,
			     .n_claims = 1};

	memcpy(c.bdf, BDF, sizeof(BDF));
	return rp_lease_db_add(db, &l, ret_id, err);
}

/* One lease in a transaction of its own. */
static int add(struct rp_lease_db *db, unsigned part, uint64_t bytes, uint32_t share,
	       int64_t *ret_id)
{
	struct rocpart_error err = {0};
	int r = rp_lease_db_begin(db, &err);

	if (r == 0)
		r = add_in(db, part, bytes, share, ret_id, &err);
	if (r == 0)
		return rp_lease_db_commit(db, &err);
	rp_lease_db_rollback(db);
	assert_int_equal(err.errnum, r);
	assert_true(*err.message);
	return r;
}

static int end(struct rp_lease_db *db, int64_t id)
{
	int r = rp_lease_db_begin(db, NULL);

	if (r == 0)
		r = rp_lease_db_remove(db, id, "released", NULL);
	if (r == 0)
		return rp_lease_db_commit(db, NULL);
	rp_lease_db_rollback(db);
	return r;
}

static size_t count(struct rp_lease_db *db)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};

	assert_int_equal(rp_lease_db_load(db, &list, NULL), 0);
	return list.n;
}

static void assert_consistent(struct rp_lease_db *db)
{
	RP_AUTO_NAMES struct rp_names problems = RP_NAMES_INIT;

	assert_int_equal(rp_lease_db_check(db, &problems, NULL), 0);
	if (problems.n)
		fail_msg("%s", problems.v[0]);
}

static void store_more_bytes_than_there_are_is_refused(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = make_db();
	int64_t id;

	(void)state;
	assert_int_equal(add(db, 0, 25, 1, &id), -ENOSPC);
	assert_int_equal(add(db, 0, 16, 2, &id), 0);
	assert_int_equal(add(db, 0, 9, 2, &id), -ENOSPC);
	assert_int_equal(add(db, 0, 8, 2, &id), 0);
	assert_int_equal(add(db, 0, UINT64_MAX, 2, &id), -EINVAL);
	assert_int_equal(add(db, 1, 0, 1, &id), -EINVAL);
	assert_int_equal(count(db), 2);
	assert_consistent(db);
}

static void store_exclusive_lease_stays_alone(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = make_db();
	int64_t id, first;

	(void)state;
	assert_int_equal(add(db, 0, 1, 1, &first), 0);
	assert_int_equal(add(db, 0, 1, 1, &id), -ENOSPC);
	assert_int_equal(add(db, 0, 1, 8, &id), -ENOSPC);
	/* the other way round: who wants to be alone does not get a shared one */
	assert_int_equal(add(db, 1, 1, 8, &id), 0);
	assert_int_equal(add(db, 1, 1, 1, &id), -ENOSPC);
	/* the smallest wish of the tenants counts, and goes with its tenant */
	assert_int_equal(add(db, 1, 1, 2, &id), 0);
	assert_int_equal(add(db, 1, 1, 8, &first), -ENOSPC);
	assert_int_equal(end(db, id), 0);
	assert_int_equal(add(db, 1, 1, 8, &id), 0);
	assert_int_equal(add(db, 1, 1, 8, &id), 0);
	assert_consistent(db);
}

/* D1: the prototype subtracted another number than it had added. */
static void store_release_gives_back_exactly_what_was_taken(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = make_db();
	int64_t a, b;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(add(db, 2, 9, 2, &a), 0);
		assert_int_equal(add(db, 2, 15, 2, &b), 0);
		assert_int_equal(end(db, a), 0);
		assert_int_equal(end(db, b), 0);
		assert_int_equal(end(db, b), -ENOENT);
	}
	assert_int_equal(add(db, 2, 24, 1, &a), 0);
	assert_consistent(db);
}

static void store_number_of_a_lease_is_not_given_twice(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = make_db();
	int64_t a, b, c;

	(void)state;
	assert_int_equal(add(db, 0, 1, 1, &a), 0);
	assert_int_equal(add(db, 1, 1, 1, &b), 0);
	assert_int_equal(end(db, b), 0);
	assert_int_equal(end(db, a), 0);
	assert_int_equal(add(db, 2, 1, 1, &c), 0);
	assert_true(c > b);
}

static void store_shrunken_partition_keeps_what_is_promised(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = make_db();
	int64_t id;

	(void)state;
	assert_int_equal(add(db, 0, 20, 2, &id), 0);
	assert_int_equal(rp_lease_db_begin(db, NULL), 0);
	assert_int_equal(rp_lease_db_set_usable(db, BDF, 0, 12, NULL), 0);
	assert_int_equal(rp_lease_db_commit(db, NULL), 0);
	assert_int_equal(add(db, 0, 1, 2, &id), -ENOSPC);
	assert_consistent(db);
}

/* ---- the rules without our code ---- */

static int sql(const char *text)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.db", dir);
	sqlite3 *db = NULL;
	int rc;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
	rc = sqlite3_exec(db, text, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

static void store_rules_hold_against_any_program(void **state)
{
	static const char *const crimes[] = {
		"UPDATE partition SET used = -1",
		"UPDATE partition SET used = 25",
		"UPDATE partition SET usable = 3 WHERE part = 0",
		"UPDATE partition SET tenants = 2 WHERE part = 0",
		"UPDATE claim SET bytes = 1",
		"UPDATE lease SET bytes = 1",
		"UPDATE lease SET state = 9",
		"UPDATE lease SET state = 0",
		"UPDATE lease SET partition = NULL",
		"DELETE FROM claim",
		"DELETE FROM lease",
		"INSERT INTO claim VALUES(1, 77, 1, 9)",
		"INSERT INTO claim SELECT 2, id, -5, 1 FROM lease",
		"INSERT INTO lease(name, bytes, state, partition, guarantee, priority, mode, share,"
		" owner_kind, owner, owner_start, owner_boot, why, created, changed)"
		" VALUES('x', 5, 1, 2, 0, 0, '', 1, 0, '', 0, '', '', 0, 0)",
	};
	struct rp_lease_db *db = make_db();
	int64_t id;

	(void)state;
	assert_int_equal(add(db, 0, 20, 1, &id), 0);
	rp_lease_db_close(db);
	for (size_t i = 0; i < RP_ARRAY_LEN(crimes); i++)
		if (sql(crimes[i]) != SQLITE_CONSTRAINT)
			fail_msg("allowed: %s", crimes[i]);
	db = open_as(RP_LEASE_WRITE);
	assert_int_equal(count(db), 1);
	assert_consistent(db);
	rp_lease_db_close(db);
}

static void store_check_finds_what_was_forged(void **state)
{
	RP_AUTO_NAMES struct rp_names problems = RP_NAMES_INIT;
	struct rp_lease_db *db = make_db();
	int64_t id;

	(void)state;
	assert_int_equal(add(db, 0, 20, 1, &id), 0);
	rp_lease_db_close(db);
	assert_int_equal(sql("UPDATE partition SET used = 4 WHERE part = 0"), SQLITE_OK);
	db = open_as(RP_LEASE_READ);
	assert_int_equal(rp_lease_db_check(db, &problems, NULL), 0);
	assert_int_equal(problems.n, 1);
	assert_non_null(strstr(problems.v[0], BDF "/0"));
	rp_lease_db_close(db);
}

/* ---- databases that must not be used ---- */

static void assert_refused(const char *why)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};

	for (int how = RP_LEASE_READ; how <= RP_LEASE_MAKE; how++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(rp_lease_db_open(dir, (enum rp_lease_open)how, "machine A", false,
						  &db, &err),
				 -EBADMSG);
		assert_int_equal(err.code, ROCPART_ERR_BAD_RECORDS);
		if (!strstr(err.message, why))
			fail_msg("'%s' does not say '%s'", err.message, why);
		assert_true(*err.hint);
	}
}

static void write_file(const char *text, size_t n)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.db", dir);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void store_garbage_is_refused_and_left_alone(void **state)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.db", dir);
	char text[2048], again[2048];
	FILE *f;

	(void)state;
	memset(text, 'q', sizeof(text));
	write_file(text, sizeof(text));
	assert_refused("damaged");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(again, 1, sizeof(again), f), sizeof(again));
	fclose(f);
	assert_memory_equal(text, again, sizeof(text));
}

static void store_empty_file_is_refused(void **state)
{
	(void)state;
	write_file("", 0);
	assert_refused("not a lease database");
}

static void store_half_a_database_is_refused(void **state)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/leases.db", dir);
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	struct rocpart_error err = {0};
	int r;

	(void)state;
	rp_lease_db_close(make_db());
	assert_int_equal(sql("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
	assert_int_equal(truncate(path, 4096), 0);
	r = rp_lease_db_open(dir, RP_LEASE_WRITE, "machine A", false, &db, &err);
	if (r == 0)
		r = rp_lease_db_load(db, &list, &err);
	assert_int_equal(r, -EBADMSG);
	assert_int_equal(err.code, ROCPART_ERR_BAD_RECORDS);
}

static void store_foreign_database_is_refused(void **state)
{
	(void)state;
	assert_int_equal(sql("CREATE TABLE lease(x)"), SQLITE_OK);
	assert_refused("not a lease database");
}

static void store_of_another_machine_is_refused(void **state)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};

	(void)state;
	rp_lease_db_close(make_db());
	assert_int_equal(rp_lease_db_open(dir, RP_LEASE_WRITE, "machine B", false, &db, &err),
			 -EBADMSG);
	assert_int_equal(err.code, ROCPART_ERR_BAD_RECORDS);
	assert_non_null(strstr(err.message, "another machine"));
}

static void store_without_a_database_reads_nothing(void **state)
{
	struct rp_lease_db *db = NULL;

	(void)state;
	assert_int_equal(rp_lease_db_open(dir, RP_LEASE_READ, NULL, false, &db, NULL), -ENOENT);
	assert_int_equal(rp_lease_db_open(dir, RP_LEASE_WRITE, NULL, false, &db, NULL), -ENOENT);
}

/* At every write the disk is full, or read only: an error that says so, and all as it was. */
static void fail_everywhere(int code, int expected, int once)
{
	struct rp_lease_db *db = make_db();
	int64_t id = 0;
	unsigned n;

	if (count(db) == 0)
		assert_int_equal(add(db, 0, 20, 1, &id), 0);
	rp_lease_db_close(db);
	for (n = 1; n < 100; n++) {
		struct rocpart_error err = {0};
		int r;

		db = open_as(RP_LEASE_WRITE);
		vfs_counter = (struct vfs_counter){.at = n, .error = code, .once = once};
		r = rp_lease_db_begin(db, &err);
		if (r == 0)
			r = add_in(db, 1, 7, 1, &id, &err);
		if (r == 0)
			r = rp_lease_db_commit(db, &err);
		rp_lease_db_rollback(db);
		vfs_counter.at = 0;
		rp_lease_db_close(db);
		if (r == 0)
			break;
		assert_int_equal(r, expected);
		assert_true(*err.message);
		db = open_as(RP_LEASE_WRITE);
		assert_int_equal(count(db), 1);
		assert_consistent(db);
		rp_lease_db_close(db);
	}
	assert_true(n > 3 && n < 100);
	db = open_as(RP_LEASE_WRITE);
	assert_int_equal(end(db, id), 0);
	rp_lease_db_close(db);
}

static void store_on_a_full_disk_says_so_and_keeps_all(void **state)
{
	(void)state;
	fail_everywhere(SQLITE_FULL, -ENOSPC, 0);
	fail_everywhere(SQLITE_FULL, -ENOSPC, 1);
}

static void store_on_a_read_only_disk_says_so_and_keeps_all(void **state)
{
	(void)state;
	fail_everywhere(SQLITE_READONLY, -EROFS, 0);
}

/* ---- owners ---- */

static void owner_texts_are_taken_or_refused(void **state)
{
	static const struct {
		const char *text, *again;
	} good[] = {
		{"docker:vllm-0", "docker:vllm-0"},
		{"unit:vllm", "unit:vllm.service"},
		{"unit:a.scope", "unit:a.scope"},
		{"pod:default/llama", "pod:default/llama"},
		{"job:4711", "job:4711"},
		{"pid:1", "pid:1"},
		{"none", "none"},
	};
	static const char *const bad[] = {
		"",	   "docker", "docker:",		"docker:a/b", "docker:a b",
		"pod:a",   "pod:a/", "pod:/b",		"pod:a/b/c",  "job:x",
		"job:-1",  "pid:0",  "pid:99999999999", "lxc:a",      "none:",
		"unit:a\n"};
	char text[RP_OWNER_NAME_SIZE + 16];
	struct rocpart_error err = {0};
	struct rp_owner o;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(good); i++) {
		assert_int_equal(rp_owner_parse(good[i].text, &o, NULL), 0);
		rp_owner_text(&o, text);
		assert_string_equal(text, good[i].again);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(bad); i++)
		if (rp_owner_parse(bad[i], &o, &err) != -EINVAL)
			fail_msg("taken: '%s'", bad[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(store_more_bytes_than_there_are_is_refused),
		TEST(store_exclusive_lease_stays_alone),
		TEST(store_release_gives_back_exactly_what_was_taken),
		TEST(store_number_of_a_lease_is_not_given_twice),
		TEST(store_shrunken_partition_keeps_what_is_promised),
		TEST(store_rules_hold_against_any_program),
		TEST(store_check_finds_what_was_forged),
		TEST(store_garbage_is_refused_and_left_alone),
		TEST(store_empty_file_is_refused),
		TEST(store_half_a_database_is_refused),
		TEST(store_foreign_database_is_refused),
		TEST(store_of_another_machine_is_refused),
		TEST(store_without_a_database_reads_nothing),
		TEST(store_on_a_full_disk_says_so_and_keeps_all),
		TEST(store_on_a_read_only_disk_says_so_and_keeps_all),
		TEST(owner_texts_are_taken_or_refused),
	};

	vfs_install();
	return cmocka_run_group_tests_name("lease_store", tests, NULL, NULL);
}
