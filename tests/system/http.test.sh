#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --listen-http: metrics, status page and health check are served in the gateway's namespace, at the
# address given and at no other; they tell what happens; a reload moves them; nothing of it can keep
# the gateway from working.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dashboard=$system_tests/../../examples/grafana/ctgate.json
at=127.0.0.1:9469

# get PATH [OPTION of curl...]: from inside the gateway.
get() {
    inside gateway curl -s -m 10 --globoff "${@:2}" "http://$at$1"
}

# answers STATUS PATH [OPTION of curl...]; 000: there is no connection.
answers() {
    equals "$1" "$(get "$2" -o /dev/null -w '%{http_code}' "${@:3}" || true)"
}

# metric NAME_AND_LABELS: its value.
metric() {
    get /metrics | awk -v name="$1" '$1 == name { print $2 }'
}

# tells NAME_AND_LABELS VALUE
tells() {
    [ "$(metric "$1")" = "$2" ]
}

counters_agree() {
    tells ctgate_session_created_total "$(counter session_created)"
}

drops_are_told() {
    [ "$(metric 'ctgate_drops_total{reason="internal_destination"}')" -ge 1 ]
}

# is_taken: somebody listens at the port.
is_taken() {
    inside gateway ss -Hltn 'sport = :9469' | grep -q .
}

# are_connected NUMBER
are_connected() {
    [ "$(inside gateway ss -Htn state established 'dport = :9469' | wc -l)" -ge "$1" ]
}

# health_is SENTENCE
health_is() {
    [ "$(get /healthz)" = "$1" ]
}

# names_are_served: each metric that the dashboard asks for.
names_are_served() {
    local name missing=0
    get /metrics >"$work/metrics"
    for name in $(jq -r '.. | .expr? // empty' "$dashboard" | grep -oE 'ctgate_[a-z_]+' | sort -u); do
        grep -q "^${name}[ {]" "$work/metrics" || { echo "  no metric $name" && missing=1; }
    done
    [ -n "${name:-}" ] && [ $missing -eq 0 ]
}

# optional PROGRAM NAME COMMAND...: a check, where there is the program for it.
optional() {
    if command -v "$1" >/dev/null; then
        check "$2" "${@:3}"
    else
        echo "skip - $2 (there is no $1)"
    fi
}

metrics_are_right() {
    get /metrics | promtool check metrics
}

# has_history FILTER: the last minutes, as the page gets them.
has_history() {
    get /status.json | jq -e ".history | $1"
}

# The page is drawn from what the gateway tells, by a browser, from nothing else.
page_is_drawn() {
    inside gateway "$python" "$system_tests/browser.py" "$work/browser" "http://$at/" \
        'document.querySelector("#state.good").textContent === "serving"' \
        "$(has_curve throughput in)" "$(has_curve throughput out)" "$(has_curve sessionchart in)" \
        "$(has_row hosts "$client1")" "$(has_row drops "internal destination")" \
        'document.documentElement.scrollWidth <= 390' 2>"$work/browser.log"
}

# has_curve CHART LINE: it goes up or down, as an expression of JavaScript.
has_curve() {
    echo "new Set(document.querySelector('#$1 polyline.$2').getAttribute('points').split(' ')" \
        ".map((point) => point.split(',')[1])).size > 1"
}

# has_row LIST NAME
has_row() {
    echo "[...document.querySelectorAll('#$1 .row span:first-child')].some((each) => each.textContent === '$2')"
}

build_topology
start_services
configure "listen-http = $at"
background gateway $python -c "import socket, time
taken = socket.create_server(('127.0.0.1', 9469)); time.sleep(60)"
other=$!
wait_for 5 is_taken || fail "the port is not taken"
status=0
inside gateway timeout 10 "$CTGATE" run --config "$work/ctgate.conf" 2>"$work/err" || status=$?
check "a port that is taken: status 1" equals 1 $status
check "and a sentence" matches "listen-http $at.*another program has port 9469" "$(cat "$work/err")"
kill $other && ! wait $other 2>/dev/null

