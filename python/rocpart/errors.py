# SPDX-License-Identifier: MIT
"""Exceptions: one for each way in which a program would react, all of them RocpartError."""
from typing import Dict, Type

from ._abi import Errcode, Error


class RocpartError(Exception):
    """A call of librocpart failed.

    errnum: negative errno; code: Errcode, or a number that this version does not know;
    object: what it is about; message: one line; hint: what to do next, or "".
    """

    def __init__(self, errnum: int, code: int, object: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.errnum = errnum
        self.code = code
        self.object = object
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = self.message
        if self.object and self.object not in text:
            text = f"{self.object}: {text}"
        return f"{text} ({self.hint})" if self.hint else text


class InvalidArgumentError(RocpartError, ValueError):
    """The request, or a file that was given, makes no sense."""


class NotFoundError(RocpartError, LookupError):
    """The named object does not exist."""


class ModelUnknownError(NotFoundError):
    """No catalog has a model of that name."""


class ModelError(RocpartError):
    """A model's files are malformed, or it does not fit."""


class NoHardwareError(RocpartError):
    """No GPU that amdgpu drives."""


class AccessError(RocpartError):
    """Not allowed: user, file mode, or a machine that can only be read."""


class ModeError(RocpartError, ValueError):
    """The GPU cannot be in that pair of modes, or the vendor has not validated it."""


class RefusedError(RocpartError):
    """A guard refused: in use, locked, cordoned, leased, or somebody else's."""


class NoRoomError(RocpartError):
    """No partition has that much left."""


class PendingError(RocpartError):
    """A memory mode is requested and waits for a driver reload."""


class MachineError(RocpartError):
    """The machine did not do, or does not show, what it must."""


class UnsupportedError(RocpartError):
    """This build or this machine cannot do it."""


# Kinds of failure by name: a library may be newer or older than this list.
_KINDS: Dict[str, Type[RocpartError]] = {
    "NONE": RocpartError,
    "FAILED": RocpartError,
    "INVALID_ARGUMENT": InvalidArgumentError,
    "NO_MEMORY": RocpartError,
    "NO_HARDWARE": NoHardwareError,
    "NOT_FOUND": NotFoundError,
    "BAD_ATTRIBUTE": MachineError,
    "CONFIG_SYNTAX": InvalidArgumentError,
    "PERMISSION": AccessError,
    "BUSY_PROCESS": RefusedError,
    "MODE_UNSUPPORTED": ModeError,
    "NPS_NEEDS_COMPUTE": ModeError,
    "NOT_VALIDATED": ModeError,
    "NPS_NEEDS_RELOAD": PendingError,
    "READBACK_MISMATCH": MachineError,
    "STALE_SNAPSHOT": RefusedError,
    "READ_ONLY": AccessError,
    "LOCKED": RefusedError,
    "UNFINISHED_CHANGE": RefusedError,
    "DRIVER_IN_USE": RefusedError,
    "DRIVER_RELOAD": MachineError,
    "GPU_LOST": MachineError,
    "PARTITION_MISSING": MachineError,
    "CORDONED": RefusedError,
    "SIM_ONLY": UnsupportedError,
    "NEEDS_CONFIRMATION": RefusedError,
    "RETRY": MachineError,
    "UNSUPPORTED": UnsupportedError,
    "MODEL_UNKNOWN": ModelUnknownError,
    "MODEL_FORMAT": ModelError,
    "MODEL_TOO_LARGE": ModelError,
    "PARTLY_DONE": MachineError,
    "LEASED": RefusedError,
    "OTHER_ALLOCATOR": RefusedError,
    "NO_ROOM": NoRoomError,
    "BAD_RECORDS": MachineError,
}


def class_of(code: int) -> Type[RocpartError]:
    """The exception of a kind of failure; RocpartError for one that is not known."""
    try:
        return _KINDS.get(Errcode(code).name, RocpartError)
    except ValueError:
        return RocpartError


def error_of(err: Error, errnum: int) -> RocpartError:
    """The exception of a filled struct rocpart_error."""
    try:
        code: int = Errcode(err.code)
    except ValueError:
        code = err.code
    words = [w.decode("utf-8", "replace") for w in (err.object, err.message, err.hint)]
    return class_of(err.code)(errnum, code, *words)
