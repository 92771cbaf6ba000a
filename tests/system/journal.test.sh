#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What ctgate writes down of its changes: in the order in which they protect each other, nothing that
# was there before, for root only, and not more with every interface that comes again.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# first KIND, last KIND: position in the journal.
first() {
    jq "[.[].details.kind] | index(\"$1\")" "$files/journal"
}
last() {
    jq "[.[].details.kind] | rindex(\"$1\")" "$files/journal"
}
# forwarding switches are the sysctls with an interface.
first_forwarding() {
    jq '[.[] | (.details.kind == "sysctl" and .details.ifindex != 0)] | index(true)' "$files/journal"
}

in_order() {
    [ "$(first sysctl)" -lt "$(first table)" ] && [ "$(first table)" -lt "$(first attachment)" ] &&
        [ "$(last attachment)" -lt "$(first_forwarding)" ]
}

forwarding_of() {
    inside gateway cat "/proc/sys/net/ipv4/conf/$1/forwarding"
}

come_again() {
    ip -n "$(netns gateway)" link delete outside
    add_link gateway outside "$external/24" isp eth0 $isp/24
    ip -n "$(netns gateway)" route add default via $isp
    wait_for 5 exits 0 ctgate status
}

link_pins() {
    find "$(pins_of gateway)" -name 'link-*' | wc -l
}

build_topology
files=/run/ctgate/$(cookie_of "$(netns gateway)")
start_ctgate --address outside=$external/24 --attach auto
check "guard before programs, programs before forwarding" in_order
check "an address that was there is not noted" equals null "$(first address)"
check "for root only" equals "700 700 600" "$(stat -c %a /run/ctgate "$files" "$files/lock" | xargs)"

pins=$(link_pins)
for _ in 1 2 3; do
    come_again
done
check "an interface that comes again takes no more pins" equals "$pins" "$(link_pins)"

ip -n "$(netns gateway)" link set inside name renamed
kill_daemon
check "renamed: it still forwards" equals 1 "$(forwarding_of renamed)"
check "down" ctgate down
check "the address is still there" \
    matches "$external/24" "$(ip -n "$(netns gateway)" address show dev outside)"
check "renamed: forwarding is off as before" equals 0 "$(forwarding_of renamed)"

all_passed
