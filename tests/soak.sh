#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# soak.sh [SECONDS]: sessions come and go, the configuration is reloaded every 10 s, the external link
# flaps every 30 s; in the first half the daemon is killed every 60 s, in the second the last one lives on.
# In the end no established session is lost and nothing has leaked: no port, program, map, filter, link,
# pin, descriptor or memory. Packets are lost only while the link is down.
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

# flap: $flap_losses is how many answers the UDP session has missed in all flaps.
flap_losses=0
flap() {
    local before
    before=$(lost udp)
    ip -n "$(netns gateway)" link set outside down
    ip -n "$(netns gateway)" link set outside up
    # shellcheck disable=SC2154 # topology.sh
    ip -n "$(netns gateway)" route replace default via "$isp"
    flows udp 10 || echo "no UDP after a flap" >>"$work/failures"
    flap_losses=$((flap_losses + $(lost udp) - before))
}

# start: and the first reload, after which the daemon has all that it will ever need.
start() {
    run_ctgate --config "$work/ctgate.conf"
    next_reload
    read -r descriptors memory < <(size_of_daemon)
}

# size_of_daemon: open descriptors, and KiB of memory that are its own.
size_of_daemon() {
    echo "$(find "/proc/$daemon/fd" -type l | wc -l) $(awk '/^RssAnon:/ { print $2 }' "/proc/$daemon/status")"
}

# kernel_objects: pins; the programs that use this gateway's maps, and how many links these have; all the
# maps that they use, and how many others are within these; qdiscs and filters. The kernel frees what is in
# none of these and has no descriptor.
kernel_objects() {
    local pools programs map
    find "$(pins_of gateway)" -type f | sort
    pools=$(bpftool --json map show pinned "$(pins_of gateway)/pools" | jq .id)
    programs=$(bpftool --json prog show | jq --argjson pools "$pools" \
        '[.[] | select(any(.map_ids[]?; . == $pools)).map_ids[]] as $maps |
            map(select(any(.map_ids[]?; IN($maps[]))))')
    jq -r '.[].name' <<<"$programs" | sort
    bpftool --json link show | jq --argjson programs "$programs" \
        '[.[] | select(.prog_id | IN($programs[].id))] | length'
    for map in $(jq '[.[].map_ids[]] | unique[]' <<<"$programs"); do
        bpftool --json map show id "$map" | jq -r .name
    done | sort
    for map in port_sets port_slots; do
        bpftool --json map dump pinned "$(pins_of gateway)/$map" | jq length
    done
    inside gateway bash -s <<'COMMANDS'
tc qdisc show | sort
for device in $(ls /proc/sys/net/ipv4/conf); do
    tc filter show dev "$device" ingress 2>/dev/null
    tc filter show dev "$device" egress 2>/dev/null
done | sed -E 's/ (id|tag) [0-9a-f]+//g'
COMMANDS
}

# only_two_left: mappings; and ports that are in use, of all that there are.
only_two_left() {
    [ "$(ctgate show mappings --json | jq length)" -eq 2 ] &&
        [ "$(ctgate status --json | jq '[.occupancy.ports[].used] | add')" -eq 2 ]
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
kill_daemon
start
kernel_objects >"$work/objects"

churn &
churning=$!
for ((second = 1; second <= seconds; second++)); do
    sleep 1 # the clock of what follows; nothing is waited for
    if ! ((second % kill_every)) && ((second <= seconds / 2)); then
        kill_daemon
        start
    fi
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
check "no reload was refused, and UDP went on after each flap" test ! -e "$work/failures"
check "TCP still flows" flows tcp
check "UDP still flows" flows udp
check "the TCP session is the same" equals "$tcp_before" "$(translated_to tcp)"
check "the UDP session is the same" equals "$udp_before" "$(translated_to udp)"
check "all that TCP asked was answered" equals 0 "$(lost tcp)"
check "no kill and no reload took an answer from UDP" equals "$flap_losses" "$(lost udp)"
# Each that is lost is waited for 0.1 s.
check "a flap takes it at most 2 s of them: $flap_losses in all" \
    test "$flap_losses" -le $((20 * (seconds / flap_every)))
configure "udp-timeout = 10" "tcp-transitory-timeout = 10" "icmp-timeout = 60" "dangerous-timeouts = yes"
check "a last reload, with all ports" exits 0 ctgate reload
check "ports come back: only these two have any" wait_for 60 only_two_left
kernel_objects >"$work/objects_now"
check "programs, maps, links, filters and pins are those of the beginning" \
    diff "$work/objects" "$work/objects_now"
# What it has grown by since its first reload; half a MiB is the allocator's.
read -r descriptors_now memory_now < <(size_of_daemon)
check "descriptors of the daemon: $descriptors" equals "$descriptors" "$descriptors_now"
check "memory: $memory KiB, now $memory_now" test "$memory_now" -le $((memory + 512))
check "the kernel is not tainted" equals "$tainted" "$(cat /proc/sys/kernel/tainted)"
end_stream tcp
end_stream udp
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
