#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate selftest`: it fails where it must (against a masquerade rule), passes against ctgate, and
# leaves nothing, also when it is interrupted. It builds its own network; the usual one is not used.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# results FILE RESULT: the requirements with that result.
results() {
    jq -r --arg result "$2" '.[] | select(.result == $result) | .id' "$1" | xargs
}

# has_result FILE RESULT ID...
has_result() {
    local id
    for id in "${@:3}"; do
        matches "(^| )$id( |\$)" "$(results "$1" "$2")" || return 1
    done
}

# complete FILE: each requirement once, with all that belongs to it.
complete() {
    jq -e 'length > 40 and (map(.id) | unique | length) == length and
        all(.[]; .rfc and .requirement and .observed and
            (.result | IN("pass", "fail", "n/a")))' "$1" >/dev/null
}

# Every process of a selftest has this in its environment.
export SELFTEST_MARK=$topology

# Other tests may run at the same time, so what is new in /run/ctgate may be theirs; then it goes.
traces() {
    ls /run/ctgate /run/ctgate/bpf 2>/dev/null || true
}

none_of() {
    [ -z "$(comm -12 <(sort <<<"$1") <(traces | sort))" ]
}

daemons() {
    grep -l -z "^SELFTEST_MARK=$topology\$" /proc/[0-9]*/environ 2>/dev/null | xargs -r dirname |
        while read -r process; do
            tr '\0' ' ' <"$process/cmdline" | grep '^/proc/self/exe run ' || true
        done 2>/dev/null
}

# interrupted SIGNAL: it ends at once, with an error.
interrupted() {
    local selftest status=0
    background_here "$work/$1" "$CTGATE" selftest
    selftest=$!
    wait_for 20 grep -s -q "RFC 4787 REQ-4" "$work/$1"
    check "(its ctgate runs)" matches "run --internal" "$(daemons)"
    kill "-$1" "$selftest"
    wait "$selftest" || status=$?
    equals 1 "$status"
}

# background_here OUTPUT COMMAND...: without job control a background job ignores SIGINT.
background_here() {
    (
        trap - INT
        exec "${@:2}" >"$1" 2>&1 </dev/null
    ) &
}

before=$(traces)

check "against masquerade it fails" exits 1 "$CTGATE" selftest --against masquerade
status=0
"$CTGATE" selftest --against masquerade --json >"$work/masquerade" || status=$?
check "and with --json" equals 1 "$status"
check "every requirement is reported" complete "$work/masquerade"
check "the kernel's own NAT fails where it is known to" has_result "$work/masquerade" fail \
    udp-mapping-contended tcp-mapping-contended udp-overloading tcp-overloading \
    udp-timer tcp-opening-timer tcp-closing-timer tcp-reset-entry-kept icmp-timer \
    udp-filtering tcp-filtering tcp-unsolicited-syn \
    udp-hairpinning udp-hairpin-source tcp-hairpinning internal-destination internal-source
check "and passes where it is known to" has_result "$work/masquerade" pass \
    udp-mapping tcp-mapping port-preservation port-class udp-outbound-refresh udp-icmp-errors \
    fragmentation-needed fragments-sent fragments-in-order fragments-out-of-order \
    tcp-simultaneous-open tcp-established-timer tcp-icmp-translated tcp-icmp-errors \
    tcp-reset-translated icmp-echo icmp-error-inbound icmp-error-forged icmp-error-outbound \
    ttl ttl-exceeded unsolicited
check "the contended port is told" matches "4000 to S1 but :[0-9]+ to S2" \
    "$(jq -r '.[] | select(.id == "udp-mapping-contended") | .observed' "$work/masquerade")"

status=0
"$CTGATE" selftest --json >"$work/ctgate" || status=$?
check "every requirement is reported of ctgate" complete "$work/ctgate"
check "ctgate passes what does not depend on mapping and filtering" has_result "$work/ctgate" pass \
    udp-mapping tcp-mapping port-preservation port-class udp-timer udp-outbound-refresh \
    udp-icmp-errors fragmentation-needed fragments-sent fragments-in-order fragments-out-of-order \
    tcp-simultaneous-open tcp-established-timer tcp-opening-timer tcp-closing-timer \
    tcp-icmp-translated tcp-icmp-errors tcp-reset-translated tcp-reset-entry-kept icmp-echo \
    icmp-timer icmp-error-inbound icmp-error-forged icmp-error-outbound ttl ttl-exceeded unsolicited \
    internal-destination internal-source \
    udp-idle udp-idle-refreshed tcp-opening-idle tcp-established-idle icmp-idle
check "ctgate fails nowhere" equals "" \
    "$(jq -r '.[] | select(.result == "fail") | "\(.id): \(.observed)"' "$work/ctgate")"
check "and so it exits" equals 0 "$status"

check "it refuses options of its own" exits 2 "$CTGATE" selftest --internal eth0 2>/dev/null
check "and unknown ones" exits 2 "$CTGATE" selftest --no-such-option 2>/dev/null
check "and options for a masquerade rule" \
    exits 2 "$CTGATE" selftest --against masquerade --port-range 2000-3000 2>/dev/null

check "SIGTERM ends it" interrupted TERM
check "SIGINT ends it" interrupted INT
new=$(comm -13 <(sort <<<"$before") <(traces | sort) | grep -x '[0-9]*' || true)
check "no process stays, whatever its end" equals "" "$(daemons)"
check "no file stays in /run/ctgate" wait_for 60 none_of "$new"

all_passed
