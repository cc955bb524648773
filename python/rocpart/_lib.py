# SPDX-License-Identifier: MIT
"""Finds librocpart.so.0, sets the prototypes of its functions, raises its errors as exceptions."""
import ctypes
import os
import pathlib
from typing import Any, Callable, Iterator, List, Optional

from . import _abi
from .errors import UnsupportedError, error_of

SONAME = "librocpart.so.0"
_HERE = pathlib.Path(__file__).resolve().parent


def source_tree() -> Optional[pathlib.Path]:
    """Return the source tree of the package; None for an installed package."""
    top = _HERE.parent.parent
    return top if (top / "include/rocpart/rocpart.h").is_file() else None


def _installed(what: str) -> Optional[pathlib.Path]:
    """Return LIBDIR or DATADIR of the installation, even a moved one; None in the source tree."""
    try:
        from . import _paths  # written by `meson install`
    except ImportError:
        return None
    relative = os.path.relpath(getattr(_paths, what), _paths.PACKAGEDIR)
    return pathlib.Path(os.path.normpath(_HERE / relative))


def data_dirs() -> List[pathlib.Path]:
    """Return the folders with profiles/ and models/; the first folder that has a file is used."""
    if os.environ.get("ROCPART_DATA"):
        return [pathlib.Path(os.environ["ROCPART_DATA"])]
    return [p for p in (source_tree(), _installed("DATADIR")) if p]


def _candidates() -> Iterator[str]:
    named = os.environ.get("ROCPART_LIBRARY")
    if named:
        yield named
        return
    yield str(_HERE / SONAME)
    tree = source_tree()
    if tree:
        for build in ("build", "build-test"):
            yield str(tree / build / "src" / SONAME)
    installed = _installed("LIBDIR")
    if installed:
        yield str(installed / SONAME)
    yield SONAME


def _load() -> ctypes.CDLL:
    tried = []
    for path in _candidates():
        if "/" in path and not os.path.exists(path):
            tried.append(path)
            continue
        try:
            # CDLL releases the interpreter during a call, so that other threads run while a driver
            # reloads. Only the progress callback runs Python code, and ctypes guards the callback.
            return ctypes.CDLL(path, use_errno=False)
        except OSError as e:
            tried.append(f"{path} ({e})")
    raise ImportError(f"{SONAME} was not found: run `make build`, install rocpart, or name the "
                      "file in ROCPART_LIBRARY; tried " + ", ".join(tried))


class _Library:
    """Offers the functions of the library as attributes without their prefix: lib.version()."""

    def __init__(self) -> None:
        self._cdll = _load()
        self._libc = ctypes.CDLL(None)
        self._libc.free.argtypes = [ctypes.c_void_p]
        self._libc.free.restype = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        full = "rocpart_" + name
        if full not in _abi.PROTOTYPES:
            raise AttributeError(name)
        try:
            fn = getattr(self._cdll, full)
        except AttributeError:
            raise UnsupportedError(
                -95, _abi.Errcode.UNSUPPORTED, SONAME,
                f"this library has no function {full}()", "use the library of this package"
            ) from None
        fn.restype, fn.argtypes = _abi.PROTOTYPES[full]
        setattr(self, name, fn)
        return fn

    def has(self, name: str) -> bool:
        """Report whether the library has a function."""
        return hasattr(self._cdll, "rocpart_" + name)

    def call(self, name: str, *args: Any) -> int:
        """Call a function whose last parameter is `reterr`; raise the error of a failure."""
        err = _abi.Error()
        r = getattr(self, name)(*args, ctypes.byref(err))
        if r < 0:
            raise error_of(err, r)
        return r

    def new(self, name: str, *args: Any) -> int:
        """Call a function whose last output is an object, and return the object."""
        out = ctypes.c_void_p()
        self.call(name, *args, ctypes.byref(out))
        assert out.value is not None
        return out.value

    def check(self, name: str, *args: Any) -> int:
        """Call a function that returns an errno without a rocpart_error; raise the errno."""
        r = getattr(self, name)(*args)
        if r < 0:
            text = self.strerror(r).decode()
            words = ", ".join(str(decode(a)) for a in args[1:] if isinstance(a, (bytes, int)))
            raise error_of(_abi.Error(r, _abi.Errcode.INVALID_ARGUMENT if r == -22
                                      else _abi.Errcode.FAILED,
                                      b"", f"{name}({words}): {text}".encode()[:511]), r)
        return r

    def take_text(self, out: ctypes.c_char_p) -> str:
        """Return the text of a `char **ret_...` and free the C string."""
        text = (out.value or b"").decode("utf-8", "replace")
        self._libc.free(ctypes.cast(out, ctypes.c_void_p))
        return text

    def free(self, pointer: Any) -> None:
        """Free memory of the library with free(3)."""
        self._libc.free(ctypes.cast(pointer, ctypes.c_void_p))


def encode(text: Any) -> bytes:
    """Encode a text or a path for the library."""
    return os.fsencode(text)


def decode(text: Any) -> Any:
    """Decode a text of the library; None stays None."""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def texts(fn: Callable[..., Optional[bytes]], *args: Any) -> List[str]:
    """Call a getter whose last parameter is an index, until it returns NULL."""
    found: List[str] = []
    while True:
        text = fn(*args, len(found))
        if text is None:
            return found
        found.append(text.decode("utf-8", "replace"))


def maybe(name: str, handle: Any, kind: Any) -> Any:
    """Call a getter with one output and return the value; None for -ENODATA."""
    out = kind()
    r = getattr(lib, name)(handle, ctypes.byref(out))
    return out.value if r == 0 else None


lib = _Library()
