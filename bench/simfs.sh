#!/bin/sh
# SPDX-License-Identifier: MIT
# amdsmi_init of AMD's own library on a simulated machine of 64 partitions, beside the same tree as
# plain files; in turns, each time in a new process. Root only. usage: simfs.sh BUILD
set -eu
cd "$(dirname "$0")/.."
build=$1
[ -x "$build/src/simfs/rocpart-simfs" ] || exit 0
sid=$PWD/build-witness/sid
sh tests/simfs/make-root.sh "$sid" sid amd-smi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work/state"
"$build/cli/rocpart" --sim mi300x-8 set -c CPX -m NPS4 --yes >/dev/null 2>&1

cat >"$work/init.py" <<'END'
import ctypes, sys, time
lib = ctypes.CDLL("libamd_smi.so.27")
start = time.monotonic()
status = lib.amdsmi_init(ctypes.c_uint64(2))
took = time.monotonic() - start
sys.exit(status) if status else print(f"{took * 1000:.1f}")
END
cat >"$work/inside.sh" <<'END'
set -eu
work=$1 sid=$2
mkdir "$work/mnt"
mount -t tmpfs -o noatime none "$work/mnt"
cd "$work/mnt"
mkdir plain simfs files
# What may only be written cannot be copied.
for part in bus class module devices; do
	cp -a "/sys/$part" files/ 2>/dev/null || true
done
for kind in plain simfs; do
	mount --bind "$sid" $kind
	mount --rbind /dev $kind/dev
	mount -t proc proc $kind/proc
	mount -t tmpfs none $kind/tmp
	cp "$work/init.py" $kind/tmp
done
mount --bind files plain/sys
mount --rbind /sys simfs/sys
for turn in 1 2 3 4 5 6 7 8 9 10 11 12; do
	for kind in plain simfs; do
		echo "$kind $(chroot $kind python3 /tmp/init.py 2>/dev/null)"
	done
done
END
"$build/cli/rocpart" sim exec mi300x-8 -- sh "$work/inside.sh" "$work" "$sid" | python3 -c '
import statistics, sys
times = {"plain": [], "simfs": []}
for line in sys.stdin:
    kind, ms = line.split()
    times[kind].append(float(ms))
plain, simfs = (statistics.median(times[k][2:]) for k in ("plain", "simfs"))
print(f"amdsmi_init, 64 partitions: plain files {plain:.0f} ms, simulated machine {simfs:.0f} ms,"
      f" ratio {simfs / plain:.2f} (limit 1.3)")'
