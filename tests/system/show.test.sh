#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `ctgate show`, `status` and `top` tell of real traffic: each filter, packets and bytes,
# mappings, hosts, forwards, where options come from; valid JSON, and memory that does not grow with
# the number of sessions.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# internal_ends [FILTER...]: of the sessions that match, sorted, on one line.
internal_ends() {
    ctgate show sessions --json "$@" |
        jq -r 'map("\(.protocol) \(.internal.address):\(.internal.port // "-")") | sort | join(", ")'
}

# shown EXPECTED FILTER...
shown() {
    equals "$1" "$(internal_ends "${@:2}")"
}

# says COMMAND FILTER: of its JSON.
says() {
    equals true "$(ctgate "${@:1:$#-1}" --json | jq "${@:$#}")"
}

# has_counted MINIMUM: the UDP session so many packets. A question has 4 bytes behind its headers, an
# answer 16: "203.0.113.1:4001".
has_counted() {
    says show sessions --protocol udp --host $client2 \
        ".[0] | .packets >= $1 and .traffic.short_path and .traffic.original.packets > 0 and
            .packets == .traffic.original.packets + .traffic.reply.packets and
            .bytes == .traffic.original.packets * 32 + .traffic.reply.packets * 44"
}

# peak_memory COMMAND...: of ctgate, in KiB.
peak_memory() {
    # A build with AddressSanitizer keeps what is freed, else.
    ASAN_OPTIONS=quarantine_size_mb=0:thread_local_quarantine_size_kb=0 run_python "$(netns gateway)" "$CTGATE" "$@" <<'PROGRAM'
import os, sys
pid = os.posix_spawn("/usr/bin/nsenter", ["nsenter", "--net=/run/netns/" + sys.argv[1], *sys.argv[2:]],
                     os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss if status == 0 else "failed")
PROGRAM
}

# send HOST SOURCE-PORT ADDRESS LOW HIGH: one datagram to each of these ports.
send() {
    run_python "$@" <<'PROGRAM'
import sys, peer, socket
host, source, address, low, high = sys.argv[1:]
sender = peer.socket_in(host, socket.SOCK_DGRAM, source)
for port in range(int(low), int(high) + 1):
    sender.sendto(b"x", (address, port))
PROGRAM
}

# fill_table: to a little more than four fifths of what it holds; 65,535 sessions for each source port.
fill_table() {
    local enough source=4200 missing
    enough=$(ctgate status --json | jq '.sessions.limit / 5 * 4 + 100 | floor')
    until missing=$((enough - $(ctgate status --json | jq .sessions.count))) && [ $missing -le 0 ]; do
        source=$((source + 1))
        send client1 $source 192.0.2.1 1 $((missing < 65535 ? missing : 65535))
    done
}

# on_terminal ROWS COLUMNS TEXT: `ctgate top` has that on the screen; then it is resized, and quit.
on_terminal() {
    # A build with AddressSanitizer keeps what is freed, else.
    ASAN_OPTIONS=quarantine_size_mb=0:thread_local_quarantine_size_kb=0 run_python "$(netns gateway)" "$CTGATE" "$@" <<'PROGRAM'
import fcntl, os, pty, select, struct, sys, termios
space, program, rows, columns, text = sys.argv[1:]

def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execvp("nsenter", ["nsenter", "--net=/run/netns/" + space, "sh", "-c",
                          f"stty rows {rows} cols {columns}; exec {program} top"])
seen = b""
while text.encode() not in seen and select.select([terminal], [], [], 20)[0]:
    try:
        seen += os.read(terminal, 65536)
    except OSError:  # it has ended
        break
else:
    resize(2, 9)
    resize(30, 100)
    os.write(terminal, b"s2q")
try:
    while os.read(terminal, 65536):
        pass
except OSError:
    pass
_, status = os.waitpid(child, 0)
if status != 0 or text.encode() not in seen:
    sys.exit(f"status {status}, screen {seen[-2000:]}")
PROGRAM
}

build_topology
start_services
configure "udp-timeout = 200" "forward = udp:8000:$client2:80"
check "nothing serves: status 3" exits 3 ctgate show mappings
run_ctgate --config "$work/ctgate.conf" --filtering endpoint-independent

start_conversation tcp client1 tcp 4000
start_conversation udp client2 udp 4001
converse tcp >/dev/null
for _ in $(seq 12); do
    converse udp >/dev/null
done
inside client1 ping -n -q -c 1 -W 3 $server >"$work/ping.log"
send client1 4002 $isp 9 9

check "--host" shown "icmp $client1:-, tcp $client1:4000, udp $client1:4002" --host $client1
check "--host, a network" shown "udp $client2:4001" --host 10.0.0.3/32 --protocol udp
check "--protocol" shown "tcp $client1:4000" --protocol tcp
check "--protocol icmp" shown "icmp $client1:-" --protocol icmp
check "--port" shown "udp $client2:4001" --port 4001
check "--remote" shown "icmp $client1:-, tcp $client1:4000, udp $client2:4001" --remote $server
check "--remote with its port" shown "udp $client2:4001" --remote $server:5300
check "--state established" shown "tcp $client1:4000" --state established
check "--state unreplied" shown "udp $client1:4002" --state unreplied --host $client1
check "--state assured" shown "tcp $client1:4000, udp $client2:4001" --state assured
check "nothing matches: an empty array" equals "[]" "$(ctgate show sessions --port 9999 --json)"
check "wrong options: status 2" exits 2 ctgate show sessions --protocol udp --state established \
    2>/dev/null
check "packets and bytes of both directions" wait_for 5 has_counted 12

check "show mappings" says show mappings --host $client2 \
    '. == [{protocol: "udp", internal: {address: "10.0.0.3", port: 4001},
        external: {address: "203.0.113.1", port: 4001}, expires_in: .[0].expires_in,
        age: .[0].age, sessions: 1}] and (.[0].expires_in | . > 0 and . <= 201)'
