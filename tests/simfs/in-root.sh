#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside `sim exec`: a command in another root, on the machine that /sys shows here.
# usage: in-root.sh ROOT COMMAND...
set -eu
root=$1
shift
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs none "$root/tmp" # amd-smi leaves files there
exec chroot "$root" "$@"
