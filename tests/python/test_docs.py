# SPDX-License-Identifier: MIT
"""The Python of the guides is run, the C of the guide is that of the example, which is run too."""
import doctest
import os
import re
import shlex
import subprocess
import unittest
from unittest import mock

from support import ROOT, MachineTest

GUIDE = ROOT / "docs/migration.md"


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.M | re.S)


class Docs(MachineTest):
    def setUp(self):
        super().setUp()
        noise = mock.patch("rocpart.partitioner.logger")
        noise.start()
        self.addCleanup(noise.stop)

    def run_python(self, text, name):
        test = doctest.DocTestParser().get_doctest("\n".join(blocks(text, "pycon")), {}, name,
                                                   name, 0)
        self.assertTrue(test.examples)
        said = []
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        runner.run(test, out=said.append)
        self.assertEqual(runner.failures, 0, "".join(said))
        return runner.tries

    def test_python_of_the_migration_guide_is_true(self):
        self.play("mi300x-8")
        self.assertGreater(self.run_python(GUIDE.read_text(encoding="utf-8"), "migration.md"), 40)

    def test_example_is_true_of_mi325x_with_its_name(self):
        text = GUIDE.read_text(encoding="utf-8")
        after = text[text.index("## After"):text.index("## What is different")]
        self.play("mi325x-8")
        self.run_python(after.replace("MI300X", "MI325X"), "migration.md")

    def test_python_of_the_readme_is_true(self):
        self.play("mi300x-8")
        self.run_python((ROOT / "README.md").read_text(encoding="utf-8"), "README.md")

    def test_c_of_the_migration_guide_is_that_of_the_example(self):
        example = (ROOT / "examples/mission.c").read_text(encoding="utf-8")
        memory = (ROOT / "tests/unit/test_sim_memory.c").read_text(encoding="utf-8")
        found = blocks(GUIDE.read_text(encoding="utf-8"), "c")
        self.assertIn("rocpart_machine_open_sim_memory(", memory)
        self.assertIn("rocpart_machine_open_sim_memory(", found[0])
        for block in found[1:]:
            self.assertIn(block, example)

    def mission(self, *args, status=0):
        done = subprocess.run([os.environ["MISSION"], *args], text=True, capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    @unittest.skipUnless("MISSION" in os.environ, "the example was not built")
    def test_example_in_c_makes_the_same_journey(self):
        directory = str(self.play("mi300x-8"))
        models = str(ROOT / "models")
        for gpu, index, bdf in (("0", "0", "0000:05:00.0"), ("3", "24", "0000:65:00.0")):
            said = self.mission(directory, models, gpu).splitlines()
            self.assertEqual(said[1:], [
                "Created 8 logical devices", f"ROCR_VISIBLE_DEVICES={index}", "AIM_GPU_COUNT=1",
                "AIM_PARTITION_ID=0", "AIM_COMPUTE_MODE=CPX", "AIM_MEMORY_MODE=NPS4",
                "AIM_XCD_ID=0", f"ROCPART_PARTITIONS={bdf}/0"])
        self.assertIn("partition 0/0 is leased", self.mission(directory, models, status=1))
        self.mission("x", status=2)

    @unittest.skipUnless("MISSION" in os.environ, "the example was not built")
    def test_example_in_c_says_why_it_ends(self):
        directory = str(self.play("mi300a-4"))
        said = self.mission(directory, str(ROOT / "models"), status=1)
        self.assertIn("NPS4", said)
        self.assertIn("cannot open the machine", self.mission(str(self.folder / "no"), "x",
                                                              status=1))


if __name__ == "__main__":
    unittest.main()
