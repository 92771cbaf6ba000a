#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The NAT log has each mapping, however it came and went: made while no daemon ran, restored, ended with
# its external address or by a port forward. Where lines could not be written, it says how many are missing.
# And when a reload changes which records tell whose a port is, it has in these what there is already.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

log=$work/nat.log

# has KIND PORT: a line of that mapping, of client1.
has() {
    grep -q " $1 udp $client1:$2 $external:$2\$" "$log"
}

# begun [OPTION of run...]
begun() {
    run_ctgate --internal inside --external outside --nat-log "$log" "$@"
}

# has_block [PORT]: a line of the block of client1 that has it.
has_block() {
    local first=$((${1:-5000} / 64 * 64))
    grep -q " block_taken udp $client1 $external:$first-$((first + 63))\$" "$log"
}

# becomes [LINE...]: reloaded with these lines, and an empty log.
becomes() {
    : >"$log"
    configure "nat-log = $log" "ipfix = 127.0.0.1:4739" "$@"
    ctgate reload >/dev/null
}

# collected FILTER: a record of that kind.
collected() {
    jq -e -s "any(.[]; $1)" "$work/ipfix.json" >/dev/null
}

has_no_mapping() {
    equals "[]" "$(ctgate show mappings --json | tr -d '[:space:]')"
}

build_topology
start_services
begun
ask client1 4000 >/dev/null
check "a mapping" wait_for 5 has mapping_created 4000

kill_daemon
ask client1 4001 >/dev/null
begun
check "made while no daemon ran: the next one tells" wait_for 5 has mapping_created 4001
check "and of the other one again" equals 2 "$(grep -c " mapping_created udp $client1:4000 " "$log")"

ctgate save "$work/saved"
ctgate flush --all --mappings >/dev/null
check "flush: it ends" wait_for 10 has mapping_ended 4001
check "and its port does not rest any more" wait_for 10 fails ctgate whois $external:4001 udp
: >"$log"
check "restore" wait_for 10 ctgate restore "$work/saved"
check "restored: the log has it" wait_for 5 has mapping_created 4001

# A port forward takes the port of a mapping.
stop_ctgate
configure "nat-log = $log"
run_ctgate --config "$work/ctgate.conf"
ask client1 4004 >/dev/null
ask client1 4005 >/dev/null
check "two mappings" wait_for 5 has mapping_created 4005
background gateway "$CTGATE" events --json --kind mapping_ended >"$work/events.json" 2>/dev/null
wait_for 10 grep -q listening "$work/events.json"
: >"$log"
configure "nat-log = $log" "forward = udp:4004:$client2:5000"
ctgate reload >/dev/null
check "a port forward by reload: the log tells of the end" wait_for 5 has mapping_ended 4004
check "and so do events" wait_for 5 grep -q '"mapping_ended".*4004' "$work/events.json"
kill_daemon
configure "nat-log = $log" "forward = udp:4005:$client2:5000"
run_ctgate --config "$work/ctgate.conf"
check "a port forward by a new daemon: the log tells of it" wait_for 5 has mapping_ended 4005
ask client1 4002 >/dev/null
ask client1 4003 >/dev/null

ip -n "$(netns gateway)" address delete $external/24 dev outside
check "with its address it ends: the log has that" wait_for 5 has mapping_ended 4003
check "and the other one" has mapping_ended 4002
check "there is none any more" has_no_mapping
stop_ctgate

# --- other records by a reload ---
ip -n "$(netns gateway)" address add $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
background gateway $python "$system_tests/ipfix_collector.py" 4739 >"$work/ipfix.json"
collector=$!
wait_for 5 test -s "$work/ipfix.json"
configure "nat-log = $log" "ipfix = 127.0.0.1:4739"
run_ctgate --config "$work/ctgate.conf"
check "a mapping of the new gateway" equals $external:5000 "$(ask client1 5000)"
wait_for 5 has mapping_created 5000
becomes "port-block-size = 64"
check "to port blocks: the one that the mapping has" wait_for 5 has_block
check "IPFIX: too" wait_for 5 collected \
    '."230" == 16 and ."4" == 17 and ."8" == "'$client1'" and ."361" == 4992'
kill $collector
kill_daemon
: >"$log"
run_ctgate --config "$work/ctgate.conf"
check "a new daemon: the blocks that there are" wait_for 5 has_block
: >"$log"
ctgate reload >/dev/null
ask client1 5001 >/dev/null
becomes
check "from port blocks: the mapping" wait_for 5 has mapping_created 5000
check "made in a block: that too" has mapping_created 5001
check "no block any more" fails has_block
becomes "deterministic = 10.0.0.0/24"
becomes
check "from deterministic ports: the mapping" wait_for 5 has mapping_created 5000

all_passed
