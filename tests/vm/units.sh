#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The package's units under systemd, in a Debian with nothing but it: start, reload, crash, hang, stop,
# the template, removal. A client's flows go on throughout.
#
#   client                 this machine                  server
#   10.0.0.2 eth0 ──── lan0 10.0.0.1   wan0 203.0.113.1 ──── eth0 203.0.113.2
#   10.9.0.2 eth0 ──── lan0 10.9.0.1   wan0 198.51.100.1 ─── eth0 198.51.100.2   (the lab's)
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh

modules="nf_conntrack nf_nat nf_tables sch_ingress cls_bpf"

# link NAMESPACE DEVICE ADDRESS NAMESPACE ADDRESS: ctgate's side first; "" is this machine's.
link() {
    local gateway=()
    [ -z "$1" ] || gateway=(-n "$1")
    ip "${gateway[@]}" link add "$2" type veth peer name eth0 netns "$4"
    ip "${gateway[@]}" address add "$3/24" dev "$2"
    ip "${gateway[@]}" link set "$2" up
    ip -n "$4" address add "$5/24" dev eth0
    ip -n "$4" link set eth0 up
}

# hosts PREFIX: a client and a server.
hosts() {
    local host
    for host in "$1client" "$1server"; do
        ip netns add "$host"
        ip -n "$host" link set lo up
    done
}

# answers NAMESPACE ADDRESS: every datagram is answered with who sent it.
answers() {
    # shellcheck disable=SC2016
    ip netns exec "$1" socat "UDP4-RECVFROM:5300,bind=$2,reuseaddr,fork" \
        'SYSTEM:echo "$SOCAT_PEERADDR:$SOCAT_PEERPORT"' >/dev/null 2>&1 &
}

# seen NAMESPACE SERVER [PORT]: as whom the server sees the client's port (4000).
seen() {
    echo hello | timeout 10 ip netns exec "$1" \
        socat -t 3 - "UDP4:$2:5300,sourceport=${3:-4000}" | head -n 1
}

is_seen() {
    equals "$1" "$(seen "${@:2}")"
}

active() {
    [ "$(systemctl is-active "${1:-ctgate}")" = active ]
}

is_state() {
    equals "$1" "$(systemctl is-active "${2:-ctgate}")"
}

# property NAME [UNIT]
property() {
    systemctl show --value -p "$1" "${2:-ctgate}"
}

pid() {
    property MainPID
}

# restarted PID COUNT: another process serves, after so many restarts at least.
restarted() {
    active && [ "$(pid)" != "$1" ] && [ "$(property NRestarts)" -ge "$2" ] && ctgate status
}

# watched_until MICROSECONDS: the daemon has told the watchdog so late, on the monotonic clock.
watched_until() {
    [ "$(property WatchdogTimestampMonotonic)" -ge "$1" ]
}

# of_process FIELD: as /proc tells.
of_process() {
    sed -n "s/^$1:[[:space:]]*//p" "/proc/$(pid)/status"
}

loaded() {
    local module
    for module in $modules; do
        module_loaded "$module" || { echo "  $module is not loaded"; return 1; }
    done
}

journal() {
    journalctl -b -u "${1:-ctgate}" --no-pager -o cat
}

in_journal() {
    journal | grep -q -- "$1"
}

# configured LINE...
configured() {
    printf '%s\n' 'internal = lan0' 'external = wan0' "$@" >/etc/ctgate/ctgate.conf
}

score() {
    systemd-analyze security "$1" --no-pager | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p'
}

no_more_than() {
    awk -v limit="$1" -v value="$2" 'BEGIN { exit !(value != "" && value <= limit) }' && return
    echo "  expected at most $1, got '$2'"
    return 1
}

check "nothing is enabled by the package" equals disabled "$(systemctl is-enabled ctgate)"
check "nothing runs" is_state inactive
check "without a configuration it does not start" exits 1 systemctl start ctgate
check "and is not tried again" equals 0 "$(property NRestarts)"
systemctl reset-failed ctgate

hosts ""
link "" lan0 10.0.0.1 client 10.0.0.2
ip netns exec client ip route add default via 10.0.0.1
configured
# Without an external address the service waits, as the daemon does.
ip link add wan0 type veth peer name eth0 netns server
ip -n server address add 203.0.113.2/24 dev eth0
ip -n server link set eth0 up
ip link set wan0 up
answers server 203.0.113.2

systemctl start --no-block ctgate
check "without an external address it is starting" wait_for 30 is_state activating
check "and says what it waits for" wait_for 30 in_journal wan0
ip address add 203.0.113.1/24 dev wan0
check "with one it has started" wait_for 30 active
check "status: 0" exits 0 ctgate status
check "the units load the kernel's modules" loaded
check "a client's packets are translated" is_seen 203.0.113.1:4000 client 203.0.113.2

