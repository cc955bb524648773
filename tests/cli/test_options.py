# SPDX-License-Identifier: MIT
"""The command line of every verb: nothing that is empty, unknown or given twice is guessed at.

Verbs, options and their values are read from help and completion: a new one is tested as well.
"""
import collections
import functools
import json
import os
import re
import subprocess
import unittest

from journey import DONE, USAGE, Journey, rename_lease

ROCPART = os.environ["ROCPART"]
Option = collections.namedtuple("Option", "letter name arg is_list has_equals")
# Options that may be given again and take several values: `help` does not show which do.
LISTS = ("gpu", "partition", "lease", "add", "label", "pass-fd")


def run(*words, **kwargs):
    return subprocess.run([ROCPART, *words], capture_output=True, text=True, check=False, **kwargs)


@functools.cache
def helped(*words):
    return run("help", *words).stdout


@functools.cache
def offered(*line):
    done = run("completion", "words", "--", *line)
    return [word.split("\t")[0] for word in done.stdout.splitlines()]


@functools.cache
def verbs():
    """["list", "sim create", ...]"""
    found = []
    for word in offered(""):
        found += [f"{word} {second}" for second in offered(word, "")
                  if f"usage: rocpart {word} COMMAND" in helped(word)] or [word]
    return found


@functools.cache
def groups():
    return sorted({verb.split()[0] for verb in verbs() if " " in verb})


@functools.cache
def options(verb):
    """Options of a verb that take a value, those of every verb among them."""
    found = []
    for line in helped(*verb.split()).splitlines():
        match = re.match(r"  (?:-(\w), |    )--([\w-]+)(?:(\[=| )(\S+))?", line)
        if not match:
            continue
        letter, name, glue, arg = match.groups()
        flag = not arg or (glue == " " and line[match.start(4) - 2] == " ")
        found.append(Option(letter, name, None if flag else arg, name in LISTS, glue == "[="))
    return found


def arguments(verb):
    """As many words as the verb takes at least, so that it is the option that is wrong."""
    usage = re.search(rf"usage: rocpart {verb}(?: \[OPTIONS\])? ?(.*)", helped(*verb.split()))[1]
    return [] if usage.startswith("[") else ["x"] * len(usage.split())


class Tables(unittest.TestCase):
    def setUp(self):
        # An option may stand before its verb: its name and letter mean one thing everywhere.
        self.by_name = collections.defaultdict(set)
        self.by_letter = collections.defaultdict(set)
        for verb in verbs():
            for option in options(verb):
                self.by_name[option.name].add((option.letter, bool(option.arg)))
                if option.letter:
                    self.by_letter[option.letter].add(option.name)

    def test_verbs_and_options_are_known_from_the_program(self):
        self.assertGreater(len(verbs()), 40)
        self.assertGreater(len(self.by_name), 40)

    def test_a_name_has_one_letter_and_one_kind(self):
        self.assertEqual({n: k for n, k in self.by_name.items() if len(k) > 1}, {})

    def test_a_letter_has_one_name(self):
        self.assertEqual({n: k for n, k in self.by_letter.items() if len(k) > 1}, {})

    def test_completion_offers_the_options_of_help(self):
        for verb in verbs():
            with self.subTest(verb=verb):
                self.assertEqual(sorted(offered(*verb.split(), "--")),
                                 sorted(f"--{option.name}" for option in options(verb)))


