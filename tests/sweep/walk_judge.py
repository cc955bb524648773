# SPDX-License-Identifier: MIT
"""Whether a node is what its file says: a comparison of its own, in Python.

It reads the file, `list --json` for modes and partitions, and the leases of `status --json`; it
never asks `plan`, `assert` or `apply`. A replica of these files has a partition alone, so what has
room is a question of sorting.
"""

import re

GIB = 1 << 30
HELD = ("placed", "running", "stopped")


def replicas(doc):
    """(name/n, keys of the model) of a file."""
    for name, model in doc.get("models", {}).items():
        for n in range(model.get("replicas", 1)):
            yield f"{name}/{n}", model


class Judge:
    """A node as it is now."""

    def __init__(self, listed, status, had):
        self.gpus = {g["bdf"]: g for g in listed["gpus"]}
        self.leases = status["leases"]
        self.by_replica = {x["replica"]: x for x in self.leases}
        self.usable = {u["partition"]: u["usable_bytes"] for u in status["use"]}
        self.missing = sorted(set(had) - set(self.gpus))

    def modes(self):
        return {bdf: (g["compute_mode"], g["memory_mode"]) for bdf, g in self.gpus.items()}

    def is_cordoned(self, bdf):
        return "cordoned" in self.gpus[bdf]["notes"]

    # ---- the file

    def wanted_modes(self, doc):
        """Of the GPUs that are here and of those that the file names."""
        node = doc.get("node") or {}
        found = {}
        for key, compute in node.get("gpus", {}).items():
            for bdf in self.gpus if key == "all" else [key]:
                found[bdf] = (compute, node["memory"])
        return found

    def wrong(self, doc, path):
        """What is not as the file says."""
        found = [f"GPU {bdf}" for bdf in self.missing]
        for bdf, mode in self.wanted_modes(doc).items():
            if bdf in self.gpus and self.modes()[bdf] != mode:
                found.append(f"GPU {bdf}")
        wanted = dict(replicas(doc))
        for replica, model in wanted.items():
            found += [f"{replica} {what}" for what in self.wrong_of(replica, model)]
        for lease in self.leases:
            if self.is_of_file(lease, path) and lease["replica"] not in wanted:
                found.append(f"{lease['replica']} is not in the file")
        return found

    @staticmethod
    def is_of_file(lease, _path):
        return lease["managed"]  # one file only is applied in a walk

    def wrong_of(self, replica, model):
        lease = self.by_replica.get(replica)
        if not lease or lease["state"] not in HELD:
            return ["has no place"]
        found = []
        footprint = lease["footprint"] or {}
        if "bytes" in model:
            if lease["bytes"] != int(model["bytes"][:-3]) * GIB:
                found.append("bytes")
        elif footprint.get("context") != model["context"] or \
                footprint.get("model") != model["model"] or \
                footprint.get("dtype") != model.get("dtype", "bf16"):
            found.append("model")
        elif footprint.get("total_bytes") != lease["bytes"]:
            found.append("bytes of the model")
        if lease["priority"] != model.get("priority", 0):
            found.append("priority")
        if "owner" in model and \
                lease["owner"] != model["owner"].replace("{replica}", replica.rpartition("/")[2]):
            found.append("owner")
        if "labels" in model and lease["labels"] != model["labels"]:
            found.append("labels")
        return found

    # ---- what is never so

    def problems(self, before, doc, path, running, evict):
        """What no command may have made of the node, whatever its status."""
        found = self.overbooked()
        for old in before.leases:
            new = next((x for x in self.leases if x["lease"] == old["lease"]), None)
            by_hand = not old["managed"] and old["replica"] not in dict(replicas(doc))
            if by_hand and not old["owner"].startswith("pid:") and not evict:
                found += self.touched(old, new, "by hand")
            elif old["replica"] in running and not evict:
                found += self.touched(old, new, "of a running program")
        return found

    @staticmethod
    def touched(old, new, what):
        if not new:
            return [f"lease {old['lease']} {what} is gone"]
        if new["bytes"] != old["bytes"] or new["replica"] != old["replica"]:
            return [f"lease {old['lease']} {what} was changed"]
        if old["state"] in HELD and (new["state"] not in HELD or new["partition"] != old["partition"]):
            return [f"lease {old['lease']} {what} was moved: {old['partition']} {new['state']} "
                    f"{new['partition']}"]
        return []

    def overbooked(self):
        """Places that are not there, or are used twice, or too full."""
        found, used = [], {}
        for lease in self.leases:
            if lease["state"] not in HELD:
                continue
            at = lease["partition"]
            if at not in self.usable:
                found.append(f"lease {lease['lease']} is placed on {at}, which is not there")
            elif used.setdefault(at, lease["lease"]) != lease["lease"]:
                found.append(f"leases {used[at]} and {lease['lease']} are both on {at}")
            elif lease["bytes"] > self.usable[at]:
                found.append(f"lease {lease['lease']} has {lease['bytes']} of {self.usable[at]}")
        return found

    # ---- reasons

    def untrue_reasons(self, wrong, doc, said, running, unattended):
        """Reasons of an apply that did a part."""
        found = []
        reasons = dict(re.findall(r"^(\S+/\d+) stays as it is: (.*)$", said, re.M))
        names = {w.split()[0] for w in wrong if not w.startswith("GPU")}
        if not reasons and not re.search(r"GPUs?, and it has|is missing|does not have", said):
            found.append("no reason is given")
        for name in names - set(reasons):
            if reasons:
                found.append(f"{name} is wrong, and nothing says why")
        for name, reason in reasons.items():
            if name not in names:
                found.append(f"{name} is as the file says")
            if reason.startswith("its programs run") and name not in running:
                found.append(f"no program of {name} runs")
            if reason.startswith("no partition has room") and self.has_room(name, doc):
                found.append(f"{self.has_room(name, doc)} has room for {name}")
            if reason.startswith("its GPU is not back") and self.is_back(name):
                found.append(f"the GPU of {name} is there")
            if "max-disruption" in reason and not unattended:
                found.append(f"{name}: nobody set a max-disruption")
        return found

    def is_back(self, name):
        lease = self.by_replica.get(name)
        return lease and lease["partition"] in self.usable and \
            not any(x["partition"] == lease["partition"] and x["state"] in HELD for x in self.leases)

    def bytes_of(self, name, doc):
        model = dict(replicas(doc)).get(name)
        lease = self.by_replica.get(name)
        if model and "bytes" in model:
            return int(model["bytes"][:-3]) * GIB
        return lease["bytes"] if lease else None

    def has_room(self, name, doc):
        """A partition that nobody uses and that is large enough."""
        size = self.bytes_of(name, doc)
        if any(self.is_cordoned(b) for b in self.gpus):
            return None  # a hive with a cordoned GPU keeps its memory mode
        used = {x["partition"] for x in self.leases if x["state"] in HELD}
        claimed = {x["partition"].split("/")[0] for x in self.leases if x["state"] == "displaced"}
        used |= {p for p in self.usable if p.split("/")[0] in claimed}
        free = [p for p, usable in self.usable.items()
                if size and p not in used and usable >= size and not self.is_cordoned(p.split("/")[0])]
        return free[0] if free else None

    def is_mode_open(self, doc):
        """Without node: a GPU may have to go back to the mode of a lease that is displaced."""
        return not doc.get("node") and any(x["state"] == "displaced" for x in self.leases)

    def untrue_refusal(self, before, doc, path, done, running):
        """Of an apply that was refused or failed: nothing has changed, and its reason holds."""
        found = []
        said = done.stderr
        if self.modes() != before.modes():
            found.append(f"modes were {before.modes()}, are {self.modes()}")
        mine = [self.brief(x) for x in self.leases]
        if mine != [self.brief(x) for x in before.leases] and \
                not any(x["state"] not in HELD for x in before.leases):
            found.append(f"leases were {[self.brief(x) for x in before.leases]}, are {mine}")
        if not said.strip() and "not placed: " not in done.stdout:
            found.append("no reason is given")
        if re.search("not placed: |no room|has room|do not fit|does not fit", said + done.stdout) and \
                self.all_fit(doc):
            found.append("all replicas fit")
        return found

    @staticmethod
    def brief(x):
        return x["lease"], x["replica"], x["bytes"], x["partition"]

    def all_fit(self, doc):
        """All replicas have room in the modes of the file beside what is not of it; None: not known."""
        modes = self.wanted_modes(doc)
        if not modes or set(modes) - set(self.gpus) or any(self.modes()[b] != m for b, m in modes.items()):
            return None  # how large the partitions will be is not known here
        sizes = [self.bytes_of(name, doc) for name, _ in replicas(doc)]
        if None in sizes:
            return None
        others = {x["partition"] for x in self.leases if x["state"] in HELD and not x["managed"]}
        others |= {p for p in self.usable for x in self.leases
                   if x["state"] == "displaced" and p.split("/")[0] == x["partition"].split("/")[0]}
        mine = {x["partition"] for x in self.leases if x["managed"]}
        rooms = sorted((usable for p, usable in self.usable.items() if p not in others and
                        (not self.is_cordoned(p.split("/")[0]) or p in mine)), reverse=True)
        cordoned = any(self.is_cordoned(b) for b in self.gpus)
        fits = len(sizes) <= len(rooms) and all(s <= r for s, r in
                                                zip(sorted(sizes, reverse=True), rooms))
        return fits and not cordoned
