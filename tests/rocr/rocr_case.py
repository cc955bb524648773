# SPDX-License-Identifier: MIT
"""AMD's ROCr and HIP of Debian bookworm (5.2.3) on simulated machines, for the tests beside this.

KFD_STAND_IN names the library with the ioctls. ROCPART_TEST_GPUS: how many GPUs
there are where each mode and each partition is tried (2).
"""

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "simfs"))
from simfs_case import ROCPART, ROOT, SimfsCase, host  # noqa: E402

GPUS = int(os.environ.get("ROCPART_TEST_GPUS", 2))
MODES = [("SPX", "NPS1"), ("DPX", "NPS1"), ("QPX", "NPS1"), ("CPX", "NPS1"), ("QPX", "NPS4"),
         ("CPX", "NPS4")]
# The machine has two CPU sockets: libhsakmt counts the caches of each, which are the host's.
# What containers leave in /run is of this namespace.
PREPARE = """
mount -t tmpfs none /run && mount -t tmpfs none /sys/devices/system/node || exit
cd /sys/devices/system/node
for node in 0 1 2 3; do mkdir node$node && ln -s ../../cpu/cpu0 node$node/ || exit; done
cd / && exec "$@"
"""


def need_runtimes():
    try:
        ctypes.CDLL("libhsa-runtime64.so.1")
        ctypes.CDLL("libamdhip64.so.5")
    except OSError as err:
        host.lacking(f"AMD's runtimes are not installed: {err}")


def need_devices():
    """Nodes with the numbers of the simulated ones, behind which there is nothing."""
    if Path("/dev/dri").exists() or Path("/dev/kfd").exists():
        host.lacking("the numbers of simulated nodes lead to the host's GPUs")
    host.need_device_nodes()


class View:
    """A namespace of a simulated machine with a server of questions in it (rocr_view.py)."""

    def __init__(self, case, name, outer):
        self.case = case
        self.errors = open(case.top / "view.err", "w+", encoding="utf-8")
        # 5.2.3 knows gfx90a at most, a product of the same kind
        env = dict(case.env, HSA_OVERRIDE_GFX_VERSION="9.0.10")
        env = {k: v for k, v in env.items() if not k.endswith("_VISIBLE_DEVICES")}
        argv = [*outer, ROCPART, "sim", "exec", name, "--", "sh", "-c", PREPARE, "sh", "env",
                "LD_PRELOAD=" + os.environ["KFD_STAND_IN"], sys.executable, HERE / "rocr_view.py",
                "serve"]
        self.server = subprocess.Popen(argv, env=env, text=True, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=self.errors)
        case.addCleanup(self.close)

    def close(self):
        self.server.stdin.close()
        self.server.stdout.close()
        self.server.wait(timeout=60)
        self.errors.close()

    def request(self, **what):
        print(json.dumps(what), file=self.server.stdin, flush=True)
        line = self.server.stdout.readline()
        answer = json.loads(line) if line else {"died": self.server.wait(timeout=60)}
        if "died" in answer:
            self.errors.seek(0)
            self.case.fail(f"{what}: {answer}\n{self.errors.read()[-4000:]}")
        return answer

    def run(self, *argv, status=0):
        done = self.request(run=[str(a) for a in argv])
        self.case.assertEqual(done["status"], status, done["out"] + done["err"])
        return done["out"]

    def json_of(self, *args):
        return json.loads(self.run(ROCPART, *args, "--json"))

    def set_modes(self, compute, memory, *more):
        self.run(ROCPART, "set", "-c", compute, "-m", memory, "--yes", "--allow-unvalidated", *more)

    def partitions(self):
        """Those of rocpart, in the order of their indices."""
        found = [p for g in self.json_of("list")["gpus"] for p in g["partitions"]]
        return sorted(found, key=lambda p: p["rocr_index"])

    def rocr(self, env=None, **more):
        """(PCI address, partition id) of what ROCr lists, in its order; None: it does not start."""
        seen = self.request(ask="rocr", env=env or {}, **more)
        return [identity(g) for g in seen["gpus"]] if seen["status"] == 0 else None


def identity(gpu):
    """KFD adds the partition id to the PCI function, which is 0."""
    location = gpu["location"]
    return (f"{gpu['domain']:04x}:{location >> 8:02x}:{location >> 3 & 31:02x}.0", location & 7)


def name_of(partition):
    return f"{partition['bdf']}/{partition['id']}"


def key(partition):
    return partition["bdf"], partition["id"]


class RocrCase(SimfsCase):
    def setUp(self):
        need_runtimes()
        super().setUp()

    def view(self, profile, outer=()):
        """A namespace on a new machine of this profile, a name or a file; outer words start it."""
        self.run_rocpart("sim", "create", "witnessed", *(
            ["--file", profile] if isinstance(profile, Path) else ["--profile", profile]))
        return View(self, "witnessed", outer)

    def few(self, n_gpus, abi="g3"):
        """The profile of the first so many GPUs of mi300x-8."""
        text = (ROOT / "profiles" / "mi300x-8.yaml").read_text()
        head, gpus = text.split("\ngpus:", 1)
        kept = [line for line in gpus.splitlines() if "bdf:" in line][:n_gpus]
        path = self.top / "few.yaml"
        head = re.sub(r"\nabi: g\d", f"\nabi: {abi}", head)
        path.write_text("\n".join([head, "gpus:", *kept, ""]))
        return path
