# SPDX-License-Identifier: MIT
"""args: what is handed out, as those who start programs read it."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
USAGE = 2
REFUSED = 3
FILTERS = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
           "GPU_DEVICE_ORDINAL")


class ArgsCase(unittest.TestCase):
    SIM = "mi300x-1"

    def setUp(self):
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)

    def run_rocpart(self, *args, status=0, **variables):
        env = {k: v for k, v in os.environ.items() if k not in FILTERS}
        env |= {"XDG_STATE_HOME": self.state.name, "ROCPART_DATA": str(ROOT),
                "ROCPART_SIM": self.SIM} | variables
        done = subprocess.run([os.environ["ROCPART"], *args], env=env, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def text(self, *args, **kw):
        return self.run_rocpart(*args, **kw).stdout

    def json(self, *args, **kw):
        return json.loads(self.run_rocpart(*args, "--json", **kw).stdout)

    def set(self, *args):
        self.text("set", *args, "--allow-unvalidated")

    def env(self, *names, **kw):
        return self.json("args", "env", *names, **kw)["env"]

    def evaluated(self, text):
        """What a shell makes of the lines."""
        done = subprocess.run(["sh", "-c", 'eval "$1"; env -0', "sh", text], env={},
                              capture_output=True, text=True, check=True)
        return dict(v.split("=", 1) for v in done.stdout.split("\0") if "=" in v)


class Env(ArgsCase):
    def test_env_of_the_mission(self):
        """The variables and values that the mission's text shows for MI300X in CPX/NPS4."""
        self.set("--compute", "CPX", "--memory", "NPS4")
        wanted = {"ROCR_VISIBLE_DEVICES": "0", "AIM_PARTITION_ID": "0", "AIM_COMPUTE_MODE": "CPX",
                  "AIM_MEMORY_MODE": "NPS4", "AIM_XCD_ID": "0"}
        self.assertEqual(self.env("0/0") | wanted, self.env("0/0"))

    def test_env_of_every_mode_names_modes_and_dies(self):
        # MI300X: 8 XCDs; DPX halves of 4, QPX quarters of 2 (AMD's table of modes)
        for mode, dies in (("SPX", "0,1,2,3,4,5,6,7"), ("DPX", "4,5,6,7"), ("QPX", "2,3"),
                           ("CPX", "1")):
            self.set("--compute", mode)
            last = "0/0" if mode == "SPX" else "0/1"
            env = self.env(last)
            self.assertEqual((env["AIM_COMPUTE_MODE"], env["AIM_MEMORY_MODE"]), (mode, "NPS1"))
            self.assertEqual(env["AIM_XCD_ID"], dies)
            self.assertEqual(env["ROCR_VISIBLE_DEVICES"], last[-1])

    def test_env_text_evaluates_to_the_same(self):
        wanted = self.env("0/0")
        self.assertEqual(wanted | self.evaluated(self.text("args", "env", "0/0")),
                         self.evaluated(self.text("args", "env", "0/0")))
        lines = self.text("args", "env", "0/0", "--format", "dotenv").splitlines()
        self.assertEqual(lines[0], "# simulated machine mi300x-1")
        self.assertEqual(dict(line.split("=", 1) for line in lines[1:] if line[0] != "#"), wanted)

    def test_env_warns_of_a_second_filter(self):
        for name in FILTERS[1:]:
            said = self.run_rocpart("args", "env", "0/0", **{name: "0"}).stderr
            self.assertIn(f"{name}=0", said)
            self.assertIn(f"unset {name}", said)
            self.assertEqual(self.run_rocpart("args", "env", "0/0", **{name: ""}).stderr, "")
        self.assertEqual(self.run_rocpart("args", "env", "0/0", ROCR_VISIBLE_DEVICES="7").stderr,
                         "")
        self.assertIn("ROCR_VISIBLE_DEVICES=", self.run_rocpart(
            "args", "env", "0/0", "--filter", "hip", ROCR_VISIBLE_DEVICES="").stderr)

    def test_env_filter_is_never_two(self):
        for name, variable in (("rocr", FILTERS[0]), ("hip", FILTERS[1]), ("none", None)):
            env = self.env("0/0", "--filter", name)
            self.assertEqual([k for k in env if k in FILTERS], [variable] if variable else [])

    def test_env_of_a_lease_follows_its_place(self):
        self.set("--compute", "CPX")
        self.text("place", "a", "--bytes", "1G", "--partition", "0/5")
        self.assertEqual(self.env("1")["ROCPART_PARTITIONS"], "0000:05:00.0/5")

    def test_env_of_a_lease_without_place_is_refused(self):
        self.set("--compute", "CPX")
        self.text("place", "a", "--bytes", "1G", "--partition", "0/5")
        self.set("--compute", "SPX", "--evict")
        error = self.json("args", "env", "1", status=REFUSED)["error"]
        self.assertEqual(error["code"], "NO_ROOM")
        self.assertIn("place --pending", error["hint"])

    def test_env_refuses_bad_words(self):
        for words in ([], ["env"], ["enf", "0/0"], ["env", "0/0", "0/0"], ["env", "0/9"],
                      ["env", "9/0"], ["env", "99"], ["env", "x"], ["env", ""], ["env", "0/"],
                      ["env", "0/0", "--filter", "cuda"], ["env", "0/0", "--format", "yaml"]):
            self.run_rocpart("args", *words, status=USAGE)


