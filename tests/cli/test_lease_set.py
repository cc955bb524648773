# SPDX-License-Identifier: MIT
"""lease set: owner, labels and priority change; everything else of the lease stays."""

import unittest

from journey import TO_DO, USAGE, Journey


class LeaseSet(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.rocpart("place", "a", "--bytes", "4G", "--label", "team=x", "--sim", "n")
        self.before = self.lease()

    def lease(self):
        return self.json("status", "--sim", "n")["leases"][0]

    def set(self, *args, status=0):
        return self.rocpart("lease", "set", "a/0", *args, "--sim", "n", status=status)

    def assert_changed(self, **wanted):
        now = self.lease()
        changed = {k: v for k, v in now.items() if self.before[k] != v and k != "changed_s"}
        self.assertEqual(changed, wanted)

    def test_owner_changes_and_nothing_else(self):
        self.assertIn("has owner unit:vllm.service", self.set("--owner", "unit:vllm.service"))
        self.assertEqual(self.lease()["owner"], "unit:vllm.service")
        self.assertEqual(self.lease()["partition"], self.before["partition"])

    def test_labels_are_added_and_the_others_stay(self):
        self.set("--label", "tier=gold", "--priority", "7")
        self.assert_changed(labels={"team": "x", "tier": "gold"}, priority=7)

    def test_process_that_does_not_exist_is_refused(self):
        self.set("--owner", "pid:99", status=USAGE)
        self.assert_changed()

    def test_process_that_is_the_owner_ends_the_lease(self):
        pid = self.json("sim", "hold", "n", "--partition", "0/0")["pid"]
        self.set("--owner", f"pid:{pid}")
        self.assertEqual(self.lease()["owner"], f"pid:{pid}")
        self.rocpart("sim", "hold", "n", "--release", str(pid))
        self.assertEqual(self.json("status", "--sim", "n")["leases"], [])

    def test_dry_run_changes_nothing(self):
        self.assertIn("would have owner unit:b", self.set("--owner", "unit:b", "--dry-run",
                                                          status=TO_DO))
        self.assert_changed()

    def test_lease_of_a_file_says_that_the_file_sets_it_back(self):
        self.rocpart("release", "a/0", "--sim", "n")
        node = self.write("version: v1\nmodels: {m: {bytes: 2GiB, owner: \"unit:m\"}}\n")
        self.rocpart("apply", node, "--sim", "n")
        said = self.rocpart("lease", "set", "m/0", "--owner", "unit:other", "--sim", "n")
        self.assertIn("the next apply of it sets back", said)
        self.rocpart("assert", node, "--sim", "n", status=TO_DO)
        self.rocpart("apply", node, "--sim", "n")
        self.rocpart("assert", node, "--sim", "n")

    def test_mistakes_are_named(self):
        self.set(status=USAGE)
        self.set("--owner", "nobody:x", status=USAGE)
        self.set("--label", "x", status=USAGE)
        self.set("--priority", "high", status=USAGE)
        self.rocpart("lease", "set", "b/0", "--priority", "1", "--sim", "n", status=USAGE)


if __name__ == "__main__":
    unittest.main()
