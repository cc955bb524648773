# SPDX-License-Identifier: MIT
"""cdi: specs by the rules of the Container Device Interface, stale and edited ones, refreshing."""

import json
import re
import unittest
from pathlib import Path

from test_args import REFUSED, USAGE, ArgsCase

KEYS = {  # of the specification, at version 0.5.0; engines refuse others
    "spec": {"cdiVersion", "kind", "devices", "containerEdits"},
    "device": {"name", "containerEdits"},
    "edits": {"env", "deviceNodes", "hooks", "mounts"},
    "node": {"path", "hostPath", "type", "major", "minor", "fileMode", "permissions", "uid",
             "gid"},
}


def lowest_version(spec):
    """What the features need (engines study 4.1)."""
    nodes = [n for d in spec["devices"] for n in d["containerEdits"]["deviceNodes"]]
    digits = any(d["name"][0].isdigit() for d in spec["devices"])
    return "0.5.0" if digits or any("hostPath" in n for n in nodes) else "0.3.0"


class Cdi(ArgsCase):
    def setUp(self):
        super().setUp()
        self.set("--compute", "CPX", "--memory", "NPS4")

    def document(self, *args):
        return json.loads(self.text("cdi", "generate", "--output", "-", *args))

    def generate(self, *args, **kw):
        return Path(self.json("cdi", "generate", *args, **kw)["path"])

    def test_output_that_ends_with_json_is_the_file(self):
        """As amd-ctk and nvidia-ctk take it: engines do not descend into a folder amd.json/."""
        path = Path(self.state.name) / "etc" / "amd.json"
        self.assertEqual(self.generate("--output", str(path), "--kind", "amd.com/gpu"), path)
        self.assertEqual(json.loads(path.read_text())["kind"], "amd.com/gpu")
        # an engine of a user, as podman without root, reads the spec too
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        before = path.read_text()
        self.set("--compute", "QPX")
        self.assertNotEqual(path.read_text(), before)
        self.assertIn(f"spec: {path}", self.text("cdi", "list"))
        path.write_text("{}")
        refused = self.run_rocpart("cdi", "generate", "--output", str(path), "--kind",
                                   "amd.com/gpu", status=REFUSED)
        self.assertIn(f"--output {path} --yes", refused.stderr)

    def test_output_that_ends_with_yaml_is_the_file(self):
        path = Path(self.state.name) / "cdi" / "nvidia-ctk-writes-so.yaml"
        self.assertEqual(self.generate("--output", str(path)), path)
        self.assertTrue(path.is_file())
        self.run_rocpart("cdi", "generate", "--output", str(path.with_suffix(".yml")), status=2)
        self.assertEqual(list(path.parent.iterdir()), [path])

    def problems(self, status=0):
        done = self.json("cdi", "validate", status=status)
        self.assertEqual(done["valid"], status == 0)
        found = {}
        for d in done["devices"]:
            if d["problem"]:
                name = d["device"] and d["device"].split("=")[1]
                found[name] = found.get(name, "") + d["problem"]
        return found

    def check_edits(self, edits):
        self.assertLessEqual(set(edits), KEYS["edits"])
        for node in edits.get("deviceNodes", []):
            self.assertLessEqual(set(node), KEYS["node"])
            self.assertTrue(node["path"].startswith("/dev/"))
            self.assertRegex(node["permissions"], "^[rwm]+$")
            # that of /dev/kfd is another one at each boot
            self.assertFalse({"major", "minor"} & set(node))
        for text in edits.get("env", []):
            self.assertRegex(text, "^[A-Za-z_][A-Za-z0-9_]*=")

    def check_rules(self, spec):
        self.assertLessEqual(set(spec), KEYS["spec"])
        self.assertEqual(spec["cdiVersion"], lowest_version(spec))
        self.assertRegex(spec["kind"], r"^[A-Za-z][A-Za-z0-9_.-]*/[A-Za-z][A-Za-z0-9_-]*$")
        self.check_edits(spec["containerEdits"])
        names = [d["name"] for d in spec["devices"]]
        self.assertEqual(len(set(names)), len(names))
        for device in spec["devices"]:
            self.assertLessEqual(set(device), KEYS["device"])
            self.assertTrue(re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?",
                                         device["name"]))
            self.assertTrue(device["containerEdits"]["deviceNodes"])
            self.check_edits(device["containerEdits"])

    def test_spec_keeps_the_rules_in_every_mode(self):
        for mode, n in (("SPX", 1), ("DPX", 2), ("QPX", 4), ("CPX", 8)):
            self.set("--compute", mode, "--memory", "NPS1")
            spec = self.document()
            self.check_rules(spec)
            self.assertEqual(len(spec["devices"]), n)
            self.check_rules(self.document("--kind", "amd.com/gpu"))

    def test_spec_hands_in_the_nodes_and_variables_of_one_partition(self):
        spec = self.document()
        self.assertEqual(spec["kind"], "rocpart.dev/partition")
        device = spec["devices"][3]
        self.assertEqual(device["name"], "gpu-0000-05-00.0-part3")
        edits = device["containerEdits"]
        self.assertEqual([n["path"] for n in edits["deviceNodes"]],
                         ["/dev/dri/renderD131", "/dev/dri/card3"])
        self.assertEqual(edits["env"], ["AIM_GPU_COUNT=1", "AIM_PARTITION_ID=3",
                                        "AIM_COMPUTE_MODE=CPX", "AIM_MEMORY_MODE=NPS4",
                                        "AIM_XCD_ID=3", "ROCPART_PARTITIONS=0000:05:00.0/3"])
        common = spec["containerEdits"]
        self.assertEqual([n["path"] for n in common["deviceNodes"]], ["/dev/kfd"])
        self.assertEqual(common["env"], ["ROCPART_SIMULATED=mi300x-1"])

    def test_spec_with_names_of_amd_ctk(self):
        """Engines study 4.1: "0" to "n" and "all", nodes only."""
        spec = self.document("--kind", "amd.com/gpu")
        self.assertEqual([d["name"] for d in spec["devices"]],
                         [str(i) for i in range(8)] + ["all"])
        self.assertEqual(len(spec["devices"][8]["containerEdits"]["deviceNodes"]), 16)
        self.assertFalse([d for d in spec["devices"] if "env" in d["containerEdits"]])
        self.assertEqual(self.generate("--kind", "amd.com/gpu").name, "amd.json")

    def test_generate_writes_beside_the_records_of_a_simulated_machine(self):
        path = self.generate()
        self.assertTrue(path.is_relative_to(self.state.name))
        self.assertEqual(json.loads(path.read_text()), self.document())
        self.assertEqual(self.problems(), {})
        self.generate()

    def test_a_simulated_machine_is_removed_with_its_specs(self):
        path = self.generate()
        self.text("sim", "rm", "mi300x-1", "--yes")
        self.assertFalse(path.parents[2].exists())

    def test_a_switch_writes_it_anew(self):
        path = self.generate()
        other = self.generate("--output", f"{self.state.name}/specs")
        self.set("--compute", "SPX", "--memory", "NPS1")
        for p in (path, other):
            self.assertEqual([d["name"] for d in json.loads(p.read_text())["devices"]],
                             ["gpu-0000-05-00.0-part0"])
        self.text("undo")
        self.assertEqual(len(json.loads(other.read_text())["devices"]), 8)
        self.assertEqual(self.problems(), {})

    def test_a_removed_spec_stays_away(self):
        path = self.generate()
        path.unlink()
        self.set("--compute", "SPX", "--memory", "NPS1")
        self.assertFalse(path.exists())
        self.assertEqual(list(self.problems(status=1).values()), ["the spec was removed"])
        self.generate()
        self.assertEqual(self.problems(), {})

    def test_a_switch_by_somebody_else_makes_it_stale(self):
        path = self.generate()
        text, record = path.read_text(), path.parents[1] / "cdi.json"
        recorded = record.read_text()
        self.set("--compute", "SPX", "--memory", "NPS1")
        path.write_text(text)  # as if rocpart had not seen the switch
        record.write_text(recorded)
        problems = self.problems(status=1)
        self.assertEqual(len(problems), 8)
        self.assertIn("have changed", problems["gpu-0000-05-00.0-part0"])
        self.assertIn("does not exist any more", problems["gpu-0000-05-00.0-part7"])
        checks = {c["id"]: c for c in self.json("doctor")["checks"]}
        self.assertEqual(checks["cdi"]["state"], "warn")
        self.generate()
        self.assertEqual(self.problems(), {})

    def test_a_missing_entry_is_told(self):
        path = self.generate()
        spec = json.loads(path.read_text())
        del spec["devices"][2]
        path.write_text(json.dumps(spec))
        problems = self.problems(status=1)
        self.assertIn("lacks this partition", problems["gpu-0000-05-00.0-part2"])
        self.assertIn("edited", problems[None])

    def test_an_edited_spec_is_left_alone(self):
        path = self.generate()
        for text in (path.read_text().replace("rw", "rwm"), "{}", "x", "[1]", '{"devices": [{}]}'):
            path.write_text(text)
            error = self.json("cdi", "generate", status=REFUSED)["error"]
            self.assertEqual(error["object"], str(path))
            self.assertIn("--yes", error["hint"])
            said = self.run_rocpart("set", "--compute", "SPX", "--memory", "NPS1").stderr
            self.assertIn("it was not changed", said)
            self.assertEqual(path.read_text(), text)
            self.assertIn("edited", self.problems(status=1)[None])
            self.text("undo")
        self.generate("--yes")
        self.assertEqual(self.problems(), {})

    def test_a_spec_of_somebody_else_is_left_alone(self):
        folder = Path(self.state.name) / "cdi"
        folder.mkdir()
        (folder / "amd.json").write_text("{}")
        self.run_rocpart("cdi", "generate", "--kind", "amd.com/gpu", "--output", str(folder),
                         status=REFUSED)
        self.assertEqual((folder / "amd.json").read_text(), "{}")

    def test_a_crash_between_record_and_file_leaves_it_ours(self):
        path = self.generate()
        old = path.read_text()
        self.set("--compute", "SPX", "--memory", "NPS1")
        path.write_text(old)  # the record says what is written next, the file was not replaced
        self.generate()
        self.assertEqual(self.problems(), {})

    def test_bad_words_are_refused(self):
        for words in (["--kind", "x"], ["--kind", ""], ["--output", "here"], ["extra"]):
            self.run_rocpart("cdi", "generate", *words, status=USAGE)

    def test_nowhere_to_write_is_an_error(self):
        blocked = Path(self.state.name) / "file"
        blocked.write_text("")
        self.run_rocpart("cdi", "generate", "--output", f"{blocked}/cdi", status=1)

    def test_a_damaged_record_is_told(self):
        path = self.generate()
        (path.parents[1] / "cdi.json").write_text("{")
        self.run_rocpart("cdi", "list", status=1)
        (path.parents[1] / "cdi.json").write_text('[{"dir": 3}, 7, {"kind": "x"}]')
        self.assertEqual(self.json("cdi", "list")["devices"], [])

    def test_a_capture_can_be_printed_only(self):
        capture = f"{self.state.name}/capture"
        self.text("gather", "-o", capture)
        spec = json.loads(self.text("--root", capture, "cdi", "generate", "--output", "-"))
        self.assertEqual(len(spec["devices"]), 8)
        self.assertNotIn("env", spec["containerEdits"])
        self.run_rocpart("--root", capture, "cdi", "generate", status=REFUSED)



