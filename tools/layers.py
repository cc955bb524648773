# SPDX-License-Identifier: MIT
"""The folders in the order of the layers and what each may use; check-layers.py enforces it."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOPS = ("src", "views", "cli", "examples")  # where files of ours are; the folders below src/ first

LOW = {"base", "facts"}
MACHINE = LOW | {"sim", "hw", "hw/smi", "node", "machine"}
LEASES = MACHINE | {"modes", "model", "model/files", "plan", "leases"}
# Folder of src/ (or a top folder): what it may include headers of and call, folders or single
# files; its own files always, and the headers of include/rocpart. A public function belongs to the
# folder that defines it. A row names rows above it only, so no two folders can use each other.
ALLOWED = {
    "base": set(),
    "facts": {"base"},
    "sim": {"base"},
    "simfs": {"base", "sim"},
    "simfs/ioctl": set(),  # it is loaded into programs of others
    "hw": LOW,
    "hw/smi": LOW | {"hw"},
    "node": LOW | {"hw/scan.h"},  # it gets what hw/ saw as values and never asks for more
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
    "examples": set(),
}
# It defines functions of libc for the programs that it is loaded into, not for ours.
PRELOADED = {"src/simfs/ioctl/preload.c"}
# These may call every public function, whichever folder defines it.
CLIENTS = {"views", "cli", "examples"}

# One folder or file each: who may see a library.
LIBRARIES = {
    "jansson.h": {"src/base/json.c"},
    "yaml.h": {"src/base/yaml.c"},
    "sqlite3.h": {"src/leases/"},
    "fuse3/fuse_lowlevel.h": {"src/simfs/"},
}

# References upwards that are still there, as they are reported: "src/a/b.c -> src/c/d.c". One that
# is gone must go from here.
KNOWN = set()

# Pure folders: values in, values out. What they call is the same today, tomorrow and elsewhere.
PURE = {"facts", "node", "modes", "model", "plan", "plan/verify", "run/text"}
# Of base they call these files; the others open files, start processes or read a clock.
PURE_BASE = {"base/base.c", "base/error.c", "base/json.c", "base/json_parse.c", "base/name.c",
             "base/names.c", "base/num.c", "base/printable.c", "base/strbuf.c", "base/words.c"}
# Of libc they call these: none keeps state, waits, or sees files, clock, locale or environment.
PURE_LIBC = {
    "calloc", "free", "reallocarray",
    "memcmp", "memcpy", "memmove", "memset",
    "strchr", "strcmp", "strcspn", "strdup", "strlen", "strncmp", "strrchr", "strspn", "strstr",
    "qsort",
    "bcmp",  # clang's way to ask whether memcmp() is 0
}
# What compilers call on their own: the stack protector, sanitizers and coverage, arithmetic on
# 128 bits and bit counts of libgcc, the table of position-independent code.
HELPERS = re.compile(r"__stack_chk_fail|__(asan|ubsan|sanitizer|sancov|gcov|llvm)_\w+"
                     r"|__(start|stop)___sancov_\w+|__\w+[dt]i[234]|_GLOBAL_OFFSET_TABLE_")
# Headers that would let the world in. Their functions are refused by name as well.
IMPURE_HEADERS = {"fcntl.h", "unistd.h", "dirent.h", "time.h", "sys/stat.h", "sys/time.h",
                  "sys/random.h", "signal.h"}


def folder_of(name):
    """The longest known folder that a file is in ("src/hw/smi/lib.c", "hw/smi/lib.h": hw/smi)."""
    parts = name.removeprefix("src/").split("/")[:-1]
    while parts and "/".join(parts) not in ALLOWED:
        parts.pop()
    return "/".join(parts)


def may_use(user, used):
    """Whether a file may use another one; both as "src/hw/sysfs.c"."""
    row, of = folder_of(user), folder_of(used)
    return of == row or of in ALLOWED[row] or used.removeprefix("src/") in ALLOWED[row]


def table_problems():
    """What is wrong with the table itself: an order that is none, a room that nobody can find."""
    rooms = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    seen = set()
    for folder, uses in ALLOWED.items():
        seen.add(folder)
        later = {u if u in ALLOWED else folder_of(u) for u in uses} - seen
        if later:
            yield f"tools/layers.py: {folder} may use {', '.join(sorted(later))}, a row below it"
        path = next((f"{top}{folder}/" for top in ("src/", "") if (ROOT / top / folder).is_dir()),
                    None)
        if path and f"`{path}`" not in rooms:
            yield f"{path}: has no row in ARCHITECTURE.md"
