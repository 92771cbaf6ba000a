// SPDX-License-Identifier: GPL-2.0-only
// What leaves an external interface: nothing with an internal source, whoever failed to translate
// it.
#include <linux/pkt_cls.h>

#include "bpf/dataplane_fixture.hpp"

namespace ctgate {
namespace {

constexpr int from_router = 0;

class Egress : public DataplaneTest {
  protected:
    Egress() {
        write(programs()->maps.internal_interfaces, inside_ifindex(), 1U);
        write(programs()->maps.addresses, address("203.0.113.1"), CTGATE_ADDRESS_EXTERNAL + 0U);
        write(programs()->maps.addresses, address("10.0.0.1"), CTGATE_ADDRESS_INTERNAL + 0U);
    }
    ~Egress() override {
        erase(programs()->maps.internal_interfaces, inside_ifindex());
        erase(programs()->maps.addresses, address("203.0.113.1"));
        erase(programs()->maps.addresses, address("10.0.0.1"));
    }

    // A packet about to leave out0 that came in on `ingress`. It must not be changed.
    Fate leaves(Packet packet, int ingress) {
        packet.ethernet = Ethernet{};
        const Bytes frame = packet.bytes();
        const auto before = counter("drop_internal_source");
        const TestRun result =
            run(programs()->progs.external_egress,
                {.bytes = frame, .ifindex = outside_ifindex(), .ingress_ifindex = ingress});
        EXPECT_EQ(result.bytes, frame);
        const bool dropped = result.verdict == TC_ACT_SHOT;
        EXPECT_TRUE(dropped || result.verdict == static_cast<unsigned>(TC_ACT_UNSPEC));
        return counter("drop_internal_source") == before
                   ? Fate{.dropped = dropped, .counted = {}}
                   : Fate{.dropped = dropped, .counted = {"drop_internal_source"}};
    }

    static ctgate_address address(const char* text) {
        return IpAddress::parse(text).value().to_bytes();
    }

  private:
    static SkeletonOwner<ctgate_bpf>& programs() { return gateway_programs(); }

    template <typename Key>
    static void write(bpf_map* map, const Key& key, std::uint32_t value) {
        if (bpf_map__update_elem(map, &key, sizeof(key), &value, sizeof(value), BPF_ANY) != 0) {
            throw std::system_error(errno, std::generic_category(), bpf_map__name(map));
        }
    }
    template <typename Key>
    static void erase(bpf_map* map, const Key& key) {
        bpf_map__delete_elem(map, &key, sizeof(key), 0);
    }
};

TEST_F(Egress, TranslatedPacketsLeave) {
    const IPv4 translated{.source = "203.0.113.1", .destination = "198.51.100.7"};
    EXPECT_EQ(leaves(translated / UDP{}, inside_ifindex()), to_stack());
    EXPECT_EQ(leaves(translated / TCP{.flags = ACK}, inside_ifindex()), to_stack());
}

TEST_F(Egress, UntranslatedPacketsFromInsideDoNot) {
    const Fate leak = drop("drop_internal_source");
    const IPv4 untranslated{.source = "10.0.0.2", .destination = "198.51.100.7"};
    EXPECT_EQ(leaves(untranslated / UDP{}, inside_ifindex()), leak);
    EXPECT_EQ(leaves(untranslated / TCP{.flags = ACK}, inside_ifindex()), leak);
    EXPECT_EQ(leaves(IPv4{.source = "192.0.2.77", .destination = "198.51.100.7"} / UDP{},
                     inside_ifindex()),
              leak)
        << "any source that is none of ours";
}

TEST_F(Egress, OfTheRoutersOwnOnlyThoseFromInternalAddressesDoNot) {
    EXPECT_EQ(leaves(IPv4{.source = "203.0.113.1"} / UDP{}, from_router), to_stack());
    EXPECT_EQ(leaves(IPv4{.source = "10.0.0.1"} / UDP{}, from_router),
              drop("drop_internal_source"));
    EXPECT_EQ(leaves(IPv4{.source = "192.0.2.77"} / UDP{}, from_router), to_stack());
}

TEST_F(Egress, OtherInterfacesAreTheOperatorsBusiness) {
    const int other = inside_ifindex() + 100;
    EXPECT_EQ(leaves(IPv4{.source = "172.17.0.2"} / UDP{}, other), to_stack());
}

}  // namespace
}  // namespace ctgate
