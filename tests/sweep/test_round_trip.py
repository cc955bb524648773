# SPDX-License-Identifier: MIT
"""export and apply on an equal machine, for many random machines of every profile."""

import os
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "cli"), str(Path(__file__).resolve().parents[1])]
import sample  # noqa: E402
from round_trip import PROFILES, RoundTrip  # noqa: E402


MOST = int(os.environ.get("ROUND_TRIPS", "0"))  # in `make test`: small machines of so many profiles


class Sweep(RoundTrip):
    @unittest.skipUnless(MOST, "the sweep has each profile")
    def test_every_profile_survives_export_and_apply(self):
        for profile in sample.choose("profiles", PROFILES, MOST):
            with self.subTest(profile):
                self.round_trip(profile, 1, most=5)

    @unittest.skipIf(MOST, "only in the sweep")
    def test_random_machines_survive_export_and_apply(self):
        points = [(profile, seed) for profile in PROFILES for seed in range(2, 42)]
        chosen = sample.choose("round trip", points, 30)
        for profile, seed in [(profile, 1) for profile in PROFILES] + chosen:
            with self.subTest(profile=profile, seed=seed):
                self.round_trip(profile, seed)


if __name__ == "__main__":
    unittest.main()
