#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes python/rocpart/_abi.py from the public headers: enums, frozen structs, prototypes.

usage: make-python-abi.py           write the file
       make-python-abi.py --check   exit 1 when the file is not what would be written
"""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = ROOT / "python/rocpart/_abi.py"

SCALARS = {
    "bool": "c_bool", "char": "c_char", "int": "c_int", "unsigned": "c_uint",
    "unsigned int": "c_uint", "size_t": "c_size_t", "int32_t": "c_int32", "uint32_t": "c_uint32",
    "int64_t": "c_int64", "uint64_t": "c_uint64",
    "uint8_t": "c_uint8", "uint16_t": "c_uint16", "double": "c_double",
}
HEAD = '''# SPDX-License-Identifier: MIT
# Written by tools/make-python-abi.py from include/rocpart/*.h: do not edit.
"""Enumerations, structs with a frozen layout, and prototypes of the headers of librocpart."""
import ctypes
import enum
'''


def read_headers():
    text = ""
    for header in sorted((ROOT / "include/rocpart").glob("*.h")):
        text += header.read_text(encoding="utf-8") + "\n"
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return re.sub(r'extern "C" \{', "", text)


class Api:
    def __init__(self, text):
        self.enums = {name: body for name, body in re.findall(r"\benum (\w+) \{(.*?)\};", text,
                                                              flags=re.S)}
        self.structs = {name: body for name, body in re.findall(
            r"\bstruct (\w+) \{(.*?)\n\};", text, flags=re.S)}
        self.callbacks = re.findall(r"\btypedef ([\w\s*]+?)\(\*(\w+)\)\((.*?)\);", text,
                                    flags=re.S)
        self.callback_names = {name for _, name, _ in self.callbacks}
        flat = re.sub(r"\b(enum|struct) \w+ \{.*?\};", "", text, flags=re.S)
        flat = re.sub(r"\btypedef .*?;", "", flat, flags=re.S)
        self.functions = sorted(re.findall(r"([\w][\w\s*]*?)\b(rocpart_\w+)\((.*?)\);", flat,
                                           flags=re.S), key=lambda f: f[1])

    def ctype(self, text):
        """The ctypes expression of a C type, None for void."""
        text = " ".join(text.replace("const", " ").split())
        stars = text.count("*")
        base = text.replace("*", "").strip()
        if base.startswith("enum "):
            base = "int"
        if base in self.callback_names:
            return base
        if base == "void" or (base.startswith("struct ") and
                              base[len("struct "):] not in self.structs):
            inner, stars = ("c_void_p", stars - 1) if stars else (None, 0)
        elif base.startswith("struct "):
            inner = camel(base[len("struct "):])
        elif base == "char" and stars:
            inner, stars = "c_char_p", stars - 1
        else:
            inner = SCALARS[base]
        for _ in range(stars):
            inner = f"POINTER({inner})"
        return inner

    def parameters(self, text):
        text = " ".join(text.split())
        if text in ("", "void"):
            return []
        return [self.ctype(re.sub(r"\w+$", "", p.strip())) for p in text.split(",")]


def camel(name):
    return "".join(w.capitalize() for w in name[len("rocpart_"):].split("_"))


def write_enum(name, body):
    members = re.findall(r"(\w+)\s*=\s*([-\w]+)", body)
    words = [m for m, _ in members]
    prefix = words[0][:words[0].rindex("_") + 1]
    while not all(w.startswith(prefix) for w in words):
        prefix = prefix[:prefix[:-1].rindex("_") + 1]
    lines = [f"class {camel(name)}(enum.IntEnum):"]
    return lines + [f"    {m[len(prefix):]} = {v}" for m, v in members]


def write_struct(api, name, body):
    lines = [f"class {camel(name)}(ctypes.Structure):", "    _fields_ = ["]
    for line in body.split(";"):
        line = " ".join(line.split())
        if not line:
            continue
        m = re.match(r"(.*?)(\w+)(?:\[(\d+)\])?$", line)
        kind = api.ctype(m.group(1))
        kind += f" * {m.group(3)}" if m.group(3) else ""
        lines.append(f'        ("{m.group(2)}", {kind}),')
    return lines + ["    ]"]


def write_prototype(name, result, parameters):
    words = [f"({result}, ["] + [p + "," for p in parameters]
    lines, line = [f'    "{name}":'], "       "
    if parameters:
        words[-1] = words[-1][:-1]
    words[-1] += "]),"
    for word in words:
        if len(line) + 1 + len(word) > 100:
            lines.append(line)
            line = "        "
        line += ("" if line.endswith("[") else " ") + word
    return lines + [line]


def in_order(structs):
    """By name, but a struct that has another one comes after that one."""
    done = []
    while len(done) < len(structs):
        done.append(min(name for name, body in structs.items() if name not in done
                        and set(re.findall(r"struct (\w+)", body)) & set(structs) <= set(done)))
    return done


def generate():
    api = Api(read_headers())
    lines = []
    for name, body in sorted(api.enums.items()):
        lines += ["", *write_enum(name, body), ""]
    for name in in_order(api.structs):
        lines += ["", *write_struct(api, name, api.structs[name]), ""]
    lines += [""]
    for result, name, params in api.callbacks:
        args = ", ".join([str(api.ctype(result))] + api.parameters(params))
        lines += [f"{name} = ctypes.CFUNCTYPE({args})"]
    lines += ["", "# name: (result, [parameters])", "PROTOTYPES = {"]
    for result, name, params in api.functions:
        lines += write_prototype(name, api.ctype(result), api.parameters(params))
    body = "\n".join(lines) + "\n}\n"
    used = ", ".join(sorted(set(re.findall(r"(?<![.\w])(?:POINTER|c_\w+)", body))))
    imports = textwrap.fill(used, 99 - len("from ctypes import (")).replace("\n", "\n" + 20 * " ")
    return f"{HEAD}from ctypes import ({imports})\n\n{body}"


def main():
    text = generate()
    if sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
            sys.exit(f"{TARGET.relative_to(ROOT)} does not agree with the headers: "
                     "run tools/make-python-abi.py")
        print("the prototypes of Python agree with the headers")
        return
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
