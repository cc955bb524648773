#!/bin/sh
# SPDX-License-Identifier: MIT
# `rocpart list --json` of 1, 8, 32, 64 partitions from a folder, and `rocpart status` of 64, beside
# a program that only reads the same files. usage: list.sh BUILD
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pci=sys/bus/pci/devices

# The files that rocpart opens, as a list for bare_read.
file_list() { # FOLDER VERB...
	root=$1
	shift
	strace -f -e trace=openat,openat2 "$build/cli/rocpart" --root "$root" "$@" 2>&1 >/dev/null |
		sed -n 's/^open[a-z0-9]*([0-9]*, "\([^/"][^"]*\)", {*\(.*\)/\1 \2/p' |
		awk '/O_PATH/ {next} /O_DIRECTORY/ {print "d " $1; next} {print "f " $1}'
}

measure() { # PARTITIONS FOLDER VERB...
	partitions=$1 root=$work/$2
	shift 2
	file_list "$root" "$@" >"$work/list"
	calls=$(strace -f -c "$build/cli/rocpart" --root "$root" "$@" 2>&1 >/dev/null |
		awk '$NF == "total" {print $4}')
	times=$("$build/bench/pair_time" 100 "$build/cli/rocpart" --root "$root" "$@" -- \
		"$build/bench/bare_read" "$root" "$work/list")
	echo "$*, $partitions partitions: rocpart, bare reads: $times" \
		"(limit 2.0); $calls system calls, $((calls / partitions)) for each partition"
}

dump() { # FOLDER PROFILE ACTION...
	folder=$1 profile=$2
	shift 2
	"$build/tests/sim_dump" "profiles/$profile.yaml" "$work/$folder" "$@"
}
dump one mi300x-1
dump eight mi300x-1 "$pci/0000:05:00.0/current_memory_partition=NPS4" reload
dump thirtytwo mi308x-8
dump sixtyfour mi300x-8 "$pci/0000:05:00.0/current_memory_partition=NPS4" reload
measure 1 one list --json
measure 8 eight list --json
measure 32 thirtytwo list --json
measure 64 sixtyfour list --json
measure 64 sixtyfour status

# The same of a simulated machine with 60 leases, beside a copy that has no record of an applied file.
export XDG_STATE_HOME="$work/state" ROCPART_DATA="$PWD"
cat >"$work/node.yaml" <<'END'
version: v1
node: {memory: NPS4, gpus: {all: CPX}}
models:
  llama: {model: meta-llama/Llama-3.1-8B-Instruct, context: 8k, replicas: 40}
  qwen: {bytes: 20GiB, replicas: 20}
END
"$build/cli/rocpart" sim create with --profile mi300x-8 >/dev/null
"$build/cli/rocpart" --sim with apply "$work/node.yaml" --yes >/dev/null 2>&1
cp -r "$work/state/rocpart/sim/with" "$work/state/rocpart/sim/without"
rm "$work/state/rocpart/sim/without/records/applied.json"
echo "status, 60 leases: with an applied file, without: $("$build/bench/pair_time" 100 \
	"$build/cli/rocpart" --sim with status -- "$build/cli/rocpart" --sim without status)" \
	"(limit 1.1)"
"$build/cli/rocpart" --sim with release 3 >/dev/null
echo "  with one lease released, so with a plan: $("$build/bench/pair_time" 100 \
	"$build/cli/rocpart" --sim with status -- "$build/cli/rocpart" --sim without status)"
