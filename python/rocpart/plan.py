# SPDX-License-Identifier: MIT
"""Which modes, which partition for which model, with a proof."""
import ctypes
import json
import os
import weakref
from typing import Any, Dict, Optional, Union

from ._lib import encode, lib
from .model import Catalog
from .node import Snapshot


class Plan:
    """Wishes, and where they go."""

    def __init__(self, machine: Union[Snapshot, str], n_gpus: int = 0) -> None:
        """For the GPUs of a snapshot, or n_gpus of a product (0: as many as needed)."""
        out = ctypes.c_void_p()
        lib.check("plan_new", ctypes.byref(out))
        self.handle = out.value
        weakref.finalize(self, lib.plan_free, out.value)
        if isinstance(machine, Snapshot):
            lib.plan_set_machine(self.handle, machine.handle)
        else:
            lib.call("plan_set_product", self.handle, encode(machine), n_gpus)

    def load(self, path: Union[str, "os.PathLike[str]"]) -> "Plan":
        """Wishes of a node.yaml."""
        lib.call("plan_load_file", self.handle, encode(path))
        return self

    def add(self, model: str, replicas: int = 1) -> "Plan":
        """Replicas of a model, by its name in the catalog or the path of its files."""
        for _ in range(replicas):
            lib.call("plan_add_model", self.handle, encode(model))
        return self

    def allow_unvalidated(self, allow: bool = True) -> "Plan":
        """Use modes that the vendor has not validated too."""
        lib.plan_set_allow_unvalidated(self.handle, allow)
        return self

    def solve(self, catalog: Optional[Catalog] = None, max_work: int = 0) -> "Plan":
        """Find it; max_work bounds the search, 0 is the usual."""
        names = catalog or Catalog()  # alive while the call lasts
        lib.call("plan_solve", self.handle, names.handle, max_work)
        return self

    @property
    def feasible(self) -> bool:
        """Whether each replica has a place."""
        return bool(lib.plan_is_feasible(self.handle))

    def to_json(self) -> str:
        """The plan as a document, certificate included."""
        out = ctypes.c_char_p()
        lib.call("plan_to_json", self.handle, ctypes.byref(out))
        return str(lib.take_text(out))

    def to_dict(self) -> Dict[str, Any]:
        """The same, parsed."""
        parsed: Dict[str, Any] = json.loads(self.to_json())
        return parsed


def verify(text: str, name: str = "plan") -> None:
    """Check a plan from its document alone; raises when a claim does not hold."""
    data = text.encode()
    lib.call("plan_verify", data, len(data), encode(name))
