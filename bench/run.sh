#!/bin/sh
# SPDX-License-Identifier: MIT
# Every benchmark, in one run. Ratios within it are what counts. usage: run.sh BUILD
set -eu
cd "$(dirname "$0")/.."
sh bench/list.sh "$1"
"$1/bench/bench_place" bench
sh bench/simfs.sh "$1"
