# SPDX-License-Identifier: MIT
"""The layers as the symbols of the objects show them: who calls whom, and what pure code calls.

A call of a public function is in no #include line of a folder: only the objects tell of it.
"""
import collections
import os
import re
import subprocess

from layers import (CLIENTS, HELPERS, PRELOADED, PURE, PURE_BASE, PURE_LIBC, folder_of, may_use)

OPTIONAL = {"simfs"}  # folders that not every build has


def objects_of(build, sources):
    """{object: source} of what was built. A file that is left from a source now gone has none."""
    found, names = {}, {}
    for obj in build.glob("**/*.p/*.o"):
        here = obj.parent.parent.relative_to(build).as_posix()
        if here not in names:
            names[here] = {os.path.relpath(s, here).replace("/", "_") + ".o": s for s in sources}
        if obj.name in names[here]:
            found[obj.as_posix()] = names[here][obj.name]
    return found


class Symbols:
    """Of each source: what it defines and what it leaves to others, by nm."""

    def __init__(self, objects):
        self.defined_by = collections.defaultdict(set)
        self.undefined = collections.defaultdict(set)
        out = subprocess.run(["nm", "-g", "-A", "-P", *objects], check=True, capture_output=True,
                             text=True).stdout
        for line in out.splitlines():
            where, name, kind = line.split()[:3]
            source = objects[where.removesuffix(":")]
            if kind in "Uwv":
                self.undefined[source].add(name)
            # not a sanitizer's, of this object alone; not libc's, which a preloaded library replaces
            elif not name.startswith("__") and source not in PRELOADED:
                self.defined_by[name].add(source)

    def owner(self, user, name):
        """The source that defines a name; of several programs' the one nearby. None: not ours."""
        owners = sorted(self.defined_by.get(name, ()))
        near = [o for o in owners if folder_of(o) == folder_of(user)]
        return (near + owners + [None])[0]

    def references(self):
        """{(user, used): names} between two sources."""
        found = collections.defaultdict(set)
        for user, names in self.undefined.items():
            for name in names:
                used = self.owner(user, name)
                if used and used != user:
                    found[user, used].add(name)
        return found


def upward(references):
    """Calls of what stands in a folder that the caller's folder may not use."""
    for (user, used), names in sorted(references.items()):
        if folder_of(user) in CLIENTS:
            names = {n for n in names if not n.startswith("rocpart_")}
        if names and not may_use(user, used):
            yield f"{user} -> {used}: {', '.join(sorted(names))}"


def impure(symbols):
    """What pure folders call that is not the same each time."""
    for user, names in sorted(symbols.undefined.items()):
        if folder_of(user) not in PURE:
            continue
        for name in sorted(names):
            used = symbols.owner(user, name)
            plain = re.sub(r"^__(\w+)_chk$", r"\1", name)  # _FORTIFY_SOURCE
            if used and folder_of(used) == "base" and used.removeprefix("src/") not in PURE_BASE:
                yield f"{user}: a pure folder must not call {name}() of {used}"
            if not used and plain not in PURE_LIBC and not HELPERS.fullmatch(name):
                yield f"{user}: a pure folder must not use '{plain}' (PURE_LIBC in tools/layers.py)"


def circles(graph):
    """Sets of more than one node that all reach each other (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(stack[at:])
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def way(graph, start, end):
    """The shortest way from a node to another that it reaches."""
    came, queue = {start: None}, collections.deque([start])
    while end not in came:
        node = queue.popleft()
        for other in sorted(graph[node]):
            if other not in came:
                came[other] = node
                queue.append(other)
    found = [end]
    while found[0] != start:
        found.insert(0, came[found[0]])
    return found


def circle_of(graph, members):
    """One circle among nodes that all reach each other, over two folders where there are two."""
    steps = sorted((folder_of(a) == folder_of(b), a, b) for a in members for b in graph[a]
                   if b in members)
    _, first, second = steps[0]
    return " -> ".join([first, *way(graph, second, first)])


def circle_problems(pairs):
    """Circles of folders, and of files of several folders; files of one folder may be one topic."""
    files, folders = collections.defaultdict(set), collections.defaultdict(set)
    for user, used in pairs:
        files[user].add(used)
        files[used].update()
        if folder_of(user) != folder_of(used):
            folders[folder_of(user)].add(folder_of(used))
            folders[folder_of(used)].update()
    for circle in circles(files):
        if len({folder_of(f) for f in circle}) > 1:
            yield f"circle across folders: {circle_of(files, circle)}"
    for circle in circles(folders):
        yield f"circle of folders: {circle_of(folders, circle)}"


def missing(objects, sources):
    """Sources that no object was made of: nothing is known of what they call."""
    built = set(objects.values())
    folders = {folder_of(s) for s in built}
    for source in sources:
        if source not in built and not (folder_of(source) in OPTIONAL - folders):
            yield f"{source}: not built; add it to the list of its folder in meson.build"


def check(build, sources, known):
    """(problems, references) of a build folder; those known are no part of a circle."""
    objects = objects_of(build, sources)
    found = list(missing(objects, sources))
    if not objects:
        return found, {}
    symbols = Symbols(objects)
    references = symbols.references()
    found += list(upward(references)) + list(impure(symbols))
    found += circle_problems([(a, b) for a, b in references if f"{a} -> {b}" not in known])
    return found, references
