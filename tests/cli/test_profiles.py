# SPDX-License-Identifier: MIT
"""Machines with rules, firmware or drivers of their own: what rocpart says of each."""

import unittest

from journey import FAILED, NO_HARDWARE, REFUSED, Journey

MI455X = "mi455x-4"
OLD = "mi300x-1-ifwi-041"
MIXED = "mi300x-8-mixed-firmware"
GUEST = "mi300x-vf-8"
HOST = "mi300x-sriov-host"


class Profiles(Journey):
    def refused(self, profile, *modes):
        done = self.start("--sim", profile, "set", "--yes", *modes)
        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        return done.stderr

    def states(self, profile, gpu=0):
        """{"CPX/NPS4": (state, validated, reason)} of a GPU."""
        pairs = self.json("modes", "--sim", profile)["gpus"][gpu]["pairs"]
        return {f"{p['compute_mode']}/{p['memory_mode']}": (p["state"], p["validated"], p["reason"])
                for p in pairs}

    # ---- gfx1250 ----

    def test_gfx1250_offers_the_pairs_of_its_own_rules(self):
        possible = {pair for pair, (state, _, _) in self.states(MI455X).items()
                    if state != "never"}
        self.assertEqual(possible, {"SPX/NPS1", "DPX/NPS1", "QPX/NPS1", "CPX/NPS1", "DPX/NPS2",
                                    "CPX/NPS2", "CPX/NPS8"})

    def test_gfx1250_is_switched_to_nps8_and_back(self):
        for compute, memory in (("CPX", "NPS8"), ("CPX", "NPS2"), ("SPX", "NPS1")):
            self.rocpart("--sim", MI455X, "set", "-c", compute, "-m", memory, "--yes",
                         "--allow-unvalidated")
            gpus = self.json("status", "--sim", MI455X)["gpus"]
            self.assertEqual({(g["compute_mode"], g["memory_mode"]) for g in gpus}, {(compute, memory)})

    def test_gfx1250_in_a_mode_that_does_not_start_is_refused(self):
        said = self.refused(MI455X, "-c", "CPX", "-m", "NPS4", "--allow-unvalidated")
        self.assertIn("would not start the GPU", said)
        self.assertEqual(len(self.json("status", "--sim", MI455X)["gpus"]), 4)

    # ---- firmware ----

    def test_mode_that_a_vbios_does_not_complete_is_not_validated(self):
        state, validated, reason = self.states(OLD)["CPX/NPS4"]
        self.assertEqual((state, validated), ("after-reload", False))
        self.assertIn("does not complete", reason)
        said = self.refused(OLD, "-c", "CPX", "-m", "NPS4")
        self.assertIn("VBIOS 113-M3000100-102 of GPU 0 (0000:05:00.0)", said)
        self.assertIn("update the firmware to IFWI 022.040.003.043", said)

    def test_mode_that_a_vbios_does_not_complete_fails_and_is_undone(self):
        self.rocpart("--sim", OLD, "set", "-c", "CPX", "-m", "NPS4", "--yes",
                     "--allow-unvalidated", status=FAILED)
        gpu = self.json("status", "--sim", OLD)["gpus"][0]
        self.assertEqual((gpu["compute_mode"], gpu["memory_mode"]), ("SPX", "NPS1"))

    def test_hive_has_no_mode_that_a_member_lacks(self):
        for gpu in (0, 1):
            state, _, reason = self.states(MIXED, gpu).get("DPX/NPS2", ("never", False, "of its hive"))
            self.assertEqual(state, "never")
            self.assertIn("of its hive", reason)
        said = self.refused(MIXED, "-c", "DPX", "-m", "NPS2")
        self.assertIn("GPU 1 (0000:27:00.0) does not offer NPS2", said)
        self.assertIn("IFWI 022.040.003.043", said)
        said = self.refused(MIXED, "-c", "CPX", "-m", "NPS4")
        self.assertIn("of GPU 1 (0000:27:00.0) lists", said)

    # ---- virtual functions ----

    def test_guest_has_the_xcc_and_the_memory_of_its_functions(self):
        gpus = self.json("status", "--sim", GUEST)["gpus"]
        self.assertEqual(len(gpus), 8)
        for gpu in gpus:
            self.assertNotIn("mode-mismatch", gpu["degraded"])
            partition, = gpu["partitions"]
            self.assertEqual((partition["xcds"], partition["cus"]), ([0], 38))
            self.assertEqual(partition["memory_bytes"], 25753026560)

    def test_guest_is_told_that_its_host_decides(self):
        for modes in (["-c", "CPX", "-m", "NPS4"], ["-m", "NPS2"], ["-c", "DPX"]):
            said = self.refused(GUEST, *modes)
            self.assertIn("only the host of this virtual machine", said)
            self.assertNotIn("offers", said)

    def test_host_of_virtual_machines_is_not_told_to_load_amdgpu(self):
        done = self.start("--sim", HOST, "status")
        self.assertEqual(done.returncode, NO_HARDWARE)
        self.assertIn("rocpart doctor", done.stderr)
        self.assertNotIn("modprobe", done.stderr)
        checks = {c["id"]: c for c in
                  self.json("doctor", "--sim", HOST, status=NO_HARDWARE)["checks"]}
        self.assertIn("the driver gim has GPU 0000:05:00.0", checks["driver"]["seen"])
        self.assertIn("GIM divides the GPUs", checks["driver"]["advice"])
        self.assertFalse(checks["driver"].get("fix"))


if __name__ == "__main__":
    unittest.main()
