# SPDX-License-Identifier: MIT
"""rocpart looks and switches through AMD's own library, of Debian sid, on simulated machines.

What came of it is asked of the simulated machine, which knows nothing of that library.
"""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART  # noqa: E402
from witness_case import HERE, SidCase  # noqa: E402

FAILED, REFUSED, NO_HARDWARE = 1, 3, 5
TOLD = ("compute_mode", "memory_mode", "render_minor", "card_minor", "gpu_id")


class Library(SidCase):
    def rocpart(self, name, *args, status=0, **env):
        """JSON of rocpart in the root of sid, where it can load the library."""
        done = self.spawn([ROCPART, "sim", "exec", name, "--",
                           str(HERE / "rocpart-in-root.sh"), str(self.witness), ROCPART, *args, "--json"],
                          env=dict(self.env, **env))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def set(self, name, *args, **more):
        return self.rocpart(name, "--backend", "libamd_smi", "set", *args, "--yes", **more)

    def assert_agree(self, name):
        lists = {b: self.rocpart(name, "--backend", b, "list")
                 for b in ("sysfs", "libamd_smi", "amd-smi")}
        sources = {b: told.pop("sources") for b, told in lists.items()}
        self.assertEqual(lists["libamd_smi"], lists["sysfs"])
        self.assertEqual(lists["amd-smi"], lists["sysfs"])
        for backend in ("libamd_smi", "amd-smi"):
            self.assertEqual({sources[backend].pop(key) for key in TOLD}, {backend})
            self.assertEqual(sources[backend].pop("backend"), backend)
        for key in (*TOLD, "backend"):
            self.assertNotIn("smi", sources["sysfs"].pop(key))
        self.assertEqual(sources["libamd_smi"], sources["sysfs"])

    def test_set_through_the_library_switches_8_gpus(self):
        self.assert_8_gpus_are_switched()

    def test_each_compute_mode_through_the_library(self):
        for mode in ("DPX", "QPX", "CPX", "SPX"):
            with self.subTest(mode=mode):
                self.set("mi300x-1", "-c", mode, "--allow-unvalidated")
                self.assertEqual(self.modes("mi300x-1"), [(mode, "NPS1")])

    def test_nothing_of_the_library_stays_open(self):
        # A handle on /dev/kfd that outlives the question would hold the GPU against our own reload.
        self.set("mi300x-1", "-c", "CPX", "-m", "NPS4")
        self.assertEqual(self.modes("mi300x-1"), [("CPX", "NPS4")])

    # errno of the kernel -> status of the library -> our error: table 2.2 of the amd-smi study.
    def test_what_the_kernel_refuses_of_a_compute_mode_is_an_error_of_its_kind(self):
        for errno, code, status in (("EBUSY", "BUSY_PROCESS", REFUSED),
                                    ("EINVAL", "MODE_UNSUPPORTED", REFUSED),
                                    ("EACCES", "PERMISSION", FAILED),
                                    ("EPERM", "UNSUPPORTED", REFUSED),
                                    ("EOPNOTSUPP", "UNSUPPORTED", REFUSED),
                                    ("EIO", "FAILED", FAILED), ("ENXIO", "FAILED", FAILED),
                                    ("ENODEV", "FAILED", FAILED), ("ENOMEM", "FAILED", FAILED)):
            with self.subTest(errno=errno):
                self.assert_refused("current_compute_partition", errno, code, status, "-c", "CPX")

    def test_what_the_kernel_refuses_of_a_memory_mode_is_an_error_of_its_kind(self):
        for errno, code, status in (("EBUSY", "BUSY_PROCESS", REFUSED),
                                    ("EINVAL", "MODE_UNSUPPORTED", REFUSED),
                                    ("EACCES", "UNSUPPORTED", REFUSED),
                                    ("EPERM", "UNSUPPORTED", REFUSED),
                                    ("EOPNOTSUPP", "UNSUPPORTED", REFUSED),
                                    ("EIO", "FAILED", FAILED), ("ENXIO", "FAILED", FAILED),
                                    ("ENODEV", "FAILED", FAILED)):
            with self.subTest(errno=errno):
                self.assert_refused("current_memory_partition", errno, code, status, "-c", "CPX",
                                    "-m", "NPS4")

    def test_busy_gpu_is_told_with_its_holder(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711", "--process", "python3 serve.py")
        error = self.set("mi300x-1", "-c", "CPX", "--wait", "0", "--allow-unvalidated",
                         status=REFUSED)["error"]
        self.assertEqual(error["code"], "BUSY_PROCESS")
        self.assertIn("failed to set partition mode: ", error["message"])
        self.assertIn("4711", error["message"])

    def test_driver_that_is_not_loaded_is_no_hardware(self):
        self.shell("mi300x-1", "modprobe -r amdgpu")
        error = self.rocpart("mi300x-1", "--backend", "libamd_smi", "list",
                             status=NO_HARDWARE)["error"]
        self.assertIn("driver", error["message"] + error["hint"])

    def test_doctor_tells_each_back_end(self):
        checks = {c["id"]: c for c in self.rocpart("mi300x-1", "doctor")["checks"]}
        for backend, path in (("libamd_smi", r"/\S*libamd_smi\.so\.27"),
                              ("amd-smi", r"/\S*/amd-smi")):
            told = checks[backend]
            self.assertEqual(told["state"], "pass", told)
            self.assertRegex(told["seen"], rf"^27\.\d+\.\d+ \({path}\); known behaviour: ")
            self.assertIn("agrees with sysfs on 1 partition", told["seen"])


if __name__ == "__main__":
    unittest.main()
