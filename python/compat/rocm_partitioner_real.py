# SPDX-License-Identifier: MIT
"""ROCmPartitionerReal: the GPUs of this computer, or of the machine that ROCPART_SIM names.

Importing this module and creating an object change nothing; initialize(), reset_partitions() and
the set_ methods switch modes. On hardware these methods need root. They stop no process, and refuse
to switch a GPU in use.
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
    """One GPU of a machine that other programs may use too."""

    def _open_machine(self) -> Tuple[Machine, Books]:
        name = os.environ.get("ROCPART_SIM")
        machine = sim.open_named(name) if name else Machine.real()
        if machine.kind == MachineKind.REAL:
            self._host_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return machine, LeaseBooks(machine)

    @property
    def amd_smi_available(self) -> bool:
        """Whether this machine has a GPU with writable partition files.

        rocpart writes the kernel's partition files itself, so the amd-smi program is not needed.
        The property only reads.
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
        """Switch the GPU to these modes; True when the machine shows the modes afterwards.

        The call checks gpu_name before any write, and succeeds without a switch when the machine
        is already in the requested state. A memory mode applies to a whole XGMI hive and reloads
        the driver: another GPU of the hive keeps its compute mode where the vendor has validated
        the pair with the new memory mode, and otherwise gets this compute mode. On False
        last_error has the reason, and the machine is unchanged unless last_error reports a change.
        """
        self._is_initialized = False
        try:
            self._check_name(gpu_name)
            if not isinstance(compute_mode, ComputePartitionMode) \
                    or not isinstance(memory_mode, MemoryPartitionMode):
                raise InvalidArgumentError(
                    -22, Errcode.INVALID_ARGUMENT, "", "modes are a ComputePartitionMode "
                    "and a MemoryPartitionMode",
                    "partition sizes follow from the modes; get_logical_devices() lists the "
                    "sizes")
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
        """Switch the compute mode and keep the memory mode."""
        return self._try_switch(as_mode(ComputeMode, mode.value), None)

    def set_memory_partition_mode(self, mode: MemoryPartitionMode) -> bool:
        """Switch the memory mode of the GPU's hive and keep the compute mode."""
        return self._try_switch(None, as_mode(MemoryMode, mode.value))

    def reset_partitions(self) -> bool:
        """Switch back to SPX/NPS1; True when the machine shows these modes afterwards."""
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
