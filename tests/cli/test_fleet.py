# SPDX-License-Identifier: MIT
"""sim fleet: many simulated nodes by one command."""

import json
import re
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
import host  # noqa: E402
from journey import FAILED, Journey  # noqa: E402

REFUSED_USAGE = 2
GOOD = 'version: v1\nnodes: {"n[01-03]": {profile: mi300x-1}}\n'
PROFILE = "{profile: mi300x-1}"
# What is wrong with a file: its text, where, and words of the message.
WRONG = (
    ("", "1:1", "empty"),
    ("nodes: {a: %s}\n" % PROFILE, "1:1", "version: v1"),
    ("version: v2\nnodes: {a: %s}\n" % PROFILE, "1:10", "version: v1"),
    ("version: v1\n", "1:1", "'nodes' must be a map"),
    ("version: v1\nnodes: {}\n", "2:8", "'nodes' must be a map"),
    ("version: v1\nnodes: [a]\n", "2:8", "'nodes' must be a map"),
    ("version: v1\ncolour: red\nnodes: {a: %s}\n" % PROFILE, "2:1", "colour"),
    ("version: v1\nnodes:\n  a: {profile: mi300x-1, size: 3}\n", "3:26", "size"),
    ("version: v1\nnodes:\n  a: mi300x-1\n", "3:6", "map"),
    ("version: v1\nnodes:\n  a: {sync: true}\n", "3:6", "'profile' is missing"),
    ("version: v1\nnodes:\n  a: {profile: nonsense}\n", "3:16", "there is no profile 'nonsense'"),
    ("version: v1\nnodes:\n  a: {profile: ./no.yaml}\n", "3:16", "cannot read the profile"),
    ("version: v1\nnodes:\n  a: {profile: mi300x-1, sync: 3}\n", "3:32", "'sync'"),
    ("version: v1\nnodes:\n  a: {profile: mi300x-1, faults: load:EIO}\n", "3:34", "list"),
    # The first machines are made before this one is found.
    ("version: v1\nnodes:\n  \"a[1-9]\": %s\n  b: {profile: mi300x-1, faults: [load:EIO, bad]}\n"
     % PROFILE, "4:45", "'bad' is not a fault rule; no machine of the file was created"),
    ("version: v1\nnodes:\n  \"a[3-1]\": %s\n" % PROFILE, "3:6", "ends before it begins"),
    ("version: v1\nnodes:\n  \"a[1-2],b[\": %s\n" % PROFILE, "3:12", "is not closed"),
    ("version: v1\nnodes:\n  \"a[1-1001]\": %s\n" % PROFILE, "3:3", "more than 1000 nodes"),
    ("version: v1\nnodes:\n  \"a[1-999]\": %s\n  \"b[1-2]\": %s\n" % (PROFILE, PROFILE), "4:3",
     "more than 1000 nodes"),
    ("version: v1\nnodes:\n  \"a[1-2],a2\": %s\n" % PROFILE, "3:3", "'a2' is given twice"),
    ("version: v1\nnodes:\n  \"a[1-2]\": %s\n  a2: %s\n" % (PROFILE, PROFILE), "4:3",
     "'a2' is given twice"),
    ("version: v1\nnodes:\n  \"../a\": %s\n" % PROFILE, "3:4", "cannot be the name of a machine"),
    ("version: v1\nnodes:\n  \"$(id)\": %s\n" % PROFILE, "3:4", "cannot be the name of a machine"),
    ("version: v1\nnodes:\n  \"a b\": %s\n" % PROFILE, "3:4", "cannot be the name of a machine"),
)


