#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each verb has a man page, help, --json where it prints data, and a test.

usage: check-verbs.py ROCPART      the built program: it says which verbs and options there are
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAN = ROOT / "docs/man"
TESTS = ("tests/cli", "tests/simfs")

# A command line for each verb, run in this order on one simulated machine: what it prints with
# --json is to be one document. {dir} is an empty folder.
JSON = [
    "sim create n --profile mi300x-1",
    "sim list",
    "sim fault n",
    "sim log n",
    "sim load n",
    "set --compute CPX --memory NPS4 --yes",
    "undo --yes",
    "reset --yes",
    "status",
    "list",
    "show 0",
    "modes",
    "doctor",
    "plan --add Qwen/Qwen3-8B",
    "place m --bytes 1G --owner job:7",
    "explain 1",
    "lease set 1 --priority 2",
    "args env 1",
    "usage",
    "state check",
    "state set-aside",
    "state migrate",
    "state export",
    "release 1",
    "state import {dir}/leases.json",
    "release 1",
    "export",
    "config {dir}/node.yaml",
    "assert -f {dir}/node.yaml",
    "apply -f {dir}/node.yaml --yes",
    "cordon 0",
    "uncordon 0",
    "accept-gpu 0000:05:00.0",
    "hold --for 1h --reason tests",
    "hold --end",
    "history",
    "revisions",
    "cdi generate -o {dir}/cdi",
    "cdi list",
    "cdi validate",
    "gather -o {dir}/capture",
    "sim hold n --partition 0/0=2G --pid 4711",
    "holders",
    "adopt 4711",
    "sim reset n",
    "sim reload n",
    "sim mount n {dir}/n",
    "sim unmount n {dir}/n",
    "model list",
    "model show Qwen/Qwen3-8B",
    "model size Qwen/Qwen3-8B",
    "model fit Qwen/Qwen3-8B",
    "model add mine {dir}/config.json",
    "sim rm n",
    "sim fleet create {dir}/fleet.yaml",
    "sim fleet rm {dir}/fleet.yaml",
]
# Verbs without a document of their own, and why.
NO_DATA = {
    "run": "its output is that of the command that it runs",
    "sim exec": "its output is that of the command that it runs",
    "watch": "a document a line until it is stopped; tests/cli/test_usage.py reads them",
    "completion": "a script for a shell",
    "help": "text for people",
}
# These need rights or FUSE, which a builder may lack: the document may be the error.
MAY_FAIL = {"sim mount", "sim unmount"}
VERSIONS = {"schema_version", "rocpart_leases"}  # the second: what `state import` reads
OPTION = re.compile(r"^  (?:-\w, |    )(--[\w-]+)", re.M)


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder
        self.env = dict(os.environ, ROCPART_DATA=str(ROOT), XDG_STATE_HOME=f"{folder}/state",
                        XDG_CONFIG_HOME=f"{folder}/config")
        self.env.pop("ROCPART_SIM", None)

    def run(self, *args):
        """(exit status, standard output)."""
        done = subprocess.run([self.path, *args], env=self.env, capture_output=True, text=True,
                              check=False, timeout=60)
        return done.returncode, done.stdout

    def words(self, *line):
        """What completion offers at the end of a command line."""
        text = self.run("completion", "words", "--", *line)[1]
        return [line.split("\t")[0] for line in text.splitlines()]

    def verbs(self):
        """{verb: its options}, as completion knows them."""
        every = set(self.words("--"))
        names = []
        for word in self.words(""):
            names += [f"{word} {second}" for second in self.words(word, "")
                      if self.run("help", word, second)[0] == 0] or [word]
        return {name: set(self.words(*name.split(), "--")) - every for name in names}


def page_of(verb):
    return "rocpart-" + verb.replace(" ", "-")


def pages(verbs):
    """A page for each verb, in the list of those that are built, and none of a verb now gone."""
    listed = set(re.findall(r"^  '([\w.-]+)',", (MAN / "meson.build").read_text("utf-8"), re.M))
    there = {p.name.removesuffix(".scd") for p in MAN.glob("*.scd")}
    for verb in verbs:
        if page_of(verb) not in there:
            yield f"{verb}: write docs/man/{page_of(verb)}.scd"
        if page_of(verb) not in listed:
            yield f"{verb}: add '{page_of(verb)}' to docs/man/meson.build"
    for page in sorted((there | listed) - {page_of(v) for v in verbs} - {"rocpart"}):
        if not page.endswith(".5"):
            yield f"docs/man/{page}.scd: there is no such verb"


