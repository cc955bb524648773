# SPDX-License-Identifier: MIT
"""doctor: each line of the checklist seen both ways, as far as a simulated machine can show it."""

import tempfile
import unittest
from pathlib import Path

from journey import DONE, FAILED, NO_HARDWARE, ROOT, Journey

# The order of the issue: what is below comes first.
ORDER = (
    "driver kfd libamd_smi amd-smi rocm model reads files firmware holders modes devices render permissions minors "
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
        self.assertIn("skipped", checks["amd-smi"]["seen"])

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

    def test_doctor_retired_pages_warn(self):
        name = self.make("mi300x-8")
        self.rocpart("sim", "fault", name, "bad-pages:0000:27:00.0:2")
        checks = self.checks("--sim", name)
        self.assertEqual(checks["health"]["state"], "warn")
        self.assertIn("2 retired pages", checks["health"]["seen"])

    def test_doctor_memory_mode_of_an_old_kernel_warns(self):
        profile = (ROOT / "profiles/mi300x-1.yaml").read_text().replace("abi: g3", "abi: g1")
        self.rocpart("sim", "create", "n", "--file", self.write(profile, "old.yaml"))
        checks = self.checks("--sim", "n")
        self.assertEqual(checks["files"]["state"], "warn")
        self.assertIn("memory mode of some GPUs is read-only", checks["files"]["seen"])

    def test_doctor_virtual_function_fails(self):
        profile = (ROOT / "profiles/mi300x-1.yaml").read_text().replace("cpu: 0", "vf: true")
        self.rocpart("sim", "create", "n", "--file", self.write(profile, "vf.yaml"))
        checks = self.checks("--sim", "n", status=FAILED)
        self.assertEqual(checks["model"]["state"], "fail")
        self.assertIn("virtual function", checks["model"]["advice"])
        self.assertEqual(checks["files"]["state"], "fail")
        self.assertIn("read-only", checks["files"]["seen"])

    def test_doctor_driver_in_use_warns_that_memory_modes_wait(self):
        name = self.make("mi300x-8")
        self.rocpart("sim", "hold", name, "--process", "vllm")
        checks = self.checks("--sim", name)
        self.assertEqual(checks["modes"]["state"], "warn")
        self.assertIn("memory modes cannot be switched now", checks["modes"]["seen"])

    def test_doctor_unfinished_change_is_a_failed_check_but_no_failure(self):
        name = self.make("mi300x-8")
        self.rocpart("--sim", name, "cordon", "0")  # so that there is a folder of records
        records = self.folder / "rocpart" / "sim" / name / "records"
        (records / "journal").write_text("")
        checks = self.checks("--sim", name)
        self.assertEqual(checks["modes"]["state"], "fail")
        self.assertIn("apply --resume", checks["modes"]["advice"])

    def allocators(self, process):
        """The line about allocators on a node with that process."""
        name = self.make("mi300x-1")
        self.rocpart("sim", "hold", name, "--process", process)
        check = self.checks("--sim", name)["allocators"]
        self.rocpart("sim", "rm", name)
        return check

    def test_doctor_other_allocators_are_known_by_their_processes(self):
        for process, words, advice in (
            ("k8s-device-plugin", "Kubernetes device plugin", "allocator: kubelet"),
            ("gpu-kubeletplugin", "DRA driver", "allocator: kubelet"),
            ("device-config-manager", "device-config-manager", "gpu-config-profile"),
            ("slurmd", "Slurm", "allocator: slurm"),
        ):
            with self.subTest(process=process):
                check = self.allocators(process)
                self.assertEqual(check["state"], "warn")
                self.assertIn(words, check["seen"])
                self.assertIn(advice, check["advice"])

    def test_doctor_dcm_label_is_read_from_the_kubelet_or_said_not_to_be(self):
        label = "dcm.amd.com/gpu-config-profile"
        check = self.allocators(f"/usr/bin/kubelet --node-labels=zone=a,{label}=cpx-nps4 --v=2")
        self.assertEqual(check["state"], "warn")
        self.assertIn(f"registered this node with {label}=cpx-nps4", check["seen"])
        self.assertNotIn("--v", check["seen"])
        self.assertEqual(self.allocators("/usr/bin/kubelet --v=2")["state"], "pass")
        # The state of the last attempt is another label.
        check = self.allocators(f"kubelet --node-labels={label}-state=success")
        self.assertEqual(check["state"], "pass")
        check = self.allocators("device-config-manager")
        self.assertIn("was not checked", check["seen"])

    def test_doctor_allocators_leave_signs_in_files(self):
        for path, words in (
            ("var/lib/kubelet/device-plugins/amd.com_gpu", "AMD's device plugin"),
            ("run/slurm/slurmd.pid", "slurmd"),
            ("etc/config-manager/config.json", "device-config-manager"),
        ):
            with self.subTest(path=path), tempfile.TemporaryDirectory() as top:
                file = Path(top) / path
                file.parent.mkdir(parents=True)
                file.write_text("")
                check = self.checks("--root", top, status=NO_HARDWARE)["allocators"]
                self.assertEqual(check["state"], "warn")
                self.assertIn(words, check["seen"])

    def test_doctor_allocator_that_node_yaml_names_passes(self):
        name = self.make("mi300x-1")
        self.rocpart("sim", "hold", name, "--process", "slurmd", "--pid", "77")
        path = self.write("version: v1\nnode: {gpus: {all: SPX}, allocator: slurm}\n")
        self.rocpart("apply", "--sim", name, "-f", path, "--yes")
        check = self.checks("--sim", name)["allocators"]
        self.assertEqual(check["state"], "pass")
        self.assertIn("node.yaml says that slurm", check["seen"])
        self.assertIn("pid 77 is Slurm", check["seen"])
        self.rocpart("sim", "hold", name, "--process", "k8s-device-plugin")
        self.assertEqual(self.checks("--sim", name)["allocators"]["state"], "warn")

    def test_doctor_capture_tells_rocm_and_the_state_of_the_driver(self):
        with tempfile.TemporaryDirectory() as top:
            for path, text in (("opt/rocm/.info/version", "7.0.2-56\n"),
                               ("sys/module/amdgpu/initstate", "coming\n")):
                file = Path(top) / path
                file.parent.mkdir(parents=True)
                file.write_text(text)
            checks = self.checks("--root", top, status=NO_HARDWARE)
        self.assertEqual(checks["rocm"]["state"], "pass")
        self.assertIn("7.0.2-56", checks["rocm"]["seen"])
        self.assertEqual(checks["driver"]["state"], "fail")
        self.assertIn("coming", checks["driver"]["seen"])

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
