# SPDX-License-Identifier: MIT
"""AMD's rocm-smi 6.1.2 and libamd_smi 24.5 of Debian 13 on simulated machines.

Nobody here wrote them. Of a partitioned GPU rocm-smi 6.1.2 knows the modes and the whole GPU. Expected
values are those of `rocpart list`, which reads the same machine by code of its own, and the words that
rocm-smi prints on hardware.
"""

import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, ROOT  # noqa: E402
from witness_case import HERE, StableCase  # noqa: E402

MODES = [("SPX", "NPS1"), ("DPX", "NPS1"), ("QPX", "NPS1"), ("CPX", "NPS1"), ("QPX", "NPS4"),
         ("CPX", "NPS4")]
VRAM = 206141652992  # mem_info_vram_total of a MI300X


class RocmSmi(StableCase):
    def smi(self, name, *args):
        """What it prints; it exits with 0 when the kernel refuses, too."""
        done = self.spawn([ROCPART, "sim", "exec", name, "--", str(HERE / "in-root.sh"),
                           str(self.witness), "rocm-smi", *args])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def set_modes(self, name, compute, memory):
        self.run_rocpart("--sim", name, "set", "-c", compute, "-m", memory, "--yes",
                         "--allow-unvalidated")

    def assert_agree(self, name):
        told = json.loads(self.smi(
            name, "-i", "--showuniqueid", "--showbus", "--showcomputepartition",
            "--showmemorypartition", "--showmeminfo", "vram", "--json"))
        gpus = self.gpus(name)
        self.assertEqual(len(told), len(gpus))
        for card, gpu in zip(told.values(), gpus):
            self.assertEqual(card["PCI Bus"].lower(), gpu["bdf"])
            self.assertEqual(card["Device ID"], "0x74a1")
            self.assertEqual(card["Unique ID"], f"0x{gpu['unique_id']}")
            self.assertEqual(int(card["GUID"]), gpu["partitions"][0]["gpu_id"])
            self.assertEqual(card["Compute Partition"], gpu["compute_mode"])
            self.assertEqual(card["Memory Partition"], gpu["memory_mode"])
            self.assertEqual(int(card["VRAM Total Memory (B)"]), VRAM)

    def check_load(self, name):
        """Sensors, use and memory of each GPU, and the processes, against the model of load."""
        told = json.loads(self.smi(name, "--showtemp", "--showpower", "--showuse", "--showmemuse",
                                   "--showmeminfo", "vram", "--json"))
        truth = self.json_of("sim", "load", name)["load"]["gpus"]
        for card, gpu in zip(told.values(), truth, strict=True):
            for key, want in (
                    ("Temperature (Sensor junction) (C)", gpu["hotspot_celsius"]),
                    ("Temperature (Sensor memory) (C)", gpu["memory_celsius"]),
                    ("Current Socket Graphics Package Power (W)", gpu["power_watts"]),
                    ("GPU use (%)", gpu["busy_percent"]),
                    ("GPU Memory Read/Write Activity (%)", gpu["memory_busy_percent"]),
                    ("VRAM Total Used Memory (B)", gpu["vram_used_bytes"])):
                self.assertEqual(float(card[key]), want, key)
        shown = [line.split("\t") for line in self.smi(name, "--showpids").splitlines()]
        shown = {(int(row[0]), int(row[3])) for row in shown if row[0].strip().isdigit()}
        mine = self.json_of("--sim", name, "usage")["usage"]
        self.assertEqual(shown, {(row["pid"], row["used_bytes"]) for row in mine})

    def test_rocm_smi_follows_a_script_of_ten_minutes(self):
        name, script = "mi300x-8", self.top / "script"
        script.write_text("60, 0, 100, 20GiB\n2m, 1, 40, 8GiB\n3m, all, 100, 4GiB\n7m, all, 0, 0\n")
        self.run_rocpart("sim", "create", name)
        self.run_rocpart("sim", "load", name, "--seed", 7, "--rate", 0, "--script", script)
        for minutes in (0, 2, 3, 5):
            with self.subTest(minutes=minutes):
                self.run_rocpart("sim", "load", name, "--advance", f"{minutes}m")
                self.check_load(name)

    def test_rocm_smi_and_rocpart_agree_on_1_gpu_in_each_mode(self):
        for compute, memory in MODES:
            with self.subTest(compute=compute, memory=memory):
                self.set_modes("mi300x-1", compute, memory)
                self.assert_agree("mi300x-1")

    def test_rocm_smi_and_rocpart_agree_on_8_gpus(self):
        for compute, memory in (MODES[0], MODES[-1]):
            with self.subTest(compute=compute, memory=memory):
                self.set_modes("mi300x-8", compute, memory)
                self.assert_agree("mi300x-8")

    def test_rocm_smi_set_compute_switches(self):
        for mode, n in (("CPX", 8), ("DPX", 2), ("QPX", 4), ("SPX", 1)):
            with self.subTest(mode=mode):
                out = self.smi("mi300x-8", "-d", "0", "--setcomputepartition", mode)
                self.assertIn(f"Successfully set compute partition to {mode}", out)
                gpu, other = self.gpus("mi300x-8")[:2]
                self.assertEqual((gpu["compute_mode"], gpu["n_partitions"]), (mode, n))
                self.assertEqual(other["compute_mode"], "SPX")

    # It wants to reload the driver itself: its root has no modprobe, so that our reload is the first.
    def test_rocm_smi_set_memory_takes_effect_at_our_reload(self):
        out = self.smi("mi300x-1", "--setmemorypartition", "NPS4")
        self.assertIn("Successfully set memory partition to NPS4", out)
        self.assertEqual(self.modes("mi300x-1"), [("SPX", "NPS1")])
        self.shell("mi300x-1", "modprobe -r amdgpu && modprobe amdgpu")
        self.assertEqual(self.modes("mi300x-1"), [("CPX", "NPS4")])
        self.assert_agree("mi300x-1")

    def test_rocm_smi_set_compute_when_busy(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711")
        out = self.smi("mi300x-1", "--setcomputepartition", "CPX")
        self.assertIn("Device is currently busy", out)
        self.assertEqual(self.modes("mi300x-1"), [("SPX", "NPS1")])

    def test_rocm_smi_set_compute_that_the_memory_mode_excludes(self):
        self.set_modes("mi300x-1", "CPX", "NPS4")
        out = self.smi("mi300x-1", "--setcomputepartition", "SPX")
        self.assertNotIn("Successfully", out)
        self.assertEqual(self.modes("mi300x-1"), [("CPX", "NPS4")])

    def test_rocm_smi_set_compute_of_a_virtual_function(self):
        text = (ROOT / "profiles" / "mi300x-1.yaml").read_text().replace("cpu: 0", "vf: true")
        path = self.top / "vf.yaml"
        path.write_text(text)
        self.run_rocpart("sim", "create", "vf", "--file", path)
        before = self.modes("vf")
        self.assertNotIn("Successfully", self.smi("vf", "--setcomputepartition", "CPX"))
        self.assertEqual(self.modes("vf"), before)


    def test_rocm_smi_shows_what_the_model_of_load_says(self):
        self.run_rocpart("sim", "create", "mi300x-8")
        for argv in (("--rate", "0", "--seed", "3"), ("--gpu", "2", "--util", "100"),
                     ("--advance", "20s")):
            self.run_rocpart("sim", "load", "mi300x-8", *argv)
        told = json.loads(self.smi("mi300x-8", "--showtemp", "--showpower", "--showuse", "--json"))
        truth = self.json_of("sim", "load", "mi300x-8")["load"]["gpus"]
        self.assertEqual(len(told), len(truth))
        for card, gpu in zip(told.values(), truth):
            self.assertEqual(float(card["Temperature (Sensor junction) (C)"]), gpu["hotspot_celsius"])
            self.assertEqual(float(card["Temperature (Sensor memory) (C)"]), gpu["memory_celsius"])
            self.assertEqual(float(card["Current Socket Graphics Package Power (W)"]),
                             gpu["power_watts"])
            self.assertEqual(float(card["GPU use (%)"]), gpu["busy_percent"])


class Devices(StableCase):
    """pciutils 3.13 and libdrm 2.4.124."""

    def in_root(self, name, *argv):
        done = self.spawn([ROCPART, "sim", "exec", name, "--", str(HERE / "in-root.sh"),
                           str(self.witness), *argv])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done

    def test_lspci_reads_each_gpu_without_complaint(self):
        done = self.in_root("mi300x-8", "lspci", "-vvD")
        self.assertNotIn("/sys/", done.stderr)
        self.assertEqual(done.stdout.count("Kernel driver in use: amdgpu"), 8)
        self.assertEqual(done.stdout.count("Speed 32GT/s, Width x16\n"), 8)

    def test_drmdevice_finds_each_gpu(self):
        out = self.in_root("mi300x-8", "drmdevice").stdout
        for gpu in self.gpus("mi300x-8"):
            self.assertIn(f"/dev/dri/renderD{gpu['partitions'][0]['render_minor']}\n", out)
        self.assertEqual(len(re.findall(r"^device\[", out, flags=re.M)), 8 + 1)


class OldLibrary(StableCase):
    """libamd_smi 24.5.2, whose numbers of modes are the old ones: CPX is 1."""

    def rocpart(self, *args, status=0):
        done = self.spawn([ROCPART, "sim", "exec", "mi300x-1", "--",
                           str(HERE / "rocpart-in-root.sh"), str(self.witness), ROCPART, *args,
                           "--json"])
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_doctor_tells_the_library_and_its_numbers(self):
        check = {c["id"]: c for c in self.rocpart("doctor")["checks"]}["libamd_smi"]
        self.assertEqual(check["state"], "pass", check)
        self.assertRegex(check["seen"], r"^24\.5\.2 \(/\S+\); known behaviour: ")
        self.assertIn("agrees with sysfs on 1 partition", check["seen"])

    def test_each_compute_mode_through_the_library(self):
        for mode, n in (("DPX", 2), ("QPX", 4), ("CPX", 8), ("SPX", 1)):
            with self.subTest(mode=mode):
                self.rocpart("--backend", "libamd_smi", "set", "-c", mode, "--yes",
                             "--allow-unvalidated")
                gpu = self.gpus("mi300x-1")[0]
                self.assertEqual((gpu["compute_mode"], gpu["n_partitions"]), (mode, n))

    def test_memory_mode_through_the_library(self):
        self.rocpart("--backend", "libamd_smi", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.assertEqual(self.modes("mi300x-1"), [("CPX", "NPS4")])


if __name__ == "__main__":
    unittest.main()
