# SPDX-License-Identifier: MIT
"""What was done to the machine: the record, the verb, and an undo that must name its change."""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from interrupted import SWITCH
from journey import FAILED, PARTLY, REFUSED, ROOT, TO_DO, USAGE
from test_records import Records

sys.path.insert(0, str(ROOT / "tests"))
import seal  # noqa: E402

NO_LOGIN = 0xFFFFFFFF
BACK = ("set", "--compute", "SPX", "--memory", "NPS1", "--yes")


class OneGpu(Records):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")

    def entries(self, *args):
        return self.json("--sim", "n", "history", *args)["history"]

    def lines(self):
        return (self.dir / "history").read_bytes().split(b"\n")[1:]

    def told(self, *args):
        return [(e["kind"], e["outcome"]) for e in self.entries(*args)]


class History(OneGpu):
    def test_every_writer_appends_who_when_what_and_the_command(self):
        before = int(time.time())
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G")
        self.on("cordon", "0")
        self.on("cordon", "0")  # nothing to do, and nothing to tell
        self.on("uncordon", "0")
        self.on("hold", "--for", "1h", "--reason", "tests")
        self.on("hold", "--end")
        self.on("release", "1")
        self.assertEqual(self.told(), [
            ("change", "done"), ("lease", "placed"), ("cordon", "set"), ("cordon", "ended"),
            ("hold", "set"), ("hold", "ended"), ("lease", "ended")])
        change, lease = self.entries()[:2]
        self.assertEqual((change["change"], change["text"]),
                         (1, "GPU 0000:05:00.0 SPX/NPS1 -> CPX/NPS4"))
        self.assertEqual(change["command"], "rocpart --sim n " + " ".join(SWITCH))
        self.assertGreater(change["seconds"], 0)
        self.assertIsNone(lease["seconds"])
        self.assertEqual((lease["lease"], lease["text"]), (1, "a/0, 1.0 GiB on 0000:05:00.0/6"))
        self.assertIn(": released", self.entries()[-1]["text"])
        login = Path("/proc/self/loginuid")
        uid = int(login.read_text()) if login.exists() else NO_LOGIN
        uid = os.getuid() if uid == NO_LOGIN else uid
        for entry in self.entries():
            self.assertEqual(entry["uid"], uid)
            self.assertTrue(before <= entry["at_s"] <= time.time(), entry)

    def test_table_has_the_default_columns_and_wide_has_the_command(self):
        self.on(*SWITCH)
        self.on("place", "a-name-that-is-as-long-as-names-of-models-are", "--bytes", "1G")
        text = self.on("history")
        self.assertRegex(text, r"WHEN \(UTC\) +WHO +WHAT +OUTCOME +SECONDS +DETAILS\n")
        self.assertRegex(text, r"\d{4}-\d\d-\d\d \d\d:\d\d +\S+ +change 1 +done")
        self.assertIn("rocpart --sim n set --compute CPX", self.on("history", "--wide"))
        self.assertEqual(self.on("history", "--csv").count("\n"), 3)

    def test_last_bounds_the_entries_and_only_numbers_do(self):
        for _ in range(3):
            self.on("cordon", "0")
            self.on("uncordon", "0")
        self.assertEqual(len(self.entries("--last", "2")), 2)
        self.assertEqual(self.told("--last", "1"), [("cordon", "ended")])
        for bad in ("0", "x", "-1", "100001"):
            self.on("history", "--last", bad, status=USAGE)

    def test_words_of_a_program_are_not_recorded(self):
        self.on("run", "--bytes", "1G", "--", "true", "--token", "secret")
        self.assertNotIn(b"secret", (self.dir / "history").read_bytes())
        self.assertEqual(self.told(), [("lease", "placed"), ("lease", "ended")])

    def test_failed_change_is_undone_and_an_unfinished_one_resumed(self):
        self.rocpart("sim", "fault", "n", "write:current_compute_partition:EIO")
        self.on("set", "--compute", "CPX", "--allow-unvalidated", "--yes", status=FAILED)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertEqual(self.told(), [("change", "undone")])
        self.assertIn("the change was undone", self.entries()[-1]["text"])
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on(*SWITCH, status=PARTLY)
        self.rocpart("sim", "fault", "n", "--clear")
        self.on("apply", "--resume", "--yes")
        self.assertEqual([(e["change"], e["outcome"]) for e in self.entries()],
                         [(1, "undone"), (2, "unfinished"), (2, "done")])
        self.assertTrue(self.entries()[-1]["text"].startswith("resumed: "))

    def test_killed_change_stays_begun_until_it_is_resumed(self):
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on(*SWITCH, status=PARTLY)
        self.rocpart("sim", "fault", "n", "--clear")
        path = self.dir / "history"  # as a kill before the end leaves it
        path.write_bytes(b"\n" + self.lines()[0])
        self.assertEqual(self.told(), [("change", "begun")])
        self.on("undo", "--yes")
        self.assertEqual(self.told(), [("change", "undone")])

    def test_torn_and_damaged_lines_are_counted_and_the_others_shown(self):
        self.on("cordon", "0")
        path = self.dir / "history"
        whole = path.read_bytes()
        for torn in (whole[:-10], whole + b"\n" + bytes(4096), whole.replace(b"set", b"sat"),
                     whole + b'\n{"kind":"no seal"}', whole + b"\nx"):
            with self.subTest(torn=torn[-30:]):
                path.write_bytes(torn)
                self.on("uncordon", "0")
                self.assertEqual(self.told()[-1], ("cordon", "ended"))
                self.assertEqual(self.json("--sim", "n", "history")["damaged"], 1)
                self.assertIn("1 line of the record cannot be read", self.on("history"))
                self.on("cordon", "0")
        path.write_bytes(b"\xff" * 100)
        self.assertIn("nothing was recorded", self.on("history"))

    def test_words_and_keys_of_newer_versions_are_shown_or_ignored(self):
        self.on("cordon", "0")
        line = {"at_s": -7, "kind": "fleet", "outcome": "joined", "text": "a\x1b[2J", "new": [1]}
        with (self.dir / "history").open("ab") as f:
            f.write(b"\n" + seal.sealed(line))
        entry = self.entries()[-1]
        self.assertEqual((entry["kind"], entry["outcome"], entry["uid"], entry["at_s"]),
                         ("fleet", "joined", None, -7))
        self.assertRegex(self.on("history"), r"1969-12-31 23:59 +- +fleet +joined")
        self.assertNotIn("\x1b", self.on("history"))

    def test_history_is_bounded_and_keeps_the_last_thousand(self):
        line = b"\n" + seal.sealed({"at_s": 1, "kind": "k", "outcome": "o", "text": "x" * 900})
        (self.dir).mkdir(exist_ok=True)
        (self.dir / "history").write_bytes(line * 1100)
        (self.dir / "history.old").write_bytes(line)
        self.on("cordon", "0")
        self.assertFalse((self.dir / "history").exists())
        self.on("uncordon", "0")
        self.assertEqual(len(self.entries("--last", "9999")), 1102)
        self.assertEqual(self.told("--last", "2"), [("cordon", "set"), ("cordon", "ended")])
        self.assertEqual((self.dir / "history").stat().st_mode & 0o777, 0o600)

    def test_history_that_cannot_be_written_fails_no_command(self):
        self.dir.mkdir(exist_ok=True)
        (self.dir / "history").mkdir()
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G")
        self.on("cordon", "0")
        error = self.error("history")
        self.assertIn("history", error["message"])

    def test_writers_at_once_lose_no_entry(self):
        self.on("cordon", "0")
        self.on("uncordon", "0")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: self.on("place", f"m{i}", "--bytes", "1G", "--share", "64",
                                            "--partition", "0/0"), range(12)))
        names = {e["text"].split(",")[0] for e in self.entries() if e["kind"] == "lease"}
        self.assertEqual(names, {f"m{i}/0" for i in range(12)})
        self.assertEqual(self.json("--sim", "n", "history")["damaged"], 0)

    def test_evicted_and_returned_leases_are_told_with_their_change(self):
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G")
        self.on("reset", "--evict", "--yes")
        self.assertEqual(self.told(), [("change", "done"), ("lease", "placed"),
                                       ("lease", "evicted"), ("change", "done")])
        self.on("undo", "--yes")
        self.assertEqual(self.told("--last", "2"), [("lease", "placed"), ("change", "done")])
        self.assertIn("undo of change 2: ", self.entries()[-1]["text"])

    def test_kill_at_any_moment_leaves_a_history_that_is_read(self):
        for ms in (5, 40, 90, 150):
            env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
            with subprocess.Popen([os.environ["ROCPART"], "--sim", "n", *SWITCH], env=env,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
                time.sleep(ms / 1000)
                p.send_signal(signal.SIGKILL)
            self.start("--sim", "n", "undo", "--yes")
            self.assertEqual(self.json("--sim", "n", "history")["damaged"], 0)
            self.start("--sim", "n", *BACK)


class Undo(OneGpu):
    """An undo of the last change, by its number or without."""

    def close(self, **values):
        path = self.dir / "journal.last"
        lines = path.read_bytes().splitlines()
        line = json.loads(lines[-1])
        line.pop("crc32c")
        line.update(values)
        line = {k: v for k, v in line.items() if v is not None}
        path.write_bytes(b"\n".join([*lines[:-1], seal.sealed(line), b""]))

    def refused(self, *why):
        for words in (["undo", "--yes"], ["undo", "--yes", "--evict"], ["undo", "--dry-run"]):
            error = self.error(*words, status=REFUSED)
            self.assertEqual(error["code"], "NOT_NAMED")
            self.assertRegex(error["message"], "; nothing was changed$")
            for text in why:
                self.assertIn(text, error["message"])
        self.assertEqual(self.modes(), ["CPX/NPS4"])
        return error

    def test_undo_after_new_leases_must_name_the_change(self):
        self.on("place", "before", "--bytes", "1G")
        self.on("release", "1")
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G", "--replicas", "7")
        error = self.refused("change 1 is undone only when it is named",
                             "leases were made since: 2 (a)", " and 2 more")
        self.assertIn("`rocpart undo 1` undoes it", error["hint"])
        self.on("undo", "1", "--evict", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_undo_is_plain_again_when_the_new_leases_ended(self):
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G")
        self.refused("1 (a)")
        self.on("release", "1")
        self.on("undo", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_lease_from_before_the_change_needs_no_name(self):
        self.on(*SWITCH)
        self.on("place", "a", "--bytes", "1G")
        self.on("reset", "--evict", "--yes")
        self.on("undo", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS4"])

    def test_undo_of_an_old_change_must_name_it(self):
        self.on(*SWITCH)
        now = int(time.time())
        for ended, why in ((now - 86400, "more than 24 hours ago"), (-5, "1969-12-31 23:59"),
                           (now + 3600, "which the clock has yet to reach"),
                           (None, "as by an older rocpart"), ("x", "an older rocpart"),
                           (-(1 << 62), "a time that is not known")):
            with self.subTest(ended=ended):
                self.close(ended_s=ended)
                self.refused(why)
        self.close(ended_s=now - 86300)
        self.on("undo", "--yes")

    def test_change_of_an_older_version_is_named_by_0(self):
        self.on(*SWITCH)
        path = self.dir / "journal.last"
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        del lines[0]["change"]
        lines[-1] = {"closed": "done"}
        for line in lines:
            line.pop("crc32c", None)
        path.write_bytes(b"".join(seal.sealed(line) + b"\n" for line in lines))
        self.assertIn("`rocpart undo 0`", self.refused("change 0", "an older rocpart")["hint"])
        self.on("undo", "0", "--yes")
        self.assertEqual(self.entries()[-1]["change"], 2)

    def test_only_the_last_change_can_be_named(self):
        self.on(*SWITCH)
        self.on(*BACK)
        self.on(*SWITCH)
        for name, status in (("1", USAGE), ("4", USAGE), ("x", USAGE), ("-1", USAGE)):
            self.assertEqual(self.start("--sim", "n", "undo", name, "--yes").returncode, status)
        self.assertIn("the last change is 3", self.error("undo", "1", status=USAGE)["message"])
        self.on("undo", "3", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_number_of_the_last_change_is_offered(self):
        self.on(*SWITCH)
        self.on(*BACK)
        self.on("cordon", "0")
        self.assertEqual(self.rocpart("completion", "words", "--", "--sim", "n", "undo", ""),
                         "2\tGPU 0000:05:00.0 CPX/NPS4 -> SPX/NPS1\n")

    def test_unfinished_change_needs_no_name_but_takes_no_other(self):
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on(*SWITCH, status=PARTLY)
        self.rocpart("sim", "fault", "n", "--clear")
        self.on("undo", "7", "--yes", status=USAGE)
        self.on("undo", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_numbers_go_on_when_the_last_journal_is_lost(self):
        self.on(*SWITCH)
        self.on(*BACK)
        (self.dir / "journal.last").unlink()
        self.on(*SWITCH)
        self.assertEqual(self.entries()[-1]["change"], 3)
        (self.dir / "history").unlink()
        self.on(*BACK)
        self.assertEqual(self.entries()[-1]["change"], 4)

    def test_next_reload_is_said_to_take_what_the_last_one_took(self):
        self.assertIn("no reload of this machine was measured", self.on(*SWITCH))
        (self.dir / "outage.json").write_text('{"reload_ms": 41260}\n', encoding="utf-8")
        self.assertIn("while the driver reloads (41.3 s the last time)",
                      self.on(*BACK[:-1], "--dry-run", status=TO_DO))
        self.on(*BACK)
        text = (self.dir / "outage.json").read_text(encoding="utf-8")
        self.assertLess(json.loads(text)["reload_ms"], 41000)


if __name__ == "__main__":
    unittest.main()