check "no privileges can be gained" equals 1 "$(of_process NoNewPrivs)"
check "system calls are filtered" equals 2 "$(of_process Seccomp)"
# CAP_NET_ADMIN (12), CAP_PERFMON (38), CAP_BPF (39): capability.h.
check "of capabilities it has three" equals "$(printf '%016x' $((1 << 12 | 1 << 38 | 1 << 39)))" \
    "$(of_process CapEff)"
for unit in ctgate ctgate@lab; do
    check "systemd-analyze security $unit: 3.0 or better" no_more_than 3.0 "$(score $unit)"
done
check "its messages have levels" equals 6 "$(journalctl -b -u ctgate -o json | sed -n 's/.*"PRIORITY":"\([0-9]\)".*/\1/p' | sort -u | tail -n 1)"

daemon=$(pid)
configured 'listen-http = 127.0.0.1:9469' 'nat-log = /var/log/ctgate/nat.log' \
    'forward = udp:7000:10.0.0.2:7000'
check "reload" systemctl reload ctgate
check "is done by the same process" equals "$daemon" "$(pid)"
check "the forward is there" wait_for 10 sh -c 'ctgate show forwards | grep -q 7000'
check "metrics are served" wait_for 10 curl -s -f -o /dev/null http://127.0.0.1:9469/metrics
seen client 203.0.113.2 4001 >/dev/null
check "the NAT log is written" wait_for 10 grep -q 4001 /var/log/ctgate/nat.log
configured 'forward = udp:8000:10.0.0.2'
check "a bad file fails the reload" exits 1 systemctl reload ctgate
check "which goes on with the old one" sh -c 'ctgate show forwards | grep -q 7000'
check "and stays active" active
configured 'listen-http = 127.0.0.1:9469' 'nat-log = /var/log/ctgate/nat.log'

kill -KILL "$daemon"
check "meanwhile packets are translated" is_seen 203.0.113.1:4000 client 203.0.113.2
check "and new ones" is_seen 203.0.113.1:4002 client 203.0.113.2 4002
check "after SIGKILL it is started again" wait_for 30 restarted "$daemon" 1
check "with the same mapping" is_seen 203.0.113.1:4000 client 203.0.113.2
check "with the file of now" wait_for 10 sh -c '! ctgate show forwards | grep -q 7000'

mkdir -p /run/systemd/system/ctgate.service.d
printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/ctgate.service.d/watchdog.conf
systemctl daemon-reload
check "restart" systemctl restart ctgate
daemon=$(pid)
begun=$(property WatchdogTimestampMonotonic)
check "a daemon that is well tells the watchdog" wait_for 20 watched_until $((begun + 8000000))
check "and is let alone, for two of its times" equals "$daemon" "$(pid)"
kill -STOP "$daemon"
check "one that hangs is ended and started again" wait_for 60 restarted "$daemon" 1
check "by the watchdog" in_journal "Watchdog timeout"
check "with the same mapping" is_seen 203.0.113.1:4000 client 203.0.113.2

configured 'no-such-option = 1'
daemon=$(pid)
check "restart with a bad file fails" exits 1 systemctl restart ctgate
check "and is not tried again" is_state failed
check "meanwhile packets are translated" is_seen 203.0.113.1:4003 client 203.0.113.2 4003
configured
systemctl reset-failed ctgate
check "start" systemctl start ctgate
check "stop" systemctl stop ctgate
check "is quiet" equals success "$(property Result)"
check "meanwhile packets are translated" is_seen 203.0.113.1:4004 client 203.0.113.2 4004
check "start" systemctl start ctgate
check "with the same mapping" is_seen 203.0.113.1:4000 client 203.0.113.2

ip netns add lab
hosts lab-
link lab lan0 10.9.0.1 lab-client 10.9.0.2
link lab wan0 198.51.100.1 lab-server 198.51.100.2
ip -n lab-client route add default via 10.9.0.1
answers lab-server 198.51.100.2
printf '%s\n' 'netns = lab' 'internal = lan0' 'external = wan0' >/etc/ctgate/lab.conf
check "the template starts a second one" systemctl start ctgate@lab
check "which serves its network namespace" exits 0 ip netns exec lab ctgate status
check "and translates" is_seen 198.51.100.1:4000 lab-client 198.51.100.2
check "the first is active, too" active

daemon=$(pid)
check "the package can be installed over itself" dpkg -i /ctgate/package.deb
check "another process serves" wait_for 30 restarted "$daemon" 0
check "the second, too" wait_for 30 active ctgate@lab
check "with the same mapping" is_seen 203.0.113.1:4000 client 203.0.113.2
check "the second, too" is_seen 198.51.100.1:4000 lab-client 198.51.100.2

check "the package can be removed" dpkg --purge ctgate
check "the services are gone" equals "" \
    "$(systemctl list-units --no-legend --plain 'ctgate.service' 'ctgate@*')"
check "and the programs" wait_for 10 no_bpf_programs
for directory in /run/ctgate /etc/ctgate /var/log/ctgate; do
    check "and $directory" test ! -e $directory
done

all_passed || { journal; journal ctgate@lab; }
all_passed
