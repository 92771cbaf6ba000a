#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate show sessions --json` agrees with `conntrack -L`: the same sessions, with both tuples,
# whatever their kind; and `ctgate lookup` finds them.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The kernel itself may report multicast groups at any moment (IGMP to 224.0.0.22): that is no
# session of this test, and may come between two looks.
multicast='^224\.'

# from_conntrack: one session per line, sorted: protocol, then both tuples.
from_conntrack() {
    entries | grep -v 'dst=224\.' | awk '{
        line = $1 == "unknown" ? $2 : $1
        for (i = 1; i <= NF; i++) {
            if ($i ~ /^(src|dst|sport|dport|id)=/) { sub(/.*=/, "", $i); line = line " " $i }
        }
        print line
    }' | sort
}

# from_ctgate_json: the sessions of this test.
from_ctgate_json() {
    ctgate show sessions --json |
        jq -c --arg multicast "$multicast" \
            'map(select(.original.destination.address | test($multicast) | not))'
}

# The same from ctgate. An ICMP query has its identifier once in each tuple.
from_ctgate() {
    from_ctgate_json | jq -r '
        def tuple: [.source.address, .destination.address]
            + [.source.port, .destination.port, .source.id, .destination.id | select(. != null)];
        .[] | [.protocol] + (.original | tuple) + (.reply | tuple) | map(tostring) | join(" ")' |
        sort
}

# agree: nothing may come or go between the two.
agree() {
    from_conntrack >"$work/conntrack"
    from_ctgate >"$work/ctgate"
    [ -s "$work/conntrack" ] && diff "$work/conntrack" "$work/ctgate"
}

# field FILTER: of the JSON, compactly.
field() {
    from_ctgate_json | jq -c "[.[] | $1]"
}

build_topology
start_services
start_ctgate
check "no session: an empty array" equals "[]" "$(from_ctgate_json)"

start_conversation tcp client1 tcp 4000
start_conversation udp client2 udp 4000
converse tcp >/dev/null
converse udp >/dev/null
seen_as client2 --local-port 4001 >/dev/null
inside client1 ping -n -q -c 1 -W 3 $server >"$work/ping.log"
inside client1 ping -n -q -c 1 -W 3 10.0.0.1 >"$work/ping.log"
inside gateway ping -n -q -c 1 -W 3 $isp >"$work/ping.log"
craft client1 "IP(dst='$server')/UDP(sport=4002,dport=9)/b'x'" "IP(dst='$isp',proto=253)/b'x'"

check "the same sessions in both" agree
check "the TCP session" equals \
    '[["ESTABLISHED","source","10.0.0.2:4000","203.0.113.1:4000","198.51.100.2:8080",true]]' \
    "$(field 'select(.protocol == "tcp" and .internal.port == 4000) | [.state, .nat,
        "\(.internal.address):\(.internal.port)", "\(.external.address):\(.external.port)",
        "\(.remote.address):\(.remote.port)", .accepted]')"
check "the closed TCP session" equals '["TIME_WAIT"]' \
    "$(field 'select(.protocol == "tcp" and .internal.port == 4001) | .state')"
check "UDP without an answer or refused" equals '["source"]' \
    "$(field 'select(.protocol == "udp" and .internal.port == 4002) | .nat')"
check "the ping through it is translated, those to and from the router are not" \
    equals '["none","none","source"]' \
    "$(from_ctgate_json | jq -c '[.[] | select(.protocol == "icmp") | .nat] | sort')"
check "every forwarded TCP and UDP session is accepted" equals "[]" \
    "$(field 'select((.protocol == "tcp" or .protocol == "udp") and .accepted == false)')"
check "the table has a line for each" equals "$(from_conntrack | wc -l)" \
    "$(ctgate show sessions | tail -n +2 | grep -c -v ' 224\.')"
check "lookup finds the TCP session" matches "$external:4000" \
    "$(ctgate lookup --proto tcp $client1:4000 $server:8080)"
check "and the UDP session" matches "$external" \
    "$(ctgate lookup --proto udp $client2:4000 $server:5300)"
inside gateway conntrack -D -p udp --sport 4000 >/dev/null 2>&1
check "after conntrack -D both have one less" agree
check "and lookup does not find it" fails ctgate lookup --proto udp $client2:4000 $server:5300 \
    >/dev/null

all_passed
