# SPDX-License-Identifier: MIT
"""Signals, readers that end and terminals that go away during a change; two changes at once."""

import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import NEW, OLD, SIGNALS, SWITCH, Interrupted  # noqa: E402
from journey import DONE, FAILED, PENDING, REFUSED  # noqa: E402

WAITING = "[1/9] wait until no process has a GPU open"


def unsealed(line):
    """A line of a journal as older versions wrote it, without a checksum: it can be edited."""
    return re.sub(r',"crc32c":"?[0-9a-f]+"?}$', "}", line)


class Interrupts(Interrupted):
    def begin(self, *words, **more):
        more.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen([os.environ["ROCPART"], *words], env=self.environment(),
                                   stderr=subprocess.PIPE, text=True, **more)
        self.addCleanup(process.stderr.close)
        return process

    def begin_waiting(self, *words):
        """A change that waits for a process, and what it said so far."""
        process = self.begin(*SWITCH, "--wait", "60", *words)
        line = process.stderr.readline()
        self.assertIn(WAITING, line)
        return process

    def end(self, process):
        text = process.stderr.read()
        return process.wait(60), text

    def hold(self):
        self.rocpart("sim", "hold", "n", "--partition", "0/0=1G", "--pid", "4000")

    def test_change_that_waits_ends_at_each_signal_with_nothing_changed(self):
        self.make("mi300x-8")
        self.hold()
        for number in SIGNALS[:4]:
            with self.subTest(signal=number):
                process = self.begin_waiting()
                process.send_signal(number)
                status, text = self.end(process)
                self.assertEqual(status, FAILED, text)
                self.assertIn("rocpart: interrupted; nothing was changed", text)
                self.assert_whole(status, text)

    def test_change_interrupted_at_a_step_leaves_a_whole_machine(self):
        self.make("mi300x-8")
        for step in random.sample(range(1, 10), 4):
            with self.subTest(step=step):
                process = self.begin(*SWITCH)
                text = ""
                for line in process.stderr:
                    text += line
                    if line.startswith(f"[{step}/9]"):
                        process.send_signal(random.choice(SIGNALS[:4]))
                        break
                status, rest = self.end(process)
                self.assert_whole(status, text + rest)
                if status == DONE:
                    self.rocpart("undo", "--sim", "n", "--yes")

    def test_reader_that_ends_does_not_end_the_change(self):
        self.make("mi300x-8")
        done = subprocess.run(["bash", "-c", '"$ROCPART" "$@" 2>&1 | head -1; exit ${PIPESTATUS[0]}',
                               "bash", *SWITCH], env=self.environment(), check=False,
                              capture_output=True)
        self.assertIn(done.returncode, (DONE, FAILED))  # it could not print that it is done
        self.assertEqual(self.modes(), NEW)
        self.assertFalse(self.is_unfinished())

    def test_work_that_is_done_is_said_when_its_report_cannot_be_written(self):
        self.make("mi300x-8")
        on = ("--sim", "n")
        for words in (SWITCH, (*on, "place", "--bytes", "1G", "a"), (*on, "release", "a", "--json"),
                      (*on, "place", "--bytes", "1G", "b", "--json"), (*on, "cordon", "0")):
            for is_dry in (True, False):
                with self.subTest(words=words, dry=is_dry), open("/dev/full", "wb") as full:
                    done = subprocess.run([os.environ["ROCPART"], *words, *["--dry-run"] * is_dry],
                                          stdout=full, stderr=subprocess.PIPE, text=True,
                                          env=self.environment(), check=False)
                    self.assertIn("cannot write to standard output", done.stderr)
                    self.assertEqual("what the command was to do is done" in done.stderr, not is_dry)
                    self.assertTrue(is_dry or done.returncode == FAILED)
        self.assertEqual(self.modes(), NEW)

    def test_list_without_a_reader_says_nothing(self):
        self.make("mi300x-8")
        done = subprocess.run(["bash", "-c", '"$ROCPART" list | true; exit ${PIPESTATUS[0]}'],
                              env=self.environment(), check=False, capture_output=True)
        self.assertIn(done.returncode, (DONE, FAILED))
        self.assertEqual(done.stderr, b"")

    def test_document_without_a_reader_says_nothing(self):
        self.make("mi300x-8")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([os.environ["ROCPART"], "list", "--json"], env=self.environment(),
                              stdout=writer, stderr=subprocess.PIPE, check=False)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (FAILED, b""))

    def on_terminal(self, *words):
        """A change on a terminal of its own; the other end of it."""
        pid, master = pty.fork()
        if pid == 0:
            os.execve(os.environ["ROCPART"], ["rocpart", *words], self.environment())
        return pid, master

    def read_until(self, master, text):
        said = ""
        while text not in " ".join(said.split()):  # in as many lines as the terminal has room for
            said += os.read(master, 4096).decode()

    def test_terminal_that_goes_away_ends_a_waiting_change(self):
        self.make("mi300x-8")
        self.hold()
        pid, master = self.on_terminal(*SWITCH, "--wait", "60")
        self.read_until(master, WAITING)
        os.close(master)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.assertEqual(status, FAILED)
        self.assert_whole(status, "")

    def test_terminal_that_goes_away_in_a_change_leaves_a_whole_machine(self):
        self.make("mi300x-8")
        pid, master = self.on_terminal(*SWITCH)
        self.read_until(master, f"[{random.randrange(1, 7)}/9]")
        os.close(master)
        self.assert_whole(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "")

    def test_ctrl_c_on_a_terminal_is_answered(self):
        self.make("mi300x-8")
        self.hold()
        pid, master = self.on_terminal(*SWITCH, "--wait", "60")
        self.read_until(master, WAITING)
        os.write(master, b"\x03")
        self.read_until(master, "interrupted; nothing was changed")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), FAILED)
        os.close(master)

    def test_ignored_signal_stays_ignored(self):
        self.make("mi300x-8")
        self.hold()
        process = self.begin_waiting_ignoring(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.15)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.end(process)[0], FAILED)

    def begin_waiting_ignoring(self, number):
        process = self.begin(*SWITCH, "--wait", "60",
                             preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
        self.assertIn(WAITING, process.stderr.readline())
        return process

    def test_change_under_way_is_shown_with_its_process(self):
        self.make("mi300x-8")
        self.hold()
        process = self.begin_waiting()
        who = f"a change is under way: pid {process.pid} (rocpart set --compute CPX"
        for verb in ("status", "list", "holders", "doctor"):
            self.assertIn(who, " ".join(self.rocpart(verb, "--sim", "n").split()))
            document = self.json(verb, "--sim", "n")
            self.assertIs(document["unfinished_change"], True)
            self.assertTrue(document["change_holder"].startswith(f"pid {process.pid} (rocpart set"))
        for words in (["show", "0"], ["modes"], ["explain", "0/0"], ["usage"], ["args", "env", "0/0"],
                      ["plan", "--add", "Qwen/Qwen3-8B"], ["cdi", "list"], ["export"]):
            self.assertIn("note: " + who, " ".join(self.start(*words, "--sim", "n").stderr.split()))
        done = self.start(*SWITCH, "--sim", "n")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn(f"another process is changing this machine: pid {process.pid}", done.stderr)
        self.assertIn("--wait SECONDS", done.stderr)
        done = self.start(*SWITCH, "--sim", "n", "--wait", "0.2")
        self.assertEqual(done.returncode, REFUSED)
        self.assertIn("still changing this machine after 0.2 s: pid", done.stderr)
        process.send_signal(signal.SIGINT)
        self.end(process)
        self.assertNotIn("change_holder", self.json("status", "--sim", "n"))

    def test_change_that_waits_for_another_goes_on_after_it(self):
        self.make("mi300x-8")
        self.hold()
        first = self.begin_waiting()
        second = self.begin(*SWITCH, "--wait", "60")
        self.assertIn(f"wait for another change of this machine: pid {first.pid}",
                      second.stderr.readline())
        self.rocpart("sim", "hold", "n", "--release", "4000")
        self.assertEqual(self.end(first)[0], DONE)
        self.assertEqual(self.end(second)[0], DONE)
        self.assertEqual(self.modes(), NEW)

    def test_holders_after_a_short_wait_are_said_with_its_length(self):
        self.make("mi300x-8")
        self.hold()
        for wait, said in (("0.25", "in use after 0.25 s by"), ("0", "GPUs are still in use by")):
            self.assertIn(said, self.start(*SWITCH, "--sim", "n", "--wait", wait).stderr)


class Unfinished(Interrupted):
    """A reload that does not come back: the driver is away, the journal open."""

    def interrupt(self, *more):
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start("--sim", "n", *SWITCH, *more)
        self.rocpart("sim", "fault", "n", "--clear")

    def journal(self):
        return self.folder / "rocpart/sim/n/records/journal"

    def test_damaged_journal_is_no_reason_to_say_that_nothing_is_to_be_undone(self):
        self.make("mi300x-8")
        self.interrupt()
        self.journal().write_text('{"targets":')
        for words in (["undo"], ["apply", "--resume"], ["undo", "--dry-run"]):
            done = self.start("--sim", "n", *words, "--yes")
            self.assertNotEqual(done.returncode, DONE, words)
            self.assertIn("journal", done.stderr)

    def test_verbs_without_gpus_note_the_unfinished_change(self):
        self.make("mi300x-8")
        self.interrupt()
        for words in (["usage"], ["show", "0"], ["plan", "--add", "Qwen/Qwen3-8B"]):
            with self.subTest(words=words):
                said = self.start("--sim", "n", *words).stderr
                self.assertIn("is not finished", said)
                self.assertNotIn("modprobe", said)

    def test_resume_evicts_as_the_change_was_allowed_to(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "a")
        self.rocpart("--sim", "n", *SWITCH, "--evict")
        head = unsealed(self.journal().with_name("journal.last").read_text().splitlines()[0])
        self.rocpart("--sim", "n", "undo", "--yes")
        self.assertIn('"evict":true', head)
        self.journal().write_text(head.replace('"evict":true', '"evict":false') + "\n")
        said = self.start("--sim", "n", "apply", "--resume", "--yes")
        self.assertEqual(said.returncode, REFUSED, said.stderr)
        self.journal().write_text(head + "\n")  # as after the first line
        self.rocpart("--sim", "n", "apply", "--resume", "--yes")
        self.assertEqual(self.modes(), NEW)

    def test_undo_that_reloads_the_driver_is_no_news_of_the_leases(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "a")
        self.interrupt("--evict")
        self.rocpart("--sim", "n", "undo", "--yes")
        document = self.json("--sim", "n", "status")
        self.assertNotIn("reloaded", json.dumps(document["events"]))
        self.assertEqual([lease["state"] for lease in document["leases"]], ["placed"])

    def test_resume_of_compute_modes_waits_for_processes(self):
        self.make("mi300x-8")
        words = ["--sim", "n", "set", "--compute", "CPX", "--allow-unvalidated", "--yes"]
        self.rocpart(*words)
        lines = self.journal().with_name("journal.last").read_text().splitlines()
        self.rocpart("--sim", "n", "undo", "--yes")
        self.rocpart("sim", "hold", "n", "--partition", "3/0=1G", "--pid", "4000")
        self.journal().write_text("\n".join(lines[:2]) + "\n")
        done = self.start("--sim", "n", "apply", "--resume", "--yes", "--wait", "0.1")
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("wait until no process computes on the GPUs", done.stderr)
        self.assertIn("in use after 0.1 s by pid 4000", done.stderr)
        self.assertIn("the change is not finished", done.stderr)
        self.assertEqual(self.modes(), OLD)
        self.rocpart("sim", "hold", "n", "--release", "4000")
        self.rocpart("--sim", "n", "apply", "--resume", "--yes")
        self.assertEqual(self.modes(), ["CPX/NPS1"] * 8)

    def test_log_of_both_streams_has_the_steps_before_the_progress(self):
        self.make("mi300x-8")
        models = self.write("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
                            "models: {a: {model: Qwen/Qwen3-8B}}\n")
        for words in (["apply", models, "--yes"], ["undo", "1", "--evict", "--yes"]):
            log = self.folder / "log"
            with log.open("w", encoding="utf-8") as both:
                subprocess.run([os.environ["ROCPART"], *words], env=self.environment(),
                               stdout=both, stderr=both, check=True)
            text = log.read_text(encoding="utf-8")
            self.assertLess(text.index("steps:"), text.index("[1/"), text)
            self.assertLess(text.index("no process is in the way"), text.index("[1/"), text)
            numbers = [tuple(map(int, m)) for m in re.findall(r"^\[(\d+)/(\d+)\]", text, re.M)]
            self.assertEqual(*numbers[-1], text)

    def test_resume_of_a_change_that_may_not_reload_does_not_reload(self):
        self.make("mi300x-8")
        self.interrupt()
        head = unsealed(self.journal().read_text().splitlines()[0])
        head = head.replace('"reload":0', '"reload":1')
        self.assertIn('"reload":1', head)
        self.rocpart("sim", "reload", "n")
        self.journal().write_text(head + "\n")
        self.rocpart("sim", "reset", "n")
        self.rocpart("--sim", "n", "apply", "--resume", "--yes", status=PENDING)
        self.assertEqual(self.modes(), OLD)


if __name__ == "__main__":
    unittest.main()
