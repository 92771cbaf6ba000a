#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An ICMP error neither ends nor refreshes the session that it is about (RFC 5508 REQ-6, RFC 4787 REQ-12,
# RFC 5382 REQ-10, RFC 7857 section 8): that of a query, of UDP and of TCP, from outside and from inside.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

short=50 # seconds: less than any of these sessions gets from a packet of its own

# shorten PROTOCOL: all that sessions of the client have left.
shorten() {
    inside gateway conntrack -U -p "$1" -s $client1 -t $short >/dev/null 2>&1
}

# left PROTOCOL: seconds.
left() {
    entries -p "$1" -s $client1 | awk '{ print $3 }'
}

# is_kept PROTOCOL: not ended, nor refreshed.
is_kept() {
    local left
    left=$(left "$1")
    [ -n "$left" ] && [ "$left" -gt 0 ] && [ "$left" -le $short ] && return
    echo "  left of the session: '$left' seconds"
    return 1
}

build_topology
start_services
start_ctgate
start_capture inside client1 eth0 icmp
start_capture outside isp eth0 icmp
check "a query" inside client1 ping -n -q -c 1 -W 3 -e 7777 $server >"$work/ping.log"
start_conversation udp client1 udp 4000
start_conversation tcp client1 tcp 4000
check "sessions of UDP and TCP" equals "$external:4000 $external:4000" "$(converse udp) $(converse tcp)"

declare -A sent=(
    [icmp]="IP(src='$external',dst='$server')/ICMP(type=8,id=7777)"
    [udp]="IP(src='$external',dst='$server')/UDP(sport=4000,dport=5300)/b'12345678'"
    [tcp]="IP(src='$external',dst='$server')/TCP(sport=4000,dport=8080,flags='A')"
)
declare -A received=(
    [icmp]="IP(src='$server',dst='$client1')/ICMP(type=0,id=7777)"
    [udp]="IP(src='$server',dst='$client1')/UDP(sport=5300,dport=4000)/b'12345678'"
    [tcp]="IP(src='$server',dst='$client1')/TCP(sport=8080,dport=4000,flags='A')"
)
for protocol in icmp udp tcp; do
    shorten $protocol
    check "$protocol: its time has been cut" is_kept $protocol
    # None that a connected socket would take for the end.
    craft isp "IP(dst='$external')/ICMP(type=3,code=0)/${sent[$protocol]}" \
        "IP(dst='$external')/ICMP(type=3,code=1)/${sent[$protocol]}" \
        "IP(dst='$external')/ICMP(type=11,code=0)/${sent[$protocol]}"
    check "$protocol: three errors from outside change nothing" is_kept $protocol
    craft client1 "IP(dst='$server')/ICMP(type=3,code=3)/${received[$protocol]}"
    check "$protocol: one from inside does not" is_kept $protocol
done
stop_capture inside outside

for protocol in 1 17 6; do
    check "protocol $protocol: the errors reached the client" \
        equals 3 "$(packet_count inside "src host $isp and icmp[17] = $protocol")"
    check "protocol $protocol: its own left" \
        seen outside "src host $external and icmp[0:2] = 0x0303 and icmp[17] = $protocol"
done
check "UDP goes on" equals $external:4000 "$(converse udp)"
check "TCP goes on" equals $external:4000 "$(converse tcp)"

all_passed
