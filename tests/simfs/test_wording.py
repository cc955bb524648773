# SPDX-License-Identifier: MIT
"""The words by which people search for what went wrong, each with what to do next."""

import json
import os
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase  # noqa: E402

FAILED, REFUSED = 1, 3
SET_FAILED = "failed to set partition mode: "
REAL_LIBRARY = any(found for folder in ("/opt/rocm/lib", "/usr/lib/x86_64-linux-gnu")
                   for found in Path(folder).glob("libamd_smi.so*"))


class Wording(SimfsCase):
    def setUp(self):
        super().setUp()
        self.run_rocpart("sim", "create", "mi300x-1")

    def error(self, *args, status=FAILED, prefix=()):
        done = self.spawn([ROCPART, "sim", "exec", "mi300x-1", "--", *prefix,
                           ROCPART, *args, "--json"])
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)["error"]

    def set_error(self, *args, **more):
        return self.error("set", *args, "--yes", "--wait", "0", "--allow-unvalidated", **more)

    def assert_says(self, error, code, message, hint):
        self.assertEqual(error["code"], code)
        self.assertIn(message, error["message"])
        self.assertIn(hint, error["hint"])

    def fault(self, attribute, errno):
        self.run_rocpart("sim", "fault", "mi300x-1", f"write:{attribute}:{errno}")

    def test_no_permission_is_said_with_its_remedy(self):
        self.fault("current_compute_partition", "EACCES")
        self.assert_says(self.set_error("-c", "CPX"), "PERMISSION",
                         SET_FAILED + "no permission", "run as root")
        self.fault("current_memory_partition", "EACCES")
        self.assert_says(self.set_error("-c", "CPX", "-m", "NPS4"), "PERMISSION",
                         SET_FAILED + "no permission", "run as root")

    def test_read_only_sys_is_said_with_its_remedy(self):
        read_only = ("sh", "-c", 'mount -o remount,ro,bind "$0" && exec "$@"',
                     "/sys/devices/pci0000:00/0000:05:00.0/current_compute_partition")
        self.assert_says(self.set_error("-c", "CPX", prefix=read_only), "PERMISSION",
                         SET_FAILED + "GPU 0 (0000:05:00.0) cannot be switched: /sys is read-only here", "on the host")

    def test_busy_gpu_is_said_with_its_holder(self):
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711", "--process", "serve")
        error = self.set_error("-c", "CPX", status=REFUSED)
        self.assert_says(error, "BUSY_PROCESS", SET_FAILED + "GPUs are still in use by pid 4711 (serve, user root)", "--wait")
        self.assertIn("4711", error["message"])

    def test_gpu_in_reset_is_said_with_its_remedy(self):
        self.fault("current_compute_partition", "EPERM")
        self.assert_says(self.set_error("-c", "CPX"), "PERMISSION",
                         SET_FAILED + "GPU 0 (0000:05:00.0) is being reset", "repeat the command")

    def test_pair_that_nps4_excludes_is_said_with_the_one_to_take(self):
        error = self.set_error("-c", "SPX", "-m", "NPS4", status=REFUSED)
        self.assert_says(error, "NPS_NEEDS_COMPUTE", SET_FAILED + "GPU 0 (0000:05:00.0) cannot be set to "
                         "SPX in NPS4: SPX needs NPS1, and NPS4 allows QPX or CPX", "rocpart modes")

    def test_mode_of_another_gpu_is_said_with_where_to_look(self):
        self.assert_says(self.set_error("-c", "TPX", status=REFUSED), "MODE_UNSUPPORTED",
                         SET_FAILED + "GPU 0 (0000:05:00.0) cannot be in TPX/NPS1: ", "rocpart modes")

    def test_driver_in_use_is_said_before_the_mode_is_requested(self):
        # who has a render node open, and does not compute, holds the module only
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711", "--no-kfd", "--partition",
                         "0/0")
        error = self.set_error("-c", "CPX", "-m", "NPS4", status=REFUSED)
        self.assertIn(SET_FAILED, error["message"])
        self.assertTrue(error["hint"])

    @unittest.skipIf(os.path.exists("/lib/modules"), "this machine has modules")
    @unittest.skipIf(shutil.which("modprobe"), "this machine has kmod")
    def test_reload_without_modules_is_said_before_the_mode_is_requested(self):
        # a container: neither kmod nor modules
        bare = ("sh", "-c", 'mount -t tmpfs none /sys/devices/rocpart-bin && exec "$@"', "sh")
        error = self.set_error("-c", "CPX", "-m", "NPS4", prefix=bare)
        self.assert_says(error, "DRIVER_RELOAD", SET_FAILED + "the amdgpu driver cannot be reloaded "
                         "from here: /lib/modules does not exist", "the host's /lib/modules")

    @unittest.skipIf(shutil.which("amd-smi"), "this machine has amd-smi")
    def test_amd_smi_that_is_missing_is_said_with_how_to_get_it(self):
        error = self.error("--backend", "amd-smi", "list", status=REFUSED)
        self.assert_says(error, "UNSUPPORTED", "amd-smi not available: ", "install")

    @unittest.skipIf(REAL_LIBRARY, "this machine has AMD's library")
    def test_library_that_is_missing_is_said_with_how_to_get_it(self):
        for args in (("list",), ("set", "-c", "CPX", "--yes", "--allow-unvalidated")):
            error = self.error("--backend", "libamd_smi", *args, status=REFUSED)
            self.assert_says(error, "UNSUPPORTED", "amd-smi not available: ", "install")

    def test_backend_of_a_machine_in_process_is_refused(self):
        done = self.run_rocpart("--sim", "mi300x-1", "--backend", "libamd_smi", "list", "--json",
                                status=REFUSED)
        self.assert_says(json.loads(done.stdout)["error"], "UNSUPPORTED",
                         "only sees the computer that it runs on", "sim exec")
        self.run_rocpart("--sim", "mi300x-1", "--backend", "sysfs", "list")
        self.run_rocpart("--backend", "nvml", "list", status=2)


if __name__ == "__main__":
    unittest.main()
