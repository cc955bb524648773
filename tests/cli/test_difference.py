# SPDX-License-Identifier: MIT
"""node.yaml is the truth: what differs is shown, apply makes it so, nothing else is touched."""

import os
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from journey import DONE, PARTLY, REFUSED, ROOT, TO_DO, Journey, trusted_folder

NODE = "node: {memory: NPS4, gpus: {all: CPX}}\n"


def lease_line(lease):
    return f"{lease['lease']} {lease['replica']} {lease['state']} {lease['partition']}"


class Difference(Journey):
    def file(self, models, node=NODE, name="node.yaml"):
        lines = "".join(f"  {name}: {{{keys}}}\n" for name, keys in models.items())
        return self.write(f"version: v1\n{node}models:\n{lines}" if models else
                          f"version: v1\n{node}models: {{}}\n", name)

    def apply(self, path, *more, status=DONE):
        return self.start_apply(path, *more, status=status).stdout

    def start_apply(self, path, *more, status):
        done = self.start("apply", path, "--sim", "n", *more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def trust(self):
        """Work in a folder whose files --unattended takes."""
        folder = trusted_folder()
        if not folder:
            self.skipTest("no folder here that only its owner can write, as --unattended asks")
        inner = tempfile.TemporaryDirectory(dir=folder)
        self.addCleanup(inner.cleanup)
        self.folder = Path(inner.name)

    def differs(self, path, *words):
        text = self.rocpart("assert", path, "--sim", "n", status=TO_DO)
        for word in words:
            self.assertRegex(text, word)

    def agrees(self, path):
        self.rocpart("assert", path, "--sim", "n", status=DONE)
        self.assertEqual(self.judge(path), [])

    def status(self):
        return self.json("status", "--sim", "n")

    def machine(self):
        """The status without the record of applies, in which a refused one is, too."""
        return {key: value for key, value in self.status().items() if key != "applied"}

    def leases(self):
        return [lease_line(lease) for lease in self.status()["leases"]]

    def judge(self, path):
        """What is not as the file says, by a reading of our own."""
        import yaml
        with open(path, encoding="utf-8") as f:
            file = yaml.safe_load(f)
        wrong = []
        leases = {lease["replica"]: lease for lease in self.status()["leases"]}
        for name, keys in (file.get("models") or {}).items():
            for n in range(keys.get("replicas", 1)):
                lease = leases.get(f"{name}/{n}")
                if not lease or lease["state"] in ("pending", "displaced"):
                    wrong.append(f"{name}/{n}")
                elif "bytes" in keys and lease["bytes"] != int(keys["bytes"][:-3]) << 30:
                    wrong.append(f"{name}/{n} has {lease['bytes']}")
        return wrong

    def hold(self, partition, gib, unit):
        return self.json("sim", "hold", "n", "--partition", f"{partition}={gib}GiB", "--cgroup",
                         f"/system.slice/{unit}")["pid"]


class Edits(Difference):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.path = self.file({"a": "bytes: 10GiB, replicas: 2, spread: none", "b": "bytes: 5GiB"})
        self.apply(self.path)
        self.agrees(self.path)

    def place_of(self, replica):
        return [lease.split()[3] for lease in self.leases() if f" {replica} " in lease][0]

    def test_more_bytes_change_the_lease_where_it_is(self):
        before = self.leases()
        path = self.file({"a": "bytes: 12GiB, replicas: 2, spread: none", "b": "bytes: 5GiB"})
        self.differs(path, r"~ a/0 .*bytes 10.0 GiB -> 12.0 GiB, lease 1", "~ a/1 ")
        self.apply(path)
        self.agrees(path)
        self.assertEqual(self.leases(), before)

    def test_bytes_that_no_partition_has_change_nothing(self):
        before = self.leases()
        path = self.file({"a": "bytes: 40GiB, replicas: 2, spread: none", "b": "bytes: 5GiB"})
        done = self.start("apply", path, "--sim", "n")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.leases(), before)

    def test_fewer_replicas_release_those_of_the_highest_numbers(self):
        path = self.file({"a": "bytes: 10GiB, spread: none", "b": "bytes: 5GiB"})
        self.differs(path, r"- a/1 released from 0/\d, lease 2")
        self.apply(path)
        self.agrees(path)
        self.assertEqual([lease.split()[1] for lease in self.leases()], ["a/0", "b/0"])

    def test_more_replicas_keep_the_others(self):
        before = self.leases()
        path = self.file({"a": "bytes: 10GiB, replicas: 3, spread: none", "b": "bytes: 5GiB"})
        self.differs(path, r"\+ a/2 10.0 GiB on 0/")
        self.apply(path)
        self.agrees(path)
        self.assertEqual(self.leases()[:3], before)

    def test_number_that_is_free_is_given_again(self):
        self.rocpart("release", "a/0", "--sim", "n")
        self.differs(self.path, r"\+ a/0 ")
        self.apply(self.path)
        self.agrees(self.path)
        self.assertEqual([lease.split()[:2] for lease in self.leases()],
                         [["2", "a/1"], ["3", "b/0"], ["4", "a/0"]])

    def test_model_that_is_gone_from_the_file_is_released(self):
        path = self.file({"a": "bytes: 10GiB, replicas: 2, spread: none"})
        self.differs(path, "- b/0 released")
        self.apply(path)
        self.agrees(path)

    def test_models_that_are_none_release_all_and_a_missing_key_releases_none(self):
        before = self.leases()
        path = self.write("version: v1\n" + NODE)
        for verb in ("apply", "assert"):
            done = self.start(verb, path, "--sim", "n")
            self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
            self.assertIn("'models:' is gone", done.stderr)
        self.assertEqual(self.leases(), before)
        self.apply(self.file({}))
        self.assertEqual(self.leases(), [])

    def test_priority_changes_without_a_move(self):
        path = self.file({"a": "bytes: 10GiB, replicas: 2, spread: none",
                          "b": "bytes: 5GiB, priority: 7"})
        self.differs(path, "~ b/0 .*priority 0 -> 7")
        place = self.place_of("b/0")
        self.apply(path)
        self.agrees(path)
        self.assertEqual(self.place_of("b/0"), place)
        self.assertEqual(self.status()["leases"][2]["priority"], 7)

    def test_other_modes_move_the_leases(self):
        path = self.file({"a": "bytes: 10GiB"}, "node: {memory: NPS1, gpus: {all: SPX}}\n")
        self.differs(path, "GPU 0 .* is in CPX/NPS4 instead of SPX/NPS1", "[>~] a/0 ", "- a/1 ",
                     "- b/0 ")
        self.apply(path)
        self.agrees(path)
        self.assertEqual(self.modes(), ["SPX/NPS1"])
        self.assertEqual(self.leases(), ["1 a/0 placed 0000:05:00.0/0"])

    def test_failed_change_of_modes_leaves_the_leases(self):
        before = self.leases()
        path = self.file({"a": "bytes: 10GiB"}, "node: {memory: NPS1, gpus: {all: SPX}}\n")
        self.rocpart("sim", "fault", "n", "nps:*")
        done = self.start("apply", path, "--sim", "n")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.rocpart("sim", "fault", "n", "--clear")
        self.assertEqual(self.modes(), ["CPX/NPS4"])
        self.assertEqual(self.leases(), before)

    def test_dry_run_shows_what_apply_would_do_and_does_not(self):
        before = self.leases()
        path = self.file({"a": "bytes: 12GiB, spread: none", "c": "bytes: 1GiB"})
        text = self.apply(path, "--dry-run", status=TO_DO)
        for word in ("~ a/0 ", "- a/1 ", r"\+ c/0 ", "- b/0 "):
            self.assertRegex(text, word)
        self.assertEqual(self.leases(), before)
        document = self.json("apply", path, "--sim", "n", "--dry-run", status=TO_DO)
        self.assertEqual(document["result"], "dry-run")
        self.assertEqual([line["do"] for line in document["replicas"]],
                         ["change", "place", "release", "release"])


