# SPDX-License-Identifier: MIT
"""apply of saved plans, and of replicas that run: they are restarted one after another."""

import json
import unittest
from pathlib import Path

from journey import DONE, FAILED, PARTLY, TO_DO, USAGE
from test_difference import Difference


class SavedPlans(Difference):
    """apply --plan does what plan --save showed, or nothing."""

    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.path = self.file({"a": "bytes: 10GiB"})
        self.saved = str(self.folder / "plan.json")
        self.rocpart("plan", self.path, "--save", self.saved, "--sim", "n", status=TO_DO)

    def refused(self, why):
        before = self.machine()
        done = self.start("apply", "--plan", self.saved, "--yes", "--sim", "n")
        self.assertEqual(done.returncode, FAILED, done.stderr)
        self.assertIn(why, done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(self.machine(), before)

    def test_plan_is_done_as_it_was_saved(self):
        self.assertEqual(self.leases(), [])
        self.rocpart("apply", "--plan", self.saved, "--yes", "--sim", "n")
        self.agrees(self.path)

    def test_plan_of_an_edited_file_is_refused(self):
        self.file({"a": "bytes: 11GiB"})
        self.refused("the file is another one")

    def test_plan_is_refused_once_the_modes_changed(self):
        self.rocpart("set", "--compute", "CPX", "--memory", "NPS4", "--yes", "--sim", "n")
        self.refused("the modes of the GPUs are others")

    def test_plan_is_refused_once_a_lease_is_in_its_way(self):
        self.apply(self.path)
        path = self.file({"a": "bytes: 10GiB", "b": "bytes: 12GiB"})
        self.rocpart("plan", path, "--save", self.saved, "--sim", "n", status=TO_DO)
        place = json.loads(Path(self.saved).read_text(encoding="utf-8"))["replicas"][0]["to"]
        self.rocpart("place", "--bytes", "10GiB", "--partition", place, "--sim", "n")
        self.refused("other leases are to change")

    def test_plan_of_another_machine_is_refused(self):
        self.make("mi300x-1", "other")
        done = self.start("apply", "--plan", self.saved, "--yes", "--sim", "other")
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("another machine", done.stderr)

    def test_options_of_the_plan_hold(self):
        self.rocpart("apply", "--plan", self.saved, "--evict", "--sim", "n", status=USAGE)
        self.rocpart("plan", "-", "--save", self.saved, "--sim", "n", status=USAGE)

    def test_file_that_is_no_plan_is_refused_by_name(self):
        done = self.start("apply", "--plan", self.write("{}", "x.json"), "--sim", "n")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("x.json' is not a plan", done.stderr)


class Restarts(Difference):
    """Replicas that run are stopped, changed and started, one after another."""

    MODEL = 'bytes: {}GiB, replicas: {}, owner: "unit:a@{{replica}}.service"'

    def setUp(self):
        super().setUp()
        self.trust()
        self.make("mi300x-1")
        self.path = self.of(10)
        self.apply(self.path)
        for line in self.leases():
            _, replica, _, place = line.split()
            self.hold(place, 2, f"a@{replica[2:]}.service")

    def of(self, gib, replicas=2, more=""):
        return self.file({"a": self.MODEL.format(gib, replicas) + more})

    def log(self):
        path = next(self.folder.rglob("services.log"))
        return path.read_text(encoding="utf-8").split("\n")[:-1]

    def running(self):
        return sorted(h["unit"] for h in self.json("holders", "--sim", "n")["holders"])

    def bytes(self):
        return [lease["bytes"] >> 30 for lease in self.status()["leases"]]

    def fault(self, rule):
        self.rocpart("sim", "fault", "n", rule)

    def test_each_is_stopped_and_started_before_the_next_is(self):
        done = self.start_apply(self.of(12), status=DONE)
        self.assertEqual(self.log(), [f"{do} systemd:a@{n}.service" for n in (0, 1)
                                      for do in ("stop", "start")])
        self.assertIn("[6/6] a/1: start unit a@1.service", done.stderr)
        self.agrees(self.of(12))
        self.assertEqual(self.running(), ["a@0.service", "a@1.service"])
        self.assertFalse(any(lease["runs_old"] for lease in self.status()["leases"]))

    def test_dry_run_says_so_and_stops_nothing(self):
        text = self.apply(self.of(12), "--dry-run", status=TO_DO)
        self.assertRegex(text, r"~ a/0 .*: stopped and started")
        self.assertEqual(len(self.running()), 2)
        self.assertEqual(self.bytes(), [10, 10])

    def test_one_that_does_not_start_gets_its_old_lease_and_the_next_is_left(self):
        self.fault("start:a@0.service:1")
        done = self.start_apply(self.of(12), status=PARTLY)
        self.assertIn("a/0: 'systemctl' ended with exit status 1", done.stderr)
        self.assertIn("it has its old lease and was started again", done.stderr)
        self.assertIn("0 of 2 replicas were restarted", done.stderr)
        self.assertEqual(self.bytes(), [10, 10])
        self.assertEqual(len(self.running()), 2)
        self.apply(self.of(12))
        self.agrees(self.of(12))

    def test_one_that_does_not_stop_keeps_its_lease(self):
        self.fault("stop:a@1.service")
        done = self.start_apply(self.of(12), status=PARTLY)
        self.assertIn("1 of 2 replicas was restarted", done.stderr)
        self.assertEqual(self.bytes(), [12, 10])
        self.assertEqual(len(self.running()), 2)

    def test_one_that_cannot_be_started_at_all_is_named_and_started_by_the_next_apply(self):
        self.fault("start:a@0.service")
        done = self.start_apply(self.of(12), status=PARTLY)
        self.assertIn("its old lease is there, but it cannot be started again", done.stderr)
        self.assertEqual(self.bytes(), [10, 10])
        self.rocpart("sim", "fault", "n", "--clear")
        self.apply(self.of(12))
        self.agrees(self.of(12))
        self.assertEqual(self.running(), ["a@0.service", "a@1.service"])

    def test_removed_replica_is_stopped_first(self):
        self.apply(self.of(10, replicas=1))
        self.assertEqual(self.log(), ["stop systemd:a@1.service"])
        self.agrees(self.of(10, replicas=1))

    def test_commands_of_the_file_come_before_the_unit(self):
        commands = [f"{do}: [/usr/bin/systemctl, {do}, 'a@{{replica}}.service']"
                    for do in ("stop", "start")]
        path = self.of(12, more=", " + ", ".join(commands))
        done = self.start_apply(path, status=DONE)
        self.assertIn("[1/6] a/0: stop /usr/bin/systemctl", done.stderr)
        self.agrees(path)

    def test_unattended_restarts_only_what_it_may(self):
        self.start_apply(self.of(12), "--unattended", status=PARTLY)
        self.assertEqual(self.bytes(), [10, 10])
        self.start_apply(self.of(12), "--unattended", "--max-disruption", "1", status=PARTLY)
        self.assertEqual(self.bytes(), [12, 10])

    def test_apply_killed_while_a_replica_is_stopped_is_finished_by_the_next(self):
        # "stop" of the second replica is where the killed apply ends.
        self.fault("start:a@1.service")
        self.start_apply(self.of(12), status=PARTLY)
        record = next(self.folder.rglob("restart.json"))
        self.assertIn("a/1", record.read_text(encoding="utf-8"))
        self.rocpart("sim", "fault", "n", "--clear")
        self.apply(self.of(10))
        self.assertEqual(len(self.running()), 2)
        self.assertFalse(record.exists())

    def test_damaged_note_of_a_stopped_replica_is_an_error_with_its_way_out(self):
        self.fault("start:a@1.service")
        self.start_apply(self.of(12), status=PARTLY)
        record = next(self.folder.rglob("restart.json"))
        record.write_text(record.read_text(encoding="utf-8").replace("a@1", "b@1"),
                          encoding="utf-8")
        done = self.start_apply(self.of(14), status=FAILED)
        self.assertIn("set-aside", done.stderr)
        self.assertEqual(self.bytes(), [12, 10])
        self.rocpart("state", "set-aside", "--sim", "n", "--yes")
        self.rocpart("sim", "fault", "n", "--clear")
        self.apply(self.of(12))


if __name__ == "__main__":
    unittest.main()