def help_problems(program, verbs):
    """Help both ways, with all options; the same options in OPTIONS of the page and no others."""
    every = {o for options in verbs.values() for o in options}
    every |= set(OPTION.findall(program.run("help")[1]))
    for verb, options in verbs.items():
        status, text = program.run("help", *verb.split())
        if status or f"usage: rocpart {verb}" not in text:
            yield f"{verb}: `rocpart help {verb}` does not explain it"
        if program.run(*verb.split(), "--help") != (0, text):
            yield f"{verb}: `rocpart {verb} --help` is not what `rocpart help {verb}` is"
        own = text.partition("\noptions:\n")[2].partition("\n\n")[0]
        frame = program.run("help", "--scdoc", verb)[1]
        for where, found in (("help", OPTION.findall(own)),
                             ("OPTIONS of the man page", re.findall(r"^\*(--[\w-]+)\*", frame,
                                                                    re.M))):
            for option in sorted(options ^ set(found)):
                yield f"{verb}: {option} is {'not ' * (option in options)}in {where}"
        body = MAN / f"{page_of(verb)}.scd"
        text = body.read_text("utf-8") if body.exists() else ""
        for option in sorted(set(re.findall(r"\*(--[a-z][\w-]*)\*", text)) - every):
            yield f"{verb}: its man page speaks of {option}, which no verb has"


def groups(program, verbs):
    """`sim`, `model`...: alone, a group lists its verbs."""
    for group in sorted({v.split()[0] for v in verbs if " " in v}):
        for words in (["help", group], [group, "--help"]):
            status, text = program.run(*words)
            for verb in (v for v in verbs if v.split()[0] == group):
                if status or not re.search(rf"^  {verb} +\S", text, re.M):
                    yield f"{verb}: `rocpart {' '.join(words)}` does not list it"


def tested(verbs):
    """A test that runs the verb: "set", "sim", "create", or rocpart set in a script."""
    text = "\n".join(p.read_text("utf-8") for folder in TESTS
                     for p in sorted((ROOT / folder).glob("*.py")))
    for verb in sorted(verbs, key=lambda v: " " not in v):  # "sim", "list" is no test of list
        apart = r"[\"'],\s+[\"']".join(verb.split())
        text, n = re.subn(rf"(?<!\[)[\"']{apart}[\"']|(rocpart |[\"']){verb}\b", "", text)
        if not n:
            yield f"{verb}: no test in {' or '.join(TESTS)} runs it"


def verb_of(line, verbs):
    words = line.split()
    return next((v for v in (" ".join(words[:2]), words[0]) if v in verbs), None)


def documents(program, verbs):
    """What each verb prints with --json."""
    rows = [(verb_of(line, verbs), line) for line in JSON]
    for verb in sorted(set(verbs) - {v for v, _ in rows} - set(NO_DATA)):
        yield (f"{verb}: give tools/check-verbs.py a command line of it that prints JSON, or say "
               "in NO_DATA why it prints no data")
    for verb in sorted(set(NO_DATA) - set(verbs)):
        yield f"{verb}: in NO_DATA of tools/check-verbs.py, but there is no such verb"
    folder = pathlib.Path(program.folder)
    (folder / "node.yaml").write_text("version: v1\nnode: {memory: NPS1, gpus: {all: SPX}}\n")
    (folder / "config.json").write_text(json.dumps(LLAMA))
    (folder / "fleet.yaml").write_text("version: v1\nnodes: {'f[1-2]': {profile: mi300x-1}}\n")
    (folder / "n").mkdir()
    program.env["ROCPART_SIM"] = "n"
    for verb, line in rows:
        status, text = program.run(*line.format(dir=folder).split(), "--json")
        try:
            document = json.loads(text)
        except ValueError:
            document = {}
        if line == "state export":
            (folder / "leases.json").write_text(text)
        if not VERSIONS & set(document) and not (verb in MAY_FAIL and "error" in document):
            yield (f"{verb or line}: `rocpart {line} --json` ends with {status} and prints no "
                   f"document: {text.strip()[:200]!r}")


LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256,
         "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 4, "vocab_size": 1000, "max_position_embeddings": 2048,
         "torch_dtype": "bfloat16", "tie_word_embeddings": False}


def main():
    with tempfile.TemporaryDirectory() as folder:
        program = Program(sys.argv[1], folder)
        verbs = program.verbs()
        found = [*pages(verbs), *help_problems(program, verbs), *groups(program, verbs),
                 *tested(verbs), *documents(program, verbs)]
    if not verbs:
        found.append("`rocpart completion words` names no verbs")
    print("\n".join(found) if found else f"{len(verbs)} verbs: man page, help, JSON, test")
    sys.exit(1 if found else 0)


main()
