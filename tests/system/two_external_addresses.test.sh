#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two external addresses, paired pooling (RFC 4787 REQ-2): whatever one client does, it always has
# the same address; different clients use both.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

internals=$(seq -f '10.0.0.%g' 20 29)
second=203.0.113.2

# use_everything ADDRESS: UDP to two remotes, TCP, ping, and a protocol without ports, of which only
# one client can have a session with one remote; so each has another.
use_everything() {
    fetch client1 peer --interface "$1" >/dev/null
    inside client1 ping -n -q -c 1 -W 3 -I "$1" $server >/dev/null
    inside client1 ping -n -q -c 1 -W 3 -I "$1" $isp >/dev/null
    craft client1 "IP(src='$1',dst='$server')/UDP(sport=4000,dport=5300)/b'one'" \
        "IP(src='$1',dst='$isp')/UDP(sport=4000,dport=9)/b'two'" \
        "fragment(IP(src='$1',dst='$server')/UDP(sport=4001,dport=5300)/bytes(3000))" \
        "IP(src='$1',dst='$server',proto=2${1##*.})/b'experiment'"
}

# external_addresses ADDRESS: those that conntrack has for this internal one.
external_addresses() {
    entries -s "$1" | sed 's/.* dst=\([0-9.]*\) .*/\1/' | sort -u | xargs
}

build_topology
start_services
ip -n "$(netns gateway)" address add $second/24 dev outside
start_ctgate --external-address $external --external-address $second
start_capture outside isp eth0 ip

for internal in $internals; do
    ip -n "$(netns client1)" address add "$internal/24" dev eth0
    use_everything "$internal"
    used=$(external_addresses "$internal")
    check "$internal: the seven sessions have one address" \
        matches "^7 ($external|$second)\$" "$(entries -s "$internal" | wc -l) $used"
    echo "$used" >>"$work/used"
done
check "together they use both addresses" \
    equals "$external $second" "$(sort -u "$work/used" | xargs)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: nothing but those two" \
    unseen outside "src net not 198.51.100.0/24 and not host $external and not host $second"

all_passed
