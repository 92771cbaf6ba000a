#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Traceroute with UDP, ICMP and TCP: every hop answers, also those behind the gateway, whose errors
# come back to the client that asked.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v traceroute >/dev/null || skip "needs traceroute"

# hops [OPTION of traceroute...]: the addresses, in one line.
hops() {
    inside client1 traceroute -n -q 1 -w 3 -m 5 "$@" $server |
        awk 'NR > 1 { printf "%s%s", separator, $2; separator = " " }'
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip
path="10.0.0.1 $isp $server"

check "UDP" equals "$path" "$(hops)"
check "UDP to one port" equals "$path" "$(hops -U -p 33434)"
check "ICMP" equals "$path" "$(hops -I)"
check "TCP" equals "$path" "$(hops -T -p 8080)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: the probes' TTL is one lower" seen outside "src host $external and ip[8] = 1"
check "outside: none with TTL 0" unseen outside "ip[8] = 0"

all_passed
