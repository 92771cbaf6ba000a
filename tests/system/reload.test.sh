#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate reload`: refused as a whole with every problem named; --dry-run names what would change and
# whose sessions end, and changes nothing; --confirm goes back unless 'ctgate confirm' comes.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# programs: the numbers of those that are attached.
programs() {
    local link
    for link in "$(pins_of gateway)"/link-*; do
        bpftool link show pinned "$link" | sed -n 's/.* prog \([0-9]*\).*/\1/p'
    done
}

# said JQ-CONDITION OPTION...: what reload answers.
said() {
    ctgate reload --json "${@:2}" >"$work/answer" 2>&1 || true
    jq -e "$1" "$work/answer" >/dev/null && return
    cat "$work/answer"
    return 1
}

# gives PATTERN: new sessions get that external endpoint.
gives() {
    matches "^$1\$" "$(ask client1 0)"
}

build_topology
start_services
ip -n "$(netns gateway)" address add 203.0.113.2/24 dev outside
check "no daemon: status 3" exits 3 ctgate reload
configure "port-range = 5000-5099"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip
start_conversation stays client1 tcp 5050
before=$(converse stays)
attached=$(programs)
check "there are programs" test -n "$attached"

configure "port-range = 6000-6099"
check "--dry-run: says what would change" \
    said '.ok and (.changes | length == 2) and (.changes[1] | contains("6000")) and .cut == []' --dry-run
check "--dry-run: nothing has changed" gives "$external:50[0-9][0-9]"
check "reload: done" said '.ok and (.changes | length == 2)'
check "new sessions follow it" gives "$external:60[0-9][0-9]"
check "the old one goes on" equals "$before" "$(converse stays)"
check "no program was replaced" equals "$attached" "$(programs)"

configure "port-range = 7000-7099" "no-such = 1" "filtering = none"
check "errors: refused with both named" \
    said '(.ok | not) and (.problems | length == 2) and (.problems | join(" ") | contains("no-such") and contains("none"))'
check "errors: status 1" exits 1 ctgate reload
check "the old configuration is in force" gives "$external:60[0-9][0-9]"

configure "port-range = 7000-7099"
check "--confirm 5: done" said '.ok' --confirm 5
check "it is in force" gives "$external:70[0-9][0-9]"
check "nobody confirms: it goes back" wait_for 20 gives "$external:60[0-9][0-9]"
check "too late to confirm: status 1" exits 1 ctgate confirm
check "--confirm 60: done" said '.ok' --confirm 60
check "confirm" ctgate confirm
check "there is nothing more to confirm" exits 1 ctgate confirm
check "it stays" gives "$external:70[0-9][0-9]"
check "the old session still goes on" equals "$before" "$(converse stays)"

# An internal interface goes: its hosts' sessions end, and only those.
printf 'internal = other\nexternal = outside\n' >"$work/ctgate.conf"
inside gateway ip link add other type veth peer name other1
inside gateway ip link set other up
check "--dry-run: names the session that would end" \
    said '.cut | any(contains("tcp 10.0.0.2:5050") and contains("as 203.0.113.1:5050"))' --dry-run
check "the session goes on" equals "$before" "$(converse stays)"
check "reload: done" said '.ok'
check "the session has ended" fails has_entry "src=10\.0\.0\.2 .*sport=5050" -p tcp

# Another mark means other programs: the earlier ones are not kept by their timers. An answer that is
# on its way meanwhile comes before a question has brought the new mark, and is lost.
configure ""
check "as at first: reloaded" said '.ok'
start_capture changed client1 eth0 "udp port 4150"
start_stream changed client1 udp 4150
before=$(translated_to changed)
configure "accepted-mark = 0x40000000"
check "other programs: reloaded" said '.ok'
check "other programs: a session goes on" flows changed
check "other programs: it is the same" equals "$before" "$(translated_to changed)"
end_stream changed
check "other programs: it has lost one packet at most" wait_for 5 has_unanswered_at_most changed 1
stop_capture changed
for id in $attached; do
    check "program $id has gone" wait_for 10 fails bpftool prog show id "$id"
done
start_capture same client1 eth0 "udp port 4160"
start_stream same client1 udp 4160
kill_daemon
attached=$(programs)
run_ctgate --config "$work/ctgate.conf"
check "a new daemon: no program was replaced" equals "$attached" "$(programs)"
check "a new daemon: a session goes on" flows same
end_stream same
check "a new daemon: it has lost no packet" wait_for 5 has_unanswered_at_most same 0
stop_capture same

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
