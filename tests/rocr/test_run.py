# SPDX-License-Identifier: MIT
"""`rocpart run`: the kernel's device cgroup leaves a program its partitions, and AMD's ROCr agrees.

All nodes of the machine are in /dev/dri, and no variable hides any.
"""

import json
import os
import sys
import unittest
from pathlib import Path

from rocr_case import HERE, ROCPART, RocrCase, host, identity, key, name_of, need_devices

# No driver is behind the numbers: what may be opened is ENXIO.
LOOK = 'for node in "$@"; do head -c 1 $node 2>&1 | sed "s/.*: //"; done'
ALLOWED, DENIED = "No such device or address", "Operation not permitted"


class RunCase(RocrCase):
    outer = ()

    def setUp(self):
        need_devices()
        host.need_control_groups()
        super().setUp()
        self.inner = self.view(self.few(2), self.outer)
        self.inner.set_modes("CPX", "NPS4")

    def run_with(self, options, *argv):
        return self.inner.run(ROCPART, "run", *options, "--", *argv)

    def rocr_argv(self):
        return ["env", "LD_PRELOAD=" + os.environ["KFD_STAND_IN"], sys.executable,
                HERE / "rocr_view.py", "rocr"]

    def rocr(self, *options):
        seen = json.loads(self.run_with(options, *self.rocr_argv()))
        self.assertEqual(seen["status"], 0)
        return [identity(g) for g in seen["gpus"]]

    def assert_opens_its_own_only(self, *indices):
        nodes = []
        folder = self.top / "nodes"
        folder.mkdir()
        self.inner.run("mount", "-t", "tmpfs", "none", folder)  # /tmp may be mounted nodev
        for p in self.inner.partitions():
            nodes.append(folder / f"render{p['render_minor']}")
            self.inner.run("mknod", nodes[-1], "c", 226, p["render_minor"])
        for i in indices:
            options = ["--partition", name_of(self.inner.partitions()[i])]
            seen = self.run_with(options, "sh", "-c", LOOK, "sh", *nodes).splitlines()
            self.assertEqual(seen, [ALLOWED if n == i else DENIED for n in range(len(nodes))])


class Run(RunCase):
    def test_run_opens_nodes_of_its_partition_only_as_root(self):
        self.assert_opens_its_own_only(0, 11)

    def test_run_shows_rocr_its_partitions(self):
        partitions = self.inner.partitions()
        for chosen in (partitions[:1], partitions[11:12], partitions[6:10]):
            options = [word for p in chosen for word in ("--partition", name_of(p))]
            self.assertEqual(self.rocr(*options), [key(p) for p in chosen])

    def test_run_after_a_live_switch_shows_rocr_its_partition(self):
        self.inner.set_modes("QPX", "NPS4", "-g", 0)
        for p in self.inner.partitions()[::4]:
            self.assertEqual(self.rocr("--partition", name_of(p)), [key(p)])

    def test_run_shows_rocr_what_it_leased_by_itself(self):
        out = self.run_with(["--bytes", "20G"], "sh", "-c", 'echo $ROCPART_PARTITIONS; "$@"', "sh",
                            *self.rocr_argv())
        leased, seen = out.split("\n", 1)
        self.assertEqual(["/".join(map(str, identity(g))) for g in json.loads(seen)["gpus"]],
                         [leased])


class RunV1(RunCase):
    """The devices controller of cgroup v1, where cgroup v2 is not mounted."""

    outer = ["unshare", "-m", "sh", "-c", 'umount -t cgroup2 -a; exec "$@"', "sh"]

    def setUp(self):
        if not Path("/sys/fs/cgroup/devices").exists():
            self.skipTest("there is no devices controller of cgroup v1")
        super().setUp()

    def test_run_with_cgroup_v1_opens_nodes_of_its_partition_only(self):
        self.assert_opens_its_own_only(3)

    def test_run_with_cgroup_v1_shows_rocr_its_partition(self):
        partition = self.inner.partitions()[11]
        self.assertEqual(self.rocr("--partition", name_of(partition)), [key(partition)])


if __name__ == "__main__":
    unittest.main()
