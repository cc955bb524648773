# SPDX-License-Identifier: MIT
"""doctor where it runs as on hardware: programs of the machine, device nodes, users."""

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import BIND_PROGRAMS, ROCPART, SimfsCase, host  # noqa: E402

FAILED = 1
NOBODY = "65534"


class Doctor(SimfsCase):
    def setUp(self):
        host.need_device_nodes()  # as the machine has them
        super().setUp()

    def checks(self, script, status=0):
        """Each line of doctor after a script that ends with "$@"."""
        out = self.shell("mi300x-1", script, ROCPART, "doctor", "--json", status=status)
        return {check["id"]: check for check in json.loads(out)["checks"]}

    def amd_smi(self, text):
        """The line about an amd-smi that is this script."""
        program = self.top / "amd-smi"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        script = f'mount --bind {self.top} /usr/local/sbin; exec "$@"'
        return self.checks(script)["amd-smi"]

    # What `list -e` and `partition -c -m` of 27 tell of this machine (amd-smi study 1.3).
    ANSWERS = """case "$*" in
    version*) echo '[{"version": "27.1.0", "amdsmi_library_version": "27.1.0"}]';;
    list*) echo '[{"gpu": 0, "bdf": "0000:05:00.0", "partition_id": 0, "node_id": 2,'
           echo '"render": "renderD128"}]';;
    partition*) echo '{"current_partition": [{"gpu_id": 0, "partition_id": "0",'
                echo '"memory": "NPS1", "accelerator_type": "SPX"}]}';;
    esac"""

    def test_doctor_tells_version_path_and_quirk_of_amd_smi(self):
        check = self.amd_smi(self.ANSWERS)
        self.assertEqual(check["state"], "pass", check)
        self.assertTrue(check["seen"].startswith("27.1.0 (/usr/local/sbin/amd-smi); known behaviour: "))
        self.assertTrue(check["seen"].endswith("agrees with sysfs on 1 partition"))

    def test_doctor_tells_where_amd_smi_disagrees(self):
        for told, otherwise, words in (
                ('"SPX"', '"QPX"', "0000:05:00.0/0 compute_mode: QPX instead of SPX"),
                ("NPS1", "NPS2", "0000:05:00.0/0 memory_mode: NPS2 instead of NPS1"),
                ("renderD128", "renderD130", "0000:05:00.0/0 render_minor: 130 instead of 128"),
                ('"node_id": 2', '"node_id": 9', "0000:05:00.0/0 kfd_node: 9 instead of 2"),
                ("0000:05", "0000:06", "0000:06:00.0/0 partition: listed instead of none")):
            with self.subTest(words=words):
                check = self.amd_smi(self.ANSWERS.replace(told, otherwise))
                self.assertEqual(check["state"], "warn", check)
                self.assertIn("differs from sysfs: " + words, check["seen"])
                self.assertIn("kernel's files", check["advice"])

    def test_doctor_amd_smi_that_fails_warns(self):
        check = self.amd_smi("echo 'ERROR:root:Drivers not loaded'; exit 255")
        self.assertEqual(check["state"], "warn")
        self.assertIn("driver is not loaded", check["seen"])

    def library(self, does):
        """The line about a libamd_smi.so.27 that is a stand-in (tests/unit/fake_amd_smi.c)."""
        link = self.top / "libamd_smi.so.27"
        if not link.exists():
            link.symlink_to(Path(os.environ["BUILD"]) / "tests" / "libfake_amd_smi_271.so")
        return self.checks(f'FAKE_DOES={does} LD_LIBRARY_PATH={self.top} exec "$@"')["libamd_smi"]

    def test_doctor_tells_what_the_library_is_and_where_it_disagrees(self):
        check = self.library("")
        self.assertEqual(check["state"], "warn", check)
        self.assertTrue(check["seen"].startswith(f"27.1.0 ({self.top}/libamd_smi.so.27); known "))
        self.assertIn("0000:05:00.0/0 compute_mode: DPX instead of SPX", check["seen"])
        self.assertIn("3 partitions instead of 1", check["seen"])

    def test_doctor_outlives_a_library_that_crashes(self):
        check = self.library("crash")
        self.assertEqual(check["state"], "warn", check)
        self.assertIn("crashed: signal 11", check["seen"])

    def test_doctor_without_amd_smi_and_rocm_warns(self):
        hide = "for d in /usr/local/sbin /usr/local/bin; do mount -t tmpfs none $d; done; "
        checks = self.checks(hide + 'exec "$@"')
        self.assertEqual(checks["amd-smi"]["state"], "warn")
        self.assertIn("amd-smi not available", checks["amd-smi"]["seen"])
        self.assertIn("install", checks["amd-smi"]["advice"])
        if not Path("/opt/rocm/.info/version").exists():
            self.assertEqual(checks["rocm"]["state"], "warn")

    def test_doctor_missing_render_node_fails(self):
        checks = self.checks('rm /dev/dri/renderD128; exec "$@"', status=FAILED)
        self.assertEqual(checks["render"]["state"], "fail")
        self.assertIn("1 of 1 render nodes are missing: /dev/dri/renderD128", checks["render"]["seen"])

    def test_doctor_missing_kfd_fails(self):
        checks = self.checks('rm /dev/kfd; exec "$@"', status=FAILED)
        self.assertEqual(checks["permissions"]["state"], "fail")
        self.assertIn("--device /dev/kfd", checks["permissions"]["advice"])

    def test_doctor_user_outside_of_the_groups_is_warned(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.spawn(["chown", "-R", NOBODY, str(self.top)])
        checks = self.checks("chmod 0660 /dev/kfd /dev/dri/renderD128; chgrp 109 /dev/kfd; "
                             f'exec setpriv --reuid {NOBODY} --clear-groups "$@"')
        self.assertEqual(checks["permissions"]["state"], "warn")
        self.assertIn(f"user {NOBODY} may not open /dev/kfd, /dev/dri/renderD128",
                      checks["permissions"]["seen"])
        self.assertEqual(checks["files"]["state"], "warn")
        self.assertIn("only root may write", checks["files"]["seen"])

    def test_doctor_allocators_are_not_those_of_the_host(self):
        # slurmd of this host hands out nothing of the simulated machine.
        script = """
            mount -t tmpfs none /run && touch /run/slurmd.pid
            cp /bin/sleep "$0/slurmd"; "$0/slurmd" 60 & pid=$!
            "$1" sim exec mi300x-1 -- "$1" doctor --json; r=$?; kill $pid; exit $r
        """
        done = self.spawn([*host.need_own_mounts(), "sh", "-c", script, str(self.top), ROCPART])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        checks = {c["id"]: c for c in json.loads(done.stdout)["checks"]}
        self.assertEqual(checks["allocators"]["state"], "pass", checks["allocators"])

    def test_doctor_fix_loads_the_driver_and_repeats_the_checks(self):
        self.shell("mi300x-1", "modprobe -r amdgpu")
        check = {c["id"]: c for c in self.json_of("doctor", "--sim", "mi300x-1", status=5)["checks"]}["driver"]
        self.assertEqual((check["state"], check["fix"]), ("fail", "modprobe amdgpu"))
        out = self.shell("mi300x-1", '"$1" doctor --fix --yes --json', ROCPART)
        document = json.loads(out)
        self.assertEqual(document["fixes"], [{"id": "driver", "command": "modprobe amdgpu",
                                              "result": "done", "message": None}])
        checks = {c["id"]: c for c in document["checks"]}
        self.assertEqual(checks["driver"]["state"], "pass")
        self.assertEqual(checks["model"]["state"], "pass")
        self.assertEqual(len(self.json_of("--sim", "mi300x-1", "list")["gpus"]), 1)

    def test_doctor_two_specs_of_one_kind_are_told(self):
        out = self.shell("mi300x-1", """
            mkdir -p /run/cdi; mount -t tmpfs none /run/cdi
            "$1" cdi generate --kind amd.com/gpu >/dev/null
            cp /run/cdi/* /run/cdi/another.json
            exec "$1" doctor --json""", ROCPART)
        check = {c["id"]: c for c in json.loads(out)["checks"]}["cdi"]
        self.assertEqual(check["state"], "warn")
        self.assertIn("/run/cdi/another.json defines amd.com/gpu too, as the spec of rocpart does",
                      check["seen"])

    def of_this_computer(self, check, programs, script=""):
        """A check of hardware: programs of this computer are these scripts."""
        for name, text in programs.items():
            (self.top / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.top / name).chmod(0o755)
        script = BIND_PROGRAMS + script + 'exec "$@"'
        done = self.spawn([*host.need_own_mounts(), "sh", "-c", script, "sh", str(self.top), ROCPART,
                           "doctor", "--json"])
        return {c["id"]: c for c in json.loads(done.stdout)["checks"]}[check]

    LINE = "echo '[ 9.1] amdgpu 0000:05:00.0: amdgpu: GPU reset begin!. Source:  4'"
    NO_RIGHT = "echo 'dmesg: read kernel buffer failed: Operation not permitted' >&2; exit 1"

    def test_doctor_reads_the_kernel_log_or_says_that_it_cannot(self):
        for programs, words in (
                ({"dmesg": self.LINE, "journalctl": "exit 1"}, "('GPU reset begin!' in the kernel log)"),
                ({"dmesg": self.NO_RIGHT, "journalctl": self.LINE}, "('GPU reset begin!' in the"),
                ({"dmesg": self.NO_RIGHT, "journalctl": "exit 1"},
                 "the kernel log cannot be read by this user"),
                ({"dmesg": self.NO_RIGHT, "journalctl": "exit 0"},
                 "the kernel log cannot be read by this user")):
            with self.subTest(programs=programs):
                check = self.of_this_computer("kernel-log", programs)
                self.assertEqual(check["state"], "warn", check)
                self.assertIn(words, check["seen"])

    def test_doctor_asks_an_engine_without_setting_for_its_version(self):
        script = """
            mount -t tmpfs none /etc && mkdir -p /etc/docker /etc/cdi
            echo '{}' >/etc/docker/daemon.json
            echo '{"kind": "amd.com/gpu"}' >/etc/cdi/amd.json
        """
        for version, state, words in (("27.5.1", "warn", "features.cdi is not set, and is off in 27.5"),
                                      ("28.1.1", "warn", "is off in 28.1"),
                                      ("28.2.2", "pass", "docker 28.2 injects CDI devices"),
                                      ("29.0.0", "pass", "docker 29.0 injects CDI devices")):
            with self.subTest(version=version):
                said = {"dockerd": f"echo 'Docker version {version}, build e6534b4'"}
                check = self.of_this_computer("containers", said, script=script)
                self.assertEqual(check["state"], state, check)
                self.assertIn(words, check["seen"])


if __name__ == "__main__":
    unittest.main()
