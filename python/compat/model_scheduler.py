# SPDX-License-Identifier: MIT
"""ModelScheduler: schedules models on the partitions of a partitioner of either kind.

The partitioner's books are the only record of the schedule. On a machine with durable leases a new
scheduler finds the models of an earlier scheduler.
"""
import enum
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from rocpart.errors import RocpartError
from rocpart.leases import Claim
from rocpart.partitioner import GIB, BasePartitioner


class ModelStatus(enum.Enum):
    """State of a model. A model keeps its bytes in every state except PENDING."""
    PENDING = "pending"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"


_STATE = {ModelStatus.SCHEDULED: "placed", ModelStatus.RUNNING: "running",
          ModelStatus.STOPPED: "stopped", ModelStatus.FAILED: "displaced"}
_STATUS = {state: status for status, state in _STATE.items()}


@dataclass(frozen=True)
class ModelInstance:
    """A model on a partition, with its allocated memory in GiB, which has whole bytes."""
    model_id: str
    partition_id: int
    status: ModelStatus
    memory_allocated_gb: float
    priority: int
    precision: str = ""

    @property
    def memory_allocated_bytes(self) -> int:
        """Allocated memory in bytes."""
        return round(self.memory_allocated_gb * GIB)


class ModelSizes:
    """What the prototype's sizing_config answers, from the catalog of rocpart."""

    def __init__(self, partitioner: BasePartitioner) -> None:
        self._partitioner = partitioner

    def estimate_model_size(self, model_id: str, precision: str = "fp16") -> float:
        """Return the memory that a model needs, in GiB."""
        return (self._partitioner.size_model(model_id, precision).total_bytes or 0) / GIB


def create_partitioner(gpu_id: int = 0) -> BasePartitioner:
    """Create the partitioner that USE_REAL_PARTITIONING selects; the call changes no GPU."""
    if os.environ.get("USE_REAL_PARTITIONING", "false").lower() == "true":
        from rocm_partitioner_real import ROCmPartitionerReal
        return ROCmPartitionerReal(gpu_id=gpu_id)
    from rocm_partitioner import ROCmPartitioner
    return ROCmPartitioner(gpu_id=gpu_id)


