# SPDX-License-Identifier: MIT
"""A simulated machine with a load: what its files tell is what its model says.

The files are laid out by SIM_DUMP and read by tests/gpu_metrics.py, which knows the kernel's
structures and nothing of rocpart. The clock of these machines stands unless a test lets it go.
"""

import json
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]
import gpu_metrics  # noqa: E402
from sim_case import SimCase  # noqa: E402

GPU = "sys/devices/pci0000:00/0000:05:00.0"
UNITS = {"temperature_hotspot": 2, "curr_socket_power": 3, "average_gfx_activity": 10,
         "mem_max_bandwidth": 8, "energy_accumulator": 0, "system_clock_counter": 4,
         "pcie_link_speed": 7, "xgmi_link_speed": 6, "xgmi_read_data_acc": 9,
         "firmware_timestamp": 5, "current_gfxclk": 1}


class Load(SimCase):
    def start(self, name="m", **keys):
        self.create(name=name, **keys)
        self.load("--seed", 7, "--rate", 0, name=name)

    def truth(self, name="m", gpu=0):
        doc = json.loads(self.rocpart("sim", "load", name, "--json"))["load"]
        return doc["gpus"][gpu] | {"seconds": doc["seconds"]}

    def metrics(self, name="m"):
        return gpu_metrics.read_gpu((self.dump(name) / GPU / "gpu_metrics").read_bytes())

    def files(self, name="m"):
        top = self.dump(name)
        return {p.relative_to(top): p.read_bytes() for p in top.rglob("*") if p.is_file()}

    # ---- encodings ----

    def check_values(self, said, truth):
        for name, key in [("temperature_hotspot", "hotspot_celsius"),
                          ("temperature_mem", "memory_celsius"),
                          ("curr_socket_power", "power_watts"),
                          ("average_gfx_activity", "busy_percent"),
                          ("average_umc_activity", "memory_busy_percent")]:
            self.assertEqual(said[name], truth[key], name)
        clocks = said["current_gfxclk"]
        self.assertEqual(sum(clocks) // len(clocks), truth["clock_mhz"])
        self.assertAlmostEqual(said["energy_accumulator"] / 65536, truth["energy_joules"], delta=1)
        self.assertEqual(said["system_clock_counter"], truth["seconds"] * 10**9)
        self.assertEqual(said["firmware_timestamp"], truth["seconds"] * 10**8)
        self.assertEqual((said["pcie_link_width"], said["pcie_link_speed"]), (16, 320))
        self.assertEqual(said["gfx_activity_acc"], 100 * 1000 * 10)
        self.assertEqual(said["mem_activity_acc"], 60 * 1000 * 10)
        unset = [name for name, v in said.items() if v is None and name != "padding"]
        self.assertEqual(unset, [])
        for name, v in said.items():
            if name.startswith(("pcie_", "xgmi_", "prochot", "gfxclk_lock")) and "_link_" not in name:
                self.assertIn(v, (0, [0] * 8), name)

    def check_residencies(self, said, truth):
        self.assertEqual(said["accumulation_counter"], truth["seconds"] * 1000)
        self.assertEqual(said["ppt_residency_acc"], truth["throttled_ms"])

    def check_xcds(self, said, truth):
        self.assertEqual(said["gfx_busy_inst"], [100] * 8)
        self.assertEqual(said["gfx_busy_acc"], [100 * 1000 * 10] * 8)
        self.assertEqual(said["vcn_busy"], [0] * 4)
        self.assertEqual(said["jpeg_busy"][:32], [0] * 32)
        if "gfx_below_host_limit_ppt_acc" in said:
            self.assertEqual(said["gfx_below_host_limit_ppt_acc"], [truth["throttled_ms"]] * 8)
            self.assertEqual(said["gfx_low_utilization_acc"],
                             [(truth["seconds"] - 10) * 1000] * 8)

    def busy_machine(self, **keys):
        self.start(**keys)
        self.load("--advance", "2s")
        self.load("--util", 100)
        self.load("--advance", "10s")
        return self.metrics(), self.truth()

    def test_table_1_5_is_of_the_first_kernels_and_tells_the_load(self):
        said, truth = self.busy_machine(abi="g1")
        self.assertEqual(said["content"], 5)
        self.check_values(said, truth)
        self.assertEqual(said["throttle_status"], 1)
        self.assertEqual(said["vcn_activity"], [0] * 4)
        self.assertEqual(said["jpeg_activity"], [0] * 32)

    def test_tables_with_partitions_tell_the_load(self):
        for revision in (6, 7, 8):
            with self.subTest(revision):
                said, truth = self.machine_of(revision)
                self.assertEqual((said["content"], said["num_partition"]), (revision, 1))
                self.check_values(said, truth)
                self.check_residencies(said, truth)
                self.check_xcds(said["xcp_stats"][0], truth)
                self.assertEqual(said["xcp_stats"][1]["gfx_busy_inst"], [None] * 8)
                if revision > 6:
                    self.assertEqual(said["mem_max_bandwidth"], 5325)  # of the capture

    def machine_of(self, revision):
        name = f"m{revision}"
        self.start(name, gpu_metrics=revision)
        self.load("--advance", "2s", name=name)
        self.load("--util", 100, name=name)
        self.load("--advance", "10s", name=name)
        return self.metrics(name), self.truth(name)

    def test_attributes_1_9_are_of_dkms_6_16_13_and_tell_all(self):
        said, truth = self.busy_machine(driver_version='"6.16.13"')
        self.assertEqual((said["content"], said["n"]), (9, 47))
        self.assertNotIn("num_partition", said)
        self.check_values(said, truth)
        self.check_residencies(said, truth)
        self.check_xcds(said, truth)
        self.assertEqual({name: said["units"][name] for name in UNITS}, UNITS)

    def test_attributes_1_9_have_the_size_of_the_capture(self):
        self.create(gpu_metrics=9)
        data = (self.dump() / GPU / "gpu_metrics").read_bytes()
        self.assertEqual(len(data), 1150)
        self.assertEqual(gpu_metrics.read_gpu(data)["n"], 47)

    def test_partition_metrics_tell_their_own_xcd(self):
        for revision, content in ((8, 0), (9, 1)):
            name = f"p{revision}"
            with self.subTest(revision):
                self.start(name, gpu_metrics=revision)
                self.rocpart("--sim", name, "set", "-c", "CPX", "--yes",
                             "--allow-unvalidated")
                self.load("--partition", "0/3", "--util", 60, name=name)
                self.load("--advance", "5s", name=name)
                top = self.dump(name)
                busy = []
                for p in range(8):
                    folder = f"sys/devices/platform/amdgpu_xcp_{p - 1}" if p else GPU
                    data = (top / folder / "xcp/xcp_metrics").read_bytes()
                    said = gpu_metrics.read_partition(data)
                    self.assertEqual(said["content"], content)
                    self.assertIsNone(said["current_gfxclk"][1])
                    busy.append(said["gfx_busy_inst"][0])
                    self.assertEqual(said["gfx_busy_acc"][0], busy[p] * 5000)
                self.assertEqual(busy, [0, 0, 0, 60, 0, 0, 0, 0])
                self.assertEqual(self.truth(name)["partitions_busy_percent"], busy)

    def test_text_files_agree_with_the_model(self):
        self.busy_machine()
        top, truth = self.dump() / GPU, self.truth()
        hwmon = top / "hwmon/hwmon0"

        def number(path):
            return int(path.read_text())

        self.assertEqual(number(top / "gpu_busy_percent"), truth["busy_percent"])
        self.assertEqual(number(top / "mem_busy_percent"), truth["memory_busy_percent"])
        self.assertEqual(number(hwmon / "power1_input"), truth["power_watts"] * 10**6)
        self.assertEqual(number(hwmon / "temp2_input"), truth["hotspot_celsius"] * 1000)
        self.assertEqual(number(hwmon / "temp3_input"), truth["memory_celsius"] * 1000)
        self.assertEqual((hwmon / "temp2_label").read_text(), "junction\n")
        first = self.metrics()["current_gfxclk"][0]
        self.assertEqual(number(hwmon / "freq1_input"), first * 10**6)

    # ---- the model ----

    def test_values_are_those_of_the_captures(self):
        self.start()
        said, truth = self.metrics(), self.truth()
        self.assertEqual((truth["power_watts"], said["temperature_hotspot"],
                          said["temperature_mem"]), (194, 42, 37))
        for mhz in said["current_gfxclk"]:
            self.assertTrue(2098 <= mhz <= 2115, mhz)
        self.load("--util", 100)
        self.load("--advance", "5s")
        for _ in range(3):
            said = self.metrics()
            self.assertIn(said["curr_socket_power"], range(705, 708))
            self.assertIn(said["temperature_hotspot"], range(59, 69))
            for mhz in said["current_gfxclk"]:
                self.assertTrue(1262 <= mhz <= 1317, mhz)
            self.load("--advance", "60s")
        before = self.metrics()
        self.load("--advance", "5s")
        after = self.metrics()
        ticks = after["accumulation_counter"] - before["accumulation_counter"]
        held = after["ppt_residency_acc"] - before["ppt_residency_acc"]
        self.assertAlmostEqual(held / ticks, 4348 / 5010, places=2)  # of the capture

    def test_power_limit_holds_power_and_clocks(self):
        self.start()
        self.load("--util", 100)
        path = f"{GPU}/hwmon/hwmon0/power1_cap"
        done = subprocess.run([os.environ["SIM_DUMP"], self.top / "rocpart/sim/m",
                               self.top / "x", f"{path}=400000000"], check=False)
        self.assertEqual(done.returncode, 0)
        self.load("--advance", "1m")
        said = self.metrics()
        self.assertEqual(said["curr_socket_power"], 377)  # as 706 of 750 W
        self.assertLess(max(said["current_gfxclk"]), 600)
        self.assertEqual(said["ppt_residency_acc"], 60000)

    def test_time_in_one_step_or_many_gives_the_same(self):
        self.start("a")
        self.start("b")
        for name, steps in (("a", ["9m"]), ("b", ["1m"] * 9)):
            self.load("--util", 70, "--vram", "20G", "--for", "5m", name=name)
            for step in steps:
                self.load("--advance", step, name=name)
        self.assertEqual(self.files("a"), self.files("b"))
        self.assertEqual(self.truth("a"), self.truth("b"))

    def test_other_seed_gives_other_clocks_and_the_same_power(self):
        self.start("a")
        self.start("b")
        self.load("--seed", 8, "--rate", 0, name="b")
        a, b = self.metrics("a"), self.metrics("b")
        self.assertNotEqual(a["current_gfxclk"], b["current_gfxclk"])
        self.assertEqual(a["curr_socket_power"], b["curr_socket_power"])

    def test_process_with_memory_is_a_load_of_its_partition(self):
        self.start()
        self.load("--advance", "10s")
        self.rocpart("sim", "hold", "m", "--partition", "0/0=8GiB", "--pid", 4711)
        self.load("--advance", "10s")
        self.assertEqual(self.truth()["busy_percent"], 80)
        self.assertEqual(self.metrics()["gfx_activity_acc"], 80 * 10000)
        self.rocpart("sim", "hold", "m", "--release", 4711)
        self.load("--advance", "10s")
        self.assertEqual(self.truth()["busy_percent"], 0)
        self.assertEqual(self.metrics()["gfx_activity_acc"], 80 * 10000)

    def test_memory_of_a_load_grows_and_ends_with_it(self):
        self.start()
        idle = self.truth()["vram_used_bytes"]
        self.load("--util", 10, "--vram", "20GiB", "--for", "1m")
        used = []
        for step in ("2s", "4s", "60s"):
            self.load("--advance", step)
            used.append(self.truth()["vram_used_bytes"] - idle)
            path = self.dump() / GPU / "mem_info_vram_used"
            self.assertEqual(int(path.read_text()), used[-1] + idle)
        self.assertTrue(8 << 30 <= used[0] <= 10 << 30, used)
        self.assertEqual(used[1:], [20 << 30, 0])

    def test_load_for_a_time_gives_way_to_the_one_before(self):
        self.start()
        self.load("--util", 30)
        self.load("--util", 90, "--for", "10s")
        self.load("--advance", "9s")
        self.assertEqual(self.truth()["busy_percent"], 90)
        self.load("--advance", "1s")
        self.assertEqual(self.truth()["busy_percent"], 30)

    def test_reset_ends_the_loads_and_the_clock_goes_on(self):
        self.busy_machine()
        self.rocpart("sim", "reset", "m")
        truth = self.truth()
        self.assertEqual((truth["seconds"], truth["busy_percent"], truth["hotspot_celsius"],
                          truth["energy_joules"]), (12, 0, 42, 0))

    # ---- machines without a load ----

    def test_machine_whose_load_was_stopped_is_as_one_that_had_none(self):
        self.create()
        before = self.files()
        self.load("--util", 100, "--rate", 0, "--advance", "1m")
        self.assertNotEqual(before, self.files())
        self.load("--stop")
        self.assertEqual(before, self.files())

    # ---- time ----

    # Ten minutes: idle, one GPU and one partition busy, all busy, one held back by its power limit,
    # idle again. The last GPU falls off the bus after minute 3, and is found again after minute 5.
    LOST = "0000:65:00.0"
    SCRIPT = ("# seconds, target, percent, memory\n\n60, 0000:05:00.0, 100, 20GiB\n2m, 1/0, 40, 8GiB\r\n"
              "3m, all, 100, 4GiB\n420s,all,0,0\n"
              f"200, fault, off-bus:{LOST}\n340, fault, remove:{LOST}\n341, fault, rescan\n")
    LOOKS = (0, 1, 2, 4, 6, 7, 10)
    BUSY = [[0, 0, 0], [100, 0, 0], [100, 40, 0], *[[100] * 3] * 4, *[[0, 0, 0]] * 4]

    def test_script_of_ten_minutes_is_told_alike_by_every_file(self):
        self.create(profile="mi300x-8", n_gpus=4)
        self.load("--seed", 7, "--rate", 0)
        script = self.top / "script"
        script.write_text(self.SCRIPT, "utf-8")
        took = self.cpu_of(lambda: self.load("--script", script))
        for minute, busy in enumerate(self.BUSY):
            if minute:
                took += self.cpu_of(lambda: self.load("--advance", "1m"))
            if minute == 5:
                self.limit_power(400)
            if minute in self.LOOKS:
                self.check_minute(minute, busy)
        self.assertLess(took, 2)

    def cpu_of(self, do):
        """Seconds of processors that programs need: others may run beside."""
        before = os.times()
        do()
        after = os.times()
        return (after.children_user + after.children_system - before.children_user -
                before.children_system)

    def limit_power(self, watts):
        done = subprocess.run([os.environ["SIM_DUMP"], self.top / "rocpart/sim/m", self.top / "cap",
                               f"{GPU}/hwmon/hwmon0/power1_cap={watts}000000"], check=False)
        self.assertEqual(done.returncode, 0)

    def check_minute(self, minute, busy):
        doc = json.loads(self.rocpart("sim", "load", "m", "--json"))["load"]
        self.assertEqual(doc["seconds"], 60 * minute)
        self.assertEqual([gpu["busy_percent"] for gpu in doc["gpus"]][:3], busy)
        top = self.dump()
        status = json.loads(self.rocpart("--sim", "m", "status", "--json"))["gpus"]
        self.assertEqual([gpu["bdf"] for gpu in status], [gpu["bdf"] for gpu in doc["gpus"]])
        self.assertIn(self.LOST, [gpu["bdf"] for gpu in status])
        for truth, shown in zip(doc["gpus"], status):
            if truth["bdf"] == self.LOST and minute == 4:
                self.check_lost(top, truth, shown)
                continue
            with self.subTest(minute=minute, gpu=truth["bdf"]):
                self.check_gpu(top, truth | {"seconds": doc["seconds"]}, shown)
        held = doc["gpus"][0]
        if minute == 6:
            self.assertEqual((held["power_watts"], held["throttled_percent"]), (377, 100))
            self.assertEqual(doc["gpus"][1]["power_watts"], 706)

    def check_lost(self, top, truth, shown):
        """No sensor answers, and nobody says that it is busy."""
        folder = top / "sys/devices/pci0000:00" / truth["bdf"]
        self.assertEqual((truth["busy_percent"], shown["compute_mode"]), (0, None))
        self.assertIn("No such device", shown["degraded_reason"])
        self.assertEqual((folder / "config").read_bytes(), b"\xff" * 4096)
        self.assertEqual([p for p in ("gpu_metrics", "gpu_busy_percent", "hwmon/hwmon3/temp2_input")
                          if (folder / p).exists()], [])  # SIM_DUMP leaves out what fails

    def check_gpu(self, top, truth, shown):
        folder = top / "sys/devices/pci0000:00" / truth["bdf"]
        said = gpu_metrics.read_gpu((folder / "gpu_metrics").read_bytes())
        hwmon, = (folder / "hwmon").iterdir()

        def number(path):
            return int(path.read_text())

        told = {
            "power_watts": {said["curr_socket_power"], number(hwmon / "power1_input") // 10**6},
            "hotspot_celsius": {said["temperature_hotspot"],
                                number(hwmon / "temp2_input") // 1000},
            "memory_celsius": {said["temperature_mem"], number(hwmon / "temp3_input") // 1000},
            "busy_percent": {said["average_gfx_activity"], number(folder / "gpu_busy_percent"),
                             sum(said["xcp_stats"][0]["gfx_busy_inst"]) // 8},
            "memory_busy_percent": {said["average_umc_activity"],
                                    number(folder / "mem_busy_percent")},
            "clock_mhz": {sum(said["current_gfxclk"]) // 8},
            "vram_used_bytes": {number(folder / "mem_info_vram_used"), shown["memory_used_bytes"]},
            "throttled_ms": {said["ppt_residency_acc"]},
            "energy_joules": {said["energy_accumulator"] // 65536,
                              said["energy_accumulator"] // 65536 + 1} & {truth["energy_joules"]},
        }
        self.assertEqual({key: {truth[key]} for key in told}, told)
        self.assertEqual(said["accumulation_counter"], truth["seconds"] * 1000)
        self.assertEqual(number(hwmon / "freq1_input"), said["current_gfxclk"][0] * 10**6)
        # what the driver has itself is in no process
        partition, = shown["partitions"]
        self.assertEqual(truth["vram_used_bytes"] - partition["memory_used_bytes"], 300929024)
        kfd = (top / "sys/devices/virtual/kfd/kfd/proc").glob(f"*/vram_{partition['gpu_id']}")
        self.assertEqual(sum(map(number, kfd)), partition["memory_used_bytes"])

    def test_clock_follows_the_host_and_can_be_faster(self):
        self.create()
        self.load("--rate", 1000)
        time.sleep(0.02)
        self.assertGreaterEqual(self.truth()["seconds"], 20)
        self.load("--rate", 0)
        stood = self.truth()["seconds"]
        self.assertGreaterEqual(stood, 20)
        self.assertEqual(self.truth()["seconds"], stood)

    # ---- what is refused ----

    def test_wrong_line_of_a_script_is_named_and_nothing_is_done(self):
        self.start()
        before = (self.top / "rocpart/sim/m/state.json").read_bytes()
        script = self.top / "script"
        for line in ("1, all, 101, 0", "1, all, 5", "x, all, 5, 0", "1, all, 5, 0, 0",
                     "1, all, 5, lots"):
            script.write_text(f"0, all, 100, 0\n{line}\n")
            said = self.load("--script", script, status=2)
            self.assertIn("script:2", said)
            self.assertEqual((self.top / "rocpart/sim/m/state.json").read_bytes(), before)
        script.write_text("1, 9, 5, 0\n")
        self.assertIn("no GPU or partition '9'", self.load("--script", script, status=2))

    def test_wrong_options_are_refused(self):
        self.start()
        for words in (["--util", "101"], ["--gpu", "0"], ["--for", "1m"], ["--advance", "x"],
                      ["--stop", "--util", "1"], ["--rate", "-1"], ["--vram", "x"]):
            self.load(*words, status=2)
        self.assertIn("more memory", self.load("--gpu", 0, "--vram", "1TiB", status=2))
        self.load("--gpu", 3, "--util", 1, status=2)


if __name__ == "__main__":
    unittest.main()