class Others(Difference):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")

    def test_lease_by_hand_is_listed_and_stays(self):
        path = self.file({"b": "bytes: 5GiB"})
        self.apply(path)
        self.rocpart("place", "hand", "--bytes", "3GiB", "--sim", "n")
        self.agrees(path)
        path = self.file({"b": "bytes: 6GiB"})
        self.differs(path, "= hand/0 on 0/., not of this file: stays")
        self.apply(path)
        self.apply(self.file({}))
        self.assertEqual([lease.split()[1] for lease in self.leases()], ["hand/0"])

    def test_lease_by_hand_serves_a_model_and_is_never_changed(self):
        self.apply(self.file({"x": "bytes: 1GiB"}))
        self.rocpart("place", "a", "--bytes", "10GiB", "--sim", "n")
        path = self.file({"a": "bytes: 10GiB"})
        self.apply(path)
        self.agrees(path)
        self.assertEqual([lease.split()[1] for lease in self.leases()], ["a/0"])
        path = self.file({"a": "bytes: 11GiB"})
        done = self.start_apply(path, status=REFUSED)
        self.assertIn("lease 2 on partition", done.stderr)
        self.assertIn("--take-over", done.stderr)
        self.apply(path, "--take-over")
        self.agrees(path)
        self.assertTrue(self.status()["leases"][0]["managed"])

    def test_lease_of_another_file_stays(self):
        first = self.file({"a": "bytes: 10GiB"}, name="first.yaml")
        second = self.file({"b": "bytes: 10GiB"}, name="second.yaml")
        self.apply(first)
        self.apply(second)
        self.agrees(first)
        self.agrees(second)
        self.apply(self.file({}, name="second.yaml"))
        self.assertEqual([lease.split()[1] for lease in self.leases()], ["a/0"])

    def test_path_of_a_file_may_be_written_in_any_way(self):
        path = self.file({"a": "bytes: 10GiB"})
        self.apply(path)
        folder, name = os.path.split(self.file({}))
        self.apply(f"{folder}/.//{name}")
        self.assertEqual(self.leases(), [])

    def test_keep_others_releases_nothing(self):
        self.apply(self.file({"a": "bytes: 10GiB", "b": "bytes: 1GiB"}))
        self.apply(self.file({"b": "bytes: 1GiB"}), "--keep-others")
        self.assertEqual([lease.split()[1] for lease in self.leases()], ["a/0", "b/0"])


