// SPDX-License-Identifier: GPL-2.0-only
// --port-set-id, --port-set-length, --port-set-offset: another way to write port ranges.
#include <fmt/format.h>

#include "control/number.hpp"
#include "control/option_draft.hpp"
#include "control/port_set.hpp"

namespace ctgate {
namespace {

constexpr unsigned port_bits = 16;
constexpr unsigned longest_offset = 6;  // 63 ranges
static_assert((1U << longest_offset) - 1 <= CTGATE_MAX_PORT_RANGES);

}  // namespace

Complaint take_port_set_id(const std::string& value, Config& config) {
    const auto id = parse_number<std::uint16_t>(value);
    if (!id) {
        return "is no port set identifier; write a number from 0 to 65535, such as 52";
    }
    config.port_set_id = *id;
    return std::nullopt;
}

Complaint take_port_set_length(const std::string& value, Config& config) {
    const auto length = parse_number<unsigned>(value);
    if (!length || *length > port_bits) {
        return "is no length of a port set identifier; write its bits, 0 to 16, such as 8";
    }
    config.port_set_length = *length;
    return std::nullopt;
}

Complaint take_port_set_offset(const std::string& value, Config& config) {
    const auto offset = parse_number<unsigned>(value);
    if (!offset || *offset > longest_offset) {
        return fmt::format(
            "is no offset of a port set; write the bits before the identifier, 0 to {0}, where "
            "{0} makes {1} ranges",
            longest_offset, (1U << longest_offset) - 1);
    }
    config.port_set_offset = *offset;
    return std::nullopt;
}

// What results stands in the configuration as port ranges, so that nobody else needs to know.
void OptionDraft::check_port_set() {
    for (const char* name : {"port-set-length", "port-set-offset"}) {
        if (taken(name) && !given_.contains("port-set-id")) {
            problem(fmt::format("{} says nothing without --port-set-id PSID", label(name)));
        }
    }
    if (!taken("port-set-id")) {
        return;
    }
    const std::string& given = label("port-set-id");
    if (!given_.contains("port-set-length")) {
        problem(fmt::format("{} needs --port-set-length K, the number of its bits", given));
        return;
    }
    if (!taken("port-set-length")) {
        return;
    }
    const PortSet set = *port_set_of(config_);
    const std::size_t before = problems_.size();
    if (set.offset + set.length > port_bits) {
        problem(
            fmt::format("{} '{}' and an offset of {} bits are more than the {} of a port; "
                        "shorten one",
                        label("port-set-length"), set.length, set.offset, port_bits));
    }
    if (set.id >> set.length != 0) {
        problem(fmt::format("{} '{}' does not fit into {} bits; write one from 0 to {}", given,
                            set.id, set.length, (1U << set.length) - 1));
    }
    if (given_.contains("port-range")) {
        problem(fmt::format("{} and --port-range both say which ports are used; keep one", given));
    }
    if (problems_.size() != before) {
        return;
    }
    const std::vector<ctgate_port_range> ranges = port_ranges(set);
    if (ranges.empty()) {
        problem(
            fmt::format("{} '{}' leaves port 0 alone, which no packet may carry; shorten "
                        "--port-set-length",
                        given, set.id));
    }
    for (const ctgate_port_range& range : ranges) {
        config_.port_ranges.push_back({std::nullopt, range.low, range.high});
    }
}

std::string text(const PortSet& set) {
    return fmt::format("{} of {} bits behind {}", set.id, set.length, set.offset);
}

}  // namespace ctgate
