// SPDX-License-Identifier: GPL-2.0-only
// What one session takes: the kernel's entry, the mapping of its internal endpoint, and a record of
// the short path for each direction.
#include <fmt/core.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/lane.hpp"
#include "bench/maps.hpp"
#include "bench/measure.hpp"
#include "control/netns.hpp"
#include "ctgate/ports.h"

namespace ctgate::bench {
namespace {

constexpr std::uint32_t flows = 50'000;  // each with an internal endpoint of its own
constexpr double most = 768;             // bytes

// Bytes of the slabs of the kernel's entries.
std::uint64_t entry_slabs() {
    std::ifstream file("/proc/slabinfo");
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string cache;
        std::uint64_t active = 0;
        std::uint64_t objects = 0;
        std::uint64_t size = 0;
        std::uint64_t per_slab = 0;
        std::uint64_t pages = 0;
        constexpr std::uint64_t page = 4096;
        fields >> cache >> active >> objects >> size >> per_slab >> pages;
        if (fields && cache == "nf_conntrack") {
            return objects / per_slab * pages * page;
        }
    }
    throw std::runtime_error("/proc/slabinfo does not say what conntrack's entries take");
}

struct Use {
    double slabs;
    std::map<std::string, MapUse> maps;
};

Use use(const Lane& lane) {
    const netns::Scope scope(lane.network().router());
    return {static_cast<double>(entry_slabs()),
            maps_at(lane.network().internals().front().router_interface)};
}

double bytes(const Use& of, const char* map) {
    return static_cast<double>(of.maps.at(map).bytes);
}

}  // namespace

std::vector<Measure> measure_memory(const Setup& setup) {
    std::vector<std::unique_ptr<Lane>> lanes = make_lanes({Kind::ctgate_tc}, setup);
    const Use before = use(*lanes[0]);
    establish(lanes, {0, flows}, setup.interrupts);
    const Use after = use(*lanes[0]);
    const double entry = (after.slabs - before.slabs) / flows;
    const double mapping = (bytes(after, "mappings") - bytes(before, "mappings")) / flows;
    const double records = 2 * bytes(after, "session_cache") /
                           static_cast<double>(after.maps.at("session_cache").entries);
    const double sum = entry + mapping + sizeof(ctgate_port_slot) + records;
    Measure result{"memory of a session",
                   "bytes",
                   {{"kernel's entry", {entry}},
                    {"mapping", {mapping}},
                    {"its external port", {static_cast<double>(sizeof(ctgate_port_slot))}},
                    {"two records", {records}}},
                   {{"all of a session", sum, most, false}},
                   {}};
    result.notes.push_back(
        "the external ports of an address are allocated all at once, and so are the records");
    return {result};
}

}  // namespace ctgate::bench
