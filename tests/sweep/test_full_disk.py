# SPDX-License-Identifier: MIT
"""Each command that changes something, with the disk of the records full or failing from any call on.

At each call that changes a file below the record folder the disk fails: for that call alone, or for
it and all later ones. Afterwards the disk is well. Then the command did what its exit status says, or
said why it did not and changed nothing, or left a change that can be resumed and undone; no record is
damaged, and the command works. The files of the simulated machine itself never fail.
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("", "cli")]
import host  # noqa: E402
import sample  # noqa: E402
from interrupted import NEW, OLD, SWITCH, Interrupted  # noqa: E402
from journey import DONE, PENDING  # noqa: E402

WRITES = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "renameat", "renameat2", "linkat",
          "mkdir", "mkdirat")
REMOVES = ("unlink", "unlinkat")
OPENS = ("openat", "openat2")
CALLS = WRITES + REMOVES + OPENS
# A full disk lets files be read and removed; a broken one does nothing any more.
ONWARD = {"ENOSPC": WRITES, "EIO": CALLS}
N_POINTS = int(os.environ.get("ROCPART_DISK_POINTS", "12"))
BACK = ["set", "--compute", "SPX", "--memory", "NPS1", "--yes"]
MODELS = """version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models: {a: {model: Qwen/Qwen3-8B, context: 4k, replicas: 3}}
"""
# What a command that fails says of what is there nevertheless, by the name of its sweep.
SWALLOWED = "cannot record the leases"  # docs/design/leases.md: a disk that fails on and on
LOST = "may be lost at a power cut: "
CLOSING = r"^hint: (the GPUs are in the requested modes|each GPU is in the modes that it had before)"
IN_EFFECT = {
    "cordon": rf"^rocpart: GPU \S+ is cordoned now: the record '\S+' is in effect, but {LOST}",
    "hold": rf"^rocpart: (\S+: )?the record '\S+' is in effect, but {LOST}",
    "hold-end": rf"^rocpart: (\S+: )?the hold has ended, but the end {LOST}",
    "cdi": rf"^rocpart: \S+: the CDI spec is written, but {LOST}",
    **dict.fromkeys(("set", "back", "undo", "resume", "undo-open", "apply"),
                    rf"{CLOSING}|^rocpart: (\S+: )?the modes are set, but "),
}
UNDONE = "the change was undone"
PARTLY_PLACED = "; the modes are those of the file"


class FullDisk(Interrupted):
    def setUp(self):
        super().setUp()
        host.need_tracing()
        self.live, self.trace = self.folder / "rocpart", self.folder / "trace"
        self.records = self.live / "sim/n/records"
        self.counts = collections.Counter()

    def keep(self, name):
        shutil.copytree(self.live, self.folder / name)

    def back_to(self, name):
        shutil.rmtree(self.live)
        shutil.copytree(self.folder / name, self.live)

    def run_traced(self, *options, words):
        # strace and the leak checker both want ptrace
        env = dict(self.environment(), ASAN_OPTIONS="detect_leaks=0", LSAN_OPTIONS="detect_leaks=0")
        done = subprocess.run(["strace", "-y", "-o", self.trace, *options, os.environ["ROCPART"],
                               *words], env=env, capture_output=True, text=True, check=False,
                              timeout=60)
        lines = self.trace.read_text(encoding="utf-8", errors="replace").splitlines()
        return done, [m for m in (re.match(r"(\w+)\((.*)", line) for line in lines) if m]

    def paths(self, words):
        """-P PATH of each file below the record folder that the command touches."""
        _, lines = self.run_traced("-e", "trace=" + ",".join(CALLS), words=words)
        found = {str(self.records), *(str(p) for p in self.records.rglob("*"))}
        for line in lines:
            found.update(re.findall(rf'[<"]({re.escape(str(self.records))}/[^>"]*)', line[2]))
        return [word for path in sorted(found) for word in ("-P", path)]

    def points(self, name, paths, words):
        """(where, words of strace) that let the disk fail at one call, or from it on."""
        done, lines = self.run_traced(*paths, "-e", "trace=" + ",".join(CALLS), words=words)
        self.assertEqual(done.returncode, DONE, done.stderr)
        seen, found = dict.fromkeys(CALLS, 0), []
        for line in lines:
            call = line[1]
            if call not in OPENS or "O_CREAT" in line[2]:
                for error, onward in ONWARD.items():
                    where = f"{call}:error={error}:when={seen[call] + 1}"
                    found.append((where, [f"inject={where}"]))
                    if call in onward:
                        found.append((where + "+", [f"inject={c}:error={error}:when={seen[c] + 1}+"
                                                    for c in onward]))
            seen[call] += 1
        self.assertGreater(len(found), 8)
        return sample.choose(name, found, N_POINTS)

    def view(self):
        """What the machine shows: all of it that the commands here change."""
        status = self.json("status", "--sim", "n")
        leases = sorted((x["name"], x["partition"]) for x in status["leases"])
        cordoned = re.findall(r"^.*cordoned.*$", self.rocpart("status", "--sim", "n"), re.M)
        specs = sorted(p.name for p in self.records.glob("cdi/*.json"))
        if specs:  # a spec that rocpart did not know would never be refreshed
            self.assertIn(specs[0], self.rocpart("cdi", "list", "--sim", "n"))
        self.assertNotIn("damaged", self.rocpart("status", "--sim", "n"))
        return {"modes": self.modes(), "unfinished": status["unfinished_change"], "leases": leases,
                "cordoned": [line.split()[0] for line in cordoned],
                "specs": specs, "hold": (status["hold"] or {}).get("reason", "")}

    def sweep(self, name, words, ends=(OLD, NEW)):
        """ends: the modes after undo and after --resume of what is left unfinished."""
        self.keep("before")
        before = self.view()
        paths = self.paths(words)
        after = self.view()
        self.back_to("before")
        for where, faults in self.points(name, paths, words):
            with self.subTest(op=name, point=where):
                self.back_to("before")
                done, lines = self.run_traced(*paths, "-e", "trace=" + ",".join(CALLS),
                                              *(w for f in faults for w in ("-e", f)), words=words)
                self.assertTrue(any("(INJECTED)" in line[2] for line in lines), "nothing failed")
                said = f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
                self.judge(name, done, before, after, ends, f"{where}: {said}")
                if name == "apply" and self.view()["modes"] == after["modes"]:
                    self.rocpart("--sim", "n", *words)  # goes on from there
                    self.assertEqual(self.view(), after, said)
                self.assert_works()
        print(f"# {name}: {dict(self.counts)}", file=sys.stderr)

    def judge(self, name, done, before, after, ends, said):
        self.assertGreaterEqual(done.returncode, 0, said)
        self.assertNotIn("Sanitizer", done.stderr)
        found = self.view()
        if before["modes"] or "] load the amdgpu driver" in said:
            self.assertEqual(len(found["modes"]), len(OLD), f"the driver is not loaded; {said}")
        self.assert_said_once_and_true(done, found, before, said)
        if done.returncode == DONE:
            self.counts["done"] += 1
            self.assertEqual(found, after, said)
            return
        self.assertTrue(re.search(r"^rocpart: .", done.stderr, re.M), said)
        if found["unfinished"]:
            self.counts["unfinished"] += 1
            self.assertRegex(said, "`rocpart undo|`rocpart apply --resume|cannot see whether")
            self.end_both_ways(ends, said)
            return
        self.assertNotEqual(done.returncode, PENDING, said)
        claims = name in IN_EFFECT and re.search(IN_EFFECT[name], said, re.M)
        if found == before and not claims:
            how = "refused"
        else:
            how = self.how_told(claims, found, before, after, ends, said)
        self.assertTrue(how, f"{found} is not {before}; {said}")
        self.counts[how] += 1

    def assert_said_once_and_true(self, done, found, before, said):
        lines = re.findall(r"^(?:rocpart|note): \s*(.*)", done.stderr, re.M)
        self.assertEqual(len(lines), len(set(lines)), f"said twice; {said}")
        if "; nothing was changed" in said or "; no mode was changed" in said:
            self.assertEqual(found["modes"], before["modes"], said)
        if "no lease was changed" in said:
            self.assertEqual(found["leases"], before["leases"], said)
        if "no CDI spec was written" in said:
            self.assertEqual(found["specs"], before["specs"], said)
        if "the journal counts as closed" in said:
            self.assertFalse(found["unfinished"], said)
        elif re.search(r"^hint: .*; `rocpart [a-z -]+` closes the journal$", said, re.M):
            self.assertTrue(found["unfinished"], said)

    @staticmethod
    def how_told(claims, found, before, after, ends, said):
        """What is there although the exit status is that of a failure, as the message says; or None."""
        if found == after and claims:
            return "done nevertheless"
        if UNDONE in said and found == dict(before, modes=ends[0], unfinished=False):
            return "undone"
        is_part = found["modes"] == after["modes"] and \
            all(lease in after["leases"] for lease in found["leases"])
        if is_part and (PARTLY_PLACED in said or claims):
            return "placed in part"
        is_onward = said.partition(": ")[0].endswith("+")
        return "commit swallowed" if SWALLOWED in said and found == after and is_onward else None

    def end_both_ways(self, ends, said):
        self.keep("open")
        for words, modes in zip((["undo"], ["apply", "--resume"]), ends):
            self.back_to("open")
            self.rocpart("--sim", "n", *words, "--yes")
            self.assertEqual(self.modes(), modes, f"{words} after {said}")
            self.assertFalse(self.is_unfinished(), f"{words} after {said}")
        shutil.rmtree(self.folder / "open")

    def assert_works(self):
        """No record is damaged, and leases are placed once no change is unfinished."""
        self.rocpart("--sim", "n", "list")
        self.assertEqual(self.rocpart("--sim", "n", "state", "check"),
                         "the leases are consistent\n")
        if self.is_unfinished():
            self.rocpart("--sim", "n", "apply", "--resume", "--yes")
        n = len(self.view()["leases"])
        self.rocpart("--sim", "n", "place", "next", "--bytes", "1G")
        self.assertEqual(len(self.view()["leases"]), n + 1)
        self.assertIn("no record is damaged", self.rocpart("--sim", "n", "state", "set-aside"))

    def switched(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", *SWITCH)

    def unfinished(self):
        self.make("mi300x-8")
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start("--sim", "n", *SWITCH)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertTrue(self.is_unfinished())

    def test_set(self):
        self.make("mi300x-8")
        self.sweep("set", SWITCH)

    def test_set_back(self):
        self.switched()
        self.sweep("back", BACK, ends=(NEW, OLD))

    def test_undo(self):
        self.switched()
        self.sweep("undo", ["undo", "--yes"], ends=(NEW, OLD))

    def test_resume(self):
        self.unfinished()
        self.sweep("resume", ["apply", "--resume", "--yes"])

    def test_undo_of_an_unfinished_change(self):
        self.unfinished()
        self.sweep("undo-open", ["undo", "--yes"])

    def test_first_place(self):
        self.make("mi300x-8")
        self.sweep("place-first", ["place", "a", "--bytes", "2G"])

    def test_later_place(self):
        self.switched()
        self.rocpart("--sim", "n", "place", "a", "--bytes", "2G")
        self.sweep("place-later", ["place", "b", "--bytes", "2G"])

    def test_release(self):
        self.switched()
        for name in "ab":
            self.rocpart("--sim", "n", "place", name, "--bytes", "2G")
        self.sweep("release", ["release", "1"])

    def test_hold(self):
        self.switched()
        self.sweep("hold", ["hold", "--for", "2h", "--reason", "x"])

    def test_end_of_a_hold(self):
        self.switched()
        self.rocpart("--sim", "n", "hold", "--for", "2h", "--reason", "x")
        self.sweep("hold-end", ["hold", "--end"])

    def test_apply_with_models(self):
        self.make("mi300x-8")
        self.sweep("apply", ["apply", self.write(MODELS), "--yes"])

    def test_cordon(self):
        self.make("mi300x-8")
        self.sweep("cordon", ["cordon", "1"])

    def test_cdi_generate(self):
        self.switched()
        self.sweep("cdi", ["cdi", "generate"])


if __name__ == "__main__":
    unittest.main()
