#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The daemon may die at any moment: sessions go on, new ones are made, a new daemon takes over with
# all of them. No packet of a session is lost by any of that. By kill -9 and by SIGTERM.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# check_life HOW: everything works, without a daemon or with one.
port=4200
check_life() {
    check "$1: the TCP session goes on" equals "$tcp_before" "$(converse tcp)"
    check "$1: the UDP session goes on" equals "$udp_before" "$(converse udp)"
    check "$1: the one with many packets, too" flows stream
    created=$(counter session_created)
    check "$1: new UDP session" equals "$external:$port" "$(ask client1 $port)"
    check "$1: new TCP session" equals "$external:$port" "$(seen_as client1 --local-port $port)"
    check "$1: both were made in TC" equals $((created + 2)) "$(counter session_created)"
    port=$((port + 1))
}

# end_daemon SIGNAL
end_daemon() {
    kill "-$1" $daemon
    wait $daemon 2>/dev/null || true
    check "$1: status 4" exits 4 ctgate status
    check_life "after $1"
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip
start_capture inside client1 eth0 "udp port 4150"
start_stream stream client1 udp 4150
start_conversation tcp client1 tcp 4100
start_conversation udp client2 udp 4100
tcp_before=$(converse tcp)
udp_before=$(converse udp)
check "both are translated" matches "$external:[0-9]+ $external:[0-9]+" "$tcp_before $udp_before"

end_daemon KILL
start_ctgate
check_life "taken over"
end_daemon TERM
start_ctgate
check_life "taken over again"

end_stream stream
check "no packet of a session was lost" wait_for 5 has_unanswered_at_most inside 0
stop_capture inside outside
check "outside: no internal address" nothing_internal outside

all_passed
