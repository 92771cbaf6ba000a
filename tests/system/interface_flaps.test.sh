#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An interface goes down and up, or loses its carrier and gets it again: sessions stand still, and go on
# as the same ones, with their external endpoints. Nothing leaks meanwhile.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# sessions: conntrack's numbers for the two, and how many sessions and mappings were made and have ended.
sessions() {
    local name
    entries -o id -p udp --orig-src $client1 | grep -o ' id=[0-9]*'
    entries -o id -p tcp --orig-src $client2 | grep -o ' id=[0-9]*'
    for name in session_created session_created_inbound mapping_created mapping_ended; do
        counter $name
    done
}

# check_same WHAT: after that.
check_same() {
    check "$1: UDP goes on" flows udp 10
    check "$1: with its external endpoint" equals "$udp_before" "$(translated_to udp)"
    check "$1: TCP goes on" equals "$tcp_before" "$(converse tcp)"
    check "$1: these are the same sessions and mappings" equals "$before" "$(sessions)"
}

build_topology
start_services
start_ctgate
start_capture isp isp eth0 ip
start_stream udp client1 udp 4000
start_conversation tcp client2 tcp 4100
udp_before=$(translated_to udp)
tcp_before=$(converse tcp)
check "both are translated" matches "^$external:[0-9]+ $external:[0-9]+$" "$udp_before $tcp_before"
before=$(sessions)

ip -n "$(netns gateway)" link set outside down
check "external interface down: nothing passes" stands_still udp
ip -n "$(netns gateway)" link set outside up
ip -n "$(netns gateway)" route add default via $isp
check_same "external interface down and up"

ip -n "$(netns gateway)" link set inside down
check "internal interface down: nothing passes" stands_still udp
ip -n "$(netns gateway)" link set inside up
check_same "internal interface down and up"
stop_capture isp
check "outside: no internal address" nothing_internal isp

# The other end goes down. Linux keeps addresses and routes then.
start_capture outside gateway outside ip
ip -n "$(netns isp)" link set eth0 down
check "no carrier: nothing passes" stands_still udp
ip -n "$(netns isp)" link set eth0 up
check_same "carrier lost and back"
stop_capture outside
check "outside: no internal address there" nothing_internal outside

all_passed
