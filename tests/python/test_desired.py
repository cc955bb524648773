# SPDX-License-Identifier: MIT
"""rocpart.Node: a node compared with its node.yaml, and made as the file says."""
import unittest

from support import MachineTest

import rocpart
from rocpart import DifferenceKind, Node, Result, sim

FILE = """version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models:
  a: {bytes: %s, replicas: 2, spread: none}
  b: {bytes: 2GiB, owner: "unit:b@{replica}.service"}
"""


class Desired(MachineTest):
    def setUp(self):
        super().setUp()
        self.machine = sim.open_named("mi300x-1")
        self.addCleanup(self.machine.close)
        self.node = Node(self.machine)

    def write(self, text):
        path = self.folder / "node.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def test_difference_of_a_fresh_node_names_modes_and_replicas(self):
        d = self.node.difference(self.write(FILE % "10GiB"))
        self.assertEqual(d.modes, ("GPU 0 (0000:05:00.0) is in SPX/NPS1 instead of CPX/NPS4",))
        self.assertEqual([(r.name, r.replica, r.kind) for r in d.replicas],
                         [("a", 0, DifferenceKind.PLACE), ("a", 1, DifferenceKind.PLACE),
                          ("b", 0, DifferenceKind.PLACE)])
        self.assertEqual([(r.lease, r.has, r.bytes) for r in d.replicas],
                         [(None, None, 10 << 30)] * 2 + [(None, None, 2 << 30)])
        self.assertFalse(d.is_empty)
        self.assertIsNone(d.refusal)
        self.assertEqual([g.compute_mode.name for g in self.machine.observe().gpus], ["SPX"])

    def test_apply_makes_it_so_and_says_what_it_did(self):
        done = self.node.apply(self.write(FILE % "10GiB"))
        self.assertTrue(done.is_done)
        self.assertEqual([(p.name, p.replica) for p in done.placed], [("a", 0), ("a", 1), ("b", 0)])
        self.assertEqual(done.placed[0].place, done.before.replicas[0].wants)
        self.assertEqual([g.compute_mode.name for g in self.machine.observe().gpus], ["CPX"])
        again = self.node.apply(self.folder / "node.yaml")
        self.assertEqual((again.placed, again.before.is_empty), ((), True))
        self.assertEqual([v.result for v in self.node.revisions()], [Result.UNCHANGED])

    def test_edit_is_a_change_of_the_lease_where_it_is(self):
        first = self.node.apply(self.write(FILE % "10GiB"))
        d = self.node.difference(self.write(FILE % "12GiB"))
        self.assertEqual([r.kind for r in d.to_do], [DifferenceKind.CHANGE] * 2)
        self.assertEqual(d.replicas[0].fields, "bytes 10.0 GiB -> 12.0 GiB")
        self.assertEqual(d.replicas[0].has, first.placed[0].place)
        done = self.node.apply(self.folder / "node.yaml")
        self.assertEqual([(p.lease, p.bytes) for p in done.placed], [(1, 12 << 30), (2, 12 << 30)])
        self.assertEqual([v.result for v in self.node.revisions()], [Result.DONE] * 2)

    def test_file_without_room_changes_nothing(self):
        path = self.write(FILE % "40GiB")
        with self.assertRaises(rocpart.NoRoomError) as caught:
            self.node.apply(path)
        self.assertIn("a/0", str(caught.exception))
        self.assertEqual([g.compute_mode.name for g in self.machine.observe().gpus], ["SPX"])
        self.assertEqual([v.result for v in self.node.revisions()], [Result.FAILED])

    def test_lost_models_and_bad_files_raise_the_reason(self):
        self.node.apply(self.write(FILE % "10GiB"))
        with self.assertRaises(rocpart.RefusedError) as caught:
            self.node.difference(self.write("version: v1\nnode: {gpus: {all: CPX}}\n"))
        self.assertEqual(caught.exception.code, rocpart.Errcode.DESIRED_LOST)
        with self.assertRaises(rocpart.InvalidArgumentError):
            self.node.difference(self.write("version: v1\nnope: 1\n"))
        with self.assertRaises(rocpart.RocpartError):
            self.node.difference(self.folder / "missing.yaml")


if __name__ == "__main__":
    unittest.main()