class Running(Difference):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.apply(self.file({"x": "bytes: 1GiB"}))
        self.rocpart("place", "a", "--bytes", "10GiB", "--owner", "job:7", "--sim", "n")
        self.path = self.file({"a": "bytes: 10GiB"})
        self.apply(self.path, "--take-over")
        self.place = self.leases()[0].split()[3]
        self.pid = self.hold(self.place, 2, "slurmstepd.scope/job_7/step_0")

    def test_changed_lease_of_a_running_program_is_left_and_said(self):
        path = self.file({"a": "bytes: 12GiB", "b": "bytes: 1GiB"})
        done = self.start_apply(path, status=PARTLY)
        self.assertIn("a/0 stays as it is: its programs run: job:7", done.stderr)
        self.assertIn("--evict", done.stderr)
        leases = self.status()["leases"]
        self.assertEqual([lease["bytes"] >> 30 for lease in leases], [10, 1])
        self.rocpart("sim", "hold", "n", "--release", str(self.pid))
        self.apply(path)
        self.agrees(path)

    def test_released_lease_of_a_running_program_is_left(self):
        self.start_apply(self.file({}), status=PARTLY)
        self.assertEqual(len(self.leases()), 1)

    def test_evict_changes_it_while_the_program_runs(self):
        path = self.file({"a": "bytes: 12GiB"})
        self.apply(path, "--evict")
        self.agrees(path)
        self.assertEqual(self.leases()[0].split()[3], self.place)

    def test_priority_of_a_running_program_is_changed(self):
        path = self.file({"a": "bytes: 10GiB, priority: 3"})
        self.apply(path)
        self.agrees(path)
        self.assertFalse(self.runs_old())

    def runs_old(self):
        return self.status()["leases"][0]["runs_old"]

    def test_program_of_before_a_change_is_named_until_it_is_restarted(self):
        self.assertFalse(self.runs_old())
        self.apply(self.file({"a": "bytes: 12GiB"}), "--evict")
        self.assertTrue(self.runs_old())
        self.assertIn("restart them", self.rocpart("explain", "a/0", "--sim", "n"))
        self.assertIn("restart the programs of lease", self.rocpart("status", "--sim", "n"))
        self.apply(self.file({"a": "bytes: 12GiB, priority: 1"}))
        self.assertTrue(self.runs_old())
        self.rocpart("sim", "hold", "n", "--release", str(self.pid))
        self.hold(self.place, 2, "slurmstepd.scope/job_7/step_0")
        self.assertFalse(self.runs_old())


