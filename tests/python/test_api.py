# SPDX-License-Identifier: MIT
"""The package rocpart: finding the library, errors, pictures, changes, models, plans."""
import gc
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from support import LLAMA, ROOT, MachineTest

import rocpart
from rocpart import _abi, errors, sim
from rocpart._lib import lib
from rocpart.leases import LeaseBooks, MemoryBooks, Request

GIB = 2**30


class Api(MachineTest):
    def memory(self, profile="mi300x-8"):
        return rocpart.Machine.in_memory(sim.profile_text(profile), profile)

    def run_python(self, code, path, **env):
        whole = {k: v for k, v in os.environ.items()
                 if k not in ("ROCPART_LIBRARY", "ROCPART_DATA", "LD_LIBRARY_PATH")}
        whole.update(env, PYTHONPATH=str(path))
        return subprocess.run([sys.executable, "-c", code], env=whole, cwd="/", text=True,
                              capture_output=True, check=False)

    def test_library_that_is_named_is_taken_and_no_other(self):
        done = self.run_python("import rocpart", ROOT / "python",
                               ROCPART_LIBRARY=str(self.folder / "none.so"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("none.so", done.stderr)
        self.assertIn("ROCPART_LIBRARY", done.stderr)

    def test_installed_package_finds_library_and_data_wherever_it_was_moved(self):
        prefix = self.folder / "moved"
        package = prefix / "lib/python3/dist-packages/rocpart"
        shutil.copytree(ROOT / "python/rocpart", package)
        (package / "_paths.py").write_text(
            'PACKAGEDIR = "/usr/local/lib/python3/dist-packages/rocpart"\n'
            'LIBDIR = "/usr/local/lib/x86_64-linux-gnu"\nDATADIR = "/usr/local/share/rocpart"\n',
            encoding="utf-8")
        (prefix / "lib/x86_64-linux-gnu").mkdir()
        shutil.copy(lib._cdll._name, prefix / "lib/x86_64-linux-gnu/librocpart.so.0")
        (prefix / "share/rocpart").mkdir(parents=True)
        for name in ("models", "profiles"):
            shutil.copytree(ROOT / name, prefix / "share/rocpart" / name)
        done = self.run_python(
            "import rocpart; from rocpart import sim, _lib; print(_lib.lib._cdll._name);"
            "print(len(sim.profiles()), len(rocpart.Catalog().names) > 40)", package.parent)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(), [
            str(prefix / "lib/x86_64-linux-gnu/librocpart.so.0"),
            str(len(list((ROOT / "profiles").glob("*.yaml")))), "True"])

    def test_handout_has_both_views_of_a_partition(self):
        machine = self.memory()
        h = rocpart.Handout(machine, "2/0")
        self.assertEqual(h.env()["ROCR_VISIBLE_DEVICES"], "2")
        self.assertNotIn("ROCR_VISIBLE_DEVICES", h.env(rocpart.View.OWN))
        self.assertEqual(h.devices, ["/dev/kfd", "/dev/dri/renderD144", "/dev/dri/card16"])
        self.assertEqual(h.groups, [])
        self.assertIn("HIP_VISIBLE_DEVICES", h.conflicts())
        self.assertEqual(h.words(rocpart.HandoutForm.DOCKER)[0], "--device=/dev/kfd")
        self.assertIn("DevicePolicy=closed\n", h.text(rocpart.HandoutForm.SYSTEMD))
        h = rocpart.Handout(machine, "2/0", filter=rocpart.Filter.HIP)
        self.assertEqual(h.env(rocpart.View.OWN)["HIP_VISIBLE_DEVICES"], "0")
        with self.assertRaises(rocpart.NotFoundError):
            rocpart.Handout(machine, "9/0")
        with self.assertRaises(rocpart.InvalidArgumentError):
            rocpart.Handout(machine)

    def test_library_beside_the_package_is_found(self):
        package = self.folder / "own/rocpart"
        shutil.copytree(ROOT / "python/rocpart", package)
        shutil.copy(lib._cdll._name, package / "librocpart.so.0")
        done = self.run_python("import rocpart; print(rocpart.version())", package.parent)
        self.assertEqual(done.stdout, rocpart.version() + "\n", done.stderr)

    def test_each_kind_of_failure_has_an_exception(self):
        self.assertLessEqual({c.name for c in _abi.Errcode}, set(errors._KINDS))
        self.assertIs(errors.class_of(9999), rocpart.RocpartError)
        self.assertTrue(all(issubclass(k, rocpart.RocpartError) for k in errors._KINDS.values()))

    def test_exception_tells_what_the_library_told(self):
        with self.assertRaises(rocpart.InvalidArgumentError) as caught:
            rocpart.Machine.in_memory("version: v2\n", "p.yaml")
        e = caught.exception
        self.assertEqual((e.errnum, e.code), (-22, rocpart.Errcode.CONFIG_SYNTAX))
        self.assertTrue(e.object.startswith("p.yaml:1:"), e.object)
        self.assertIn(e.message, str(e))
        with self.assertRaises(rocpart.NotFoundError):
            rocpart.Machine.sim(self.folder / "none")

    def test_machine_in_memory_keeps_leases_while_it_lives(self):
        machine = self.memory()
        books = LeaseBooks(machine)
        partition = machine.observe().find_partition("3/0")
        claim = books.place(Request("llama", 2**30), partition, 2**40)
        self.assertEqual(books.claims(partition.bdf), [claim])
        self.assertEqual(LeaseBooks(self.memory()).claims(partition.bdf), [])
        books.release(claim)
        self.assertEqual(books.claims(partition.bdf), [])

    def test_picture_has_what_the_machine_shows(self):
        snapshot = self.memory("mi308x-8").observe()
        gpu = snapshot.find_gpu("0000:80:00.0")
        # The profile is written from a captured machine: [capture] in profiles/mi308x-8.yaml.
        self.assertEqual((len(snapshot.gpus), gpu.index, gpu.product), (8, 1, "MI308X"))
        self.assertEqual((gpu.compute_mode.name, gpu.memory_mode.name), ("CPX", "NPS4"))
        self.assertEqual(gpu.unique_id, 11803749423592941193)
        self.assertEqual((gpu.healthy, gpu.uncorrectable_errors, gpu.bad_pages), (True, 0, 0))
        self.assertFalse(gpu.compute_mode_derived)
        self.assertEqual([p.cus for p in gpu.partitions], [20] * 4)
        self.assertEqual(snapshot.find_partition("1/3"), gpu.partition(3))
        self.assertIsNone(gpu.partition(4))
        self.assertEqual(snapshot.kind, rocpart.MachineKind.SIM)
        with self.assertRaises(rocpart.NotFoundError):
            snapshot.find_partition("1/4")

    def test_picture_outlives_its_machine(self):
        machine = self.memory()
        snapshot = machine.observe()
        machine.close()
        del machine
        gc.collect()
        self.assertEqual(len(snapshot.pairs(snapshot.gpus[0])), 8)
        self.assertIn("SPX", snapshot.export())

    def test_change_reports_its_steps_and_can_be_taken_back(self):
        machine, told = self.memory(), []
        change = rocpart.Change(machine).set_modes(None, "cpx", "NPS4").check()
        self.assertTrue(change.needs_reload)
        self.assertEqual([g.n_partitions_after for g in change.gpus], [8] * 8)
        self.assertTrue(change.warnings)
        self.assertEqual(change.holders(), [])
        change.on_progress(lambda *step: told.append(step)).apply()
        self.assertEqual([i for i, _, _ in told], list(range(1, len(told) + 1)))
        self.assertEqual(len(machine.observe().partitions), 64)
        rocpart.Change.back(machine).apply()
        self.assertEqual(len(machine.observe().partitions), 8)
        with self.assertRaises(rocpart.NotFoundError):
            rocpart.Change.unfinished(machine)

    def test_change_that_is_impossible_is_a_mode_error(self):
        with self.assertRaises(rocpart.ModeError):
            rocpart.Change(self.memory()).set_modes(None, "TPX", "NPS1").check()
        with self.assertRaises(rocpart.InvalidArgumentError):
            rocpart.Change(self.memory()).set_modes(None, "ABC", None)

    def test_change_of_a_machine_in_use_is_refused_and_names_the_process(self):
        directory = self.play("mi300x-8")
        pid = sim.hold(directory, [("0000:05:00.0", 0, GIB)], command="vllm")
        machine = rocpart.Machine.sim(directory)
        change = rocpart.Change(machine).set_modes(None, "CPX", "NPS4").set_wait_ms(0).check()
        self.assertEqual([(h.pid, h.command, h.memory_used_bytes) for h in change.holders()],
                         [(pid, "vllm", GIB)])
        with self.assertRaises(rocpart.RefusedError) as caught:
            change.apply()
        self.assertEqual(caught.exception.code, rocpart.Errcode.BUSY_PROCESS)

    def test_fault_to_come_happens_by_the_clock_of_the_host_and_is_logged(self):
        directory = self.play("mi300x-8")
        sim.fault_plan(directory, "off-bus:0000:27:00.0", 3600)
        sim.fault_plan(directory, "overheat:0000:05:00.0", 0)
        sim.fault_remove(directory, "off-bus:0000:27:00.0")
        with self.assertRaises(rocpart.NotFoundError):
            sim.fault_remove(directory, "off-bus:0000:27:00.0")
        self.assertEqual(sim.kernel_log(directory)[-1],
                         "amdgpu 0000:05:00.0: amdgpu: device lost from bus!")
        sim.set_realistic(directory, True)
        sim.set_realistic(directory, False)
        sim.reload(directory)
        self.assertEqual(len(rocpart.Machine.sim(directory).observe().gpus), 7)

    def test_load_of_a_simulated_machine_moves_with_its_clock(self):
        directory = self.play("mi300x-8")
        sim.load_start(directory, seed=7, rate=0)
        sim.load_add(directory, "0000:27:00.0", busy_percent=100, vram_bytes=4 * GIB, seconds=60)
        sim.load_script(directory, "30, 0, 50, 0\n")
        sim.clock_advance(directory, 45)
        shown = sim.load_show(directory)
        self.assertEqual((shown["seconds"], shown["rate"], shown["seed"]), (45, 0, 7))
        self.assertEqual([g["busy_percent"] for g in shown["gpus"]], [50, 100] + [0] * 6)
        used = [g.memory_used_bytes for g in rocpart.Machine.sim(directory).observe().gpus]
        self.assertEqual(used[1] - used[0], 4 * GIB)
        sim.clock_set_rate(directory, 1000)
        self.assertEqual(sim.load_show(directory)["rate"], 1000)
        with self.assertRaises(errors.RocpartError) as caught:
            sim.load_script(directory, "1, 0, 101, 0\n", "work")
        self.assertEqual(caught.exception.object, "work:1")
        sim.load_stop(directory)
        self.assertEqual(sim.load_show(directory), {"running": False, "gpus": []})

    def test_lost_gpu_is_missing_until_it_is_accepted(self):
        directory = self.play("mi300x-8")
        machine = rocpart.Machine.sim(directory)
        rocpart.Change(machine).set_modes(None, "CPX", "NPS4").check().apply()
        self.assertEqual(machine.observe().missing, ())
        sim.fault_add(directory, "lose:0000:27:00.0")
        sim.reload(directory)
        snapshot = machine.observe()
        self.assertEqual([str(g) for g in snapshot.missing],
                         ["GPU 0000:27:00.0 is missing: it is on the PCI bus without driver"])
        self.assertEqual([(g.index, g.former_index) for g in snapshot.gpus][:3],
                         [(0, 0), (1, 2), (2, 3)])
        self.assertTrue(machine.accept_gpu("0000:27:00.0"))
        self.assertEqual(machine.observe().missing, ())
        self.assertFalse(machine.accept_gpu("0000:05:00.0"))

    def test_program_without_a_person_obeys_a_hold(self):
        machine = self.memory("mi300x-1")
        machine.check_hold()
        machine.set_hold(3600, "new firmware")
        for refused in (machine.check_hold,
                        rocpart.Change(machine).set_modes(None, "CPX", "NPS4")
                        .set_unattended().check):
            with self.assertRaises(rocpart.RefusedError) as raised:
                refused()
            self.assertEqual(raised.exception.code, rocpart.Errcode.ON_HOLD)
            self.assertIn("new firmware", str(raised.exception))
        rocpart.Change(machine).set_modes(None, "CPX", "NPS4").check().apply()
        self.assertTrue(machine.end_hold())
        self.assertFalse(machine.end_hold())
        machine.check_hold()

    def test_undo_after_new_leases_is_for_who_names_the_change(self):
        machine = self.memory("mi300x-1")
        change = rocpart.Change(machine).set_modes(None, "CPX", "NPS4").check()
        self.assertEqual(change.number, 0)
        change.apply()
        self.assertEqual((change.number, rocpart.Change.back(machine).number), (1, 1))
        rocpart.Change.back(machine).check_undo()
        partition = machine.observe().gpus[0].partitions[0]
        LeaseBooks(machine).place(Request("a", 2**30), partition, 2**40)
        with self.assertRaises(rocpart.RefusedError) as raised:
            rocpart.Change.back(machine).check_undo()
        self.assertEqual(raised.exception.code, rocpart.Errcode.NOT_NAMED)

    def test_capture_cannot_be_changed(self):
        (self.folder / "c/sys").mkdir(parents=True)
        machine = rocpart.Machine.capture(self.folder / "c")
        self.assertEqual(machine.observe().gpus, ())
        with self.assertRaises(rocpart.AccessError):
            machine.set_cordon("0000:05:00.0")

    def test_back_end_of_amd_is_refused_where_it_cannot_see(self):
        machine = self.memory("mi300x-1")
        machine.set_backend(rocpart.Backend.SYSFS)
        with self.assertRaises(rocpart.UnsupportedError):
            machine.set_backend(rocpart.Backend.LIBAMD_SMI)

    def test_footprint_has_parts_flags_and_assumptions(self):
        footprint = rocpart.Catalog().find(LLAMA).footprint(dtype="bf16", context=32768)
        parts = dict((name, n) for name, n, _ in footprint.parts)
        # 8,030,261,248 parameters of two bytes; 32 layers x 8 heads x 128 x 2 x 2 bytes a token.
        self.assertEqual(parts["weights_bytes"], 8030261248 * 2)
        self.assertEqual(parts["kv_bytes"], 32768 * 131072)
        self.assertEqual(sum(parts.values()), footprint.total_bytes)
        self.assertIn("--max-model-len", footprint.flags(48 * GIB, 47 * GIB))
        self.assertIn("engine", [what for what, _, _ in footprint.assumptions])
        self.assertIs(footprint.fits(GIB), False)

    def test_plan_is_proved_and_its_alteration_is_noticed(self):
        plan = rocpart.Plan("mi300x").add(LLAMA, 9).solve()
        self.assertTrue(plan.feasible)
        document = plan.to_dict()
        self.assertEqual((document["gpus_used"], document["proved"]), (2, True))
        text = plan.to_json()
        rocpart.verify(text)
        altered = text.replace('"gpus_used": 2', '"gpus_used": 1').replace('"gpus_used":2',
                                                                         '"gpus_used":1')
        self.assertNotEqual(altered, text)
        with self.assertRaises(rocpart.RocpartError):
            rocpart.verify(altered)
        self.assertTrue(rocpart.Plan(self.memory().observe()).add(LLAMA).solve().feasible)

    def test_both_books_keep_the_same_rules(self):
        directory = self.play("mi300x-8")
        machine = rocpart.Machine.sim(directory)
        partition = machine.observe().find_partition("2/0")
        usable = rocpart.usable_bytes(partition.memory_bytes, 2 << 40, 8 * partition.memory_bytes)
        for books in (MemoryBooks(), LeaseBooks(machine)):
            first = books.place(Request("a", 100 * GIB, 3, labels={"precision": "fp8"}), partition,
                                usable)
            self.assertEqual((first.name, first.bytes, first.bdf, first.partition_id,
                              first.state, first.priority, first.labels),
                             ("a", 100 * GIB, partition.bdf, 0, "placed", 3,
                              {"precision": "fp8"}))
            with self.assertRaises(rocpart.NoRoomError):
                books.place(Request("b", 100 * GIB), partition, usable)
            with self.assertRaises(ValueError):
                books.place(Request("b", 0), partition, usable)
            with self.assertRaises(errors.InvalidArgumentError) as refused:
                books.place(Request("a\nb\x1b", 2**30), partition, usable)
            self.assertIn(r"'a\nb\x1b' cannot be the name of a lease", str(refused.exception))
            self.assertEqual(refused.exception.hint, "use 'a-b'")
            books.set_state(first, "displaced")
            self.assertEqual([c.state for c in books.claims(partition.bdf)], ["displaced"])
            books.release(first)
            with self.assertRaises(rocpart.NotFoundError):
                books.release(first)
            self.assertEqual(books.claims(partition.bdf), [])

    def test_import_and_reading_leave_the_computer_alone(self):
        before = set(pathlib.Path(self.folder).rglob("*"))
        machine = rocpart.Machine.real(self.folder / "records")
        machine.observe()
        self.assertEqual(set(pathlib.Path(self.folder).rglob("*")), before)


if __name__ == "__main__":
    unittest.main()
