# SPDX-License-Identifier: MIT
"""Each signal, and kill -9, at each changing system call of a place that switches a GPU first.

Afterwards the change is done, undone, or unfinished and can be resumed; the lease is there or not, and
a second place finds room.
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
PLACE = ["place", "b", "--bytes", "10G", "--switch", "--allow-unvalidated", "--sim", "n"]


class OnDemand(Journey):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.trace = self.folder / "trace"
        self.make("mi300x-8")
        self.rocpart("place", "a", "--bytes", "100G", "--sim", "n")
        shutil.copytree(self.folder / "rocpart", self.folder / "kept")

    def restore(self):
        shutil.rmtree(self.folder / "rocpart")
        shutil.copytree(self.folder / "kept", self.folder / "rocpart")

    def run_traced(self, *options):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        return traced.run(self.trace, env, *options, words=PLACE)

    def points(self):
        self.assertEqual(self.run_traced().returncode, DONE)
        found = traced.calls(self.trace)
        self.assertGreater(len(found), 30)
        return sample.choose("on-demand", [(*p, s) for p in found for s in SIGNALS], N_POINTS)

    def test_machine_is_whole_and_the_next_place_finds_room(self):
        for call, n, number in self.points():
            with self.subTest(call=call, n=n, signal=number.name):
                self.restore()
                done = self.run_traced("-e", f"inject={call}:signal={number.name}:when={n}")
                self.rocpart("state", "check", "--sim", "n")
                status = self.json("status", "--sim", "n")
                if status["unfinished_change"]:
                    self.rocpart("apply", "--resume", "--yes", "--sim", "n")
                leases = {lease["name"] for lease in status["leases"]}
                self.assertIn("a", leases)
                if done.returncode == DONE:
                    self.assertIn("b", leases)
                self.rocpart(*PLACE)
                after = self.json("status", "--sim", "n")
                self.assertEqual({lease["state"] for lease in after["leases"]}, {"placed"})
                self.assertEqual(len(after["leases"]), len(status["leases"]) + 1, done.stderr)
                self.assertEqual(self.modes().count("SPX/NPS1"), 8 - self.switched())

    def switched(self):
        leases = self.json("status", "--sim", "n")["leases"]
        return len({lease["partition"].split("/")[0] for lease in leases if lease["name"] == "b"})


if __name__ == "__main__":
    unittest.main()
