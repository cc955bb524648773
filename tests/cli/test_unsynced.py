# SPDX-License-Identifier: MIT
"""What is said of work that is done when a call after it fails: a look, or syncing a folder."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
import host  # noqa: E402
from interrupted import NEW, OLD, SWITCH, Interrupted  # noqa: E402
from journey import DONE, FAILED  # noqa: E402

LOST = "may be lost at a power cut: Input/output error"


class Unsynced(Interrupted):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.records = self.folder / "rocpart/sim/n/records"
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "cordon", "7")  # makes the folder
        self.rocpart("--sim", "n", "uncordon", "7")

    def traced(self, words, *options):
        """strace of what touches the record folder, or a file that an option -P names."""
        trace = self.folder / "trace"
        env = dict(self.environment(), ASAN_OPTIONS="detect_leaks=0", LSAN_OPTIONS="detect_leaks=0")
        done = subprocess.run(["strace", "-y", "-o", trace, "-P", self.records, *options,
                               os.environ["ROCPART"], *words], env=env, capture_output=True,
                              text=True, check=False, timeout=60)
        return done, trace.read_text(encoding="utf-8", errors="replace")

    def break_call(self, call, which, words, *options):
        """The command, with the call number `which` (from 1) failing."""
        done, trace = self.traced(words, *options, "-e", f"inject={call}:error=EIO:when={which}")
        self.assertEqual(trace.count("(INJECTED)"), 1, trace)
        self.assertNotIn("Sanitizer", done.stderr)
        return done

    def fail_at(self, call, text, words, *names):
        """The last call that has the text fails, of those on the folder and on names in it."""
        options = [word for name in names for word in ("-P", self.records / name)]
        shutil.copytree(self.folder / "rocpart", self.folder / "before")
        done, trace = self.traced(words, *options)
        self.assertEqual(done.returncode, DONE, done.stderr)
        shutil.rmtree(self.folder / "rocpart")
        (self.folder / "before").rename(self.folder / "rocpart")
        lines = [line for line in trace.splitlines() if line.startswith(call + "(")]
        which = max(i for i, line in enumerate(lines, 1) if text in line)
        return self.break_call(call, which, words, *options)

    def fail_last_look(self, words):
        """At the journal, after the answer."""
        return self.fail_at("openat2", '"journal"', words)

    def leave_unfinished(self):
        self.rocpart("--sim", "n", "undo", "--yes")
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start("--sim", "n", *SWITCH)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertTrue(self.is_unfinished())

    def assert_done(self, done, answer):
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn(answer, done.stdout)
        self.assertEqual(done.stderr.count("cannot see whether a change"), 1, done.stderr)
        self.assertRegex(done.stderr, "(?m)^note: .*cannot see whether .* Input/output error$")

    def test_cordon_whose_last_look_fails_is_done(self):
        self.assert_done(self.fail_last_look(["cordon", "1"]), "is cordoned")

    def test_lease_whose_last_look_fails_is_placed_and_released(self):
        self.assert_done(self.fail_last_look(["place", "a", "--bytes", "2G"]), "lease 1: a")
        self.assert_done(self.fail_last_look(["release", "1"]), "lease 1 (a) released")

    def test_status_that_cannot_see_a_change_fails_and_says_so_once(self):
        done = self.fail_last_look(["status"])
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual((done.stdout + done.stderr).count("cannot see whether"), 1)

    def test_cordon_that_is_not_synced_is_in_effect(self):
        done = self.break_call("fsync", 1, ["cordon", "1"])
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, "^rocpart: GPU .* is cordoned now: the record '.*' is in "
                                      f"effect, but {LOST}\nhint: repeat the command when")
        self.assertIn("cordoned", self.rocpart("--sim", "n", "status"))
        # Repeated, it syncs.
        self.assertEqual(self.break_call("fsync", 1, ["cordon", "1"]).returncode, FAILED)
        self.rocpart("--sim", "n", "cordon", "1")
        done = self.break_call("fsync", 1, ["uncordon", "1"])
        self.assertIn("is not cordoned now: ", done.stderr)

    def test_second_cordon_that_fails_names_the_first(self):
        done = self.break_call("fsync", 2, ["cordon", "1", "2", "--json"])
        self.assertRegex(json.loads(done.stdout)["error"]["message"], "; 1 GPU cordoned before$")

    def test_cdi_spec_that_is_not_synced_is_there_and_known(self):
        done = self.break_call("fsync", 1, ["cdi", "generate"])  # the record
        self.assertRegex(done.stderr, f"is in effect, but {LOST}; no CDI spec was written\n")
        self.assertEqual(list(self.records.glob("cdi/*.json")), [])
        self.rocpart("--sim", "n", "cdi", "generate")
        spec, = self.records.glob("cdi/*.json")
        spec.unlink()
        folder = self.records / "cdi"
        trace = self.folder / "trace"
        done = subprocess.run(["strace", "-o", trace, "-P", folder, "-e", "inject=fsync:error=EIO",
                               os.environ["ROCPART"], "cdi", "generate"], check=False,
                              env=dict(self.environment(), ASAN_OPTIONS="detect_leaks=0"),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, FAILED)
        self.assertRegex(done.stderr, f"^rocpart: {spec}: the CDI spec is written, but {LOST}\n"
                                      "hint: repeat the command")
        self.assertTrue(spec.exists())
        self.assertIn(str(spec.parent), (self.records / "cdi.json").read_text(encoding="utf-8"))
        self.assertIn(str(spec), self.rocpart("--sim", "n", "cdi", "list"))
        self.rocpart("--sim", "n", "cdi", "generate")

    def test_journal_whose_rename_fails_is_closed(self):
        done = self.fail_at("renameat", '"journal.last"', SWITCH)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertFalse(self.is_unfinished())
        self.rocpart("--sim", "n", "undo", "--yes")
        self.assertEqual(self.modes(), OLD)

    def test_journal_whose_closing_line_is_not_synced_counts_as_closed(self):
        for words, modes, state, command in (
                (SWITCH, NEW, "the GPUs are in the requested modes", "apply --resume"),
                (["undo", "--yes"], OLD, "each GPU is in the modes that it had before the change",
                 "undo")):
            if command == "undo":
                self.leave_unfinished()
            done = self.fail_at("fsync", "/journal>", words, "journal")
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertIn(f"hint: {state}, and the journal counts as closed; when a power cut "
                          f"opens it again, `rocpart {command}` closes it",
                          " ".join(done.stderr.split()))
            self.assertFalse(self.is_unfinished())
            self.assertEqual(self.modes(), modes)

    def test_journal_whose_closing_line_is_not_written_is_closed_by_the_hint(self):
        for words, modes, command in ((SWITCH, NEW, "apply --resume"),
                                      (["undo", "--yes"], OLD, "undo")):
            if command == "undo":
                self.leave_unfinished()
            done = self.fail_at("write", "closed", words, "journal")
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertIn(f"; `rocpart {command}` closes the journal",
                          " ".join(done.stderr.split()))
            self.assertTrue(self.is_unfinished())
            self.rocpart("--sim", "n", *command.split(), "--yes")
            self.assertFalse(self.is_unfinished())
            self.assertEqual(self.modes(), modes)

    def test_journal_that_cannot_be_synced_begins_no_change(self):
        done = self.break_call("fsync", 2, SWITCH)  # after gpus.json
        self.assertRegex(done.stderr, "cannot write the journal .*; nothing was changed")
        self.assertFalse(self.is_unfinished())
        self.assertEqual(self.modes(), OLD)

    def test_gpus_that_are_not_recorded_durably_are_not_switched(self):
        done = self.break_call("fsync", 1, SWITCH)
        self.assertRegex(done.stderr, f"gpus.json' is in effect, but {LOST}; no mode was changed")
        self.assertEqual(self.modes(), OLD)


if __name__ == "__main__":
    unittest.main()
