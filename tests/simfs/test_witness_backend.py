# SPDX-License-Identifier: MIT
"""rocpart looks and switches through AMD's own amd-smi, of Debian sid, on simulated machines.

What came of it is asked of the simulated machine, which knows nothing of amd-smi.
"""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import BIND_PROGRAMS, ROCPART  # noqa: E402
from witness_case import HERE, SidCase  # noqa: E402

FAILED, REFUSED = 1, 3


class AmdSmiBackend(SidCase):
    def setUp(self):
        super().setUp()
        program = self.top / "bin/amd-smi"  # its environment is not ours
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nWITNESS={self.witness} exec {HERE}/amd-smi-of-root \"$@\"\n")
        program.chmod(0o755)

    def rocpart(self, name, backend, *args, status=0):
        done = self.spawn([ROCPART, "sim", "exec", name, "--", "sh", "-c",
                           BIND_PROGRAMS + 'exec "$@"', "sh", str(self.top / "bin"),
                           ROCPART, "--backend", backend, *args, "--json"])
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def set(self, name, *args, status=0):
        return self.rocpart(name, "amd-smi", "set", *args, "--yes", status=status)

    def assert_agree(self, name):
        lists = {b: self.rocpart(name, b, "list") for b in ("sysfs", "amd-smi")}
        sources = {b: told.pop("sources") for b, told in lists.items()}
        self.assertEqual(lists["amd-smi"], lists["sysfs"])
        for key in ("compute_mode", "memory_mode", "render_minor", "card_minor", "gpu_id"):
            self.assertEqual(sources["amd-smi"][key], "amd-smi", key)
            self.assertNotEqual(sources["sysfs"][key], "amd-smi", key)

    def test_set_through_amd_smi_switches_8_gpus(self):
        self.assert_8_gpus_are_switched()

    def test_each_compute_mode_through_amd_smi(self):
        for mode, n in (("DPX", 2), ("QPX", 4), ("CPX", 8), ("SPX", 1)):
            with self.subTest(mode=mode):
                self.set("mi300x-1", "-c", mode, "--allow-unvalidated")
                gpu = self.gpus("mi300x-1")[0]
                self.assertEqual((gpu["compute_mode"], gpu["n_partitions"]), (mode, n))
                self.assert_agree("mi300x-1")

    # The kernel's errno as amd-smi 10.1 passes it on, and what is left of it (study 2.2).
    def test_what_the_kernel_refuses_of_a_compute_mode_is_an_error_of_its_kind(self):
        for errno, code, status in (("EBUSY", "BUSY_PROCESS", REFUSED),
                                    ("EINVAL", "MODE_UNSUPPORTED", REFUSED),
                                    ("EACCES", "PERMISSION", FAILED),
                                    ("EPERM", "UNSUPPORTED", REFUSED),
                                    ("EOPNOTSUPP", "UNSUPPORTED", REFUSED),
                                    ("EIO", "FAILED", FAILED)):
            with self.subTest(errno=errno):
                self.assert_refused("current_compute_partition", errno, code, status, "-c", "CPX")

    def test_what_the_kernel_refuses_of_a_memory_mode_is_an_error_of_its_kind(self):
        for errno, code, status in (("EBUSY", "BUSY_PROCESS", REFUSED),
                                    ("EINVAL", "MODE_UNSUPPORTED", REFUSED),
                                    ("EPERM", "UNSUPPORTED", REFUSED),
                                    ("EIO", "FAILED", FAILED)):
            with self.subTest(errno=errno):
                self.assert_refused("current_memory_partition", errno, code, status, "-c", "CPX",
                                    "-m", "NPS4")


if __name__ == "__main__":
    unittest.main()
