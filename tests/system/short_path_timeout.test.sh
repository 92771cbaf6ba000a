#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What goes past the stack keeps its session and its mapping alive, in either direction alone; what is
# idle ends in time.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The shortest there is: conntrack hears of a session once a second.
timeout=1

# start_one_way NAME PORT out|in: after two questions and answers, from one end only, all the time; a
# line of input is answered with how many came.
start_one_way() {
    cat >"$work/one_way.py" <<'PYTHON'
import select
import socket
import sys
import time
from peer import socket_in

server, port, outbound = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "out"
client = socket_in("client1", socket.SOCK_DGRAM, port)
served = socket_in("server", socket.SOCK_DGRAM, port)
for _ in range(2):
    client.sendto(b"question", (server, port))
    peer = served.recvfrom(100)[1]
    served.sendto(b"answer", peer)
    client.recv(100)
came = 0
while True:
    if outbound:
        client.sendto(b"data", (server, port))
    else:
        served.sendto(b"data", peer)
    ready, _, _ = select.select([sys.stdin, served if outbound else client], [], [], 0.05)
    for each in ready:
        if each is sys.stdin:
            if not sys.stdin.readline():
                sys.exit()
            print(came, flush=True)
        else:
            each.recv(100)
            came += 1
    time.sleep(0.01)
PYTHON
    PYTHONPATH=$system_tests start_pipe "$1" "$python" "$work/one_way.py" "$server" "$2" "$3"
}

# came NAME: so many.
came() {
    ask_pipe "$1" ""
}

# passed SECONDS: since the shell began.
passed() {
    [ $SECONDS -ge "$1" ]
}

build_topology
start_services
configure "udp-timeout = $timeout" "dangerous-timeouts = yes" \
    "filtering = address-and-port-dependent" "inbound-refresh = yes"
run_ctgate --config "$work/ctgate.conf"
start_one_way out 4000 out
start_one_way in 4001 in
began=$SECONDS
ask client1 4002 >/dev/null
check "an idle session begins" has_entry "sport=4002 " -p udp
created=$(counter session_created)
wait_for 5 has_entry "sport=4001 .*\[ASSURED\]" -p udp
stack=$(counter session_hit)
short=$(counter short_path)

check "it ends" wait_for 8 fails has_entry "sport=4002 " -p udp
check "many times that time passes" wait_for 8 passed $((began + 6))
for port in 4000 4001; do
    check "$port: the session is still there" has_entry "sport=$port .*\[ASSURED\]" -p udp
done
check "no session was made anew" equals "$created" "$(counter session_created)"
check "no packet was filtered" equals 0 "$(counter drop_filtered)"
check "all of that past the stack" equals "$stack" "$(counter session_hit)"
check "many packets" counted short_path $((short + 100))
for name in out in; do
    before=$(came $name)
    check "$name: it goes on" test "$before" -ge 100
done
all_passed
