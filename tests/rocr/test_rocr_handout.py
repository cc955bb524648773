# SPDX-License-Identifier: MIT
"""AMD's ROCr and HIP, started with what rocpart hands out, see exactly those partitions.

In host form all devices are there and a variable chooses; in container form only the devices are
there that were handed out.
"""

import shlex
import unittest

from rocr_case import GPUS, MODES, ROCPART, RocrCase, key, name_of

FILTERS = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES",
           "GPU_DEVICE_ORDINAL")
SUCCESS, OUT_OF_MEMORY = 0, 2  # hipError_t
GIB = 1 << 30


def host(view, *what, form=()):
    """What `rocpart args env` prints, as a shell of the host takes it."""
    out = view.run("env", "-i", "sh", "-c", 'eval "$("$@")" && exec /usr/bin/env', "sh", ROCPART,
                   "args", "env", *what, *form)
    env = dict(line.split("=", 1) for line in out.splitlines())
    env.pop("PWD", None)
    return {"env": env}


def container(view, client, *what):
    """What `rocpart args docker` prints, as the client takes it."""
    words = shlex.split(view.run(ROCPART, "args", client, *what))
    options = {"env": {}, "only": []}
    for option, value in (w.split("=", 1) for w in words if w.startswith("--")):
        if option == "--device":
            options["only"].append(value.split(":")[0])
        elif option == "--env":
            name, text = value.split("=", 1)
            options["env"][name] = text
    return options


class Handout(RocrCase):
    def assert_sees(self, view, *partitions, what=None):
        """What was handed out for what (the partitions' names) shows these, in this order."""
        what = what or [name_of(p) for p in partitions]
        wanted = [key(p) for p in partitions]
        given = host(view, *what)
        self.assertEqual(view.rocr(**given), wanted, given)
        self.assertEqual(given["env"]["ROCPART_PARTITIONS"], ",".join(map(name_of, partitions)))
        given = container(view, "docker", *what)
        self.assertEqual(view.rocr(**given), wanted, given)
        self.assertFalse(set(FILTERS) & set(given["env"]))
        self.assertEqual(container(view, "podman", *what), given)

    def assert_each(self, view, n):
        partitions = view.partitions()
        self.assertEqual(len(partitions), n)
        for p in partitions:
            with self.subTest(partition=name_of(p)):
                self.assert_sees(view, p)

    def test_rocr_sees_what_is_handed_out_in_each_mode(self):
        view = self.view(self.few(GPUS))
        for (compute, memory), each in zip(MODES, (1, 2, 4, 8, 4, 8)):
            with self.subTest(compute=compute, memory=memory):
                view.set_modes(compute, memory)
                self.assert_each(view, GPUS * each)

    def test_rocr_sees_what_is_handed_out_after_a_live_switch(self):
        view = self.view(self.few(GPUS))
        stored, moved = host(view, "1/0"), view.partitions()[1]
        for gpu, compute, n in ((0, "CPX", 8 + 1), (1, "DPX", 8 + 2), (0, "QPX", 4 + 2)):
            with self.subTest(gpu=gpu, compute=compute):
                view.set_modes(compute, "NPS1", "-g", gpu)
                self.assert_each(view, n + GPUS - 2)
        # What was handed out before is another partition now: an index is not to be stored.
        self.assertNotEqual(view.rocr(**stored), [key(moved)])

    def test_rocr_sees_the_partitions_of_leases(self):
        view = self.view(self.few(GPUS))
        view.set_modes("CPX", "NPS4")
        first, last = view.partitions()[5], view.partitions()[10]
        leases = [str(view.json_of("place", "a", "--bytes", "20G", "--partition", name_of(p))
                      ["leases"][0]["lease"]) for p in (last, first)]
        self.assert_sees(view, last, what=leases[:1])
        # several make one program; devices come in the order of the machine, so all else does
        self.assert_sees(view, first, last, what=leases)
        given = container(view, "docker", *leases, "--filter", "rocr")
        self.assertEqual(view.rocr(**given), [key(first), key(last)], given)

    def test_hip_with_either_filter_sees_what_is_handed_out(self):
        view = self.view(self.few(GPUS))
        view.set_modes("DPX", "NPS1", "-g", 1)
        partition = view.partitions()[GPUS]  # nodes of the switched GPU are the last
        for chosen in ("rocr", "hip"):
            given = host(view, name_of(partition), form=["--filter", chosen])
            seen = view.request(ask="hip", **given)
            self.assertEqual([d["bdf"] for d in seen["devices"]], [partition["bdf"]])
        # a second filter counts what the first one left: rocpart never sets two
        given["env"]["ROCR_VISIBLE_DEVICES"] = given["env"]["HIP_VISIBLE_DEVICES"]
        self.assertEqual(view.request(ask="hip", **given)["devices"], [])

    def test_hip_allocates_no_more_than_the_partition_has(self):
        view = self.view(self.few(1))
        for compute, memory in MODES:
            with self.subTest(compute=compute, memory=memory):
                view.set_modes(compute, memory)
                whole = view.partitions()[0]["memory_bytes"]
                # the kernel and the runtime keep some of it: 1 % and at least 512 MiB are left
                most = whole - max(whole // 100, GIB // 2)
                seen = view.request(ask="hip", bytes=[most, 2 * GIB, whole], **host(view, "0/0"))
                (device,) = seen["devices"]
                self.assertEqual(device["total"], whole)
                self.assertEqual(device["malloc"], [SUCCESS, OUT_OF_MEMORY, OUT_OF_MEMORY])


if __name__ == "__main__":
    unittest.main()
