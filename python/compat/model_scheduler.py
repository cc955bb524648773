# SPDX-License-Identifier: MIT
"""ModelScheduler: models on the partitions of a partitioner of either kind.

What is scheduled where is in the partitioner's books, nowhere else; on a machine with durable
leases a new scheduler knows what an older one did.
"""
import enum
import os
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from rocpart.errors import RocpartError
from rocpart.leases import Claim
from rocpart.partitioner import GIB, BasePartitioner


class ModelStatus(enum.Enum):
    """Where a model is in its life; all but PENDING keep their bytes."""
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
    """A model on a partition. memory_allocated_gb is in GiB, memory_allocated_bytes exact."""
    model_id: str
    partition_id: int
    status: ModelStatus
    memory_allocated_bytes: int
    priority: int
    precision: str

    @property
    def memory_allocated_gb(self) -> float:
        """GiB."""
        return self.memory_allocated_bytes / GIB


def create_partitioner(gpu_id: int = 0) -> BasePartitioner:
    """The partitioner that USE_REAL_PARTITIONING chooses; not initialised, nothing is changed."""
    if os.environ.get("USE_REAL_PARTITIONING", "false").lower() == "true":
        from rocm_partitioner_real import ROCmPartitionerReal
        return ROCmPartitionerReal(gpu_id=gpu_id)
    from rocm_partitioner import ROCmPartitioner
    return ROCmPartitioner(gpu_id=gpu_id)


class ModelScheduler:
    """Finds partitions for models. Making one changes no GPU and takes no bytes."""

    def __init__(self, partitioner: BasePartitioner) -> None:
        self.partitioner = partitioner

    def schedule_model(self, model_id: str, priority: int = 0,
                       preferred_partition: Optional[int] = None, precision: str = "fp16",
                       partition_id: Optional[int] = None, owner: str = "none"
                       ) -> Tuple[bool, Optional[int], Optional[str]]:
        """Give a model a partition: (True, partition, None) or (False, None, why).

        partition_id: there or nowhere. preferred_partition: there if it fits. Else the fullest
        partition that it fits on, so that large models find room later. A model that is scheduled
        stays where it is; one that stopped or failed gives back its bytes first.
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
                return False, None, (f"'{model_id}' ({precision}) needs {wanted / GIB:.1f} GiB; "
                                     f"the most that a partition has free is {most / GIB:.1f} GiB")
        claim = self.partitioner.place(model_id, chosen, precision, priority, owner)
        return True, self.partitioner.claim_partition(claim), None

    def unschedule_model(self, model_id: str) -> bool:
        """Give back what a model has; False: it is not scheduled."""
        claim = self.partitioner.find_claim(model_id)
        return claim is not None and self.partitioner.deallocate_model(
            model_id, self.partitioner.claim_partition(claim))

    def update_model_status(self, model_id: str, status: ModelStatus) -> bool:
        """Record what became of a model; it keeps its bytes until it is unscheduled."""
        claim = self.partitioner.find_claim(model_id)
        if claim is None or status not in _STATE:
            return False
        try:
            self.partitioner.set_claim_state(claim, _STATE[status])
            return True
        except RocpartError:
            return False

    def _instances(self) -> List[ModelInstance]:
        return [ModelInstance(c.name, self.partitioner.claim_partition(c), _status(c), c.bytes,
                              c.priority, c.labels.get("precision", ""))
                for c in self.partitioner.claims()]

    @property
    def models(self) -> Dict[str, ModelInstance]:
        """Scheduled models by name."""
        return {i.model_id: i for i in self._instances()}

    def get_model_info(self, model_id: str) -> Optional[ModelInstance]:
        """Where a model is; None: it is not scheduled."""
        return self.models.get(model_id)

    def get_partition_models(self, partition_id: int) -> List[str]:
        """Models on a partition."""
        return [i.model_id for i in self._instances() if i.partition_id == partition_id]

    def get_partition_environment(self, partition_id: int) -> Dict[str, str]:
        """What a process needs to run on a partition; {}: there is none."""
        return self.partitioner.get_environment_variables(partition_id)

    def get_scheduled_models(self) -> List[str]:
        """Names of all models that have a partition."""
        return [i.model_id for i in self._instances()]

    def get_running_models(self) -> List[str]:
        """Names of the models that run."""
        return [i.model_id for i in self._instances() if i.status == ModelStatus.RUNNING]

    def validate_schedule(self) -> Tuple[bool, List[str]]:
        """Whether machine and books agree; what does not."""
        return self.partitioner.validate_partitioning()


def _status(claim: Claim) -> ModelStatus:
    return _STATUS.get(claim.state, ModelStatus.PENDING)
