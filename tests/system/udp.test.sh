#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# UDP: questions and answers, the port kept, TTL and checksums on the wire, DNS with dig; a datagram
# without checksum stays one.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_services
background server dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= \
    --user=root --bind-interfaces --listen-address=$server --address=/name.example/192.0.2.1 \
    >"$work/dns.log" 2>&1
wait_for 10 listens server udp 53
# From here on the receiver drops what has a wrong checksum.
checksums_in_software client1 client2 server
start_ctgate
start_capture outside isp eth0 udp

check "an answer; the server sees the port kept" equals "$external:4000" "$(ask client1 4000)"
check "the second client, too" equals "$external:4001" "$(ask client2 4001)"
check "1400 bytes come back" equals same "$(ask client1 4000 1400)"
check "no bytes come back" equals same "$(ask client1 4002 0)"
for client in client1 client2; do
    check "$client: dig" equals 192.0.2.1 \
        "$(inside $client dig +short +time=2 +tries=2 @$server name.example)"
done
check "conntrack has the session, translated" \
    has_entry "src=$server dst=$external sport=5300 dport=4000 " -p udp --sport 4000

craft client1 "IP(dst='$server')/UDP(sport=4003,dport=5300,chksum=0)/b'no checksum'"
check "a datagram without checksum is answered" \
    wait_for 5 has_entry "dport=5300 src=.* dst=$external .*dport=4003 " -p udp --sport 4003

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: TTL is one lower" unseen outside "src host $external and ip[8] != 63"
check "outside: without checksum is still without" \
    seen outside "src host $external and src port 4003 and udp[6:2] = 0"
check "outside: that one alone" \
    unseen outside "src host $external and not src port 4003 and udp[6:2] = 0"
check "outside: no wrong checksum" equals 0 "$(packets outside udp -vv | grep -c 'bad udp')"
check "the sessions were made in TC" counted session_created 4
check "their ports were kept there" counted port_preserved 4

all_passed
