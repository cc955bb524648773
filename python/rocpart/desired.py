# SPDX-License-Identifier: MIT
"""A node compared with its node.yaml, and made as the file says."""
import ctypes
import enum
import os
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple, Union

from ._abi import DifferenceItem, Errcode
from ._lib import decode, encode, lib, texts
from .errors import NoRoomError, RocpartError, error_of
from .model import Catalog
from .node import Machine

Path = Union[str, "os.PathLike[str]"]


class DifferenceKind(enum.Enum):
    """What is to be done for a replica, or is in the way."""
    PLACE = "place"
    CHANGE = "change"
    MOVE = "move"
    RELEASE = "release"
    DISPLACED = "displaced"
    NO_ROOM = "no-room"
    OTHER = "other"
    UNMANAGED = "unmanaged"


# Lines that say what is there, and not what is to be done.
_NOT_TO_DO = (DifferenceKind.OTHER, DifferenceKind.UNMANAGED)


@dataclass(frozen=True)
class Place:
    """A partition, by the PCI address of its GPU."""
    bdf: str
    partition: int

    def __str__(self) -> str:
        return f"{self.bdf}/{self.partition}"


@dataclass(frozen=True)
class ReplicaDifference:
    """One line of a difference. lease: None when the replica has none."""
    kind: DifferenceKind
    name: str
    replica: int
    lease: Optional[int]
    bytes: int
    has: Optional[Place]
    wants: Optional[Place]
    fields: str
    owner: str
    is_alive: bool
    is_displaced: bool
    is_withheld: bool


@dataclass(frozen=True)
class Difference:
    """What a node is not yet of what its file says.

    modes: sentences about GPUs; replicas: lines about leases, also those that stay as they are;
    refusal: why the modes cannot be switched now, None when they can.
    """
    modes: Tuple[str, ...]
    replicas: Tuple[ReplicaDifference, ...]
    is_empty: bool
    refusal: Optional[RocpartError]

    @property
    def to_do(self) -> Tuple[ReplicaDifference, ...]:
        """Lines of replicas that are not as the file says."""
        return tuple(r for r in self.replicas if r.kind not in _NOT_TO_DO)


@dataclass(frozen=True)
class PlacedReplica:
    """A replica that got a lease, or whose lease was changed or moved."""
    lease: int
    name: str
    replica: int
    bytes: int
    place: Place


@dataclass(frozen=True)
class Applied:
    """What an apply did. left: the difference after it, empty when all was done."""
    before: Difference
    placed: Tuple[PlacedReplica, ...]
    left: Difference

    @property
    def is_done(self) -> bool:
        """Whether the node is as the file says now."""
        return self.left.is_empty


class Result(enum.Enum):
    """How an apply ended."""
    DONE = "done"
    PARTLY = "partly"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True)
class Revision:
    """A file that was applied. text: the effective text; at_s: seconds since 1970."""
    revision: int
    at_s: int
    file: str
    checksum: str
    text: str
    config: str
    result: Result
    message: str


def _place(bdf: bytes, partition: int) -> Optional[Place]:
    return Place(decode(bdf), partition) if bdf else None


class _Comparison:
    """The library's objects of a file and of its difference; freed by close()."""

    def __init__(self, machine: Machine, path: Path, catalog: Optional[Catalog],
                 **options: Any) -> None:
        self._machine = machine
        self._catalog = catalog or Catalog()
        self._desired = lib.new("desired_open", encode(path), options["unattended"])
        self.handle: Optional[int] = None
        try:
            self.handle = lib.new("difference_new", machine.handle, self._desired)
            self._set(**options)
            lib.call("difference_compute", self.handle, self._catalog.handle)
        except BaseException:
            self.close()
            raise

    def _set(self, config: Optional[str], unattended: bool, allow_unvalidated: bool,
             take_over: bool, keep_others: bool, evict: bool) -> None:
        self._config = encode(config) if config is not None else None
        lib.difference_set_config(self.handle, self._config)
        lib.difference_set_unattended(self.handle, unattended)
        lib.difference_set_allow_unvalidated(self.handle, allow_unvalidated)
        lib.difference_set_take_over(self.handle, take_over)
        lib.difference_set_keep_others(self.handle, keep_others)
        lib.difference_set_spare_running(self.handle, not evict)

    def close(self) -> None:
        lib.difference_free(self.handle)
        lib.desired_free(self._desired)

    def __enter__(self) -> "_Comparison":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()

    def _replica(self, i: DifferenceItem) -> ReplicaDifference:
        kind = DifferenceKind(decode(lib.difference_kind_to_string(i.kind)))
        return ReplicaDifference(
            kind=kind, name=decode(i.name), replica=i.replica, lease=i.lease or None, bytes=i.bytes,
            has=_place(i.from_bdf, i.from_partition), wants=_place(i.to_bdf, i.to_partition),
            fields=decode(i.fields), owner=decode(i.owner), is_alive=i.is_alive,
            is_displaced=i.is_displaced, is_withheld=i.is_withheld)

    @property
    def change(self) -> int:
        return int(lib.difference_get_change(self.handle))

    def read(self) -> Difference:
        replicas, item = [], DifferenceItem()
        while lib.difference_get(self.handle, len(replicas), ctypes.byref(item)) == 0:
            replicas.append(self._replica(item))
        refusal = lib.difference_get_refusal(self.handle)
        return Difference(
            modes=tuple(texts(lib.change_get_difference, self.change)), replicas=tuple(replicas),
            is_empty=bool(lib.difference_is_empty(self.handle)),
            refusal=error_of(refusal.contents, refusal.contents.errnum) if refusal else None)

    def record(self, result: str, message: str) -> None:
        """Keep the file among those that were applied; see Node.revisions()."""
        lib.call("applied_record", self._machine.handle, self._desired, self._config,
                 encode(result), encode(message))

    def apply(self, evict: bool) -> Tuple[PlacedReplica, ...]:
        lib.change_set_evict(self.change, evict)
        lib.call("change_check", self.change)
        lib.call("change_apply", self.change)
        handle = lib.new("difference_place", self.handle)
        try:
            found = []
            while True:
                p = lib.leases_get(handle, len(found))
                if not p:
                    return tuple(found)
                x = p.contents
                found.append(PlacedReplica(x.id, decode(x.name), x.replica, x.bytes,
                                           Place(decode(x.bdf), x.partition)))
        finally:
            lib.leases_free(handle)


