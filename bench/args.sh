#!/bin/sh
# SPDX-License-Identifier: MIT
# `rocpart args` beside the start of a program that does nothing; it shall take less than 5 ms. The
# folder is 64 partitions as files; a lease is looked up, and held against the machine, on a
# simulated machine of as many. usage: args.sh BUILD
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work" ROCPART_DATA="$PWD"
"$build/tests/sim_dump" profiles/mi300x-8.yaml "$work/tree" \
	sys/bus/pci/devices/0000:05:00.0/current_memory_partition=NPS4 reload
"$build/cli/rocpart" --sim mi300x-8 set --compute CPX --memory NPS4 >/dev/null 2>&1
"$build/cli/rocpart" --sim mi300x-8 place Qwen/Qwen3-8B >/dev/null

row() {
	name=$1
	shift
	echo "$name of 64 partitions, beside nothing (us, limit 5000):" \
		"$("$build/bench/pair_time" 100 "$build/cli/rocpart" "$@" -- true 2>/dev/null)"
}
row "args env GPU/ID" --root "$work/tree" args env 7/7
row "args docker of eight" --root "$work/tree" args docker 0/0 0/1 0/2 0/3 0/4 0/5 0/6 0/7
row "args env LEASE" --sim mi300x-8 args env 1
row "args vllm LEASE" --sim mi300x-8 args vllm 1
row "cdi generate" --root "$work/tree" cdi generate --output -
