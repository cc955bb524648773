# SPDX-License-Identifier: MIT
"""What tests of simulated machines have in common. ROCPART names the program."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class SimCase(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        self.env = dict(os.environ, XDG_STATE_HOME=folder.name, ROCPART_DATA=str(ROOT))
        self.env.pop("ROCPART_SIM", None)

    def argv(self, *args):
        return [os.environ["ROCPART"], *map(str, args)]

    def rocpart(self, *args, status=0):
        done = subprocess.run(self.argv(*args), env=self.env, capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout if status == 0 else done.stderr

    def on(self, *args, status=0, name="m"):
        return self.rocpart("--sim", name, *args, status=status)

    def json(self, *args, status=0):
        out = subprocess.run(self.argv(*args, "--json"), env=self.env, capture_output=True,
                             text=True, check=False, timeout=60)
        self.assertEqual(out.returncode, status, out.stdout + out.stderr)
        return json.loads(out.stdout)

    def create(self, *more, name="m", profile="mi300x-1", n_gpus=None, **keys):
        """A machine of that profile with other values at its top, maybe with its first GPUs only."""
        text = (ROOT / f"profiles/{profile}.yaml").read_text("utf-8")
        if n_gpus:
            places = [at.start() for at in re.finditer(r"^  - \{bdf", text, re.M)]
            text = text[:places[n_gpus]]
        for key, value in keys.items():
            lines = [line for line in text.splitlines() if not line.startswith(f"{key}:")]
            text = "\n".join([*lines, f"{key}: {value}", ""])
        path = self.top / f"{name}.yaml"
        path.write_text(text, "utf-8")
        self.rocpart("sim", "create", name, "--file", path, *more)

    def fault(self, *args, name="m", status=0):
        return self.rocpart("sim", "fault", name, *args, status=status)

    def load(self, *args, name="m", status=0):
        return self.rocpart("sim", "load", name, *args, status=status)

    def log(self, name="m"):
        return [line["text"] for line in self.json("sim", "log", name)["lines"]]

    def state(self, name="m"):
        """The state as the last change left it: what it says is not what a command says of it."""
        return json.loads((self.top / "rocpart/sim" / name / "state.json").read_text("utf-8"))

    def dump(self, name="m"):
        """All files of the machine, as SIM_DUMP lays them out."""
        out = Path(tempfile.mkdtemp(dir=self.top))
        subprocess.run([os.environ["SIM_DUMP"], self.top / "rocpart/sim" / name, out / "tree"],
                       check=True)
        return out / "tree"
