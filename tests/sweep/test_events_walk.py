# SPDX-License-Identifier: MIT
"""Anything happens to a simulated machine, in any order: events, switches, reloads, time, boots.

After each step: no command ends by a signal or a sanitizer, `status` and `list` say how it is, no
two partitions have one DRM minor, and the kernel log is numbered in order with times that do not
go back. ROCPART_SEED=N repeats a walk.
"""

import json
import random
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "sim")]
import sample  # noqa: E402
from sim_case import SimCase  # noqa: E402

WALKS, CAMPAIGN_WALKS, STEPS = 20, 400, 40
PROFILES = ("mi300x-8", "mi300a-4", "mixed", "bmc-63", "mi308x-8", "mi355x-8")
EVENTS = ("off-bus:{0}", "remove:{0}", "rescan", "unbind:{0}", "bind:{0}", "overheat:{0}",
          "reset-now:{0}:{1}", "set-nps:{0}:1", "set-nps:{0}:4", "lose:{0}:1", "replace:{0}:1",
          "reinit:{0}:1", "ue:{0}:3", "bad-pages:{0}:{1}")


class EventsWalk(SimCase):
    def run_one(self, *args):
        done = subprocess.run(self.argv(*args), env=self.env, capture_output=True, text=True,
                              check=False, timeout=120)
        about = (self.seed, self.steps[-6:], args, done.stdout[-500:], done.stderr[-2000:])
        self.assertIn(done.returncode, range(8), about)
        self.assertNotIn("Sanitizer", done.stderr, about)
        self.assertNotIn("runtime error", done.stderr, about)
        return done

    def step(self, rnd, bdfs, is_realistic):
        pattern = rnd.choice([rnd.choice(bdfs)] * 3 + ["0000:[0-8]*", "*"])
        rule = rnd.choice(EVENTS).format(pattern, rnd.randint(1, 9))
        later = ["--at", f"{rnd.randint(1, 30)}s"] if rnd.random() < 0.3 else []
        rate = "1000" if is_realistic else rnd.choice(["0", "1", "1000"])
        others = (
            ["sim", "load", "m", "--advance", f"{rnd.randint(1, 40)}s"],
            ["--sim", "m", "set", "--compute", rnd.choice(["SPX", "DPX", "QPX", "CPX"]), "--memory",
             rnd.choice(["NPS1", "NPS4"]), "--allow-unvalidated", "--wait", "0"],
            ["--sim", "m", "undo"], ["sim", "reload", "m"], ["sim", "fault", "m", "--clear"],
            ["sim", "hold", "m", "--partition", f"{rnd.randint(0, 3)}/0=1GiB"],
            ["sim", "load", "m", "--util", str(rnd.randint(0, 100)), "--for", "10s"],
            ["sim", "load", "m", "--rate", rate], ["sim", "load", "m", "--stop"])
        args = ["sim", "fault", "m", rule, *later] if rnd.random() < 0.5 else rnd.choice(others)
        if is_realistic and "--stop" in args:  # a reload would take a minute of the host
            args = ["sim", "reset", "m"]
        self.steps.append(" ".join(args))
        self.run_one(*args)

    def judge(self):
        self.assertNotIn("cannot read the state", self.run_one("--sim", "m", "status").stderr,
                         (self.seed, self.steps[-6:]))
        nodes = [tuple(n[:2]) for n in self.state()["nodes"]]
        self.assertEqual(len(nodes), len(set(nodes)), (self.seed, self.steps[-6:]))
        listed = self.run_one("--sim", "m", "list", "--json")
        if listed.returncode == 0:
            minors = [p["render_minor"] for g in json.loads(listed.stdout)["gpus"]
                      for p in g["partitions"] if p["render_minor"] is not None]
            self.assertEqual(len(minors), len(set(minors)), (self.seed, self.steps[-6:]))
        lines = json.loads(self.run_one("sim", "log", "m", "--json").stdout)["lines"]
        numbers = [line["number"] for line in lines]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))),
                         (self.seed, self.steps[-6:]))
        times = [line["microseconds"] for line in lines]
        self.assertEqual(times, sorted(times), (self.seed, self.steps[-6:]))

    def walk(self, seed):
        rnd = random.Random(seed)
        self.seed, self.steps = seed, []
        profile, is_realistic = rnd.choice(PROFILES), rnd.random() < 0.4
        self.create(*["--realistic"] * is_realistic, profile=profile)
        self.load("--seed", 1, "--rate", 1000 if is_realistic else 0)
        bdfs = [g["bdf"] for g in self.json("--sim", "m", "list")["gpus"]]
        for _ in range(STEPS):
            self.step(rnd, bdfs, is_realistic)
            self.judge()
        self.rocpart("sim", "rm", "m")

    def test_walks(self):
        n = CAMPAIGN_WALKS if sample.is_whole() else WALKS
        print(f"# {n} walks of {STEPS} steps, ROCPART_SEED={sample.seed()}", file=sys.stderr)
        for i in range(n):
            with self.subTest(walk=i):
                self.walk(f"{sample.seed()}/{i}")


if __name__ == "__main__":
    unittest.main()
