#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums the results of meson test runs and prints `N passed, N failed, N skipped`, after the reasons
of what was skipped and the tests that failed.

usage: test-summary.py COUNTS RUN.junit.xml...   sum, print, keep in the file COUNTS
       test-summary.py --total COUNTS...         print the sum of such files
"""
import collections
import json
import sys
import xml.etree.ElementTree as ET


LINES = 25  # of the output of a failed test


def ended_badly(path):
    """Names of the tests that did not end well, and the end of what they printed.

    From the log beside the JUnit file.

    The JUnit file knows the cases that a test printed, not that it ended badly after them (a leak).
    """
    with open(path.removesuffix(".junit.xml") + ".json", encoding="utf-8") as f:
        tests = [json.loads(line) for line in f]
    return {t["name"]: (t.get("stderr") or t.get("stdout") or "").splitlines()[-LINES:]
            for t in tests if t["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")}


def count(path, reasons, failed):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    bad = ended_badly(path)
    build = path.split("/")[0]
    failed += [[f"{build}: {name}", *lines] for name, lines in bad.items()]
    for suite in ET.parse(path).getroot().iter("testsuite"):
        cases = suite.findall("testcase")
        for case in cases:
            if case.find("failure") is not None or case.find("error") is not None:
                totals["failed"] += 1
            elif case.find("skipped") is not None:
                totals["skipped"] += 1
                reasons[case.findtext("system-out") or case.get("name")] += 1
            else:
                totals["passed"] += 1
        # A test that ended badly without a failed case (a crash before its first line).
        lost = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        seen = sum(1 for c in cases
                   if c.find("failure") is not None or c.find("error") is not None)
        is_bad = any(suite.get("name", "").endswith(name) for name in bad)
        totals["failed"] += max(is_bad, lost, seen) - seen
    return totals


def main():
    total = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = collections.Counter()
    failed = []
    names = sys.argv[2:]
    for name in names:
        if sys.argv[1] == "--total":
            with open(name, encoding="utf-8") as f:
                part = json.load(f)
            failed += part["names"]
        else:
            part = count(name, reasons, failed)
        for key in total:
            total[key] += part[key]
    if sys.argv[1] != "--total":
        with open(sys.argv[1], "w", encoding="utf-8") as f:
            json.dump({**total, "names": failed}, f)
    for reason, n in sorted(reasons.items()):
        print(f"{n} skipped: {' '.join(reason.split())}")
    for name, *lines in failed:
        print(f"failed: {name}", *lines, sep="\n    ")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()
