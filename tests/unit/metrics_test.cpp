// SPDX-License-Identifier: GPL-2.0-only
// The text for Prometheus: its format, its names, and that nothing is left out.
#include <gmock/gmock.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "control/metrics.hpp"
#include "ctgate/counters.h"

namespace ctgate {
namespace {

using testing::HasSubstr;
using testing::Not;

GatewayState some_state() {
    GatewayState state;
    state.daemon = 1;
    state.serving.external = {{"wan0", {{*IpAddress::parse("203.0.113.1"), {{1024, 65535}}}}}};
    state.serving.short_path.mode = FastPath::xdp;
    state.serving.short_path.sessions = 500;
    state.interfaces = {{"lan\"0\\\xff", "internal", true, AttachMode::tcx},
                        {"wan0", "external", true, std::nullopt}};
    state.sessions = 12;
    state.session_limit = 100;
    return state;
}

Overview some_overview() {
    Overview overview;
    overview.state = some_state();
    overview.counters.emplace();
#define CTGATE_ROW(id, name, text) overview.counters->counters.push_back({name, text, 1});
    CTGATE_COUNTERS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, text) overview.counters->drops.push_back({name, text, 2});
    CTGATE_DROP_REASONS(CTGATE_ROW)
    CTGATE_GUARD_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
    overview.traffic["wan0"] = {
        .received_bytes = 1, .received_packets = 2, .sent_bytes = 3, .sent_packets = 4};
    return overview;
}

Census some_census() {
    const IpAddress external = *IpAddress::parse("203.0.113.1");
    Census census;
    census.sessions = {{"tcp", 7}, {"udp", 0}};
    census.hosts[*IpAddress::parse("10.0.0.2")] = {.sessions = 7, .ports = 3, .refused = 1};
    census.hosts[*IpAddress::parse("10.0.0.3")] = {.refused = 1};
    census.ports[{external, IPPROTO_TCP}] = {.allowed = 64512, .used = 3, .mappings = 2};
    census.ports[{external, IPPROTO_UDP}] = {.allowed = 64512};
    census.cache_records = 14;
    return census;
}

std::string some_text() {
    return metrics_text(some_overview(), some_census(), {.started = {}, .reloads = 1});
}

// Every line says what it is; the metrics of a family stand together behind HELP and TYPE.
TEST(Metrics, AreWellFormed) {
    const std::regex help("# HELP (ctgate_[a-z_]+) [A-Za-z0-9].+[^.]");
    const std::regex type("# TYPE (ctgate_[a-z_]+) (counter|gauge)");
    const std::regex metric(
        R"re((ctgate_[a-z_]+)(\{[a-z]+="(?:[ -!#-\[\]-~]|\\["\\])*"(?:,[a-z]+="[^"]*")*\})? [0-9.e+]+)re");
    std::istringstream text(some_text());
    std::set<std::string> families;
    std::set<std::string> series;
    std::string family;
    std::string kind;
    for (std::string line; std::getline(text, line);) {
        std::smatch match;
        if (std::regex_match(line, match, help)) {
            family = match[1];
            kind.clear();
            EXPECT_TRUE(families.insert(family).second) << line;
        } else if (std::regex_match(line, match, type)) {
            EXPECT_EQ(match[1], family);
            kind = match[2];
            EXPECT_EQ(kind == "counter", family.ends_with("_total")) << line;
        } else if (std::regex_match(line, match, metric)) {
            EXPECT_EQ(match[1], family) << line;
            EXPECT_NE(kind, "") << line;
            EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
        } else {
            ADD_FAILURE() << "neither HELP nor TYPE nor metric: " << line;
        }
    }
    EXPECT_GT(series.size(), 60u);
}

TEST(Metrics, HaveEveryCounterAndDropReason) {
    const std::string text = some_text();
#define CTGATE_ROW(id, name, meaning) \
    EXPECT_THAT(text, HasSubstr("\nctgate_" name "_total 1\n")) << (meaning);
    CTGATE_COUNTERS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, meaning)                                                         \
    EXPECT_THAT(text, HasSubstr("\nctgate_drops_total{reason=\"" +                            \
                                std::string((name)).substr(sizeof("drop_") - 1) + "\"} 2\n")) \
        << (meaning);
    CTGATE_DROP_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
#define CTGATE_ROW(id, name, meaning) \
    EXPECT_THAT(text, HasSubstr("\nctgate_drops_total{reason=\"" name "\"} 2\n")) << (meaning);
    CTGATE_GUARD_REASONS(CTGATE_ROW)
#undef CTGATE_ROW
}

TEST(Metrics, TellTheStateOfTheGateway) {
    const std::string text = some_text();
    for (const char* line : {
             "ctgate_serving 1",
             "ctgate_faults 0",
             "ctgate_conntrack_entries 12",
             "ctgate_conntrack_entries_limit 100",
             "ctgate_fast_path_info{mode=\"xdp\"} 1",
             "ctgate_session_cache_records 14",
             "ctgate_session_cache_records_limit 1000",
             "ctgate_sessions{protocol=\"tcp\"} 7",
             "ctgate_hosts 1",
             "ctgate_external_ports{address=\"203.0.113.1\",protocol=\"tcp\"} 64512",
             "ctgate_external_ports_used{address=\"203.0.113.1\",protocol=\"tcp\"} 3",
             "ctgate_mappings{address=\"203.0.113.1\",protocol=\"tcp\"} 2",
             "ctgate_interface_attached{interface=\"wan0\",side=\"external\"} 0",
             "ctgate_interface_transmit_bytes_total{interface=\"wan0\",side=\"external\"} 3",
             "ctgate_start_time_seconds 0",
             "ctgate_reloads_total{result=\"done\"} 1",
             "ctgate_repairs_total{what=\"table\"} 0",
         }) {
        EXPECT_THAT(text, HasSubstr("\n" + std::string(line) + "\n"));
    }
    EXPECT_THAT(text, HasSubstr(std::string("\nctgate_build_info{version=\"") + CTGATE_VERSION +
                                "\"} 1\n"));
}

TEST(Metrics, NamesOfInterfacesMayBeAnyBytes) {
    EXPECT_THAT(some_text(), HasSubstr(R"(interface="lan\"0\\?")"));
}

// What cannot be read is left out: zero would be a lie.
TEST(Metrics, WithoutAGatewayOnlyTheDaemonIsTold) {
    const std::string text = metrics_text({}, {}, {});
    EXPECT_THAT(text, HasSubstr("ctgate_build_info"));
    EXPECT_THAT(text, Not(HasSubstr("ctgate_drops_total")));
    EXPECT_THAT(text, Not(HasSubstr("ctgate_hosts")));
    Overview overview = some_overview();
    overview.counters->drops.back().value.reset();
    EXPECT_THAT(metrics_text(overview, {}, {}), Not(HasSubstr("guard_internal_source")));
}

}  // namespace
}  // namespace ctgate
