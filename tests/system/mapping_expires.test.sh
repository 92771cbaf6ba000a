#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A mapping ends when it is idle for its time, and its port is another's, without a daemon. While it is
# used from inside it stays (RFC 4787 REQ-5, REQ-6). Ports of short TCP connections come back fast
# enough for three times as many connections as there are ports.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

short="--dangerous-timeouts yes --udp-timeout 3 --tcp-transitory-timeout 1"

# takes PROTOCOL CLIENT PORT: a new session; what the server sees, or what was wrong.
takes() {
    ends session "$2-$1" "$1" "$2" "$3" $server:5001 "server-$1"
}

# is_refused PROTOCOL CLIENT PORT
is_refused() {
    equals EHOSTUNREACH "$(takes "$1" "$2" "$3")"
}

# gets_port PROTOCOL CLIENT PORT: the only one.
gets_port() {
    equals $external:5000 "$(takes "$1" "$2" "$3")"
}

# kept_for NAME SECONDS: that session's endpoint is the same, whenever it is used.
kept_for() {
    kept_until=$((SECONDS + $2))
    changed=
    wait_for $(($2 + 10)) used_until "$1" && equals "" "$changed"
}

used_until() {
    local now
    now=$(ends again "$1")
    [ "$now" = $external:5000 ] || changed=$now
    [ -n "$changed" ] || [ $SECONDS -gt "$kept_until" ]
}

# connects NUMBER: one short connection of client1's, from any port.
connects() {
    seen=$(ends session "short-$1" tcp client1 0 $server:5001 server-tcp)
    ends close "short-$1" >/dev/null
    matches "^$external:501[0-9]$" "$seen"
}

build_topology
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done
start_capture outside isp eth0 ip

# shellcheck disable=SC2086
start_ctgate --port-range 5000-5000 $short
check "UDP: client1 has the only port" gets_port udp client1 4000
check "TCP: it has" gets_port tcp client1 4000
kill_daemon
check "without a daemon: UDP, in use for longer than its time, it stays" kept_for client1-udp 7
check "client2 gets none meanwhile" is_refused udp client2 4000
check "no mapping has ended" equals 0 "$(counter mapping_ended)"
check "idle, it comes back: client2 has it" wait_for 30 gets_port udp client2 4000
check "one mapping has ended" equals 1 "$(counter mapping_ended)"
check "TCP: the open connection is there still" equals $external:5000 "$(ends again client1-tcp)"
check "TCP: and keeps its port" is_refused tcp client2 4000
ends close client1-tcp >/dev/null
check "TCP: closed, it comes back" wait_for 30 gets_port tcp client2 4000
ctgate down
flush_entries

# shellcheck disable=SC2086
start_ctgate --port-range 5010-5019 $short
kill_daemon
worked=0
for number in $(seq 30); do
    wait_for 20 connects "$number" && worked=$((worked + 1))
done
check "30 short TCP connections through 10 ports, one after the other" equals 30 $worked
check "by as many mappings" equals 30 "$(counter mapping_created)"
check "ports were wanting now and then" counted drop_ports_exhausted 1

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: no other ports" \
    unseen outside "(tcp or udp) and src $external and not src port 5000 and not src portrange 5010-5019"

all_passed
