# SPDX-License-Identifier: MIT
"""Who has how many bytes of which partition: durable leases, or books in memory.

Both keep what was taken, byte for byte, so that giving back can never return another number.
"""
import ctypes
import json
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Protocol

from ._abi import Errcode
from ._lib import decode, encode, lib
from .errors import NoRoomError, NotFoundError
from .model import Footprint
from .node import Machine, Partition

STATES = ("pending", "placed", "running", "stopped", "displaced")
_MAX_TENANTS = 64


@dataclass(frozen=True)
class Claim:
    """Bytes of a partition that one replica of a model has."""
    id: int
    name: str
    bytes: int
    bdf: str
    partition_id: int
    state: str
    priority: int
    owner: str
    labels: Dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Wish:
    """What is to be claimed."""
    name: str
    bytes: int
    priority: int = 0
    owner: str = "none"
    labels: Optional[Dict[str, str]] = None
    footprint: Optional[Footprint] = None

    def __post_init__(self) -> None:
        if self.bytes <= 0:
            raise ValueError("a claim has at least one byte")


class Books(Protocol):
    """What both kinds of books can do."""

    def claims(self, bdf: str) -> List[Claim]:
        """Claims on a GPU, in the order of their numbers."""

    def place(self, wish: Wish, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raises when they are not there."""

    def release(self, claim: Claim) -> None:
        """End a claim: exactly its bytes come back."""

    def set_state(self, claim: Claim, state: str) -> None:
        """Record what is known of it; it keeps its bytes."""


def _no_room(name: str, wanted: int, free: int) -> NoRoomError:
    return NoRoomError(-28, Errcode.NO_ROOM, name,
                       f"'{name}' needs {gib(wanted)}, the partition has {gib(free)} free")


def gib(n_bytes: int) -> str:
    """Bytes for people."""
    return f"{n_bytes / 2**30:.1f} GiB"


class MemoryBooks:
    """Books that end with the object: of a machine that nobody else sees."""

    def __init__(self) -> None:
        self._claims: Dict[int, Claim] = {}
        self._last_id = 0

    def claims(self, bdf: str) -> List[Claim]:
        """Claims on a GPU, in the order of their numbers."""
        return [c for c in self._claims.values() if c.bdf == bdf]

    def place(self, wish: Wish, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raises when they are not there."""
        taken = sum(c.bytes for c in self.claims(partition.bdf)
                    if c.partition_id == partition.id)
        if wish.bytes > usable_bytes - taken:
            raise _no_room(wish.name, wish.bytes, usable_bytes - taken)
        self._last_id += 1
        claim = Claim(self._last_id, wish.name, wish.bytes, partition.bdf, partition.id, "placed",
                      wish.priority, wish.owner, dict(wish.labels or {}))
        self._claims[claim.id] = claim
        return claim

    def release(self, claim: Claim) -> None:
        """End a claim: exactly its bytes come back."""
        if self._claims.pop(claim.id, None) is None:
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(claim.id), "there is no such claim")

    def set_state(self, claim: Claim, state: str) -> None:
        """Record what is known of it; it keeps its bytes."""
        self._claims[claim.id] = replace(self._claims[claim.id], state=state)


class LeaseBooks:
    """The durable leases of a machine, shared with the rocpart command and other programs."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def _read(self, handle: int) -> List[Claim]:
        found: List[Claim] = []
        try:
            while True:
                p = lib.leases_get(handle, len(found))
                if not p:
                    return found
                found.append(_claim(p.contents))
        finally:
            lib.leases_free(handle)

    def claims(self, bdf: str) -> List[Claim]:
        """Claims on a GPU, in the order of their numbers."""
        every = self._read(lib.new("leases_new", self._machine.handle))
        return [c for c in every if c.bdf == bdf]

    def place(self, wish: Wish, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raises when they are not there."""
        if wish.bytes <= 0:  # to the library 0 is a whole partition
            raise ValueError("a claim has at least one byte")
        options = ctypes.c_void_p()
        lib.call("place_options_new", encode(wish.name), wish.bytes, ctypes.byref(options))
        try:
            lib.call("place_options_set_owner", options, encode(wish.owner))
            lib.call("place_options_set_partition", options, encode(partition.name))
            lib.call("place_options_set_share", options, _MAX_TENANTS)
            lib.place_options_set_priority(options, wish.priority)
            for key, value in (wish.labels or {}).items():
                lib.call("place_options_set_label", options, encode(key), encode(value))
            if wish.footprint:
                lib.call("place_options_set_footprint", options, wish.footprint.handle)
            return self._read(lib.new("place", self._machine.handle, options))[0]
        finally:
            lib.place_options_free(options)

    def release(self, claim: Claim) -> None:
        """End a claim: exactly its bytes come back."""
        n, in_use = ctypes.c_size_t(), ctypes.c_uint64()
        lib.call("lease_release", self._machine.handle, encode(str(claim.id)), ctypes.byref(n),
                 ctypes.byref(in_use))

    def set_state(self, claim: Claim, state: str) -> None:
        """Record what is known of it; it keeps its bytes."""
        lib.call("lease_set_state", self._machine.handle, claim.id, STATES.index(state))


def _claim(lease: Any) -> Claim:
    labels = decode(lease.labels)
    return Claim(lease.id, decode(lease.name), lease.bytes, decode(lease.bdf), lease.partition,
                 STATES[lease.state] if lease.state < len(STATES) else "unknown", lease.priority,
                 decode(lease.owner), json.loads(labels) if labels else {}, decode(lease.problem))
