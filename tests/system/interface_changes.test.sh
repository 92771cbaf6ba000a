#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Interfaces and addresses come, go and change while ctgate serves: it follows, without a restart,
# and nothing leaks meanwhile.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# add_outside ADDRESS: the link to isp anew, with this address. All that comes there is captured.
add_outside() {
    ip -n "$(netns gateway)" link add outside type veth peer name eth0 netns "$(netns isp)"
    set_up isp eth0 $isp/24 1500
    start_capture outside isp eth0 ip
    set_up gateway outside "$1/24" 1500
    ip -n "$(netns gateway)" route add default via $isp
}

# works [ADDRESS]: UDP and TCP, with that external address.
works() {
    matches "^${1:-$external}:" "$(ask client1 0)" && matches "^${1:-$external}:" "$(seen_as client2)" &&
        equals same "$(ask client2 0 3000)"
}

# says PATTERN: in the status, within a moment.
says() {
    wait_for 5 status_has "$1"
}

status_has() {
    ctgate status 2>&1 | grep -q -E "$1"
}

build_topology
start_services
start_capture server server eth0 ip
start_ctgate
check "at first" works
# It sends all the time, whatever there is.
start_stream always client1 udp 4000

ip -n "$(netns gateway)" address delete $external/24 dev outside
check "external address gone: status says so" says "no address yet"
check "external address gone: status 3" exits 3 ctgate status
ip -n "$(netns gateway)" address add 203.0.113.77/24 dev outside
ip -n "$(netns gateway)" route add default via $isp
check "another external address: served" says "203\.0\.113\.77 "
check "another external address" works 203.0.113.77

ip -n "$(netns gateway)" link delete outside
check "external interface gone: status says so" says "outside' is missing"
add_outside $external
check "external interface back: served" says "$external "
check "external interface back" works
check "external interface back: who has always sent, too" flows always 10
check "and with that address" matches "^$external:" "$(translated_to always)"

ip -n "$(netns gateway)" link delete inside
check "internal interface gone: status says so" says "inside' is missing"
ip -n "$(netns gateway)" link add inside type bridge
set_up gateway inside 10.0.0.1/24 1500
ip -n "$(netns gateway)" link set client1 master inside
ip -n "$(netns gateway)" link set client2 master inside
check "internal interface back: served" says "inside +(tcx|clsact)"
check "internal interface back" works
check "internal interface back: who has always sent, too" flows always 10

ip -n "$(netns gateway)" link set inside down
ip -n "$(netns gateway)" link set inside up
check "internal interface down and up" works
ip -n "$(netns gateway)" link set outside down
ip -n "$(netns gateway)" link set outside up
ip -n "$(netns gateway)" route add default via $isp
check "external interface down and up" works

end_stream always
stop_capture server outside
check "server: no internal address" nothing_internal server
check "outside: no internal address" nothing_internal outside

all_passed
