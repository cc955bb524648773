# SPDX-License-Identifier: MIT
"""Inside of `sim exec`: what is seen of the host's /sys, what is hidden, what can be written."""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase, host  # noqa: E402

PCI = Path("/sys/bus/pci/devices")
LOOPBACK = "/sys/class/net/lo/mtu"


class Host(SimfsCase):
    def test_exec_shows_the_rest_of_the_hosts_sys(self):
        out = self.shell("mi300x-1", "stat -f -c %T /sys; ls -x -w 0 /sys/class/net /sys/block; "
                         f"cat {LOOPBACK}; ls -d /sys/kernel/mm /sys/devices/system/cpu /sys/fs/cgroup")
        self.assertTrue(out.startswith("sysfs\n"), out)  # libsensors wants to see it
        for name in (*os.listdir("/sys/class/net"), *os.listdir("/sys/block")):
            self.assertRegex(out, rf"\b{name}\b")
        self.assertIn(Path(LOOPBACK).read_text(), out)

    def test_exec_shows_links_of_the_host_that_lead_somewhere(self):
        """Folders of devices are partly the host's and partly the machine's."""
        where = {p for p in map(os.path.realpath, Path("/sys/class/net").glob("*"))
                 if os.path.isdir(p)}
        out = self.shell("mi300x-1", "cd /sys/class/net && for n in *; do\n"
                         "    [ -d $n ] && cd -P $n && pwd && cd - >/dev/null; done; true")
        self.assertEqual(set(out.splitlines()), where)

    def test_exec_shows_the_hosts_sys_read_only(self):
        out = self.shell("mi300x-1", f"for f in {LOOPBACK} /sys/kernel/profiling /sys/power/state; do\n"
                         "    [ -e $f ] && echo x 2>&1 >$f; done 2>&1; true")
        self.assertTrue(out)
        for line in out.splitlines():
            self.assertIn("Read-only file system", line)

    def test_exec_replaces_what_belongs_to_gpus(self):
        out = self.shell("mi300x-1", "cd /sys && ls -m class/kfd class/hwmon bus/pci/devices; "
                         "ls class/drm | wc -l; ls dev/char | grep -c ^226:; ls kernel/debug | wc -l")
        self.assertEqual(out.split("\n\n"), ["bus/pci/devices:\n0000:05:00.0", "class/hwmon:\nhwmon0",
                                             "class/kfd:\nkfd\n17\n16\n0\n"])

    def test_exec_keeps_the_host_when_the_driver_is_loaded_again(self):
        look = "cat /sys/class/net/lo/mtu && ls -d /sys/dev/char/1:3 /sys/devices/virtual/mem; "
        out = self.shell("mi300x-1", f"{look} ls /sys/dev/char | wc -l; modprobe -r amdgpu; {look}"
                         f"ls /sys/class/kfd; modprobe amdgpu; {look} ls /sys/dev/char | wc -l", status=0)
        first, rest = out.split("\n", 1)
        self.assertEqual(out.count("/sys/dev/char/1:3\n/sys/devices/virtual/mem\n"), 3, rest)
        numbers = [line for line in out.splitlines() if line.isdigit()]
        self.assertEqual(numbers, [first, numbers[1], first, first, numbers[1]])

    def around(self, prepare, *args):
        """Output of a script in mounts of its own, in which the host has another /sys."""
        done = self.spawn([*host.need_own_mounts(), "sh", "-ec", prepare, "sh", ROCPART, *args])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_exec_hides_a_gpu_of_the_host_behind_a_bridge(self):
        """Links of the bus name its folder: here one that each host has plays it."""
        out = self.around(f"""
            mkdir "$2/bus" && ln -s ../../../devices/virtual/net/lo "$2/bus/0000:aa:00.0"
            mount --bind "$2/bus" {PCI}
            exec "$1" sim exec mi300x-1 -- sh -c '
                ls -A /sys/devices/virtual/net/lo | wc -l; ls -d /sys/devices/virtual/net/lo
                cat {LOOPBACK} 2>&1; ls {PCI}'""", self.top)
        self.assertEqual(out.splitlines(), ["0", "/sys/devices/virtual/net/lo",
                                            f"cat: {LOOPBACK}: No such file or directory",
                                            "0000:05:00.0"])

    def test_exec_works_where_there_is_no_sysfs(self):
        for prepare in ("umount -l /sys", "mount -t tmpfs none /sys"):
            with self.subTest(prepare=prepare):
                out = self.around(f'{prepare}; "$1" sim exec mi300x-1 -- ls {PCI}')
                self.assertEqual(out, "0000:05:00.0\n")

    def test_exec_in_exec_shows_the_inner_machine(self):
        out = self.inside("mi300x-8", ROCPART, "sim", "exec", "mi300x-1", "--", "sh", "-c",
                          f"ls {PCI} /sys/class/hwmon && cat {LOOPBACK}")
        self.assertEqual(out.split()[:-1], [f"{PCI}:", "0000:05:00.0", "/sys/class/hwmon:", "hwmon0"])

    def test_exec_hides_a_gpu_of_the_host_by_its_class(self):
        found = [p for p in PCI.glob("*") if p.resolve().parent.name == "pci0000:00"]
        if not found:
            raise unittest.SkipTest("no PCI device of the host is on a bus that the machine has too")
        device = found[0].resolve()
        out = self.around("""
            echo 0x120000 >"$2/class" && mount --bind "$2/class" "$3/class"
            exec "$1" sim exec mi300x-1 -- ls "${3%/*}\"""", self.top, str(device))
        shown = out.split()
        self.assertIn("0000:05:00.0", shown)
        self.assertNotIn(device.name, shown)
        for other in found[1:]:
            kind = int((other / "class").read_text(), 16) >> 16
            if kind not in (0x03, 0x12) and not (other / "drm").exists():
                self.assertIn(other.name, shown)


if __name__ == "__main__":
    os.environ.setdefault("ROCPART", "rocpart")
    unittest.main()
