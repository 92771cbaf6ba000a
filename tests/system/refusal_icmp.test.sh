#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A session that cannot be had is refused by ICMP 3/13, at once and not by silence (RFC 5508 REQ-8):
# when all ports are taken, and when the host has as many as it may (RFC 6888 REQ-4), whereby others
# still get theirs. With --refusal-icmp no there is none. Each is counted.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# takes PROTOCOL CLIENT PORT: a new session; what the server sees.
takes() {
    ends session "$2-$1-$3" "$1" "$2" "$3" $server:5001 "server-$1"
}

# is_refused PROTOCOL CLIENT PORT COUNTER: the client gets to know, and it is counted.
is_refused() {
    local before
    before=$(counter "$4")
    ends begin refused "$1" "$2" "$3" $server:5001 >/dev/null
    equals EHOSTUNREACH "$(ends outcome refused)" && counted "$4" $((before + 1)) &&
        ends close refused >/dev/null
}

# is_ignored PROTOCOL CLIENT PORT COUNTER: it is counted.
is_ignored() {
    local before
    before=$(counter "$4")
    ends begin refused "$1" "$2" "$3" $server:5001 >/dev/null
    wait_for 5 counted "$4" $((before + 1)) && ends close refused >/dev/null
}

# fragments_are_refused: the error is about the datagram that they make up.
fragments_are_refused() {
    craft client1 "fragment(IP(dst='$server')/UDP(sport=4003,dport=5001)/bytes(3000))"
    seen told "icmp[0:2] = 0x030d and icmp[10:2] = 3028"
}

build_topology
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done
start_capture outside isp eth0 ip
start_capture told client1 eth0 icmp

start_ctgate --port-range 5000-5001
for protocol in udp tcp; do
    check "$protocol: the first port" matches "^$external:500[01]$" "$(takes $protocol client1 4000)"
    check "$protocol: the second" matches "^$external:500[01]$" "$(takes $protocol client1 4001)"
    check "$protocol: no third: refused" is_refused $protocol client1 4002 drop_ports_exhausted
    check "$protocol: the other client is told too" \
        is_refused $protocol client2 4000 drop_ports_exhausted
    check "$protocol: the first goes on" \
        matches "^$external:500[01]$" "$(ends again client1-$protocol-4000)"
done
# One error a second, and client1 has just had one.
check "a session that begins with fragments is refused" wait_for 5 fragments_are_refused
stop_ctgate
stop_capture told
flush_entries
check "client1 was told by its router, 3/13" \
    seen told "icmp[0] = 3 and icmp[1] = 13 and src 10.0.0.1 and dst $client1"
check "for UDP" seen told "icmp[17] = 17"
check "and for TCP" seen told "icmp[17] = 6"
check "and by nobody else, nor anything else" \
    unseen told "not (icmp[0] = 3 and icmp[1] = 13 and src 10.0.0.1)"

start_capture untold client1 eth0 ip
start_ctgate --port-range 5000-5001 --refusal-icmp no
for protocol in udp tcp; do
    takes $protocol client1 4100 >/dev/null
    takes $protocol client1 4101 >/dev/null
    check "refusal-icmp no, $protocol: no third" is_ignored $protocol client1 4102 drop_ports_exhausted
    # An ICMP message would have come before this answer.
    check "$protocol: the first goes on" \
        matches "^$external:500[01]$" "$(ends again client1-$protocol-4100)"
done
stop_ctgate
stop_capture untold
flush_entries
check "client1 saw its sessions" seen untold "udp and port 4100"
check "but no ICMP" unseen untold icmp

start_ctgate --port-range 5000-5005 --max-ports-per-host 2
for protocol in udp tcp; do
    takes $protocol client1 4200 >/dev/null
    takes $protocol client1 4201 >/dev/null
    check "max-ports-per-host, $protocol: client1 gets no third" \
        is_refused $protocol client1 4202 drop_port_quota
    check "$protocol: client2 gets its first" \
        matches "^$external:500[0-5]$" "$(takes $protocol client2 4200)"
    check "$protocol: and its second" \
        matches "^$external:500[0-5]$" "$(takes $protocol client2 4201)"
    check "$protocol: but no third" is_refused $protocol client2 4202 drop_port_quota
done
check "it was never for want of ports" equals 0 "$(counter drop_ports_exhausted)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: nothing of the refused" unseen outside "src $external and not src portrange 5000-5005"
check "outside: no ICMP" unseen outside icmp

all_passed
