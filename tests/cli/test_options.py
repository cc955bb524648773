# SPDX-License-Identifier: MIT
"""Options of all commands together: one name or letter means one thing everywhere."""
import collections
import os
import re
import subprocess
import unittest

ROCPART = os.environ["ROCPART"]


def helped(*words):
    return subprocess.run([ROCPART, "help", *words], capture_output=True, text=True,
                          check=True).stdout


def commands():
    script = subprocess.run([ROCPART, "completion", "bash"], capture_output=True, text=True,
                            check=True).stdout
    return re.findall(r'^\t"([a-z ]+)"\*?\) options=', script, flags=re.M)


def options(text):
    return re.findall(r"^  (?:-(\w), |    )--([\w-]+)( \S+)?", text, flags=re.M)


class Options(unittest.TestCase):
    def setUp(self):
        # Parsing starts before the command is known: a letter is looked up over all commands.
        self.by_name = collections.defaultdict(set)
        self.by_letter = collections.defaultdict(set)
        for command in commands():
            for letter, name, arg in options(helped(*command.split())):
                self.by_name[name].add((letter, bool(arg)))
                if letter:
                    self.by_letter[letter].add(name)

    def test_every_command_has_help(self):
        self.assertGreater(len(commands()), 20)

    def test_a_name_has_one_letter_and_one_kind(self):
        self.assertEqual({n: k for n, k in self.by_name.items() if len(k) > 1}, {})

    def test_a_letter_has_one_name(self):
        self.assertEqual({n: k for n, k in self.by_letter.items() if len(k) > 1}, {})

    def test_a_group_alone_shows_its_verbs_and_is_no_command(self):
        groups = {c.split()[0] for c in commands() if " " in c}
        self.assertIn("sim", groups)
        for group in groups:
            done = subprocess.run([ROCPART, group], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), group)
            self.assertEqual(done.stderr, helped(group))

    def test_an_unknown_verb_of_a_group_is_a_usage_error(self):
        done = subprocess.run([ROCPART, "sim", "sing"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))


if __name__ == "__main__":
    unittest.main()
