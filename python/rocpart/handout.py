# SPDX-License-Identifier: MIT
"""Handouts: the variables, device nodes, groups and flags of a program on partitions."""
import ctypes
import weakref
from typing import Dict, List

from ._abi import Filter, HandoutForm, View
from ._lib import decode, encode, lib, texts
from .node import Machine


class Handout:
    """The handout of leases (by number) or partitions ("GPU/ID") for one program.

    The indices are those of the machine when the handout was created: create a new handout after
    each switch.
    """

    def __init__(self, machine: Machine, *names: str, filter: Filter = Filter.AUTO) -> None:
        array = (ctypes.c_char_p * len(names))(*[encode(n) for n in names])
        self.handle = lib.new("handout_new", machine.handle, array, len(names))
        weakref.finalize(self, lib.handout_free, self.handle)
        lib.call("handout_set_filter", self.handle, Filter(filter))

    def env(self, view: View = View.HOST) -> Dict[str, str]:
        """Return the variables for a program that sees all nodes, or (View.OWN) only its own."""
        found: Dict[str, str] = {}
        name, value = ctypes.c_char_p(), ctypes.c_char_p()
        while lib.handout_get_variable(self.handle, view, len(found), ctypes.byref(name),
                                       ctypes.byref(value)) == 0:
            found[decode(name.value)] = decode(value.value)
        return found

    @property
    def devices(self) -> List[str]:
        """Device nodes that the program opens, /dev/kfd first."""
        return texts(lib.handout_get_device, self.handle)

    @property
    def groups(self) -> List[int]:
        """Numbers of the groups that may open the device nodes."""
        found: List[int] = []
        gid = ctypes.c_uint32()
        while lib.handout_get_group(self.handle, len(found), ctypes.byref(gid)) == 0:
            found.append(gid.value)
        return found

    def conflicts(self, view: View = View.HOST) -> List[str]:
        """Return variables that must not be set, because a second filter hides the partition."""
        return texts(lib.handout_get_conflict, self.handle, view)

    def text(self, form: HandoutForm) -> str:
        """Return the handout as text, quoted by the rules of the form."""
        out = ctypes.c_char_p()
        lib.call("handout_print", self.handle, form, ctypes.byref(out))
        return lib.take_text(out)

    def words(self, form: HandoutForm) -> List[str]:
        """Return the words of a form that consists of words, for subprocess."""
        out = ctypes.POINTER(ctypes.c_char_p)()
        lib.call("handout_get_words", self.handle, form, ctypes.byref(out))
        try:
            found: List[str] = []
            while out[len(found)] is not None:
                found.append(decode(out[len(found)]))
            return found
        finally:
            lib.flags_free(out)
