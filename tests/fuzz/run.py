# SPDX-License-Identifier: MIT
"""Runs one libFuzzer program: its stored corpus first, then new inputs: a number, or for some seconds."""
import os
import subprocess
import sys
import tempfile


def main():
    program, corpus, seconds = sys.argv[1:4]
    inputs = sys.argv[4] if len(sys.argv) > 4 else "-1"  # no limit
    if not os.listdir(corpus):
        sys.exit(f"no corpus in {corpus}")
    with tempfile.TemporaryDirectory() as found:
        replay = subprocess.run([program, "-runs=0", corpus], check=False)
        if replay.returncode:
            sys.exit("an input of the corpus failed")
        run = subprocess.run([program, f"-max_total_time={seconds}", f"-runs={inputs}", "-timeout=10",
                              "-rss_limit_mb=2048", f"-artifact_prefix={found}/", "-seed=1",
                              "-print_final_stats=1", "-verbosity=0", found, corpus], check=False)
        for name in os.listdir(found):
            if name.startswith(("crash-", "oom-", "timeout-", "leak-")):
                with open(os.path.join(found, name), "rb") as f:
                    print(f"{name}: {f.read(4096)!r}")
        # libFuzzer ends with 77 for a finding, which a test protocol takes for "skipped"
        sys.exit(1 if run.returncode else 0)


main()
