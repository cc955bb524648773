# SPDX-License-Identifier: MIT
"""rocpart: partitions AMD Instinct GPUs and places AI models on the partitions.

The package is a thin layer over librocpart.so.0. It needs neither a compiler nor another package.
Importing the package changes nothing and touches no hardware; only Change.apply() and
Change.undo() switch a GPU.
"""
from ._abi import (Backend, ComputeMode, Errcode, Filter, FootprintValue, HandoutForm,
                   MachineKind, MemoryMode, PairState, Reload, View)
from ._lib import lib as _library
from .change import Change, GpuChange, Holder
from .desired import (Applied, Difference, DifferenceKind, Node, Place, PlacedReplica,
                      ReplicaDifference, Result, Revision)
from .errors import (AccessError, InvalidArgumentError, MachineError, ModeError, ModelError,
                     ModelUnknownError, NoHardwareError, NoRoomError, NotFoundError, PendingError,
                     RefusedError, RocpartError, UnsupportedError)
from .handout import Handout
from .model import Catalog, Footprint, Model, usable_bytes
from .node import Gpu, Machine, Pair, Partition, Snapshot
from .plan import Plan, verify


def version() -> str:
    """Return the version of the library."""
    return str(_library.version().decode())


__all__ = [
    "AccessError", "Applied", "Backend", "Catalog", "Change", "ComputeMode", "Difference",
    "DifferenceKind", "Errcode", "Filter", "Footprint", "FootprintValue", "Gpu", "GpuChange", "Handout", "HandoutForm", "Holder",
    "InvalidArgumentError", "Machine", "MachineError", "MachineKind", "MemoryMode", "ModeError",
    "Model", "ModelError", "ModelUnknownError", "NoHardwareError", "Node", "NoRoomError", "NotFoundError",
    "Pair", "PairState", "Partition", "PendingError", "Place", "PlacedReplica", "Plan",
    "RefusedError", "Reload", "ReplicaDifference", "Result", "Revision",
    "RocpartError", "Snapshot", "UnsupportedError", "View", "usable_bytes", "verify", "version",
]
