# SPDX-License-Identifier: MIT
"""librocm_smi64 5.2.3 of Debian bookworm lists simulated machines. It knows nothing of MI300."""

import ctypes
import json
import os
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
VRAM = 0

# It looks for in0_label and ends its own start when there is none: amdgpu hides that file on GC
# 9.4.3 and later (amdgpu_pm.c), so that this version does not start on a real MI300X either. The
# label of an older GPU is laid over for it.
LABEL = """
for dir in /sys/bus/pci/drivers/amdgpu/*/hwmon/hwmon*; do
    mount -t tmpfs none "$dir" && echo amdgpu >"$dir/name" && echo vddgfx >"$dir/in0_label" || exit
done
exec "$@"
"""


def ask():
    """Inside the namespace: what the library says of each GPU."""
    lib = ctypes.CDLL("librocm_smi64.so.1")
    n = ctypes.c_uint32()
    status = [lib.rsmi_init(ctypes.c_uint64(0)), lib.rsmi_num_monitor_devices(ctypes.byref(n))]
    gpus = []
    for i in range(n.value):
        pci, total, unique = ctypes.c_uint64(), ctypes.c_uint64(), ctypes.c_uint64()
        status += [lib.rsmi_dev_pci_id_get(i, ctypes.byref(pci)),
                   lib.rsmi_dev_memory_total_get(i, VRAM, ctypes.byref(total)),
                   lib.rsmi_dev_unique_id_get(i, ctypes.byref(unique))]
        gpus.append([pci.value, total.value, f"{unique.value:016x}"])
    json.dump({"status": status, "gpus": sorted(gpus)}, sys.stdout)


if "--ask" in sys.argv:
    ask()
    sys.exit(0)

sys.path.insert(0, str(HERE))
from simfs_case import SimfsCase, host  # noqa: E402


class RocmSmi(SimfsCase):
    def setUp(self):
        try:
            ctypes.CDLL("librocm_smi64.so.1")
        except OSError as err:
            host.lacking(f"AMD's library is not installed: {err}")
        super().setUp()

    def assert_lists(self, name):
        told = json.loads(self.shell(name, LABEL, sys.executable, str(Path(__file__)), "--ask"))
        self.assertEqual(set(told["status"]), {0})
        # domain, bus, device, function as the library packs them; rocpart reads other files
        mine = [[int(g["bdf"][:4], 16) << 32 | int(g["bdf"][5:7], 16) << 8, 206141652992,
                 g["unique_id"]] for g in self.json_of("--sim", name, "list")["gpus"]]
        self.assertEqual(told["gpus"], sorted(mine))
        return len(mine)

    def test_rocm_smi_lists_1_gpu(self):
        self.assertEqual(self.assert_lists("mi300x-1"), 1)

    def test_rocm_smi_lists_8_gpus(self):
        self.assertEqual(self.assert_lists("mi300x-8"), 8)


if __name__ == "__main__":
    os.environ.setdefault("ROCPART", "rocpart")
    unittest.main()