check "show mappings --protocol tcp" says show mappings --protocol tcp \
    'length == 1 and .[0].internal.port == 4000'
check "show hosts --sort" says show hosts --sort sessions --protocol udp \
    '[.[].sessions] | . == (sort | reverse)'
check "show hosts --top" says show hosts --sort bytes --top 1 \
    'length == 1 and .[0].bytes > 0'
send server 9000 $external 8000 8000
check "show forwards" wait_for 5 says show forwards \
    '.[0] | .forward == "udp:8000:10.0.0.3:80" and .origin == "configured" and .sessions == 1'

# row OPTION: its value and where it comes from.
row() {
    ctgate show config --json |
        jq -r --arg option "$1" '.options[] | select(.option == $option) | "\(.value) \(.source)"'
}
check "show config: from the file" equals "200 $work/ctgate.conf:3" "$(row udp-timeout)"
check "show config: from the command line" equals "endpoint-independent command line" \
    "$(row filtering)"
check "show config: a default" equals "auto default" "$(row fast-path)"

check "status: ports in use" says status '.occupancy.ports | map(select(.used > 0)) | length == 2'
check "status: the cache" says status '.occupancy.cache.records >= 2'
check "status: since when" says status '.since > 1600000000'

check "top: needs a terminal" exits 2 ctgate top </dev/null 2>/dev/null
check "top --once" says top --once \
    '(.hosts | map(.host) | sort) == ["10.0.0.2", "10.0.0.3"] and
        any(.top_sessions[]; .internal == {address: "10.0.0.3", port: 4001})'
check "top on a terminal" on_terminal 24 80 $client2
check "top on a small one" on_terminal 2 10 ctgate

# More sessions than anything here could keep in that memory.
ip -n "$(netns isp)" route add blackhole 192.0.2.0/24
send client1 4100 192.0.2.1 1 1000
few=$(peak_memory show sessions --json)
few_rows=$(peak_memory show sessions)
send client1 4100 192.0.2.1 1001 40000
check "40,000 sessions" says show hosts --sort sessions --top 1 '.[0].sessions >= 40000'
check "memory of show sessions --json: as for 1,000" \
    test "$(peak_memory show sessions --json)" -le $((few + 2048))
check "memory of show sessions: as for 1,000" \
    test "$(peak_memory show sessions)" -le $((few_rows + 2048))
check "all of it is valid JSON" says show sessions --remote 192.0.2.1 'length == 40000'

check "status: of a full table there is no word yet" says status '.warnings == []'
fill_table
check "status: the table is nearly full" says status \
    '.warnings | length == 1 and (.[0] | test("^The conntrack table is nearly full: [0-9]+ of [0-9]+$"))'

kill_daemon
check "show config knows the daemon that has gone" says show config \
    '.daemon == null and any(.options[]; .option == "udp-timeout" and .value == "200")'

all_passed
