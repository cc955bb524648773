# SPDX-License-Identifier: MIT
"""tests/hw itself: it runs nothing unasked, restores what it found, and reports."""

import json
import os
import subprocess
import sys
import unittest

from journey import ROOT, Journey

GPU = "0000:47:00.0"


class HardwareTests(Journey):
    def run_tests(self, **variables):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        env = {k: v for k, v in env.items() if not k.startswith("ROCPART_HW") and k != "ROCPART_SIM"}
        env["ROCPART"] = os.path.abspath(os.environ["ROCPART"])
        env.update(variables)
        return subprocess.run(
            [sys.executable, str(ROOT / "tests/tap.py"), str(ROOT / "tests/hw/test_hw.py")],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )

    def test_without_a_gpu_named_nothing_is_run(self):
        done = self.run_tests(ROCPART="/nonexistent")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("report", done.stdout)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_journeys_pass_restore_and_report(self):
        self.make("mi300x-8")
        change = ("--gpu", "1", "--compute", "QPX", "--allow-unvalidated", "--yes")
        self.rocpart("--sim", "n", "set", *change)
        before = self.modes()
        done = self.run_tests(
            ROCPART_SIM="n", ROCPART_HW_TEST=GPU, ROCPART_HW_TEST_RELOAD="1"
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("SKIP", done.stdout)
        self.assertEqual(self.modes(), before)
        report = json.loads((self.folder / "rocpart-hw-report/report.json").read_text())
        self.assertTrue(report["restored"])
        self.assertTrue(report["simulated"])
        self.assertTrue(all(c["command"][0] == "rocpart" for c in report["commands"]))
        self.assertTrue((self.folder / "rocpart-hw-report/capture/capture.txt").exists())

    def test_journeys_say_when_something_is_wrong(self):
        self.make("mi300x-8")
        self.rocpart("sim", "fault", "n", f"vanish:{GPU}/5")
        done = self.run_tests(ROCPART_SIM="n", ROCPART_HW_TEST=GPU)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        report = json.loads((self.folder / "rocpart-hw-report/report.json").read_text())
        self.assertTrue(report["restored"])


if __name__ == "__main__":
    unittest.main()
