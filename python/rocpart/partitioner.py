# SPDX-License-Identifier: MIT
"""What ROCmPartitioner and ROCmPartitionerReal have in common.

Partitions and modes are always those that the machine shows now; bytes are those of the books.
Methods that answer bool or (bool, text) raise nothing for a refusal: the reason is logged and kept
in last_error.
"""
import enum
import logging
from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from .change import Change
from .errors import (MachineError, ModeError, NoHardwareError, NoRoomError, NotFoundError,
                     RefusedError, RocpartError)
from .handout import Handout
from .leases import Books, Claim, Wish, gib
from .model import Catalog, Footprint, usable_bytes
from .node import ComputeMode, Gpu, Machine, MemoryMode, Pair, Partition, Snapshot
from ._abi import Errcode, PairState

logger = logging.getLogger("rocpart")
GIB = 2**30
MISSION_VARIABLES = ("ROCR_VISIBLE_DEVICES", "AIM_PARTITION_ID", "AIM_COMPUTE_MODE",
                     "AIM_MEMORY_MODE", "AIM_XCD_ID")


class ComputePartitionMode(enum.Enum):
    """How the XCDs of a GPU are grouped. Which of them a GPU accepts, it says itself."""
    SPX = "SPX"
    DPX = "DPX"
    TPX = "TPX"
    QPX = "QPX"
    CPX = "CPX"


class MemoryPartitionMode(enum.Enum):
    """In how many domains the memory is interleaved; NPS3, NPS6, NPS8: no known GPU accepts."""
    NPS1 = "NPS1"
    NPS2 = "NPS2"
    NPS3 = "NPS3"
    NPS4 = "NPS4"
    NPS6 = "NPS6"
    NPS8 = "NPS8"


@dataclass
class MemoryPartition:
    """A partition with what is allocated on it; a copy, changing it changes nothing."""
    partition_id: int
    size_bytes: int
    usable_bytes: int
    allocated_bytes: int = 0
    models: List[str] = field(default_factory=list)
    is_active: bool = True
    xcd_id: Optional[int] = None
    rocr_index: Optional[int] = None

    @property
    def free_bytes(self) -> int:
        """What another model can have."""
        return self.usable_bytes - self.allocated_bytes


class Slot(NamedTuple):
    """What a partition_id stands for: a device, or a share of one."""
    id: int
    device: Partition
    size_bytes: int
    usable_bytes: int


