#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# One of two external addresses goes: exactly its sessions and mappings end, those of the other one go on,
# and nothing leaves with an internal source meanwhile.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

other=203.0.113.2

# sessions_at ADDRESS: how many have it as their external address.
sessions_at() {
    entries | awk -v there="dst=$1" '{ for (i = 1; i <= NF; i++) if ($i == there) n++ } END { print n + 0 }'
}

has_no_session() {
    equals 0 "$(sessions_at $external)"
}

build_topology
start_services
ip -n "$(netns gateway)" address add $other/32 dev outside
ip -n "$(netns gateway)" route replace default via $isp dev outside onlink
start_ctgate --one-to-one $other=10.0.0.3
start_capture outside isp eth0 ip
for protocol in tcp udp; do
    start_conversation $protocol client1 $protocol 4100
    start_conversation ${protocol}2 client2 $protocol 4100
    check "$protocol: client1 has the one address" equals "$external:4100" "$(converse $protocol)"
    check "$protocol: client2 the other" equals "$other:4100" "$(converse ${protocol}2)"
done
start_ends
ends serve console udp client1 4200 >/dev/null
ends serve friend udp server $server:6000 >/dev/null
ends send console $server:6000 hello >/dev/null
check "a mapping by which somebody calls in" equals "$external:4200 hello" "$(ends receive friend)"
flush_entries
ends send friend $external:4200 game >/dev/null
check "who begins the session" equals "$server:6000 game" "$(ends receive console)"
check "its mapping is known" matches "10\.0\.0\.2:4100" "$(ctgate whois $external:4100 udp)"

ip -n "$(netns gateway)" address delete $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp dev outside onlink
check "the address goes: no session has it" wait_for 5 has_no_session
check "nor a mapping" fails ctgate whois $external:4100 udp
for protocol in tcp udp; do
    check "$protocol of the other one goes on" equals "$other:4100" "$(converse ${protocol}2)"
done
check "both are the sessions that there were" equals 2 "$(sessions_at $other)"
check "the host whose address went begins anew with the other" \
    equals "$other" "$(converse udp | sed 's/:.*//')"
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
