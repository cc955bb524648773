# SPDX-License-Identifier: MIT
"""The mission's three modules: names, signatures and answers that its programs rely on."""
import inspect
import os
import subprocess
import sys
import unittest
from unittest import mock

from support import LLAMA, ROOT, TINY, MachineTest

import model_scheduler
import rocm_partitioner
import rocm_partitioner_real
import rocpart
from rocpart.aliases import ALIASES, find_model
from model_scheduler import ModelScheduler, ModelStatus
from rocm_partitioner import ROCmPartitioner
from rocm_partitioner_real import (ComputePartitionMode, MemoryPartitionMode,
                                   ROCmPartitionerReal)

CPX, DPX, SPX = (ComputePartitionMode[n] for n in ("CPX", "DPX", "SPX"))
NPS1, NPS2, NPS4 = (MemoryPartitionMode[n] for n in ("NPS1", "NPS2", "NPS4"))
GIB = 2**30
BOTH = ("allocate_model", "deallocate_model", "get_partition_info", "get_available_partitions",
        "get_partition_utilization", "validate_partitioning", "get_environment_variables",
        "get_logical_devices", "get_current_partition_mode")


class Compat(MachineTest):
    def setUp(self):
        super().setUp()
        noise = mock.patch("rocpart.partitioner.logger")
        noise.start()
        self.addCleanup(noise.stop)

    def journey(self, profile, product, compute, memory, n, gpu_id):
        """The mission's example; the environment of each partition."""
        self.play(profile)
        partitioner = ROCmPartitionerReal(gpu_id=gpu_id)
        self.assertIs(partitioner.amd_smi_available, True)
        self.assertIs(partitioner.initialize(gpu_name=product, compute_mode=compute,
                                             memory_mode=memory), True, partitioner.last_error)
        self.assertEqual(len(partitioner.get_logical_devices()), n)
        scheduler = ModelScheduler(partitioner)
        self.assertEqual(scheduler.schedule_model(LLAMA, partition_id=0), (True, 0, None))
        partition = partitioner.partitions[0]
        self.assertEqual(partition.models, [LLAMA])
        self.assertTrue(0 < partition.allocated_bytes < partition.size_bytes)
        return [partitioner.get_environment_variables(partition_id=i) for i in range(n)]

    def test_example_on_mi300x_is_word_for_word(self):
        for profile, product in (("mi300x-8", "MI300X"), ("mi325x-8", "MI325X")):
            with self.subTest(product):
                env = self.journey(profile, product, CPX, NPS4, 8, 0)
                self.assertEqual(env[0], {
                    "ROCR_VISIBLE_DEVICES": "0", "AIM_PARTITION_ID": "0", "AIM_COMPUTE_MODE": "CPX",
                    "AIM_MEMORY_MODE": "NPS4", "AIM_XCD_ID": "0"})
                self.assertEqual(env[7]["ROCR_VISIBLE_DEVICES"], "7")
                self.assertEqual(env[7]["AIM_XCD_ID"], "7")

    def test_example_on_the_fourth_gpu_has_the_indices_of_the_list(self):
        for profile, product in (("mi300x-8", "MI300X"), ("mi325x-8", "MI325X")):
            with self.subTest(product):
                env = self.journey(profile, product, CPX, NPS4, 8, 3)
                listed = rocpart.Machine.sim(rocpart.sim.folder(profile)).observe()
                self.assertEqual([e["ROCR_VISIBLE_DEVICES"] for e in env],
                                 [str(p.rocr_index) for p in listed.gpus[3].partitions])
                self.assertEqual(env[0]["ROCR_VISIBLE_DEVICES"], "24")

    def test_example_on_mi300a_has_six_devices_in_nps1(self):
        for gpu_id in (0, 3):
            with self.subTest(gpu_id):
                env = self.journey("mi300a-4", "MI300A", CPX, NPS1, 6, gpu_id)
                listed = rocpart.Machine.sim(rocpart.sim.folder("mi300a-4")).observe()
                self.assertEqual([e["ROCR_VISIBLE_DEVICES"] for e in env],
                                 [str(p.rocr_index) for p in listed.gpus[gpu_id].partitions])
                self.assertEqual(env[5]["AIM_MEMORY_MODE"], "NPS1")

    def test_example_on_mi355x_has_two_devices_in_nps2(self):
        for gpu_id in (0, 3):
            with self.subTest(gpu_id):
                env = self.journey("mi355x-8", "MI355X", DPX, NPS2, 2, gpu_id)
                self.assertEqual(env[1]["AIM_XCD_ID"], "4,5,6,7")
                self.assertEqual(env[1]["AIM_COMPUTE_MODE"], "DPX")

    def test_cpx_nps4_where_it_is_impossible_is_refused_with_the_legal_pairs(self):
        for profile, product, legal in (("mi300a-4", "MI300A", "SPX/NPS1, TPX/NPS1, CPX/NPS1"),
                                        ("mi355x-8", "MI355X", "DPX/NPS2")):
            self.play(profile)
            for p in (ROCmPartitionerReal(gpu_id=0), ROCmPartitioner(gpu_id=0)):
                before = p.get_current_partition_mode()
                self.assertIs(p.initialize(product, compute_mode=CPX, memory_mode=NPS4), False)
                self.assertIn(legal, p.last_error)
                self.assertEqual(p.get_current_partition_mode(), before)

    def test_real_without_gpus_is_not_available(self):
        empty = self.folder / "empty"
        (empty / "sys").mkdir(parents=True)
        with mock.patch("rocm_partitioner_real.Machine.real",
                        lambda: rocpart.Machine.capture(empty)):
            self.assertIs(ROCmPartitionerReal(gpu_id=0).amd_smi_available, False)

    def test_sizes_in_gib_make_partitions_of_a_private_machine(self):
        p = ROCmPartitioner(gpu_id=0)
        self.assertIs(p.initialize("MI300X", [40.0, 40.0, 40.0, 40.0]), True)
        self.assertEqual([q.size_bytes for q in p.partitions.values()], [40 * GIB] * 4)
        scheduler = ModelScheduler(p)
        self.assertEqual(scheduler.schedule_model(LLAMA)[0], True)
        other = ROCmPartitioner(gpu_id=0)
        self.assertIs(other.initialize("MI300X", [40.0, 40.0, 40.0, 40.0]), True)
        self.assertEqual(ModelScheduler(other).get_scheduled_models(), [])
        self.assertFalse((self.folder / "state").exists())  # nothing durable

    def test_sizes_that_a_product_does_not_have_are_refused(self):
        for sizes in ([100.0, 100.0], [200.0], [], [0.0], [-1.0], [float("nan")],
                      [float("inf")], ["40"], [30.0] * 8):
            p = ROCmPartitioner(gpu_id=0)
            self.assertIs(p.initialize("MI300X", sizes), False, sizes)
            self.assertTrue(p.last_error)
            self.assertEqual(p.partitions, {})
        p = ROCmPartitioner(gpu_id=0)
        self.assertIs(p.initialize("MI355X", [100.0, 100.0]), True)  # 2 x 144 GiB
        self.assertIs(ROCmPartitioner(gpu_id=0).initialize("MI999X", [40.0]), False)
        self.assertIs(ROCmPartitioner(gpu_id=8).initialize("MI300X", [40.0]), False)

    def test_sizes_that_no_mode_has_are_shares_of_one_device(self):
        p = ROCmPartitioner(gpu_id=0)
        self.assertIs(p.initialize("MI300X", [120.0, 40.0, 20.0]), True, p.last_error)
        self.assertEqual(p.get_current_partition_mode(), ("SPX", "NPS1"))
        self.assertEqual({p.get_environment_variables(i)["ROCR_VISIBLE_DEVICES"]
                          for i in range(3)}, {"0"})
        scheduler = ModelScheduler(p)
        self.assertEqual(scheduler.schedule_model(LLAMA, partition_id=2)[:2], (True, 2))
        self.assertEqual([q.allocated_bytes > 0 for q in p.partitions.values()],
                         [False, False, True])
        self.assertEqual(scheduler.get_partition_models(2), [LLAMA])
        self.assertIs(scheduler.schedule_model("Qwen/Qwen2.5-14B-Instruct", partition_id=2)[0],
                      False)
        self.assertIs(scheduler.unschedule_model(LLAMA), True)
        self.assertEqual(p.partitions[2].allocated_bytes, 0)

    def test_both_partitioners_answer_the_same_questions(self):
        self.play("mi300x-8")
        for cls in (ROCmPartitioner, ROCmPartitionerReal):
            p = cls(gpu_id=0)
            self.assertEqual(p.allocate_model(LLAMA, 0), (False, "Partitioner not initialized"))
            self.assertEqual(p.validate_partitioning(), (False, ["Partitioner not initialized"]))
            self.assertIs(p.initialize("MI300X", compute_mode=CPX, memory_mode=NPS4), True)
            self.assertEqual(p.allocate_model(LLAMA, 1), (True, None))
            self.assertFalse(p.allocate_model(LLAMA, 1)[0])
            self.assertFalse(p.allocate_model(LLAMA, 8)[0])
            self.assertIsNone(p.get_partition_info(8))
            info = p.get_partition_info(1)
            self.assertEqual(info.models, [LLAMA])
            self.assertAlmostEqual(p.get_partition_utilization()[1],
                                   100 * info.allocated_bytes / info.usable_bytes)
            self.assertEqual(p.get_partition_utilization()[0], 0.0)
            self.assertEqual(p.get_available_partitions(), list(range(8)))
            self.assertEqual(p.validate_partitioning(), (True, []))
            self.assertEqual(p.get_environment_variables(8), {})
            self.assertIs(p.deallocate_model(LLAMA, 1), True)
            self.assertIs(p.deallocate_model(LLAMA, 1), False)

    def test_scheduler_keeps_what_it_says(self):
        p = ROCmPartitioner(gpu_id=3)
        self.assertIs(p.initialize("MI300X", compute_mode=CPX, memory_mode=NPS4), True)
        s = ModelScheduler(p)
        self.assertEqual(s.schedule_model(LLAMA, priority=7, preferred_partition=4),
                         (True, 4, None))
        self.assertEqual(s.schedule_model(LLAMA)[:2], (True, 4))
        self.assertEqual(s.schedule_model("Qwen/Qwen3-8B", preferred_partition=4)[0], True)
        self.assertNotEqual(s.get_model_info("Qwen/Qwen3-8B").partition_id, 4)  # it had no room
        ok, where, why = s.schedule_model("google/gemma-2-27b-it")
        self.assertEqual((ok, where), (False, None))
        self.assertIn("GiB", why)
        self.assertEqual(s.schedule_model(TINY, partition_id=99)[:2], (False, None))
        info = s.get_model_info(LLAMA)
        self.assertEqual((info.priority, info.status, info.precision),
                         (7, ModelStatus.SCHEDULED, "fp16"))
        self.assertTrue(s.update_model_status(LLAMA, ModelStatus.RUNNING))
        self.assertEqual(s.get_running_models(), [LLAMA])
        self.assertFalse(s.update_model_status("x/y", ModelStatus.RUNNING))
        self.assertEqual(s.get_partition_environment(4), p.get_environment_variables(4))
        self.assertEqual(s.validate_schedule(), (True, []))
        self.assertTrue(s.unschedule_model(LLAMA))
        self.assertFalse(s.unschedule_model(LLAMA))
        self.assertIsNone(s.get_model_info(LLAMA))
        self.assertEqual(s.get_scheduled_models(), ["Qwen/Qwen3-8B"])

    def test_leases_of_the_real_class_are_those_of_the_command(self):
        self.play("mi300x-8")
        p = ROCmPartitionerReal(gpu_id=0)
        self.assertTrue(p.initialize("MI300X", CPX, NPS4), p.last_error)
        self.assertTrue(ModelScheduler(p).schedule_model(LLAMA, partition_id=6)[0])
        if "ROCPART" not in os.environ:
            self.skipTest("the command was not built")
        env = dict(os.environ, ROCPART_DATA=str(ROOT))
        out = subprocess.run([os.environ["ROCPART"], "status"], env=env, check=True, text=True,
                             capture_output=True).stdout
        self.assertIn(LLAMA, out)
        self.assertRegex(out, r" 0/6 ")
        self.assertEqual(ModelScheduler(ROCmPartitionerReal(0)).get_scheduled_models(), [])
        again = ROCmPartitionerReal(gpu_id=0)
        self.assertTrue(again.initialize("MI300X", CPX, NPS4), again.last_error)  # so already
        self.assertEqual(ModelScheduler(again).schedule_model(LLAMA),
                         (True, 6, "Already scheduled"))

    def test_signatures_are_those_of_the_issue(self):
        def names(fn):
            return list(inspect.signature(fn).parameters)
        for cls in (ROCmPartitioner, ROCmPartitionerReal):
            self.assertEqual(names(cls)[0], "gpu_id")
            for method in BOTH:
                self.assertTrue(callable(getattr(cls, method)), method)
        self.assertEqual(names(ROCmPartitionerReal.initialize)[1:4],
                         ["gpu_name", "compute_mode", "memory_mode"])
        self.assertEqual(names(ROCmPartitioner.initialize)[1:3],
                         ["gpu_name", "partition_sizes_gb"])
        self.assertEqual(names(ROCmPartitionerReal.get_environment_variables)[1:],
                         ["partition_id"])
        schedule = inspect.signature(ModelScheduler.schedule_model).parameters
        self.assertEqual(list(schedule)[1:6], ["model_id", "priority", "preferred_partition",
                                               "precision", "partition_id"])
        self.assertEqual([schedule[n].default for n in list(schedule)[2:6]],
                         [0, None, "fp16", None])
        self.assertEqual([s.name for s in ModelStatus],
                         ["PENDING", "SCHEDULED", "RUNNING", "STOPPED", "FAILED"])
        for module in (rocm_partitioner, rocm_partitioner_real, model_scheduler):
            self.assertTrue(module.__doc__)

    def test_scheduler_is_made_as_the_programs_of_the_prototype_make_it(self):
        p = ROCmPartitioner(gpu_id=0)
        self.assertIs(p._initialized, False)
        s = ModelScheduler(partitioner=p, gpu_id=0)
        self.assertIs(p.initialize("MI300X", compute_mode=CPX, memory_mode=NPS4), True)
        self.assertIs(p._initialized, True)
        self.assertEqual(s.schedule_model(LLAMA)[0], True)
        self.assertAlmostEqual(s.sizing_config.estimate_model_size(LLAMA),
                               s.get_model_info(LLAMA).memory_allocated_gb)
        self.assertEqual(s.get_model_info(LLAMA).memory_allocated_bytes, p.claims()[0].bytes)
        self.assertEqual(ModelScheduler(gpu_id=3).partitioner.gpu_id, 3)
        with self.assertRaises(ValueError):
            ModelScheduler(auto_detect=False)
        made = model_scheduler.ModelInstance(model_id="a/b", partition_id=0, priority=5,
                                             status=ModelStatus.SCHEDULED, memory_allocated_gb=20.0)
        self.assertEqual(made.memory_allocated_bytes, 20 * GIB)
        part = rocm_partitioner.MemoryPartition(partition_id=0, start_address=0, size_bytes=40 * GIB,
                                                allocated_bytes=0, models=[], is_active=True)
        self.assertEqual(part.free_bytes, 40 * GIB)

    def test_names_of_the_prototype_are_those_of_the_catalog(self):
        catalog = rocpart.Catalog()
        for name, model in ALIASES.items():
            self.assertEqual(find_model(catalog, name).name, model)
            self.assertIn(model, catalog.names)
            self.assertNotIn(name, catalog.names)
        with self.assertRaises(rocpart.ModelUnknownError):
            find_model(catalog, "unsloth/Llama-3.2-30B-Vision")
        p = ROCmPartitioner(gpu_id=0)
        p.initialize("MI300X", compute_mode=SPX, memory_mode=NPS1)
        s = ModelScheduler(p)
        self.assertEqual(s.schedule_model("Qwen/Qwen3-8B-Instruct"), (True, 0, None))
        self.assertEqual(s.get_scheduled_models(), ["Qwen/Qwen3-8B-Instruct"])

    def test_variable_chooses_between_them(self):
        code = ("import model_scheduler\n"
                "print(type(model_scheduler.create_partitioner(3)).__name__)")
        for value, want in (("true", "ROCmPartitionerReal"), ("TRUE", "ROCmPartitionerReal"),
                            ("false", "ROCmPartitioner"), ("", "ROCmPartitioner")):
            out = subprocess.run([sys.executable, "-c", code], check=True, text=True,
                                 env=self.environment(USE_REAL_PARTITIONING=value),
                                 capture_output=True).stdout
            self.assertEqual(out.strip(), want)

    def test_gpu_id_that_is_none_is_refused(self):
        for bad in (-1, "0", None, True, 1.0):
            with self.assertRaises(ValueError):
                ROCmPartitionerReal(gpu_id=bad)
        self.play("mi300x-8")
        p = ROCmPartitionerReal(gpu_id=8)
        self.assertIs(p.initialize("MI300X", CPX, NPS4), False)
        self.assertIn("no GPU 8", p.last_error)
        self.assertIs(ROCmPartitionerReal(gpu_id=0).initialize("MI300X", [40.0] * 4), False)


if __name__ == "__main__":
    unittest.main()
