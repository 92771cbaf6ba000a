#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fragments that overlap (RFC 1858 section 4, RFC 3128), from inside and from outside: the kernel throws
# the whole datagram away. One that lies within another changes nothing. Nothing is rewritten, nobody
# gets a part, and other datagrams and sessions go on.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# What is sent after the first fragment, which has the bytes 0 to 1376 of 3008.
declare -A evil=(
    [beginning in the first]="P(1000, 1, b'B' * 1376)"
    [another first to another port]="P(0, 1, bytes(UDP(sport=S, dport=9, len=3008)) + b'B' * 1376)"
    [behind the header and beyond]="P(8, 1, b'B' * 1400)"
)
within="P(8, 1, b'B' * 800)"

# craft_overlapping HOST FROM TO EVIL: without a checksum, which would hide what was rewritten.
number=0
craft_overlapping() {
    number=$((number + 1))
    local expression
    expression="(lambda P, S, D: [P(0, 1, D[:1376]), $4, P(1376, 1, D[1376:2752]), P(2752, 0, D[2752:])])"
    expression+="(lambda at, more, data: IP(src='${2%:*}', dst='${3%:*}', id=$number, flags=more, "
    expression+="frag=at // 8, proto=17) / Raw(data), ${2#*:}, "
    expression+="bytes(UDP(sport=${2#*:}, dport=${3#*:}, len=3008, chksum=0)) + b'A' * 3000)"
    craft "$1" "$expression"
}

# overlaps: datagrams that the gateway has thrown away for that.
overlaps() {
    inside gateway cat /proc/net/netstat | awk '/^IpExt:/ {
        for (i = 1; i <= NF; i++) if ($i == "ReasmOverlaps") column = i; else if (i == column) print $i
    }'
}

# thrown_away HOST FROM TO EVIL SOCKET: that datagram is, and nothing of it arrives at the socket.
thrown_away() {
    local before
    before=$(overlaps)
    craft_overlapping "$@"
    wait_for 5 overlaps_are $((before + 1)) && equals nothing "$(ends pending "$5")"
}

overlaps_are() {
    equals "$1" "$(overlaps)"
}

build_topology
start_services
start_ends
ends serve server udp server $server:5001 >/dev/null
ends serve forwarded udp client2 80 >/dev/null
start_ctgate --forward "udp:8080:$client2:80"
start_capture outside isp eth0 ip
start_capture inside client2 eth0 "ip and src $server"
start_conversation tcp client1 tcp 4000
start_conversation udp client1 udp 4000
check "there are sessions" equals "$external:4000 $external:4000" "$(converse tcp) $(converse udp)"

intact="$(printf 'A%.0s' {1..3000})"
port=4100
for each in "${!evil[@]}"; do
    port=$((port + 1))
    check "from inside, $each: thrown away" \
        thrown_away client1 $client1:$port $server:5001 "${evil[$each]}" server
    check "from outside, $each: thrown away" \
        thrown_away server $server:$port $external:8080 "${evil[$each]}" forwarded
done
craft_overlapping client1 $client1:4200 $server:5001 "$within"
check "from inside, within the first: what came first stands" \
    equals "$external:4200 $intact" "$(ends receive server)"
craft_overlapping server $server:4200 $external:8080 "$within"
check "from outside, within the first: what came first stands" \
    equals "$server:4200 $intact" "$(ends receive forwarded)"
check "the sessions go on" equals "$external:4000 $external:4000" "$(converse tcp) $(converse udp)"
check "a datagram in fragments comes back" equals same "$(ask client1 4101 5000)"

stop_capture outside inside
check "outside: nothing rewritten left" unseen outside "src $external and udp and dst port 9"
check "inside: only the whole datagram came" \
    unseen inside "udp and ip[6:2] & 0x1fff = 0 and not src port 4200"
check "outside: no internal address" nothing_internal outside

all_passed
