# SPDX-License-Identifier: MIT
"""What the tests with AMD's own software have in common: the Debian root that holds it.

Debian 13 (trixie) is released: its index does not expire, and its packages stay. Debian sid has AMD's
newest versions, and nobody promises that it can be installed today: a test that needs it is skipped,
under ROCPART_WITNESSES too. A root in build-witness/ with the packages is used without the network.
"""

import unittest

from pathlib import Path

from simfs_case import ROOT, SimfsCase, host

HERE = Path(__file__).resolve().parent


class WitnessCase(SimfsCase):
    suite, packages, is_required = None, None, None

    def setUp(self):
        self.witness = ROOT / "build-witness" / self.suite
        host.need_root()
        host.need_program("debootstrap")
        why = host.refusal(str(HERE / "make-root.sh"), str(self.witness), self.suite, self.packages)
        if why and self.is_required:
            host.lacking(f"{self.witness} cannot be made: {why}")
        elif why:
            raise unittest.SkipTest(f"Debian {self.suite} cannot be installed today: {why}")
        super().setUp()

    def gpus(self, name):
        return self.json_of("--sim", name, "list")["gpus"]

    def modes(self, name):
        return [(g["compute_mode"], g["memory_mode"]) for g in self.gpus(name)]

    def assert_8_gpus_are_switched(self):
        """Memory mode and compute mode, of all and of one; self.assert_agree() looks each time."""
        for switch, modes in (
                (("--gpu", "all", "-c", "CPX", "-m", "NPS4"), [("CPX", "NPS4")] * 8),
                (("--gpu", "3", "-c", "QPX", "--allow-unvalidated"),
                 [("CPX", "NPS4")] * 3 + [("QPX", "NPS4")] + [("CPX", "NPS4")] * 4),
                (("--gpu", "all", "-c", "SPX", "-m", "NPS1"), [("SPX", "NPS1")] * 8)):
            self.set("mi300x-8", *switch)
            self.assertEqual(self.modes("mi300x-8"), modes)
            self.assert_agree("mi300x-8")

    def assert_refused(self, attribute, errno, code, status, *modes):
        """The kernel's errno comes back as an error of its kind, and nothing is switched.

        self.set(), of the class, goes through the back end that is tested.
        """
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "fault", "mi300x-1", f"write:{attribute}:{errno}")
        error = self.set("mi300x-1", *modes, "--wait", "0", "--allow-unvalidated",
                         status=status)["error"]
        self.assertEqual(error["code"], code)
        self.assertIn("failed to set partition mode: ", error["message"])
        self.assertTrue(error["hint"])
        self.assertEqual(self.modes("mi300x-1"), [("SPX", "NPS1")])
        self.run_rocpart("sim", "rm", "mi300x-1")


class StableCase(WitnessCase):
    """Debian 13: rocm-smi, amd-smi and rocminfo of ROCm 6.1.2, and programs that list devices."""

    suite, is_required = "trixie", True
    packages = "amd-smi,rocm-smi,rocminfo,libdrm-tests,pciutils,nvtop"


class SidCase(WitnessCase):
    """Debian sid: amd-smi of ROCm 10.1 with libamd_smi 27.1."""

    suite, packages, is_required = "sid", "amd-smi", False
