# SPDX-License-Identifier: MIT
"""The journeys of an operator on a real GPU, restoring what they found.

ROCPART_HW_TEST=<bdf>       the GPU to be switched; without it nothing is run at all
ROCPART_HW_TEST_RELOAD=1    also memory modes, which reload the driver of the whole machine
ROCPART_HW_REPORT=<folder>  where the report goes (rocpart-hw-report)

Run as root on a machine whose GPUs nobody uses. Every compute mode that the kernel accepts is tried,
those that the vendor has not validated too; the report says which. With ROCPART_SIM the same journeys run on a
simulated machine: that is how they are tested.
"""

import datetime
import json
import os
import platform
import subprocess
import time
import unittest
from pathlib import Path

BDF = os.environ.get("ROCPART_HW_TEST")
PROGRAM = os.environ.get("ROCPART", "rocpart")
RELOAD = os.environ.get("ROCPART_HW_TEST_RELOAD") == "1"
SIMULATED = bool(os.environ.get("ROCPART_SIM"))
REPORT = Path(os.environ.get("ROCPART_HW_REPORT", "rocpart-hw-report"))
DONE, REFUSED = 0, 3


class Log:
    """Every command with its outcome and time; written whatever happens."""

    def __init__(self):
        self.entries = []

    def run(self, *args):
        started = time.monotonic()
        done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, check=False)
        self.entries.append(
            {
                "command": ["rocpart", *args],
                "status": done.returncode,
                "seconds": round(time.monotonic() - started, 3),
                "stderr": done.stderr[-2000:],
            }
        )
        return done

    def json(self, *args):
        return json.loads(self.run(*args, "--json").stdout)


LOG = Log()


def gpu():
    return next(g for g in LOG.json("list")["gpus"] if g["bdf"] == BDF)


def all_modes():
    return {g["bdf"]: (g["compute_mode"], g["memory_mode"]) for g in LOG.json("list")["gpus"]}


def pairs():
    return LOG.json("modes", "--gpu", BDF)["gpus"][0]["pairs"]


