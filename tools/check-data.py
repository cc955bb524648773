#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that a value which the kernel shows arrives everywhere: from src/hw to columns and Python.

The way: hw/scan.h, a reader in hw/, node/snapshot.h, node/build.c, a getter of node.h, a column,
the dataclass of python/rocpart/node.py. Also: the simulated machine shows the file, `gather` copies
it, a test of the node reads a broken one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "python/rocpart/node.py"
# Values that serve src/hw/ itself.
HW_ONLY = {"own_render", "location_id", "has_location"}
# Values that serve src/node/ itself.
NODE_ONLY = {"is_mode_trusted"}
# Getters that are no column, and why.
NO_COLUMN = {
    "rocpart_gpu_is_compute_mode_derived": "sources of `list --json` says it",
    "rocpart_gpu_get_expected_partition_count": "'degraded' says when some are missing",
}


def text_of(*patterns):
    return "\n".join(p.read_text(encoding="utf-8") for pattern in patterns
                     for p in sorted(ROOT.glob(pattern)))


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def words_of(*patterns):
    return set(re.findall(r"\w+", text_of(*patterns)))


def members_in(paths):
    """What is used as a member of something: gpu->bdf, row.bdf."""
    return {m for p in paths for m in re.findall(r"(?:->|\.)(\w+)", p.read_text("utf-8"))}


def fields(header, struct):
    """Names of the members of a struct."""
    text = without_comments((ROOT / header).read_text(encoding="utf-8"))
    body = re.search(rf"\bstruct {struct} \{{(.*?)\n\}};", text, re.S).group(1)
    return re.findall(r"(\w+)(?:\[[^]]*\])?\s*[,;]", body)


def files_read():
    """What hw/sysfs_pci.c reads of a GPU, by the first column of its tables."""
    text = (ROOT / "src/hw/sysfs_pci.c").read_text(encoding="utf-8")
    return re.findall(r'\{"([\w/]+)",\s+offsetof\(', text)


def scanned():
    hw, node = words_of("src/hw/**/*.c"), words_of("src/node/*.c")
    for struct in ("rp_scan_pci", "rp_scan_node"):
        for field in fields("src/hw/scan.h", struct):
            if field not in hw:
                yield f"hw/scan.h: {struct}.{field}: nothing in src/hw/ reads it from the machine"
            if field not in node | HW_ONLY:
                yield f"hw/scan.h: {struct}.{field}: node/build.c does not take it"


def kept():
    makers = [ROOT / "src/node" / name for name in ("build.c", "gpu_modes.c", "partitions.c")]
    made = members_in(makers)
    used = members_in(p for p in ROOT.glob("src/**/*.c") if p not in makers)
    for struct in ("rocpart_gpu", "rocpart_partition"):
        for field in fields("src/node/snapshot.h", struct):
            if field not in made:
                yield f"node/snapshot.h: {struct}.{field}: node/build.c does not set it"
            if field not in used | NODE_ONLY:
                yield f"node/snapshot.h: {struct}.{field}: no getter or rule uses it"


def public():
    header = without_comments((ROOT / "include/rocpart/node.h").read_text(encoding="utf-8"))
    columns, binding = words_of("cli/*.c", "views/*.c"), words_of(PYTHON)
    tests = words_of("tests/**/*.c")
    for name in re.findall(r"\b(rocpart_(?:gpu|partition)_(?:get|is)_\w+)\(", header):
        if name not in columns and name not in NO_COLUMN:
            yield f"{name}(): no column shows it (views/gpu_fields.c)"
        if name.removeprefix("rocpart_") not in binding:
            yield f"{name}(): {PYTHON} does not read it into its dataclass"
        if name not in tests:
            yield f"{name}(): no test in tests/ calls it"


def around():
    sim, gather = text_of("src/sim/*.c"), text_of("src/doctor/gather.c")
    broken = text_of("tests/unit/test_node.c")
    copied = re.search(r"gpu_names\[\] = \{(.*?)NULL\}", gather, re.S).group(1)
    patterns = [n.replace("*", r"\w*") for n in re.findall(r'"([^"]+)"', copied)]
    for path in files_read():
        first, last = path.split("/")[0], path.split("/")[-1]
        if f'"{last}"' not in sim:
            yield f"{path}: hw/sysfs_pci.c reads it, but no simulated machine shows it (sim/pci.c)"
        if not any(re.fullmatch(p, first) for p in patterns):
            yield f"{path}: hw/sysfs_pci.c reads it, but `gather` leaves it out (doctor/gather.c)"
        if f'"{path}"' not in broken:
            yield f"{path}: hw/sysfs_pci.c reads it, but test_node.c has no broken one (files[])"


def main():
    problems = [*scanned(), *kept(), *public(), *around()]
    print("\n".join(problems) if problems else
          f"{len(files_read())} files of a GPU arrive in columns and in Python")
    sys.exit(1 if problems else 0)


main()
