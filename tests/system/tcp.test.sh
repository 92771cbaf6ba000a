#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# TCP: downloads and uploads arrive whole, several at once, with and without checksum offload; the
# wire outside has the external address, the internal port, and a TTL one lower.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# transfers KIND: three clients at a time, each its own file.
transfers() {
    local client sums=()
    for client in client1 client1 client2; do
        "$1" $client >"$work/sum.${#sums[@]}" &
        sums+=($!)
    done
    wait "${sums[@]}"
    for client in 0 1 2; do
        equals "$(payload_sum)" "$(cat "$work/sum.$client")" || return 1
    done
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 tcp
start_capture inside client1 eth0 tcp

check "download" equals "$(payload_sum)" "$(download client1 --local-port 40000)"
check "upload" equals "$(payload_sum)" "$(upload client1 --local-port 40001)"
check "three downloads at once" transfers download
check "three uploads at once" transfers upload
check "the server sees the external address and the port kept" \
    equals "$external:40002" "$(seen_as client2 --local-port 40002)"
check "conntrack has the session, translated" matches \
    "src=$server dst=$external sport=8080 dport=40000 .*mark=" "$(entries -p tcp --sport 40000)"

checksums_in_software client1 server
check "download, checksums in software" equals "$(payload_sum)" "$(download client1)"
check "upload, checksums in software" equals "$(payload_sum)" "$(upload client1)"

stop_capture outside inside
check "outside: no internal address" nothing_internal outside
check "outside: every packet is of $external and $server" \
    unseen outside "not (host $external and host $server)"
check "outside: TTL is one lower" unseen outside "src host $external and ip[8] != 63"
check "inside: every answer comes from the server" \
    unseen inside "dst host $client1 and not src host $server"
check "inside: TTL is two lower" unseen inside "src host $server and ip[8] != 62"
check "the sessions were made in TC" counted session_created 10

all_passed
