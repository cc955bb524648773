# SPDX-License-Identifier: MIT
"""Simulated machines that live in folders, shared with the rocpart command."""
import ctypes
import errno
import json
import os
import pathlib
import re
from typing import Any, Dict, List, Optional, Tuple, Union

from ._abi import Errcode
from ._lib import data_dirs, encode, lib
from .errors import NotFoundError, RocpartError
from .node import Machine

Path = Union[str, "os.PathLike[str]"]


def profiles() -> Dict[str, pathlib.Path]:
    """Return the profiles for simulated machines by name."""
    found: Dict[str, pathlib.Path] = {}
    for folder in data_dirs():
        for path in sorted((folder / "profiles").glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def profile_text(name: str) -> str:
    """Return the text of a profile."""
    try:
        return profiles()[name].read_text(encoding="utf-8")
    except KeyError:
        raise NotFoundError(-2, Errcode.NOT_FOUND, name, f"there is no profile '{name}'",
                            "known profiles: " + ", ".join(sorted(profiles()))) from None


def profile_of_product(product: str) -> str:
    """Return the profile with the most GPUs of a product: "mi300x-8" for "MI300X"."""
    pattern = re.compile(re.escape(product.strip().lower()) + r"-(\d+)$")
    sizes = [(int(m.group(1)), m.group(0)) for m in map(pattern.match, profiles()) if m]
    if not sizes:
        known = sorted({m.group(1).upper() for m in (re.match(r"(mi\w+)-\d+$", n)
                                                     for n in profiles()) if m})
        raise NotFoundError(-2, Errcode.NOT_FOUND, product,
                            f"there is no simulated machine of '{product}'",
                            "known products: " + ", ".join(known))
    return max(sizes)[1]


def folder(name: str) -> pathlib.Path:
    """Return the folder in which the rocpart command keeps a simulated machine.

    name: name of the machine, or path of a profile.
    """
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    stem = os.path.basename(name)
    return pathlib.Path(state) / "rocpart/sim" / (stem[:-5] if stem.endswith(".yaml") else stem)


def create(directory: Path, profile: str, name: str) -> None:
    """Create a machine in an absolute folder and power the machine on.

    name: name of the profile in messages.
    """
    text = profile.encode()
    lib.call("sim_create", encode(directory), text, len(text), encode(name))


def open_named(name: str) -> Machine:
    """Open the machine of `rocpart --sim NAME`; create a missing machine from its profile."""
    directory = folder(name)
    try:
        return Machine.sim(directory)
    except NotFoundError:
        is_path = "/" in name or name.endswith(".yaml")
        text = pathlib.Path(name).read_text("utf-8") if is_path else profile_text(name)
        try:
            create(directory, text, directory.name)
        except RocpartError as e:
            if e.errnum != -errno.EEXIST:  # another process created the machine
                raise
        return Machine.sim(directory)


def remove(directory: Path) -> None:
    """Delete a machine and its records."""
    lib.call("sim_remove", encode(directory))


def reset(directory: Path) -> None:
    """Power a machine off and on."""
    lib.call("sim_reset", encode(directory))


def reload(directory: Path) -> None:
    """Unload and load the driver, as another program would."""
    lib.call("sim_reload", encode(directory))


def hold(directory: Path, vram: Optional[List[Tuple[str, int, int]]] = None,
         command: str = "python3", pid: int = 0) -> int:
    """Start a simulated process that uses GPUs, and return its process id.

    The process has the KFD open. vram: VRAM that the process uses, as (BDF, partition, bytes).
    """
    process, started = ctypes.c_void_p(), ctypes.c_uint32()
    lib.check("sim_process_new", ctypes.byref(process))
    try:
        lib.sim_process_set_pid(process, pid)
        lib.call("sim_process_set_command", process, encode(command), None)
        lib.sim_process_open_kfd(process)
        for bdf, partition, n_bytes in vram or []:
            lib.check("sim_process_use_vram", process, encode(bdf), partition, n_bytes)
        lib.call("sim_hold", encode(directory), process, ctypes.byref(started))
        return started.value
    finally:
        lib.sim_process_free(process)


def unhold(directory: Path, pid: int) -> None:
    """Stop a simulated process."""
    lib.call("sim_unhold", encode(directory), pid)


def load_start(directory: Path, seed: int = 0, rate: int = 1) -> None:
    """Start the model of load from the beginning: idle GPUs, the simulated clock at 0.

    rate: simulated seconds in a second of the host; 0: only clock_advance() lets time pass.
    """
    lib.call("sim_load_start", encode(directory), seed, rate)


def load_add(directory: Path, target: str = "all", busy_percent: int = 0, vram_bytes: int = 0,
             seconds: int = 0) -> None:
    """Put load on a target from now on.

    target: "all", a GPU by its number in the profile or its PCI address, or GPU/PARTITION.
    vram_bytes: memory that the load comes to have, in a process of the machine.
    seconds: simulated time that the load lasts; 0: until another load of the target.
    """
    lib.call("sim_load_add", encode(directory), encode(target), busy_percent, vram_bytes, seconds)


def load_script(directory: Path, text: str, name: str = "script") -> None:
    """Put loads on targets at times to come: lines "seconds, target, percent, bytes".

    name: name of the script in errors.
    """
    lib.call("sim_load_script", encode(directory), encode(text), encode(name))


def load_show(directory: Path) -> Dict[str, Any]:
    """Return what the model of load says of each GPU now, as docs/schema/sim-load.json has it."""
    text = ctypes.c_char_p()
    lib.call("sim_load_show", encode(directory), ctypes.byref(text))
    loaded: Dict[str, Any] = json.loads(lib.take_text(text))
    return loaded


def load_stop(directory: Path) -> None:
    """Remove the model of load, its loads and its clock."""
    lib.call("sim_load_stop", encode(directory))


def clock_advance(directory: Path, seconds: int) -> None:
    """Let simulated time pass at once."""
    lib.call("sim_clock_advance", encode(directory), seconds)


def clock_set_rate(directory: Path, rate: int) -> None:
    """Choose how many simulated seconds pass in a second of the host; 0: the clock stands."""
    lib.call("sim_clock_set_rate", encode(directory), rate)


def fault_add(directory: Path, rule: str) -> None:
    """Inject a fault: OP:PATTERN:EFFECT[:N], see rocpart_sim_fault_add()."""
    lib.call("sim_fault_add", encode(directory), encode(rule))


def fault_clear(directory: Path) -> None:
    """Remove all fault rules."""
    lib.call("sim_fault_clear", encode(directory))


def fault_plan(directory: Path, rule: str, seconds: int) -> None:
    """Inject a fault later: in seconds of the simulated clock, if load was started."""
    lib.call("sim_fault_plan", encode(directory), encode(rule), seconds)


def fault_remove(directory: Path, rule: str) -> None:
    """Remove the first fault rule of that text, in force or to come."""
    lib.call("sim_fault_remove", encode(directory), encode(rule))


def set_realistic(directory: Path, realistic: bool) -> None:
    """Let switches, loads and unloads of the driver take the time of the profile, or no time."""
    lib.call("sim_set_realistic", encode(directory), realistic)


def kernel_log(directory: Path) -> List[str]:
    """Return what the driver wrote into the kernel log since the boot, without the prefixes."""
    text = ctypes.c_char_p()
    lib.call("sim_get_kernel_log", encode(directory), ctypes.byref(text))
    return [line.partition(";")[2] for line in lib.take_text(text).splitlines()]
