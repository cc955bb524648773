# SPDX-License-Identifier: MIT
"""assert, export, and the forms of files that apply reads."""

import json
import os
import subprocess
import sys
import unittest

from journey import DONE, NO_HARDWARE, PARTLY, ROOT, TO_DO, USAGE, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

CPX = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
CONFIGS = """\
version: v1
partition-configs:
  inference:
    - {devices: all, device-filter: ["0x74A1"], compute: CPX, memory: NPS4}
  split:
    - {devices: [0, "1-3"], compute: DPX}
    - {devices: ["0000:85:00.0"], compute: QPX}
  others:
    - {devices: all, device-filter: "0x74A51002", compute: CPX, memory: NPS4}
"""

AROUND = CPX + """\
services: {systemd: [amd-metrics-exporter], docker: [serve]}
hooks:
  before: [[/nonexistent/drain, --now]]
  after: [[/nonexistent/undrain]]
"""


def dcm(profiles, skipped=()):
    """A config.json as device-config-manager documents it (peers: its pkg/config_manager)."""
    return json.dumps(
        {
            "gpu-config-profiles": {
                "p": {"skippedGPUs": {"ids": list(skipped)}, "profiles": profiles}
            }
        }
    )


def profile(compute, memory, n):
    return {"computePartition": compute, "memoryPartition": memory, "numGPUsAssigned": n}


