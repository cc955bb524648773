# SPDX-License-Identifier: MIT
"""The points of a sweep that a test tries.

A sweep breaks one thing at each of many points: a system call, an allocation, a byte. `make
check-long` tries a sample, chosen by a seed that is printed: ROCPART_SEED=N repeats it. `make
campaign` sets ROCPART_CAMPAIGN, and every point is tried.
"""

import os
import random
import sys


def is_whole():
    return "ROCPART_CAMPAIGN" in os.environ


def seed():
    text = os.environ.get("ROCPART_SEED")
    if text is None:
        text = os.environ["ROCPART_SEED"] = str(random.SystemRandom().randrange(1 << 32))
    return int(text)


def choose(name, points, n):
    """At most n of the points, in their order; all of them in a campaign."""
    points = list(points)
    if is_whole() or n >= len(points):
        print(f"# {name}: all {len(points)} points", file=sys.stderr)
        return points
    chosen = random.Random(f"{seed()}/{name}").sample(range(len(points)), n)
    print(f"# {name}: {n} of {len(points)} points, ROCPART_SEED={seed()}", file=sys.stderr)
    return [points[i] for i in sorted(chosen)]
