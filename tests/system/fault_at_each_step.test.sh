#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A call of the kernel fails, or the daemon dies, at any step of a start, and of a start over an
# earlier one with another configuration: the old state serves, or the new one, or nothing of ctgate is
# there; never something half-made. A session goes on through all of it and nothing leaks.
#
# strace makes the calls fail. A sample of the steps of each kind; FAULT_SAMPLES=1000 tries them all.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

samples=${FAULT_SAMPLES:-2}
# What changes anything: programs, maps and links; nft and routing; conntrack; the run directory;
# sysctls.
calls="bpf sendmsg sendto rename write"
command -v strace >/dev/null || skip "needs strace"

# start_with INJECTION [OPTION of run...]: until it serves or has ended.
start_with() {
    local call=${1%%:*}
    nsenter --net="/run/netns/$(netns gateway)" \
        strace -qq -f -o "$work/trace" -e "trace=$call" -e "inject=$1" \
        "$CTGATE" run --internal inside --external outside "${@:2}" >"$work/ctgate.log" 2>&1 &
    daemon=$!
    wait_for 20 serves_or_has_ended >/dev/null 2>&1
}

# end_traced: with -9, if it serves.
end_traced() {
    local pid
    pid=$(ctgate status --json | jq '.daemon // empty')
    [ -z "$pid" ] || kill -9 "$pid"
    wait_for 10 has_ended "$daemon"
}

# steps CALL [OPTION of run...]: the numbers to try, of those that such a start has.
steps() {
    local call=$1 all
    start_with "$call:retval=0:when=65535" "${@:2}"
    end_traced
    all=$(grep -c "$call(" "$work/trace")
    seq 1 $((all / samples + 1)) "$all"
}

# crashed: libnftables (1.0.6) does not outlive a request that it could not send.
crashed() {
    [ "$call" = sendto ] && grep -q 'killed by SIGSEGV' "$work/trace"
}

# nothing_stays: or it serves, and `down` brings that about.
nothing_stays() {
    if ! has_ended "$daemon"; then
        ctgate status >/dev/null || return 1
        ctgate down
        wait_for 10 has_ended "$daemon"
    elif crashed; then
        ctgate down
    fi
    equals "$before" "$(state_of gateway)"
}

# goes_on: the session, whichever configuration serves, and new ones have one of both ranges.
goes_on() {
    equals "$session" "$(converse stays)" && matches "^$external:[56][0-9][0-9][0-9]\$" "$(ask client1 0)"
}

build_topology
start_services
start_capture outside isp eth0 ip
before=$(state_of gateway)

for call in $calls; do
    numbers=$(steps "$call")
    ctgate down
    for number in $numbers; do
        start_with "$call:error=ENOMEM:when=$number"
        check "$call number $number fails: nothing stays, or it serves" nothing_stays
        start_with "$call:signal=KILL:when=$number"
        ctgate down >/dev/null 2>&1 || true
        wait_for 10 has_ended "$daemon"
        check "killed at $call number $number: down leaves nothing" equals "$before" "$(state_of gateway)"
    done
done

run_ctgate --internal inside --external outside --port-range 5000-5999
start_conversation stays client2 tcp 5050
session=$(converse stays)
kill_daemon
for call in $calls; do
    for number in $(steps "$call" --port-range 6000-6999 --accepted-mark 0x40000000); do
        start_with "$call:error=ENOMEM:when=$number" --port-range 6000-6999 --accepted-mark 0x40000000
        check "taking over, $call number $number fails: the session goes on" goes_on
        end_traced
        start_with "$call:signal=KILL:when=$number" --port-range 5000-5999
        check "taking over, killed at $call number $number: the session goes on" goes_on
        end_traced
    done
done
run_ctgate --internal inside --external outside
check "a new daemon serves" exits 0 ctgate status
check "and the session goes on" equals "$session" "$(converse stays)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
