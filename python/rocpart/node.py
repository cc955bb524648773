# SPDX-License-Identifier: MIT
"""Machines, and immutable snapshots of machines."""
import ctypes
import os
import weakref
from dataclasses import dataclass
from typing import Any, List, Optional, Tuple, Type, TypeVar, Union

from ._abi import AcceptedGpu, Backend, ComputeMode, MachineKind, MemoryMode, MissingWhere, PairState
from ._lib import decode, encode, lib, maybe, texts

_Mode = TypeVar("_Mode", ComputeMode, MemoryMode)


def as_mode(kind: Type[_Mode], mode: Union[_Mode, str, None]) -> _Mode:
    """Convert a mode or its name to a mode; None becomes UNKNOWN, which keeps the mode."""
    if mode is None:
        return kind.UNKNOWN
    if isinstance(mode, str):
        out = ctypes.c_int()
        lib.check("compute_mode_from_string" if kind is ComputeMode else "memory_mode_from_string",
                  encode(mode), ctypes.byref(out))
        return kind(out.value)
    return kind(mode)


@dataclass(frozen=True)
class Partition:
    """One logical device. A value is None when the machine does not show the value."""
    gpu_index: int
    bdf: str
    id: int
    first_xcd: int
    n_xcds: int
    cus: int
    memory_bytes: Optional[int]
    memory_limit_bytes: Optional[int]
    memory_domain: Optional[int]
    memory_domain_bytes: Optional[int]
    memory_used_bytes: Optional[int]
    render_minor: Optional[int]
    card_minor: Optional[int]
    kfd_node: int
    gpu_id: Optional[int]
    rocr_index: Optional[int]

    @property
    def name(self) -> str:
        """GPU/ID, as the rocpart command accepts it. Valid until a GPU is added or lost."""
        return f"{self.gpu_index}/{self.id}"

    @property
    def xcds(self) -> List[int]:
        """Logical numbers of the compute dies (XCDs) on the GPU."""
        return list(range(self.first_xcd, self.first_xcd + self.n_xcds))


@dataclass(frozen=True)
class Gpu:
    """One physical package. A value is None when the machine does not show the value."""
    index: int
    former_index: Optional[int]
    bdf: str
    product: Optional[str]
    device_id: int
    vbios: Optional[str]
    newer_firmware: Optional[Tuple[MemoryMode, str]]
    compute_mode: ComputeMode
    compute_mode_derived: bool
    memory_mode: MemoryMode
    pending_memory_mode: MemoryMode
    partitionable: Optional[bool]
    healthy: Optional[bool]
    uncorrectable_errors: Optional[int]
    bad_pages: Optional[int]
    degraded: Tuple[str, ...]
    degraded_reason: Optional[str]
    notes: Tuple[str, ...]
    numa_node: Optional[int]
    hive_id: Optional[int]
    unique_id: Optional[int]
    n_xcds: int
    memory_used_bytes: Optional[int]
    n_expected_partitions: int
    partitions: Tuple[Partition, ...]

    def partition(self, partition_id: int) -> Optional[Partition]:
        """Return the partition with an id; None when the partition does not exist."""
        return next((p for p in self.partitions if p.id == partition_id), None)


@dataclass(frozen=True)
class MissingGpu:
    """A GPU that rocpart recorded and that is not there now."""
    bdf: str
    product: Optional[str]
    where: MissingWhere
    was_index: int

    def __str__(self) -> str:
        return f"GPU {self.bdf} is missing: {decode(lib.missing_where_describe(self.where))}"


@dataclass(frozen=True)
class Pair:
    """A pair of modes of a GPU and its result."""
    compute: ComputeMode
    memory: MemoryMode
    state: PairState
    validated: bool
    n_partitions: int
    n_expected: int
    xcds: int
    cus: int
    memory_bytes: Tuple[int, ...]
    domain_bytes: Tuple[int, ...]
    reason: str
    vendor: str
    dissent: str

    @property
    def name(self) -> str:
        """Name of the pair, "CPX/NPS4"."""
        return f"{self.compute.name}/{self.memory.name}"


def _partition(handle: int, index: int, bdf: str) -> Partition:
    first, count = ctypes.c_uint(), ctypes.c_uint()
    domain, domain_bytes = ctypes.c_uint(), ctypes.c_uint64()
    lib.partition_get_xcds(handle, ctypes.byref(first), ctypes.byref(count))
    known = lib.partition_get_memory_domain(handle, ctypes.byref(domain),
                                            ctypes.byref(domain_bytes)) == 0
    return Partition(
        gpu_index=index, bdf=bdf, id=lib.partition_get_id(handle),
        first_xcd=first.value, n_xcds=count.value, cus=lib.partition_get_cus(handle),
        memory_bytes=maybe("partition_get_memory_bytes", handle, ctypes.c_uint64),
        memory_limit_bytes=maybe("partition_get_memory_limit_bytes", handle, ctypes.c_uint64),
        memory_domain=domain.value if known else None,
        memory_domain_bytes=domain_bytes.value if known else None,
        memory_used_bytes=maybe("partition_get_memory_used_bytes", handle, ctypes.c_uint64),
        render_minor=lib.partition_get_render_minor(handle) or None,
        card_minor=maybe("partition_get_card_minor", handle, ctypes.c_uint),
        kfd_node=lib.partition_get_kfd_node(handle),
        gpu_id=maybe("partition_get_gpu_id", handle, ctypes.c_uint64),
        rocr_index=maybe("partition_get_rocr_index", handle, ctypes.c_uint))


