# SPDX-License-Identifier: MIT
"""GPUs that are missing, or that another GPU replaced: who names them, and what goes on."""

import contextlib
import json
import shutil
import sqlite3
import unittest

from journey import DONE, FAILED, REFUSED, TO_DO, USAGE, Journey

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


if __name__ == "__main__":
    unittest.main()
