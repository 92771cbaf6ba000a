#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate reload --confirm`: the earlier configuration comes back unless `ctgate confirm` does, whoever
# reloads, kills and starts the daemon meanwhile, and when it cannot be had at once.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# gives PATTERN: new sessions get that external port.
gives() {
    matches "^$external:$1\$" "$(ask client1 0)"
}

is_unconfirmed() {
    ctgate status --json | jq -e '.warnings | any(contains("not confirmed"))' >/dev/null
}

has_logged() {
    grep -q "$1" "$work/ctgate.log"
}

# try_out SECONDS LINE...: another file, for so long.
try_out() {
    configure "${@:2}"
    ctgate reload --confirm "$1" >"$work/said"
}

build_topology
start_services
configure "port-range = 6000-6099" "listen-http = 127.0.0.1:9469"
run_ctgate --config "$work/ctgate.conf"

check "another configuration, for 60 s" try_out 60 "port-range = 7000-7099"
check "the command says so" grep -q "otherwise it goes back in [56][0-9] s" "$work/said"
check "it is in force" gives "70[0-9][0-9]"
check "status warns" is_unconfirmed
configure "port-range = 8000-8099"
check "SIGHUP: a third one" reload "Reloaded, for"
check "it is in force" gives "80[0-9][0-9]"
check "SIGHUP does not confirm it" is_unconfirmed
kill_daemon
run_ctgate --config "$work/ctgate.conf"
check "nor does a new daemon" is_unconfirmed
check "which says so" has_logged "The configuration is not confirmed"
configure "no-such = 1"
check "a file with errors is refused" exits 1 ctgate reload --confirm 1
check "and changes nothing of that" is_unconfirmed
check "confirm" ctgate confirm
check "now it stays" fails is_unconfirmed
check "the third one" gives "80[0-9][0-9]"

configure "port-range = 6000-6099" "listen-http = 127.0.0.1:9469"
ctgate reload >/dev/null
check "once more, for 15 s" try_out 15 "port-range = 7000-7099"
kill_daemon
run_ctgate --config "$work/ctgate.conf"
check "a new daemon has the file" gives "70[0-9][0-9]"
check "and goes back in time" wait_for 30 gives "60[0-9][0-9]"
check "to all of it" inside gateway curl --silent --show-error --fail --noproxy '*' http://127.0.0.1:9469/healthz
check "too late to confirm" exits 1 ctgate confirm
check "nothing to warn of" fails is_unconfirmed

check "once more, for 5 s" try_out 5 "port-range = 7000-7099"
background gateway socat TCP-LISTEN:9469,bind=127.0.0.1,reuseaddr,fork /dev/null
listener=$!
check "the way back is barred" wait_for 20 has_logged "Cannot go back to the earlier configuration"
check "nobody has confirmed it" is_unconfirmed
kill $listener
check "once it is free, it goes back" wait_for 20 gives "60[0-9][0-9]"

# What was made at run time goes with a reload, and comes back with the configuration it belonged to.
forward=tcp:8090:$client1:80
is_forwarded() {
    ctgate forward list --json |
        jq -e --arg forward "$forward" 'any(.[]; .forward == $forward and .open_at != [])'
}
ends_forward() {
    ctgate reload --json "$@" | jq -e --arg forward "$forward" \
        '.changes == ["forward '"'"'\($forward)'"'"', made at run time: ended"]'
}
ctgate reload >/dev/null
ctgate forward add $forward >/dev/null
check "a dry run says that the forward would end" ends_forward --dry-run
check "it is there" is_forwarded
check "the reload says that it has ended" ends_forward --confirm 5
check "it has" fails is_forwarded
check "nobody confirms: it is back" wait_for 20 is_forwarded
check "--confirm 15" try_out 15 "port-range = 7000-7099"
kill_daemon
run_ctgate --config "$work/ctgate.conf"
check "a new daemon does not have it" fails is_forwarded
check "until it goes back" wait_for 30 is_forwarded
check "and has nothing more to confirm" wait_for 5 fails is_unconfirmed
kill_daemon
run_ctgate --config "$work/ctgate.conf"
check "another daemon has nothing to go back to" fails is_forwarded

stop_ctgate
all_passed
