# SPDX-License-Identifier: MIT
"""A dry run writes nothing: no system call of it changes a file, and all files stay as they were.

Each verb that has --dry-run is tried, on a machine without records, with leases, and with an
unfinished change. Reading leases opens the files of SQLite for writing and writes none but leases.db-shm,
the index of the log, which every reader maps and locks.
"""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), os.path.dirname(os.path.abspath(__file__))]
import host  # noqa: E402
from interrupted import NEW, OLD, SWITCH, Interrupted  # noqa: E402
from journey import DONE, TO_DO  # noqa: E402

# By name, those that this computer has (openat2 alone changes nothing).
CALLS = ("?open,?creat,openat,openat2,?rename,renameat,renameat2,?unlink,unlinkat,?rmdir,?mkdir,"
         "mkdirat,?chmod,fchmod,fchmodat,?chown,fchown,fchownat,?link,linkat,?symlink,symlinkat,"
         "ftruncate,truncate,fallocate,pwrite64,write,pwritev,writev,?mknod,mknodat,utimensat,"
         "fsetxattr,setxattr,sendfile,copy_file_range")
OPENS = {"open", "creat", "openat", "openat2"}
SHARED = re.compile(r"leases\.db(-shm|-wal)?\"")
# Opened by the simulator, which stands for the kernel, to see that the machine is still there.
SIMULATOR = re.compile(r'sim/n>, "lock", O_RDWR\|O_CLOEXEC\)')
NODE = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
MODELS = NODE + "models: {m: {model: Qwen/Qwen3-8B, context: 4k}}\n"


def changes(trace):
    """The lines of a trace that change a file other than the standard streams."""
    found = []
    for line in trace.read_text().splitlines():
        call = re.match(r"(?:\d+ +)?(\w+)\((.*)", line)
        if not call or call[2].endswith("= -1 EROFS (Read-only file system)"):
            continue
        name, args = call.groups()
        if name in OPENS and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", args):
            continue
        if name in OPENS and (SIMULATOR.search(args) or re.search(r'"/dev/(null|tty)"', args)):
            continue
        if name in OPENS and SHARED.search(args):
            continue
        # The owner is set to what it is; the index is no record.
        if re.match(r"\d+<[^>]*/leases\.db-(shm|wal)>", args) and (
                name == "fchown" or "leases.db-shm>" in args):
            continue
        if name in ("write", "writev") and re.match(r"[12](<[^>]*>)?,", args):
            continue
        found.append(line)
    return found


