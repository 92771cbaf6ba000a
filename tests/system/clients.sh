# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Part of lib.sh: services on the server, clients, and long-lived conversations between them.

# start_services [BYTES of the payload]: on the server, port 8080 web, port 5300 UDP (see peer.py).
# $work/payload is what they serve.
# shellcheck disable=SC2120 # by few tests
start_services() {
    head -c "${1:-2000000}" /dev/urandom >"$work/payload"
    background server "$python" "$system_tests/peer.py" web 8080 "$work/payload" >"$work/web.log" 2>&1
    background server "$python" "$system_tests/peer.py" udp 5300 >"$work/udp.log" 2>&1
    wait_for 10 listens server tcp 8080
    wait_for 10 listens server udp 5300
}

# listens HOST tcp|udp PORT
listens() {
    inside "$1" ss -Hln "--$2" "sport = :$3" | grep -q .
}

payload_sum() {
    sha256sum <"$work/payload" | cut -d' ' -f1
}

# fetch HOST PATH [OPTION of curl...]: from the server's web service.
fetch() {
    inside "$1" curl --silent --show-error --fail --noproxy '*' --max-time 10 "${@:3}" \
        "http://$server:8080/$2"
}

# download HOST [OPTION of curl...]: the checksum of what came.
download() {
    fetch "$1" payload "${@:2}" | sha256sum | cut -d' ' -f1
}

# upload HOST [OPTION of curl...]: the checksum of what the server got.
upload() {
    fetch "$1" sum --upload-file "$work/payload" "${@:2}"
}

# seen_as HOST [OPTION of curl...]: ADDRESS:PORT that the server saw.
seen_as() {
    fetch "$1" peer "${@:2}"
}

# ask HOST SOURCE-PORT [TEXT or BYTES]: one UDP question and its answer; "peer" is answered with
# ADDRESS:PORT that the server saw.
ask() {
    inside "$1" "$python" "$system_tests/peer.py" ask "$server" 5300 "$2" "${3:-peer}"
}

# start_pipe NAME COMMAND...: in the background; `ask_pipe NAME LINE` gives it a line and prints its
# answer.
declare -A pipe_in pipe_out
start_pipe() {
    local in out
    mkfifo "$work/$1.in" "$work/$1.out"
    # Both ends, so that opening does not wait for the other side.
    exec {in}<>"$work/$1.in" {out}<>"$work/$1.out"
    pipe_in[$1]=$in
    pipe_out[$1]=$out
    (exec "${@:2}" <"$work/$1.in" >"$work/$1.out" 2>>"$work/$1.log") &
}

ask_pipe() {
    local answer
    echo "$2" >&"${pipe_in[$1]}"
    read -r -t 15 answer <&"${pipe_out[$1]}"
    echo "$answer"
}

# start_conversation NAME HOST tcp|udp SOURCE-PORT: one session that stays; see converse.
start_conversation() {
    local port=8080
    [ "$3" = tcp ] || port=5300
    start_pipe "$1" nsenter --net="/run/netns/$(netns "$2")" \
        "$python" "$system_tests/peer.py" converse "$3" "$server" $port "$4"
}

# converse NAME: the ADDRESS:PORT that the server sees in that session now.
converse() {
    ask_pipe "$1" ""
}

# start_ends; then `ends COMMAND...`: sockets by name in any host, see ends.py.
start_ends() {
    start_pipe ends "$python" "$system_tests/ends.py"
}

ends() {
    ask_pipe ends "$*"
}

# run_python [ARGUMENT...]: a program on standard input, which may import peer and so open sockets in
# any host.
run_python() {
    PYTHONPATH=$system_tests "$python" - "$@"
}

# checksums_in_software HOST...: they are then complete on the wire, and the receiver checks them.
checksums_in_software() {
    local host
    for host in "$@"; do
        inside "$host" ethtool -K eth0 tx off >/dev/null
    done
}

# add_tunnel HOST DEVICE ADDRESS HOST DEVICE ADDRESS: without Ethernet header.
add_tunnel() {
    background "$1" "$python" "$system_tests/tunnel.py" "$(netns "$1")" "$2" "$(netns "$4")" "$5" \
        >"$work/tunnel.log" 2>&1
    wait_for 10 ip -n "$(netns "$4")" link show "$5"
    set_up "$1" "$2" "$3/24" 1500
    set_up "$4" "$5" "$6/24" 1500
}

# craft HOST EXPRESSION...: sends packets, each an expression of scapy's, e.g.
# craft client1 'IP(dst="198.51.100.2")/UDP(dport=9)'
craft() {
    local expression answer
    if [ -z "${pipe_in[craft]:-}" ]; then
        start_pipe craft "$python" "$system_tests/craft.py"
    fi
    for expression in "${@:2}"; do
        answer=$(ask_pipe craft "$1 $expression")
        [ "$answer" = sent ] || fail "craft: $answer"
    done
}
