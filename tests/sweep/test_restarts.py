# SPDX-License-Identifier: MIT
"""Each signal, and kill -9, at each changing system call of an apply that restarts replicas.

At any moment at most one replica is down. A signal that can be waited for leaves none down. The same
file applied again brings everything to its end: both replicas run, with what the file says.
"""

import os
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "cli")]
import host  # noqa: E402
import sample  # noqa: E402
import traced  # noqa: E402
from journey import DONE, ROOT, Journey  # noqa: E402

SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
N_POINTS = int(os.environ.get("ROCPART_SIGNAL_POINTS", "25"))
UNITS = ["a@0.service", "a@1.service"]
NODE = """version: v1
node: {{memory: NPS4, gpus: {{all: CPX}}}}
models:
  a: {{bytes: {}GiB, replicas: 2, owner: "unit:a@{{replica}}.service"}}
"""


class Restarts(Journey):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.trace = self.folder / "trace"
        self.old, self.new = (self.write(NODE.format(gib), "node.yaml") for gib in (10, 12))
        self.make("mi300x-1")
        self.write(NODE.format(10), "node.yaml")
        self.rocpart("apply", self.old, "--sim", "n")
        for lease in self.leases():
            self.rocpart("sim", "hold", "n", "--partition", f"{lease['partition']}=2GiB", "--cgroup",
                         f"/system.slice/a@{lease['replica'][2:]}.service")
        self.write(NODE.format(12), "node.yaml")
        shutil.copytree(self.folder / "rocpart", self.folder / "kept")

    def leases(self):
        return self.json("status", "--sim", "n")["leases"]

    def running(self):
        return sorted(h["unit"] for h in self.json("holders", "--sim", "n")["holders"])

    def restore(self):
        shutil.rmtree(self.folder / "rocpart")
        shutil.copytree(self.folder / "kept", self.folder / "rocpart")

    def run_traced(self, *options):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        return traced.run(self.trace, env, *options, words=["apply", self.new, "--sim", "n"])

    def points(self):
        self.assertEqual(self.run_traced().returncode, DONE)
        found = traced.calls(self.trace)
        self.assertGreater(len(found), 30)
        return sample.choose("restarts", [(*p, s) for p in found for s in SIGNALS], N_POINTS)

    def test_at_most_one_is_down_and_the_next_apply_ends_it(self):
        for call, n, number in self.points():
            with self.subTest(call=call, n=n, signal=number.name):
                self.restore()
                done = self.run_traced("-e", f"inject={call}:signal={number.name}:when={n}")
                down = [unit for unit in UNITS if unit not in self.running()]
                self.assertLessEqual(len(down), 1 if number == signal.SIGKILL else 0, done.stderr)
                self.rocpart("state", "check", "--sim", "n")
                self.assertTrue({lease["bytes"] >> 30 for lease in self.leases()} <= {10, 12})
                self.rocpart("apply", self.new, "--sim", "n")
                self.assertEqual([lease["bytes"] >> 30 for lease in self.leases()], [12, 12])
                self.assertEqual(self.running(), UNITS, done.stderr)
                self.rocpart("assert", self.new, "--sim", "n")


if __name__ == "__main__":
    unittest.main()
