/* SPDX-License-Identifier: MIT */
/*
 * Versions of the lease database: older and newer programs meet on one file.
 *
 * An older program is played by its own statements, a newer one by the rows that it would have
 * written; the test of whole programs of two versions is tests/cli/test_version_skew.py.
 */
#include <dirent.h>
#include <sqlite3.h>

#include "base/json.h"
#include "fault/fault_machine.h"
#include "leases/db.h"
#include "leases/migrate.h"

#define BDF "0000:05:00.0"

/* As the program of format 1 wrote a lease of 8 bytes on partition 0. */
static const char lease_of_1[] =
	"BEGIN IMMEDIATE;"
	"INSERT OR IGNORE INTO partition(bdf, part, usable) VALUES('" BDF "', 0, 24);"
	"INSERT INTO lease(id, name, bytes, state, partition, guarantee, priority, share, is_seen,"
	" owner_kind, owner, owner_start, owner_boot, footprint, labels, why, problem, created,"
	" changed, mode) SELECT coalesce(max(id), 0) + 1, 'llama', 8, 1, (SELECT id FROM "
	"partition),"
	" 2, 0, 3, 0, 0, '', 0, '', NULL, NULL, 'by an old program', '', 1, 1, 'CPX/NPS4' FROM "
	"lease;"
	"INSERT INTO claim(partition, lease, bytes, share) SELECT partition, id, 8, 3 FROM lease"
	" ORDER BY id DESC LIMIT 1;"
	"COMMIT";

static char *dir, *path, *backups;

static int setup(void **state)
{
	(void)state;
	dir = make_dir();
	path = rp_strdupf("%s/" RP_LEASE_FILE, dir);
	backups = rp_strdupf("%s/backups", dir);
	assert_true(path && backups);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(path);
	free(backups);
	remove_dir(dir);
	return 0;
}

static void run_sql(const char *sql)
{
	sqlite3 *db = NULL;
	char *text = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	(void)sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
		fail_msg("%s: %s", sql, text);
	sqlite3_close(db);
}

static int open_as(enum rp_lease_open how, struct rp_lease_db **ret, struct rocpart_error *err)
{
	*err = (struct rocpart_error){0};
	return rp_lease_db_open(dir, how, "machine A", false, ret, err);
}

static struct rp_lease_db *must_open(enum rp_lease_open how)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};

	if (open_as(how, &db, &err) < 0)
		fail_msg("%s", err.message);
	return db;
}

/* Make the database that a program of this many steps made, with one lease. */
static void make_of_format(unsigned n_steps)
{
	struct rp_lease_format old = rp_lease_format;
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;

	old.n_steps = n_steps;
	assert_int_equal(
		rp_lease_db_open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, NULL),
		0);
	db->format = &old;
	assert_int_equal(rp_lease_db_make_tables(db, "machine A", NULL), 0);
	run_sql(lease_of_1);
}

static size_t count_leases(struct rp_lease_db *db)
{
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_NAMES struct rp_names problems = RP_NAMES_INIT;

	assert_int_equal(rp_lease_db_load(db, &list, NULL), 0);
	assert_int_equal(rp_lease_db_check(db, &problems, NULL), 0);
	assert_int_equal(problems.n, 0);
	for (size_t i = 0; i < list.n; i++)
		assert_string_equal(list.v[i].name, "llama");
	return list.n;
}

static void versions_older_format_is_read_as_it_is(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;

	(void)state;
	make_of_format(1);
	db = must_open(RP_LEASE_READ);
	assert_int_equal(count_leases(db), 1);
	assert_int_equal(db->version, 1);
}

static void versions_writing_brings_additive_steps_and_old_programs_go_on(void **state)
{
	struct rp_lease_db *db;

	(void)state;
	make_of_format(1);
	db = must_open(RP_LEASE_WRITE);
	assert_int_equal(db->version, RP_LEASE_VERSION);
	assert_int_equal(count_leases(db), 1);
	rp_lease_db_close(db);
	run_sql(lease_of_1);
	db = must_open(RP_LEASE_WRITE);
	assert_int_equal(count_leases(db), 2);
	rp_lease_db_close(db);
}

/* Rows of a program that knows format 90. */
static void make_newer(unsigned min_reader, unsigned min_writer)
{
	RP_AUTO_FREE char *sql = rp_strdupf(
		"PRAGMA user_version = 90; UPDATE meta SET value = '%u' WHERE key = 'min_reader';"
		"UPDATE meta SET value = '%u' WHERE key = 'min_writer';"
		"UPDATE meta SET value = '9.1' WHERE key = 'written_by'",
		min_reader, min_writer);

	make_of_format(RP_LEASE_VERSION);
	run_sql(sql);
}

static void versions_newer_that_allows_it_is_written(void **state)
{
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;

	(void)state;
	make_newer(1, RP_LEASE_VERSION);
	db = must_open(RP_LEASE_WRITE);
	assert_false(rp_lease_db_is_newer(db));
	assert_int_equal(count_leases(db), 1);
}

