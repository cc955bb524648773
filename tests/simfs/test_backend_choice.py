# SPDX-License-Identifier: MIT
"""Which back end is asked when none is named, and what a version must not be asked."""

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import ROCPART, SimfsCase  # noqa: E402

G0 = "/sys/bus/pci/devices/0000:05:00.0"
FAILED, REFUSED = 1, 3
SET = ("set", "-c", "CPX", "--yes", "--allow-unvalidated", "--json")

# The mode file is read-only for all but who knows the other way to it, as an agent of the host may.
READ_ONLY = f"""
set -e
touch "$0/way"
mount --bind {G0}/current_compute_partition "$0/way"
mount -o remount,ro,bind /sys/devices/pci0000:00/0000:05:00.0/current_compute_partition
mount --rbind "$0" /usr/local/sbin
exec "$@"
"""
AGENT = """#!/bin/sh
here=${0%/*}
echo "$*" >>"$here/asked"
test "$1 $2" = "set -C" && printf %s "$3" >"$here/way" && echo "Successfully set it to $3"
"""


class Choice(SimfsCase):
    def rocpart(self, script, *args, status=0, zero=None):
        done = self.spawn([ROCPART, "sim", "exec", "mi300x-1", "--", "sh", "-c", script,
                           zero or str(self.top), ROCPART, *args])
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def put_agent(self, text=AGENT):
        (self.top / "amd-smi").write_text(text)
        (self.top / "amd-smi").chmod(0o755)

    def mode(self):
        return self.json_of("--sim", "mi300x-1", "list")["gpus"][0]["compute_mode"]

    def test_auto_asks_amd_smi_for_a_file_that_it_may_not_write(self):
        self.put_agent()
        self.rocpart(READ_ONLY, *SET)
        self.assertEqual(self.mode(), "CPX")
        self.assertEqual((self.top / "asked").read_text(), "set -C CPX -g 0000:05:00.0\n")

    def test_auto_tells_its_own_failure_when_nobody_can(self):
        self.put_agent("#!/bin/sh\nexit 1\n")
        error = self.rocpart(READ_ONLY, *SET, status=FAILED)["error"]
        self.assertIn("/sys is read-only here", error["message"])
        self.assertEqual(self.mode(), "SPX")

    def test_sysfs_asks_nobody_else(self):
        self.put_agent()
        self.rocpart(READ_ONLY, "--backend", "sysfs", *SET, status=FAILED)
        self.assertFalse((self.top / "asked").exists())

    def test_auto_asks_nobody_for_a_file_that_it_can_write(self):
        self.put_agent()
        script = 'mount --bind "$0" /usr/local/sbin; exec "$@"'
        self.rocpart(script, *SET)
        self.rocpart(script, "list", "--json")
        self.assertEqual(self.mode(), "CPX")
        self.assertFalse((self.top / "asked").exists())

    def library(self, fake, name, *args, status=0, does=""):
        (self.top / name).symlink_to(Path(os.environ["BUILD"]) / f"tests/libfake_amd_smi_{fake}.so")
        return self.rocpart(f'FAKE_DOES={does} FAKE_LOG=$0/asked LD_LIBRARY_PATH=$0 exec "$@"', "--backend",
                            "libamd_smi", *args, status=status)

    def test_library_that_reloads_by_itself_is_not_asked_under_reload_never(self):
        error = self.library("247", "libamd_smi.so.24", *SET, "-m", "NPS4", "--reload", "never",
                             status=REFUSED, does="words")["error"]
        self.assertEqual(error["code"], "UNSUPPORTED")
        self.assertIn("reloads the driver itself when it sets a memory mode", error["message"])
        self.assertFalse((self.top / "asked").exists())

    def test_success_of_the_library_that_did_not_happen_is_found_by_reading_back(self):
        # "words": it tells no modes, so that the kernel's are taken
        error = self.library("271", "libamd_smi.so.27", *SET, status=FAILED, does="words")["error"]
        self.assertEqual(error["code"], "READBACK_MISMATCH")
        self.assertIn("libamd_smi reported success", error["hint"])
        self.assertIn("profile 0 0\n", (self.top / "asked").read_text())
        self.assertEqual(self.mode(), "SPX")

    def test_library_that_lies_about_the_present_mode_changes_nothing(self):
        error = self.library("271", "libamd_smi.so.27", *SET, status=FAILED)["error"]
        self.assertEqual(error["code"], "STALE_SNAPSHOT")
        self.assertIn("libamd_smi reports other modes than the kernel", error["hint"])
        self.assertFalse((self.top / "asked").exists())

    def test_library_that_crashes_fails_before_anything_is_begun(self):
        error = self.library("271", "libamd_smi.so.27", *SET, "-m", "NPS4", status=FAILED,
                             does="crash")["error"]
        self.assertIn("libamd_smi crashed", error["message"])
        self.assertFalse((self.machine_folder("mi300x-1") / "records" / "journal.last").exists())

    def test_what_the_library_tells_stands_before_the_kernel_and_says_so(self):
        told = self.library("271", "libamd_smi.so.27", "list", "--json")
        mine = self.rocpart('exec "$@"', "list", "--json")
        gpu, partition = told["gpus"][0], told["gpus"][0]["partitions"][0]
        self.assertEqual(gpu["compute_mode"], "DPX")
        self.assertEqual((partition["gpu_id"], partition["render_minor"], partition["card_minor"]),
                         (1111, 128, 1))
        self.assertEqual({k: v for k, v in told["sources"].items() if v == "libamd_smi"}.keys(),
                         {"backend", "compute_mode", "memory_mode", "gpu_id", "render_minor",
                          "card_minor"})
        self.assertEqual(partition["memory_bytes"], mine["gpus"][0]["partitions"][0]["memory_bytes"])
        self.assertEqual(len(told["gpus"]), 1)  # one that the kernel does not show is none

    def test_library_that_knows_no_modes_leaves_them_to_the_kernel(self):
        told = self.library("271", "libamd_smi.so.27", "list", "--json", does="words")
        self.assertEqual(told["gpus"][0]["compute_mode"], "SPX")
        self.assertEqual(told["sources"]["compute_mode"], "sysfs")
        self.assertEqual(told["sources"]["gpu_id"], "kfd")

    def test_library_of_debian_24_5_is_not_taken(self):
        error = self.library("246", "libamd_smi.so.0", *SET, status=REFUSED)["error"]
        self.assertIn("amd-smi not available", error["message"])


if __name__ == "__main__":
    unittest.main()
