# SPDX-License-Identifier: MIT
"""place --switch and `policy: {switch: idle}`: idle GPUs are split when leases need it."""

import json
import time
import unittest

from journey import DONE, FAILED, REFUSED, ROOT, TO_DO, USAGE, Journey

SPLIT = ("--switch", "--allow-unvalidated")


class Switch(Journey):
    def place(self, *args, status=DONE, bytes="10G"):
        done = self.start("place", "--sim", "n", "--bytes", bytes, *args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def record(self, name):
        found = list(self.folder.rglob(name))
        return found[0] if found else None

    def leases(self):
        return self.json("status", "--sim", "n")["leases"]

    def used_gpus(self):
        return len({lease["partition"].split("/")[0] for lease in self.leases()})

    def apply_policy(self, policy, more="gpus: {all: SPX}, ", models="{}"):
        path = self.write(f"version: v1\nnode: {{{more}policy: {policy}}}\nmodels: {models}\n")
        self.rocpart("apply", path, "--sim", "n")
        return path

    def age(self, seconds):
        """As if the GPUs had been switched that long ago."""
        path = self.record("on-demand.json")
        gpus = json.loads(path.read_text(encoding="utf-8"))
        gpus.pop("crc32c", None)
        for gpu in gpus.values():
            gpu["at_s"] = int(time.time()) - seconds
        path.write_text(json.dumps(gpus), encoding="utf-8")


class EightGpus(Switch):
    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def test_forty_small_leases_find_room(self):
        for i in range(40):
            self.place(f"m{i}", *SPLIT)
        self.assertEqual(len(self.leases()), 40)
        self.assertEqual(self.used_gpus(), 5)
        self.assertEqual(sorted(self.modes()), ["CPX/NPS1"] * 5 + ["SPX/NPS1"] * 3)

    def test_ninth_is_refused_without_the_flag_that_its_hint_names(self):
        for i in range(8):
            self.place(f"m{i}", "--switch")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        done = self.place("m8", "--switch", status=REFUSED)
        self.assertIn("CPX splits", done.stderr)
        self.assertIn("--allow-unvalidated", done.stderr)

    def test_large_lease_switches_nothing(self):
        self.place("big", *SPLIT, bytes="100G")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_what_fits_where_it_is_switches_nothing(self):
        self.place("a", *SPLIT)
        self.place("b", *SPLIT)
        self.assertEqual(self.modes().count("CPX/NPS1"), 1)

    def test_replicas_are_on_gpus_of_their_own(self):
        placed = json.loads(self.place("a", *SPLIT, "--replicas", "3", "--json").stdout)
        self.assertEqual(len(placed["switched"]), 3)
        self.assertEqual([g["partitions_after"] for g in placed["switched"]], [8] * 3)
        self.assertEqual(self.used_gpus(), 3)

    def test_dry_run_says_what_would_be_switched(self):
        text = self.place(*SPLIT, "--dry-run", status=TO_DO).stdout
        self.assertIn("GPU 0 (0000:05:00.0) would be switched: SPX/NPS1 -> CPX/NPS1", text)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertIsNone(self.record("on-demand.json"))
        self.assertEqual(self.leases(), [])

    def test_switch_is_in_the_history_and_can_be_undone(self):
        self.place("a", *SPLIT)
        kinds = [(e["kind"], e["outcome"]) for e in self.json("history", "--sim", "n")["history"]]
        self.assertIn(("change", "done"), kinds)
        lease = self.leases()[0]["replica"]
        self.rocpart("release", lease, "--sim", "n")
        self.rocpart("undo", "--sim", "n", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_plain_place_switches_nothing_and_its_hint_names_the_option(self):
        for gpu in range(7):
            self.rocpart("set", "--gpu", str(gpu), "--compute", "CPX", "--sim", "n", "--yes",
                         "--allow-unvalidated")
        self.place("x", bytes="100G")
        done = self.place("y", bytes="100G", status=REFUSED)
        self.assertIn("`rocpart place --switch` does it by itself", done.stderr)
        self.place("y", "--switch", bytes="100G")

    def test_cordoned_gpu_is_not_switched(self):
        self.rocpart("cordon", *map(str, range(7)), "--sim", "n")
        for i in range(8):
            self.place(f"m{i}", *SPLIT)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 7 + ["CPX/NPS1"])
        self.place("m8", *SPLIT, status=REFUSED)

    def test_gpu_that_a_program_uses_is_not_switched(self):
        for gpu in range(7):
            self.rocpart("sim", "hold", "n", "--partition", f"{gpu}/0=1GiB", "--contained")
        self.place("a", *SPLIT)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 7 + ["CPX/NPS1"])

    def test_options_that_do_not_go_together_are_refused(self):
        self.place("--allow-unvalidated", status=USAGE)
        self.place(*SPLIT, "--partition", "0/0", status=USAGE)


