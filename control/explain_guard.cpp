// SPDX-License-Identifier: GPL-2.0-only
// Which rule of our nft table (control/ruleset.cpp) drops a packet that is to be explained.
#include <bpf/bpf.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>

#include "control/explain.hpp"
#include "control/journal.hpp"
#include "control/pinned_map.hpp"
#include "control/selftest_packet.hpp"
#include "control/settings.hpp"
#include "control/sysctl.hpp"

namespace ctgate::explain {
namespace {

Verdict dropped(const char* counter, const char* text, const char* remedy) {
    return {.action = "dropped", .counter = counter, .text = text, .remedy = remedy};
}

constexpr const char* begin_anew = "begin a session: TCP with a SYN";

// In the middle of a TCP session that it does not know, conntrack goes by the flags.
bool is_tracked(const Answer& answer) {
    const RehearsedPacket& packet = answer.packet;
    return answer.session || packet.protocol != IPPROTO_TCP || packet.tcp_flags == selftest::SYN ||
           (packet.tcp_flags == selftest::ACK &&
            sysctl::read("net/netfilter/nf_conntrack_tcp_loose") != "0");
}

// In the original direction of a session whose destination is as it was sent.
bool is_straight(const Answer& answer) {
    const auto& session = answer.session;
    return !session || (!session->reply && (session->session.status & IPS_DST_NAT) == 0);
}

// What BPF has made a session of passes, and what follows the short path does not come here.
bool is_judged(const Answer& answer) {
    return answer.session || answer.verdict.counter.starts_with("to_stack_");
}

// The chain `source` translates it: what begins no session BPF leaves to that.
bool has_source_rule(const RunDirectory& directory, const ExternalInterface& output,
                     IpAddress source) {
    const FileDescriptor own =
        open_pinned_map(directory, "one_to_one", sizeof(ctgate_address), sizeof(ctgate_address));
    const ctgate_address key = source.to_bytes();
    ctgate_address external{};
    return bpf_map_lookup_elem(own.get(), &key, &external) == 0 ||
           (output.block_order == 0 && !output.addresses.empty());
}

}  // namespace

std::optional<Verdict> drop_in_guard(const RunDirectory& directory, const Serving& serving,
                                     const Answer& answer, const std::string& output) {
    const Side from = answer.packet.side;
    const std::optional<Side> to = side_of(output, serving);
    if (!is_judged(answer) || (from == Side::internal && to == Side::internal)) {
        return std::nullopt;
    }
    if (!is_tracked(answer)) {
        return !to ? std::nullopt
                   : std::optional(dropped("guard_not_tracked",
                                           "it belongs to no session, and conntrack makes none of "
                                           "it: the guard in the nft table drops it",
                                           begin_anew));
    }
    if (!is_straight(answer)) {
        return std::nullopt;
    }
    if (!to &&
        settings::opened_by_us(Journal(directory.file("journal")), answer.packet.arrival.name)) {
        return dropped("guard_not_served",
                       "ctgate serves no such interface, and turned forwarding on for those only "
                       "that it does: the guard in the nft table drops it",
                       "have that interface served (--internal, --external), or turn forwarding on "
                       "for the whole machine (net.ipv4.ip_forward)");
    }
    if (from == Side::external && to) {
        return dropped("guard_unsolicited",
                       "the guard in the nft table drops what is begun outside and addressed "
                       "straight to what is inside",
                       "address it to an external endpoint: a port forward (--forward) or a "
                       "mapping");
    }
    return std::nullopt;
}

std::optional<Verdict> drop_as_leak(const RunDirectory& directory, const Serving& serving,
                                    const Answer& answer, const std::string& output) {
    const auto found = std::find_if(serving.external.begin(), serving.external.end(),
                                    [&](const auto& each) { return each.name == output; });
    if (answer.verdict.counter != name_of(CTGATE_COUNT_NO_SYN) || found == serving.external.end() ||
        has_source_rule(directory, *found, answer.packet.source.address)) {
        return std::nullopt;
    }
    return dropped("guard_internal_source",
                   "nothing translates it, as it begins no session; the guard in the nft table "
                   "lets no internal source out",
                   begin_anew);
}

}  // namespace ctgate::explain
