#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One-to-one: an external address that belongs to client1 alone, with all its ports, in both
# directions, for TCP, UDP and ICMP. client2 goes on with the other address, and reaches client1 by its
# external address.
#
#   client1 10.0.0.2 = 203.0.113.7 ($own) ─┐
#                                          ├─ gateway 203.0.113.1 ($external) ── isp ── server
#   client2 10.0.0.3 ──────────────────────┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

own=203.0.113.7

# pings HOST ADDRESS [OPTION of ping...]
pings() {
    inside "$1" ping -q -c 1 -W 5 "${@:3}" "$2" >/dev/null
}

build_topology
ip -n "$(netns gateway)" address add $own/24 dev outside
start_ends
for protocol in tcp udp; do
    ends serve $protocol-server $protocol server $server:5001 >/dev/null
    for port in 22 4000 60000; do
        ends serve $protocol-$port $protocol client1 $port >/dev/null
    done
    ends serve $protocol-client2 $protocol client2 60000 >/dev/null
done
state_of gateway >"$work/before"
start_capture outside isp eth0 ip
start_capture at1 client1 eth0 ip
start_ctgate --external-address $external --one-to-one "$own=$client1"

for protocol in tcp udp; do
    check "$protocol: client1 has its address and its port" equals $own:4100 \
        "$(ends session "out-$protocol" $protocol client1 4100 $server:5001 $protocol-server)"
    check "$protocol: also a low one" equals $own:1000 \
        "$(ends session low $protocol client1 1000 $server:5001 $protocol-server)"
    check "$protocol: client2 has the other address, and the same port" equals $external:4100 \
        "$(ends session out2 $protocol client2 4100 $server:5001 $protocol-server)"
    for port in 22 4000 60000; do
        check "$protocol: from outside to port $port" equals $server:6000 \
            "$(ends session "in-$protocol-$port" $protocol server $server:6000 $own:$port \
                $protocol-$port)"
    done
    check "$protocol: hairpinning: client2 reaches it by its external address" equals $external:4200 \
        "$(ends session hairpin-$protocol $protocol client2 4200 $own:4000 $protocol-4000)"
done
check "conntrack has the inbound session, with its destination translated" \
    has_entry "src=$server dst=$own .*dport=22 src=$client1 dst=$server sport=22 " -p tcp --dst-nat
ends begin stray udp server $server:6100 $external:60000 >/dev/null
check "the same port of the other address is nobody's" wait_for 5 counted to_stack_unsolicited 1
check "client1 has not got it" equals nothing "$(ends pending udp-60000)"
check "client2 has not either" equals nothing "$(ends pending udp-client2)"

check "ping from client1" pings client1 $server
check "ping to client1's address" pings server $own
check "client1 itself has got that" wait_for 5 has_entry "src=$server dst=$own .*src=$client1 " -p icmp

kill_daemon
check "without a daemon: out" equals $own:4101 \
    "$(ends session late tcp client1 4101 $server:5001 tcp-server)"
check "without a daemon: in" equals $server:6001 \
    "$(ends session late-in udp server $server:6001 $own:22 udp-22)"
check "the sessions go on" equals "$own:4100 $server:6000" "$(ends again out-tcp) $(ends again in-udp-22)"
ctgate down
check "down leaves nothing" state_is "$work/before" gateway

stop_capture outside at1
check "outside: no internal address" nothing_internal outside
check "outside: answers come from client1's external address and port" \
    seen outside "tcp[tcpflags] = tcp-syn|tcp-ack and src $own and src port 22 and dst $server"
check "outside: its ping has that address" seen outside "icmp[icmptype] = icmp-echo and src $own"
check "outside: and so has its echo" seen outside "icmp[icmptype] = icmp-echoreply and src $own"
check "client1 saw the echo request" \
    seen at1 "icmp[icmptype] = icmp-echo and src $server and dst $client1"
check "client1 was not redirected" unseen at1 "icmp[icmptype] = icmp-redirect"
check "hairpinning: client1 saw client2's external address" \
    seen at1 "udp and src $external and src port 4200 and dst $client1"

all_passed
