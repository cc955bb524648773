# SPDX-License-Identifier: MIT
"""A node on a random walk: its node.yaml is edited, it boots, loses GPUs, programs are killed.

After each `apply` the node is compared with the file by tests/sweep/walk_judge.py, which reads the
file, `list --json` and the leases and counts itself. A walk is a seed and a number of steps:
ROCPART_SEED=N repeats it, ROCPART_STEPS=N changes its length.
"""

import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), os.path.dirname(os.path.abspath(__file__))]
import host  # noqa: E402
import sample  # noqa: E402
from cli.journey import DONE, FAILED, PARTLY, REFUSED, ROOT, TO_DO, Journey, trusted_folder  # noqa: E402
from walk_judge import Judge  # noqa: E402

STEPS, CAMPAIGN_STEPS, STEPS_OF_A_NODE = 200, 5000, 50
UNIT = Path(os.environ["BUILD"]) / "packaging/systemd/rocpart-apply.service"
PROFILES = ("mi300x-1", "mi300x-8", "mi300x-8", "mi355x-8", "mi300a-4", "mi325x-8")
MODELS = ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-8B", "Qwen/Qwen2.5-0.5B-Instruct")
OWNERS = ("unit:{0}@{{replica}}.service", "docker:{0}-{{replica}}", None)


