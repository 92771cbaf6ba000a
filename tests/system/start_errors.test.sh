#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever keeps ctgate from starting is told in a sentence that names it; the exit status is 1, or 2
# for wrong options, and nothing is left behind. A missing external address is no error: it waits.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# refuses STATUS PATTERN COMMAND...: within ten seconds, with that exit status and such a message on
# standard error, and the gateway is as it was.
refuses() {
    local status=0
    inside gateway timeout 10 "${@:3}" >"$work/out" 2>"$work/err" </dev/null || status=$?
    equals "$1" "$status" || return 1
    matches "$2" "$(cat "$work/err")" || return 1
    state_is "$work/before" gateway
}

run=("$CTGATE" run --internal inside --external outside)

build_topology
start_services
ip -n "$(netns gateway)" link add unused type bridge
state_of gateway >"$work/before"

check "missing interface" \
    refuses 1 "'wan9'" "$CTGATE" run --internal inside --external wan9
check "interface that is down" \
    refuses 1 "'unused' is down" "$CTGATE" run --internal unused --external outside
check "the same interface on both sides" \
    refuses 2 "outside" "$CTGATE" run --internal outside --external outside
check "no internal interface" refuses 2 "internal" "$CTGATE" run --external outside
check "no external interface" refuses 2 "external" "$CTGATE" run --internal inside
check "unknown option" refuses 2 "internl" "${run[@]}" --internl lan0
check "a word that is no option" refuses 2 "lan7" "${run[@]}" lan7
check "unknown subcommand" refuses 2 "rnu" "$CTGATE" rnu
check "bad address" refuses 2 "203.0.113" "${run[@]}" --external-address 203.0.113
check "bad port range" refuses 2 "6000-5000" "${run[@]}" --port-range 6000-5000
check "bad attach mode" refuses 2 "xdp" "${run[@]}" --attach xdp
for command in run check status down reload confirm doctor "show counters" top "flush --all" \
    "explain tcp 10.0.0.2:1 198.51.100.2:80" "whois 203.0.113.1:1" "forward list" "save -" \
    "restore -" events; do
    # shellcheck disable=SC2086 # words
    check "$command: a name that no namespace can have" \
        refuses 2 "--netns '\.' cannot name a network namespace; use" "$CTGATE" $command --netns .
done
check "missing file" refuses 2 "/nonexistent/ctgate.conf" "${run[@]}" --config /nonexistent/ctgate.conf
check "missing --netns cannot serve" \
    refuses 1 "nothere0" "${run[@]}" --netns "$(netns new)" --move nothere0
check "and is not left behind" fails test -e "/run/netns/$(netns new)"

printf 'internal = inside\n\nexternl = outside\nport-range = 5-\n' >"$work/bad.conf"
check "bad file: line of the unknown option" \
    refuses 2 "bad.conf:3: .*externl" "$CTGATE" run --config "$work/bad.conf"
check "bad file: line of the bad value, too" \
    refuses 2 "bad.conf:4: .*5-" "$CTGATE" run --config "$work/bad.conf"

set_sysctl gateway net/bridge/bridge-nf-call-iptables 1
state_of gateway >"$work/before"
check "bridge-nf-call-iptables" refuses 1 "bridge-nf-call-iptables" "${run[@]}"
set_sysctl gateway net/bridge/bridge-nf-call-iptables 0
state_of gateway >"$work/before"

for lacking in net_admin bpf perfmon; do
    check "without CAP_${lacking^^}" refuses 1 "CAP_${lacking^^}" \
        setpriv --bounding-set=-$lacking,-sys_admin --inh-caps=-all -- "${run[@]}"
done
check "as somebody without privileges" refuses 1 "CAP_NET_ADMIN" \
    setpriv --reuid=65534 --clear-groups --inh-caps=-all -- "${run[@]}"

start_ctgate
state_of gateway >"$work/before"
check "a second ctgate in the same namespace" \
    refuses 1 "\(process $daemon\) already serves" "${run[@]}"
check "the first still serves" exits 0 ctgate status
stop_ctgate

ip -n "$(netns gateway)" address flush dev outside
background gateway "${run[@]}" >>"$work/ctgate.log" 2>&1
daemon=$!
check "no external address: it says so" wait_for 10 grep -q "Waiting for an address" "$work/ctgate.log"
check "and waits" fails has_ended $daemon
ip -n "$(netns gateway)" address add $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
check "with an address it serves" wait_for 10 ctgate status
check "and translates" equals "$external:4000" "$(ask client1 4000)"

all_passed
