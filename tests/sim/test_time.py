# SPDX-License-Identifier: MIT
"""Things that take time on a simulated machine: reloads, switches, slow reads, reads that hang.

The clock of these machines stands and is moved by the test, so that no test waits for it; where
a program must wait, the test moves the clock under it.
"""

import os
import pty
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from sim_case import SimCase  # noqa: E402

TIMES = {"load_ms": 40000, "unload_ms": 20000, "switch_ms": 3000}
GPU = "0000:05:00.0"


class Time(SimCase):
    def start(self, *args):
        p = subprocess.Popen(self.argv(*args), env=self.env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, p)
        return p

    @staticmethod
    def end(p):
        if p.poll() is None:
            p.kill()
        p.communicate()

    def wait_for(self, condition, what):
        end = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.01)

    def create_slow(self, profile="mi300x-1"):
        self.create("--realistic", profile=profile, **TIMES)
        self.load("--seed", 1, "--rate", 0)

    def dues(self):
        return [(d["kind"], d["at_us"] // 1000) for d in self.state().get("dues", [])]

    def mode(self):
        gpu = self.json("--sim", "m", "list")["gpus"][0]
        return gpu["compute_mode"], gpu["memory_mode"]

    def test_machine_without_realistic_does_not_wait(self):
        self.create(profile="mi300x-1", **TIMES)
        self.load("--seed", 1, "--rate", 0)
        self.rocpart("sim", "reload", "m")
        self.assertEqual(self.dues(), [])

    def test_reload_takes_the_time_of_the_profile(self):
        self.create_slow()
        p = self.start("sim", "reload", "m")
        self.wait_for(self.dues, "unload begins")
        self.assertEqual(self.dues(), [(2, 20000)])
        self.load("--advance", "19s")
        self.assertIsNone(p.poll())
        self.load("--advance", "1s")
        self.wait_for(lambda: self.dues() == [(1, 60000)], "load begins")
        self.assertIn("coming", (self.dump() / "sys/module/amdgpu/initstate").read_text())
        self.load("--advance", "40s")
        self.assertEqual(p.wait(20), 0)
        self.assertEqual(self.mode(), ("SPX", "NPS1"))

    def test_switch_goes_on_when_its_program_is_killed(self):
        self.create_slow()
        p = self.start("--sim", "m", "set", "--compute", "CPX", "--allow-unvalidated")
        self.wait_for(self.dues, "switch begins")
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.assertEqual(self.state()["nodes"], [])
        self.load("--advance", "2s")
        self.assertEqual(self.state()["gpus"][0]["compute"], 0)
        self.load("--advance", "1s")
        self.assertEqual(self.state()["gpus"][0]["compute"], 4)
        self.assertEqual(len(self.state()["nodes"]), 8)
        self.on("apply", "--resume")
        self.assertEqual(self.mode(), ("CPX", "NPS1"))

    def test_reading_the_mode_waits_for_the_switch(self):
        self.create_slow()
        self.start("--sim", "m", "set", "--compute", "CPX", "--allow-unvalidated")
        self.wait_for(self.dues, "switch begins")
        reader = self.start("--sim", "m", "list")
        time.sleep(0.2)
        self.assertIsNone(reader.poll())
        self.load("--advance", "3s")
        self.assertEqual(reader.wait(20), 0)
        self.assertIn("0/7", reader.stdout.read())

    def test_clock_that_starts_anew_moves_what_is_due(self):
        self.create_slow()
        self.fault("off-bus:" + GPU, "--at", "60s")
        self.load("--advance", "20s")
        self.load("--seed", 2, "--rate", 0)
        self.assertEqual(self.dues(), [(4, 40000)])
        self.load("--stop")
        planned = self.json("sim", "fault", "m")["planned"]
        self.assertEqual(planned, [{"in_seconds": 40, "rule": "off-bus:" + GPU}])

    def test_machine_of_an_earlier_version_has_no_times(self):
        self.create(profile="mi300x-8")
        path = self.top / "rocpart/sim/m/state.json"
        text = path.read_text("utf-8")
        before = self.json("--sim", "m", "list")
        for word in ("booted_us", "log_lines", "order"):
            self.assertIn(f'"{word}"', text)
            text = text.replace(f'"{word}"', f'"earlier_{word}"')
        path.with_name("new").write_text(text, "utf-8")
        path.with_name("new").rename(path)
        self.assertEqual(self.json("--sim", "m", "list"), before)

    def test_read_that_is_slow_takes_its_time_and_succeeds(self):
        self.create(profile="mi300x-1")
        before = time.monotonic()
        self.on("list")
        quick = time.monotonic() - before
        self.fault("slow:current_memory_partition:300")
        before = time.monotonic()
        self.on("list")
        self.assertGreater(time.monotonic() - before, quick + 0.25)

    def test_read_that_hangs_ends_when_the_rule_is_removed(self):
        self.create(profile="mi300x-1")
        self.fault("hang:current_memory_partition")
        p = self.start("--sim", "m", "list")
        time.sleep(0.2)
        self.assertIsNone(p.poll())
        self.fault("--remove", "hang:current_memory_partition")
        self.assertEqual(p.wait(20), 0)
        self.assertIn("SPX/NPS1", p.stdout.read())

    def test_load_that_starts_meanwhile_does_not_end_a_wait(self):
        self.create("--realistic", profile="mi300x-1", **TIMES | {"load_ms": 900, "unload_ms": 600})
        p = self.start("sim", "reload", "m")
        self.wait_for(self.dues, "unload begins")
        self.load("--util", 10)
        self.assertEqual(p.wait(20), 0, p.stderr.read())
        self.assertEqual(self.mode(), ("SPX", "NPS1"))

    def test_switch_after_which_kfd_does_not_start_is_an_error_of_its_write_alone(self):
        self.create_slow()
        self.fault(f"reinit:{GPU}:1")
        p = self.start("--sim", "m", "set", "--compute", "CPX", "--allow-unvalidated")
        self.wait_for(self.dues, "switch begins")
        while p.poll() is None:  # the undo takes its time too
            self.load("--advance", "3s")
        self.assertIn("shows 0 of 8 partitions", p.stderr.read())
        self.assertIn("CPX/NPS1", self.on("status"))
        self.rocpart("sim", "reset", "m")

    def test_gpu_that_comes_back_while_it_switches_has_each_node_once(self):
        for events in (("unbind", "bind"), ("remove", "rescan"), ("set-nps", "set-nps")):
            self.create_slow()
            p = self.start("--sim", "m", "set", "--compute", "CPX", "--allow-unvalidated")
            self.wait_for(self.dues, "switch begins")
            self.end(p)  # it would undo what happens now
            for event in events:
                self.fault({"rescan": "rescan", "set-nps": f"set-nps:{GPU}:4"}.get(
                    event, f"{event}:{GPU}"))
            self.load("--advance", "4s")
            nodes = self.state()["nodes"]
            self.assertEqual(len(nodes), len({tuple(n[:2]) for n in nodes}), events)
            self.assertEqual(len(nodes), 8 if "set-nps" in events else 1)
            self.rocpart("sim", "rm", "m")

    def test_numbers_of_rules_that_would_overflow_are_refused(self):
        self.create(profile="mi300x-1")
        for rule in ("reset-now:*:3000000000000", "slow:x:18446744073709551615", "hang:a\nb"):
            self.fault(rule, status=2)

    def test_log_has_no_line_of_a_change_that_was_not_saved(self):
        self.create(profile="mi300x-1")
        before = self.log()
        log = self.top / "rocpart/sim/m/kernel.log"
        with log.open("a") as f:  # as a program that was killed before the state was replaced
            f.write(f"3,{len(before)},1,-;never\n")
        self.assertEqual(self.log(), before)
        self.fault(f"off-bus:{GPU}")
        self.assertEqual(self.log(), [*before, f"amdgpu {GPU}: amdgpu: device lost from bus!"])

    def test_step_that_takes_long_shows_its_seconds_on_a_terminal_only(self):
        self.create("--realistic", profile="mi300x-1", **TIMES | {"load_ms": 2300, "unload_ms": 1})
        reload = ("--sim", "m", "set", "--compute", "CPX", "--memory", "NPS4")
        ours, theirs = pty.openpty()
        p = subprocess.Popen(self.argv(*reload), env=self.env, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # the end of a terminal
            pass
        os.close(ours)
        self.assertEqual(p.wait(), 0, said)
        after = said.split(b"load the amdgpu driver")[-1]
        self.assertRegex(after, rb"^\r\n +2 s\r +\r\[7/9\]")
        done = subprocess.run(self.argv("--sim", "m", "set", "--compute", "SPX", "--memory", "NPS1",
                                        "--dry-run"), env=self.env, capture_output=True, text=True,
                              check=False)
        self.assertRegex(done.stdout, r"\b2\.[3-9] s the last time")
        self.create(name="n", profile="mi300x-1")
        done = subprocess.run(self.argv("--sim", "n", *reload[2:]), env=self.env,
                              capture_output=True, text=True, check=True)
        self.assertNotIn("\r", done.stdout + done.stderr)

    def test_state_with_a_due_that_is_out_of_range_is_damaged(self):
        self.create_slow()
        self.fault("off-bus:" + GPU, "--at", "60s")
        path = self.top / "rocpart/sim/m/state.json"
        good = path.read_text("utf-8")
        for old, new in (('"at_us":60000000', '"at_us":0'), ('"kind":4', '"kind":9'), ('"gpu":0,"arg"', '"gpu":1,"arg"'),
                         ('"at_us":60000000', '"at_us":9223372036854775807'),
                         (f'"off-bus:{GPU}"', '"nonsense"')):
            self.assertIn(old, good)
            bad = good.replace(old, new)
            path.with_name("new").write_text(bad, "utf-8")
            path.with_name("new").rename(path)
            self.assertIn("damaged", self.on("list", status=1))


if __name__ == "__main__":
    unittest.main()
