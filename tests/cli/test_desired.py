# SPDX-License-Identifier: MIT
"""node.yaml as all commands read it: its folder, its keys, `config`, and what it must refuse."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), os.path.dirname(os.path.abspath(__file__))]
import host  # noqa: E402
from journey import DONE, FAILED, REFUSED, TO_DO, USAGE, Journey  # noqa: E402

BASE = """\
version: v1
node:
  memory: NPS4
  gpus: {all: CPX}
models:
  llama: Qwen/Qwen3-8B
  qwen: {model: Qwen/Qwen3-0.6B, context: 16k}
"""
V1 = "version: v1\n"


class Files(Journey):
    def part(self, name, text):
        folder = self.folder / "node.yaml.d"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        return str(folder / name)

    def config(self, *args, **kwargs):
        return self.rocpart("config", str(self.folder / "node.yaml"), *args, **kwargs)

    def values(self):
        """{"models.llama.model": (value, file and line)} as `config --json` has them."""
        found = json.loads(self.config("--json"))["values"]
        return {".".join(v["path"]): (v["value"], "default" if v["is_default"] else
                                      f'{os.path.basename(v["file"])}:{v["line"]}') for v in found}

    def refused(self, *args, status=USAGE):
        done = self.start(*args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr


class Folder(Files):
    def test_maps_are_merged_key_by_key_and_of_other_values_the_later_file_wins(self):
        self.write(BASE + "services: {systemd: [a, b]}\n")
        self.part("9-last.yml", V1 + "models: {llama: {replicas: 3}}\nservices: {systemd: [c]}\n")
        self.part("10-first.yaml", V1 + "models: {llama: {replicas: 2, priority: 5}, new: {bytes: 1G}}\n")
        values = self.values()
        for key, want in {
            "node.memory": ("NPS4", "node.yaml:3"),
            "models.llama.model": ("Qwen/Qwen3-8B", "node.yaml:6"),
            "models.llama.replicas": ("3", "9-last.yml:2"),
            "models.llama.priority": ("5", "10-first.yaml:2"),
            "models.qwen.context": ("16k", "node.yaml:7"),
            "models.new.bytes": ("1G", "10-first.yaml:2"),
            "services.systemd": (["c"], "9-last.yml:3"),
            "node.policy.max-disruption": ("0", "default"),
        }.items():
            self.assertEqual(values[key], want, key)
        files = json.loads(self.config("--json"))["files"]
        self.assertEqual([os.path.basename(f) for f in files],
                         ["node.yaml", "10-first.yaml", "9-last.yml"])

    def test_short_form_of_a_model_replaces_the_model_only(self):
        self.write(V1 + "models: {llama: {model: a/b, replicas: 4}}\n")
        self.part("1.yaml", V1 + "models: {llama: c/d}\n")
        values = self.values()
        self.assertEqual(values["models.llama.model"], ("c/d", "1.yaml:2"))
        self.assertEqual(values["models.llama.replicas"], ("4", "node.yaml:2"))

    def test_printed_config_means_the_same_and_names_each_origin(self):
        self.write(BASE + "hooks: {before: [[/bin/true, \"a: #b\", \"null\", \"\"]]}\n")
        self.part("1.yaml", V1 + 'models: {"a/b": {bytes: 1G, labels: {"x y": "~", t: "tab\\there \\u202e\\U0001F600"}}}\n')
        text = self.config()
        self.assertIn("# default\n", text)
        self.assertRegex(text, r"\n  memory: NPS4 +# \S+/node.yaml:3\n")
        self.assertIn('"~"', text)
        self.assertIn("\\u202e", text)
        lines = [line for line in text.splitlines() if "#" not in line and not line.endswith(":")]
        self.assertEqual(lines, [])
        values = {k: v for k, (v, _) in self.values().items()}
        (self.folder / "node.yaml.d/1.yaml").unlink()
        self.write(text)
        self.assertEqual({k: v for k, (v, _) in self.values().items()}, values)
        self.assertEqual(values["models.a/b.labels.t"], "tab\there \u202e\U0001F600")

    def test_every_command_reads_the_folder(self):
        self.make("mi300x-1")
        path = self.write(V1 + "node: {gpus: {all: SPX}}\n")
        self.part("1.yaml", V1 + "node: {memory: NPS4, gpus: {all: CPX}}\nmodels: {m: {bytes: 1G}}\n")
        self.rocpart("--sim", "n", "assert", path, status=TO_DO)
        self.assertIn("+m/0", self.rocpart("--sim", "n", "plan", path, status=TO_DO))
        self.rocpart("--sim", "n", "apply", path, "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS4"])
        self.assertEqual(self.json("--sim", "n", "status")["leases"][0]["name"], "m")

    def test_mistake_names_the_file_that_the_value_came_from(self):
        self.make("mi300x-1")
        path = self.write(BASE)
        for text, place, words in (
            ("models: {llama: {dtype: bf61}}\n", ":2:25", "model 'llama': unknown dtype 'bf61'"),
            ("models: {qwen: {contxt: 3}}\n", ":2:17", "unknown key 'contxt'"),
            ("node: {policy: {switch: on}}\n", ":2:25", "'switch' must be never or idle"),
            ("node: {gpus: {0: CPY}}\n", ":2:18", "'CPY' is not a compute mode"),
            ("node: {gpus: {0: SPX}}\n", ":2:15", "given two compute modes, CPX and SPX"),
            ("node: {memory: NPS9}\n", ":2:16", "'NPS9' is not a memory mode"),
            ("models: {new: {bytes: 1G, owner: me}}\n", ":2:34", "'me' is not an owner"),
            ("nodes: {}\n", ":2:1", "unknown key 'nodes'"),
            ("partition-configs: {}\n", ":2:1", "unknown key 'partition-configs'"),
            ("models: &a {llama: *a}\n", ":2:9", "anchors, aliases and tags"),
            ("models: {a: 1, a: 2}\n", ":2:16", "key 'a' is given twice"),
        ):
            part = self.part("1.yaml", V1 + text)
            for command in (["plan"], ["assert"], ["apply", "--yes"]):
                with self.subTest(text=text, command=command):
                    said = self.refused("--sim", "n", *command, path)
                    self.assertIn(f"{part}{place}: ", said)
                    self.assertIn(words, said)

    def test_version_of_a_part_is_there_and_that_of_the_file(self):
        self.write(BASE)
        for text, words in (("models: {}\n", "'version: v1' is missing"),
                            ("version: v2\n", "'version' must be v1 as in '"),
                            ("[]\n", "must be a map")):
            part = self.part("1.yaml", text)
            said = self.refused("config", str(self.folder / "node.yaml"))
            self.assertIn(f"{part}:1:", said)
            self.assertIn(words, said)

    def test_what_cannot_be_read_is_an_error_and_never_left_out(self):
        path = self.write(BASE)
        folder = self.folder / "node.yaml.d"
        folder.mkdir()
        bad = folder / "5.yaml"
        for make, words in (
            (lambda: bad.symlink_to("nowhere"), "cannot open"),
            (bad.mkdir, "is not a regular file"),
            (lambda: os.mkfifo(bad), "is not a regular file"),
            (lambda: bad.write_text(""), "the document is empty"),
            (lambda: bad.write_text("# only a comment\n"), "the document is empty"),
            (lambda: bad.write_text("version: v1\nmodels:\n  a: {bytes: 1G"), "not valid YAML"),
            (lambda: bad.write_bytes(b"version: v1\0"), "not valid YAML"),
            (lambda: bad.write_text("version: v1\n" + "#" * (1 << 20)), "larger than 1 MiB"),
            (lambda: bad.symlink_to("5.yaml"), "cannot open"),
            (lambda: bad.symlink_to("/dev/tty"), "is not a regular file"),
            (lambda: bad.symlink_to("/dev/zero"), "is not a regular file"),
            (lambda: bad.symlink_to("."), "is not a regular file"),
        ):
            make()
            with self.subTest(words):
                said = self.start("config", path)
                self.assertNotEqual(said.returncode, DONE)
                self.assertIn(words, said.stderr)
                self.assertIn("5.yaml", said.stderr)
                self.assertEqual(said.stdout, "")
            if bad.is_dir() and not bad.is_symlink():
                bad.rmdir()
            else:
                bad.unlink()
        self.config()

    def test_folder_that_is_a_link_to_nowhere_or_a_file_is_an_error(self):
        path = self.write(BASE)
        folder = self.folder / "node.yaml.d"
        folder.symlink_to("nowhere")
        self.assertIn("cannot open the folder", self.refused("config", path))
        folder.unlink()
        folder.write_text(BASE)
        self.assertIn("cannot open the folder", self.start("config", path).stderr)

    def test_unreadable_part_is_an_error(self):
        words = host.need_another_user() if os.geteuid() == 0 else ()  # root reads every file
        os.chmod(self.folder, 0o755)
        path = self.write(BASE)
        os.chmod(self.part("1.yaml", V1), 0)
        self.assertIn("Permission denied", self.start("config", path, prefix=words).stderr)
        os.chmod(self.folder / "node.yaml.d", 0)
        self.addCleanup(os.chmod, self.folder / "node.yaml.d", 0o755)
        self.assertIn("Permission denied", self.start("config", path, prefix=words).stderr)

    def test_failed_system_call_is_an_error_of_the_folder_or_part(self):
        why = host.refusal("strace", "-o", "/dev/null", "true")
        if why:
            host.lacking(why)
        path = self.write(BASE)
        part = self.part("1.yaml", V1)
        folder = os.path.dirname(part)
        for call, of in (("getdents64", folder), ("openat", folder), ("openat", part), ("read", part)):
            for errno in ("EIO", "ENOENT", "EACCES", "EMFILE") if call == "openat" else ("EIO",):
                with self.subTest(call=call, of=of, errno=errno):
                    done = self.start("config", path, prefix=["strace", "-o", "/dev/null", "-e",
                                                              f"inject={call}:error={errno}", "-P", of],
                                      env={"ASAN_OPTIONS": "detect_leaks=0"})
                    self.assertNotEqual(done.returncode, DONE)
                    self.assertEqual(done.stdout, "")
                    self.assertIn(of, done.stderr)

    def test_names_that_are_not_ours_are_not_read(self):
        self.write(BASE)
        for name in (".1.yaml", "1.yaml~", "1.yaml.rpmsave", "README", "1.json"):
            self.part(name, "not: [ours")
        self.assertNotIn("not:", self.config())

    def test_folder_is_bounded(self):
        path = self.write(V1 + "models: {m: {bytes: 1G}}\n")
        for i in range(101):
            self.part(f"{i}.yaml", V1)
        self.assertIn("more than 100 files", self.start("config", path).stderr)
        shutil.rmtree(self.folder / "node.yaml.d")
        for i in range(5):
            self.part(f"{i}.yaml", V1 + "#" * 250000)
        self.assertIn("larger than 1 MiB", self.start("config", path).stderr)
        shutil.rmtree(self.folder / "node.yaml.d")
        for i in range(3):
            models = ", ".join(f"m{i}-{k}: {{bytes: 1G}}" for k in range(2000))
            self.part(f"{i}.yaml", V1 + f"models: {{{models}}}\n")
        said = self.start("config", path).stderr
        self.assertIn("more than 4096 keys", said)
        self.assertIn("2.yaml:2:", said)

    def test_file_of_another_form_has_no_folder(self):
        path = self.write(V1 + "partition-configs: {a: [{devices: all, compute: SPX}]}\n")
        (self.folder / "node.yaml.d").mkdir()
        self.config()
        self.part("1.yaml", V1 + "node: {}\n")
        self.assertIn("would add to", self.refused("config", path))

    def test_standard_input_has_no_folder(self):
        self.part("1.yaml", "not: [ours")
        for source in ("-", "/dev/stdin"):
            done = subprocess.run([os.environ["ROCPART"], "config", source], input=BASE, text=True,
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertIn("# /dev/stdin:3\n", done.stdout)
        done = subprocess.run([os.environ["ROCPART"], "config", "-"], input="versoin: v1\n", text=True,
                              capture_output=True, check=False)
        self.assertIn("standard input:1:1: unknown key 'versoin'", done.stderr)

    def test_slow_pipe_is_waited_for(self):
        with subprocess.Popen([os.environ["ROCPART"], "config", "/dev/stdin"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            time.sleep(0.1)
            said = process.communicate(BASE)[0]
        self.assertEqual(process.returncode, DONE, said)


class Trust(Files):
    """Who may write the folder and its files, when nobody looks."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            host.lacking("this takes root")
        place = tempfile.TemporaryDirectory(dir="/var/lib", prefix="rocpart-desired-")
        self.addCleanup(place.cleanup)
        os.chmod(place.name, 0o755)
        self.state, self.folder = self.folder, Path(place.name)
        self.env = {"XDG_STATE_HOME": str(self.state)}
        self.rocpart("sim", "create", "n", "--profile", "mi300x-1", env=self.env)
        self.path = self.write(V1 + "node: {gpus: {all: SPX}}\n")

    def apply(self, *args):
        return self.start("--sim", "n", "apply", self.path, "--yes", *args, env=self.env)

    def test_unattended_folder_and_parts_are_those_of_root(self):
        part = self.part("1.yaml", V1)
        folder = os.path.dirname(part)
        self.assertEqual(self.apply("--unattended").returncode, DONE)
        for path, mode in ((part, 0o664), (folder, 0o775), (folder, 0o1777)):
            os.chmod(path, mode)
            done = self.apply("--unattended")
            self.assertEqual(done.returncode, FAILED, done.stdout + done.stderr)
            self.assertIn(f"'{path}' has owner 0 and mode {mode:04o}", done.stderr)
            self.assertEqual(self.apply().returncode, DONE)
            os.chmod(path, 0o755)
        os.chown(part, 65534, 0)
        self.assertIn("has owner 65534", self.apply("--unattended").stderr)

    def test_unattended_empty_folder_that_others_may_write_is_refused(self):
        os.unlink(self.part("1.yaml", V1))
        os.chmod(self.folder / "node.yaml.d", 0o777)
        self.assertIn("node.yaml.d' has owner 0 and mode 0777", self.apply("--unattended").stderr)

    def test_unattended_file_with_models_is_trusted_before_it_is_planned(self):
        self.write(V1 + "models: {m: {bytes: 900G}}\n")
        os.chmod(self.path, 0o666)
        done = self.apply("--unattended")
        self.assertEqual((done.returncode, done.stdout), (FAILED, ""))
        self.assertIn("is not trusted", done.stderr)


