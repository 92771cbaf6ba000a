// SPDX-License-Identifier: GPL-2.0-only
// Port forwards: who gets in, where to, and that they win over mappings.
#include "bpf/dataplane_fixture.hpp"
#include "control/forwards.hpp"

namespace ctgate {
namespace {

class Forwarded : public DataplaneTest {
  protected:
    void set_forwards(const std::map<std::uint16_t, Forward>& forwards) {
        forwards::set(port_maps(), {{space(), forwards}});
    }

    Forward to(const char* internal, __u32 access = 0) const {
        return {.internal = endpoint_of(internal),
                .ifindex = static_cast<unsigned>(outside_ifindex()),
                .access = access,
                .outbound = true};
    }

    static PortSpace space() { return {IpAddress::parse("203.0.113.1").value(), IPPROTO_UDP}; }

    Fate receive(const char* remote, std::uint16_t port) {
        return from_outside(IPv4{.source = remote, .destination = "203.0.113.1"} /
                            UDP{.destination_port = port});
    }
};

TEST_F(Forwarded, GoesToTheInternalEndpoint) {
    set_forwards({{8080, to("10.0.0.5:80")}});
    EXPECT_EQ(receive("198.51.100.7", 8080), to_stack("session_created_inbound"));
    EXPECT_EQ(only_session().reply_source.text(), "10.0.0.5:80");
    EXPECT_EQ(only_session().reply_destination.text(), "198.51.100.7:40000");
    EXPECT_EQ(receive("198.51.100.7", 8081), to_stack("to_stack_unsolicited"));
}

TEST_F(Forwarded, OnlyForThoseOfItsList) {
    set_forwards({{8080, to("10.0.0.5:80", 7)}});
    EXPECT_EQ(receive("198.51.100.7", 8080), drop("drop_forward_refused"));
    add_access(7, "198.51.100.0/24", true);
    add_access(7, "198.51.100.8/32", false);
    EXPECT_EQ(receive("198.51.100.7", 8080), to_stack("session_created_inbound"));
    EXPECT_EQ(receive("198.51.100.8", 8080), drop("drop_forward_refused"));
}

TEST_F(Forwarded, IsTheMappingOfItsInternalEndpointToo) {
    set_forwards({{8080, to("10.0.0.5:80")}});
    EXPECT_EQ(from_inside(IPv4{.source = "10.0.0.5"} / UDP{.source_port = 80}),
              to_stack("session_created"));
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:8080");
}

TEST_F(Forwarded, WinsOverAMapping) {
    from_inside(IPv4{} / UDP{.source_port = 8080});
    set_forwards({{8080, to("10.0.0.5:80")}});
    EXPECT_EQ(receive("198.51.100.9", 8080), to_stack("session_created_inbound"));
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 8080}), to_stack("session_hit"))
        << "its sessions go on";
    const Fate fate = from_inside(IPv4{.destination = "198.51.100.9"} / UDP{.source_port = 8080});
    EXPECT_EQ(fate, to_stack("session_created", "mapping_created"));
}

TEST_F(Forwarded, ItsPortIsNotGivenOut) {
    set_pool({{"203.0.113.1", {{8080, 8080}}}});
    set_forwards({{8080, to("10.0.0.5:80")}});
    EXPECT_EQ(from_inside(IPv4{} / UDP{.source_port = 8080}), drop("drop_ports_exhausted"));
    set_forwards({});
    EXPECT_FALSE(from_inside(IPv4{} / UDP{.source_port = 8080}).dropped);
    EXPECT_EQ(receive("198.51.100.9", 8080), drop("drop_filtered"));
}

TEST_F(Forwarded, IsHairpinned) {
    set_forwards({{8080, to("10.0.0.5:80")}});
    EXPECT_EQ(from_inside(IPv4{.destination = "203.0.113.1"} / UDP{.destination_port = 8080}),
              to_stack("session_created_hairpinned", "mapping_created", "port_preserved"));
    EXPECT_EQ(only_session().reply_source.text(), "10.0.0.5:80");
    EXPECT_EQ(only_session().reply_destination.text(), "203.0.113.1:40000");
}

}  // namespace
}  // namespace ctgate
