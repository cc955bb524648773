# SPDX-License-Identifier: MIT
"""The simulated MI308X machine equals the captured one byte for byte.

SIM_DUMP names the program that lays a simulated tree out (tests/tools/sim_dump.c). The capture is
kept outside the repository; without it the test is skipped.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

TOPOLOGY = "sys/class/kfd/kfd/topology"
# Bytes in use when it was captured: the profile holds them, but they are no fact of the machine.
VOLATILE = {"used_memory"}


def files_below(top):
    return {p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file()}


class Capture(unittest.TestCase):
    def setUp(self):
        capture = host.need_shared("captures", "mi308x-8-cpx-nps4.tar.xz")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        top = Path(folder.name)
        with tarfile.open(capture) as archive:
            archive.extractall(top / "real")
        subprocess.run(
            [os.environ["SIM_DUMP"], ROOT / "profiles/mi308x-8.yaml", top / "sim"], check=True
        )
        found = list((top / "real").glob(f"**/{TOPOLOGY}"))
        assert len(found) == 1, found
        self.real = found[0]
        self.sim = top / "sim" / TOPOLOGY

    def test_capture_has_the_same_files(self):
        real = files_below(self.real)
        self.assertGreater(len(real), 2000)
        self.assertEqual(real, files_below(self.sim.resolve()))

    def test_capture_has_the_same_bytes(self):
        different = [
            name
            for name in sorted(files_below(self.real))
            if Path(name).name not in VOLATILE
            and (self.real / name).read_bytes() != (self.sim / name).read_bytes()
        ]
        self.assertEqual(different, [])


if __name__ == "__main__":
    unittest.main()
