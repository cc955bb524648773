# SPDX-License-Identifier: MIT
"""usage and watch: who uses how much, and what is done about too much."""

import json
import os
import select
import signal
import subprocess
import unittest

from journey import ROOT, USAGE, Journey

GIB = 1 << 30
BDF = "0000:05:00.0"


class UsageCase(Journey):
    def setUp(self):
        super().setUp()
        self.make("mi300x-1")
        self.on("set", "--compute", "CPX", "--memory", "NPS4", "-y")

    def on(self, *args, **kw):
        return self.rocpart("--sim", "n", *args, **kw)

    def on_json(self, *args, **kw):
        return self.json("--sim", "n", *args, **kw)

    def place(self, name, bytes_, partition, *more):
        """On a partition that others may share: its bytes are its limit."""
        return self.on_json("place", name, "--bytes", bytes_, "--partition", partition,
                            "--share", "2", *more)["leases"][0]["lease"]

    def hold(self, partition, cgroup=None):
        more = ("--cgroup", cgroup) if cgroup else ()
        return self.json("sim", "hold", "n", "--partition", partition, *more)["pid"]

    def pids(self):
        return {row["pid"] for row in self.on_json("usage")["usage"] if row["pid"]}

    def watch(self, *args):
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        p = subprocess.Popen([os.environ["ROCPART"], "--sim", "n", "watch", "--json", "--interval",
                              "0.05", *args], env=env, stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def event(self, p, seconds=10):
        """The next line; None when there is none in that time."""
        if not select.select([p.stdout], [], [], seconds)[0]:
            return None
        return json.loads(p.stdout.readline())


class Usage(UsageCase):
    def test_each_process_is_shown_under_its_lease_and_nobodys_last(self):
        self.place("a", "8G", "0/0", "--owner", "unit:a")
        self.place("b", "8G", "0/1")
        self.place("c", "8G", "0/2", "--owner", "unit:c")
        a = self.hold("0/0=3GiB", "/system.slice/a.service")
        b = self.hold("0/1=2GiB")
        nobody = self.hold("0/7=1GiB")
        usage = self.on_json("usage")
        rows = [(r["lease"], r["pid"], r["used_bytes"], r["certain"]) for r in usage["usage"]]
        self.assertEqual(rows, [(1, a, 3 * GIB, True), (2, b, 2 * GIB, False), (3, None, 0, None),
                                (None, nobody, GIB, False)])
        self.assertEqual(usage["unmanaged_bytes"], GIB)
        self.assertTrue(usage["complete"])
        self.assertEqual(usage["usage"][0]["owner"], "a.service")
        text = self.on("usage")
        self.assertIn("1.0 GiB unmanaged", text)

    def test_tenants_of_one_partition_are_told_apart_by_their_owner(self):
        for name in "ab":
            self.place(name, "8G", "0/0", "--owner", f"unit:{name}")
            self.hold(f"0/0={3 if name == 'a' else 5}GiB", f"/system.slice/{name}.service")
        self.assertEqual([(r["name"], r["used_bytes"]) for r in self.on_json("usage")["usage"]],
                         [("a", 3 * GIB), ("b", 5 * GIB)])

    def test_group_of_a_run_names_its_lease(self):
        lease = self.place("a", "8G", "0/0", "--owner", "unit:a")
        other = self.place("b", "8G", "0/0", "--owner", "unit:b")
        self.hold("0/0=3GiB", f"/user.slice/rocpart-run-77-0-1{lease}.{other}")
        (row,) = (r for r in self.on_json("usage")["usage"] if r["pid"])
        self.assertEqual((row["lease"], row["certain"]), (other, True))

    def test_columns_can_be_asked_for(self):
        self.place("a", "8G", "0/0", "--owner", "unit:a")
        self.assertIn("KFD", self.on("usage", "--columns", "lease,kfd_bytes"))
        self.on("usage", "--columns", "x", status=USAGE)


class Clients(unittest.TestCase):
    """fdinfo as Linux writes it (drm-usage-stats.rst), on a captured tree."""

    def setUp(self):
        base = Journey()
        base.setUp()
        self.addCleanup(base.doCleanups)
        self.journey = base
        self.root = base.folder / "tree"
        subprocess.run([os.environ["SIM_DUMP"], str(ROOT / "profiles/mi300x-1.yaml"),
                        str(self.root)], check=True)

    def process(self, pid, files):
        proc = self.root / "proc" / str(pid)
        (proc / "fd").mkdir(parents=True)
        (proc / "fdinfo").mkdir()
        (proc / "comm").write_text("viewer\n")
        (proc / "cgroup").write_text("0::/user.slice\n")
        for fd, (link, text) in enumerate(files, 3):
            (proc / "fd" / str(fd)).symlink_to(link)
            (proc / "fdinfo" / str(fd)).write_text(text)

    def usage(self):
        return self.journey.json("--root", str(self.root), "usage")["usage"]

    def info(self, client, vram, gtt="0 KiB"):
        return (f"pos:\t0\ndrm-driver:\tamdgpu\ndrm-client-id:\t{client}\n"
                f"drm-pdev:\t{BDF}\ndrm-memory-vram:\t{vram}\ndrm-memory-gtt:\t{gtt}\n")

    def test_clients_without_kfd_are_counted_once_each(self):
        render = "/dev/dri/renderD128"
        self.process(50, [(render, self.info(7, "2048 KiB", "4 MiB")),
                          (render, self.info(7, "2048 KiB", "4 MiB")),
                          (render, self.info(8, "1 MiB")), ("/dev/null", self.info(9, "5 MiB"))])
        self.process(51, [(render, self.info(7, "2048 KiB", "4 MiB"))])  # inherited
        (row,) = self.usage()
        self.assertEqual((row["pid"], row["drm_bytes"], row["gtt_bytes"], row["kfd_bytes"]),
                         (50, 3 << 20, 4 << 20, 0))
        self.assertEqual(row["used_bytes"], 3 << 20)
        self.assertIsNone(row["lease"])

    def test_nonsense_tells_nothing(self):
        render = "/dev/dri/renderD128"
        for n, text in enumerate(("", "drm-client-id:\tx\n", self.info(1, "99999999999999999999 KiB"),
                                  self.info(2, "-1 KiB"), self.info(3, ""),
                                  "xdrm-client-id:\t1\ndrm-memory-vram:\t1 MiB\n")):
            self.process(100 + n, [(render, text)])
        self.assertEqual(self.usage(), [])


class Watch(UsageCase):
    def test_stop_ends_the_tenant_over_its_limit_and_no_other(self):
        for name in "ab":
            self.place(name, "4G", "0/0", "--owner", f"unit:{name}")
        self.place("c", "8G", "0/1", "--owner", "unit:c")
        a = self.hold("0/0=5GiB", "/system.slice/a.service")
        b = self.hold("0/0=4GiB", "/system.slice/b.service")
        c = self.hold("0/1=8GiB", "/system.slice/c.service")
        nobody = self.hold("0/6=20GiB")
        p = self.watch("--enforce", "stop", "--grace", "0.1")
        event = self.event(p)
        self.assertEqual((event["event"], event["lease"], event["processes"]), ("stop", 1, 1))
        self.assertEqual((event["used_bytes"], event["limit_bytes"]), (5 * GIB, 4 * GIB))
        self.assertEqual(self.pids(), {b, c, nobody})
        self.assertNotIn(a, self.pids())
        self.assertEqual(self.event(p)["event"], "within")
        self.assertIsNone(self.event(p, 0.5))
        # the lease itself stays
        self.assertEqual(len(self.on_json("status")["leases"]), 3)

    def test_lease_that_is_alone_may_use_its_partition(self):
        """The kernel keeps it there, and nobody else may have the rest (docs/design/limits.md)."""
        self.on_json("place", "a", "--bytes", "4G", "--partition", "0/0", "--owner", "unit:a")
        pid = self.hold("0/0=5GiB", "/system.slice/a.service")
        p = self.watch("--enforce", "stop", "--grace", "0")
        self.assertIsNone(self.event(p, 0.5))
        self.assertEqual(self.pids(), {pid})

    def test_grace_is_given(self):
        self.place("a", "4G", "0/0", "--owner", "unit:a")
        p = self.watch("--enforce", "stop", "--grace", "1")
        pid = self.hold("0/0=5GiB", "/system.slice/a.service")
        self.assertIsNone(self.event(p, 0.5))
        self.rocpart("sim", "hold", "n", "--release", str(pid))
        self.assertIsNone(self.event(p, 1))

    def test_warn_says_it_once_and_ends_nothing(self):
        self.place("a", "4G", "0/0", "--owner", "unit:a")
        pid = self.hold("0/0=5GiB", "/system.slice/a.service")
        p = self.watch("--grace", "0.1")
        self.assertEqual(self.event(p)["event"], "warn")
        self.assertIsNone(self.event(p, 0.5))
        self.assertEqual(self.pids(), {pid})
        self.rocpart("sim", "hold", "n", "--release", str(pid))
        self.assertEqual(self.event(p)["event"], "within")

    def test_process_of_which_it_is_not_certain_is_left_alone(self):
        self.place("a", "4G", "0/0")
        pid = self.hold("0/0=5GiB")
        p = self.watch("--enforce", "stop", "--grace", "0")
        event = self.event(p)
        self.assertEqual((event["event"], event["processes"]), ("warn", 0))
        self.assertIn("give it an owner", event["note"])
        self.assertIsNone(self.event(p, 0.3))
        self.assertEqual(self.pids(), {pid})

    def test_what_was_started_again_is_stopped_again(self):
        self.place("a", "4G", "0/0", "--owner", "unit:a")
        p = self.watch("--enforce", "stop", "--grace", "0")
        for _ in range(2):
            self.hold("0/0=5GiB", "/system.slice/a.service")
            self.assertEqual(self.event(p)["event"], "stop")
            self.assertEqual(self.event(p)["event"], "within")

    def test_text_is_one_line_for_each_action_and_a_signal_ends_it(self):
        self.place("a", "4G", "0/0", "--owner", "unit:a")
        self.hold("0/0=5GiB", "/system.slice/a.service")
        env = dict(os.environ, XDG_STATE_HOME=str(self.folder), ROCPART_DATA=str(ROOT))
        p = subprocess.Popen([os.environ["ROCPART"], "--sim", "n", "watch", "--enforce", "stop",
                              "--grace", "0", "--interval", "0.05"], env=env, text=True,
                             stdout=subprocess.PIPE)
        self.addCleanup(p.stdout.close)
        lines = [p.stdout.readline() for _ in range(3)]
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(10), -signal.SIGTERM)
        self.assertIn("SIMULATED", lines[0])
        self.assertEqual(lines[1], "stop lease 1 (a) on 0/0: 5.0 GiB used of 4.0 GiB\n")
        self.assertTrue(lines[2].startswith("within lease 1"))

    def guarded(self, guard="stop", gib=4):
        node = self.write("version: v1\nmodels:\n" + "".join(
            f"  {name}: {{bytes: {gib}GiB, isolation: {{share: 2}}, owner: \"unit:{name}\","
            f" guard: {guard}, spread: none}}\n" for name in "ab"))
        self.on("apply", node)
        leases = {lease["name"]: lease for lease in self.on_json("status")["leases"]}
        self.assertEqual(leases["a"]["partition"], leases["b"]["partition"])
        return "0/" + leases["a"]["partition"].split("/")[1]

    def test_guard_of_the_file_stops_what_is_far_over_beside_a_neighbour(self):
        place = self.guarded()
        pid = self.hold(f"{place}=5GiB", "/system.slice/a.service")
        p = self.watch("--grace", "0", "--guard-after", "0.5")
        self.assertEqual(self.event(p)["event"], "warn")
        event = self.event(p)
        self.assertEqual((event["event"], event["name"], event["processes"]), ("stop", "a", 1))
        self.assertNotIn(pid, self.pids())

    def test_guard_leaves_what_it_must_not_stop(self):
        place = self.guarded()
        for what, args, gib in (("near its limit", (), 4.3), ("warn alone", ("--enforce", "warn"), 6)):
            with self.subTest(what=what):
                pid = self.hold(f"{place}={int(gib * 1024)}MiB", "/system.slice/a.service")
                p = self.watch("--grace", "0", "--guard-after", "0.1", *args)
                self.assertEqual(self.event(p)["event"], "warn")
                self.assertIsNone(self.event(p, 0.5))
                self.assertIn(pid, self.pids())
                p.kill()
                self.rocpart("sim", "hold", "n", "--release", str(pid))

    def test_guard_warn_and_a_lease_without_neighbour_are_not_stopped(self):
        place = self.guarded("warn")
        self.hold(f"{place}=6GiB", "/system.slice/a.service")
        p = self.watch("--grace", "0", "--guard-after", "0.1")
        self.assertEqual(self.event(p)["event"], "warn")
        self.assertIsNone(self.event(p, 0.5))
        self.guarded("stop")
        self.assertEqual(self.event(p)["event"], "stop")

    def test_hold_stops_nothing_and_says_so(self):
        place = self.guarded()
        pid = self.hold(f"{place}=6GiB", "/system.slice/a.service")
        self.on("hold", "--for", "1h", "--reason", "maintenance")
        for args in (("--guard-after", "0.2", "--grace", "9"), ("--enforce", "stop", "--grace", "0")):
            p = self.watch(*args)
            event = self.event(p)
            self.assertEqual(event["event"], "warn")
            self.assertIn("on hold", event["note"])
            self.assertIsNone(self.event(p, 0.3))
            self.assertIn(pid, self.pids())

    def test_wrong_options_are_refused(self):
        for args in (["--enforce", "kill"], ["--grace", "-1"], ["--interval", "0"],
                     ["--interval", "x"], ["--grace", "1e9"], ["word"]):
            self.on("watch", *args, status=USAGE)


if __name__ == "__main__":
    unittest.main()
