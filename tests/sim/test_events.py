# SPDX-License-Identifier: MIT
"""Failures of GPUs while a simulated machine runs, and what its kernel log says of them."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from sim_case import SimCase  # noqa: E402

BDFS = ["0000:05:00.0", "0000:27:00.0", "0000:47:00.0", "0000:65:00.0", "0000:85:00.0",
        "0000:a7:00.0", "0000:c7:00.0", "0000:e5:00.0"]


class Events(SimCase):
    def gpus(self):
        return {g["bdf"]: g for g in self.json("--sim", "m", "list")["gpus"]}

    def minors(self):
        return {f"{p['bdf']}/{p['id']}": p["render_minor"]
                for g in self.json("--sim", "m", "list")["gpus"] for p in g["partitions"]}

    def hold(self, *args):
        self.rocpart("sim", "hold", "m", *args)

    def pids(self):
        return [h["pid"] for h in self.state()["holders"]]

    def test_log_begins_with_the_load_of_the_driver_and_anew_with_a_boot(self):
        self.create(profile="mi300x-8")
        lines = self.log()
        self.assertEqual(lines[0], "[drm] amdgpu kernel modesetting enabled.")
        self.assertEqual(lines.count("kfd kfd: amdgpu: added device 1002:74a1"), 8)
        self.rocpart("sim", "reload", "m")
        self.assertIn(f"amdgpu {BDFS[0]}: amdgpu: amdgpu: finishing device.", self.log())
        self.rocpart("sim", "reset", "m")
        self.assertEqual(self.log(), lines)

    def test_log_names_partitions_for_which_there_are_no_minors(self):
        self.create(profile="bmc-63")
        skipped = [line for line in self.log() if "Skip xcp node #7" in line]
        self.assertEqual(skipped,
                         [f"amdgpu {self.json('--sim', 'm', 'list')['gpus'][7]['bdf']}: amdgpu: Skip "
                          "xcp node #7 when out of drm node resource."])
        check = self.checks()["kernel-log"]
        self.assertIn("the driver left out partitions of GPU 7", check["seen"])

    def checks(self):
        done = subprocess.run(self.argv("--sim", "m", "doctor", "--json"), env=self.env,
                              capture_output=True, text=True, check=False)
        return {c["id"]: c for c in json.loads(done.stdout)["checks"]}

    def test_log_of_memory_modes_errors_and_loads_that_fail(self):
        self.create(profile="mi300x-8", bad_page_threshold=20)
        self.on("set", "--memory", "NPS4", "--compute", "CPX", "--reload", "never", status=6)
        self.assertIn(f"amdgpu {BDFS[0]}: amdgpu: NPS mode change requested, please remove and "
                      "reload the driver", self.log())
        self.rocpart("sim", "reload", "m")
        self.assertIn(f"amdgpu {BDFS[0]}: amdgpu: NPS mode change request done, reload driver to "
                      "complete the change", self.log())
        self.fault(f"ue:{BDFS[2]}:3")
        self.assertIn(f"amdgpu {BDFS[2]}: amdgpu: socket: 0, die: 0, 3 new uncorrectable hardware "
                      "errors detected in umc block", self.log())
        self.fault(f"bad-pages:{BDFS[3]}:21")
        self.assertIn(f"amdgpu {BDFS[3]}: amdgpu: Saved bad pages 21 reaches threshold value 20",
                      self.log())
        seen = self.checks()["kernel-log"]["seen"]
        self.assertIn("uncorrectable errors of GPU 2", seen)
        self.assertIn("exceed it, on GPU 3", seen)
        self.fault(f"lose:{BDFS[5]}")
        self.rocpart("sim", "reload", "m")
        self.assertIn(f"amdgpu {BDFS[5]}: amdgpu: Fatal error during GPU init", self.log())
        self.assertTrue(any("21 exceed threshold:20, GPU will not be initialized" in line
                            for line in self.log()))
        self.assertEqual(set(BDFS) - set(self.gpus()), {BDFS[3], BDFS[5]})
        self.assertIn("could not start", self.checks()["kernel-log"]["seen"])

    def test_off_bus_gpu_is_an_error_and_the_others_go_on(self):
        self.create(profile="mi300x-8")
        self.load("--util", 50)
        self.fault(f"off-bus:{BDFS[0]}")
        self.assertEqual(list(self.gpus()), BDFS)
        self.assertIsNone(self.gpus()[BDFS[0]]["compute_mode"])
        self.assertEqual(self.gpus()[BDFS[1]]["compute_mode"], "SPX")
        self.assertIn("No such device", self.on("status"))
        self.assertEqual((self.dump() / f"sys/devices/pci0000:00/{BDFS[0]}/config").read_bytes(),
                         b"\xff" * 4096)
        self.assertIn("the driver lost GPU 0", self.checks()["kernel-log"]["seen"])
        self.assertIn("nothing was changed",
                      self.on("set", "--compute", "CPX", "--memory", "NPS4", status=1))
        self.fault(f"remove:{BDFS[0]}")
        self.assertEqual(list(self.gpus()), BDFS[1:])
        self.fault("rescan")
        self.assertEqual(self.gpus()[BDFS[0]]["compute_mode"], "SPX")

    def test_off_bus_gpu_does_not_come_back_by_a_reload(self):
        self.create(profile="mi300x-8")
        self.fault(f"off-bus:{BDFS[0]}")
        self.rocpart("sim", "reload", "m")
        self.assertEqual(list(self.gpus()), BDFS[1:])
        self.rocpart("sim", "reset", "m")
        self.assertEqual(list(self.gpus()), BDFS)

    def test_gpu_that_was_removed_is_found_by_a_rescan_only(self):
        self.create(profile="mi300x-8")
        self.fault(f"remove:{BDFS[0]}")
        self.rocpart("sim", "reload", "m")
        self.assertEqual(list(self.gpus()), BDFS[1:])
        self.fault("rescan")
        self.assertEqual(list(self.gpus()), BDFS)

    def test_unbound_gpu_leaves_the_minors_of_the_others_alone(self):
        self.create(profile="mi300x-8")
        before = self.minors()
        self.fault(f"unbind:{BDFS[0]}")
        without = {k: v for k, v in before.items() if not k.startswith(BDFS[0])}
        self.assertEqual(self.minors(), without)
        self.fault(f"bind:{BDFS[0]}")
        self.assertEqual(self.minors(), before)

    def test_gpu_that_comes_late_gets_the_last_minors(self):
        self.create(profile="mi300x-8")
        self.fault(f"lose:{BDFS[0]}:1")
        self.rocpart("sim", "reload", "m")
        before = self.minors()
        self.fault(f"bind:{BDFS[0]}")
        self.assertEqual(self.minors(), before | {f"{BDFS[0]}/0": 128 + 56})

    def test_removal_ends_who_uses_the_gpu_and_no_others(self):
        self.create(profile="mi300x-8")
        self.hold("--pid", 11, "--partition", "0/0=1GiB")
        self.hold("--pid", 12, "--partition", "1/0=1GiB")
        self.hold("--pid", 13)
        for event, gpu in (("remove", 0), ("unbind", 1)):
            self.fault(f"{event}:{BDFS[gpu]}")
        self.assertEqual(self.pids(), [13])

    def test_reset_begins_and_ends_with_its_hive(self):
        self.create(profile="mi300x-8")
        self.load("--seed", 1, "--rate", 0)
        self.hold("--pid", 11, "--partition", "3/0=1GiB")
        self.hold("--pid", 12)
        self.fault(f"reset-now:{BDFS[0]}:10")
        self.assertEqual(self.pids(), [12])
        self.assertIn("in-reset", self.on("status"))
        self.load("--advance", "9s")
        self.assertIn("in-reset", self.on("status"))
        self.load("--advance", "1s")
        self.assertNotIn("in-reset", self.on("status"))
        log = self.log()
        self.assertEqual(sum("GPU reset begin!" in line for line in log), 1)
        self.assertEqual(sum("GPU reset(1) succeeded!" in line for line in log), 8)

    def test_overheated_gpu_switches_itself_off(self):
        self.create(profile="mi300x-8")
        self.fault(f"overheat:{BDFS[1]}")
        seen = self.checks()["kernel-log"]["seen"]
        self.assertIn("too hot was GPU 1", seen)
        self.assertIn("the driver lost GPU 1", seen)

    def test_half_a_hive_in_another_memory_mode(self):
        self.create(profile="mi300x-8")
        self.fault("set-nps:0000:[0-6]*:4")
        modes = [self.gpus()[b]["memory_mode"] for b in BDFS]
        self.assertEqual(modes, ["NPS4"] * 4 + ["NPS1"] * 4)
        self.assertIn("memory mode", self.fault(f"set-nps:{BDFS[0]}:3", status=2))
        self.on("set", "--memory", "NPS4", "--compute", "CPX")
        self.assertEqual({self.gpus()[b]["memory_mode"] for b in BDFS}, {"NPS4"})

    def test_read_only_file_is_known_before_anything_is_changed(self):
        self.create(profile="mi300x-8")
        self.fault(f"read-only:{BDFS[2]}/current_memory_partition")
        self.assertEqual(self.checks()["files"]["state"], "warn")
        self.on("set", "--memory", "NPS4", "--compute", "CPX", status=3)
        self.assertEqual({g["memory_mode"] for g in self.gpus().values()}, {"NPS1"})

    def test_events_are_refused_when_no_gpu_is_meant(self):
        self.create(profile="mi300x-8")
        for rule in ("off-bus:9999:05:00.0", "reset-now:0000:06:00.0"):
            self.assertIn("no GPU", self.fault(rule, status=2))
        for rule in ("off-bus:", "off-bus", "rescan:x", "set-nps:0000:05:00.0", "slow:x", "hang:x:2",
                     "reset-now:0000:05:00.0:0"):
            self.assertIn("is not a fault rule", self.fault(rule, status=2))

    def test_script_of_ten_minutes_with_faults(self):
        self.create(profile="mi300x-8")
        script = self.top / "script"
        script.write_text(f"60, all, 100, 10GiB\n300, fault, off-bus:{BDFS[0]}\n"
                          f"360, fault, remove:{BDFS[0]}\n361, fault, rescan\n600, all, 0, 0\n")
        self.load("--seed", 1, "--rate", 0)
        self.load("--script", script)
        self.load("--advance", "10m")
        self.assertEqual([line.split(": ", 1)[1] for line in self.log() if BDFS[0] in line],
                         ["amdgpu: device lost from bus!", "amdgpu: amdgpu: finishing device."])
        self.assertEqual(self.json("sim", "fault", "m")["planned"], [])
        for line in ("1, fault, nonsense", "1, fault", "x, fault, rescan"):
            script.write_text(f"5, fault, rescan\n{line}\n")
            self.assertIn(f"{script.name}:2", self.load("--script", script, status=2))
            self.assertEqual(self.json("sim", "fault", "m")["planned"], [])


if __name__ == "__main__":
    unittest.main()
