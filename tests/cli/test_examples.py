# SPDX-License-Identifier: MIT
"""The EXAMPLES of every man page, and the commands of README.md and from-zero.md, are run.

Each page has a copy of the simulated machine that rocpart(1) describes, and a folder of its own.
Programs of others are stand-ins that succeed: what is tested is rocpart.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAN = ROOT / "docs/man"
LOCAL = "llama.cpp vllm docker podman systemctl amd-smi sensors rocminfo modprobe".split()
# Paths of examples that are of the whole system; here they are in the folder of the page.
SYSTEM_PATHS = re.compile(r"(?<![\w.])/(etc|srv|mnt|usr/local)/")
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 256,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
         "intermediate_size": 512, "vocab_size": 1000, "torch_dtype": "bfloat16",
         "max_position_embeddings": 2048}
# rocpart(1): a mode is pending; something is to be done.
PENDING, TO_DO = 6, 7
MAY_BE_TO_DO = re.compile(r"--dry-run|\brocpart (--sim \w+ )?(plan|assert)\b")
# These need FUSE and a mount namespace, which a builder may lack.
NEEDS_MOUNT = ("rocpart-sim-mount", "rocpart-sim-unmount", "rocpart-sim-exec")
# Runs until it is stopped.
ENDLESS = re.compile(r"^rocpart watch")
NODE = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
NODE_WITH_MODELS = NODE + "models:\n  qwen: {model: Qwen/Qwen3-8B, replicas: 2}\n"


def example_lines(text):
    """Commands of the section EXAMPLES, one a line."""
    section = re.search(r"^# EXAMPLES\n(.*?)(?=^# |\Z)", text, flags=re.M | re.S)
    blocks = re.findall(r"^```\n(.*?)^```", section[1], flags=re.M | re.S) if section else []
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def shell_lines(path):
    """Commands of the blocks that are marked as sh."""
    blocks = re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"),
                        flags=re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def run_line(command, env, work, seconds):
    """Exit status and output; None for a command that was stopped, with its children, in time."""
    shell = subprocess.Popen(["sh", "-c", "exec 2>&1\n" + command], cwd=work, env=env, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             start_new_session=True)
    with shell:
        try:
            output, _ = shell.communicate(timeout=seconds)
            return shell.returncode, output
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            return None, shell.communicate()[0]


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.bin = cls.folder / "bin"
        cls.bin.mkdir()
        (cls.bin / "rocpart").symlink_to(os.environ["ROCPART"])
        for name in LOCAL:
            program = cls.bin / name
            program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
            program.chmod(0o755)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """The machine of rocpart(1), made by its own examples."""
        cls.state = cls.folder / "state"
        cls.first = example_lines((MAN / "rocpart.scd").read_text(encoding="utf-8"))
        problems = cls.run_lines(cls.first, cls.environment(cls.state), cls.folder)
        assert not problems, problems

    @classmethod
    def environment(cls, state):
        env = dict(os.environ, PATH=f"{cls.bin}:{os.environ['PATH']}", XDG_STATE_HOME=str(state),
                   XDG_CONFIG_HOME=str(state / "config"), XDG_RUNTIME_DIR=str(state),
                   ROCPART_DATA=str(ROOT))
        for name in ("ROCPART_SIM", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
            env.pop(name, None)
        return env

    @staticmethod
    def run_lines(lines, env, work):
        """What went wrong, as text. `export NAME=VALUE` is for the lines after it."""
        for line in lines:
            export = re.fullmatch(r"export (\w+)=(\S+)(\s+#.*)?", line)
            if export:
                env[export[1]] = export[2]
                continue
            command = SYSTEM_PATHS.sub(lambda m: f"{work}/{m[1]}/", line)
            endless = ENDLESS.match(line)
            status, output = run_line(command, env, work, 0.3 if endless else 60)
            allowed = [None if endless else 0]
            allowed += [TO_DO] if MAY_BE_TO_DO.search(line) else []
            allowed += [PENDING] if "--reload never" in line else []
            if status not in allowed:
                ended = "does not end" if status is None else f"exit status {status}"
                return f"{line}: {ended}\n{output}"
        return ""

    def work_folder(self, name):
        work = self.folder / name
        for part in ("etc/bash_completion.d", "etc/fish/completions", "srv/models/llama-tuned",
                     "usr/local/share/zsh/site-functions", "mnt/node"):
            (work / part).mkdir(parents=True)
        (work / "examples").symlink_to(ROOT / "examples")
        return work

    def add_files(self, work):
        """What a reader has before the examples of a page."""
        (work / "node.yaml").write_text(NODE_WITH_MODELS, encoding="utf-8")
        (work / "srv/models/llama-tuned/config.json").write_text(json.dumps(LLAMA),
                                                                 encoding="utf-8")

    def run_page(self, page):
        lines = example_lines(page.read_text(encoding="utf-8"))
        if not lines:
            return f"{page.name}: there are no EXAMPLES"
        work = self.work_folder(page.stem)
        self.add_files(work)
        state = work / "state"
        shutil.copytree(self.state, state)
        env = self.environment(state)
        env["ROCPART_SIM"] = "lab"
        problem = self.run_lines(lines, env, work)
        return f"{page.name}: {problem}" if problem else ""

    def run_pages(self, pages):
        with ThreadPoolExecutor(max_workers=2) as pool:
            problems = [p for p in pool.map(self.run_page, pages) if p]
        self.assertEqual(problems, [], "\n".join(problems))

    def pages(self, needs_mount):
        return sorted(p for p in MAN.glob("*.scd")
                      if not p.stem.endswith(".5") and p.stem != "rocpart" and
                      (p.stem in NEEDS_MOUNT) == needs_mount)

    def test_examples_of_man_pages_work(self):
        pages = self.pages(needs_mount=False)
        self.assertGreater(len(pages), 40)
        self.run_pages(pages)

    def test_examples_of_man_pages_that_mount_work(self):
        env = self.environment(self.folder / "mount")
        tried = subprocess.run([os.environ["ROCPART"], "sim", "exec", "mi300x-1", "--", "true"],
                               env=env, check=False, capture_output=True, text=True)
        if tried.returncode or os.geteuid() != 0:
            self.skipTest("machines cannot be mounted here: " + tried.stderr.strip())
        self.run_pages(self.pages(needs_mount=True))

    def test_what_make_run_shows_ends_well(self):
        done = subprocess.run(["sh", str(ROOT / "tools/demo.sh"), os.environ["ROCPART"]],
                              env=self.environment(self.folder / "demo"), check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\n7/7 +CPX/NPS4 ")

    def test_commands_of_the_readme_work(self):
        lines = shell_lines(ROOT / "README.md")
        self.assertGreater(len(lines), 20)
        work = self.work_folder("readme")
        # the second block is a machine of its own, as in a shell that was opened for it
        second = lines.index(next(x for x in lines[1:] if x.startswith("export ROCPART_SIM")))
        for i, part in enumerate((lines[:second], lines[second:])):
            problem = self.run_lines(part, self.environment(work / f"state{i}"), work)
            self.assertEqual(problem, "")

    def test_commands_of_the_guide_from_zero_work(self):
        guide = ROOT / "docs/from-zero.md"
        work = self.work_folder("from-zero")
        for name, text in re.findall(r"^```yaml\n# ([\w.]+)\n(.*?)^```",
                                     guide.read_text(encoding="utf-8"), flags=re.M | re.S):
            (work / name).write_text(text, encoding="utf-8")
        lines = shell_lines(guide)
        self.assertGreater(len(lines), 20)
        self.assertEqual(self.run_lines(lines, self.environment(work / "state"), work), "")


if __name__ == "__main__":
    unittest.main()
