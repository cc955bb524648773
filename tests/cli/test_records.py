# SPDX-License-Identifier: MIT
"""The record folder: damaged records and the way out of them, modes of files, readers without rights."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
import time
import unittest

from journey import DONE, FAILED, PARTLY, PENDING, REFUSED, ROOT, TO_DO, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

TO_CPX = ("set", "--compute", "CPX", "--memory", "NPS4", "--yes")
OLD = 3600  # seconds


class Records(Journey):
    """Commands on the simulated machine "n"."""

    def setUp(self):
        super().setUp()
        self.dir = self.folder / "rocpart/sim/n/records"

    def on(self, *args, **kwargs):
        return self.rocpart("--sim", "n", *args, **kwargs)

    def error(self, *args, status=FAILED):
        return self.json("--sim", "n", *args, status=status)["error"]

    def flip(self, name, old, new):
        path = self.dir / name
        data = path.read_bytes()
        self.assertIn(old, data)
        path.write_bytes(data.replace(old, new, 1))

    def public(self):
        return json.loads((self.dir / "public.json").read_text())


class Damaged(Records):
    def interrupt(self):
        """A reload that does not come back: the driver is away, the journal open."""
        self.make("mi300x-1")
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on(*TO_CPX, status=PARTLY)
        self.rocpart("sim", "fault", "n", "--clear")

    def test_damaged_journal_is_moved_aside_and_the_machine_can_be_set_again(self):
        self.interrupt()
        self.flip("journal", b"NPS4", b"NPS2")
        error = self.error("apply", "--resume")
        self.assertEqual(error["code"], "BAD_RECORDS")
        self.assertIn("rocpart state set-aside", error["hint"])
        self.on(*TO_CPX, status=PENDING)
        said = self.on("state", "set-aside")
        self.assertIn("journal.damaged.1", said)
        self.assertIn("recorded step: unload", said)
        self.assertFalse((self.dir / "journal").exists())
        self.rocpart("sim", "reload", "n")
        self.assertNotIn("not finished", self.on("status"))
        self.on(*TO_CPX)
        self.assertEqual(self.modes(), ["CPX/NPS4"])

    def test_damaged_journal_names_its_own_way_out_in_every_verb(self):
        self.interrupt()
        self.flip("journal", b"NPS4", b"NPS2")
        for words in (["status"], ["list"], ["usage"], ["undo"], ["apply", "--resume"], TO_CPX):
            with self.subTest(words=words):
                done = self.start("--sim", "n", *words)
                self.assertIn("state set-aside", done.stdout + done.stderr)
                self.assertNotIn("resume it with", done.stdout + done.stderr)
        said = self.json("--sim", "n", "status")
        self.assertIn("is damaged", said["change_problem"])
        self.on("state", "set-aside")
        self.rocpart("sim", "reload", "n")
        self.assertNotIn("change_problem", self.json("--sim", "n", "status"))

    def test_journal_that_can_be_read_stays_and_is_resumed(self):
        self.interrupt()
        self.assertIn("nothing was moved", self.on("state", "set-aside"))
        self.assertIs(self.json("--sim", "n", "state", "set-aside")["moved"], False)
        self.on("apply", "--resume", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS4"])

    def test_journal_of_a_newer_version_is_named_and_stays(self):
        self.interrupt()
        (self.dir / "journal").write_text('{"journal_version": 3}\n')
        for words in (["apply", "--resume"], ["state", "set-aside"]):
            error = self.error(*words)
            self.assertIn("a newer rocpart (journal version 3) wrote", error["message"])
            self.assertIn("use that version", error["hint"])
        self.assertTrue((self.dir / "journal").exists())

    def test_two_damaged_journals_are_both_kept(self):
        self.make("mi300x-1")
        for n in ("1", "2"):
            self.on("cordon", "0")
            (self.dir / "journal").write_text(n)
            self.on("state", "set-aside")
            self.assertEqual((self.dir / f"journal.damaged.{n}").read_text(), n)

    def test_damaged_small_records_block_until_they_are_moved(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        damages = {"cordons.json": b'{"gpvs":["0000:05:00.0"],"crc32c":"00000000"}\n',
                   "pending.json": b'{"gpus":["a"]}\n', "cdi.json": b"[{]\n"}
        for name, data in damages.items():
            with self.subTest(name=name):
                (self.dir / name).write_bytes(data)
                verb = ["cdi", "list"] if name == "cdi.json" else ["status"]
                error = self.error(*verb)
                self.assertEqual(error["code"], "BAD_RECORDS")
                self.assertIn("set-aside", error["hint"])
                self.assertIn(f"{name}.damaged.1", self.on("state", "set-aside"))
                self.on("status")

    def test_change_over_a_damaged_journal_names_the_way_out(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        self.on("uncordon", "0")
        (self.dir / "journal").write_text("1")
        error = self.error(*TO_CPX, status=PENDING)
        self.assertIn("is damaged", error["message"])
        self.assertIn("set-aside", error["hint"])

    def lease(self):
        self.make("mi300x-1")
        self.on(*TO_CPX)
        self.on("place", "a", "--bytes", "1G")

    def assert_nothing_is_believed(self, *verbs):
        for words in verbs or (["status"], ["state", "check"], ["state", "export"],
                               ["place", "b", "--bytes", "1G"],
                               ["set", "--compute", "SPX", "--memory", "NPS1", "--yes"]):
            with self.subTest(words=words):
                self.error(*words)

    def test_folder_that_is_a_link_to_nowhere_or_a_file_is_not_an_absent_one(self):
        self.lease()
        kept = self.dir.rename(self.dir.with_name("kept"))
        self.dir.symlink_to("/dev/null/nowhere")
        self.assert_nothing_is_believed()
        self.dir.unlink()
        self.dir.symlink_to(self.folder / "nowhere")
        self.assert_nothing_is_believed()
        self.dir.unlink()
        self.dir.write_text("")
        self.assert_nothing_is_believed()
        self.dir.unlink()
        kept.rename(self.dir)
        self.assertEqual(len(self.json("--sim", "n", "status")["leases"]), 1)

    def test_times_before_1970_are_not_known(self):
        self.lease()
        self.on("place", "b", "--bytes", "1G")
        self.on("release", "b")
        with contextlib.closing(sqlite3.connect(self.dir / "leases.db")) as db, db:
            db.execute("UPDATE event SET at = -5")
            db.execute("UPDATE lease SET created = -5, changed = -5, owner_start = -5")
        (lease,) = self.json("--sim", "n", "status")["leases"]
        self.assertEqual((lease["created_s"], lease["changed_s"]), (0, 0))
        self.on("state", "export")

    def test_leases_that_are_a_link_to_nowhere_are_not_absent(self):
        self.lease()
        (self.dir / "leases.db").unlink()
        (self.dir / "leases.db").symlink_to(self.folder / "nowhere")
        self.assert_nothing_is_believed()
        self.assertFalse((self.folder / "nowhere").exists())

    def test_record_that_is_a_link_to_nowhere_or_a_folder_blocks_until_it_is_moved(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        for name in ["pending.json", "cordons.json", "gpus.json", "journal"]:
            path = self.dir / name
            for k, make in enumerate([lambda p: p.symlink_to("/nowhere"), lambda p: p.mkdir()], 1):
                with self.subTest(name=name, k=k):
                    path.unlink(missing_ok=True)
                    make(path)
                    self.assert_nothing_is_believed(["place", "b", "--bytes", "1G"])
                    self.assertNotEqual(self.start("--sim", "n", "status").returncode, DONE)
                    self.assertIn(f"{name}.damaged.{k}", self.on("state", "set-aside"))
                    self.on("status")

    def test_damaged_allocator_is_not_rocpart(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        self.on("uncordon", "0")
        (self.dir / "allocator").write_text("kubeleu")
        self.assertIn("damaged", self.error("place", "a", "--bytes", "1G", status=REFUSED)["message"])
        self.assertEqual(self.json("--sim", "n", "status")["allocator"], "unknown")
        self.on("state", "set-aside")
        self.on("place", "a", "--bytes", "1G")


class Files(Records):
    # Those of the database have tests of their own.
    def modes_of_files(self):
        return {p.name: stat.S_IMODE(p.stat().st_mode) for p in self.dir.iterdir()
                if p.is_file() and not p.name.startswith("leases.db")}

    def under(self, umask, *args):
        old = os.umask(umask)
        try:
            self.on(*args)
        finally:
            os.umask(old)

    def test_modes_are_the_same_under_every_umask(self):
        for umask in (0o000, 0o022, 0o077):
            with self.subTest(umask=oct(umask)):
                self.make("mi300x-1")
                for words in (["cordon", "0"], ["uncordon", "0"], TO_CPX,
                              ["place", "a", "--bytes", "1G"], ["cdi", "generate"]):
                    self.under(umask, *words)
                modes = self.modes_of_files()
                self.assertEqual(modes.pop("public.json"), 0o644)
                self.assertLessEqual({"lock", "cdi.lock", "cordons.json", "journal.last"},
                                     set(modes))
                self.assertEqual(set(modes.values()), {0o600}, modes)
                self.assertEqual(stat.S_IMODE(self.dir.stat().st_mode), 0o755)
                self.rocpart("sim", "rm", "n")

    def test_files_of_an_older_version_are_closed_to_others(self):
        self.make("mi300x-1")
        self.on(*TO_CPX)
        self.on("cordon", "0")
        for name in ("lock", "cordons.lock", "cordons.json"):
            (self.dir / name).chmod(0o644)
        self.on("uncordon", "0")
        self.on("reset", "--yes")
        self.assertEqual({m for n, m in self.modes_of_files().items() if n != "public.json"},
                         {0o600})

    def test_leftovers_of_killed_writers_go_with_the_next_change(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        self.on("uncordon", "0")
        left = ["journal.new", "pending.json.new", "leases.db.new.4711", "leases.db.new.4711-wal"]
        young = ["cdi.json.new"]
        kept = ["note.new.txt", "notes.newer"]
        for name in left + young + kept:
            (self.dir / name).write_text("x")
            if name not in young:
                os.utime(self.dir / name, (time.time() - OLD,) * 2)
        self.on("place", "a", "--bytes", "1G")
        there = {p.name for p in self.dir.iterdir()}
        self.assertEqual(there & set(left), set())
        self.assertLessEqual(set(young + kept), there)

    def test_cordons_of_several_at_once_all_count(self):
        self.make("mi300x-8")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda i: self.on("cordon", str(i)), range(8)))
        gpus = self.json("--sim", "n", "status")["gpus"]
        self.assertEqual([g["notes"] for g in gpus], [["cordoned"]] * 8)
        self.assertEqual(len(self.public()["cordons"]["gpus"]), 8)

    def test_cordon_waits_for_another_cordon(self):
        self.make("mi300x-1")
        self.on("cordon", "0")
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        with open(self.dir / "cordons.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with subprocess.Popen([os.environ["ROCPART"], "--sim", "n", "uncordon", "0"], env=env,
                                  stdout=subprocess.PIPE, text=True) as other:
                with self.assertRaises(subprocess.TimeoutExpired):
                    other.wait(0.1)
                fcntl.flock(lock, fcntl.LOCK_UN)
                self.assertIn("is not cordoned", other.stdout.read())
        self.assertEqual(other.returncode, DONE)

    def test_public_document_is_that_of_the_last_of_several_writers(self):
        self.make("mi300x-1")
        self.on(*TO_CPX)

        def place_and_release(i):
            for _ in range(3):
                self.on("place", f"m{i}", "--bytes", "1G")
                self.on("release", f"m{i}")
            self.on("place", f"m{i}", "--bytes", "1G")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(place_and_release, range(4)))
        leases = json.loads(self.on("state", "export"))["leases"]
        self.assertEqual(sorted(x["id"] for x in self.public()["leases"]),
                         sorted(x["id"] for x in leases))


class OtherUser(Records):
    """A user without rights on the records of root."""

    def setUp(self):
        super().setUp()
        self.words = host.need_another_user()
        self.folder.chmod(0o755)
        self.make("mi300x-1")
        self.on(*TO_CPX)
        self.on("place", "a", "--bytes", "2G", "--owner", "unit:secret.service", "--label",
                "team=secret")
        self.on("cdi", "generate")
        for path in self.dir.glob("leases.db*"):
            path.chmod(0o600)

    def other(self, *args, status=DONE):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT),
                   HOME="/nonexistent")  # not that of root
        done = subprocess.run([*self.words, os.environ["ROCPART"], "--sim", "n", *args], env=env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def other_json(self, *args, status=DONE):
        return json.loads(self.other(*args, "--json", status=status))

    def test_no_lock_can_be_taken(self):
        script = ("import fcntl, sys\n"
                  "for p in sys.argv[1:]:\n"
                  " try: fcntl.flock(open(p), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
                  " except PermissionError: continue\n"
                  " sys.exit(p)\n")
        files = [str(p) for p in self.dir.iterdir() if p.is_file() and p.name != "public.json"]
        self.assertIn(str(self.dir / "lock"), files)
        done = subprocess.run([*self.words, "python3", "-c", script, *files], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_lock_of_the_public_document_stops_nobody(self):
        with open(self.dir / "public.json.new", "w") as f:  # as a writer that was stopped has it
            fcntl.flock(f, fcntl.LOCK_EX)
            begin = time.monotonic()
            self.on("place", "b", "--bytes", "1G")
            self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("leases are not known", self.other("status"))
        self.on("release", "b")
        self.assertIn("7 of 8 partitions are free", self.other("status"))

    def test_leases_are_those_of_the_public_document_and_said_so(self):
        note = re.compile(r"^note: leases as of \d+ s ago, from .*/public\.json: reading them "
                          r"needs root$", re.M)
        for words in (["status"], ["list"], ["explain", "1"], ["explain", "0/6"], ["usage"],
                      ["list", "--csv"]):
            with self.subTest(words=words):
                self.assertRegex(self.other(*words), note)
        plan = self.other("plan", "--add", "Qwen/Qwen3-0.6B", status=TO_DO)
        self.assertRegex(plan, note)
        status = self.other("status")
        self.assertIn("7 of 8 partitions are free", status)
        self.assertNotIn("not finished", status)
        doc = self.other_json("status")
        self.assertIn("leases as of", doc["note"])
        (lease,) = doc["leases"]
        own = self.json("--sim", "n", "status")["leases"][0]
        self.assertNotIn("note", self.json("--sim", "n", "status"))
        for key in ("lease", "name", "state", "partition", "bytes", "share", "guarantee"):
            self.assertEqual(lease[key], own[key])
        self.assertIsNone(lease["owner"])

    def test_public_document_has_no_owners_labels_and_reasons(self):
        text = (self.dir / "public.json").read_text()
        self.assertNotIn("secret", text)
        self.assertNotIn("why", text)

    def test_cordons_and_an_unfinished_change_are_public(self):
        self.on("cordon", "0")
        gpu = self.other_json("status")["gpus"][0]
        self.assertEqual(gpu["notes"], ["cordoned"])
        self.on("uncordon", "0")
        self.on("release", "1")
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on("reset", "--yes", status=PARTLY)
        self.assertIs(self.other_json("status")["unfinished_change"], True)
        self.rocpart("sim", "fault", "n", "--clear")
        self.on("apply", "--resume", "--yes")
        self.assertIs(self.other_json("status")["unfinished_change"], False)

    def test_without_the_document_leases_are_not_known_and_nothing_is_free(self):
        (self.dir / "public.json").unlink()
        status = self.other("status")
        self.assertIn(f"note: leases are not known: reading {self.dir} needs root", status)
        self.assertNotIn("free", status)
        self.assertNotIn("not finished", status)
        doc = self.other_json("status")
        self.assertIsNone(doc["leases"])
        self.assertIsNone(doc["use"])
        self.assertIn("not known", doc["note"])
        for words in (["explain", "1"], ["usage"], ["plan", "--add", "Qwen/Qwen3-0.6B"],
                      ["args", "env", "1"], ["place", "b", "--bytes", "1G"], ["release", "1"]):
            with self.subTest(words=words):
                error = self.other_json(*words, status=FAILED)["error"]
                self.assertEqual(error["code"], "PERMISSION")
        self.on("status")  # of who may read them: writes it again
        self.assertIn("7 of 8 partitions are free", self.other("status"))

    def test_folder_that_may_not_be_searched_says_so(self):
        self.dir.chmod(0o700)
        status = self.other("status")
        self.assertIn("leases are not known", status)
        self.assertNotIn("free", status)
        self.assertNotIn("not finished", status)

    def test_damaged_document_is_none(self):
        self.flip("public.json", b'"placed"', b'"placeb"')
        self.assertIn("leases are not known", self.other("status"))

    def test_history_is_not_for_others(self):
        error = self.other_json("history", status=FAILED)["error"]
        self.assertEqual(error["code"], "PERMISSION")
        self.assertIn("run the command as root", error["hint"])

    def test_hold_is_public_without_user_and_reason(self):
        self.assertIsNone(self.other_json("status")["hold"])
        self.on("hold", "--for", "2h", "--reason", "secret")
        hold = self.other_json("status")["hold"]
        mine = self.json("--sim", "n", "hold")["hold"]
        self.assertEqual(hold, dict(mine, uid=None, user=None, reason=None))
        self.assertIn("unattended changes are on hold until", self.other("status"))
        self.assertNotIn("secret", (self.dir / "public.json").read_text())
        (self.dir / "public.json").unlink()
        self.assertIn("the hold cannot be read: reading its record needs root", self.other("hold"))
        self.on("hold", "--end")
        self.assertIsNone(self.other_json("hold")["hold"])

    def test_nothing_is_changed(self):
        for words in (["release", "1"], ["cordon", "0"], ["undo", "--yes"], ["adopt", "1"],
                      ["place", "b", "--bytes", "1G"], ["reset", "--yes"],
                      ["state", "set-aside"], ["cdi", "list"], ["state", "export"]):
            with self.subTest(words=words):
                error = self.other_json(*words, status=FAILED)["error"]
                self.assertEqual(error["code"], "PERMISSION")


if __name__ == "__main__":
    unittest.main()