class Often(Switch):
    """A GPU is not switched on demand twice within ten minutes."""

    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.place("a", *SPLIT)
        self.rocpart("release", "a/0", "--sim", "n")

    def test_second_switch_within_ten_minutes_is_refused_with_the_time_left(self):
        done = self.place("b", "--switch", bytes="100G", status=REFUSED)
        self.assertRegex(done.stderr, r"may be again in (59\d|600) s")
        self.assertEqual(self.modes(), ["CPX/NPS1"])

    def test_ten_minutes_later_it_is_switched(self):
        self.age(599)
        self.place("b", "--switch", bytes="100G", status=REFUSED)
        self.age(600)
        self.place("b", "--switch", bytes="100G")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_clock_that_went_back_does_not_keep_it(self):
        self.age(-5000)
        self.place("b", "--switch", bytes="100G")

    def test_damaged_record_is_an_error(self):
        self.record("on-demand.json").write_text("{", encoding="utf-8")
        self.assertIn("on-demand.json", self.place("b", *SPLIT, status=FAILED).stderr)
        self.rocpart("state", "set-aside", "--sim", "n", "--yes")
        self.place("b", *SPLIT)


class Busy(Switch):
    def test_program_with_kfd_open_blocks_every_switch_before_linux_6_17_and_is_named(self):
        text = (ROOT / "profiles/mi300x-8.yaml").read_text(encoding="utf-8")
        profile = self.write(text.replace("abi: g3", "abi: g1"), "g1.yaml")
        self.rocpart("sim", "create", "n", "--profile", profile)
        self.rocpart("sim", "hold", "n", "--partition", "7/0=1GiB", "--process", "trainer")
        begin = time.monotonic()
        done = self.place("a", *SPLIT, status=REFUSED)
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("trainer", done.stderr)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertEqual(self.leases(), [])


class Policy(Switch):
    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def test_policy_of_the_applied_file_switches_without_an_option(self):
        self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ")
        for i in range(9):
            self.place(f"m{i}")
        self.assertEqual(self.modes().count("CPX/NPS1"), 2)

    def test_only_gpus_of_its_list_are_switched(self):
        self.apply_policy("{switch: idle, gpus: [6, 7]}",
                          "gpus: {all: SPX}, allow-unvalidated: true, ")
        for i in range(16):
            self.place(f"m{i}")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 6 + ["CPX/NPS1"] * 2)

    def test_file_without_the_policy_ends_it(self):
        self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ")
        self.assertIsNotNone(self.record("policy.json"))
        self.apply_policy("{switch: never}")
        self.assertIsNone(self.record("policy.json"))
        self.place("a")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_gpu_in_a_mode_on_demand_is_no_difference(self):
        path = self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ")
        self.place("a")
        self.rocpart("assert", path, "--sim", "n")
        self.rocpart("apply", path, "--sim", "n")
        self.assertEqual(self.modes().count("CPX/NPS1"), 1)

    def test_mode_by_hand_is_a_difference(self):
        path = self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ")
        self.rocpart("set", "--gpu", "3", "--compute", "CPX", "--allow-unvalidated", "--sim", "n",
                     "--yes")
        self.rocpart("assert", path, "--sim", "n", status=TO_DO)

    def test_reboot_brings_the_resting_mode_back_where_nothing_is_leased(self):
        path = self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ")
        self.place("a")
        self.place("b", bytes="100G")
        self.rocpart("sim", "reset", "n")
        self.rocpart("apply", path, "--sim", "n")
        self.assertEqual(sorted(self.modes()), ["CPX/NPS1"] + ["SPX/NPS1"] * 7)
        self.assertEqual({lease["state"] for lease in self.leases()}, {"placed"})

    def test_gpu_rests_again_after_the_time_of_the_policy(self):
        path = self.apply_policy("{switch: idle, rest-after: 1h}",
                                 "gpus: {all: SPX}, allow-unvalidated: true, ")
        self.place("a")
        self.rocpart("assert", path, "--sim", "n")
        self.age(3700)
        self.rocpart("assert", path, "--sim", "n")  # it is leased
        self.rocpart("release", "a/0", "--sim", "n")
        self.rocpart("assert", path, "--sim", "n", status=TO_DO)
        self.rocpart("apply", path, "--sim", "n", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_models_of_the_file_stay_where_they_are(self):
        path = self.apply_policy("{switch: idle}", "gpus: {all: SPX}, allow-unvalidated: true, ",
                                 "{m: {bytes: 100GiB}}")
        before = self.leases()
        self.place("a")
        self.rocpart("assert", path, "--sim", "n")
        self.assertEqual([lease for lease in self.leases() if lease["replica"] == "m/0"], before)


if __name__ == "__main__":
    unittest.main()
