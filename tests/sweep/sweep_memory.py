# SPDX-License-Identifier: MIT
"""Every allocation of a command fails once, and every one from there on.

The answer is the same as without the failure, or an error that names the lack of memory; never a
signal, never another document with exit status 0. What is on disk afterwards is the machine of
before or of after the command, or an unfinished change that `undo` takes back.

The library that makes allocations fail is tests/sweep/fail_alloc.c; ROCPART_FAIL_ALLOC_TRACE=1
shows where a point is.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import sample

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = os.environ.get("FAIL_ALLOC", "")
SAMPLE = int(os.environ.get("SWEEP_POINTS", "40"))

NO_MEMORY = "out of memory|Cannot allocate memory"
NOT_LOOKED = re.compile(
    rf"note: it is not known whether a change is unfinished: ([^\n]*: )?({NO_MEMORY})\n")
NODE = """\
version: v1
node:
  memory: NPS4
  gpus: {all: CPX}
models:
  b: {bytes: 2GiB, replicas: 2}
"""
PART = """\
version: v1
node: {cordoned: [0], policy: {gpus: [0]}}
models: {b: {owner: "unit:b@{replica}", labels: {k: v}, stop: [/bin/true]}}
"""

# name: arguments; "M" is the simulated machine, "C" a capture of it
READERS = {
    "list": ["--root", "C", "list"],
    "list --json": ["--root", "C", "list", "--json"],
    "list --csv": ["--root", "C", "list", "--csv"],
    "args env": ["--root", "C", "args", "env", "0/6"],
    "args docker": ["--root", "C", "args", "docker", "0/6"],
    "args k8s": ["--root", "C", "args", "k8s", "0/6"],
    "cdi generate": ["--root", "C", "cdi", "generate", "-o", "-"],
    "show": ["--root", "C", "show", "0/6"],
    "modes": ["--root", "C", "modes"],
    "export": ["--root", "C", "export"],
    "doctor": ["--root", "C", "doctor"],
    "doctor --json": ["--root", "C", "doctor", "--json"],
    "holders": ["--root", "C", "holders"],
    "plan": ["--root", "C", "plan", "node.yaml"],
    "config": ["config", "merged.yaml"],
    "config --json": ["config", "merged.yaml", "--json"],
    "assert": ["--root", "C", "assert", "node.yaml"],
    "export on sim": ["--sim", "M", "export"],
    "model fit": ["model", "fit", "meta-llama/Llama-2-7b-hf"],
    "status on sim": ["--sim", "M", "status"],
    "status --json on sim": ["--sim", "M", "status", "--json"],
    "usage on sim": ["--sim", "M", "usage"],
    "explain on sim": ["--sim", "M", "explain", "1"],
    "args systemd on sim": ["--sim", "M", "args", "systemd", "1"],
    "revisions on sim": ["--sim", "M", "revisions"],
    "plan --save on sim": ["--sim", "M", "plan", "node.yaml", "--save", "saved.json"],
    "args env on sim": ["--sim", "M", "args", "env", "1"],
    "plan on sim": ["--sim", "M", "plan", "node.yaml"],
    "set --dry-run on sim": ["--sim", "M", "set", "-c", "SPX", "-m", "NPS1", "--dry-run"],
    "state export on sim": ["--sim", "M", "state", "export"],
}
WRITERS = {
    "place": ["--sim", "M", "place", "--bytes", "1G", "b"],
    "release": ["--sim", "M", "release", "1"],
    "lease set": ["--sim", "M", "lease", "set", "1", "--priority", "2", "--label", "x=y"],
    "place --switch": ["--sim", "M", "place", "--bytes", "1G", "b", "--switch"],
    "apply": ["--sim", "M", "apply", "-f", "node.yaml", "--yes"],
    "set": ["--sim", "M", "set", "-c", "QPX", "--yes", "--evict", "--allow-unvalidated"],
    "undo": ["--sim", "M", "undo", "1", "--yes", "--evict"],
    "run": ["--sim", "M", "run", "--bytes", "1G", "--", "/bin/true"],
}


class MemorySweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.state = cls.folder / "state"
        cls.machine = cls.state / "rocpart" / "sim" / "m"
        cls.make_data(cls.folder / "data")
        (cls.folder / "node.yaml").write_text(NODE, encoding="utf-8")
        (cls.folder / "merged.yaml").write_text(NODE, encoding="utf-8")
        (cls.folder / "merged.yaml.d").mkdir()
        (cls.folder / "merged.yaml.d/1.yaml").write_text(PART, encoding="utf-8")
        cls.must("sim", "create", "m", "--profile", "mi300x-1")
        cls.must("--sim", "m", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        cls.must("--sim", "m", "place", "--bytes", "2G", "a", "--owner", "unit:a@0", "--label", "k=v")
        cls.must("--sim", "m", "gather", "-o", str(cls.folder / "capture"))
        cls.before = cls.folder / "before"
        shutil.copytree(cls.machine, cls.before)

    @staticmethod
    def make_data(folder):
        """A catalog of three models: the whole one is most of the allocations of a command."""
        catalog = (ROOT / "models" / "catalog.yaml").read_text(encoding="utf-8")
        parts = re.split(r"(?m)^(?=  \S)", catalog)
        (folder / "models").mkdir(parents=True)
        (folder / "models" / "catalog.yaml").write_text("".join(parts[:4]), encoding="utf-8")
        (folder / "profiles").mkdir()
        shutil.copy(ROOT / "profiles" / "mi300x-1.yaml", folder / "profiles")

    @classmethod
    def start(cls, args, **variables):
        words = [{"M": "m", "C": str(cls.folder / "capture"),
                  "node.yaml": str(cls.folder / "node.yaml")}.get(a, a) for a in args]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(cls.folder),
               "XDG_STATE_HOME": str(cls.state), "ROCPART_DATA": str(cls.folder / "data"), **variables}
        return subprocess.run([os.environ["ROCPART"], *words], env=env, cwd=cls.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=60, close_fds=False)

    @classmethod
    def must(cls, *args):
        done = cls.start(args)
        assert done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done.stdout

    @classmethod
    def restore(cls):
        shutil.rmtree(cls.machine)
        shutil.copytree(cls.before, cls.machine)

    def points(self, name, args):
        """Clean answer, and the points (N, from_on) to try."""
        count = self.folder / "count"
        clean = self.start(args, LD_PRELOAD=LIBRARY, ROCPART_FAIL_ALLOC_COUNT=str(count))
        n = int(count.read_text())
        self.assertGreater(n, 10)
        points = [(i + 1, from_on) for i in range(n) for from_on in (False, True)]
        return clean, sample.choose(f"memory/{name}", points, SAMPLE)

    def fail_at(self, args, point):
        at, from_on = point
        more = {"ROCPART_FAIL_ALLOC_FROM": "1"} if from_on else {}
        return self.start(args, LD_PRELOAD=LIBRARY, ROCPART_FAIL_ALLOC=str(at), **more)

    @staticmethod
    def judge(clean, done, may_say):
        """What is wrong with the answer; None: nothing."""
        if done.returncode < 0:
            return f"signal {-done.returncode}"
        if done.returncode == clean.returncode:
            if (done.stdout, done.stderr) == (clean.stdout, clean.stderr):
                return None
            if done.returncode == 0 and may_say and re.search(NO_MEMORY, done.stderr):
                return None
            # The look for an unfinished change comes after the work.
            if done.stdout == clean.stdout and NOT_LOOKED.sub("", done.stderr) == clean.stderr:
                return None
            if done.returncode == 0:
                return "another answer with exit status 0"
        text = done.stderr + done.stdout
        if not re.search(NO_MEMORY, text):
            return f"exit status {done.returncode} without naming the lack of memory"
        if re.search(r"not valid|damaged|\(null\)", text):
            return "the lack of memory is called something else"
        return None

    def sweep(self, name, args, check=None):
        clean, points = self.points(name, args)
        findings = []
        for point in points:
            if check:
                self.restore()
            done = self.fail_at(args, point)
            # The exit status of `run` is that of the program, and a record of `apply` may be missing.
            wrong = self.judge(clean, done, name in ("run", "apply")) or (check and check(clean, done))
            if wrong:
                findings.append((point, wrong, done.stdout[-300:] + done.stderr[-300:]))
        print(f"# {name}: {len(points)} points, {len(findings)} findings", flush=True)
        kinds = {}
        for point, wrong, text in findings:
            kinds.setdefault(wrong, []).append((point, text))
        for wrong, places in kinds.items():
            print(f"#   {wrong}: {len(places)}: {[p for p, _ in places[:12]]}", flush=True)
            print("#     " + places[0][1].strip().replace("\n", "\n#     "), flush=True)
        return len(findings)

    def state_of(self):
        done = self.start(["--sim", "m", "status", "--json"])
        if done.returncode:
            return f"status: {done.returncode} {done.stdout}{done.stderr}"
        doc = json.loads(done.stdout)
        return json.dumps([[[g["compute_mode"], g["memory_mode"]] for g in doc["gpus"]],
                           [[x["name"], x.get("partition_id"), x["state"]]
                            for x in doc.get("leases", [])], doc["unfinished_change"]])

    def check_state(self, args, before, after):
        def check(clean, done):
            checked = self.start(["--sim", "m", "state", "check"])
            state = self.state_of()
            if checked.returncode not in (0, 6):
                return "state check: " + checked.stdout + checked.stderr
            if done.returncode == 0 and state != after:
                return "exit status 0, but not done: " + state
            if state in (before, after):
                return None
            again = self.start(args)
            if again.returncode == 0 and self.state_of() == after:
                return None
            undone = self.start(["--sim", "m", "undo", "--yes", "--evict"])
            state = self.state_of()
            if undone.returncode == 0 and state == before:
                return None
            return f"not taken back: {state} {undone.stdout}{undone.stderr}"

        return check

    def test_readers(self):
        total = 0
        for name, args in READERS.items():
            if not chosen(name):
                continue
            total += self.sweep(name, args)
        self.assertEqual(total, 0)

    def test_writers(self):
        total = 0
        for name, args in WRITERS.items():
            if not chosen(name):
                continue
            self.restore()
            before = self.state_of()
            done = self.start(args)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            after = self.state_of()
            self.restore()
            total += self.sweep(name, args, self.check_state(args, before, after))
        self.assertEqual(total, 0)


def chosen(name):
    only = os.environ.get("SWEEP_ONLY")
    return not only or name in only.split(",")


if __name__ == "__main__":
    unittest.main()
