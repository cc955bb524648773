# SPDX-License-Identifier: MIT
"""plan as a picture: cells before and after, equal GPUs folded, effects, remedies, fleets."""

import json
import re
import unittest

from journey import DONE, FAILED, TO_DO, Journey

NODE = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"


class Picture(Journey):
    def plan(self, text, *more, status=TO_DO):
        return self.rocpart("plan", self.write(text), *more, status=status)

    def on_machine(self, text, *more, status=TO_DO):
        shown = self.plan(text, "--sim", "n", *more, status=status)
        for line in shown.splitlines():
            self.assertLessEqual(len(line) if "|" in line else 0, 80, line)
            self.assertTrue(line.isascii(), line)
        return shown

    def rows(self, shown, label):
        """The cells of the first line of each row with that label."""
        return [[cell.strip() for cell in line[8:].rstrip("|").split("|")]
                for line in shown.splitlines() if line.startswith(label.ljust(7) + "|")]


class Cells(Picture):
    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def test_switched_gpu_has_its_cells_before_and_after(self):
        shown = self.on_machine(NODE + "models: {a: {bytes: 10GiB, replicas: 2, spread: none}}\n")
        self.assertIn("\nGPU 0 (0000:05:00.0): SPX/NPS1 -> CPX/NPS4\n"
                      "before |free" + " " * 67 + "|\n       |192 GiB" + " " * 64 + "|\n"
                      "after  |free" + " " * 49 + "|+a/0    |+a/1    |\n"
                      "       |6 x 24.0 GiB" + " " * 41 + "|10.0 GiB|10.0 GiB|\n"
                      "GPU 1 (0000:27:00.0): SPX/NPS1 -> CPX/NPS4\n", shown)
        self.assertIn("\nGPU 2-7: the same\n", shown)
        self.assertIn("\n  each of GPU 0-7 is in SPX/NPS1 instead of CPX/NPS4\n", shown)

    def test_gpus_with_other_replicas_of_the_same_models_are_folded(self):
        shown = self.on_machine("version: v1\nmodels: {a: {bytes: 100GiB, replicas: 8}}\n")
        self.assertEqual(self.rows(shown, "after"), [["+a/0"]])
        self.assertIn("\nGPU 1-7: the same, with other replicas of the same models\n", shown)

    def test_gpus_that_the_plan_does_not_use_are_one_line(self):
        shown = self.on_machine("version: v1\nmodels: {a: {bytes: 100GiB, replicas: 3}}\n")
        self.assertIn("\nGPU 3-7: SPX/NPS1, not used by this plan\n", shown)

    def test_signs_say_what_becomes_of_a_lease(self):
        text = NODE + ("models:\n  a: {bytes: 10GiB, spread: none}\n  b: {bytes: 5GiB}\n"
                       "  c: {bytes: 6GiB}\n")
        self.rocpart("--sim", "n", "apply", self.write(text), "--yes")
        self.assertIn("the machine is as the file", self.on_machine(text, status=DONE))
        self.rocpart("--sim", "n", "place", "hand", "--bytes", "3GiB")
        shown = self.on_machine(text.replace("10GiB", "11GiB").replace("  b: {bytes: 5GiB}\n", "") +
                                "  d: {bytes: 7GiB}\n")
        cells = [cell for label in ("before", "after", "stays")
                 for row in self.rows(shown, label) for cell in row]
        for cell in ("a/0", "~a/0", "-b/0", "c/0", "hand/0", "+d/0"):
            self.assertIn(cell, cells)
        self.assertNotIn("b/0", cells)

    def test_names_that_do_not_fit_take_more_rows_and_are_cut_last(self):
        def first(name):
            return self.rows(self.on_machine(
                NODE + "models: {%s: {bytes: 10GiB, replicas: 8, spread: none}}\n" % name), "after")
        self.assertEqual(first("abcd")[0][1], "+abcd/3")
        self.assertEqual(first("llama-3.1-8b")[0][:2], ["+llama-3.1-8b/2", "+llama-3.1-8b/3"])
        self.assertEqual(len(first("llama-3.1-8b")[0]), 4)
        self.assertRegex(first("a-model-of-a-very-long-name")[0][0], r"^\+a-model-of-a-v\.\.$")

    def test_shared_partition_lists_its_replicas_up_to_four_lines(self):
        shown = self.on_machine("version: v1\nmodels: {a: {bytes: 10GiB, replicas: 7, "
                                "isolation: {share: 8}, spread: none}}\n")
        self.assertRegex(shown, r"after +\|\+a/0 +\|\n +\|\+a/1 +\|\n +\|\+a/2 +\|\n"
                                r" +\|and 4 more +\|\n +\|70\.0 GiB +\|\n")

    def test_memory_without_a_lease_is_a_cell(self):
        self.rocpart("sim", "hold", "n", "--partition", "1/0=20GiB")
        shown = self.on_machine("version: v1\nmodels: {a: {bytes: 100GiB}}\n")
        self.assertIn(["?no lease"], self.rows(shown, "stays"))

    def test_verbose_lists_each_partition(self):
        shown = self.on_machine(NODE + "models: {a: {bytes: 10GiB}}\n", "--verbose")
        self.assertRegex(shown, r"\n  0/6 XCD 6 a#0\n")
        self.assertNotIn("after  |", shown)

    def test_many_new_replicas_are_one_line(self):
        shown = self.on_machine(NODE + "models: {a: {bytes: 10GiB, replicas: 40, spread: none}}\n")
        self.assertIn("\n  + a/0 to a/39: 40 replicas of 10.0 GiB each\n", shown)


