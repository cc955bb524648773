# SPDX-License-Identifier: MIT
"""The boot of a node: the commands of the unit, in its order, on a machine that was switched off."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from journey import DONE, FAILED, PARTLY, PENDING, REFUSED, ROOT, TO_DO, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

UNIT = Path(os.environ["BUILD"]) / "packaging/systemd/rocpart-apply.service"
FILE = "/etc/rocpart/node.yaml"


def commands(key="ExecStart"):
    lines = re.findall(rf"^{key}=-?(.*)$", UNIT.read_text(), flags=re.M)
    return [shlex.split(line) for line in lines]


class Boot(Journey):
    def write_trusted(self, text):
        folder = host.trusted_folder()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "node.yaml"
        path.write_text(text)
        self.path = str(path)

    def prepare(self, *change, profile="mi300x-8"):
        self.make(profile)
        if change:
            self.rocpart("--sim", "n", "set", *change, "--yes")
        self.write_trusted(self.rocpart("export", "--sim", "n"))
        return self.modes()

    def boot(self, *prefix):
        """Exit status of the unit: that of the first command that fails (systemd.service(5))."""
        for words in commands():
            self.assertTrue(words[0].endswith("/rocpart"), words)
            args = [self.path if word == FILE else word for word in words[1:]]
            if "--wait" in args:
                args[args.index("--wait") + 1] = "0"
            self.last = self.start("--sim", "n", *args, prefix=prefix)
            if self.last.returncode:
                return self.last.returncode
        return DONE

    def test_boot_brings_lost_compute_and_memory_modes_back(self):
        before = self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertEqual(self.boot(), DONE)
        self.assertEqual(self.modes(), before)
        self.rocpart("assert", "--sim", "n", "-f", self.path)

    def test_boot_brings_the_places_of_models_in_the_file_back(self):
        self.make("mi300x-8")
        self.write_trusted("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
                           "models: {a: {model: Qwen/Qwen3-8B, context: 4k, replicas: 3}}\n")
        self.rocpart("--sim", "n", "apply", "-f", self.path, "--yes")
        before = self.json("status", "--sim", "n")["leases"]
        self.rocpart("sim", "reset", "n")
        self.assertEqual(self.boot(), DONE, self.last.stderr)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)
        after = self.json("status", "--sim", "n")["leases"]
        self.assertEqual([(a["lease"], a["partition"], a["state"]) for a in after],
                         [(b["lease"], b["partition"], "placed") for b in before])

    def test_boot_with_lost_modes_that_the_file_no_longer_asks_for_is_refused(self):
        self.make("mi300x-8")
        models = "models: {a: {model: Qwen/Qwen3-8B, context: 4k, replicas: 3}}\n"
        self.write_trusted("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n" + models)
        self.rocpart("--sim", "n", "apply", "-f", self.path, "--yes")
        self.rocpart("sim", "reset", "n")
        self.write_trusted("version: v1\nnode: {memory: NPS1, gpus: {all: CPX}}\n" + models)
        self.assertEqual(self.boot(), REFUSED, self.last.stderr)
        self.assertIn("which lease 1 (a) uses", self.last.stderr)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_boot_needs_no_more_rights_than_its_unit_has(self):
        host.need_root()
        host.need_program("setpriv")
        before = self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        rights = re.search(r"^CapabilityBoundingSet=(.*)$", UNIT.read_text(), flags=re.M)[1].split()
        names = ",".join("+" + name.removeprefix("CAP_").lower() for name in rights)
        self.assertEqual(self.boot("setpriv", "--no-new-privs", f"--bounding-set=-all,{names}",
                                   "--inh-caps=-all"), DONE)
        self.assertEqual(self.modes(), before)

    def test_boot_without_anything_lost_changes_nothing(self):
        before = self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.assertEqual(self.boot(), DONE)
        self.assertIn("already in the requested state", self.last.stdout)
        self.assertEqual(self.modes(), before)

    def test_boot_brings_the_names_for_containers_back(self):
        self.prepare("--compute", "CPX", "--memory", "NPS4")
        spec = Path(self.rocpart("--sim", "n", "cdi", "generate").splitlines()[-1])
        spec.unlink()  # /run is empty after a boot
        self.rocpart("sim", "reset", "n")
        self.assertEqual(self.boot(), DONE)
        for words in commands("ExecStartPost"):
            self.rocpart("--sim", "n", *words[1:])
        self.assertIn("65 devices", self.rocpart("--sim", "n", "cdi", "validate"))

    def test_boot_with_a_missing_gpu_serves_the_others_and_names_it(self):
        self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        self.rocpart("sim", "fault", "n", "lose:0000:e5:00.0")
        self.rocpart("sim", "reload", "n")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 7)
        self.assertEqual(self.boot(), PARTLY)
        self.assertIn("GPU 0000:e5:00.0 is missing: ", self.last.stderr)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 7)
        self.rocpart("assert", "--sim", "n", "-f", self.path, status=TO_DO)

    def test_boot_with_fewer_gpus_than_were_ever_there_switches_nothing(self):
        self.make("mi300x-8")
        self.write_trusted("version: v1\nnode: {count: 9, memory: NPS4, gpus: {all: CPX}}\n")
        self.assertEqual(self.boot(), PARTLY)
        self.assertIn("has 9 GPUs, and it has 8", self.last.stderr)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_boot_goes_on_with_a_change_that_was_cut_off(self):
        self.prepare()
        self.write_trusted("version: v1\nnode: {count: 8, memory: NPS4, gpus: {all: CPX}}\n")
        self.rocpart("sim", "fault", "n", "load:EIO:1")
        self.assertNotEqual(self.start("--sim", "n", "apply", "-f", self.path, "-y").returncode, 0)
        self.rocpart("sim", "fault", "n", "--clear")
        self.rocpart("sim", "reset", "n")
        self.assertEqual(self.boot(), DONE)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_boot_with_a_file_that_another_user_can_write_changes_nothing(self):
        before = self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        for path, mode in ((self.path, 0o666), (os.path.dirname(self.path), 0o777)):
            had = os.stat(path).st_mode & 0o7777
            os.chmod(path, mode)
            self.assertEqual(self.boot(), FAILED)
            self.assertIn(f"'{path}' has owner {os.geteuid()} and mode 0{mode:o}", self.last.stderr)
            self.assertIn(f"chmod go-w {path}", self.last.stderr)
            os.chmod(path, had)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertEqual(self.boot(), DONE)
        self.assertEqual(self.modes(), before)

    def test_boot_with_a_driver_that_does_not_unload_fails(self):
        self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        self.rocpart("sim", "fault", "n", "unload:EBUSY")
        self.assertEqual(self.boot(), PENDING)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertEqual(self.boot(), DONE)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_boot_with_a_holder_is_refused(self):
        self.prepare("--compute", "CPX", "--memory", "NPS4")
        self.rocpart("sim", "reset", "n")
        self.rocpart("sim", "hold", "n")
        self.assertEqual(self.boot(), REFUSED)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)


class Unit(unittest.TestCase):
    def setUp(self):
        self.text = UNIT.read_text()

    def values(self, key):
        lines = re.findall(rf"^{key}=(.*)$", self.text, flags=re.M)
        return {word for line in lines for word in line.split()}

    def test_unit_stands_before_all_that_uses_gpus(self):
        users = {"docker.service", "podman.service", "kubelet.service", "slurmd.service"}
        self.assertLessEqual(users, self.values("Before"))
        self.assertEqual(self.values("RequiredBy"), set())
        self.assertEqual(self.values("WantedBy"), {"multi-user.target"})
        self.assertEqual(self.values("Type"), {"oneshot"})
        self.assertEqual(self.values("RemainAfterExit"), {"yes"})

    def analyze(self, *args, folder):
        return subprocess.run(["systemd-analyze", "--no-pager", "--man=no", *args],
                              env=dict(os.environ, HOME=folder), capture_output=True, text=True,
                              check=False)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_unit_is_sandboxed_and_can_be_opened(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text, limit in (
                ("closed", "", 45),
                ("open", (ROOT / "packaging/systemd/rocpart-apply-open.conf").read_text(), 100)):
            path = Path(folder.name) / f"rocpart-{name}.service"
            path.write_text(self.text + text)
            done = self.analyze("security", "--offline=yes", f"--threshold={limit}", str(path),
                                folder=folder.name)
            if "--offline" in done.stderr:
                self.skipTest("systemd-analyze is older than 250: it takes no file")
            self.assertEqual(done.returncode, 0, done.stdout[-300:] + done.stderr)
            exposure = float(re.search(r"Overall exposure level.*: ([\d.]+)", done.stdout)[1])
            self.assertEqual(exposure > 9, name == "open", exposure)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_unit_is_what_systemd_accepts(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        program = Path(folder.name) / "rocpart"  # a path without blanks
        program.symlink_to(os.environ["ROCPART"])
        text = self.text.replace(commands()[0][0], str(program))
        text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)
        path = Path(folder.name) / "rocpart-apply.service"
        path.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "--man=no", "verify", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertNotIn("rocpart-apply", done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
