// SPDX-License-Identifier: GPL-2.0-only
// The samples behind the status page: what they hold, and that they do not grow.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "control/history.hpp"
#include "ctgate/counters.h"

namespace ctgate {
namespace {

using std::chrono::system_clock;

Overview overview_of(std::uint64_t packets, std::uint64_t filtered) {
    Overview overview;
    overview.state.emplace();
    overview.state->sessions = 5;
    overview.state->interfaces = {{"lan0", "internal", true, std::nullopt},
                                  {"wan0", "external", true, std::nullopt},
                                  {"wan1", "external", true, std::nullopt}};
    overview.traffic["lan0"] = {.received_bytes = 1000, .sent_bytes = 1000};
    overview.traffic["wan0"] = {.received_bytes = 10, .sent_bytes = 1};
    overview.traffic["wan1"] = {.received_bytes = 20, .sent_bytes = 2};
    overview.counters.emplace();
#define CTGATE_ROW(id, name, text) overview.counters->counters.push_back({name, text, packets});
    CTGATE_COUNTERS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text)      \
    overview.counters->drops.push_back( \
        {name, text, CTGATE_DROP_##id == CTGATE_DROP_FILTERED ? filtered : 0});
    CTGATE_DROP_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text) overview.counters->drops.push_back({name, text, std::nullopt});
    CTGATE_GUARD_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
    return overview;
}

system_clock::time_point second(int number) {
    return system_clock::time_point(std::chrono::seconds(number));
}

TEST(History, HasAnArrayForEachQuantity) {
    History history;
    history.add(overview_of(7, 0), second(100));
    history.add(overview_of(8, 3), second(105));
    EXPECT_EQ(history.json(), nlohmann::ordered_json::parse(R"({
        "interval_seconds": 5, "time": [100, 105], "sessions": [5, 5],
        "received_bytes": [30, 30], "sent_bytes": [3, 3],
        "packets": [14, 16], "short_path_packets": [7, 8],
        "drops": {"drop_filtered": [0, 3]}})"));
}

TEST(History, ForgetsTheOldest) {
    History history;
    for (int i = 0; i < 200; ++i) {
        history.add(overview_of(0, 0), second(i));
    }
    const nlohmann::json json = history.json();
    EXPECT_EQ(json["time"].size(), History::most);
    EXPECT_EQ(json["time"].front(), 200 - static_cast<int>(History::most));
    EXPECT_EQ(json["time"].back(), 199);
}

TEST(History, SkipsWhatCouldNotBeRead) {
    History history;
    history.add({}, second(1));
    EXPECT_EQ(history.json()["time"], nlohmann::ordered_json::array());
    EXPECT_EQ(history.json()["drops"], nlohmann::ordered_json::object());
}

}  // namespace
}  // namespace ctgate