class DryRuns(Interrupted):
    maxDiff = 4000

    def hashes(self):
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() + oct(p.stat().st_mode)
                for p in self.folder.rglob("*")
                if p.is_file() and p.name not in ("leases.db-shm", "trace")}

    def run_traced(self, *words):
        trace = self.folder / "trace"
        env = dict(self.environment(), ASAN_OPTIONS="detect_leaks=0", LSAN_OPTIONS="detect_leaks=0")
        done = subprocess.run(["strace", "-f", "-y", "-o", trace, "-e", f"trace={CALLS}",
                               os.environ["ROCPART"], *words], env=env, capture_output=True,
                              text=True, check=False)
        return done, trace

    def assert_writes_nothing(self, *words, status=TO_DO):
        for more in ((), ("--json",)):
            with self.subTest(words=words + more):
                before = self.hashes()
                done, trace = self.run_traced(*words, "--dry-run", *more)
                self.assertEqual(done.returncode, status, done.stdout + done.stderr)
                self.assertEqual(changes(trace), [])
                self.assertEqual(self.hashes(), before)
                if more and status == TO_DO and words[0] != "cdi":
                    said = json.loads(done.stdout)
                    self.assertTrue(said.get("dry_run") or said.get("result") == "dry-run", said)

    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.make("mi300x-8")
        self.node = self.write(NODE)
        self.models = self.write(MODELS, "models.yaml")
        self.records = self.write("version: v1\nnode: {cordoned: [3], allocator: slurm}\n", "records.yaml")

    def test_machine_without_records(self):
        for words in (SWITCH, ["apply", self.node], ["apply", self.models],
                      ["apply", self.records], ["cordon", "0"],
                      ["place", "--bytes", "1G", "a"], ["cdi", "generate"], ["sim", "rm", "n"],
                      ["hold", "--for", "1h", "--reason", "x"]):
            self.assert_writes_nothing(*words)
        for words in (["undo"], ["reset"], ["apply", "--resume"], ["place", "--pending"],
                      ["hold", "--end"]):
            self.assert_writes_nothing(*words, status=DONE)
        self.assertFalse((self.folder / "rocpart/sim/n/records").exists())

    def test_machine_with_leases(self):
        self.rocpart("--sim", "n", *SWITCH)
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "a")
        backup = self.write(self.rocpart("--sim", "n", "state", "export"), "backup.json")
        self.rocpart("--sim", "n", "hold", "--for", "1h", "--reason", "tests")
        self.assert_writes_nothing("lease", "set", "1", "--owner", "unit:x")
        for words in (["undo", "1", "--evict"], ["reset", "--evict"], ["release", "1"], ["hold", "--end"],
                      ["place", "--bytes", "1G", "b", "--replicas", "3"], ["apply", self.models],
                      ["uncordon", "1"], ["cdi", "generate"]):
            self.assert_writes_nothing(*words)
        self.assert_writes_nothing("apply", self.node, status=DONE)
        self.rocpart("--sim", "n", "release", "1")
        self.assert_writes_nothing("state", "import", backup)
        self.assertEqual(self.modes(), NEW)
        self.assert_writes_nothing("state", "migrate", status=DONE)
        with contextlib.closing(sqlite3.connect(self.folder / "rocpart/sim/n/records/leases.db")) as db:
            db.executescript("PRAGMA user_version = 1; ALTER TABLE lease DROP COLUMN limits")
        self.rocpart("--sim", "n", "status")  # closing it above removed its log
        self.assert_writes_nothing("state", "migrate")

    def test_unfinished_change(self):
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start("--sim", "n", *SWITCH)
        self.rocpart("sim", "fault", "n", "--clear")
        for words in (["undo"], ["apply", "--resume"], ["doctor", "--fix"]):
            self.assert_writes_nothing(*words)

    def test_journal_that_was_closed_and_not_renamed(self):
        self.rocpart("--sim", "n", *SWITCH)
        last = self.folder / "rocpart/sim/n/records/journal.last"
        last.rename(last.with_name("journal"))
        self.assert_writes_nothing("undo")
        self.assert_writes_nothing("apply", "--resume", status=DONE)
        self.rocpart("--sim", "n", "undo")
        self.assertEqual(self.modes(), OLD)

    def test_dry_run_shows_what_is_then_done(self):
        said = self.rocpart("--sim", "n", "place", "--bytes", "1G", "a", "--dry-run", status=TO_DO)
        self.assertIn("would be placed: a, 1.0 GiB on 0/0", said)
        self.assertIn("a, 1.0 GiB on 0/0", self.rocpart("--sim", "n", "place", "--bytes", "1G", "a"))
        said = self.rocpart("--sim", "n", "release", "a", "--dry-run", status=TO_DO)
        self.assertEqual(said, "lease 1 (a) would be released\n")
        said = self.rocpart("--sim", "n", "cordon", "2", "--dry-run", status=TO_DO)
        self.assertRegex(said, r"^GPU 2 \(.*\) would be cordoned\n$")
        said = self.rocpart("sim", "rm", "n", "--dry-run", status=TO_DO)
        self.assertEqual(said, "simulated machine n: would be deleted\n")
        self.assertEqual(self.modes(), OLD)

    def test_every_verb_with_a_dry_run_is_tried_here(self):
        text = Path(__file__).read_text(encoding="utf-8")
        lines = self.rocpart("help").splitlines()
        names = {m[1].strip() for m in (re.match(r"  ([a-z]+(?: [a-z]+)?)  ", li) for li in lines) if m}
        for name in sorted(names):
            if "--dry-run" in self.rocpart(*name.split(), "--help"):
                words = '"' + '", "'.join(name.split()) + '"'
                self.assertTrue(words in text or name == "set", name)


if __name__ == "__main__":
    unittest.main()
