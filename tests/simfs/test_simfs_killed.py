# SPDX-License-Identifier: MIT
"""`rocpart apply` on the mounted machine of eight GPUs, killed at each of its changing system calls.

A kill on entering call N finds the machine and the records as they are before call N and after
call N-1; on entering wait4, modprobe or systemctl may be half-way. Units and containers are those
of the simulated machine. ROCPART_KILL_POINTS limits how many points are tried; without it all are.
"""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase, host  # noqa: E402

NAME = "mi300x-8"
# One unit holds the GPUs, so that nothing switches before it is stopped; one does not run.
SERVICES = """services: {systemd: [gpuagent, exporter, idle], docker: [serve]}
hooks: {before: [[/site/drain, --now]], after: [[/site/undrain]]}
"""
OLD, NEW = {("SPX", "NPS1")}, {("CPX", "NPS4")}
CALLS = "mkdir,write,renameat,unlinkat,clone3,vfork,clone,wait4,exit_group"
CAP = "/sys/bus/pci/devices/0000:05:00.0/hwmon/hwmon0/power1_cap"
KILLED = 137


class Killed(SimfsCase):
    def setUp(self):
        host.need_tracing()
        super().setUp()
        # strace and the leak checker both want ptrace
        self.env["ASAN_OPTIONS"] = "detect_leaks=0"
        self.env["LSAN_OPTIONS"] = "detect_leaks=0"
        self.apply = ["apply", "-f", str(self.node_file(SERVICES)), "--yes"]

    def points(self):
        """(system call, how often it was called before) of each call that changes something."""
        trace = self.top / "trace"
        self.prepare()
        self.inside(NAME, "strace", "-o", trace, "-e", f"trace={CALLS}", ROCPART, *self.apply)
        found, seen = [], {}
        for line in trace.read_text().splitlines():
            m = re.match(r"(\w+)\((.*)", line)
            if not m:
                continue
            call, args = m.groups()
            seen[call] = seen.get(call, 0) + 1
            if call == "write" and args.startswith(("1,", "2,")):
                continue  # what is shown of the progress
            found.append((call, seen[call]))
        self.assertGreater(len(found), 40)
        limit = int(os.environ.get("ROCPART_KILL_POINTS") or len(found))
        step = max(1, len(found) / limit)
        return [found[int(i * step)] for i in range(min(limit, len(found)))]

    def prepare(self):
        folder = self.machine_folder(NAME)
        if folder.exists():
            self.run_rocpart("sim", "reset", NAME)
            for record in (folder / "records").glob("*"):
                record.unlink()
            if (folder / "records").exists():
                (folder / "records").rmdir()
        else:
            self.run_rocpart("sim", "create", NAME)
        self.run_rocpart("sim", "hold", NAME, "--process", "gpuagent", "--cgroup",
                         "/system.slice/gpuagent.service")

    def killed_at(self, call, nth, way_out):
        """Kill it there, look, take the way out: what was seen."""
        script = f"""
            systemctl start exporter; docker start serve >/dev/null
            : >"$3"
            echo 500000000 >{CAP}
            strace -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={nth} \
                "$1" {' '.join(self.apply)} >/dev/null 2>&1
            echo $?
            "$1" status >"$2/status" 2>&1; "$1" list --json >"$2/killed"
            "$1" {way_out} >"$2/out" 2>&1; echo $?
            "$1" list --json >"$2/after"
            cat {CAP}
            for unit in gpuagent exporter idle; do systemctl is-active $unit; done
            docker container inspect -f '{{{{.State.Running}}}}' serve
            cp "$3" "$2/log"
            systemctl stop gpuagent
            modprobe -r amdgpu && modprobe amdgpu
            "$1" list --json >"$2/reloaded"
        """
        log = self.machine_folder(NAME) / "services.log"
        return self.shell(NAME, script, ROCPART, self.top, log).split()

    def assert_services_are_back(self, states, said):
        """They run, and what was done to them was done in order: hook, stops, starts, hook."""
        self.assertEqual(states, ["active", "active", "inactive", "true"], said)
        log = (self.top / "log").read_text().splitlines()
        said += "\n".join(log)
        stopped = set()
        for line in log:
            verb, what = line.split(" ", 1)
            if verb == "stop":
                stopped.add(what)
            elif verb == "start":
                stopped.discard(what)
            elif what == "/site/undrain":
                self.assertEqual(stopped, set(), said)
        self.assertEqual(stopped, set(), said)
        if log:
            self.assertEqual((log[0], log[-1]),
                             ("hook /site/drain --now", "hook /site/undrain"), said)

    def modes(self, file):
        gpus = json.loads((self.top / file).read_text())["gpus"]
        self.assertEqual(len(gpus), 8, file)
        return {(g["compute_mode"], g["memory_mode"]) for g in gpus}

    def one(self, call, nth, way_out, expected):
        self.prepare()
        killed, status, cap, *services = self.killed_at(call, nth, way_out)
        said = (self.top / "status").read_text() + (self.top / "out").read_text()
        after = self.modes("after")
        if call == "wait4" and int(killed) == 0:
            return  # how often it looks after a child varies with the load of the machine
        self.assertEqual(int(killed), KILLED, said)
        if self.is_settled_before():
            # no change was open: nothing to resume; undo takes the last one back, if it was done
            self.assertIn(after, [OLD, NEW], said)
        else:
            self.assertEqual(int(status), 0, said)
            self.assertEqual(after, expected, said)
        self.assertEqual(cap, "500000000", said)
        self.assert_services_are_back(services, said)
        # No request was left behind: a reload changes no memory mode.
        memory = {m for _, m in after}
        self.assertEqual({m for _, m in self.modes("reloaded")}, memory, said)

    def is_settled_before(self):
        """No change was open when it was killed: rocpart says so of one that is."""
        return "--resume" not in (self.top / "status").read_text()

    def test_apply_killed_anywhere_is_resumed_or_taken_back_and_services_run(self):
        for call, nth in self.points():
            for way_out, expected in (("apply --resume --yes", NEW), ("undo --yes", OLD)):
                with self.subTest(call=call, nth=nth, way_out=way_out):
                    self.one(call, nth, way_out, expected)


if __name__ == "__main__":
    unittest.main()
