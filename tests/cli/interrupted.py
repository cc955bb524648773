# SPDX-License-Identifier: MIT
"""What holds after any signal at any moment of a change."""

import os
import signal

from journey import DONE, FAILED, PENDING, Journey

OLD, NEW = ["SPX/NPS1"] * 8, ["CPX/NPS4"] * 8
SWITCH = ["set", "--compute", "CPX", "--memory", "NPS4", "--yes"]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE]


class Interrupted(Journey):
    def is_unfinished(self):
        return self.json("status", "--sim", "n")["unfinished_change"]

    def assert_whole(self, status, text, old=None, new=None, was_open=False):
        """The driver is loaded; the change is done, undone, or unfinished and can be resumed."""
        old, new = old or OLD, new or NEW
        said = f"exit status {status}: {text}"
        modes = self.modes()
        self.assertEqual(len(modes), len(old), f"the driver is not loaded; {said}")
        if status == PENDING:
            self.assertTrue(self.is_unfinished(), said)
            if text:
                self.assertIn("`rocpart apply --resume` finishes the change, `rocpart undo`", text)
                self.assertIn("GPUs have the new modes", text)
        elif status < 0 and was_open:
            self.assertTrue(self.is_unfinished(), said)  # before it began
        else:
            self.assertFalse(self.is_unfinished(), said)
            if text or status == DONE:
                self.assertEqual(modes, new if status == DONE else old, said)
            else:  # who could not be told how it ended sees 1
                self.assertIn(modes, (old, new), said)
            if status == FAILED and text:
                self.assertIn("rocpart: interrupted; ", text)
                self.assertRegex(text, "nothing was changed|the change was undone")
            # Before the change began a signal ends the command as it ends any other.
            self.assertIn(status, (DONE, FAILED, *(-n for n in SIGNALS)), said)

    def environment(self):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_SIM="n",
                   ROCPART_DATA=os.environ["ROCPART_SOURCE"])
        return env
