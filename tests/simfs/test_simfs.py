# SPDX-License-Identifier: MIT
"""Simulated machines as files: the tree, the namespace, what the host is kept from."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, ROOT, SimfsCase, UnprivilegedCase, host  # noqa: E402

G0 = "/sys/bus/pci/devices/0000:05:00.0"
COMPUTE = f"{G0}/current_compute_partition"
MEMORY = f"{G0}/current_memory_partition"
NODES = "sys/class/kfd/kfd/topology/nodes"
FAILED, USAGE, REFUSED, PENDING = 1, 2, 3, 6
CAP_SYS_MODULE = 1 << 16


def tree_of(top):
    """{path: text of a file, or where a link leads}, without what rocpart adds."""
    found = {}
    for folder, _, files in os.walk(top):
        for name in os.listdir(folder):
            path = Path(folder) / name
            relative = path.relative_to(top).as_posix()
            if relative.startswith(("sys/devices/rocpart-", "dev/", "proc/")):
                continue
            if path.is_symlink():
                found[relative] = "-> " + os.readlink(path)
            elif path.is_file() and path.stat().st_mode & 0o444:
                found[relative] = path.read_bytes()
    return found


class Mounted(SimfsCase):
    def setUp(self):
        host.need_root()  # for mounts that all processes see
        super().setUp()

    def mount(self, name, status=0):
        place = self.top / "place"
        done = self.run_rocpart("sim", "mount", name, place, status=status)
        if status == 0:
            self.addCleanup(subprocess.run, [ROCPART, "sim", "unmount", name, str(place)],
                            env=self.env, capture_output=True, check=False)
        return place, done

    def server_of(self, place):
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = entry.read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:2] == [b"mount"] and str(place).encode() in words:
                return int(entry.parent.name)
        self.fail("no server is running")

    def dump(self, profile, *changes):
        plain = self.top / "plain"
        subprocess.run([os.environ["SIM_DUMP"], ROOT / f"profiles/{profile}.yaml", plain,
                        *changes], check=True)
        return tree_of(plain)

    def assert_same_tree(self, place, expected):
        shown = tree_of(place)
        self.assertEqual(sorted(set(shown) ^ set(expected)), [])
        for path, text in expected.items():
            self.assertEqual(shown[path], text, path)

    def test_simfs_tree_is_that_of_the_model(self):
        place, _ = self.mount("mi300x-8")
        self.assert_same_tree(place, self.dump("mi300x-8"))

    def test_simfs_tree_after_writes_is_that_of_the_model(self):
        place, _ = self.mount("mi300x-1")
        device = "sys/devices/pci0000:00/0000:05:00.0"
        (place / device / "current_compute_partition").write_text("DPX")
        (place / device / "compute_partition_config/xcp_config").write_text("CPX")
        (place / device / "enforce_isolation").write_text("1 1")
        self.assert_same_tree(place, self.dump(
            "mi300x-1", f"{device}/current_compute_partition=DPX",
            f"{device}/compute_partition_config/xcp_config=CPX",
            f"{device}/enforce_isolation=1 1"))

    def test_simfs_tree_follows_other_commands(self):
        place, _ = self.mount("mi300x-1")
        self.run_rocpart("--sim", "mi300x-1", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        deadline = time.monotonic() + 10
        nodes = []
        while len(nodes) != 10 and time.monotonic() < deadline:
            time.sleep(0.01)  # the driver is away for a moment
            nodes = list((place / NODES).glob("*"))
        self.assertEqual(len(nodes), 10)  # two CPUs, eight partitions
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711")
        self.assertEqual((place / "sys/module/amdgpu/refcnt").read_text(), "1\n")
        self.assertEqual(os.listdir(place / "sys/class/kfd/kfd/proc"), ["4711"])

    def test_simfs_attributes_that_react_have_a_page(self):
        place, _ = self.mount("mi300x-1")
        self.assertEqual(os.stat(f"{place}{COMPUTE}").st_size, 4096)

    def test_simfs_every_node_has_io_links(self):
        place, _ = self.mount("mi300x-8")
        for node in (place / NODES).iterdir():
            self.assertTrue((node / "io_links").is_dir(), node)

    def test_simfs_plain_attributes_cannot_be_written(self):
        place, _ = self.mount("mi300x-1")
        with self.assertRaises(OSError):
            (place / "sys/bus/pci/devices/0000:05:00.0/vendor").write_text("0x10de")

    def wait_for(self, what):
        """The server follows what another process did a moment later."""
        deadline = time.monotonic() + 20
        while not what() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(what())

    def test_simfs_load_is_seen_from_when_it_is_started(self):
        place, _ = self.mount("mi300x-1")
        gpu = place / "sys/devices/pci0000:00/0000:05:00.0"
        hwmon, idle = gpu / "hwmon/hwmon0", (gpu / "gpu_metrics").read_bytes()
        self.assertFalse((hwmon / "temp2_input").exists())
        # each of these is served from when it differs from the file of before
        self.run_rocpart("sim", "load", "mi300x-1", "--seed", 1, "--rate", 0, "--util", 1)
        self.wait_for(lambda: (hwmon / "temp2_input").exists()
                      and (gpu / "gpu_busy_percent").read_text() == "1\n"
                      and (gpu / "gpu_metrics").read_bytes() != idle
                      and (gpu / "xcp/xcp_metrics").read_bytes()[4:6] != b"\xff\xff")

        def load(*args):
            self.run_rocpart("sim", "load", "mi300x-1", *args)
            truth = self.json_of("sim", "load", "mi300x-1")["load"]["gpus"][0]
            self.assertEqual(int((hwmon / "temp2_input").read_text()),
                             truth["hotspot_celsius"] * 1000)
            self.assertEqual(int((gpu / "gpu_busy_percent").read_text()), truth["busy_percent"])
            self.assertEqual(int((gpu / "mem_info_vram_used").read_text()),
                             truth["vram_used_bytes"])
            return (gpu / "gpu_metrics").read_bytes(), (gpu / "xcp/xcp_metrics").read_bytes()

        seen = [load("--util", 100, "--vram", "8GiB"), load("--advance", "5s"),
                load("--advance", "5s")]
        self.assertEqual(len({idle, *(of_gpu for of_gpu, _ in seen)}), 4)
        self.assertEqual(len({xcp for _, xcp in seen}), 3)
        self.run_rocpart("sim", "load", "mi300x-1", "--stop")
        self.assertEqual((gpu / "gpu_metrics").read_bytes(), idle)
        self.wait_for(lambda: not (hwmon / "temp2_input").exists())

    def test_simfs_process_of_a_load_comes_grows_and_goes_with_time(self):
        place, _ = self.mount("mi300x-1")
        proc = place / "sys/devices/virtual/kfd/kfd/proc"
        node = place / "sys/devices/virtual/kfd/kfd/topology/nodes/2"
        gpu_id = (node / "gpu_id").read_text().strip()

        def held():
            return [int((p / f"vram_{gpu_id}").read_text()) >> 30 for p in proc.iterdir()]

        # two seconds of the host
        self.run_rocpart("sim", "load", "mi300x-1", "--rate", 1000, "--vram", "20GiB", "--for", "2000s")
        self.wait_for(lambda: held() == [20])
        self.wait_for(lambda: held() == [])

    def test_simfs_root_of_a_mount_is_said_to_be_simulated(self):
        place, _ = self.mount("mi300x-8")
        text = self.run_rocpart("--root", place, "status").stdout
        self.assertTrue(text.startswith("SIMULATED machine mi300x-8"), text)
        there = self.json_of("--root", place, "list")
        self.assertEqual(there, self.json_of("--sim", "mi300x-8", "list"))
        self.assertEqual(there["kind"], "sim")
        self.run_rocpart("sim", "hold", "mi300x-8", "--process", "vllm", "--pid", "1")
        holders = self.json_of("--root", place, "holders")["holders"]
        self.assertEqual([h["command"] for h in holders], ["vllm"])
        self.run_rocpart("sim", "hold", "mi300x-8", "--release", "1")
        done = self.run_rocpart("--root", place, "set", "-c", "CPX", "--yes",
                                "--allow-unvalidated", status=REFUSED)
        self.assertIn("rocpart --sim mi300x-8", done.stderr)
        os.kill(self.server_of(place), signal.SIGKILL)
        done = self.run_rocpart("--root", place, "status", status=FAILED)
        self.assertIn("does not answer", done.stderr)

    def test_simfs_mount_point_in_use_is_refused(self):
        place, _ = self.mount("mi300x-1")
        _, done = self.mount("mi300x-1", status=REFUSED)
        self.assertIn("'mi300x-1' is mounted on", done.stderr)
        self.run_rocpart("sim", "unmount", "mi300x-1", place)
        (place / "file").write_text("mine")
        _, done = self.mount("mi300x-1", status=REFUSED)
        self.assertIn("it is not empty", done.stderr)

    def test_simfs_left_by_a_crash_is_cleaned_up_and_said(self):
        place, _ = self.mount("mi300x-1")
        os.kill(self.server_of(place), signal.SIGKILL)
        with self.assertRaises(OSError):
            (place / "sys/devices/rocpart-sim/name").read_text()
        _, done = self.mount("mi300x-1")
        self.assertIn("unmounted what a crashed simulator", done.stderr)
        self.assertEqual((place / COMPUTE[1:]).read_text(), "SPX\n")
        os.kill(self.server_of(place), signal.SIGKILL)
        done = self.run_rocpart("sim", "unmount", "mi300x-1", place)
        self.assertIn("unmounted what a crashed simulator", done.stderr)
        self.assertEqual(os.listdir(place), [])

    def test_simfs_server_ends_with_the_mount(self):
        place, _ = self.mount("mi300x-1")
        pid = self.server_of(place)
        self.run_rocpart("sim", "unmount", "mi300x-1", place)
        deadline = time.monotonic() + 10
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.run_rocpart("sim", "unmount", "mi300x-1", place, status=USAGE)


class Exec(SimfsCase):
    def test_exec_passes_the_exit_status_on(self):
        self.shell("mi300x-1", "exit 42", status=42)
        self.shell("mi300x-1", "kill -9 $$", status=128 + signal.SIGKILL)
        self.inside("mi300x-1", "no-such-command-here", status=127)

    def test_exec_leaves_nothing_behind(self):
        # in mounts of our own: others come and go on the host
        script = """
            cat /proc/self/mounts >"$1/before"
            "$2" sim exec mi300x-1 -- test -e "$3" || exit
            cat /proc/self/mounts >"$1/after"
        """
        done = self.spawn([*host.need_own_mounts(), "sh", "-c", script, "sh", self.top, ROCPART,
                           COMPUTE])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.top / "after").read_text(), (self.top / "before").read_text())
        self.assertFalse(os.path.exists(COMPUTE))

    def test_exec_keeps_the_rest_of_the_host(self):
        self.shell("mi300x-1", "echo x >/dev/null && head -c1 /dev/zero >/dev/null && "
                   "test -d /sys/devices/system/cpu && test -d /dev/pts")

    def test_exec_device_nodes_say_what_they_are_and_open_nothing(self):
        host.need_device_nodes()
        out = self.shell("mi300x-1", "stat -c '%t:%T' /dev/dri/renderD128; "
                         "cat /dev/dri/renderD128 2>&1 || true")
        self.assertEqual(out.splitlines()[0], "e2:80")  # 226:128
        self.assertIn("Permission denied", out)

    def test_exec_shared_memory_is_another_one(self):
        name = f"rocpart-test-{os.getpid()}"
        self.assertEqual(self.shell("mi300x-1", f"touch /dev/shm/{name}; ls /dev/shm"),
                         f"{name}\n")
        self.assertFalse(os.path.exists(f"/dev/shm/{name}"))

    def test_exec_machine_in_shared_memory_works(self):
        if not os.path.isdir("/dev/shm"):
            host.lacking("there is no /dev/shm")
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            env = dict(self.env, XDG_STATE_HOME=folder)
            out = self.inside("mi300x-1", ROCPART, "status", env=env)
        self.assertIn("SPX", out)

    def test_exec_has_given_up_the_right_to_load_modules(self):
        status = self.inside("mi300x-1", "cat", "/proc/self/status")
        for line in status.splitlines():
            if line.startswith("Cap"):
                self.assertEqual(int(line.split()[1], 16) & CAP_SYS_MODULE, 0, line)

    def test_exec_never_reaches_the_modprobe_of_the_host(self):
        # /usr/local/sbin of a namespace of our own: tools of the "host" that leave a mark.
        script = """
            set -e
            mount -t tmpfs none /usr/local/sbin
            for tool in modprobe rmmod insmod kmod modinfo lsmod; do
                printf '#!/bin/sh\\necho "$0 $*" >>%s/mark\\n' "$1" >/usr/local/sbin/$tool
                chmod 755 /usr/local/sbin/$tool
            done
            exec "$2" sim exec mi300x-1 -- sh -c '
                set -e
                modprobe -rv amdgpu; test ! -e /sys/module/amdgpu
                /usr/local/sbin/modprobe amdgpu; test -e /sys/module/amdgpu
                env PATH=/usr/local/sbin:/usr/bin:/bin rmmod amdgpu
                /usr/local/sbin/kmod insmod /lib/modules/x/amdgpu.ko
                /usr/local/sbin/modinfo -F srcversion amdgpu
                ! /usr/local/sbin/modprobe kvm
                ! modprobe -r kvm
                lsmod
            '
        """
        done = self.spawn([*host.need_own_mounts(), "sh", "-c", script, "sh", self.top, ROCPART])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertFalse((self.top / "mark").exists())
        self.assertRegex(done.stdout, r"\A[0-9A-F]{20,}\nModule .*\namdgpu ")

    def test_exec_never_reaches_systemctl_or_docker_of_the_host(self):
        # Programs of the "host" that leave a mark; a hook that would leave one, too.
        file = self.node_file("services: {systemd: [exporter, idle], docker: [serve]}\n"
                              f"hooks: {{before: [[/usr/local/sbin/docker, a]], "
                              f"after: [[/usr/bin/touch, {self.top}/mark]]}}\n")
        script = """
            set -e
            mount -t tmpfs none /usr/local/sbin
            for tool in systemctl docker podman; do
                printf '#!/bin/sh\\necho "$0 $*" >>%s/mark\\n' "$1" >/usr/local/sbin/$tool
                chmod 755 /usr/local/sbin/$tool
            done
            exec "$2" sim exec mi300x-1 -- sh -c '
                set -e
                systemctl start exporter; /usr/local/sbin/docker start serve
                env PATH=/usr/local/sbin:$PATH "$0" apply -f "$1" --yes
                systemctl -q is-active idle exporter; ! systemctl -q is-active idle
                ! systemctl stop nobody 2>/dev/null
                ! /usr/local/sbin/systemctl daemon-reload; ! podman run x
                docker container inspect -f "{{.State.Running}}" serve
            ' "$2" "$3"
        """
        done = self.spawn([*host.need_own_mounts(), "sh", "-c", script, "sh", self.top, ROCPART,
                           file])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertFalse((self.top / "mark").exists())
        self.assertEqual(done.stdout.splitlines()[-1], "true")
        self.assertIn("stop unit exporter if it runs (of the simulated machine)", done.stderr)
        self.assertIn("run hook /usr/bin/touch (simulated: only recorded)", done.stderr)
        self.assertEqual(self.services_log("mi300x-1"), [
            "start systemd:exporter.service", "start docker:serve",
            "hook /usr/local/sbin/docker a",
            "stop systemd:exporter.service", "stop docker:serve",
            "start docker:serve", "start systemd:exporter.service",
            f"hook /usr/bin/touch {self.top}/mark"])

    def test_exec_unit_that_holds_the_gpu_is_stopped_for_a_change(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "hold", "mi300x-1", "--process", "gpuagent", "--pid", "4711",
                         "--cgroup", "/system.slice/gpuagent.service")
        args = ("set", "-c", "CPX", "-m", "NPS4", "--yes")
        done = self.run_rocpart("sim", "exec", "mi300x-1", "--", ROCPART, *args, status=REFUSED)
        self.assertIn("gpuagent", done.stderr)
        file = self.node_file("services: {systemd: [gpuagent]}\n")
        self.inside("mi300x-1", ROCPART, "apply", "-f", file, "--yes")
        holders = self.json_of("--sim", "mi300x-1", "holders")["holders"]
        self.assertEqual([(h["command"], h["unit"]) for h in holders],
                         [("gpuagent", "gpuagent.service")])

    def test_exec_holders_are_those_of_the_machine(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        # A process of the host has that pid, and another has a device open that is no GPU of ours.
        self.run_rocpart("sim", "hold", "mi300x-1", "--process", "vllm", "--pid",
                         str(os.getpid()), "--cgroup", "/system.slice/vllm.service")
        inside = self.inside("mi300x-1", ROCPART, "holders", "--json")
        outside = self.run_rocpart("--sim", "mi300x-1", "holders", "--json").stdout
        self.assertEqual(inside, outside)
        self.assertIn("vllm.service", inside)

    def test_exec_modprobe_reloads_the_simulated_driver(self):
        out = self.shell("mi300x-1", f"echo NPS4 >{MEMORY}; cat {MEMORY}; modprobe -r amdgpu; "
                         f"ls {G0} | grep -c partition; modprobe amdgpu; cat {MEMORY} {COMPUTE}")
        self.assertEqual(out.split(), ["NPS1", "0", "NPS4", "CPX"])

    def test_exec_modprobe_of_a_driver_in_use_fails(self):
        self.run_rocpart("sim", "create", "mi300x-1")
        self.run_rocpart("sim", "hold", "mi300x-1", "--pid", "4711")
        out = self.shell("mi300x-1", "modprobe -r amdgpu 2>&1; echo $?")
        self.assertEqual(out, "modprobe: FATAL: Module amdgpu is in use.\n1\n")

    def test_exec_working_folder_survives_a_switch(self):
        out = self.shell("mi300x-1", f"cd {G0} && echo CPX >current_compute_partition && "
                         "cat current_compute_partition")
        self.assertEqual(out, "CPX\n")

    def test_exec_switch_is_complete_when_the_write_returns(self):
        out = self.shell("mi300x-8", f"echo CPX >{COMPUTE}; ls /{NODES} | wc -l")
        self.assertEqual(out, "17\n")  # two CPUs, seven GPUs, eight partitions

    def test_exec_two_at_once_see_the_same_machine(self):
        wait = f"while ! grep -q CPX {COMPUTE}; do sleep 0.01; done; ls /{NODES} | wc -l; " \
               f"echo SPX >{COMPUTE}"
        first = subprocess.Popen([ROCPART, "sim", "exec", "mi300x-1", "--", "sh", "-c", wait],
                                 env=self.env, stdout=subprocess.PIPE, text=True)
        out = self.shell("mi300x-1", f"echo CPX >{COMPUTE}; "
                         f"while ! grep -q SPX {COMPUTE}; do sleep 0.01; done; ls /{NODES} | wc -l")
        self.assertEqual(first.communicate(timeout=60)[0], "10\n")
        self.assertEqual(out, "3\n")

    def test_exec_pending_request_is_the_same_from_each_side(self):
        pending = "pending-reload"
        self.inside("mi300x-1", ROCPART, "set", "-c", "CPX", "-m", "NPS4", "--reload", "never",
                    "--yes", status=PENDING)
        self.assertIn(pending, self.run_rocpart("--sim", "mi300x-1", "status").stdout)
        self.assertIn(pending, self.inside("mi300x-1", ROCPART, "status"))
        self.run_rocpart("sim", "reload", "mi300x-1")
        status = self.inside("mi300x-1", ROCPART, "status")
        self.assertNotIn(pending, status)
        self.assertIn("NPS4", status)

    def test_exec_boot_id_is_that_of_the_machine(self):
        path = "/proc/sys/kernel/random/boot_id"
        first = self.inside("mi300x-1", "cat", path)
        self.assertNotEqual(first, Path(path).read_text())
        self.run_rocpart("sim", "reset", "mi300x-1")
        self.assertNotEqual(self.inside("mi300x-1", "cat", path), first)

    def test_exec_rocpart_inside_says_that_it_is_simulated(self):
        text = self.inside("mi300x-8", ROCPART, "status")
        self.assertTrue(text.startswith("SIMULATED machine mi300x-8"), text)
        inside = self.inside("mi300x-8", ROCPART, "list", "--json")
        outside = self.run_rocpart("--sim", "mi300x-8", "list", "--json").stdout
        self.assertEqual(inside, outside)
        said = self.shell("mi300x-8", 'exec "$@" 2>&1', ROCPART, "run", "--bytes", "1G", "--", "true")
        self.assertIn("SIMULATED machine mi300x-8: no hardware is touched\n", said)

    def test_exec_rocpart_inside_changes_it_and_keeps_its_records_with_it(self):
        self.inside("mi300x-8", ROCPART, "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.assertTrue((self.machine_folder("mi300x-8") / "records/journal.last").exists())
        gpus = self.json_of("--sim", "mi300x-8", "list")["gpus"]
        self.assertEqual({(g["compute_mode"], g["memory_mode"]) for g in gpus}, {("CPX", "NPS4")})
        self.inside("mi300x-8", ROCPART, "undo", "--yes")
        gpus = self.json_of("--sim", "mi300x-8", "list")["gpus"]
        self.assertEqual({(g["compute_mode"], g["memory_mode"]) for g in gpus}, {("SPX", "NPS1")})

    def test_exec_leases_are_those_of_the_machine_from_each_side(self):
        run = [ROCPART, "--sim", "mi300x-1", "status", "--json"]
        said = self.inside("mi300x-1", ROCPART, "run", "--partition", "0/0", "--", *run)
        (lease,) = json.loads(said)["leases"]
        self.assertTrue(lease["owner"].startswith("pid:"))
        self.assertEqual(lease["state"], "placed")
        self.assertEqual(self.json_of("--sim", "mi300x-1", "status")["leases"], [])
        self.run_rocpart("--sim", "mi300x-1", "place", "a", "--bytes", "4G")
        said = self.inside("mi300x-1", ROCPART, "status", "--json")
        self.assertEqual([l["name"] for l in json.loads(said)["leases"]], ["a"])


class Unprivileged(UnprivilegedCase):
    """As a user without any right: with user namespaces, and where they are not allowed."""

    def test_exec_says_that_fuse_cannot_be_opened(self):
        host.need_user_namespaces()
        done = self.as_nobody(self.rocpart, "sim", "exec", "mi300x-1", "--", "true", fuse_mode="600")
        self.assertEqual(done.returncode, 125, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("rocpart: /dev/fuse: "), done.stderr)

    def test_exec_works_in_a_user_namespace(self):
        host.need_user_namespaces()
        done = self.as_nobody(self.rocpart, "sim", "exec", "mi300x-1", "--", "sh", "-c",
                              f"echo CPX >{COMPUTE}; cat {COMPUTE}; ls /dev/dri/renderD128; "
                              "modprobe -r amdgpu; ls /sys/class/drm; [ -e /sys/class/kfd ]; "
                              "echo $?; ls -d /sys/class/net/lo; echo 0 >/sys/class/net/lo/mtu")
        self.assertEqual(done.stdout, "CPX\n/dev/dri/renderD128\nversion\n1\n/sys/class/net/lo\n")
        self.assertIn("Read-only file system", done.stderr)

    def test_exec_says_what_is_missing_without_user_namespaces(self):
        host.need_user_namespaces()
        script = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all " \
                 "--inh-caps=-all --ambient-caps=-all --securebits=+noroot " \
                 '"$1" sim exec mi300x-1 -- true'
        done = self.as_nobody("unshare", "-Ur", "sh", "-c", script, "sh",
                              self.rocpart)
        self.assertEqual(done.returncode, 125, done.stdout + done.stderr)
        self.assertIn("cannot create a mount namespace", done.stderr)
        self.assertIn("max_user_namespaces", done.stderr)

    def test_mount_says_that_it_takes_root(self):
        done = self.as_nobody(self.rocpart, "sim", "mount", "mi300x-1", str(self.top / "place"))
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("needs root", done.stderr)
        self.assertIn("sim exec", done.stderr)


if __name__ == "__main__":
    unittest.main()
