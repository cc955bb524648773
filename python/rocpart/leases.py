# SPDX-License-Identifier: MIT
"""Accounting of the bytes of partitions: durable leases, or books in memory.

Both store the exact bytes of each claim, so that a release returns exactly the claimed bytes.
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
    """Bytes of a partition that one replica of a model holds."""
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
class Request:
    """A request for bytes of a partition."""
    name: str
    bytes: int
    priority: int = 0
    owner: str = "none"
    labels: Optional[Dict[str, str]] = None
    footprint: Optional[Footprint] = None

    def __post_init__(self) -> None:
        if self.bytes <= 0:
            raise ValueError("a claim needs at least one byte")


class Books(Protocol):
    """Interface of both kinds of books."""

    def claims(self, bdf: str) -> List[Claim]:
        """Return the claims on a GPU, in the order of their numbers."""

    def place(self, request: Request, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raise NoRoomError when the partition has no room."""

    def release(self, claim: Claim) -> None:
        """Release a claim, which frees exactly its bytes."""

    def set_state(self, claim: Claim, state: str) -> None:
        """Record the state of a claim; the claim keeps its bytes."""


def _no_room(name: str, wanted: int, free: int) -> NoRoomError:
    return NoRoomError(-28, Errcode.NO_ROOM, name,
                       f"'{name}' needs {gib(wanted)}, the partition has {gib(free)} free")


def gib(n_bytes: int) -> str:
    """Format bytes for people."""
    return f"{n_bytes / 2**30:.1f} GiB"


class MemoryBooks:
    """Books of a private machine; they end with the object."""

    def __init__(self) -> None:
        self._claims: Dict[int, Claim] = {}
        self._last_id = 0

    def claims(self, bdf: str) -> List[Claim]:
        """Return the claims on a GPU, in the order of their numbers."""
        return [c for c in self._claims.values() if c.bdf == bdf]

    def place(self, request: Request, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raise NoRoomError when the partition has no room."""
        _check_name(request.name)
        taken = sum(c.bytes for c in self.claims(partition.bdf)
                    if c.partition_id == partition.id)
        if request.bytes > usable_bytes - taken:
            raise _no_room(request.name, request.bytes, usable_bytes - taken)
        self._last_id += 1
        claim = Claim(self._last_id, request.name, request.bytes, partition.bdf, partition.id,
                      "placed", request.priority, request.owner, dict(request.labels or {}))
        self._claims[claim.id] = claim
        return claim

    def release(self, claim: Claim) -> None:
        """Release a claim, which frees exactly its bytes."""
        if self._claims.pop(claim.id, None) is None:
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(claim.id), "there is no such claim")

    def set_state(self, claim: Claim, state: str) -> None:
        """Record the state of a claim; the claim keeps its bytes."""
        self._claims[claim.id] = replace(self._claims[claim.id], state=state)


class LeaseBooks:
    """Books of durable leases, shared with the rocpart command and other programs."""

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
        """Return the claims on a GPU, in the order of their numbers."""
        every = self._read(lib.new("leases_new", self._machine.handle))
        return [c for c in every if c.bdf == bdf]

    def place(self, request: Request, partition: Partition, usable_bytes: int) -> Claim:
        """Claim bytes of a partition; raise NoRoomError when the partition has no room."""
        if request.bytes <= 0:  # the library reads 0 as the whole partition
            raise ValueError("a claim needs at least one byte")
        options = ctypes.c_void_p()
        lib.call("place_options_new", encode(request.name), request.bytes, ctypes.byref(options))
        try:
            lib.call("place_options_set_owner", options, encode(request.owner))
            lib.call("place_options_set_partition", options, encode(partition.name))
            lib.call("place_options_set_share", options, _MAX_TENANTS)
            lib.place_options_set_priority(options, request.priority)
            for key, value in (request.labels or {}).items():
                lib.call("place_options_set_label", options, encode(key), encode(value))
            if request.footprint:
                lib.call("place_options_set_footprint", options, request.footprint.handle)
            return self._read(lib.new("place", self._machine.handle, options))[0]
        finally:
            lib.place_options_free(options)

    def release(self, claim: Claim) -> None:
        """Release a claim, which frees exactly its bytes."""
        n, in_use = ctypes.c_size_t(), ctypes.c_uint64()
        lib.call("lease_release", self._machine.handle, encode(str(claim.id)), ctypes.byref(n),
                 ctypes.byref(in_use))

    def set_state(self, claim: Claim, state: str) -> None:
        """Record the state of a claim; the claim keeps its bytes."""
        lib.call("lease_set_state", self._machine.handle, claim.id, STATES.index(state))


def _check_name(name: str) -> None:
    """Raise InvalidArgumentError for a name that no durable lease can have."""
    options = ctypes.c_void_p()
    lib.call("place_options_new", encode(name), 1, ctypes.byref(options))
    lib.place_options_free(options)


def _claim(lease: Any) -> Claim:
    labels = decode(lease.labels)
    return Claim(lease.id, decode(lease.name), lease.bytes, decode(lease.bdf), lease.partition,
                 STATES[lease.state] if lease.state < len(STATES) else "unknown", lease.priority,
                 decode(lease.owner), json.loads(labels) if labels else {}, decode(lease.problem))
