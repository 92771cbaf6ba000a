#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Fragments must not become a way to denial of service (RFC 4787 REQ-14a): 10,000 first fragments whose
# rest never comes, from outside to a forward, a mapping and nobody's port, then from inside. Sessions
# go on meanwhile and begin, the memory for fragments stays within its limit, and what the fragments
# have left behind goes by itself: their entries, their mappings, and the memory.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

flood=10000
ports=100 # of the sender; see first_fragments.py

# fragment_memory: bytes that fragments which wait for others take in the gateway.
fragment_memory() {
    inside gateway cat /proc/net/sockstat | awk '/^FRAG:/ { print $5 }'
}

memory_is_free() {
    [ "$(fragment_memory)" -eq 0 ]
}

# works_during HOST ARGUMENT...: of first_fragments.py. Until that ends, and once more, two sessions go
# on. The most memory that was seen is in $most.
works_during() {
    local pid memory goes_on=1 turns=0
    background "$1" "$python" "$system_tests/first_fragments.py" "${@:2}"
    pid=$!
    while [ $goes_on -eq 1 ]; do
        has_ended $pid && goes_on=0
        equals "$external:4000 $external:4000" "$(converse tcp) $(converse udp)" || return 1
        memory=$(fragment_memory)
        [ "$memory" -le "$most" ] || most=$memory
        turns=$((turns + 1))
    done
    wait $pid
    echo "  $turns turns meanwhile, $most bytes for fragments"
}

# A queue is begun as long as the limit is not reached, and may then be beyond it by its own size.
memory_was_limited() {
    [ "$most" -gt $((high_thresh / 2)) ] && [ "$most" -lt $((high_thresh + 4096)) ] && return
    echo "  at most $most bytes, the limit is $high_thresh"
    return 1
}

# mappings_left_are NUMBER: that have been made and have not ended.
mappings_left_are() {
    equals "$1" $(($(counter mapping_created) - $(counter mapping_ended)))
}

entries_left_are_below() {
    [ "$(entries -p udp | wc -l)" -lt "$1" ]
}

build_topology
set_sysctl gateway net/ipv4/ipfrag_time 3
high_thresh=$(get_sysctl gateway net/ipv4/ipfrag_high_thresh)
start_services
start_ctgate --forward "udp:8080:$client2:80" --filtering endpoint-independent \
    --dangerous-timeouts yes --udp-timeout 10
start_capture outside isp eth0 "ip and src net 10.0.0.0/8"
start_conversation tcp client1 tcp 4000
start_conversation udp client1 udp 4000
check "there are sessions" equals "$external:4000 $external:4000" "$(converse tcp) $(converse udp)"
before=$(counter mapping_created)

most=0
# 198.18.0.0/15: RFC 2544.
check "$flood first fragments from outside: the sessions go on" \
    works_during isp $flood 198.18.0.1 $flood $external 8080 4000 9999
check "they did begin sessions" counted session_created_inbound 1000
check "the memory for them has been limited" memory_was_limited
check "a session begins" equals $external:4001 "$(ask client1 4001)"
check "by the only mapping that was made" equals $((before + 1)) "$(counter mapping_created)"
check "the memory comes back" wait_for 20 memory_is_free
check "a datagram in fragments passes" equals same "$(ask client1 4002 5000)"

most=0
check "$flood from inside: the sessions go on" \
    works_during client2 $flood $client2 1 $server 5300 5301
check "they made a mapping for each of their ports" \
    equals $((before + 2 + ports)) "$(counter mapping_created)"
check "the memory for them has been limited" memory_was_limited
check "a session begins" equals $external:4003 "$(ask client1 4003)"
check "the memory comes back" wait_for 20 memory_is_free
check "a datagram in fragments passes" equals same "$(ask client2 4002 5000)"

check "the mappings end, but for that of the TCP session" wait_for 30 mappings_left_are 1
check "so do the entries" wait_for 30 entries_left_are_below 5
check "that goes on" equals $external:4000 "$(converse tcp)"

stop_capture outside
check "outside: no internal address" unseen outside ip

all_passed
