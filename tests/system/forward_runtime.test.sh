#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Port forwards at run time: in force at once, with a daemon and without, until they are deleted or
# the configuration is read again. (The network is that of topology.sh; the services are inside.)
#
#   client1:80, client2:5300 ◄── gateway ◄── isp ◄── server, which calls 203.0.113.1
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# call PORT [HOST [ADDRESS]]: the caller as the web service inside sees it.
call() {
    inside "${2:-server}" curl --silent --show-error --noproxy '*' --max-time 2 --connect-timeout 2 \
        "http://${3:-$external}:$1/peer"
}

# reaches PORT [HOST [ADDRESS]]: a service inside, that sees who calls.
reaches() {
    local caller=$server
    [ "${2:-server}" = server ] || caller=$isp
    matches "^$caller:[0-9]+\$" "$(call "$@" 2>&1)"
}

refuses() {
    ! call "$@" >/dev/null 2>&1
}

# reaches_udp PORT
reaches_udp() {
    matches "^$server:6000\$" "$(inside server "$python" "$system_tests/peer.py" ask $external "$1" 6000 peer)"
}

# complains PATTERN WORD...: `ctgate forward WORD...` fails with that one line.
complains() {
    local output
    ! output=$(ctgate forward "${@:2}" 2>&1) && equals 1 "$(wc -l <<<"$output")" &&
        matches "$1" "$output"
}

# listed FILTER: jq finds it in the list.
listed() {
    ctgate forward list --json | jq -e "$1" >/dev/null && return
    ctgate forward list --json
    return 1
}

build_topology
start_services
background server "$python" "$system_tests/peer.py" web 8081 "$work/payload" >"$work/web2.log" 2>&1
wait_for 10 listens server tcp 8081
background client1 "$python" "$system_tests/peer.py" web 80 /dev/null >"$work/web.log" 2>&1
background client2 "$python" "$system_tests/peer.py" udp 5300 >"$work/udp.log" 2>&1
wait_for 10 listens client1 tcp 80
wait_for 10 listens client2 udp 5300

check "no gateway: status 3" exits 3 ctgate forward list
check "no gateway: add too" exits 3 ctgate forward add tcp:8080:$client1:80
check "wrong usage: status 2" exits 2 ctgate forward
check "wrong forward: status 2" exits 2 ctgate forward add tcp:8080:$client1
check "in the words of --forward" \
    complains "^ctgate: forward add 'tcp:0:10.0.0.2:80' has '0', which is neither a port" \
    add tcp:0:$client1:80

cat >"$work/ctgate.conf" <<CONF
internal = inside
external = outside
forward = tcp:8000:$client1:80,not-from=192.0.2.0/24
one-to-one = 203.0.113.9=10.0.0.9
CONF
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip
check "the configured one works" reaches 8000
check "before: nothing there" refuses 8080
check "add" matches "write 'forward = tcp:8080:10.0.0.2:80' into the configuration file" \
    "$(ctgate forward add tcp:8080:$client1:80)"
check "it works at once" reaches 8080
ctgate forward add udp:5000-5009:$client2:5300-5309 >/dev/null
check "a range, by UDP" reaches_udp 5000
ctgate forward add "tcp:8081:$client1:80,from=$server/32" >/dev/null
ctgate forward add "tcp:8082:$client1:80,not-from=$server/32" >/dev/null
check "from: let in" reaches 8081
check "from: others are not" refuses 8081 isp
check "not-from: not let in" refuses 8082
check "not-from: others are" reaches 8082 isp
check "the configured one still works" reaches 8000

check "list: all of them" equals 5 "$(ctgate forward list --json | jq length)"
check "list: the configured one" listed '.[0] == {forward: "tcp:8000:10.0.0.2:80,not-from=192.0.2.0/24",
    origin: "configured", protocols: ["tcp"], external: {address: null, ports: {low: 8000, high: 8000}},
    internal: {address: "10.0.0.2", ports: {low: 80, high: 80}}, from: [], not_from: ["192.0.2.0/24"],
    open_at: ["203.0.113.1"]}'
check "list: one made at run time" listed '.[2] | .origin == "run-time" and .protocols == ["udp"]
    and .internal.ports == {low: 5300, high: 5309} and .open_at == ["203.0.113.1"]'
check "list: for people" matches \
    "^tcp +203.0.113.1:8081 +10.0.0.2:80 +yes +run-time +from 198.51.100.2/32\$" "$(ctgate forward list)"

