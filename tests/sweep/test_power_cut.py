# SPDX-License-Identifier: MIT
"""The power fails after each call that changes the record folder, and in the middle of each write.

Four disks are tried for each moment: with all data or with what was synced, with all entries or with
what was synced (disk_model.py). The machine starts again with these records. Then they are whole, an
open change is resumed or taken back, what a command that had ended with 0 leased is there, and the
next lease is placed. The moments of a run are sampled (tests/sample.py).
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "cli", "sweep")]
import host  # noqa: E402
import sample  # noqa: E402
from disk_model import STRACE, Disk, moments  # noqa: E402
from journey import Journey  # noqa: E402

N_POINTS = int(os.environ.get("ROCPART_POWER_CUT_POINTS", "30"))
OLD, NEW = ["SPX/NPS1"] * 8, ["CPX/NPS4"] * 8
DISKS = [(data, entries) for data in (True, False) for entries in (True, False)]
SWITCH = ["set", "--compute", "CPX", "--memory", "NPS4", "--yes"]
MODELS = """version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models: {a: {model: Qwen/Qwen3-8B, context: 4k, replicas: 3}}
"""


class Cut:
    """A disk after a power cut."""

    def __init__(self, moment, disk, is_all, is_last=False, start=None):
        self.disk, self.is_all = disk, is_all
        data, entries = ("all" if part else "synced" for part in is_all)
        self.name = f"{moment}, data {data}, entries {entries}"
        self.is_strictest_end = is_last and not any(is_all)
        # What touches the hardware is on the disk before; a last line closes it.
        journal = disk.find(["records", "journal"])
        self.is_open = (journal is not None and b'"closed":' not in journal.now
                        and self.hardware() != start)

    def has_records(self):
        top = self.disk.top
        return "records" in (top.now if self.is_all[1] else top.synced)

    def hardware(self):
        """It is no disk: it is as it was."""
        return self.disk.find(["state.json"]).now

    def image(self):
        records = self.has_records() and self.disk.find(["records"]).image(self.is_all)
        return self.hardware(), records

    def store(self, folder):
        folder.mkdir(parents=True)
        for name, node in self.disk.top.now.items():
            if name != "records":
                node.store(folder / name, (True, True))
            elif self.has_records():
                node.store(folder / name, self.is_all)


class PowerCut(Journey):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.make("mi300x-8")
        self.machine = self.folder / "rocpart/sim/n"

    def cuts(self, words):
        """The distinct disks of a command that ends with 0."""
        disk, trace = Disk(self.machine), self.folder / "trace"
        # strace and the leak checker both want ptrace
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_SIM="n",
                   ROCPART_DATA=os.environ["ROCPART_SOURCE"], ASAN_OPTIONS="detect_leaks=0")
        done = subprocess.run([*STRACE, "-o", trace, os.environ["ROCPART"], *words], env=env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        before = disk.find(["state.json"]).now
        seen = list(moments(disk, trace.read_text()))
        self.assert_model_is_true(seen[-1][1])
        found = {}
        for number, (moment, then) in enumerate(seen):
            for is_all in DISKS:
                cut = Cut(moment, then, is_all, number == len(seen) - 1, before)
                key = repr((cut.image(), cut.is_open, cut.is_strictest_end))
                found.setdefault(key, cut)
        print(f"# {words[0]}: {len(seen) - 1} changes, {len(found)} disks", file=sys.stderr)
        return list(found.values())

    def assert_model_is_true(self, disk):
        """All calls were seen: the model has what the folder has."""
        for path in self.machine.rglob("*"):
            if path.is_file() and path.name != "lock" and not path.name.endswith("-shm"):
                node = disk.find(path.relative_to(self.machine).parts)
                self.assertIsNotNone(node, path)
                self.assertEqual(node.now, path.read_bytes(), path)

    def at(self, home, *words, status=0):
        return self.rocpart("--sim", "n", *words, env={"XDG_STATE_HOME": str(home)}, status=status)

    def status(self, home):
        env = {"XDG_STATE_HOME": str(home)}
        done = self.start("--sim", "n", "status", env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotRegex(done.stdout + done.stderr, "damaged|set-aside|cannot be read|warning")
        return self.json("status", "--sim", "n", env=env)

    def assert_leases_whole(self, home):
        if (home / "rocpart/sim/n/records/leases.db").exists():
            self.assertEqual(self.at(home, "state", "check"), "the leases are consistent\n")

    def assert_can_place(self, home):
        n = len(self.status(home)["leases"])
        self.at(home, "place", "later", "--bytes", "1G")
        self.assert_leases_whole(home)
        self.assertEqual(len(self.status(home)["leases"]), n + 1)

    def finish(self, home, words, modes):
        """In a copy: the open change ends with these modes, and the next lease is placed."""
        other = home.with_name("other")
        shutil.copytree(home, other)
        self.at(other, *words, "--yes")
        env = {"XDG_STATE_HOME": str(other)}
        gpus = self.json("list", "--sim", "n", env=env)["gpus"]
        self.assertEqual([f"{g['compute_mode']}/{g['memory_mode']}" for g in gpus], modes)
        self.assertFalse(self.status(other)["unfinished_change"])
        self.assert_can_place(other)
        shutil.rmtree(other)

    def check(self, cut, leases, again):
        home = self.folder / "cut"
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(self.folder / "other", ignore_errors=True)
        cut.store(home / "rocpart/sim/n")
        self.rocpart("sim", "reset", "n", env={"XDG_STATE_HOME": str(home)})
        status = self.status(home)
        self.assert_leases_whole(home)
        if cut.is_strictest_end:
            self.assertEqual([lease["name"] for lease in status["leases"]], leases)
            self.assertFalse(status["unfinished_change"])
        if cut.is_open:
            self.assertTrue(status["unfinished_change"])
        if status["unfinished_change"]:
            self.finish(home, ["apply", "--resume"], NEW)
            self.finish(home, ["undo"], OLD)
            self.at(home, "apply", "--resume", "--yes")
        if again:
            self.at(home, *again)
            names = [lease["name"] for lease in self.status(home)["leases"]]
            self.assertEqual(names, leases)
        self.assert_can_place(home)

    def sweep(self, words, leases, again=()):
        cuts = self.cuts(words)
        ends = [cut for cut in cuts if cut.is_strictest_end]
        self.assertEqual(len(ends), 1)
        rest = [cut for cut in cuts if not cut.is_strictest_end]
        name = re.sub(r"\W", "_", self.id().rsplit(".", 1)[-1])
        for cut in ends + sample.choose(name, rest, N_POINTS):
            with self.subTest(cut=cut.name):
                self.check(cut, leases, again)

    def test_set_is_done_or_undone_or_resumable(self):
        self.sweep(SWITCH, [])

    def test_first_lease_is_there_when_the_command_said_so(self):
        self.sweep(["place", "a", "--bytes", "2G"], ["a"])

    def test_next_lease_is_there_when_the_command_said_so(self):
        self.rocpart("--sim", "n", "place", "a", "--bytes", "2G")
        self.sweep(["place", "b", "--bytes", "2G"], ["a", "b"])

    def test_released_lease_is_gone_when_the_command_said_so(self):
        self.rocpart("--sim", "n", "place", "a", "--bytes", "2G")
        self.rocpart("--sim", "n", "place", "b", "--bytes", "2G")
        self.sweep(["release", "1"], ["b"])

    def test_apply_with_models_is_completed_by_the_same_file(self):
        words = ["apply", self.write(MODELS), "--yes"]
        self.sweep(words, ["a", "a", "a"], again=words)


if __name__ == "__main__":
    unittest.main()
