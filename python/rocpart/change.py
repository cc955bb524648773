# SPDX-License-Identifier: MIT
"""Switching modes: a change is described, checked as a whole, and then applied."""
import os
import weakref
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Union

from . import _abi
from ._abi import ComputeMode, MemoryMode, Reload
from ._lib import decode, encode, lib, texts
from .node import Gpu, Machine, Snapshot, as_mode

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class GpuChange:
    """The effect of a change on one GPU."""
    index: int
    bdf: str
    from_compute: ComputeMode
    from_memory: MemoryMode
    to_compute: ComputeMode
    to_memory: MemoryMode
    n_partitions_before: int
    n_partitions_after: int
    partition_bytes: int


@dataclass(frozen=True)
class Holder:
    """A process that holds GPUs."""
    pid: int
    command: str
    unit: str
    container: str
    job: str
    devices: str
    memory_used_bytes: int


class Change:
    """A set of mode switches of a machine. A change writes nothing before apply()."""

    def __init__(self, machine: Machine, snapshot: Optional[Snapshot] = None,
                 _handle: Optional[int] = None) -> None:
        self._machine = machine  # the machine outlives the change
        self._snapshot = snapshot
        if _handle is None:
            self._snapshot = snapshot or machine.observe()
            _handle = lib.new("change_new", machine.handle, self._snapshot.handle)
        self.handle = _handle
        self._progress: Any = None
        weakref.finalize(self, lib.change_free, _handle)

    @classmethod
    def unfinished(cls, machine: Machine) -> "Change":
        """Open the change that an interruption left: apply() resumes, undo() undoes the change."""
        return cls(machine, _handle=lib.new("change_open_journal", machine.handle))

    @classmethod
    def back(cls, machine: Machine) -> "Change":
        """Open the reverse of the change that finished last; see check_undo()."""
        return cls(machine, _handle=lib.new("change_open_last", machine.handle))

    def set_modes(self, gpu: Optional[Gpu] = None,
                  compute: Union[ComputeMode, str, None] = None,
                  memory: Union[MemoryMode, str, None] = None) -> "Change":
        """Add a request. gpu None: all partitionable GPUs; a mode None: keep the mode."""
        handle = None
        if gpu is not None:
            if self._snapshot is None:
                raise ValueError("a change that was opened from a journal accepts no more requests")
            handle = self._snapshot.gpu_handle(gpu)
        lib.call("change_set_modes", self.handle, handle, as_mode(ComputeMode, compute),
                 as_mode(MemoryMode, memory))
        return self

    def load(self, path: Union[str, "os.PathLike[str]"], config: Optional[str] = None) -> "Change":
        """Add the requests of a node.yaml, or of one of several configurations in a file."""
        lib.call("change_load_config", self.handle, encode(path),
                 encode(config) if config is not None else None)
        return self

    def allow_unvalidated(self, allow: bool = True) -> "Change":
        """Accept pairs of modes that the vendor has not validated."""
        lib.change_set_allow_unvalidated(self.handle, allow)
        return self

    def set_reload(self, reload: Reload) -> "Change":
        """Set whether the change may reload the driver."""
        lib.change_set_reload(self.handle, reload)
        return self

    def set_wait_ms(self, wait_ms: int) -> "Change":
        """Set how many milliseconds to wait for GPUs to become idle; 10,000 unless set."""
        lib.change_set_wait_ms(self.handle, wait_ms)
        return self

    def on_progress(self, progress: Optional[Progress]) -> "Change":
        """Report each step to a callback: number of the step, number of steps, text."""
        def report(_userdata: Any, step: int, n_steps: int, text: bytes) -> None:
            assert progress is not None
            progress(step, n_steps, decode(text))
        self._progress = (_abi.rocpart_progress_fn(report) if progress
                          else _abi.rocpart_progress_fn())
        lib.change_set_progress(self.handle, self._progress, None)
        return self

    def set_unattended(self, unattended: bool = True) -> "Change":
        """Mark a change that no person chose: it obeys a hold, and trusts files of root alone."""
        lib.change_set_unattended(self.handle, unattended)
        return self

    @property
    def number(self) -> int:
        """Number of a change that was begun; after back(), of the change that it takes back."""
        return int(lib.change_get_number(self.handle))

    def check_undo(self) -> "Change":
        """After back(), raise RefusedError when leases were made since the change or it is old."""
        lib.call("change_check_undo", self.handle)
        return self

    def check(self) -> "Change":
        """Check the change as a whole and raise the reason of a refusal. Writes nothing."""
        lib.call("change_check", self.handle)
        return self

    @property
    def gpus(self) -> List[GpuChange]:
        """GPUs to switch, after check(); empty: the machine is already in the requested state."""
        found: List[GpuChange] = []
        while True:
            p = lib.change_get_gpu(self.handle, len(found))
            if not p:
                return found
            g = p.contents
            found.append(GpuChange(
                g.index, decode(g.bdf), ComputeMode(g.from_compute), MemoryMode(g.from_memory),
                ComputeMode(g.to_compute), MemoryMode(g.to_memory), g.n_partitions_before,
                g.n_partitions_after, g.partition_bytes))

    @property
    def steps(self) -> List[str]:
        """Steps of the change, in order, after check()."""
        return texts(lib.change_get_step, self.handle)

    @property
    def warnings(self) -> List[str]:
        """Interruptions, indices that change and steps that cannot be undone, after check()."""
        return texts(lib.change_get_warning, self.handle)

    @property
    def differences(self) -> List[str]:
        """Differences between the machine and the request, after check()."""
        return texts(lib.change_get_difference, self.handle)

    @property
    def needs_reload(self) -> bool:
        """Whether the change reloads the driver, after check()."""
        return bool(lib.change_needs_reload(self.handle))

    def holders(self) -> List[Holder]:
        """List the processes that block the change now, after check()."""
        handle = lib.new("change_get_holders", self.handle)
        try:
            found: List[Holder] = []
            while True:
                p = lib.holders_get(handle, len(found))
                if not p:
                    return found
                h = p.contents
                found.append(Holder(h.pid, decode(h.command), decode(h.unit), decode(h.container),
                                    decode(h.job), decode(h.devices), h.memory_used_bytes))
        finally:
            lib.holders_free(handle)

    def apply(self) -> None:
        """Apply or resume the change. Interrupts running workloads; needs root on hardware."""
        lib.call("change_apply", self.handle)

    def undo(self) -> None:
        """Undo an unfinished change."""
        lib.call("change_undo", self.handle)
