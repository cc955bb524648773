# SPDX-License-Identifier: MIT
"""AMD's runtime of Debian 13 (ROCr 6.1.2, which knows gfx942) and nvtop, under `sim exec --ioctl`.

Nobody here wrote them. They judge what is handed out: agents are the partitions of `rocpart list`, and
what `rocpart args env` prints selects these of them.
"""

import json
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simfs"))
from simfs_case import ROCPART  # noqa: E402
from witness_case import HERE, StableCase  # noqa: E402

MODES = [("SPX", "NPS1"), ("DPX", "NPS1"), ("QPX", "NPS1"), ("CPX", "NPS4")]
# Inside: each line is the words of a variable's selection; nothing of the caller's is left.
EACH = """
root=$1 in_root=$2 rocpart=$3; shift 3
"$in_root" "$root" true || exit
for what; do
    (eval "$("$rocpart" args env $what)" && exec chroot "$root" rocminfo) || exit
    echo "@ $what"
done
"""


def agents(text):
    """(node, compute units, KiB of memory) of each GPU that rocminfo prints, in its order."""
    found = []
    for part in re.split(r"\nAgent \d+ +\n", text)[1:]:
        if re.search(r"Device Type: +GPU", part):
            found.append(tuple(int(re.search(pattern, part).group(1)) for pattern in (
                r"\n  Node: +(\d+)", r"\n  Compute Unit: +(\d+)",
                r"Segment: +GLOBAL;.*\n +Size: +(\d+)")))
            assert "Name:                    gfx942 " in part, part
    return found


class Current(StableCase):
    def in_root(self, name, *argv):
        return self.inside_with_ioctls(name, str(HERE / "in-root.sh"), str(self.witness), *argv)

    def inside_with_ioctls(self, name, *argv):
        return self.run_rocpart("sim", "exec", "--ioctl", name, "--", *argv).stdout

    def set_modes(self, name, compute, memory):
        self.run_rocpart("--sim", name, "set", "-c", compute, "-m", memory, "--yes",
                         "--allow-unvalidated")

    def partitions(self, name):
        found = [dict(p, bdf=g["bdf"]) for g in self.gpus(name) for p in g["partitions"]]
        return sorted(found, key=lambda p: p["rocr_index"])

    def wanted(self, partitions):
        return [(p["kfd_node"], p["cus"], p["memory_bytes"] // 1024) for p in partitions]

    def test_rocr_lists_the_partitions_in_each_mode(self):
        for compute, memory in MODES:
            with self.subTest(compute=compute, memory=memory):
                self.set_modes("mi300x-8", compute, memory)
                self.assertEqual(agents(self.in_root("mi300x-8", "rocminfo")),
                                 self.wanted(self.partitions("mi300x-8")))

    def test_rocr_follows_what_is_handed_out(self):
        self.set_modes("mi300x-8", "CPX", "NPS4")
        by_name = {f"{p['bdf']}/{p['id']}": p for p in self.partitions("mi300x-8")}
        names = list(by_name)
        chosen = [[names[0]], [names[9]], [names[-1]], [names[20], names[3], names[50]]]
        out = self.inside_with_ioctls("mi300x-8", "sh", "-c", EACH, "sh", str(self.witness),
                                      str(HERE / "in-root.sh"), ROCPART, *map(" ".join, chosen))
        parts = re.split(r"\n@ .*\n", out)[:-1]
        self.assertEqual(len(parts), len(chosen))
        for what, text in zip(chosen, parts):
            # devices come in the order of the machine, however they were asked for
            self.assertEqual(agents(text), self.wanted(p for n, p in by_name.items() if n in what))

    def test_nvtop_shows_what_the_model_of_load_says(self):
        self.run_rocpart("sim", "create", "mi300x-8")
        for argv in (("--rate", "0", "--seed", "5"), ("--gpu", "6", "--util", "80"),
                     ("--advance", "20s")):
            self.run_rocpart("sim", "load", "mi300x-8", *argv)
        told = json.loads(self.in_root("mi300x-8", "nvtop", "-s"))
        truth = self.json_of("sim", "load", "mi300x-8")["load"]["gpus"]
        shown = sorted((g["gpu_util"], g["power_draw"]) for g in told
                       if g["device_name"] == "AMD Instinct MI300X")
        self.assertEqual(shown, sorted((f"{g['busy_percent']}%", f"{g['power_watts']}W")
                                       for g in truth))


if __name__ == "__main__":
    unittest.main()
