# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by every system test: ctgate in the gateway, services on the server, clients, captures,
# and what to print when a check has failed.
#
# Environment: CTGATE, the binary under test. Exit status 77: skipped, the reason is printed.

system_tests=$(dirname "${BASH_SOURCE[0]}")
CTGATE=$(realpath "${CTGATE:-$system_tests/../../build/ctgate}")
# The system's own, which has scapy; not one of a version manager.
python=/usr/bin/python3

skip() {
    echo "# skipped: $1"
    exit 77
}

# fail SENTENCE: the test cannot go on.
fail() {
    echo "not ok - $1"
    exit 1
}

[ "$(id -u)" -eq 0 ] || skip "needs root"
for program in ip nsenter nft tc bpftool conntrack tcpdump curl dig dnsmasq ping jq ethtool socat $python; do
    command -v "$program" >/dev/null || skip "needs $program"
done

# shellcheck source=../topology.sh
. "$system_tests/../topology.sh"

# For the Python programs.
export TOPOLOGY=$topology PYTHONDONTWRITEBYTECODE=1
# shellcheck source=clients.sh
. "$system_tests/clients.sh"
# shellcheck source=streams.sh
. "$system_tests/streams.sh"
# shellcheck source=captures.sh
. "$system_tests/captures.sh"

# Not everybody may look into it: the services serve files from here.
work=$(mktemp -d "/tmp/$topology.XXXXXX")
trap finish EXIT
trap 'exit 1' INT TERM HUP

# --- ctgate ----------------------------------------------------------------------------------------

ctgate() {
    inside gateway "$CTGATE" "$@"
}

# start_ctgate [OPTION...]: between `inside` and `outside`, until it serves.
start_ctgate() {
    run_ctgate --internal inside --external outside "$@"
}

# run_ctgate OPTION...: the daemon's process id is in $daemon.
run_ctgate() {
    background gateway "$CTGATE" run "$@" >>"$work/ctgate.log" 2>&1
    daemon=$!
    wait_until_served
}

wait_until_served() {
    wait_for 20 serves_or_has_ended || true
    ctgate status >"$work/status" 2>&1 || fail "ctgate does not serve: $(<"$work/status")"
}

serves_or_has_ended() {
    ctgate status || has_ended "$daemon"
}

# is_stopped PID: by SIGSTOP.
is_stopped() {
    grep -q '^State:.*T' "/proc/$1/status"
}

# stop_ctgate: `ctgate down`, and the daemon is gone.
stop_ctgate() {
    ctgate down
    wait_for 10 has_ended "$daemon"
}

# kill_daemon: with -9, so that its own status is no success.
kill_daemon() {
    kill -9 "$daemon"
    ! wait "$daemon" 2>/dev/null
}

# configure LINE...: the usual sides and these lines, in $work/ctgate.conf.
configure() {
    {
        echo "internal = inside"
        echo "external = outside"
        printf '%s\n' "$@"
    } >"$work/ctgate.conf"
}

# reload MESSAGE: SIGHUP, and until the log has one more of that.
reload() {
    local wanted
    wanted=$(($(lines "$1") + 1))
    kill -HUP "$daemon"
    wait_for 10 has_lines "$1" "$wanted"
}

# lines PATTERN: how often the log has it. (grep fails where it counts none.)
lines() {
    grep -c "$1" "$work/ctgate.log" || [ $? -eq 1 ]
}

# has_lines PATTERN NUMBER: or more.
has_lines() {
    [ "$(lines "$1")" -ge "$2" ]
}

# counter NAME
counter() {
    ctgate show counters --json | jq -r --arg name "$1" '.counters + .drops | .[$name]'
}

# counted NAME MINIMUM: that counter is at least so high.
counted() {
    local value
    value=$(counter "$1")
    [ "$value" -ge "$2" ] && return
    echo "  $1: expected at least $2, got $value"
    return 1
}

# entries [OPTION of conntrack...]: conntrack's sessions in the gateway.
entries() {
    inside gateway conntrack -L "$@" 2>/dev/null
}

flush_entries() {
    inside gateway conntrack -F 2>/dev/null
}

# has_entry PATTERN [OPTION of conntrack...]: among those sessions is one that matches.
has_entry() {
    matches "$1" "$(entries "${@:2}")"
}

# --- what ctgate must leave as it was --------------------------------------------------------------