def compare(machine: Machine, path: Path, catalog: Optional[Catalog] = None,
            **options: Any) -> Difference:
    """See Node.difference()."""
    with _Comparison(machine, path, catalog, **options) as c:
        return c.read()


def apply(machine: Machine, path: Path, catalog: Optional[Catalog] = None,
          **options: Any) -> Applied:
    """See Node.apply()."""
    with _Comparison(machine, path, catalog, **options) as c:
        before = c.read()
        placed: Tuple[PlacedReplica, ...] = ()
        try:
            if not before.is_empty:
                if options["unattended"]:
                    machine.check_hold()
                _refuse_without_room(before, options["unattended"])
                placed = c.apply(options["evict"])
        except RocpartError as e:
            c.record("failed", str(e))
            raise
        left = compare(machine, path, catalog, **options)
        c.record("partly" if not left.is_empty else "unchanged" if before.is_empty else "done", "")
    return Applied(before, placed, left)


def _refuse_without_room(d: Difference, unattended: bool) -> None:
    """As the command: without room for all nothing is begun, unless it only lost its place."""
    new = [r for r in d.replicas if r.kind is DifferenceKind.NO_ROOM and not r.is_displaced]
    if new and not unattended:
        names = ", ".join(f"{r.name}/{r.replica}" for r in new)
        raise NoRoomError(-28, Errcode.NO_ROOM, new[0].name,
                          f"no partition has room for {names}; nothing was changed")


class Node:
    """A machine and its node.yaml: what differs, and making it so.

    A node is opened with a Machine, which it does not close.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def revisions(self) -> Tuple[Revision, ...]:
        """Return the files that were applied, the newest first; the last 20 are kept."""
        handle = lib.new("applied_new", self.machine.handle)
        try:
            found: List[Revision] = []
            while True:
                p = lib.applied_get(handle, len(found))
                if not p:
                    return tuple(found)
                v = p.contents
                found.append(Revision(v.revision, v.at_s, decode(v.file), decode(v.checksum),
                                      decode(v.text), decode(v.config), Result(decode(v.result)),
                                      decode(v.message)))
        finally:
            lib.applied_free(handle)

    def difference(self, path: Path, *, config: Optional[str] = None, unattended: bool = False,
                   allow_unvalidated: bool = False, take_over: bool = False,
                   keep_others: bool = False, evict: bool = False,
                   catalog: Optional[Catalog] = None) -> Difference:
        """Compare the node with a file. Writes nothing; options as of `rocpart apply`."""
        return compare(self.machine, path, catalog, config=config, unattended=unattended,
                       allow_unvalidated=allow_unvalidated, take_over=take_over,
                       keep_others=keep_others, evict=evict)

    def apply(self, path: Path, *, config: Optional[str] = None, unattended: bool = False,
              allow_unvalidated: bool = False, take_over: bool = False, keep_others: bool = False,
              evict: bool = False, catalog: Optional[Catalog] = None) -> Applied:
        """Make the node as a file says; raise the reason of a refusal.

        Leases whose programs run are left as they are unless evict is set; Applied.left names them.
        """
        return apply(self.machine, path, catalog, config=config, unattended=unattended,
                     allow_unvalidated=allow_unvalidated, take_over=take_over,
                     keep_others=keep_others, evict=evict)
