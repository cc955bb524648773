# SPDX-License-Identifier: MIT
"""Records of other versions: what a newer one wrote, the export for an older one, the migration."""

import json
import sqlite3
import unittest

from journey import FAILED, TO_DO, USAGE, Journey

FORMAT = 3


class Versions(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.on("place", "llama", "--bytes", "8G", "--share", "4")
        self.dir = self.folder / "rocpart/sim/n/records"

    def on(self, *args, **kwargs):
        return self.rocpart("--sim", "n", *args, **kwargs)

    def error(self, *args, status=FAILED):
        return self.json("--sim", "n", *args, status=status)["error"]

    def edit(self, sql):
        with sqlite3.connect(self.dir / "leases.db") as db:
            db.executescript(sql)
        db.close()

    def make_newer(self, min_reader, min_writer):
        self.edit(f"""PRAGMA user_version = 90;
            UPDATE meta SET value = '{min_reader}' WHERE key = 'min_reader';
            UPDATE meta SET value = '{min_writer}' WHERE key = 'min_writer';
            UPDATE meta SET value = '9.1' WHERE key = 'written_by';""")

    def test_status_reads_what_a_newer_version_wrote_and_says_so(self):
        self.make_newer(FORMAT, 90)
        shown = self.on("status")
        self.assertIn("llama", shown)
        self.assertIn("rocpart 9.1 wrote", shown)
        self.assertIn("rocpart 9.1 wrote", self.json("--sim", "n", "status")["leases_note"])
        for change in (("place", "b", "--bytes", "1G"), ("release", "1")):
            error = self.error(*change)
            self.assertEqual(error["code"], "BAD_RECORDS")
            self.assertIn("9.1", error["message"])
            self.assertIn(f"rocpart state export --for-version {FORMAT}", error["hint"])
        self.assertIn("llama", self.on("status"))

    def test_newer_version_that_allows_it_is_changed(self):
        self.make_newer(FORMAT, FORMAT)
        self.on("place", "b", "--bytes", "1G", "--share", "4")
        self.on("release", "1", "2")

    def test_newer_version_that_forbids_it_is_not_read(self):
        self.make_newer(90, 90)
        error = self.error("status")
        self.assertEqual(error["code"], "BAD_RECORDS")
        self.assertIn("too old to read", error["message"])

    def test_export_for_an_older_version_has_only_its_keys(self):
        now = json.loads(self.on("state", "export"))
        old = json.loads(self.on("state", "export", "--for-version", "1"))
        for key in ("limits", "replica", "file"):
            del now["leases"][0][key]
        self.assertEqual(old, now)
        self.on("release", "1")
        self.on("state", "import", self.write(json.dumps(old), "old.json"))
        self.assertIn("llama", self.on("status"))

    def test_export_for_a_version_that_is_not_known_is_refused(self):
        for version in ("0", str(FORMAT + 1)):
            error = self.error("state", "export", "--for-version", version, status=USAGE)
            self.assertIn(f"formats 1 to {FORMAT}", error["message"])
        self.on("state", "export", "--for-version", "new", status=USAGE)

    def test_migration_of_what_is_new_changes_nothing(self):
        before = (self.dir / "leases.db").read_bytes()
        self.assertIn("already", self.on("state", "migrate"))
        shown = self.json("--sim", "n", "state", "migrate", "--dry-run")
        self.assertEqual((shown["from_format"], shown["to_format"], shown["backup"]),
                         (FORMAT, FORMAT, None))
        self.assertEqual((self.dir / "leases.db").read_bytes(), before)
        self.assertFalse((self.dir / "backups").exists())

    def test_migration_without_leases_has_nothing_to_do(self):
        self.rocpart("sim", "create", "m", "--profile", "mi300x-1")
        self.assertIn("already", self.rocpart("--sim", "m", "state", "migrate"))

    def test_migration_of_an_older_format_keeps_an_export(self):
        self.edit("""PRAGMA user_version = 1; DROP INDEX lease_replica;
            ALTER TABLE lease DROP COLUMN replica; ALTER TABLE lease DROP COLUMN file;
            ALTER TABLE lease DROP COLUMN old_programs; ALTER TABLE lease DROP COLUMN limits""")
        dry = self.on("state", "migrate", "--dry-run", status=TO_DO)
        self.assertIn(f"from format 1 to {FORMAT}", dry)
        self.assertFalse((self.dir / "backups").exists())
        done = self.json("--sim", "n", "state", "migrate")
        with open(done["backup"], encoding="utf-8") as f:
            self.assertEqual(json.load(f)["leases"][0]["name"], "llama")
        self.assertEqual((done["from_format"], done["to_format"]), (1, FORMAT))
        self.assertIn("consistent", self.on("state", "check"))
        self.assertIn("llama", self.on("status"))


if __name__ == "__main__":
    unittest.main()