check "taken by the configuration" complains \
    "'tcp:8000:10.0.0.2:80,not-from=192.0.2.0/24' of the configuration has such a port" \
    add tcp+udp:7999-8001:$client2:7999-8001
check "taken at run time" complains \
    "'tcp:8080:10.0.0.2:80', made at run time, has such a port; 'ctgate forward del tcp:8080:10.0.0.2:80'" \
    add tcp:$external:8080:$client2:80
background gateway socat TCP-LISTEN:2222,fork /dev/null
listener=$!
wait_for 10 listens gateway tcp 2222
check "taken by the router itself" complains "socket of the router itself has tcp 0.0.0.0:2222; end" \
    add tcp:2222:$client1:80
kill $listener
check "taken as a whole" complains "203.0.113.9 belongs to one internal host as a whole" \
    add tcp:203.0.113.9:80:$client1:80
start_conversation stays client1 tcp 5500
check "a session at a port" equals $external:5500 "$(converse stays)"
ctgate forward add tcp:5500:$client2:80 >/dev/null
ctgate forward del tcp:5500:$client2:80
others=$(inside client2 curl --silent --noproxy '*' --max-time 10 --local-port 5500 "http://$server:8081/peer")
check "which a forward has had meanwhile: another host has another" matches "^$external:" "$others"
check "as long as the session lasts" fails equals $external:5500 "$others"
check "which goes on" equals $external:5500 "$(converse stays)"
check "del: there is none" complains "There is no port forward 'tcp:9:10.0.0.2:9'" del tcp:9:$client1:9
check "del: of the configuration" complains "is configured; take it out of the configuration" \
    del tcp:8000:$client1:80,not-from=192.0.2.0/24
check "nothing has changed" equals 5 "$(ctgate forward list --json | jq '[.[] | select(.open_at != [])] | length')"

check "an address that is not there: waits" matches "It waits for 203.0.113.77, which no" \
    "$(ctgate forward add tcp:203.0.113.77:8090:$client1:80)"
check "it is not open" listed '.[5].open_at == []'
ip -n "$(netns gateway)" address delete $external/24 dev outside
ip -n "$(netns gateway)" address add 203.0.113.77/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
external=203.0.113.77
check "the address changes: it opens there" wait_for 10 reaches 8090
check "the others follow" reaches 8080
check "with their remotes" refuses 8081 isp
check "and the configured one" reaches 8000

kill_daemon
check "kill -9: status 4" exits 4 ctgate status
check "kill -9: all goes on" reaches 8080
ctgate forward add tcp:8083:$client1:80 >/dev/null
check "kill -9: add" reaches 8083
ctgate forward del tcp:8080:$client1:80
check "kill -9: del" refuses 8080
check "kill -9: the others stay" reaches 8090
check "kill -9: and the configured one" reaches 8000
check "the list agrees" listed '[.[].forward] == ["tcp:8000:10.0.0.2:80,not-from=192.0.2.0/24",
    "udp:5000-5009:10.0.0.3:5300-5309", "tcp:8081:10.0.0.2:80,from=198.51.100.2/32",
    "tcp:8082:10.0.0.2:80,not-from=198.51.100.2/32", "tcp:203.0.113.77:8090:10.0.0.2:80",
    "tcp:8083:10.0.0.2:80"]'

run_ctgate --config "$work/ctgate.conf"
wait_for 10 exits 0 ctgate status
check "a new run forgets them" equals 1 "$(ctgate forward list --json | jq length)"
check "they are closed" refuses 8083
check "the configured one works" reaches 8000

ctgate forward add tcp:8084:$client1:80 >/dev/null
check "added again" reaches 8084
echo "forward = no" >>"$work/ctgate.conf"
check "a reload that is refused" reload "Reload refused"
check "changes nothing" reaches 8084
sed -i '$c internal = nothere0' "$work/ctgate.conf"
check "a reload that fails" reload "Reload refused"
check "neither" reaches 8084
check "the list agrees" listed '[.[].origin] == ["configured", "run-time"]'
sed -i '$d' "$work/ctgate.conf"
check "a reload that succeeds" reload "Reloaded"
check "forgets it" refuses 8084
check "and keeps the configured one" reaches 8000
check "the log says so" grep -q "port forwards made at run time are forgotten" "$work/ctgate.log"

stop_capture outside
check "outside: no internal address" nothing_internal outside
stop_ctgate
check "down: nothing is left" exits 3 ctgate forward list

all_passed
