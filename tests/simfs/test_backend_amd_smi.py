# SPDX-License-Identifier: MIT
"""The amd-smi command as a back end, with stand-ins that answer, lie, flood, and die.

What the real one does with it is in test_witness_amd_smi.py.
"""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from simfs_case import BIND_PROGRAMS, ROCPART, SimfsCase  # noqa: E402

G0 = "0000:05:00.0"
FAILED, REFUSED, NO_HARDWARE = 1, 3, 5
NO_AMD_SMI = "amd-smi not available"

# Tells the modes that the files of the simulated driver tell, and writes them.
ANSWERS = f"""#!/bin/sh
dev=/sys/bus/pci/devices/{G0}
echo "$*" >>"${{0%/*}}/asked"
case "$*" in
version*)
	echo '[{{"version": "27.1.0", "amdsmi_library_version": "27.1.0"}}]';;
"list -e --json")
	echo 'WARNING: the user is in no group render'
	echo '[{{"gpu": 0, "bdf": "{G0}", "partition_id": 0}}]';;
"partition -c -m --json")
	echo '{{"current_partition": [{{"gpu_id": 0, "partition_id": "0",'
	echo '"memory": "'$(cat $dev/current_memory_partition)'",'
	echo '"accelerator_type": "'$(cat $dev/current_compute_partition)'"}}]}}';;
set\\ -C\\ *\\ -g\\ {G0})
	printf %s "$3" >$dev/current_compute_partition && echo "Successfully set it to $3";;
set\\ -M\\ *\\ -g\\ {G0})
	printf 'a banner\\nDo you accept these terms? [Y/N] '
	read -r answer
	[ "$answer" = y ] || exit 1
	printf %s "$3" >$dev/current_memory_partition && echo "Successfully set it to $3";;
esac
"""


