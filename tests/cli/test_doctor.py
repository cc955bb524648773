# SPDX-License-Identifier: MIT
"""doctor: each line of the checklist seen both ways, as far as a simulated machine can show it."""

import json
import shutil
import tempfile
import unittest
from pathlib import Path

from journey import DONE, FAILED, NO_HARDWARE, REFUSED, ROOT, TO_DO, USAGE, Journey

# The order of the issue: what is below comes first.
ORDER = (
    "change driver kfd libamd_smi amd-smi rocm gpus model reads files firmware holders modes devices render permissions "
    "minors pending health kernel-log variables cdi containers allocators"
).split()
BDFS = [f"0000:{bus}:00.0" for bus in "05 27 47 65 85 a7 c7 e5".split()]


class Doctor(Journey):
    def checks(self, *args, status=DONE, env=None):
        document = self.json("doctor", *args, status=status, env=env)
        self.result = document["result"]
        return {check["id"]: check for check in document["checks"]}

    def test_doctor_sound_machine_passes_every_line_in_order(self):
        checks = self.checks("--sim", self.make("mi300x-8"))
        self.assertEqual(list(checks), ORDER)
        self.assertEqual({c["state"] for c in checks.values()}, {"pass"})
        self.assertEqual({c["fix"] for c in checks.values()}, {None})
        self.assertTrue(all(c["why"] for c in checks.values()))
        self.assertEqual(self.result, "pass")
        self.assertIn("8 x MI300X", checks["model"]["seen"])

    def test_doctor_capture_without_pci_has_a_finding_in_each_line(self):
        capture = self.folder / "kfd-only"
        self.rocpart("gather", "--sim", "mi300x-8", "-o", str(capture))
        shutil.rmtree(capture / "sys/bus")
        done = self.start("doctor", "--root", str(capture), "--json")
        checks = json.loads(done.stdout)["checks"]
        self.assertEqual([c["id"] for c in checks if not c["seen"] or c["seen"].startswith("of ")], [])

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
            self.assertNotIn("twice", checks["variables"]["seen"])
            both = {"ROCR_VISIBLE_DEVICES": "0", variable: "3"}
            check = self.checks("--sim", name, env=both)["variables"]
            self.assertIn(f"ROCR_VISIBLE_DEVICES and {variable} filter twice", check["seen"])
            self.assertIn("unset the others", check["advice"])

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
        self.assertIn("memory mode of GPU 0 (0000:05:00.0) is read-only", checks["files"]["seen"])

    def test_doctor_virtual_function_fails(self):
        profile = (ROOT / "profiles/mi300x-1.yaml").read_text().replace("cpu: 0", "vf: true")
        self.rocpart("sim", "create", "n", "--file", self.write(profile, "vf.yaml"))
        checks = self.checks("--sim", "n", status=FAILED)
        self.assertEqual(checks["model"]["state"], "fail")
        self.assertEqual(checks["files"]["state"], "fail")
        self.assertIn("read-only", checks["files"]["seen"])

    def test_doctor_virtual_functions_are_one_line_and_their_host_decides(self):
        profile = (ROOT / "profiles/mi300x-8.yaml").read_text()
        profile = profile.replace("device: 0x74a1", "device: 0x74b5").replace("cpu: 0", "cpu: 0, vf: true")
        profile = profile.replace("cpu: 1", "cpu: 1, vf: true")
        self.rocpart("sim", "create", "n", "--file", self.write(profile, "vf.yaml"))
        checks = self.checks("--sim", "n", status=FAILED)
        for check in ("model", "files"):
            self.assertIn("GPUs 0-7", checks[check]["seen"])
            self.assertNotIn("0000:05", checks[check]["seen"])
            self.assertLess(len(checks[check]["seen"]), 160)
            self.assertIn("host", checks[check]["advice"])
            self.assertNotIn("container", checks[check]["advice"])

    def test_doctor_equal_findings_are_folded_into_ranges(self):
        name = self.make("mi300x-8")
        for gpu in "0 1 2 4 6 7".split():
            self.rocpart("--sim", name, "cordon", gpu)
        seen = self.checks("--sim", name)["modes"]["seen"]
        self.assertIn("a cordon keeps GPUs 0-2, 4, 6, 7 from", seen)
        self.rocpart("sim", "fault", name, f"ue:{BDFS[1]}:3")
        self.rocpart("sim", "fault", name, f"ue:{BDFS[2]}:3")
        self.rocpart("sim", "fault", name, f"ue:{BDFS[5]}:1")
        seen = self.checks("--sim", name, status=FAILED)["health"]["seen"]
        self.assertIn("3 uncorrectable memory errors on GPUs 1, 2; ", seen)
        self.assertIn(f"1 uncorrectable memory errors on GPU 5 ({BDFS[5]})", seen)

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
        self.assertEqual(checks["change"]["state"], "fail")

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

    captures = {}

    def gathered(self, profile):
        """A capture of such a machine: one for all tests, which leave it as it was."""
        if profile not in self.captures:
            top = tempfile.TemporaryDirectory()
            self.addClassCleanup(top.cleanup)
            self.captures[profile] = Path(top.name) / "gathered"
            self.rocpart("--sim", self.make(profile), "gather", "--output", str(self.captures[profile]))
        return self.captures[profile]

    def of_capture(self, folder, **more):
        return self.checks("--root", str(folder), **more)

    def put(self, folder, path, text):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.addCleanup(file.unlink, missing_ok=True)

    def test_doctor_memory_mode_that_a_gpu_without_choice_made_read_only(self):
        folder = self.gathered("mi300x-8")
        devices = folder / "sys/bus/pci/devices"
        available = devices / BDFS[2] / "available_memory_partition"
        self.addCleanup(available.write_text, available.read_text())
        available.unlink()
        for bdf in BDFS[2:]:
            file = devices / bdf / "current_memory_partition"
            self.addCleanup(file.chmod, file.stat().st_mode)
            file.chmod(0o444)
        check = self.of_capture(folder)["files"]
        self.assertEqual(check["state"], "warn")
        self.assertIn(f"the memory mode of GPU 2 ({BDFS[2]}) is read-only;", check["seen"])
        self.assertIn("GPUs 3-7 is read-only although the firmware has a choice", check["seen"])

    # Lines as the driver writes them: amdgpu_xcp.c, amdgpu_gmc.c, amdgpu_device.c, amdgpu_ras.c.
    LOADED = "[    9.1] [drm] amdgpu kernel modesetting enabled.\n"
    SKIPPED = "[   10.1] amdgpu {}: amdgpu: Skip xcp node #7 when out of drm node resource.\n"
    RESET = "[  410.1] amdgpu {}: amdgpu: GPU reset begin!. Source:  4\n"
    RAS = "[  411.1] amdgpu {}: amdgpu: socket: 0 {} uncorrectable hardware errors detected in umc block\n"

    def kernel_log(self, folder, text):
        self.put(folder, "kernel-log.txt", text)
        return self.of_capture(folder)["kernel-log"]

    def test_doctor_kernel_log_names_what_matters_and_the_gpus(self):
        news = (
            ("".join(self.SKIPPED.format(bdf) for bdf in BDFS * 2),
             "the driver left out partitions of GPUs 0-7 for lack of DRM minors ('Skip xcp node'"),
            (self.RESET.format(BDFS[3]), f"the driver reset GPU 3 ({BDFS[3]}) ('GPU reset begin!'"),
            (self.RESET.format("0000:99:00.0"), "the driver reset a GPU that is not listed now"),
            (self.RAS.format(BDFS[1], 2), "reported uncorrectable errors of GPU 1"),
            (f"[1] amdgpu {BDFS[0]}: Cached partition mode 1 not matching with device mode 4\n",
             "disagrees on the compute mode with GPU 0"),
            (f"[1] amdgpu {BDFS[0]}: NPS mode change requested, please remove and reload the driver\n",
             "a memory mode was requested of GPU 0"),
            (f"[1] amdgpu {BDFS[6]}: amdgpu: RAS records:40 exceed threshold:32\n",
             "limit, or exceed it, on GPU 6"),
        )
        check = self.kernel_log(self.gathered("mi300x-8"), self.LOADED + "".join(t for t, _ in news))
        self.assertEqual(check["state"], "warn")
        self.assertTrue(check["advice"])
        for _, words in news:
            self.assertIn(words, check["seen"])

    def test_doctor_kernel_log_of_an_earlier_load_and_good_news_do_not_count(self):
        good = (self.RAS.format(BDFS[3], "no") + self.RAS.format(BDFS[3], 0)
                + f"[1] amdgpu {BDFS[3]}: 2 correctable hardware errors detected in umc block\n"
                + "[1] nvidia 0000:47:00.0: GPU reset begin!\n")
        for text in (
            self.RESET.format(BDFS[3]) + self.LOADED + good,
            self.RESET.format(BDFS[0]) + "[9] amdgpu: Topology: Add CPU node\n",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.kernel_log(self.gathered("mi300x-1"), text)["state"], "pass")

    def test_doctor_kernel_log_of_a_stranger_is_bounded_and_escaped(self):
        folder = self.gathered("mi300x-1")
        text = "amdgpu GPU reset begin! \x1b[2J" + "0000:05:00.0" * 300000 + "\n"
        self.assertIn("GPU 0", self.kernel_log(folder, text)["seen"])
        self.assertNotIn("\x1b", self.rocpart("doctor", "--root", str(folder)))

    def test_doctor_kernel_log_is_gathered_without_other_lines(self):
        folder, copy = self.gathered("mi300x-1"), self.folder / "copy"
        self.assertIn("Topology: Add CPU node", (folder / "kernel-log.txt").read_text())
        kept = self.LOADED + self.RESET.format(BDFS[0])
        self.put(folder, "kernel-log.txt", "[1] usb 1-2: SerialNumber: 42\n" + kept + "[2] amdgpu: other\n")
        self.rocpart("--root", str(folder), "gather", "--output", str(copy))
        self.assertEqual((copy / "kernel-log.txt").read_text(), kept)
        self.assertEqual(self.of_capture(copy)["kernel-log"]["state"], "warn")

    def containers(self, files, spec=True):
        """The check of a machine without GPUs that has these files."""
        with tempfile.TemporaryDirectory() as top:
            for path, text in files.items():
                self.put(Path(top), path, text)
            if spec:
                self.put(Path(top), "etc/cdi/amd.json", '{"cdiVersion": "0.6.0", "kind": "amd.com/gpu"}')
            return self.of_capture(top, status=NO_HARDWARE)["containers"]

    def test_doctor_container_engine_without_cdi_warns_where_a_spec_is_there(self):
        toml, daemon = "etc/containerd/config.toml", "etc/docker/daemon.json"
        off = "[plugins.x]\n  enable_cdi = false # why not\n"
        for files, state, words in (
            ({}, "pass", "no engine"),
            ({toml: off}, "warn", "containerd does not inject CDI devices (enable_cdi is false)"),
            ({toml: off.replace("false", "true")}, "pass", "containerd injects CDI devices"),
            ({toml: "# enable_cdi = false\n"}, "pass", "if it is version 2.0 or later"),
            ({toml: off, "etc/containerd/conf.d/9.toml": "enable_cdi=true"}, "pass", "injects"),
            ({"run/containerd/containerd.sock": ""}, "pass", "enable_cdi is not set"),
            ({daemon: '{"features": {"cdi": false}}'}, "warn", "docker does not inject CDI devices"),
            ({daemon: '{"features": {"cdi": true}}'}, "pass", "docker injects CDI devices"),
            ({daemon: "{}"}, "pass", "docker injects CDI devices if it is version 28.2 or later"),
            ({daemon: "{"}, "warn", "the settings of docker cannot be read"),
        ):
            with self.subTest(files=files):
                check = self.containers(files)
                self.assertEqual(check["state"], state, check)
                self.assertIn(words, check["seen"])
        self.assertIn("enable_cdi = true", self.containers({toml: off})["advice"])
        self.assertEqual(self.containers({toml: off, daemon: "{"}, spec=False)["state"], "pass")

    def test_doctor_cdi_kind_of_another_owner_warns(self):
        folder = self.gathered("mi300x-1")
        for path, text in (("etc/cdi/amd.json", '{"cdiVersion": "0.6.0", "kind": "amd.com/gpu"}'),
                           ("run/cdi/amd.yaml", "cdiVersion: 0.6.0\nkind: amd.com/gpu\n"),
                           ("run/cdi/x.yml", 'devices: []\n"kind" : "amd.com/gpu"\n')):
            with self.subTest(path=path):
                self.put(folder, path, text)
                check = self.of_capture(folder)["cdi"]
                self.assertEqual(check["state"], "warn")
                self.assertIn(f"/{path} defines amd.com/gpu, and rocpart did not write it", check["seen"])
                (folder / path).unlink()
        self.put(folder, "etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n# not kind: amd.com/gpu here\n")
        self.assertEqual(self.of_capture(folder)["cdi"]["state"], "pass")

    # ---- --fix ----

    def outdated(self, *more):
        """A machine whose CDI spec is that of before its last switch, as a crash can leave it."""
        self.rocpart("sim", "create", "n", "--profile", "mi300x-1", *more)
        self.rocpart("--sim", "n", "cdi", "generate")
        spec = next((self.folder / "rocpart/sim/n").rglob("cdi/*.json"))
        before = spec.read_text()
        self.rocpart("--sim", "n", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.assertNotEqual(spec.read_text(), before)
        after = spec.read_text()
        spec.write_text(before)
        return spec, after

    def test_doctor_fix_rewrites_cdi_specs_and_repeats_the_checks(self):
        spec, after = self.outdated()
        check = self.checks("--sim", "n")["cdi"]
        self.assertEqual((check["state"], check["fix"]), ("warn", "rocpart cdi generate"))
        document = self.json("doctor", "--fix", "--sim", "n")
        self.assertEqual(document["fixes"], [{"id": "cdi", "command": "rocpart cdi generate",
                                              "result": "done", "message": None}])
        self.assertEqual({c["state"] for c in document["checks"]}, {"pass"})
        self.assertEqual(spec.read_text(), after)

    def test_doctor_fix_dry_run_shows_the_command_and_changes_nothing(self):
        spec, _ = self.outdated()
        before = spec.read_text()
        text = self.rocpart("doctor", "--fix", "--dry-run", "--sim", "n", status=TO_DO)
        self.assertIn("would run for cdi: rocpart cdi generate", text)
        document = self.json("doctor", "--fix", "--dry-run", "--sim", "n", status=TO_DO)
        self.assertEqual(document["fixes"][0]["result"], "dry-run")
        self.assertEqual(spec.read_text(), before)
        self.rocpart("doctor", "--dry-run", "--sim", "n", status=USAGE)

    def test_doctor_fix_of_a_machine_that_asks_needs_a_yes(self):
        spec, after = self.outdated("--ask")
        error = self.json("doctor", "--fix", "--sim", "n", status=REFUSED)
        self.assertEqual(error["error"]["code"], "NEEDS_CONFIRMATION")
        self.assertNotEqual(spec.read_text(), after)
        self.rocpart("doctor", "--fix", "--yes", "--sim", "n")
        self.assertEqual(spec.read_text(), after)

    def test_doctor_fix_of_a_sound_machine_does_nothing(self):
        text = self.rocpart("doctor", "--fix", "--sim", self.make("mi300x-1"))
        self.assertIn("nothing was found that one command solves", text)

    def test_doctor_fix_that_fails_says_why(self):
        spec, _ = self.outdated()
        spec.write_text("{}")  # edited: the work of somebody else is not overwritten
        document = self.json("doctor", "--fix", "--sim", "n", status=FAILED)
        self.assertEqual(document["fixes"][0]["result"], "failed")
        self.assertTrue(document["fixes"][0]["message"])
        self.assertEqual(spec.read_text(), "{}")

    def interrupt(self, name):
        """A reload that does not come back: the driver is away, the journal open."""
        self.rocpart("sim", "fault", name, "load:EIO")
        self.start("--sim", name, "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.rocpart("sim", "fault", name, "--clear")

    def test_doctor_fix_resumes_an_unfinished_change(self):
        name = self.make("mi300x-8")
        self.interrupt(name)
        checks = self.checks("--sim", name)
        check = checks["change"]
        self.assertEqual((check["state"], check["fix"]), ("fail", "rocpart apply --resume"))
        self.assertIn("`rocpart undo`", check["advice"])
        # The driver is not loaded beside it: that is a step of the change.
        self.assertEqual((checks["driver"]["state"], checks["driver"]["fix"]), ("fail", None))
        document = self.json("doctor", "--fix", "--sim", name)
        self.assertEqual([f["result"] for f in document["fixes"]], ["done"])
        self.assertEqual(self.modes(name), ["CPX/NPS4"] * 8)
        self.assertFalse(document["unfinished_change"])
        self.assertEqual(document["result"], "pass")

    def test_doctor_damaged_journal_is_not_set_aside_by_fix(self):
        name = self.make("mi300x-1")
        self.rocpart("--sim", name, "set", "-c", "CPX", "-m", "NPS4", "--yes")
        (journal,) = self.folder.rglob("journal.last")
        journal.rename(journal.with_name("journal")).write_text("{\n{\n")
        check = self.checks("--sim", name)["change"]
        self.assertEqual((check["state"], check["fix"]), ("fail", None))
        self.assertIn("damaged", check["seen"])
        self.assertIn("set-aside", check["advice"])
        self.assertEqual(self.json("doctor", "--fix", "--sim", name)["fixes"], [])

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
