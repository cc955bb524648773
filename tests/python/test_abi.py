# SPDX-License-Identifier: MIT
"""The prototypes and structs of Python are those of the headers and of the compiler."""
import ctypes
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import ROOT

from rocpart import _abi
from rocpart._lib import lib

INTEGERS = {"int": ctypes.c_int, "unsigned": ctypes.c_uint, "unsigned int": ctypes.c_uint,
            "size_t": ctypes.c_size_t, "uint32_t": ctypes.c_uint32, "int32_t": ctypes.c_int32,
            "uint64_t": ctypes.c_uint64, "bool": ctypes.c_bool}


def headers():
    text = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "include/rocpart").glob("*.h"))
    return re.sub(r"^\s*#.*$", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S), flags=re.M)


def declared():
    """name: (result, parameters), read in another way than the generator does."""
    found = {}
    for statement in re.split(r"[;{}]", headers()):
        m = re.search(r"^(.*?)\b(rocpart_\w+)\(([^()]*)\)$", " ".join(statement.split()))
        if m and "typedef" not in m.group(1):
            parameters = m.group(3).split(", ")
            found[m.group(2)] = (m.group(1).strip(),
                                 [] if parameters == ["void"] else parameters)
    return found


def is_pointer(kind):
    return kind in (ctypes.c_void_p, ctypes.c_char_p) or hasattr(kind, "contents") \
        or isinstance(kind, type(ctypes.CFUNCTYPE(None)))


class Abi(unittest.TestCase):
    def test_prototypes_are_those_that_the_generator_writes(self):
        done = subprocess.run([str(ROOT / "tools/make-python-abi.py"), "--check"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_function_of_the_headers_has_a_prototype(self):
        self.assertEqual(sorted(declared()), sorted(_abi.PROTOTYPES))

    def test_number_and_kind_of_parameters_agree(self):
        for name, (result, parameters) in declared().items():
            restype, argtypes = _abi.PROTOTYPES[name]
            self.assertEqual(len(parameters), len(argtypes), name)
            for text, kind in zip(parameters, argtypes):
                self.agrees(f"{name}({text})", text, kind)
            if result == "void":
                self.assertIsNone(restype, name)
            else:
                self.agrees(f"{name} returns {result}", result + " x", restype)

    def agrees(self, where, text, kind):
        pointer = "*" in text or "_fn " in text
        self.assertEqual(is_pointer(kind), pointer, where)
        if pointer:
            if text.replace(" ", "").startswith("constchar*") and text.count("*") == 1:
                self.assertIs(kind, ctypes.c_char_p, where)
            return
        words = [w for w in text.split()[:-1] if w != "const"]
        if words[0] == "enum":
            self.assertEqual(ctypes.sizeof(kind), 4, where)
        else:
            self.assertIs(kind, INTEGERS[" ".join(words)], where)

    def test_every_function_is_in_the_library(self):
        missing = [n for n in _abi.PROTOTYPES if not lib.has(n[len("rocpart_"):])]
        self.assertEqual(missing, [])

    def test_layout_of_structs_is_that_of_the_compiler(self):
        structs = {n: c for n, c in vars(_abi).items()
                   if isinstance(c, type) and issubclass(c, ctypes.Structure)}
        lines, want = [], []
        for name, kind in sorted(structs.items()):
            c_name = "struct rocpart" + re.sub(r"[A-Z]", lambda m: "_" + m.group(0).lower(), name)
            lines.append(f'printf("%zu\\n", sizeof({c_name}));')
            want.append(ctypes.sizeof(kind))
            for field, *_ in kind._fields_:
                lines.append(f'printf("%zu\\n", offsetof({c_name}, {field}));')
                want.append(getattr(kind, field).offset)
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "layout.c"
            source.write_text("#include <stddef.h>\n#include <stdio.h>\n"
                              "#include <rocpart/rocpart.h>\nint main(void)\n{\n"
                              + "\n".join(lines) + "\nreturn 0;\n}\n", encoding="utf-8")
            program = source.with_suffix("")
            subprocess.run([os.environ.get("CC", "cc"), "-I", str(ROOT / "include"),
                            str(source), "-o", str(program)], check=True)
            out = subprocess.run([str(program)], check=True, capture_output=True, text=True)
        self.assertEqual([int(w) for w in out.stdout.split()], want)

    def test_values_of_enums_are_those_of_the_headers(self):
        for name, body in re.findall(r"enum rocpart_(\w+) \{(.*?)\}", headers(), flags=re.S):
            kind = getattr(_abi, "".join(w.capitalize() for w in name.split("_")))
            values = {int(v) for v in re.findall(r"=\s*(\d+)", body)}
            self.assertEqual({int(m) for m in kind}, values, name)


if __name__ == "__main__":
    unittest.main()
