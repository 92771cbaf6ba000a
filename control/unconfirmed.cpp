// SPDX-License-Identifier: GPL-2.0-only
#include "control/unconfirmed.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "control/run_time_forwards.hpp"

namespace ctgate {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr const char* file_name = "unconfirmed";

// Null: there is none that could be read.
json read_document(const RunDirectory& directory) {
    std::ifstream file(directory.file(file_name), std::ios::binary);
    json document = json::from_cbor(file, true, false);
    return document.is_object() ? document : json();
}

Clock::time_point deadline_of(const json& document) {
    return Clock::time_point(
        std::chrono::milliseconds(document.value("deadline", std::int64_t{0})));
}

}  // namespace

// In CBOR: names of interfaces may be any bytes, the text of JSON may not.
void write_unconfirmed(const RunDirectory& directory, const Unconfirmed& unconfirmed) {
    const auto deadline = std::chrono::duration_cast<std::chrono::milliseconds>(
        unconfirmed.deadline.time_since_epoch());
    json given = json::array();
    for (const ParsedOptions::Given& each : unconfirmed.before.given) {
        given.push_back({each.name, each.value, each.label});
    }
    const std::vector<std::uint8_t> bytes =
        json::to_cbor({{"deadline", deadline.count()},
                       {"given", std::move(given)},
                       {"forwards", to_file(unconfirmed.forwards)}});
    const std::string fresh = directory.file("unconfirmed.new");
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    std::copy(bytes.begin(), bytes.end(), std::ostreambuf_iterator<char>(file));
    file.close();
    if (!file || std::rename(fresh.c_str(), directory.file(file_name).c_str()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot write below /run/ctgate");
    }
}

void forget_unconfirmed(const RunDirectory& directory) {
    std::remove(directory.file(file_name).c_str());
}

std::optional<Unconfirmed> read_unconfirmed(const RunDirectory& directory) {
    const json document = read_document(directory);
    if (document.is_null()) {
        return std::nullopt;
    }
    std::vector<ParsedOptions::Given> given;
    for (const json& each : document.at("given")) {
        given.push_back({each.at(0), each.at(1), each.at(2)});
    }
    return Unconfirmed{parse_given(given), from_file(document.value("forwards", "")),
                       deadline_of(document)};
}

std::optional<std::chrono::seconds> time_to_confirm(const RunDirectory& directory) {
    const json document = read_document(directory);
    if (document.is_null()) {
        return std::nullopt;
    }
    return until(deadline_of(document));
}

std::chrono::seconds until(Clock::time_point deadline) {
    return std::max(std::chrono::ceil<std::chrono::seconds>(deadline - Clock::now()),
                    std::chrono::seconds(0));
}

}  // namespace ctgate
