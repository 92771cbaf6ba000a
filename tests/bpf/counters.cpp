// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/counters.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <numeric>
#include <system_error>
#include <vector>

#include "bpf/dataplane_fixture.hpp"
#include "ctgate/counters.h"

namespace ctgate {
namespace {

const std::vector<std::string> counter_names = {
#define CTGATE_NAME(id, name, text) name,
    CTGATE_COUNTERS(CTGATE_NAME) CTGATE_DROP_REASONS(CTGATE_NAME)
#undef CTGATE_NAME
};

// Not to be had with one packet at a time and a kernel that is well.
const std::set<std::string> out_of_reach = {
    "insert_clash",        // needs two CPUs at the same moment: concurrency_test.cpp
    "drop_table_full",     // the limit is the whole machine's: tests/vm/max_sessions.sh
    "drop_nat_info",       // the kernel is out of memory
    "drop_mappings_full",  // there is room for more mappings than 16 addresses have ports
    "drop_translation",    // the kernel is out of memory
    "drop_lookup_failed",  // only for arguments that we do not give: kfunc_errors_test.cpp
};

std::set<std::string>& reached() {
    static std::set<std::string> names;
    return names;
}

// After all tests, if all were run: is there a counter that no test has moved?
class EveryCounterIsReached : public testing::Environment {
  public:
    void TearDown() override {
        if (testing::GTEST_FLAG(filter) != "*") {
            return;
        }
        for (const std::string& name : counter_names) {
            EXPECT_NE(reached().count(name) + out_of_reach.count(name), 0u)
                << "no test reaches the counter " << name;
        }
    }
};

const testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new EveryCounterIsReached);

}  // namespace

void reset_counters() {
    const std::vector<std::uint64_t> zeroes(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    for (std::uint32_t key = 0; key < CTGATE_COUNTER_MAX; key++) {
        bpf_map__update_elem(gateway_programs()->maps.counters, &key, sizeof(key), zeroes.data(),
                             zeroes.size() * sizeof(zeroes[0]), BPF_ANY);
    }
}

std::map<std::string, std::uint64_t> read_counters() {
    const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
    std::vector<std::uint32_t> keys(CTGATE_COUNTER_MAX);
    std::vector<std::uint64_t> values(keys.size() * cpus);
    std::uint32_t next = 0;
    auto count = static_cast<std::uint32_t>(keys.size());
    const int fd = bpf_map__fd(gateway_programs()->maps.counters);
    // ENOENT: there are no more.
    if (bpf_map_lookup_batch(fd, nullptr, &next, keys.data(), values.data(), &count, nullptr) !=
            0 &&
        errno != ENOENT) {
        throw std::system_error(errno, std::generic_category(), "counters");
    }
    std::map<std::string, std::uint64_t> result;
    for (std::size_t i = 0; i < count; i++) {
        const auto* of_cpus = &values[i * cpus];
        result[counter_names.at(keys[i])] =
            std::accumulate(of_cpus, of_cpus + cpus, std::uint64_t{0});
    }
    return result;
}

std::set<std::string> moved_since(const std::map<std::string, std::uint64_t>& before) {
    std::set<std::string> names;
    for (const auto& [name, value] : read_counters()) {
        if (value != before.at(name)) {
            names.insert(name);
        }
    }
    return names;
}

void note_reached_counters() {
    for (const auto& [name, value] : read_counters()) {
        if (value != 0) {
            reached().insert(name);
        }
    }
}

}  // namespace ctgate
