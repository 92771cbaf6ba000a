// SPDX-License-Identifier: GPL-2.0-only
// From what a rehearsal brought to light to steps and a verdict.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>

#include "control/conntrack_names.hpp"
#include "control/explain.hpp"
#include "control/monotonic.hpp"
#include "control/session_view.hpp"
#include "control/tuple_lookup.hpp"

namespace ctgate::explain {
namespace {

Endpoint endpoint(const ctgate_address& address, __be16 port) {
    return {IpAddress{address.words[0]}, ntohs(port)};
}

std::string arrow(const Endpoint& from, const Endpoint& to) {
    return fmt::format("{} -> {}", from.text(), to.text());
}

std::string arrow(const ctgate_tuple& tuple) {
    return arrow(endpoint(tuple.source, tuple.source_port),
                 endpoint(tuple.destination, tuple.destination_port));
}

// LOOKUP_UNACCEPTED_REPLY: "unaccepted_reply"
std::string short_name(const std::string& result) {
    std::string name = result.substr(result.find('_') + 1);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return name;
}

std::string words_for(const std::string& result) {
    const std::string_view words = words_of(result);
    return words.empty() ? result : std::string(words);
}

class Teller {
  public:
    Teller(const Serving& serving, const Rehearsal& rehearsal, Answer& answer)
        : serving_(serving), rehearsal_(rehearsal), answer_(answer) {}

    void session_cache();
    void lookup();
    void ended();
    void decide();
    void quota();
    void mapping();
    void entry();
    void record();
    void translated();
    void verdict();

  private:
    const std::string& result(ctgate_stage stage) const { return rehearsal_.results[stage]; }
    bool counted(ctgate_counter counter) const {
        return std::find(rehearsal_.counted.begin(), rehearsal_.counted.end(), counter) !=
               rehearsal_.counted.end();
    }
    void step(std::string stage, std::string result, std::string text) {
        answer_.steps.push_back({std::move(stage), std::move(result), std::move(text)});
    }
    Endpoint would_be_source() const {
        const ctgate_tuple& reply = rehearsal_.explanation.reply;
        return endpoint(reply.destination, reply.destination_port);
    }
    Endpoint would_be_destination() const {
        const ctgate_tuple& reply = rehearsal_.explanation.reply;
        return endpoint(reply.source, reply.source_port);
    }

