#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# More changes than a netlink socket has room for, while the daemon does not read: the kernel loses
# the last of them (ENOBUFS), a new external address and the ruleset that is gone. Neither is missed.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# lost PROTOCOL: messages, of the sockets that watch it (its number in /proc/net/netlink).
lost() {
    inside gateway cat /proc/net/netlink |
        awk -v protocol="$1" '
            $2 == protocol && $4 != "00000000" { lost += $9 } END { print lost + 0 }'
}

has_lost() {
    [ "$(lost "$1")" -gt 0 ] && return
    echo "  no message of protocol $1 is lost"
    return 1
}

# answered_as ADDRESS
answered_as() {
    matches "^$1" "$(ask client1 5000)"
}

has_ruleset() {
    inside gateway nft list table ip ctgate >"$work/ruleset" 2>&1
}

build_topology
start_services
start_ctgate
check "before: the external address" equals "$external:5000" "$(ask client1 5000)"
check "before: nothing is lost" equals "0 0" "$(lost 0) $(lost 12)"

kill -STOP "$daemon"
for last in {1..250}; do
    for third in 1 2 3 4; do
        echo "address add 192.168.$third.$last/32 dev lo"
    done
done >"$work/addresses"
inside gateway ip -batch "$work/addresses"
check "messages on links are lost" has_lost 0
inside gateway ip address delete $external/24 dev outside
inside gateway ip address add 203.0.113.77/24 dev outside
inside gateway ip route replace default via $isp
for number in {1..1000}; do
    echo "add table ip filler; add chain ip filler c$number"
done >"$work/rules"
inside gateway nft -f "$work/rules"
inside gateway nft delete table ip filler
check "messages on tables are lost" has_lost 12
inside gateway nft delete table ip ctgate
kill -CONT "$daemon"

check "the new address is found" wait_for 5 answered_as 203.0.113.77
check "the ruleset is put back" wait_for 5 has_ruleset

all_passed