class BasePartitioner:
    """One GPU of a machine, its partitions, and the models on them."""

    def __init__(self, gpu_id: int = 0, catalog: Optional[Catalog] = None) -> None:
        if isinstance(gpu_id, bool) or not isinstance(gpu_id, int) or gpu_id < 0:
            raise ValueError(f"gpu_id is a number from 0, not {gpu_id!r}")
        self.gpu_id = gpu_id
        self.gpu_name: Optional[str] = None
        self.last_error: Optional[str] = None
        self.wait_ms = 10_000  # how long a switch waits for GPUs to become idle
        self._catalog = catalog
        self._machine: Optional[Machine] = None
        self._books: Optional[Books] = None
        self._host_bytes = 2 << 40
        self._is_initialized = False

    # ---- the machine

    def _open(self) -> Tuple[Machine, Books]:
        """The machine and who has what of it; opened at the first need, never by a constructor."""
        if self._machine is None or self._books is None:
            self._machine, self._books = self._open_machine()
        return self._machine, self._books

    def _open_machine(self) -> Tuple[Machine, Books]:
        raise NotImplementedError

    def _observe(self) -> Snapshot:
        """The machine now: somebody else may have switched it since the last look."""
        return self._open()[0].observe()

    def _gpu(self, snapshot: Optional[Snapshot] = None) -> Gpu:
        gpus = (snapshot or self._observe()).gpus
        if not gpus:
            raise NoHardwareError(-19, Errcode.NO_HARDWARE, "", "there is no AMD GPU that amdgpu "
                                  "drives", "ROCPART_SIM=mi300x-8 plays one")
        if self.gpu_id >= len(gpus):
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(self.gpu_id),
                                f"there is no GPU {self.gpu_id}", f"there are {len(gpus)}")
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
        """The pair, if this GPU can be in it; else an error that names those that it can."""
        pairs = snapshot.pairs(gpu)
        legal = [p for p in pairs if p.state != PairState.NEVER]
        for p in legal:
            if p.compute == compute and p.memory == memory:
                return p
        reason = next((p.reason for p in pairs if p.compute == compute and p.memory == memory),
                      "the GPU does not know it")
        raise ModeError(-22, Errcode.MODE_UNSUPPORTED, gpu.bdf,
                        f"{gpu.product or 'this GPU'} cannot be in {compute.name}/{memory.name}: "
                        f"{reason}", "it can be in " + ", ".join(p.name for p in legal))

    def _switch(self, compute: Optional[ComputeMode], memory: Optional[MemoryMode],
                allow_unvalidated: bool) -> None:
        """Bring the GPU into the modes, the memory mode of its whole hive, and look again."""
        snapshot = self._observe()
        gpu = self._gpu(snapshot)
        compute = compute or gpu.compute_mode
        memory = memory or gpu.memory_mode
        pair = self._pair(snapshot, gpu, compute, memory)
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
                            f"wanted {pair.name} with {pair.n_expected} partitions, the machine "
                            f"shows {now.compute_mode.name}/{now.memory_mode.name} with "
                            f"{len(now.partitions)}")

    @staticmethod
    def _can_keep(snapshot: Snapshot, other: Gpu, memory: MemoryMode,
                  allow_unvalidated: bool) -> bool:
        """Whether another GPU of the hive can keep its compute mode in that memory mode."""
        return any(p.compute == other.compute_mode and p.memory == memory
                   and p.state != PairState.NEVER and (p.validated or allow_unvalidated)
                   for p in snapshot.pairs(other))

    def get_current_partition_mode(self) -> Tuple[Optional[str], Optional[str]]:
        """Names of the compute and memory mode that the GPU is in; None: not known."""
        try:
            gpu = self._gpu()
        except RocpartError as e:
            self._fail(e)
            return None, None
        return (gpu.compute_mode.name if gpu.compute_mode else None,
                gpu.memory_mode.name if gpu.memory_mode else None)

    @property
    def compute_mode(self) -> Optional[ComputePartitionMode]:
        """Compute mode that the GPU is in."""
        name = self.get_current_partition_mode()[0]
        return ComputePartitionMode(name) if name else None

    @property
    def memory_mode(self) -> Optional[MemoryPartitionMode]:
        """Memory mode that the GPU is in."""
        name = self.get_current_partition_mode()[1]
        return MemoryPartitionMode(name) if name else None

    # ---- partitions

    def _slots(self, snapshot: Snapshot) -> List[Slot]:
        """The partitions of the GPU; a subclass may cut devices into several."""
        return [Slot(p.id, p, p.memory_bytes or 0, self._usable(snapshot, p))
                for p in self._gpu(snapshot).partitions]

    def _slot_of(self, claim: Claim) -> int:
        return int(claim.labels.get("slot", claim.partition_id))

    @property
    def partitions(self) -> Dict[int, MemoryPartition]:
        """The partitions by their id, as the machine and the books have them now."""
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
        """One partition; None: there is none."""
        return self.partitions.get(partition_id)

    def get_available_partitions(self) -> List[int]:
        """Partitions with anything free, however little."""
        return [i for i, p in self.partitions.items() if p.free_bytes > 0]

    def get_partition_utilization(self) -> Dict[int, float]:
        """Percent of the usable bytes of each partition that are allocated."""
        return {i: 100.0 * p.allocated_bytes / p.usable_bytes if p.usable_bytes else 0.0
                for i, p in self.partitions.items()}

    def get_logical_devices(self) -> List[Dict[str, Any]]:
        """What the GPU is divided into; memory in GiB (_gb, as callers know it) and bytes."""
        if not self._is_initialized:
            return []
        snapshot = self._observe()
        devices = {s.id: s.device for s in self._slots(snapshot)}
        return [{
            "device_id": i, "xcd_id": p.xcd_id, "xcds": devices[i].xcds, "bdf": devices[i].bdf,
            "rocr_index": p.rocr_index, "render_node": f"/dev/dri/renderD{devices[i].render_minor}",
            "memory_gb": p.size_bytes / GIB, "allocated_gb": p.allocated_bytes / GIB,
            "memory_bytes": p.size_bytes, "allocated_bytes": p.allocated_bytes,
            "models": list(p.models),
        } for i, p in self._partitions(snapshot).items()]

    def get_environment_variables(self, partition_id: int) -> Dict[str, str]:
        """What a process needs to run on a partition; {}: it is not there, or ROCr has it not.

        The index is that of the machine as it is now: ask after each switch, never store it.
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
        """Whether machine and books agree; what does not."""
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
                errors.append(f"'{claim.name}' is on partition {claim.partition_id}, which is not "
                              "there")
            elif claim.problem:
                errors.append(f"'{claim.name}': {claim.problem}")
        return not errors, errors

    # ---- models

    def size_model(self, model_id: str, precision: str = "fp16") -> Footprint:
        """What a model of the catalog needs; raises for an unknown model or precision."""
        if self._catalog is None:
            self._catalog = Catalog()
        footprint = self._catalog.find(model_id).footprint(dtype=precision)
        if footprint.total_bytes is None:
            raise NotFoundError(-61, Errcode.MODEL_UNKNOWN, model_id,
                                f"the bytes of '{model_id}' are not known")
        return footprint

    def claims(self) -> List[Claim]:
        """What is allocated on the GPU."""
        return self._open()[1].claims(self._gpu().bdf) if self._is_initialized else []

    def find_claim(self, model_id: str, partition_id: Optional[int] = None) -> Optional[Claim]:
        """The allocation of a model, on a partition or anywhere on the GPU."""
        return next((c for c in self.claims() if c.name == model_id
                     and partition_id in (None, self._slot_of(c))), None)

    def claim_partition(self, claim: Claim) -> int:
        """The partition that an allocation is on."""
        return self._slot_of(claim)

    def place(self, model_id: str, partition_id: int, precision: str = "fp16", priority: int = 0,
              owner: str = "none") -> Claim:
        """allocate_model() that raises: the one way in which bytes are taken."""
        footprint = self.size_model(model_id, precision)
        snapshot = self._observe()
        slot = next((s for s in self._slots(snapshot) if s.id == partition_id), None)
        if slot is None:
            raise NotFoundError(-2, Errcode.NOT_FOUND, str(partition_id),
                                f"Partition {partition_id} does not exist")
        if self.find_claim(model_id, partition_id):
            raise RefusedError(-17, Errcode.INVALID_ARGUMENT, model_id,
                               f"'{model_id}' is on partition {partition_id} already")
        info = self._partitions(snapshot)[partition_id]
        wanted = footprint.total_bytes or 0
        if wanted > info.free_bytes:
            raise NoRoomError(-28, Errcode.MODEL_TOO_LARGE, model_id,
                              f"'{model_id}' ({precision}) needs {gib(wanted)}, partition "
                              f"{partition_id} has {gib(info.free_bytes)} free of "
                              f"{gib(info.usable_bytes)}")
        labels = {"precision": precision}
        if slot.device.id != partition_id:
            labels["slot"] = str(partition_id)
        wish = Wish(model_id, wanted, priority, owner, labels, footprint)
        return self._open()[1].place(wish, slot.device, self._usable(snapshot, slot.device))

    def release(self, claim: Claim) -> None:
        """Give back exactly what was taken."""
        self._open()[1].release(claim)

    def set_claim_state(self, claim: Claim, state: str) -> None:
        """Record that a model is placed, running, stopped or failed; it keeps its bytes."""
        self._open()[1].set_state(claim, state)

    def allocate_model(self, model_id: str, partition_id: int,
                       precision: str = "fp16") -> Tuple[bool, Optional[str]]:
        """Take the bytes of a model on a partition: (True, None) or (False, why)."""
        if not self._is_initialized:
            return False, "Partitioner not initialized"
        try:
            self.place(model_id, partition_id, precision)
            return True, None
        except RocpartError as e:
            return False, self._fail(e)

    def deallocate_model(self, model_id: str, partition_id: int,
                         precision: Optional[str] = None) -> bool:
        """Give back exactly what was taken, whatever precision an old call names."""
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
