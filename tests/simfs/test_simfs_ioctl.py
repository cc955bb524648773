# SPDX-License-Identifier: MIT
"""`sim exec --ioctl`: what programs get that open device nodes, as numbers of the kernel's interface."""

import array
import ctypes
import errno
import fcntl
import json
import os
import re
import stat
import struct
import sys
import unittest
from pathlib import Path

# _IOWR('d', 0, 64 bytes), _IOW('d', 0x45, 32 bytes), _IOWR('K', 0x23, 16 bytes)
VERSION, INFO, AVAILABLE_MEMORY = 0xC0406400, 0x40206445, 0xC0104B23
APERTURES = 0xC0104B14  # _IOWR('K', 0x14, 16 bytes): the runtime asks for them first
UNKNOWN = 0xC0406470
DEVICE, MEMORY, SENSOR = 0x16, 0x19, 0x1D
LOAD, EDGE_TEMPERATURE = 4, 3
# Places of device_id, cu_active_number, vram_bit_width, wave_front_size in what DEVICE gives.
FIELDS = {"device_id": 0, "cus": 48, "bits": 180, "wave": 240}


def info(fd, query, size, *words):
    answer = array.array("B", bytes(size))
    args = struct.pack("QII4I", answer.buffer_info()[0], size, query, *words, *[0] * (4 - len(words)))
    fcntl.ioctl(fd, INFO, args)
    return answer.tobytes()


def refusal(call, *args):
    try:
        call(*args)
        return None
    except OSError as err:
        return errno.errorcode[err.errno]


def old_program_sees(fd):
    """st_rdev, as a program that was built for an older C library asks for it."""
    found = ctypes.create_string_buffer(144)
    status = ctypes.CDLL(None).__getattr__("__fxstat")(1, fd, found)
    return None if status else struct.unpack_from("Q", found, 40)[0]


def ask():
    """Inside of the namespace: what render nodes and /dev/kfd answer."""
    told = {"nodes": {}, "refused": {}, "memory": {}}
    fd = None
    for path in sorted(Path("/dev/dri").glob("renderD*"), key=lambda p: int(p.name[7:])):
        minor = int(path.name[7:])
        why = refusal(lambda p=path: os.close(os.open(p, os.O_RDWR)))
        if why:
            told["refused"][minor] = why
            continue
        fd = os.dup(os.open(path, os.O_RDWR))
        device = info(fd, DEVICE, 368)
        told["nodes"][minor] = {k: struct.unpack_from("I", device, at)[0] for k, at in FIELDS.items()}
        told["nodes"][minor]["vram"] = struct.unpack("Q", info(fd, MEMORY, 8))[0]
        told["nodes"][minor]["load"] = struct.unpack("I", info(fd, SENSOR, 4, LOAD))[0]
        told["nodes"][minor]["old"] = old_program_sees(fd)
        st = os.fstat(fd)
        told["nodes"][minor]["is"] = [stat.S_ISCHR(st.st_mode), os.major(st.st_rdev),
                                      os.minor(st.st_rdev)]
    told["kfd"] = refusal(lambda: os.close(os.open("/dev/kfd", os.O_RDWR)))
    if fd is None:
        return told
    told["unknown"] = [refusal(fcntl.ioctl, fd, UNKNOWN, bytes(64)),
                       refusal(info, fd, 0x7F, 8), refusal(info, fd, SENSOR, 4, EDGE_TEMPERATURE),
                       refusal(fcntl.ioctl, fd, AVAILABLE_MEMORY, bytes(16))]
    kfd = os.open("/dev/kfd", os.O_RDWR)
    fcntl.ioctl(kfd, APERTURES, bytes(16))
    for node in Path("/sys/class/kfd/kfd/topology/nodes").iterdir():
        gpu_id = int((node / "gpu_id").read_text())
        if gpu_id:
            told["memory"][gpu_id] = struct.unpack(
                "QII", fcntl.ioctl(kfd, AVAILABLE_MEMORY, struct.pack("QII", 0, gpu_id, 0)))[0]
    return told


if "--ask" in sys.argv:
    json.dump(ask(), sys.stdout)
    sys.exit(0)

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase, host  # noqa: E402

