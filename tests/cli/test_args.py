# SPDX-License-Identifier: MIT
"""args: what is handed out, as those who start programs read it."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USAGE = 2
REFUSED = 3
FILTERS = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
           "GPU_DEVICE_ORDINAL")


class ArgsCase(unittest.TestCase):
    SIM = "mi300x-1"

    def setUp(self):
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)

    def run_rocpart(self, *args, status=0, **variables):
        env = {k: v for k, v in os.environ.items() if k not in FILTERS}
        env |= {"XDG_STATE_HOME": self.state.name, "ROCPART_DATA": str(ROOT),
                "ROCPART_SIM": self.SIM} | variables
        done = subprocess.run([os.environ["ROCPART"], *args], env=env, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def text(self, *args, **kw):
        return self.run_rocpart(*args, **kw).stdout

    def json(self, *args, **kw):
        return json.loads(self.run_rocpart(*args, "--json", **kw).stdout)

    def set(self, *args):
        self.text("set", *args, "--allow-unvalidated")

    def env(self, *names, **kw):
        return self.json("args", "env", *names, **kw)["env"]

    def evaluated(self, text):
        """What a shell makes of the lines."""
        done = subprocess.run(["sh", "-c", 'eval "$1"; env -0', "sh", text], env={},
                              capture_output=True, text=True, check=True)
        return dict(v.split("=", 1) for v in done.stdout.split("\0") if "=" in v)


class Env(ArgsCase):
    def test_env_of_the_mission(self):
        """The variables and values that the mission's text shows for MI300X in CPX/NPS4."""
        self.set("--compute", "CPX", "--memory", "NPS4")
        wanted = {"ROCR_VISIBLE_DEVICES": "0", "AIM_PARTITION_ID": "0", "AIM_COMPUTE_MODE": "CPX",
                  "AIM_MEMORY_MODE": "NPS4", "AIM_XCD_ID": "0"}
        self.assertEqual(self.env("0/0") | wanted, self.env("0/0"))

    def test_env_of_every_mode_names_modes_and_dies(self):
        # MI300X: 8 XCDs; DPX halves of 4, QPX quarters of 2 (AMD's table of modes)
        for mode, dies in (("SPX", "0,1,2,3,4,5,6,7"), ("DPX", "4,5,6,7"), ("QPX", "2,3"),
                           ("CPX", "1")):
            self.set("--compute", mode)
            last = "0/0" if mode == "SPX" else "0/1"
            env = self.env(last)
            self.assertEqual((env["AIM_COMPUTE_MODE"], env["AIM_MEMORY_MODE"]), (mode, "NPS1"))
            self.assertEqual(env["AIM_XCD_ID"], dies)
            self.assertEqual(env["ROCR_VISIBLE_DEVICES"], last[-1])

    def test_env_text_evaluates_to_the_same(self):
        wanted = self.env("0/0")
        self.assertEqual(wanted | self.evaluated(self.text("args", "env", "0/0")),
                         self.evaluated(self.text("args", "env", "0/0")))
        lines = self.text("args", "env", "0/0", "--format", "dotenv").splitlines()
        self.assertEqual(lines[0], "# simulated machine")
        self.assertEqual(dict(line.split("=", 1) for line in lines[1:]), wanted)

    def test_env_warns_of_a_second_filter(self):
        for name in FILTERS[1:]:
            said = self.run_rocpart("args", "env", "0/0", **{name: "0"}).stderr
            self.assertIn(f"{name}=0", said)
            self.assertIn(f"unset {name}", said)
            self.assertEqual(self.run_rocpart("args", "env", "0/0", **{name: ""}).stderr, "")
        self.assertEqual(self.run_rocpart("args", "env", "0/0", ROCR_VISIBLE_DEVICES="7").stderr,
                         "")
        self.assertIn("ROCR_VISIBLE_DEVICES=", self.run_rocpart(
            "args", "env", "0/0", "--filter", "hip", ROCR_VISIBLE_DEVICES="").stderr)

    def test_env_filter_is_never_two(self):
        for name, variable in (("rocr", FILTERS[0]), ("hip", FILTERS[1]), ("none", None)):
            env = self.env("0/0", "--filter", name)
            self.assertEqual([k for k in env if k in FILTERS], [variable] if variable else [])

    def test_env_of_a_lease_follows_its_place(self):
        self.set("--compute", "CPX")
        self.text("place", "a", "--bytes", "1G", "--partition", "0/5")
        self.assertEqual(self.env("1")["ROCPART_PARTITIONS"], "0000:05:00.0/5")

    def test_env_of_a_lease_without_place_is_refused(self):
        self.set("--compute", "CPX")
        self.text("place", "a", "--bytes", "1G", "--partition", "0/5")
        self.set("--compute", "SPX", "--evict")
        error = self.json("args", "env", "1", status=REFUSED)["error"]
        self.assertEqual(error["code"], "NO_ROOM")
        self.assertIn("place --pending", error["hint"])

    def test_env_refuses_bad_words(self):
        for words in ([], ["env"], ["enf", "0/0"], ["env", "0/0", "0/0"], ["env", "0/9"],
                      ["env", "9/0"], ["env", "99"], ["env", "x"], ["env", ""], ["env", "0/"],
                      ["env", "0/0", "--filter", "cuda"], ["env", "0/0", "--format", "yaml"]):
            self.run_rocpart("args", *words, status=USAGE)


class Renumbering(ArgsCase):
    SIM = "mi300x-8"

    def test_env_after_a_live_switch_follows_the_kernel(self):
        """The KFD appends the nodes of a switched GPU (ABI study D.2): 0/p is behind GPUs 1-7."""
        self.assertEqual(self.env("1/0")["ROCR_VISIBLE_DEVICES"], "1")
        self.set("--gpu", "0", "--compute", "CPX")
        self.assertEqual(self.env("1/0")["ROCR_VISIBLE_DEVICES"], "0")
        for p in (0, 7):
            self.assertEqual(self.env(f"0/{p}")["ROCR_VISIBLE_DEVICES"], str(7 + p))

    def test_env_of_several_is_in_the_order_of_rocr(self):
        self.set("--gpu", "0", "--compute", "CPX")
        env = self.env("0/3", "2/0", "0/2")
        self.assertEqual(env["ROCR_VISIBLE_DEVICES"], "1,9,10")
        self.assertEqual(env["AIM_PARTITION_ID"], "0,2,3")
        self.assertEqual(env["AIM_COMPUTE_MODE"], "SPX,CPX,CPX")
        self.assertEqual(env["AIM_MEMORY_MODE"], "NPS1")
        self.assertEqual(env["AIM_XCD_ID"], "0,1,2,3,4,5,6,7,2,3")
        self.assertEqual(env["AIM_GPU_COUNT"], "3")


if __name__ == "__main__":
    unittest.main()
