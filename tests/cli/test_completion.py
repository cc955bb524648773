# SPDX-License-Identifier: MIT
"""Completion in bash, zsh and fish themselves: each shell is driven through a terminal."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from journey import ROOT, Journey, rename_lease

PROGRAM = os.environ["ROCPART"]
SHELLS = ("bash", "zsh", "fish")
EVIL = "$(touch pwned)`touch pwned`;\"q' \\ &"  # the name of a lease
DUMP = "\x14"  # Control-T prints the line that is being edited
CLEAR = "\x07"  # Control-G empties the line; no character that means something to a terminal
BASH = r"""PS1='> '; unset PROMPT_COMMAND
bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'
bind '"\C-g": kill-whole-line'; bind 'set page-completions off'
bind 'set bell-style none'; bind 'set enable-bracketed-paste off'
bind -x '"\C-t": printf "\n<<%s>>\n" "$READLINE_LINE"'
"""
ZSH = r"""PS1='> '; autoload -Uz compinit; compinit -D -u
unsetopt auto_menu list_beep beep prompt_cr list_ambiguous; LISTMAX=1000; bindkey -e
dump() { zle -I; print -r -- "<<$BUFFER>>" }; zle -N dump
bindkey '^T' dump; bindkey '^G' kill-buffer
"""
FISH = r"""function fish_prompt; echo '> '; end; function fish_greeting; end
bind \ct 'printf "\n<<%s>>\n" (commandline | string collect)'
bind \cg 'commandline ""'
"""
START = {"bash": BASH, "zsh": ZSH, "fish": FISH}
COMMAND = {"bash": ["bash", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}


def plain(text):
    return re.sub(r"\x1b[\[\]()][0-9;?]*[ -/]*[@-~]|[\r\a\x08]|\x1b[=>]", "", text)


class Shell:
    """An interactive shell at a terminal of its own."""

    def __init__(self, name, home, env):
        (home / ".config/fish").mkdir(parents=True, exist_ok=True)
        for file in (".bashrc", ".zshrc", ".config/fish/config.fish"):
            (home / file).write_text(START[name], encoding="utf-8")
        self.name, self.home, self.env, self.text = name, home, env, ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(name, COMMAND[name], env)
        self.read_until("> ")
        self.ask("")

    def read_until(self, pattern, seconds=10):
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"{self.name}: no {pattern} in {self.text!r}")
            self.text += plain(os.read(self.fd, 65536).decode("utf-8", "replace"))
        text, self.text = self.text, ""
        return text

    def send(self, text):
        os.write(self.fd, text.encode())

    def run(self, line):
        """What a command prints."""
        self.send(f"{line}\r")
        return self.ask("")[0]

    def ask(self, keys):
        """What the shell prints, and the line as it is then."""
        self.send(keys + DUMP)
        text = self.read_until(r"<<[^\n]*>>\n")
        self.send(CLEAR + DUMP)
        self.read_until(r"<<>>\n")
        return text, re.search(r"<<(.*)>>", text)[1]

    def listed(self, line):
        """The words that Tab offers."""
        if self.name == "fish":
            done = subprocess.run(["fish", "-c", "complete -C $argv[1]", line], env=self.env,
                                  cwd=self.home, capture_output=True, text=True, check=True)
            assert not done.stderr, done.stderr
            return [row.split("\t")[0] for row in done.stdout.splitlines()]
        text, after = self.ask(line + "\t")
        rows = [row.split("rocpart ")[0].split(" -- ")[0]
                for row in text.split("<<")[0].split("\n")]
        return [word for row in rows for word in row.split()] + after.split()[-1:]

    def typed(self, line):
        """The line once Tab has completed it."""
        return self.ask(line + "\t")[1]

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


# What is typed, a word that is offered, one that is not.
OFFERED = (
    ("--sim n set --compute ", "CPX", "NPS4"),
    ("--sim n set --memory ", "NPS4", "CPX"),
    ("--sim n set -c", "-cCPX", "-cNPS1"),
    ("set --reload ", "never", "README"),
    ("--sim n st", "status", "show"),
    ("--sim n st", "state", "list"),
    ("--json --backend sysfs ", "status", "create"),
    ("--sim ", "bmc-63", "status"),
    ("sim create x --profile ", "mi300x-8", "status"),
    ("--backend ", "libamd_smi", "status"),
    ("--sim n set --gpu 0,", "7", "8"),
    ("--sim n set --gpu 0000:", "c7:00.0", "0/0"),
    ("--sim n set --gpu=0000:", "c7:00.0", "0/0"),
    ("--sim n release ", "first", "0/0"),
    ("--sim n args env ", "7/0", "first"),
    ("--sim n show ", "7/0", "first"),
    ("args ", "podman", "LEASE"),
    ("help sim ", "create", "status"),
    ("sim ", "create", "status"),
    ("list --columns bdf,", "memory_bytes", "help"),
    ("plan --product MI3", "MI355X", "MI308Y"),
    ("model size models/", "catalog.yaml", "README"),
    ("list --wi", "--wide", "--gpu"),
    ("set --", "--compute", "--columns"),
    ("nonsense ", "", "status"),
    ("nonsense -", "", "--compute"),
)
# What is typed, and the line that is made of it.
TYPED = (
    ("--sim n set --gpu=0000:c", "--sim n set --gpu=0000:c7:00.0 "),
    ("--sim n set --gpu 0000:c", "--sim n set --gpu 0000:c7:00.0 "),
    ("--sim 'n' --backend \"sysfs\" set --gpu 0000:c",
     "--sim 'n' --backend \"sysfs\" set --gpu 0000:c7:00.0 "),
    ("--sim n set --gpu 0,0000:c", "--sim n set --gpu 0,0000:c7:00.0 "),
    ("--sim n show 0000:e5:00.0/", "--sim n show 0000:e5:00.0/0 "),
    ("model size openai/gpt-oss-2", "model size openai/gpt-oss-20b "),
    ("plan --add=openai/gpt-oss-2", "plan --add=openai/gpt-oss-20b "),
    ("apply no", "apply node.yaml "),
    ("apply --file=no", "apply --file=node.yaml "),
    ("--sim n set --compute C", "--sim n set --compute CPX "),
    ("--sim n release 'my", "--sim n release 'my lease' "),
    ("--sim n release my", "--sim n release my\\ lease "),
    ("plan --product \"MI308X ", "plan --product \"MI308X HF\" "),
)


def need(*shells):
    for name in shells:
        if not shutil.which(name):
            raise unittest.SkipTest(f"no {name}: apt-get install {name}")


class Completion(Journey):
    def setUp(self):
        super().setUp()
        self.env = dict(os.environ, HOME=str(self.folder), ZDOTDIR=str(self.folder), TERM="xterm",
                        XDG_STATE_HOME=str(self.folder), XDG_CONFIG_HOME=f"{self.folder}/.config",
                        XDG_DATA_HOME=f"{self.folder}/.data", ROCPART_DATA=str(ROOT),
                        COLUMNS="200", LINES="200", LC_ALL="C.UTF-8")
        for name in ("ROCPART_SIM", "ENV", "BASH_ENV", "PROMPT_COMMAND", "INPUTRC"):
            self.env.pop(name, None)

    def on_path(self):
        (self.folder / "bin").mkdir()
        (self.folder / "bin/rocpart").symlink_to(PROGRAM)
        self.env["PATH"] = f"{self.folder}/bin:{os.environ['PATH']}"

    def shell(self, name):
        shell = Shell(name, self.folder, self.env)
        self.addCleanup(shell.close)
        return shell

    def words(self, *line):
        return [w.split("\t")[0] for w in self.rocpart("completion", "words", "--",
                                                       *line).splitlines()]

    def machine(self):
        self.make("mi300x-8")
        for lease, name in enumerate(("first", "my lease", EVIL), 1):
            self.rocpart("--sim", "n", "place", "--bytes", "1G", "first")
            rename_lease(self.folder, "n", lease, name)
        self.rocpart("--sim", "n", "status")  # makes the files of a reader
        (self.folder / "models").symlink_to(ROOT / "models")
        self.write("version: v1\n")

    def files(self):
        """What the machines keep. A reader of a database makes its index anew (-shm)."""
        return {str(p): p.read_bytes() for p in (self.folder / "rocpart").rglob("*")
                if p.is_file() and not p.name.endswith("-shm")}

    def load(self, name):
        """A shell that has read the script, and said nothing."""
        shell = self.shell(name)
        script = self.folder / f".script.{name}"
        script.write_text(self.rocpart("completion", name), encoding="utf-8")
        said = shell.run(f". {script}")
        self.assertNotRegex(said.replace(str(script), ""), "rocpart|rror")
        return shell

    def in_each_shell(self):
        for name in SHELLS:
            need(name)
            yield name, self.load(name)

    def test_words_are_offered_and_only_those(self):
        self.on_path()
        self.machine()
        fish = self.folder / ".config/fish/completions"  # where fish looks by itself
        fish.mkdir(parents=True)
        (fish / "rocpart.fish").write_text(self.rocpart("completion", "fish"), encoding="utf-8")
        before = self.files()
        for name, shell in self.in_each_shell():
            for line, offered, not_offered in OFFERED:
                with self.subTest(shell=name, line=line):
                    listed = shell.listed("rocpart " + line)
                    if offered:
                        self.assertTrue([w for w in listed if w.endswith(offered)], listed)
                    self.assertNotIn(not_offered, listed)
            for line, after in TYPED:
                with self.subTest(shell=name, line=line):
                    self.assertEqual(shell.typed("rocpart " + line), "rocpart " + after)
        self.assertEqual(self.files(), before)

    def test_a_hostile_name_is_quoted_and_never_run(self):
        self.on_path()
        self.make("mi300x-8")
        lease = 0
        for name, shell in self.in_each_shell():
            for begin in ("\\$\\(", "'$(", '"\\$('):
                with self.subTest(shell=name, begin=begin):
                    self.rocpart("--sim", "n", "place", "--bytes", "1G", "x")
                    lease += 1
                    rename_lease(self.folder, "n", lease, EVIL)
                    shell.listed(f"rocpart --sim n release {begin}")
                    said = shell.run(f"rocpart --sim n release {begin}\t")
                    self.assertIn(" released", said)
                    self.assertEqual(self.json("--sim", "n", "status")["leases"], [])
                    self.assertEqual(list(self.folder.rglob("pwned")), [])

    def test_the_program_is_found_by_path_and_by_alias(self):
        self.make("mi300x-1")
        (self.folder / "rocpart-dev").symlink_to(PROGRAM)
        for name, shell in self.in_each_shell():
            with self.subTest(shell=name):
                self.assertEqual(shell.typed(f"{PROGRAM} stat"), f"{PROGRAM} stat")
                self.assertEqual(shell.typed(f"{PROGRAM} statu"), f"{PROGRAM} status ")
                self.assertEqual(shell.typed("rocpart statu").rstrip(), "rocpart statu")
                shell.run(f"alias rocpart='{PROGRAM} --sim n'")
                if name == "bash":  # zsh expands an alias, fish wraps it: each knows what it is
                    shell.run("alias rp='env A=1 rocpart-dev --sim n'; complete -F _rocpart rp")
                    self.assertEqual(shell.typed("rp statu"), "rp statu")
                    shell.run(f"alias rp='env A=1 {self.folder}/rocpart-dev --sim n'")
                    self.assertEqual(shell.typed("rp set --gpu 0000"),
                                     "rp set --gpu 0000:05:00.0 ")
                self.assertEqual(shell.typed("rocpart set --gpu 0000"),
                                 "rocpart set --gpu 0000:05:00.0 ")

    def test_a_script_is_read_without_a_word_and_runs_nothing(self):
        need(*SHELLS)
        self.env["PATH"] = f"{self.folder}/bin:{os.environ['PATH']}"
        (self.folder / "bin").mkdir()
        for program in ("rocpart", "grep", "sed", "cat"):
            fake = self.folder / "bin" / program
            fake.write_text(f"#!/bin/sh\n>{self.folder}/ran\n", encoding="utf-8")
            fake.chmod(0o755)
        start = {"bash": ["bash", "--norc", "-euc"], "fish": ["fish", "--no-config", "-c"],
                 "zsh": ["zsh", "-f", "-euc"]}
        for name in SHELLS:
            before = "compdef() { :; }; " if name == "zsh" else ""
            script = self.folder / f"script.{name}"
            script.write_text(self.rocpart("completion", name), encoding="utf-8")
            done = subprocess.run([*start[name], f"{before}. {script}"], env=self.env,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), name)
            self.assertFalse((self.folder / "ran").exists(), name)

    def test_a_script_says_what_its_shell_lacks(self):
        need("zsh")
        self.rocpart("completion", "tcsh", status=2)
        script = self.folder / "_rocpart"
        script.write_text(self.rocpart("completion", "zsh"), encoding="utf-8")
        done = subprocess.run(["zsh", "-f", "-c", f". {script}"], env=self.env, capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1))
        self.assertIn("compinit", done.stderr)

    def test_scripts_work_under_strict_options(self):
        self.on_path()
        for name, options in (("bash", "set -u; set -o posix; IFS=x"),
                              ("zsh", "setopt ksh_arrays no_unset sh_word_split; IFS=x")):
            need(name)
            shell = self.load(name)
            shell.run(options)
            self.assertEqual(shell.typed("rocpart model siz"), "rocpart model size ", name)

    def test_no_machine_is_made_and_no_error_is_printed(self):
        for line in (["--sim", "mi300x-8", "set", "--gpu", ""], ["--sim", "no", "release", ""],
                     ["--root", "/no", "show", ""], ["--backend", "no", "set", "--gpu", ""],
                     ["--sim"], ["--sim", "a/../b", "args", "env", ""], ["set", "--gpu="], [""],
                     ["--", "--"], ["release", "", "", ""], []):
            with self.subTest(line=line):
                done = self.start("completion", "words", "--", *line)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse((self.folder / "rocpart").exists())
        done = self.start("completion", "words", "--", "model", "size", "",
                          env={"ROCPART_DATA": "/no"})  # no catalog
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "\tfiles\n", ""))

    def test_a_machine_that_hangs_is_given_up_within_2_seconds(self):
        self.make("mi300x-1")
        state = self.folder / "rocpart/sim/n/state.json"
        state.unlink()
        os.mkfifo(state)  # opening it waits for a writer
        start = time.monotonic()
        done = self.start("completion", "words", "--", "--sim", "n", "set", "--gpu", "")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertTrue(1 < time.monotonic() - start < 2)

    def test_control_bytes_of_a_name_are_not_offered(self):
        self.make("mi300x-1")
        self.start("--sim", "n", "place", "--bytes", "1G", "a\nb\tc")
        self.assertLessEqual(set(self.words("--sim", "n", "release", "")), {"1"})

    def test_parts_of_a_list_are_offered_once(self):
        self.make("mi300x-8")
        for option in (["--gpu"], ["-g"]):
            self.assertEqual(self.words("--sim", "n", "set", *option, "0,2,3,4,5,6,"),
                             ["0,2,3,4,5,6,1", "0,2,3,4,5,6,7"])
        self.assertEqual(self.words("--sim", "n", "set", "--gpu=1,0,7,5,4,3,"),
                         ["--gpu=1,0,7,5,4,3,2", "--gpu=1,0,7,5,4,3,6"])
        self.assertNotIn("bdf,bdf", self.words("list", "--columns", "bdf,"))

    def test_a_letter_before_the_verb_or_glued_takes_its_value(self):
        self.make("mi300x-1")
        self.assertIn("CPX", self.words("--sim", "n", "-jc", ""))
        self.assertIn("status", self.words("-jy", "-cCPX", ""))
        self.assertIn("status", self.words("-cm", ""))  # m is the value of -c
        self.assertEqual(self.words("set", "-jcC"), ["-jcCPX"])
        self.assertEqual(self.words("set", "-c", "CPX", "X"), [])

    def test_words_behind_the_verb_of_a_program_are_files(self):
        self.assertEqual(self.words("run", "--bytes", "1G", "--", ""), [""])
        self.assertEqual(self.words("run", "--bytes", "1G", "--", "ls", "--"), [""])

    def test_scripts_are_installed_where_shells_look(self):
        build = Path(os.environ["BUILD"])
        for shell, file in (("bash", "rocpart"), ("zsh", "_rocpart"), ("fish", "rocpart.fish")):
            text = (build / "cli/completions" / file).read_text("utf-8")
            self.assertEqual(text, self.rocpart("completion", shell))
        plan = subprocess.run(["meson", "introspect", "--installed", str(build)], check=True,
                              capture_output=True, text=True).stdout
        for path in ("bash-completion/completions/rocpart", "zsh/site-functions/_rocpart",
                     "fish/vendor_completions.d/rocpart.fish"):
            self.assertIn(f"share/{path}", plan)


if __name__ == "__main__":
    unittest.main()
