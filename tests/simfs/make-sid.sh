#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes a Debian sid root with AMD's own amd-smi, once: about a minute. usage: make-sid.sh ROOT
set -eu
root=$1
mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9 # three tests want it, two at once
[ -e "$root/.complete" ] && exit 0
rm -rf "$root" "$root.new"
debootstrap --variant=minbase --include=amd-smi sid "$root.new" http://deb.debian.org/debian >&2
rm -rf "$root.new"/var/cache/apt/archives/*.deb
touch "$root.new/.complete"
mv "$root.new" "$root"
