#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""200 machines of 8 GPUs switched by `sim fleet run`, with and without waiting for the disk, in turns.

usage: fleet.py BUILD [NODES]     in a folder of this file system: syncs are what is measured
"""
import os
import resource
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
SWITCH_SYNCS = 48  # strace -c: fsync(2) of one switch with a reload


def timed(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


def cpu_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
        took, cpu = {"u": [], "s": []}, []
        for compute, memory in TARGETS * 2:
            for kind, times in took.items():
                before = cpu_s()
                times.append(timed(lambda: rocpart(
                    "sim", "fleet", "run", f"{kind}[001-{NODES:03}]", "--", "set", "--compute",
                    compute, "--memory", memory, "--yes")))
                cpu += [cpu_s() - before] if kind == "u" else []
        synced, unsynced = (statistics.median(took[kind]) for kind in "su")
    print(f"switch of {NODES} machines x 8 GPUs: synced {synced:.2f} s, --no-sync {unsynced:.2f} s, "
          f"ratio {unsynced / synced:.2f} (limit 0.2); created {2 * NODES} in {created:.2f} s; one "
          f"switch takes {statistics.median(cpu) / NODES * 1000:.1f} ms of CPU time, and one of its "
          f"{SWITCH_SYNCS} syncs {(synced - unsynced) / NODES / SWITCH_SYNCS * 1000:.2f} ms")


main()
