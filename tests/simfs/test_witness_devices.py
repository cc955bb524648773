# SPDX-License-Identifier: MIT
"""Programs of Debian 12 that list devices: lspci, lshw, sensors, lstopo, and drmdevice of libdrm.

Nobody here wrote them. Expected values are those of `rocpart list` and of the model of load, which
come from other files than those that these programs read.
"""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase, host  # noqa: E402

# Of the host's modules, which a container may not have.
NOT_OURS = "lspci: Unable to load libkmod resources: error -2\n"


def blocks(text):
    return [b for b in text.split("\n\n") if b.strip()]


class Devices(SimfsCase):
    def gpus(self, name):
        return self.json_of("--sim", name, "list")["gpus"]

    def switch(self, name):
        self.run_rocpart("--sim", name, "set", "-c", "CPX", "-m", "NPS4", "--yes")

    def lspci(self, name):
        host.need_program("lspci")
        done = self.spawn([ROCPART, "sim", "exec", name, "--", "lspci", "-vvDnn"])
        self.assertEqual((done.returncode, done.stderr.replace(NOT_OURS, "")), (0, ""))
        return {b.split()[0]: b for b in blocks(done.stdout)}

    def test_lspci_reads_each_gpu_without_complaint(self):
        shown, gpus = self.lspci("mi300x-8"), self.gpus("mi300x-8")
        self.assertEqual(sorted(shown), [g["bdf"] for g in gpus])
        for gpu in gpus:
            text = shown[gpu["bdf"]]
            for part in ("Processing accelerators [1200]: ", "[1002:74a1]",
                         f"NUMA node: {gpu['numa_node']}\n", "(64-bit, prefetchable) [size=256G]", "LnkSta:\tSpeed 32GT/s, Width x16\n",
                         "MSI: Enable+", "Advanced Error Reporting", "Kernel driver in use: amdgpu"):
                self.assertIn(part, text)
            self.assertNotRegex(text, r"access denied|downgraded|!!!|rev ff|unknown header|disabled\]")

    def test_lspci_shows_a_gpu_without_driver_and_the_graphics_of_the_bmc(self):
        self.run_rocpart("sim", "create", "bmc-63")
        gpu = self.gpus("bmc-63")[1]["bdf"]
        self.run_rocpart("sim", "fault", "bmc-63", f"lose:{gpu}")
        self.run_rocpart("sim", "reload", "bmc-63")
        shown = self.lspci("bmc-63")
        self.assertIn("Kernel driver in use: ast", shown["0000:02:00.0"])
        without = [bdf for bdf, text in shown.items() if "Kernel driver in use" not in text]
        self.assertEqual(without, [gpu])
        self.assertIn("BusMaster-", shown[gpu])
        self.assertIn("MSI: Enable-", shown[gpu])

    def test_lshw_lists_each_gpu_with_its_driver(self):
        host.need_program("lshw")
        found = json.loads(self.inside("mi300x-8", "lshw", "-quiet", "-json", "-class", "generic"))
        mine = [d for d in found if d.get("configuration", {}).get("driver") == "amdgpu"]
        self.assertEqual(sorted(d["businfo"] for d in mine),
                         [f"pci@{g['bdf']}" for g in self.gpus("mi300x-8")])

    def test_sensors_show_what_the_model_of_load_says(self):
        host.need_program("sensors")
        self.run_rocpart("sim", "create", "mi300x-8")
        for argv in (("--rate", "0", "--seed", "7"), ("--gpu", "1", "--util", "100"),
                     ("--advance", "30s")):
            self.run_rocpart("sim", "load", "mi300x-8", *argv)
        shown = json.loads(self.inside("mi300x-8", "sensors", "-j"))
        truth = self.json_of("sim", "load", "mi300x-8")["load"]["gpus"]
        self.assertEqual(len(shown), len(truth))
        self.assertGreater(truth[1]["power_watts"], truth[0]["power_watts"] + 400)
        for gpu in truth:
            chip = shown[f"amdgpu-pci-{gpu['bdf'][5:7]}00"]
            self.assertEqual(chip["junction"]["temp2_input"], gpu["hotspot_celsius"])
            self.assertEqual(chip["mem"]["temp3_input"], gpu["memory_celsius"])
            self.assertEqual(chip["PPT"]["power1_input"], gpu["power_watts"])
            self.assertEqual(chip["PPT"]["power1_cap"], 750)

    def test_lstopo_shows_each_gpu_with_its_drm_devices(self):
        host.need_program("lstopo-no-graphics")
        self.switch("mi300x-8")
        out = self.inside("mi300x-8", "lstopo-no-graphics", "--of", "console", "--whole-io")
        for gpu in self.gpus("mi300x-8"):
            first = gpu["partitions"][0]
            self.assertRegex(out, rf'PCI {gpu["bdf"][5:]} \(ProcessingAccelerator\)\n'
                             rf'\s+GPU "renderD{first["render_minor"]}"\n')
            for partition in gpu["partitions"]:
                self.assertIn(f'GPU "renderD{partition["render_minor"]}"', out)

    def test_drmdevice_finds_each_gpu_and_the_nodes_of_partitions(self):
        """libdrm takes platform devices of one name for one device: it shows one of all partitions."""
        host.need_program("drmdevice")
        host.need_device_nodes()
        self.switch("mi300x-8")
        gpus = self.gpus("mi300x-8")
        out = self.shell("mi300x-8", "drmdevice; modprobe -r amdgpu; drmdevice; true")
        loaded, unloaded = out.split("--- Checking")[1:]
        devices = re.split(r"\ndevice\[\d+\]\n", loaded)[1:]
        pci = [d for d in devices if "bustype 0000\n" in d]
        self.assertEqual(len(devices) - len(pci), 1)
        seen = []
        for device in pci:
            place = re.search(r"domain +(\w+)\n.*bus +(\w+)\n.*dev +(\w+)\n.*func +(\d)\n",
                              device)
            seen.append(("{}:{}:{}.{}".format(*place.groups()),
                         int(re.search(r"/dev/dri/renderD(\d+)\n", device).group(1))))
            self.assertIn("vendor_id     1002\n", device)
            self.assertIn("device_id     74a1\n", device)
        self.assertEqual(sorted(seen), [(g["bdf"], g["partitions"][0]["render_minor"]) for g in gpus])
        self.assertIn("has not found any devices", unloaded)


if __name__ == "__main__":
    os.environ.setdefault("ROCPART", "rocpart")
    unittest.main()
