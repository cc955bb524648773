# SPDX-License-Identifier: MIT
"""run: a command on a partition of its own."""

import ctypes
import errno
import functools
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import host  # noqa: E402

GIB = 1 << 30
USAGE = 2
REFUSED = 3
FILTERS = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
           "GPU_DEVICE_ORDINAL")


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


PASSED_ON = ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "WINCH")


def heed_signals():
    """Who started the tests may have had some ignored, as nohup does."""
    for name in PASSED_ON:
        signal.signal(getattr(signal, "SIG" + name), signal.SIG_DFL)


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class RunCase(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.TemporaryDirectory()
        self.addCleanup(self.state.cleanup)
        foreign = (*FILTERS, "SUDO_UID", "SUDO_GID")
        self.env = {k: v for k, v in os.environ.items() if k not in foreign}
        self.env |= {"XDG_STATE_HOME": self.state.name, "ROCPART_DATA": str(ROOT),
                     "ROCPART_SIM": "mi300x-1"}
        self.rocpart("set", "--compute", "CPX", "--memory", "NPS4")

    def rocpart(self, *args, status=0, **variables):
        done = subprocess.run([os.environ["ROCPART"], *args], env=self.env | variables,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def json(self, *args, status=0):
        return json.loads(self.rocpart(*args, "--json", status=status).stdout)

    def leases(self):
        return self.json("status")["leases"]

    def sh(self, script, *options, status=0, **variables):
        return self.rocpart("run", *(options or ("--bytes", "4G")), "--", "sh", "-c", script,
                            status=status, **variables)

    def start(self, *args):
        """A run in the background, once its command has said "ready"."""
        p = subprocess.Popen([os.environ["ROCPART"], "run", *args], env=self.env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             preexec_fn=heed_signals,
                             process_group=0)  # SIGTSTP is not for orphaned groups
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        self.assertEqual(p.stdout.readline(), "ready\n")
        return p


class Run(RunCase):
    def test_run_leases_for_as_long_as_the_command_lasts(self):
        inside = self.rocpart("run", "--bytes", "4G", "--partition", "0/3", "--",
                              os.environ["ROCPART"], "status", "--json")
        (lease,) = json.loads(inside.stdout)["leases"]
        self.assertEqual(lease["partition"], "0000:05:00.0/3")
        self.assertEqual(lease["bytes"], 4 * GIB)
        self.assertTrue(lease["owner"].startswith("pid:"))
        self.assertEqual(self.leases(), [])

    def test_run_on_a_partition_leases_all_of_it(self):
        inside = self.rocpart("run", "--partition", "0/0,0/1", "--",
                              os.environ["ROCPART"], "status", "--json")
        status = json.loads(inside.stdout)
        usable = {u["partition"]: u["usable_bytes"] for u in status["use"]}
        self.assertEqual([l["bytes"] for l in status["leases"]],
                         [usable["0000:05:00.0/0"], usable["0000:05:00.0/1"]])

    def test_run_of_a_model_leases_what_it_needs(self):
        done = self.rocpart("run", "--model", "meta-llama/Llama-3.1-8B-Instruct", "--", "true")
        self.assertIn("lease 1: ", done.stderr)
        self.assertIn("guarantee: kernel", done.stderr)

    def test_environment_is_that_of_the_partition(self):
        lines = self.sh("env", "--partition", "0/3").stdout.splitlines()
        env = dict(line.split("=", 1) for line in lines if "=" in line)
        self.assertEqual(env["AIM_PARTITION_ID"], "3")
        self.assertEqual(env["AIM_COMPUTE_MODE"], "CPX")
        self.assertEqual(env["ROCPART_LEASE"], "1")
        self.assertEqual(env["PATH"], self.env["PATH"])

    def test_filters_of_the_caller_are_not_passed_on(self):
        done = self.sh('echo "${HIP_VISIBLE_DEVICES-none}"', HIP_VISIBLE_DEVICES="5")
        self.assertEqual(done.stdout, "none\n")
        self.assertIn("HIP_VISIBLE_DEVICES=5 is not passed on", done.stderr)

    def test_exit_status_is_that_of_the_command(self):
        for script, status in (("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137),
                               ("kill -TERM $$", 143)):
            self.sh(script, status=status)
        self.assertEqual(self.leases(), [])

    def test_command_that_does_not_exist_is_127_and_its_lease_is_released(self):
        done = self.rocpart("run", "--bytes", "4G", "--", "no-such-command", status=127)
        self.assertIn("no-such-command", done.stderr)
        self.rocpart("run", "--bytes", "4G", "--", "/etc/passwd", status=126)
        self.assertEqual(self.leases(), [])

    def test_lease_that_is_used_stays(self):
        self.rocpart("place", "a", "--bytes", "4G", "--partition", "0/5")
        self.assertEqual(self.sh("echo $AIM_PARTITION_ID $ROCPART_LEASE", "--lease", "1").stdout,
                         "5 1\n")
        self.assertEqual(len(self.leases()), 1)

    def test_wrong_options_are_refused(self):
        for args in ([], ["--bytes", "0"], ["--bytes", "4G", "--model", "x"],
                     ["--lease", "1", "--bytes", "4G"], ["--lease", "x"], ["--lease", "99"],
                     ["--partition", "0/99"], ["--partition", "0/0,0/0"],
                     ["--partition", "0/0", "--dtype", "fp8"], ["--bytes", "4G", "--share", "0"]):
            done = subprocess.run([os.environ["ROCPART"], "run", *args, "--", "true"],
                                  env=self.env, capture_output=True, text=True, check=False)
            self.assertIn(done.returncode, (USAGE, REFUSED), (args, done.stderr))
        self.rocpart("run", "--bytes", "4G", status=USAGE)
        self.assertEqual(self.leases(), [])

    def test_who_cannot_see_a_partition_does_not_judge_its_leases(self):
        # as a command of `rocpart run` sees the other partitions: EPERM of their KFD nodes
        self.rocpart("place", "a", "--bytes", "4G", "--partition", "0/1", "--owner", "unit:a")
        row = self.json("list")["gpus"][0]["partitions"][1]
        self.rocpart("sim", "fault", "mi300x-1", f"read:nodes/{row['kfd_node']}/*:EPERM")
        (lease,) = self.leases()
        self.assertEqual((lease["state"], lease["problem"]), ("placed", None))
        self.rocpart("sim", "fault", "mi300x-1", "--clear")
        self.assertEqual([l["state"] for l in self.leases()], ["placed"])

    def test_clients_of_a_daemon_are_refused_with_what_to_use(self):
        for command, words in (("docker", "rocpart args docker"), ("/usr/bin/podman", "podman"),
                               ("kubectl", "rocpart args k8s"), ("srun", "inside of the job")):
            done = self.rocpart("run", "--bytes", "4G", "--", command, "run", status=REFUSED)
            self.assertIn("not be confined", done.stderr)
            self.assertIn(words, done.stderr)

    def test_ten_runs_race_for_the_last_partition_and_one_wins(self):
        self.rocpart("place", "a", "--bytes", "20G", "--replicas", "7")
        gate = Path(self.state.name) / "gate"
        script = f"while ! test -e {gate}; do sleep 0.05; done"
        runs = [subprocess.Popen([os.environ["ROCPART"], "run", "--bytes", "20G", "--", "sh", "-c",
                                  script], env=self.env, stderr=subprocess.PIPE, text=True)
                for _ in range(10)]
        until(lambda: sum(p.poll() is not None for p in runs) == 9)
        gate.touch()
        said = [p.communicate()[1] for p in runs]
        self.assertEqual(sorted(p.returncode for p in runs), [0] + [REFUSED] * 9)
        for p, text in zip(runs, said):
            if p.returncode:
                self.assertIn("the lease needs 20.0 GiB", text)

    def test_signals_are_passed_on(self):
        for name in PASSED_ON:
            p = self.start("--bytes", "4G", "--", "sh", "-c",
                           f"trap 'exit 42' {name}; echo ready; while :; do sleep 0.02; done")
            p.send_signal(getattr(signal, "SIG" + name))
            self.assertEqual(p.wait(10), 42, name)
        self.assertEqual(self.leases(), [])

    def test_command_that_is_stopped_stops_the_run_and_goes_on_with_it(self):
        p = self.start("--bytes", "4G", "--", "sh", "-c", "echo ready; sleep 0.3; exit 9")
        p.send_signal(signal.SIGTSTP)
        pid, status = os.waitpid(p.pid, os.WUNTRACED)
        self.assertEqual((pid, os.WIFSTOPPED(status)), (p.pid, True))
        p.send_signal(signal.SIGCONT)
        self.assertEqual(p.wait(10), 9)

    def test_lease_outlives_a_run_that_is_killed_until_its_command_is_gone(self):
        p = self.start("--bytes", "4G", "--", "sh", "-c", "echo ready; exec sleep 100")
        (lease,) = self.leases()
        child = int(lease["owner"].removeprefix("pid:"))
        p.kill()
        p.wait()
        os.kill(child, 0)
        self.assertEqual([l["lease"] for l in self.leases()], [1])
        os.kill(child, signal.SIGKILL)
        self.assertTrue(until(lambda: self.leases() == []))
        self.assertIn("is gone", self.rocpart("status").stdout)
        self.sh("true")  # and the control group that was left is not in the way

    def test_lease_of_a_command_that_nobody_waits_for_ends(self):
        subreaper = functools.partial(ctypes.CDLL(None).prctl, 36)  # PR_SET_CHILD_SUBREAPER
        self.assertEqual(subreaper(1, 0, 0, 0), 0)
        self.addCleanup(subreaper, 0, 0, 0, 0)
        p = self.start("--bytes", "4G", "--", "sh", "-c", "echo ready; exec sleep 100")
        (lease,) = self.leases()
        child = int(lease["owner"].removeprefix("pid:"))
        p.kill()
        p.wait()
        os.kill(child, signal.SIGKILL)
        self.assertTrue(until(lambda: self.leases() == []))
        self.assertEqual(os.waitpid(child, 0)[0], child)  # until now it was a zombie

    def test_run_that_is_killed_before_the_command_starts_leaves_nothing(self):
        for _ in range(5):
            p = subprocess.Popen([os.environ["ROCPART"], "run", "--bytes", "4G", "--", "sleep",
                                  "0.2"], env=self.env, stderr=subprocess.DEVNULL)
            time.sleep(0.004)
            p.kill()
            p.wait()
        self.assertTrue(until(lambda: self.leases() == []))


class Confined(RunCase):
    def setUp(self):
        host.need_control_groups()
        super().setUp()

    def test_other_render_nodes_are_denied_and_its_own_is_not(self):
        # No driver answers to these minors here: what the filter lets through is ENXIO.
        host.need_device_nodes()
        folder = tempfile.TemporaryDirectory(dir="/var/lib")
        self.addCleanup(folder.cleanup)
        row = self.json("list")["gpus"][0]["partitions"][3]
        for minor in (row["render_minor"], row["render_minor"] + 1):
            os.mknod(f"{folder.name}/{minor}", 0o20600, os.makedev(226, minor))
        script = ("import os,sys\nfor m in sys.argv[1:]:\n try: os.open(m, os.O_RDWR)\n"
                  " except OSError as e: print(e.errno)\n")
        done = self.rocpart("run", "--partition", "0/3", "--", "python3", "-c", script,
                            f"{folder.name}/{row['render_minor']}",
                            f"{folder.name}/{row['render_minor'] + 1}")
        own, other = map(int, done.stdout.split())
        self.assertNotEqual(own, errno.EPERM)
        self.assertEqual(other, errno.EPERM)

    def test_no_index_is_handed_out_where_other_nodes_are_hidden(self):
        # engines study 4.3: with only its own node visible, the global index hides it
        self.assertEqual(self.sh("env | grep VISIBLE_DEVICES || true").stdout, "")

    def test_limits_are_carried_in_the_lease_and_explained(self):
        done = self.rocpart("run", "--partition", "0/3", "--", os.environ["ROCPART"], "explain",
                            "1")
        self.assertIn("limit: memory: kernel: the driver refuses", done.stdout)
        self.assertIn("limit: placement: none: the memory domain is shared", done.stdout)
        self.assertIn("limit: access: cooperative: its cgroup denies", done.stdout)
        self.rocpart("place", "a", "--bytes", "4G", "--share", "2")
        limits = {l["limit"]: l["guarantee"] for l in self.leases()[0]["limits"]}
        self.assertEqual(limits, {"memory": "kernel", "placement": "none", "share": "cooperative",
                                  "access": "none"})

    def test_what_the_command_leaves_behind_is_stopped_on_request(self):
        done = self.sh("setsid sleep 300 >/dev/null 2>&1 & echo $!", "--stop-left", "--bytes", "4G")
        self.assertIn("left behind were stopped: 1", done.stderr)
        self.assertTrue(until(lambda: not Path(f"/proc/{done.stdout.strip()}/exe").exists()))
        self.assertEqual(self.leases(), [])

    def test_what_the_command_leaves_behind_keeps_the_lease_until_it_ends(self):
        done = self.sh("setsid sleep 300 >/dev/null 2>&1 & echo $!; exit 3", status=3)
        pid = int(done.stdout)
        self.addCleanup(end, pid)
        self.assertIn("keep its lease until they end: 1", done.stderr)
        self.assertEqual([(l["lease"], l["state"]) for l in self.leases()], [(1, "placed")])
        self.sh("true")  # another run takes the cgroup for no garbage
        os.kill(pid, 0)
        self.assertEqual([l["lease"] for l in self.leases()], [1])
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(until(lambda: self.leases() == []))

    def test_run_that_is_killed_leaves_the_lease_to_what_its_command_left_behind(self):
        p = self.start("--bytes", "4G", "--", "sh", "-c",
                       "setsid sleep 300 >/dev/null 2>&1 & echo ready; exec sleep 300")
        child = int(self.leases()[0]["owner"].removeprefix("pid:"))
        group = Path(f"/proc/{child}/cgroup").read_text()
        inside = [int(q.parent.name) for q in Path("/proc").glob("[0-9]*/cgroup")
                  if "rocpart-run-" in group and q.read_text() == group]
        left = next(pid for pid in inside if pid != child)
        self.addCleanup(end, left)
        for pid in (p.pid, child):
            os.kill(pid, signal.SIGKILL)
        p.wait()
        self.assertTrue(until(lambda: not Path(f"/proc/{child}").exists()))
        self.assertEqual([l["lease"] for l in self.leases()], [1])
        os.kill(left, signal.SIGKILL)
        self.assertTrue(until(lambda: self.leases() == []))

    def test_no_control_group_is_left(self):
        before = self.sh("cat /proc/self/cgroup").stdout
        names = [l.rsplit("/", 1)[1] for l in before.splitlines() if "rocpart-run-" in l]
        self.assertTrue(names)
        for name in names:
            self.assertEqual(list(Path("/sys/fs/cgroup").rglob(name)), [])

    def run_where(self, *mounts, first=":", wrap='exec "$@"', options=("--partition", "0/2")):
        """A run where these hierarchies of control groups are mounted, as on such a host, and no others.

        v2: at the top; unified: cgroup v2 beside v1; devices: v1. first is done before, wrap runs it.
        """
        host.need_own_mounts()
        script = """
            top=/sys/fs/cgroup
            eval "$1"
            umount -Rl $top
            mount -t tmpfs none $top || exit
            for name in $2; do
                test $name = v2 || mkdir $top/$name
                case $name in
                v2) mount -t cgroup2 none $top;;
                unified) mount -t cgroup2 none $top/unified;;
                devices) mount -t cgroup -o devices none $top/devices || exit 99;;
                esac
            done
            wrap=$3
            shift 3
            eval "$wrap"
        """
        inside = '"$0" explain $ROCPART_LEASE; echo "ROCR=$ROCR_VISIBLE_DEVICES"'
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", first, " ".join(mounts),
                               wrap, os.environ["ROCPART"], "run", *options, "--", "sh", "-c",
                               inside, os.environ["ROCPART"]], env=self.env, capture_output=True,
                              text=True, check=False)
        if done.returncode == 99:
            self.skipTest("this kernel has no devices controller of cgroup v1: " + done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def assert_confined_by(self, done, version):
        self.assertIn("access: cooperative: its cgroup denies access to other partitions (cgroup "
                      + version, done.stdout)
        self.assertIn("ROCR=\n", done.stdout)

    def assert_not_confined(self, done):
        self.assertIn("access: none", done.stdout)
        self.assertIn("ROCR=2\n", done.stdout)
        self.assertIn("other partitions is not denied: cgroup v2 is not mounted", done.stderr)

    def test_kernel_with_cgroup_v2_takes_it(self):
        self.assert_confined_by(self.run_where("v2"), "v2")
        self.assert_confined_by(self.run_where("devices", "unified"), "v2")

    def test_kernel_without_cgroup_v2_takes_v1(self):
        self.assert_confined_by(self.run_where("devices"), "v1")

    def test_kernel_without_control_groups_says_so(self):
        self.assert_not_confined(self.run_where())

    def test_control_groups_of_a_chroot_folder_are_not_taken(self):
        """Folders of pbuilder, sbuild and schroot have the host's /sys."""
        folder = Path(self.state.name) / "chroot/sys"
        folder.mkdir(parents=True)
        self.assert_not_confined(self.run_where(first=f"mount --rbind /sys {folder}"))
        self.assert_confined_by(self.run_where("devices", first=f"mount --rbind /sys {folder}"),
                                "v1")

    def test_control_groups_inside_of_a_chroot_folder_are_taken_there(self):
        host.need_own_mounts()
        folder = Path(self.state.name) / "chroot"
        folder.mkdir()
        done = subprocess.run(["unshare", "-m", "sh", "-c",
                               'mount --rbind / "$1" && exec chroot "$@"', "sh", folder,
                               os.environ["ROCPART"], "run", "--partition", "0/2", "--",
                               os.environ["ROCPART"], "explain", "1"], env=self.env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("access: cooperative: its cgroup", done.stdout)

    def test_control_groups_that_another_mount_hides_are_not_taken(self):
        hide = 'mount -t tmpfs none /sys/fs && mkdir /sys/fs/cgroup && exec "$@"'
        self.assert_not_confined(self.run_where("v2", wrap=hide))

    def test_no_room_for_a_control_group_is_said_and_the_command_runs(self):
        script = """
            own=$(sed -n s/^0:://p /proc/self/cgroup)
            group=/sys/fs/cgroup/unified$own/rocpart-test-$$
            mkdir $group && echo 0 >$group/cgroup.max.descendants || exit
            echo $$ >$group/cgroup.procs || exit
            "$@"; status=$?
            echo $$ >/sys/fs/cgroup/unified$own/cgroup.procs && rmdir $group && exit $status
        """
        done = self.run_where("unified", wrap=script, options=("--json", "--bytes", "4G"))
        missing = json.loads(done.stderr)["missing"]
        self.assertEqual(len(missing), 2)
        self.assertIn("cannot create a cgroup (cgroup v2): Resource temporarily", missing[0])

    def unprivileged(self, *options):
        """A run of somebody without any right, on a machine of their own."""
        os.chmod(self.state.name, 0o777)
        self.env["XDG_STATE_HOME"] = self.state.name + "/nobody"
        program = f"{self.state.name}/program"
        shutil.copy(os.environ["ROCPART"], program)
        profiles = Path(self.state.name) / "profiles"
        profiles.mkdir(exist_ok=True)
        shutil.copy(ROOT / "profiles/mi300x-1.yaml", profiles)
        return subprocess.run([program, "run", "--partition", "0/0", *options, "--", "sh", "-c",
                               "echo $ROCR_VISIBLE_DEVICES"], capture_output=True, text=True,
                              env=self.env | {"ROCPART_DATA": self.state.name}, check=False,
                              user=host.NOBODY, group=host.NOBODY, extra_groups=[])

    def test_unprivileged_run_does_what_it_can_and_says_what_not(self):
        done = self.unprivileged()
        self.assertEqual((done.returncode, done.stdout), (0, "0\n"), done.stderr)
        self.assertIn("access to other partitions is not denied: ", done.stderr)

    def test_unprivileged_run_as_another_user_is_refused_and_leases_nothing(self):
        for options in (("--user", "root"), ("--group", "root"), ("--user", "0")):
            done = self.unprivileged(*options)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("only root can run a command as another", done.stderr)
        done = self.unprivileged("--user", str(host.NOBODY))
        self.assertEqual((done.returncode, done.stdout), (0, "0\n"), done.stderr)


# By programs that any user may execute; the descriptor of the folder itself is one of ls.
LOOK = """
cat /proc/self/status; ls -l /proc/self/fd | grep -v /proc/ | sed 's/.* \\([0-9]*\\) ->.*/fd:\\t\\1/'
printf 'cgroup:\\t%s\\n' $(readlink /proc/self/ns/cgroup)
for name in HOME USER LOGNAME SHELL; do printf '%s:\\t%s\\n' $name "$(printenv $name)"; done
"""
# Of each file: 0, or why it cannot be opened for writing.
OPEN = 'for f in "$@"; do sh -c \': <>"$1"\' sh "$f" 2>&1 | sed "s/.*: //"; echo; done'


class AsUser(RunCase):
    """A command of root that is run as somebody else."""

    def setUp(self):
        host.need_control_groups()
        host.need_another_user()
        super().setUp()
        self.user = pwd.getpwuid(host.NOBODY)

    def look(self, *options, **variables):
        done = self.rocpart("run", "--bytes", "4G", *options, "--", "sh", "-c", LOOK, **variables)
        return self.parse(done.stdout), done.stderr

    def parse(self, text):
        lines = [line.split(":\t", 1) for line in text.splitlines() if ":\t" in line]
        return dict(lines) | {"fd": [int(v) for k, v in lines if k == "fd"]}

    def ids(self, seen, key):
        return sorted({int(i) for i in seen[key].split()})

    def assert_is_user(self, seen):
        user = self.user
        self.assertEqual(self.ids(seen, "Uid"), [user.pw_uid])
        self.assertEqual(self.ids(seen, "Gid"), [user.pw_gid])
        self.assertEqual(self.ids(seen, "Groups"),
                         sorted(os.getgrouplist(user.pw_name, user.pw_gid)))
        self.assertEqual((seen["NoNewPrivs"], int(seen["CapPrm"], 16)), ("1", 0))
        self.assertNotEqual(seen["cgroup"], os.readlink("/proc/self/ns/cgroup"))
        self.assertEqual([seen[n] for n in ("HOME", "USER", "LOGNAME", "SHELL")],
                         [user.pw_dir, user.pw_name, user.pw_name, user.pw_shell])

    def test_command_of_sudo_runs_as_who_called_it(self):
        seen, said = self.look(SUDO_UID=str(self.user.pw_uid), SUDO_GID=str(self.user.pw_gid))
        self.assert_is_user(seen)
        self.assertIn(f"runs as user {self.user.pw_name}", said)
        seen, said = self.look("--user", "root", SUDO_UID=str(self.user.pw_uid),
                               SUDO_GID=str(self.user.pw_gid))
        self.assertEqual((self.ids(seen, "Uid"), seen["NoNewPrivs"]), ([0], "0"))
        self.assertIn("runs as user root", said)
        self.assertIn("not for certain: the command runs as root", said)

    def test_command_runs_as_the_user_and_group_that_are_named(self):
        seen, _ = self.look("--user", self.user.pw_name)
        self.assert_is_user(seen)
        seen, _ = self.look("--user", str(self.user.pw_uid), "--group", "12345")
        self.assertEqual(self.ids(seen, "Gid"), [12345])
        seen, _ = self.look("--user", "4000000", "--group", "12345")
        self.assertEqual((self.ids(seen, "Uid"), self.ids(seen, "Groups")), ([4000000], [12345]))
        self.assertEqual({seen[n] for n in ("HOME", "USER", "LOGNAME", "SHELL")}, {""})
        for options in (("--user", "no-such-user"), ("--group", "no-such-group"),
                        ("--user", "4000000"), ("--pass-fd", "77"), ("--pass-fd", "x")):
            self.rocpart("run", "--bytes", "4G", *options, "--", "true", status=USAGE)
        self.rocpart("run", "--bytes", "4G", "--", "true", status=USAGE, SUDO_UID="x")
        self.assertEqual(self.leases(), [])

    def test_descriptors_are_closed_unless_they_are_passed(self):
        first, second = os.pipe()
        self.addCleanup(os.close, first)
        self.addCleanup(os.close, second)
        for options, passed in (((), []), (("--pass-fd", str(second)), [second])):
            done = subprocess.run([os.environ["ROCPART"], "run", "--bytes", "4G", *options, "--",
                                   "sh", "-c", LOOK], env=self.env, text=True,
                                  pass_fds=(first, second), capture_output=True, check=True)
            self.assertEqual([fd for fd in self.parse(done.stdout)["fd"] if fd > 2], passed)

    def test_guarantee_is_of_the_kernel_for_a_user_and_cooperative_for_root(self):
        for options, guarantee in ((("--user", self.user.pw_name), "kernel"),
                                   ((), "cooperative")):
            p = self.start("--bytes", "4G", *options, "--", "sh", "-c", "echo ready; exec sleep 9")
            (lease,) = self.leases()
            access = {l["limit"]: l["guarantee"] for l in lease["limits"]}["access"]
            self.assertEqual(access, guarantee)
            self.assertIn(f"limit: access: {guarantee}: ",
                          self.rocpart("explain", str(lease["lease"])).stdout)
            p.terminate()
            said = p.communicate()[1]
            self.assertEqual("not for certain" in said, guarantee == "cooperative")

    def test_user_can_neither_open_other_partitions_nor_leave_the_cgroup(self):
        host.need_device_nodes()
        folder = tempfile.TemporaryDirectory(dir="/var/lib")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        row = self.json("list")["gpus"][0]["partitions"][3]
        nodes = [f"{folder.name}/{row['render_minor'] + i}" for i in (0, 1)]
        for i, node in enumerate(nodes):
            os.mknod(node, 0o20666, os.makedev(226, row["render_minor"] + i))
            os.chmod(node, 0o666)
        own = next(line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines()
                   if line.startswith("0::"))
        top = next(t for t in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
                   if Path(t, "cgroup.procs").exists())
        done = self.rocpart("run", "--user", self.user.pw_name, "--partition", "0/3", "--", "sh",
                            "-c", OPEN, "sh", *nodes, f"{top}{own}/cgroup.procs")
        opened, other, left = done.stdout.split("\n")[::2][:3]
        self.assertEqual((opened, other, left), ("No such device or address",
                                                 "Operation not permitted", "Permission denied"))

    def test_user_to_whom_a_cgroup_above_was_delegated_can_leave_and_it_is_said(self):
        top = next(t for t in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup")
                   if Path(t, "cgroup.procs").exists())
        group = Path(f"{top}/rocpart-test-{os.getpid()}")
        group.mkdir()
        self.addCleanup(group.rmdir)
        os.chown(group / "cgroup.procs", host.NOBODY, -1)
        script = f'echo 0 >{group}/cgroup.procs && exec "$0" "$@"'
        done = subprocess.run(["sh", "-c", script, os.environ["ROCPART"], "run", "--json", "--bytes",
                               "4G", "--user", self.user.pw_name, "--", "true"], env=self.env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        doc = json.loads(done.stderr)
        self.assertEqual(doc["uid"], host.NOBODY)
        limits = {l["limit"]: l["guarantee"] for l in doc["leases"][0]["limits"]}
        self.assertEqual(limits["access"], "cooperative")
        self.assertIn("a cgroup above belongs to the user", doc["missing"][0])


if __name__ == "__main__":
    unittest.main()
