# SPDX-License-Identifier: MIT
"""plan and apply with models: what is planned is proved, what is applied is leased."""

import json
import unittest

from journey import DONE, FAILED, REFUSED, ROOT, TO_DO, USAGE, Journey

MODELS = """version: v1
models:
  llama: {model: meta-llama/Llama-3.1-8B-Instruct, replicas: %d}
  qwen: {model: Qwen/Qwen3-8B, replicas: 2}
"""


class Plan(Journey):
    def leases(self):
        return self.json("status", "--sim", "n")["leases"]

    def placed(self):
        return sorted((lease["name"], lease["partition"]) for lease in self.leases())

    def test_example_is_proved_and_the_proof_is_checked(self):
        example = str(ROOT / "examples" / "serve-20-models.yaml")
        text = self.rocpart("plan", "-f", example, "--product", "mi300x")
        self.assertRegex(text, r"\d+ GPUs, proved minimal")
        document = self.rocpart("plan", "-f", example, "--product", "mi300x", "--json")
        plan = self.write(document, "plan.json")
        self.rocpart("plan", "--verify", plan)

    def test_altered_claim_is_refused(self):
        example = str(ROOT / "examples" / "serve-20-models.yaml")
        plan = json.loads(self.rocpart("plan", "-f", example, "--product", "mi300x", "--json"))
        self.assertTrue(plan["proved"])
        plan["gpus_used"] -= 1
        self.rocpart("plan", "--verify", self.write(json.dumps(plan), "plan.json"), status=FAILED)

    def test_too_much_says_what_and_the_remedies(self):
        text = self.start("plan", "-f", self.write(MODELS % 200), "--product", "mi300x", "--gpus",
                          "8")
        self.assertEqual(text.returncode, FAILED)
        self.assertIn("not everything fits", text.stdout)
        self.assertIn("remedy:", text.stdout)

    def test_unknown_model_is_named(self):
        done = self.start("plan", "--product", "mi300x", "--add", "nobody/has-this")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("nobody/has-this", done.stderr)

    def test_wrong_wish_names_its_place(self):
        path = self.write("version: v1\nmodels:\n  a: {bytes: 1GiB, replicas: 0}\n")
        done = self.start("plan", "-f", path, "--product", "mi300x")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(f"{path}:3:", done.stderr)

    def test_empty_name_of_a_model_is_refused_at_its_place(self):
        path = self.write("version: v1\nmodels:\n  '': {bytes: 1GiB}\n")
        done = self.start("plan", "-f", path, "--product", "mi300x")
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(f"{path}:3:3: the name of a model is empty", done.stderr)

    def test_every_bad_wish_names_its_place_and_the_rule(self):
        for wish, words in (
            ("bytes: 0", "must be a size"),
            ("bytes: -5", "must be a size"),
            ("bytes: 99999999999999999999", "must be a size"),
            ("bytes: 8EiB, replicas: 100000", "must be a size"),
            ("bytes: 1GiB, replicas: -1", "a whole number from 0"),
            ("bytes: 1GiB, replicas: 4294967297", "from 1 to 100000"),
            ("bytes: 1GiB, weight: 0", "from 1 to"),
            ("bytes: 1GiB, colour: red", "unknown key 'colour'"),
            ("bytes: 1GiB, replics: 2, priority: 1", "unknown key 'replics'\nhint: did you mean"),
            ("bytes: 1GiB, replics: 2, spread: none, colour: red",
             "unknown key 'replics'; also unknown: 'colour'\n"),
            ("bytes: 16", "'bytes' is only 16 bytes; did you mean 16GiB?"),
            ("bytes: 1GiB, isolation: {share: 0}", "from 1 to 64"),
            ("bytes: 1GiB, spread: moon", "gpu, hive or none"),
            ("bytes: 1GiB, memory: NPS99", "NPS1, NPS2 or NPS4"),
            ("bytes: 1GiB, min-tok-s: 10", "'min-tok-s' is allowed with 'model' only"),
            ("replicas: 2", "must have 'model' or 'bytes'"),
            ("model: x, context: 16", "'context' is only 16 tokens; did you mean 16k?"),
            ("model: x, context: 1M", "'context' must be a number of tokens"),
            ("model: x, contxt: 8k", "did you mean 'context'?"),
            ("model: meta-llama/Llama-3.1-8B-Instruct, dtype: bf61",
             "model 'a': unknown dtype 'bf61'\nhint: use one of: fp32 "),
            ("model: Qwen/Qwen3-9B", "model 'a': the catalog has no such model"),
            ("model: Qwen/Qwen3-9B", "did you mean 'Qwen/Qwen3-4B'"),
        ):
            with self.subTest(wish):
                path = self.write("version: v1\nmodels:\n  a: {%s}\n" % wish)
                done = self.start("plan", "-f", path, "--product", "mi300x")
                self.assertEqual(done.returncode, USAGE)
                self.assertIn(f"{path}:3:", done.stderr)
                self.assertIn(words, done.stderr)

    def test_gpus_of_a_file_are_looked_up_alike_for_modes_and_for_models(self):
        self.make("mi300x-8")
        models = "models: {a: {bytes: 10GiB}}\n"
        for word, words in (("'0000:99:00.0'", "GPU 0000:99:00.0 is missing"),
                            ("'0-7'", None), ("MI300X", None), ("all", None), ("'3'", None),
                            ("0-8", "is not a range of the GPUs of this machine, which are 0 to 7"),
                            ("8", "this machine has no GPU '8'"),
                            ("MI308X", "this machine has no GPU 'MI308X'")):
            node = f"version: v1\nnode: {{gpus: {{{word}: SPX}}}}\n"
            told = [self.start("assert", self.write(node + more), "--sim", "n")
                    for more in ("", models)]
            with self.subTest(word):
                for one in told:
                    self.assertIn(words or "", one.stdout + one.stderr)
                    self.assertEqual(one.returncode == USAGE, bool(words) and "no" in words)
        for word, status, words in (("0-7", DONE, ""), ("mi300x", DONE, ""), ("all", DONE, ""),
                                    ("0-8", USAGE, "of the plan, which are 0 to 7"),
                                    ("MI308X", USAGE, "the plan has no GPU 'MI308X'")):
            path = self.write(f"version: v1\nnode: {{gpus: {{{word}: SPX}}}}\n" + models)
            done = self.start("plan", path, "--product", "mi300x", "--gpus", "8")
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)

    def test_wish_that_no_plan_can_meet_is_explained_by_plan_assert_and_status(self):
        self.make("mi300x-1")
        cpx = "node: {memory: NPS4, gpus: {all: CPX}}\n"
        for node, wish, why in (
            ("", "bytes: 300GiB", "a needs 300 GiB, and no partition in the modes that may be used "
                                  "has more than 192 GiB"),
            (cpx, "bytes: 100GiB", "a needs 100 GiB, .* has more than 23.9 GiB"),
            ("", "bytes: 8GiB, min-xcds: 9", "a asks for 9 XCDs, and no partition has more than 8"),
            (cpx, "bytes: 8GiB, min-xcds: 2", "a asks for 2 XCDs, and no partition has more "
                                              "than 1"),
            (cpx, "bytes: 8GiB, memory: NPS1", "a asks for memory mode NPS1, which may not be "
                                               "used here"),
            ("", "bytes: 80GiB, memory: NPS4", "no partition has all that a asks for: 80.0 GiB, "
                                               "memory mode NPS4"),
            ("", "model: Qwen/Qwen3-4B, min-tok-s: 9999", "a needs .* GB/s of memory bandwidth"),
        ):
            with self.subTest(wish):
                path = self.write(f"version: v1\n{node}models:\n  a: {{{wish}}}\n")
                for verb, status in (("plan", FAILED), ("assert", TO_DO), ("apply", FAILED)):
                    told = self.start(verb, path, "--sim", "n").stdout
                    self.assertEqual(self.start(verb, path, "--sim", "n").returncode, status)
                    self.assertRegex(told, why, verb)
                self.assertRegex(self.rocpart("--sim", "n", "status"), f"failed: .*{why}")
        enough = self.write("version: v1\nmodels:\n  a: {bytes: 100GiB, replicas: 2}\n")
        self.assertNotIn("no partition", self.start("plan", enough, "--sim", "n").stdout)

    def write_many(self, n, wish):
        lines = "".join(f"  m{i}: {{{wish}}}\n" for i in range(n))
        return self.write("version: v1\nmodels:\n" + lines)

    def test_many_models_are_planned(self):
        for n, wish, status, words in (
            (4000, "bytes: 20GiB, spread: none", DONE, "500 GPUs, proved minimal"),
            (4000, "bytes: 5GiB, isolation: {share: 4}", DONE, "125 GPUs, proved minimal"),
            (1, "bytes: 20GiB, replicas: 30000, spread: none", DONE, "3750 GPUs, proved minimal"),
            (1, "bytes: 20GiB, replicas: 100000", FAILED, "more GPUs"),
        ):
            with self.subTest(wish):
                path = self.write_many(n, wish)
                done = self.start("plan", "-f", path, "--product", "mi300x")
                self.assertEqual(done.returncode, status)
                self.assertIn(words, done.stdout[-500:])

    def test_hundred_thousand_models_are_refused_at_once(self):
        done = self.start("plan", "-f", self.write_many(100000, "bytes: 1G"), "--product", "mi300x")
        self.assertEqual(done.returncode, USAGE)
        self.assertRegex(done.stderr, "larger than 1 MiB|more than 4096 keys")

    def test_reason_is_proved_and_an_altered_one_refused(self):
        path = self.write("version: v1\nmodels:\n  a: {bytes: 20GiB, replicas: 70}\n"
                          "  b: {bytes: 100GiB, replicas: 3}\n")
        plan = self.json("plan", "-f", path, "--product", "mi300x", "--gpus", "8", status=FAILED)
        self.assertEqual(plan["reason_proof"], {"kind": "chain"})
        self.rocpart("plan", "--verify", self.write(json.dumps(plan), "plan.json"))
        plan["reason"][0]["replicas"] = 64  # eight GPUs in CPX have 64 partitions
        self.rocpart("plan", "--verify", self.write(json.dumps(plan), "plan.json"), status=FAILED)

    def planned(self, gpus, *args, status=DONE):
        path = self.write("version: v1\nnode: {memory: NPS1, gpus: %s}\n"
                          "models: {m: {bytes: 10GiB, replicas: 4}}\n" % gpus)
        done = self.start("plan", "-f", path, "--allow-unvalidated", "--json", *args)
        if status == DONE and "--product" not in args:
            status = TO_DO  # on a machine there is something to place
        self.assertEqual(done.returncode, status, done.stderr)
        if status not in (DONE, TO_DO):
            return done.stderr + done.stdout
        self.rocpart("plan", "--verify", self.write(done.stdout, "plan.json"))
        plan = json.loads(done.stdout)
        return {g["gpu"]: g["compute_mode"] for g in plan["gpus"]}

    def test_modes_of_gpus_in_the_file_bind_the_plan(self):
        self.make("mi300x-8")
        here = "--sim", "n"
        names = self.json("list", *here)["gpus"]
        first, second = names[0], names[1]
        self.assertEqual(set(self.planned("{all: QPX}", *here).values()), {"QPX"})
        self.assertEqual(set(self.planned("{MI300X: CPX}", *here).values()), {"CPX"})
        modes = self.planned('{0: SPX, "1-7": QPX}', *here)
        self.assertEqual([modes[n] for n in sorted(modes)], ["SPX", "QPX", "QPX", "QPX"])
        modes = self.planned('{"%s": DPX, %s: QPX, "2-7": CPX}'
                             % (first["bdf"], second["unique_id"]), *here)
        self.assertEqual([modes[n] for n in sorted(modes)], ["DPX", "QPX", "CPX", "CPX"])
        modes = self.planned('{"0-1": DPX, 2: QPX}', "--product", "mi300x", "--gpus", "3")
        for gpu, mode in modes.items():
            self.assertEqual(mode, {"gpu0": "DPX", "gpu1": "DPX", "gpu2": "QPX"}[gpu])

    def test_modes_of_gpus_that_cannot_be_are_refused_with_their_place(self):
        self.make("mi300x-8")
        for gpus, words in (("{8: SPX}", "no GPU '8'"), ("{mi300a: SPX}", "no GPU 'mi300a'"),
                            ("{all: CPX, 0: SPX}", "two compute modes"),
                            ("{all: best}", "not a compute mode"), ("[CPX]", "must be a map")):
            with self.subTest(gpus=gpus):
                text = self.planned(gpus, "--sim", "n", status=USAGE)
                self.assertIn(words, text)
                self.assertIn(".yaml:2:", text)

    def test_mode_that_a_lease_keeps_a_gpu_from_is_refused(self):
        self.make("mi300x-8")
        self.rocpart("place", "a", "--bytes", "1G", "--partition", "3/0", "--sim", "n")
        text = self.planned("{all: QPX}", "--sim", "n", status=REFUSED)
        self.assertIn("lease 1 (a)", text)
        self.assertIn("QPX", self.planned('{"0-2": QPX, "4-7": QPX}', "--sim", "n").values())

    def test_apply_switches_then_places(self):
        self.make("mi300x-8")
        self.rocpart("apply", "-f", self.write(MODELS % 10), "--sim", "n")
        self.assertEqual(set(self.modes()), {"CPX/NPS4"})
        self.assertEqual(len(self.leases()), 12)
        places = [lease["partition"] for lease in self.leases()]
        self.assertEqual(len(set(places)), 12)

    def test_apply_again_is_already_so_and_more_moves_nobody(self):
        self.make("mi300x-8")
        self.rocpart("apply", "-f", self.write(MODELS % 10), "--sim", "n")
        before = self.placed()
        again = self.json("apply", "-f", self.write(MODELS % 10), "--sim", "n")
        self.assertEqual(again["result"], "unchanged")
        self.assertEqual(self.placed(), before)
        more = self.json("apply", "-f", self.write(MODELS % 11), "--sim", "n")
        self.assertEqual(more["placed"], 1)
        self.assertTrue(set(before) < set(self.placed()))

    def test_dry_run_changes_nothing(self):
        self.make("mi300x-8")
        self.rocpart("apply", "-f", self.write(MODELS % 10), "--sim", "n", "--dry-run",
                     status=TO_DO)
        self.assertEqual(set(self.modes()), {"SPX/NPS1"})
        self.assertEqual(self.leases(), [])

    def test_dry_run_lists_each_step_once_and_the_replicas_last(self):
        self.make("mi300x-8")
        text = self.rocpart("apply", "-f", self.write(MODELS % 10), "--sim", "n", "--dry-run",
                            status=TO_DO)
        self.assertEqual(text.count("steps:"), 1)
        self.assertRegex(text, r"\n +\d+\. place 12 replicas\n")
        self.assertIn("dry run: nothing was changed", text)

    def plan_one(self, wishes, status=None):
        path = self.write("version: v1\nmodels:\n  a: {%s}\n" % wishes)
        done = self.start("plan", "-f", path, "--sim", "n")
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done, path

    def two_on_one_gpu(self):
        self.make("mi300x-1")
        self.rocpart("set", "--compute", "CPX", "--memory", "NPS4", "--sim", "n", "--yes")
        self.rocpart("place", "a", "--bytes", "10GiB", "--replicas", "2", "--sim", "n")

    def test_lease_that_breaks_a_wish_is_named_with_the_way(self):
        self.two_on_one_gpu()
        for wish, why in (("bytes: 10GiB, spread: gpu", "one of 2 replicas on one GPU"),
                          ("bytes: 10GiB, min-xcds: 4", "has 1 XCD, but the file asks for"),
                          ("bytes: 10GiB, memory: NPS1", "is in memory mode NPS4"),
                          ("bytes: 10GiB, isolation: {share: 2}", "shares its partition by 1"),
                          ("bytes: 11GiB", "reserves 10.0 GiB, but the model now needs 11.0 GiB")):
            done, path = self.plan_one(wish + ", replicas: 2", REFUSED)
            self.assertRegex(done.stderr, f"{path}:3:.*model 'a': lease 1 on partition 0/")
            self.assertIn(why, done.stderr)
            self.assertIn("`rocpart release 1`", done.stderr)

    def test_what_runs_near_to_each_other_stays_where_no_spread_is_asked_for(self):
        self.two_on_one_gpu()
        done, path = self.plan_one("bytes: 10GiB, replicas: 2", DONE)
        self.assertIn("1 GPU is in use already, 0 more are needed", done.stdout)
        document = self.rocpart("plan", "-f", path, "--sim", "n", "--json")
        self.rocpart("plan", "--verify", self.write(document, "plan.json"))

    def test_leases_of_others_are_named_and_counted(self):
        self.make("mi300x-8")
        self.rocpart("place", "other", "--bytes", "10GiB", "--sim", "n")
        done, path = self.plan_one("bytes: 10GiB, replicas: 2", TO_DO)
        self.assertRegex(done.stdout, r"\nstays  \|other/0 +\|\n +\|10.0 GiB +\|\n")
        listed = self.start("plan", path, "--sim", "n", "--verbose")
        self.assertIn("0/0 held by lease 1 other", listed.stdout)
        self.assertNotIn("free", listed.stdout)
        self.assertIn("3 GPUs, proved minimal\n  1 GPU is in use already, 2 more are needed",
                      done.stdout)

    def test_shared_model_joins_leases_of_its_own_and_of_others(self):
        self.make("mi300x-1")
        self.rocpart("place", "a", "--bytes", "60GiB", "--share", "4", "--sim", "n")
        self.rocpart("place", "other", "--bytes", "20GiB", "--share", "4", "--sim", "n")
        shared = "bytes: 60GiB, isolation: {share: 4}, spread: none, replicas: "
        done, path = self.plan_one(shared + "2", TO_DO)
        self.assertRegex(done.stdout, r"\nafter +\|a/0 +\|\n +\|other/0 +\|\n +\|\+a/1 +\|\n"
                                      r" +\|140 GiB +\|\n")
        listed = self.start("plan", "-f", path, "--sim", "n", "--verbose")
        self.assertIn("a#0 + a#1 next to lease 2 other", listed.stdout)
        self.assertIn("1 GPU, proved minimal", done.stdout)
        document = self.rocpart("plan", "-f", path, "--sim", "n", "--json", status=TO_DO)
        self.rocpart("plan", "--verify", self.write(document, "plan.json"))
        self.assertEqual(json.loads(document)["bound"], 1)
        done, _ = self.plan_one(shared + "3", FAILED)
        self.assertIn("these cannot be placed together: 3 x a", done.stdout)
        self.plan_one(shared + "2")
        self.rocpart("apply", "-f", path, "--sim", "n")
        self.plan_one(shared + "2", DONE)

    def test_tokens_per_second_are_divided_among_those_that_share(self):
        file = ("version: v1\nmodels:\n  a: {model: meta-llama/Llama-3.1-8B-Instruct, "
                "min-tok-s: %d, replicas: 4, spread: none, isolation: {share: 4}}\n")
        for tokens, gpus in ((60, 1), (120, 2), (200, 4)):
            done = self.rocpart("plan", "-f", self.write(file % tokens), "--product", "mi300x",
                                "--json")
            plan = json.loads(done)
            self.assertEqual((plan["gpus_used"], plan["proved"]), (gpus, True), tokens)
            self.rocpart("plan", "--verify", self.write(done, "plan.json"))

    def test_many_priorities_are_planned(self):
        models = "".join(f"  m{i}: {{bytes: 1GiB, priority: {i}}}\n" for i in range(40))
        path = self.write("version: v1\nmodels:\n" + models)
        self.assertIn("5 GPUs, proved minimal",
                      self.rocpart("plan", "-f", path, "--product", "mi300x"))

    def test_plan_keeps_off_what_is_leased(self):
        self.make("mi300x-1")
        self.rocpart("place", "other", "--bytes", "100GiB", "--sim", "n")
        done = self.start("plan", "-f", self.write(MODELS % 1), "--sim", "n")
        self.assertEqual(done.returncode, FAILED)
        self.assertEqual(self.modes(), ["SPX/NPS1"])
        self.rocpart("release", "1", "--sim", "n", status=DONE)


if __name__ == "__main__":
    unittest.main()
