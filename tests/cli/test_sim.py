# SPDX-License-Identifier: MIT
"""The sim commands, as a person types them. ROCPART names the program."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

REFUSED_USAGE = 2
REFUSED_GUARD = 3


class Sim(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)

    def run_rocpart(self, *args, status=0):
        env = dict(os.environ, XDG_STATE_HOME=self.state.name, ROCPART_DATA=str(ROOT))
        env.pop("ROCPART_SIM", None)
        done = subprocess.run(
            [os.environ["ROCPART"], *args], env=env, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def run_json(self, *args, status=0):
        return json.loads(self.run_rocpart(*args, "--json", status=status))

    def compute_modes(self, name):
        gpus = self.run_json("list", "--sim", name)["gpus"]
        return [gpu["compute_mode"] for gpu in gpus]

    def test_sim_create_is_listed_and_removed(self):
        self.assertEqual(self.run_json("sim", "list")["machines"], [])
        self.run_rocpart("sim", "create", "node", "--profile", "mi308x-8")
        listed = self.run_json("sim", "list")
        self.assertEqual(
            listed["machines"], [{"name": "node", "profile": "mi308x-8", "abi": "g2", "gpus": 8}]
        )
        self.assertIn("bmc-63", listed["profiles"])
        self.run_rocpart("sim", "rm", "node")
        self.assertEqual(self.run_json("sim", "list")["machines"], [])

    def test_sim_create_of_a_file_names_its_mistake(self):
        bad = Path(self.state.name) / "bad.yaml"
        bad.write_text("version: v1\ncolour: red\n")
        error = self.run_json("sim", "create", "x", "--file", str(bad), status=REFUSED_USAGE)
        self.assertEqual(error["error"]["object"], "bad.yaml:2:1")
        self.assertEqual(self.run_json("sim", "list")["machines"], [])

    def test_sim_create_twice_is_refused(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        error = self.run_json("sim", "create", "mi300x-1", status=REFUSED_USAGE)
        self.assertIn("exists", error["error"]["message"])

    def test_sim_names_that_lead_elsewhere_are_refused(self):
        for name in ("../x", "a/b", ".hidden", "", "x" * 65):
            self.run_rocpart("sim", "rm", name, status=REFUSED_USAGE)

    def test_sim_hold_blocks_a_switch_until_it_is_released(self):
        self.run_rocpart("sim", "create", "n", "--profile", "mi300x-1")
        pid = self.run_json("sim", "hold", "n", "--process", "/opt/vllm serve m")["pid"]
        change = ("--sim", "n", "set", "--compute", "CPX", "--memory", "NPS4", "--yes")
        error = self.run_json(*change, "--wait", "0", status=REFUSED_GUARD)["error"]
        self.assertEqual(error["code"], "BUSY_PROCESS")
        self.run_rocpart("sim", "hold", "n", "--release", str(pid))
        self.run_rocpart(*change)
        self.assertEqual(self.compute_modes("n"), ["CPX"])

    def test_sim_hold_takes_memory_of_one_partition(self):
        self.run_rocpart("sim", "create", "n", "--profile", "mi300x-8")
        self.run_rocpart("sim", "hold", "n", "--partition", "1/0=20GiB", "--contained")
        holders = self.run_rocpart("holders", "--sim", "n")
        self.assertIn("20.0 GiB", holders)
        self.assertIn("/dev/dri/renderD136", holders)
        for wrong in ("9/0", "0/1", "0/0=x", "0/0=300GiB"):
            done = subprocess.run(
                [os.environ["ROCPART"], "sim", "hold", "n", "--partition", wrong],
                env=dict(os.environ, XDG_STATE_HOME=self.state.name),
                capture_output=True,
                check=False,
            )
            self.assertNotEqual(done.returncode, 0, wrong)

    def test_sim_fault_fires_and_is_cleared(self):
        self.run_rocpart("sim", "create", "n", "--profile", "mi300x-1")
        rule = "write:current_compute_partition:ignored:1"
        self.run_rocpart("sim", "fault", "n", rule)
        self.assertEqual(self.run_json("sim", "fault", "n", "--list")["faults"], [rule])
        self.run_rocpart("sim", "fault", "n", "--clear")
        self.assertEqual(self.run_json("sim", "fault", "n")["faults"], [])
        self.run_rocpart("sim", "fault", "n", "write:x:ENOTHING", status=REFUSED_USAGE)

    def create(self, **variables):
        env = {"PATH": os.environ["PATH"], "ROCPART_DATA": str(ROOT), **variables}
        argv = [os.environ["ROCPART"], "sim", "create", "a", "--profile", "mi300x-1"]
        return subprocess.run(argv, env=env, cwd=self.state.name, capture_output=True, text=True,
                              check=False)

    def test_relative_folder_of_xdg_is_ignored(self):
        done = self.create(XDG_STATE_HOME="relative", HOME=self.state.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(self.state.name), [".local"])

    def test_home_that_is_not_set_comes_from_the_user_database(self):
        host.need_another_user()
        program = self.state.name + "/rocpart"
        shutil.copy(os.environ["ROCPART"], program)
        os.chmod(self.state.name, 0o755)
        home = pwd.getpwuid(host.NOBODY).pw_dir
        (Path(self.state.name) / "profiles").mkdir()
        shutil.copy(ROOT / "profiles/mi300x-1.yaml", self.state.name + "/profiles")
        done = subprocess.run([program, "sim", "create", "a", "--profile", "mi300x-1"],
                              env={"PATH": os.environ["PATH"], "ROCPART_DATA": self.state.name},
                              capture_output=True, text=True, check=False, user=host.NOBODY,
                              group=host.NOBODY, extra_groups=[])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"{home}/.local", done.stderr)

    def test_sim_reload_and_reset_bring_modes_back(self):
        self.run_rocpart("sim", "create", "n", "--profile", "mi300x-8")
        self.run_rocpart(
            "--sim", "n", "set", "--gpu", "0", "--compute", "CPX", "--allow-unvalidated", "--yes"
        )
        self.assertEqual(self.compute_modes("n"), ["CPX"] + ["SPX"] * 7)
        self.run_rocpart("sim", "reload", "n")
        self.assertEqual(self.compute_modes("n"), ["SPX"] * 8)
        self.run_rocpart(
            "--sim", "n", "set", "--compute", "CPX", "--memory", "NPS4", "--yes"
        )
        self.run_rocpart("sim", "reload", "n")
        self.assertEqual(self.compute_modes("n"), ["CPX"] * 8)
        self.run_rocpart("sim", "reset", "n")
        self.assertEqual(self.compute_modes("n"), ["SPX"] * 8)


if __name__ == "__main__":
    unittest.main()
