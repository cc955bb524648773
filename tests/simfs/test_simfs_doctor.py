# SPDX-License-Identifier: MIT
"""doctor where it runs as on hardware: programs of the machine, device nodes, users."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase  # noqa: E402

FAILED = 1
NOBODY = "65534"


class Doctor(SimfsCase):
    def checks(self, script, status=0):
        """Each line of doctor after a script that ends with "$@"."""
        out = self.shell("mi300x-1", script, ROCPART, "doctor", "--json", status=status)
        return {check["id"]: check for check in json.loads(out)["checks"]}

    def amd_smi(self, text):
        """The line about an amd-smi that is this script."""
        program = self.top / "amd-smi"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return self.checks(f'PATH={self.top}:$PATH; exec "$@"')["amd-smi"]

    def test_doctor_asks_amd_smi_for_its_version(self):
        version = "AMDSMI Tool: 27.1.0 | AMDSMI Library version: 27.1.0 | ROCm version: N/A"
        check = self.amd_smi(f'test "$*" = version && echo "{version}"')
        self.assertEqual((check["state"], check["seen"]), ("pass", version))

    def test_doctor_amd_smi_that_fails_warns(self):
        check = self.amd_smi("echo 'ERROR:root:Drivers not loaded'; exit 255")
        self.assertEqual(check["state"], "warn")
        self.assertIn("ends with 255: ERROR:root:Drivers not loaded", check["seen"])

    def test_doctor_without_amd_smi_and_rocm_warns(self):
        checks = self.checks('PATH=/sys/rocpart-bin; exec "$@"')
        self.assertEqual(checks["amd-smi"]["state"], "warn")
        self.assertIn("not installed", checks["amd-smi"]["seen"])
        if not Path("/opt/rocm/.info/version").exists():
            self.assertEqual(checks["rocm"]["state"], "warn")

    def test_doctor_missing_render_node_fails(self):
        checks = self.checks('rm /dev/dri/renderD128; exec "$@"', status=FAILED)
        self.assertEqual(checks["render"]["state"], "fail")
        self.assertIn("1 of 1 are missing: /dev/dri/renderD128", checks["render"]["seen"])

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
        # `slurmd` of this host, if any, hands out nothing of the simulated machine.
        script = """
            cp /bin/sleep "$0/slurmd"; "$0/slurmd" 60 & pid=$!
            "$1" sim exec mi300x-1 -- "$1" doctor --json; r=$?; kill $pid; exit $r
        """
        done = self.spawn(["sh", "-c", script, str(self.top), ROCPART])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        checks = {c["id"]: c for c in json.loads(done.stdout)["checks"]}
        self.assertNotIn("Slurm", checks["allocators"]["seen"])


if __name__ == "__main__":
    unittest.main()
