#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --max-sessions in the machine's initial namespace, the only one that may size conntrack's table.
#
#   in0 10.0.0.1 (dummy)   gateway = initial namespace   out0 203.0.113.1 (dummy)
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh

sessions=1000000
limit=net/netfilter/nf_conntrack_max
buckets=net/netfilter/nf_conntrack_buckets
log=/tmp/max_sessions.log

# at_least MINIMUM ACTUAL
at_least() {
    [ "$2" -ge "$1" ] && return
    echo "  expected at least $1, got '$2'"
    return 1
}

# cached_sessions: how many the short path has room for.
cached_sessions() {
    ctgate status --json | tr -d '\n' |
        sed -n 's/.*"short_path": *{[^}]*"sessions": *\([0-9]*\).*/\1/p'
}

make_sides

modprobe nf_conntrack
limit_before=$(value_of $limit)
buckets_before=$(value_of $buckets)
echo "# before: limit $limit_before, buckets $buckets_before"
check "the kernel's own limit is lower" test "$limit_before" -lt $sessions

ctgate run --internal in0 --external out0 --max-sessions $sessions >$log 2>&1 &
daemon=$!
check "run --max-sessions $sessions: status 0" wait_for 30 ctgate status
echo "# serving: limit $(value_of $limit), buckets $(value_of $buckets)"
check "nf_conntrack_max holds the sessions" at_least $sessions "$(value_of $limit)"
# Chains of 8 entries on average are what the kernel's own sizing accepted for long.
check "the session cache holds them" at_least $sessions "$(cached_sessions)"
check "the hash has grown with it" at_least $((sessions / 8)) "$(value_of $buckets)"
check "the hash is larger than before" test "$(value_of $buckets)" -gt "$buckets_before"

check "down" ctgate down
check "down: the daemon has ended" wait_for 15 has_ended $daemon
check "down: nf_conntrack_max as before" equals "$limit_before" "$(value_of $limit)"
check "down: nf_conntrack_buckets as before" equals "$buckets_before" "$(value_of $buckets)"
check "down: no programs loaded" wait_for 15 no_bpf_programs

if ! all_passed; then
    echo "# daemon log"
    cat $log
fi
ip link del in0
ip link del out0
all_passed
