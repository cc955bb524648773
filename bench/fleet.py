#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""200 machines of 8 GPUs switched by `sim fleet run`, with and without waiting for the disk, in turns.

usage: fleet.py BUILD [NODES]     in a folder of this file system: syncs are what is measured
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROCPART = Path(sys.argv[1]).resolve() / "cli/rocpart"
NODES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
TARGETS = (("CPX", "NPS4"), ("SPX", "NPS1"))
SWITCH_SYNCS = 48  # strace -c: of one switch with a reload


def timed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


def sync_ms(folder):
    """A small append and fsync, the median."""
    with open(Path(folder) / "probe", "wb", buffering=0) as file:
        def once():
            file.write(b"x" * 200)
            os.fsync(file.fileno())
        return statistics.median(timed(once) for _ in range(200)) * 1000


def main():
    with tempfile.TemporaryDirectory(dir=".", prefix="bench-fleet.") as folder:
        env = dict(os.environ, XDG_STATE_HOME=str(Path(folder).resolve()), ROCPART_DATA=str(ROOT))

        def rocpart(*words):
            subprocess.run([ROCPART, *words], env=env, check=True, stdout=subprocess.DEVNULL)

        file = Path(folder) / "fleet.yaml"
        file.write_text("version: v1\nnodes:\n"
                        f'  "u[001-{NODES:03}]": {{profile: mi300x-8}}\n'
                        f'  "s[001-{NODES:03}]": {{profile: mi300x-8, sync: true}}\n')
        created = timed(lambda: rocpart("sim", "fleet", "create", str(file)))
        took = {"u": [], "s": []}
        for compute, memory in TARGETS * 2:
            for kind, times in took.items():
                times.append(timed(lambda: rocpart(
                    "sim", "fleet", "run", f"{kind}[001-{NODES:03}]", "--", "set", "--compute",
                    compute, "--memory", memory, "--yes")))
        synced, unsynced = (statistics.median(took[kind]) for kind in "su")
        disk = sync_ms(folder)
    print(f"switch of {NODES} machines x 8 GPUs: synced {synced:.2f} s, --no-sync {unsynced:.2f} s, "
          f"ratio {unsynced / synced:.2f}; created {2 * NODES} in {created:.2f} s; a sync takes "
          f"{disk:.2f} ms here and a switch makes {SWITCH_SYNCS}: limit 0.2 where a sync takes "
          f"{4 * unsynced / NODES * 1000 / SWITCH_SYNCS:.2f} ms or more")


main()
