# SPDX-License-Identifier: MIT
"""export and apply on an equal machine, for many random machines of every profile."""

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "cli"), str(Path(__file__).resolve().parents[1])]
import sample  # noqa: E402
from round_trip import PROFILES, RoundTrip  # noqa: E402


class Sweep(RoundTrip):
    def test_random_machines_survive_export_and_apply(self):
        points = [(profile, seed) for profile in PROFILES for seed in range(2, 42)]
        for profile, seed in sample.choose("round trip", points, 30):
            with self.subTest(profile=profile, seed=seed):
                self.round_trip(profile, seed)


if __name__ == "__main__":
    unittest.main()
