#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short path between devices with and without Ethernet header, each way, and between two
# internal hosts on different devices (hairpinning). From Ethernet to Ethernet is what the other tests do.
#
#   client3 10.1.0.2 tun0 ──── tunin 10.1.0.1 ─┐         ┌─ tunout 192.0.2.1 ──── tun0 192.0.2.254 isp
#                                              ├ gateway ┤
#   client1 10.0.0.2 eth0 ──── inside (bridge) ┘         └─ outside 203.0.113.1 ── eth0 isp
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
external3=192.0.2.1

# check_streams HOW EXTERNAL PORT CLIENT...
check_streams() {
    local client protocol name
    for client in "${@:4}"; do
        for protocol in udp tcp; do
            name=$protocol$client$3
            start_stream "$name" "$client" $protocol "$3${client#client}"
            check "$client $1: $protocol past the stack" takes_short_path "$name"
            check "$client $1: $protocol by $2" equals "$2:$3${client#client}" "$(translated_to "$name")"
            end_stream "$name"
        done
        check "$client $1: download" equals "$(payload_sum)" "$(download "$client")"
        check "$client $1: upload" equals "$(payload_sum)" "$(upload "$client")"
    done
}

build_topology
start_services
checksums_in_software client1 server
add_host client3
add_tunnel client3 tun0 10.1.0.2 gateway tunin 10.1.0.1
add_tunnel gateway tunout $external3 isp tun0 192.0.2.254
ip -n "$(netns client3)" route add default via 10.1.0.1
run_ctgate --internal inside --internal tunin --external outside --external tunout \
    --filtering endpoint-independent
start_capture outside server eth0 ip

check_streams "to Ethernet" $external 400 client3
ip -n "$(netns gateway)" route replace default via 192.0.2.254
flush_entries
check_streams "to tun" $external3 410 client1 client3

# Hairpinned: by the external endpoint of the other one, from tun to Ethernet and back.
ip -n "$(netns gateway)" route replace default via $isp
start_ends
ends serve served udp client1 5000 >/dev/null
ends serve server udp server 5001 >/dev/null
check "client1 has a mapping" equals "$external:5002" \
    "$(ends session mapped udp client1 5002 $server:5001 server)"
ends close mapped >/dev/null
ends serve served udp client1 5002 >/dev/null
check "client3 asks it" equals "$external:5003" \
    "$(ends session hairpin udp client3 5003 $external:5002 served)"
short=$(counter short_path)
check "again" equals "$external:5003" "$(ends again hairpin)"
check "past the stack" counted short_path $((short + 2))

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: every packet is of the router and the server" \
    unseen outside "not (host $server and (host $external or host $external3))"
check "outside: TTL is two lower" \
    unseen outside "(src host $external or src host $external3) and (udp or tcp) and ip[8] != 62"

all_passed
