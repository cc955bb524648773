#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the words that users read: no phrase of tools/words.txt in messages, help, man pages, docs.

usage: check-words.py [PATH...]    files or folders; without one, those of EVERYTHING below

Checked are the sentences among the string literals of C and Python (literals without a space are
names and keys), man pages, and Markdown without its code. Comments of the code are not.
"""
import ast
import bisect
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "tools/words.txt"
EVERYTHING = ("src", "cli", "views", "python", "docs", "README.md", "NEWS.md", "CONTRIBUTING.md",
              "ARCHITECTURE.md")

# The parts of C that matter here; a literal inside of a comment is a comment.
C_TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<directive>^[ \t]*\#[ \t]*(?:include|error)[^\n]*)
      | (?P<string>"(?:[^"\\\n]|\\.)*")
      | (?P<char>'(?:[^'\\\n]|\\.)*')
      | (?P<space>\s+)
      | (?P<other>.)""", re.X | re.S | re.M)
MARKDOWN_CODE = re.compile(r"^```.*?^```[^\n]*$|`[^`\n]*`", re.M | re.S)


class Phrase:
    """One entry of the list: what not to say, what to say instead, and where it is right."""

    def __init__(self, pattern, instead):
        self.pattern = re.compile(rf"(?<!\w)(?:{self.spaced(pattern)})(?!\w)", re.I)
        self.instead = instead
        self.exceptions = []

    @staticmethod
    def spaced(pattern):
        """A space in the list stands for the white space of wrapped text."""
        return pattern.replace(" ", r"\s+")

    def add_exception(self, pattern):
        self.exceptions.append(re.compile(self.spaced(pattern), re.I))

    def find(self, text):
        for m in self.pattern.finditer(text):
            if not any(e.start() <= m.start() and m.end() <= e.end()
                       for x in self.exceptions for e in x.finditer(text)):
                yield m.start(), " ".join(m.group().split())


def read_list():
    phrases = []
    for number, line in enumerate(LIST.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        exception = re.fullmatch(r"\s+except (.+?) -- (.+)", line)
        entry = re.fullmatch(r"(\S.*?) => (.+)", line)
        if exception and phrases:
            phrases[-1].add_exception(exception[1])
        elif entry:
            phrases.append(Phrase(entry[1], entry[2]))
        else:
            sys.exit(f"{LIST.name}:{number}: neither 'PHRASE => INSTEAD' nor 'except TEXT -- WHY'")
    return phrases


def is_sentence(text):
    """A literal without white space is a key, a name or a path."""
    return bool(re.search(r"\S\s+\S|\\n", text))


def c_texts(source):
    """(text, offsets): adjacent literals are one text, offsets the place of each character."""
    parts = []
    for m in C_TOKEN.finditer(source):
        if m.lastgroup == "string":
            parts.append((m.group()[1:-1], m.start() + 1))
        elif m.lastgroup not in ("space", "comment") and parts:
            yield joined(parts)
            parts = []
    if parts:
        yield joined(parts)


def joined(parts):
    text = "".join(t for t, _ in parts)
    # \n and the like are white space to a reader; the length stays
    return re.sub(r"\\[ntvrf]", "  ", text), parts


def place_of(parts, index):
    for text, start in parts:
        if index < len(text):
            return start + index
        index -= len(text)
    return parts[-1][1]


def python_texts(source):
    starts = line_starts(source)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # `name` is a parameter, as in Markdown
            text = re.sub(r"`[^`\n]*`", lambda m: " " * len(m.group()), node.value)
            yield text, [(text, starts[node.lineno - 1] + node.col_offset)]


def markdown_texts(source):
    text = MARKDOWN_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)
    yield text, [(text, 0)]


def man_texts(source):
    yield source, [(source, 0)]


READERS = {".c": c_texts, ".h": c_texts, ".py": python_texts, ".md": markdown_texts,
           ".scd": man_texts}


def line_starts(source):
    return [0] + [m.end() for m in re.finditer("\n", source)]


def check(path, phrases):
    source = path.read_text(encoding="utf-8")
    starts = line_starts(source)
    is_code = path.suffix in (".c", ".h", ".py")
    for text, parts in READERS[path.suffix](source):
        if is_code and not is_sentence(text):
            continue
        for phrase in phrases:
            for at, found in phrase.find(text):
                line = bisect.bisect_right(starts, place_of(parts, at))
                yield line, f"'{found}': {phrase.instead}"


def files(paths):
    for path in paths:
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (p for p in found if p.suffix in READERS and p.is_file())


def main():
    phrases = read_list()
    n_files, problems = 0, []
    given = [pathlib.Path(name) for name in sys.argv[1:]]
    for path in files(given or [ROOT / name for name in EVERYTHING]):
        shown = path.resolve()
        shown = shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else shown
        n_files += 1
        problems += [f"{shown}:{line}: {text}" for line, text in sorted(check(path, phrases))]
    print("\n".join(problems) if problems
          else f"{n_files} files hold none of {len(phrases)} phrases")
    if problems:
        print(f"{len(problems)} phrases to replace (tools/words.txt)")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
