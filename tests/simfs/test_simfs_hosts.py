# SPDX-License-Identifier: MIT
"""Simulated hosts, `sim exec --host`: a name, processes, /run and an address of their own."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent)]
from simfs_case import ROCPART, SimfsCase, UnprivilegedCase, host  # noqa: E402

MACHINE = "mi300x-1"
REFUSED_USAGE = 2
NOT_STARTED = 125
DEADLINE_S = 60
PORT = 6818  # each host has this port for itself
SERVE = f"""
import socket, time
name = socket.gethostname()
listener = socket.create_server(("0.0.0.0", {PORT}))
print("ready", socket.gethostbyname(name), flush=True)
for _ in range(2):
    connection, (peer, _) = listener.accept()
    seen = connection.recv(99).decode()  # what the peer calls itself
    connection.sendall(f"{{name}} {{peer}} {{socket.gethostbyname(seen)}}".encode())
    connection.close()
"""
CALL = f"""
import socket, sys
name, own = socket.gethostname(), socket.gethostbyname(socket.gethostname())
listener = socket.create_server(("0.0.0.0", {PORT}))
for target in (sys.argv[1], socket.gethostbyname(sys.argv[1])):
    connection = socket.create_connection((target, {PORT}), 30)
    connection.sendall(name.encode())
    print(own, connection.recv(99).decode(), connection.getpeername()[0])
"""


def interfaces():
    return sorted(line.split(":")[0].strip() for line in
                  Path("/proc/net/dev").read_text().splitlines()[2:])


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not after {DEADLINE_S} s")
        time.sleep(0.01)


def processes_with(text):
    """Ids of the processes that have the text in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass  # ended meanwhile
    return [pid for pid in found if pid != os.getpid()]


