# SPDX-License-Identifier: MIT
"""podman 4.3.1 with runc starts containers on partitions of a simulated machine.

podman reads the CDI document that rocpart wrote; runc makes device nodes and a device cgroup of its
own. No driver is behind the nodes: opening one that the cgroup allows is ENXIO, any other EPERM.
"""

import json
import os
import shlex
import subprocess
import sys
import unittest
from pathlib import Path

from rocr_case import HERE, ROCPART, RocrCase, host, identity, key, name_of, need_devices

# `sim exec` covers podman with a stand-in, so that no tool reaches the host's containers: here the
# real one is wanted, with a store of its own.
PODMAN = ["/usr/bin/podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
          "--events-backend", "none", "--runtime", "runc", "--root", "/run/store", "--runroot",
          "/run/podman"]
# Limits cannot be raised without CAP_SYS_RESOURCE; not every control group has the pids controller;
# the root is a folder with the host's programs.
RUN = ["run", "--rm", "--network", "host", "--security-opt", "seccomp=unconfined",
       "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--pids-limit", "0",
       "--volume", "/usr:/usr:ro"]
# What a container has: its nodes, its variables, and how the open of a node ends.
LOOK = """
echo /dev/kf[d] /dev/dri/*; env | grep -e ^AIM_ -e ^ROCPART_PART -e _VISIBLE_ | sort
mknod /dev/other c 226 $1
for node in /dev/dri/renderD* /dev/other; do head -c 1 $node 2>&1 | sed 's/.*: //'; done
"""
SPEC = "/run/cdi/rocpart.dev-partition.json"
ALLOWED, DENIED = "No such device or address", "Operation not permitted"


class PodmanCase(RocrCase):
    def setUp(self):
        need_devices()
        host.need_control_groups()
        for tool in (PODMAN[0], "runc"):
            host.need_program(tool)
        super().setUp()
        # podman leaves its cgroups; those in use cannot be removed
        self.addCleanup(subprocess.run, ["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path",
                                         "*/libpod_parent*", "-exec", "rmdir", "{}", ";"],
                        stderr=subprocess.DEVNULL, check=False)
        self.root = self.top / "root"
        for folder in ("dev", "etc", "proc", "run", "sys", "tmp", "usr", "var"):
            (self.root / folder).mkdir(parents=True)
        for folder in ("bin", "lib", "lib64", "sbin"):
            (self.root / folder).symlink_to(f"usr/{folder}")
        self.inner = self.view(self.few(2))
        self.inner.run("sh", "-c", "while umount /usr/bin/podman 2>&1; do :; done >/dev/null")
        self.inner.set_modes("CPX", "NPS4")

    def podman(self, *words):
        return self.inner.run(*PODMAN, *RUN, *words)

    def refused(self, *words):
        """What podman says when it starts no container."""
        done = self.inner.request(run=[*PODMAN, *RUN, *words, "--rootfs", str(self.root), "true"])
        self.assertNotEqual(done["status"], 0, done)
        return done["err"]

    def assert_has(self, words, partition):
        """A container started with these words has this partition and no other."""
        other = next(p for p in self.inner.partitions() if p != partition)
        given = self.inner.json_of("args", "podman", name_of(partition))
        seen = self.podman("--cap-add", "MKNOD", *words, "--rootfs", self.root, "sh", "-c", LOOK,
                           "sh", other["render_minor"]).splitlines()
        self.assertEqual(sorted(seen[0].split()), sorted(given["devices"]))
        self.assertEqual(seen[1:-2], sorted(f"{k}={v}" for k, v in given["env"].items()))
        self.assertEqual(seen[-2:], [ALLOWED, DENIED])
        self.assertEqual(self.rocr(*words), [key(partition)])

    def rocr(self, *words):
        """(PCI address, partition id) of what AMD's ROCr lists in a container."""
        words = [*words, "--volume", "/sys:/sys:ro", "--env", "HSA_OVERRIDE_GFX_VERSION=9.0.10",
                 "--env", "LD_PRELOAD=" + os.environ["KFD_STAND_IN"]]
        for folder in {HERE, Path(os.environ["KFD_STAND_IN"]).parent, Path(sys.base_prefix)}:
            if not folder.is_relative_to("/usr"):
                words += ["--volume", f"{folder}:{folder}:ro"]
        seen = json.loads(self.podman(*words, "--rootfs", self.root, Path(sys.executable).resolve(),
                                      HERE / "rocr_view.py", "rocr"))
        self.assertEqual(seen["status"], 0)
        return [identity(g) for g in seen["gpus"]]


class Args(PodmanCase):
    """Containers that are started with the words of `rocpart args podman`."""

    def words(self, *what):
        return shlex.split(self.inner.run(ROCPART, "args", "podman", *what))

    def test_podman_with_the_words_of_args_has_the_partition(self):
        for partition in self.inner.partitions()[3:16:12]:
            self.assert_has(self.words(name_of(partition)), partition)

    def test_podman_with_several_partitions_has_them_all(self):
        chosen = self.inner.partitions()[6:10]
        words = self.words(*map(name_of, chosen))
        self.assertEqual(self.rocr(*words), [key(p) for p in chosen])

    def test_podman_node_that_is_only_mounted_cannot_be_opened(self):
        # what a hostPath of Kubernetes does without a device plugin
        node = f"/dev/dri/renderD{self.inner.partitions()[3]['render_minor']}"
        words = ["--device", "/dev/kfd", "--volume", f"{node}:{node}"]
        self.assertEqual(self.rocr(*words), [])


class Cdi(PodmanCase):
    """Containers that name a device of the document that rocpart wrote."""

    def setUp(self):
        super().setUp()
        self.inner.run(ROCPART, "cdi", "generate")

    def device(self, partition):
        return ["--device", f"rocpart.dev/partition=gpu-{partition['bdf'].replace(':', '-')}"
                            f"-part{partition['id']}"]

    def test_cdi_device_is_the_partition(self):
        for partition in self.inner.partitions()[3:16:12]:
            self.assert_has(self.device(partition), partition)

    def test_cdi_names_are_right_after_a_live_switch(self):
        first, *_, last = self.inner.partitions()
        self.inner.set_modes("QPX", "NPS4", "-g", 0)
        for old in (first, last):
            partition = next(p for p in self.inner.partitions() if key(p) == key(old))
            self.assertNotEqual(partition["rocr_index"], old["rocr_index"])
            self.assert_has(self.device(old), partition)
        gone = self.device({"bdf": first["bdf"], "id": 7})
        self.assertIn("unresolvable", self.refused(*gone))

    def test_cdi_names_of_amd_ctk_are_the_partitions(self):
        self.inner.run(ROCPART, "cdi", "generate", "--kind", "amd.com/gpu")
        self.assertEqual(self.rocr("--device", "amd.com/gpu=3"), [key(self.inner.partitions()[3])])

    def test_cdi_version_is_one_that_podman_takes(self):
        first = self.inner.partitions()[0]
        text = self.inner.run("cat", SPEC)
        for version in ("0.5.0", "0.6.0", "0.7.0", "1.0.0"):  # 0.6.0 is what amd-ctk writes
            newer = text.replace('"0.3.0"', f'"{version}"')
            self.assertNotEqual(newer, text)
            self.inner.run("sh", "-c", f'printf %s "$1" >{SPEC}', "sh", newer)
            if version == "0.5.0":
                self.assertEqual(self.rocr(*self.device(first)), [key(first)])
            else:
                self.assertIn("unresolvable", self.refused(*self.device(first)))


if __name__ == "__main__":
    unittest.main()
