#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the shared library exports exactly what the public headers declare, and that each of
these functions has a caller: a program, the Python package or a test.

usage: check-symbols.py LIBROCPART.SO LIBROCPART_INTERNAL.A
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def declared():
    names = set()
    for header in (ROOT / "include/rocpart").glob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.S)
        names |= set(re.findall(r"\b(rocpart_\w+)\s*\(", text))
    return {n for n in names if not n.endswith("_fn")}


def symbols(args):
    out = subprocess.run(["nm", *args], check=True, capture_output=True, text=True).stdout
    return {f[-1].split("@")[0] for f in (line.split() for line in out.splitlines())
            if len(f) >= 3 and f[-2] in "TDBRVW"}


def without_caller(names):
    """Functions that only the library itself knows."""
    tops = ("cli", "views", "examples", "tests")
    files = [p for top in tops for p in (ROOT / top).rglob("*.[ch]")]
    called = set(re.findall(r"\brocpart_\w+", "\n".join(p.read_text("utf-8") for p in files)))
    for path in (ROOT / "python/rocpart").glob("*.py"):
        if path.name != "_abi.py":  # lists all
            called |= {f"rocpart_{w}" for w in re.findall(r"\w+", path.read_text("utf-8"))}
    return sorted(names - called)


def main():
    exported = {s for s in symbols(["-D", "--defined-only", sys.argv[1]])
                if not s.startswith("ROCPART_")}
    want = declared()
    mapped = set(re.findall(r"^\s+(rocpart_\w+);", (ROOT / "src/librocpart.map").read_text(
        encoding="utf-8"), flags=re.M))
    problems = [f"declared, but not exported: {s}" for s in sorted(want - exported)]
    problems += [f"exported, but not declared: {s}" for s in sorted(exported - want)]
    problems += [f"in librocpart.map, but not declared: {s}" for s in sorted(mapped - want)]
    problems += [f"declared, but no program, binding or test calls it: {s}"
                 for s in without_caller(want)]
    # Sanitizers add symbols of their own to an object; ours carry one of two prefixes.
    problems += [f"internal symbol without rp_: {s}"
                 for s in sorted(symbols(["-g", "--defined-only", sys.argv[2]]))
                 if not s.startswith(("rp_", "rocpart_", "_", "."))]
    print("\n".join(problems) if problems else f"{len(want)} symbols match")
    sys.exit(1 if problems else 0)


main()