class HostsMixin:
    def words(self, name, *argv):
        return [str(getattr(self, "rocpart", ROCPART)), "sim", "exec", "--host", name, MACHINE, "--",
                *argv]

    def start(self, name, *argv):
        """A host whose command says "ready" first; the words after that."""
        process = subprocess.Popen(self.words(name, *argv), env=self.env, text=True, cwd="/", stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        words = process.stdout.readline().split()
        if words[:1] != ["ready"]:
            said = process.communicate()[1]
            if "this kernel cannot make a bridge" in said:
                host.lacking(said.splitlines()[0])
            self.fail(said)
        return process, words[1:]

    def call(self, name, *argv):
        return self.spawn(self.words(name, *argv), cwd="/")

    def assert_talk(self):
        server, (address,) = self.start("a", "python3", "-c", SERVE)
        done = self.call("b", "python3", "-c", CALL, "a")
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stdout.splitlines():
            own, name, peer, resolved, reached = line.split()
            self.assertEqual((name, reached), ("a", address))
            self.assertEqual((peer, resolved), (own, own), "the server knows the caller by name")
            self.assertNotEqual(own, address)
        self.assertEqual(len(done.stdout.splitlines()), 2, done.stdout)
        self.assertEqual(server.wait(DEADLINE_S), 0)


class Hosts(HostsMixin, SimfsCase):
    def setUp(self):
        super().setUp()
        self.rocpart = ROCPART

    def test_two_hosts_reach_each_other_by_name_and_address(self):
        outside = interfaces()
        self.assert_talk()
        self.assertEqual(interfaces(), outside)

    def test_host_has_its_own_name_run_processes_and_interfaces(self):
        script = """
            echo "ready $(hostname) $(echo /run/*) $(ls -d /proc/[0-9]* | wc -l)"
            sed -n 's/^ *\\(.*\\):.*/\\1/p' /proc/net/dev | sort | tr '\\n' ' '
            cat /sys/class/drm/renderD128/device/current_compute_partition
        """
        process, words = self.start("node-1", "sh", "-c", script)
        self.assertEqual(words[:3], ["node-1", "/run/hosts", "/run/lock"])
        self.assertLess(int(words[3]), 8, "processes of others are seen")
        self.assertEqual(process.communicate()[0], "eth0 lo SPX\n")

    def test_killed_host_leaves_nothing_and_its_name_is_free(self):
        other, _ = self.start("other", "sh", "-c", "echo ready; read x; cat /etc/hosts; read x; "
                                                   "cat /etc/hosts")
        mark = f"86400.{os.getpid()}"  # of a process that does not end with its parent
        killed, _ = self.start("n", "sh", "-c", f"setsid sleep {mark} & echo ready; wait")
        wait_until(lambda: processes_with(f"sleep\0{mark}"), "the process that stays runs")
        killed.kill()
        killed.wait()
        wait_until(lambda: not processes_with(mark), "processes of the host are gone")
        done = self.call("n", "sh", "-c", "grep -c other /etc/hosts")
        self.assertEqual((done.returncode, done.stdout), (0, "1\n"), done.stderr)
        self.assertEqual(list(self.machine_folder(MACHINE).parent.glob("[!.]*")),
                         [self.machine_folder(MACHINE)])
        del other

    def test_hosts_file_follows_who_is_there(self):
        script = """
            echo ready
            until grep -q '^ .*[[:blank:]]n$' /etc/hosts; do sleep 0.01; done; echo came
            until grep -q '^#.*[[:blank:]]n$' /etc/hosts; do sleep 0.01; done; echo went
        """
        other, _ = self.start("other", "sh", "-c", script)
        killed, _ = self.start("n", "sh", "-c", "echo ready; read x")
        self.assertEqual(other.stdout.readline(), "came\n")
        killed.kill()
        self.assertEqual(other.stdout.readline(), "went\n")
        self.assertEqual(other.wait(DEADLINE_S), 0)

    def test_name_of_a_running_host_is_refused(self):
        running, _ = self.start("n", "sh", "-c", "echo ready; read x; echo still here")
        done = self.call("N", "true")  # names are looked up without regard to case
        self.assertEqual(done.returncode, NOT_STARTED)
        self.assertRegex(done.stderr, r"^rocpart: a simulated host has the name 'N' already \(process "
                                      rf"{running.pid}\)\n  give another --host")
        self.assertIsNone(running.poll())

    def test_names_that_no_host_can_have_are_refused(self):
        for name in ("a b", "-a", "$(id)", "a/b", "a.b", "9", "localhost", "a\nb", "\u00fc", "a" * 64):
            with self.subTest(name=name):
                done = self.call(name, "true")
                self.assertEqual(done.returncode, REFUSED_USAGE, done.stderr)
                self.assertIn("cannot be the name of a host", done.stderr)
        self.assertFalse(self.machine_folder(MACHINE).exists(), "nothing was made")

    def test_host_ends_with_its_command_and_has_its_status(self):
        mark = f"86401.{os.getpid()}"
        done = self.call("n", "sh", "-c", f"setsid sleep {mark} >/dev/null 2>&1 & exit 7")
        self.assertEqual(done.returncode, 7, done.stderr)
        self.assertEqual(processes_with(mark), [])
        self.assertEqual(self.call("n", "sh", "-c", "kill -KILL $$").returncode, 137)
        self.assertEqual(self.call("n", "/nonexistent").returncode, 127)

    def test_signal_reaches_the_command_of_a_host(self):
        process, _ = self.start("n", "sh", "-c", "trap 'echo got; exit 3' TERM; echo ready; "
                                                 "while :; do sleep 0.05; done")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.communicate(timeout=DEADLINE_S)[0], "got\n")
        self.assertEqual(process.returncode, 3)

    def test_signal_before_the_command_starts_ends_it(self):
        host.need_tracing()
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=inotify_init1", "-e",
                 "inject=inotify_init1:signal=TERM"]  # the server has blocked signals by then
        for words in (self.words("n", "echo", "ran"),
                      [ROCPART, "sim", "exec", MACHINE, "--", "echo", "ran"]):
            with self.subTest(words=words):
                done = self.spawn([*trace, *words], cwd="/",
                                  env=dict(self.env, ASAN_OPTIONS="detect_leaks=0"))
                self.assertEqual((done.returncode, done.stdout), (128 + signal.SIGTERM, ""),
                                 done.stderr)

    def test_machine_below_run_stays_on_a_host(self):
        host.need_root()
        with tempfile.TemporaryDirectory(dir="/run") as folder:
            self.env["XDG_STATE_HOME"] = folder
            process, words = self.start("n", "sh", "-c", f"echo ready $(ls {folder}/rocpart/sim)")
            self.assertEqual(words, [MACHINE])
            self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_orphans_of_a_host_are_reaped(self):
        # The middle shell ends: its child has the first process as parent, and vanishes.
        script = """
            pid=$(sh -c 'sleep 0.01 >/dev/null & echo $!')
            while [ -d /proc/$pid ]; do sleep 0.01; done
        """
        done = self.spawn(["timeout", "30", *self.words("n", "sh", "-c", script)], cwd="/")
        self.assertEqual(done.returncode, 0, done.stderr)


class UnprivilegedHosts(HostsMixin, UnprivilegedCase):
    def setUp(self):
        host.need_user_namespaces()
        super().setUp()

    def words(self, name, *argv):
        return self.nobody_words(self.rocpart, "sim", "exec", "--host", name, MACHINE, "--", *argv)

    def test_hosts_of_a_user_without_rights_reach_each_other(self):
        outside = interfaces()
        self.assert_talk()
        self.assertEqual(interfaces(), outside)

    def test_host_without_user_namespaces_says_what_is_missing(self):
        script = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all " \
                 "--inh-caps=-all --ambient-caps=-all --securebits=+noroot " \
                 f'"$1" sim exec --host n {MACHINE} -- true'
        done = self.as_nobody("unshare", "-Ur", "sh", "-c", script, "sh", self.rocpart)
        self.assertEqual(done.returncode, NOT_STARTED, done.stdout + done.stderr)
        self.assertIn("cannot create a network namespace", done.stderr)
        self.assertIn("max_user_namespaces", done.stderr)


if __name__ == "__main__":
    unittest.main()
