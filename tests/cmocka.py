# SPDX-License-Identifier: MIT
"""Runs a C test and passes its TAP on, with the reason (host.h) in the line of each skipped one.

cmocka 1.1 has no reason there and says "not ok", which is a failure.
"""
import re
import subprocess
import sys

SKIPPED = re.compile(r"(?:not )?ok (\d+) # SKIP (.*)")


def main():
    reason = ""
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True,
                          errors="replace") as test:
        for line in test.stdout:
            if line.startswith("# SKIP "):
                reason = line[len("# SKIP "):]
                continue
            skipped = SKIPPED.match(line)
            if skipped:
                line = f"ok {skipped[1]} - {skipped[2]} # SKIP {reason}"
            print(line.rstrip("\n"), flush=True)
    sys.exit(test.returncode if test.returncode >= 0 else 128 - test.returncode)


main()
