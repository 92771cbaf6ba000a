#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# TCP past the stack: uploads and downloads arrive whole, nearly all of their packets by the short
# path, with super-packets and without, with checksums left to the hardware and in software; conntrack
# sees the end of the session. With --fast-path off there is no short path.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

port=40000

# goes_past_stack KIND: a transfer arrives whole, and of ten packets nine at least do.
goes_past_stack() {
    local packets short
    packets=$(arrived)
    short=$(counter short_path)
    port=$((port + 1))
    equals "$(payload_sum)" "$("$1" client1 --local-port $port)" &&
        counted short_path $((short + ($(arrived) - packets) * 9 / 10))
}

# arrived: packets that came in from both sides.
arrived() {
    echo $(($(counter internal_packets) + $(counter external_packets)))
}

# check_transfers HOW
check_transfers() {
    local kind
    for kind in upload download; do
        check "$1: $kind past the stack" goes_past_stack $kind
        check "$1: conntrack has seen its end" \
            wait_for 5 has_entry "TIME_WAIT .*\[ASSURED\]" -p tcp --sport $port
    done
}

# offloads on|off HOST DEVICE
offloads() {
    inside "$2" ethtool -K "$3" tx "$1" tso "$1" gso "$1" gro "$1" >/dev/null 2>&1
}

build_topology
# Enough packets for the handshake and the end not to count.
start_services 8000000
start_ctgate
start_capture outside isp eth0 tcp

check_transfers "super-packets"
checksums_in_software client1 server
check_transfers "checksums in software"
offloads off client1 eth0
offloads off server eth0
check_transfers "single packets"
# The router puts them together, and takes them apart again.
for device in client1 outside; do
    inside gateway ethtool -K $device gro on
    inside gateway ethtool -K $device tx off >/dev/null
done
check_transfers "super-packets made by the router"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: TTL is one lower" unseen outside "src host $external and ip[8] != 63"

stop_ctgate
start_ctgate --fast-path off
for kind in upload download; do
    check "--fast-path off: $kind" equals "$(payload_sum)" "$($kind client1)"
done
check "--fast-path off: none past the stack" equals 0 "$(counter short_path)"
check "--fast-path off: nothing is kept for that" equals 0 "$(counter session_cached)"

all_passed
