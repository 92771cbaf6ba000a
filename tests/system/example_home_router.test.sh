#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/home-router, with its very files: gateway, firewall, DHCP and DNS.
#
# The topology's gateway with its interfaces renamed: inside is lan0, outside is wan0.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

example=$(realpath "$system_tests/../../examples/home-router")
busybox --list 2>/dev/null | grep -q '^udhcpc$' || skip "needs busybox with udhcpc"

rename() {
    ip -n "$(netns gateway)" link set "$1" down
    ip -n "$(netns gateway)" link set "$1" name "$2" up
}

# What udhcpc calls when there is an address.
write_dhcp_script() {
    cat >"$work/dhcp.sh" <<'SCRIPT'
#!/bin/sh
if [ "$1" = bound ]; then
    ip address add "$ip/$mask" dev "$interface"
    ip route add default via "$router"
    echo "$ip $router $dns" >"$(dirname "$0")/lease"
fi
SCRIPT
    chmod +x "$work/dhcp.sh"
}

# get_address HOST: by DHCP, without anything that it had.
get_address() {
    ip -n "$(netns "$1")" address flush dev eth0
    inside "$1" timeout 10 busybox udhcpc -i eth0 -n -q -f -s "$work/dhcp.sh" >"$work/dhcp.log" 2>&1
    cat "$work/lease"
}

build_topology
start_services
write_dhcp_script
rename inside lan0
rename outside wan0
ip -n "$(netns gateway)" route add default via $isp

check "the file is valid" exits 0 ctgate check --config "$example/ctgate.conf"
run_ctgate --config "$example/ctgate.conf"
inside gateway nft -f "$example/firewall.nft"
background gateway dnsmasq --keep-in-foreground --conf-file="$example/dnsmasq.conf" --user=root \
    --pid-file= --dhcp-leasefile="$work/leases" --no-hosts --no-resolv \
    --address=/www.example/$server >"$work/dnsmasq.log" 2>&1
wait_for 10 listens gateway udp 53
start_capture outside isp eth0 ip

check "a client gets address, router and DNS server" \
    matches "^10\.0\.0\.1[0-9][0-9] 10\.0\.0\.1 10\.0\.0\.1\$" "$(get_address client1)"
check "and a name's address" equals "$server" \
    "$(inside client1 dig +short +time=2 +tries=2 @10.0.0.1 www.example)"
check "download" equals "$(payload_sum)" "$(download client1)"
check "upload" equals "$(payload_sum)" "$(upload client1)"
check "UDP, with a port of the range" matches "^$external:(1[6-9]|[2-6])[0-9]+\$" \
    "$(ask client1 500)"
check "the port kept where it is in the range" equals "$external:40000" "$(ask client1 40000)"
check "ping" inside client1 ping -n -q -c 1 -W 3 $server >"$work/ping.log"
check "mail is refused" fails inside client1 timeout 2 socat -u OPEN:/dev/null "TCP4:$server:25"
check "from outside, DNS is not served" \
    fails inside isp dig +time=1 +tries=1 @$external www.example >/dev/null
check "firewall loaded again: clients still get through" \
    inside gateway nft -f "$example/firewall.nft"
check "download after that" equals "$(payload_sum)" "$(download client1)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: no mail" unseen outside "tcp dst port 25"

all_passed
