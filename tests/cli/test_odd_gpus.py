# SPDX-License-Identifier: MIT
"""One odd GPU does not hide the others, and is not placed on, planned on or switched.

Captured situations: a mode register that reads all ones (ROCm issue 4688 of 2025), virtual functions
at PCI functions other than 0, a GPU without render node (k8s-gpu-dra-driver issue 79 of 2026).
"""

import json
import shutil
import sys
import tarfile
import unittest

from journey import DONE, FAILED, REFUSED, ROOT, TO_DO, Journey

sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

ODD = "0000:47:00.0"  # the third GPU of mi300x-8
COMPUTE = f"{ODD}/current_compute_partition"


class OddGpus(Journey):
    def run_rocpart(self, *args, status=DONE):
        done = self.start(*args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def case(self, number):
        top = self.folder / f"case-{number}"
        if not top.is_dir():
            with tarfile.open(host.need_shared("cases", str(number), "files.tar.xz")) as tar:
                tar.extractall(top)
        return str(top / "tree")

    def machine(self, name, *faults, profile="mi300x-8"):
        self.rocpart("sim", "create", name, "--profile", profile)
        for fault in faults:
            self.rocpart("sim", "fault", name, fault)
        return "--sim", name

    def gpus(self, *machine):
        gpus = self.json("list", *machine)["gpus"]
        keys = [p["partition"] for g in gpus for p in g["partitions"]]
        self.assertEqual(len(keys), len(set(keys)))
        bdfs = [g["bdf"] for g in gpus]
        self.assertEqual(len(bdfs), len(set(bdfs)))
        return gpus

    def degraded(self, *machine):
        return {g["index"]: g["degraded"] for g in self.gpus(*machine) if g["degraded"]}

    def doctor(self, *machine):
        done = self.start("doctor", *machine, "--json")
        return {c["id"]: c for c in json.loads(done.stdout)["checks"]}

    def test_unknown_word_in_a_capture_shows_eight_gpus(self):
        machine = self.machine("w")
        capture = self.folder / "capture"
        self.rocpart("gather", *machine, "-o", str(capture))
        for file, word in (("current_compute_partition", "HPX"),
                           ("available_memory_partition", "NPS1, NPS12"),
                           ("current_memory_partition", "NPS12")):
            path = capture / "sys/bus/pci/devices" / ODD / file
            good = path.read_text()
            path.write_text(word + "\n")
            for verb in ("list", "status", "modes"):
                self.rocpart(verb, "--root", str(capture))
            self.assertEqual(len(self.gpus("--root", str(capture))), 8)
            self.assertEqual(self.degraded("--root", str(capture)), {2: ["unknown-word"]})
            path.write_text(good)
        shutil.rmtree(capture / "sys/class/kfd/kfd/topology/nodes/4")
        (capture / "sys/class/kfd/kfd/topology/nodes/4").mkdir()
        self.assertEqual(self.degraded("--root", str(capture)), {2: ["node-unreadable"]})

    def capture(self):
        """A copy of a machine of eight, with a function that writes one property of a node."""
        capture = self.folder / "copy"
        self.rocpart("gather", *self.machine("c"), "-o", str(capture))

        def write(node, key, value):
            path = capture / "sys/class/kfd/kfd/topology/nodes" / str(node) / "properties"
            lines = path.read_text().splitlines()
            self.assertIn(key, [line.split()[0] for line in lines])
            path.write_text("".join(f"{key} {value}\n" if line.split()[0] == key else line + "\n"
                                    for line in lines))

        return capture, write

    def test_node_of_no_device_makes_no_gpu(self):
        capture, write = self.capture()
        for location in (0, 0xaa00):
            write(4, "location_id", location)
            self.assertEqual(len(self.gpus("--root", str(capture))), 8)
            self.assertEqual(self.degraded("--root", str(capture)), {2: ["node-unreadable"]})
            status = self.rocpart("status", "--root", str(capture))
            self.assertIn("nodes/4/properties has an address where amdgpu drives no GPU", status)

    def test_nodes_at_one_address_are_told_apart_by_their_render_nodes(self):
        """Either node may have the wrong address, as with one bus in two domains that KFD omits."""
        capture, write = self.capture()
        root = "--root", str(capture)
        good = self.rocpart("list", *root), self.rocpart("cdi", "generate", *root, "-o", "-")
        places = {2: 0x0500, 3: 0x2700}  # GPU 0 and GPU 1
        for node, other, code in ((3, 2, "shared-address"), (2, 3, "node-unreadable")):
            with self.subTest(node=node):
                write(node, "location_id", places[other])
                self.assertEqual(self.degraded(*root), {})
                self.assertEqual((self.rocpart("list", *root),
                                  self.rocpart("cdi", "generate", *root, "-o", "-")), good)
                write(3, "drm_render_minor", 250)  # that of no device
                self.assertIn(code, str(self.degraded(*root)))
                write(3, "drm_render_minor", 136)
                write(node, "location_id", places[node])

    def test_render_node_of_another_is_not_handed_out(self):
        capture, write = self.capture()
        root = "--root", str(capture)
        for minor in (128, 250):  # that of GPU 0, and of nobody
            write(4, "drm_render_minor", minor)
            self.assertEqual(self.degraded(*root), {2: ["node-unreadable"]})
            spec = json.loads(self.rocpart("cdi", "generate", *root, "-o", "-"))
            self.assertEqual(len([d for d in spec["devices"] if "part" in d["name"]]), 7)
            self.start("args", "docker", "2/0", *root)
            self.assertIn("--device=/dev/dri/renderD136", self.rocpart("args", "docker", "1/0", *root))

    def test_modes_joins_only_gpus_of_the_same_pairs(self):
        capture, write = self.capture()
        write(4, "num_xcc", 7)
        text = self.rocpart("modes", "--root", str(capture))
        heads = [line.split(",")[0] for line in text.splitlines() if line.startswith("GPU")]
        self.assertEqual([head.split(" (")[0] for head in heads], ["GPU 0-1", "GPU 2", "GPU 3-7"])
        write(4, "num_xcc", 8)
        (capture / "sys/bus/pci/devices" / ODD / "vbios_version").unlink()
        (capture / "sys/bus/pci/devices" / ODD / "vbios_version").mkdir()
        text = self.rocpart("modes", "--root", str(capture))
        self.assertIn(f"GPU 2 ({ODD})", text)
        self.assertIn("something about the GPU is not known", text)

    def test_memory_mode_that_the_compute_mode_excludes_is_a_mismatch(self):
        capture, _ = self.capture()
        path = capture / "sys/bus/pci/devices" / ODD / "current_memory_partition"
        path.write_text("NPS4\n")
        self.assertEqual(self.degraded("--root", str(capture)), {2: ["mode-mismatch"]})

    def test_size_that_no_gpu_has_hides_no_modes(self):
        capture, _ = self.capture()
        for size in ("1\n", "1000\n", "0\n"):
            (capture / "sys/bus/pci/devices" / ODD / "mem_info_vram_total").write_text(size)
            text = self.rocpart("modes", "--root", str(capture))
            self.assertIn("GPU 0-", text)
            self.assertEqual(len(self.json("modes", "--root", str(capture))["gpus"]), 8)

    def test_gpu_without_unique_id_is_served(self):
        """amdgpu_get_unique_id() writes nothing for a GPU that has none."""
        capture, _ = self.capture()
        for text in ("", "0000000000000000\n"):
            for path in (capture / "sys/bus/pci/devices").glob("*/unique_id"):
                path.write_text(text)
            gpus = self.gpus("--root", str(capture))
            self.assertEqual({(tuple(g["degraded"]), tuple(g["notes"])) for g in gpus}, {((), ())})

    def test_index_that_is_not_known_keeps_no_gpu_from_containers(self):
        machine = self.machine("i", "read:nodes/4/gpu_id:EIO")
        spec = json.loads(self.rocpart("cdi", "generate", *machine, "-o", "-"))
        self.assertEqual(len([d for d in spec["devices"] if "part" in d["name"]]), 7)
        done = self.run_rocpart("args", "env", "5/0", *machine, status=FAILED)
        self.assertIn("the ROCR index of partition 5/0 is not known", done.stderr)

    def test_gpu_whose_id_cannot_be_read_has_that_of_its_nodes(self):
        machine = self.machine("d", f"read:{ODD}/device:EIO")
        self.assertEqual([g["product"] for g in self.gpus(*machine)], 8 * ["MI300X"])
        self.assertEqual(self.degraded(*machine), {2: ["file-unreadable"]})

    def test_mode_that_is_unknown_is_no_mode(self):
        root = "--root", self.case(2)
        gpu = self.gpus(*root)[0]
        self.assertEqual((gpu["compute_mode"], gpu["degraded"]), (None, ["mode-unknown"]))
        self.assertIn("current_compute_partition is UNKNOWN", self.doctor(*root)["reads"]["seen"])
        self.assertEqual(self.doctor(*root)["reads"]["state"], "fail")

    def test_virtual_functions_are_no_partitions(self):
        gpus = self.gpus("--root", self.case(11))
        self.assertEqual([(g["bdf"][-1], g["compute_mode"], g["n_partitions"], g["degraded"])
                          for g in gpus], [("1", "SPX", 1, []), ("2", "SPX", 1, [])])

    def test_gpu_without_render_node_leaves_the_others_served(self):
        root = "--root", self.case(17)
        gpus = self.gpus(*root)
        self.assertEqual((gpus[0]["degraded"], gpus[1]["degraded"]), ([], ["no-render-node"]))
        self.assertIsNone(gpus[1]["partitions"][0]["render_minor"])
        spec = json.loads(self.rocpart("cdi", "generate", *root, "-o", "-"))
        self.assertEqual([d["name"] for d in spec["devices"]][:1], ["gpu-0000-05-00.0-part0"])
        self.assertNotIn("renderD0", json.dumps(spec))
        self.rocpart("args", "env", "0/0", *root)
        done = self.run_rocpart("args", "env", "1/0", *root, status=FAILED)
        self.assertIn("has no render node", done.stderr)

    def test_unreadable_mode_is_neither_placed_on_nor_switched(self):
        machine = self.machine("u", f"read:{COMPUTE}:EIO")
        self.assertEqual(self.degraded(*machine), {2: ["mode-unreadable"]})
        status = self.rocpart("status", *machine)
        self.assertIn(f"GPU 2 ({ODD}) mode-unreadable: current_compute_partition cannot be read: "
                      "Input/output error", status)
        self.assertEqual(self.doctor(*machine)["reads"]["state"], "fail")
        for n in range(7):
            self.rocpart("place", *machine, "--bytes", "100G", f"lease{n}")
        done = self.run_rocpart("place", *machine, "--bytes", "100G", "one-more", status=REFUSED)
        self.assertIn("1 of 8 GPUs accept no new lease, GPU 2 because current_compute_partition "
                      "cannot be read: Input/output error", done.stderr)
        self.rocpart("place", *machine, "--bytes", "1G", "--partition", "2/0", "x", status=REFUSED)
        done = self.run_rocpart("set", *machine, "-c", "CPX", "--gpu", "2", "--yes", status=FAILED)
        self.assertIn(f"the modes of GPU 2 ({ODD}) are not changed: current_compute_partition "
                      "cannot be read: Input/output error", done.stderr)

    def test_models_go_to_the_other_gpus_whatever_fails(self):
        """A node or a mode file that fails; the plan neither counts nor switches its GPU."""
        node = self.write("version: v1\nmodels:\n  m: {bytes: 10G, replicas: 2}\n", "m.yaml")
        for n, file in enumerate(("nodes/4/properties", "nodes/4/gpu_id",
                                  f"{ODD}/current_memory_partition", COMPUTE)):
            machine = self.machine(f"m{n}", f"read:{file}:EIO")
            self.assertEqual(list(self.degraded(*machine)), [2])
            done = self.run_rocpart("plan", *machine, "-f", node, status=TO_DO)
            self.assertIn("2 GPUs, proved minimal", done.stdout)
            self.assertNotIn("2/0", done.stdout)
            self.rocpart("apply", *machine, "-f", node, "--yes")
            self.rocpart("place", *machine, "--bytes", "1G", "--partition", "5/0", "x")
            done = self.start("place", *machine, "--bytes", "1G", "--partition", "2/0", "y")
            self.assertNotEqual(done.returncode, DONE)
            self.assertNotIn("cordoned", done.stderr)

    def test_plan_does_not_count_an_odd_gpu_that_lacks_one_partition(self):
        machine = self.machine("p")
        self.rocpart("set", *machine, "-c", "CPX", "-m", "NPS4", "--yes")
        self.rocpart("sim", "fault", "p", "read:nodes/14/properties:EIO")
        node = self.write("version: v1\nmodels:\n  m: {bytes: 10G, replicas: 2}\n", "m.yaml")
        done = self.run_rocpart("plan", *machine, "-f", node, status=TO_DO)
        self.assertIn("2 GPUs, proved minimal", done.stdout)
        self.assertNotIn("held by nobody", done.stdout)

    def test_card_without_a_kfd_node_keeps_nothing_from_the_others(self):
        """As a card for displays that amdgpu drives, beside an MI300X."""
        machine = self.machine("g", "vanish:0000:63:00.0/0", profile="mixed")
        self.rocpart("sim", "reload", "g")
        self.assertEqual([g["n_partitions"] for g in self.gpus(*machine)], [1, 0])
        node = self.write("version: v1\nmodels:\n  m: {bytes: 10G}\n", "m.yaml")
        done = self.run_rocpart("plan", *machine, "-f", node, status=TO_DO)
        self.assertIn("1 GPU, proved minimal", done.stdout)
        self.assertNotIn("1/0", done.stdout)
        self.rocpart("apply", *machine, "-f", node, "--yes")
        self.rocpart("place", *machine, "--bytes", "1G", "y", status=REFUSED)

    def test_change_of_the_others_goes_on(self):
        """Whether the mode of the odd GPU is known or not."""
        for file in ("current_compute_partition", "available_compute_partition"):
            name = file.split("_", maxsplit=1)[0]
            machine = self.machine(name, f"read:{ODD}/{file}:EIO")
            done = self.run_rocpart("set", *machine, "-c", "CPX", "--allow-unvalidated", "--yes")
            self.assertIn(f"GPU 2 ({ODD}) is left as it is: {file} cannot be read",
                          done.stdout + done.stderr)
            self.rocpart("sim", "fault", name, "--clear")
            self.assertEqual([g["compute_mode"] for g in self.gpus(*machine)],
                             ["CPX", "CPX", "SPX"] + 5 * ["CPX"])

    def test_memory_mode_of_a_hive_with_an_odd_gpu_is_refused(self):
        machine = self.machine("h", f"reset:{ODD}")
        self.assertEqual(self.degraded(*machine), {2: ["in-reset"]})
        done = self.run_rocpart("set", *machine, "-c", "CPX", "-m", "NPS4", "--yes", status=FAILED)
        self.assertIn(f"GPU 2 ({ODD}) would change with it", done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        done = self.run_rocpart("set", *machine, "-c", "CPX", "--gpu", "2", "--yes", status=FAILED)
        self.assertIn("wait until the reset has ended", done.stderr)

    def test_file_of_all_gpus_goes_on_and_is_not_asserted(self):
        machine = self.machine("f", f"read:{COMPUTE}:EIO")
        node = self.write("version: v1\nnode:\n  gpus: {all: CPX}\n", "node.yaml")
        self.rocpart("apply", *machine, "-f", node, "--allow-unvalidated", "--yes")
        done = self.run_rocpart("assert", *machine, "-f", node, status=TO_DO)
        self.assertIn(f"GPU 2 ({ODD})", done.stdout + done.stderr)

    def test_export_names_no_mode_of_an_odd_gpu(self):
        machine = self.machine("e", f"read:{COMPUTE}:EIO")
        text = self.rocpart("export", *machine)
        self.assertNotIn("all", text)
        self.assertNotIn(ODD, text)
        self.assertEqual(text.count(": SPX"), 7)

    def test_virtual_functions_of_one_die_are_no_mismatch(self):
        """GIM 9.4.0.K: an MI300X in CPX as eight functions of one XCC; the guest sees 0x74b5."""
        text = (ROOT / "profiles" / "mi300x-8.yaml").read_text(encoding="utf-8")
        for old, new in (("device: 0x74a1", "device: 0x74b5"), ("xcc: 8", "xcc: 1"),
                         ("nps: [1, 4]", "nps: [1]"), ("cpu: ", "vf: true, cpu: ")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        profile = self.write(text, "vf.yaml")
        gpus = self.gpus("--sim", profile)
        self.assertEqual({(g["n_xcds"], tuple(g["degraded"])) for g in gpus}, {(1, ())})
        self.assertTrue(all("mode-of-host" in g["notes"] for g in gpus))
        checks = self.doctor("--sim", profile)
        self.assertIn("GPUs 0-7 cannot be partitioned from here (MI300X, virtual function)", checks["model"]["seen"])
        self.assertIn("GPUs 0-7 cannot be switched here (virtual function)", checks["files"]["seen"])

    def test_lease_on_a_gpu_that_becomes_odd_is_kept(self):
        machine = self.machine("k")
        self.rocpart("place", *machine, "--bytes", "1G", "--partition", "2/0", "mine")
        self.rocpart("sim", "fault", "k", "read:nodes/4/properties:EIO")
        self.assertEqual(self.degraded(*machine), {2: ["node-unreadable"]})
        leases = self.json("status", *machine)["leases"]
        self.assertEqual([(lease["name"], lease["state"]) for lease in leases],
                         [("mine", "placed")])


if __name__ == "__main__":
    unittest.main()