    const Serving& serving_;
    const Rehearsal& rehearsal_;
    Answer& answer_;
    std::optional<TupleAnswer> found_;
};

void Teller::session_cache() {
    if (rehearsal_.settings.short_path == 0) {
        step("session_cache", "off", "no established session takes the short path (--fast-path)");
    } else if (!rehearsal_.record) {
        step("session_cache", "none", "no record of this session: conntrack is asked");
    } else if (result(CTGATE_STAGE_LOOKUP).empty()) {
        step("session_cache", "fresh", "a record, less than a second old: it is followed");
    } else {
        step("session_cache", "not_followed",
             "a record, but conntrack is asked all the same: it is a second old, or such a packet "
             "is the stack's own");
    }
}

void Teller::lookup() {
    const std::string& name = result(CTGATE_STAGE_LOOKUP);
    if (name.empty()) {
        return;
    }
    const RehearsedPacket& packet = answer_.packet;
    std::string text = words_for(name);
    if (name != "LOOKUP_MISS") {
        found_ = look_up({packet.protocol, packet.source, packet.destination, current_netns});
    }
    if (found_ && found_->error == 0) {
        const Session& session = found_->session;
        text +=
            fmt::format(": {}, replies {}; {}, {} by the host's firewall",
                        arrow(session.source, session.destination),
                        arrow(session.reply_source, session.reply_destination), view(session).state,
                        (session.mark & serving_.accepted_mark) != 0 ? "accepted" : "not accepted");
    }
    step("lookup", short_name(name), text);
}

void Teller::ended() {
    const ctgate_explanation& told = rehearsal_.explanation;
    for (__u32 i = 0; i < std::min<__u32>(told.ended_count, CTGATE_MAX_ENDED); ++i) {
        step("ended", "entry", fmt::format("the entry {} would be ended", arrow(told.ended[i])));
    }
}

void Teller::decide() {
    for (const auto& [stage, name] :
         {std::pair{CTGATE_STAGE_DECIDE, "decide"}, std::pair{CTGATE_STAGE_INBOUND, "inbound"}}) {
        if (!result(stage).empty()) {
            std::string text = words_for(result(stage));
            if (stage == CTGATE_STAGE_DECIDE && counted(CTGATE_COUNT_HAIRPINNED)) {
                text += fmt::format(", and hairpinned to {}", would_be_destination().text());
            }
            step(name, short_name(result(stage)), text);
        }
    }
}

// What the host that it comes from has, of what it may.
void Teller::quota() {
    const ctgate_settings& settings = rehearsal_.settings;
    const ctgate_host host = rehearsal_.host.value_or(ctgate_host{});
    if (result(CTGATE_STAGE_DECIDE) != "DECIDE_TRANSLATE") {
        return;
    }
    std::vector<std::string> parts;
    if (settings.max_ports_per_host != 0) {
        parts.push_back(
            fmt::format("{} external ports of {}", host.ports, settings.max_ports_per_host));
    }
    if (settings.max_sessions_per_host != 0) {
        parts.push_back(fmt::format("at most {} sessions", settings.max_sessions_per_host));
    }
    if (settings.max_new_per_second != 0) {
        const __u32 begun = host.second == seconds_now() ? host.fresh : 0;
        parts.push_back(fmt::format("{} new sessions in this second of {}", begun,
                                    settings.max_new_per_second));
    }
    if (!parts.empty()) {
        step(
            "quota", "limits",
            fmt::format("{} has {}", answer_.packet.source.address.text(), fmt::join(parts, ", ")));
    }
}

void Teller::mapping() {
    const std::string& name = result(CTGATE_STAGE_CHOICE);
    if (name.empty()) {
        return;
    }
    std::string text = words_for(name);
    if (rehearsal_.explanation.created_count != 0) {
        const Endpoint external = would_be_source();
        const bool kept = external.port == answer_.packet.source.port;
        const bool previous =
            found_ && found_->error == 0 && found_->session.reply_destination.port == external.port;
        answer_.exact = name == "CHOICE_OWN" || name == "CHOICE_KNOWN" || kept || previous;
        text += fmt::format(": {}{}", answer_.exact ? "" : "a port at random, such as ",
                            external.text());
        if (kept) {
            text += ", with the same port";
        }
    }
    step("mapping", short_name(name), text);
}

void Teller::entry() {
    const std::string& name = result(CTGATE_STAGE_CREATE);
    if (name.empty()) {
        return;
    }
    std::string text = words_for(name);
    if (rehearsal_.explanation.created_count != 0) {
        text += fmt::format(": {}, replies {}", arrow(rehearsal_.explanation.original),
                            arrow(rehearsal_.explanation.reply));
        const std::uint64_t limit = conntrack::limit();
        if (limit != 0 && conntrack::count() >= limit) {
            text += fmt::format(
                "; but conntrack's table is full ({} entries): it may be refused "
                "(drop_table_full), "
                "and raising --max-sessions helps",
                limit);
        }
    }
    step("entry", short_name(name), text);
}

void Teller::record() {
    if (counted(CTGATE_COUNT_CACHED)) {
        step("record", "made", "a record of this direction would be made in the session cache");
    }
}

void Teller::translated() {
    if (rehearsal_.explanation.created_count != 0) {
        answer_.source = would_be_source();
        answer_.destination = would_be_destination();
    } else if (rehearsal_.followed) {
        const ctgate_cache_record& record = *rehearsal_.followed;
        answer_.source = {IpAddress{record.source}, ntohs(record.source_port)};
        answer_.destination = {IpAddress{record.destination}, ntohs(record.destination_port)};
    } else if (counted(CTGATE_COUNT_SESSION_HIT) && found_ && found_->error == 0) {
        const Session& session = found_->session;
        answer_.source = found_->reply ? session.destination : session.reply_destination;
        answer_.destination = found_->reply ? session.source : session.reply_source;
        answer_.session = found_;
    }
}

// The program counts what it decides on last: of the counters, one of these.
void Teller::verdict() {
    Verdict& verdict = answer_.verdict;
    for (const ctgate_counter each : rehearsal_.counted) {
        answer_.counters.emplace_back(name_of(each));
    }
    const auto drop = std::find_if(rehearsal_.counted.begin(), rehearsal_.counted.end(),
                                   [](ctgate_counter each) { return !remedy_of(each).empty(); });
    ctgate_counter decisive = CTGATE_COUNTER_MAX;
    if (drop != rehearsal_.counted.end()) {
        decisive = *drop;
        verdict.action = rehearsal_.verdict == Rehearsal::Verdict::drop ? "dropped" : "refused";
        verdict.remedy = remedy_of(decisive);
    } else if (rehearsal_.verdict == Rehearsal::Verdict::redirect) {
        decisive = CTGATE_COUNT_SHORT_PATH;
        verdict.action = "short_path";
    } else {
        verdict.action = "stack";
        for (const ctgate_counter each :
             {CTGATE_COUNT_SESSION_CREATED, CTGATE_COUNT_INBOUND_CREATED, CTGATE_COUNT_HAIRPINNED,
              CTGATE_COUNT_SESSION_HIT, CTGATE_COUNT_UNSOLICITED, CTGATE_COUNT_EXEMPT,
              CTGATE_COUNT_NOT_OUTBOUND, CTGATE_COUNT_NO_SYN, CTGATE_COUNT_NOT_TRANSLATABLE}) {
            if (counted(each)) {
                decisive = each;
                break;
            }
        }
    }
    if (decisive != CTGATE_COUNTER_MAX) {
        verdict.counter = name_of(decisive);
        verdict.text = meaning_of(decisive);
    }
}

}  // namespace

Answer answer(const Serving& serving, const RehearsedPacket& packet, const std::string& arrival,
              const Rehearsal& rehearsal) {
    Answer result;
    result.packet = packet;
    result.steps.push_back(
        {"arrival", packet.side == Side::internal ? "internal" : "external", arrival});
    Teller teller(serving, rehearsal, result);
    teller.session_cache();
    teller.lookup();
    teller.ended();
    teller.decide();
    teller.quota();
    teller.mapping();
    teller.entry();
    teller.record();
    teller.translated();
    teller.verdict();
    return result;
}

}  // namespace ctgate::explain
