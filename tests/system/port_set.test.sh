#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A port set of MAP-E (RFC 7597): PSID 52 of 8 bits behind 6, which is 63 ranges of four ports.
# Whatever leaves has a port or ICMP identifier of the set: UDP, TCP, fragments, echo.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Filters: bits 2 to 9 are the PSID; below 1024 nothing belongs to anybody.
foreign_port="(udp or tcp) and ip[6:2] & 0x1fff = 0 and (ip[20:2] & 0x3fc != 208 or ip[20:2] < 1024)"
foreign_id="icmp[0] = 8 and (icmp[4:2] & 0x3fc != 208 or icmp[4:2] < 1024)"

# ports NUMBER: of so many UDP sessions at once, the external ports, sorted.
ports() {
    run_python "$1" $server <<'PYTHON' | sort -n
import socket
import sys
from peer import seen_by, socket_in

clients = []
for number in range(int(sys.argv[1])):
    client = socket_in("client1", socket.SOCK_DGRAM, 20000 + number)
    client.settimeout(3 if number < 252 else 0.3)
    clients.append(client)
    client.connect((sys.argv[2], 5300))
    try:
        print(seen_by(client).split(":")[1])
    except OSError:  # no answer, or the refusal (ICMP 3/13)
        pass
PYTHON
}

build_topology
start_services
both="$(ctgate check --internal inside --external outside --port-range 1-9 \
    --port-set-id 52 --port-set-length 8 2>&1; echo "status $?")"
check "a port set and a port range are refused together" matches "keep one" "$both"
check "as wrong options" matches "^status 2$" "$both"
start_ctgate --port-set-id 52 --port-set-length 8
start_capture outside isp eth0 "src host $external"

check "an internal port of the set is kept" equals "$external:1233" "$(ask client1 1233)"
check "another is not" matches "^$external:" "$(ask client1 4000)"
check "TCP" matches "^$external:" "$(seen_as client1)"
check "a session that begins with fragments" equals same "$(ask client1 4001 5000)"
for ((i = 0; i < 8; i++)); do
    inside client1 ping -n -q -c 1 -W 3 $server >/dev/null || fail "no answer to a ping"
done
flush_entries

stop_ctgate
start_ctgate --port-set-id 52 --port-set-length 8
ports 253 >"$work/ports"
check "UDP: all 252 ports, and no more" equals 252 "$(sort -u "$work/ports" | wc -l)"
check "the first" equals 1232 "$(head -n 1 "$work/ports")"
check "the last" equals 64723 "$(tail -n 1 "$work/ports")"
check "one session was dropped for want of a port" counted drop_ports_exhausted 1

stop_capture outside
check "outside: there were sessions, fragments and pings" seen outside "icmp[0] = 8"
check "outside: every port is of the set" unseen outside "$foreign_port"
check "outside: every ICMP identifier too" unseen outside "$foreign_id"

all_passed
