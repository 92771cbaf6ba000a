# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the test scripts of the virtual machine: one line per check, counted by init.
failures=0

# check SENTENCE COMMAND...
check() {
    local sentence=$1
    shift
    if "$@"; then
        echo "ok - $sentence"
    else
        echo "not ok - $sentence"
        failures=$((failures + 1))
    fi
}

all_passed() {
    [ $failures -eq 0 ]
}

# equals EXPECTED ACTUAL
equals() {
    [ "$1" = "$2" ] && return
    echo "  expected '$1', got '$2'"
    return 1
}

# wait_for SECONDS COMMAND...: until it succeeds. A busy machine gets three times as many.
wait_for() {
    local deadline=$((SECONDS + 3 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

# exits STATUS COMMAND...
exits() {
    local expected=$1 actual=0
    shift
    "$@" >/dev/null || actual=$?
    equals "$expected" "$actual"
}

# module_loaded NAME
module_loaded() {
    grep -q "^$1 " /proc/modules
}

# has_ended PID: it is gone, or only waits to be collected by its parent.
has_ended() {
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.*Z' "/proc/$1/status"
}

# value_of FILE below /proc/sys, "absent" when there is none.
value_of() {
    cat "/proc/sys/$1" 2>/dev/null || echo absent
}

# bpf_programs: how many programs for TC are loaded in the machine.
bpf_programs() {
    bpftool prog show | grep -c ': sched_cls ' || true
}

no_bpf_programs() {
    [ "$(bpf_programs)" -eq 0 ]
}

# make_sides: of a gateway in this namespace, both of dummy devices.
make_sides() {
    local device
    for device in in0 out0; do
        ip link add $device type dummy
        ip link set $device up
    done
    ip address add 10.0.0.1/24 dev in0
    ip address add 203.0.113.1/24 dev out0
}
