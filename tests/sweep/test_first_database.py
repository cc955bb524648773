# SPDX-License-Identifier: MIT
"""The first lease of a machine, with each system call that writes failing or ending the process.

Afterwards the machine has the lease when the command said so and has none otherwise, nothing of the
maker is left, and the next lease is placed. tests/lease/test_lease_make.c breaks the calls of SQLite
alone, in the quick tests.
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import host  # pylint: disable=wrong-import-position
import sample  # pylint: disable=wrong-import-position
from cli.journey import DONE, Journey  # pylint: disable=wrong-import-position

CALLS = ("openat", "pwrite64", "write", "fsync", "fdatasync", "ftruncate", "linkat", "link",
         "rename", "renameat2", "unlink", "unlinkat", "fchmod", "mkdir")
LOCKS = ("flock", "fcntl", "mmap")  # SQLite waits ten seconds when these fail on and on
PLACE = ("--sim", "n", "place", "llama", "--bytes", "1G", "--owner", "unit:vllm", "--share", "8")
SAMPLE = 40


class FirstDatabase(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.records = self.folder / "rocpart/sim/n/records"

    def traced(self, *options):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder))
        done = subprocess.run(["strace", "-f", "-o", str(self.folder / "trace"), *options,
                               os.environ["ROCPART"], *PLACE], env=env, capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def count_calls(self):
        """How often each call is made."""
        self.traced("-e", "trace=" + ",".join(CALLS + LOCKS))
        text = (self.folder / "trace").read_text(encoding="utf-8", errors="replace")
        return {call: len(re.findall(rf"^\d+ +{call}\(", text, re.M)) for call in CALLS + LOCKS}

    def check_after(self, point, said, status):
        """The lease is there when the command said so; nothing else is, and the next one works."""
        leases = self.json("--sim", "n", "status")["leases"]
        if status == DONE:
            self.assertEqual(len(leases), 1, (point, said))
        self.rocpart(*PLACE)
        self.assertEqual(self.rocpart("--sim", "n", "state", "check"),
                         "the leases are consistent\n", point)
        self.assertEqual(len(self.json("--sim", "n", "status")["leases"]), len(leases) + 1, point)
        if self.records.exists():
            left = [p.name for p in self.records.iterdir() if ".new" in p.name]
            self.assertEqual(left, [], point)
        return len(leases)

    def test_first_lease_with_each_call_failing_is_placed_or_not(self):
        host.need_program("strace")
        counts = self.count_calls()
        once = ("error=ENOSPC:when={}", "error=EIO:when={}", "signal=KILL:when={}")
        onward = ("error=ENOSPC:when={}+", "error=EIO:when={}+")
        points = [(call, how.format(k)) for call, n in counts.items() for k in range(1, n + 1)
                  for how in once + (onward if call in CALLS else ())]
        n_failed = 0
        for call, how in sample.choose("first_database", points, SAMPLE):
            shutil.rmtree(self.records, ignore_errors=True)
            status, said = self.traced("-e", "trace=" + call, "-e", f"inject={call}:{how}")
            n_failed += status != DONE
            found = self.check_after((call, how), said, status)
            # A commit that the disk swallows in the end may be there; see db.c.
            if status != DONE and "KILL" not in how and "cannot record the leases" not in said:
                lease_is_told = "lease 1:" in said or "write" == call
                self.assertTrue(found == 0 or lease_is_told, (call, how, said))
        print(f"# {n_failed} points failed", file=sys.stderr)
        self.assertGreater(n_failed, 5)

    def test_folder_is_synced_before_the_first_write_into_a_log(self):
        host.need_program("strace")
        self.traced("-y", "-e", "trace=pwrite64,fsync,openat")
        lines = (self.folder / "trace").read_text(encoding="utf-8", errors="replace").splitlines()
        first = {}
        for number, line in enumerate(lines):
            for name, what in (("made", r"openat\(.*leases\.db-wal\", .*O_CREAT"),
                               ("written", r"pwrite64\(\d+<[^>]*leases\.db-wal>"),
                               ("synced", r"fsync\(\d+<[^>]*/records>\) += 0")):
                if re.search(what, line) and (name != "synced" or "made" in first):
                    first.setdefault(name, number)
        self.assertEqual(len(first), 3, first)
        self.assertLess(first["made"], first["synced"], first)
        self.assertLess(first["synced"], first["written"], first)

    def test_first_lease_on_a_full_disk_is_placed_or_not(self):
        mounts = host.need_own_mounts()
        script = """
            mount -t tmpfs -o size=256k tmpfs "$1" && cp -a "$2/rocpart" "$1" &&
                dd if=/dev/zero of="$1/fill" bs=1k count="$3" 2>/dev/null
            export XDG_STATE_HOME="$1"
            r="$4"; shift 4
            "$r" "$@"; first=$?
            rm "$XDG_STATE_HOME/fill"
            "$r" --sim n status >/dev/null || exit 91
            "$r" "$@" >/dev/null || exit 92
            "$r" --sim n state check >/dev/null || exit 93
            ls "$XDG_STATE_HOME/rocpart/sim/n/records" | grep -q new && exit 94
            exit "$first"
        """
        place = self.folder / "place"
        place.mkdir()
        failed = 0
        for fill in sample.choose("full_disk", range(60, 256), 14):
            done = subprocess.run([*mounts, "sh", "-c", script, "sh", str(place), str(self.folder),
                                   str(fill), os.environ["ROCPART"], *PLACE], capture_output=True,
                                  text=True, check=False, env=dict(os.environ))
            self.assertLess(done.returncode, 90, (fill, done.stdout + done.stderr))
            failed += done.returncode != DONE
        self.assertGreater(failed, 0)


if __name__ == "__main__":
    unittest.main()