class Lasting(ArgsCase):
    """What is stored names the lease; what names nodes says how long it is valid."""

    def setUp(self):
        super().setUp()
        self.text("place", "llama", "--bytes", "5G")

    def test_unit_of_a_lease_names_the_lease_alone(self):
        text = self.text("args", "systemd", "1")
        command = [line for line in text.splitlines() if line.startswith("ExecStart=/")]
        self.assertEqual(len(command), 1)
        self.assertIn("run --lease llama/0 -- PROGRAM", command[0])
        for stored in ("renderD", "ROCR_VISIBLE", "AIM_", "DeviceAllow"):
            self.assertNotIn(stored, text)

    def test_command_of_the_unit_finds_the_place_at_its_start_and_fails_without_one(self):
        line = self.text("args", "systemd", "1").split("ExecStart=/", 1)[1].splitlines()[0]
        words = ("/" + line).replace("PROGRAM", "/usr/bin/printenv AIM_COMPUTE_MODE").split()[1:]
        if self.run_unit(words).returncode == REFUSED:
            self.skipTest("no program can be confined here")
        self.assertEqual(self.run_unit(words).stdout, "SPX\n")
        self.set("--compute", "CPX", "--evict")
        done = self.run_unit(words)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("has no partition now", done.stderr)
        self.text("place", "--pending")
        self.assertEqual(self.run_unit(words).stdout, "CPX\n")

    def run_unit(self, words):
        env = {k: v for k, v in os.environ.items() if k not in FILTERS}
        env |= {"XDG_STATE_HOME": self.state.name, "ROCPART_DATA": str(ROOT)}
        return subprocess.run([os.environ["ROCPART"], *words], env=env, capture_output=True,
                              text=True, check=False)

    def test_fixed_unit_has_the_nodes_of_now_and_says_so(self):
        for words in (("1", "--format", "fixed"), ("0/0",)):
            text = self.text("args", "systemd", *words)
            self.assertIn("DeviceAllow=/dev/dri/renderD", text)
            self.assertIn("# valid until the next boot or switch of a GPU", text)
        self.run_rocpart("args", "systemd", "0/0", "--format", "start", status=USAGE)

    def test_each_form_says_how_long_it_is_valid_and_what_to_store(self):
        env = self.text("args", "env", "1")
        self.assertIn("# to store: `rocpart run --lease llama/0 -- PROGRAM`", env)
        self.assertEqual(self.evaluated(env), self.evaluated(self.text("args", "env", "llama/0")))
        self.assertIn("rocpart.dev/lease=", self.run_rocpart("args", "docker", "1").stderr)
        self.assertNotIn("to store", self.text("args", "env", "0/0"))
        json.loads(self.text("args", "k8s", "1", "--format", "json"))
        self.assertEqual(self.json("args", "env", "1")["leases"], ["llama/0"])
        self.assertEqual(self.json("args", "env", "0/0")["leases"], [])


