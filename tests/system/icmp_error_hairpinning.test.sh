#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ICMP errors about hairpinned sessions (RFC 5508 REQ-7): by the other client, and by the gateway itself.
# They reach the client that sent the packet, from the external address, about the packet as it was sent.
#
#   client1 ─┐
#            ├─ inside (bridge), gateway 203.0.113.1 ($external) ── isp ── server
#   client2 ─┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# 10.0.0.2 -> 203.0.113.1, from port 4500 or 4501 to 4000.
as_sent="icmp[20:4] = 0x0a000002 and icmp[24:4] = 0xcb007101 and icmp[30:2] = 4000"

build_topology
start_ends
ends serve server udp server $server:5001 >/dev/null
start_ctgate --filtering endpoint-independent
start_capture one client1 eth0 icmp
start_capture two client2 eth0 ip
start_capture outside isp eth0 ip

check "client2 has a mapping" equals $external:4000 \
    "$(ends session contact udp client2 4000 $server:5001 server)"
ends close contact >/dev/null
# This first: the kernel sends few errors a second to each address.
craft client1 "IP(dst='$external',ttl=1)/UDP(sport=4501,dport=4000)/b'12345678'"
ends begin refused udp client1 4500 $external:4000 >/dev/null
check "nobody listens there any more: client1 is refused" equals ECONNREFUSED "$(ends outcome refused)"
check "client2 listens again" equals serves "$(ends serve again udp client2 4000)"
check "the mapping is still there" equals $external:4502 \
    "$(ends session third udp client1 4502 $external:4000 again)"
check "so is the session that was refused" \
    has_entry "src=$client1 dst=$external sport=4500 dport=4000 .*src=$client2 dst=$external " -p udp
stop_capture one two outside

check "client2's error is about what it got" seen two \
    "icmp[0:2] = 0x0303 and dst host $external and icmp[20:4] = 0xcb007101 and icmp[24:4] = 0x0a000003"
check "client1's is from the external address, about what it sent" \
    seen one "icmp[0:2] = 0x0303 and src host $external and $as_sent and icmp[28:2] = 4500"
check "the gateway's own (time exceeded) is about what client1 sent, too" \
    seen one "icmp[0:2] = 0x0b00 and $as_sent and icmp[28:2] = 4501"
check "the checksums are right" \
    fails grep -qE "bad cksum|wrong icmp cksum" <<<"$(packets one icmp -vv)"
check "client1 sees nothing of client2's address" \
    unseen one "src host $client2 or icmp[20:4] = 0x0a000003 or icmp[24:4] = 0x0a000003"
check "outside: no ICMP" unseen outside icmp
check "outside: no internal address" nothing_internal outside

all_passed
