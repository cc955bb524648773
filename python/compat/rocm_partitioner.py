# SPDX-License-Identifier: MIT
"""ROCmPartitioner: a private simulated machine, for development without a GPU.

Each object has a machine of its own in memory, of the product that initialize() names. The machine
behaves like the kernel: it refuses modes that the product lacks, and enforces the same bytes.
"""
import math
from typing import List, Optional, Sequence, Tuple

from rocpart import Errcode, sim
from rocpart.errors import InvalidArgumentError, NoRoomError, RocpartError
from rocpart.leases import Books, MemoryBooks, gib
from rocpart.node import Machine, Pair, PairState, Snapshot, as_mode
from rocpart.partitioner import (GIB, BasePartitioner, ComputeMode, ComputePartitionMode,
                                 MemoryMode, MemoryPartition, MemoryPartitionMode, Slot)

__all__ = ["ComputePartitionMode", "MemoryPartition", "MemoryPartitionMode", "ROCmPartitioner"]


class ROCmPartitioner(BasePartitioner):
    """One GPU of a private simulated machine, partitioned by sizes or by modes."""

    amd_smi_available = False

    def __init__(self, gpu_id: int = 0, catalog: Optional[object] = None) -> None:
        super().__init__(gpu_id, catalog)  # type: ignore[arg-type]
        self._shares: List[Tuple[int, int]] = []  # (device, bytes); empty: whole devices

    def _open_machine(self) -> Tuple[Machine, Books]:
        raise InvalidArgumentError(-22, Errcode.INVALID_ARGUMENT, "",
                                   "Partitioner not initialized")

    def initialize(self, gpu_name: str, partition_sizes_gb: Optional[Sequence[float]] = None,
                   compute_mode: Optional[ComputePartitionMode] = None,
                   memory_mode: Optional[MemoryPartitionMode] = None) -> bool:
        """Partition a GPU of a new private machine; on False last_error has the reason.

        partition_sizes_gb: sizes in GiB. The call selects the coarsest mode that gives each size a
        device of its own. When no mode has such devices, the sizes become shares of one device.
        compute_mode, memory_mode: modes to set when no sizes are given, CPX and NPS4 by default.
        """
        if self._is_initialized:
            self._fail("Partitioner already initialized")
            return False
        try:
            profile = sim.profile_of_product(gpu_name)
            self._machine = Machine.in_memory(sim.profile_text(profile), profile)
            self._books = MemoryBooks()
            self._shares = []
            if partition_sizes_gb is not None:
                self._cut(self._bytes_of(partition_sizes_gb))
            else:
                self._switch(as_mode(ComputeMode, (compute_mode or ComputePartitionMode.CPX).value),
                             as_mode(MemoryMode, (memory_mode or MemoryPartitionMode.NPS4).value),
                             allow_unvalidated=True)
        except RocpartError as e:
            self._machine = self._books = None
            self._fail(e)
            return False
        self.gpu_name = gpu_name
        self._is_initialized = True
        return True

    @staticmethod
    def _bytes_of(sizes: Sequence[float]) -> List[int]:
        for size in sizes:
            if not isinstance(size, (int, float)) or not math.isfinite(size) or size <= 0:
                raise InvalidArgumentError(-22, Errcode.INVALID_ARGUMENT, "",
                                           f"{size!r} is not a size in GiB")
        if not sizes:
            raise InvalidArgumentError(-22, Errcode.INVALID_ARGUMENT, "",
                                       "no partition size was given")
        return [int(size * GIB) for size in sizes]

    def _cut(self, sizes: List[int]) -> None:
        snapshot = self._observe()
        gpu = self._gpu(snapshot)
        pairs = sorted((p for p in snapshot.pairs(gpu) if p.state != PairState.NEVER),
                       key=lambda p: (p.n_partitions, not p.validated, p.memory))
        for pair in pairs:
            shares = self._own_devices(sizes, pair)
            if shares:
                break
        else:
            pair = pairs[0]
            shares = [(0, size) for size in sizes]
            if sum(sizes) > max(pair.memory_bytes):
                raise NoRoomError(-28, Errcode.NO_ROOM, "", f"the sizes need {gib(sum(sizes))}, "
                                  f"the GPU has {gib(max(pair.memory_bytes))}")
        self._switch(pair.compute, pair.memory, allow_unvalidated=True)
        self._shares = shares

    @staticmethod
    def _own_devices(sizes: List[int], pair: Pair) -> List[Tuple[int, int]]:
        """Give each size a device, the largest the largest one; [] when devices are too small."""
        if len(sizes) > pair.n_partitions:
            return []
        devices = sorted(range(pair.n_partitions), key=lambda i: (-pair.memory_bytes[i], i))
        order = sorted(range(len(sizes)), key=lambda i: (-sizes[i], i))
        if any(sizes[i] > pair.memory_bytes[d] for i, d in zip(order, devices)):
            return []
        chosen = dict(zip(order, sorted(devices[:len(sizes)]) if len(set(sizes)) == 1
                          else devices))
        return [(chosen[i], sizes[i]) for i in range(len(sizes))]

    def _slots(self, snapshot: Snapshot) -> List[Slot]:
        whole = super()._slots(snapshot)
        if not self._shares:
            return whole
        by_id = {s.id: s for s in whole}
        return [Slot(i, by_id[d].device, size, min(size, by_id[d].usable_bytes))
                for i, (d, size) in enumerate(self._shares) if d in by_id]
