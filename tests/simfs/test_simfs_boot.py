# SPDX-License-Identifier: MIT
"""A node with models is switched off and on, as files: the boot unit's commands bring it back."""

import os
import re
import shlex
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, ROOT, SimfsCase, host  # noqa: E402

PARTLY = 4
UNIT = Path(os.environ["BUILD"]) / "packaging/systemd/rocpart-apply.service"
NODE = "node: {memory: NPS4, gpus: {all: CPX}}\n"
FILE = "/etc/rocpart/node.yaml"
THREE = "models: {a: {bytes: 10GiB, replicas: 3, spread: none, owner: \"unit:a@{replica}.service\"}}\n"


def commands():
    """Of the unit as it is shipped; the program and the file are those of the test."""
    lines = re.findall(r"^ExecStart=-?(.*)$", UNIT.read_text(), flags=re.M)
    return [shlex.split(line)[1:] for line in lines]


class Boots(SimfsCase):
    def setUp(self):
        super().setUp()
        folder = host.trusted_folder()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "node.yaml"

    def on(self, *args, status=0):
        """rocpart on the machine's own files."""
        return self.inside("n", ROCPART, *map(str, args), status=status)

    def boot(self, status=0, lost=None):
        self.run_rocpart("sim", "reset", "n")
        if lost:  # the driver does not find it
            self.run_rocpart("sim", "fault", "n", f"lose:{lost}")
            self.run_rocpart("sim", "reload", "n")
        for words in commands():
            words = [self.path if w == FILE else w for w in words]
            if "--wait" in words:
                words[words.index("--wait") + 1] = "0"
            self.on(*words, status=status if self.path in words else 0)

    def state(self):
        status = self.json_of("--sim", "n", "status")
        return ([(g["compute_mode"], g["memory_mode"]) for g in status["gpus"]],
                [(x["lease"], x["replica"], x["state"], x["partition"], x["owner"])
                 for x in status["leases"]])

    def apply(self, text, *more, profile="mi300x-1"):
        self.run_rocpart("sim", "create", "n", "--profile", profile)
        self.path.write_text("version: v1\n" + text)
        self.on("apply", self.path, "--yes", *more)
        return self.state()

    def comes_back(self, before):
        self.boot()
        self.assertEqual(self.state(), before)
        self.on("assert", self.path)

    def test_file_of_the_guide_comes_back(self):
        guide = (ROOT / "docs/from-zero.md").read_text(encoding="utf-8")
        text = re.search(r"^```yaml\n# node.yaml\nversion: v1\n(.*?)^```", guide, flags=re.M | re.S)[1]
        before = self.apply(text, profile="mi300x-8")
        self.assertEqual(len(before[1]), 6)
        self.comes_back(before)

    def test_models_alone_come_back(self):
        self.comes_back(self.apply(THREE))

    def test_mode_that_is_not_validated_comes_back(self):
        self.comes_back(self.apply("node: {memory: NPS1, gpus: {all: CPX}}\n" + THREE,
                                   "--allow-unvalidated"))

    def test_mixed_modes_come_back(self):
        self.comes_back(self.apply("node: {memory: NPS1, gpus: {0: SPX, 1-7: CPX}}\n" + THREE,
                                   "--allow-unvalidated", profile="mi300x-8"))

    def test_cordoned_gpu_comes_back(self):
        before = self.apply(NODE + THREE)
        self.run_rocpart("--sim", "n", "cordon", "0")
        self.comes_back(before)

    def test_lost_gpu_is_named_and_its_replicas_are_moved(self):
        before = self.apply(NODE + THREE.replace(", spread: none", ""), profile="mi300x-8")
        lost = before[1][0][3].split("/")[0]
        self.boot(status=PARTLY, lost=lost)
        after = self.state()
        self.assertEqual(after[0], [("CPX", "NPS4")] * 7)
        self.assertEqual([(x[:3], x[4]) for x in after[1]], [(x[:3], x[4]) for x in before[1]])
        self.assertNotIn(lost, [x[3].split("/")[0] for x in after[1]])

    def test_killed_apply_before_the_power_cycle_comes_to_its_end(self):
        before = self.apply(NODE + THREE)
        self.run_rocpart("--sim", "n", "undo", "1", "--yes", "--evict")
        self.shell("n", '"$1" apply "$2" --yes >/dev/null 2>&1 & sleep 0.05; kill -9 $!; wait $! || true',
                   ROCPART, str(self.path))
        self.boot()
        modes, leases = self.state()
        self.assertEqual(modes, before[0])
        self.assertEqual([(x[1], x[2]) for x in leases], [(x[1], x[2]) for x in before[1]])
        self.on("assert", self.path)


if __name__ == "__main__":
    unittest.main()
