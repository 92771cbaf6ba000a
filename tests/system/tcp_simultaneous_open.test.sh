#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# TCP simultaneous open (RFC 5382 REQ-2): client and server connect to each other at the same moment,
# and meet, although the server's SYN is no answer to the client's.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The server never sees the client's first SYN, so that its own is not an answer.
lose_syn() {
    inside server nft -f - <<'RULES'
table ip lost {
    chain input {
        type filter hook input priority filter;
        tcp dport 4701 tcp flags & (syn | ack) == syn drop
    }
}
RULES
}

# meet: what the server reads, once both are connected.
meet() {
    run_python "$external" "$server" <<'PYTHON'
import select
import socket
import sys
from peer import socket_in

ends = [socket_in("client1", socket.SOCK_STREAM, 4700), socket_in("server", socket.SOCK_STREAM, 4701)]
for end, remote in zip(ends, ((sys.argv[2], 4701), (sys.argv[1], 4700))):
    end.setblocking(False)
    end.connect_ex(remote)
for end in ends:
    select.select([], [end], [], 5)
    error = end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        sys.exit(f"error {error}")
    end.settimeout(5)
ends[0].sendall(b"hello")
print(ends[1].recv(100).decode())
PYTHON
}

build_topology
lose_syn
start_ctgate
start_capture outside isp eth0 tcp

check "both connect, and the server hears the client" equals hello "$(meet)"
check "one session, translated" has_entry "dst=$external sport=4701 dport=4700 .*ASSURED" \
    -p tcp -s $client1

stop_capture outside
check "outside: the client's SYN" \
    seen outside "tcp[tcpflags] = tcp-syn and src host $external and dst port 4701"
check "outside: the server's SYN" \
    seen outside "tcp[tcpflags] = tcp-syn and src host $server and dst port 4700"
check "outside: no internal address" nothing_internal outside

all_passed
