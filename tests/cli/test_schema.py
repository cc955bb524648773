# SPDX-License-Identifier: MIT
"""docs/schema/: every verb's --json documents are validated against their schemas."""

import functools
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from journey import ROOT

sys.path.insert(0, str(ROOT / "tests" / "tools"))
import make_model  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

SCHEMAS = {p.stem: json.loads(p.read_text(encoding="utf-8"))
           for p in sorted((ROOT / "docs/schema").glob("*.json"))}
# These print no document, not even with --json: text, a script, the output of another command.
WITHOUT = ["help", "completion bash", "sim exec n -- true"]
# The document may be an error: mounting needs FUSE and the right to mount, a change meets faults.
MAY_FAIL = {("sim-mount", "sim mount"), ("sim-mount", "sim unmount"), ("change", "set")}

# (schema, command) on the machine "n", in this order.
LOOKS = [
    ("list", "list"), ("status", "status"), ("show", "show 0"), ("show", "show 0/0"),
    ("modes", "modes"), ("holders", "holders"), ("doctor", "doctor"), ("doctor", "doctor --fix"), ("doctor", "doctor --fix --dry-run"),
    ("usage", "usage"),
    ("export", "export"), ("explain", "explain 0/0"), ("args", "args env 0/0"),
    ("cdi-list", "cdi list"), ("cdi-validate", "cdi validate"), ("state-check", "state check"),
    ("state-export", "state export"),
]
CHANGES = [
    ("change", "set -c CPX -m NPS4 --dry-run"), ("change", "set -c CPX -m NPS4"),
    ("change", "set -c CPX -m NPS4"), ("assert", "assert -f node.yaml"), ("change", "undo"),
    ("config", "config node.yaml"), ("config", "config merged.yaml"), ("assert", "assert -f never.yaml"),
    ("applied", "apply -f merged.yaml --dry-run"), ("change", "undo"), ("change", "undo"), ("assert", "assert -f node.yaml"),
    ("applied", "apply -f node.yaml --dry-run"), ("applied", "apply -f node.yaml"),
    ("applied", "apply -f node.yaml"), ("change", "apply --resume"), ("change", "reset"),
    ("change", "set -c CPX -m NPS4"), ("head", "cordon 0"), ("list", "list"),
    ("head", "uncordon 0"), ("accept-gpu", "accept-gpu 0000:05:00.0"), ("state-set-aside", "state set-aside"),
    ("state-migrate", "state migrate"), ("hold", "hold"), ("hold", "hold --for 2h --reason tests --dry-run"),
    ("hold", "hold --for 2h --reason tests"), ("hold", "hold"), ("status", "status"), ("hold", "hold --end"),
    ("history", "history"), ("history", "history --last 1"), ("revisions", "revisions"), ("revisions", "revisions 1"),
]
LEASES = [
    ("place", "place a --bytes 4G --partition 0/0 --share 2 --owner unit:a --label team=x"),
    ("place", "place Qwen/Qwen3-0.6B --partition 0/1"), ("args", "args vllm 2"),
    ("args", "args docker 2"), ("explain", "explain 1"), ("explain", "explain 2"),
    ("lease-set", "lease set 1 --label a=b"), ("lease-set", "lease set 1 --priority 1 --dry-run"),
    ("sim-hold", "sim hold n --partition 0/0=5GiB --cgroup /system.slice/a.service"),
    ("sim-hold", "sim hold n --partition 0/2=3GiB --cgroup /system.slice/b.service"),
    ("sim-hold", "sim hold n --process '/opt/vllm serve' --pid 4711"),
    ("holders", "holders"), ("usage", "usage"), ("status", "status"),
    ("watch", "watch --grace 0 --interval 0.02"), ("adopt", "adopt unit:b"),
    ("error", "set -c SPX -m NPS1 --wait 0"), ("error", "set -c SPX -m NPS1 --dry-run"),
    ("change", "reset --evict --dry-run"), ("release", "release unit:b"),
    ("sim-hold", "sim hold n --release 4711"), ("release", "release 1"),
    ("state-export", "state export"), ("run", "run --bytes 1G -- true"),
    ("run", "run --lease 2 -- true"), ("cdi-generate", "cdi generate"),
    ("cdi-list", "cdi list"), ("cdi-validate", "cdi validate"),
    ("sim-action", "sim reset n"), ("status", "status"), ("explain", "explain 2"),
    ("place", "place --pending"), ("release", "release 2"), ("cdi-validate", "cdi validate"),
    ("state-import", "state import leases.json"), ("status", "status"),
    ("gather", "gather --output gathered"),
]
PLANS = [
    ("plan", "plan -f models.yaml"), ("plan", "plan --add Qwen/Qwen3-8B"),
    ("plan", "plan -f large.yaml"), ("plan", "plan -f large.yaml --product MI325X --gpus 16"),
    ("plan", "apply -f large.yaml"), ("head", "plan --verify plan.json"),
    ("applied", "apply -f models.yaml"), ("applied", "apply -f models.yaml"),
    ("plan", "plan --add Qwen/Qwen3-8B"), ("status", "status"),
]
MODELS = [
    ("model-list", "model list"), ("model-show", "model show Qwen/Qwen3-8B"),
    ("model-size", "model size Qwen/Qwen3-8B"), ("model-size", "model size --bytes 14G"),
    ("model-size", "model size Qwen/Qwen3-8B --tp 2 --on 24G"),
    ("model-size", "model size deepseek-ai/DeepSeek-V3 --on 0/0"),
    ("model-fit", "model fit Qwen/Qwen3-8B"), ("model-fit", "model fit --bytes 14G"),
    ("model-add", "model add own/m model"), ("model-show", "model show own/m"),
]
SIMULATED = [
    ("sim-list", "sim list"), ("sim-faults", "sim fault n --list"),
    ("sim-action", "sim fault n unload:EBUSY"), ("sim-faults", "sim fault n"),
    ("sim-action", "sim fault n --clear"), ("sim-action", "sim reload n"),
    ("sim-action", "sim fault n off-bus:0000:05:00.0 --at 10m"), ("sim-faults", "sim fault n"),
    ("sim-action", "sim fault n --remove off-bus:0000:05:00.0"), ("sim-log", "sim log n"),
    ("sim-load", "sim load n"), ("sim-action", "sim load n --util 100 --gpu 0 --for 10m"),
    ("sim-load", "sim load n"), ("sim-action", "sim load n --stop"),
    ("sim-fleet", "sim fleet create fleet.yaml"), ("sim-fleet", "sim fleet rm f[1-2]"),
    ("sim-mount", "sim mount n mounted"), ("sim-mount", "sim unmount n mounted"),
]
FAULTS = ["ue:0000:05:00.0:3", "vanish:0000:05:00.0/3", "unload:EBUSY", "lose:0000:05:00.0:1",
          "unplug:0000:05:00.0:1", "replace:0000:05:00.0:1",
          "write:current_compute_partition:EBUSY:2", "read:current_memory_partition:EPERM"]