class Containers(ArgsCase):
    def test_docker_gets_devices_and_no_filter(self):
        """Engines study 4.2 and 4.3: nodes of the partition, no variable that would hide them."""
        self.set("--compute", "CPX", "--memory", "NPS4")
        words = self.text("args", "docker", "0/1").split()
        self.assertEqual(words[:3], ["--device=/dev/kfd", "--device=/dev/dri/renderD129",
                                     "--device=/dev/dri/card1"])
        self.assertIn("--env=AIM_PARTITION_ID=1", words)
        self.assertFalse([w for w in words if "VISIBLE_DEVICES" in w or w.startswith("--shm")])

    def test_docker_filter_counts_from_0(self):
        self.set("--compute", "CPX")
        for filter_, variable in (("rocr", FILTERS[0]), ("hip", FILTERS[1])):
            words = self.text("args", "docker", "0/3", "0/6", "--filter", filter_).split()
            self.assertIn(f"--env={variable}=0,1", words)

    def test_docker_of_several_gets_shared_memory_of_its_own(self):
        self.set("--compute", "CPX")
        words = self.json("args", "docker", "0/3", "0/6")["args"]
        self.assertIn("--shm-size=16g", words)
        self.assertNotIn("--ipc=host", words)
        self.assertEqual([w for w in words if "renderD" in w],
                         ["--device=/dev/dri/renderD131", "--device=/dev/dri/renderD134"])

    def test_words_evaluate_to_the_list_of_json(self):
        self.text("place", "meta-llama/Llama-3.1-8B-Instruct")
        done = self.run_rocpart("args", "docker", "1")
        said = subprocess.run(["sh", "-c", f"printf '%s\\0' {done.stdout.strip()}"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout.split("\0")[:-1], self.json("args", "docker", "1")["args"])
        self.assertIn("simulated", done.stderr)

    def test_containers_do_not_see_the_filters_of_the_caller(self):
        self.assertNotIn("warning", self.run_rocpart("args", "docker", "0/0",
                                                     HIP_VISIBLE_DEVICES="1").stderr)

    def test_k8s_names_nodes_and_only_a_filter_makes_it_privileged(self):
        pod = json.loads(self.text("args", "k8s", "0/0", "--format", "json"))["spec"]
        (container,) = pod["containers"]
        self.assertEqual([v["hostPath"] for v in pod["volumes"]],
                         [{"path": p, "type": "CharDevice"}
                          for p in ("/dev/kfd", "/dev/dri/renderD128", "/dev/dri/card0")])
        self.assertEqual([m["name"] for m in container["volumeMounts"]],
                         [v["name"] for v in pod["volumes"]])
        self.assertNotIn("securityContext", container)
        self.assertFalse([e for e in container["env"] if e["name"] in FILTERS])
        pod = json.loads(self.text("args", "k8s", "0/0", "--format", "json", "--filter", "rocr"))
        self.assertTrue(pod["spec"]["containers"][0]["securityContext"]["privileged"])


class Capture(ArgsCase):
    """Groups and missing nodes, on a captured tree whose list of nodes is edited."""

    def setUp(self):
        super().setUp()
        self.dir = Path(self.state.name) / "capture"
        self.text("gather", "-o", str(self.dir))
        self.list = self.dir / "capture.txt"

    def rewrite(self, edit):
        lines = self.list.read_text().splitlines()
        self.list.write_text("".join(l + "\n" for l in filter(None, map(edit, lines))))

    def of_capture(self, *args, **kw):
        return self.json("--root", str(self.dir), *args, **kw)

    def test_groups_are_numbers_of_this_machine(self):
        """ABI study D.4: 0660 root:render; a node that everyone may open needs no group."""
        def edit(line):
            words = line.split(" ")
            if words[0] == "device":
                mode, gid = {"dev/kfd": ("0660", "109"), "dev/dri/renderD128": ("0660", "110"),
                             "dev/dri/card0": ("0666", "44")}.get(words[1], ("0666", "7"))
                words[4:] = [mode, "0", gid]
            return " ".join(words)

        self.rewrite(edit)
        self.assertEqual(self.of_capture("args", "env", "0/0")["groups"], [109, 110])
        words = self.of_capture("args", "docker", "0/0")["args"]
        self.assertEqual([w for w in words if "group" in w], ["--group-add=109", "--group-add=110"])

    def test_vanished_node_is_an_error_that_names_it(self):
        for path in ("/dev/kfd", "/dev/dri/renderD128"):
            text = self.list.read_text()
            self.rewrite(lambda line, p=path: "" if f" {p[1:]} " in line else line)
            error = self.of_capture("args", "docker", "0/0", status=1)["error"]
            self.assertEqual(error["object"], path)
            self.assertIn("doctor", error["hint"])
            self.list.write_text(text)

    def test_missing_card_is_left_out(self):
        self.rewrite(lambda line: "" if " dev/dri/card0 " in line else line)
        self.assertEqual(self.of_capture("args", "env", "0/0")["devices"],
                         ["/dev/kfd", "/dev/dri/renderD128"])


class Engine(ArgsCase):
    MODEL = "meta-llama/Llama-3.1-8B-Instruct"

    def setUp(self):
        super().setUp()
        self.set("--compute", "CPX", "--memory", "NPS4")

    def flags(self, *names):
        words = self.json("args", "vllm", *names)["args"]
        return dict(zip(words[::2], words[1::2]))

    def test_vllm_flags_fit_the_partition(self):
        """vLLM refuses to start when utilization x total is not free beside its own process."""
        (lease,) = self.json("place", self.MODEL, "--context", "16k")["leases"]
        (use,) = [u for u in self.json("status")["use"] if u["partition"] == lease["partition"]]
        parts = lease["footprint"]
        total = self.json("show", lease["partition"])["partition"]["memory_bytes"]
        flags = self.flags("1")
        self.assertLessEqual(float(flags["--gpu-memory-utilization"]) * total,
                             use["usable_bytes"] - parts["process_bytes"])
        self.assertEqual(flags["--max-model-len"], "16384")
        self.assertEqual(flags["--dtype"], "bfloat16")
        rest = parts["total_bytes"] - parts["kv_bytes"]
        self.assertEqual(int(flags["--kv-cache-memory-bytes"]) + rest, use["usable_bytes"])
        (lease,) = self.json("status")["leases"]
        self.assertEqual(lease["limit_bytes"], use["usable_bytes"])

    def test_vllm_flags_of_a_share_keep_to_its_bytes(self):
        (lease,) = self.json("place", self.MODEL, "--dtype", "fp8", "--share", "2")["leases"]
        flags = self.flags("1")
        self.assertLessEqual(float(flags["--gpu-memory-utilization"]) * 24, lease["bytes"] / 2**30)
        self.assertEqual(int(flags["--kv-cache-memory-bytes"]), lease["footprint"]["kv_bytes"])
        self.assertEqual(flags["--quantization"], "fp8")
        self.assertEqual(self.json("status")["leases"][0]["limit_bytes"], lease["bytes"])

    def test_vllm_flags_of_two_leases_make_two_ranks(self):
        self.text("place", self.MODEL, "--replicas", "2")
        self.assertEqual(self.flags("1", "2")["--tensor-parallel-size"], "2")

    def test_vllm_flags_of_a_lease_that_a_file_placed(self):
        file = Path(self.state.name) / "node.yaml"
        file.write_text("version: v1\nnode: {memory: NPS4, gpus: {all: CPX}}\n"
                        f"models: {{a: {{model: {self.MODEL}, context: 16k}}}}\n")
        self.text("apply", "-f", str(file))
        self.assertEqual(self.flags("1")["--max-model-len"], "16384")

    def test_engine_args_of_aim_are_the_flags(self):
        self.text("place", self.MODEL)
        args = json.loads(self.env("1")["AIM_ENGINE_ARGS"])
        self.assertEqual({f"--{k}": str(v) for k, v in args.items()}, self.flags("1"))

    def test_flags_without_a_footprint_are_refused_with_a_way(self):
        self.text("place", "a", "--bytes", "1G")
        self.text("place", self.MODEL)
        for what, names in (("vllm", ["0/5"]), ("vllm", ["1"]), ("vllm", ["1", "2"]),
                            ("llama.cpp", ["2"])):
            error = self.json("args", what, *names, status=USAGE)["error"]
            self.assertTrue(error["hint"])
        self.assertNotIn("AIM_ENGINE_ARGS", self.env("1"))


class Renumbering(ArgsCase):
    SIM = "mi300x-8"

    def test_env_after_a_live_switch_follows_the_kernel(self):
        """The KFD appends the nodes of a switched GPU (ABI study D.2): 0/p is behind GPUs 1-7."""
        self.assertEqual(self.env("1/0")["ROCR_VISIBLE_DEVICES"], "1")
        self.set("--gpu", "0", "--compute", "CPX")
        self.assertEqual(self.env("1/0")["ROCR_VISIBLE_DEVICES"], "0")
        for p in (0, 7):
            self.assertEqual(self.env(f"0/{p}")["ROCR_VISIBLE_DEVICES"], str(7 + p))

    def test_env_of_several_is_in_the_order_of_rocr(self):
        self.set("--gpu", "0", "--compute", "CPX")
        env = self.env("0/3", "2/0", "0/2")
        self.assertEqual(env["ROCR_VISIBLE_DEVICES"], "1,9,10")
        self.assertEqual(env["AIM_PARTITION_ID"], "0,2,3")
        self.assertEqual(env["AIM_COMPUTE_MODE"], "SPX,CPX,CPX")
        self.assertEqual(env["AIM_MEMORY_MODE"], "NPS1")
        self.assertEqual(env["AIM_XCD_ID"], "0,1,2,3,4,5,6,7,2,3")
        self.assertEqual(env["AIM_GPU_COUNT"], "3")


if __name__ == "__main__":
    unittest.main()
