# SPDX-License-Identifier: MIT
"""A change of the mounted machine of eight GPUs, ended or interrupted while modprobe runs.

modprobe is the machine's own, made to wait until the test lets it go on.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase, host  # noqa: E402

NAME = "mi300x-8"
SWITCH = ["set", "--compute", "CPX", "--memory", "NPS4", "--yes"]

# Runs inside of `sim exec`: a slow modprobe in place of the machine's, then what the test asks for.
INSIDE = r"""
import json, os, pathlib, shutil, signal, subprocess, sys, time

rocpart, top, action = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
switch = sys.argv[4:]
real, slow = top / "real", top / "slow"
shutil.copytree("/sys/devices/rocpart-bin", real, symlinks=True)
shutil.copytree("/sys/devices/rocpart-bin", slow, symlinks=True)
(slow / "modprobe").unlink()
(slow / "modprobe").write_text(f'''#!/bin/sh
echo $$ >> {top}/begun
while [ ! -e {top}/go ]; do sleep 0.01; done
"{real}/modprobe" "$@"
status=$?
echo $$ >> {top}/ended
exit $status
''')
(slow / "modprobe").chmod(0o755)
subprocess.run(["mount", "--bind", slow, "/sys/devices/rocpart-bin"], check=True)
for path in ("/sbin/modprobe", "/usr/sbin/modprobe"):
    if os.path.isfile(path) and not os.path.ismount(path + "."):
        subprocess.run(["mount", "--bind", slow / "modprobe", path], check=True)

def count(name):
    path = top / name
    return len(path.read_text().split()) if path.exists() else 0

def wait(name, n):
    end = time.monotonic() + 60
    while count(name) < n:
        assert time.monotonic() < end, (name, n)
        time.sleep(0.01)

def run(*words):
    done = subprocess.run([rocpart, *words], capture_output=True, text=True)
    return {"status": done.returncode, "text": done.stdout + done.stderr}

said = {}
process = subprocess.Popen([rocpart, *switch], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
wait("begun", 1)
if action == "kill":
    process.kill()
    process.communicate()
    said["modprobe"] = int((top / "begun").read_text().split()[0])
    said["second"] = run(*switch)
    said["status"] = run("status")
    (top / "go").touch()
    wait("ended", 1)
    end = time.monotonic() + 60
    while "under way" in (said := {**said, "later": run("status")})["later"]["text"]:
        assert time.monotonic() < end
    said["resumed"] = run("apply", "--resume", "--yes")
else:
    number, at = (int(word) for word in action.split(","))
    if at == 2:  # while the driver is loaded again
        (top / "go").touch()
        wait("ended", 1)
        (top / "go").unlink()
        wait("begun", 2)
    process.send_signal(number)
    os.killpg(os.getpgid(process.pid), signal.SIGCONT)
    time.sleep(0.05)
    said["running"] = process.poll() is None
    (top / "go").touch()
    said["text"] = process.communicate()[0]
    said["status"] = process.returncode
    said["list"] = run("list", "--json")["text"]
print(json.dumps(said))
"""


class InModprobe(SimfsCase):
    def setUp(self):
        super().setUp()
        host.need_root()
        self.folder = self.top / "inside"

    def in_modprobe(self, action):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        done = self.inside(NAME, sys.executable, "-c", INSIDE, ROCPART, str(self.folder), action,
                           *SWITCH)
        return json.loads(done)

    def test_killed_change_is_locked_as_long_as_its_modprobe_runs(self):
        said = self.in_modprobe("kill")
        self.assertEqual(said["second"]["status"], 3, said["second"])
        who = f"pid {said['modprobe']} ("
        self.assertIn("another process is changing this machine: " + who, said["second"]["text"])
        self.assertIn("a change is under way: " + who, said["status"]["text"])
        self.assertIn("a change is not finished", said["later"]["text"])
        self.assertEqual(said["resumed"]["status"], 0, said["resumed"])

    def check_signal(self, number, at):
        said = self.in_modprobe(f"{int(number)},{at}")
        self.assertTrue(said["running"], said["text"])
        self.assertEqual(said["status"], 0 if number == signal.SIGPIPE else 1, said["text"])
        wanted = "CPX/NPS4" if number == signal.SIGPIPE else "SPX/NPS1"
        gpus = json.loads(said["list"])
        self.assertFalse(gpus["unfinished_change"])
        self.assertEqual({f"{g['compute_mode']}/{g['memory_mode']}" for g in gpus["gpus"]},
                         {wanted}, said["text"])
        if number != signal.SIGPIPE:
            self.assertIn("the change was undone", said["text"])

    def test_signal_while_modprobe_runs_waits_until_the_driver_is_loaded(self):
        self.check_signal(signal.SIGINT, 1)

    @unittest.skipUnless("ROCPART_SIGNALS" in os.environ, "runs in the long suite")
    def test_each_signal_in_each_modprobe_waits_until_the_driver_is_loaded(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                       signal.SIGPIPE):
            for at in (1, 2):
                with self.subTest(signal=number, modprobe=at):
                    self.rocpart_reset()
                    self.check_signal(number, at)

    def rocpart_reset(self):
        subprocess.run([ROCPART, "sim", "reset", NAME], env=self.env, check=False,
                       capture_output=True)


if __name__ == "__main__":
    unittest.main()