class File(Journey):
    def test_plan_that_is_too_long_is_refused_and_not_cut(self):
        path = self.write(" " * (4 << 20) + "{}", "plan.json")
        done = self.start("plan", "--verify", path)
        self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        self.assertIn("is larger than 4 MiB", done.stderr)

    def differences(self, path, *args, status=TO_DO):
        return self.json("assert", "--sim", "n", "-f", path, *args, status=status)["differences"]

    def apply(self, path, *args, status=DONE):
        return self.rocpart(
            "apply", "--sim", "n", "-f", path, "--yes", "--allow-unvalidated", *args, status=status
        )

    def test_apply_reads_modes_from_standard_input_and_no_programs(self):
        self.make("mi300x-1")
        argv = [os.environ["ROCPART"], "--sim", "n", "apply", "--yes", "--allow-unvalidated", "-f"]
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        for source in ("-", "/dev/stdin"):
            done = subprocess.run([*argv, source], input=AROUND, env=env, capture_output=True,
                                  text=True, check=False)
            self.assertNotEqual(done.returncode, DONE)
        self.assertEqual(self.modes(), ["SPX/NPS1"])
        done = subprocess.run([*argv, "-"], input=AROUND, env=env, capture_output=True, text=True,
                              check=False)
        self.assertIn("standard input may name neither services nor hooks", done.stderr)
        done = subprocess.run([*argv, "-"], input=CPX, env=env, capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, self.modes()), (DONE, ["CPX/NPS4"]), done.stderr)

    def test_assert_names_each_difference_until_applied(self):
        self.make("mi300x-8")
        path = self.write(CPX)
        differences = self.differences(path)
        self.assertEqual(len(differences), 8)
        self.assertEqual(
            differences[1], "GPU 1 (0000:27:00.0) is in SPX/NPS1 instead of CPX/NPS4"
        )
        self.apply(path)
        self.assertEqual(self.differences(path, status=DONE), [])

    def test_assert_tells_a_pending_memory_mode(self):
        self.make("mi300x-1")
        path = self.write(CPX)
        self.start("--sim", "n", "apply", "-f", path, "--reload", "never", "--yes")
        self.assertTrue(any("only when the driver is reloaded" in d for d in self.differences(path)))

    def test_assert_tells_a_missing_partition(self):
        self.make("mi300x-1")
        path = self.write(CPX)
        self.rocpart("sim", "fault", "n", "vanish:0000:05:00.0/5")
        self.start("--sim", "n", "apply", "-f", path, "--yes")
        self.assertEqual(
            self.differences(path), ["GPU 0 (0000:05:00.0) shows 7 of 8 partitions"]
        )

    def test_assert_of_a_cordoned_gpu_is_about_modes_only(self):
        self.make("mi300x-1")
        self.rocpart("--sim", "n", "cordon", "0")
        self.assertEqual(len(self.differences(self.write(CPX))), 1)
        path = self.write("version: v1\nnode: {gpus: {all: SPX}}\n")
        self.assertEqual(self.differences(path, status=DONE), [])

    def test_assert_needs_a_file_and_a_gpu(self):
        self.rocpart("assert", "--sim", self.make("mi300x-1"), status=USAGE)
        self.rocpart("assert", "--root", "/nonexistent", "-f", "x", status=USAGE)
        self.rocpart(
            "assert", "--root", str(self.folder), "-f", self.write(CPX), status=NO_HARDWARE
        )

    def test_missing_gpu_is_a_difference_and_nothing_is_switched(self):
        self.make("mi300x-8")
        path = self.write("version: v1\nnode: {count: 9, gpus: {all: CPX}}\n")
        self.assertIn("the node has 8 GPUs instead of 9", self.differences(path))
        self.apply(path, status=PARTLY)
        path = self.write('version: v1\nnode: {gpus: {"0000:99:00.0": CPX, 0: CPX}}\n')
        self.assertIn("GPU 0000:99:00.0 is missing", self.differences(path))
        self.apply(path, status=PARTLY)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_export_is_read_back_as_already_so(self):
        for profile_name, change in (
            ("mi300x-8", ("--compute", "CPX", "--memory", "NPS4")),
            ("mi300a-4", ("--gpu", "1", "--compute", "TPX")),
            ("mi308x-8", ("--compute", "SPX", "--memory", "NPS1")),
            ("mixed", ("--gpu", "0", "--compute", "DPX")),
        ):
            with self.subTest(profile_name):
                self.make(profile_name)
                self.rocpart("--sim", "n", "set", *change, "--allow-unvalidated", "--yes")
                before = self.modes()
                text = self.rocpart("export", "--sim", "n")
                path = self.write(text, "exported.yaml")
                self.assertEqual(self.differences(path, status=DONE), [])
                self.assertIn("already in the requested state", self.apply(path))
                self.rocpart("sim", "reset", "n")
                self.assertNotEqual(self.modes(), before)
                self.apply(path)
                self.assertEqual(self.modes(), before)
                self.rocpart("sim", "rm", "n")

    def test_export_uniform_machine_is_short(self):
        self.make("mi300x-8")
        self.assertEqual(
            self.rocpart("export", "--sim", "n"),
            "version: v1\nnode:\n  count: 8\n  memory: NPS1\n  gpus: {all: SPX}\n",
        )
        self.assertIn("count: 8", self.json("export", "--sim", "n")["file"])

    def test_configs_are_chosen_by_name(self):
        self.make("mi300x-8")
        path = self.write(CONFIGS)
        error = self.json("apply", "--sim", "n", "-f", path, "--yes", status=USAGE)["error"]
        self.assertIn("inference, split, others", error["message"])
        self.assertIn("--config", error["hint"])
        self.apply(path, "--config", "nothing", status=USAGE)
        self.apply(path, "--config", "split")
        wanted = ["DPX/NPS1"] * 4 + ["QPX/NPS1"] + ["SPX/NPS1"] * 3
        self.assertEqual(self.modes(), wanted)
        self.apply(path, "--config", "inference")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_config_filter_leaves_other_products(self):
        self.make("mi300x-8")
        self.assertIn("already in the requested state", self.apply(self.write(CONFIGS), "--config", "others"))
        self.rocpart("sim", "rm", "n")
        self.make("mi325x-8")
        self.apply(self.write(CONFIGS), "--config", "others")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_config_mistakes_name_their_place(self):
        self.make("mi300x-8")
        head = "version: v1\npartition-configs:\n  a:\n"
        for text, place in (
            (head + "    - {compute: CPX}\n", ":4:7"),
            (head + "    - {devices: [0], modes: CPX}\n", ":4:22"),
            (head + "    - {devices: [9], compute: CPX}\n", ":4:18"),
            (head + "    - {devices: all, device-filter: MI300X}\n", ":4:37"),
            ("version: v1\npartition-configs: []\n", ":2:20"),
            (head + "    - {devices: all}\nnode: {}\n", ":3:3"),
        ):
            error = self.json(
                "assert", "--sim", "n", "-f", self.write(text), status=USAGE
            )["error"]
            self.assertTrue(error["object"].endswith(place), (text, error))
            self.assertEqual(error["code"], "CONFIG_SYNTAX")

    def computes(self, doc, name="config.json"):
        path = self.write(doc if isinstance(doc, str) else json.dumps(doc), name)
        self.apply(path)
        return [m.split("/")[0] for m in self.modes()]

    def test_dcm_profile_without_a_count_takes_the_gpus_that_remain(self):
        """device-config-manager's documentation of 2026: a count left out, or 0, is the rest."""
        self.make("mi300x-8")
        rest = {"computePartition": "CPX", "memoryPartition": "NPS1"}
        self.assertEqual(self.computes(dcm([rest])), ["CPX"] * 8)
        self.assertEqual(self.computes(dcm([profile("DPX", "NPS1", 2), profile("SPX", "NPS1", 0)])),
                         ["DPX"] * 2 + ["SPX"] * 6)
        self.assertEqual(self.computes(dcm([rest, profile("QPX", "NPS1", 3)], skipped=(7,))),
                         ["CPX"] * 4 + ["QPX"] * 3 + ["SPX"])
        doc = json.loads(dcm([rest]))
        doc["gpu-config-profiles"]["p"]["skippedGPUs"] = {}
        self.assertEqual(self.computes(doc), ["CPX"] * 8)

    def test_dcm_profiles_that_leave_out_two_counts_are_refused(self):
        self.make("mi300x-8")
        rest = {"computePartition": "CPX", "memoryPartition": "NPS1"}
        done = self.start("--sim", "n", "assert", "-f", self.write(dcm([rest, rest])))
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("only one can take the GPUs that remain", done.stderr)

    def test_config_map_around_a_dcm_file_is_opened(self):
        self.make("mi300x-8")
        text = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  config.json: |\n    "
                + dcm([profile("DPX", "NPS1", 8)]) + "\n")
        self.assertEqual(self.computes(text, "map.yaml"), ["DPX"] * 8)
        bad = self.write(text.replace("numGPUsAssigned", "numGpus"), "bad.yaml")
        done = self.start("--sim", "n", "assert", "-f", bad)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("bad.yaml: data.config.json:1:", done.stderr)

    def test_published_files_of_peers_are_read(self):
        cases = host.need_shared("cases")
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "assert", str(cases / "8" / "configmap.yaml"))
        remainder = str(cases / "10" / "remainder.json")
        for name in ("zero-is-rest", "empty-skip"):
            self.rocpart("--sim", "n", "assert", remainder, "--config", name)
        self.rocpart("--sim", "n", "assert", remainder, "--config", "two-and-rest", status=TO_DO)
        self.rocpart("--sim", "n", "apply", remainder, "--config", "all-cpx")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_files_of_other_programs_are_named_with_the_way(self):
        self.make("mi300x-8")
        head = "apiVersion: {}\nkind: {}\n"
        for text, said, way in (
            (head.format("infrastructure.silogen.ai/v1alpha1", "PartitioningProfile")
             + "spec: {profileName: mi300x-4way}\n", "PartitioningProfile of kaiwo",
             "--config mi300x-4way"),
            (head.format("amd.com/v1alpha1", "DeviceConfig"), "of kind 'DeviceConfig'",
             "rocpart export"),
            (head.format("v1", "ConfigMap"), "no 'data:'", ""),
            ("version: v1\nmig-configs: {all-1g: [{devices: all, mig-enabled: true}]}\n",
             "mig-parted", "partition-configs"),
        ):
            with self.subTest(said):
                done = self.start("--sim", "n", "apply", self.write(text), "--yes")
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(said, done.stderr)
                self.assertIn(way, done.stderr)

    def test_dcm_profiles_are_dealt_in_order_around_skipped_gpus(self):
        self.make("mi300x-8")
        path = self.write(
            dcm([profile("DPX", "NPS1", 2), profile("QPX", "NPS1", 4)], skipped=(0, 3)),
            "config.json",
        )
        self.apply(path)
        self.assertEqual(
            [m.split("/")[0] for m in self.modes()],
            ["SPX", "DPX", "DPX", "SPX", "QPX", "QPX", "QPX", "QPX"],
        )

    def test_dcm_numbers_must_add_up(self):
        self.make("mi300x-8")
        for profiles, skipped, words in (
            ([profile("CPX", "NPS4", 9)], (), "more GPUs than this machine has (8)"),
            ([profile("CPX", "NPS4", 7)], (), "GPU 7 (0000:e5:00.0) is neither skipped nor assigned"),
            ([profile("CPX", "NPS4", 8)], (8,), "no GPU 8"),
            ([profile("CPX", "NPS8X", 8)], (), "'NPS8X' is not a memory mode"),
            ([], (), "'profiles' is missing"),
        ):
            path = self.write(dcm(profiles, skipped), "config.json")
            error = self.json("assert", "--sim", "n", "-f", path, status=USAGE)["error"]
            self.assertIn(words, error["message"])

    def test_services_and_hooks_are_steps_of_the_change(self):
        self.make("mi300x-1")
        path = self.write(AROUND)
        plan = self.json("apply", "--sim", "n", "-f", path, "--dry-run", status=TO_DO)
        sim = " (of the simulated machine)"
        self.assertEqual(plan["steps"][:3], [
            "run hook /nonexistent/drain (simulated: only recorded)",
            "stop unit amd-metrics-exporter if it runs" + sim,
            "stop docker container serve if it runs" + sim])
        self.assertEqual(plan["steps"][-3:], [
            "start docker container serve again if it was stopped" + sim,
            "start unit amd-metrics-exporter again if it was stopped" + sim,
            "run hook /nonexistent/undrain (simulated: only recorded)"])
        # The programs do not exist: units are those of the simulated machine.
        self.rocpart("sim", "hold", "n", "--process", "amd-metrics-exporter",
                     "--cgroup", "/system.slice/amd-metrics-exporter.service")
        done = self.start("apply", "--sim", "n", "-f", path, "--yes")
        self.assertEqual(done.returncode, DONE, done.stderr)
        n = len(plan["steps"])
        self.assertEqual(done.stderr.splitlines(),
                         [f"[{i + 1}/{n}] {s}" for i, s in enumerate(plan["steps"])])
        log = (self.folder / "rocpart/sim/n/services.log").read_text().splitlines()
        self.assertEqual(log, ["hook /nonexistent/drain --now",
                               "stop systemd:amd-metrics-exporter.service",
                               "start systemd:amd-metrics-exporter.service",
                               "hook /nonexistent/undrain"])
        self.assertEqual(len(self.json("holders", "--sim", "n")["holders"]), 1)
        self.assertEqual(self.modes(), ["CPX/NPS4"])

    def test_services_and_hooks_mistakes_name_their_place(self):
        self.make("mi300x-1")
        for text, place in (
            ("services: {systemd: [--now]}\n", ":3:22"),
            ("services: {systemd: gpuagent}\n", ":3:21"),
            ("services: {rc: [gpuagent]}\n", ":3:12"),
            ("hooks: {before: [[drain]]}\n", ":3:18"),
            ("hooks: {before: [/usr/bin/drain]}\n", ":3:18"),
            ("hooks: {during: [[/bin/true]]}\n", ":3:9"),
        ):
            path = self.write("version: v1\nnode: {gpus: {all: CPX}}\n" + text)
            error = self.json("assert", "--sim", "n", "-f", path, status=USAGE)["error"]
            self.assertTrue(error["object"].endswith(place), (text, error))

    def test_dcm_services_are_stopped_too(self):
        self.make("mi300x-1")
        document = json.loads(dcm([profile("CPX", "NPS4", 1)]))
        document["gpuClientSystemdServices"] = {"names": ["amd-metrics-exporter", "gpuagent"]}
        path = self.write(json.dumps(document), "config.json")
        plan = self.json("apply", "--sim", "n", "-f", path, "--dry-run", status=TO_DO)
        self.assertEqual(plan["steps"][1], "stop unit gpuagent if it runs (of the simulated machine)")


if __name__ == "__main__":
    unittest.main()
