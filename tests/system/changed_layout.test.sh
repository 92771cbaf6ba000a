#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A daemon that keeps a map differently than the dataplane it finds, as after an upgrade: it says so,
# rebuilds the mappings from conntrack in maps of its own, and takes over with them. Sessions go on
# through all of it. So they do when it is killed at any step, and the next one takes over.
#
# The other version is imitated, see replace_map.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

samples=${FAULT_SAMPLES:-3}
command -v strace >/dev/null || skip "needs strace"

# map_of NAME: the kernel's number for what is pinned so.
map_of() {
    bpftool map show pinned "$(pins_of gateway)/$1" --json | jq .id
}

# second_remote PORT: what another remote endpoint sees of client1's UDP port.
second_remote() {
    inside client1 "$python" "$system_tests/peer.py" ask "$server" 5301 "$1" peer
}

# mapping PORT: the external endpoint of client1's UDP port, as the dataplane has it.
mapping() {
    ctgate show mappings --json | jq -r --argjson port "$1" \
        '.[] | select(.protocol == "udp" and .internal.address == "10.0.0.2" and .internal.port == $port)
             | "\(.external.address):\(.external.port)"'
}

has_bytes() {
    [ "$(stat -c %s "$work/transfer")" -ge "$1" ]
}

# start_killed CALL NUMBER: with its NUMBERth call of that kind.
start_killed() {
    nsenter --net="/run/netns/$(netns gateway)" \
        strace -qq -f -o "$work/trace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
        "$CTGATE" run --internal inside --external outside "${options[@]}" >"$work/killed.log" 2>&1 &
    daemon=$!
    wait_for 20 serves_or_has_ended >/dev/null 2>&1
}

options=(--port-range 5000-5999 --filtering address-dependent --max-sessions-per-host 50)
build_topology
start_services 40000000
background server "$python" "$system_tests/peer.py" udp 5301 >"$work/udp2.log" 2>&1
wait_for 10 listens server udp 5301
before=$(state_of gateway)
start_capture outside isp eth0 ip
start_ctgate "${options[@]}"

start_stream udp client1 udp 4000
start_conversation tcp client2 tcp 4100
tcp=$(converse tcp)
external_endpoint=$(translated_to udp)
check "a mapping" matches "^$external:5[0-9]{3}$" "$external_endpoint"
fetch client2 payload --limit-rate 4M --max-time 60 >"$work/transfer" &
transfer=$!
wait_for 10 has_bytes 1000000
port_slots=$(map_of port_slots)
kill_daemon

change_mappings
lost=$(lost udp)
start_ctgate "${options[@]}"
check "the log names the map" has_lines "mappings (values of 32 bytes, now 20" 1
check "and what goes with it" has_lines "begin anew too: .*port_slots" 1
check "and what was rebuilt" has_lines "Rebuilt from conntrack: [0-9]* mappings" 1
check "all that belongs together is new" fails equals "$port_slots" "$(map_of port_slots)"
check "the mapping is there" equals "$external_endpoint" "$(mapping 4000)"
check "the UDP session goes on" flows udp
check "at most one packet was lost" test "$(lost udp)" -le $((lost + 1))
check "with its external endpoint" equals "$external_endpoint" "$(translated_to udp)"
end_stream udp
check "another remote endpoint sees the same one" equals "$external_endpoint" "$(second_remote 4000)"
check "the TCP session goes on" equals "$tcp" "$(converse tcp)"
check "no step is left behind" fails grep -q fresh- <(ls "$(pins_of gateway)")

kill_daemon
port_slots=$(map_of port_slots)
replace_map counters percpu_array 4 8 3
start_ctgate "${options[@]}"
check "counters alone: named" has_lines "counters (3 entries, now" 1
check "the mappings are kept as they are" equals "$port_slots" "$(map_of port_slots)"
check "the mapping is there still" equals "$external_endpoint" "$(mapping 4000)"

# Another daemon has ended while it replaced maps; this one finds those in force as they should be.
kill_daemon
bpftool map create "$(pins_of gateway)/fresh-places" type hash key 4 value 4 entries 1 name other
start_ctgate "${options[@]}"
check "what was begun before: rebuilt too" has_lines "Rebuilt from conntrack" 2
check "with what was there" equals "$port_slots $external_endpoint" "$(map_of port_slots) $(mapping 4000)"
check "nothing of it is left" fails grep -q fresh- <(ls "$(pins_of gateway)")

for call in bpf rename; do
    kill_daemon
    change_mappings
    start_killed "$call" 65535
    steps=$(grep -c "$call(" "$work/trace")
    kill -9 "$(ctgate status --json | jq .daemon)"
    wait_for 10 has_ended "$daemon"
    for number in $(seq 1 $((steps / samples + 1)) "$steps"); do
        change_mappings
        start_killed "$call" "$number"
        wait_for 10 has_ended "$daemon"
        check "killed at $call number $number: the session goes on" equals "$tcp" "$(converse tcp)"
        start_ctgate "${options[@]}"
        check "the next one takes over: with the session" equals "$tcp" "$(converse tcp)"
        check "with the mapping" equals "$external_endpoint" "$(second_remote 4000)"
        kill_daemon
    done
    start_ctgate "${options[@]}"
done

check "the transfer ends" wait "$transfer"
check "and is as it was sent" equals "$(payload_sum)" "$(sha256sum <"$work/transfer" | cut -d' ' -f1)"
stop_capture outside
check "outside: no internal address" nothing_internal outside
stop_ctgate
check "down leaves nothing" equals "$before" "$(state_of gateway)"

all_passed
