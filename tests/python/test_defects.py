# SPDX-License-Identifier: MIT
"""The defects of the prototype stay gone: each test is named after one, with what was observed."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import unittest
from unittest import mock

from support import LLAMA, ROOT, TINY, MachineTest

import rocpart
from model_scheduler import ModelScheduler, ModelStatus
from rocm_partitioner import ROCmPartitioner
from rocm_partitioner_real import (ComputePartitionMode, MemoryPartitionMode,
                                   ROCmPartitionerReal)
from rocpart import sim

CPX, DPX, QPX, SPX, TPX = (ComputePartitionMode[n] for n in ("CPX", "DPX", "QPX", "SPX", "TPX"))
NPS1, NPS2, NPS4 = (MemoryPartitionMode[n] for n in ("NPS1", "NPS2", "NPS4"))
GIB = 2**30
# Takes all that is free on partition 0, piece by piece; prints how many pieces it got.
TAKER = """
import sys
from rocm_partitioner_real import ROCmPartitionerReal
p = ROCmPartitionerReal(0)
assert p.initialize("MI300X"), p.last_error
print(sum(p.allocate_model(m, 0, "int4")[0] for m in sys.argv[1:]))
"""


class Defects(MachineTest):
    def setUp(self):
        super().setUp()
        noise = mock.patch("rocpart.partitioner.logger")
        noise.start()
        self.addCleanup(noise.stop)

    def real(self, profile="mi300x-8", gpu_id=0):
        self.directory = self.play(profile)
        return ROCmPartitionerReal(gpu_id)

    def ready(self, gpu_id=0):
        p = self.real(gpu_id=gpu_id)
        self.assertTrue(p.initialize("MI300X", CPX, NPS4), p.last_error)
        return p

    def modes(self):
        return [f"{g.compute_mode.name}/{g.memory_mode.name}"
                for g in rocpart.Machine.sim(self.directory).observe().gpus]

    def test_D1_release_gives_back_what_was_taken_whatever_the_precision(self):
        for p in (self.ready(), self.private()):
            for _ in range(3):
                self.assertEqual(p.allocate_model(LLAMA, 0, precision="int4"), (True, None))
                taken = p.partitions[0].allocated_bytes
                self.assertGreater(taken, 4 * GIB)
                self.assertTrue(p.deallocate_model(LLAMA, 0))
                self.assertEqual(p.partitions[0].allocated_bytes, 0)
            self.assertFalse(p.deallocate_model(LLAMA, 0))
            self.assertFalse(p.allocate_model("google/gemma-2-27b-it", 0)[0])

    def private(self, product="MI300X", compute=CPX, memory=NPS4):
        p = ROCmPartitioner(0)
        self.assertTrue(p.initialize(product, compute_mode=compute, memory_mode=memory),
                        p.last_error)
        return p

    def test_D2_index_of_another_gpu_is_that_of_the_device_list(self):
        p = self.ready(gpu_id=3)
        device = rocpart.Machine.sim(self.directory).observe().find_partition("3/2")
        env = p.get_environment_variables(2)
        self.assertEqual(env["ROCR_VISIBLE_DEVICES"], str(device.rocr_index))
        self.assertEqual(env["ROCR_VISIBLE_DEVICES"], "26")
        self.assertEqual(env["AIM_XCD_ID"], "2")
        # The neighbours become one device each: every index after them moves.
        change = rocpart.Change(rocpart.Machine.sim(self.directory)).allow_unvalidated()
        change.set_modes(change._snapshot.gpus[0], "QPX").apply()
        device = rocpart.Machine.sim(self.directory).observe().find_partition("3/2")
        self.assertNotEqual(device.rocr_index, 26)
        self.assertEqual(p.get_environment_variables(2)["ROCR_VISIBLE_DEVICES"],
                         str(device.rocr_index))

    def test_D3_failed_switch_is_a_failure_without_phantom_partitions(self):
        p = self.real()
        p.wait_ms = 0
        pid = sim.hold(self.directory)
        self.assertIs(p.initialize("MI300X", CPX, NPS4), False)
        self.assertIn(str(pid), p.last_error)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertEqual((p.partitions, p.get_logical_devices()), ({}, []))
        self.assertEqual(p.get_environment_variables(5), {})

    def test_D4_impossible_mode_is_refused_before_anything_is_written(self):
        p = self.real()
        self.assertIs(p.initialize("MI300X", TPX, NPS1), False)
        self.assertIn("SPX/NPS1", p.last_error)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        with self.assertRaises(rocpart.NotFoundError):
            rocpart.Change.back(rocpart.Machine.sim(self.directory))  # nothing was ever changed

    def test_D5_wrong_product_is_noticed_before_anything_is_written(self):
        p = self.real()
        self.assertIs(p.initialize("MI308X", CPX, NPS4), False)
        self.assertIn("MI300X", p.last_error)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        p = self.real("mi308x-8")  # which the prototype did not know
        self.assertTrue(p.initialize("MI308X", CPX, NPS4), p.last_error)
        self.assertEqual(len(p.get_logical_devices()), 4)

    def test_D6_reset_is_true_only_when_the_machine_shows_it(self):
        p = self.ready()
        p.wait_ms = 0
        pid = sim.hold(self.directory)
        self.assertIs(p.reset_partitions(), False)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)
        sim.unhold(self.directory, pid)
        self.assertIs(p.reset_partitions(), True)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)

    def test_D7_bytes_of_a_partition_are_those_of_its_product(self):
        # HBM of the data sheets in GiB, divided by the partitions; firmware keeps 16 MiB of it.
        for product, compute, memory, n, hbm in (("MI300X", CPX, NPS4, 8, 192),
                                                 ("MI325X", CPX, NPS4, 8, 256),
                                                 ("MI350X", CPX, NPS2, 8, 288),
                                                 ("MI355X", DPX, NPS2, 2, 288)):
            sizes = [s.size_bytes for s in self.private(product, compute, memory)
                     .partitions.values()]
            self.assertEqual(len(sizes), n, product)
            for size in sizes:
                self.assertLessEqual(size, hbm * GIB // n)
                self.assertGreater(size, hbm * GIB // n - 17 * 2**20)

    def test_D8_both_partitioners_and_the_scheduler_count_the_same_bytes(self):
        counted = []
        for p in (self.ready(), self.private()):
            scheduler = ModelScheduler(p)
            self.assertEqual(scheduler.schedule_model(LLAMA, precision="int4", partition_id=1)[:2],
                             (True, 1))
            counted += [scheduler.get_model_info(LLAMA).memory_allocated_bytes,
                        p.partitions[1].allocated_bytes]
        self.assertEqual(len(set(counted)), 1, counted)
        fp16 = rocpart.Catalog().find(LLAMA).footprint(dtype="fp16").total_bytes
        self.assertLess(counted[0], fp16)

    def test_D9_failed_model_that_is_scheduled_again_leaves_nothing_behind(self):
        for p in (self.ready(), self.private()):
            scheduler = ModelScheduler(p)
            self.assertEqual(scheduler.schedule_model(LLAMA, partition_id=0)[:2], (True, 0))
            self.assertTrue(scheduler.update_model_status(LLAMA, ModelStatus.FAILED))
            self.assertEqual(scheduler.get_model_info(LLAMA).status, ModelStatus.FAILED)
            self.assertEqual(scheduler.schedule_model(LLAMA, partition_id=5)[:2], (True, 5))
            self.assertEqual(p.partitions[0].allocated_bytes, 0)
            self.assertEqual(scheduler.get_scheduled_models(), [LLAMA])
            self.assertEqual(scheduler.validate_schedule(), (True, []))

    def test_D10_small_models_go_together(self):
        scheduler = ModelScheduler(self.private())
        where = {scheduler.schedule_model(m)[1] for m in
                 (TINY, "Qwen/Qwen3-0.6B", "meta-llama/Llama-3.2-1B-Instruct")}
        self.assertEqual(len(where), 1)

    def test_D11_unknown_model_and_precision_are_errors_and_fp8_is_known(self):
        p = self.private()
        ok, why = p.allocate_model("nobody/knows-this", 0)
        self.assertFalse(ok)
        self.assertIn("nobody/knows-this", why)
        ok, why = p.allocate_model(LLAMA, 0, precision="fp7")
        self.assertFalse(ok)
        self.assertIn("fp7", why)
        self.assertEqual(p.partitions[0].allocated_bytes, 0)
        sizes = [p.size_model(LLAMA, w).total_bytes for w in ("bf16", "fp8", "mxfp4")]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertEqual(len(set(sizes)), 3)

    def test_D12_name_that_only_ends_alike_is_unknown(self):
        p = self.private()
        for name in ("someone/not-a-Mistral-Large", "not-Llama-3.1-8B-Instruct", "8B-Instruct"):
            with self.assertRaises(rocpart.ModelUnknownError):
                p.size_model(name)
        self.assertEqual(p.size_model("llama-3.1-8b-instruct").total_bytes,
                         p.size_model(LLAMA).total_bytes)

    def test_D13_experts_that_are_not_active_count_too(self):
        # Published parameters: DeepSeek-V3 671 G (fp8), Qwen3-235B-A22B 235 G.
        p = self.private()
        weights = rocpart.FootprintValue.WEIGHTS_BYTES
        v3 = p.size_model("deepseek-ai/DeepSeek-V3", "fp8").get(weights)
        qwen = p.size_model("Qwen/Qwen3-235B-A22B", "bf16").get(weights)
        self.assertAlmostEqual(v3 / 671e9, 1.0, delta=0.03)
        self.assertAlmostEqual(qwen / 470e9, 1.0, delta=0.03)
        self.assertFalse(p.allocate_model("deepseek-ai/DeepSeek-V3", 0, "fp8")[0])

    def test_D15_machine_without_gpus_is_an_error_never_a_simulation(self):
        empty = self.folder / "empty"
        (empty / "sys").mkdir(parents=True)
        with mock.patch("rocm_partitioner_real.Machine.real",
                        lambda: rocpart.Machine.capture(empty)):
            p = ROCmPartitionerReal(0)
            self.assertIs(p.amd_smi_available, False)
            self.assertIs(p.initialize("MI300X", CPX, NPS4), False)
            self.assertIn("no AMD GPU", p.last_error)
            self.assertEqual(p.get_current_partition_mode(), (None, None))

    def test_D19_partition_with_little_left_is_available(self):
        p = self.private()
        self.assertTrue(p.allocate_model(LLAMA, 0)[0])
        self.assertLess(p.partitions[0].free_bytes, 7 * GIB)
        self.assertIn(0, p.get_available_partitions())
        self.assertTrue(p.allocate_model(TINY, 0, "int4")[0])

    def test_D21_memory_mode_comes_first_and_everything_is_read_back(self):
        p = self.real()
        steps = []
        machine = rocpart.Machine.sim(self.directory)
        rocpart.Change(machine).set_modes(None, "QPX", "NPS4").allow_unvalidated() \
            .on_progress(lambda _i, _n, text: steps.append(text)).apply()
        request = next(i for i, s in enumerate(steps) if "request memory mode NPS4" in s)
        compute = next(i for i, s in enumerate(steps) if "QPX" in s)
        self.assertLess(request, compute)
        sim.reset(self.directory)
        sim.fault_add(self.directory, "write:current_memory_partition:ignored")
        sim.fault_add(self.directory, "write:current_compute_partition:ignored")
        self.assertIs(p.initialize("MI300X", CPX, NPS4), False)
        self.assertEqual(self.modes(), ["SPX/NPS1"] * 8)
        self.assertEqual(p.partitions, {})

    def test_D22_what_a_gpu_accepts_is_what_it_says(self):
        p = self.real("mi355x-8")
        self.assertTrue(p.initialize("MI355X", DPX, NPS2), p.last_error)
        self.assertEqual(len(p.get_logical_devices()), 2)
        self.assertIs(p.initialize("MI355X", CPX, NPS4), False)
        self.assertIn("DPX/NPS2", p.last_error)
        p = self.real()  # NPS4 from SPX in one call, and not with CPX only
        self.assertTrue(p.initialize("MI300X", QPX, NPS4, allow_unvalidated=True), p.last_error)
        self.assertEqual(p.get_current_partition_mode(), ("QPX", "NPS4"))

    def test_D23_programs_that_place_at_once_never_promise_bytes_twice(self):
        p = self.ready()
        names = ["meta-llama/Llama-2-7b-hf", LLAMA, "Qwen/Qwen3-8B", "Qwen/Qwen2.5-7B-Instruct",
                 "mistralai/Mistral-7B-Instruct-v0.3", "google/gemma-7b"]

        def take(words):
            return int(subprocess.run([sys.executable, "-c", TAKER, *words], text=True, check=True,
                                      env=self.environment(), stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL).stdout)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            taken = sum(pool.map(take, (names[:2], names[2:4], names[4:])))
        part = ROCmPartitionerReal(0)  # what they left is there for a new program
        self.assertTrue(part.initialize("MI300X", CPX, NPS4), part.last_error)
        part = part.partitions[0]
        self.assertEqual(len(part.models), taken)
        self.assertTrue(0 < taken < len(names))
        self.assertLessEqual(part.allocated_bytes, part.usable_bytes)
        self.assertEqual(p.validate_partitioning(), (True, []))

    def test_D23_switch_that_would_take_a_model_away_is_refused(self):
        p = self.ready()
        self.assertTrue(p.allocate_model(LLAMA, 0)[0])
        other = ROCmPartitionerReal(5)  # of the same hive: its memory mode is that of GPU 0
        self.assertIs(other.initialize("MI300X", SPX, NPS1), False)
        self.assertIn(LLAMA, other.last_error)
        self.assertIs(p.reset_partitions(), False)
        self.assertEqual(self.modes(), ["CPX/NPS4"] * 8)

    def test_D25_modules_are_importable_as_a_package_too(self):
        package = self.folder / "runtime"
        shutil.copytree(ROOT / "python/compat", package)
        (package / "__init__.py").write_text("from .model_scheduler import ModelScheduler\n",
                                             encoding="utf-8")
        code = ("import runtime, runtime.rocm_partitioner_real as r\n"
                "import runtime.rocm_partitioner\n"
                "print(r.ROCmPartitionerReal(0).gpu_id, runtime.ModelScheduler.__name__)\n")
        env = dict(self.environment(), PYTHONPATH=os.pathsep.join(
            [str(self.folder), str(ROOT / "python")]))
        out = subprocess.run([sys.executable, "-c", code], env=env, check=True, text=True,
                             capture_output=True).stdout
        self.assertEqual(out, "0 ModelScheduler\n")

    def test_D25_objects_change_no_gpu(self):
        p = self.real()
        before = {f: f.read_bytes() for f in pathlib.Path(self.directory).rglob("*")
                  if f.is_file()}
        scheduler = ModelScheduler(p)
        self.assertTrue(p.amd_smi_available)
        self.assertEqual(p.get_current_partition_mode(), ("SPX", "NPS1"))
        self.assertEqual(scheduler.get_scheduled_models(), [])
        self.assertFalse(scheduler.schedule_model(LLAMA)[0])
        after = {f: f.read_bytes() for f in pathlib.Path(self.directory).rglob("*")
                 if f.is_file()}
        self.assertEqual(after, before)
        self.assertFalse(ModelScheduler(gpu_id=0).schedule_model(LLAMA)[0])
        with self.assertRaises(ValueError):
            ModelScheduler(auto_detect=False)
        self.assertEqual({f: f.read_bytes() for f in before}, before)

    def test_D26_sizes_are_gib_outside_and_bytes_inside(self):
        p = ROCmPartitioner(0)
        self.assertTrue(p.initialize("MI300X", [40.0, 40.0, 40.0, 40.0]), p.last_error)
        self.assertEqual([q.size_bytes for q in p.partitions.values()], [40 * GIB] * 4)
        self.assertEqual([d["memory_gb"] for d in p.get_logical_devices()], [40.0] * 4)
        scheduler = ModelScheduler(p)
        self.assertTrue(scheduler.schedule_model(LLAMA)[0])
        info = scheduler.get_model_info(LLAMA)
        self.assertIsInstance(info.memory_allocated_bytes, int)
        self.assertEqual(info.memory_allocated_gb, info.memory_allocated_bytes / GIB)

    def test_D27_no_program_is_run_and_the_wait_can_be_set(self):
        tools = self.folder / "bin"
        tools.mkdir()
        for name in ("amd-smi", "rocm-smi"):
            (tools / name).write_text(f"#!/bin/sh\ntouch {self.folder}/was-run\n", "utf-8")
            (tools / name).chmod(0o755)
        with mock.patch.dict(os.environ, PATH=str(tools)):
            p = self.ready()
            self.assertEqual(len(p.get_logical_devices()), 8)
            self.assertEqual(p.get_current_partition_mode(), ("CPX", "NPS4"))
        self.assertFalse((self.folder / "was-run").exists())
        self.assertEqual(p.wait_ms, 10_000)


if __name__ == "__main__":
    unittest.main()
