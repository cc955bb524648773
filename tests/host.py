# SPDX-License-Identifier: MIT
"""What a test needs of the computer that it runs on.

Where that is missing the test is skipped, and what is missing is the reason. Under ROCPART_WITNESSES,
which CI sets, it fails instead: nothing that CI can do goes missing there unseen.
"""

import functools
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Captures, traces and measurements that are kept beside the repository, not in it.
SHARED = ROOT.parent / "shared"
NOBODY = 65534
CAP_SYS_ADMIN = 21
ALL_USERS = ["0", "0", str((1 << 32) - 1)]
MOUNT = ["sh", "-c", "mount -t tmpfs none /tmp"]


def lacking(reason):
    """Skips the test that calls it, where it may be skipped."""
    if "ROCPART_WITNESSES" in os.environ:
        raise AssertionError(f"ROCPART_WITNESSES says that this is here: {reason}")
    raise unittest.SkipTest(reason)


@functools.cache
def refusal(*argv):
    """The last words of a command that fails; None: it works here."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", check=False)
    except OSError as err:
        return f"{argv[0]}: {err.strerror}"
    said = done.stderr.strip().splitlines() or [f"{argv[0]}: exit status {done.returncode}"]
    return said[-1] if done.returncode else None


def need_shared(*names):
    """The path of a file or folder beside the repository: a clone does not have it."""
    path = SHARED.joinpath(*names)
    if path.exists():
        return path
    reason = f"{path} is not here: it is kept outside of the repository"
    if SHARED.is_dir():
        lacking(reason)
    raise unittest.SkipTest(reason)


def need_tracing():
    """strace, and the right to trace what a test starts."""
    why = refusal("strace", "-o", "/dev/null", "true")
    if why:
        lacking(f"programs cannot be traced: {why}")


def need_program(name):
    if not shutil.which(name):
        lacking(f"{name} is not installed")


def need_root():
    """Root of the computer itself: not of a container or user namespace."""
    if os.geteuid() != 0:
        lacking("this takes root")
    status = dict(line.split(":\t", 1) for line in
                  Path("/proc/self/status").read_text().splitlines())
    if not int(status["CapEff"], 16) >> CAP_SYS_ADMIN & 1:
        lacking("this takes CAP_SYS_ADMIN, which this root does not have")
    if Path("/proc/self/uid_map").read_text().split() != ALL_USERS:
        lacking("this takes root outside of user namespaces")


def need_own_mounts():
    """Words that give a command mounts of its own: as root, or as root of a user namespace."""
    words = (["unshare", "-m"], ["unshare", "-Urm"])
    refusals = [refusal(*w, *MOUNT) for w in words]
    if None in refusals:
        return words[refusals.index(None)]
    why = refusals[0 if os.geteuid() == 0 else 1]
    return lacking(f"a command cannot have mounts of its own: {why}")


def need_another_user():
    """Words that run a command as a user without any right."""
    words = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    why = refusal(*words, "true")
    if why:
        lacking(f"this takes root: {why}")
    program = os.environ.get("ROCPART")
    if program and refusal(*words, program, "--version"):
        lacking(f"user {NOBODY} cannot reach {program}: clone to a folder that all users can enter")
    return words


def need_user_namespaces():
    """For a user without any right."""
    why = refusal(*need_another_user(), "unshare", "-Urm", *MOUNT)
    if why:
        lacking(f"user {NOBODY} gets no user namespace with mounts: {why}")


def need_simulated_files():
    """What `rocpart sim exec` takes."""
    need_own_mounts()
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as err:
        lacking(f"/dev/fuse: {err.strerror}")


def need_control_groups():
    """To confine a program in them: as root, in a folder of cgroup v2 that can be written."""
    need_root()
    for top in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup")):
        if (top / "cgroup.procs").exists():
            break
    else:
        lacking("cgroup v2 is not mounted")
    own = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines()
               if line.startswith("0::"))
    group = Path(f"{top}{own}/rocpart-try-{os.getpid()}")
    try:
        group.mkdir()
        group.rmdir()
    except OSError as err:
        lacking(f"no control group can be made: {err.strerror}")


def is_trusted(path):
    """Nobody but root and this user can change the folder, or one above it."""
    owners = (0, os.geteuid())
    return all(p.stat().st_uid in owners and not p.stat().st_mode & 0o022
               for p in (path, *path.parents))


def trusted_folder():
    """A temporary folder that only this user and root can write, as are those above it."""
    for top in (Path("/var/lib"), Path.home(), Path(os.environ.get("BUILD", "/nonexistent"))):
        if top.is_dir() and os.access(top, os.W_OK) and is_trusted(top.resolve()):
            return tempfile.TemporaryDirectory(dir=top.resolve(), prefix="rocpart-test-")
    return lacking("each folder of this user can be written by others, or one above it can")


def need_device_nodes():
    """/tmp may be mounted nodev: those that are needed are made elsewhere."""
    need_root()
    try:
        with tempfile.TemporaryDirectory(dir="/var/lib") as folder:
            os.mknod(f"{folder}/null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            os.close(os.open(f"{folder}/null", os.O_RDWR))
    except OSError as err:
        lacking(f"device nodes cannot be made and opened: {err}")
