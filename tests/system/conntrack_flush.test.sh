#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# All sessions are deleted while hosts talk. TCP goes on in its midst, whoever speaks first, and each host
# keeps the external endpoint of its mapping: of two hosts with the same port none takes the other's.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# goes_on NAME EXTERNAL: that conversation, with this external endpoint.
goes_on() {
    equals "$2" "$(converse "$1")"
}

# server_speaks_first: in a connection that has been idle since all sessions were deleted.
server_speaks_first() {
    run_python "$server" nsenter --net="/run/netns/$(netns gateway)" conntrack -F 2>/dev/null <<'PROGRAM'
import socket
import subprocess
import sys
from peer import socket_in
listening = socket_in("server", socket.SOCK_STREAM, 7000)
listening.listen()
client = socket_in("client1", socket.SOCK_STREAM, 4100)
client.settimeout(5)
client.connect((sys.argv[1], 7000))
accepted, _ = listening.accept()
accepted.settimeout(5)
client.sendall(b"hello")
accepted.recv(100)
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
accepted.sendall(b"news")
print(client.recv(100).decode())
client.sendall(b"thanks")
print(accepted.recv(100).decode())
PROGRAM
}

build_topology
start_services
# The short path would be trusted for a second.
start_ctgate --fast-path off
start_capture outside isp eth0 ip
for protocol in tcp udp; do
    start_conversation second_$protocol client2 $protocol 4000
    check "$protocol: the second host has its own port" equals $external:4000 "$(converse second_$protocol)"
    start_conversation first_$protocol client1 $protocol 4000
    other=$(converse first_$protocol)
    check "$protocol: the first another" matches "^$external:[0-9]+\$" "$other"
    check "$protocol: another, indeed" test "$other" != $external:4000

    flush_entries
    check "$protocol, conntrack -F: the first goes on" goes_on first_$protocol "$other"
    check "$protocol, conntrack -F: the second goes on" goes_on second_$protocol $external:4000
    ctgate flush --all >/dev/null
    check "$protocol, ctgate flush --all: the first goes on" goes_on first_$protocol "$other"
    check "$protocol, ctgate flush --all: the second goes on" goes_on second_$protocol $external:4000
done

# No reset of the router's own may answer it.
check "the server speaks first: both are heard" equals "news thanks" "$(server_speaks_first | xargs)"

stop_capture outside
check "no reset" unseen outside 'tcp[tcpflags] & tcp-rst != 0'
check "outside: no internal address" nothing_internal outside

all_passed
