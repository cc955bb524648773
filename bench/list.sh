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
