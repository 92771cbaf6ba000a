#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Somebody removes what ctgate has set up: filter, qdisc, link, pins, the directory with all of them,
# or the sessions. It is noticed and put back within a second, logged and counted; sessions go on.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# repaired KIND NUMBER: status says 0, and so often was it put back.
repaired() {
    ctgate status --json | jq -e ".state == \"serving\" and .repairs.$1 == $2"
}

# goes_on: the sessions that there are, and new ones.
goes_on() {
    equals "$tcp_before $udp_before" "$(converse tcp) $(converse udp)" &&
        matches "^$external:" "$(ask client1 0)"
}

# check_repair FAULT KIND NUMBER
check_repair() {
    check "$1: put back and counted" wait_for 5 repaired "$2" "$3"
    check "$1: sessions go on" goes_on
}

start_sessions() {
    start_conversation tcp client1 tcp 4100
    start_conversation udp client2 udp 4100
    tcp_before=$(converse tcp)
    udp_before=$(converse udp)
}

build_topology
start_services
start_ctgate --attach clsact
start_capture outside isp eth0 ip
start_sessions

inside gateway tc filter del dev outside ingress
check_repair "a filter" program 1
inside gateway tc qdisc del dev inside clsact
check_repair "a qdisc" program 2
rm "$(pins_of gateway)/mappings"
check_repair "a pin" pin 1
rm -r "$(pins_of gateway)"
check_repair "all pins" pin 2
rm -r "$(pins_of gateway)" "/run/ctgate/$(cookie_of "$(netns gateway)")"
check_repair "all that is below /run" pin 3
check "it has its lock again" fails ctgate run --internal inside --external outside
check "and hears of a reload" ctgate reload
for port in {5001..5012}; do
    ask client1 "$port" >/dev/null
done
flush_entries
check_repair "conntrack's table" conntrack 1
ctgate reload >/dev/null # it knows of them
flush_entries
check_repair "conntrack's table of a few" conntrack 2
check "each is in the log" has_lines "warning: " 7
check "the log names them" grep -q "Somebody has removed a program of ours" "$work/ctgate.log"
ctgate down

if run_ctgate --internal inside --external outside --attach tcx 2>/dev/null; then
    for link in "$(pins_of gateway)"/link-*-ingress; do
        inside gateway bpftool link detach pinned "$link"
    done
    check "TCX links: put back" wait_for 5 repaired program 1
    check "TCX links: sessions" matches "^$external:" "$(ask client1 0)"
fi
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
