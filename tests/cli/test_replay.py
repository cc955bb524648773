# SPDX-License-Identifier: MIT
"""Public traces through planner and engine: what is known of them must come out."""
import os
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]
import host  # noqa: E402
import replay  # noqa: E402


class Replay(unittest.TestCase):
    program = os.environ.get("REPLAY")

    def setUp(self):
        host.need_shared("traces", "openb.tar.xz")
        host.need_shared("traces", "binpack-orlib.tar.xz")

    def test_packing_is_between_its_bound_and_what_is_known(self):
        rows = list(replay.packing(self.program))
        self.assertEqual(len(rows), 80)
        for name, best, used, bound, verified in rows:
            with self.subTest(name):
                self.assertTrue(verified)
                self.assertLessEqual(bound, best)
                # Best fit by falling size alone is 1.3 % above the best in all.
                self.assertLessEqual(best, used)
                self.assertLessEqual(used, best + 1)
        proved = {name for name, best, used, bound, _ in rows if used == bound}
        self.assertGreaterEqual(len(proved), 60)

    def test_openb_on_nine_nodes_meets_the_bound(self):
        placed, refused, peak, bound, switches = replay.arrivals(self.program, 9)
        # The placement study: nine nodes, 67 GPUs at the peak of the bound and of this policy.
        self.assertEqual((refused, peak, bound), (0, 67, 67))
        self.assertGreater(placed, 7000)
        self.assertLess(switches / placed, 0.03)

    def test_openb_on_fewer_gpus_than_the_bound_refuses(self):
        _, refused, peak, _, _ = replay.arrivals(self.program, 8)
        self.assertGreater(refused, 0)
        self.assertLessEqual(peak, 64)


if __name__ == "__main__":
    unittest.main()
