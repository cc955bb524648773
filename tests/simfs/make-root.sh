#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a root of a Debian suite with AMD's own software, once: about a minute.
# usage: make-root.sh ROOT SUITE PACKAGE,...
# A root with other packages is made again. A failure is remembered for an hour: several tests want the root, and the network may be slow to say no.
set -eu
root=$1 suite=$2 packages=$3
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9 # several tests want it at once
[ "$(cat "$root/.complete" 2>/dev/null)" = "$packages" ] && exit 0
if [ -n "$(find "$root.failed" -mmin -60 2>/dev/null)" ]; then
	cat "$root.failed" >&2
	exit 1
fi
rm -rf "$root" "$root.new" "$root.failed"
if ! timeout 900 debootstrap --variant=minbase --include="$packages" "$suite" "$root.new" \
	http://deb.debian.org/debian >"$root.log" 2>&1; then
	grep '^[EW]: ' "$root.log" | tail -1 >"$root.failed"
	[ -s "$root.failed" ] || echo "debootstrap $suite did not end in 900 s" >"$root.failed"
	rm -rf "$root.new"
	cat "$root.failed" >&2
	exit 1
fi
rm -rf "$root.new"/var/cache/apt/archives/*.deb
echo "$packages" >"$root.new/.complete"
mv "$root.new" "$root"