def commands(key="ExecStart"):
    """The commands of the boot unit as it is shipped, without the path of the program."""
    return [shlex.split(line)[1:]
            for line in re.findall(rf"^{key}=-?(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.M)]


class Node:
    """A simulated node, its file, and what the walk did to it."""

    def __init__(self, test, profile, rng):
        self.test, self.rng, self.profile = test, rng, profile
        self.name = f"n{rng.randrange(1 << 40)}"
        self.path = str(test.folder / f"{self.name}.yaml")
        self.log, self.doc = [], {}
        self.pids = {}      # of programs that run: pid -> (replica, owner of its lease)
        self.gone = set()   # GPUs that are lost now
        self.say("sim", "create", self.name, "--profile", profile, of_machine=False)
        gpus = self.judge().gpus
        self.bdfs = sorted(gpus)
        self.pairs = self.modes_of_machine()
        self.doc = {"version": "v1", "node": {}, "models": {}}
        self.choose_modes()
        self.write()
        self.say("place", "first", "--bytes", "1GiB")  # the GPUs are recorded: one that is lost is missed
        self.say("release", "1")

    # ---- commands

    def run(self, *args, of_machine=True):
        words = [*args, "--sim", self.name] if of_machine else list(args)
        done = self.test.start(*words)
        self.log.append(f"{' '.join(words)}  # {done.returncode}")
        return done

    def say(self, *args, of_machine=True):
        done = self.run(*args, of_machine=of_machine)
        self.test.assertEqual(done.returncode, DONE, self.told(done.stdout + done.stderr))
        return done.stdout

    def told(self, what):
        """A failure with all that it takes to repeat it."""
        log = "\n".join(self.log)
        return (f"ROCPART_SEED={sample.seed()} {self.profile}: {what}\n--- the walk\n{log}\n"
                f"--- {self.path}\n{json.dumps(self.doc)}")

    def judge(self):
        listed = json.loads(self.test.rocpart("list", "--json", "--sim", self.name))
        status = json.loads(self.test.rocpart("status", "--json", "--sim", self.name))
        return Judge(listed, status, getattr(self, "bdfs", ()))

    def modes_of_machine(self):
        gpu = json.loads(self.test.rocpart("modes", "--json", "--sim", self.name))["gpus"][0]
        return [(p["compute_mode"], p["memory_mode"]) for p in gpu["pairs"] if p["state"] != "never"]

    def write(self):
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump(self.doc, f)  # JSON is YAML, and read without a library
        self.log.append(f"# {json.dumps(self.doc)}")

    # ---- edits

    def choose_modes(self):
        """One memory mode for all, a compute mode for each; or a file without node:."""
        rng = self.rng
        if rng.random() < 0.25 and self.doc["models"]:
            self.doc.pop("node", None)
            return
        memory = rng.choice(sorted({m for _, m in self.pairs}))
        fit = sorted(c for c, m in self.pairs if m == memory)
        gpus = {"all": rng.choice(fit)}
        if rng.random() < 0.4:
            gpus = {bdf: rng.choice(fit) for bdf in self.bdfs}
        self.doc["node"] = {"memory": memory, "gpus": gpus, "allow-unvalidated": True}

    def new_model(self, name):
        rng = self.rng
        model = {"replicas": rng.randrange(1, 5), "spread": "none"}
        if rng.random() < 0.5:
            model |= {"model": rng.choice(MODELS), "context": rng.choice((1024, 4096, 8192))}
        else:
            model["bytes"] = f"{rng.choice((1, 3, 10, 20, 30, 80))}GiB"
        owner = rng.choice(OWNERS)
        if owner:
            model["owner"] = owner.format(name)
        self.doc["models"][name] = model

    def edit(self):
        rng, models = self.rng, self.doc["models"]
        what = rng.choice(("add", "add", "remove", "replicas", "size", "size", "dtype", "owner",
                           "priority", "modes", "labels"))
        if what == "modes":
            self.choose_modes()
        elif what == "add" or not models:
            self.new_model(rng.choice("abcdef"))
        else:
            name = rng.choice(sorted(models))
            self.edit_model(what, name, models[name])
        self.write()

    def edit_model(self, what, name, model):
        rng = self.rng
        if what == "remove":
            del self.doc["models"][name]
        elif what == "replicas":
            model["replicas"] = rng.randrange(1, 6)
        elif what == "size" and "bytes" in model:
            model["bytes"] = f"{rng.choice((1, 2, 5, 11, 22, 40, 90, 400))}GiB"
        elif what == "size":
            model["context"] = rng.choice((512, 2048, 16384, 32768))
        elif what == "dtype" and "model" in model:
            model["dtype"] = rng.choice(("bf16", "fp8"))
        elif what == "owner":
            model["owner"] = rng.choice(OWNERS[:2]).format(name + rng.choice("xy"))
        elif what == "priority":
            model["priority"] = rng.randrange(-3, 4)
        elif what == "labels":
            model["labels"] = {"k": str(rng.randrange(9))}

    # ---- what happens to a node

    def place_by_hand(self):
        self.run("place", f"hand-{self.rng.randrange(100)}", "--bytes", f"{self.rng.randrange(1, 20)}GiB")

    def release_by_hand(self):
        mine = [x for x in self.judge().leases if not x["managed"]]
        if mine:
            self.say("release", str(self.rng.choice(mine)["lease"]))

    def release_a_replica(self):
        leases = self.judge().leases
        if leases:
            self.run("release", self.rng.choice(leases)["replica"])

    def cordon(self):
        self.run(self.rng.choice(("cordon", "uncordon")), self.rng.choice(self.bdfs))

    def hold(self):
        """A program of a lease runs, and has memory."""
        leases = [x for x in self.judge().leases if x["partition"] and x["state"] in ("placed", "running")
                  and x["owner"].startswith("unit:")]
        if not leases:
            return
        lease = self.rng.choice(leases)
        unit = lease["owner"][5:]
        done = self.run("sim", "hold", self.name, "--partition", f"{lease['partition']}=1GiB", "--cgroup",
                        f"/system.slice/{unit}", "--json", of_machine=False)
        if done.returncode == DONE:
            self.pids[json.loads(done.stdout)["pid"]] = (lease["replica"], lease["owner"])

    def end_program(self):
        if self.pids:
            pid = self.rng.choice(sorted(self.pids))
            self.say("sim", "hold", self.name, "--release", str(pid), of_machine=False)
            del self.pids[pid]

    def running(self, now):
        """Replicas that run. A program is not of the lease any more when that got another owner, but
        where nothing tells whose program it is: containers are not shown here."""
        return {r for r, owner in self.pids.values() if r in now.by_replica and
                (now.by_replica[r]["owner"] == owner or
                 now.by_replica[r]["owner"].startswith("docker:"))}

    def forget_rolled(self, said):
        """Programs of units that apply stopped: starting a unit starts no program here."""
        for replica in re.findall(r"\] (\S+/\d+): stop ", said):
            for pid in [p for p, (r, _) in self.pids.items() if r == replica]:
                self.run("sim", "hold", self.name, "--release", str(pid), of_machine=False)
                del self.pids[pid]

    def place_for_a_process(self):
        """A lease that a process owns, which a boot ends."""
        at = self.rng.choice(sorted(self.judge().usable))
        done = self.run("sim", "hold", self.name, "--no-kfd", "--partition", at, "--json", of_machine=False)
        if done.returncode == DONE:
            pid = json.loads(done.stdout)["pid"]
            self.run("place", f"process-{pid}", "--bytes", "1GiB", "--owner", f"pid:{pid}")
            self.pids[pid] = (f"process-{pid}/0", f"pid:{pid}")

    def lose(self):
        bdf = self.rng.choice(self.bdfs)
        if self.gone | {bdf} == set(self.bdfs):
            return  # of no GPU nothing can be said
        self.gone.add(bdf)
        self.say("sim", "fault", self.name, f"lose:{bdf}", of_machine=False)
        self.reload()

    def give_back(self):
        self.gone.clear()
        self.say("sim", "fault", self.name, "--clear", of_machine=False)
        self.reload()

    def reload(self):
        """GPUs come and go when the driver is loaded; no program runs meanwhile."""
        while self.pids:
            self.end_program()
        self.say("sim", "reload", self.name, of_machine=False)

    def boot(self):
        """The power goes; then the commands of the unit, each of which is started."""
        held = {x["lease"] for x in self.judge().leases if not x["owner"].startswith("pid:")}
        self.say("sim", "reset", self.name, of_machine=False)
        self.pids = {}
        before = self.judge()
        for words in commands():
            words = [self.path if w == "/etc/rocpart/node.yaml" else w for w in words]
            if "--wait" in words:
                words[words.index("--wait") + 1] = "0"
            done = self.run(*words)
            if done.returncode:
                break
        after = self.judge()
        left = {x["lease"] for x in after.leases}
        self.check(held <= left, f"leases {held - left} are lost by a boot")
        ended = [x["lease"] for x in after.leases if x["owner"].startswith("pid:")]
        self.check(not ended, f"leases {ended} of processes that the boot ended are left")
        if words[-1] == self.path or "--unattended" in words:
            self.check_result(before, after, done, unattended=True)

    def kill(self):
        """apply ends at any moment; what it had begun is resumed."""
        whole = dict(os.environ, XDG_STATE_HOME=str(self.test.folder), ROCPART_DATA=str(ROOT))
        words = ["apply", self.path, "--yes", "--sim", self.name]
        with subprocess.Popen([os.environ["ROCPART"], *words], env=whole, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as child:
            time.sleep(self.rng.random() * 0.08)
            child.send_signal(signal.SIGKILL)
            self.log.append(f"{' '.join(words)}  # killed")
        if self.rng.random() < 0.2:
            return self.boot()
        done = self.run("apply", "--resume", "--yes", "--wait", "0")
        if done.returncode != DONE and "has not yet" not in done.stderr:
            self.check(self.pids, f"--resume: {done.stdout}{done.stderr}")
            while self.pids:
                self.end_program()
            self.say("apply", "--resume", "--yes")
        return None

    # ---- the verdict

    def check(self, condition, what):
        self.test.assertTrue(condition, self.told(what))

    def apply(self):
        more = []
        if self.rng.random() < 0.2:
            more.append("--evict")
        before = self.judge()
        done = self.run("apply", self.path, "--yes", "--wait", "0", *more)
        self.check_result(before, self.judge(), done, evict="--evict" in more)

    def check_result(self, before, after, done, evict=False, unattended=False):
        """The status of an apply, its reasons, and what it may not touch."""
        said = done.stdout + done.stderr
        running = self.running(before)
        self.forget_rolled(done.stderr)
        running &= self.running(before)
        wrong = after.wrong(self.doc, self.path)
        self.check(done.returncode in (DONE, FAILED, REFUSED, PARTLY), f"status {done.returncode}: {said}")
        if done.returncode == DONE:
            self.check(not wrong, f"apply says done, and {wrong}: {said}")
        problems = after.problems(before, self.doc, self.path, running=running,
                                  evict=evict)
        self.check(not problems, f"{problems}: {said}")
        if done.returncode == PARTLY:
            problems = after.untrue_reasons(wrong, self.doc, done.stderr, running, unattended)
        elif done.returncode:
            problems = after.untrue_refusal(before, self.doc, self.path, done, running)
        self.check(not problems, f"status {done.returncode}, wrong {wrong}, untrue: {problems}: {said}")
        if done.returncode:
            self.test.refusals.append(done.stderr.splitlines()[0] if done.stderr else "")
        asserted = self.run("assert", self.path)
        if not after.is_mode_open(self.doc) and asserted.returncode in (DONE, TO_DO):
            self.check((asserted.returncode == DONE) == (not wrong),
                       f"assert {asserted.returncode}, and {wrong}: {asserted.stdout}{asserted.stderr}")
        elif asserted.returncode not in (DONE, TO_DO):
            self.check(wrong, f"assert: {asserted.stdout}{asserted.stderr}")

    def step(self):
        kinds = {self.edit: 40, self.place_by_hand: 6, self.release_by_hand: 5, self.cordon: 5,
                 self.release_a_replica: 3, self.hold: 8, self.end_program: 8, self.place_for_a_process: 3,
                 self.lose: 3, self.give_back: 4, self.boot: 10, self.kill: 8}
        what = self.rng.choices(list(kinds), list(kinds.values()))[0]
        self.log.append(f"# {what.__name__}")
        what()
        if what not in (self.boot,) and self.rng.random() < 0.8:
            self.apply()


class Walk(Journey):
    def setUp(self):
        super().setUp()
        folder = trusted_folder()
        if not folder:
            host.lacking("a folder here that only its owner can write, as --unattended asks")
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        if "WALK_KEEP" not in os.environ:
            self.addCleanup(shutil.rmtree, self.folder)
        self.refusals = []

    def test_node_is_what_its_file_says_after_each_apply(self):
        steps = int(os.environ.get("ROCPART_STEPS", CAMPAIGN_STEPS if sample.is_whole() else STEPS))
        print(f"# walk: {steps} steps, ROCPART_SEED={sample.seed()}", file=sys.stderr)
        for n in range(-(-steps // STEPS_OF_A_NODE)):
            rng = random.Random(f"{sample.seed()}/walk/{n}")
            node = Node(self, rng.choice(PROFILES), rng)
            for _ in range(min(steps - n * STEPS_OF_A_NODE, STEPS_OF_A_NODE)):
                node.step()
        if "WALK_REFUSALS" in os.environ:
            print("\n".join(self.refusals), file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