def _newer_firmware(handle: int) -> Optional[Tuple[MemoryMode, str]]:
    """Return the memory mode that newer firmware would offer, and that firmware."""
    mode, firmware = ctypes.c_int(), ctypes.c_char_p()
    if lib.gpu_get_newer_firmware(handle, ctypes.byref(mode), ctypes.byref(firmware)) < 0:
        return None
    return MemoryMode(mode.value), decode(firmware.value)


def _gpu(handle: int) -> Gpu:
    index, bdf = lib.gpu_get_index(handle), decode(lib.gpu_get_bdf(handle))
    errors, pages = ctypes.c_uint64(), ctypes.c_uint64()
    health = lib.gpu_get_health(handle, ctypes.byref(errors), ctypes.byref(pages))
    partitions = [lib.gpu_get_partition(handle, i)
                  for i in range(lib.gpu_get_partition_count(handle))]
    return Gpu(
        index=index, former_index=maybe("gpu_get_former_index", handle, ctypes.c_uint),
        bdf=bdf, product=decode(lib.gpu_get_product(handle)),
        device_id=lib.gpu_get_device_id(handle), vbios=decode(lib.gpu_get_vbios(handle)),
        newer_firmware=_newer_firmware(handle),
        compute_mode=ComputeMode(lib.gpu_get_compute_mode(handle)),
        compute_mode_derived=lib.gpu_is_compute_mode_derived(handle),
        memory_mode=MemoryMode(lib.gpu_get_memory_mode(handle)),
        pending_memory_mode=MemoryMode(lib.gpu_get_pending_memory_mode(handle)),
        partitionable=maybe("gpu_get_partitionable", handle, ctypes.c_bool),
        healthy=None if health < 0 else health == 1,
        uncorrectable_errors=None if health < 0 else errors.value,
        bad_pages=None if health < 0 else pages.value,
        degraded=tuple(texts(lib.gpu_get_degraded, handle)),
        degraded_reason=decode(lib.gpu_get_degraded_reason(handle)),
        notes=tuple(texts(lib.gpu_get_note, handle)),
        numa_node=maybe("gpu_get_numa_node", handle, ctypes.c_uint),
        hive_id=maybe("gpu_get_hive_id", handle, ctypes.c_uint64),
        unique_id=maybe("gpu_get_unique_id", handle, ctypes.c_uint64),
        n_xcds=lib.gpu_get_xcd_count(handle),
        memory_used_bytes=maybe("gpu_get_memory_used_bytes", handle, ctypes.c_uint64),
        n_expected_partitions=lib.gpu_get_expected_partition_count(handle),
        partitions=tuple(_partition(p, index, bdf) for p in partitions))


def _missing(handle: int) -> List[MissingGpu]:
    found: List[MissingGpu] = []
    while True:
        p = lib.snapshot_get_missing(handle, len(found))
        if not p:
            return found
        g = p.contents
        found.append(MissingGpu(decode(g.bdf), decode(g.product), MissingWhere(g.where),
                                g.was_index))


