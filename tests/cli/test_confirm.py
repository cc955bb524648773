# SPDX-License-Identifier: MIT
"""A machine that asks before its modes change: hardware, and one made by `sim create --ask`."""

import os
import pty
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from interrupted import NEW, OLD, Interrupted  # noqa: E402
from journey import DONE, REFUSED, TO_DO  # noqa: E402

SET = ["--sim", "n", "set", "--compute", "CPX", "--memory", "NPS4"]


class Confirmation(Interrupted):
    def make_asking(self):
        self.rocpart("sim", "create", "n", "--profile", "mi300x-8", "--ask")

    def assert_asks(self, *words):
        done = self.start("--sim", "n", *words)
        self.assertEqual(done.returncode, REFUSED, done.stderr)
        self.assertIn("the change needs confirmation; nothing was changed", done.stderr)
        self.assertIn("--yes", done.stderr)

    def test_machine_that_asks_is_not_changed_without_an_answer(self):
        self.make_asking()
        node = self.write("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n")
        models = self.write("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
                            "models: {a: {model: Qwen/Qwen3-8B}}\n", "models.yaml")
        for words in (SET[2:], ["apply", node], ["apply", models]):
            self.assert_asks(*words)
        self.assertEqual(self.modes(), OLD)
        self.rocpart(*SET, "--yes")
        for words in (["undo"], ["reset"]):
            self.assert_asks(*words)
        self.assertEqual(self.modes(), NEW)
        self.rocpart("--sim", "n", "undo", "--dry-run", status=TO_DO)

    def test_unfinished_change_is_resumed_and_undone_after_an_answer(self):
        self.make_asking()
        self.rocpart("sim", "fault", "n", "load:EIO")
        self.start(*SET, "--yes")
        self.rocpart("sim", "fault", "n", "--clear")
        for words in (["apply", "--resume"], ["undo"]):
            self.assert_asks(*words)
        self.assertTrue(self.is_unfinished())

    def test_reset_of_the_machine_keeps_the_question(self):
        self.make_asking()
        self.rocpart("sim", "reset", "n")
        self.assert_asks(*SET[2:])

    def answer(self, text):
        pid, master = pty.fork()
        if pid == 0:
            os.execve(os.environ["ROCPART"], ["rocpart", *SET], self.environment())
        said = b""
        while b"type 'yes'" not in said:
            said += os.read(master, 4096)
        os.write(master, text)
        try:
            while os.read(master, 4096):
                pass
        except OSError:
            pass  # it ended
        os.close(master)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_answer_other_than_yes_changes_nothing(self):
        self.make_asking()
        self.assertEqual(self.answer(b"y\n"), REFUSED)
        self.assertEqual(self.modes(), OLD)

    def test_answer_yes_starts_the_change(self):
        self.make_asking()
        self.assertEqual(self.answer(b"yes\n"), DONE)
        self.assertEqual(self.modes(), NEW)

    def test_machine_made_without_ask_does_not_ask(self):
        self.make("mi300x-8")
        self.rocpart(*SET)
        self.assertEqual(self.modes(), NEW)


if __name__ == "__main__":
    unittest.main()
