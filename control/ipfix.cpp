// SPDX-License-Identifier: GPL-2.0-only
#include "control/ipfix.hpp"

#include <array>
#include <span>

namespace ctgate {
namespace {

constexpr std::uint16_t version = 10;
constexpr std::uint16_t template_set = 2;
constexpr std::size_t header_length = 16;
// Fits an Ethernet frame; over that, RFC 7011 section 10.3.3 asks for path MTU discovery.
constexpr std::size_t longest = 1400;

// Information elements (IANA, IPFIX) and their lengths.
struct Element {
    std::uint16_t id, length;
};
constexpr Element protocol_identifier{4, 1};
constexpr Element source_transport_port{7, 2};
constexpr Element source_ipv4_address{8, 4};
constexpr Element destination_transport_port{11, 2};
constexpr Element destination_ipv4_address{12, 4};
constexpr Element post_nat_source_ipv4_address{225, 4};
constexpr Element post_nat_destination_ipv4_address{226, 4};
constexpr Element post_napt_source_transport_port{227, 2};
constexpr Element post_napt_destination_transport_port{228, 2};
constexpr Element nat_originating_address_realm{229, 1};
constexpr Element nat_event{230, 1};
constexpr Element observation_time_milliseconds{323, 8};
constexpr Element port_range_start{361, 2};
constexpr Element port_range_end{362, 2};
constexpr Element nat_quota_exceeded_event{466, 4};
constexpr Element max_entries_per_user{473, 4};

// natEvent, RFC 8158 section 4.4.
enum NatEvent : std::uint8_t {
    session_create = 4,
    session_delete = 5,
    bib_create = 8,
    bib_delete = 9,
    quota_exceeded = 13,
    port_block_allocation = 16,
    port_block_deallocation = 17,
};
// natQuotaExceededEvent: "maximum entries per user".
constexpr std::uint32_t entries_of_user = 3;
// natOriginatingAddressRealm.
enum Realm : std::uint8_t { internal_realm = 1, external_realm = 2 };

// Each record begins with time and event.
constexpr Element session_template[] = {observation_time_milliseconds,
                                        nat_event,
                                        nat_originating_address_realm,
                                        protocol_identifier,
                                        source_ipv4_address,
                                        source_transport_port,
                                        post_nat_source_ipv4_address,
                                        post_napt_source_transport_port,
                                        destination_ipv4_address,
                                        destination_transport_port,
                                        post_nat_destination_ipv4_address,
                                        post_napt_destination_transport_port};
constexpr Element bib_template[] = {observation_time_milliseconds,
                                    nat_event,
                                    protocol_identifier,
                                    source_ipv4_address,
                                    source_transport_port,
                                    post_nat_source_ipv4_address,
                                    post_napt_source_transport_port};
constexpr Element block_template[] = {
    observation_time_milliseconds, nat_event,        protocol_identifier, source_ipv4_address,
    post_nat_source_ipv4_address,  port_range_start, port_range_end};
constexpr Element quota_template[] = {observation_time_milliseconds, nat_event,
                                      nat_quota_exceeded_event,      max_entries_per_user,
                                      protocol_identifier,           source_ipv4_address};

struct Template {
    std::uint16_t id;
    std::span<const Element> elements;
};
enum TemplateId : std::uint16_t { sessions = 256, bibs, blocks, quotas };
constexpr Template templates[] = {{sessions, session_template},
                                  {bibs, bib_template},
                                  {blocks, block_template},
                                  {quotas, quota_template}};

// Network byte order.
void put(std::string& out, std::uint64_t value, unsigned length) {
    while (length-- > 0) {
        out += static_cast<char>(value >> (8 * length) & 0xff);
    }
}

void put_address(std::string& out, const SessionEnd& end) {
    put(out, ntohl(end.address.v4), 4);
}

void put_end(std::string& out, const SessionEnd& end) {
    put_address(out, end);
    put(out, end.port ? *end.port : end.icmp_id.value_or(0), 2);
}

void begin_record(std::string& out, const Event& event, NatEvent kind) {
    put(out, static_cast<std::uint64_t>(event.time / 1'000'000), 8);
    put(out, kind, 1);
}

std::string session_record(const Event& event) {
    const bool created = event.kind == EventKind::SESSION_CREATED;
    std::string record;
    begin_record(record, event, created ? session_create : session_delete);
    put(record, event.nat == Nat::destination ? external_realm : internal_realm, 1);
    put(record, event.protocol, 1);
    put_end(record, *event.internal);
    put_end(record, *event.external);
    put_end(record, event.addressed.value_or(*event.remote));
    put_end(record, *event.remote);
    return record;
}

std::string bib_record(const Event& event) {
    std::string record;
    begin_record(record, event, event.kind == EventKind::MAPPING_CREATED ? bib_create : bib_delete);
    put(record, event.protocol, 1);
    put_end(record, *event.internal);
    put_end(record, *event.external);
    return record;
}

std::string block_record(const Event& event) {
    const bool taken = event.kind == EventKind::BLOCK_TAKEN;
    std::string record;
    begin_record(record, event, taken ? port_block_allocation : port_block_deallocation);
    put(record, event.protocol, 1);
    put_address(record, *event.internal);
    put_address(record, *event.external);
    put(record, event.first_port, 2);
    put(record, event.last_port, 2);
    return record;
}

std::string quota_record(const Event& event, std::uint32_t limit) {
    std::string record;
    begin_record(record, event, quota_exceeded);
    put(record, entries_of_user, 4);
    put(record, limit, 4);
    put(record, event.protocol, 1);
    put_address(record, *event.source);
    return record;
}

}  // namespace

void IpfixMessage::set_limits(std::uint32_t max_sessions, std::uint32_t max_ports) {
    max_sessions_ = max_sessions;
    max_ports_ = max_ports;
}

void IpfixMessage::begin_set(std::uint16_t id) {
    end_set();
    set_begin_ = sets_.size();
    set_id_ = id;
    put(sets_, id, 2);
    put(sets_, 0, 2);  // its length, by end_set()
}

void IpfixMessage::end_set() {
    if (set_id_ == 0) {
        return;
    }
    std::string length;
    put(length, sets_.size() - set_begin_, 2);
    sets_.replace(set_begin_ + 2, 2, length);
    set_id_ = 0;
}

void IpfixMessage::add_templates() {
    begin_set(template_set);
    for (const Template& each : templates) {
        put(sets_, each.id, 2);
        put(sets_, each.elements.size(), 2);
        for (const Element& element : each.elements) {
            put(sets_, element.id, 2);
            put(sets_, element.length, 2);
        }
    }
    end_set();
}

bool IpfixMessage::add(const Event& event) {
    std::uint16_t id = 0;
    std::string record;
    switch (event.kind) {
        case EventKind::SESSION_CREATED:
        case EventKind::SESSION_ENDED:
            id = sessions;
            record = session_record(event);
            break;
        case EventKind::MAPPING_CREATED:
        case EventKind::MAPPING_ENDED:
            id = bibs;
            record = bib_record(event);
            break;
        case EventKind::BLOCK_TAKEN:
        case EventKind::BLOCK_RELEASED:
            id = blocks;
            record = block_record(event);
            break;
        case EventKind::REFUSED:
            if (event.reason != "drop_session_quota" && event.reason != "drop_port_quota") {
                return true;
            }
            id = quotas;
            record = quota_record(
                event, event.reason == "drop_session_quota" ? max_sessions_ : max_ports_);
            break;
        default:
            return true;
    }
    constexpr std::size_t set_header = 4;
    if (header_length + sets_.size() + set_header + record.size() > longest) {
        return false;
    }
    if (set_id_ != id) {
        begin_set(id);
    }
    sets_ += record;
    records_++;
    return true;
}

std::string IpfixMessage::finish(std::uint32_t now) {
    end_set();
    std::string message;
    put(message, version, 2);
    put(message, header_length + sets_.size(), 2);
    put(message, now, 4);
    put(message, sequence_, 4);
    put(message, domain_, 4);
    message += sets_;
    sequence_ += records_;
    records_ = 0;
    sets_.clear();
    return message;
}

}  // namespace ctgate
