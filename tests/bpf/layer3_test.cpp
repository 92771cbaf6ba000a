// SPDX-License-Identifier: GPL-2.0-only
// The programs for devices without Ethernet header, on a real one: a test run always has the
// header. And packets whose headers are not in the linear part, which only a device can give.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstring>

#include "bpf/dataplane_fixture.hpp"
#include "control/fd.hpp"

namespace ctgate {
namespace {

// tun0 10.9.0.1, the program at its TC ingress: what is written arrives there at once.
class Layer3 : public DataplaneTest {
  protected:
    void SetUp() override {
        tun_ = FileDescriptor(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
        if (!tun_) {
            GTEST_SKIP() << "no /dev/net/tun";
        }
        ifreq request{};
        std::string("tun0").copy(request.ifr_name, IFNAMSIZ - 1);
        request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
        ASSERT_EQ(::ioctl(tun_.get(), TUNSETIFF, &request), 0);
        Netlink netlink;
        netlink.set_up("tun0", true);
        netlink.add_address("tun0", IpPrefix::parse("10.9.0.1/24").value());
    }

    void attach(const bpf_program* program) {
        LIBBPF_OPTS(bpf_tc_hook, hook);
        hook.ifindex = Netlink().link("tun0").value().index;
        hook.attach_point = BPF_TC_INGRESS;
        ASSERT_EQ(bpf_tc_hook_create(&hook), 0);
        LIBBPF_OPTS(bpf_tc_opts, options);
        options.prog_fd = bpf_program__fd(program);
        ASSERT_EQ(bpf_tc_attach(&hook, &options), 0);
        if (program == internal()) {
            const std::uint32_t link = CTGATE_LINK_LAYER3;
            ASSERT_EQ(
                bpf_map__update_elem(gateway_programs()->maps.internal_interfaces, &hook.ifindex,
                                     sizeof(hook.ifindex), &link, sizeof(link), BPF_ANY),
                0);
        }
    }

    // `linear`: how much of a packet longer than a page is in the linear part.
    void arrives(const Packet& packet, std::uint16_t linear = 0) {
        // struct virtio_net_hdr, whose only member in use is hdr_len at offset 2, host byte order.
        Bytes bytes(10);
        std::memcpy(&bytes[2], &linear, sizeof(linear));
        packet::append(bytes, packet.network_bytes());
        ASSERT_EQ(::write(tun_.get(), bytes.data(), bytes.size()),
                  static_cast<ssize_t>(bytes.size()));
    }

    static const bpf_program* internal() { return gateway_programs()->progs.internal_l3; }
    static const bpf_program* external() { return gateway_programs()->progs.external_l3; }

  private:
    FileDescriptor tun_;
};

TEST_F(Layer3, InternalDeviceMakesSessions) {
    attach(internal());
    arrives(IPv4{.source = "10.9.0.2"} / UDP{});
    arrives(IPv4{.source = "10.9.0.2"} / TCP{});
    EXPECT_EQ(counter("internal_packets"), 2u);
    EXPECT_EQ(counter("session_created"), 2u);
    for (const Session& session : sessions()) {
        EXPECT_EQ(session.source.text(), "10.9.0.2:40000");
        EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:40000");
    }
    arrives(IPv4{.source = "10.9.0.2"} / UDP{.length = 9});
    EXPECT_EQ(counter("drop_udp_header"), 1u);
}

TEST_F(Layer3, ExternalDeviceLooksUpReplies) {
    attach(external());
    const Packet reply = IPv4{.source = "198.51.100.7", .destination = "203.0.113.1"} /
                         UDP{.source_port = 53, .destination_port = 40000};
    arrives(reply);
    EXPECT_EQ(counter("to_stack_unsolicited"), 1u);
    creator().create({.protocol = IPPROTO_UDP,
                      .source = endpoint_of("10.0.0.2:40000"),
                      .destination = endpoint_of("198.51.100.7:53"),
                      .translated_source = endpoint_of("203.0.113.1:40000")});
    arrives(reply);
    EXPECT_EQ(counter("drop_unaccepted_reply"), 1u);
    EXPECT_EQ(counter("external_packets"), 2u);
}

TEST_F(Layer3, HeadersBeyondTheLinearPartAreFetched) {
    attach(internal());
    const std::string large(6000, 'x');
    std::uint16_t port = 2000;
    for (const std::uint16_t linear : {1, 19, 20, 21, 27, 28, 39, 40, 80}) {
        arrives(IPv4{.source = "10.9.0.2"} / UDP{.source_port = port++} / Payload{large}, linear);
        arrives(IPv4{.source = "10.9.0.2"} / TCP{.source_port = port++} / Payload{large}, linear);
    }
    EXPECT_EQ(counter("session_created"), 18u);
    arrives(IPv4{.source = "10.9.0.2"} / TCP{.data_offset = 4} / Payload{large}, 20);
    EXPECT_EQ(counter("drop_tcp_header"), 1u);
    EXPECT_EQ(counter("to_stack_not_plain"), 0u);
}

}  // namespace
}  // namespace ctgate
