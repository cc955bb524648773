#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks on the #include lines that each folder uses only the layers below it (ARCHITECTURE.md)."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Folder of src/ (or a top folder) -> folders whose headers it may include; its own is always
# allowed, and so are system headers. 'rocpart' is include/rocpart.
ALLOWED = {
    "base": {"rocpart"},
    "facts": {"base", "rocpart"},
    "hw": {"base", "facts", "rocpart"},
    "node": {"base", "facts", "hw", "rocpart"},
    "modes": {"base", "facts", "node", "rocpart"},
    "model": {"base", "facts", "node", "rocpart"},
    "modelfile": {"base", "model", "rocpart"},
    "place": {"base", "facts", "node", "modes", "model", "rocpart"},
    "handout": {"base", "facts", "node", "rocpart"},
    "lease": {"base", "node", "rocpart"},
    "enforce": {"base", "handout", "rocpart"},
    "apply": {"base", "facts", "hw", "node", "modes", "place", "lease", "rocpart"},
    "sim": {"base", "rocpart"},
    "simfs": {"base", "sim", "rocpart"},
    "api": {"base", "facts", "hw", "node", "modes", "model", "modelfile", "place", "handout",
            "lease", "enforce", "apply", "sim", "rocpart"},
    "cli": {"base", "rocpart"},
}
# One folder, one file: who may see a library.
LIBRARIES = {
    "jansson.h": {"src/base/json.c"},
    "yaml.h": {"src/base/yaml.c"},
    "sqlite3.h": {"src/lease"},
    "fuse3/fuse_lowlevel.h": {"src/simfs"},
}
# Pure folders: values in, values out. Headers that would let the world in.
PURE = {"facts", "node", "modes", "model", "place", "handout"}
IMPURE_HEADERS = {"fcntl.h", "unistd.h", "dirent.h", "time.h", "sys/stat.h", "sys/time.h",
                  "sys/random.h", "signal.h"}
# node/ reads what hw/ saw, never asks it: of hw it may include the value types only.
NODE_HW = {"hw/scan.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def problems_of(path):
    name = path.relative_to(ROOT).as_posix()
    parts = name.split("/")
    folder = parts[1] if parts[0] == "src" else parts[0]
    if folder not in ALLOWED:
        yield f"{name}: folder '{folder}' has no row in tools/check-layers.py"
        return
    for kind, header in INCLUDE.findall(path.read_text(encoding="utf-8")):
        top = header.split("/")[0]
        if header in LIBRARIES:
            if not any(name.startswith(p) for p in LIBRARIES[header]):
                yield f"{name}: only {', '.join(sorted(LIBRARIES[header]))} may include {header}"
        elif folder in PURE and header in IMPURE_HEADERS:
            yield f"{name}: a pure folder must not include <{header}>"
        elif top in ALLOWED or top == "rocpart":
            if top not in ALLOWED[folder] | {folder}:
                yield f"{name}: {folder}/ must not include {header}"
            if folder == "node" and top == "hw" and header not in NODE_HW:
                yield f"{name}: node/ must not include {header}"
        elif kind == '"' and not header.startswith("tests/"):
            yield f"{name}: \"{header}\" does not name its folder"


def main():
    files = [p for top in ("src", "cli") for p in sorted((ROOT / top).rglob("*.[ch]"))]
    found = [p for f in files for p in problems_of(f)]
    print("\n".join(found) if found else f"{len(files)} files keep the layers")
    sys.exit(1 if found else 0)


main()
