#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The timeout options reach connection tracking, also by SIGHUP and when the reload fails; those
# below the RFCs' are refused unless asked for by name; `down` sets back what was there first.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# timeouts: UDP, UDP answered, ICMP, TCP established, and all the transitory ones.
timeouts() {
    local name
    for name in udp_timeout udp_timeout_stream icmp_timeout tcp_timeout_established; do
        get_sysctl gateway net/netfilter/nf_conntrack_$name
    done | xargs
    for name in syn_sent syn_recv fin_wait close_wait last_ack time_wait close; do
        get_sysctl gateway net/netfilter/nf_conntrack_tcp_timeout_$name
    done | sort -u | xargs
}

# timeouts_are "UDP UDP ICMP ESTABLISHED" "TRANSITORY"
timeouts_are() {
    equals "$1"$'\n'"$2" "$(timeouts)"
}

build_topology
start_services
state_of gateway >"$work/before"
before=$(timeouts)

check "too short ones are refused" exits 2 ctgate run --internal inside --external outside \
    --udp-timeout 2 2>"$work/refused.log"
check "the RFC is named" grep -q "'2' is below the 120 seconds of RFC 4787" "$work/refused.log"
check "the remedy too" grep -q "or --dangerous-timeouts yes" "$work/refused.log"
check "and nothing has changed" equals "$before" "$(timeouts)"

configure "udp-timeout = 150" "tcp-established-timeout = 8000" "tcp-transitory-timeout = 250" \
    "icmp-timeout = 70"
run_ctgate --config "$work/ctgate.conf"
check "the options are in force" timeouts_are "150 150 70 8000" "250"

configure "udp-timeout = 2" "dangerous-timeouts = yes"
check "other ones: reloaded" reload "Reloaded"
check "they are in force, and the defaults for the rest" timeouts_are "2 2 60 7440" "240"

ask client1 6000 >/dev/null
check "a UDP session begins" has_entry "sport=6000 "
check "and ends when it is idle for so long" wait_for 6 fails has_entry "sport=6000 "
check "the next packet begins another" matches ":6000$" "$(ask client1 6000)"

configure "udp-timeout = 2"
check "the same without permission: refused" reload "Reload refused"
check "the old ones are in force" timeouts_are "2 2 60 7440" "240"

# Somebody's filter in the place of ours is found late, when the timeouts are set.
ip -n "$(netns gateway)" link add taken type veth peer name taken1
ip -n "$(netns gateway)" link set taken up
inside gateway tc qdisc add dev taken clsact
inside gateway tc filter add dev taken ingress pref 199 handle 1 protocol all \
    bpf bytecode '1,6 0 0 4294967295,' flowid 1:1
configure "udp-timeout = 500" "internal = taken" "attach = clsact"
check "a reload that fails on the way" reload "Reload refused"
check "leaves the old ones in force" timeouts_are "2 2 60 7440" "240"
ip -n "$(netns gateway)" link delete taken

kill_daemon
configure "udp-timeout = 400"
run_ctgate --config "$work/ctgate.conf"
check "a new daemon, with other ones" timeouts_are "400 400 60 7440" "240"

stop_ctgate
check "down: as before the first" state_is "$work/before" gateway

all_passed
