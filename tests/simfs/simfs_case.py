# SPDX-License-Identifier: MIT
"""What the tests of mounted machines have in common. ROCPART names the program."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

ROCPART = os.environ["ROCPART"]


# Inside of `sim exec`: the programs in folder $1 are those of the machine, and root finds them. PATH is
# for programs of others.
BIND_PROGRAMS = 'mount --bind "$1" /usr/local/sbin; shift; '


class SimfsCase(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        host.need_simulated_files()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        self.env = dict(os.environ, XDG_STATE_HOME=folder.name, ROCPART_DATA=str(ROOT))
        self.env.pop("ROCPART_SIM", None)

    def run_rocpart(self, *args, status=0, **more):
        done = self.spawn([ROCPART, *map(str, args)], **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def spawn(self, argv, **more):
        more.setdefault("env", self.env)
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300,
                              **more)

    def inside(self, name, *argv, status=0, **more):
        """Output of a command inside `sim exec`."""
        return self.run_rocpart("sim", "exec", name, "--", *argv, status=status, **more).stdout

    def shell(self, name, script, *args, status=0, **more):
        return self.inside(name, "sh", "-c", script, "sh", *args, status=status, **more)

    def json_of(self, *args, status=0):
        return json.loads(self.run_rocpart(*args, "--json", status=status).stdout)

    def machine_folder(self, name):
        return self.top / "rocpart" / "sim" / name

    def node_file(self, more=""):
        """A file that wants CPX/NPS4, with more in it."""
        path = self.top / "node.yaml"
        path.write_text("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n" + more)
        return path

    def services_log(self, name):
        """What was done with units and containers of the machine, in order."""
        return (self.machine_folder(name) / "services.log").read_text().splitlines()


class UnprivilegedCase(SimfsCase):
    """As a user without any right, with programs that this user can reach."""

    def setUp(self):
        host.need_root()
        super().setUp()
        # That user may not reach a clone in somebody's home: an installation of its own.
        simfs = Path(os.environ["ROCPART_SIMFS"])
        for file, folder in ((ROCPART, "bin"), (simfs, "libexec/rocpart"),
                             (simfs.with_name("rocpart-standin"), "libexec/rocpart"),
                             (ROOT / "profiles/mi300x-1.yaml", "data/profiles")):
            (self.top / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, self.top / folder)
        self.rocpart = self.top / "bin/rocpart"
        self.env["ROCPART_DATA"] = str(self.top / "data")
        for path in (self.top, *self.top.rglob("*")):
            os.chown(path, host.NOBODY, host.NOBODY)

    def nobody_words(self, *argv, fuse_mode="666"):
        """With a /dev/fuse that everybody may open, as udev makes it; or not."""
        script = """
            # /tmp may be mounted nodev
            mkdir -p "$1/dev" && mount -t tmpfs none "$1/dev" &&
                mknod -m "$2" "$1/dev/fuse" c 10 229 &&
                mount --bind "$1/dev/fuse" /dev/fuse || exit 99
            shift 2
            exec "$@"
        """
        return ["unshare", "-m", "sh", "-c", script, "sh", str(self.top), fuse_mode,
                *host.need_another_user(), *map(str, argv)]

    def as_nobody(self, *argv, fuse_mode="666"):
        return self.spawn(self.nobody_words(*argv, fuse_mode=fuse_mode), cwd="/")
