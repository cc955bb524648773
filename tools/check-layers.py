#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each folder uses only the layers below it (tools/layers.py, ARCHITECTURE.md).

usage: check-layers.py            by the #include lines of the sources
       check-layers.py BUILD      by the symbols of the objects of a build folder as well
"""
import pathlib
import sys

import layers_includes
import layers_symbols
from layers import KNOWN, table_problems


def main():
    names = layers_includes.source_files()
    problems = list(table_problems()) + layers_includes.problems(names)
    references = None
    if len(sys.argv) > 1:
        sources = [n for n in names if n.endswith(".c")]
        more, references = layers_symbols.check(pathlib.Path(sys.argv[1]), sources, KNOWN)
        problems += more
    seen = {p.partition(": ")[0] for p in problems}
    # Without objects nothing is known of calls: only includes can be missed then.
    gone = {k for k in KNOWN - seen if references is not None or k.endswith(".h")}
    problems = [p for p in problems if p.partition(": ")[0] not in KNOWN]
    problems += [f"{k}: is gone; take it out of KNOWN in tools/layers.py" for k in sorted(gone)]
    if problems:
        print("\n".join(problems))
        sys.exit(1)
    told = f"{len(names)} files, 0 upward #include lines"
    if references is not None:
        told += (f"; {len(references)} pairs of files that call: 0 upward references, "
                 "0 circles across folders")
    print(told + (f"; {len(KNOWN)} known exceptions" if KNOWN else ""))


main()
