# SPDX-License-Identifier: MIT
"""status tells what a person has to know: the last apply, drift, idle programs, room."""

import unittest
from pathlib import Path

from journey import DONE, FAILED, PARTLY, REFUSED, TO_DO, Journey

TEXT = """version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models:
  a: {bytes: 10GiB, replicas: 2, spread: none, labels: {team: search}}
  llama: {model: meta-llama/Llama-3.1-8B-Instruct, context: 8k}
"""


class Status(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.file = self.write(TEXT)

    def on(self, *args, status=DONE):
        return self.rocpart("--sim", "n", *args, status=status)

    def apply(self, status=DONE):
        self.on("apply", self.file, "--yes", status=status)

    def applied(self):
        return self.json("--sim", "n", "status")["applied"]

    def plan_count(self):
        """What `assert` lists as to be done, of the same file."""
        told = self.json("--sim", "n", "assert", self.file, status=TO_DO)
        return len(told["differences"]) + len([line for line in told["replicas"]
                                               if line["do"] not in ("other", "unmanaged")])


class Drift(Status):
    def setUp(self):
        super().setUp()
        self.apply()

    def drifts(self, n):
        self.assertEqual(self.applied()["differences"], n)
        self.assertEqual(self.plan_count(), n)
        self.assertIn(f"{n} difference{'s' * (n > 1)} from {self.file}: run `rocpart plan "
                      f"{self.file}`", self.on("status"))

    def test_machine_as_applied_is_said_to_be_so(self):
        self.assertRegex(self.on("status"),
                         f"\nthe machine is as {self.file} describes, applied at [-0-9]+ ")
        told = self.applied()
        self.assertEqual((told["revision"], told["file"], told["result"], told["message"],
                          told["differences"], told["problem"], told["file_state"]),
                         (1, self.file, "done", None, 0, None, "same"))

    def test_released_lease_is_a_difference(self):
        self.on("release", "a/1")
        self.drifts(1)
        self.apply()
        self.assertEqual(self.applied()["differences"], 0)

    def test_released_model_is_a_difference(self):
        self.on("release", "llama/0")
        self.drifts(1)

    def test_lease_by_hand_in_the_place_of_a_replica_counts_as_it_does_for_plan(self):
        self.on("release", "a/1")
        self.on("place", "a", "--bytes", "10GiB")
        self.assertEqual(self.applied()["differences"], 0)
        self.on("assert", self.file)

    def test_displaced_leases_come_back_with_the_mode(self):
        self.on("sim", "reset", "n")
        self.drifts(1)

    def test_cordon_of_the_file_that_is_gone_is_a_difference(self):
        self.write(TEXT.replace("{all: CPX}", "{all: CPX}, cordoned: [0]"))
        self.apply()
        self.assertEqual(self.applied()["differences"], 0)
        self.on("uncordon", "0")
        self.drifts(1)

    def test_other_bytes_of_a_lease_are_a_difference(self):
        self.alter("UPDATE lease SET footprint = replace(footprint, '8192', '4096') "
                   "WHERE name = 'llama'")
        self.drifts(1)

    def test_catalog_that_cannot_be_read_leaves_the_rest_of_the_status(self):
        self.on("release", "llama/0")
        folder = self.folder / "rocpart/models.d"
        folder.mkdir(parents=True)
        (folder / "bad.yaml").write_text("models: 3\n")
        told = self.json("--sim", "n", "status",
                         env={"XDG_CONFIG_HOME": str(self.folder)})
        self.assertIsNone(told["applied"]["differences"])
        self.assertTrue(told["applied"]["problem"])
        self.assertEqual(len(told["leases"]), 2)

    def test_other_labels_are_a_difference(self):
        self.alter("""UPDATE lease SET labels = '{"team":"ads"}' WHERE name = 'a'""")
        self.drifts(2)

    def test_other_priority_is_a_difference(self):
        self.alter("UPDATE lease SET priority = 3 WHERE name = 'a'")
        self.drifts(2)

    def test_lease_of_another_file_is_a_difference_as_far_as_plan_has_one(self):
        self.alter("UPDATE lease SET file = '/etc/other.yaml' WHERE name = 'llama'")
        self.assertEqual(self.applied()["differences"], 0)
        self.on("assert", self.file)

    def alter(self, statement):
        import contextlib
        import sqlite3
        path = self.folder / "rocpart/sim/n/records/leases.db"
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            self.assertGreater(db.execute(statement).rowcount, 0)


class TheFile(Status):
    def setUp(self):
        super().setUp()
        self.apply()

    def state(self, state, words):
        self.assertEqual(self.applied()["file_state"], state)
        self.assertIn(words, " ".join(self.on("status").split()))

    def test_comment_is_no_edit(self):
        self.write("# by hand\n" + TEXT.replace("bytes: 10GiB, replicas: 2",
                                                 "replicas: 2, bytes: 10GiB"))
        self.state("same", "the machine is as")

    def test_edit_is_said_with_the_command_that_shows_it(self):
        self.write(TEXT.replace("replicas: 2", "replicas: 1"))
        self.state("changed", f"{self.file} was edited since it was applied at ")
        self.assertEqual(self.applied()["differences"], 0)
        self.on("release", "llama/0")
        self.assertIn(f"1 difference from {self.file} as applied: run `rocpart apply --revision 1 "
                      "--dry-run`", self.on("status"))
        self.on("apply", "--revision", "1", "--dry-run", status=TO_DO)

    def test_file_that_is_gone_is_said(self):
        Path(self.file).unlink()
        self.state("missing", f"{self.file} is gone: `rocpart revisions 1` prints the text")

    def test_broken_file_is_said_with_its_place(self):
        self.write(TEXT + "nodes: {}\n")
        self.state("broken", f"{self.file} cannot be applied as it is now: {self.file}:6:1: ")

    def test_standard_input_is_no_file(self):
        import os
        import subprocess
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder),
                   ROCPART_DATA=str(Path(__file__).parents[2]))
        subprocess.run([os.environ["ROCPART"], "--sim", "n", "apply", "-", "--yes"], env=env,
                       input="version: v1\nnode: {gpus: {all: CPX}}\n", text=True, check=True,
                       capture_output=True)
        self.state("unknown", "the machine is as standard input describes")


