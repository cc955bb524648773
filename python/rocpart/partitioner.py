# SPDX-License-Identifier: MIT
"""Common base of ROCmPartitioner and ROCmPartitionerReal.

Partitions and modes are always those that the machine shows now; the books account for the bytes.
Methods that return bool or (bool, text) raise no exception for a refusal: they log the reason and
store the reason in last_error.
"""
import enum
import logging
from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from .change import Change
from .errors import (MachineError, ModeError, NoHardwareError, NoRoomError, NotFoundError,
                     RefusedError, RocpartError)
from .handout import Handout
from .leases import Books, Claim, Request, gib
from .aliases import find_model
from .model import Catalog, Footprint, usable_bytes
from .node import ComputeMode, Gpu, Machine, MemoryMode, Pair, Partition, Snapshot
from ._abi import Errcode, PairState

logger = logging.getLogger("rocpart")
GIB = 2**30
MISSION_VARIABLES = ("ROCR_VISIBLE_DEVICES", "AIM_PARTITION_ID", "AIM_COMPUTE_MODE",
                     "AIM_MEMORY_MODE", "AIM_XCD_ID")


def _render_node(minor: Optional[int]) -> Optional[str]:
    return f"/dev/dri/renderD{minor}" if minor else None


class ComputePartitionMode(enum.Enum):
    """How a GPU groups its XCDs. The product decides which of these modes a GPU accepts."""
    SPX = "SPX"
    DPX = "DPX"
    TPX = "TPX"
    QPX = "QPX"
    CPX = "CPX"


class MemoryPartitionMode(enum.Enum):
    """Number of memory domains. No known GPU accepts NPS3, NPS6 or NPS8."""
    NPS1 = "NPS1"
    NPS2 = "NPS2"
    NPS3 = "NPS3"
    NPS4 = "NPS4"
    NPS6 = "NPS6"
    NPS8 = "NPS8"


@dataclass
class MemoryPartition:
    """A copy of a partition and its allocations. Changing the copy changes no partition.

    usable_bytes: None becomes size_bytes. start_address: of the prototype; no partition has one.
    """
    partition_id: int
    size_bytes: int
    usable_bytes: int = None  # type: ignore[assignment]
    allocated_bytes: int = 0
    models: List[str] = field(default_factory=list)
    is_active: bool = True
    xcd_id: Optional[int] = None
    rocr_index: Optional[int] = None
    start_address: int = 0

    def __post_init__(self) -> None:
        if self.usable_bytes is None:
            self.usable_bytes = self.size_bytes

    @property
    def free_bytes(self) -> int:
        """Bytes that another model can use."""
        return self.usable_bytes - self.allocated_bytes


class Slot(NamedTuple):
    """The target of a partition_id: a device, or a share of a device."""
    id: int
    device: Partition
    size_bytes: int
    usable_bytes: int


