// SPDX-License-Identifier: GPL-2.0-only
// Deterministic ports: the dataplane gives each host the block that the control plane computes.
#include <set>
#include <string>

#include "bpf/mapping_fixture.hpp"
#include "control/deterministic.hpp"

namespace ctgate {
namespace {

class DeterministicPorts : public Mapping {
  protected:
    // The prefix over these addresses; in blocks of 64 ports.
    void serve(const char* prefix, const std::vector<std::string>& addresses) {
        Config config;
        config.port_block_size = size;
        config.deterministic = DeterministicOption{IpPrefix::parse(prefix)};
        for (const std::string& each : addresses) {
            config.external_addresses.push_back({"", IpAddress::parse(each).value()});
        }
        config.port_ranges = {{std::nullopt, 2000, 2999}, {std::nullopt, 9000, 10023}};
        interface_ = external_interface(config, "out0", {}, true);
        set_external(interface_);
    }

    std::string host_of(const Endpoint& external) const {
        const auto host = deterministic_host(interface_, external.address, external.port);
        return host ? host->text() : "nobody";
    }

    Fate begin(const std::string& host, unsigned port) {
        return send(host + ":" + std::to_string(port), remote);
    }

    static constexpr unsigned size = 64;
    static constexpr const char* remote = "198.51.100.7:53";
    ExternalInterface interface_;
};

TEST_F(DeterministicPorts, EveryHostHasPortsOfItsBlockOnly) {
    // 14 + 14 blocks in each address, 64 hosts.
    serve("10.0.1.0/26", {"203.0.113.1", "203.0.113.9", "203.0.113.5"});
    for (unsigned host = 0; host < 64; host++) {
        for (const unsigned port : {1U, 40000U, 40001U}) {
            EXPECT_FALSE(begin("10.0.1." + std::to_string(host), port).dropped) << host;
        }
    }
    std::set<std::string> addresses;
    for (const Session& session : sessions()) {
        EXPECT_EQ(host_of(session.reply_destination), session.source.address.text());
        EXPECT_EQ(session.reply_destination.port % 2, session.source.port % 2);
        addresses.insert(session.reply_destination.address.text());
    }
    EXPECT_EQ(sessions().size(), 3u * 64);
    EXPECT_EQ(addresses.size(), 3u);
    EXPECT_EQ(counter("port_block_taken"), 0u);
}

TEST_F(DeterministicPorts, TheBlockIsExhaustedExactly) {
    serve("10.0.0.0/28", {"203.0.113.1"});
    for (unsigned port = 0; port < size; port++) {
        EXPECT_FALSE(begin("10.0.0.2", 5000 + port).dropped) << port;
    }
    EXPECT_EQ(begin("10.0.0.2", 6000), drop("drop_ports_exhausted"));
    EXPECT_FALSE(begin("10.0.0.3", 5000).dropped);
    EXPECT_EQ(ports_in_use(), size + 1);
}

TEST_F(DeterministicPorts, TheInternalPortIsKeptWithinTheBlock) {
    serve("10.0.0.0/28", {"203.0.113.1"});
    // 2048 begins the first block, so 10.0.0.2 has 2176-2239.
    EXPECT_EQ(begin("10.0.0.2", 2200),
              to_stack("session_created", "mapping_created", "port_preserved"));
    EXPECT_EQ(begin("10.0.0.3", 2201), to_stack("session_created", "mapping_created"));
    EXPECT_EQ(external_of("10.0.0.2:2200", remote), "203.0.113.1:2200");
}

TEST_F(DeterministicPorts, OtherHostsAreRefused) {
    serve("10.0.0.16/28", {"203.0.113.1"});
    EXPECT_EQ(begin("10.0.0.15", 5000), drop("drop_outside_prefix"));
    EXPECT_EQ(begin("10.0.0.32", 5000), drop("drop_outside_prefix"));
    EXPECT_FALSE(begin("10.0.0.16", 5000).dropped);
    EXPECT_FALSE(begin("10.0.0.31", 5000).dropped);
}

}  // namespace
}  // namespace ctgate
