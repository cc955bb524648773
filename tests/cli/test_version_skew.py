# SPDX-License-Identifier: MIT
"""This version and the one before it on the same machine: each goes on with what the other left.

The older program is built from the history of the repository; a clone without history skips.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from journey import DONE, PARTLY, ROOT, Journey

# The last commit of the version before: move it with each release.
BEFORE = "e5b6c16261293ddc33e645e9713a3d70d65edf9d"


def build_before(folder):
    """The program of the version before, or a reason to skip."""
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "cat-file", "-e", BEFORE + "^{commit}"], check=False,
                      capture_output=True).returncode:
        raise unittest.SkipTest(f"this clone does not have commit {BEFORE[:12]}")
    source = folder / "before"
    source.mkdir()
    archive = subprocess.run([*git, "archive", BEFORE], check=True, capture_output=True).stdout
    subprocess.run(["tar", "x", "-C", str(source)], input=archive, check=True)
    build = folder / "build"
    for argv in (["meson", "setup", "--buildtype=debug", str(build), str(source)],
                 ["ninja", "-C", str(build), "cli/rocpart"]):
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return str(build / "cli/rocpart")


class Skew(Journey):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.programs = {"new": os.environ["ROCPART"], "old": build_before(Path(folder.name))}
        cls.data = {"new": str(ROOT), "old": str(Path(folder.name) / "before")}

    def run_as(self, who, *args, status=DONE):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=self.data[who])
        done = subprocess.run([self.programs[who], *args], env=env, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, status, f"{who} {args}: {done.stdout}{done.stderr}")
        return done.stdout

    def on(self, who, *args, status=DONE):
        return self.run_as(who, "--sim", "n", *args, status=status)

    def leases(self, who):
        status = json.loads(self.on(who, "status", "--json"))
        return [(x["lease"], x["name"], x["bytes"], x["partition"]) for x in status["leases"]]

    def both_ways(self, check):
        """Each version begins once, on a new machine."""
        for first, then in (("old", "new"), ("new", "old")):
            with self.subTest(first=first):
                self.run_as(first, "sim", "create", "n", "--profile", "mi300x-1")
                check(first, then)
            self.run_as("new", "sim", "rm", "n", "--yes")

    def share_leases(self, first, then):
        self.on(first, "set", "--compute", "CPX", "--memory", "NPS4", "--yes")
        self.on(first, "place", "a", "--bytes", "4G", "--replicas", "2")
        before = self.leases(first)
        self.assertEqual(self.leases(then), before)
        self.on(then, "place", "b", "--bytes", "5G")
        self.assertEqual(self.leases(first)[:2], before)
        self.on(first, "release", "1")
        self.on(first, "place", "c", "--bytes", "1G", "--owner", "unit:c")
        self.assertEqual(self.leases(then), self.leases(first))
        self.assertEqual([x[0] for x in self.leases(then)], [2, 3, 4])
        for who in (first, then):
            self.assertIn("consistent", self.on(who, "state", "check"))

    def test_leases_of_one_are_those_of_the_other(self):
        self.both_ways(self.share_leases)

    def exchange_export(self, first, then):
        self.on(first, "place", "a", "--bytes", "4G", "--owner", "unit:a")
        before = self.leases(first)
        options = ("--for-version", "2") if first == "new" else ()
        text = self.on(first, "state", "export", *options)
        self.on(first, "release", "1")
        self.on(then, "state", "import", self.write(text, "leases.json"))
        self.assertEqual(self.leases(then), before)
        self.assertEqual(self.leases(first), before)

    def test_export_of_one_is_imported_by_the_other(self):
        self.both_ways(self.exchange_export)

    def finish(self, verb, want):
        def check(first, then):
            self.run_as(first, "sim", "fault", "n", "load:EIO")
            self.on(first, "set", "--compute", "CPX", "--memory", "NPS4", "--yes", status=PARTLY)
            self.run_as(first, "sim", "fault", "n", "--clear")
            self.on(then, *verb, "--yes")
            for who in (first, then):
                gpu = json.loads(self.on(who, "list", "--json"))["gpus"][0]
                self.assertEqual(gpu["compute_mode"], want)
        return check

    def test_change_that_one_left_is_finished_by_the_other(self):
        self.both_ways(self.finish(("apply", "--resume"), "CPX"))

    def test_change_that_one_left_is_undone_by_the_other(self):
        self.both_ways(self.finish(("undo",), "SPX"))


if __name__ == "__main__":
    unittest.main()