GIB = 1 << 30


class Ioctl(SimfsCase):
    def asked(self, name, options=("--ioctl",)):
        done = self.run_rocpart("sim", "exec", *options, name, "--", sys.executable,
                                str(Path(__file__)), "--ask")
        return json.loads(done.stdout)

    def test_nodes_answer_for_the_partitions_of_each_product(self):
        for profile, modes in (("mi300x-1", ("CPX", "NPS4")), ("mi355x-8", ("DPX", "NPS1"))):
            with self.subTest(profile=profile):
                self.run_rocpart("--sim", profile, "set", "-c", modes[0], "-m", modes[1], "--yes",
                                 "--allow-unvalidated")
                told = self.asked(profile)
                gpus = self.json_of("--sim", profile, "list")["gpus"]
                mine = {str(p["render_minor"]): p for g in gpus for p in g["partitions"]}
                self.assertEqual(set(told["nodes"]), set(mine))
                self.assertEqual(set(told["refused"].values()) - {"ENOENT"}, set())
                for minor, node in told["nodes"].items():
                    self.assertEqual(node["cus"], mine[minor]["cus"])
                    self.assertEqual(f"0x{node['device_id']:04x}", gpus[0]["device_id"])
                    self.assertEqual(node["is"], [True, 226, int(minor)])
                    self.assertEqual(node["old"], os.makedev(226, int(minor)))
                    self.assertEqual((node["bits"], node["wave"]), (8192, 64))
                self.assertEqual(told["unknown"], ["EINVAL", "EINVAL", "EINVAL", "ENOTTY"])

    def test_nodes_without_a_partition_cannot_be_opened(self):
        told = self.asked("mi300x-1")
        self.assertEqual(list(told["nodes"]), ["128"])
        self.assertEqual(told["refused"], {str(n): "ENOENT" for n in range(129, 136)})

    def test_kfd_tells_the_memory_that_is_left(self):
        self.run_rocpart("sim", "create", "mi300x-8")
        before = self.asked("mi300x-8")["memory"]
        self.run_rocpart("sim", "hold", "mi300x-8", "--partition", "2/0=16GiB")
        self.run_rocpart("sim", "load", "mi300x-8", "--rate", "0")
        self.run_rocpart("sim", "load", "mi300x-8", "--gpu", "5", "--util", "40")
        told = self.asked("mi300x-8")
        gpus = self.json_of("--sim", "mi300x-8", "list")["gpus"]
        ids = [str(g["partitions"][0]["gpu_id"]) for g in gpus]
        self.assertEqual({i: before[i] - told["memory"][i] for i in ids},
                         {i: 16 * GIB if i == ids[2] else 0 for i in ids})
        loads = [told["nodes"][str(g["partitions"][0]["render_minor"])]["load"] for g in gpus]
        self.assertEqual([n for n, load in enumerate(loads) if load == 40], [5])

    def test_nodes_are_opened_by_programs_of_debian_12(self):
        host.need_program("drmdevice")
        host.need_device_nodes()
        out = self.run_rocpart("sim", "exec", "--ioctl", "mi300x-1", "--", "drmdevice").stdout
        opened = re.findall(r"Retrieving device info, for node (\S+) ", out)
        self.assertEqual(opened[-2:], ["/dev/dri/card0", "/dev/dri/renderD128"])
        self.assertNotIn("Permission denied", out)

    def test_nodes_are_devices_in_a_user_namespace(self):
        host.need_program("drmdevice")
        why = host.refusal("unshare", "-Urm", *host.MOUNT)
        if why:
            host.lacking(f"a user namespace cannot have mounts: {why}")
        done = self.spawn(["unshare", "-Ur", ROCPART, "sim", "exec", "--ioctl", "mi300x-1", "--",
                           "drmdevice"])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Retrieving device info, for node /dev/dri/renderD128", done.stdout)

    def test_exec_without_the_option_opens_nothing(self):
        host.need_device_nodes()
        told = self.asked("mi300x-1", options=())
        self.assertEqual((set(told["refused"].values()), told["kfd"]), ({"EACCES"}, "EACCES"))


if __name__ == "__main__":
    os.environ.setdefault("ROCPART", "rocpart")
    unittest.main()
