# SPDX-License-Identifier: MIT
"""place, release, status, explain, adopt, state, as a person types them."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GIB = 1 << 30
USAGE = 2
REFUSED = 3


class Lease(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)
        self.text("set", "--compute", "CPX", "--memory", "NPS4")

    def run_rocpart(self, *args, status=0):
        env = dict(os.environ, XDG_STATE_HOME=self.state.name, ROCPART_DATA=str(ROOT))
        env["ROCPART_SIM"] = "mi300x-1"
        done = subprocess.run(
            [os.environ["ROCPART"], *args], env=env, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def text(self, *args, status=0):
        done = self.run_rocpart(*args, status=status)
        return done.stdout + done.stderr

    def json(self, *args, status=0):
        return json.loads(self.run_rocpart(*args, "--json", status=status).stdout)

    def place(self, *args):
        return self.json("place", *args)["leases"]

    def test_place_of_a_catalog_model_leases_what_it_needs(self):
        (lease,) = self.place("meta-llama/Llama-3.1-8B-Instruct", "--owner", "unit:vllm")
        # 8.03e9 parameters of 16 bits are 16.06e9 bytes; the partition has 24 GiB
        self.assertGreater(lease["bytes"], 16_060_000_000)
        self.assertLess(lease["bytes"], 24 * GIB)
        self.assertEqual(lease["footprint"]["total_bytes"], lease["bytes"])
        self.assertEqual(lease["owner"], "unit:vllm.service")
        self.assertEqual(lease["state"], "placed")
        # two partitions share a domain of 48 GiB in CPX/NPS4
        self.assertEqual(lease["guarantee"], "kernel")

    def test_model_without_cache_of_tokens_is_placed(self):
        mamba = "tiiuae/falcon-mamba-7b-instruct"
        rows = [r for r in self.json("model", "fit", mamba)["fits"]
                if (r["compute_mode"], r["memory_mode"]) == ("CPX", "NPS4")]
        self.assertTrue(rows)
        for row in rows:
            self.assertEqual((row["fits"], row["kv_tokens"]), (True, 0))
        self.assertIn("fits, its state does not grow",
                      self.text("model", "size", mamba, "--on", "0/0"))
        (lease,) = self.place(mamba)
        # 7.27e9 parameters of 16 bits, and nothing for tokens
        self.assertGreater(lease["bytes"], 14_540_000_000)
        self.assertLess(lease["bytes"], 24 * GIB)
        self.assertTrue(self.json("plan", "--add", mamba)["feasible"])

    def test_place_with_dtype_needs_less(self):
        (plain,) = self.place("meta-llama/Llama-3.1-8B-Instruct")
        (small,) = self.place("meta-llama/Llama-3.1-8B-Instruct", "--dtype", "fp8")
        self.assertLess(small["bytes"], plain["bytes"] * 3 // 4)

    def test_place_on_a_taken_partition_is_refused(self):
        (lease,) = self.place("a", "--bytes", "20G", "--partition", "0/3")
        self.assertEqual(lease["partition"], "0000:05:00.0/3")
        said = self.text("place", "b", "--bytes", "1G", "--partition", "0/3", status=REFUSED)
        self.assertIn("partition 0/3 is leased, or too small", said)
        self.assertIn("rocpart explain 0/3", said)

    def test_replicas_that_do_not_all_fit_are_refused_with_those_that_do(self):
        self.place("a", "--bytes", "20G", "--partition", "0/3")
        said = self.text("place", "b", "--bytes", "20G", "--replicas", "9", status=REFUSED)
        self.assertIn("only 7 of 9 replicas of 20.0 GiB fit; nothing was placed", said)
        self.assertIn("free for them: 0/0-0/2, 0/4-0/7", said)
        self.assertIn("place 7 replicas", said)
        self.assertEqual(len(self.json("status")["leases"]), 1)

    def test_place_too_large_says_what_there_is(self):
        said = self.text("place", "a", "--bytes", "100G", status=REFUSED)
        self.assertIn("23.", said)
        self.assertIn("100 GiB", said)

    def test_place_on_a_full_machine_is_refused_with_a_way_out(self):
        self.place("a", "--bytes", "20G", "--replicas", "8")
        error = self.json("place", "b", "--bytes", "1G", status=REFUSED)["error"]
        self.assertEqual(error["code"], "NO_ROOM")
        self.assertTrue(error["hint"])

    def test_place_all_replicas_or_none(self):
        self.text("place", "a", "--bytes", "20G", "--replicas", "9", status=REFUSED)
        self.assertEqual(self.json("status")["leases"], [])

    def test_place_refuses_bad_words(self):
        for args in (
            [], ["--bytes", "0"], ["--bytes", "-1"], ["--bytes", "99999999999999999999"],
            ["a", "--bytes", "1G", "--replicas", "0"], ["a", "--bytes", "1G", "--replicas", "x"],
            ["a", "--bytes", "1G", "--share", "65"], ["a", "--bytes", "1G", "--owner", "me"],
            ["a", "--bytes", "1G", "--label", "x"], ["a", "--bytes", "1G", "--partition", "3"],
            ["a", "--bytes", "1G", "--priority", "high"], ["a", "b"],
        ):
            self.text("place", *args, status=USAGE)
        self.assertEqual(self.json("status")["leases"], [])

    def test_shared_partition_takes_as_many_as_agreed(self):
        leases = self.place("a", "--bytes", "5G", "--share", "2", "--replicas", "2",
                            "--partition", "0/0")
        self.assertEqual({l["partition"] for l in leases}, {"0000:05:00.0/0"})
        self.text("place", "a", "--bytes", "5G", "--share", "2", "--partition", "0/0",
                  status=REFUSED)

    def test_release_by_number_and_by_owner(self):
        self.place("a", "--bytes", "5G", "--owner", "unit:x", "--replicas", "3")
        self.assertEqual(self.json("release", "2")["released"], 1)
        self.assertEqual(self.json("release", "unit:x")["released"], 2)
        self.text("release", "2", status=USAGE)
        self.assertEqual(self.json("status")["leases"], [])

    def test_status_shows_leases_use_and_labels(self):
        self.place("a", "--bytes", "5G", "--partition", "0/2", "--label", "team=x,tier=1")
        status = self.json("status")
        self.assertEqual(status["leases"][0]["labels"], {"team": "x", "tier": "1"})
        use = {u["partition"]: u for u in status["use"]}
        self.assertEqual(use["0000:05:00.0/2"]["leased_bytes"], 5 * GIB)
        self.assertFalse(use["0000:05:00.0/2"]["free"])
        self.assertTrue(use["0000:05:00.0/3"]["free"])
        self.assertIn("7 of 8 partitions are free", self.text("status"))

    def test_explain_says_why_and_what_protects(self):
        self.place("a", "--bytes", "5G")
        said = self.text("explain", "1")
        self.assertIn("why there: smallest free partition that fits", said)
        self.assertIn("guarantee: kernel", said)
        self.assertIn("free for a lease", self.text("explain", "0/0"))
        self.text("explain", "99", status=USAGE)

    def test_explain_says_what_the_bytes_are_for(self):
        self.text("place", "meta-llama/Llama-3.1-8B-Instruct", "--label", "team=x")
        said = self.text("explain", "1")
        self.assertIn("of its bytes: 15.0 GiB weights", said)  # 8,030,261,248 times 2 bytes
        self.assertIn("of its bytes: 1.0 GiB KV cache", said)  # 8192 x 32 x 2 x 8 x 128 x 2
        self.assertIn("confidence of the bytes: guess", said)
        self.assertIn("label: team=x", said)
        self.assertNotIn("{", said)

    def test_set_is_refused_and_evict_is_explicit(self):
        self.place("a", "--bytes", "5G", "--owner", "unit:x")
        change = ["set", "--compute", "QPX", "--allow-unvalidated"]
        self.assertIn("--evict", self.text(*change, status=REFUSED))
        self.text("reset", status=REFUSED)
        self.text(*change, "--evict")
        self.assertEqual(self.json("status")["leases"][0]["state"], "pending")
        self.assertEqual(self.place("--pending")[0]["lease"], 1)
        self.assertEqual(self.json("status")["leases"][0]["state"], "placed")

    def test_unmanaged_memory_is_shown_and_adopted(self):
        self.text("sim", "hold", "mi300x-1", "--partition", "0/5=3G", "--pid", "4711")
        self.assertIn("unmanaged", self.text("status"))
        self.assertEqual(self.json("adopt", "4711")["adopted"], 1)
        self.assertNotIn("unmanaged", self.text("status"))
        self.text("adopt", "4712", status=USAGE)

    def test_state_export_is_imported(self):
        self.place("a", "--bytes", "5G", "--replicas", "2")
        before = self.text("state", "export")
        path = Path(self.state.name) / "leases.json"
        path.write_text(before, encoding="utf-8")
        self.text("state", "import", str(path), status=REFUSED)
        self.text("release", "1", "2")
        self.assertEqual(self.json("state", "import", str(path))["imported"], 2)
        self.assertEqual(self.text("state", "export"), before)
        self.assertTrue(self.json("state", "check")["consistent"])

    def test_import_of_the_last_number_leaves_no_number_and_a_larger_one_is_refused(self):
        self.place("a", "--bytes", "5G")
        backup = json.loads(self.text("state", "export"))
        self.text("release", "1")
        path = Path(self.state.name) / "leases.json"
        for number, status in ((2**63 - 1, USAGE), (2**53, USAGE), (2**53 - 1, 0)):
            backup["leases"][0]["id"] = number
            path.write_text(json.dumps(backup), encoding="utf-8")
            self.text("state", "import", str(path), status=status)
        self.text("place", "b", "--bytes", "1G", status=1)
        self.assertEqual([one["lease"] for one in self.json("status")["leases"]], [2**53 - 1])

    def test_no_room_with_a_cordoned_gpu_names_the_cordon(self):
        self.text("cordon", "0")
        error = json.loads(self.text("place", "a", "--bytes", "1G", "--json", status=REFUSED))["error"]
        self.assertIn("rocpart uncordon", error["hint"])

    def test_damaged_leases_are_told_and_nothing_is_placed(self):
        self.place("a", "--bytes", "5G")
        (path,) = Path(self.state.name).rglob("leases.db")
        path.write_bytes(b"x" * 4096)
        for name in (path.name + "-wal", path.name + "-shm"):
            path.with_name(name).unlink(missing_ok=True)
        for args in (["place", "b", "--bytes", "1G"], ["status"], ["state", "check"],
                     ["set", "--compute", "QPX", "--allow-unvalidated"]):
            self.assertEqual(self.json(*args, status=1)["error"]["code"], "BAD_RECORDS")
        self.assertEqual(path.read_bytes(), b"x" * 4096)


if __name__ == "__main__":
    unittest.main()
