# SPDX-License-Identifier: MIT
"""A command under strace, with a signal at one of its changing system calls."""

import os
import re
import subprocess

CALLS = "fsync,renameat,unlinkat,write,pwrite64,ftruncate"


def run(trace, env, *options, words):
    # strace and the leak checker both want ptrace
    env = dict(env, ASAN_OPTIONS="detect_leaks=0", LSAN_OPTIONS="detect_leaks=0")
    return subprocess.run(["strace", "-o", trace, "-e", f"trace={CALLS}", *options,
                           os.environ["ROCPART"], *words], env=env, capture_output=True, text=True,
                          check=False)


def calls(trace):
    """(system call, which of its calls) of the last run, in order."""
    seen, found = {}, []
    for line in trace.read_text().splitlines():
        m = re.match(r"(\w+)\(", line)
        if m:
            seen[m[1]] = seen.get(m[1], 0) + 1
            found.append((m[1], seen[m[1]]))
    return found
