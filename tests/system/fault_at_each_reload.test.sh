#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A call of the kernel fails, or the daemon dies, at any step of a reload: the old configuration is in
# force, or the new one, as the answer says; never something half-made. A session goes on through all
# of it.
#
# strace makes the calls fail. A sample of the steps of each kind; FAULT_SAMPLES=1000 tries them all.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

samples=${FAULT_SAMPLES:-2}
# As in fault_at_each_step, and sendto: conntrack.
calls="bpf sendmsg sendto rename write"
command -v strace >/dev/null || skip "needs strace"

# is_traced: or it has met the injection already, as it looks around each second.
is_traced() {
    has_ended "$daemon" || grep -q '^TracerPid:.*[1-9]' "/proc/$daemon/status"
}

# reload_with INJECTION: the answer is in $work/answer.
reload_with() {
    strace -qq -f -p "$daemon" -o "$work/trace" -e "trace=${1%%:*}" -e "inject=$1" \
        2>>"$work/strace.log" &
    tracer=$!
    wait_for 10 is_traced || fail "strace does not get hold of the daemon"
    # Refused, or no answer came: but it does not crash.
    ctgate reload --json >"$work/answer" 2>/dev/null || [ $? -le 3 ]
    # It ends with the daemon, if that was killed.
    kill "$tracer" 2>/dev/null || has_ended "$tracer"
    wait_for 10 has_ended "$tracer" || fail "strace does not end"
}

# The configuration that is not in force, as far as known: ports, an address and a mark.
turn=5
next() {
    turn=$((11 - turn))
    configure "port-range = ${turn}000-${turn}999" "address = inside=10.$turn.0.1/24" \
        "accepted-mark = $((1 << (24 + turn)))"
}

# is_whole TURN: that configuration is in force, all of it.
is_whole() {
    matches "^$external:${1}[0-9][0-9][0-9]\$" "$(ask client1 0)" &&
        equals "10.$1.0.1" "$(ip -n "$(netns gateway)" -4 -j address show dev inside |
            jq -r '[.[].addr_info[].local | select(. != "10.0.0.1")] | join(" ")')"
}

is_one_of_both() {
    is_whole "$turn" || is_whole $((11 - turn))
}

# as_answered: the old one or the new one, at once or when it was tried again. The answer itself may be
# what has failed. libnftables (1.0.6) does not outlive a request that it could not send, and takes the
# daemon along: then the next one makes it whole.
as_answered() {
    if [ "$call" = sendto ] && has_ended "$daemon"; then
        run_ctgate --config "$work/ctgate.conf"
        is_whole "$turn"
    elif [ ! -s "$work/answer" ]; then
        wait_for 10 is_one_of_both && { is_whole "$turn" || turn=$((11 - turn)); }
    elif jq -e .ok "$work/answer" >/dev/null; then
        wait_for 10 is_whole "$turn"
    else
        wait_for 10 is_whole $((11 - turn)) && turn=$((11 - turn))
    fi
}

goes_on() {
    equals "$session" "$(converse stays)"
}

gets_ports() {
    matches "^$external:[56][0-9][0-9][0-9]\$" "$(ask client1 0)"
}

build_topology
start_services
start_capture outside isp eth0 ip
next
run_ctgate --config "$work/ctgate.conf"
start_conversation stays client2 tcp 6050
session=$(converse stays)

for call in $calls; do
    next
    reload_with "$call:retval=0:when=65535"
    steps=$(grep -c "$call(" "$work/trace")
    check "$call: a reload without failures" as_answered
    each=$((steps < samples ? 1 : steps / samples))
    for number in $(seq $each $each "$steps"); do
        next
        reload_with "$call:error=ENOMEM:when=$number"
        check "$call number $number fails: one of both is whole" as_answered
        check "$call number $number fails: the session goes on" goes_on
        next
        reload_with "$call:signal=KILL:when=$number"
        check "killed at $call number $number: the session goes on" goes_on
        check "killed at $call number $number: and others begin" gets_ports
        # Where the reload had not so many steps.
        kill -9 "$daemon" 2>/dev/null || has_ended "$daemon"
        wait_for 10 has_ended "$daemon" || fail "the daemon does not end"
        run_ctgate --config "$work/ctgate.conf"
        check "the next daemon has the new one" is_whole "$turn"
    done
done

stop_capture outside
check "outside: no internal address" nothing_internal outside
stop_ctgate

all_passed
