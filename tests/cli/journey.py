# SPDX-License-Identifier: MIT
"""What the journeys of operators share: a folder of simulated machines, the program."""

import contextlib
import json
import os
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DONE, FAILED, USAGE, REFUSED, PARTLY, NO_HARDWARE, PENDING, TO_DO = range(8)


def rename_lease(state_home, machine, lease, name):
    """Gives a lease a name that a version before the rule for names accepted."""
    path = Path(os.fsdecode(state_home), "rocpart/sim", machine, "records/leases.db")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        name = name if isinstance(name, bytes) else name.encode()
        done = db.execute("UPDATE lease SET name = CAST(? AS TEXT) WHERE id = ?", (name, lease))
        assert done.rowcount == 1, lease


def is_trusted(folder):
    """Whether root acts on files there: nobody else may write it, or a folder above."""
    path = Path(folder).resolve()
    return all(p.stat().st_uid in (0, os.geteuid()) and not p.stat().st_mode & 0o022
               for p in (path, *path.parents))


def trusted_folder():
    """A folder for files that --unattended takes; None: this computer shows none."""
    for folder in (os.environ["BUILD"], os.path.expanduser("~"), "/run"):
        if os.access(folder, os.W_OK) and is_trusted(folder):
            return folder
    return None


class Journey(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *args, env=None, prefix=()):
        whole = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        for name in ("ROCPART_SIM", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
            whole.pop(name, None)
        whole.update(env or {})
        return subprocess.run(
            [*prefix, os.environ["ROCPART"], *args], env=whole, capture_output=True, text=True, check=False
        )

    def rocpart(self, *args, status=DONE, env=None):
        done = self.start(*args, env=env)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def json(self, *args, status=DONE, env=None):
        return json.loads(self.rocpart(*args, "--json", status=status, env=env))

    def make(self, profile, name="n"):
        self.rocpart("sim", "create", name, "--profile", profile)
        return name

    def write(self, text, name="node.yaml"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def modes(self, name="n"):
        gpus = self.json("list", "--sim", name)["gpus"]
        return [f"{gpu['compute_mode']}/{gpu['memory_mode']}" for gpu in gpus]
