# SPDX-License-Identifier: MIT
"""What a power cut may leave on a disk: the calls of a traced command, replayed on a model.

POSIX promises no more than this: the content of a file is what it was at its last fsync, and the
entries of a folder are what they were at the last fsync of the folder. A disk may have written more.
"""

import copy
import re
from pathlib import Path

CALLS = ("openat,openat2,write,pwrite64,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,"
         "mkdir,mkdirat,rmdir,fsync,fdatasync,fchmod")
STRACE = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}"]
LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (\d+)(?:<.*>)?$")
ARG = re.compile(r'"[^"]*"|(?:\d+|AT_FDCWD)<[^>]*>|[^,\s]+')


def unescape(text):
    return bytes.fromhex(text.replace("\\x", ""))


def path_of(arg):
    """Of 5</a/b> and AT_FDCWD</a/b>."""
    inside = arg[arg.index("<") + 1:-1].removesuffix("(deleted)")
    name = unescape(inside).decode() if inside.startswith("\\x") else inside
    return name.removesuffix(" (deleted)")


class Node:
    """A file (content: bytes) or a folder (content: {name: Node}), and what is surely on the disk."""

    def __init__(self, content, mode):
        self.now, self.mode = content, mode
        self.synced = type(content)()

    def sync(self):
        self.synced = self.now.copy() if isinstance(self.now, dict) else self.now

    @staticmethod
    def load(path):
        """What is there before the command has been on the disk for long."""
        mode = path.stat().st_mode & 0o7777
        if path.is_dir():
            node = Node({p.name: Node.load(p) for p in path.iterdir()}, mode)
        else:
            node = Node(path.read_bytes(), mode)
        node.sync()
        return node

    def store(self, path, is_all):
        """is_all: whether data and entries are as they are now; else as they were synced."""
        data, entries = is_all
        if isinstance(self.now, dict):
            path.mkdir(mode=self.mode)
            for name, node in (self.now if entries else self.synced).items():
                if not name.endswith("-shm"):  # memory that processes share
                    node.store(path / name, is_all)
        else:
            path.write_bytes(self.now if data else self.synced)
            path.chmod(self.mode)

    def image(self, is_all):
        """The same as a value that can be compared."""
        data, entries = is_all
        if not isinstance(self.now, dict):
            return self.mode, self.now if data else self.synced
        names = self.now if entries else self.synced
        return tuple((n, names[n].image(is_all)) for n in sorted(names) if not n.endswith("-shm"))


def read_calls(text):
    """[(name, arguments, result)] of the calls that did not fail."""
    found = []
    for line in text.splitlines():
        assert "unfinished ..." not in line, "two processes write at once: " + line[:200]
        m = LINE.match(line)
        if m:
            found.append((m[1], ARG.findall(m[2]), int(m[3])))
    return found


