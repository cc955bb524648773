# SPDX-License-Identifier: MIT
"""GPUs that are missing, or that another GPU replaced: who names them, and what goes on."""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
import unittest

from journey import DONE, FAILED, PARTLY, REFUSED, ROOT, TO_DO, USAGE, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

LOST = "0000:27:00.0"  # GPU 1 of mi300x-8
KEPT = "0000:e5:00.0"  # its last GPU


class Missing(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def n(self, *args, status=DONE):
        return self.rocpart("--sim", "n", *args, status=status)

    def document(self, *args, status=DONE):
        return json.loads(self.n(*args, "--json", status=status))

    def fault(self, rule):
        self.rocpart("sim", "fault", "n", rule)
        self.rocpart("sim", "reload", "n")

    def recover(self):
        self.rocpart("sim", "fault", "n", "--clear")
        self.rocpart("sim", "reload", "n")

    def place(self, name, partition, machine="n"):
        self.rocpart("--sim", machine, "place", name, "--bytes", "1G", "--partition", partition)

    def leases(self):
        return {lease["name"]: lease for lease in self.document("status")["leases"]}

    def records(self, machine="n"):
        return self.folder / "rocpart/sim" / machine / "records"

    @contextlib.contextmanager
    def database(self, machine="n"):
        with contextlib.closing(sqlite3.connect(self.records(machine) / "leases.db")) as db, db:
            yield db

    def make_earlier(self):
        """Machine and leases as a version wrote them that knew a machine by its GPUs."""
        state = self.folder / "rocpart/sim/n/state.json"
        whole = json.loads(state.read_text())
        del whole["id"]
        state.write_text(json.dumps(whole))
        with self.database() as db:
            db.execute("DELETE FROM meta WHERE key = 'identity'")


class Leases(Missing):
    def test_leases_with_a_lost_gpu_are_displaced_alone_and_the_others_work(self):
        self.place("a", "1/0")
        self.place("b", "7/0")
        self.fault(f"lose:{LOST}")
        leases = self.leases()
        self.assertEqual([leases[name]["state"] for name in "ab"], ["displaced", "placed"])
        self.assertIn(f"GPU {LOST} is missing", leases["a"]["problem"])
        self.assertIn("6/0", self.n("explain", "2"))
        self.assertIn("ROCPART_PARTITIONS=0000:e5:00.0/0", self.n("args", "env", "2"))
        self.n("usage")
        self.n("state", "check")
        self.n("place", "c", "--bytes", "1G")
        self.n("release", "2")
        self.recover()
        self.assertEqual(self.leases()["a"]["state"], "placed")

    def test_leases_of_an_earlier_version_are_usable_and_get_the_identity_of_the_machine(self):
        self.place("a", "1/0")
        self.make_earlier()
        self.fault(f"lose:{LOST}")
        self.assertEqual(self.leases()["a"]["state"], "displaced")
        with self.database() as db:
            rows = dict(db.execute("SELECT key, value FROM meta"))
        self.assertTrue(rows["machine"].startswith("gpus "), rows)
        self.assertTrue(rows["identity"].startswith("simulated "), rows)

    def test_leases_of_another_machine_are_refused(self):
        self.make("mi300x-8", "other")
        self.place("a", "1/0", "other")
        shutil.copytree(self.records("other"), self.records())
        error = self.document("status", status=FAILED)["error"]
        self.assertIn("belong to another machine", error["message"])


class Names(Missing):
    """Which of the commands name a GPU that is gone, and where it is."""

    def record(self):
        self.n("set", "--compute", "CPX", "--memory", "NPS4", "--yes")

    def test_missing_gpu_is_named_with_its_place_on_the_bus_and_the_moved_indices(self):
        self.record()
        for rule, where, place in (
            (f"lose:{LOST}", "without-driver", "it is on the PCI bus without driver"),
            (f"unplug:{LOST}", "off-bus", "it is not on the PCI bus"),
        ):
            self.fault(rule)
            line = f"GPU {LOST} (MI300X) is missing: {place}; GPUs 1 to 6 were 2 to 7 before\n"
            for verb in ("status", "list"):
                self.assertIn(line, self.n(verb))
                document = self.document(verb)
                self.assertEqual(document["missing_gpus"], [
                    {"bdf": LOST, "product": "MI300X", "where": where, "was_index": 1}])
                self.assertEqual(document["moved_gpus"][0],
                                 {"bdf": "0000:47:00.0", "index": 1, "was_index": 2})
            check = next(c for c in self.document("doctor", status=FAILED)["checks"]
                         if c["id"] == "gpus")
            self.assertEqual(check["state"], "fail")
            self.assertIn(f"GPU {LOST} (MI300X) is missing: {place}", check["seen"])
            self.assertIn("bind" if where == "without-driver" else "rescan", check["advice"])
            self.recover()
        self.assertEqual(self.document("status")["missing_gpus"], [])
        self.assertNotIn("missing", self.n("status"))

    def test_missing_gpu_of_which_the_file_says_nothing_is_a_difference(self):
        self.record()
        path = self.write("version: v1\nnode:\n  memory: NPS4\n  gpus: {0: CPX}\n")
        self.n("assert", "-f", path)
        self.fault(f"unplug:{KEPT}")
        self.assertIn(f"GPU {KEPT} is missing: it is not on the PCI bus",
                      self.n("assert", "-f", path, status=TO_DO))

    def test_gpu_that_a_change_loses_is_named_from_then_on(self):
        self.rocpart("sim", "fault", "n", f"lose:{LOST}")
        error = self.document("set", "--compute", "CPX", "--memory", "NPS4", "--yes", status=PARTLY)["error"]
        self.assertEqual((error["code"], error["object"]), ("GPU_LOST", LOST))
        self.assertIn(f"GPU {LOST} did not come back", error["message"])
        self.assertEqual([g["bdf"] for g in self.document("status")["missing_gpus"]], [LOST])

    def test_machine_whose_gpus_were_never_recorded_misses_none(self):
        self.fault(f"lose:{LOST}")
        self.assertEqual(self.document("status")["missing_gpus"], [])
        self.place("a", "0/0")
        self.recover()
        self.assertEqual(self.document("status")["missing_gpus"], [])

    def test_change_of_the_other_gpus_does_not_forget_a_missing_one(self):
        self.record()
        self.fault(f"lose:{LOST}")
        self.n("set", "--compute", "QPX", "--gpu", "0", "--yes", "--allow-unvalidated")
        self.assertEqual([g["bdf"] for g in self.document("status")["missing_gpus"]], [LOST])

    def test_record_is_private_and_set_aside_when_it_is_damaged(self):
        self.record()
        record = self.records() / "gpus.json"
        self.assertEqual(record.stat().st_mode & 0o777, 0o600)
        before = record.stat().st_mtime_ns
        self.n("set", "--compute", "QPX", "--gpu", "0", "--yes", "--allow-unvalidated")
        self.assertEqual(record.stat().st_mtime_ns, before, "written without need")
        record.write_text(record.read_text().replace(LOST, KEPT))
        self.assertEqual(self.document("status", status=FAILED)["error"]["code"], "BAD_RECORDS")
        self.assertIn("gpus.json", self.n("state", "set-aside"))
        self.assertEqual(self.document("status")["missing_gpus"], [])


class Replaced(Missing):
    """Another GPU in a recorded slot."""

    def setUp(self):
        super().setUp()
        self.place("a", "1/0")
        self.fault(f"replace:{LOST}:1")

    def codes(self):
        return [gpu["degraded"] for gpu in self.document("status")["gpus"]]

    def test_replaced_gpu_is_not_used_before_it_is_accepted(self):
        self.assertEqual(self.codes(), [[], ["gpu-replaced"], *[[]] * 6])
        self.assertEqual(self.leases()["a"]["state"], "displaced")
        self.assertIn("accept-gpu 0000:27:00.0", self.leases()["a"]["problem"])
        for args in (("place", "b", "--bytes", "1G", "--partition", "1/0"),
                     ("set", "--compute", "CPX", "--memory", "NPS4", "--yes")):
            error = self.document(*args, status=REFUSED)["error"]
            self.assertEqual((error["code"], error["object"]), ("GPU_REPLACED", LOST), args)
            self.assertIn(f"rocpart accept-gpu {LOST}", error["hint"])
        self.n("release", "1")
        self.n("place", "c", "--bytes", "100G", "--replicas", "8", status=REFUSED)
        self.n("place", "c", "--bytes", "100G", "--replicas", "7")
        self.assertNotIn("1/0", [lease["partition"] for lease in self.document("status")["leases"]])
        self.assertIn("is not the GPU that rocpart recorded", self.n("doctor", status=FAILED))

    def test_accepted_gpu_is_used_and_its_ids_are_printed(self):
        before = self.document("accept-gpu", LOST, "--dry-run", status=TO_DO)
        self.assertTrue(before["dry_run"])
        self.assertEqual(self.codes()[1], ["gpu-replaced"])
        done = self.document("accept-gpu", LOST)
        self.assertEqual([done[key] for key in ("changed", "old", "new")],
                         [before[key] for key in ("changed", "old", "new")])
        self.assertNotEqual(done["old"]["unique_id"], done["new"]["unique_id"])
        self.assertEqual(self.codes()[1], [])
        self.assertEqual(self.leases()["a"]["state"], "placed")
        self.assertIn("nothing is to be done", self.n("accept-gpu", LOST))
        self.n("accept-gpu", LOST, "--dry-run")

    def test_change_of_other_gpus_accepts_no_replaced_one(self):
        self.n("set", "--compute", "QPX", "--gpu", "0", "--yes", "--allow-unvalidated")
        self.assertEqual(self.codes()[1], ["gpu-replaced"])

    def test_gpu_that_is_gone_for_good_is_expected_no_more(self):
        self.fault(f"unplug:{KEPT}")
        self.assertIn(f"GPU {KEPT} is not expected any more", self.n("accept-gpu", KEPT[5:]))
        self.assertEqual(self.document("status")["missing_gpus"], [])
        self.assertEqual(self.document("accept-gpu", KEPT, status=USAGE)["error"]["code"], "NOT_FOUND")
        self.recover()
        self.assertEqual(self.codes()[7], [])


class OtherUser(Missing):
    """A user who may not read the records."""

    def test_missing_gpu_is_not_claimed_for_a_user_who_cannot_read_the_record(self):
        words = host.need_another_user()
        why = host.refusal(*words, os.environ["ROCPART"], "--version")
        if why:
            host.lacking(f"another user cannot run the program that was built: {why}")
        self.folder.chmod(0o755)
        self.n("set", "--compute", "CPX", "--memory", "NPS4", "--yes")
        self.fault(f"unplug:{LOST}")
        done = self.start("--sim", "n", "status", "--json", prefix=words)
        document = json.loads(done.stdout)
        self.assertEqual((len(document["gpus"]), document["missing_gpus"]), (7, []))
        self.assertEqual(len(self.document("status")["missing_gpus"]), 1)


if __name__ == "__main__":
    unittest.main()
