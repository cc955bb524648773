# SPDX-License-Identifier: MIT
"""doctor: each line of the checklist seen both ways, as far as a simulated machine can show it."""

import tempfile
import unittest

from journey import DONE, FAILED, NO_HARDWARE, Journey

# The order of the issue: what is below comes first.
ORDER = (
    "driver kfd amd-smi rocm model files holders modes devices render permissions minors "
    "pending health variables cdi allocators"
).split()


class Doctor(Journey):
    def checks(self, *args, status=DONE, env=None):
        document = self.json("doctor", *args, status=status, env=env)
        self.result = document["result"]
        return {check["id"]: check for check in document["checks"]}

    def test_doctor_sound_machine_passes_every_line_in_order(self):
        checks = self.checks("--sim", self.make("mi300x-8"))
        self.assertEqual(list(checks), ORDER)
        self.assertEqual({c["state"] for c in checks.values()}, {"pass"})
        self.assertEqual(self.result, "pass")
        self.assertIn("8 x MI300X", checks["model"]["seen"])

    def test_doctor_simulated_machine_runs_no_program(self):
        with tempfile.TemporaryDirectory() as empty:
            checks = self.checks("--sim", self.make("mi300x-1"), env={"PATH": empty})
        self.assertIn("not asked", checks["amd-smi"]["seen"])

    def test_doctor_bmc_warns_63_of_64(self):
        checks = self.checks("--sim", self.make("bmc-63"))
        self.assertEqual(checks["minors"]["state"], "warn")
        self.assertIn("63 of 64", checks["minors"]["seen"])
        self.assertIn("ast", checks["minors"]["advice"])

    def test_doctor_missing_partition_fails(self):
        name = self.make("mi300x-1")
        self.rocpart("sim", "fault", name, "vanish:0000:05:00.0/5")
        change = ("--sim", name, "set", "--compute", "CPX", "--memory", "NPS4", "--yes")
        self.assertNotEqual(self.start(*change).returncode, DONE)
        checks = self.checks("--sim", name, status=FAILED)
        self.assertEqual(checks["devices"]["state"], "fail")
        self.assertIn("7 of 8", checks["devices"]["seen"])

    def test_doctor_names_holders_and_other_allocators(self):
        name = self.make("mi300x-8")
        self.rocpart("sim", "hold", name, "--process", "slurmd")
        self.rocpart("sim", "hold", name, "--process", "gpuagent")
        checks = self.checks("--sim", name)
        self.assertEqual(checks["holders"]["state"], "warn")
        self.assertIn("gpuagent", checks["holders"]["seen"])
        self.assertIn("Slurm", checks["allocators"]["seen"])
        self.assertEqual(self.result, "warn")

    def test_doctor_uncorrectable_errors_fail(self):
        name = self.make("mi300x-8")
        self.rocpart("sim", "fault", name, "ue:0000:27:00.0:3")
        checks = self.checks("--sim", name, status=FAILED)
        self.assertIn("0000:27:00.0", checks["health"]["seen"])
        self.assertIn("3 uncorrectable", checks["health"]["seen"])

    def test_doctor_pending_memory_mode_warns(self):
        name = self.make("mi300x-8")
        pend = ("--compute", "CPX", "--memory", "NPS4", "--reload", "never", "--yes")
        self.start("--sim", name, "set", *pend)
        checks = self.checks("--sim", name)
        self.assertEqual(checks["pending"]["state"], "warn")
        self.assertIn("NPS4", checks["pending"]["seen"])

    def test_doctor_variables_that_renumber_warn(self):
        name = self.make("mi300x-1")
        checks = self.checks("--sim", name, env={"ROCR_VISIBLE_DEVICES": "0"})
        self.assertEqual(checks["variables"]["state"], "pass")
        for variable in ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "GPU_DEVICE_ORDINAL"):
            checks = self.checks("--sim", name, env={variable: "3"})
            self.assertEqual(checks["variables"]["state"], "warn", variable)
            self.assertIn(f"{variable}=3", checks["variables"]["seen"])

    def test_doctor_cordoned_gpu_warns(self):
        name = self.make("mi300x-8")
        self.rocpart("--sim", name, "cordon", "2")
        checks = self.checks("--sim", name)
        self.assertEqual(checks["modes"]["state"], "warn")
        self.assertIn("GPU 2", checks["modes"]["seen"])

    def test_doctor_mixed_node_warns_of_the_gpu_that_cannot(self):
        checks = self.checks("--sim", self.make("mixed"))
        self.assertEqual(checks["model"]["state"], "warn")
        self.assertIn("0x740f", checks["model"]["seen"])

    def test_doctor_empty_tree_says_no_hardware(self):
        with tempfile.TemporaryDirectory() as empty:
            checks = self.checks("--root", empty, status=NO_HARDWARE)
            text = self.rocpart("doctor", "--root", empty, status=NO_HARDWARE)
        self.assertEqual(checks["driver"]["state"], "fail")
        self.assertEqual(checks["model"]["state"], "fail")
        self.assertNotIn("minors", checks)
        self.assertIn("modprobe amdgpu", text)


if __name__ == "__main__":
    unittest.main()