class Boots(Difference):
    """After a power cycle the two commands of the boot unit bring everything back."""

    def setUp(self):
        super().setUp()
        self.trust()

    def boot(self, path, status=DONE):
        self.rocpart("sim", "reset", "n")
        self.rocpart("apply", "--resume", "--yes", "--sim", "n")
        self.rocpart("apply", "--unattended", "--yes", path, "--sim", "n", status=status)

    def survives(self, profile, models, node=NODE, options=()):
        self.make(profile)
        path = self.file(models, node)
        self.apply(path, *options)
        before, modes = self.leases(), self.modes()
        self.boot(path)
        self.assertEqual(self.leases(), before)
        self.assertEqual(self.modes(), modes)
        self.agrees(path)
        return path

    def test_file_with_modes_and_models(self):
        self.survives("mi300x-1", {"a": "bytes: 10GiB, replicas: 3, spread: none"})

    def test_file_with_models_alone(self):
        self.survives("mi300x-8", {"a": "bytes: 10GiB, replicas: 12", "b": "bytes: 20GiB"}, "")

    def test_mixed_modes(self):
        self.survives("mi300x-8", {"a": "bytes: 10GiB, replicas: 7", "b": "bytes: 150GiB"},
                      "node: {memory: NPS1, gpus: {0: SPX, 1-7: CPX}}\n", ["--allow-unvalidated"])

    def test_lease_by_hand_comes_back_with_the_modes_of_the_file(self):
        self.make("mi300x-1")
        path = self.file({"a": "bytes: 10GiB"})
        self.apply(path)
        self.rocpart("place", "hand", "--bytes", "3GiB", "--sim", "n")
        before = self.leases()
        self.boot(path)
        self.assertEqual(self.leases(), before)

    def test_cordoned_gpu(self):
        self.make("mi300x-8")
        path = self.file({"a": "bytes: 10GiB, replicas: 8"})
        self.apply(path)
        before = self.leases()
        gpu = before[0].split()[3].split("/")[0]
        self.rocpart("cordon", gpu, "--sim", "n")
        self.boot(path)
        self.assertEqual(self.leases(), before)
        self.assertEqual(set(self.modes()), {"CPX/NPS4"})
        self.assertIn("cordoned", self.rocpart("status", "--sim", "n"))

    def test_gpu_that_is_lost_meanwhile_has_its_replicas_moved_where_there_is_room(self):
        for node in (NODE, "node: {count: 8, memory: NPS4, gpus: {all: CPX}}\n"):
            with self.subTest(node=node):
                self.make("mi300x-8")
                self.check_lost(self.file({"a": "bytes: 10GiB, replicas: 8"}, node))
                self.rocpart("sim", "rm", "n")

    def check_lost(self, path):
        self.apply(path)
        before = self.leases()
        lost = [lease for lease in self.status()["leases"]][0]
        self.rocpart("sim", "fault", "n", f"lose:{lost['partition'].split('/')[0]}")
        self.rocpart("sim", "reload", "n")
        self.differs(path, f"> {lost['replica']} ")
        done = self.start_apply(path, status=PARTLY)
        self.assertIn(f"GPU {lost['partition'].split('/')[0]} is missing: ", done.stderr)
        after = self.leases()
        self.assertEqual([lease.split()[:2] for lease in after],
                         [lease.split()[:2] for lease in before])
        self.assertNotEqual(after, before)
        self.rocpart("sim", "fault", "n", "--clear")
        self.rocpart("sim", "reset", "n")

    def test_unattended_apply_of_an_edited_file_takes_nothing_away(self):
        self.make("mi300x-1")
        self.apply(self.file({"a": "bytes: 10GiB", "b": "bytes: 5GiB"}))
        path = self.file({"b": "bytes: 4GiB", "c": "bytes: 1GiB"})
        done = self.start_apply(path, "--unattended", status=PARTLY)
        self.assertIn("a/0 stays as it is: it is more than max-disruption allows", done.stderr)
        self.assertEqual([(lease["replica"], lease["bytes"] >> 30)
                          for lease in self.status()["leases"]],
                         [("a/0", 10), ("b/0", 5), ("c/0", 1)])

    def test_max_disruption_of_the_file_or_the_command_allows_so_many(self):
        self.make("mi300x-1")
        self.apply(self.file({n: "bytes: 1GiB" for n in "abcd"}))
        node = NODE.replace("}}", "}, policy: {max-disruption: 1}}")
        self.start_apply(self.file({"d": "bytes: 1GiB"}, node), "--unattended", status=PARTLY)
        self.assertEqual(len(self.leases()), 3)
        self.start_apply(self.file({"d": "bytes: 1GiB"}), "--max-disruption", "1", status=PARTLY)
        self.assertEqual(len(self.leases()), 2)
        self.apply(self.file({"d": "bytes: 1GiB"}))
        self.assertEqual(len(self.leases()), 1)

    def test_truncated_file_changes_nothing(self):
        self.make("mi300x-1")
        path = self.file({"a": "bytes: 10GiB", "b": "bytes: 5GiB"})
        self.apply(path)
        before = self.leases()
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for size in range(len(text)):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text[:size])
            done = self.start("apply", "--unattended", "--yes", path, "--sim", "n")
            self.assertEqual(self.leases(), before, (size, done.stdout, done.stderr))