class BasePartitioner:
    """One GPU of a machine, its partitions, and the models on them."""

    def __init__(self, gpu_id: int = 0, catalog: Optional[Catalog] = None) -> None:
        if isinstance(gpu_id, bool) or not isinstance(gpu_id, int) or gpu_id < 0:
            raise ValueError(f"gpu_id must be a number from 0, not {gpu_id!r}")
        self.gpu_id = gpu_id
        self.gpu_name: Optional[str] = None
        self.last_error: Optional[str] = None
        self.wait_ms = 10_000  # milliseconds that a switch waits for GPUs to become idle
        self._catalog = catalog
        self._machine: Optional[Machine] = None
        self._books: Optional[Books] = None
        self._host_bytes = 2 << 40
        self._is_initialized = False

    @property
    def _initialized(self) -> bool:
        """The name that the prototype's programs read."""
        return self._is_initialized

    # ---- the machine

    def _open(self) -> Tuple[Machine, Books]:
        """Return machine and books; the first call opens them, never the constructor."""
        if self._machine is None or self._books is None:
            self._machine, self._books = self._open_machine()
        return self._machine, self._books

    def _open_machine(self) -> Tuple[Machine, Books]:
        raise NotImplementedError

    def _observe(self) -> Snapshot:
        """Observe the machine again, because another program may have switched modes."""
        return self._open()[0].observe()

    def _gpu(self, snapshot: Optional[Snapshot] = None) -> Gpu:
        gpus = (snapshot or self._observe()).gpus
        if not gpus:
            raise NoHardwareError(-19, Errcode.NO_HARDWARE, "", "no AMD GPU that amdgpu drives "
                                  "was found", "ROCPART_SIM=mi300x-8 selects a simulated "
                                  "machine")
        if self.gpu_id >= len(gpus):
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(self.gpu_id),
                                f"there is no GPU {self.gpu_id}",
                                f"the machine has {len(gpus)} GPUs, numbered from 0")
        return gpus[self.gpu_id]

    def _usable(self, snapshot: Snapshot, partition: Partition) -> int:
        vram = sum(p.memory_bytes or 0 for p in snapshot.partitions)
        return usable_bytes(partition.memory_bytes or 0, self._host_bytes, vram)

    def _fail(self, why: Union[str, RocpartError]) -> str:
        self.last_error = str(why)
        logger.error("%s: %s", type(self).__name__, why)
        return self.last_error

    # ---- modes

    def _pair(self, snapshot: Snapshot, gpu: Gpu, compute: ComputeMode,
              memory: MemoryMode) -> Pair:
        """Return a pair that the GPU supports; raise an error with the supported pairs."""
        pairs = snapshot.pairs(gpu)
        legal = [p for p in pairs if p.state != PairState.NEVER]
        for p in legal:
            if p.compute == compute and p.memory == memory:
                return p
        reason = next((p.reason for p in pairs if p.compute == compute and p.memory == memory),
                      "the driver does not list the pair")
        raise ModeError(-22, Errcode.MODE_UNSUPPORTED, gpu.bdf,
                        f"{gpu.product or 'this GPU'} does not support "
                        f"{compute.name}/{memory.name}: {reason}",
                        "supported pairs: " + ", ".join(p.name for p in legal))

    def _switch(self, compute: Optional[ComputeMode], memory: Optional[MemoryMode],
                allow_unvalidated: bool) -> None:
        """Switch the GPU, and its whole hive for a memory mode, and verify the result."""
        snapshot = self._observe()
        gpu = self._gpu(snapshot)
        compute = compute or gpu.compute_mode
        memory = memory or gpu.memory_mode
        pair = self._pair(snapshot, gpu, compute, memory)
        if not pair.validated and pair.dissent and not allow_unvalidated:
            # The prototype's users named such pairs before a newer source left them out.
            logger.warning("%s: %s does not list %s, %s does", type(self).__name__, pair.vendor,
                           pair.name, pair.dissent)
            allow_unvalidated = True
        if (gpu.compute_mode, gpu.memory_mode) != (compute, memory):
            change = Change(self._open()[0], snapshot).allow_unvalidated(allow_unvalidated)
            change.set_wait_ms(self.wait_ms).set_modes(gpu, compute, memory)
            for other in snapshot.gpus if gpu.memory_mode != memory else ():
                if other.index != gpu.index and other.hive_id is not None \
                        and other.hive_id == gpu.hive_id:
                    keep = self._can_keep(snapshot, other, memory, allow_unvalidated)
                    change.set_modes(other, other.compute_mode if keep else compute, memory)
            change.apply()
        now = self._gpu()
        if (now.compute_mode, now.memory_mode) != (compute, memory) \
                or len(now.partitions) != pair.n_expected:
            raise MachineError(-5, Errcode.READBACK_MISMATCH, gpu.bdf,
                            f"requested {pair.name} with {pair.n_expected} partitions, the machine "
                            f"shows {now.compute_mode.name}/{now.memory_mode.name} with "
                            f"{len(now.partitions)}")

    @staticmethod
    def _can_keep(snapshot: Snapshot, other: Gpu, memory: MemoryMode,
                  allow_unvalidated: bool) -> bool:
        """Report whether another GPU of the hive can keep its compute mode in `memory`."""
        return any(p.compute == other.compute_mode and p.memory == memory
                   and p.state != PairState.NEVER and (p.validated or allow_unvalidated)
                   for p in snapshot.pairs(other))

    def get_current_partition_mode(self) -> Tuple[Optional[str], Optional[str]]:
        """Return the names of the current compute and memory mode; None: not known."""
        try:
            gpu = self._gpu()
        except RocpartError as e:
            self._fail(e)
            return None, None
        return (gpu.compute_mode.name if gpu.compute_mode else None,
                gpu.memory_mode.name if gpu.memory_mode else None)

    @property
    def compute_mode(self) -> Optional[ComputePartitionMode]:
        """Current compute mode of the GPU."""
        name = self.get_current_partition_mode()[0]
        return ComputePartitionMode(name) if name else None

    @property
    def memory_mode(self) -> Optional[MemoryPartitionMode]:
        """Current memory mode of the GPU."""
        name = self.get_current_partition_mode()[1]
        return MemoryPartitionMode(name) if name else None

    # ---- partitions

    def _slots(self, snapshot: Snapshot) -> List[Slot]:
        """Return the partitions of the GPU; a subclass may divide a device into shares."""
        return [Slot(p.id, p, p.memory_bytes or 0, self._usable(snapshot, p))
                for p in self._gpu(snapshot).partitions]

    def _slot_of(self, claim: Claim) -> int:
        return int(claim.labels.get("slot", claim.partition_id))

    @property
    def partitions(self) -> Dict[int, MemoryPartition]:
        """Partitions by id, as machine and books show them now."""
        return self._partitions(self._observe()) if self._is_initialized else {}

    def _partitions(self, snapshot: Snapshot) -> Dict[int, MemoryPartition]:
        found = {s.id: MemoryPartition(s.id, s.size_bytes, s.usable_bytes,
                                       xcd_id=s.device.first_xcd, rocr_index=s.device.rocr_index)
                 for s in self._slots(snapshot)}
        for claim in self._open()[1].claims(self._gpu(snapshot).bdf):
            p = found.get(self._slot_of(claim))
            if p:
                p.allocated_bytes += claim.bytes
                p.models.append(claim.name)
        return found

    def get_partition_info(self, partition_id: int) -> Optional[MemoryPartition]:
        """Return one partition; None when the partition does not exist."""
        return self.partitions.get(partition_id)

    def get_available_partitions(self) -> List[int]:
        """Return the ids of partitions with free bytes."""
        return [i for i, p in self.partitions.items() if p.free_bytes > 0]

    def get_partition_utilization(self) -> Dict[int, float]:
        """Return the allocated share of each partition's usable bytes, in percent."""
        return {i: 100.0 * p.allocated_bytes / p.usable_bytes if p.usable_bytes else 0.0
                for i, p in self.partitions.items()}

    def get_logical_devices(self) -> List[Dict[str, Any]]:
        """Describe the logical devices of the GPU; memory in GiB (_gb) and in bytes."""
        if not self._is_initialized:
            return []
        snapshot = self._observe()
        devices = {s.id: s.device for s in self._slots(snapshot)}
        return [{
            "device_id": i, "xcd_id": p.xcd_id, "xcds": devices[i].xcds, "bdf": devices[i].bdf,
            "rocr_index": p.rocr_index, "render_node": _render_node(devices[i].render_minor),
            "memory_gb": p.size_bytes / GIB, "allocated_gb": p.allocated_bytes / GIB,
            "memory_bytes": p.size_bytes, "allocated_bytes": p.allocated_bytes,
            "models": list(p.models),
        } for i, p in self._partitions(snapshot).items()]

    def get_environment_variables(self, partition_id: int) -> Dict[str, str]:
        """Return the variables of a process on a partition; {} when ROCr does not see it.

        The index is valid until the next switch: call again after each switch, and do not store
        the index.
        """
        if not self._is_initialized:
            return {}
        for slot in self._slots(self._observe()):
            if slot.id == partition_id and slot.device.rocr_index is not None:
                device = f"{slot.device.bdf}/{slot.device.id}"
                env = Handout(self._open()[0], device).env() | {
                    "AIM_PARTITION_ID": str(partition_id)}
                return {name: env[name] for name in MISSION_VARIABLES if name in env}
        return {}

    def validate_partitioning(self) -> Tuple[bool, List[str]]:
        """Compare machine and books: (True, []) or (False, differences)."""
        if not self._is_initialized:
            return False, ["Partitioner not initialized"]
        snapshot = self._observe()
        partitions, gpu = self._partitions(snapshot), self._gpu(snapshot)
        errors = [f"GPU {gpu.index}: {word}" for word in gpu.degraded]
        errors += [f"partition {i}: {gib(p.allocated_bytes)} allocated of {gib(p.usable_bytes)}"
                   for i, p in partitions.items()
                   if not 0 <= p.allocated_bytes <= p.usable_bytes]
        for claim in self._open()[1].claims(gpu.bdf):
            if self._slot_of(claim) not in partitions:
                errors.append(f"'{claim.name}' is on partition {claim.partition_id}, which does "
                              "not exist")
            elif claim.problem:
                errors.append(f"'{claim.name}': {claim.problem}")
        return not errors, errors

    # ---- models

    def size_model(self, model_id: str, precision: str = "fp16") -> Footprint:
        """Compute the footprint of a model; raise an error for an unknown model or precision."""
        if self._catalog is None:
            self._catalog = Catalog()
        footprint = find_model(self._catalog, model_id).footprint(dtype=precision)
        if footprint.total_bytes is None:
            raise NotFoundError(-61, Errcode.MODEL_UNKNOWN, model_id,
                                f"the bytes of '{model_id}' are not known")
        return footprint

    def claims(self) -> List[Claim]:
        """Return the allocations on the GPU."""
        return self._open()[1].claims(self._gpu().bdf) if self._is_initialized else []

    def find_claim(self, model_id: str, partition_id: Optional[int] = None) -> Optional[Claim]:
        """Find the allocation of a model, on one partition or anywhere on the GPU."""
        return next((c for c in self.claims() if c.name == model_id
                     and partition_id in (None, self._slot_of(c))), None)

    def claim_partition(self, claim: Claim) -> int:
        """Return the partition id of an allocation."""
        return self._slot_of(claim)

    def place(self, model_id: str, partition_id: int, precision: str = "fp16", priority: int = 0,
              owner: str = "none") -> Claim:
        """Allocate a model and raise an error on failure. Every allocation uses this method."""
        footprint = self.size_model(model_id, precision)
        snapshot = self._observe()
        slot = next((s for s in self._slots(snapshot) if s.id == partition_id), None)
        if slot is None:
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(partition_id),
                                f"Partition {partition_id} does not exist")
        if self.find_claim(model_id, partition_id):
            raise RefusedError(-17, Errcode.INVALID_ARGUMENT, model_id,
                               f"'{model_id}' is already on partition {partition_id}")
        info = self._partitions(snapshot)[partition_id]
        wanted = footprint.total_bytes or 0
        if wanted > info.free_bytes:
            raise NoRoomError(-28, Errcode.MODEL_TOO_LARGE, model_id,
                              f"'{model_id}' ({precision}) requires {gib(wanted)}, partition "
                              f"{partition_id} has {gib(info.free_bytes)} free of "
                              f"{gib(info.usable_bytes)}")
        labels = {"precision": precision}
        if slot.device.id != partition_id:
            labels["slot"] = str(partition_id)
        request = Request(model_id, wanted, priority, owner, labels, footprint)
        return self._open()[1].place(request, slot.device, self._usable(snapshot, slot.device))

    def release(self, claim: Claim) -> None:
        """Release an allocation, which frees exactly its bytes."""
        self._open()[1].release(claim)

    def set_claim_state(self, claim: Claim, state: str) -> None:
        """Record that a model is placed, running, stopped or displaced; it keeps its bytes."""
        self._open()[1].set_state(claim, state)

    def allocate_model(self, model_id: str, partition_id: int,
                       precision: str = "fp16") -> Tuple[bool, Optional[str]]:
        """Allocate a model on a partition: (True, None) or (False, reason)."""
        if not self._is_initialized:
            return False, "Partitioner not initialized"
        try:
            self.place(model_id, partition_id, precision)
            return True, None
        except RocpartError as e:
            return False, self._fail(e)

    def deallocate_model(self, model_id: str, partition_id: int,
                         precision: Optional[str] = None) -> bool:
        """Release the bytes of a model. The call ignores `precision` and frees all bytes."""
        claim = self.find_claim(model_id, partition_id)
        if claim is None:
            self._fail(f"'{model_id}' is not on partition {partition_id}")
            return False
        try:
            self.release(claim)
            return True
        except RocpartError as e:
            self._fail(e)
            return False
