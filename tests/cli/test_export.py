# SPDX-License-Identifier: MIT
"""export: a file that gives the same machine again."""

import os
import sqlite3
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), os.path.dirname(os.path.abspath(__file__))]
import host  # noqa: E402
from round_trip import MODEL, RoundTrip  # noqa: E402


class Export(RoundTrip):
    def leases(self, name="n"):
        """(name, bytes) of each lease, as its record has them."""
        return [row[:2] for row in self.state(name)[2]]

    def exported(self, name="n"):
        """The text, and the machine that it makes of a fresh one."""
        text = self.sim(name, "export")
        self.make(self.profile, "again")
        self.sim("again", "apply", self.write(text), "--yes")
        return text, self.leases("again")

    def make(self, profile, name="n"):
        self.profile = profile
        return super().make(profile, name)

    def test_lease_of_a_catalog_model_is_written_as_that_model(self):
        self.make("mi300x-8")
        self.sim("n", "place", MODEL, "--context", "8k", "--replicas", "2")
        self.sim("n", "place", "Qwen/Qwen3-8B", "--dtype", "fp8")
        self.sim("n", "place", "mine", "--bytes", "3GiB")
        text, leases = self.exported()
        self.assertIn(f"  {MODEL}:\n    model: {MODEL}\n    context: 8192\n    replicas: 2\n", text)
        self.assertIn("    model: Qwen/Qwen3-8B\n    dtype: fp8\n", text)
        self.assertIn("  mine:\n    bytes: 3GiB\n", text)
        self.assertEqual(leases, self.leases())

    def test_lease_of_a_model_file_of_node_yaml_keeps_its_model(self):
        self.make("mi300x-8")
        path = self.write("version: v1\nmodels:\n  llama: {model: Qwen/Qwen3-8B, context: 4k, sequences: 3}\n")
        self.sim("n", "apply", path, "--yes")
        self.assertIn("  llama:\n    model: Qwen/Qwen3-8B\n", self.sim("n", "export"))
        self.assertIn("    sequences: 3\n", self.sim("n", "export"))

    def test_model_that_gives_other_bytes_today_is_written_as_bytes(self):
        self.make("mi300x-8")
        self.sim("n", "place", MODEL, "--context", "8k")
        with self.records("n") as db:
            db.execute("PRAGMA recursive_triggers = 0")
            text = db.execute("SELECT footprint FROM lease").fetchone()[0]
            db.execute("UPDATE lease SET footprint = ?", (text.replace('"context":8192', '"context":4096'),))
        self.assertIn("    bytes: ", self.sim("n", "export"))

    def records(self, name):
        db = sqlite3.connect(self.folder_of(name) / "records/leases.db")
        self.addCleanup(db.close)
        return db

    def test_owners_that_count_from_0_become_one_model(self):
        self.make("mi300x-8")
        self.sim("n", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        for k in range(11):
            self.sim("n", "place", "a", "--bytes", "1G", "--owner", f"unit:a0@{k}.service")
        for k in ("x", "y", "x"):
            self.sim("n", "place", "b", "--bytes", "1G", "--owner", f"docker:{k}")
        text, leases = self.exported()
        self.assertIn('    replicas: 11\n    spread: none\n    owner: "unit:a0@{replica}.service"\n', text)
        self.assertIn('  b:\n    bytes: 1GiB\n    replicas: 2\n    spread: none\n    owner: "docker:x"\n', text)
        self.assertIn('  # its lease 13 is called b\n  b-2:\n    bytes: 1GiB\n    owner: "docker:y"\n', text)
        self.assertEqual(sorted(b for _, b in leases), sorted(b for _, b in self.leases()))

    def test_leases_of_one_name_that_differ_get_names_of_their_own(self):
        self.make("mi300x-8")
        self.sim("n", "place", "m", "--bytes", "1G", "--label", "k=a: #b,q=\"'")
        self.sim("n", "place", "m", "--bytes", "2G")
        self.sim("n", "place", "m-2", "--bytes", "3G")
        text, leases = self.exported()
        self.assertIn('labels: {"k": "a: #b", "q": "\\"\'"}', text)
        self.assertEqual(sorted(b >> 30 for _, b in leases), [1, 2, 3])
        self.assertEqual(len({n for n, _ in leases}), 3)
        self.assertIn("m-2", {n for n, b in leases if b >> 30 == 3})

    def test_what_ends_by_itself_or_has_no_place_is_left_out_and_named(self):
        self.make("mi300x-1")
        self.sim("n", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        self.sim("n", "place", "job", "--bytes", "1G", "--owner", "job:7")
        self.sim("n", "place", "evicted", "--bytes", "1G")
        self.sim("n", "reset", "--evict", "--yes")
        text = self.sim("n", "export")
        self.assertNotIn("models:", text)
        self.assertIn("lease 2 (evicted) is left out: it is pending and has no partition\n", text)
        self.assertIn("# lease 1 (job) is left out: ", text)
        self.sim("n", "apply", self.write(text), "--yes")

    def test_lease_of_a_job_is_left_out(self):
        self.make("mi300x-1")
        self.sim("n", "place", "job", "--bytes", "1G", "--owner", "job:7")
        self.assertTrue(self.sim("n", "export").endswith(
            "# lease 1 (job) is left out: it ends with its owner (job:7)\n"))

    def test_leases_beside_another_allocator_are_left_out(self):
        self.make("mi300x-1")
        self.sim("n", "place", "m", "--bytes", "1G")
        self.sim("n", "apply", self.write("version: v1\nnode: {allocator: kubelet}\n"))
        text = self.sim("n", "export")
        self.assertIn("  allocator: kubelet\n", text)
        self.assertIn("# lease 1 (m) is left out: another allocator assigns the partitions\n", text)
        self.sim("n", "assert", self.write(text))

    def test_gpus_in_different_memory_modes_keep_them_with_their_leases(self):
        self.make("mixed")
        self.sim("n", "set", "-g", "0", "-c", "CPX", "-m", "NPS4", "--yes")
        self.sim("n", "place", "m", "--bytes", "1G", "--partition", "0/3")
        text, leases = self.exported()
        self.assertEqual(self.state("again"), self.state("n"))
        self.assertEqual(leases, self.leases())
        self.assertNotIn("partition-configs", text)

    def test_services_are_those_of_the_file_that_was_applied_last(self):
        self.make("mi300x-1")
        services = "services:\n  systemd: [gpuagent, amd-metrics-exporter]\n  podman: [train]\n"
        node = "version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
        self.sim("n", "apply", self.write(node + services), "--yes")
        self.start("--sim", "n", "apply", self.write(node + "services: {docker: [x]}\n"
                                                     "models: {m: {bytes: 900GiB}}\n"), "--yes")
        text, _ = self.exported()
        self.assertIn(services, text)
        self.assertEqual(self.sim("again", "export"), text)
        self.sim("n", "apply", self.write(node), "--yes")
        self.assertNotIn("services", self.sim("n", "export"))

    def test_owners_and_labels_come_back(self):
        self.make("mi300x-1")
        self.sim("n", "set", "-c", "CPX", "-m", "NPS4", "--yes")
        for k in range(3):
            self.sim("n", "place", "a", "--bytes", "1G", "--owner", f"unit:a@{k}.service", "--label", "t=x y")
        text, _ = self.exported()
        found = [(x["replica"], x["owner"], x["labels"])
                 for x in self.json("--sim", "again", "status")["leases"]]
        self.assertEqual(found, [(f"a/{k}", f"unit:a@{k}.service", {"t": "x y"}) for k in range(3)])
        self.assertEqual(self.sim("again", "export"), text)

    def test_name_that_yaml_takes_for_something_else_is_quoted(self):
        self.make("mi300x-8")
        for name in ("null", "a:b", "1-2", "true"):
            self.sim("n", "place", name, "--bytes", "1G")
        _, leases = self.exported()
        self.assertEqual(leases, self.leases())

    def test_record_that_no_file_may_repeat_is_written_as_near_as_can_be(self):
        self.make("mi300x-1")
        self.sim("n", "place", "m", "--bytes", "1G")
        with self.records("n") as db:
            db.execute("UPDATE lease SET name = ?, owner_kind = 3, owner = ?, labels = ?, footprint = '[1]'",
                       ("x\ny: {z}", "a b\nc: d", '{"a\u202e": "x\\ny # z", "b": 3}'))
        text, leases = self.exported()
        self.assertIn("  # its lease 1 is called x\\ny: {z}\n  # its owner is left out: unit:a b\\nc: d\n",
                      text)
        self.assertEqual(leases, [("x-y:-z", 1 << 30)])

    def test_lease_on_a_cordoned_gpu_finds_room_on_another_one(self):
        self.make("mi300x-8")
        self.sim("n", "place", "m", "--bytes", "1G", "--partition", "0/0")
        self.sim("n", "cordon", "0")
        _, leases = self.exported()
        self.assertEqual((leases, self.state("again")[1]), (self.leases(), ["0000:05:00.0"]))

    def test_reader_without_rights_is_told_what_the_file_lacks(self):
        words = host.need_another_user() if os.geteuid() == 0 else ()  # root reads every file
        os.chmod(self.folder, 0o755)
        self.make("mi300x-1")
        self.sim("n", "place", "m", "--bytes", "1G", "--owner", "unit:m")
        os.chmod(self.folder_of("n") / "records/leases.db", 0)
        text = self.start("--sim", "n", "export", prefix=words,
                          env={"XDG_CONFIG_HOME": str(self.folder)}).stdout
        self.assertTrue(text.startswith("# "), text)
        self.assertNotIn("owner", text)


if __name__ == "__main__":
    unittest.main()
