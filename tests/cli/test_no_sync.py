# SPDX-License-Identifier: MIT
"""A machine that was made with --no-sync: commands do not wait for the disk, and lose nothing else."""

import json
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]
import host  # noqa: E402
from journey import DONE, Journey  # noqa: E402

SYNCS = "fsync,fdatasync,sync,syncfs,msync,sync_file_range"
# Each kind of record: journal, measurements, leases, cordons, specs.
CHANGES = (["set", "--compute", "CPX", "--memory", "NPS4", "--yes"], ["cordon", "7"],
           ["uncordon", "7"], ["place", "a", "--bytes", "2G"], ["cdi", "generate"],
           ["release", "1"], ["undo", "--yes"])


class NoSync(Journey):
    def count_syncs(self, name, *words):
        """System calls that wait for the disk."""
        trace = self.folder / "trace"
        done = self.start("--sim", name, *words,
                          prefix=["strace", "-f", "-o", str(trace), "-e", f"trace={SYNCS}"],
                          env={"ASAN_OPTIONS": "detect_leaks=0"})
        self.assertEqual(done.returncode, DONE, done.stderr)
        lines = trace.read_text(encoding="utf-8").splitlines()
        return len([line for line in lines if "(" in line and "exited" not in line])

    def create(self, name, *options):
        self.rocpart("sim", "create", name, "--profile", "mi300x-8", *options)

    def test_changes_of_a_no_sync_machine_never_sync(self):
        host.need_tracing()
        self.create("fast", "--no-sync")
        self.create("safe")
        for words in CHANGES:
            with self.subTest(words=words):
                self.assertGreater(self.count_syncs("safe", *words), 0)
                self.assertEqual(self.count_syncs("fast", *words), 0)

    def test_no_sync_is_kept_by_a_reset_and_only_stored_when_given(self):
        for name, options in (("fast", ["--no-sync"]), ("safe", [])):
            self.create(name, *options)
            self.rocpart("sim", "reset", name)
            state = json.loads((self.folder / f"rocpart/sim/{name}/state.json").read_text())
            self.assertEqual(state.get("no_sync", "absent"), True if options else "absent")


if __name__ == "__main__":
    unittest.main()
