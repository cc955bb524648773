# SPDX-License-Identifier: MIT
"""AMD's own amd-smi, of Debian sid, on simulated machines: what it reads, what it switches.

Nobody here wrote it. Expected values are those of `rocpart list`, which reads the same machine by
code of its own, and the exit codes and status names that amd-smi gives on hardware.
"""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, ROOT  # noqa: E402
from witness_case import HERE, SidCase  # noqa: E402

G0 = "0000:05:00.0"
MODES = [("SPX", "NPS1"), ("DPX", "NPS1"), ("QPX", "NPS1"), ("CPX", "NPS1"), ("QPX", "NPS4"),
         ("CPX", "NPS4")]
# amd-smi 10.1 does not put its exit code on what the kernel answers to -M, nor to an EPERM.
OK, FAILED, BAD_VALUE, NO_DRIVER = 0, 1, 5, 255


class AmdSmi(SidCase):
    def smi(self, name, *args, status=OK, text=""):
        """Output and error output of amd-smi."""
        done = self.spawn([ROCPART, "sim", "exec", name, "--", str(HERE / "in-root.sh"), str(self.witness),
                           "amd-smi", *args], input=text)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def smi_json(self, name, *args):
        done = self.spawn([ROCPART, "sim", "exec", name, "--", str(HERE / "in-root.sh"), str(self.witness),
                           "amd-smi", *args, "--json"])
        self.assertEqual(done.returncode, OK, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def set_modes(self, name, compute, memory):
        self.run_rocpart("--sim", name, "set", "-c", compute, "-m", memory, "--yes",
                         "--allow-unvalidated")

    def assert_agree(self, name):
        gpus = self.gpus(name)
        mine = sorted((p for g in gpus for p in g["partitions"]), key=lambda p: p["rocr_index"])
        listed = self.smi_json(name, "list", "-e")
        self.assertEqual(len(listed), len(mine))
        for smi, p in zip(listed, mine):
            self.assertEqual(smi["gpu"], p["rocr_index"])
            self.assertEqual(smi["bdf"], f"{p['bdf'][:-1]}{p['id']}")
            self.assertEqual(smi["kfd_id"], p["gpu_id"])
            self.assertEqual(smi["node_id"], p["kfd_node"])
            self.assertEqual(smi["partition_id"], p["id"])
            self.assertEqual(smi["render"], f"renderD{p['render_minor']}")
            self.assertEqual(smi["card"], f"card{p['card_minor']}")
            self.assertEqual(smi["hip_id"], p["rocr_index"])
        self.assert_partition_agrees(name, gpus, mine)

    def assert_partition_agrees(self, name, gpus, mine):
        by_bdf = {g["bdf"]: g for g in gpus}
        told = self.smi_json(name, "partition", "-c", "-m", "-a")
        self.assertEqual(len(told["current_partition"]), len(mine))
        for row, memory, p in zip(told["current_partition"], told["memory_partition"], mine):
            gpu = by_bdf[p["bdf"]]
            self.assertEqual(row["partition_id"], str(p["id"]))
            if p["id"] == 0:  # the others answer N/A on hardware as well
                self.assertEqual(row["accelerator_type"], gpu["compute_mode"])
                self.assertEqual(row["memory"], gpu["memory_mode"])
                self.assertEqual(memory["current_memory_partition"], gpu["memory_mode"])
        self.assert_profiles_agree(name, told["partition_profiles"], gpus, mine)
        static = self.smi_json(name, "static", "--vram", "--bus", "--numa")["gpu_data"]
        for row, p in zip(static, mine):
            gpu = by_bdf[p["bdf"]]
            self.assertEqual(row["bus"]["bdf"], f"{p['bdf'][:-1]}{p['id']}")
            self.assertEqual(row["numa"]["node"], gpu["numa_node"])
            # of the first partition it tells the whole GPU, of the others its own, rounded up
            whole = sum(q["memory_bytes"] for q in gpu["partitions"])
            want = whole if p["id"] == 0 else p["memory_bytes"]
            self.assertLess(abs((row["vram"]["size"]["value"] << 20) - want), 64 << 20)

    def assert_profiles_agree(self, name, rows, gpus, mine):
        """What each mode would yield, against `rocpart modes`; the first partitions tell it."""
        told, gpu = {}, None
        for row in rows:
            if row["profile_index"] == "":  # one more resource of the same profile
                continue
            gpu = row["gpu_id"] if row["gpu_id"] != "" else gpu
            told.setdefault(gpu, []).append(row)
        self.assertEqual(sorted(told), list(range(len(mine))))
        modes = {g["bdf"]: g for g in self.json_of("--sim", name, "modes")["gpus"]}
        current = {g["bdf"]: g["compute_mode"] for g in gpus}
        for index, p in enumerate(mine):
            if p["id"] != 0:
                self.assertEqual([r["accelerator_type"] for r in told[index]], ["N/A"])
                continue
            expected = {}
            for pair in modes[p["bdf"]]["pairs"]:
                if pair["state"] != "never":
                    n_and_caps = expected.setdefault(pair["compute_mode"], (pair["partitions"], []))
                    n_and_caps[1].append(pair["memory_mode"])
            self.assertEqual(
                {r["accelerator_type"].rstrip("*"):
                 (r["num_partitions"], r["memory_partition_caps"].split(","))
                 for r in told[index]}, expected)
            self.assertEqual([(r["accelerator_type"], r["partition_id"]) for r in told[index]
                              if r["partition_id"] != "N/A"], [(f"{current[p['bdf']]}*", "0")])

    def test_amd_smi_version_is_recorded(self):
        version = self.smi("mi300x-1", "version")
        print("# " + [line for line in version.splitlines() if "AMDSMI" in line][0], flush=True)
        self.assertIn("Library version: 27.", version)

    def test_amd_smi_and_rocpart_agree_on_1_gpu_in_each_mode(self):
        for compute, memory in MODES:
            with self.subTest(compute=compute, memory=memory):
                self.set_modes("mi300x-1", compute, memory)
                self.assert_agree("mi300x-1")

    def test_amd_smi_and_rocpart_agree_on_8_gpus_in_each_mode(self):
        for compute, memory in MODES:
            with self.subTest(compute=compute, memory=memory):
                self.set_modes("mi300x-8", compute, memory)
                self.assert_agree("mi300x-8")

    def told(self, name):
        """What `amd-smi metric` tells of each GPU, numbers without their units."""
        def plain(v):
            if isinstance(v, dict):
                return v["value"] if set(v) == {"value", "unit"} else {k: plain(x) for k, x in v.items()}
            return [plain(x) for x in v] if isinstance(v, list) else v

        return plain(self.smi_json(name, "metric")["gpu_data"])

    def check_told(self, told, truth):
        self.assertEqual(told["usage"]["gfx_activity"], truth["busy_percent"])
        self.assertEqual(told["usage"]["umc_activity"], truth["memory_busy_percent"])
        self.assertEqual(told["usage"]["gfx_busy_inst"]["xcp_0"], [truth["busy_percent"]] * 8)
        self.assertEqual(told["power"]["socket_power"], truth["power_watts"])
        self.assertEqual(told["temperature"]["hotspot"], truth["hotspot_celsius"])
        self.assertEqual(told["temperature"]["mem"], truth["memory_celsius"])
        clocks = [told["clock"][f"gfx_{x}"]["clk"] for x in range(8)]
        self.assertEqual(sum(clocks) // 8, truth["clock_mhz"])
        self.assertEqual(told["throttle"]["ppt_accumulated"], truth["throttled_ms"])
        self.assertEqual(told["mem_usage"]["used_vram"], truth["vram_used_bytes"] >> 20)
        # amd-smi takes 15.3 uJ for a unit of 15.259
        joules = told["energy"]["total_energy_consumption"] * 15.259 / 15.3
        self.assertAlmostEqual(joules, truth["energy_joules"], delta=10)

    def truth(self, name):
        return self.json_of("sim", "load", name)["load"]["gpus"]

    def test_amd_smi_metric_tells_what_the_model_of_load_says(self):
        text = (ROOT / "profiles/mi300x-1.yaml").read_text("utf-8")
        for revision in (6, 7, 8, 9):
            with self.subTest(revision):
                name, profile = f"m{revision}", self.top / "p.yaml"
                profile.write_text(f"{text}gpu_metrics: {revision}\n")
                self.run_rocpart("sim", "create", name, "--file", profile)
                self.run_rocpart("sim", "load", name, "--seed", 1, "--rate", 0, "--util", 100,
                                 "--vram", "20GiB", "--advance", "1m")
                self.check_told(self.told(name)[0], self.truth(name)[0])

    def test_amd_smi_follows_a_script_of_ten_minutes(self):
        name, script = "mi300x-8", self.top / "script"
        script.write_text("60, 0, 100, 20GiB\n2m, 1, 40, 8GiB\n3m, all, 100, 4GiB\n7m, all, 0, 0\n")
        self.run_rocpart("sim", "create", name)
        self.run_rocpart("sim", "load", name, "--seed", 7, "--rate", 0, "--script", script)
        for minutes, more in ((0, ""), (2, ""), (3, "400000000"), (5, "")):
            with self.subTest(minutes=minutes):
                if more:
                    cap = f"sys/devices/pci0000:00/{G0}/hwmon/hwmon0/power1_cap"
                    self.shell(name, f"echo {more} >/{cap}")
                self.run_rocpart("sim", "load", name, "--advance", f"{minutes}m")
                truth = self.truth(name)
                for told, gpu in zip(self.told(name), truth, strict=True):
                    self.check_told(told, gpu)
                self.check_processes(name)
        self.assertEqual(truth[0]["busy_percent"], 0)

    def check_processes(self, name):
        """Pid and memory of each process of each GPU, by amd-smi and by rocpart."""
        told = {(gpu["gpu"], p["process_info"]["pid"], p["process_info"]["mem_usage"]["value"])
                for gpu in self.smi_json(name, "process") for p in gpu["process_list"]
                if isinstance(p["process_info"], dict)}
        index = {gpu["bdf"]: i for i, gpu in enumerate(self.gpus(name))}
        mine = {(index[row["partition"].split("/")[0]], row["pid"], row["used_bytes"])
                for row in self.json_of("--sim", name, "usage")["usage"]}
        self.assertEqual(told, mine)

    def test_amd_smi_sees_throttling_while_time_passes(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "load", "mi300x-1", "--util", 100)
        throttle = self.told("mi300x-1")[0]["throttle"]
        self.assertEqual(throttle["ppt_violation_status"], "ACTIVE")
        self.assertEqual(throttle["vr_thermal_violation_status"], "NOT ACTIVE")

    def test_amd_smi_resources_are_those_of_a_real_mi300x(self):
        # The table of a MI300X in ROCm/amdsmi#132: per partition, and shared by how many.
        rows = self.smi_json("mi300x-1", "partition", "-a")["partition_resources"]
        told = [(r["resource_type"], r["resource_instances"], r["resources_shared"]) for r in rows]
        self.assertEqual(told, [
            ("XCC", 8, 1), ("DECODER", 4, 1), ("DMA", 16, 1), ("JPEG", 32, 1),
            ("XCC", 4, 1), ("DECODER", 2, 1), ("DMA", 8, 1), ("JPEG", 16, 1),
            ("XCC", 2, 1), ("DECODER", 1, 1), ("DMA", 4, 1), ("JPEG", 8, 1),
            ("XCC", 1, 1), ("DECODER", 1, 2), ("DMA", 2, 1), ("JPEG", 8, 2)])

    def test_amd_smi_set_compute_switches(self):
        for mode, n in (("CPX", 8), ("DPX", 2), ("QPX", 4), ("SPX", 1)):
            with self.subTest(mode=mode):
                out = self.smi("mi300x-8", "set", "-C", mode, "-g", G0)
                self.assertIn("Successfully set", out)
                gpu, other = self.gpus("mi300x-8")[:2]
                self.assertEqual((gpu["compute_mode"], gpu["n_partitions"]), (mode, n))
                self.assertEqual(other["compute_mode"], "SPX")

    def test_amd_smi_set_memory_takes_effect_at_our_reload(self):
        out = self.smi("mi300x-8", "set", "-M", "NPS4", text="y\n")
        self.assertEqual(out.count("Successfully set memory partition to NPS4"), 8, out)
        self.assertEqual(self.gpus("mi300x-8")[0]["memory_mode"], "NPS1")
        self.shell("mi300x-8", "modprobe -r amdgpu && modprobe amdgpu")
        modes = {(g["compute_mode"], g["memory_mode"]) for g in self.gpus("mi300x-8")}
        self.assertEqual(modes, {("CPX", "NPS4")})
        self.assert_agree("mi300x-8")

    def refused(self, *args, status, fault=None, text=""):
        if self.machine_folder("mi300x-1").exists():
            self.run_rocpart("sim", "rm", "mi300x-1")
        self.run_rocpart("sim", "create", "mi300x-1")
        if fault:
            self.run_rocpart("sim", "fault", "mi300x-1", fault)
        return self.smi("mi300x-1", "set", *args, status=status, text=text)

    def test_amd_smi_set_compute_when_busy(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711")
        out = self.smi("mi300x-1", "set", "-C", "CPX", status=FAILED)
        self.assertIn("AMDSMI_STATUS_BUSY", out)
        self.assertEqual(self.gpus("mi300x-1")[0]["compute_mode"], "SPX")

    def make(self, name, edit, *more):
        """A machine like mi300x-1 but for an edit of its profile."""
        text = (ROOT / "profiles" / "mi300x-1.yaml").read_text()
        self.assertIn(edit[0], text)
        path = self.top / f"{name}.yaml"
        path.write_text(text.replace(*edit) + "".join(f"{line}\n" for line in more))
        self.run_rocpart("sim", "create", name, "--file", path)

    def test_amd_smi_set_compute_invalid_for_the_kernel(self):
        # Before 6.13 the kernel offers all modes whatever the memory mode is, and refuses some.
        self.make("old", ("abi: g3", "abi: g1"), "boot_nps: 4")
        out = self.smi("old", "set", "-C", "SPX", status=FAILED)
        self.assertIn("AMDSMI_STATUS_INVAL", out)
        self.assertEqual(self.gpus("old")[0]["compute_mode"], "CPX")

    def test_amd_smi_set_compute_in_reset(self):
        # The reset begins after amd-smi has read what is possible ...
        out = self.refused("-C", "CPX", status=OK, fault="write:current_compute_partition:EPERM")
        self.assertIn("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set", out)
        # ... or before: then it cannot read that either.
        out = self.refused("-C", "CPX", status=FAILED, fault="reset:0000:05:00.0")
        self.assertIn("AMDSMI_STATUS_INTERNAL_EXCEPTION", out)

    def test_amd_smi_set_of_a_virtual_function(self):
        # Its files cannot be written, not even by root.
        self.make("vf", ("cpu: 0", "vf: true"))
        out = self.smi("vf", "set", "-C", "CPX", status=OK)
        self.assertIn("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set compute partition to CPX", out)
        out = self.smi("vf", "set", "-M", "NPS4", status=OK, text="y\n")
        self.assertIn("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set memory partition to NPS4", out)

    def test_amd_smi_set_memory_on_a_kernel_without_it(self):
        self.make("old", ("abi: g3", "abi: g1"))
        out = self.smi("old", "set", "-M", "NPS4", status=OK, text="y\n")
        self.assertIn("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set memory partition to NPS4", out)

    def test_amd_smi_set_compute_that_the_memory_mode_excludes(self):
        self.set_modes("mi300x-1", "CPX", "NPS4")
        out = self.smi("mi300x-1", "set", "-C", "SPX", status=FAILED)
        self.assertIn("AMDSMI_STATUS_SETTING_UNAVAILABLE", out)

    def test_amd_smi_set_compute_of_another_gpu(self):
        self.refused("-C", "TPX", status=BAD_VALUE)

    def test_amd_smi_set_memory_not_available(self):
        out = self.refused("-M", "NPS8", status=OK, text="y\n")
        self.assertIn("[AMDSMI_STATUS_INVAL] Unable to set memory partition to NPS8", out)

    def test_amd_smi_set_memory_when_busy(self):
        # No kernel that was read answers so: it has no busy check there. A driver of AMD's might.
        out = self.refused("-M", "NPS4", status=OK, text="y\n",
                           fault="write:current_memory_partition:EBUSY")
        self.assertIn("[AMDSMI_STATUS_BUSY] Unable to set memory partition to NPS4", out)

    def test_amd_smi_without_driver(self):
        self.shell("mi300x-1", "modprobe -r amdgpu")
        self.assertIn("Drivers not loaded", self.smi("mi300x-1", "list", status=NO_DRIVER))


if __name__ == "__main__":
    unittest.main()
