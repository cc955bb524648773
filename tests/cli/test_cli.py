# SPDX-License-Identifier: MIT
"""The command as people and scripts use it: contract of its JSON, exit codes, messages, files."""

import json
import os
import pty
import re
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

from journey import (
    DONE, FAILED, NO_HARDWARE, PARTLY, PENDING, REFUSED, ROOT, TO_DO, USAGE, Journey)

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

# Of issue 2; more keys may come, these may not go.
LIST_KEYS = ["schema_version", "kind", "sources", "gpus"]
GPU_KEYS = (
    "index bdf product device_id compute_mode memory_mode pending_memory_mode partitionable"
    " health degraded notes partitions").split()
PARTITION_KEYS = (
    "id xcds cus memory_bytes memory_domain memory_domain_bytes render_minor card_minor kfd_node"
    " gpu_id rocr_index").split()
TO_CPX = ("set", "--compute", "CPX", "--memory", "NPS4", "--yes")


class Machine(Journey):
    """Commands on the simulated machine "n"."""

    def on(self, *args, **kwargs):
        return self.rocpart("--sim", "n", *args, **kwargs)

    def error(self, *args, status):
        return self.json("--sim", "n", *args, status=status)["error"]

    def said(self, *args, status):
        done = self.start(*args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr

    def records(self):
        files = sorted(p for p in self.folder.rglob("*") if p.is_file())
        return {str(p): p.read_bytes() for p in files}


class ClosedFiles(Machine):
    def test_standard_files_that_are_closed_are_not_taken_for_records(self):
        """With 0 to 2 closed, the files that rocpart opens must get other numbers."""
        self.make("mi300x-1")
        script = 'exec "$@" <&- >&- 2>&-'
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        look = 'ls -l /proc/self/fd >"$0"'
        seen = self.folder / "seen"
        subprocess.run(["sh", "-c", script, "sh", os.environ["ROCPART"], "--sim", "n", "run",
                        "--bytes", "1G", "--", "sh", "-c", look, seen], env=env, check=False)
        links = dict(re.findall(r"(\d+) -> (.*)", seen.read_text()))
        self.assertEqual([links[n] for n in "02"], ["/dev/null"] * 2)
        done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", os.environ["ROCPART"], "--sim",
                               "n", "list"], env=env, stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, FAILED)


