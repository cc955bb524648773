# SPDX-License-Identifier: MIT
"""ROCmPartitionerReal: the GPUs of this computer, or of the machine that ROCPART_SIM names.

Importing this module and making an object change nothing; initialize(), reset_partitions() and the
set_ methods do. They need root on hardware, and stop nothing that runs: a GPU in use is refused.
"""
import os
from typing import Optional, Tuple

from rocpart import Errcode, sim
from rocpart.errors import InvalidArgumentError, RocpartError
from rocpart.leases import Books, LeaseBooks
from rocpart.node import ComputeMode, Machine, MachineKind, MemoryMode, as_mode
from rocpart.partitioner import (BasePartitioner, ComputePartitionMode, MemoryPartition,
                                 MemoryPartitionMode)

__all__ = ["ComputePartitionMode", "MemoryPartition", "MemoryPartitionMode",
           "ROCmPartitionerReal"]


class ROCmPartitionerReal(BasePartitioner):
    """One GPU of a machine that other programs use too."""

    def _open_machine(self) -> Tuple[Machine, Books]:
        name = os.environ.get("ROCPART_SIM")
        machine = sim.open_named(name) if name else Machine.real()
        if machine.kind == MachineKind.REAL:
            self._host_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return machine, LeaseBooks(machine)

    @property
    def amd_smi_available(self) -> bool:
        """Whether partitions can be controlled here.

        What amd-smi would do is done by the kernel's files, so the question is whether there is a
        GPU that has them; the amd-smi program itself is not needed. Reads only.
        """
        try:
            return any(g.partitionable for g in self._observe().gpus)
        except (RocpartError, OSError) as e:
            self._fail(str(e))
            return False

    def initialize(self, gpu_name: str,
                   compute_mode: ComputePartitionMode = ComputePartitionMode.CPX,
                   memory_mode: MemoryPartitionMode = MemoryPartitionMode.NPS4,
                   allow_unvalidated: bool = False) -> bool:
        """Bring the GPU into these modes; True: the machine shows them. Already so is success.

        gpu_name is checked before anything is written. The memory mode is that of a whole XGMI
        hive and reloads the driver: other GPUs of the hive keep their compute mode where the pair
        with the new memory mode is validated, and take this one where not. False: last_error says
        why, and the machine is as it was, unless last_error says otherwise.
        """
        self._is_initialized = False
        try:
            self._check_name(gpu_name)
            if not isinstance(compute_mode, ComputePartitionMode) \
                    or not isinstance(memory_mode, MemoryPartitionMode):
                raise InvalidArgumentError(
                    -22, Errcode.INVALID_ARGUMENT, "", "modes are a ComputePartitionMode "
                    "and a MemoryPartitionMode",
                    "partition sizes follow from the modes, get_logical_devices() has them")
            self._switch(as_mode(ComputeMode, compute_mode.value),
                         as_mode(MemoryMode, memory_mode.value), allow_unvalidated)
        except (RocpartError, OSError) as e:
            self._fail(str(e))
            return False
        self.gpu_name = gpu_name
        self._is_initialized = True
        return True

    def _check_name(self, gpu_name: str) -> None:
        gpu = self._gpu()
        words = str(gpu_name).upper().split()
        if gpu.product and gpu.product.upper() not in words:
            raise InvalidArgumentError(-22, Errcode.INVALID_ARGUMENT, gpu.bdf, f"GPU {gpu.index} "
                                       f"is an {gpu.product}, not '{gpu_name}'")

    def set_compute_partition_mode(self, mode: ComputePartitionMode) -> bool:
        """Switch the compute mode, keep the memory mode."""
        return self._try_switch(as_mode(ComputeMode, mode.value), None)

    def set_memory_partition_mode(self, mode: MemoryPartitionMode) -> bool:
        """Switch the memory mode of the GPU's hive, keep the compute mode."""
        return self._try_switch(None, as_mode(MemoryMode, mode.value))

    def reset_partitions(self) -> bool:
        """Back to SPX/NPS1; True: the machine shows them."""
        done = self._try_switch(ComputeMode.SPX, MemoryMode.NPS1)
        if done:
            self._is_initialized = False
        return done

    def _try_switch(self, compute: Optional[ComputeMode], memory: Optional[MemoryMode]) -> bool:
        try:
            self._switch(compute, memory, allow_unvalidated=False)
            return True
        except (RocpartError, OSError) as e:
            self._fail(str(e))
            return False
