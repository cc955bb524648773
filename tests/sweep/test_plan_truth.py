# SPDX-License-Identifier: MIT
"""Random small problems: every plan, and no tampered plan, is true (tests/place/oracle.h).

PLAN_SWEEP names the program that draws them. A sample of instances by a printed seed, and in a
campaign so many that a rare mistake shows.
"""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import sample  # noqa: E402

SAMPLE, CAMPAIGN = ("500", "1000"), ("10000", "20000")


class Truth(unittest.TestCase):
    def test_every_plan_is_true_and_no_false_one_is_accepted(self):
        counts = CAMPAIGN if sample.is_whole() else SAMPLE
        done = subprocess.run([os.environ["PLAN_SWEEP"], str(sample.seed()), *counts],
                              capture_output=True, text=True, check=False)
        print(f"# ROCPART_SEED={sample.seed()}\n{done.stdout}", file=sys.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
