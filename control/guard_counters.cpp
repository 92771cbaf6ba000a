// SPDX-License-Identifier: GPL-2.0-only
// The counter objects of our nft table.
#include <nlohmann/json.hpp>

#include "control/nft.hpp"
#include "control/show.hpp"

namespace ctgate {

std::map<std::string, std::uint64_t> guard_counters() {
    std::map<std::string, std::uint64_t> result;
    // `list counters` without a table answers for all families: no error when ours is missing.
    const auto document = nlohmann::json::parse(
        nft::run("list counters", "Cannot list the counters of nftables", nft::Format::json));
    for (const auto& item : document.at("nftables")) {
        const auto counter = item.find("counter");
        if (counter != item.end() && counter->at("family") == "ip" &&
            counter->at("table") == "ctgate") {
            result[counter->at("name")] = counter->at("packets");
        }
    }
    return result;
}

}  // namespace ctgate
