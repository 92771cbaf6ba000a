#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short path obeys conntrack: an entry deleted under traffic, one whose
# accepted bit was taken away, and one that the host's firewall does not let begin again.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# start_push: the server sends to client1:4000, which is silent once it has begun. A line of input is
# answered with how many milliseconds ago the last datagram came.
start_push() {
    cat >"$work/push.py" <<'PYTHON'
import select
import socket
import sys
import threading
import time
from peer import socket_in

client = socket_in("client1", socket.SOCK_DGRAM, 4000)
served = socket_in("server", socket.SOCK_DGRAM, 5400)
client.sendto(b"begin", (sys.argv[1], 5400))
peer = served.recvfrom(100)[1]


def push():
    while True:
        served.sendto(b"push", peer)
        time.sleep(0.005)


threading.Thread(target=push, daemon=True).start()
last = time.monotonic()
while True:
    for ready in select.select([client, sys.stdin], [], [])[0]:
        if ready is client:
            client.recv(100)
            last = time.monotonic()
        elif not sys.stdin.readline():
            sys.exit()
        else:
            print(int((time.monotonic() - last) * 1000), flush=True)
PYTHON
    PYTHONPATH=$system_tests start_pipe push "$python" "$work/push.py" "$server"
}

# silent_for MILLISECONDS: nothing was pushed through.
silent_for() {
    [ "$(ask_pipe push "")" -ge "$1" ]
}

# delete PROTOCOL PORT
delete() {
    inside gateway conntrack -D -p "$1" --orig-port-src "$2" >/dev/null 2>&1
}

is_pushed() {
    local before
    before=$(counter short_path)
    wait_for 3 counted short_path $((before + 50)) && silent_for 0 && fails silent_for 500
}

build_topology
start_services
start_ctgate --filtering address-and-port-dependent

# The reply direction alone, with an entry that nothing of the client's makes anew.
start_push
check "what the server pushes goes past the stack" is_pushed
delete udp 4000
check "entry deleted: the server is filtered" wait_for 5 counted drop_filtered 20
check "nothing comes through any more" wait_for 3 silent_for 500
check "there is no entry" fails has_entry "sport=4000 " -p udp >"$work/none.log"

# A client that goes on: another session, with the same mapping.
start_stream udp client1 udp 4001
check "UDP past the stack" takes_short_path udp
created=$(counter session_created)
delete udp 4001
check "UDP, entry deleted: another is made" wait_for 5 counted session_created $((created + 1))
check "it goes on, past the stack" takes_short_path udp
check "with the same endpoint" equals "$external:4001" "$(translated_to udp)"

# Of the host's firewall: a rule holds for what has no entry yet, so the entry goes.
inside gateway nft -f - <<'RULES'
table inet firewall {
    chain forward {
        type filter hook forward priority filter; policy accept;
        ct state established,related accept
        udp dport 5300 drop
    }
}
RULES
check "firewall: what is established goes on" flows udp
delete udp 4001
check "firewall, entry deleted: nothing comes back" wait_for 5 stands_still udp
short=$(counter short_path)
check "and nothing goes past it" wait_for 3 has_lost udp $(($(lost udp) + 5))
check "past the stack neither" equals "$short" "$(counter short_path)"
inside gateway nft delete table inet firewall
check "firewall open again: it goes on" flows udp
check "past the stack" takes_short_path udp

# The accepted bit is what the short path asks for. A rule sees only what takes the stack: fragments.
inside gateway nft -f - <<'RULES'
table inet firewall {
    chain forward { type filter hook forward priority filter; ct mark set 0; }
}
RULES
craft client1 "fragment(IP(dst='$server')/UDP(sport=4001,dport=5300)/bytes(3000))"
inside gateway nft delete table inet firewall
check "accepted bit taken away: the session begins anew" \
    wait_for 5 counted session_restarted_unaccepted 1
check "and goes on" takes_short_path udp

# TCP begins anew in its midst, as after `conntrack -F`.
start_stream tcp client2 tcp 4002
check "TCP past the stack" takes_short_path tcp
delete tcp 4002
check "TCP, entry deleted: it begins anew" wait_for 5 has_entry "sport=4002 " -p tcp
check "with its mapping" equals "$external:4002" "$(translated_to tcp)"
check "past the stack again" takes_short_path tcp

all_passed
