#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Public traces through planner and placer, beside what is known of them.

OR-Library: 80 bin packing instances with the best number of bins that is listed (three of them are
not the least: 50, 49 and 103 are, one fewer each). As models that may all share a GPU of one
partition. openb: 7,064 pods with GPUs of an Alibaba cluster, with the times at which they came and
went, on nodes of eight; 67 GPUs are the peak of the bound in the placement study.

usage: replay.py REPLAY [TRACES]"""
import csv
import io
import pathlib
import subprocess
import sys
import tarfile

BETTER = {"u120_08": 50, "u120_19": 49, "u250_07": 103}
TRACES = pathlib.Path(__file__).resolve().parent.parent.parent / "shared" / "traces"


def members(path):
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile():
                yield member.name, tar.extractfile(member).read().decode()


def instances(traces=TRACES):
    """name, capacity, best, sizes of each OR-Library instance."""
    for _, text in sorted(members(traces / "binpack-orlib.tar.xz")):
        words = iter(text.split())
        for _ in range(int(next(words))):
            name, capacity, n, best = next(words), next(words), next(words), next(words)
            sizes = [next(words) for _ in range(int(n))]
            yield name, int(capacity), BETTER.get(name, int(best)), [int(x) for x in sizes]


def run(program, argv, text):
    return subprocess.run([program, *argv], input=text, capture_output=True, text=True, check=True,
                          timeout=300).stdout


def packing(program, traces=TRACES):
    """name, best, used, bound, verified of each instance."""
    known = list(instances(traces))
    text = "".join(f"{name} {capacity} {len(sizes)} {' '.join(map(str, sizes))}\n"
                   for name, capacity, _, sizes in known)
    lines = run(program, ["packing"], text).splitlines()
    for (name, _, best, _), line in zip(known, lines, strict=True):
        found, used, bound, verified = line.split()
        assert found == name
        yield name, best, int(used), int(bound), verified == "1"


def pods(traces=TRACES):
    """start, end, eighths, GPUs of each pod with a GPU."""
    text = dict(members(traces / "openb.tar.xz"))["openb/openb_pod_list_default.csv"]
    for row in csv.DictReader(io.StringIO(text)):
        gpus = int(row["num_gpu"])
        if gpus > 0:
            yield (int(row["creation_time"]), int(row["deletion_time"]),
                   -(-int(row["gpu_milli"]) // 125), gpus)


def arrivals(program, nodes, traces=TRACES):
    """placed, refused, peak of GPUs in use, peak of the bound, switches."""
    events = []
    for job, (start, end, eighths, gpus) in enumerate(pods(traces)):
        if end > start:
            events += [(start, 1, f"+ {job} {eighths} {gpus}\n"), (end, 0, f"- {job}\n")]
    text = "".join(line for _, _, line in sorted(events, key=lambda x: x[:2]))
    return tuple(map(int, run(program, ["arrivals", str(nodes * 8)], text).split()))


def main():
    program = sys.argv[1]
    traces = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else TRACES
    if not (traces / "openb.tar.xz").exists():
        print(f"replay: skipped, there are no traces at {traces}")
        return
    rows = list(packing(program, traces))
    proved = sum(used == bound for _, _, used, bound, _ in rows)
    print(f"OR-Library: {proved} of {len(rows)} proved, "
          f"{sum(used == best for _, best, used, _, _ in rows)} at the least number of bins, "
          f"{sum(bound == best for _, best, _, bound, _ in rows)} bounds are it, "
          f"{100 * sum(r[2] for r in rows) / sum(r[1] for r in rows) - 100:.2f} % more bins in all")
    placed, refused, peak, bound, switches = arrivals(program, 9, traces)
    print(f"openb: {placed} placed, {refused} refused on 9 nodes; {peak} GPUs at the peak, "
          f"bound {bound} (study: 67, 67); {switches / placed:.4f} switches a job")


if __name__ == "__main__":
    main()
