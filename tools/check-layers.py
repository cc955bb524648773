#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks on the #include lines that each folder uses only the layers below it (ARCHITECTURE.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folder of src/ (or a top folder) -> folders whose headers it may include; its own is always
# allowed, and so are system headers and include/rocpart.
LOW = {"base", "facts"}
MACHINE = LOW | {"sim", "hw", "hw/smi", "node", "machine"}
LEASES = MACHINE | {"modes", "model", "model/files", "plan", "leases"}
ALLOWED = {
    "base": set(),
    "facts": {"base"},
    "sim": {"base"},
    "simfs": {"base", "sim"},
    "hw": LOW,
    "hw/smi": LOW | {"hw"},
    "node": LOW | {"hw"},
    "machine": MACHINE,
    "modes": LOW | {"node"},
    "model": LOW | {"node"},
    "model/files": {"base", "model"},
    "plan": LOW | {"node", "modes", "model"},
    "plan/verify": {"base"},
    "leases": LEASES,
    "change": LEASES | {"change"},
    "desired": LEASES | {"change", "desired", "plan/verify"},
    "run/text": LOW | {"node", "model"},
    "run": LEASES | {"run/text"},
    "doctor": LEASES | {"change", "desired", "run", "run/text"},
    "library": LEASES | {"change", "desired", "run", "run/text", "doctor"},
    "views": {"base"},
    "cli": {"base", "views"},
}
# One folder, one file: who may see a library.
LIBRARIES = {
    "jansson.h": {"src/base/json.c"},
    "yaml.h": {"src/base/yaml.c"},
    "sqlite3.h": {"src/leases"},
    "fuse3/fuse_lowlevel.h": {"src/simfs"},
}
# Pure folders: values in, values out. Headers that would let the world in.
PURE = {"facts", "node", "modes", "model", "plan", "plan/verify", "run/text"}
IMPURE_HEADERS = {"fcntl.h", "unistd.h", "dirent.h", "time.h", "sys/stat.h", "sys/time.h",
                  "sys/random.h", "signal.h"}
# node/ reads what hw/ saw, never asks it: of hw it may include the value types only.
NODE_HW = {"hw/scan.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def folder_of(path):
    """The longest known folder that a path below src/ (or a top folder) is in."""
    parts = path.split("/")[:-1]
    while parts and "/".join(parts) not in ALLOWED:
        parts.pop()
    return "/".join(parts)


def problems_of(path):
    name = path.relative_to(ROOT).as_posix()
    folder = folder_of(name.removeprefix("src/"))
    if not folder:
        yield f"{name}: its folder has no row in tools/check-layers.py"
        return
    for kind, header in INCLUDE.findall(path.read_text(encoding="utf-8")):
        of = folder_of(header)
        if header in LIBRARIES:
            if not any(name.startswith(p) for p in LIBRARIES[header]):
                yield f"{name}: only {', '.join(sorted(LIBRARIES[header]))} may include {header}"
        elif folder in PURE and header in IMPURE_HEADERS:
            yield f"{name}: a pure folder must not include <{header}>"
        elif of:
            if of not in ALLOWED[folder] | {folder}:
                yield f"{name}: {folder}/ must not include {header}"
            if folder == "node" and of == "hw" and header not in NODE_HW:
                yield f"{name}: node/ must not include {header}"
        elif kind == '"' and not header.startswith(("tests/", "rocpart/")):
            yield f"{name}: \"{header}\" does not name its folder"


def main():
    files = [p for top in ("src", "views", "cli") for p in sorted((ROOT / top).rglob("*.[ch]"))]
    found = [p for f in files for p in problems_of(f)]
    print("\n".join(found) if found else f"{len(files)} files keep the layers")
    sys.exit(1 if found else 0)


main()
