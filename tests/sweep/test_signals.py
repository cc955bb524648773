# SPDX-License-Identifier: MIT
"""Each signal at each changing system call of set, undo, resume and apply, in a mounted machine too.

A signal on entering call N comes between the steps or in the middle of one. Afterwards the driver is
loaded, and the change is done, undone, or unfinished and can be resumed. The points of a run are
sampled (tests/sample.py).
"""

import os
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "cli")]
import host  # noqa: E402
import sample  # noqa: E402
import traced  # noqa: E402
from interrupted import NEW, OLD, SIGNALS, SWITCH, Interrupted  # noqa: E402
from journey import DONE, PENDING  # noqa: E402

N_POINTS = int(os.environ.get("ROCPART_SIGNAL_POINTS", "25"))
MODELS = """version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models: {a: {model: Qwen/Qwen3-8B, context: 4k, replicas: 3}}
"""


class Signals(Interrupted):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.trace = self.folder / "trace"

    def run_traced(self, *options, words):
        return traced.run(self.trace, self.environment(), *options, words=words)

    def points(self, name, prepare, words):
        """(system call, which of its calls, signal)"""
        prepare()
        self.run_traced(words=words)
        found = traced.calls(self.trace)
        self.assertGreater(len(found), 10)
        return sample.choose(name, [(*p, s) for p in found for s in SIGNALS], N_POINTS)

    def sweep(self, name, prepare, words, old=None, new=None, was_open=False, takes_back=False):
        for call, n, number in self.points(name, prepare, words):
            with self.subTest(call=call, n=n, signal=number.name):
                prepare()
                done = self.run_traced("-e", f"inject={call}:signal={number.name}:when={n}",
                                       words=words)
                status = done.returncode
                self.assert_whole(status, done.stderr, old, new, was_open)
                if status == PENDING:
                    ends = (old or OLD, new or NEW)
                    self.recover(n, *(reversed(ends) if takes_back else ends))

    def recover(self, n, old, new):
        words = ["apply", "--resume"] if n % 2 else ["undo"]
        self.rocpart("--sim", "n", *words, "--yes")
        self.assertEqual(self.modes(), new if n % 2 else old)

    def fresh(self):
        if (self.folder / "rocpart").exists():
            self.rocpart("sim", "rm", "n")
        self.make("mi300x-8")

    def switched(self):
        self.fresh()
        self.rocpart("--sim", "n", *SWITCH)

    def unfinished(self):
        self.fresh()
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start("--sim", "n", *SWITCH)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertTrue(self.is_unfinished())

    def test_set_is_done_or_undone_or_resumable(self):
        self.sweep("set", self.fresh, SWITCH)

    def test_set_of_compute_modes_is_done_or_undone_or_resumable(self):
        words = ["set", "--compute", "CPX", "--allow-unvalidated", "--yes"]
        self.sweep("compute", self.fresh, words, new=["CPX/NPS1"] * 8)

    def test_undo_is_done_or_undone_or_resumable(self):
        self.sweep("undo", self.switched, ["undo", "--yes"], old=NEW, new=OLD)

    def test_resume_is_done_or_resumable(self):
        self.sweep("resume", self.unfinished, ["apply", "--resume", "--yes"], was_open=True)

    def test_undo_of_an_unfinished_change_is_done_or_resumable(self):
        self.sweep("undo-open", self.unfinished, ["undo", "--yes"], old=NEW, new=OLD,
                   was_open=True, takes_back=True)

    def test_apply_with_models_leaves_whole_leases(self):
        node = self.write(MODELS)
        words = ["apply", node, "--yes"]
        for call, n, number in self.points("models", self.fresh, words):
            with self.subTest(call=call, n=n, signal=number.name):
                self.fresh()
                done = self.run_traced("-e", f"inject={call}:signal={number.name}:when={n}",
                                       words=words)
                self.assertFalse(self.is_unfinished() and done.returncode != PENDING, done.stderr)
                if done.returncode == PENDING:
                    self.recover(n, OLD, NEW)
                self.assertIn(self.modes(), (OLD, NEW), done.stderr)
                if done.returncode > 0:
                    self.assertIn("interrupted", done.stderr)
                self.rocpart("--sim", "n", "state", "check")
                self.rocpart("--sim", "n", *words)  # the same file again
                leases = self.json("status", "--sim", "n")["leases"]
                self.assertEqual(len(leases), 3, done.stderr)


if __name__ == "__main__":
    unittest.main()