class Results(Status):
    def test_nothing_is_said_without_an_applied_file(self):
        self.assertIsNone(self.applied())
        for word in ("applied", "describes", "differ"):
            self.assertNotIn(word, self.on("status"))

    def test_failed_apply_is_said_with_its_reason(self):
        self.write(TEXT.replace("10GiB", "300GiB"))
        self.apply(status=FAILED)
        text = " ".join(self.on("status").split())
        self.assertRegex(text, f"the apply of {self.file} at [-0-9: ]+ UTC failed: the GPUs have "
                               "no room for all models: a needs 300 GiB, .*; 2 x a is not placed")
        self.assertEqual(self.applied()["result"], "failed")
        self.assertGreater(self.applied()["differences"], 0)

    def test_refused_apply_is_said_with_its_reason(self):
        self.write(TEXT.replace("{all: CPX}", "{all: SPX}"))
        self.on("apply", self.file, "--yes", status=REFUSED)
        text = " ".join(self.on("status").split())
        self.assertRegex(text, f"the apply of {self.file} at [-0-9: ]+ UTC failed: "
                               ".node:. asks for modes that GPU 0")

    def test_wish_that_no_partition_meets_is_a_difference_after_its_apply_failed(self):
        self.apply()
        self.write(TEXT.replace("spread: none", "spread: none, min-xcds: 2"))
        self.apply(status=FAILED)
        self.assertGreater(self.applied()["differences"], 0)

    def test_apply_that_left_a_part_is_said(self):
        self.apply()
        place = self.json("--sim", "n", "status")["leases"][0]["partition"]
        self.on("sim", "hold", "n", "--partition", "0/" + place.split("/")[1] + "=2GiB")
        self.write(TEXT.replace("{bytes: 10GiB", "{bytes: 12GiB"))
        self.apply(status=PARTLY)
        text = " ".join(self.on("status").split())
        self.assertRegex(text, f"the apply of {self.file} at [-0-9: ]+ UTC left a part undone")
        self.assertRegex(text, r"\d differences? from ")
        self.assertRegex(self.on("plan", self.file, status=TO_DO),
                         r"~ a/0 on 0/\d: bytes 10.0 GiB -> 12.0 GiB, lease 1, .*left as it is")


class Room(Status):
    def test_free_partitions_are_counted_with_the_room_of_the_largest(self):
        self.assertRegex(self.on("status"), "\n1 of 1 partitions is free; it has 192 GiB\n")
        self.on("place", "a", "--bytes", "10GiB")
        self.assertRegex(self.on("status"), "\n0 of 1 partitions are free\n")
        self.on("release", "a")
        self.on("apply", self.file, "--yes")
        self.assertRegex(self.on("status"),
                         "\n5 of 8 partitions are free; the largest has 23.9 GiB\n")

    def test_program_without_memory_is_said(self):
        self.assertNotIn("without using memory", self.on("status"))
        pid = self.json("sim", "hold", "n")["pid"]
        self.assertIn("1 program has a GPU open without using memory, and can block a change of "
                      f"modes: pid {pid} (`rocpart holders` names it)", self.on("status"))
        other = self.json("sim", "hold", "n", "--partition", "0/0=2GiB")["pid"]
        self.assertEqual(self.json("--sim", "n", "status")["idle_processes"], [pid])
        self.on("sim", "hold", "n", "--release", str(pid))
        self.on("sim", "hold", "n", "--release", str(other))
        self.assertEqual(self.json("--sim", "n", "status")["idle_processes"], [])

    def test_leases_displaced_with_one_gpu_share_the_advice(self):
        self.apply()
        self.on("sim", "reset", "n")
        text = self.on("status")
        self.assertEqual(text.count("set that mode again"), 1)
        self.assertIn("\n  the same: leases 2, 3 of that GPU\n", text)


if __name__ == "__main__":
    unittest.main()
