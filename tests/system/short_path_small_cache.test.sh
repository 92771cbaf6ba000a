#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With far more sessions than records for the short path, no packet is lost, only speed: what has no
# record is looked up. --max-sessions sizes both that cache (two records for each) and, where the table
# is smaller, conntrack's table.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

sessions=1000

# exchange ROUNDS: of one question and its answer in each session. How many came as they should.
exchange() {
    run_python "$server" "$external" $sessions "$1" <<'PYTHON'
import socket
import sys
from peer import socket_in

server, external, sessions, rounds = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
clients = [socket_in("client1", socket.SOCK_DGRAM, 20000 + n) for n in range(sessions)]
served = socket_in("server", socket.SOCK_DGRAM, 5400)
right = 0
for turn in range(rounds):
    for number, client in enumerate(clients):
        question, answer = b"question %d %d" % (turn, number), b"answer %d %d" % (turn, number)
        try:
            client.sendto(question, (server, 5400))
            data, peer = served.recvfrom(100)
            served.sendto(answer, peer)
            right += data == question and peer == (external, 20000 + number) and \
                client.recv(100) == answer
        except OSError as problem:
            print(turn, number, problem, file=sys.stderr)
print(right)
PYTHON
}

# records: how many the map has room for, of the program on `inside`.
records() {
    local program map
    program=$(inside gateway tc filter show dev inside ingress |
        sed -n 's/.*direct-action.* id \([0-9]*\) .*/\1/p')
    for map in $(bpftool -j prog show id "$program" | jq '.map_ids[]'); do
        bpftool -j map show id "$map" | jq 'select(.name == "session_cache") | .max_entries'
    done
}

build_topology
start_services
# So that tc names the program.
start_ctgate --max-sessions 8 --attach clsact
check "16 records" equals 16 "$(records)"
check "each of 1,000 sessions gets each answer" equals $((4 * sessions)) "$(exchange 4)"
check "each session was made once" equals $sessions "$(counter session_created)"
check "records were made again and again" counted session_cached $((4 * sessions))
check "all sessions are there" equals $sessions "$(entries -p udp --dport 5400 | wc -l)"
check "a stream among them goes past the stack" \
    eval 'start_stream stream client2 udp 4000; takes_short_path stream'
check "nothing was dropped" equals "" \
    "$(ctgate show counters --json | jq -r '.drops | to_entries[] | select(.value > 0) | .key')"
check "upload" equals "$(payload_sum)" "$(upload client1)"

all_passed