class Snapshot:
    """An immutable snapshot of a machine under one KFD generation."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        weakref.finalize(self, lib.snapshot_unref, handle)
        generation = ctypes.c_uint64()
        r = lib.snapshot_get_generation(handle, ctypes.byref(generation))
        self.generation: Optional[int] = generation.value if r == 0 else None
        self.kind = MachineKind(lib.snapshot_get_kind(handle))
        self.problem: Optional[str] = decode(lib.snapshot_get_problem(handle))
        self.abi: Optional[str] = decode(lib.snapshot_get_abi(handle))
        self.gpus: Tuple[Gpu, ...] = tuple(
            _gpu(lib.snapshot_get_gpu(handle, i))
            for i in range(lib.snapshot_get_gpu_count(handle)))
        self.missing: Tuple[MissingGpu, ...] = tuple(_missing(handle))

    @property
    def partitions(self) -> List[Partition]:
        """Every partition of every GPU."""
        return [p for g in self.gpus for p in g.partitions]

    def find_gpu(self, name: Union[int, str]) -> Gpu:
        """Find a GPU by index, BDF or unique id."""
        out = ctypes.c_void_p()
        lib.call("snapshot_find_gpu", self.handle, encode(str(name)), ctypes.byref(out))
        return self.gpus[lib.gpu_get_index(out)]

    def find_partition(self, name: str) -> Partition:
        """Find a partition by "GPU/ID"."""
        out = ctypes.c_void_p()
        lib.call("snapshot_find_partition", self.handle, encode(name), ctypes.byref(out))
        gpu = self.gpus[lib.gpu_get_index(lib.partition_get_gpu(out))]
        found = gpu.partition(lib.partition_get_id(out))
        assert found is not None
        return found

    def pairs(self, gpu: Gpu) -> List[Pair]:
        """List every pair of modes of a GPU; impossible pairs have a reason."""
        handle = lib.new("pairs_new", self.handle, self.gpu_handle(gpu))
        try:
            rows = [lib.pairs_get(handle, i).contents
                    for i in range(lib.pairs_get_count(handle))]
            return [Pair(ComputeMode(p.compute), MemoryMode(p.memory), PairState(p.state),
                         p.validated, p.n_partitions, p.n_expected, p.xcds, p.cus,
                         tuple(p.memory_bytes[:p.n_partitions]),
                         tuple(b for b in p.domain_bytes if b), decode(p.reason), decode(p.vendor), decode(p.dissent)) for p in rows]
        finally:
            lib.pairs_free(handle)

    def gpu_handle(self, gpu: Gpu) -> int:
        """Return the library's object of a GPU."""
        return int(lib.snapshot_get_gpu(self.handle, gpu.index))

    def export(self) -> str:
        """Return the current modes as a file that Change.load() reads."""
        out = ctypes.c_char_p()
        lib.call("snapshot_export", self.handle, ctypes.byref(out))
        return str(lib.take_text(out))


class Machine:
    """This computer, a capture, or a simulated machine. One thread at a time may use a machine."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._close = weakref.finalize(self, lib.machine_close, handle)

    @classmethod
    def real(cls, state_dir: Union[str, "os.PathLike[str]", None] = None) -> "Machine":
        """Open the computer that the program runs on. Touches no hardware."""
        return cls(lib.new("machine_open_real", encode(state_dir) if state_dir else None))

    @classmethod
    def capture(cls, folder: Union[str, "os.PathLike[str]"]) -> "Machine":
        """Open files that were copied from a real machine; a capture is read-only."""
        return cls(lib.new("machine_open_capture", encode(folder)))

    @classmethod
    def sim(cls, folder: Union[str, "os.PathLike[str]"]) -> "Machine":
        """Open the simulated machine in a folder; see rocpart.sim."""
        return cls(lib.new("machine_open_sim", encode(folder)))

    @classmethod
    def in_memory(cls, profile: str, name: str = "profile") -> "Machine":
        """Open a private simulated machine in memory, which ends with the object.

        profile: text of a profile, see profiles/; name: name of the profile in messages.
        """
        text = profile.encode()
        return cls(lib.new("machine_open_sim_memory", text, len(text), encode(name)))

    @property
    def kind(self) -> MachineKind:
        """Kind of the machine: REAL, CAPTURE or SIM."""
        return MachineKind(lib.machine_get_kind(self.handle))

    def read_generation(self) -> Optional[int]:
        """Read a number that changes with each switch; None without a KFD. Reads one file."""
        return maybe("machine_read_generation", self.handle, ctypes.c_uint64)

    def observe(self) -> Snapshot:
        """Make a snapshot of the machine."""
        return Snapshot(lib.new("machine_observe", self.handle))

    def set_backend(self, backend: Backend) -> None:
        """Observe and switch through the kernel's files, AMD's library or AMD's command."""
        lib.call("machine_set_backend", self.handle, backend)

    def set_cordon(self, bdf: str, cordoned: bool = True) -> None:
        """Cordon a GPU against changes and placement, or remove the cordon. Durable."""
        lib.call("machine_set_cordon", self.handle, encode(bdf), cordoned)

    def check_hold(self) -> None:
        """Raise RefusedError while unattended changes are on hold: for a program without a person."""
        lib.call("machine_check_hold", self.handle)

    def set_hold(self, seconds: int, reason: str) -> None:
        """Put unattended changes on hold for some time. Durable."""
        lib.call("machine_set_hold", self.handle, seconds, encode(reason))

    def end_hold(self) -> bool:
        """End the hold; False: there was none."""
        ended = ctypes.c_bool()
        lib.call("machine_end_hold", self.handle, ctypes.byref(ended))
        return ended.value

    def accept_gpu(self, bdf: str) -> bool:
        """Record the GPU at a PCI address as the right one, or as gone; False: nothing changed."""
        accepted = AcceptedGpu()
        lib.call("machine_accept_gpu", self.handle, encode(bdf), ctypes.byref(accepted))
        return bool(accepted.is_changed)

    def close(self) -> None:
        """Close the machine now. Its snapshots stay valid."""
        self._close()
        self.handle = 0

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()
