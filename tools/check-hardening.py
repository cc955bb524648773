#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads off the built programs and the library that they are hardened: a compiler, a linker or a
packager's flags that lose a property are noticed, whatever meson.build asks for.

usage: check-hardening.py BUILD FILE...
"""
import pathlib
import re
import subprocess
import sys

# Objects that the linker adds to every program, and static libraries of the command.
FOREIGN = ("Scrt1.o", "crti.o", "crtn.o", "libsqlite3.a", "libjansson.a", "libyaml.a")
# Loading code into the process by SQL: off unless a program asks for it with one of these.
EXTENSIONS = ("sqlite3_enable_load_extension", "sqlite3_load_extension", "sqlite3_auto_extension")


def readelf(*args):
    done = subprocess.run(["readelf", "-W", *map(str, args)], capture_output=True, text=True,
                          check=False)
    return done.stdout


def has_cet(text):
    return "IBT" in text and "SHSTK" in text


def own_objects(build):
    """Each object of the sources in src, views and cli, with its notes and undefined symbols."""
    objects = [p for top in ("src", "views", "cli") for p in (build / top).rglob("*.o")]
    parts = re.split(r"^File: (.*)$", readelf("-n", "-s", *objects), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def without_cet():
    """Foreign inputs of the linker that have no note: one is enough for the result to have none."""
    found = []
    for name in FOREIGN:
        path = subprocess.run(["cc", f"-print-file-name={name}"], capture_output=True, text=True,
                              check=True).stdout.strip()
        if pathlib.Path(path).is_file() and not has_cet(readelf("-n", path)):
            found.append(name)
    return found


def check_file(path, is_x86, foreign):
    segments, dynamic = readelf("-h", "-l", path), readelf("-d", path)
    symbols = set(re.findall(r"UND (\w+)", readelf("--dyn-syms", path)))
    stack = re.search(r"GNU_STACK.*?\s(R\w*)\s", segments)
    faults = {
        "it is not position-independent": "DYN (" not in segments,
        "it has no RELRO": "GNU_RELRO" not in segments,
        "its symbols are not bound at the start": not re.search(r"BIND_NOW|FLAGS_1.*NOW", dynamic),
        "its stack is executable": not stack or "E" in stack[1],
        "a segment can be written and executed": bool(re.search(r"LOAD .* RWE ", segments)),
        "code and constants share a segment": len(re.findall(r"^ +LOAD ", segments, re.M)) < 4,
        "it searches libraries in a folder of its own": bool(re.search(r"R(UN)?PATH", dynamic)),
        "it has no stack protector": "__stack_chk_fail" not in symbols,
        "it has no fortified calls": not any(re.match(r"__\w+_chk$", s) for s in symbols),
        "it has no CET note, and nothing explains this":
            is_x86 and not foreign and not has_cet(readelf("-n", path)),
    }
    return [f"{path.name}: {text}" for text, is_so in faults.items() if is_so]


def check_objects(objects, is_x86):
    problems = [f"{name}: it has no CET note" for name, text in objects.items()
                if is_x86 and not has_cet(text)]
    problems += [f"{name}: it calls {call}()" for name, text in objects.items()
                 for call in EXTENSIONS if re.search(rf"UND {call}\b", text)]
    return problems


def main():
    build, files = pathlib.Path(sys.argv[1]), [pathlib.Path(p) for p in sys.argv[2:]]
    is_x86 = "X86-64" in readelf("-h", files[0])
    foreign = without_cet() if is_x86 else []
    objects = own_objects(build)
    problems = [] if objects else [f"{build}: it has no objects"]
    for path in files:
        problems += check_file(path, is_x86, foreign)
    problems += check_objects(objects, is_x86)
    if foreign:
        print(f"# no CET note in the programs, as these have none: {', '.join(foreign)}")
    print("\n".join(problems) if problems else
          f"{len(files)} files and {len(objects)} objects are hardened")
    sys.exit(1 if problems else 0)


main()