class ModelScheduler:
    """Finds partitions for models. The constructor changes no GPU and allocates no bytes."""

    def __init__(self, partitioner: Optional[BasePartitioner] = None, gpu_id: int = 0,
                 config_path: Optional[str] = None, auto_detect: bool = True) -> None:
        """partitioner None: the one that USE_REAL_PARTITIONING selects, for GPU gpu_id; the caller
        initializes it. gpu_id is that of a partitioner that is given. config_path: ignored, as the
        sizes are those of the catalog. auto_detect False: a partitioner must be given.
        """
        if partitioner is None and not auto_detect:
            raise ValueError("Partitioner is required")
        self.partitioner = partitioner or create_partitioner(gpu_id)
        self.sizing_config = ModelSizes(self.partitioner)

    @property
    def hardware_capability(self) -> bool:
        """Whether the partitioner switches GPUs."""
        return bool(getattr(self.partitioner, "amd_smi_available", False))

    def schedule_model(self, model_id: str, priority: int = 0,
                       preferred_partition: Optional[int] = None, precision: str = "fp16",
                       partition_id: Optional[int] = None, owner: str = "none"
                       ) -> Tuple[bool, Optional[int], Optional[str]]:
        """Schedule a model: (True, partition, None) or (False, None, reason).

        partition_id: the only partition to use. preferred_partition: the partition to use if the
        model fits. Otherwise the scheduler uses the fullest partition with enough room, so that
        large models find room later. A scheduled or running model keeps its partition; a stopped
        or failed model first releases its bytes.
        """
        try:
            return self._schedule(model_id, priority, preferred_partition, precision,
                                  partition_id, owner)
        except RocpartError as e:
            return False, None, str(e)

    def _schedule(self, model_id: str, priority: int, preferred: Optional[int], precision: str,
                  fixed: Optional[int], owner: str) -> Tuple[bool, Optional[int], Optional[str]]:
        partitions = self.partitioner.partitions
        if not partitions:
            return False, None, self.partitioner.last_error or "Partitioner not initialized"
        old = self.partitioner.find_claim(model_id)
        wanted = self.partitioner.size_model(model_id, precision).total_bytes or 0
        if fixed is not None and fixed not in partitions:
            return False, None, f"Partition {fixed} does not exist"
        if old:
            where = self.partitioner.claim_partition(old)
            if _status(old) in (ModelStatus.SCHEDULED, ModelStatus.RUNNING):
                if fixed not in (None, where):
                    return False, None, f"'{model_id}' is on partition {where}: unschedule it first"
                return True, where, "Already scheduled"
            self.partitioner.release(old)
            partitions = self.partitioner.partitions
        chosen = fixed
        if chosen is None:
            fitting = [i for i, p in partitions.items() if p.free_bytes >= wanted]
            if preferred in fitting:
                chosen = preferred
            elif fitting:
                chosen = min(fitting, key=lambda i: (partitions[i].free_bytes, i))
            else:
                most = max(p.free_bytes for p in partitions.values())
                return False, None, (f"No suitable partition: '{model_id}' ({precision}) needs "
                                     f"{wanted / GIB:.1f} GiB; "
                                     f"the most that is available is {most / GIB:.1f} GiB")
        claim = self.partitioner.place(model_id, chosen, precision, priority, owner)
        return True, self.partitioner.claim_partition(claim), None

    def unschedule_model(self, model_id: str) -> bool:
        """Release the bytes of a model; False when the model is not scheduled."""
        claim = self.partitioner.find_claim(model_id)
        return claim is not None and self.partitioner.deallocate_model(
            model_id, self.partitioner.claim_partition(claim))

    def update_model_status(self, model_id: str, status: ModelStatus) -> bool:
        """Record the status of a model, which keeps its bytes until unschedule_model()."""
        claim = self.partitioner.find_claim(model_id)
        if claim is None or status not in _STATE:
            return False
        try:
            self.partitioner.set_claim_state(claim, _STATE[status])
            return True
        except RocpartError:
            return False

    def _instances(self) -> List[ModelInstance]:
        return [ModelInstance(c.name, self.partitioner.claim_partition(c), _status(c), c.bytes / GIB,
                              c.priority, c.labels.get("precision", ""))
                for c in self.partitioner.claims()]

    @property
    def models(self) -> Dict[str, ModelInstance]:
        """Scheduled models by name."""
        return {i.model_id: i for i in self._instances()}

    def get_model_info(self, model_id: str) -> Optional[ModelInstance]:
        """Return the instance of a model; None when the model is not scheduled."""
        return self.models.get(model_id)

    def get_partition_models(self, partition_id: int) -> List[str]:
        """Return the names of the models on a partition."""
        return [i.model_id for i in self._instances() if i.partition_id == partition_id]

    def get_partition_environment(self, partition_id: int) -> Dict[str, str]:
        """Return the variables of a process on a partition; {} when the partition is missing."""
        return self.partitioner.get_environment_variables(partition_id)

    def get_scheduled_models(self) -> List[str]:
        """Return the names of all models that have a partition."""
        return [i.model_id for i in self._instances()]

    def get_running_models(self) -> List[str]:
        """Return the names of the running models."""
        return [i.model_id for i in self._instances() if i.status == ModelStatus.RUNNING]

    def validate_schedule(self) -> Tuple[bool, List[str]]:
        """Compare machine and books: (True, []) or (False, differences)."""
        return self.partitioner.validate_partitioning()


def _status(claim: Claim) -> ModelStatus:
    return _STATUS.get(claim.state, ModelStatus.PENDING)
