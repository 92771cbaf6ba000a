#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SIGHUP reads the configuration file again: new sessions follow it, old ones go on. A file with an
# error is refused as a whole.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# uses PATTERN: what the server sees of new UDP and TCP sessions, and of one that begins with
# fragments.
uses() {
    matches "^$1\$" "$(ask client1 0)" && matches "^$1\$" "$(seen_as client2)" &&
        equals same "$(ask client1 0 3000)"
}

build_topology
start_services
ip -n "$(netns gateway)" address add 203.0.113.2/24 dev outside
configure "port-range = 5000-5099"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip
start_conversation stays client1 tcp 5050
before=$(converse stays)
check "the file's port range" uses "$external:50[0-9][0-9]"

configure "port-range = 6000-6099" "external-address = 203.0.113.2"
check "another address and range: reloaded" reload "Reloaded"
check "new sessions have them" uses "203.0.113.2:60[0-9][0-9]"
check "the old one goes on with the old" equals "$before" "$(converse stays)"
check "the daemon is the same" exits 0 ctgate status

configure "port-range = 7000-7099" "port-range = 1-x" "no-such-option = 1"
check "a file with errors is refused" reload "Reload refused"
check "the log names the first, with its line" grep -q "ctgate.conf:4.*1-x" "$work/ctgate.log"
check "and the second" grep -q "ctgate.conf:5.*no-such-option" "$work/ctgate.log"
check "the old configuration is in force" uses "203.0.113.2:60[0-9][0-9]"

configure "internal = nothere0"
check "a missing interface is refused" reload "Reload refused"
check "the log names it" grep -q "nothere0" "$work/ctgate.log"
check "the old configuration is still in force" uses "203.0.113.2:60[0-9][0-9]"

rm "$work/ctgate.conf"
check "a missing file is refused" reload "Reload refused"
configure "address = inside=10.5.0.1/24"
check "an address to add: reloaded" reload "Reloaded"
check "it is there" matches " 10.5.0.1/24 " "$(ip -n "$(netns gateway)" -4 address show dev inside)"
configure
check "and left out again: reloaded" reload "Reloaded"
check "it is gone" fails matches " 10.5.0.1/24 " "$(ip -n "$(netns gateway)" -4 address)" >/dev/null
check "the defaults are back" uses "$external:[0-9]+"
check "the first session still goes on" equals "$before" "$(converse stays)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