ERRORS = ["nope", "list --nope", "list extra", "show 99", "show 9/9",
          "set", "set -c X", "apply", "apply -f nope.yaml", "place", "place x --bytes 900G",
          "run -- true", "release 99", "explain 99", "adopt unit:x", "args env 99", "model show x",
          "model size", "plan", "plan --verify node.yaml", "state import node.yaml",
          "sim create n", "sim rm nope", "sim hold n --release 1", "watch --enforce x",
          "--sim nope list", "--root nope list", "gather --output ."]
FILES = {
    "fleet.yaml": "version: v1\nnodes: {'f[1-2]': {profile: mi300x-1}}\n",
    "node.yaml": "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n",
    "models.yaml": "version: v1\nmodels:\n  q: {model: Qwen/Qwen3-8B, replicas: 2}\n"
                   "  b: {bytes: 8G, isolation: {share: 2}}\n",
    "never.yaml": "version: v1\nnode: {memory: NPS4, gpus: {all: SPX}}\n",
    "merged.yaml": "version: v1\nnode: {allocator: rocpart, cordoned: [0]}\nhooks: {before: [[/bin/true, a]]}\n",
    "merged.yaml.d/10.yaml": "version: v1\nnode: {policy: {gpus: [0]}}\n",
    "large.yaml": "version: v1\nmodels: {x: {bytes: 180G, replicas: 12}, y: {bytes: 900G}}\n",
}