run_ctgate --config "$work/ctgate.conf"
check "it is healthy" wait_for 5 health_is ok
check "the last minutes begin" wait_for 10 has_history '.time | length > 0'
check "client1 talks through the gateway" equals "$external:4000" "$(ask client1 4000)"
check "its session is counted" wait_for 10 tells 'ctgate_sessions{protocol="udp"}' 1
check "and its port" \
    equals 1 "$(metric "ctgate_external_ports_used{address=\"$external\",protocol=\"udp\"}")"
check "counters are those of show counters" wait_for 10 counters_agree
ip -n "$(netns isp)" route replace 10.0.0.0/24 via $external
inside isp $python -c "import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('$client1', 9))"
check "a download" equals "$(payload_sum)" "$(download client1)"
check "drops have their reason" wait_for 10 drops_are_told
check "every metric of the dashboard is served" names_are_served
optional promtool "promtool finds nothing wrong" metrics_are_right
get /status.json >"$work/status.json"
check "status.json: what ctgate status tells" equals \
    "$(ctgate status --json | jq -S 'del(.sessions)')" \
    "$(jq -S 'with_entries(select(.key | IN("hosts", "host_count", "sessions_by_protocol", "ports",
        "uptime_seconds", "history", "sessions") | not))' "$work/status.json")"
check "hosts" equals "$client1" "$(jq -r '.hosts[0].host' "$work/status.json")"
check "and the last minutes" jq -e '.history | (.time | length) > 0 and
    (.time | length) == (.received_bytes | length)' "$work/status.json" >/dev/null
check "with traffic and the drop" wait_for 20 has_history '(.time | length) > 2 and
    .received_bytes[-1] > .received_bytes[0] + 1000000 and
    .drops.drop_internal_destination[-1] > .drops.drop_internal_destination[0]'
check "the page asks nobody else" matches "Content-Security-Policy: default-src 'none'" "$(get / -i)"
check "nor names anybody" fails grep -qE '(src|href)="?(https?:)?//' <<<"$(get /)"
optional chromium "a browser draws the page, and it fits a phone" page_is_drawn

check "nothing else is served" answers 404 /etc/passwd --path-as-is
check "nor changed" answers 405 /metrics -X POST -d x
check "nor at another address" equals 000 \
    "$(inside gateway curl -s -o /dev/null -w '%{http_code}' http://10.0.0.1:9469/ || true)"

# Four may be connected at a time. More, which send half a request, are waited for by nobody.
background gateway $python -c "import socket, time
idle = [socket.create_connection(('127.0.0.1', 9469)) for _ in range(12)]
for each in idle: each.sendall(b'GET /met')
time.sleep(60)"
other=$!
wait_for 5 are_connected 12 || fail "the visitors do not come"
configure "listen-http = [::1]:9469"
check "visitors that hang: reloaded all the same" reload "Reloaded"
kill $other && ! wait $other 2>/dev/null
check "nothing is at the old address" answers 000 /healthz
at="[::1]:9469"
check "but at the new one" wait_for 5 health_is ok
check "the reload is counted" wait_for 5 tells 'ctgate_reloads_total{result="done"}' 1
configure "listen-http = [::]:9469"
check "a wider one with the same port" reload "Reloaded"
check "the log warns of it" has_lines "every interface leads there" 1
configure "listen-http = nowhere:1"
check "a bad one is refused" reload "Reload refused"
check "what was served is served" wait_for 5 health_is ok
check "the refusal is counted" wait_for 5 tells 'ctgate_reloads_total{result="refused"}' 1

inside gateway nft add chain ip ctgate foreign
check "a table that somebody changed is put back, and that is counted" \
    wait_for 10 tells 'ctgate_repairs_total{what="table"}' 1
ip -n "$(netns gateway)" address flush dev outside
check "without an address it is not healthy, and says why" \
    wait_for 10 health_is "Waiting for an address on an external interface"
check "with that status" answers 503 /healthz
ip -n "$(netns gateway)" address add $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
check "with one it is again" wait_for 10 health_is ok
check "the daemon is the same" exits 0 ctgate status
configure
check "without the option: reloaded" reload "Reloaded"
check "nothing is served any more" answers 000 /healthz
check "client2 talks through the gateway" equals "$external:4001" "$(ask client2 4001)"

all_passed