class Refused(Journey):
    """Usage errors: exit status 2, and the option is named."""

    def refused(self, *words, names=""):
        done = self.start(*words)
        self.assertEqual((done.returncode, done.stdout), (USAGE, ""), (words, done.stderr))
        self.assertIn(names, done.stderr, words)
        return done.stderr

    def each_option(self):
        """Every option with a value, of each verb once and global ones of one verb."""
        seen = set()
        for verb in verbs():
            for option in options(verb):
                if option.arg and (option.name, verb if option.is_list else "") not in seen:
                    seen.add((option.name, verb if option.is_list else ""))
                    yield verb.split(), option

    def test_an_empty_value_is_refused(self):
        for verb, option in self.each_option():
            name = f"--{option.name}"
            with self.subTest(verb=verb, option=name):
                self.refused(*verb, *arguments(" ".join(verb)), f"{name}=", names=name)
                if option.has_equals:
                    continue
                self.refused(*verb, *arguments(" ".join(verb)), name, "", names=name)
                self.refused(name, "", *verb, *arguments(" ".join(verb)), names=name)
                if option.letter:
                    self.refused(*verb, f"-{option.letter}", "", names=f"-{option.letter}")

    def test_a_value_that_is_missing_is_refused(self):
        for verb, option in self.each_option():
            if not option.has_equals:
                with self.subTest(verb=verb, option=option.name):
                    self.refused(*verb, f"--{option.name}", names=f"--{option.name}")

    def test_a_list_with_an_empty_part_is_refused(self):
        lists = [(v, o) for v, o in self.each_option() if o.is_list]
        self.assertEqual({o.name for _, o in lists}, set(LISTS))
        for verb, option in lists:
            for value in (",", "0,", ",0", "0,,1"):
                with self.subTest(verb=verb, option=option.name, value=value):
                    self.refused(*verb, f"--{option.name}", value, names=f"--{option.name}")

    def test_a_value_is_given_once(self):
        for verb, option in self.each_option():
            if option.is_list:
                continue
            name = f"--{option.name}"
            with self.subTest(verb=verb, option=name):
                self.assertIn("twice", self.refused(*verb, f"{name}=1", f"{name}=1", names=name))
                self.assertIn("twice", self.refused(f"{name}=1", *verb, f"{name}=2", names=name))

    def test_a_flag_takes_no_value(self):
        for verb in ("list", "set"):
            for option in options(verb):
                if not option.arg:
                    self.refused(verb, f"--{option.name}=", names=f"--{option.name}")

    def test_an_empty_argument_is_refused(self):
        for verb in verbs():
            with self.subTest(verb=verb):
                self.refused(*verb.split(), "", *arguments(verb)[1:])
        for words in (["run", "--bytes", "1G", "--", ""], ["sim", "exec", "n", "--", ""],
                      ["run", "--bytes", "1G", "true", ""], ["release", "1", ""],
                      ["args", "env", "1", ""]):
            self.assertIn("empty", self.refused(*words))

    def test_an_option_of_another_verb_is_refused_wherever_it_stands(self):
        for words in (["list", "--memory", "NPS4"], ["--memory", "NPS4", "list"], ["list", "-mNPS4"]):
            self.assertIn("'list'", self.refused(*words))

    def test_an_unknown_column_is_refused(self):
        for verb in verbs():
            if "--columns" not in offered(*verb.split(), "--"):
                continue
            columns = offered(*verb.split(), "--columns", "")
            with self.subTest(verb=verb):
                self.assertGreater(len(columns), 2)
                said = self.refused(*verb.split(), "--columns", f"{columns[0]},no")
                self.assertIn("'no'", said)

    def test_two_files_are_refused(self):
        for verb in ("apply", "assert", "plan"):
            self.refused(verb, "-f", "a", "b", names="'a'")
            self.refused(verb, "a", "b", names=verb)

    def test_a_mistake_is_a_document_with_json(self):
        for words in ([], ["sim"], ["nonsense"], ["list", "--nope"], ["-yj", "list", "--nope"],
                      ["list", "x"], ["help", "nonsense"], ["list", "--columns", "no"]):
            for line in (["--json", *words], [*words, "-j"]):
                with self.subTest(line=line):
                    done = self.start(*line)
                    self.assertEqual((done.returncode, done.stderr), (USAGE, ""))
                    self.assertEqual(json.loads(done.stdout)["error"]["code"], "INVALID_ARGUMENT")


