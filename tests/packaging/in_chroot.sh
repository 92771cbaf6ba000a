#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The part of deb.test.sh that runs within the chroot; systemd does not.
#
#   lab-client 10.0.0.2 ── inside, lab, outside ── lab-server 203.0.113.2
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
failures=0

# check SENTENCE COMMAND...
check() {
    if "${@:2}" >/tmp/output 2>&1; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/  /' /tmp/output
        failures=$((failures + 1))
    fi
}

fails() {
    ! "$@"
}

# wait_for COMMAND...
wait_for() {
    local tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 200 ] || return 1
        sleep 0.1 # between two looks
    done
}

# build NAMESPACE: of the gateway, with a client and a server.
build() {
    local gateway=$1 client=$1-client server=$1-server
    ip netns add "$client"
    ip netns add "$server"
    for host in "$gateway" "$client" "$server"; do
        ip -n "$host" link set lo up
    done
    ip -n "$gateway" link add inside type veth peer name eth0 netns "$client"
    ip -n "$gateway" link add outside type veth peer name eth0 netns "$server"
    ip -n "$gateway" address add 10.0.0.1/24 dev inside
    ip -n "$gateway" address add 203.0.113.1/24 dev outside
    ip -n "$client" address add 10.0.0.2/24 dev eth0
    ip -n "$server" address add 203.0.113.2/24 dev eth0
    ip -n "$gateway" link set inside up
    ip -n "$gateway" link set outside up
    ip -n "$client" link set eth0 up
    ip -n "$server" link set eth0 up
    ip -n "$client" route add default via 10.0.0.1
    nsenter --net="/run/netns/$server" python3 /packages/echo.py serve 5300 &
}

# serve NAMESPACE: $daemon is the process.
serve() {
    nsenter --net="/run/netns/$1" ctgate run --config /etc/ctgate/lab.conf >>"/tmp/$1.log" 2>&1 &
    daemon=$!
    wait_for nsenter --net="/run/netns/$1" ctgate status
}

status() {
    nsenter --net="/run/netns/$1" ctgate status
}

listens() {
    nsenter --net=/run/netns/lab-server ss -Hlnu 'sport = :5300' | grep -q .
}

# A session that stays.
start_session() {
    mkfifo /tmp/in /tmp/out
    exec 3<>/tmp/in 4<>/tmp/out
    nsenter --net=/run/netns/lab-client python3 /packages/echo.py talk 203.0.113.2 5300 <&3 >&4 &
}

goes_on() {
    echo >&3
    read -r -t 5 answer <&4
    [ "${first:=$answer}" = "$answer" ] && [[ $answer == 203.0.113.1:* ]]
}

# files: what there is of ctgate.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /packages -o -path /tmp -o -path /var/log \
        -o -path /usr/share/doc-base \) -prune -o -name '*ctgate*' -print
}

ip link set lo up
files >/tmp/before
check "install" dpkg -i /packages/ctgate.deb
check "nothing serves" fails ctgate status
check "nothing was started" fails test -e /run/ctgate
check "the example configuration asks for interfaces" \
    fails ctgate check --config /etc/ctgate/ctgate.conf
check "the program runs" ctgate version
check "the completion is there" test -s /usr/share/bash-completion/completions/ctgate

ip netns add lab
build lab
printf 'internal = inside\nexternal = outside\n' >/etc/ctgate/lab.conf
echo "# edited" >>/etc/ctgate/ctgate.conf
serve lab
wait_for listens
start_session
check "a session is translated" goes_on

old=$daemon
check "upgrade" dpkg -i --force-confdef /packages/next.deb
cp /tmp/output /tmp/upgrade
check "it says that the daemon is to be started anew" \
    grep -q "start each 'ctgate run' anew" /tmp/upgrade
check "the edited configuration stays" grep -q "# edited" /etc/ctgate/ctgate.conf
check "the session goes on" goes_on
kill "$old"
check "the old one ended as it was asked to" wait "$old"
check "without a daemon" goes_on
serve lab
check "and with the new one" goes_on
check "which serves" status lab

check "remove" dpkg -r ctgate
check "it ended the daemon" wait_for fails kill -0 "$daemon"
check "nothing is in /run" fails test -e /run/ctgate
check "no table is left" fails nsenter --net=/run/netns/lab nft list table ip ctgate
check "the configuration is" test -f /etc/ctgate/ctgate.conf
check "install again, and purge" dpkg -i --force-confdef /packages/next.deb
check "purge" dpkg -P ctgate
files >/tmp/after
check "nothing is left" diff /tmp/before /tmp/after

echo "packaging: $failures failed"
[ $failures -eq 0 ]