class Revisions(Difference):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")

    def revisions(self):
        return [(v["revision"], v["result"])
                for v in self.json("revisions", "--sim", "n")["revisions"]]

    def test_edit_that_went_wrong_has_a_way_back(self):
        self.assertIn("no file was applied", self.rocpart("revisions", "--sim", "n"))
        self.apply(self.file({"a": "bytes: 10GiB", "b": "bytes: 5GiB"}))
        before = self.leases()
        path = self.file({"c": "bytes: 1GiB"})
        self.apply(path)
        self.assertEqual(self.revisions(), [(2, "done"), (1, "done")])
        text = self.rocpart("apply", "--revision", "1", "--sim", "n", "--dry-run", status=TO_DO)
        for word in (r"\+ a/0 ", r"\+ b/0 ", "- c/0 "):
            self.assertRegex(text, word)
        self.rocpart("apply", "--revision", "1", "--sim", "n")
        self.assertEqual([lease.split()[1:] for lease in self.leases()],
                         [lease.split()[1:] for lease in before])
        self.assertEqual(self.revisions(), [(3, "done"), (2, "done"), (1, "done")])
        self.assertIn("a/0", self.rocpart("assert", path, "--sim", "n", status=TO_DO))

    def test_same_text_is_the_same_revision_and_a_failure_is_told(self):
        path = self.file({"a": "bytes: 10GiB"})
        self.apply(path)
        self.apply(path)
        self.assertEqual(self.revisions(), [(1, "unchanged")])
        self.start("apply", self.file({"a": "bytes: 900GiB"}), "--sim", "n")
        self.assertEqual(self.revisions(), [(2, "failed"), (1, "unchanged")])
        printed = self.rocpart("revisions", "1", "--sim", "n")
        self.assertIn("bytes: 10GiB", printed)
        again = self.write(printed, "again.yaml")
        self.rocpart("config", again)

    def test_apply_that_was_killed_is_unfinished(self):
        self.rocpart("sim", "hold", "n", "--partition", "0/0")
        path = self.file({"a": "bytes: 10GiB"})
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        with subprocess.Popen([os.environ["ROCPART"], "apply", path, "--sim", "n"], env=env,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as waits:
            while waits.poll() is None and not self.revisions():
                time.sleep(0.01)
            waits.kill()
        self.assertEqual(waits.returncode, -signal.SIGKILL)
        self.assertEqual(self.revisions(), [(1, "unfinished")])

    def test_twenty_are_kept_and_none_of_a_dry_run(self):
        for i in range(23):
            self.apply(self.file({"a": f"bytes: 1GiB, priority: {i}"}))
        self.apply(self.file({"b": "bytes: 1GiB"}), "--dry-run", status=TO_DO)
        self.assertEqual([n for n, _ in self.revisions()], list(range(23, 3, -1)))
        done = self.start("apply", "--revision", "3", "--sim", "n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("revisions 4 to 23 are kept", done.stderr)


if __name__ == "__main__":
    unittest.main()
