# SPDX-License-Identifier: MIT
"""Each system call by which a command reads fails once, on the path of real hardware.

Inside `rocpart sim exec` the machine is /sys and /dev, so files are opened, not simulated. The
answer is the same as without the failure, or an error; the doctor may say what it could not look
at. After EINTR the answer is the same: an interrupted call is made again.

test_read_faults.c does the same to a simulated machine in one process, without strace.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "simfs")]
import host  # noqa: E402
import sample  # noqa: E402
import simfs_case  # noqa: E402

POINTS = int(os.environ.get("SWEEP_POINTS", "60"))
CALLS = ["openat", "openat2", "read", "newfstatat", "fstat", "getdents64", "readlinkat", "access",
         "fcntl", "flock"]
ERRORS = ["EMFILE", "EIO", "EINTR", "ENOMEM"]
WORDS = {"EMFILE": "Too many open files", "EIO": "Input/output error",
         "ENOMEM": "Cannot allocate memory"}
COMMANDS = {
    "list": ["list", "--json"],
    "status": ["status", "--json"],
    "args": ["args", "env", "0/6"],
    "usage": ["usage", "--json"],
    "holders": ["holders", "--json"],
    "explain": ["explain", "1", "--json"],
    "set": ["set", "-c", "SPX", "-m", "NPS1", "--dry-run", "--evict"],
    "doctor": ["doctor", "--json"],
    "cdi": ["cdi", "generate", "-o", "-"],
    "export": ["export"],
    "state": ["state", "export"],
}


def run(words, env):
    return subprocess.run(words, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=120)


def strace(words, options, env):
    return run(["strace", "-o", "/dev/null", *options, os.environ["ROCPART"], *words], env)


def calls_of(words, env, trace):
    """How often each of CALLS is made."""
    run(["strace", "-o", trace, "-e", "trace=" + ",".join(CALLS), os.environ["ROCPART"], *words],
        env)
    names = [line.split("(", 1)[0] for line in Path(trace).read_text().splitlines()]
    return {call: names.count(call) for call in CALLS}


def judge(name, call, error, clean, done):
    if done.returncode == 127 and "shared libraries" in done.stderr:
        return None  # the loader's own reads
    if (done.returncode, done.stdout) == (clean.returncode, clean.stdout):
        return None
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    if error == "EINTR" and call in ("newfstatat", "fcntl") and "leases.db" in done.stdout + \
            done.stderr:
        return None  # SQLite makes neither again: the kernel interrupts neither of them
    if error == "EINTR":
        return f"exit status {done.returncode} after an interrupted call"
    text = done.stdout + done.stderr
    if name == "doctor" and WORDS[error] in text:
        return None
    if done.returncode in (0, clean.returncode):
        return f"another answer with exit status {done.returncode}"
    return None if text.strip() else "an error without a message"


def sweep(name, words, trace):
    """Inside of `sim exec`. The findings."""
    env = dict(os.environ)
    clean = strace(words, [], env)
    if clean.returncode not in (0, 1, 7) or clean.stdout != strace(words, [], env).stdout:
        return [f"{name}: no answer to compare with: {clean.returncode} {clean.stderr}"]
    points = [(call, n + 1, error) for call, count in calls_of(words, env, trace).items()
              for n in range(count) for error in ERRORS]
    findings = []
    points = sample.choose(f"reads/{name}", points, POINTS)
    for call, n, error in points:
        done = strace(words, ["-e", f"trace={call}", "-e",
                              f"inject={call}:error={error}:when={n}"], env)
        wrong = judge(name, call, error, clean, done)
        if wrong:
            findings.append(f"{name}: {call} #{n} {error}: {wrong}: "
                            f"{done.stdout[-200:]}{done.stderr[-200:]}")
    print(f"# {name}: {len(points)} points, {len(findings)} findings", file=sys.stderr)
    return findings


class ReadSweep(simfs_case.SimfsCase):
    def test_failed_read_is_an_error_or_changes_nothing(self):
        host.need_tracing()
        sample.seed()  # the same one inside
        self.env["ROCPART_SEED"] = os.environ["ROCPART_SEED"]
        self.run_rocpart("sim", "create", "m", "--profile", "mi300x-1")
        self.run_rocpart("--sim", "m", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.run_rocpart("--sim", "m", "place", "--bytes", "2G", "a")
        self.run_rocpart("sim", "hold", "m", "--partition", "0/3=1G")
        done = subprocess.run([simfs_case.ROCPART, "sim", "exec", "m", "--", sys.executable,
                               __file__, "inside", self.top / "trace"], env=self.env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stderr, end="", file=sys.stderr)
        found = json.loads(done.stdout)
        self.assertEqual(len(found), 0, "\n" + "\n".join(found))


if __name__ == "__main__":
    found = []
    only = os.environ.get("SWEEP_ONLY", "").split(",")
    for command, command_words in COMMANDS.items():
        if command in only or only == [""]:
            found += sweep(command, command_words, sys.argv[2])
    print(json.dumps(found))