class DidYouMean(Journey):
    def hint(self, *words):
        done = self.start(*words, "--json")
        self.assertEqual(done.returncode, USAGE, done.stdout)
        return json.loads(done.stdout)["error"]["hint"]

    @staticmethod
    def misspelt(word):
        """With two letters swapped, so that no other word is nearer."""
        k = len(word) // 2
        return word[:k - 1] + word[k] + word[k - 1] + word[k + 1:]

    def known(self, words):
        """Words that a misspelling leads back to: short and doubled letters make others."""
        return [w for w in words if len(w) > 3 and self.misspelt(w) not in (w, *words)]

    def test_a_misspelt_verb_or_group(self):
        for verb in self.known(verbs()):
            with self.subTest(verb=verb):
                self.assertIn(f"`rocpart {verb}`", self.hint(*self.misspelt(verb).split()))
                self.assertIn(f"`rocpart {verb}`", self.hint("help", *self.misspelt(verb).split()))
        for group in self.known(groups()):
            self.assertIn(f"`rocpart {group}`", self.hint(self.misspelt(group)))
        self.assertIn("`rocpart model size`", self.hint("modle", "size"))

    def test_a_misspelt_option_after_and_before_its_verb(self):
        for verb in verbs():
            names = [o.name for o in options(verb)]
            for name in self.known(names):
                wrong = f"--{self.misspelt(name)}"
                with self.subTest(verb=verb, option=name):
                    self.assertIn(f"--{name}?", self.hint(*verb.split(), wrong))
        self.assertIn("--compute?", self.hint("--comptue", "CPX", "set"))
        self.assertNotIn("mean", self.hint("list", "--compute", "CPX"))

    def test_options_of_a_program_belong_behind_dashes(self):
        self.assertIn("--", self.hint("run", "--bytes", "1G", "ls", "-Q"))

    def test_a_misspelt_key_of_a_file(self):
        self.make("mi300x-1")
        text = self.rocpart("--sim", "n", "export")
        keys = self.known(re.findall(r"^ *(\w+):", text, flags=re.M))
        self.assertIn("memory", keys)
        for key in keys:
            path = self.write(text.replace(f"{key}:", f"{self.misspelt(key)}:"))
            self.assertIn(f"'{key}'", self.hint("--sim", "n", "assert", path))


