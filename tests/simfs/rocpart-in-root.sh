#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside `sim exec`: rocpart in another root, where it can load AMD's library. What it needs beside
# that goes along: libraries of ours, the stand-in for modprobe, the records of the machine.
# usage: rocpart-in-root.sh ROOT ROCPART ARG...
#
# In a namespace that follows the other: what stands on a reload goes and comes there.
set -eu
if [ -z "${FOLLOWS-}" ]; then
	mount --make-rshared /sys
	FOLLOWS=1 exec unshare -m --propagation slave "$0" "$@"
fi
root=$1 rocpart=$2
shift 2
records=$(cat /sys/devices/rocpart-sim/folder)
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs none "$root/tmp"
mkdir -p "$root/tmp/with" "$root$records"
mount --bind "$records" "$root$records"
cp "$rocpart" "$root/tmp/with"
# Those that are not linked into it (-Dstatic_deps=false, or no static library here).
for lib in $(ldd "$rocpart" | sed -n 's/.*lib\(jansson\|sqlite3\|yaml\)[^ ]* => \([^ ]*\).*/\2/p'); do
	cp "$lib" "$root/tmp/with"
done
for tool in modprobe modinfo; do
	cp -L "$(command -v $tool)" "$root/tmp/with/$tool"
done
for more in ${WITH_FILES-}; do
	cp "$more" "$root/tmp/with"
done
# Root finds programs in a fixed list of folders.
mount --bind "$root/tmp/with" "$root/usr/local/sbin"
LD_LIBRARY_PATH=/tmp/with exec chroot "$root" \
	${WITHOUT_ROOT:+setpriv --reuid 65534 --clear-groups} /tmp/with/rocpart "$@"
