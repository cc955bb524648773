# SPDX-License-Identifier: MIT
"""holders: what holds a GPU, whose it is, and how to stop it."""

import unittest

from journey import TO_DO, Journey

ID = "3f2a" + "0" * 60


class Holders(Journey):
    def advice(self, process, cgroup=None):
        more = ("--cgroup", cgroup) if cgroup else ()
        pid = self.json("sim", "hold", "n", "--process", process, *more)["pid"]
        holders = self.json("holders", "--sim", "n")["holders"]
        self.rocpart("sim", "hold", "n", "--release", str(pid))
        return next(h for h in holders if h["pid"] == pid)["advice"]

    def test_usual_holders_are_known_by_name(self):
        self.make("mi300x-1")
        # The kernel cuts names of processes to 15 characters.
        agent = self.advice("gpuagent", "/system.slice/gpuagent.service")
        self.assertIn("AMD's GPU agent", agent)
        self.assertIn("systemctl stop gpuagent.service", agent)
        self.assertIn("AMD's metrics exporter", self.advice("amd-metrics-exporter"))
        by_unit = self.advice("server", "/system.slice/amd-metrics-exporter.service")
        self.assertIn("AMD's metrics exporter", by_unit)

    def test_owner_says_how_to_stop_it(self):
        self.make("mi300x-1")
        for cgroup, words in (
            (f"/system.slice/docker-{ID}.scope", "docker stop 3f2a00000000"),
            (f"/machine.slice/libpod-{ID}.scope", "podman stop 3f2a00000000"),
            ("/system.slice/slurmstepd.scope/job_4711/step_0", "scancel 4711"),
            ("/system.slice/vllm.service", "systemctl stop vllm.service"),
        ):
            self.assertIn(words, self.advice("python3", cgroup))
        self.assertIn("kill", self.advice("python3"))
        self.assertNotIn("AMD", self.advice("python3"))

    def test_dry_run_shows_it_with_the_change(self):
        self.make("mi300x-1")
        self.rocpart("sim", "hold", "n", "--process", "gpuagent")
        text = self.rocpart("--sim", "n", "set", "--compute", "CPX", "--dry-run", "-y",
                            "--allow-unvalidated", status=TO_DO)
        self.assertIn("-> AMD's GPU agent", text)


if __name__ == "__main__":
    unittest.main()
