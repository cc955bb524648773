# SPDX-License-Identifier: MIT
"""Text of strangers: names in captures, of processes, units and leases of earlier versions.

Nothing of such a text is run, begins a line of its own, reaches a terminal, or makes a command fail.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from journey import DONE, ROOT, USAGE, Journey, rename_lease

sys.path.insert(0, str(ROOT / "tests"))
import sample  # noqa: E402

try:
    import yaml
except ImportError:
    yaml = None

HOSTILE = (b"a\ntouch PWNED #", b"$(touch PWNED)", b"`touch PWNED`", b"'; touch PWNED; '",
           b'"; touch PWNED; "', b"\x1bc\x1b[2J\x9b\x07", b"h\xff\xfe", b"a\0\ntouch PWNED",
           "\u202egnp.exe\u2066\u200b\u2028\x85".encode(), b"\r\ntouch PWNED\r", b"--help",
           b"x" * 5000, b"%n%s%%", b"a\n[Service]\nExecStart=touch PWNED", b"a\nenv: {x: y}")
COMMENTED = (("env",), ("env", "--format", "dotenv"), ("k8s",), ("systemd",))
FORMS = (*COMMENTED, ("docker",), ("podman",), ("k8s", "--format", "json"))
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f]")


class Hostile(Journey):
    def bytes(self, *args, status=None, **env):
        done = subprocess.run(
            [os.environ["ROCPART"], *args], stdin=subprocess.DEVNULL, capture_output=True,
            check=False, cwd=self.folder,
            env={"PATH": os.environ["PATH"], "XDG_STATE_HOME": str(self.folder),
                 "ROCPART_DATA": str(ROOT), **env})
        self.assertGreaterEqual(done.returncode, 0, args)
        if status is not None:
            self.assertEqual(done.returncode, status, (args, done.stderr))
        return done

    def printable(self, *args, status=None):
        """What a command prints, each of its lines without a byte that a terminal obeys."""
        done = self.bytes(*args, status=status)
        for text in (done.stdout.decode(), done.stderr.decode()):
            self.assertIsNone(UNSAFE.search(text), (args, text))
            self.assertNotIn("out of memory", text, args)
        return done.stdout.decode() + done.stderr.decode()

    def run_in_sh(self, script, text):
        subprocess.run(["sh", "-c", script, "sh", text], cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": os.environ["PATH"]})
        self.unharmed(text)

    def unharmed(self, *what):
        self.assertEqual(list(self.folder.rglob("PWNED")), [], what)


class Captures(Hostile):
    def setUp(self):
        super().setUp()
        self.cap = self.folder / "cap"
        gpu = "sys/bus/pci/devices/0000:05:00.0/current_"
        subprocess.run([os.environ["SIM_DUMP"], str(ROOT / "profiles/mi300x-1.yaml"), str(self.cap),
                        f"{gpu}compute_partition=CPX"], check=True, capture_output=True)
        (self.cap / "sys/devices/rocpart-sim").mkdir(parents=True, exist_ok=True)
        (self.cap / "sys/devices/rocpart-sim/folder").write_text("/x")

    def use(self, form):
        """Prints a form and gives it to its reader."""
        done = self.bytes("--root", str(self.cap), "args", *form, "0/1")
        if done.returncode:
            return
        text = done.stdout.decode()
        self.assertIsNone(UNSAFE.search(text), text)
        if form[0] == "env":
            self.run_in_sh('eval "$1"', text)
        elif form[0] in ("docker", "podman"):
            self.run_in_sh('eval "set -- $1"', text)
        elif form[0] == "k8s":
            self.read_pod(text, form)
        else:
            self.read_unit(text)

    def read_pod(self, text, form):
        if "json" in form:
            self.assertEqual(list(json.loads(text)), ["spec"])
        elif yaml:
            self.assertEqual(list(yaml.safe_load(text)), ["spec"])

    def read_unit(self, text):
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        self.assertEqual(lines[0], "[Service]")
        self.assertEqual({line.split("=")[0] for line in lines[1:]},
                         {"Environment", "UnsetEnvironment", "DevicePolicy", "DeviceAllow",
                          "SupplementaryGroups"} & {line.split("=")[0] for line in lines[1:]})
        self.unit = text

    def test_the_name_of_a_capture_is_a_comment_in_every_form(self):
        for name in HOSTILE:
            (self.cap / "sys/devices/rocpart-sim/name").write_bytes(name)
            for form in FORMS if name == HOSTILE[1] else COMMENTED:
                with self.subTest(name=name, form=form):
                    self.use(form)
            with self.subTest(name=name):
                done = self.bytes("--root", str(self.cap), "cdi", "generate", "-o", "-", status=DONE)
                for variable in json.loads(done.stdout)["containerEdits"]["env"]:
                    self.assertIsNone(UNSAFE.search(variable))
                self.printable("--root", str(self.cap), "list", status=DONE)
                self.unharmed(name)

    def test_a_unit_with_the_name_of_a_capture_is_what_systemd_reads(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze")
        (self.cap / "sys/devices/rocpart-sim/name").write_bytes(HOSTILE[-2])
        self.use(("systemd",))
        unit = self.folder / "x.service"
        unit.write_text(self.unit + "ExecStart=/bin/true\n")
        said = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True,
                              check=False).stderr
        self.assertNotIn("x.service:", said)

    def test_no_file_of_a_capture_is_run_or_printed_raw(self):
        files = sorted(p for p in self.cap.rglob("*") if p.is_file() and not p.is_symlink())
        names = [str(p.relative_to(self.cap)) for p in files if "caches" not in p.parts]
        for name in sample.choose("hostile-capture", names, 16):
            path = self.cap / name
            before = path.read_bytes()
            with self.subTest(file=name):
                path.write_bytes(b"$(touch PWNED)`touch PWNED`\ntouch PWNED #\x1b[2J\xff\n")
                self.use(("env",))
                self.printable("--root", str(self.cap), "status")
            path.write_bytes(before)


class Machine(Hostile):
    """A machine with processes, units and leases of such names."""

    made = None  # the machine as the first test made it: making it takes longer than the tests

    def setUp(self):
        super().setUp()
        home = self.folder / "rocpart"
        if not Machine.made:
            self.make_machine()
            folder = tempfile.TemporaryDirectory()
            self.addClassCleanup(folder.cleanup)
            Machine.made = shutil.copytree(home, Path(folder.name) / "rocpart")
        elif not home.exists():
            shutil.copytree(Machine.made, home)

    def make_machine(self):
        self.make("mi300x-8")
        for lease, name in enumerate(HOSTILE, 1):
            self.rocpart("--sim", "n", "place", "--bytes", "1G", "x", "--share", "64", "--partition",
                         f"{lease % 8}/0", "--label", "k=v", "--owner", "unit:a.service")
            rename_lease(self.folder, "n", lease, name.replace(b"\0", b""))
        for lease, name in enumerate(HOSTILE, 1):
            name = name.replace(b"\0", b"")
            unit = name[:40].replace(b"\n", b"\x0b").replace(b"/", b"_")
            self.bytes("--sim", "n", "sim", "hold", "n", "--partition", f"{lease % 8}/0=1G",
                       "--process", name[:900].replace(b" ", b"\t").replace(b"/", b"_"),
                       "--cgroup", b"/system.slice/" + unit + b".service", status=DONE)

    def test_what_people_read_has_no_control_characters(self):
        for args in (["status"], ["status", "--csv"], ["status", "--wide"], ["usage"],
                     ["usage", "--csv"], ["holders"], ["holders", "--csv"], ["doctor"], ["list"],
                     ["explain", "1"], ["explain", "0/0"], ["explain", "6"], ["state", "check"],
                     ["release", "x\n\x1b"], ["explain", b"\xff\x1b"], ["adopt", "unit:\x1b\n"],
                     ["set", "-c", "CPX", "--allow-unvalidated", "--dry-run", "-y", "--trace"],
                     ["set", "-c", "CPX", "--allow-unvalidated", "--evict", "-y", "--trace",
                      "--wait", "0"],
                     ["--root", b"\x1b\xff", "list"], ["--sim", b"\xff\n\x1b", "list"],
                     [b"\x1b\xff"], [b"--\x1b\xff"], ["-\x1b"], ["list", "--columns", "\x1b"],
                     ["place", "--bytes", "1G", b"\x1b\xff"], ["plan", b"./\x1b\xff"],
                     ["place", "--bytes", b"\x1b\xff"], ["place", "--bytes", "1G", "--label", b"\xff=\x1b"],
                     ["status", "--trace"]):
            with self.subTest(args=args):
                self.printable("--sim", "n", *args)

    def test_documents_are_utf8_and_whole(self):
        for args in (["status"], ["usage"], ["holders"], ["explain", "7"], ["explain", "7/0"], ["doctor"],
                     ["list"], ["state", "export"]):
            with self.subTest(args=args):
                done = self.bytes("--sim", "n", *args, "--json")
                self.assertNotIn("error", json.loads(done.stdout.decode()))
        commands = {r["command"] for r in self.json("--sim", "n", "usage")["usage"] if r["command"]}
        self.assertIn("h\ufffd\ufffd", commands)
        self.assertIn("\x1bc\x1b[2J\ufffd\x07", commands)

    def test_advice_can_be_pasted(self):
        holders = json.loads(self.bytes("--sim", "n", "holders", "--json", status=DONE).stdout)["holders"]
        advices = [h["advice"] for h in holders] + re.findall(
            r"-> (.*)", self.bytes("--sim", "n", "holders").stdout.decode())
        self.assertGreater(len(advices), len(HOSTILE))
        for advice in advices:
            with self.subTest(advice=advice):
                self.assertIsNone(UNSAFE.search(advice))
                command = advice.rsplit(", or list it", 1)[0].rsplit("; ", 1)[-1] \
                    if ";" not in advice.split("systemctl")[-1] else advice.rsplit(", or list", 1)[0]
                self.run_in_sh('systemctl() { :; }; eval "$1"', command)

    def test_each_lease_is_released_by_its_number(self):
        numbers = [str(i) for i in range(1, len(HOSTILE) + 1)]
        self.printable("--sim", "n", "release", *numbers, status=DONE)
        self.assertEqual(self.json("--sim", "n", "status")["leases"], [])

    def test_an_export_is_imported_with_names_that_are_allowed(self):
        path = self.folder / "export.json"
        path.write_bytes(self.bytes("--sim", "n", "state", "export", status=DONE).stdout)
        self.rocpart("--sim", "n", "release", *(str(i) for i in range(1, len(HOSTILE) + 1)))
        self.printable("--sim", "n", "state", "import", str(path), status=DONE)
        leases = json.loads(self.bytes("--sim", "n", "status", "--json", status=DONE).stdout)["leases"]
        self.assertEqual(len(leases), len(HOSTILE))
        for lease in leases:
            self.assertRegex(lease["name"], r"\A[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}\Z")
        self.assertIn("touch-PWNED", {lease["name"] for lease in leases})


class Made(Hostile):
    """Names are checked when they are made."""

    def test_a_machine_is_named_by_the_rule(self):
        for name, near in ((b"a b", "a-b"), (b"x\nPWNED=1 #", "x-PWNED-1"), (b"\xff\x1b", "machine"),
                           (b"-a", "a"), (b"_", "machine"), (b"a" * 65, "a" * 64)):
            with self.subTest(name=name):
                said = self.printable("sim", "create", "--profile", "mi300x-1", "--", name, status=USAGE)
                self.assertIn("1 to 64 letters, digits and . _ -", said)
                self.assertIn(f"use '{near}'", said)
        self.printable("sim", "create", "--profile", "mi300x-1", "A.b_c-9", status=DONE)
        self.assertEqual(os.listdir(self.folder / "rocpart/sim"), ["A.b_c-9"])

    def test_a_machine_of_an_earlier_version_is_shown_and_deleted(self):
        self.make("mi300x-1")
        old = b"x\nPWNED=1 #\x1b"
        os.rename(self.folder / "rocpart/sim/n", os.fsencode(self.folder / "rocpart/sim/") + b"/" + old)
        self.printable("sim", "list", status=DONE)
        self.printable("--sim", old, "list", status=DONE)
        done = self.bytes("--sim", old, "args", "env", "0/0", status=DONE)
        self.assertEqual(done.stdout.split(b"\n")[0], rb"# simulated machine x\nPWNED=1 #\x1b")
        self.printable("sim", "rm", old, status=DONE)

    def test_a_lease_is_named_by_the_rule(self):
        self.make("mi300x-1")
        for name, near in (("a b", "a-b"), ("7", "model-7"), ("\n", "model"), ("-x", "x"),
                           ("a" * 129, "a" * 128), ("utf\xe9", "utf"), ("a;b", "a-b")):
            with self.subTest(name=name):
                said = self.printable("--sim", "n", "place", "--bytes", "1G", "--", name, status=USAGE)
                self.assertIn("1 to 128 letters", said)
                self.assertIn(f"use '{near}'", said)
        self.assertEqual(self.json("--sim", "n", "status")["leases"], [])
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "meta-llama/Llama-3.1-8B:q4@x+y")

    def test_run_names_its_lease_after_the_program(self):
        self.make("mi300x-8")
        program = os.fsencode(self.folder) + b"/se rve\xff\n$(x)"
        Path(os.fsdecode(program)).symlink_to("/bin/true")
        done = self.bytes("--sim", "n", "run", "--bytes", "1G", "--json", "--", program, status=DONE)
        self.assertEqual(json.loads(done.stderr)["leases"][0]["name"], "se-rve-x")

    def test_a_model_in_a_file_is_named_by_the_rule(self):
        self.make("mi300x-1")
        path = self.write('version: v1\nnode: {gpus: {all: SPX}}\nmodels:\n  ok: {bytes: 1G}\n'
                          '  "a\\x1b[31mz": {bytes: 1G}\n')
        for verb in (["plan", "-f", path], ["apply", "-f", path, "-y"]):
            said = self.printable("--sim", "n", *verb, status=USAGE)
            self.assertIn("node.yaml:5:3: 'a\\x1b[31mz' cannot be the name of a model", said)
            self.assertIn("use 'a-31mz'", said)

    def test_every_model_of_the_catalog_and_of_the_examples_has_a_name(self):
        rule = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}\Z")
        names = [m["name"] for m in json.loads(self.bytes("model", "list", "--json").stdout)["models"]]
        self.assertGreater(len(names), 20)
        for name in names:
            self.assertRegex(name, rule)
        if not yaml:
            self.skipTest("no PyYAML")
        for path in [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("docs/**/*.yaml")]:
            for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
                for name in (document or {}).get("models") or {} if isinstance(document, dict) else ():
                    self.assertRegex(str(name), rule, path)


if __name__ == "__main__":
    unittest.main()