# state_of HOST: everything that ctgate may change there, except sessions.
state_of() {
    local cookie
    cookie=$(cookie_of "$(netns "$1")")
    inside "$1" bash -s <<'COMMANDS'
ip -4 address
ip -4 route
nft list ruleset
tc qdisc show | sort
for device in $(ls /proc/sys/net/ipv4/conf); do
    tc filter show dev "$device" ingress 2>/dev/null
    tc filter show dev "$device" egress 2>/dev/null
done
cd /proc/sys/net && grep -r . ipv4 ipv6 netfilter bridge 2>/dev/null |
    grep -v -E 'nf_conntrack_(count|max|buckets)|random' | sort
COMMANDS
    [ ! -e "/run/ctgate/bpf/$cookie" ] || echo "pins"
    [ ! -e "/run/ctgate/$cookie" ] || echo "files in /run/ctgate"
}

# pins_of HOST
pins_of() {
    echo "/run/ctgate/bpf/$(cookie_of "$(netns "$1")")"
}

# replace_map NAME TYPE KEY-SIZE VALUE-SIZE ENTRIES [FLAGS]: its pin is of such a map, as if another
# version had left it; the programs that serve hold on to theirs.
replace_map() {
    local pins
    pins=$(pins_of gateway)
    bpftool map create "$pins/other" type "$2" key "$3" value "$4" entries "$5" name other flags "${6:-0}"
    mv -f "$pins/other" "$pins/$1"
}

# change_mappings: another layout of them.
change_mappings() {
    replace_map mappings hash 24 32 1000 1
}

# state_is FILE HOST: as it was written there.
state_is() {
    state_of "$2" | diff "$1" -
}

# --- the end ---------------------------------------------------------------------------------------

# fails COMMAND...
fails() {
    ! "$@"
}

# matches PATTERN TEXT (extended regular expression, somewhere in it)
matches() {
    grep -q -E -- "$1" <<<"$2" && return
    echo "  no match of '$1' in '$2'"
    return 1
}

# shellcheck disable=SC2154 # counted by checks.sh
has_failures() {
    [ "$failures" -ne 0 ]
}

finish() {
    local status=$?
    trap - EXIT
    # Whoever reads our output may have gone; what was built must go all the same.
    trap '' PIPE
    set +e
    ! has_failures || status=1
    [ $status -eq 0 ] || [ $status -eq 77 ] || explain
    end_ctgate || status=1
    check "nothing stays behind" remove_topology
    if has_failures && [ $status -eq 0 ]; then
        status=1
    fi
    rm -rf "$work"
    exit $status
}

explain() {
    local namespace log
    for log in "$work"/*.log; do
        [ -s "$log" ] && echo "# $(basename "$log")" && tail -n 40 "$log"
    done
    for namespace in $(namespaces); do
        case $namespace in *-gateway*)
            echo "# $namespace: rules, sessions, counters"
            nsenter --net="/run/netns/$namespace" nft list ruleset
            nsenter --net="/run/netns/$namespace" conntrack -L 2>/dev/null | head -n 40
            nsenter --net="/run/netns/$namespace" "$CTGATE" show counters
            ;;
        esac
    done 2>&1
}

# Whatever a test left running. Pins and files outlive their namespace, so they must not stay.
end_ctgate() {
    local namespace cookie complete=0
    [ -e /run/ctgate ] || return 0
    for namespace in $(namespaces); do
        cookie=$(cookie_of "$namespace")
        if has_traces "$cookie"; then
            nsenter --net="/run/netns/$namespace" "$CTGATE" down || complete=1
        fi
        if has_traces "$cookie"; then
            echo "not ok - ctgate down removes what belongs to $cookie in /run/ctgate"
            rm -rf "/run/ctgate/bpf/$cookie" "/run/ctgate/$cookie"
            complete=1
        fi
    done
    return $complete
}

# has_traces COOKIE
has_traces() {
    [ -e "/run/ctgate/bpf/$1" ] || [ -e "/run/ctgate/$1" ]
}

# cookie_of NAMESPACE: the kernel's number for it (SO_NETNS_COOKIE), which names the pins.
cookie_of() {
    nsenter --net="/run/netns/$1" $python -c "import socket
print(int.from_bytes(socket.socket().getsockopt(socket.SOL_SOCKET, 71, 8), 'little'))"
}
