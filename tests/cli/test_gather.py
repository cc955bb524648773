# SPDX-License-Identifier: MIT
"""gather: what --root reads, and nothing private in it."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from journey import FAILED, NO_HARDWARE, ROOT, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402


def without_use(document):
    """What a capture cannot tell: who it is, and what processes use."""
    for key in ("kind", "machine"):
        document.pop(key, None)
    document["sources"].pop("memory_used_bytes", None)
    for gpu in document["gpus"]:
        for partition in gpu["partitions"]:
            partition.pop("memory_used_bytes")
    return document


def files_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


class Gather(Journey):
    def gather(self, *machine, out="capture", status=0):
        path = self.folder / out
        self.gathered = self.json("gather", *machine, "-o", str(path), status=status)
        return path

    def test_capture_shows_the_same_machine(self):
        for profile, change in (
            ("mi300x-8", ("--compute", "CPX", "--memory", "NPS4")),
            ("bmc-63", ("--compute", "CPX", "--memory", "NPS4")),
            ("mi300a-4", ("--gpu", "1", "--compute", "TPX")),
            ("mi308x-8", ("--gpu", "0", "--compute", "CPX")),
            ("mixed", ("--gpu", "0", "--compute", "DPX")),
        ):
            with self.subTest(profile):
                self.make(profile, profile)
                self.start(
                    "--sim", profile, "set", *change, "--allow-unvalidated", "--yes"
                )
                path = self.gather("--sim", profile, out=f"capture-{profile}")
                live = without_use(self.json("list", "--sim", profile))
                self.assertEqual(without_use(self.json("list", "--root", str(path))), live)

    def test_capture_of_a_capture_is_the_same(self):
        first = self.gather("--sim", self.make("mi300x-1"))
        second = self.gather("--root", str(first), out="again")
        self.assertEqual(files_of(second), files_of(first))
        self.assertEqual(
            [s for s in (second / "capture.txt").read_text().splitlines() if "device" in s],
            [s for s in (first / "capture.txt").read_text().splitlines() if "device" in s],
        )

    def test_capture_holds_no_processes_and_no_serial_numbers(self):
        self.make("mi300x-1")
        self.rocpart("sim", "hold", "n", "--process", "serve --token hunter2")
        path = self.gather("--sim", "n")
        self.assertTrue(self.gathered["left_out"])
        for name in files_of(path):
            self.assertNotIn("serial", name)
            self.assertNotIn("/proc/", name)
            self.assertNotIn("hunter2", (path / name).read_text(errors="replace"))

    def test_capture_tells_device_numbers(self):
        path = self.gather("--sim", self.make("mi300x-1"))
        lines = (path / "capture.txt").read_text().splitlines()
        # DRM is major 226 and render nodes start at minor 128 (Linux drm_drv.c).
        self.assertTrue(any(s.startswith("device dev/dri/renderD128 226 128 ") for s in lines))
        render = {c["id"]: c for c in self.json("doctor", "--root", str(path))["checks"]}["render"]
        self.assertEqual(render["state"], "pass")
        kept = [s for s in lines if "renderD128" not in s]
        (path / "capture.txt").write_text("\n".join(kept) + "\n")
        checks = self.json("doctor", "--root", str(path), status=FAILED)["checks"]
        render = {c["id"]: c for c in checks}["render"]
        self.assertEqual((render["state"], "renderD128" in render["seen"]), ("fail", True))

    def test_write_bits_of_mode_files_are_kept(self):
        path = self.gather("--sim", self.make("mi300x-1"))
        device = path / "sys/bus/pci/devices/0000:05:00.0"
        self.assertTrue((device / "current_compute_partition").stat().st_mode & 0o200)
        self.assertFalse((device / "available_compute_partition").stat().st_mode & 0o200)

    def add_other_vendor(self, top):
        """A GPU of NVIDIA with its driver and render node, as Linux shows it."""
        device = top / "sys/devices/pci0000:40/0000:41:00.0"
        for folder in ("drm/card63", "drm/renderD191"):
            (device / folder).mkdir(parents=True)
        for name, text in (("vendor", "0x10de"), ("device", "0x2330"), ("class", "0x030200")):
            (device / name).write_text(text + "\n")
        for path, up in (("sys/bus/pci/devices", 3), ("sys/bus/pci/drivers/nvidia", 4)):
            (top / path).mkdir(parents=True, exist_ok=True)
            (top / path / device.name).symlink_to("../" * up + str(device.relative_to(top / "sys")))
        (device / "driver").symlink_to("../../../bus/pci/drivers/nvidia")
        (top / "sys/class/drm").mkdir(parents=True, exist_ok=True)
        (top / "sys/class/drm/renderD191").symlink_to(
            f"../../devices/pci0000:40/{device.name}/drm/renderD191")

    def test_capture_of_another_vendor_has_no_gpu(self):
        self.add_other_vendor(self.folder / "nvidia")
        root = ("--root", str(self.folder / "nvidia"))
        error = self.json("list", *root, status=NO_HARDWARE)["error"]
        self.assertIn("no AMD GPU", error["message"])
        self.assertIn(str(self.folder / "nvidia"), error["message"])
        self.assertNotIn("modprobe", error["hint"])
        self.rocpart("doctor", *root, status=NO_HARDWARE)
        self.rocpart("gather", *root, "-o", str(self.folder / "again"), status=NO_HARDWARE)

    def test_capture_with_another_vendor_beside_shows_what_is_ours(self):
        path = self.gather("--sim", self.make("mi300x-1"))
        alone = self.json("list", "--root", str(path))
        self.add_other_vendor(path)
        self.assertEqual(self.json("list", "--root", str(path)), alone)

    def test_links_that_lead_out_are_never_followed(self):
        path = self.gather("--sim", self.make("mi300x-1"))
        secret = self.folder / "secret"
        secret.write_text("hunter2")
        topology = path / "sys/class/kfd/kfd/topology"
        os.symlink(secret, topology / "absolute")
        os.symlink("../" * 12 + str(secret).lstrip("/"), topology / "relative")
        device = (path / "sys/bus/pci/devices/0000:05:00.0").resolve()
        (device / "mem_info_vram_vendor").unlink(missing_ok=True)
        os.symlink(secret, device / "mem_info_vram_vendor")
        again = self.gather("--root", str(path), out="again")
        left_out = "\n".join(self.gathered["left_out"])
        for name in ("absolute", "relative", "mem_info_vram_vendor"):
            self.assertIn(name + ": a link that leads out", left_out)
            self.assertEqual([p for p in again.rglob(name)], [])
        for name in files_of(again):
            self.assertNotIn("hunter2", (again / name).read_text(errors="replace"))

    def test_links_that_go_round_end(self):
        path = self.gather("--sim", self.make("mi300x-1"))
        link = path / "sys/module/amdgpu"
        for name in list(link.rglob("*"))[::-1]:
            name.rmdir() if name.is_dir() else name.unlink()
        link.rmdir()
        os.symlink("amdgpu", link)
        self.gather("--root", str(path), out="again")
        self.assertIn("sys/module/amdgpu", "\n".join(self.gathered["left_out"]))

    def test_folder_that_is_there_is_not_touched(self):
        self.make("mi300x-1")
        taken = self.folder / "capture"
        taken.mkdir()
        (taken / "mine").write_text("keep")
        done = self.start("gather", "--sim", "n", "-o", str(taken))
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual([p.name for p in taken.iterdir()], ["mine"])

    def test_machine_without_driver_says_no_hardware(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.gather("--root", str(empty), status=NO_HARDWARE)
        self.assertFalse((self.folder / "capture").exists())

    def test_real_capture_is_gathered_and_gone_through(self):
        """A tree of AMD's own tests: KFD and DRM of 8 x MI308X, no PCI files (see its README)."""
        packed = host.need_shared("captures", "mi308x-8-cpx-nps4.tar.xz")
        real = self.folder / "real"
        real.mkdir()
        subprocess.run(["tar", "-xf", str(packed), "-C", str(real)], check=True)
        again = self.gather("--root", str(real), out="again")
        live = without_use(self.json("list", "--root", str(real)))
        self.assertEqual(without_use(self.json("list", "--root", str(again))), live)
        states = {c["id"]: c["state"] for c in self.json("doctor", "--root", str(real))["checks"]}
        self.assertEqual((states["model"], states["devices"]), ("warn", "pass"))
        path = self.write(self.rocpart("export", "--root", str(real)))
        self.rocpart("assert", "--root", str(real), "-f", path)

    def test_default_folder_is_below_the_present_one(self):
        self.make("mi300x-1")
        before = Path.cwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        program = Path(before, os.environ["ROCPART"])
        os.environ["ROCPART"], kept = str(program), os.environ["ROCPART"]
        self.addCleanup(os.environ.__setitem__, "ROCPART", kept)
        self.rocpart("gather", "--sim", "n")
        self.assertTrue((self.folder / "rocpart-capture/capture.txt").exists())


if __name__ == "__main__":
    unittest.main()
