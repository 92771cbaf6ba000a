#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Devices without Ethernet header (tun), inside and outside, together with an Ethernet one:
#
#   client3 10.1.0.2 tun0 ──── tunin 10.1.0.1 ─┐ gateway
#   client1 10.0.0.2 eth0 ──── inside ─────────┴─ tunout 192.0.2.1 ──── tun0 192.0.2.254 isp
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
external3=192.0.2.1

drops_unsolicited() {
    ip -n "$(netns isp)" route add 10.1.0.0/24 via $external3
    craft isp "IP(dst='10.1.0.2')/UDP(dport=9)/b'hello'"
    wait_for 5 counted drop_internal_destination 1
}

build_topology
start_services
add_host client3
add_tunnel client3 tun0 10.1.0.2 gateway tunin 10.1.0.1
add_tunnel gateway tunout $external3 isp tun0 192.0.2.254
ip -n "$(netns client3)" route add default via 10.1.0.1
ip -n "$(netns gateway)" route replace default via 192.0.2.254
run_ctgate --internal inside --internal tunin --external tunout
start_capture outside server eth0 ip

for client in client1 client3; do
    check "$client: UDP, port kept" equals "$external3:4${client#client}00" \
        "$(ask $client "4${client#client}00")"
    check "$client: TCP, port kept" equals "$external3:4${client#client}01" \
        "$(seen_as $client --local-port "4${client#client}01")"
    check "$client: download" equals "$(payload_sum)" "$(download $client)"
    check "$client: upload" equals "$(payload_sum)" "$(upload $client)"
    check "$client: 5000 bytes in fragments" equals same "$(ask $client 4500 5000)"
    check "$client: ping" inside $client ping -n -q -c 1 -W 3 $server >"$work/ping.log"
done
check "the sessions were made in TC" counted session_created 8
check "a new packet from outside is dropped" drops_unsolicited

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: every packet is of $external3 and the server" \
    unseen outside "not (host $external3 and host $server)"

all_passed
