#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A reader of events that hangs loses what its queue does not take, and is told how much that was;
# another one has all of it, and the gateway goes on.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Each is told in some 240 bytes; the queue of a reader takes less than 2 MiB, or 8,700 of them.
sessions=10000
step=1000

# read_events NAME: into $work/NAME.json, once it listens; the process id in $reader.
read_events() {
    background gateway "$CTGATE" events --json >"$work/$1.json" 2>>"$work/events.log"
    reader=$!
    wait_for 10 has_events "$1" listening 1
}

# events NAME KIND: how many it has.
events() {
    grep -c "\"event\":\"$2\"" "$work/$1.json" || [ $? -eq 1 ]
}

# has_events NAME KIND NUMBER: or more.
has_events() {
    [ "$(events "$1" "$2")" -ge "$3" ]
}

# lost_by NAME: how many it says it has lost, because it was too slow.
lost_by() {
    jq -s 'map(select(.event == "lost" and .reason == "reader").count) | add // 0' "$work/$1.json"
}

# total NAME: the events that it was told of, and those that it says it has lost.
total() {
    echo $(($(jq -s 'map(select(.event != "lost")) | length' "$work/$1.json") + $(lost_by "$1")))
}

# remote_ports NAME: how many the sessions that it was told of have.
remote_ports() {
    jq 'select(.event == "session_created" and .internal.port == 4000).remote.port' "$work/$1.json" |
        sort -u | wc -l
}

# begin_sessions PORT: from one socket of client1, with so many ports of the server from this one on.
begin_sessions() {
    run_python $server "$1" $step <<'PYTHON'
import socket
import sys
from peer import socket_in

first, count = map(int, sys.argv[2:])
client = socket_in("client1", socket.SOCK_DGRAM, 4000)
for port in range(first, first + count):
    client.sendto(b"hello", (sys.argv[1], port))
PYTHON
}

build_topology
start_services
start_ctgate
read_events slow
slow=$reader
read_events other
start_conversation udp client2 udp 4100
before=$(converse udp)

kill -STOP "$slow"
wait_for 5 is_stopped "$slow"
# In steps that the other reader keeps up with.
for ((begun = 0; begun < sessions; begun += step)); do
    begin_sessions $((20000 + begun))
    wait_for 10 has_events other session_created $((begun + step))
done
check "meanwhile sessions go on" equals "$before" "$(converse udp)"
check "and new ones are made" equals "$external:4200" "$(ask client1 4200)"
check "the daemon serves" exits 0 ctgate status
check "another reader is told of every session" equals $sessions "$(remote_ports other)"
check "and has lost nothing" equals 0 "$(events other lost)"
check "none of them has ended" equals 0 "$(events other session_ended)"

kill -CONT "$slow"
check "it is told that it was too slow" wait_for 10 has_events slow lost 1
ctgate reload >"$work/reload.log"
for name in slow other; do
    check "$name: is told what comes then" wait_for 10 has_events "$name" reloaded 1
done
check "it has lost some" test "$(lost_by slow)" -gt 0
check "and has been told of some" test "$(remote_ports slow)" -gt 0
check "it knows of each, told or lost" equals "$(total other)" "$(total slow)"

all_passed