class AmdSmiBackend(SimfsCase):
    def setUp(self):
        super().setUp()
        self.bin = self.top / "bin"
        self.bin.mkdir()

    def put(self, script, folder=None):
        program = (folder or self.bin) / "amd-smi"
        program.write_text(script)
        program.chmod(0o755)
        return program

    def rocpart(self, *args, status=0, path=None, cwd=None, first=":"):
        """What rocpart prints inside a simulated machine that has the stand-in."""
        done = self.spawn([ROCPART, "sim", "exec", "mi300x-1", "--", "sh", "-c",
                           (f"PATH={path}:$PATH; shift; " if path else BIND_PROGRAMS) +
                           f'{first}; exec "$@"', "sh", str(self.bin), ROCPART, *args], cwd=cwd)
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def json(self, *args, **more):
        return json.loads(self.rocpart(*args, "--json", **more))

    def error(self, *args, status=FAILED, **more):
        return self.json("--backend", "amd-smi", *args, status=status, **more)["error"]

    def set(self, *modes):
        self.rocpart("--backend", "amd-smi", "set", *modes, "--yes", "--allow-unvalidated")

    def set_fails(self, *modes, status=FAILED):
        return self.error("set", *modes, "--yes", "--allow-unvalidated", status=status)

    def asked(self):
        return (self.bin / "asked").read_text().splitlines()

    def modes(self):
        gpu = self.json_of("--sim", "mi300x-1", "list")["gpus"][0]
        return gpu["compute_mode"], gpu["memory_mode"]

    def test_list_says_what_amd_smi_told(self):
        self.put(ANSWERS)
        told = self.json("--backend", "amd-smi", "list")
        mine = self.json("--backend", "sysfs", "list")
        sources = told.pop("sources")
        self.assertEqual((sources["backend"], sources["compute_mode"], sources["memory_mode"]),
                         ("amd-smi", "amd-smi", "amd-smi"))
        mine.pop("sources")
        self.assertEqual(told, mine)

    def test_set_compute_is_asked_of_amd_smi(self):
        self.put(ANSWERS)
        self.set("-c", "CPX")
        self.assertIn(f"set -C CPX -g {G0}", self.asked())
        self.assertEqual(self.modes(), ("CPX", "NPS1"))

    def test_set_memory_is_asked_of_amd_smi_and_brought_by_our_reload(self):
        self.put(ANSWERS)
        self.set("-c", "CPX", "-m", "NPS4")
        self.assertIn(f"set -M NPS4 -g {G0}", self.asked())
        self.assertEqual(self.modes(), ("CPX", "NPS4"))

    def test_auto_asks_amd_smi_where_the_file_cannot_be_written(self):
        # Outside of the container that rocpart is in, the file can be: amd-smi has that right here.
        file = f"$(readlink -f /sys/bus/pci/devices/{G0})/current_compute_partition"
        self.put(ANSWERS.replace('printf %s "$3" >$dev/current_compute_partition', (
            f'unshare -m sh -c "mount -o remount,rw,bind {file}; printf %s $3 >{file}"')))
        self.rocpart("set", "-c", "CPX", "--yes", "--allow-unvalidated",
                     first=f"mount -o remount,ro,bind {file}")
        self.assertIn(f"set -C CPX -g {G0}", self.asked())
        self.assertEqual(self.modes(), ("CPX", "NPS1"))

    def test_success_that_did_not_happen_is_found_by_reading_back(self):
        self.put(ANSWERS.replace("printf %s \"$3\" >", "true "))
        self.assertEqual(self.set_fails("-c", "CPX")["code"], "READBACK_MISMATCH")
        self.assertIn(f"set -C CPX -g {G0}", self.asked())
        self.assertEqual(self.modes(), ("SPX", "NPS1"))

    def test_failure_that_did_not_happen_is_found_by_reading_back(self):
        self.put(ANSWERS.replace('echo "Successfully set it to $3"', "kill -SEGV $$"))
        self.set("-c", "CPX")
        self.assertEqual(self.modes(), ("CPX", "NPS1"))

    def test_refusal_with_exit_code_0_is_an_error_with_its_remedy(self):
        for words, code, status, hint in (
                ("[AMDSMI_STATUS_INVAL] Unable to set", "MODE_UNSUPPORTED", REFUSED, "modes"),
                ("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set", "UNSUPPORTED", REFUSED, "reset"),
                ("55 | AMDSMI_STATUS_UNKNOWN_ERROR", "NPS_NEEDS_COMPUTE", REFUSED, "memory mode"),
                ("AMD-SMI Command 'set' requires elevation", "PERMISSION", FAILED, "root")):
            with self.subTest(words=words):
                self.put(ANSWERS.replace("printf %s \"$3\" >", f"echo \"{words}\"; exit 0; : "))
                error = self.set_fails("-c", "CPX", status=status)
                self.assertEqual(error["code"], code)
                self.assertIn("failed to set partition mode: amd-smi set: ", error["message"])
                self.assertIn(hint, error["hint"])
                self.assertEqual(self.modes(), ("SPX", "NPS1"))

    def test_broken_amd_smi_is_a_clear_error_and_auto_goes_without(self):
        for script, words, status in (
                ("#!/bin/sh\nhead -c 100000000 /dev/zero\n", "more than 1 MiB", FAILED),
                ("#!/bin/sh\nprintf '[\\n    {\\n        \"gpu\": 0,\\n'\n", "too early", FAILED),
                ("#!/bin/sh\nkill -ABRT $$\n", "signal 6", FAILED),
                ("#!/usr/bin/no-python3\n", "interpreter", REFUSED),
                ("#!/bin/sh\necho 'ERROR:root:Drivers not loaded' >&2; exit 255\n", "driver",
                 NO_HARDWARE),
                ("#!/bin/sh\nexit 0\n", "printed nothing", FAILED)):
            with self.subTest(words=words):
                self.put(script)
                error = self.error("list", status=status)
                self.assertIn(words, error["message"])
                self.assertIn(error["object"], ("/usr/local/sbin/amd-smi", "amd-smi"))
        self.assertEqual(len(self.json("list")["gpus"]), 1)

    def test_amd_smi_of_the_current_folder_is_not_run(self):
        self.put(ANSWERS)
        for path in (".:bin/../.::", str(self.bin)):  # root asks no folder of PATH
            error = self.error("list", path=path, cwd=self.bin, status=REFUSED)
            self.assertIn(NO_AMD_SMI, error["message"])
            self.assertIn("install", error["hint"])
            self.assertFalse((self.bin / "asked").exists())

    def test_doctor_shows_which_amd_smi_it_is(self):
        self.put(ANSWERS)
        checks = json.dumps(self.json("doctor", status=None))
        self.assertIn("/usr/local/sbin/amd-smi", checks)

    def test_doctor_names_what_amd_smi_tells_otherwise(self):
        self.put(ANSWERS.replace("$(cat $dev/current_compute_partition)", "DPX"))
        check = next(c for c in self.json("doctor", status=None)["checks"] if c["id"] == "amd-smi")
        self.assertEqual(check["state"], "warn")
        self.assertIn("DPX", check["seen"])
        self.assertIn("SPX", check["seen"])

    def test_without_amd_smi_every_command_works(self):
        before = self.json("list")
        for args in (["modes"], ["status"], ["holders"],
                     ["set", "-c", "CPX", "-m", "NPS4", "--yes"], ["undo", "--yes"]):
            with self.subTest(args=args):
                self.rocpart(*args)
        self.assertEqual(self.modes(), ("SPX", "NPS1"))
        self.assertEqual(before["sources"]["backend"], "sysfs")
        self.assertIn(NO_AMD_SMI, self.error("list", status=REFUSED)["message"])


if __name__ == "__main__":
    unittest.main()
