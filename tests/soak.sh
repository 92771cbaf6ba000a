#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh [SECONDS]: sessions come and go, the configuration is reloaded every 10 s, the daemon is killed
# every 60 s, the external link flaps every 30 s. In the end no established session is lost and nothing
# has leaked: no port, program, map, filter, pin, descriptor or memory.
set -eu
# shellcheck source=system/lib.sh
. "$(dirname "$0")/system/lib.sh"

seconds=${1:-600}
reload_every=10
flap_every=30
kill_every=60
# churn: short sessions of both clients, until it is ended; each asks from a port of its own. While the
# link is down, some get no answer.
churn() {
    while :; do
        for client in client1 client2; do
            if ! { ask $client 0 && seen_as $client; } >/dev/null 2>&1; then
                echo "no answer" >>"$work/unanswered"
            fi
        done
    done
}

# next_reload: with other ports for new sessions each time.
turn=0
next_reload() {
    turn=$((1 - turn))
    configure "port-range = $((20000 + 10000 * turn))-$((29999 + 10000 * turn))" \
        "udp-timeout = 10" "tcp-transitory-timeout = 10" "icmp-timeout = 60" "dangerous-timeouts = yes"
    ctgate reload >/dev/null || echo "not ok - reload $turn" >>"$work/failures"
}

flap() {
    ip -n "$(netns gateway)" link set outside down
    ip -n "$(netns gateway)" link set outside up
    # shellcheck disable=SC2154 # topology.sh
    ip -n "$(netns gateway)" route replace default via "$isp"
}

kill_and_start() {
    kill_daemon
    run_ctgate --config "$work/ctgate.conf"
}

# size_of_daemon: open descriptors, and KiB of memory.
size_of_daemon() {
    local pid
    pid=$(ctgate status --json | jq .daemon)
    echo "$(find "/proc/$pid/fd" -type l | wc -l) $(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")"
}

# bpf_objects: pins, and how many programs in the kernel use this gateway's maps.
bpf_objects() {
    local map
    find "$(pins_of gateway)" -type f | sort
    map=$(bpftool --json map show pinned "$(pins_of gateway)/pools" | jq .id)
    bpftool --json prog show | jq "[.[] | select(.map_ids // [] | index($map))] | length"
}

only_two_left() {
    [ "$(counter mapping_created)" -eq $(($(counter mapping_ended) + 2)) ]
}

tainted=$(cat /proc/sys/kernel/tainted)
build_topology
start_services
configure "udp-timeout = 10" "tcp-transitory-timeout = 10" "icmp-timeout = 60" "dangerous-timeouts = yes"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 "ip and (src net 10.0.0.0/8 or tcp[tcpflags] & tcp-syn != 0)"
start_stream tcp client1 tcp 4100
start_stream udp client2 udp 4100
tcp_before=$(translated_to tcp)
udp_before=$(translated_to udp)
next_reload
kill_and_start
objects=$(bpf_objects)
read -r descriptors memory < <(size_of_daemon)

churn &
churning=$!
for ((second = 1; second <= seconds; second++)); do
    sleep 1 # the clock of what follows; nothing is waited for
    ((second % kill_every)) || kill_and_start
    ((second % reload_every)) || next_reload
    ((second % flap_every)) || flap
done
kill $churning
wait_for 10 has_ended $churning

touch "$work/unanswered"
echo "# $(counter session_created) sessions, $(counter short_path) packets past the stack," \
    "$(wc -l <"$work/unanswered") times no answer"
check "most of the short sessions were answered" \
    test "$(wc -l <"$work/unanswered")" -lt $(($(counter session_created) / 4))
check "no reload was refused" test ! -e "$work/failures"
check "the TCP session is the same" equals "$tcp_before" "$(translated_to tcp)"
check "the UDP session is the same" equals "$udp_before" "$(translated_to udp)"
check "all that TCP asked was answered" equals 0 "$(lost tcp)"
check "ports come back: only these two have mappings" wait_for 60 only_two_left
check "programs, maps and pins are those of the beginning" equals "$objects" "$(bpf_objects)"
read -r descriptors_now memory_now < <(size_of_daemon)
check "descriptors: $descriptors" equals "$descriptors" "$descriptors_now"
check "memory: $memory KiB, now $memory_now" test "$memory_now" -le $((memory * 3 / 2))
check "the kernel is not tainted" equals "$tainted" "$(cat /proc/sys/kernel/tainted)"
end_stream tcp
end_stream udp
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