static void versions_newer_that_cannot_be_written_is_read(void **state)
{
	struct rocpart_error err;
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct rp_lease_db *writer = NULL;

	(void)state;
	make_newer(RP_LEASE_VERSION, 90);
	db = must_open(RP_LEASE_READ);
	assert_true(rp_lease_db_is_newer(db));
	assert_int_equal(count_leases(db), 1);
	assert_int_equal(open_as(RP_LEASE_WRITE, &writer, &err), -EBADMSG);
	assert_int_equal(err.code, ROCPART_ERR_BAD_RECORDS);
	assert_non_null(strstr(err.message, "9.1"));
	assert_non_null(strstr(err.hint, "--for-version"));
}

static void versions_newer_that_cannot_be_read_names_its_program(void **state)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err;

	(void)state;
	make_newer(90, 90);
	assert_int_equal(open_as(RP_LEASE_READ, &db, &err), -EBADMSG);
	assert_non_null(strstr(err.message, "9.1"));
	run_sql("DELETE FROM meta WHERE key IN ('min_reader', 'min_writer')");
	assert_int_equal(open_as(RP_LEASE_READ, &db, &err), -EBADMSG);
}

/* ---- a step that older programs notice ---- */

static const struct rp_lease_step *with_step(const char *sql)
{
	static struct rp_lease_step steps[RP_LEASE_VERSION + 1];

	memcpy(steps, rp_lease_format.steps, RP_LEASE_VERSION * sizeof(steps[0]));
	steps[RP_LEASE_VERSION] =
		(struct rp_lease_step){sql, RP_LEASE_VERSION + 1, RP_LEASE_VERSION + 1};
	return steps;
}

static size_t count_backups(char *ret_name, size_t size)
{
	DIR *d = opendir(backups);
	const struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		assert_int_equal(rp_fmt(ret_name, size, "%s", e->d_name), 0);
	}
	if (d)
		closedir(d);
	return n;
}

static void versions_migration_keeps_an_export_of_before(void **state)
{
	struct rp_lease_format next = {with_step("ALTER TABLE lease ADD COLUMN colour TEXT"),
				       RP_LEASE_VERSION + 1};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	struct rp_lease_db *old = NULL;
	RP_AUTO_FREE char *backup = NULL, *again = NULL;
	struct rocpart_error err;
	char name[256];

	(void)state;
	make_of_format(RP_LEASE_VERSION);
	db = must_open(RP_LEASE_MIGRATE);
	db->format = &next;
	assert_int_equal(rp_lease_db_check_version(db, true, &err), -EBADMSG);
	assert_non_null(strstr(err.hint, "state migrate"));
	assert_int_equal(rp_lease_db_migrate(db, backups, &backup, NULL), 0);
	assert_int_equal(db->version, RP_LEASE_VERSION + 1);
	assert_int_equal(count_leases(db), 1);
	assert_int_equal(count_backups(name, sizeof(name)), 1);
	assert_non_null(strstr(backup, name));
	assert_int_equal(rp_lease_db_migrate(db, backups, &again, NULL), 0);
	assert_null(again);
	assert_int_equal(open_as(RP_LEASE_READ, &old, &err), -EBADMSG);
}

static void versions_migration_that_fails_changes_nothing(void **state)
{
	struct rp_lease_format next = {
		with_step("ALTER TABLE lease ADD COLUMN colour TEXT; SELECT no_such_function()"),
		RP_LEASE_VERSION + 1};
	RP_AUTO_FREE char *backup = NULL;
	struct rp_lease_db *db;

	(void)state;
	make_of_format(RP_LEASE_VERSION);
	db = must_open(RP_LEASE_MIGRATE);
	db->format = &next;
	assert_int_not_equal(rp_lease_db_migrate(db, backups, &backup, NULL), 0);
	assert_null(backup);
	assert_int_equal(db->version, RP_LEASE_VERSION);
	rp_lease_db_close(db);
	db = must_open(RP_LEASE_WRITE);
	assert_int_equal(count_leases(db), 1);
	rp_lease_db_close(db);
	run_sql("ALTER TABLE lease ADD COLUMN colour TEXT"); /* it is not there */
}

static void versions_migration_without_a_backup_does_not_begin(void **state)
{
	struct rp_lease_format next = {with_step("ALTER TABLE lease ADD COLUMN colour TEXT"),
				       RP_LEASE_VERSION + 1};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	RP_AUTO_FREE char *backup = NULL;
	struct rocpart_error err = {0};
	FILE *f;

	(void)state;
	make_of_format(RP_LEASE_VERSION);
	f = fopen(backups, "w"); /* a file where the folder is to be */
	assert_non_null(f);
	fclose(f);
	db = must_open(RP_LEASE_MIGRATE);
	db->format = &next;
	assert_int_equal(rp_lease_db_migrate(db, backups, &backup, &err), -ENOTDIR);
	assert_non_null(strstr(err.message, "nothing was changed"));
	assert_int_equal(db->version, RP_LEASE_VERSION);
	assert_int_equal(count_leases(db), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_older_format_is_read_as_it_is),
		TEST(versions_writing_brings_additive_steps_and_old_programs_go_on),
		TEST(versions_newer_that_allows_it_is_written),
		TEST(versions_newer_that_cannot_be_written_is_read),
		TEST(versions_newer_that_cannot_be_read_names_its_program),
		TEST(versions_migration_keeps_an_export_of_before),
		TEST(versions_migration_that_fails_changes_nothing),
		TEST(versions_migration_without_a_backup_does_not_begin),
	};

	return cmocka_run_group_tests_name("lease_versions", tests, NULL, NULL);
}
