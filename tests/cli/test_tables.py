#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What people see: every verb on a terminal of 80 columns, in a pipe, and as comma-separated values."""
import csv
import fcntl
import io
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import tempfile
import termios
import unicodedata
import unittest

from journey import rename_lease

ROOT = pathlib.Path(os.environ["ROCPART_SOURCE"])
LONG = "nvidia/Llama-3.1-Nemotron-Nano-8B-v1-an-even-longer-name-that-nobody-shortened-yet-FP8"
WIDE = "模型模型模型模型模型模型模型模型模型模型模型模型模型模型模型"
EVIL = "a\n\"b\",\x1b[31mc\x07"
ESCAPED = r"""a\n"b",\x1b[31mc\x07"""
OURS = re.compile(r"\x1b\[(?:31|32|33|0)m")
NODE = """\
version: v1
node: {memory: NPS1, gpus: {all: SPX}}
models:
  %s: {model: meta-llama/Llama-3.1-8B-Instruct, replicas: 3}
""" % LONG[:60].replace("/", "-")


def columns(text):
    text = OURS.sub("", text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="")  # paths that fit a line
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.env = {"PATH": os.environ["PATH"], "TERM": "xterm", "XDG_STATE_HOME": cls.folder,
                   "HOME": cls.folder, "ROCPART_DATA": str(ROOT)}
        cls.node = pathlib.Path(cls.folder, "node.yaml")
        cls.node.write_text(NODE)
        for machine, commands in {
            "mi300x-8": [
                ["set", "--compute", "CPX", "--memory", "NPS4", "--yes"],
                ["place", "meta-llama/Llama-3.1-8B-Instruct", "--replicas", "6"],
                ["place", LONG, "--bytes", "2G", "--owner", "unit:%s.service" % LONG[7:60]],
                ["place", "wide", "--bytes", "3G", "--share", "2", "--partition", "7/0"],
                ["place", "evil", "--bytes", "3G", "--partition", "7/1"],
                ["place", "not-utf-8", "--bytes", "3G", "--partition", "7/2"],
                ["cdi", "generate"],
                ["sim", "hold", "mi300x-8", "--partition", "0/6=22G,0/1=3G,7/0=8G", "--process",
                 "\x1b[31m" + LONG, "--cgroup", "/system.slice/docker-" + 64 * "a" + ".scope"],
            ],
            "bmc-63": [["set", "--compute", "CPX", "--allow-unvalidated", "--yes"],
                       ["cordon", "3"]],
            "mixed": [],
            "mi355x-8": [["place", LONG, "--bytes", "20G"],
                         ["sim", "fault", "mi355x-8", "ue:0000:05:00.0:3"]],
        }.items():
            cls.start("sim", "create", machine)
            for words in commands:
                done = cls.start("--sim", machine, *words)
                assert done.returncode == 0, (words, done)
        for lease, name in ((8, WIDE), (9, EVIL), (10, b"not\xffUTF-8")):
            rename_lease(cls.folder, "mi300x-8", lease, name)

    @classmethod
    def start(cls, *args, **env):
        return subprocess.run([os.environ["ROCPART"], *args], env=cls.env | env, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def text(self, *args, status=0, **env):
        done = self.start(*args, **env)
        self.assertEqual(done.returncode, status, done)
        return (done.stdout + done.stderr).decode()

    def terminal(self, *args, width=80, **env):
        """What a terminal of that width is sent, as lines."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        p = subprocess.Popen([os.environ["ROCPART"], *args], env=self.env | env, stdout=theirs,
                             stderr=theirs, stdin=subprocess.DEVNULL)
        os.close(theirs)
        data = b""
        try:
            while piece := os.read(ours, 65536):
                data += piece
        except OSError:  # EIO: nobody has the other end any more
            pass
        os.close(ours)
        p.wait(60)
        return data.decode().replace("\r\n", "\n").splitlines()

    def verbs(self):
        """Every verb whose output is for people, on machines where it has most to print."""
        model = "meta-llama/Llama-3.1-8B-Instruct"
        anywhere = ["status", "list", "modes", "usage", "holders", "doctor", "show 0", "show 0/0",
                    "cdi list", "cdi validate", "explain 0/0", "set -c SPX -m NPS1 -n --evict",
                    "reset -n --evict", f"plan {self.node}", f"plan --add {model}",
                    f"assert {self.node}", f"apply {self.node} -n --evict", "undo -n",
                    f"model fit {model}", f"model size {model} --on 0/0", "state check",
                    "place --pending", "status --columns index,note"]
        for machine in ("mi300x-8", "bmc-63", "mixed", "mi355x-8"):
            for verb in anywhere:
                yield ["--sim", machine, *verb.split()]
        for verb in ("explain 1", "explain 7", "explain 8", "explain 9", "explain 10",
                     "explain 7/0", "cordon 5", "uncordon 5", "release 99", "list --columns nope",
                     "place big --bytes 400G", "adopt 4711"):
            yield ["--sim", "mi300x-8", *verb.split()]
        for verb in (f"model fit {model}", f"model fit {model} --product MI308X",
                     f"model fit {model} --all", "model list", f"model show {model}",
                     f"model size {model}", "sim list", "sim fault mi355x-8", "help", "help sim",
                     "nope", "statu"):
            yield verb.split()
        for verb in filter(None, re.findall(r"^  ((?:\w+ )?[a-z]+) ", self.text("help"), re.M)):
            yield ["help", *verb.split()]

    def test_no_line_is_wider_than_a_terminal(self):
        for args in self.verbs():
            for line in self.terminal(*args):
                if " " in line.strip():  # a word, as of a path, is not broken
                    self.assertLessEqual(columns(line), 80, (args, line))
                self.assertNotRegex(OURS.sub("", line), r"[\x00-\x08\x0b-\x1f\x7f]", args)

    def test_a_pipe_gets_full_values_and_no_escape(self):
        for args in self.verbs():
            done = self.start(*args, COLUMNS="40")
            self.assertNotIn(b"\x1b", done.stdout + done.stderr, args)
            self.assertNotIn("…".encode(), done.stdout, args)
        text = self.text("--sim", "mi300x-8", "status")
        self.assertIn(LONG, text)
        self.assertIn(WIDE, text)
        self.assertIn(ESCAPED, text)
        self.assertIn(ESCAPED, self.text("--sim", "mi300x-8", "explain", "9"))

    def test_ordinary_tables_fit_80_columns_in_a_pipe(self):
        for args in (["--sim", "bmc-63", "status"], ["--sim", "mi355x-8", "modes"],
                     ["--sim", "mi300x-8", "list"], ["--sim", "mixed", "status"], ["model", "list"],
                     ["--sim", "mi300x-8", "model", "fit", "Qwen/Qwen3-4B"],
                     ["--sim", "mi300x-8", "cdi", "list"]):
            for line in self.text(*args).splitlines():
                if not re.match(r"[A-Z]+ .*: |.*[a-z]: |tokens/s|spec|Qwen.*per rank|.*/NPS.: |on ",
                                line):
                    self.assertLessEqual(columns(line), 80, (args, line))

    def test_a_terminal_cuts_names_to_its_width(self):
        for width in (60, 80, 120):
            lines = self.terminal("--sim", "mi300x-8", "status", width=width)
            row = next(line for line in lines if "nvidia" in line)
            self.assertIn("…", row)
            self.assertEqual(columns(row), width)
        lines = self.terminal("--sim", "mi300x-8", "status", width=0, COLUMNS="100")
        self.assertEqual(max(map(columns, (l for l in lines if "nvidia" in l))), 100)
        self.assertIn(LONG, "".join(self.terminal("--sim", "mi300x-8", "status", "--wide")))

    def test_colour_is_for_terminals_without_no_color(self):
        text = "\n".join(self.terminal("--sim", "mi355x-8", "doctor"))
        self.assertIn("\x1b[32mpass\x1b[0m", text)
        self.assertIn("\x1b[31munhealthy\x1b[0m",
                      "\n".join(self.terminal("--sim", "mi355x-8", "status")))
        self.assertIn("\x1b[31mrocpart:\x1b[0m", "\n".join(self.terminal("nope")))
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            for args in (["doctor"], ["status"], ["nope"]):
                self.assertNotIn("\x1b", "".join(self.terminal("--sim", "mi355x-8", *args, **env)))

    def test_equal_gpus_are_one_line(self):
        lines = self.text("--sim", "mi355x-8", "list").splitlines()
        self.assertEqual(len([l for l in lines if re.match(r"\d/0 ", l)]), 8)
        folded = self.text("--sim", "bmc-63", "status").splitlines()
        self.assertRegex(folded[2], r"^0-2 +05:00-47:00 ")
        self.assertRegex(folded[3], r"^ *3 +0000:65:00.0 .* cordoned$")
        self.assertRegex(folded[4], r"^4-6 ")
        self.assertRegex(folded[5], r"^ *7 .*7 x .*partition-missing$")
        wide = self.text("--sim", "bmc-63", "status", "--wide").splitlines()
        self.assertEqual([l.split()[0] for l in wide[2:10]], list("01234567"))
        self.assertEqual(len(re.findall("^GPU 0-7 ", self.text("--sim", "mi355x-8", "modes"), re.M)),
                         1)
        self.assertEqual(len(re.findall("^GPU ", self.text("--sim", "mi355x-8", "modes", "--wide"),
                                        re.M)), 8)
        rows = self.text("--sim", "mi355x-8", "status", "--columns", "index").splitlines()
        self.assertEqual(rows[2:10], [f"{i:3}" for i in range(8)])

    def test_free_partitions_are_one_range(self):
        text = self.text("--sim", "mi300x-8", "status")
        self.assertRegex(text, r"\d+ of 64 partitions are free; the largest has 23.8 GiB; "
                               r"1 leased with room to share\n")
        self.assertRegex(text, r"\nfree: 0/0 0/2-0/5 .* GPU 6 7/3-7/7\n")
        plan = self.text("--sim", "mi300x-8", "plan", "--add", "Qwen/Qwen3-4B",
                         "--verbose", status=7)
        self.assertRegex(plan, r"\n  \d/\d-\d/\d not used by this plan\n")
        self.assertRegex(plan, r"\n  \d/\d held by lease \d+ ")
        self.assertNotRegex(plan, r" not used by this plan\n  [^\n]* not used by this plan\n")

    def test_a_lease_over_its_limit_is_shown(self):
        self.assertIn("over its limit: lease 8 (模", self.text("--sim", "mi300x-8", "status"))

    def test_columns(self):
        for json_ in ([], ["--json"]):
            for verb, bad, near, other in (("list", "rocr", None, "rocr_index"),
                                           ("list", "render_minr", "render_minor", "cus"),
                                           ("status", "healt", "health", "n_xcds"),
                                           ("modes", "reasn", "reason", "validated"),
                                           ("usage", "nam", "name", "certain"),
                                           ("model list", "sourc", "source", "parameters"),
                                           ("cdi list", "spek", "spec", "device"),
                                           ("sim list", "profil", "profile", "abi")):
                said = self.text("--sim", "mi300x-8", *verb.split(), "--columns", f"{other},{bad}",
                                 *json_, status=2)
                self.assertIn(f"no column '{bad}'", said)
                self.assertIn(other, said)
                if near:
                    self.assertIn(f"did you mean '{near}'", said)
        self.assertEqual(self.text("--sim", "mixed", "status", "--columns", "bdf,mode")
                         .splitlines()[1].split(), ["BDF", "MODE"])
        for empty in ("bdf,", ",bdf", "bdf,,mode"):
            self.text("--sim", "mixed", "status", "--columns", empty, status=2)
        for pair in (["--csv", "--json"], ["--wide", "--json"], ["--wide", "--csv"]):
            self.assertIn("exclude each other", self.text("--sim", "mixed", "list", *pair, status=2))

    def as_csv(self, value):
        if isinstance(value, list) and not (value and isinstance(value[0], dict)):
            return " ".join(map(str, value))
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        return re.sub(r"[\x00-\x1f\x7f]", lambda c: "\\n" if c[0] == "\n" else f"\\x{ord(c[0]):02x}",
                      str(value))

    def test_csv_is_what_json_has(self):
        sim = ["--sim", "mi300x-8"]
        for args, rows in (
            ([*sim, "status"], lambda d: d["gpus"]),
            ([*sim, "list"], lambda d: [p for g in d["gpus"] for p in g["partitions"]]),
            ([*sim, "usage"], lambda d: d["usage"]),
            ([*sim, "cdi", "list"], lambda d: d["devices"]),
            ([*sim, "modes"], lambda d: [dict(p, gpu=g["index"]) for g in d["gpus"]
                                         for p in g["pairs"]]),
            (["sim", "list"], lambda d: d["machines"]),
            (["model", "list"], lambda d: d["models"]),
            (["model", "fit", "Qwen/Qwen3-4B"], lambda d: d["fits"]),
            (["model", "fit", "Qwen/Qwen3-4B", "--product", "MI308X"], lambda d: d["fits"]),
        ):
            wanted = rows(json.loads(self.text(*args, "--json")))
            got = list(csv.DictReader(io.StringIO(self.text(*args, "--csv"), newline="")))
            self.assertEqual(len(got), len(wanted), args)
            for g, w in zip(got, wanted):
                w = {k: self.as_csv(v) for k, v in w.items() if k != "partitions" or v is None or
                     isinstance(v, int)}
                self.assertEqual(g, {k: w.get(k, "") for k in g}, args)
                self.assertLessEqual(set(w), set(g), args)
            self.assertGreater(len(got), 1, args)
        chosen = self.text(*sim, "usage", "--csv", "--columns", "name,bytes")
        self.assertIn((ESCAPED, str(3 << 30)),
                      [tuple(r) for r in csv.reader(io.StringIO(chosen, newline=""))])

    def test_fit_shows_what_was_asked_for(self):
        def products(*args):
            text = self.text(*args, "model", "fit", "Qwen/Qwen3-4B")
            return re.findall(r"^(MI\d+[A-Z]+(?: HF)?) +(\w+) +(\w+) ", text, re.M)
        self.assertEqual({p for p, _, _ in products("--sim", "mi300x-8")}, {"MI300X"})
        self.assertNotIn(("MI300X", "QPX", "NPS4"), products("--sim", "mi300x-8"))
        self.assertIn(("MI300X", "QPX", "NPS4"), products("--sim", "mi300x-8", "--wide"))
        short, every = products(), products("--all")
        self.assertEqual(len(short), len({p for p, _, _ in short}))
        self.assertEqual({p for p, _, _ in short}, {p for p, _, _ in every})
        self.assertGreater(len(every), 2 * len(short))
        self.assertEqual({p for p, _, _ in products("--product", "mi308x")}, {"MI308X"})
        self.assertIn("did you mean 'MI308X'", self.text("model", "fit", "Qwen/Qwen3-4B",
                                                         "--product", "MI308Y", status=2))

    def test_fit_names_what_stands_behind_its_marks(self):
        text = self.text("model", "fit", "Qwen/Qwen3-4B", "--product", "mi308x")
        self.assertIn("validated: by AMD's device-config-manager (2025-08);", text)
        text = self.text("model", "fit", "Qwen/Qwen3-4B")
        self.assertEqual(text.count("AMD's matrix of ROCm 10.0 (2026-08)"), 1)
        self.assertRegex(text, r"validated: by AMD's .*, AMD's device-config-manager \(2025-08\)")
        text = self.text("model", "fit", "Qwen/Qwen3-4B", "--product", "mi455x")
        self.assertIn("MI455X: its partition sizes are not in the product table", text)
        self.assertNotIn("validated: by", text)

    def test_numbers_have_three_digits(self):
        for args in (["status"], ["list"], ["modes"], ["model", "list"], ["usage"]):
            self.assertNotRegex(self.text("--sim", "mi300x-8", *args), r"\d{4,} ?[KMGTBkm]|\d{9}")
        self.assertRegex(self.text("model", "list"), r"Llama-3.1-8B-Instruct +8.03 B +15.0 GiB")

    def test_partitions_are_named_as_they_are_typed(self):
        for args in (["usage"], ["status"], ["explain", "1"]):
            self.assertNotIn("0000:05:00.0/", self.text("--sim", "mi300x-8", *args))
        self.assertIn("0000:05:00.0/6", self.text("--sim", "mi300x-8", "usage", "--wide"))


if __name__ == "__main__":
    unittest.main()
