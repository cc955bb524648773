#!/bin/sh
# SPDX-License-Identifier: MIT
# `rocpart list --json` beside AMD's own `amd-smi list -e --json` on a simulated machine of 64
# partitions: whole processes in turns, then the system calls of each. Root only.
# usage: amd_smi.sh BUILD
set -eu
cd "$(dirname "$0")/.."
build=$PWD/$1
sid=$PWD/build-witness/sid
if [ ! -x "$build/src/simfs/rocpart-simfs" ] || [ ! -e "$sid/.complete" ]; then
	echo "amd-smi list: not measured, it needs FUSE and the sid root (make check-long makes it)"
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state"
"$build/cli/rocpart" --sim mi300x-8 set -c CPX -m NPS4 --yes >/dev/null 2>&1

cat >"$work/inside.sh" <<'END'
set -eu
build=$1 sid=$2 work=$3
calls() {
	strace -f -c -o /dev/stdout "$@" 2>/dev/null | awk '$NF == "total" {print $4}'
}
# As tests/simfs/in-root.sh does it, once for all runs.
mount --rbind /sys "$sid/sys"
mount --rbind /dev "$sid/dev"
mount -t proc proc "$sid/proc"
mount -t tmpfs none "$sid/tmp"
# amd-smi tells of network cards that it does not find.
both=$("$build/bench/pair_time" 5 chroot "$sid" amd-smi list -e --json -- \
	"$build/cli/rocpart" list --json 2>"$work/said") || { cat "$work/said" >&2; exit 1; }
echo "list --json, 64 partitions: amd-smi, rocpart: $both (at least 100 wanted);" \
	"system calls $(calls chroot "$sid" amd-smi list -e --json)," \
	"$(calls "$build/cli/rocpart" list --json)"
END
"$build/cli/rocpart" sim exec mi300x-8 -- sh "$work/inside.sh" "$build" "$sid" "$work"