class Read(Journey):
    """What a command line is read as."""

    def test_empty_names_change_nothing(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "set", "-c", "CPX", "-m", "NPS4", "-y")
        before = self.modes()
        for value in ("", ",", ",,", "0,", ",0", "all,0", "0,all", "-y"):
            for verb in (["reset"], ["set", "--compute", "SPX", "--memory", "NPS1"]):
                self.rocpart("--sim", "n", *verb, "--gpu", value, "-y", status=USAGE)
        for words in (["place", "--bytes", "1G", "x", "--partition", ""],
                      ["run", "--bytes", "1G", "--partition", "", "--", "true"],
                      ["run", "--lease", "", "--", "true"], ["plan", "--add", ""]):
            self.rocpart("--sim", "n", *words, status=USAGE)
        self.assertEqual(self.modes(), before)
        self.assertEqual(self.json("--sim", "n", "status")["leases"], [])

    def test_letters_may_be_glued(self):
        self.make("mi300x-1")
        doc = json.loads(self.rocpart("--sim", "n", "set", "-jycCPX", "--allow-unvalidated"))
        self.assertEqual(doc["result"], "done")
        self.assertEqual(self.modes(), ["CPX/NPS1"])
        self.rocpart("-jy", "-cSPX", "--sim=n", "set", "-g0")
        self.assertEqual(self.modes(), ["SPX/NPS1"])

    def test_words_behind_dashes_are_no_options(self):
        self.make("mi300x-1")
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "--", "x")
        rename_lease(self.folder, "n", 1, "--all")
        self.rocpart("--sim", "n", "release", "--", "--all")
        self.assertEqual(self.rocpart("--sim", "n", "--", "status").splitlines()[-1],
                         self.rocpart("--sim", "n", "status").splitlines()[-1])

    def test_words_of_a_program_may_be_empty(self):
        self.make("mi300x-1")
        said = self.rocpart("--sim", "n", "run", "--bytes", "1G", "--", "printf", "<%s>", "", "a b",
                            "--json")
        self.assertEqual(said, "<><a b><--json>")

    def test_a_group_alone_lists_its_verbs(self):
        self.assertLessEqual({"sim", "model", "cdi", "state"}, set(groups()))
        for group in groups():
            done = run(group)
            self.assertEqual((done.returncode, done.stdout), (USAGE, ""), group)
            self.assertEqual(done.stderr, helped(group))
            self.assertEqual(run("help", group).returncode, DONE)
            self.assertEqual(run(group, "--help").stdout, helped(group))
            for verb in verbs():
                if verb.startswith(f"{group} "):
                    self.assertIn(f"  {verb} ", done.stderr)
        self.assertEqual(run("sim", "sing").returncode, USAGE)

    def test_a_file_is_an_option_or_an_argument(self):
        self.make("mi300x-8")
        path = self.write("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n")
        self.rocpart("--sim", "n", "apply", path, "-y")
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)
        self.assertIn("already", self.rocpart("--sim", "n", "apply", "-f", path, "-y"))
        self.rocpart("--sim", "n", "assert", path)

    def test_leases_are_released_by_name_and_several_of_it_with_all(self):
        self.make("mi300x-8")
        for name in ("one", "two", "two"):
            self.rocpart("--sim", "n", "place", "--bytes", "1G", name)
        self.rocpart("--sim", "n", "release", "one")
        self.assertIn("2 3", self.start("--sim", "n", "release", "two").stderr)
        self.rocpart("--sim", "n", "release", "two", status=USAGE)
        self.assertEqual(len(self.json("--sim", "n", "status")["leases"]), 2)
        self.rocpart("--sim", "n", "release", "--all", "two")
        self.assertEqual(self.json("--sim", "n", "status")["leases"], [])

    def leases(self):
        return [lease["lease"] for lease in self.json("--sim", "n", "status")["leases"]]

    def test_a_number_is_no_name_and_an_owner_is_no_name(self):
        self.make("mi300x-8")
        for words in (["a"], ["b"], ["docker:q"], ["b", "--owner", "docker:q"]):
            self.rocpart("--sim", "n", "place", "--bytes", "1G", *words)
        rename_lease(self.folder, "n", 2, "1")
        self.assertEqual(self.rocpart("--sim", "n", "release", "1"), "lease 1 (a) released\n")
        self.rocpart("--sim", "n", "release", "docker:q")
        self.assertEqual(self.leases(), [2, 3])

    def test_free_gpus_are_ranges(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "set", "-c", "CPX", "-m", "NPS4", "-y")
        for place in ("1/3", "4/0"):
            self.rocpart("--sim", "n", "place", "--bytes", "1G", "a", "--partition", place)
        self.assertIn("\nfree: GPU 0 1/0-1/2 1/4-1/7 GPU 2-3 4/1-4/7 GPU 5-7\n",
                      self.rocpart("--sim", "n", "status"))
        for gpu in (1, 4):
            self.rocpart("--sim", "n", "cordon", str(gpu))
        self.assertIn("\nfree: GPU 0,2-3,5-7\n", self.rocpart("--sim", "n", "status"))

    def test_missing_and_surplus_arguments_are_named(self):
        for words, said in ((["release"], "an argument is missing: 'release' takes LEASE"),
                            (["set", "CPX"], "'CPX' is an argument too many")):
            done = self.start(*words)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(said, done.stderr)

    def test_nothing_is_released_when_a_word_is_wrong(self):
        self.make("mi300x-8")
        self.rocpart("--sim", "n", "place", "--bytes", "1G", "a")
        said = self.start("--sim", "n", "release", "a", "1", "nope")
        self.assertEqual(said.returncode, USAGE)
        self.assertIn("'nope'; nothing was released", said.stderr)
        self.assertEqual(self.leases(), [1])


if __name__ == "__main__":
    unittest.main()