class Contract(Machine):
    def test_list_json_has_the_keys_of_the_contract(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        doc = self.json("--sim", "n", "list")
        self.assertEqual(doc["schema_version"], 1)
        self.assertEqual(doc["kind"], "sim")
        self.assertLessEqual(set(LIST_KEYS), set(doc))
        self.assertEqual(len(doc["gpus"]), 8)
        for gpu in doc["gpus"]:
            self.assertLessEqual(set(GPU_KEYS), set(gpu))
            self.assertEqual(len(gpu["partitions"]), 8)
            for partition in gpu["partitions"]:
                self.assertLessEqual(set(PARTITION_KEYS), set(partition))

    def test_list_json_has_the_types_of_the_contract(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        gpu = self.json("--sim", "n", "list")["gpus"][0]
        self.assertEqual(gpu["device_id"], "0x74a1")
        self.assertEqual(gpu["unique_id"], "e3aa140f9a5f9e31")  # T300; 64 bits: a string
        self.assertIsNone(gpu["pending_memory_mode"])
        self.assertIs(gpu["partitionable"], True)
        last = gpu["partitions"][7]
        # ABI study F.2, row 7; the node by the order of boot.
        self.assertEqual(
            {k: last[k] for k in PARTITION_KEYS if k != "card_minor"},
            {"id": 7, "xcds": [7], "cus": 38, "memory_bytes": 25761415168, "memory_domain": 3,
             "memory_domain_bytes": 51522830336, "render_minor": 135, "kfd_node": 9,
             "gpu_id": 56113, "rocr_index": 7})

    def test_list_shows_64_partitions_marked_as_simulated(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        lines = self.on("list").splitlines()
        self.assertIn("SIMULATED", lines[0])
        rows = [line for line in lines if "CPX/NPS4" in line]
        self.assertEqual(len(rows), 64)
        self.assertEqual([row.split()[-1] for row in rows], [str(i) for i in range(64)])

    def test_failure_with_json_is_an_object(self):
        self.make("mi300x-8")
        doc = self.json("--sim", "n", "set", "--memory", "NPS4", status=REFUSED)
        self.assertEqual(list(doc), ["error"])
        self.assertEqual(set(doc["error"]), {"code", "errno", "object", "message", "hint"})
        self.assertEqual(doc["error"]["code"], "NPS_NEEDS_COMPUTE")
        self.assertEqual(doc["error"]["errno"], 22)

    def test_usage_error_with_json_is_an_object_wherever_json_stands(self):
        for args in (["--nope", "list", "--json"], ["list", "--json", "--nope"], ["x", "-j"]):
            done = self.start(*args)
            self.assertEqual(done.returncode, USAGE)
            self.assertEqual(json.loads(done.stdout)["error"]["code"], "INVALID_ARGUMENT")

    def test_tables_fit_in_80_columns(self):
        for profile in ("mi300x-8", "mi308x-8", "mi355x-8", "mixed", "bmc-63"):
            self.make(profile, profile)
            self.start("--sim", profile, "set", "--compute", "CPX", "--allow-unvalidated", "--yes")
            for command in ("list", "status"):
                for line in self.rocpart("--sim", profile, command).splitlines():
                    if re.match(r"GPU \d", line):
                        continue  # sentences, not the table
                    self.assertLessEqual(len(line), 80, line)


class ExitCode(Machine):
    def test_done_and_already_so_are_0(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        self.assertIn("already in the requested state", self.on(*TO_CPX))

    def test_degraded_machine_is_listed_with_0(self):
        self.make("bmc-63")
        self.on("set", "--compute", "CPX", "--allow-unvalidated", "--yes")
        gpus = self.json("--sim", "n", "list")["gpus"]
        self.assertEqual(gpus[7]["degraded"], ["partition-missing"])
        self.assertEqual(sum(len(gpu["partitions"]) for gpu in gpus), 63)

    def test_failed_switch_is_1(self):
        self.make("mi300x-1")
        self.rocpart("sim", "fault", "n", "write:current_compute_partition:ignored")
        error = self.error("set", "--compute", "CPX", "--allow-unvalidated", status=FAILED)
        self.assertEqual(error["code"], "READBACK_MISMATCH")

    def test_wrong_usage_is_2(self):
        self.make("mi300x-1")
        for args in (["set"], ["set", "--compute", "XPX"], ["set", "--memory", "NPS5"], ["show"],
                     ["list", "extra"], ["set", "--compute"], ["frobnicate"], [],
                     ["list", "--columns", "nope"], ["set", "-c", "CPX", "--gpu", "9"],
                     ["list", "--json=yes"], ["set", "-c", "CPX", "--wait", "soon"]):
            self.on(*args, status=USAGE)

    def test_option_of_another_command_is_2(self):
        self.make("mi300x-1")
        said = self.said("--sim", "n", "list", "--memory", "NPS4", status=USAGE)
        self.assertIn("'list' has no option '--memory'", said)

    def test_refused_by_a_guard_is_3(self):
        self.make("mi300x-8")
        error = self.error("set", "--memory", "NPS4", status=REFUSED)
        self.assertEqual(
            error["message"],
            "failed to set partition mode: GPU 0 (0000:05:00.0) cannot be set to SPX in NPS4: "
            "SPX needs NPS1, and NPS4 allows QPX or CPX; nothing was changed")
        self.assertIn("add --compute CPX", error["hint"])
        self.assertEqual(
            self.error("set", "--compute", "DPX", status=REFUSED)["code"], "NOT_VALIDATED")

    def test_machine_that_exists_is_said_with_how_to_delete_it(self):
        self.make("mi300x-1")
        for args in (("n",), ("n", "--profile", "mi300x-8")):
            said = self.said("sim", "create", *args, status=USAGE)
            self.assertIn("simulated machine 'n' exists already", said)
            self.assertIn("rocpart sim rm n", said)

    def test_lost_gpu_is_4(self):
        self.make("mi300x-8")
        self.rocpart("sim", "fault", "n", "lose:0000:e5:00.0")
        error = self.error(*TO_CPX, status=PARTLY)
        self.assertEqual(error["code"], "GPU_LOST")
        self.assertIn("GPU 0000:e5:00.0 did not come back", error["message"])
        self.assertEqual(error["object"], "0000:e5:00.0")

    def test_no_hardware_is_5_and_says_what_to_do(self):
        empty = self.folder / "empty"
        empty.mkdir()
        for command in ("status", "list", "modes", "holders"):
            said = self.said("--root", str(empty), command, status=NO_HARDWARE)
            self.assertIn(f"is in the capture '{empty}'", said)

    def test_pending_reload_is_6(self):
        self.make("mi300x-8")
        error = self.error(*TO_CPX, "--reload", "never", status=PENDING)
        self.assertEqual(error["code"], "NPS_NEEDS_RELOAD")
        self.assertIn("reload", error["hint"])

    def test_undo_and_resume_of_nothing_are_0_with_and_without_json(self):
        self.make("mi300x-1")
        self.assertIn("there is nothing to undo", self.on("undo"))
        self.assertIn("no change is unfinished", self.on("apply", "--resume"))
        for args in (("undo",), ("apply", "--resume")):
            self.assertEqual(self.json("--sim", "n", *args)["result"], "unchanged")


class Options(Machine):
    def test_global_options_stand_before_or_after_the_verb(self):
        self.make("mi300x-1")
        forms = (["--sim", "n", "--json", "list"], ["list", "--sim", "n", "--json"],
                 ["--sim=n", "list", "-j"], ["-j", "list", "--sim=n"])
        texts = {self.rocpart(*form) for form in forms}
        self.assertEqual(len(texts), 1)

    def test_sim_comes_from_the_environment_unless_named(self):
        self.make("mi300x-1", "one")
        self.make("mi300x-8", "eight")
        env = {"ROCPART_SIM": "one"}
        self.assertEqual(self.json("list", env=env)["machine"], "one")
        self.assertEqual(self.json("list", "--sim", "eight", env=env)["machine"], "eight")
        empty = self.folder / "empty"
        empty.mkdir()
        self.rocpart("list", "--root", str(empty), status=NO_HARDWARE, env=env)
        self.rocpart("list", "--root", str(empty), "--sim", "one", status=USAGE)

    def test_unknown_machine_is_named(self):
        self.assertIn("'nope'", self.said("--sim", "nope", "list", status=USAGE))

    def test_gpu_is_named_by_index_address_or_unique_id(self):
        self.make("mi300x-8")
        for name in ("1", "0000:27:00.0", "2250f8dc63c2c61a"):
            unique = self.json("--sim", "n", "list")["gpus"][1]["unique_id"]
            name = unique if len(name) == 16 else name
            doc = self.json("--sim", "n", "set", "-c", "CPX", "--gpu", name, "--dry-run",
                            "--allow-unvalidated", status=TO_DO)
            self.assertEqual([gpu["index"] for gpu in doc["gpus"]], [1])

    def test_help_lists_every_command(self):
        commands = self.rocpart("help").split("usage:")[1]
        for name in ("status", "list", "show", "modes", "set", "apply", "reset", "undo", "holders",
                     "cordon", "uncordon", "sim create", "sim list", "sim reset", "sim hold",
                     "sim fault", "sim log", "sim load", "sim reload", "sim rm"):
            self.assertRegex(commands, rf"(?m)^  {name} ")
        self.assertIn("usage: rocpart set", self.rocpart("set", "--help"))

    def test_version_is_printed(self):
        self.assertRegex(self.rocpart("--version"), r"^rocpart \d+\.\d+\.\d+\n$")

    def colour_of_an_error(self, **env):
        leader, follower = pty.openpty()
        whole = dict(os.environ, XDG_STATE_HOME=str(self.folder), TERM="xterm", **env)
        if "NO_COLOR" not in env:
            whole.pop("NO_COLOR", None)
        subprocess.run([os.environ["ROCPART"], "frobnicate"], env=whole, stderr=follower,
                       check=False)
        os.close(follower)
        text = os.read(leader, 4096)
        os.close(leader)
        return text

    def test_no_color_is_respected(self):
        self.assertIn(b"\x1b[", self.colour_of_an_error())
        self.assertNotIn(b"\x1b[", self.colour_of_an_error(NO_COLOR="1"))
        self.assertNotIn("\x1b[", self.said("frobnicate", status=USAGE))

    def test_full_output_is_an_error(self):
        self.make("mi300x-8")
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder))
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([os.environ["ROCPART"], "--sim", "n", "list"], env=env,
                                  stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, FAILED)


class Node(Machine):
    def test_unattended_apply_takes_no_standard_input(self):
        self.make("mi300x-1")
        self.assertIn("--unattended needs a file", self.said("apply", "-", "--unattended", status=USAGE))

    def test_mistakes_of_a_node_file_have_a_place(self):
        self.make("mi300x-8")
        for text, place in (
                ("version: v1\nnode: {memory: NPS4, gpu: {all: CPX}}\n", ":2:22"),
                ("version: v1\nnode:\n  memory: NPS5\n", ":3:11"),
                ("version: v1\nnode:\n  gpus: {all: XPX}\n", ":3:15"),
                ("version: v1\nnode:\n  gpus: {0: SPX, 0-3: CPX}\n", ":3:18"),
                ("version: v1\nnode:\n  gpus: {0-9: CPX}\n", ":3:10"),
                ("version: v1\nnode:\n  gpus: {mi210: CPX}\n", ":3:10"),
                ("version: v1\nnode:\n  gpus: CPX\n", ":3:9"),
                ("version: v1\nnode:\n  allocator: me\n", ":3:14"),
                ("version: v2\nnode: {}\n", ":1:10"),
                ("node: {}\n", ":1:1"),
                ("version: v1\n\tnode: {}\n", ":2:1"),
                ("version: v1\nnode: &a {memory: NPS1}\n", ":2:7"),
                ("", ":1:1")):
            path = self.write(text)
            error = self.error("apply", "-f", path, "--yes", status=USAGE)
            self.assertEqual(error["code"], "CONFIG_SYNTAX", text)
            self.assertEqual(error["object"], path + place, text)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_hostile_node_files_are_refused(self):
        self.make("mi300x-1")
        deep = "version: v1\nnode: " + "[" * 5000
        aliases = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
        for text in (deep, aliases, "version: v1\n" + "x: 1\n" * 300000, "\0", "\x01"):
            self.error("apply", "-f", self.write(text), status=USAGE)
        Path(self.folder / "bytes.yaml").write_bytes(b"version: v1\nnode: \xff\xfe\n")
        self.error("apply", "-f", str(self.folder / "bytes.yaml"), status=USAGE)
        self.error("apply", "-f", str(self.folder / "absent.yaml"), status=USAGE)

    def test_node_file_sets_gpus_by_name(self):
        self.make("mi300x-8")
        path = self.write("version: v1\nnode:\n  gpus: {0: SPX, 1-7: CPX}\n")
        self.on("apply", "-f", path, "--yes", "--allow-unvalidated")
        self.assertEqual(self.modes(), ["SPX/NPS1"] + ["CPX/NPS1"] * 7)
        self.assertIn("already in the requested state", self.on("apply", "-f", path, "--allow-unvalidated"))


class Change(Machine):
    def test_dry_run_writes_nothing(self):
        self.make("mi300x-8")
        before = self.records()
        text = self.on(*TO_CPX, "--dry-run", status=TO_DO)
        self.assertIn("dry run", text)
        self.assertIn("unload the amdgpu driver", text)
        doc = self.json("--sim", "n", *TO_CPX, "--dry-run", status=TO_DO)
        self.assertEqual(doc["result"], "dry-run")
        self.assertEqual([g["partitions_after"] for g in doc["gpus"]], [8] * 8)
        self.assertIs(doc["needs_reload"], True)
        self.assertTrue(doc["steps"] and doc["warnings"])
        self.assertEqual(self.records(), before)

    def test_dry_run_names_who_is_in_the_way(self):
        self.make("mi300x-8")
        self.rocpart("sim", "hold", "n", "--process", "/opt/vllm serve m")
        holders = self.json("--sim", "n", *TO_CPX, "--dry-run", status=TO_DO)["holders"]
        self.assertEqual([h["command"] for h in holders], ["vllm"])

    def test_reset_brings_spx_nps1_and_undo_takes_it_back(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        self.on("reset", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.on("undo", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_reset_of_one_gpu_leaves_the_others(self):
        self.make("mi300x-8")
        self.on("set", "-c", "CPX", "--allow-unvalidated", "--yes")
        self.on("reset", "--gpu", "2", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS1"] * 2 + ["SPX/NPS1"] + ["CPX/NPS1"] * 5)

    def test_cordoned_gpu_is_refused_until_uncordoned(self):
        self.make("mi300x-8")
        self.on("cordon", "3")
        self.assertIn("cordoned", self.json("--sim", "n", "list")["gpus"][3]["notes"])
        self.assertEqual(self.error(*TO_CPX, status=REFUSED)["code"], "CORDONED")
        self.on("uncordon", "3")
        self.on(*TO_CPX)

    def test_pending_memory_mode_is_shown_and_finished(self):
        self.make("mi300x-8")
        self.on(*TO_CPX, "--reload", "never", status=PENDING)
        gpus = self.json("--sim", "n", "status")["gpus"]
        self.assertEqual({g["pending_memory_mode"] for g in gpus}, {"NPS4"})
        self.assertEqual([g["degraded"] for g in gpus], [["pending-reload"]] * 8)
        self.assertIn("pending-reload", self.on("status"))
        self.on("reset", "--yes", status=PENDING)  # it cannot be taken back
        self.on(*TO_CPX)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def interrupt(self):
        """A reload that does not come back: the driver is away, the journal open."""
        self.make("mi300x-8")
        self.rocpart("sim", "fault", "n", "load:EIO")
        error = self.error(*TO_CPX, status=PARTLY)
        self.assertIn("apply --resume", error["hint"])
        self.rocpart("sim", "fault", "n", "--clear")

    def test_interrupted_change_is_said_by_status_and_blocks_others(self):
        self.interrupt()
        self.assertIn("apply --resume", self.on("status"))
        self.assertIs(self.json("--sim", "n", "status")["unfinished_change"], True)

    def test_interrupted_change_is_told_by_verbs_that_show_the_machine(self):
        self.interrupt()
        for verb in ("status", "list", "doctor", "holders"):
            with self.subTest(verb=verb):
                text = self.on(verb)
                self.assertIn("a change is not finished", text)
                self.assertIn("`rocpart apply --resume`", text)
                self.assertIn("`rocpart undo`", text)
                self.assertIs(self.json("--sim", "n", verb)["unfinished_change"], True)
        for verb in (["undo"], ["apply", "--resume"]):
            said = self.on(*verb, "--dry-run", status=TO_DO)
            self.assertIn("load the amdgpu driver", said)
        self.rocpart("sim", "fault", "n", "load:EIO")
        error = self.error("undo", status=PARTLY)
        self.assertIn("undoing the change failed", error["message"])
        self.assertIn("`rocpart undo` tries again", error["hint"])
        self.rocpart("sim", "fault", "n", "--clear")
        steps = self.json("--sim", "n", "undo", "--dry-run", status=TO_DO)["steps"]
        self.assertEqual(self.json("--sim", "n", "list")["gpus"], [])
        done = self.start("--sim", "n", "undo", "--yes")
        self.assertEqual([line.split("] ", 1)[1] for line in done.stderr.splitlines()
                          if line.startswith("[")], steps)
        for verb in ("status", "list", "doctor", "holders"):
            self.assertNotIn("not finished", self.on(verb))
            self.assertIs(self.json("--sim", "n", verb)["unfinished_change"], False)

    def test_interrupted_change_is_in_the_way_of_verbs_that_need_a_gpu(self):
        self.interrupt()
        node = self.write("version: v1\nnode: {memory: NPS4}\n", "n.yaml")
        models = self.write("version: v1\nmodels: {a: {model: Qwen/Qwen3-8B}}\n", "m.yaml")
        for words in (TO_CPX, ["reset", "-y"], ["modes"], ["show", "0"], ["show", "0/0"],
                      ["apply", node, "-y"], ["apply", models, "-y"], ["assert", node],
                      ["place", "--bytes", "1G", "x"], ["place", "--pending"],
                      ["plan", "--add", "Qwen/Qwen3-8B"], ["args", "env", "0/0"], ["explain", "0/0"], ["cordon", "0"], ["export"],
                      ["cdi", "generate", "-o", "-"], ["gather", "-o", str(self.folder / "c")]):
            with self.subTest(words=words):
                error = self.error(*words, status=PENDING)
                self.assertEqual(error["code"], "UNFINISHED_CHANGE")
                self.assertIn("rocpart undo", error["hint"])
                self.assertNotIn("modprobe", error["hint"])
        self.on("run", "--bytes", "1G", "--", "true", status=PENDING)
        self.error("release", "1", status=USAGE)  # about leases: these are there
        self.on("plan", "--add", "Qwen/Qwen3-8B", "--product", "MI300X")

    def test_interrupted_change_is_resumed(self):
        self.interrupt()
        self.on("apply", "--resume", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)
        self.assertIs(self.json("--sim", "n", "status")["unfinished_change"], False)

    def test_interrupted_change_is_undone(self):
        self.interrupt()
        self.on("undo", "--yes")
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertNotIn("not finished", self.on("status"))

    def test_damaged_journal_is_said_and_blocks(self):
        self.make("mi300x-8")
        self.on(*TO_CPX)
        (journal,) = self.folder.rglob("journal.last")
        journal.rename(journal.with_name("journal")).write_text("{\n{\n")
        self.assertIn("not finished", self.on("status"))
        self.assertEqual(self.error("reset", status=PENDING)["code"], "UNFINISHED_CHANGE")
        error = self.error("apply", "--resume", status=FAILED)
        self.assertIn("damaged", error["message"])


class Captured(Machine):
    def setUp(self):
        super().setUp()
        capture = host.need_shared("captures", "mi308x-8-cpx-nps4.tar.xz")
        top = self.folder / "capture"
        with tarfile.open(capture) as archive:
            archive.extractall(top)
        (topology,) = top.glob("**/sys/class/kfd/kfd/topology")
        self.root = str(topology.parents[4])

    def captured(self):
        """BDF and partition id -> bytes, read with nothing of ours."""
        found = {}
        for node in Path(self.root, "sys/class/kfd/kfd/topology/nodes").iterdir():
            text = (node / "properties").read_text().split("\n")
            values = dict(line.split(" ") for line in text if line)
            if values["simd_count"] == "0":
                continue
            location = int(values["location_id"])
            bdf = f"{int(values['domain']):04x}:{location >> 8:02x}:{location >> 3 & 31:02x}.0"
            banks = (node / "mem_banks/0/properties").read_text().split("\n")
            size = dict(line.split(" ") for line in banks if line)["size_in_bytes"]
            found[bdf, location & 7] = int(size)
        return found

    def test_capture_gives_8_gpus_and_32_partitions_with_its_bytes(self):
        doc = self.json("--root", self.root, "list")
        self.assertEqual(doc["kind"], "capture")
        self.assertEqual(len(doc["gpus"]), 8)
        seen = {(g["bdf"], p["id"]): p["memory_bytes"] for g in doc["gpus"] for p in g["partitions"]}
        self.assertEqual(len(seen), 32)
        self.assertEqual(seen, self.captured())

    def test_capture_lacks_are_null_and_named_and_not_degraded(self):
        doc = self.json("--root", self.root, "list")
        for gpu in doc["gpus"]:
            self.assertEqual(gpu["product"], "MI308X")
            self.assertEqual(gpu["compute_mode"], "CPX")  # 4 dies, one each
            self.assertIsNone(gpu["memory_mode"])  # never guessed
            self.assertIsNone(gpu["partitionable"])
            self.assertEqual(gpu["degraded"], [])
        self.assertEqual(doc["sources"]["compute_mode"], "derived")
        self.assertEqual(doc["sources"]["memory_mode"], "absent")
        self.assertIn(" - ", self.rocpart("--root", self.root, "status"))

    def test_capture_is_never_changed(self):
        doc = self.json("--root", self.root, *TO_CPX, status=REFUSED)
        self.assertEqual(doc["error"]["code"], "READ_ONLY")

    def test_nothing_outside_a_capture_is_opened(self):
        host.need_tracing()
        trace = self.folder / "trace"
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ASAN_OPTIONS="detect_leaks=0")
        done = subprocess.run(
            ["strace", "-f", "-o", str(trace), "-e", "trace=open,openat,openat2,stat,lstat,"
             "newfstatat,readlink,readlinkat,access,faccessat,faccessat2,statx",
             os.environ["ROCPART"], "--root", self.root, "list", "--json"],
            env=env, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        paths = [line.split('"')[1] for line in trace.read_text().splitlines()
                 if line.count('"') >= 2]
        self.assertIn(self.root, paths)
        # /dev/urandom seeds the hash of JSON objects.
        libraries = ("/dev/urandom", "/lib", "/usr/lib", "/etc/ld.so", "/usr/share/locale", "/usr/local/lib")
        # The program itself; sanitizers look at more of their own process.
        own = (self.root, "/proc/self/", os.environ["ROCPART"])
        outside = [p for p in paths if p.startswith("/") and not p.startswith(libraries + own)]
        self.assertEqual(outside, [])


if __name__ == "__main__":
    unittest.main()