class Effects(Picture):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")

    def test_what_stops_and_who_is_in_the_way_is_said(self):
        shown = self.on_machine(NODE)
        self.assertIn("\nstops: all programs on all GPUs, because the driver is reloaded\n", shown)
        self.assertIn("\nin the way now: no process\n", shown)
        pid = self.json("sim", "hold", "n", "--partition", "0/0=1GiB", "--cgroup",
                        "/system.slice/x.service")["pid"]
        self.assertIn(f"\n  pid {pid} python3, unit x.service\n", self.on_machine(NODE))
        self.assertNotIn("\nstops:", self.on_machine("version: v1\nnode: {gpus: {all: SPX}}\n",
                                                     status=DONE))

    def test_time_is_that_of_the_last_change_of_that_kind(self):
        reload, compute = NODE, "version: v1\nnode: {gpus: {all: DPX}}\n"
        self.assertRegex(self.on_machine(reload), r"\nnote: all GPUs .*no reload of this machine")
        self.rocpart("--sim", "n", "apply", self.write(reload), "--yes")
        self.rocpart("--sim", "n", "undo", "--yes")
        self.assertRegex(self.on_machine(reload), r"\nnote: all GPUs .*\d s the last time")
        self.assertNotIn("\ntakes:", self.on_machine(reload))
        self.assertIn("\ntakes: some seconds; no such change",
                      self.on_machine(compute, "--allow-unvalidated"))
        self.rocpart("--sim", "n", "apply", self.write(compute), "--yes", "--allow-unvalidated")
        self.rocpart("--sim", "n", "undo", "--yes")
        self.assertRegex(self.on_machine(compute, "--allow-unvalidated"),
                         r"\ntakes: the last such change of this machine took [0-9.]+ s\n")

    def test_change_that_is_refused_now_says_why(self):
        self.rocpart("--sim", "n", "cordon", "0")
        self.assertIn("cannot be done now: GPU 0 (0000:05:00.0) is cordoned", self.on_machine(NODE))

    def test_apply_shows_the_picture(self):
        path = self.write(NODE + "models: {a: {bytes: 10GiB}}\n")
        shown = self.rocpart("--sim", "n", "apply", path, "--dry-run", status=TO_DO)
        self.assertIn("+a/0", self.rows(shown, "after")[0])


class Remedies(Picture):
    def remedies(self, text, *more):
        shown = self.plan(text, *more, status=FAILED)
        document = json.loads(self.plan(text, *more, "--json", status=FAILED))
        return shown, {r["remedy"]: r for r in document["remedies"]}

    def test_effect_of_unvalidated_modes_is_that_of_the_plan_with_them(self):
        text = "version: v1\nmodels: {a: {bytes: 40GiB, replicas: 32, spread: none}}\n"
        gpus = ("--product", "mi300x", "--gpus", "8")
        shown, remedies = self.remedies(text, *gpus)
        used = remedies["allow_unvalidated_modes"]["gpus_used"]
        plan = json.loads(self.plan(text, *gpus, "--allow-unvalidated", "--json", status=DONE))
        self.assertEqual(used, plan["gpus_used"])
        self.assertIn(f": all fit on {used} GPUs\n", shown)

    def test_effect_of_more_gpus_is_that_of_the_plan_with_them(self):
        text = "version: v1\nmodels: {a: {bytes: 100GiB, replicas: 10}}\n"
        shown, remedies = self.remedies(text, "--product", "mi300x", "--gpus", "8")
        more = remedies["add_gpus"]["gpus"]
        plan = json.loads(self.plan(text, "--product", "mi300x", "--gpus", str(8 + more), "--json",
                                    status=DONE))
        self.assertEqual(remedies["add_gpus"]["gpus_used"], plan["gpus_used"])
        self.assertIn(f"remedy: add {more} more GPUs, in nodes of eight of their own: all fit on "
                      f"{plan['gpus_used']} GPUs\n", shown)
        self.assertNotIn("gpus_used", remedies["drop_replicas"])


class Fleets(Picture):
    def test_fleet_is_a_summary_that_adds_up(self):
        text = "version: v1\nmodels:\n" + "".join(
            f"  m{i}: {{bytes: {5 + i % 60}GiB, replicas: {1 + i % 3}}}\n" for i in range(300))
        shown = self.plan(text, "--product", "mi300x", status=DONE)
        self.assertLess(len(shown.splitlines()), 50)
        plan = json.loads(self.plan(text, "--product", "mi300x", "--json", status=DONE))
        gpus = [int(n) for n in re.findall(r"^  (\d+) x \w+/\w+, \d+ of \d+ partitions used$", shown,
                                           re.M)]
        self.assertEqual(sum(gpus), plan["gpus_used"])
        self.assertIn(f"\n  place {len(plan['placements'])} replicas\n", shown)
        self.assertIn("\n  and 280 more models\n", shown)
        listed = self.plan(text, "--product", "mi300x", "--verbose", status=DONE)
        self.assertIn("m299#2", listed)


if __name__ == "__main__":
    unittest.main()
