#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --netns serves another network namespace, which is created if need be; --move brings interfaces
# there. `down` moves them back as they were and removes what was created.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

router=$(netns router)
serve=(--netns "$router" --internal client1 --external outside --move client1 --move outside
    --address client1=10.0.0.1/24 --address "outside=$external/24" --route "0.0.0.0/0,via=$isp")

# in_router VERB...: ctgate, called from here for there.
in_router() {
    local verb=$1
    shift
    ctgate "$verb" --netns "$router" "$@"
}

serves_router() {
    in_router status || has_ended "$daemon"
}

start_router() {
    background gateway "$CTGATE" run "${serve[@]}" >>"$work/ctgate.log" 2>&1
    daemon=$!
    wait_for 20 serves_router
    in_router status >/dev/null
}

# addresses HOST DEVICE: and whether it is up.
addresses() {
    ip -n "$(netns "$1")" -brief -4 address show dev "$2" 2>/dev/null |
        awk '{ $1 = ""; print }' | xargs
}

namespace_exists() {
    ip netns list | grep -q "^$router\\b"
}

build_topology
start_services
# No longer a port of the bridge, but the way to the first client; with an address to be kept.
ip -n "$(netns gateway)" link set client1 nomaster
ip -n "$(netns gateway)" address delete 10.0.0.1/24 dev inside
ip -n "$(netns gateway)" address add 10.9.9.1/24 dev client1
outside_before=$(addresses gateway outside)
client1_before=$(addresses gateway client1)

check "run creates the namespace and serves it" start_router
check "the interfaces are there" test -n "$(addresses router outside)$(addresses router client1)"
check "and no longer here" equals "" "$(addresses gateway outside)$(addresses gateway client1)"
check "a session" equals "$external:4000" "$(ask client1 4000)"
check "download" equals "$(payload_sum)" "$(download client1)"
check "show sessions --netns" matches "$client1:4000 .*$external:4000 " "$(in_router show sessions)"
check "nothing serves here" exits 3 ctgate status

check "down" in_router down
check "the daemon has ended" wait_for 10 has_ended "$daemon"
check "the namespace is gone" fails namespace_exists
check "outside is back, with its address" equals "$outside_before" "$(addresses gateway outside)"
check "client1, too" equals "$client1_before" "$(addresses gateway client1)"
check "nothing is served there" exits 1 in_router status 2>/dev/null

add_host router
check "run serves a namespace that exists" start_router
kill_daemon
check "killed: a new session" equals "$external:4001" "$(ask client1 4001)"
check "down after kill -9" in_router down
check "a namespace that was there stays" namespace_exists
check "outside is back again" equals "$outside_before" "$(addresses gateway outside)"
check "nothing serves there" exits 3 in_router status

all_passed
