#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A port range of ten, address-and-port-dependent mapping: ten sessions to one remote endpoint, the
# eleventh is refused and counted, and nothing leaves with another port or address. Several ranges;
# fragments that begin a session.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# ports tcp|udp REMOTE: twelve sessions from one client at once; the external ports of those that
# were answered, sorted.
ports() {
    run_python "$1" "$2" <<'PYTHON' | sort -n | xargs
import socket
import sys
from peer import seen_by, socket_in

tcp = sys.argv[1] == "tcp"
clients = []
for number in range(12):
    client = socket_in("client1", socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
    client.settimeout(3 if number < 10 else 0.3)
    clients.append(client)
    try:
        client.connect((sys.argv[2], 8080 if tcp else 5300))
        print(seen_by(client).split(":")[1])
    except OSError:  # no answer, or the refusal (ICMP 3/13)
        pass
PYTHON
}

# warnings: of `ctgate status`, one a line.
warnings() {
    ctgate status --json | jq -r '.warnings[]'
}

out_of_range="src host $external and (tcp or udp) and ip[6:2] & 0x1fff = 0 and \
    not (src portrange 5000-5009 or src portrange 6000-6004)"
ten=$(seq -s ' ' 5000 5009)

build_topology
start_services
background isp $python "$system_tests/peer.py" udp 5300 >"$work/isp.log" 2>&1
wait_for 10 listens isp udp 5300
start_capture outside isp eth0 ip

start_ctgate --mapping address-and-port-dependent --port-range 5000-5009
check "status warns of nothing" equals "" "$(warnings)"
check "UDP: exactly the ten ports" equals "$ten" "$(ports udp $server)"
check "UDP: two were dropped for want of a port" equals 2 "$(counter drop_ports_exhausted)"
check "status warns of it, and that sessions were refused" matches \
    "^The udp ports of $external are nearly all in use: 10 of 10;.* Sessions were refused in the last 5 minutes" \
    "$(warnings | xargs -d '\n')"
check "not of the ports of TCP" fails grep -q "The tcp ports" <<<"$(warnings)"
check "UDP: another remote endpoint has all ten again" equals "$ten" "$(ports udp $isp)"
check "TCP: exactly the ten ports" equals "$ten" "$(ports tcp $server)"
check "TCP: the others were counted" counted drop_ports_exhausted 4
check "the second client gets none either" fails ask client2 4000 2>/dev/null
stop_ctgate
flush_entries

start_ctgate --mapping address-and-port-dependent --port-range 6000-6004 --port-range 5000-5004
check "a session that begins with fragments" equals same "$(ask client1 4001 5000)"
check "has a port of the ranges" has_entry "dport=[56]00[0-4] " -p udp --orig-port-src 4001
flush_entries
check "two ranges: exactly their ports" \
    equals "$(seq -s ' ' 5000 5004) $(seq -s ' ' 6000 6004)" "$(ports udp $server)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: every port is of the ranges" unseen outside "$out_of_range"

all_passed