class Fleet(Journey):
    def machines(self):
        return [m["name"] for m in self.json("sim", "list")["machines"]]

    def state(self, name):
        return json.loads((self.folder / f"rocpart/sim/{name}/state.json").read_text())

    def test_fleet_of_a_file_is_created_with_its_faults_and_no_syncs(self):
        file = self.write('version: v1\nnodes:\n  "gpu[08-10]": {profile: mi300x-1}\n'
                          '  login: {profile: mi308x-8, faults: ["load:EIO"], sync: true}\n')
        self.assertEqual(self.rocpart("sim", "fleet", "create", file),
                         "4 simulated machines: created\n")
        self.assertEqual(self.machines(), ["gpu08", "gpu09", "gpu10", "login"])
        self.assertTrue(self.state("gpu09")["no_sync"])
        self.assertNotIn("no_sync", self.state("login"))
        self.assertEqual(self.json("sim", "fault", "login")["faults"], ["load:EIO"])
        self.assertEqual(self.json("sim", "fault", "gpu08")["faults"], [])

    def test_fleet_file_that_is_wrong_is_refused_with_its_place_and_makes_nothing(self):
        for text, place, words in WRONG:
            with self.subTest(text=text):
                file = self.write(text, "fleet.yaml")
                done = self.start("sim", "fleet", "create", file)
                self.assertEqual(done.returncode, REFUSED_USAGE, done.stdout + done.stderr)
                self.assertIn(f"fleet.yaml:{place}: ", done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(self.machines(), [])

    def test_profile_of_a_fleet_begins_at_the_folder_of_its_file(self):
        (self.folder / "f/p").mkdir(parents=True)
        text = (Path(__file__).resolve().parents[2] / "profiles/mi300x-1.yaml").read_text()
        (self.folder / "f/p/own.yaml").write_text(text)
        file = self.write("version: v1\nnodes: {a: {profile: p/own.yaml}}\n", "f/fleet.yaml")
        self.rocpart("sim", "fleet", "create", file)
        self.assertEqual(self.json("sim", "list")["machines"][0]["profile"], "own.yaml")
        (self.folder / "f/p/own.yaml").write_text("version: v1\ncolour: red\n")
        file = self.write("version: v1\nnodes: {b: {profile: p/own.yaml}}\n", "f/fleet.yaml")
        error = self.json("sim", "fleet", "create", file, status=REFUSED_USAGE)["error"]
        self.assertEqual(error["object"], "own.yaml:2:1")

    def test_fleet_with_a_node_that_exists_is_refused_and_changes_nothing(self):
        self.make("mi300x-1", "n02")
        done = self.start("sim", "fleet", "create", self.write(GOOD))
        self.assertEqual(done.returncode, REFUSED_USAGE)
        self.assertIn("'n02' exists; nothing was changed", done.stderr)
        self.assertEqual(self.machines(), ["n02"])

    def test_fleet_that_is_interrupted_is_taken_back(self):
        host.need_tracing()
        done = self.start("sim", "fleet", "create", self.write(GOOD), prefix=[
            "strace", "-f", "-o", "/dev/null", "-P", str(self.folder / "rocpart/sim/n02"), "-e",
            "trace=mkdir", "-e", "inject=mkdir:signal=INT"], env={"ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn("interrupted; no machine of the file was created", done.stderr)
        self.assertEqual(self.machines(), [])

    def test_nodes_of_a_list_or_file_are_deleted(self):
        file = self.write(GOOD)
        self.rocpart("sim", "fleet", "create", file)
        self.make("mi300x-1", "other")
        self.assertEqual(self.json("sim", "fleet", "rm", "n[02-09]")["nodes"], ["n02", "n03"])
        self.assertEqual(self.json("sim", "fleet", "rm", file)["nodes"], ["n01"])
        self.assertEqual(self.machines(), ["other"])
        done = self.start("sim", "fleet", "rm", file)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("does not exist", done.stderr)

    def test_lists_of_nodes_that_are_wrong_delete_nothing(self):
        self.make("mi300x-1", "n1")
        for nodes in ("n[1-2", "n1,../n1", "n1,$(id)", "n[0-9999]", "n1,", "n1,.."):
            with self.subTest(nodes=nodes):
                self.rocpart("sim", "fleet", "rm", nodes, status=REFUSED_USAGE)
                self.assertEqual(self.machines(), ["n1"])

    def test_command_runs_for_each_node_and_tells_which_failed(self):
        file = self.write(GOOD)
        self.rocpart("sim", "fleet", "create", file)
        self.rocpart("sim", "fleet", "run", "n[02-03]", "--", "sim", "fault", "{}", "load:EIO")
        done = self.start("sim", "fleet", "run", file, "--", "sim", "reload", "{}")
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertEqual(done.stdout.splitlines()[0], "n01: simulated machine n01: driver reloaded")
        self.assertTrue(re.search("(?m)^n02: rocpart: .*Input/output error", done.stdout), done.stdout)
        self.assertEqual(done.stderr, "rocpart: the command failed on 2 of 3 nodes: n02 n03\n")
        out = self.rocpart("sim", "fleet", "run", "n01", "--", "set", "--compute", "CPX", "--memory",
                           "NPS4", "--yes")
        self.assertTrue(all(line.startswith("n01: ") for line in out.splitlines()), out)
        self.assertEqual(self.modes("n01"), ["CPX/NPS4"])
        args = ("sim", "fleet", "run", "n01", "--")
        self.assertEqual(self.rocpart(*args, "rocpart", "status"), self.rocpart(*args, "status"))

    def test_actions_that_do_not_exist_are_refused(self):
        for words in (["list", "n1"], ["run", "n1"], ["rm", "n1", "n2"], ["create"]):
            with self.subTest(words=words):
                self.rocpart("sim", "fleet", *words, status=REFUSED_USAGE)


if __name__ == "__main__":
    unittest.main()
