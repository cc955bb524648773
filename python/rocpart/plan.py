# SPDX-License-Identifier: MIT
"""Plans: modes for GPUs and a partition for each replica, with a proof."""
import ctypes
import json
import os
import weakref
from typing import Any, Dict, Optional, Union

from ._lib import encode, lib
from .model import Catalog
from .node import Snapshot


class Plan:
    """Requests for models, and the partitions that a plan chooses."""

    def __init__(self, machine: Union[Snapshot, str], n_gpus: int = 0) -> None:
        """Plan for the GPUs of a snapshot, or n_gpus of a product (0: as many as needed)."""
        out = ctypes.c_void_p()
        lib.check("plan_new", ctypes.byref(out))
        self.handle = out.value
        weakref.finalize(self, lib.plan_free, out.value)
        if isinstance(machine, Snapshot):
            lib.plan_set_machine(self.handle, machine.handle)
        else:
            lib.call("plan_set_product", self.handle, encode(machine), n_gpus)

    def load(self, path: Union[str, "os.PathLike[str]"]) -> "Plan":
        """Add the requests of a node.yaml."""
        lib.call("plan_load_file", self.handle, encode(path))
        return self

    def add(self, model: str, replicas: int = 1) -> "Plan":
        """Add replicas of a model, by its name in the catalog or the path of its files."""
        for _ in range(replicas):
            lib.call("plan_add_model", self.handle, encode(model))
        return self

    def allow_unvalidated(self, allow: bool = True) -> "Plan":
        """Also use modes that the vendor has not validated."""
        lib.plan_set_allow_unvalidated(self.handle, allow)
        return self

    def lenient(self, lenient: bool = True) -> "Plan":
        """Size models without the keys of config.json that rocpart does not understand."""
        lib.plan_set_lenient(self.handle, lenient)
        return self

    def solve(self, catalog: Optional[Catalog] = None, max_work: int = 0) -> "Plan":
        """Solve the plan. max_work limits the search; 0 is the default."""
        names = catalog or Catalog()  # keeps the catalog alive during the call
        lib.call("plan_solve", self.handle, names.handle, max_work)
        return self

    @property
    def feasible(self) -> bool:
        """Whether every replica has a partition."""
        return bool(lib.plan_is_feasible(self.handle))

    def to_json(self) -> str:
        """Return the plan as a JSON document that includes its certificate."""
        out = ctypes.c_char_p()
        lib.call("plan_to_json", self.handle, ctypes.byref(out))
        return str(lib.take_text(out))

    def to_dict(self) -> Dict[str, Any]:
        """Return the document of to_json(), parsed."""
        parsed: Dict[str, Any] = json.loads(self.to_json())
        return parsed


def verify(text: str, name: str = "plan") -> None:
    """Verify a plan from its document alone; raise an error when a claim does not hold."""
    data = text.encode()
    lib.call("plan_verify", data, len(data), encode(name))
