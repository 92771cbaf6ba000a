#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two gateways side by side on one machine, with the same internal addresses; `down` of one leaves
# the other as it was.
#
#   client3 10.0.0.2 ──── inside [gateway2] outside 192.0.2.1 ──── 192.0.2.254 isp
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# second VERB...: ctgate in the second gateway.
second() {
    inside gateway2 "$CTGATE" "$@"
}

serves_second() {
    second status || has_ended "$second_daemon"
}

start_second() {
    background gateway2 "$CTGATE" run --internal inside --external outside >>"$work/ctgate2.log" 2>&1
    second_daemon=$!
    wait_for 20 serves_second
    second status >/dev/null
}

build_topology
start_services
add_host gateway2
add_host client3
add_link client3 eth0 10.0.0.2/24 gateway2 inside 10.0.0.1/24
add_link gateway2 outside 192.0.2.1/24 isp eth2 192.0.2.254/24
ip -n "$(netns client3)" route add default via 10.0.0.1
ip -n "$(netns gateway2)" route add default via 192.0.2.254

start_ctgate
check "the second starts" start_second
check "each has its own address" equals "$external:4000 192.0.2.1:4000" \
    "$(ask client1 4000) $(ask client3 4000)"
check "downloads through both" equals "$(payload_sum) $(payload_sum)" \
    "$(download client1) $(download client3)"

state_of gateway2 >"$work/second.state"
start_conversation stays client3 tcp 4100
before=$(converse stays)
check "down of the first" stop_ctgate
check "status of the first: nothing serves" exits 3 ctgate status
check "status of the second: serves" exits 0 second status
check "the second is as it was" state_is "$work/second.state" gateway2
check "its TCP session goes on" equals "$before" "$(converse stays)"
check "new sessions, too" equals "192.0.2.1:4101" "$(seen_as client3 --local-port 4101)"

start_ctgate
check "down of the second" second down
check "its daemon has ended" wait_for 10 has_ended "$second_daemon"
check "the first goes on" equals "$external:4002" "$(seen_as client1 --local-port 4002)"
check "status of the second: nothing serves" exits 3 second status

all_passed