class Leases(ArgsCase):
    """A device is a lease: it follows its lease, and is not there while the lease has no place."""

    def setUp(self):
        super().setUp()
        self.set("--compute", "CPX", "--memory", "NPS4")
        self.path = Path(self.json("cdi", "generate", "--kind", "rocpart.dev/lease")["path"])

    def devices(self):
        spec = json.loads(self.path.read_text())
        self.assertEqual((spec["kind"], spec["cdiVersion"]), ("rocpart.dev/lease", "0.5.0"))
        for device in spec["devices"]:
            self.assertRegex(device["name"], r"^[A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9]$")
        return {d["name"]: [n["path"] for n in d["containerEdits"].get("deviceNodes", [])]
                for d in spec["devices"]}

    def place(self, name, *more):
        return self.json("place", name, "--bytes", "1GiB", *more)["leases"][0]

    def render_of(self, lease):
        gpus = self.json("list")["gpus"]
        bdf, part = lease["partition"].split("/")
        part = next(p for g in gpus if g["bdf"] == bdf for p in g["partitions"]
                    if p["id"] == int(part))
        return f"/dev/dri/renderD{part['render_minor']}"

    def test_device_is_the_lease_and_ends_with_it(self):
        self.assertEqual(self.devices(), {"none": []})
        first, second = self.place("llama"), self.place("llama")
        self.assertEqual(list(self.devices()), ["llama-0", "llama-1"])
        self.assertIn(self.render_of(first), self.devices()["llama-0"])
        self.assertIn(self.render_of(second), self.devices()["llama-1"])
        self.text("release", "llama/0")
        self.assertEqual(list(self.devices()), ["llama-1"])

    def test_names_that_look_alike_stay_apart(self):
        for name in ("a/b", "a_b", "a@b"):
            self.place(name)
        self.assertEqual(len(self.devices()), 3)
        self.assertIn("a_b-0", self.devices())

    def test_lease_of_a_process_is_no_device(self):
        pid = self.json("sim", "hold", self.SIM, "--partition", "0/3")["pid"]
        self.place("mine", "--owner", f"pid:{pid}")
        self.assertEqual(self.devices(), {"none": []})

    def test_displaced_lease_has_no_device_until_its_place_is_back(self):
        lease = self.place("llama")
        nodes = self.devices()
        self.text("sim", "reset", self.SIM)
        self.text("status")
        self.assertEqual(self.devices(), {"none": []})
        self.set("--compute", "CPX", "--memory", "NPS4")
        self.assertEqual(self.devices(), nodes)
        self.assertIn(self.render_of(lease), nodes["llama-0"])


if __name__ == "__main__":
    unittest.main()