class Machines:
    """A folder of simulated machines, and every document that was printed there."""

    def __init__(self, folder):
        self.folder = folder
        self.env = {k: v for k, v in os.environ.items() if not k.endswith("_VISIBLE_DEVICES")}
        self.env |= {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder, "ROCPART_SIM": "n",
                     "ROCPART_DATA": str(ROOT)}
        self.documents = []  # (schema, command, text)
        (Path(folder) / "merged.yaml.d").mkdir()
        for name, text in FILES.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        (Path(folder) / "model").mkdir()
        make_model.safetensors(Path(folder) / "model/model.safetensors", {"x": ("BF16", [64, 64])})

    def rocpart(self, command):
        return subprocess.run([os.environ["ROCPART"], *shlex.split(command)], env=self.env,
                              cwd=self.folder, capture_output=True, text=True, check=False)

    def first_line(self, command):
        """The first line of a command that does not end."""
        with subprocess.Popen([os.environ["ROCPART"], *shlex.split(command)], env=self.env,
                              stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline()
            process.terminate()
        return line

    def json(self, schema, command):
        if schema == "watch":
            text = self.first_line("--json " + command)
        else:
            done = self.rocpart("--json " + command)
            text = done.stderr.splitlines()[0] if schema == "run" else done.stdout
            # 7: something is to be done
            if done.returncode not in (0, 7) and (schema, verb_of(command)) in MAY_FAIL:
                schema = "error"
        self.documents.append((schema, command, text))
        return text

    def all(self, commands):
        for schema, command in commands:
            text = self.json(schema, command)
            if schema in ("plan", "state-export"):
                name = "plan.json" if schema == "plan" else "leases.json"
                (Path(self.folder) / name).write_text(text, encoding="utf-8")

    def make(self, profile):
        self.rocpart("sim rm n")
        self.json("sim-action", f"sim create n --profile {profile}")


def words(*line):
    """What completion offers at the end of a command line."""
    out = subprocess.run([os.environ["ROCPART"], "completion", "words", "--", *line], check=True,
                         capture_output=True, text=True).stdout
    return [found.split("\t")[0] for found in out.splitlines()]


@functools.cache
def verbs():
    """All verbs of the command: "list", "sim create"."""
    found = []
    for word in words(""):
        group = subprocess.run([os.environ["ROCPART"], "help", word], check=True,
                               capture_output=True, text=True).stdout
        if f"usage: rocpart {word} COMMAND" in group:
            found += [f"{word} {second}" for second in words(word, "")]
        else:
            found.append(word)
    return found


def verb_of(command):
    words = command.split() + ["", ""]
    both = " ".join(words[:2])
    return both if both in verbs() else words[0]


def look_at_profiles(machines):
    for profile in ("mi300x-1", "mi300a-4", "bmc-63", "mixed"):
        machines.make(profile)
        machines.all(LOOKS)
    machines.json("list", "list --sim mi300x-8")


def look_at_a_capture(machines):
    subprocess.run([os.environ["SIM_DUMP"], str(ROOT / "profiles/mi300x-1.yaml"),
                    str(Path(machines.folder) / "tree")], check=True)
    machines.all((schema, f"{command} --root tree") for schema, command in LOOKS)


def change_with_faults(machines):
    for fault in FAULTS:
        machines.make("mi300x-1")
        machines.rocpart(f"sim fault n {fault}")
        machines.json("change", "set -c CPX -m NPS4")
        machines.all([("status", "status"), ("doctor", "doctor")])


def tell_stories(machines):
    look_at_profiles(machines)
    look_at_a_capture(machines)
    machines.make("mi300x-1")
    machines.all(CHANGES + LOOKS + LEASES + SIMULATED)
    machines.make("mi308x-8")
    machines.all(MODELS + PLANS)
    change_with_faults(machines)
    machines.make("mi300x-1")
    machines.all(("error", command) for command in ERRORS)
    machines.json("sim-action", "sim rm n")


def parts_of(schema):
    """Every schema in a schema."""
    yield schema
    for key in ("properties", "$defs"):
        for part in schema.get(key, {}).values():
            yield from parts_of(part)
    for part in schema.get("anyOf", []) + schema.get("oneOf", []):
        yield from parts_of(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts_of(schema[key])


class Schemas(unittest.TestCase):
    def test_every_verb_has_a_schema(self):
        described = {verb for schema in SCHEMAS.values() for verb in schema.get("x-verbs", [])}
        self.assertEqual(set(verbs()), described | {verb_of(c) for c in WITHOUT})

    def test_objects_name_all_of_their_keys(self):
        for name, schema in SCHEMAS.items():
            with self.subTest(schema=name):
                self.assertEqual(schema["$id"], name + ".json")
                for part in parts_of(schema):
                    if "properties" in part:
                        self.assertIs(part["additionalProperties"], False, part)
                        self.assertLessEqual(set(part.get("required", [])),
                                             set(part["properties"]))

    def test_units_are_described(self):
        common = SCHEMAS["common"]["$defs"]
        for name, schema in SCHEMAS.items():
            for part in parts_of(schema):
                for key, value in part.get("properties", {}).items():
                    unit = {"bytes": "bytes", "s": "seconds"}.get(key.rpartition("_")[2])
                    if not unit or key.endswith("_per_s") or "source" in value.get("$ref", ""):
                        continue
                    shared = common.get(value.get("$ref", "").rpartition("/")[2], {})
                    self.assertIn(f"in {unit}",
                                  value.get("description", shared.get("description", "")),
                                  f"{name}: {key}")


@unittest.skipUnless(jsonschema or "ROCPART_WITNESSES" in os.environ,
                     "python3-jsonschema is not there")
class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            machines = Machines(folder)
            tell_stories(machines)
            cls.documents = machines.documents
            machines.make("mi300x-1")
            cls.others = [(c, machines.rocpart("--json " + c).stdout) for c in WITHOUT]
            cls.public = []
            for command in ("set -c CPX -m NPS4 --reload never --yes", "set -c CPX -m NPS4 --yes",
                            "place a --bytes 1G", "cordon 0"):
                machines.rocpart("--sim n " + command)
                cls.public += [p.read_text() for p in Path(folder).rglob("public.json")]

    def test_schemas_are_schemas(self):
        for name, schema in SCHEMAS.items():
            with self.subTest(schema=name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_documents_follow_their_schemas(self):
        store = {schema["$id"]: schema for schema in SCHEMAS.values()}
        checks = {name: jsonschema.Draft202012Validator(
            schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store))
            for name, schema in SCHEMAS.items()}
        for name, command, text in self.documents:
            with self.subTest(command=command):
                for error in checks[name].iter_errors(json.loads(text)):
                    self.fail(f"{name}: {error.json_path}: {error.message}"[:500])

    def test_public_document_follows_its_schema(self):
        store = {schema["$id"]: schema for schema in SCHEMAS.values()}
        schema = SCHEMAS["public-document"]
        check = jsonschema.Draft202012Validator(
            schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store))
        self.assertEqual([bool(json.loads(p)["pending"]) for p in self.public],
                         [True, False, False, False])
        self.assertEqual(len(json.loads(self.public[-1])["leases"]), 1)
        for text in self.public:
            for error in check.iter_errors(json.loads(text)):
                self.fail(f"{error.json_path}: {error.message}"[:500])

    def test_every_schema_met_a_document_of_each_of_its_verbs(self):
        met = {(name, verb_of(command)) for name, command, _ in self.documents}
        for name, schema in SCHEMAS.items():
            for verb in schema.get("x-verbs", []):
                if name != "sim-mount":
                    self.assertIn((name, verb), met)

    def test_verbs_without_a_schema_print_none(self):
        for command, text in self.others:
            with self.subTest(command=command):
                self.assertNotIn("schema_version", text)


if __name__ == "__main__":
    unittest.main()
