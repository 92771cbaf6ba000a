#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two clients with the same source port and the same remote endpoint, at the same time: each has its
# own external port and gets its own answers, with TCP and with UDP.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# both tcp|udp: the clients ask in turns, three times each; prints what the server saw.
both() {
    run_python "$1" "$server" <<'PYTHON'
import socket
import sys
from peer import seen_by, socket_in

tcp = sys.argv[1] == "tcp"
clients = [socket_in(host, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM, 4500)
           for host in ("client1", "client2")]
for client in clients:
    client.connect((sys.argv[2], 8080 if tcp else 5300))
for client in clients * 3:
    print(seen_by(client), end=" ")
print()
PYTHON
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip

for protocol in tcp udp; do
    read -r one two again_one again_two third_one third_two <<<"$(both $protocol)"
    check "$protocol: the first client keeps its port" equals "$external:4500" "$one"
    check "$protocol: the second has the same address" equals "$external" "${two%:*}"
    check "$protocol: but another port" test "$one" != "$two"
    check "$protocol: both keep theirs" \
        equals "$one $two $one $two" "$again_one $again_two $third_one $third_two"
done
check "the port was kept once for each protocol" equals 2 "$(counter port_preserved)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
