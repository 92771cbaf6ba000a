// SPDX-License-Identifier: GPL-2.0-only
// What `ctgate check` and `ctgate version` print.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "control/commands.hpp"
#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string output_of(int (*command)(Arguments), const Words& words) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(command(words), exit_success);
    return testing::internal::GetCapturedStdout();
}

TEST(Check, SaysWhatWouldBeServed) {
    EXPECT_EQ(output_of(check_command, with_sides({"--internal", "lan1", "--port-range", "1-9",
                                                   "--address", "lan0=10.0.0.1/24"})),
              "The configuration is valid; 'ctgate run' would serve:\n"
              "  network namespace  the current one\n"
              "  internal           lan0, lan1\n"
              "  external           wan0\n"
              "  external addresses the first of each external interface\n"
              "  external ports     1-9\n"
              "  adds addresses     lan0=10.0.0.1/24\n"
              "  behaviour          mapping endpoint-independent, filtering address-dependent\n"
              "  switches           inbound-refresh no, overload-when-full no, refusal-icmp yes\n"
              "  timeouts           UDP 300 s, TCP 7440 s (opening and closing: 240 s), ICMP 60 "
              "s\n"
              "  accepted mark      0x80000000\n"
              "  modes              clamp-mss auto, attach auto, fast-path auto, log-level info\n");
}

TEST(Check, SaysWhatIsFixed) {
    EXPECT_THAT(
        output_of(
            check_command,
            with_sides(
                {"--host=10.0.0.5/32,filtering=endpoint-independent", "--max-ports-per-host=99",
                 "--port-block-size=64", "--max-new-per-second=7", "--forward=tcp:80:10.0.0.2:80",
                 "--forward=udp:203.0.113.5:5-9:10.0.0.2:5-9,not-from=192.0.2.0/24",
                 "--one-to-one=203.0.113.9=10.0.0.9", "--dmz=10.0.0.5", "--no-nat=10.0.0.0/8"})),
        HasSubstr("  for hosts          10.0.0.5/32,filtering=endpoint-independent\n"
                  "  max ports per host 99\n"
                  "  port block size    64\n"
                  "  max new per second 7\n"
                  "  switches           inbound-refresh no, overload-when-full no, refusal-icmp "
                  "yes\n"
                  "  forwards           tcp:80:10.0.0.2:80, "
                  "udp:203.0.113.5:5-9:10.0.0.2:5-9,not-from=192.0.2.0/24\n"
                  "  one-to-one         203.0.113.9=10.0.0.9\n"
                  "  dmz                10.0.0.5\n"
                  "  not translated     10.0.0.0/8\n"));
}

TEST(Check, Json) {
    const json all = json::parse(output_of(
        check_command, with_sides({"--json",
                                   "--external-address",
                                   "203.0.113.5",
                                   "--port-range",
                                   "203.0.113.5=1-9",
                                   "--route",
                                   "10.0.0.0/8,dev=lan0",
                                   "--netns",
                                   "gw",
                                   "--max-sessions",
                                   "9",
                                   "--mapping=address-and-port-dependent",
                                   "--host",
                                   "10.0.0.5/32,mapping=endpoint-independent,protocol=udp",
                                   "--forward=tcp+udp:80-81:10.0.0.2:90-91,from=192.0.2.0/24",
                                   "--one-to-one=203.0.113.9=10.0.0.9",
                                   "--dmz=10.0.0.5",
                                   "--no-nat=10.0.0.0/8",
                                   "--udp-timeout=120",
                                   "--listen-http=[0::1]:9469"})));
    EXPECT_EQ(all, json::parse(R"({
        "config_file": null, "netns": "gw", "internal": ["lan0"], "external": ["wan0"],
        "external_addresses": [{"interface": null, "address": "203.0.113.5"}],
        "port_ranges": [{"address": "203.0.113.5", "low": 1, "high": 9}], "port_set": null,
        "move": [], "addresses": [],
        "routes": [{"destination": "10.0.0.0/8", "via": null, "interface": "lan0"}],
        "behaviour": {"mapping": "address-and-port-dependent",
                      "filtering": "address-and-port-dependent"},
        "hosts": [{"prefix": "10.0.0.5/32", "protocol": "udp", "mapping": "endpoint-independent",
                   "filtering": null}],
        "inbound_refresh": false, "overload_when_full": false, "max_ports_per_host": null,
        "port_block_size": null, "deterministic": null, "max_sessions_per_host": null,
        "max_new_per_second": null,
        "refusal_icmp": true,
        "forwards": [{"protocols": ["tcp", "udp"], "external": null, "low": 80, "high": 81,
                      "internal": "10.0.0.2", "internal_low": 90, "from": ["192.0.2.0/24"],
                      "not_from": []}],
        "one_to_one": [{"external": "203.0.113.9", "internal": "10.0.0.9"}],
        "dmz": "10.0.0.5", "no_nat": ["10.0.0.0/8"],
        "timeouts": {"udp": 120, "tcp_established": 7440, "tcp_transitory": 240, "icmp": 60},
        "dangerous_timeouts": false, "clamp_mss": "auto", "max_sessions": 9, "accepted_mark": 2147483648, "attach": "auto", "fast_path": "auto",
        "listen_http": "[::1]:9469", "log_level": "info", "nat_log": null, "ipfix": null})"));
    // An interface may have any bytes in its name; JSON has UTF-8.
    EXPECT_TRUE(json::accept(output_of(check_command, with_sides({"--internal=\xff", "--json"}))));
}

