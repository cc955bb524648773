#!/bin/sh
# SPDX-License-Identifier: MIT
# Every benchmark, in one run. Ratios within it are what counts. usage: run.sh BUILD
set -eu
cd "$(dirname "$0")/.."
sh bench/list.sh "$1"
"$1/bench/bench_place" bench
python3 bench/replay.py "$1/bench/replay"
sh bench/simfs.sh "$1"
python3 bench/fleet.py "$1"
sh bench/args.sh "$1"
sh bench/run_command.sh "$1"
sh bench/amd_smi.sh "$1"
# Of a file system with a disk behind it where there is one: syncs are what is measured.
dir=$(mktemp -d ./bench-lease.XXXXXX)
trap 'rm -rf "$dir"' EXIT
XDG_STATE_HOME=$dir "$1/cli/rocpart" --sim mi300x-8 set --compute CPX --memory NPS4 >/dev/null 2>&1
XDG_STATE_HOME=$dir "$1/bench/bench_lease" "$dir" "$1/cli/rocpart" mi300x-8
