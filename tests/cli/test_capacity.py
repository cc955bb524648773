# SPDX-License-Identifier: MIT
"""Memory of partitions where compute_partition_mem_alloc_mode is ALL, whichever way a kernel shows it.

Expected bytes: 206141652992 of an MI300X (mem_info_vram_total) plus the 16 MiB that the driver hides,
in ranges and shares by amdgpu_gmc.c and amdgpu_amdkfd.c; 24 GiB and 192 GiB as AMD's documents say.
"""

import re
import sys
import tarfile
import unittest

from journey import ROOT, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

VRAM = 206141652992
MODE = "sys/bus/pci/devices/0000:05:00.0/compute_partition_mem_alloc_mode"


class Capacity(Journey):
    def capture(self, compute):
        """A capture of one MI300X in NPS1 whose driver has the file."""
        text = (ROOT / "profiles" / "mi300x-1.yaml").read_text(encoding="utf-8")
        profile = self.write(text.replace("abi: g3\n", "abi: g3\nmem_alloc_mode: true\n"), "a.yaml")
        name = "m" + compute.lower()
        self.rocpart("sim", "create", name, "--profile", profile)
        self.rocpart("--sim", name, "set", "-c", compute, "--allow-unvalidated", "--yes")
        folder = self.folder / ("capture-" + compute)
        self.rocpart("gather", "--sim", name, "-o", str(folder))
        return folder

    def scale_banks(self, folder, factor):
        for path in folder.glob("sys/class/kfd/kfd/topology/nodes/*/mem_banks/*/properties"):
            text = path.read_text()
            if "heap_type 1" in text:
                path.write_text(re.sub(r"size_in_bytes (\d+)",
                                       lambda m: f"size_in_bytes {int(m[1]) * factor}", text))

    def check(self, folder, memory, limit, n):
        gpu = self.json("list", "--root", str(folder))["gpus"][0]
        self.assertEqual(len(gpu["partitions"]), n)
        for p in gpu["partitions"]:
            self.assertEqual((p["memory_bytes"], p["memory_limit_bytes"]), (memory, limit))
            self.assertLess(abs(p["memory_domain_bytes"] - VRAM), n * 4096)

    def test_capping_divides_the_domain(self):
        for compute, n in (("DPX", 2), ("CPX", 8)):
            share = VRAM // n // 4096 * 4096
            self.check(self.capture(compute), share, share, n)

    def test_all_is_read_whichever_way_a_kernel_shows_it(self):
        """mem_banks as Linux fills them, and as a kernel would that showed the whole domain."""
        for compute, n in (("DPX", 2), ("CPX", 8)):
            folder = self.capture(compute)
            (folder / MODE).write_text("ALL\n")
            share = VRAM // n // 4096 * 4096
            self.check(folder, share, share * n, n)
            self.scale_banks(folder, n)
            self.check(folder, share, share * n, n)

    def test_all_with_a_partition_missing_is_read_as_with_all_of_them(self):
        folder = self.capture("CPX")
        (folder / MODE).write_text("ALL\n")
        nodes = folder / "sys/class/kfd/kfd/topology/nodes"
        last = max(nodes.iterdir(), key=lambda p: int(p.name))
        for path in sorted(last.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        last.rmdir()
        share = VRAM // 8 // 4096 * 4096
        self.check(folder, share, share * 8, 7)

    def test_trees_of_a_kernel_with_all_show_24_and_192_gib(self):
        archive = host.need_shared("cases", "1", "files.tar.xz")
        with tarfile.open(archive) as tar:
            tar.extractall(self.folder)
        for name, each, n in (("CPX", 24, 8), ("DPX", 96, 2)):
            gpu = self.json("list", "--root", str(self.folder / name))["gpus"][0]
            self.assertEqual(len(gpu["partitions"]), n)
            for p in gpu["partitions"]:
                self.assertEqual(round(p["memory_bytes"] / 2**30), each)
                self.assertEqual(round(p["memory_domain_bytes"] / 2**30), 192)
                self.assertEqual(round(p["memory_limit_bytes"] / 2**30), 192)

    def test_process_may_use_the_domain_in_all(self):
        """The limit of the driver, played by the simulated machine: not divided in ALL."""
        folder = self.capture("CPX")  # and the machine mcpx
        del folder
        hold = ("sim", "hold", "mcpx", "--partition", f"0/0={30 << 30}")
        self.assertNotEqual(self.start(*hold).returncode, 0)
        state = next(self.folder.rglob("mcpx/state*.json"))
        state.write_text(re.sub(r'"alloc_all": ?false', '"alloc_all":true', state.read_text()))
        self.rocpart(*hold)


if __name__ == "__main__":
    unittest.main()
