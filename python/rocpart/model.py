# SPDX-License-Identifier: MIT
"""Models, and the bytes that they need."""
import ctypes
import os
import weakref
from typing import Iterable, List, Optional, Tuple, Union

from ._abi import Errcode, FootprintValue
from ._lib import data_dirs, decode, encode, lib, maybe
from .errors import NotFoundError

_PARTS = [FootprintValue(i) for i in range(FootprintValue.TOTAL_BYTES)]


class Footprint:
    """The bytes that a model needs with given options, for one rank."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        weakref.finalize(self, lib.footprint_free, handle)

    def get(self, value: FootprintValue) -> Optional[int]:
        """Return one number; None when the number is not known."""
        out = ctypes.c_uint64()
        r = lib.footprint_get(self.handle, value, ctypes.byref(out))
        return out.value if r == 0 else None

    @property
    def total_bytes(self) -> Optional[int]:
        """The least bytes that work; None when an item is not known."""
        return self.get(FootprintValue.TOTAL_BYTES)

    @property
    def parts(self) -> List[Tuple[str, Optional[int], str]]:
        """Name, bytes and confidence of each item of the sum."""
        return [(p.name.lower(), self.get(p),
                 decode(lib.footprint_get_confidence(self.handle, p))) for p in _PARTS]

    @property
    def confidence(self) -> str:
        """The lowest confidence of all items."""
        return str(decode(lib.footprint_get_confidence(self.handle, FootprintValue.TOTAL_BYTES)))

    @property
    def dtype(self) -> str:
        """Format of the weights."""
        return str(decode(lib.footprint_get_text(self.handle, b"dtype")))

    @property
    def assumptions(self) -> List[Tuple[str, str, str]]:
        """Option, value and reason of each assumption for an option that was not set."""
        found: List[Tuple[str, str, str]] = []
        while True:
            out = [ctypes.c_char_p() for _ in range(3)]
            if lib.footprint_get_assumption(self.handle, len(found), *map(ctypes.byref, out)) < 0:
                return found
            found.append((decode(out[0].value), decode(out[1].value), decode(out[2].value)))

    def fits(self, usable_bytes: int) -> Optional[bool]:
        """Report whether all items and one request of the context fit; None: not known."""
        r = lib.footprint_fits(self.handle, usable_bytes)
        return None if r < 0 else r == 1

    def flags(self, partition_bytes: int = 0, usable_bytes: int = 0) -> List[str]:
        """Return the options of the engine that the footprint is valid for."""
        out = ctypes.POINTER(ctypes.c_char_p)()
        lib.check("footprint_get_flags", self.handle, partition_bytes, usable_bytes,
                  ctypes.byref(out))
        words: List[str] = []
        while out[len(words)] is not None:
            words.append(decode(out[len(words)]))
        lib.flags_free(out)
        return words


class Model:
    """A described model."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        weakref.finalize(self, lib.model_free, handle)

    @classmethod
    def open(cls, path: Union[str, "os.PathLike[str]"]) -> "Model":
        """Open a model by its files. The call reads headers, never weights."""
        return cls(lib.new("model_open", encode(path)))

    @property
    def name(self) -> str:
        """Name in the catalog, or the path that was given."""
        return str(decode(lib.model_get_name(self.handle)))

    @property
    def architecture(self) -> str:
        """Family in the architecture table, or "unknown"."""
        return str(decode(lib.model_get_architecture(self.handle)))

    @property
    def max_context(self) -> Optional[int]:
        """Longest context of the model, in tokens."""
        return maybe("model_get_max_context", self.handle, ctypes.c_uint64)

    def footprint(self, dtype: Optional[str] = None, kv_dtype: Optional[str] = None,
                  engine: Optional[str] = None, context: int = 0, max_seqs: int = 0,
                  tensor_parallel: int = 0, eager: bool = False,
                  lenient: bool = False) -> Footprint:
        """Compute the footprint. Footprint.assumptions lists the values of missing options.

        lenient: leave out keys of config.json that may decide a size and are not understood.
        """
        options = ctypes.c_void_p()
        lib.check("size_options_new", ctypes.byref(options))
        try:
            for what, word in (("dtype", dtype), ("kv_dtype", kv_dtype),
                               ("engine", engine)):
                if word is not None:
                    lib.call("size_options_set_" + what, options, encode(word))
            lib.size_options_set_context(options, context)
            lib.size_options_set_max_seqs(options, max_seqs)
            lib.size_options_set_tensor_parallel(options, tensor_parallel)
            lib.size_options_set_eager(options, eager)
            lib.size_options_set_lenient(options, lenient)
            return Footprint(lib.new("footprint_new", self.handle, options))
        finally:
            lib.size_options_free(options)


def catalog_paths() -> List[str]:
    """Return the catalogs of the rocpart command: shipped, of the system, of the user."""
    shipped = [d / "models" for d in data_dirs() if (d / "models").is_dir()][:1]
    if not shipped:
        raise NotFoundError(-2, Errcode.NOT_FOUND, "models",
                            "the model catalog of rocpart was not found",
                            "install rocpart, or name the folder above it in ROCPART_DATA")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    own = ["/etc/rocpart/models.d", os.path.join(config, "rocpart/models.d")]
    return [str(shipped[0])] + [p for p in own if os.path.isdir(p)]


class Catalog:
    """A catalog of models by name."""

    def __init__(self, paths: Optional[Iterable[Union[str, "os.PathLike[str]"]]] = None) -> None:
        out = ctypes.c_void_p()
        lib.check("catalog_new", ctypes.byref(out))
        self.handle = out.value
        weakref.finalize(self, lib.catalog_free, out.value)
        for path in catalog_paths() if paths is None else paths:
            lib.call("catalog_load", self.handle, encode(path))

    @property
    def names(self) -> List[str]:
        """Names of the models, in the order of the files."""
        return [decode(lib.catalog_get_name(self.handle, i))
                for i in range(lib.catalog_get_count(self.handle))]

    def find(self, name: str) -> Model:
        """Find a model by its name, or by a unique part of a name after the '/'."""
        return Model(lib.new("model_find", self.handle, encode(name)))


def usable_bytes(partition_bytes: int, host_free_bytes: int, vram_bytes: int,
                 pinned_bytes: int = 0) -> int:
    """Compute the bytes of a partition that processes can use.

    host_free_bytes and vram_bytes are those of the whole machine.
    """
    return int(lib.usable_bytes(partition_bytes, host_free_bytes, vram_bytes, pinned_bytes))