TEST(Check, PortSetIsToldWithItsPorts) {
    const Words set = {"--port-set-id=3", "--port-set-length=2", "--port-set-offset=1"};
    EXPECT_THAT(output_of(check_command, with_sides(set)),
                HasSubstr("  port set           3 of 2 bits behind 1\n"
                          "  external ports     57344-65535\n"));
    Words words = with_sides(set);
    words.emplace_back("--json");
    const json all = json::parse(output_of(check_command, words));
    EXPECT_EQ(all["port_set"], json::parse(R"({"id": 3, "length": 2, "offset": 1})"));
    EXPECT_EQ(all["port_ranges"],
              json::parse(R"([{"address": null, "low": 57344, "high": 65535}])"));
}

TEST(Check, SaysWhatIsLogged) {
    const Words words = with_sides({"--nat-log=/var/log/nat.log", "--ipfix=192.0.2.9:4739"});
    EXPECT_THAT(output_of(check_command, words),
                HasSubstr("  NAT log            /var/log/nat.log\n"
                          "  IPFIX collector    192.0.2.9:4739\n"));
    Words as_json = words;
    as_json.emplace_back("--json");
    const json all = json::parse(output_of(check_command, as_json));
    EXPECT_EQ(all["nat_log"], "/var/log/nat.log");
    EXPECT_EQ(all["ipfix"], "192.0.2.9:4739");
}

TEST(Check, Problems) {
    EXPECT_THAT(problems_of([] {
                    check_command(Words{"--json", "--internal", "lan0"});
                }),
                ElementsAre(HasSubstr("--external is missing")));
}

TEST(Check, HelpNamesEveryField) {
    const std::string help = output_of(check_command, {"--help"});
    const json all = json::parse(output_of(check_command, with_sides({"--json"})));
    for (const auto& field : all.items()) {
        EXPECT_THAT(help, HasSubstr(field.key()));
    }
    EXPECT_THAT(help, HasSubstr("--port-range"));
}

TEST(Version, TextAndJson) {
    EXPECT_EQ(output_of(version_command, {}), "ctgate " CTGATE_VERSION "\n");
    EXPECT_EQ(json::parse(output_of(version_command, {"--json"})),
              json({{"version", CTGATE_VERSION}}));
    EXPECT_THAT(output_of(version_command, {"--help"}), HasSubstr("Usage: ctgate version"));
    EXPECT_THAT(problems_of([] { version_command(Words{"now"}); }),
                ElementsAre("'version' takes --json and nothing else"));
    EXPECT_THAT(problems_of([] {
                    version_command(Words{"--netns", "gw"});
                }),
                ElementsAre("'version' takes --json and nothing else"));
}

}  // namespace
}  // namespace ctgate
