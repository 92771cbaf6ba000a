#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Filtering (RFC 4787 REQ-8, RFC 5382 REQ-3), seen at the client's socket: who reaches the external
# endpoint of a client that has sent to $server:5001 only. Three behaviours, UDP and TCP; one host's
# own behaviour; what is filtered is counted, what is not is a session that is answered.
#
#   client1, client2 ── gateway ── isp ── server 198.51.100.2 ($server), 198.51.100.3 ($server2)
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3

# contact PROTOCOL CLIENT PORT: the client serves that port, and talks from it to $server:5001.
contact() {
    ends serve "$2-$1" "$1" "$2" "$3" >/dev/null
    contacted=$(ends session "$2-$1-contact" "$1" "$2" "$3" $server:5001 "server-$1")
    check "$1: $2 has contacted the server" equals "$external:$3" "$contacted"
}

# comes_in PROTOCOL CLIENT PORT SENDER: a new session from there reaches the client, which sees the
# sender, and is answered; no packet was counted as filtered.
comes_in() {
    local filtered before
    filtered=$(counter drop_filtered)
    before=$(counter session_created_inbound)
    equals "$4" "$(ends session "in-$1" "$1" server "$4" "$external:$3" "$2-$1")" &&
        equals "$filtered" "$(counter drop_filtered)" &&
        equals $((before + 1)) "$(counter session_created_inbound)"
}

# is_filtered PROTOCOL CLIENT PORT SENDER: the first packet of one is counted as dropped, and the client
# has nothing.
is_filtered() {
    local filtered
    filtered=$(counter drop_filtered)
    ends begin out "$1" server "$4" "$external:$3" >/dev/null
    wait_for 5 counted drop_filtered $((filtered + 1)) && equals nothing "$(ends pending "$2-$1")" &&
        ends close out >/dev/null
}

# check_filtering BEHAVIOUR CLIENT PORT OTHER-PORT OTHER-ADDRESS: the last two are comes_in or
# is_filtered.
check_filtering() {
    local protocol
    for protocol in udp tcp; do
        contact $protocol "$2" "$3"
        check "$1, $protocol: $2, another port of the contacted address: $4" \
            "$4" $protocol "$2" "$3" $server:6001
        check "$1, $protocol: $2, another address: $5" "$5" $protocol "$2" "$3" $server2:6002
        check "$1, $protocol: the contacted one still" \
            equals "$contacted" "$(ends again "$2-$protocol-contact")"
    done
}

build_topology
ip -n "$(netns server)" address add $server2/24 dev eth0
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done
start_capture outside isp eth0 ip

start_ctgate
check_filtering "default: address-dependent" client1 4000 comes_in is_filtered
check "conntrack has the inbound session, with its destination translated" \
    has_entry "src=$server dst=$external sport=6001 dport=4000 src=$client1 dst=$server sport=4000 " \
    -p udp --dst-nat
check "the TCP one too" \
    has_entry "src=$server dst=$external sport=6001 dport=4000 src=$client1 dst=$server sport=4000 " \
    -p tcp --dst-nat
check "one each, of those that were let in" equals 2 "$(entries --dst-nat | wc -l)"
contact udp client1 4001
ends serve server2-udp udp server $server2:5001 >/dev/null
check "nobody of the other address before it is contacted" \
    is_filtered udp client1 4001 $server2:6003
ends session later udp client1 4001 $server2:5001 server2-udp >/dev/null
check "everybody of it afterwards" comes_in udp client1 4001 $server2:6004
stop_ctgate
flush_entries

start_ctgate --filtering endpoint-independent
check_filtering endpoint-independent client1 4100 comes_in comes_in
stop_ctgate
flush_entries

start_ctgate --filtering address-and-port-dependent
check_filtering address-and-port-dependent client1 4200 is_filtered is_filtered
stop_ctgate
flush_entries

start_ctgate --filtering address-and-port-dependent \
    --host "$client1/32,filtering=endpoint-independent"
check_filtering "by --host" client1 4300 comes_in comes_in
check_filtering "without" client2 4301 is_filtered is_filtered
stop_ctgate

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: the reply to an unsolicited datagram comes from the external endpoint" \
    seen outside "udp and src $external and src port 4000 and dst $server and dst port 6001"
check "outside: the answer to an unsolicited SYN, too" \
    seen outside "tcp[tcpflags] = tcp-syn|tcp-ack and src $external and src port 4100 and \
        dst $server2 and dst port 6002"
check "outside: the filtered got no answer at all" \
    unseen outside "src $external and src port (4200 or 4301) and dst port (6001 or 6002)"

all_passed
