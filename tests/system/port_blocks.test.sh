#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two port blocks of 64: the server sees each client with the ports of one block,
# a third one is refused, and nothing leaves with a port of another's block. A block comes back.
# Another size, by SIGHUP, does not disturb what is there.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

third=10.0.0.20

# block_of ADDRESS:PORT
block_of() {
    echo $((${1##*:} / 64))
}

# blocks CLIENT NUMBER: those that so many UDP sessions of a client have, with how many of each.
blocks() {
    run_python "$1" "$2" $server <<'PYTHON' | sort | uniq -c | awk '{ print $1 " in " $2 }'
import socket
import sys
from peer import seen_by, socket_in

clients = []
for number in range(int(sys.argv[2])):
    client = socket_in(sys.argv[1], socket.SOCK_DGRAM, 20000 + number)
    client.settimeout(1)
    clients.append(client)
    client.connect((sys.argv[3], 5300))
    try:
        print(int(seen_by(client).split(":")[1]) // 64)
    except OSError:  # no answer, or the refusal (ICMP 3/13)
        pass
PYTHON
}

first_is_served() {
    fetch client1 peer --interface $client1 >/dev/null 2>&1
}

# pings ADDRESS: from there, with an answer.
pings() {
    inside client1 ping -n -q -c 1 -W 3 -I "$1" $server >/dev/null
}

# same_block PORT PORT: of 128.
same_block() {
    equals $(($1 / 128)) $(($2 / 128))
}

build_topology
start_services
ip -n "$(netns client1)" address add $third/24 dev eth0
configure "port-block-size = 64" "port-range = 2048-2111" "port-range = 2176-2239" \
    "tcp-transitory-timeout = 2" "dangerous-timeouts = yes"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip

first=$(block_of "$(ask client1 4000)")
second=$(block_of "$(ask client2 4000)")
check "two clients have the two blocks" \
    equals "32 34" "$(printf '%s\n' "$first" "$second" | sort | xargs)"
check "a port of its own block is kept" \
    equals "$external:$((first * 64 + 7))" "$(ask client1 $((first * 64 + 7)))"
check "one of another's is not" equals "$first" "$(block_of "$(ask client1 $((second * 64 + 7)))")"
check "a session that begins with fragments" equals same "$(ask client1 4001 5000)"
craft client1 "IP(dst='$server')/TCP(sport=4002,dport=8080,flags='A')"
check "the middle of an unknown session is not translated, but dropped" \
    wait_for 10 counted guard_internal_source 1
check "ping" pings $client1
start_conversation stays client1 udp 5000
before=$(converse stays)
check "whois names who has a port" matches "^udp $before is $client1:5000 \(mapping, block $((first * 64))-" \
    "$(ctgate whois "$before" udp)"
free=$((second * 64 + 7))
check "or at least its block" matches "^udp $external:$free is $client2 \(block, block $((second * 64))-" \
    "$(ctgate whois $external:$free udp)"
check "nobody's: exit status 1" exits 1 ctgate whois $external:5000
check "a client has 59 more ports of UDP, and no more" equals "59 in $first" "$(blocks client1 70)"
check "they were refused for want of a port" counted drop_ports_exhausted 11

check "TCP has blocks of its own" matches "^$external:" "$(seen_as client1 --interface $third)"
seen_as client2 >/dev/null
check "and no third" fails seen_as client1 --interface $client1 2>/dev/null
flush_entries
check "a block that nobody uses any more is another's" wait_for 20 first_is_served

configure "port-block-size = 128" "port-range = 2048-4095"
check "another size: reloaded" reload "Reloaded"
check "the old session goes on" equals "$before" "$(converse stays)"
own=$(ask client1 4005)
other=$(ask client2 4005)
check "its host has the new block there" same_block "${before##*:}" "${own##*:}"
check "and another host another" fails same_block "${before##*:}" "${other##*:}"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: every port is of the ranges" \
    unseen outside "src host $external and (udp or tcp) and ip[6:2] & 0x1fff = 0 and \
        not src portrange 2048-4095"

all_passed
