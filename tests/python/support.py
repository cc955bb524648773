# SPDX-License-Identifier: MIT
"""What the tests of the Python package share: paths, a folder of simulated machines of their own.

Importing it makes the package importable; the library is that of ROCPART_LIBRARY or of a build.
"""
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = [str(ROOT / "python"), str(ROOT / "python/compat")]
sys.path[:0] = PACKAGES
sys.dont_write_bytecode = True

VARIABLES = ("ROCPART_SIM", "ROCPART_DATA", "USE_REAL_PARTITIONING", "XDG_STATE_HOME",
             "XDG_CONFIG_HOME")
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
TINY = "Qwen/Qwen2.5-0.5B-Instruct"


class MachineTest(unittest.TestCase):
    """Each test has a state folder of its own, and none of the caller's settings."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        before = {name: os.environ.pop(name, None) for name in VARIABLES}
        self.addCleanup(self.restore, before)
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
        os.environ["XDG_CONFIG_HOME"] = str(self.folder / "config")

    @staticmethod
    def restore(before):
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    def play(self, profile):
        """Have the real classes work on a simulated machine; its folder."""
        from rocpart import sim
        os.environ["ROCPART_SIM"] = profile
        sim.open_named(profile).close()
        return sim.folder(profile)

    def environment(self, **more):
        """Of a program that is started: as of this test, with the packages."""
        return dict(os.environ, PYTHONPATH=os.pathsep.join(PACKAGES), **more)
