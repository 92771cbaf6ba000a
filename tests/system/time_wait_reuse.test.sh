#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A closed TCP session (TIME_WAIT) whose 5-tuple is used again keeps its external endpoint, also
# when that is not the internal port, and its SYN never leaves untranslated.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# connect_again: from port 4600, closed by the server; prints what the server saw.
connect_again() {
    run_python $server <<'PYTHON'
import socket
import sys
from peer import socket_in

client = socket_in("client1", socket.SOCK_STREAM, 4600)
client.connect((sys.argv[1], 8080))
client.send(b"GET /peer HTTP/1.0\r\n\r\n")
answer = b""
while data := client.recv(1000):
    answer += data
print(answer.split(b"\n")[-2].decode())
PYTHON
}

# The second client holds the port, so that the first does not get it.
hold_port() {
    background client2 socat -u "TCP4:$server:8080,sourceport=4600,ignoreeof" - >/dev/null 2>&1
    wait_for 5 has_entry ESTABLISHED -p tcp -s $client2 --sport 4600
}

in_time_wait() {
    wait_for 5 has_entry TIME_WAIT -p tcp -s $client1 --sport 4600
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip

hold_port
before=$(connect_again)
check "another port than the internal one" test "$before" != "$external:4600"
for turn in 1 2 3; do
    check "it is in TIME_WAIT" in_time_wait
    check "connection $turn after that: the same external endpoint" equals "$before" "$(connect_again)"
done
check "three were reopened" counted session_reopened 3

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: four SYNs from the one port" equals 4 "$(
    packet_count outside "tcp[tcpflags] = tcp-syn and src port ${before#*:}"
)"
check "outside: one SYN from the other" equals 1 "$(
    packet_count outside "tcp[tcpflags] = tcp-syn and not src port ${before#*:}"
)"

all_passed
