# SPDX-License-Identifier: MIT
"""Which root of other people's software may be missing: sid, whose index expires; Debian 13 not."""

import os
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
import witness_case  # noqa: E402
from simfs_case import host  # noqa: E402

SAYS = "E: Release file expired"


class Roots(unittest.TestCase):
    def setUp(self):
        host.need_root()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        program = self.top / "debootstrap"
        program.write_text(f"#!/bin/sh\necho run >>{self.top}/runs\necho '{SAYS}'\nexit 1\n")
        program.chmod(0o755)

    def set_up(self, case):
        """What setUp() of such a test raises on a computer in CI that cannot install its suite."""
        path = f"{self.top}:{os.environ['PATH']}"
        host.refusal.cache_clear()
        with mock.patch.object(witness_case, "ROOT", self.top), \
                mock.patch.dict(os.environ, PATH=path, ROCPART_WITNESSES="1"):
            try:
                case("setUp").setUp()
            except (AssertionError, unittest.SkipTest) as err:
                return err
        return None

    def test_missing_sid_is_skipped_with_the_reason_in_ci_too(self):
        err = self.set_up(witness_case.SidCase)
        self.assertIsInstance(err, unittest.SkipTest)
        self.assertIn(SAYS, str(err))

    def test_missing_debian_13_fails_in_ci(self):
        err = self.set_up(witness_case.StableCase)
        self.assertIsInstance(err, AssertionError)
        self.assertIn(SAYS, str(err))

    def test_failure_is_remembered_and_a_root_with_the_packages_is_used(self):
        for _ in range(2):
            self.set_up(witness_case.SidCase)
        self.assertEqual((self.top / "runs").read_text(), "run\n")
        complete = self.top / "build-witness/sid/.complete"
        complete.parent.mkdir(parents=True)
        complete.write_text("tools\n")
        self.assertIsInstance(self.set_up(witness_case.SidCase), unittest.SkipTest)
        complete.write_text(f"{witness_case.SidCase.packages}\n")
        with mock.patch.object(witness_case.SimfsCase, "setUp"):
            self.assertIsNone(self.set_up(witness_case.SidCase))


if __name__ == "__main__":
    os.environ.setdefault("ROCPART", "rocpart")
    unittest.main()
