# SPDX-License-Identifier: MIT
"""A machine in files on which things happen: its kernel log, reads that hang, GPUs that go."""

import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from simfs_case import ROCPART, ROOT, SimfsCase  # noqa: E402

BDF = "0000:05:00.0"
DEVICES = "/sys/bus/pci/devices"


class Living(SimfsCase):
    def create(self, *more, profile="mi300x-8", **keys):
        text = (ROOT / f"profiles/{profile}.yaml").read_text("utf-8")
        text += "".join(f"{key}: {value}\n" for key, value in keys.items())
        (self.top / "m.yaml").write_text(text)
        self.run_rocpart("sim", "create", "m", "--file", self.top / "m.yaml", *more)

    def test_kernel_log_is_read_by_dmesg_one_record_at_a_time(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", f"off-bus:{BDF}")
        out = self.shell("m", "cat /dev/kmsg; head -c 4000 /dev/kmsg | wc -l; wc -c </dev/kmsg; "
                              "stat -c %s /dev/kmsg")
        records = [line for line in out.splitlines() if ";" in line]
        self.assertTrue(records[-1].endswith(f";amdgpu {BDF}: amdgpu: device lost from bus!"), out)
        self.assertEqual([int(r.split(",")[1]) for r in records], list(range(len(records))))
        self.assertEqual(out.splitlines()[-2], out.splitlines()[-1])
        reads = self.inside("m", sys.executable, "-c",
                            "import os; fd = os.open('/dev/kmsg', os.O_RDONLY)\n"
                            "print(*(os.read(fd, 8192).count(b'\\n') for _ in range(4)))")
        self.assertEqual(reads, "1 1 1 1\n")
        if not shutil.which("dmesg"):
            self.skipTest("no dmesg here")
        said = self.inside("m", "dmesg").splitlines()
        self.assertEqual(len(said), len(records))
        self.assertTrue(said[-1].endswith(f"amdgpu {BDF}: amdgpu: device lost from bus!"))

    def test_gpu_that_falls_off_the_bus_reads_as_all_ones(self):
        self.create()
        out = self.shell("m", f"""
            cd {DEVICES}/{BDF}; head -c 4 config | od -An -tx1
            {ROCPART} sim fault m off-bus:{BDF}
            for i in $(seq 300); do
                n=$(head -c 4 config | od -An -tx1)
                [ "$n" = ' ff ff ff ff' ] && break; sleep 0.01
            done; echo "$n"; cat device""")
        self.assertEqual(out.splitlines()[0], " 02 10 a1 74")
        self.assertEqual(out.splitlines()[-2:], [" ff ff ff ff", "0x74a1"])

    def test_doctor_inside_reads_the_log_of_the_machine(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", f"off-bus:{BDF}")
        out = self.spawn([ROCPART, "sim", "exec", "m", "--", ROCPART, "doctor"]).stdout
        self.assertIn(f"the driver lost GPU 0 ({BDF}) from the PCI bus", out)

    def test_read_that_hangs_lets_others_read(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", f"hang:{BDF}/unique_id")
        out = self.shell("m", f"""
            cat {DEVICES}/{BDF}/unique_id >/tmp/hung.$$ &
            cat {DEVICES}/0000:27:00.0/unique_id
            cat {DEVICES}/{BDF}/current_compute_partition
            test -s /tmp/hung.$$ || echo hangs
            {ROCPART} sim fault m --remove hang:{BDF}/unique_id
            wait; test -s /tmp/hung.$$ && echo ended; rm /tmp/hung.$$""")
        self.assertEqual(out.splitlines()[1:3], ["SPX", "hangs"])
        self.assertEqual(out.splitlines()[-1], "ended")

    def test_read_that_hangs_ends_with_its_machine_and_by_a_signal(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", f"hang:{BDF}/unique_id")
        argv = [ROCPART, "sim", "exec", "m", "--", "cat", f"{DEVICES}/{BDF}/unique_id"]
        for end in ("signal", "rm"):
            with subprocess.Popen(argv, env=self.env, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as p:
                self.wait_for_state_d(p.pid)
                self.assertIsNone(p.poll())
                if end == "signal":
                    p.send_signal(signal.SIGTERM)
                else:
                    self.run_rocpart("sim", "rm", "m")
                try:
                    p.wait(10)
                finally:
                    p.kill()

    def wait_for_state_d(self, pid):
        """Until a child of the process waits in the kernel for an answer of FUSE."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2]
                if "(cat)" in Path(f"/proc/{child}/stat").read_text() and fields[0] in "DS":
                    time.sleep(0.1)
                    return
            time.sleep(0.02)
        self.fail("the program did not start")

    def test_rules_about_more_files_than_can_be_served_do_not_end_it(self):
        self.create(profile="mi300x-1")
        self.run_rocpart("sim", "load", "m", "--util", 10)
        self.run_rocpart("sim", "fault", "m", "slow:*:1")
        out = self.shell("m", f"""
            {ROCPART} sim fault m 'off-bus:*' >/dev/null; {ROCPART} sim fault m 'read:*:EIO' >/dev/null
            sleep 0.3; echo still here""")
        self.assertEqual(out, "still here\n")

    def test_read_only_rule_is_seen_by_stat_at_once(self):
        self.create()
        out = self.shell("m", f"""
            cd {DEVICES}/{BDF}; stat -c %a current_memory_partition
            {ROCPART} sim fault m read-only:current_memory_partition >/dev/null
            for i in $(seq 300); do
                [ "$(stat -c %a current_memory_partition)" = 444 ] && break; sleep 0.01
            done; stat -c %a current_memory_partition
            {ROCPART} sim fault m remove:{BDF} >/dev/null
            for i in $(seq 300); do [ -e {DEVICES}/{BDF} ] || break; sleep 0.01; done
            ls {DEVICES} | wc -l""")
        self.assertEqual(out.split(), ["644", "444", "7"])

    def test_program_ends_though_a_read_hangs(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", f"hang:{BDF}/current_compute_partition")
        self.inside("m", "timeout", "-s", "KILL", "0.2", "cat",
                    f"{DEVICES}/{BDF}/current_compute_partition", status=137)

    def test_rule_that_makes_every_read_slow_is_borne(self):
        self.create()
        self.run_rocpart("sim", "fault", "m", "slow:*:1")
        self.assertEqual(self.inside("m", "cat", f"{DEVICES}/{BDF}/vendor"), "0x1002\n")

    def test_reload_and_switch_take_their_time_and_show_it(self):
        self.create("--realistic", load_ms=40000, unload_ms=10000, switch_ms=2000)
        self.run_rocpart("sim", "load", "m", "--seed", 1, "--rate", 0)  # the clock stands
        out = self.shell("m", f"""
            advance() {{ {ROCPART} sim load m --advance $1 >/dev/null; wait $!; }}
            until_is() {{ for i in $(seq 500); do n=$(eval "$2"); [ "$n" = $1 ] && break
                sleep 0.02; done; echo $n; }}
            nodes() {{ ls -d /sys/class/kfd/kfd/topology/nodes/* | wc -l; }}
            modprobe -r amdgpu & until_is going "cat /sys/module/amdgpu/initstate"
            advance 10s; ls -d /sys/module/amdgpu 2>&1 | wc -l
            modprobe amdgpu & until_is coming "cat /sys/module/amdgpu/initstate 2>&1"
            ls {DEVICES}/{BDF}/driver 2>/dev/null
            advance 40s; cat /sys/module/amdgpu/initstate
            echo CPX >{DEVICES}/{BDF}/current_compute_partition & until_is 9 nodes
            (sleep 0.1; {ROCPART} sim load m --advance 2s >/dev/null) &
            cat {DEVICES}/{BDF}/current_compute_partition
            wait; nodes""")
        self.assertEqual(out.split(), ["going", "1", "coming", "live", "9", "CPX", "17"])

    def test_gpu_is_removed_and_found_by_files(self):
        self.create()
        out = self.shell("m", f"""
            echo 1 >{DEVICES}/{BDF}/remove; ls {DEVICES} | wc -l
            echo 1 >/sys/bus/pci/rescan; ls {DEVICES} | wc -l; cd /sys/bus/pci/drivers/amdgpu
            echo {BDF} >unbind; ls -d 0000* | wc -l; echo {BDF} >unbind || echo refused
            echo {BDF} >bind; ls -d 0000* | wc -l; echo {BDF} >bind || echo refused
            echo 1 >{DEVICES}/{BDF}/reset; cat {DEVICES}/{BDF}/current_compute_partition || true""")
        self.assertEqual(out.split(), ["7", "8", "7", "refused", "8", "refused"])


if __name__ == "__main__":
    unittest.main()
