# SPDX-License-Identifier: MIT
"""What AMD's ROCr lists of a machine, and which of it with ROCR_VISIBLE_DEVICES.

The rows of the variable are those of the engines study 4.3, found in ROCr's source and by running
it. rocpart hands out what they allow.
"""

import re
import unittest

from rocr_case import GPUS, MODES, RocrCase, identity, need_devices

RVD = "ROCR_VISIBLE_DEVICES"
NOBODY = 65534
BDFS = ["0000:05:00.0", "0000:27:00.0"]


class Lists(RocrCase):
    def assert_lists(self, view):
        mine = view.partitions()
        seen = view.request(ask="rocr")
        self.assertEqual(seen["status"], 0)
        self.assertEqual([p["rocr_index"] for p in mine], list(range(len(mine))))
        self.assertEqual(
            [(*identity(g), g["node"], g["cus"], g["memory_bytes"]) for g in seen["gpus"]],
            [(p["bdf"], p["id"], p["kfd_node"], p["cus"], p["memory_bytes"]) for p in mine])
        return len(mine)

    def test_rocr_lists_each_mode_as_rocpart(self):
        view = self.view(self.few(GPUS))
        for (compute, memory), each in zip(MODES, (1, 2, 4, 8, 4, 8)):
            with self.subTest(compute=compute, memory=memory):
                view.set_modes(compute, memory)
                self.assertEqual(self.assert_lists(view), GPUS * each)

    def test_rocr_lists_each_product_as_rocpart(self):
        for profile, n in (("mi300a-4", 4), ("mi308x-8", 32), ("mi325x-8", 8), ("mi350x-8", 8)):
            with self.subTest(profile=profile):
                self.assertEqual(self.assert_lists(self.view(profile)), n)
                self.run_rocpart("sim", "rm", "witnessed")

    def test_rocr_lists_after_a_live_switch_as_rocpart(self):
        view = self.view(self.few(2))
        # KFD removes the nodes of the switched GPU and adds the new ones at the end
        for gpu, compute, firsts in ((0, "CPX", [1, 0]), (1, "DPX", [0, 8]), (0, "SPX", [2, 0])):
            with self.subTest(gpu=gpu, compute=compute):
                view.set_modes(compute, "NPS1", "-g", gpu)
                self.assert_lists(view)
                order = [identity(g) for g in view.request(ask="rocr")["gpus"]]
                self.assertEqual([order.index((bdf, 0)) for bdf in BDFS], firsts)


class Variable(RocrCase):
    def setUp(self):
        super().setUp()
        self.inner = self.view(self.few(1))
        self.inner.set_modes("CPX", "NPS1")

    def ids(self, value=None, **more):
        seen = self.inner.rocr({} if value is None else {RVD: value}, **more)
        return seen if seen is None else [p for _, p in seen]

    def test_rocr_with_all_devices_counts_from_0(self):
        for value, ids in ((None, list(range(8))), ("2", [2]), ("3,1", [3, 1]), ("007", [7])):
            with self.subTest(value=value):
                self.assertEqual(self.ids(value), ids)

    def test_rocr_bad_or_repeated_index_ends_the_list(self):
        for value, ids in (("0,0,1", [0]), ("1,99,2", [1]), ("8", []), ("", [])):
            with self.subTest(value=value):
                self.assertEqual(self.ids(value), ids)

    def test_rocr_leading_zero_is_octal(self):
        self.assertEqual(self.ids("010"), [])

    def test_rocr_with_one_device_counts_that_as_0(self):
        only = ["/dev/kfd", "/dev/dri/renderD130"]
        for value, ids in ((None, [2]), ("0", [2]), ("2", []), ("", [])):
            with self.subTest(value=value):
                self.assertEqual(self.ids(value, only=only), ids)

    def test_rocr_device_without_permission_fails_the_start(self):
        need_devices()  # and another user
        # EACCES, which a device cgroup never answers: restricting by chmod breaks all of it
        self.assertEqual(self.ids(user=NOBODY), list(range(8)))
        self.inner.run("chmod", "600", "/dev/dri/renderD130")
        self.assertIsNone(self.ids(user=NOBODY))


class UniqueId(RocrCase):
    def ids_of(self, view):
        path = "/sys/class/kfd/kfd/topology/nodes/*/properties"
        words = view.run("sh", "-c", f"grep -h ^unique_id {path}").split()
        return [f"GPU-{int(n):016x}" for n in words[1::2] if n != "0"]

    def test_rocr_unique_id_of_many_partitions_selects_none(self):
        view = self.view(self.few(1, abi="g2"))
        view.set_modes("CPX", "NPS1")
        ids = self.ids_of(view)
        self.assertEqual(len(ids), 8)
        self.assertEqual(len(set(ids)), 1)
        self.assertEqual(view.rocr({RVD: ids[0]}), [])

    def test_rocr_distinct_unique_id_selects_its_partition(self):
        view = self.view(self.few(1))
        view.set_modes("CPX", "NPS1")
        ids = self.ids_of(view)
        self.assertEqual(len(set(ids)), 8)
        self.assertEqual([p for _, p in view.rocr({RVD: f"{ids[5]},{ids[2]}"})], [5, 2])
        only = ["/dev/kfd", "/dev/dri/renderD130"]
        self.assertEqual([p for _, p in view.rocr({RVD: ids[2]}, only=only)], [2])
        self.assertEqual(view.rocr({RVD: ids[3]}, only=only), [])

    def test_rocr_unique_id_has_16_digits(self):
        profile = self.few(1)
        text = profile.read_text()
        profile.write_text(re.sub(r"unique_id: \d+", f"unique_id: {0x123456789abcdef}", text))
        view = self.view(profile)
        self.assertEqual(view.rocr({RVD: "GPU-0123456789abcdef"}), [("0000:05:00.0", 0)])
        self.assertEqual(view.rocr({RVD: "GPU-123456789abcdef"}), [])


if __name__ == "__main__":
    unittest.main()
