# SPDX-License-Identifier: MIT
"""Exceptions: one class for each reaction of a program, all derived from RocpartError."""
from typing import Dict, Type

from ._abi import Errcode, Error


class RocpartError(Exception):
    """A call of librocpart failed.

    errnum: negative errno; code: Errcode, or a number that this version does not know;
    object: object that the failure concerns; message: one line; hint: next step, or "".
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
    """The request or a file of the user is invalid."""


class NotFoundError(RocpartError, LookupError):
    """The named object does not exist."""


class ModelUnknownError(NotFoundError):
    """No catalog has a model of that name."""


class ModelError(RocpartError):
    """The files of a model are malformed, or the model does not fit."""


class NoHardwareError(RocpartError):
    """The machine has no GPU that amdgpu drives."""


class AccessError(RocpartError):
    """The user or a file mode forbids the access, or the machine is read-only."""


class ModeError(RocpartError, ValueError):
    """The GPU does not support the pair of modes, or the vendor has not validated the pair."""


class RefusedError(RocpartError):
    """A guard refused the request: GPUs are in use, locked, cordoned, leased or foreign."""


class NoRoomError(RocpartError):
    """No partition has enough free bytes."""


class PendingError(RocpartError):
    """A requested memory mode waits for a driver reload."""


class MachineError(RocpartError):
    """The machine failed to switch, or shows an unexpected state."""


class UnsupportedError(RocpartError):
    """This build or this machine does not support the request."""


# Kinds of failure by name, because the library may be newer or older than this list.
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
    "INTERRUPTED": MachineError,
    "GPU_REPLACED": RefusedError,
    "ON_HOLD": RefusedError,
    "NOT_NAMED": RefusedError,
    "DESIRED_LOST": RefusedError,
}


def class_of(code: int) -> Type[RocpartError]:
    """Return the exception class for a kind of failure; RocpartError for an unknown kind."""
    try:
        return _KINDS.get(Errcode(code).name, RocpartError)
    except ValueError:
        return RocpartError


def error_of(err: Error, errnum: int) -> RocpartError:
    """Create the exception for a filled struct rocpart_error."""
    try:
        code: int = Errcode(err.code)
    except ValueError:
        code = err.code
    words = [w.decode("utf-8", "replace") for w in (err.object, err.message, err.hint)]
    return class_of(err.code)(errnum, code, *words)
