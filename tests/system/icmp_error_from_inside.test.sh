#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ICMP errors from inside (RFC 5508 REQ-5): by a router behind the gateway, and by the host itself, about
# what came in by a forward and about replies. They leave with the external address as source, about the
# packet as it was outside, and keep type, code and MTU. About no session, they do not leave.
#
#   client1 ─┐                                                 10.0.0.9      10.0.9.1
#            ├─ inside, gateway, outside ── isp ── server      router ────── client3 10.0.9.2
#   router ──┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

router=10.0.0.9
client3=10.0.9.2
nowhere=10.0.9.77

# build_inner_network
build_inner_network() {
    add_host router
    add_client router $router
    add_host client3
    add_link router eth1 10.0.9.1/24 client3 eth0 $client3/24 1400
    ip -n "$(netns client3)" route add default via 10.0.9.1
    set_sysctl router net/ipv4/ip_forward 1
    set_sysctl router net/ipv4/icmp_ratelimit 0
    set_sysctl client3 net/ipv4/icmp_ratelimit 0
    ip -n "$(netns router)" route add unreachable $nowhere
    ip -n "$(netns gateway)" route add 10.0.9.0/24 via $router
}

# error CAPTURE TYPE-AND-CODE SOURCE-OF-QUOTED DESTINATION-OF-QUOTED PORTS-OF-QUOTED [FILTER]: numbers
# as of tcpdump.
error() {
    seen "$1" "icmp[0:2] = $2 and icmp[20:4] = $3 and icmp[24:4] = $4 and icmp[28:4] = $5 ${6:-}"
}

build_topology
build_inner_network
start_services
start_capture outside isp eth0 ip
start_capture inside gateway inside icmp
start_ctgate --forward "udp:8080:$client3:80" --forward "udp:8081:$nowhere:81"

check "client3 has a session" equals "$external:4000" "$(ask client3 4000)"
udp_in="UDP(sport=1000,dport=8080)/b'12345678'"
# The unreachable host first: the other errors would use up what the kernel sends to an address.
craft server "IP(dst='$external')/UDP(sport=1000,dport=8081)/b'12345678'" \
    "IP(dst='$external')/$udp_in" \
    "IP(dst='$external',ttl=3)/$udp_in" \
    "IP(dst='$external',flags='DF')/UDP(sport=1001,dport=8080)/bytes(1422)" \
    "IP(dst='$external',ttl=3)/UDP(sport=5300,dport=4000)/b'a reply'"
# About packets that the router never saw.
craft router "IP(dst='$server')/ICMP(type=3,code=1)/IP(src='$server',dst='10.0.9.2')/UDP(sport=9,dport=4000)" \
    "IP(dst='$server')/ICMP(type=3,code=1)/IP(src='$server',dst='$external')/UDP(sport=5300,dport=4000)"
check "the session goes on" equals "$external:4000" "$(ask client3 4000)"
stop_capture outside inside

by_us="and src host $external and dst host $server"
check "inside: the router's error is about the internal endpoint" \
    error inside 0x0b00 0xc6336402 0x0a000902 0x03e80050 "and src host $router"
check "the host's: port unreachable" \
    error outside 0x0303 0xc6336402 0xcb007101 0x03e81f90 "$by_us"
check "the router's: time exceeded" \
    error outside 0x0b00 0xc6336402 0xcb007101 0x03e81f90 "$by_us"
check "host unreachable" \
    error outside 0x0301 0xc6336402 0xcb007101 0x03e81f91 "$by_us"
check "too large, with its MTU" \
    error outside 0x0304 0xc6336402 0xcb007101 0x03e91f90 "$by_us and icmp[6:2] = 1400"
check "time exceeded, about a reply" \
    error outside 0x0b00 0xc6336402 0xcb007101 0x14b40fa0 "$by_us"
check "the checksums are right" fails grep -qE "bad cksum|wrong icmp cksum" \
    <<<"$(packets outside icmp -vv)"
check "two errors about no session did come" \
    equals 2 "$(packet_count inside "src host $router and icmp[0:2] = 0x0301 and icmp[24:4] != 0x0a00094d")"
check "they did not leave" equals 5 "$(packet_count outside "icmp and src host $external")"
check "outside: no internal address" nothing_internal outside
check "outside: none is quoted" unseen outside "icmp and (icmp[20] = 10 or icmp[24] = 10)"

all_passed