class Disk:
    """The folder `root`, and the descriptors that a command has open below it."""

    def __init__(self, root):
        self.root, self.top, self.fds = Path(root), Node.load(root), {}

    def parts(self, path):
        """The names below the root; None: it is outside."""
        path = Path(path)
        return path.relative_to(self.root).parts if path.is_relative_to(self.root) else None

    def find(self, parts):
        node = self.top
        for name in parts:
            node = node and node.now.get(name)
        return node

    def at(self, folder, name):
        """(folder, name) of an entry; (None, None): outside."""
        base = path_of(folder) if folder else "/"
        parts = self.parts(Path(base, unescape(name.strip('"')).decode()))
        return (self.find(parts[:-1]), parts[-1]) if parts else (None, None)

    def apply(self, name, args, result):
        """One call; False: it changes nothing below the root."""
        return bool(getattr(self, "do_" + name)(args, result))

    def do_openat(self, args, result):
        folder, name = self.at(args[0], args[1])
        self.fds.pop(result, None)
        if folder is None:
            return False
        made = name not in folder.now
        if made:
            folder.now[name] = Node(b"", int(args[3], 8) & ~0o22)
        node = folder.now[name]
        cut = "O_TRUNC" in args[2] and node.now
        if cut:
            node.now = b""
        self.fds[result] = [node, 0, "O_APPEND" in args[2]]
        return made or cut

    def do_openat2(self, args, result):
        mode = [a.split("=")[1] for a in args if a.startswith("mode=")]
        return self.do_openat([*args[:3], *mode], result)

    def opened(self, arg):
        is_inside = "<" in arg and self.parts(path_of(arg)) is not None
        return self.fds.get(int(arg.split("<")[0])) if is_inside else None

    def put(self, node, data, offset):
        old = node.now.ljust(offset, b"\0")
        node.now = old[:offset] + data + old[offset + len(data):]
        return True

    def do_write(self, args, result):
        opened = self.opened(args[0])
        if opened is None:
            return False
        node, offset, is_append = opened
        offset = len(node.now) if is_append else offset
        opened[1] = offset + result
        return self.put(node, unescape(args[1].strip('"'))[:result], offset)

    def do_pwrite64(self, args, result):
        opened = self.opened(args[0])
        return opened and self.put(opened[0], unescape(args[1].strip('"'))[:result], int(args[3]))

    def do_ftruncate(self, args, _):
        opened = self.opened(args[0])
        if opened:
            opened[0].now = opened[0].now[:int(args[1])].ljust(int(args[1]), b"\0")
        return opened

    def do_fchmod(self, args, _):
        opened = self.opened(args[0])
        if opened:
            opened[0].mode = int(args[1], 8)
        return opened

    def do_fsync(self, args, _):
        parts = self.parts(path_of(args[0]))
        if parts is None:
            return False
        opened = self.opened(args[0])
        node = opened[0] if opened else self.find(parts)
        node.sync()
        return True

    do_fdatasync = do_fsync

    def entries(self, args):
        """The two names of rename() and link(), with and without folders."""
        pair = args if args[0].startswith('"') else (args[1], args[3])
        bases = (None, None) if args[0].startswith('"') else (args[0], args[2])
        return self.at(bases[0], pair[0]), self.at(bases[1], pair[1])

    def do_rename(self, args, _):
        (a, old), (b, new) = self.entries(args)
        if b is None:
            return False
        b.now[new] = a.now.pop(old)
        return True

    do_renameat = do_renameat2 = do_rename

    def do_link(self, args, _):
        (a, old), (b, new) = self.entries(args)
        if b is None:
            return False
        b.now[new] = a.now[old]
        return True

    do_linkat = do_link

    def only(self, args):
        return self.at(None, args[0]) if args[0].startswith('"') else self.at(args[0], args[1])

    def do_unlink(self, args, _):
        folder, name = self.only(args)
        return folder and folder.now.pop(name)

    do_unlinkat = do_rmdir = do_unlink

    def do_mkdir(self, args, _):
        folder, name = self.only(args)
        if folder is None:
            return False
        mode = args[1] if args[0].startswith('"') else args[2]
        folder.now[name] = Node({}, int(mode, 8) & ~0o22)
        return True

    do_mkdirat = do_mkdir


def halves(call):
    """A write can be cut in the middle."""
    name, args, result = call
    data = args[1].strip('"') if name in ("write", "pwrite64") else ""
    if result < 2 or not data:
        return [call]
    half = result // 2
    first, rest = data[:4 * half], data[4 * half:]  # \x00
    after = [*args[3:]] and [str(int(args[3]) + half)]
    return [(name, [args[0], f'"{first}"', "", *args[3:]], half),
            (name, [args[0], f'"{rest}"', "", *after], result - half)]


def moments(disk, text):
    """After each change: (what the command was doing, the disk)."""
    yield "start", copy.deepcopy(disk)
    for number, call in enumerate(read_calls(text)):
        for part in halves(call):
            if disk.apply(*part):
                yield f"call {number} ({call[0]})", copy.deepcopy(disk)
