#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each prototype of the public headers is documented to its last parameter, and that
each test that docs/design/kernel-rules.md names exists."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"/\*\*\n((?:(?!\*/).)*)\*/\s*([^;{]*?\([^;{]*\));", re.S)
PROTOTYPE = re.compile(r"\b(rocpart_\w+)\s*\(([^()]*)\)\s*;")


def parameters(text):
    names = []
    for part in text.split(","):
        words = re.findall(r"\w+", part)
        if words and words != ["void"]:
            names.append(words[-1])
    return names


def check(header):
    text = header.read_text(encoding="utf-8")
    documented = {}
    for doc, proto in BLOCK.findall(text):
        m = re.search(r"\b(rocpart_\w+)\s*\(", proto)
        if m:
            documented[m.group(1)] = (doc, proto)
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for name, params in PROTOTYPE.findall(code):
        where = f"{header.name}: {name}()"
        if name not in documented:
            yield f"{where} has no documentation"
            continue
        doc, proto = documented[name]
        if f"{name}() - " not in doc:
            yield f"{where}: the comment above it is of something else"
        for p in parameters(params):
            if not re.search(rf"^ \* @{p}:", doc, flags=re.M):
                yield f"{where}: parameter '{p}' is not documented"
        for p in re.findall(r"^ \* @(\w+):", doc, flags=re.M):
            if p not in parameters(params):
                yield f"{where}: documents '{p}', which it does not have"
        if not proto.lstrip().startswith("void ") and "Return:" not in doc:
            yield f"{where}: no 'Return:'"
        if not re.search(r"Since\s+(\*\s+)?0\.", doc):
            yield f"{where}: no 'Since'"


def check_rules():
    """[name] in the last column of the tables is a test, as a function of C or Python."""
    page = ROOT / "docs/design/kernel-rules.md"
    tests = "".join(p.read_text(encoding="utf-8") for suffix in ("c", "h", "py")
                    for p in (ROOT / "tests").rglob(f"*.{suffix}"))
    for line in page.read_text(encoding="utf-8").splitlines():
        if not line.startswith("| ") or line.startswith(("| rule", "| ---")):
            continue
        names = re.findall(r"\[(\w+)\]", line.rsplit("|", 2)[-2])
        if not names:
            yield f"{page.name}: no test in '{line[:60]}...'"
        for name in names:
            if not re.search(rf"\b(?:void|def) {name}\(", tests):
                yield f"{page.name}: no test is called {name}"


def main():
    headers = sorted((ROOT / "include/rocpart").glob("*.h"))
    problems = [p for h in headers for p in check(h)] + list(check_rules())
    print("\n".join(problems) if problems else f"{len(headers)} headers are documented")
    sys.exit(1 if problems else 0)


main()
