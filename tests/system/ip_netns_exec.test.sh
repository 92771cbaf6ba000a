#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ip netns exec` gives its command a mount namespace that goes with it. What ctgate pins must not go:
# a daemon that was started so can be asked, killed and taken over like any other.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_services
ip netns exec "$(netns gateway)" "$CTGATE" run --internal inside --external outside \
    >>"$work/ctgate.log" 2>&1 </dev/null &
daemon=$!
wait_until_served
start_conversation tcp client1 tcp 4100
before=$(converse tcp)
check "it serves" equals "$external:4000" "$(ask client1 4000)"
check "its pins are seen from outside" test -e "$(pins_of gateway)"
check "status through ip netns exec" \
    exits 0 ip netns exec "$(netns gateway)" "$CTGATE" status

kill_daemon
check "killed: status 4" exits 4 ctgate status
check "killed: status 4 through ip netns exec" \
    exits 4 ip netns exec "$(netns gateway)" "$CTGATE" status
created=$(counter session_created)
check "killed: the TCP session goes on" equals "$before" "$(converse tcp)"
check "killed: new sessions" equals "$external:4001 $external:4001" \
    "$(ask client1 4001) $(seen_as client1 --local-port 4001)"
check "killed: both were made in TC" equals $((created + 2)) "$(counter session_created)"

start_ctgate
check "taken over: the TCP session goes on" equals "$before" "$(converse tcp)"
check "taken over: a new one" equals "$external:4002" "$(ask client1 4002)"
check "down through ip netns exec" ip netns exec "$(netns gateway)" "$CTGATE" down
check "it has ended" wait_for 10 has_ended "$daemon"
check "status: nothing serves" exits 3 ctgate status

all_passed
