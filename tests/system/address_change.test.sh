#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The external address changes while clients repeat themselves from one port: their sessions begin
# anew with the new address. Sessions from before the start, without NAT, begin anew with it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

answered_as() {
    matches "^$1" "$(ask client1 5000)"
}

build_topology
start_services

# A packet that was merely routed, seen by the conntrack of a firewall, before ctgate comes.
inside gateway nft -f - <<'RULES'
table inet firewall {
    chain forward { type filter hook forward priority 0; policy accept; ct state invalid drop; }
}
RULES
inside gateway sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
craft client1 "IP(dst='$server')/UDP(sport=5000,dport=5300)/b'early'"
check "there is a session without NAT" wait_for 5 has_entry "dst=10\.0\.0\.2 sport=5300 dport=5000"
start_capture outside isp eth0 ip
start_ctgate
check "it begins anew, translated" equals "$external:5000" "$(ask client1 5000)"

ip -n "$(netns gateway)" address delete $external/24 dev outside
ip -n "$(netns gateway)" address add 203.0.113.77/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
check "another address: the same port of the client gets it" wait_for 10 answered_as 203.0.113.77
check "another address: no session of the old one" \
    fails has_entry "dst=${external//./\\.} sport=5300"
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
