# SPDX-License-Identifier: MIT
"""hold: nothing unattended changes the machine, until a time or until somebody ends it."""

import concurrent.futures
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

from interrupted import SWITCH
from journey import DONE, PARTLY, REFUSED, ROOT, TO_DO, USAGE
from test_records import Records

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402
import seal  # noqa: E402

NODE = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
MODELS = NODE + "models: {m: {model: Qwen/Qwen3-8B, context: 4k}}\n"
OLD, NEW = ["SPX/NPS1"], ["CPX/NPS4"]


class Hold(Records):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        folder = host.trusted_folder()
        self.addCleanup(folder.cleanup)
        self.trusted = Path(folder.name)
        self.node = self.write_trusted(NODE)

    def write_trusted(self, text, name="node.yaml"):
        (self.trusted / name).write_text(text)
        return str(self.trusted / name)

    def hold(self, seconds="2h", reason="new firmware"):
        return self.on("hold", "--for", seconds, "--reason", reason)

    def state(self):
        return self.json("--sim", "n", "hold")["hold"]

    def write(self, value):
        self.dir.mkdir(exist_ok=True)
        (self.dir / "hold.json").write_bytes(
            value if isinstance(value, bytes) else seal.sealed(value) + b"\n")

    def unattended(self, *args, status=REFUSED):
        error = self.error("apply", *args, "--unattended", "--yes", status=status)
        self.assertEqual(error["code"], "ON_HOLD")
        self.assertRegex(error["message"], "; nothing was changed$")
        self.assertIn("rocpart hold --end", error["hint"])
        self.assertEqual(self.modes(), OLD)
        return error["message"]

    def test_hold_is_shown_until_it_is_ended(self):
        self.assertIn("unattended changes are not on hold", self.on("hold"))
        self.assertNotIn("hold", self.on("status"))
        before = int(time.time())
        self.assertRegex(self.hold(), r"are on hold until \d{4}-\d\d-\d\d \d\d:\d\d UTC "
                                      r"\(in (2 h|119 min)\), by \S+: new firmware\n")
        hold = self.state()
        self.assertEqual((hold["reason"], hold["problem"]), ("new firmware", None))
        self.assertTrue(before <= hold["since_s"] <= time.time(), hold)
        self.assertEqual(hold["until_s"], hold["since_s"] + 7200)
        self.assertEqual(self.json("--sim", "n", "status")["hold"], hold)
        self.assertIn("unattended changes are on hold until", self.on("status"))
        self.assertEqual((self.dir / "hold.json").stat().st_mode & 0o777, 0o600)
        self.hold("3d", "longer")
        self.assertEqual(self.state()["reason"], "longer")
        self.assertIn("are not on hold", self.on("hold", "--end"))
        self.assertIsNone(self.state())
        self.assertIsNone(self.json("--sim", "n", "status")["hold"])
        self.on("hold", "--end")

    def test_unattended_apply_is_refused_and_a_persons_goes_on_with_a_note(self):
        self.hold()
        self.assertIn(": new firmware; nothing was changed", self.unattended(self.node))
        self.unattended(self.node, "--dry-run")
        self.unattended(self.write_trusted(MODELS, "models.yaml"))
        for words in (["apply", self.node, "--yes"], ["undo", "--yes"], [*SWITCH],
                      ["place", "a", "--bytes", "1G"]):
            done = self.start("--sim", "n", *words)
            self.assertEqual(done.returncode, DONE, done.stderr)
            self.assertIn("note: unattended changes are on hold until", done.stderr)
        self.assertEqual(self.modes(), NEW)

    def test_unattended_apply_that_has_nothing_to_do_succeeds(self):
        self.on(*SWITCH)
        self.hold()
        self.on("apply", self.node, "--unattended", "--yes")
        self.on("apply", "--resume", "--unattended", "--yes")
        models = self.write_trusted(MODELS, "models.yaml")
        self.on("apply", models, "--unattended", "--yes", status=REFUSED)
        self.assertEqual(self.json("--sim", "n", "status")["leases"], [])
        self.on("apply", models, "--yes")
        self.on("apply", models, "--unattended", "--yes")

    def test_unattended_apply_records_no_other_allocator(self):
        node = self.write_trusted("version: v1\nnode: {memory: NPS1, gpus: {all: SPX}, "
                                  "allocator: slurm}\n", "slurm.yaml")
        self.hold()
        self.unattended(node)
        self.assertFalse((self.dir / "allocator").exists())
        self.on("apply", node, "--yes")
        self.on("apply", node, "--unattended", "--yes")

    def test_hold_during_a_change_lets_the_change_finish(self):
        node = self.write_trusted(NODE.replace("}}\n", "}, allocator: slurm}\n"), "slurm.yaml")
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        with subprocess.Popen([os.environ["ROCPART"], "--sim", "n", "apply", node, "--unattended",
                               "--yes"], env=env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as change:
            for line in change.stderr:
                if "unload the amdgpu driver" in line:
                    self.hold()
                    break
            rest = change.stderr.read()
        self.assertEqual(change.returncode, DONE, rest)
        self.assertEqual(self.modes(), NEW)
        self.assertEqual((self.dir / "allocator").read_text(), "slurm")

    def test_unattended_resume_is_refused_and_the_change_stays_unfinished(self):
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.on(*SWITCH, status=PARTLY)
        self.rocpart("sim", "fault", "n", "--clear")
        self.hold()
        for more in ([], ["--dry-run"]):
            error = self.error("apply", "--resume", "--unattended", "--yes", *more, status=REFUSED)
            self.assertEqual(error["code"], "ON_HOLD")
            self.assertIn("; the change stays unfinished", error["message"])
        self.assertTrue(self.json("--sim", "n", "status")["unfinished_change"])
        self.on("apply", "--resume", "--yes")
        self.assertEqual(self.modes(), NEW)

    def test_hold_ends_by_itself(self):
        now = int(time.time())
        for until in (now, now - 1, 0, -5, -(1 << 62)):
            self.write({"since_s": now - 10, "until_s": until, "uid": 0, "reason": "x"})
            self.assertIsNone(self.state(), until)
        self.hold("1s")
        while self.state():
            time.sleep(0.05)
        self.on("apply", self.node, "--unattended", "--yes")
        self.assertEqual(self.modes(), NEW)

    def test_clock_that_was_set_back_makes_a_hold_longer(self):
        now = int(time.time())
        self.write({"since_s": now + 86400 * 400, "until_s": now + 86400 * 401 + 3600, "reason": "x"})
        self.assertIn(": x; nothing", self.unattended(self.node))
        self.assertIn("(in 401 days)", self.on("hold"))

    def test_record_that_cannot_be_read_holds_and_end_moves_it_away(self):
        far = int(time.time()) + 3600
        whole = seal.sealed({"until_s": far, "reason": "x"})
        damages = [b"", b"\n", b"x", whole[:-5], whole.replace(b"x", b"y", 1), {},
                   {"until_s": None}, {"until_s": str(far)}, {"until_s": far + 0.5},
                   {"until_s": [far]}, {"until": far}, whole + whole, bytes(100)]
        for n, damage in enumerate(damages, 1):
            with self.subTest(damage=damage):
                self.write(damage)
                self.assertIn("the hold cannot be read", self.unattended(self.node))
                self.assertIn("`rocpart hold --end` ends the hold", self.on("status"))
                self.assertIsNone(self.state()["until_s"])
                self.assertTrue(self.state()["problem"])
                self.on("hold", "--end")
                self.assertIsNone(self.state())
                self.assertTrue((self.dir / f"hold.json.damaged.{n}").exists())

    def test_folder_or_link_in_its_place_holds(self):
        self.dir.mkdir(exist_ok=True)
        for make in (lambda p: p.mkdir(), lambda p: p.symlink_to("/nowhere")):
            make(self.dir / "hold.json")
            self.unattended(self.node)
            self.on("hold", "--end")
            self.assertIsNone(self.state())

    def test_damaged_hold_is_set_aside_or_replaced(self):
        self.write(b"x")
        self.assertIn("nothing is on hold now", self.on("state", "set-aside"))
        self.assertIsNone(self.state())
        self.write(b"x")
        self.hold()
        self.assertEqual(self.state()["reason"], "new firmware")

    def test_keys_of_newer_versions_are_ignored_and_odd_values_too(self):
        far = int(time.time()) + 3600
        self.write({"until_s": far, "new": 1, "uid": -1, "reason": "r" * 900, "since_s": "x"})
        hold = self.state()
        self.assertEqual((hold["until_s"], hold["uid"], hold["since_s"]), (far, None, None))
        self.unattended(self.node)

    def test_usage_is_refused_and_changes_nothing(self):
        for words in (["--for", "2"], ["--for", "h"], ["--for", "0h"], ["--for", "91d"],
                      ["--for", "-1h"], ["--for", "2w"], ["--for", "2h3m"],
                      ["--for", "99999999999999999999d"]):
            self.on("hold", *words, "--reason", "x", status=USAGE)
        for words in (["--for", "2h"], ["--reason", "x"], ["--end", "--for", "2h"],
                      ["--for", "2h", "--reason", "a\nb"], ["--for", "2h", "--reason", "\x1b"],
                      ["--for", "2h", "--reason", "x" * 256], ["extra"]):
            self.on("hold", *words, status=USAGE)
        self.assertIsNone(self.state())

    def test_dry_run_shows_the_hold_and_sets_none(self):
        said = self.on("hold", "--for", "90m", "--reason", "x", "--dry-run", status=TO_DO)
        self.assertRegex(said, r"dry run: nothing was changed.*\n.*on hold until .*: x\n")
        self.assertIsNone(self.state())
        self.on("hold", "--end", "--dry-run")
        self.hold()
        self.on("hold", "--end", "--dry-run", status=TO_DO)
        self.assertTrue(self.state())

    def test_holds_at_once_leave_one_that_is_whole(self):
        self.hold()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: self.hold(f"{i + 1}h", f"reason {i}"), range(8)))
            n = int(self.state()["reason"].split()[1])
            self.assertEqual(self.state()["until_s"] - self.state()["since_s"], (n + 1) * 3600)
        self.assertEqual(len(self.json("--sim", "n", "history")["history"]), 9)

    def test_capture_has_no_hold(self):
        self.on("gather", "--output", str(self.folder / "capture"))
        root = ["--root", str(self.folder / "capture")]
        self.assertIsNone(self.json(*root, "hold")["hold"])
        self.rocpart(*root, "hold", "--for", "1h", "--reason", "x", status=REFUSED)

    def test_unit_gives_unattended_to_both_of_its_commands(self):
        unit = (Path(os.environ["BUILD"]) / "packaging/systemd/rocpart-apply.service").read_text()
        lines = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertIn(" --unattended ", line)


if __name__ == "__main__":
    unittest.main()