class Keys(Files):
    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def test_every_bad_value_names_its_place_and_what_is_allowed(self):
        model = "models: {m: {bytes: 1G, %s}}\n"
        node = "node: {%s}\n"
        for text, place, words in (
            (model % "owner: pod:a", "2:32", "an owner is docker:NAME"),
            (model % "owner: 'unit:a@{rep}'", "2:32", "only {replica} is replaced"),
            (model % "owner: 'job:{replica}x'", "2:32", "'job:0x' is not an owner"),
            (model % "owner: []", "2:32", "'owner' must be text, not a list"),
            (model % "labels: [a]", "2:33", "'labels' must be a map such as {team: search}"),
            (model % "labels: {a: {}}", "2:37", "'a' must be text, not a map"),
            (model % "labels: {'': b}", "2:34", "the name of a label is empty"),
            (model % "guard: kill", "2:32", "'guard' must be warn or stop, not 'kill'"),
            (model % "stop: /bin/true", "2:31", "'stop' must be a list of words such as"),
            (model % "start: []", "2:32", "'start' must be a list of words such as"),
            (model % "stop: [true]", "2:32", "must begin with the absolute path of its program"),
            (model % "stop: [/bin/true, []]", "2:43", "an entry of 'stop' must be a word"),
            (node % "allow-unvalidated: yes", "2:27", "must be true or false, not 'yes'"),
            (node % "cordoned: 3", "2:18", "'cordoned' must be a list of GPUs"),
            (node % "cordoned: [9]", "2:19", "this machine has no GPU '9'"),
            (node % "cordoned: [[0]]", "2:19", "an entry of 'cordoned' must be text"),
            (node % "policy: never", "2:16", "'policy' must be a map of keys and values"),
            (node % "policy: {swich: idle}", "2:17", "did you mean 'switch'?"),
            (node % "policy: {switch: [idle]}", "2:25", "'switch' must be never or idle, not a list"),
            (node % "policy: {gpus: 0}", "2:23", "'gpus' must be a list of GPUs"),
            (node % "policy: {gpus: []}", "2:23", "'gpus' names no GPU"),
            (node % "policy: {gpus: [MI400]}", "2:24", "this machine has no GPU 'MI400'"),
            (node % "policy: {rest-after: 10}", "2:29", "never or a time such as 90s, 10m, 2h, 1d"),
            (node % "policy: {rest-after: -1m}", "2:29", "not '-1m'"),
            (node % "policy: {rest-after: 99999999999999999999d}", "2:29", "'rest-after' must be"),
            (node % "policy: {on-drift: fix}", "2:27", "'on-drift' must be report or apply"),
            (node % "policy: {max-disruption: -1}", "2:33", "a whole number from 0 to 1000000"),
            (node % "policy: {max-disruption: -1}", "2:33", "a whole number from 0 to 1000000"),
            (node % "gpus: {0: CPX/NPS9}", "2:18", "'NPS9' is not a memory mode"),
            (node % "gpus: {0: CPX/}", "2:18", "'' is not a memory mode"),
            (node % "memory: NPS4, gpus: {0: CPX/NPS1}", "2:29", "two memory modes, NPS"),
        ):
            with self.subTest(text):
                path = self.write(V1 + text)
                said = self.refused("--sim", "n", "assert", path)
                self.assertIn(f"{path}:{place}: ", said)
                self.assertIn(words, said)

    def test_every_good_value_is_read(self):
        path = self.write(V1 + """\
node:
  allow-unvalidated: false
  cordoned: []
  gpus: {0: SPX/NPS1, "1-3": SPX}
  policy: {switch: idle, gpus: [0, "4-7", "0000:05:00.0", MI300X, all], rest-after: 10m, on-drift: apply,
           max-disruption: 3}
models:
  a: {bytes: 1G, replicas: 3, owner: "unit:a@{replica}", labels: {team: "x=y", n: ""}, guard: stop,
      stop: [/bin/true, "{replica}"], start: [/bin/true]}
  b: {bytes: 1G, owner: none, guard: warn}
""")
        self.rocpart("--sim", "n", "config", path)
        for command in ("assert", "plan"):
            self.rocpart("--sim", "n", command, path, status=TO_DO)
        self.rocpart("--sim", "n", "apply", path, "--yes")
        for command in ("assert", "plan"):
            self.rocpart("--sim", "n", command, path)
        leases = self.json("--sim", "n", "status")["leases"]
        self.assertEqual([(lease["replica"], lease["owner"]) for lease in leases],
                         [("a/0", "unit:a@0.service"), ("a/1", "unit:a@1.service"),
                          ("a/2", "unit:a@2.service"), ("b/0", "none")])
        self.assertEqual(leases[1]["labels"], {"team": "x=y", "n": ""})

    def test_key_allows_modes_that_are_not_validated_as_the_option_does(self):
        text = V1 + "node: {gpus: {all: DPX}}\n"
        said = self.refused("--sim", "n", "apply", self.write(text), "--yes", status=REFUSED)
        self.assertIn("add --allow-unvalidated, or `allow-unvalidated: true` below 'node:'", said)
        path = self.write(text.replace("{gpus", "{allow-unvalidated: true, gpus"))
        self.rocpart("--sim", "n", "apply", path, "--yes")
        self.assertEqual(self.modes(), ["DPX/NPS1"] * 8)
        self.rocpart("--sim", "n", "reset", "--yes")
        said = self.refused("--sim", "n", "set", "--compute", "DPX", status=REFUSED)
        self.assertNotIn("below 'node:'", said)

    def test_key_lets_a_plan_use_modes_that_are_not_validated(self):
        models = "models: {m: {bytes: 90G, replicas: 16}}\n"
        self.rocpart("--sim", "n", "plan", self.write(V1 + models), status=FAILED)
        self.assertIn("`allow-unvalidated: true`",
                      self.start("--sim", "n", "plan", self.write(V1 + models)).stdout.replace("\n", " "))
        path = self.write(V1 + "node: {allow-unvalidated: true}\n" + models)
        self.rocpart("--sim", "n", "plan", path, status=TO_DO)
        self.rocpart("--sim", "n", "apply", path, "--yes")
        self.assertEqual(self.modes(), ["DPX/NPS1"] * 8)

    def test_assert_gives_the_reason_of_apply_where_the_file_cannot_be_met(self):
        for text, code, words in (
            ("node: {gpus: {all: SPX}, memory: NPS4}\n", "NPS_NEEDS_COMPUTE", "SPX needs NPS1"),
            ("node: {memory: NPS8}\n", "MODE_UNSUPPORTED", "no known GPU has memory mode NPS8"),
            ("node: {gpus: {all: DPX}}\n", "NOT_VALIDATED", "the vendor has not validated"),
            ("models: {m: {bytes: 900G, replicas: 2}}\n", "NO_ROOM", "2 x m is not placed"),
        ):
            path = self.write(V1 + text)
            said = self.json("--sim", "n", "assert", path, status=TO_DO)
            self.assertEqual((said["as_requested"], said["reason"]["code"]), (False, code))
            self.assertIn(words, said["reason"]["message"])
            self.assertIn(words, self.rocpart("--sim", "n", "assert", path, status=TO_DO))
            self.assertTrue(said["reason"]["hint"])
        path = self.write(V1 + "node: {gpus: {all: CPX}, memory: NPS4}\n")
        self.assertIsNone(self.json("--sim", "n", "assert", path, status=TO_DO)["reason"])


