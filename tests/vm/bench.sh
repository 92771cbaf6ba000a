#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench.sh: instructions of a packet and of a new session, of ctgate and of what the kernel offers.
# bench.sh sessions: of a packet among 1,000,000 sessions.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh

# What nft asks for only when a rule needs it, and what makes the table large enough.
for module in nf_conntrack nft_flow_offload nf_flow_table_inet; do
    modprobe $module
done

if [ "${1:-}" = sessions ]; then
    echo 1048576 >/sys/module/nf_conntrack/parameters/hashsize
    echo 1400000 >/proc/sys/net/netfilter/nf_conntrack_max
    check "every session has its turn" ctgate_bench --only session-instructions --rounds 1
else
    echo 65536 >/sys/module/nf_conntrack/parameters/hashsize
    echo 262144 >/proc/sys/net/netfilter/nf_conntrack_max
    check "the kernel has flowtables" module_loaded nft_flow_offload
    check "every subject was measured" ctgate_bench --only instructions --rounds 3
fi
all_passed
