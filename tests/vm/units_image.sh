#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# units_image.sh PACKAGE MODULES QUIT OUTPUT: packs an initramfs of Debian with systemd, the package, the
# module tree MODULES and the scripts beside this one. Needs a mirror of Debian.
set -euo pipefail

package=$(realpath "$1")
modules=$2
quit=$3
output=$(realpath "$4")
scripts=$(dirname "$0")

for tool in mmdebstrap cpio; do
    command -v $tool >/dev/null || { echo "units_image.sh: $tool is missing; apt-get install $tool" >&2; exit 1; }
done

root=$(mktemp -d /tmp/ctgate-units.XXXXXX)
trap 'rm -rf --one-file-system "$root"' EXIT

depends=$(dpkg-deb -f "$package" Depends | sed -E 's/ *\([^)]*\)//g; s/ //g')
# bpftool, curl, iproute2, socat: the tests' own.
# shellcheck disable=SC2016
mmdebstrap --quiet --variant=minbase --skip=cleanup/tmp \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include="$depends,systemd-sysv,kmod,bpftool,curl,iproute2,socat" \
    --customize-hook='mkdir "$1/ctgate"' --customize-hook="cp '$package' \"\$1/ctgate/package.deb\"" \
    --customize-hook='chroot "$1" dpkg -i /ctgate/package.deb' \
    bookworm "$root"
rm -rf --one-file-system "$root"/var/lib/apt/lists "$root"/var/cache/apt "${root:?}"/boot

install -m 755 "$scripts"/*.sh "$root/ctgate/"
install -m 755 "$quit" "$root/usr/sbin/quit"
cp -r "$modules/lib/." "$root/usr/lib/"
install -m 755 "$scripts/units_init" "$root/init"
install -m 644 "$scripts/units.service" "$root/etc/systemd/system/"
ln -s ../units.service "$root/etc/systemd/system/multi-user.target.wants/"
# There is nobody to log in.
ln -s /dev/null "$root/etc/systemd/system/serial-getty@ttyS0.service"

(cd "$root" && find . | cpio --quiet -o -H newc) >"$output"