class Records(Files):
    """What a file says besides modes and models."""

    def setUp(self):
        super().setUp()
        self.make("mi300x-8")

    def notes(self):
        return [g["index"] for g in self.json("--sim", "n", "list")["gpus"] if "cordoned" in g["notes"]]

    def test_cordons_are_set_after_the_modes_and_no_replica_is_placed_there(self):
        path = self.write(V1 + 'node: {memory: NPS4, gpus: {all: CPX}, cordoned: [0, "0000:27:00.0"]}\n'
                          "models: {m: {bytes: 20G, replicas: 48, spread: none}}\n")
        said = self.rocpart("--sim", "n", "assert", path, status=TO_DO)
        self.assertIn("each of GPU 0-1 is not cordoned", said)
        self.rocpart("--sim", "n", "apply", path, "--yes")
        self.assertEqual((self.notes(), self.modes()), ([0, 1], ["CPX/NPS4"] * 8))
        used = {lease["partition"].split("/")[0] for lease in self.json("--sim", "n", "status")["leases"]}
        self.assertEqual(len(used), 6)
        self.assertNotIn("0000:05:00.0", used)
        self.rocpart("--sim", "n", "assert", path)

    def test_models_that_fit_only_on_a_gpu_that_the_file_cordons_are_refused(self):
        path = self.write(V1 + "node: {cordoned: [0]}\nmodels: {m: {bytes: 100G, replicas: 8, spread: none}}\n")
        self.rocpart("--sim", "n", "apply", path, "--yes", status=FAILED)
        self.assertEqual(self.notes(), [])

    def test_plan_names_the_gpu_that_cannot_have_the_modes_of_the_file(self):
        for node in ("memory: NPS8", "memory: NPS4, gpus: {0: SPX}", "gpus: {0: SPX, 1: CPX/NPS4}"):
            path = self.write(V1 + f"node: {{{node}}}\nmodels: {{m: {{bytes: 1G}}}}\n")
            for command in (["plan"], ["apply", "--yes"]):
                said = self.start("--sim", "n", *command, path)
                self.assertEqual(said.returncode, REFUSED, said.stdout + said.stderr)
                self.assertRegex(said.stderr, r"GPU [01] \(0000:(05|27):00.0\)")

    def test_cordon_by_hand_stays_and_one_of_the_file_comes_back(self):
        path = self.write(V1 + "node: {cordoned: [3]}\n")
        self.rocpart("--sim", "n", "cordon", "5")
        said = self.json("--sim", "n", "apply", path, "--dry-run", status=TO_DO)
        self.assertEqual((said["steps"], said["gpus"]), (["cordon GPU 3 (0000:65:00.0)"], []))
        self.assertEqual(self.notes(), [5])
        self.assertIn("done", self.rocpart("--sim", "n", "apply", path))
        self.assertEqual(self.notes(), [3, 5])
        self.assertEqual(self.json("--sim", "n", "apply", path)["result"], "unchanged")
        self.rocpart("--sim", "n", "uncordon", "3")
        self.rocpart("--sim", "n", "apply", path)
        self.assertEqual(self.notes(), [3, 5])

    def test_gpu_that_is_missing_is_no_mistake_of_the_list(self):
        path = self.write(V1 + 'node: {cordoned: ["0000:99:00.0", 2]}\n')
        self.rocpart("--sim", "n", "apply", path)
        self.assertEqual(self.notes(), [2])

    def test_allocator_is_a_step_and_a_difference(self):
        path = self.write(V1 + "node: {allocator: slurm}\n")
        self.assertIn("no allocator is recorded instead of slurm",
                      self.rocpart("--sim", "n", "assert", path, status=TO_DO))
        self.assertIn("record slurm as the allocator",
                      self.rocpart("--sim", "n", "apply", path, "--dry-run", status=TO_DO))
        self.rocpart("--sim", "n", "apply", path)
        self.rocpart("--sim", "n", "assert", path)
        self.rocpart("--sim", "n", "apply", path, "--dry-run")
        other = self.write(V1 + "node: {allocator: kubelet}\n", "other.yaml")
        self.assertIn("slurm is recorded as the allocator instead of kubelet",
                      self.rocpart("--sim", "n", "assert", other, status=TO_DO))

    def test_modes_of_a_gpu_without_replicas_are_those_of_the_file(self):
        path = self.write(V1 + "node: {memory: NPS4, gpus: {all: CPX/NPS4}, cordoned: []}\n".replace(
            "all: CPX/NPS4", '"0-6": QPX, 7: CPX') .replace("cordoned: []", "allow-unvalidated: true")
            + "models: {m: {bytes: 1G}}\n")
        self.rocpart("--sim", "n", "apply", path, "--yes")
        self.assertEqual(self.modes(), ["QPX/NPS4"] * 7 + ["CPX/NPS4"])

    def test_memory_modes_that_differ_are_written_for_each_gpu(self):
        self.rocpart("sim", "rm", "n", "--yes")
        self.make("mixed")
        text = V1 + 'node: {gpus: {0: CPX/NPS4}}\nmodels: {m: {bytes: 20G, replicas: 8, spread: none}}\n'
        self.rocpart("--sim", "n", "apply", self.write(text), "--yes")
        self.assertEqual(self.modes()[0], "CPX/NPS4")


if __name__ == "__main__":
    unittest.main()
