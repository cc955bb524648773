# SPDX-License-Identifier: MIT
"""The layers as #include lines show them: the sources alone, nothing has to be built."""
import re

from layers import (ALLOWED, IMPURE_HEADERS, LIBRARIES, PURE, ROOT, TOPS, folder_of, may_use)

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def source_files():
    return [p.relative_to(ROOT).as_posix() for top in TOPS
            for p in sorted((ROOT / top).rglob("*.[ch]"))]


def path_of(header):
    """A header as its file is named: "base/tree.h" is src/base/tree.h."""
    return header if header.split("/")[0] in TOPS else f"src/{header}"


def problems_of(name):
    folder = folder_of(name)
    if not folder:
        yield f"{name}: its folder has no row in tools/layers.py"
        return
    for kind, header in INCLUDE.findall((ROOT / name).read_text(encoding="utf-8")):
        if header in LIBRARIES:
            if not name.startswith(tuple(LIBRARIES[header])):
                yield f"{name}: only {', '.join(sorted(LIBRARIES[header]))} may include {header}"
        elif folder in PURE and header in IMPURE_HEADERS:
            yield f"{name}: a pure folder must not include <{header}>"
        elif folder_of(header) in ALLOWED:
            if not may_use(name, path_of(header)):
                yield f"{name} -> {path_of(header)}: #include"
        elif kind == '"' and not header.startswith(("tests/", "rocpart/")):
            yield f"{name}: \"{header}\" does not name its folder"


def problems(names):
    return [p for name in names for p in problems_of(name)]