@unittest.skipUnless(BDF, "ROCPART_HW_TEST does not name a GPU")
class Hardware(unittest.TestCase):
    results = {}

    @classmethod
    def setUpClass(cls):
        if not SIMULATED and os.geteuid() != 0:
            raise unittest.SkipTest("switching modes needs root")
        kind = LOG.json("list")["kind"]
        if (kind == "sim") != SIMULATED:
            raise unittest.SkipTest(f"the machine is '{kind}'")
        REPORT.mkdir()
        cls.before = all_modes()
        cls.file = REPORT / "before.yaml"
        cls.file.write_text(LOG.run("export").stdout)
        LOG.run("gather", "-o", str(REPORT / "capture"))
        cls.checks = LOG.json("doctor")

    @classmethod
    def tearDownClass(cls):
        """Back to what was found, by the file that was exported first."""
        try:
            if all_modes() != cls.before:
                LOG.run("apply", "-f", str(cls.file), "--yes", "--allow-unvalidated")
            restored = all_modes() == cls.before
        except (ValueError, KeyError, StopIteration):
            restored = False
        report = {
            "made": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "kernel": platform.release(),
            "simulated": SIMULATED,
            "gpu": BDF,
            "before": cls.before,
            "restored": restored,
            "doctor": cls.checks,
            "results": cls.results,
            "commands": LOG.entries,
        }
        (REPORT / "report.json").write_text(json.dumps(report, indent=2) + "\n")
        print(f"# report: {REPORT}/report.json, with a capture of the machine beside it")
        if not restored:
            raise AssertionError(f"not restored: apply {cls.file} by hand")

    def change(self, *args, status=DONE):
        done = LOG.run("set", "--gpu", BDF, *args, "--allow-unvalidated", "--yes")
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def back(self):
        done = LOG.run("apply", "-f", str(self.file), "--yes", "--allow-unvalidated")
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(all_modes(), self.before)

    def test_1_checklist_fails_nothing(self):
        failed = [c["id"] for c in self.checks["checks"] if c["state"] == "fail"]
        self.assertEqual(failed, [])

    def test_2_each_partition_of_the_present_mode_is_there(self):
        found = gpu()
        current = next(p for p in pairs() if p["state"] == "current")
        self.assertEqual(len(found["partitions"]), current["partitions"])
        minors = [p["render_minor"] for p in found["partitions"]]
        self.assertEqual(len(set(minors)), len(minors))

    def test_3_dry_run_changes_nothing(self):
        generation = LOG.json("list")["generation"]
        for pair in pairs():
            if pair["state"] == "now":
                LOG.run(
                    "set", "--gpu", BDF, "--compute", pair["compute_mode"], "--dry-run",
                    "--allow-unvalidated",
                )
        self.assertEqual(LOG.json("list")["generation"], generation)

    def test_4_each_compute_mode_yields_what_was_predicted(self):
        self.addCleanup(self.back)
        for pair in [p for p in pairs() if p["state"] == "now"]:
            mode = pair["compute_mode"]
            with self.subTest(mode):
                self.change("--compute", mode)
                found = gpu()
                sizes = [p["memory_bytes"] for p in found["partitions"]]
                self.results[f"{mode}/{pair['memory_mode']}"] = {
                    "validated": pair["validated"],
                    "predicted_bytes": pair["memory_bytes"],
                    "found_bytes": sizes,
                    "render_minors": [p["render_minor"] for p in found["partitions"]],
                }
                self.assertEqual(found["compute_mode"], mode)
                self.assertEqual(len(sizes), pair["partitions"])
                # The driver keeps some for itself: at most a tenth of the smallest.
                for size in sizes:
                    self.assertLessEqual(size, max(pair["memory_bytes"]))
                    self.assertGreater(size * 10, min(pair["memory_bytes"]) * 9)

    def test_5_undo_takes_the_last_change_back(self):
        self.addCleanup(self.back)
        other = next((p for p in pairs() if p["state"] == "now"), None)
        if other is None:
            self.skipTest("this memory mode has one compute mode")
        self.change("--compute", other["compute_mode"])
        self.assertEqual(LOG.run("undo", "--yes").returncode, DONE)
        self.assertEqual(all_modes(), self.before)

    def test_6_a_holder_is_named_and_nothing_is_switched(self):
        other = next((p for p in pairs() if p["state"] == "now"), None)
        if other is None:
            self.skipTest("this memory mode has one compute mode")
        pid = self.hold()
        done = self.change("--compute", other["compute_mode"], "--wait", "0", status=REFUSED)
        self.assertIn(str(pid), done.stderr)
        self.assertEqual(all_modes(), self.before)

    def hold(self):
        """Have the KFD open, as an idle program of ROCm has."""
        if SIMULATED:
            name = os.environ["ROCPART_SIM"]
            pid = LOG.json("sim", "hold", name)["pid"]
            self.addCleanup(LOG.run, "sim", "hold", name, "--release", str(pid))
            return pid
        kfd = os.open("/dev/kfd", os.O_RDWR | os.O_CLOEXEC)
        self.addCleanup(os.close, kfd)
        return os.getpid()

    def test_7_a_change_that_is_killed_is_taken_back(self):
        self.addCleanup(self.back)
        other = next((p for p in pairs() if p["state"] == "now"), None)
        if other is None:
            self.skipTest("this memory mode has one compute mode")
        command = [PROGRAM, "set", "--gpu", BDF, "--compute", other["compute_mode"], "--yes",
                   "--allow-unvalidated"]
        for wait_ms in (1, 5, 20, 80):
            with subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                time.sleep(wait_ms / 1000)
                child.kill()
            resumed = LOG.run("apply", "--resume", "--yes")
            self.assertEqual(resumed.returncode, DONE, resumed.stderr)
            self.back()

    @unittest.skipUnless(RELOAD, "ROCPART_HW_TEST_RELOAD is not 1: the driver is not reloaded")
    def test_8_each_memory_mode_comes_with_a_reload(self):
        self.addCleanup(self.back)
        hive = LOG.json("list")["gpus"]
        for pair in [p for p in pairs() if p["state"] == "after-reload" and p["validated"]]:
            with self.subTest(f"{pair['compute_mode']}/{pair['memory_mode']}"):
                modes = ("--compute", pair["compute_mode"], "--memory", pair["memory_mode"])
                done = LOG.run("set", *modes, "--yes")
                self.assertEqual(done.returncode, DONE, done.stderr)
                self.assertEqual(
                    [(g["compute_mode"], g["memory_mode"]) for g in LOG.json("list")["gpus"]],
                    [(pair["compute_mode"], pair["memory_mode"])] * len(hive),
                )


if __name__ == "__main__":
    unittest.main()
