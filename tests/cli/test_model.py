# SPDX-License-Identifier: MIT
"""The model commands, files written by a generator of its own, and the accuracy gates."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "tools")]
import host  # noqa: E402
import make_model  # noqa: E402
import sample  # noqa: E402

BENCH = Path(os.environ.get("BUILD", ".")) / "bench" / "bench_model"
LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
CONTRACT = ("parameters weights_bytes kv_bytes_per_token kv_bytes activation_bytes graph_bytes "
            "process_bytes margin_bytes total_bytes kv_tokens flags source confidence").split()
TINY = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 128, "vocab_size": 1000, "max_position_embeddings": 512,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
TINY_TENSORS = {"model.embed_tokens.weight": ("BF16", [1000, 64]),
                "lm_head.weight": ("BF16", [1000, 64]), "model.norm.weight": ("BF16", [64])}
for layer in range(2):
    p = f"model.layers.{layer}."
    TINY_TENSORS.update({
        p + "self_attn.q_proj.weight": ("BF16", [64, 64]),
        p + "self_attn.k_proj.weight": ("BF16", [32, 64]),
        p + "self_attn.v_proj.weight": ("BF16", [32, 64]),
        p + "self_attn.o_proj.weight": ("BF16", [64, 64]),
        p + "mlp.gate_proj.weight": ("BF16", [128, 64]),
        p + "mlp.up_proj.weight": ("BF16", [128, 64]),
        p + "mlp.down_proj.weight": ("BF16", [64, 128]),
        p + "input_layernorm.weight": ("BF16", [64]),
        p + "post_attention_layernorm.weight": ("BF16", [64])})


class Model(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.tmp = Path(tmp.name)

    def run_rocpart(self, *args, status=0):
        env = dict(os.environ, XDG_STATE_HOME=str(self.tmp / "state"), ROCPART_DATA=str(ROOT),
                   XDG_CONFIG_HOME=str(self.tmp / "config"))
        env.pop("ROCPART_SIM", None)
        done = subprocess.run([os.environ["ROCPART"], *map(str, args)], env=env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def run_json(self, *args, status=0):
        return json.loads(self.run_rocpart(*args, "--json", status=status))

    def assert_refused(self, words):
        """The config that was written has no size, and the message says why."""
        done = subprocess.run([os.environ["ROCPART"], "model", "size", self.tmp, "--json"],
                              env=dict(os.environ, ROCPART_DATA=str(ROOT)),
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0, words)
        self.assertIn(words, json.loads(done.stdout)["error"]["message"])

    def write_config(self, **changes):
        (self.tmp / "config.json").write_text(json.dumps({**TINY, **changes}))

    def test_model_size_json_holds_the_contract_and_adds_up(self):
        for args in ((LLAMA,), ("Qwen/Qwen3-30B-A3B", "--tp", "2"),
                     ("google/gemma-3-27b-it", "--dtype", "fp8", "--context", "32k")):
            size = self.run_json("model", "size", *args)
            for key in CONTRACT:
                self.assertIn(key, size)
            parts = sum(size[k] for k in ("weights_bytes", "kv_bytes", "activation_bytes",
                                          "graph_bytes", "process_bytes", "margin_bytes"))
            self.assertEqual(parts, size["total_bytes"])
            self.assertEqual("--tp" in args, "ranks" in size)

    def test_model_size_on_24_gib_leaves_the_tokens_promised(self):
        for on, tokens in (("24GiB", 53520), ("48GiB", 250128)):
            size = self.run_json("model", "size", LLAMA, "--dtype", "bf16", "--on", on)
            self.assertAlmostEqual(size["kv_tokens"], tokens, delta=0.02 * tokens)
            self.assertTrue(size["on"]["fits"])

    def test_model_fit_has_bounds_and_flags_for_each_mode(self):
        rows = {(r["product"], r["compute_mode"], r["memory_mode"]): r
                for r in self.run_json("model", "fit", LLAMA)["fits"]}
        cpx, qpx = rows["MI300X", "CPX", "NPS4"], rows["MI300X", "QPX", "NPS4"]
        self.assertAlmostEqual(cpx["kv_tokens"], 53520, delta=1070)
        self.assertAlmostEqual(qpx["kv_tokens"], 250128, delta=5002)
        self.assertAlmostEqual(cpx["tokens_per_s_bound"], 35, delta=0.5)
        self.assertEqual(cpx["replicas_per_gpu"], 8)
        self.assertIn("--kv-cache-memory-bytes", cpx["flags"])
        self.assertIsNone(rows["MI300A", "SPX", "NPS1"]["fits"])
        text = self.run_rocpart("model", "fit", LLAMA)
        self.assertIn("bf16", text)
        self.assertIn("--gpu-memory-utilization", text)

    def test_model_size_of_a_partition_of_the_machine(self):
        size = self.run_json("--sim", "mi300x-8", "model", "size", LLAMA, "--on", "0/0")
        self.assertEqual(size["on"]["partition_bytes"] % 4096, 0)
        self.assertGreater(size["on"]["tokens_per_s_bound"], 0)
        self.run_rocpart("--sim", "mi300x-8", "model", "size", LLAMA, "--on", "9/9", status=2)

    def test_safetensors_agree_to_the_byte(self):
        for seed in range(20):
            path = self.tmp / "model.safetensors"
            tensors = make_model.random_tensors(seed, 1 + seed * 37)
            total = make_model.safetensors(path, tensors, {"format": "pt"}, shuffle=seed)
            size = self.run_json("model", "size", path)
            self.assertEqual(size["weights_bytes"], total)
            self.assertIsNone(size["total_bytes"])
            self.assertEqual(size["confidence"], "incomplete")

    def test_folder_of_shards_agrees_to_the_byte_and_with_its_config(self):
        names = list(TINY_TENSORS)
        shards = {"model-00001-of-00002.safetensors": names[:7],
                  "model-00002-of-00002.safetensors": names[7:]}
        total = sum(make_model.safetensors(self.tmp / f, {n: TINY_TENSORS[n] for n in ns})
                    for f, ns in shards.items())
        (self.tmp / "model.safetensors.index.json").write_text(json.dumps(
            {"metadata": {"total_size": total},
             "weight_map": {n: f for f, ns in shards.items() for n in ns}}))
        self.write_config()
        size = self.run_json("model", "size", self.tmp)
        self.assertEqual(size["weights_bytes"], total)
        self.assertEqual(size["parameters"], total // 2)
        # 2 layers, keys and values, 2 heads of 16, 2 bytes
        self.assertEqual(size["kv_bytes_per_token"], 2 * 2 * 2 * 16 * 2)
        self.assertEqual(size["context"], 512)
        for f in shards:
            (self.tmp / f).unlink()
        (self.tmp / "model.safetensors.index.json").unlink()
        # the config alone says the same
        self.assertEqual(self.run_json("model", "size", self.tmp)["weights_bytes"], total)

    def test_folder_of_the_hub_cache_is_read_through_its_links(self):
        blobs, snapshot = self.tmp / "m" / "blobs", self.tmp / "m" / "snapshots" / "r"
        blobs.mkdir(parents=True)
        snapshot.mkdir(parents=True)
        total = make_model.safetensors(blobs / "0a1b2c", TINY_TENSORS)
        (snapshot / "model.safetensors").symlink_to("../../blobs/0a1b2c")
        self.assertEqual(self.run_json("model", "size", snapshot)["weights_bytes"], total)
        (snapshot / "model.safetensors").unlink()
        (snapshot / "model.safetensors").symlink_to("../../blobs/../blobs/0a1b2c")
        self.run_rocpart("model", "size", snapshot, status=1)

    def test_folder_with_a_missing_shard_is_refused_by_name(self):
        make_model.safetensors(self.tmp / "a.safetensors", {"x": ("F16", [4])})
        (self.tmp / "model.safetensors.index.json").write_text(json.dumps(
            {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}))
        error = self.run_json("model", "size", self.tmp, status=2)["error"]
        self.assertTrue(error["object"].endswith("/b.safetensors"))

    def test_gguf_agrees_to_the_byte_in_one_file_and_in_parts(self):
        keys = {"general.architecture": "llama", "llama.block_count": 2,
                "llama.embedding_length": 64, "llama.attention.head_count": 4,
                "llama.attention.head_count_kv": 2, "llama.context_length": 512,
                "llama.feed_forward_length": 128, "llama.rope.freq_base": 10000.0,
                "tokenizer.ggml.tokens": ["a", "b", "ü"] * 200}
        tensors = [("token_embd.weight", 12, [256, 3]), ("output.weight", 14, [256, 2]),
                   ("blk.0.attn_q.weight", 8, [64, 64]), ("blk.0.x", 0, [5]),
                   ("blk.1.ffn.weight", 39, [32, 3, 2]), ("blk.1.y", 30, [7, 1])]
        path = self.tmp / "m.gguf"
        total = make_model.gguf(path, keys, tensors)
        size = self.run_json("model", "size", path)
        self.assertEqual(size["weights_bytes"], total)
        self.assertEqual(size["engine"], "llama.cpp")
        self.assertEqual(size["kv_bytes_per_token"], 2 * 2 * 2 * 16 * 2)
        path.unlink()
        for i, part in enumerate((tensors[:3], tensors[3:])):
            make_model.gguf(self.tmp / f"m-0000{i + 1}-of-00002.gguf",
                            {**(keys if i == 0 else {}), "split.no": i, "split.count": 2,
                             "split.tensors.count": len(tensors)}, part)
        for what in (self.tmp, self.tmp / "m-00002-of-00002.gguf"):
            self.assertEqual(self.run_json("model", "size", what)["weights_bytes"], total)

    def test_unknown_model_is_refused_with_the_ways_out(self):
        error = self.run_json("model", "size", "Qwen/Qwen3-9B", status=2)["error"]
        self.assertEqual(error["code"], "MODEL_UNKNOWN")
        self.assertIn("Qwen/Qwen3-8B", error["hint"])
        self.assertIn("--bytes", error["hint"])

    def test_context_that_is_no_number_of_tokens_is_refused_with_the_forms(self):
        for text, words in (("1M", "32k (k is 1024), not '1M'"), ("16kb", "not '16kb'"),
                            ("16", "is only 16 tokens; did you mean 16k?")):
            error = self.run_json("model", "size", LLAMA, "--context", text, status=2)["error"]
            self.assertTrue(error["message"].startswith("--context "), error)
            self.assertIn(words, error["message"])

    def test_unknown_words_are_usage_errors(self):
        for args in (("--dtype", "int3"), ("--kv-dtype", "int3"), ("--engine", "x"),
                     ("--context", "0"), ("--context", "many"), ("--tp", "0"), ("--on", "huge")):
            self.run_rocpart("model", "size", LLAMA, *args, status=2)
        self.run_rocpart("model", "size", status=2)

    def test_model_of_bytes_has_no_total(self):
        size = self.run_json("model", "size", "--bytes", "14GiB")
        self.assertEqual(size["weights_bytes"], 14 << 30)
        self.assertIsNone(size["total_bytes"])

    def test_model_add_puts_files_in_the_catalog(self):
        total = make_model.safetensors(self.tmp / "model.safetensors", TINY_TENSORS)
        self.write_config()
        self.run_rocpart("model", "add", "mine/Tiny", self.tmp)
        self.assertEqual(self.run_json("model", "size", "tiny")["weights_bytes"], total)
        names = [m["name"] for m in self.run_json("model", "list")["models"]]
        self.assertIn("mine/Tiny", names)
        self.assertIn(LLAMA, names)
        self.assertEqual(self.run_json("model", "show", "mine/Tiny")["model"]["weights_bytes"], total)
        self.run_rocpart("model", "add", "../evil", self.tmp, status=2)

    def test_catalog_of_a_user_replaces_and_is_checked(self):
        folder = self.tmp / "config" / "rocpart" / "models.d"
        folder.mkdir(parents=True)
        mine = folder / "mine.yaml"
        mine.write_text(f"version: v1\nmodels:\n  {LLAMA}:\n    source: me\n    config: "
                        + json.dumps(TINY) + "\n")
        self.assertLess(self.run_json("model", "size", LLAMA)["weights_bytes"], 1 << 20)
        mine.write_text("version: v1\nmodels:\n  a/b:\n    source: me\n    sauce: x\n")
        error = self.run_json("model", "size", LLAMA, status=2)["error"]
        self.assertIn("mine.yaml:5:", error["object"])

    # ---- nothing is skipped ----

    def test_key_that_is_not_understood_is_refused_and_lenient_names_it(self):
        self.write_config(num_kv_shared_layers=1, gate_widths=[1, 2])
        error = self.run_json("model", "size", self.tmp, status=2)["error"]
        self.assertEqual(error["code"], "MODEL_UNKNOWN")
        self.assertIn("config.json: key 'num_kv_shared_layers' = 1 (and 1 more: 'gate_widths') is "
                      "not understood for architecture 'llama'", error["message"])
        self.assertIn("--lenient", error["hint"])
        self.run_rocpart("model", "fit", self.tmp, status=2)
        self.run_rocpart("--sim", "mi300x-8", "place", self.tmp, status=2)
        size = self.run_json("model", "size", self.tmp, "--lenient")
        self.assertEqual(size["confidence"], "guess")
        assumed = {a["what"]: a["value"] for a in size["assumed"]}
        self.assertIn("'num_kv_shared_layers' = 1", assumed["without"])
        items = {i["item"]: i["confidence"] for i in size["items"]}
        self.assertEqual((items["weights_bytes"], items["kv_bytes"]), ("guess", "guess"))
        self.assertIn("assumed: without key 'num_kv_shared_layers' = 1",
                      self.run_rocpart("model", "fit", self.tmp, "--lenient"))
        self.run_rocpart("--sim", "mi300x-8", "place", self.tmp, "--lenient")
        self.assertIn("gate_widths", str(self.run_json("model", "fit", self.tmp, "--lenient")["assumed"]))

    def test_plan_refuses_a_key_and_is_lenient_on_request(self):
        self.write_config(num_kv_shared_layers=1)
        plan = ("plan", "--product", "mi300x", "--gpus", "1", "--add", self.tmp)
        self.run_rocpart(*plan, status=2)
        self.run_rocpart(*plan, "--lenient")
        node = self.tmp / "node.yaml"
        for lenient, status in (("true", 0), ("false", 2)):
            node.write_text("version: v1\nmodels:\n"
                            f"  a: {{model: {self.tmp}, lenient: {lenient}}}\n")
            self.run_rocpart("plan", "--product", "mi300x", "--gpus", "1", "-f", node, status=status)

    def test_quantization_is_refused_by_what_is_not_understood(self):
        """Each of these was counted as if the value were not there."""
        int4 = {"num_bits": 4, "type": "int", "group_size": 64, "strategy": "group"}

        def packed(weights, **more):
            return {"quant_method": "compressed-tensors", "format": "pack-quantized", **more,
                    "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}}}

        self.write_config(quantization_config=packed(int4))
        self.run_json("model", "size", self.tmp)
        for config, words in (
                ("fp8", "'quantization_config' = fp8"),
                (packed({**int4, "group_size": "32"}), "'group_size' is not an integer"),
                (packed({**int4, "low_rank": 64}), "quantization_config.low_rank"),
                (packed(int4, format="dense"), "quantization_config.format' = dense"),
                (packed(int4, sparsity_config={"format": "sparse-24-bitmask"}), "sparsity_config"),
                ({"quant_method": "fp8", "layout": "split"}, "quantization_config.layout"),
                ({"quant_method": "fp8", "extra": {"layers": "int8"}}, "quantization_config.extra")):
            self.write_config(quantization_config=config)
            self.assert_refused(words)

    def test_keys_of_quantizers_that_decide_nothing_are_passed(self):
        """As Optimum, GPTQModel, llm-compressor and Quark write them."""
        gptq = {"quant_method": "gptq", "bits": 4, "group_size": 32, "sym": True}
        optimum = {"batch_size": 1, "block_name_to_quantize": "model.layers",
                   "cache_block_outputs": True, "exllama_config": {"version": 1},
                   "module_name_preceding_first_block": ["model.embed_tokens"],
                   "use_cuda_fp16": True, "model_seqlen": 2048}
        gptqmodel = {"checkpoint_format": "gptq", "pack_dtype": "int32", "desc_act": False,
                     "meta": {"quantizer": ["gptqmodel:2.0"], "damp_percent": 0.01}}
        nvfp4 = {"num_bits": 4, "type": "float", "group_size": 16, "strategy": "tensor_group",
                 "observer": "minmax", "observer_kwargs": {"averaging_constant": 0.01},
                 "scale_dtype": "torch.float8_e4m3fn", "dynamic": False, "symmetric": True}
        compressed = {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized",
                      "sparsity_config": {}, "transform_config": {}, "version": "0.12",
                      "config_groups": {"group_0": {"targets": ["Linear"], "weights": nvfp4,
                                                    "format": "nvfp4-pack-quantized"}}}
        quark = {"quant_method": "quark", "quant_mode": "eager_mode", "layer_quant_config": {},
                 "export": {"weight_format": "real_quantized", "kv_cache_group": ["*k_proj"]},
                 "kv_cache_quant_config": {"*k_proj": {"output_tensors": {"dtype": "fp8_e4m3"}}},
                 "global_quant_config": {"weight": {"dtype": "fp8_e4m3", "qscheme": "per_tensor"}}}
        for config in ({**gptq, **optimum}, {**gptq, **gptqmodel}, compressed, quark):
            self.write_config(quantization_config=config)
            self.assertNotIn("guess", self.run_rocpart("model", "size", self.tmp).splitlines()[2])

    def test_old_name_of_the_quantization_is_read_as_the_new_one(self):
        for config in ({"quant_method": "fp8", "ignored_layers": ["lm_head"]},
                       {"quant_method": "compressed-tensors", "format": "int-quantized",
                        "ignore": ["lm_head"], "config_groups": {"group_0": {
                            "targets": ["Linear"], "weights": {"num_bits": 8, "type": "int"}}}}):
            self.write_config(quantization_config=config)
            new = self.run_json("model", "size", self.tmp)
            self.write_config(compression_config=config)
            old = self.run_json("model", "size", self.tmp)
            self.assertEqual((old["weights_bytes"], old["dtype"]),
                             (new["weights_bytes"], new["dtype"]))

    def test_one_group_for_a_whole_row_has_one_scale(self):
        """Group size -1, and the strategy "channel": not the usual groups of 128."""
        def size(**config):
            self.write_config(hidden_size=512, intermediate_size=1024, quantization_config=config)
            return self.run_json("model", "size", self.tmp)["weights_bytes"]

        gptq = {"quant_method": "gptq", "bits": 4}
        # every matrix has at most 1024 columns: one group of 1024 is one group for each row
        self.assertEqual(size(**gptq, group_size=-1), size(**gptq, group_size=1024))
        self.assertLess(size(**gptq, group_size=-1), size(**gptq, group_size=128))
        rule = {"+:.*_proj": {"bits": 4, "group_size": -1}}
        self.assertEqual(size(**gptq, group_size=128, dynamic=rule), size(**gptq, group_size=-1))
        int4 = {"num_bits": 4, "type": "int"}

        def packed(**weights):
            return size(quant_method="compressed-tensors", format="pack-quantized", config_groups={
                "group_0": {"targets": ["Linear"], "weights": {**int4, **weights}}})

        self.assertEqual(packed(strategy="channel", group_size=None),
                         packed(strategy="group", group_size=1024))
        self.assertEqual(packed(strategy="channel", group_size=-1),
                         packed(strategy="group", group_size=1024))

    def test_layers_of_quark_have_formats_of_their_own(self):
        fp4 = {"dtype": "fp4", "qscheme": "per_group", "group_size": 32}
        fp8 = {"dtype": "fp8_e4m3", "qscheme": "per_tensor", "group_size": None}
        quark = {"quant_method": "quark", "exclude": ["lm_head"],
                 "global_quant_config": {"weight": fp4, "input_tensors": fp4}}
        self.write_config(quantization_config=quark)
        before = self.run_json("model", "size", self.tmp)["weights_bytes"]
        quark["layer_quant_config"] = {"*self_attn.o_proj": {"weight": fp8, "output_tensors": fp8}}
        self.write_config(quantization_config=quark)
        after = self.run_json("model", "size", self.tmp)["weights_bytes"]
        layers = TINY["num_hidden_layers"]
        n = layers * TINY["hidden_size"] ** 2
        # from 17 bytes for 32 values to one byte each, and two scales of 4 bytes for each matrix
        self.assertEqual(after - before, n - n * 17 // 32 + 8 * layers)

    def test_shape_that_contradicts_itself_is_refused(self):
        for changes, words in (({"vocab_size": 0}, "'vocab_size' is 0"),
                               ({"num_attention_heads": 0}, "'num_attention_heads' is 0"),
                               ({"num_key_value_heads": 3}, "does not divide"),
                               ({"layer_types": ["full_attention"]}, "lists the kinds of 1 layers"),
                               ({"torch_dtype": "float8_e4m3fn"}, "'torch_dtype' = float8_e4m3fn"),
                               ({"model_type": "granitemoehybrid"}, "does not list the kinds"),
                               ({"model_type": "deepseek_v3", "qk_rope_head_dim": 64},
                                "'kv_lora_rank' is missing")):
            self.write_config(**changes)
            self.assert_refused(words)

    def test_shape_of_the_root_that_is_not_that_of_the_language_part_is_refused(self):
        for text, status in ((64, 0), (32, 2)):
            self.write_config(text_config={"hidden_size": text})
            self.run_rocpart("model", "size", self.tmp, status=status)

    def test_headers_stay_exact_where_a_key_is_not_understood(self):
        total = make_model.safetensors(self.tmp / "model.safetensors", TINY_TENSORS)
        self.write_config(num_kv_shared_layers=1)
        size = self.run_json("model", "size", self.tmp)
        self.assertEqual(size["weights_bytes"], total)
        self.assertEqual((size["total_bytes"], size["kv_bytes_per_token"]), (None, None))
        self.assertIn("'num_kv_shared_layers' = 1", str(size["assumed"]))
        size = self.run_json("model", "size", self.tmp, "--lenient")
        items = {i["item"]: i["confidence"] for i in size["items"]}
        self.assertEqual((items["weights_bytes"], items["kv_bytes"]), ("exact", "guess"))

    def test_float32_files_have_a_cache_of_32_bits(self):
        make_model.safetensors(self.tmp / "model.safetensors",
                               {n: ("F32", shape) for n, (_, shape) in TINY_TENSORS.items()})
        self.write_config(torch_dtype="float32")
        # 2 layers, keys and values, 2 heads of 16
        for args, width in (((), 4), (("--kv-dtype", "bf16"), 2), (("--dtype", "bf16"), 2)):
            size = self.run_json("model", "size", self.tmp, *args)
            self.assertEqual(size["kv_bytes_per_token"], 2 * 2 * 2 * 16 * width)

    def refuse(self, name, data, *words):
        path = self.tmp / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        done = subprocess.run([os.environ["ROCPART"], "model", "size", path, "--json"],
                              env=dict(os.environ, ROCPART_DATA=str(ROOT)), timeout=20,
                              capture_output=True, text=True, check=False)
        self.assertGreater(done.returncode, 0, done.stdout)
        error = json.loads(done.stdout)["error"]
        for word in words:
            self.assertIn(word, error["message"] + " " + error["hint"])
        path.unlink()

    def test_stand_in_of_a_file_is_named_for_what_it_is(self):
        lfs = ("version https://git-lfs.github.com/spec/v1\noid sha256:" + 64 * "0"
               + "\nsize 2669283096\n")
        for name in ("model.safetensors", "a.gguf", "config.json"):
            self.refuse(name, lfs, "Git LFS pointer", "2669283096 bytes", "git lfs pull")
        self.refuse("a.safetensors", "/annex/objects/SHA256E-s5--00\n", "git annex get")
        self.refuse("a.safetensors", "\n <!DOCTYPE html><html></html>", "web page")
        self.refuse("config.json", "<html><head></head></html>", "web page")
        self.refuse("a.safetensors", '{"error": "Invalid username or password."}', "a text",
                    "Invalid username")
        self.refuse("a.gguf", "Entry not found", "a text")
        self.refuse("a.safetensors", b"PK\x03\x04" + 60 * b"\0", "PyTorch")
        self.refuse("pytorch_model.bin", b"PK\x03\x04" + 60 * b"\0", "PyTorch")
        self.refuse("a.safetensors", b"", "empty")
        self.refuse("a.safetensors.incomplete", 9 * b"\0", "did not end")
        (self.tmp / "b.safetensors").symlink_to(".git/annex/objects/x")
        error = self.run_json("model", "size", self.tmp / "b.safetensors", status=1)["error"]
        self.assertIn("git annex get", error["hint"])

    def test_adapter_is_refused_with_the_model_that_it_is_for(self):
        (self.tmp / "adapter_config.json").write_text(json.dumps(
            {"peft_type": "LORA", "r": 8, "base_model_name_or_path": LLAMA}))
        lora = {f"base_model.model.layers.{i}.q_proj.lora_{k}.weight": ("F32", [8, 64])
                for i in range(2) for k in "AB"}
        make_model.safetensors(self.tmp / "adapter_model.safetensors", lora)
        for what in (self.tmp, self.tmp / "adapter_model.safetensors",
                     self.tmp / "adapter_config.json"):
            error = self.run_json("model", "size", what, status=2)["error"]
            self.assertIn(f"adapter (LoRA) for the model '{LLAMA}'", error["message"])
        make_model.safetensors(self.tmp / "renamed.safetensors", lora)
        error = self.run_json("model", "size", self.tmp / "renamed.safetensors", status=2)["error"]
        self.assertIn("adapter", error["message"])
        # beside a model, an adapter takes nothing away
        total = make_model.safetensors(self.tmp / "model.safetensors", TINY_TENSORS)
        self.assertEqual(self.run_json("model", "size", self.tmp)["weights_bytes"], total)

    def test_gguf_that_is_no_model_is_refused_by_its_kind(self):
        tensors = [("blk.0.attn_q.weight.x", 0, [32])]
        for keys, some, word in (
                ({"general.type": "adapter", "general.architecture": "llama"}, tensors, "adapter"),
                ({"general.type": "mmproj", "general.architecture": "clip"}, tensors, "mmproj"),
                ({"general.architecture": "clip"}, tensors, "mmproj"),
                ({"general.type": "imatrix"}, tensors, "imatrix"),
                ({"general.architecture": "llama", "llama.block_count": 2}, [], "vocabulary"),
                ({"general.type": "dataset"}, tensors, "does not know")):
            path = self.tmp / "m.gguf"
            make_model.gguf(path, keys, some)
            for command in (("model", "size"), ("--sim", "mi300x-8", "place")):
                error = self.run_json(*command, path, status=2)["error"]
                self.assertIn("the file is no model", error["message"])
                self.assertIn(word, error["message"])
        self.assertEqual(self.run_json("--sim", "mi300x-8", "usage")["usage"], [])

    def test_model_that_is_no_regular_file_is_refused_at_once(self):
        os.mkfifo(self.tmp / "model.safetensors")
        os.mkfifo(self.tmp / "config.json")
        for what in (self.tmp, self.tmp / "model.safetensors", self.tmp / "config.json",
                     "/dev/zero"):
            done = subprocess.run([os.environ["ROCPART"], "model", "size", what],
                                  env=dict(os.environ, ROCPART_DATA=str(ROOT)), timeout=20,
                                  capture_output=True, text=True, check=False)
            self.assertGreater(done.returncode, 0)
            self.assertIn("not a regular file", done.stderr)

    def test_quantised_configs_of_the_hub_are_counted_as_published(self):
        # GiB by hand from the configs (README of each case)
        for case, gib in (("3", 17.5), ("6", 16.0), ("13/gptq-dynamic", 16.9),
                          ("13/fp8-ignored_layers", 29.9)):
            folder = host.need_shared("cases", case)
            size = self.run_json("model", "size", folder)
            self.assertAlmostEqual(size["weights_bytes"] / 2 ** 30, gib, delta=0.06)
        for case, word in (("16", "MLX"), ("21", "'hidden_size_per_layer_input' = 256")):
            error = self.run_json("model", "size", host.need_shared("cases", case), status=2)["error"]
            self.assertIn(word, error["message"])

    def test_real_configs_of_known_architectures_are_not_refused(self):
        """Refused are those of architectures and towers that the tables do not have."""
        texts = {}
        for name in ("configs-2026.tar.xz", "configs.tar.xz"):
            with tarfile.open(host.need_shared("reference", "models", name)) as tar:
                for member in tar.getmembers():
                    if member.name.endswith(".json") and "quant" not in member.name:
                        text = tar.extractfile(member).read()
                        if b'"model_type"' in text and b'"hidden_size"' in text:
                            texts[member.name] = text
        self.assertGreater(len(texts), 120)
        for name in sample.choose("configs", sorted(texts), 25):
            path = self.tmp / "config.json"
            path.write_bytes(texts[name])
            done = subprocess.run([os.environ["ROCPART"], "model", "size", path, "--json"],
                                  env=dict(os.environ, ROCPART_DATA=str(ROOT)),
                                  capture_output=True, text=True, check=False)
            answer = json.loads(done.stdout)
            if done.returncode:
                self.assertRegex(answer["error"]["message"],
                                 "does not know the (architecture|vision tower)", name)
            else:
                self.assertFalse([a for a in answer["assumed"] if "pattern" in a["what"]], name)

    @unittest.skipUnless(BENCH.exists(), "the benchmark is not built")
    def test_accuracy_gates_hold(self):
        reference = host.need_shared("reference", "models")
        done = subprocess.run([sys.executable, ROOT / "bench" / "bench_model.py",
                               BENCH, ROOT / "models" / "catalog.yaml",
                               reference, "--check", "--no-speed"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
