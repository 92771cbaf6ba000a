#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fetch.sh META-PACKAGE DIRECTORY: downloads the kernel package that META-PACKAGE depends on and
# leaves DIRECTORY/vmlinuz and DIRECTORY/modules (a tree for depmod, with the modules a router
# needs, uncompressed). Nothing is installed on this machine.
set -euo pipefail

meta=$1
directory=$(realpath -m "$2")
# Kept as whole directories, so that request_module finds whatever an nft rule asks for.
wanted='^kernel/net/(netfilter|ipv4|ipv6/netfilter|sched|bridge|802|8021q|llc)/'
wanted+='|^kernel/drivers/net/(veth|tun|dummy|ifb|macvlan)\.ko'
wanted+='|^kernel/drivers/net/(wireguard|ppp)/'
# Asked for by name only: conntrack's.
wanted+='|^kernel/crypto/crc32c'

for tool in apt-get dpkg xz depmod; do
    if ! command -v "$tool" >/dev/null; then
        echo "fetch.sh: $tool is missing; apt-get install apt dpkg xz-utils kmod" >&2
        exit 1
    fi
done

kernel_package() {
    apt-cache show --no-all-versions "$meta" |
        sed -n 's/^Depends: \(linux-image-[^ ,]*\).*/\1/p'
}

download() {
    local package
    package=$(kernel_package)
    # Unsandboxed, because apt's own user cannot write here, and apt would complain.
    [ -n "$package" ] &&
        (cd "$directory" && apt-get -o APT::Sandbox::User=root download "$package")
}

rm -rf "$directory"
mkdir -p "$directory"
# Stale package lists name files that the archive no longer has.
download || { apt-get update && download; }

unpacked=$directory/unpacked
dpkg -x "$directory"/*.deb "$unpacked"
rm "$directory"/*.deb
release=$(basename "$unpacked"/lib/modules/*)
source=$unpacked/lib/modules/$release
target=$directory/modules/lib/modules/$release

# modules.dep lists all that a module needs, directly or not.
depmod -b "$unpacked" "$release"
mkdir -p "$target"
cp "$source"/modules.{builtin,builtin.modinfo,order} "$target"
awk -v wanted="$wanted" '$1 ~ wanted { gsub(":", ""); for (i = 1; i <= NF; i++) print $i }' \
    "$source/modules.dep" | sort -u | (cd "$source" && xargs cp --parents -t "$target")
find "$target" -name '*.ko.xz' -exec xz -d {} +
depmod -b "$directory/modules" "$release"

cp "$unpacked/boot/vmlinuz-$release" "$directory/vmlinuz.new"
rm -rf "$unpacked"
mv "$directory/vmlinuz.new" "$directory/vmlinuz"
echo "$directory: kernel $release, $(find "$target" -name '*.ko' | wc -l) modules"
