# SPDX-License-Identifier: MIT
"""export, then apply on an equal machine, gives the same machine: one round trip of a random machine.

What is compared is read from the files of the simulator and of the records (state.json,
cordons.json, the tables of leases.db), and not by rocpart.
"""

import contextlib
import json
import random
import sqlite3

from journey import DONE, ROOT, Journey

WITHOUT_GPUS = {"mi300x-sriov-host"}  # amdgpu has none of them
PROFILES = sorted({p.stem for p in (ROOT / "profiles").glob("*.yaml")} - WITHOUT_GPUS)
MIB = 1 << 20
MODEL = "Qwen/Qwen3-0.6B"


class RoundTrip(Journey):
    """Used by the test of every profile and by the sweep."""

    def sim(self, name, *args, status=DONE):
        return self.rocpart("--sim", name, *args, status=status)

    def folder_of(self, name):
        return self.folder / "rocpart/sim" / name

    def state(self, name):
        """Modes, leases and cordons of a simulated machine."""
        gpus = json.loads((self.folder_of(name) / "state.json").read_text(encoding="utf-8"))["gpus"]
        records = self.folder_of(name) / "records"
        cordons, leases = [], []
        with contextlib.suppress(FileNotFoundError):
            cordons = json.loads((records / "cordons.json").read_text(encoding="utf-8"))["gpus"]
        if (records / "leases.db").exists():
            with contextlib.closing(sqlite3.connect(records / "leases.db")) as db:
                leases = db.execute(
                    "SELECT name, bytes, share, priority, state, owner, labels FROM lease").fetchall()
        return ([(g["compute"], g["nps"]) for g in gpus], sorted(cordons), sorted(leases))

    def switch(self, name, rng):
        """Random modes: a memory mode for the GPUs that have the same ones, a compute mode each."""
        gpus = self.json("--sim", name, "modes")["gpus"]
        groups = {}
        for gpu in gpus:
            pairs = {(p["compute_mode"], p["memory_mode"]) for p in gpu["pairs"]
                     if p["state"] != "never" and "does not complete" not in (p["reason"] or "")}
            if pairs:
                groups.setdefault((gpu["product"], frozenset(pairs)), []).append(gpu["index"])
        for (_, pairs), members in groups.items():
            memory = rng.choice(sorted({m for _, m in pairs}))
            fit = sorted(c for c, m in pairs if m == memory)
            self.set_modes(name, members, rng.choice(fit), memory)
            for index in rng.sample(members, rng.randrange(len(members) + 1)):
                self.set_modes(name, [index], rng.choice(fit), None)

    def set_modes(self, name, members, compute, memory):
        self.sim(name, "set", "--compute", compute, *(["--memory", memory] if memory else []),
                 "--gpu", ",".join(map(str, members)), "--allow-unvalidated", "--yes")

    def place(self, name, rng, most):
        """Random leases on random partitions: whole, by bytes, shared, with owners and labels.

        Shares only where half of the machine stays free: packing them is strongly NP-hard, and the
        planner need not find the only plan of a full machine.
        """
        uses = self.json("--sim", name, "status")["use"]
        rng.shuffle(uses)
        kinds = rng.choice(([0, 1, 3, 3], [0, 1, 2, 3]))
        if 2 in kinds:
            most = min(most, (len(uses) + 1) // 2)
        for k, use in enumerate(uses[:rng.randrange(min(len(uses), most) + 1)]):
            words = ["--partition", use["partition"]]
            kind = rng.choice(kinds)
            if rng.random() < 0.3 and kind != 1:  # equal replicas only have one name in a file
                words += ["--priority", str(rng.randrange(-5, 9)), "--label", f"n={k}"]
            if kind == 0:
                self.sim(name, "place", f"whole-{k}", "--bytes", str(use["usable_bytes"]), "--owner",
                         f"unit:w@{k}", *words)
            elif kind == 1:
                self.sim(name, "place", MODEL, "--context", "4k", *words)
            elif kind == 2:
                half = use["usable_bytes"] // 20 * 9 // MIB
                for part in "ab":
                    self.sim(name, "place", f"half-{k}{part}", "--bytes", f"{half}MiB", "--share",
                             "2", *words)
            else:
                size = rng.randrange(1, use["usable_bytes"])
                self.sim(name, "place", f"part-{k}", "--bytes", str(size), *words)

    def cordon(self, name, rng):
        """Some of the GPUs that have no lease: what is leased has to stay where it may be."""
        status = self.json("--sim", name, "status")
        used = {lease["partition"].split("/")[0] for lease in status["leases"]}
        free = [g["index"] for g in status["gpus"] if g["bdf"] not in used]
        for index in rng.sample(free, min(len(free), rng.randrange(3))):
            self.sim(name, "cordon", str(index))

    def round_trip(self, profile, seed, most=64):
        rng = random.Random(f"{profile}/{seed}")
        first, second = f"a-{profile}-{seed}", f"b-{profile}-{seed}"
        self.make(profile, first)
        self.switch(first, rng)
        self.place(first, rng, most)
        self.cordon(first, rng)
        text = self.sim(first, "export")
        path = self.write(text, f"{profile}-{seed}.yaml")
        self.make(profile, second)
        done = self.start("--sim", second, "apply", path, "--yes")
        said = f"{profile} {seed}\n{text}\n{done.stdout}{done.stderr}"
        self.assertEqual(done.returncode, DONE, said)
        self.assertEqual(self.state(second), self.state(first), said)
        self.sim(first, "assert", path)
        self.sim(second, "assert", path)
        self.assertEqual(self.sim(second, "export"), text, said)
        self.sim(second, "apply", path, "--yes")
        self.assertEqual(self.state(second), self.state(first), said)
