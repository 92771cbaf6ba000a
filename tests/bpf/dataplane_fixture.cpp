// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/dataplane_fixture.hpp"

#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "bpf/counters.hpp"
#include "control/fd.hpp"
#include "control/nat_tables.hpp"
#include "control/sysctl.hpp"
#include "ctgate/session_cache.h"

namespace ctgate {
namespace {

packet::Mac mac_of(const char* interface) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::string(interface).copy(request.ifr_name, IFNAMSIZ - 1);
    if (::ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) {
        throw std::system_error(errno, std::generic_category(), interface);
    }
    packet::Mac mac{};
    std::copy_n(request.ifr_hwaddr.sa_data, mac.size(), mac.begin());
    return mac;
}

}  // namespace

Endpoint endpoint_of(const std::string& text) {
    return Endpoint::parse(text).value();
}

std::ostream& operator<<(std::ostream& stream, const Fate& fate) {
    stream << (fate.dropped     ? "dropped"
               : fate.forwarded ? "forwarded"
                                : "to stack")
           << ", counted:";
    for (const std::string& name : fate.counted) {
        stream << ' ' << name;
    }
    return stream;
}

namespace {

template <typename Key, typename Value>
void write(bpf_map* map, const Key& key, const Value& value) {
    if (bpf_map__update_elem(map, &key, sizeof(key), &value, sizeof(value), BPF_ANY) != 0) {
        throw std::system_error(errno, std::generic_category(), bpf_map__name(map));
    }
}

template <typename Key>
void clear(bpf_map* map) {
    Key key{};
    while (bpf_map__get_next_key(map, nullptr, &key, sizeof(key)) == 0) {
        bpf_map__delete_elem(map, &key, sizeof(key), 0);
    }
}

}  // namespace

SkeletonOwner<ctgate_bpf>& gateway_programs() {
    static SkeletonOwner<ctgate_bpf> programs;
    return programs;
}

SkeletonOwner<xdp_bpf>& xdp_programs() {
    static SkeletonOwner<xdp_bpf> programs(gateway_programs()->obj);
    return programs;
}

DataplaneTest::DataplaneTest()
    : inside_(make_interface("in0", "in1", "10.0.0.1/24", gateway_programs()->progs.internal_l2,
                             "internal_packets")),
      outside_(make_interface("out0", "out1", "203.0.113.1/24",
                              gateway_programs()->progs.external_l2, "external_packets")) {
    sysctl::write("net/ipv4/ip_forward", "1");
    Netlink().add_route({.destination = IpPrefix::parse("0.0.0.0/0").value(),
                         .via = IpAddress::parse("203.0.113.254"),
                         .interface = "out0"});
    Netlink().add_route({.destination = IpPrefix::parse("10.0.0.0/16").value(),
                         .via = IpAddress::parse("10.0.0.254"),
                         .interface = "in0"});
    reset_counters();
    set_pool({{"203.0.113.1"}});
    set_settings(default_settings());
    write(gateway_programs()->maps.internal_interfaces, inside_.ifindex,
          static_cast<std::uint32_t>(link_));
    set_role("203.0.113.1", CTGATE_ADDRESS_EXTERNAL);
    set_role("10.0.0.1", CTGATE_ADDRESS_INTERNAL);
}

DataplaneTest::~DataplaneTest() {
    note_reached_counters();
    remove_pool();
    clear<int>(gateway_programs()->maps.internal_interfaces);
    clear<ctgate_address>(gateway_programs()->maps.addresses);
    clear<ctgate_address>(gateway_programs()->maps.one_to_one);
    clear<ctgate_behaviour_key>(gateway_programs()->maps.behaviours);
    clear<ctgate_prefix>(gateway_programs()->maps.exemptions);
    clear<ctgate_access_key>(gateway_programs()->maps.forward_access);
    clear<ctgate_host_key>(gateway_programs()->maps.hosts);
    clear<ctgate_place>(gateway_programs()->maps.places);
    clear<ctgate_tuple>(gateway_programs()->maps.placed);
    clear<ctgate_contact>(gateway_programs()->maps.contacts);
    clear<ctgate_cache_key>(gateway_programs()->maps.session_cache);
}

void DataplaneTest::set_role(const char* address, ctgate_address_role role, const char* internal) {
    const ctgate_address external = IpAddress::parse(address).value().to_bytes();
    const ctgate_address host = IpAddress::parse(internal).value().to_bytes();
    ctgate_address_use use{};
    use.role = role;
    use.ifindex = role >= CTGATE_ADDRESS_EXTERNAL ? static_cast<unsigned>(outside_.ifindex) : 0;
    use.internal = host;
    write(gateway_programs()->maps.addresses, external, use);
    if (role == CTGATE_ADDRESS_ONE_TO_ONE) {
        write(gateway_programs()->maps.one_to_one, host, external);
    }
}

void DataplaneTest::set_behaviour(const char* prefix, ctgate_dependence mapping,
                                  ctgate_dependence filtering) {
    const IpPrefix parsed = IpPrefix::parse(prefix).value();
    for (const unsigned protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
        const ctgate_behaviour_key key{.prefix_length = CTGATE_PROTOCOL_BITS + parsed.length,
                                       .protocol = htonl(protocol),
                                       .internal = parsed.address.to_bytes()};
        write(gateway_programs()->maps.behaviours, key,
              ctgate_behaviour{.mapping = static_cast<__u8>(mapping),
                               .filtering = static_cast<__u8>(filtering),
                               .reserved = {}});
    }
}

ctgate_settings DataplaneTest::default_settings() {
    ctgate_settings settings = nat_tables({}).settings;
    settings.refusal_icmp = 0;
    return settings;
}

void DataplaneTest::set_settings(const ctgate_settings& settings) {
    write(gateway_programs()->maps.configuration, 0, settings);
}

void DataplaneTest::add_exemption(const char* prefix) {
    const IpPrefix parsed = IpPrefix::parse(prefix).value();
    write(gateway_programs()->maps.exemptions,
          ctgate_prefix{.prefix_length = parsed.length, .address = parsed.address.to_bytes()},
          std::uint32_t{1});
}

void DataplaneTest::add_access(unsigned list, const char* prefix, bool allowed) {
    const IpPrefix parsed = IpPrefix::parse(prefix).value();
    write(gateway_programs()->maps.forward_access,
          ctgate_access_key{.prefix_length = 32 + parsed.length,
                            .access = htonl(list),
                            .remote = parsed.address.to_bytes()},
          std::uint32_t{allowed ? 1U : 0U});
}

PortMaps DataplaneTest::port_maps() {
    const auto& maps = gateway_programs()->maps;
    return {.sets = bpf_map__fd(maps.port_sets),
            .slots = bpf_map__fd(maps.port_slots),
            .sweeps = bpf_map__fd(maps.sweeps),
            .mappings = bpf_map__fd(maps.mappings),
            .hosts = bpf_map__fd(maps.hosts)};
}

PortMemory DataplaneTest::ports(const char* address, std::uint8_t protocol) {
    return {port_maps(), {IpAddress::parse(address).value(), protocol}};
}

DataplaneTest::Interface DataplaneTest::make_interface(const char* name, const char* peer,
                                                       const char* address,
                                                       const bpf_program* program,
                                                       const char* packets) {
    Netlink netlink;
    netlink.add_veth(name, peer, netns_.handle());
    netlink.add_address(name, IpPrefix::parse(address).value());
    netlink.set_up(name, true);
    netlink.set_up(peer, true);
    return {name, netlink.link(name).value().index, mac_of(name), program, packets};
}

void DataplaneTest::set_pool(const std::vector<PoolAddress>& addresses, unsigned block_order) {
    ExternalInterface interface;
    interface.block_order = block_order;
    for (const PoolAddress& each : addresses) {
        interface.addresses.push_back({IpAddress::parse(each.address).value(), each.ranges});
    }
    set_external(interface);
}

void DataplaneTest::set_external(const ExternalInterface& interface) {
    PortPlans spaces;
    for (const ExternalAddress& each : interface.addresses) {
        for (const int protocol : {IPPROTO_TCP, IPPROTO_UDP}) {
            spaces.emplace(PortSpace{each.address, static_cast<std::uint8_t>(protocol)},
                           PortPlan{ports_in(each.ranges), interface.block_order,
                                    interface.deterministic.has_value()});
        }
    }
    port_spaces::set(port_maps(), spaces);
    write(gateway_programs()->maps.pools, outside_.ifindex, to_pool(interface, link_));
}

void DataplaneTest::remove_pool() {
    bpf_map__delete_elem(gateway_programs()->maps.pools, &outside_.ifindex,
                         sizeof(outside_.ifindex), 0);
    port_spaces::set(port_maps(), {});
}

Fate DataplaneTest::from_inside(Packet packet, unsigned gso_size) {
    return run_on(inside_, std::move(packet), gso_size);
}

Fate DataplaneTest::from_outside(Packet packet, unsigned gso_size) {
    return run_on(outside_, std::move(packet), gso_size);
}

Fate DataplaneTest::run_on(const Interface& interface, Packet packet, unsigned gso_size) {
    if (!packet.ethernet) {
        packet.ethernet = Ethernet{.destination = interface.mac};
    }
    return run_on(interface, packet.bytes(), gso_size);
}

Fate DataplaneTest::run_on(const Interface& interface, const Bytes& frame, unsigned gso_size) {
    const auto before = read_counters();
    const TestRun result =
        run(interface.program,
            {.bytes = frame, .ifindex = interface.ifindex, .gso_size = gso_size, .times = times_});
    Fate fate;
    fate.dropped = result.verdict == TC_ACT_SHOT;
    fate.forwarded = result.verdict == TC_ACT_REDIRECT;
    if (fate.forwarded) {
        forwarded_ = result.bytes;
        forwarded_priority_ = result.priority;
        forwarded_seal_ = result.seal;
    } else {
        EXPECT_THAT(result.verdict, testing::AnyOf(TC_ACT_SHOT, TC_ACT_UNSPEC));
        EXPECT_EQ(result.bytes, frame) << "changed on " << interface.name;
    }
    fate.counted = moved_since(before);
    EXPECT_EQ(fate.counted.erase(interface.packets), 1u);
    return fate;
}

void DataplaneTest::set_xdp(bool takes_frames) {
    link_ = takes_frames ? CTGATE_LINK_XDP : CTGATE_LINK_ETHERNET;
    write(gateway_programs()->maps.internal_interfaces, inside_.ifindex,
          static_cast<std::uint32_t>(link_));
    set_pool({{"203.0.113.1"}});
    for (const Interface& each : {inside_, outside_}) {
        // Without a program a veth has no receive queue that one could be run on.
        if (bpf_xdp_attach(each.ifindex, bpf_program__fd(xdp_programs()->progs.short_path),
                           XDP_FLAGS_DRV_MODE, nullptr) != 0) {
            throw std::system_error(errno, std::generic_category(), each.name);
        }
    }
}

Fate DataplaneTest::run_in_xdp(const Interface& interface, Packet packet) {
    if (!packet.ethernet) {
        packet.ethernet = Ethernet{.destination = interface.mac};
    }
    const auto before = read_counters();
    const TestRun result = run_xdp(xdp_programs()->progs.short_path,
                                   {.bytes = packet.bytes(), .ifindex = interface.ifindex});
    Fate fate;
    fate.forwarded = result.verdict == XDP_REDIRECT;
    if (fate.forwarded) {
        forwarded_ = result.bytes;
    } else {
        EXPECT_EQ(result.verdict, XDP_PASS);
        EXPECT_EQ(result.bytes, packet.bytes()) << "changed on " << interface.name;
    }
    fate.counted = moved_since(before);
    EXPECT_EQ(fate.counted.erase(interface.packets), fate.forwarded ? 1u : 0u);
    return fate;
}

std::uint64_t DataplaneTest::counter(const std::string& name) {
    return read_counters().at(name);
}

std::vector<Session> DataplaneTest::sessions() {
    std::vector<Session> result;
    conntrack::for_each([&](const Session& session) { result.push_back(session); });
    return result;
}

Session DataplaneTest::only_session() {
    const std::vector<Session> all = sessions();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Session{} : all[0];
}

std::size_t DataplaneTest::smallest_frame() {
    const Bytes whole = (Ethernet{} / IPv4{} / UDP{}).bytes();
    try {
        run(gateway_programs()->progs.internal_l2, {.bytes = packet::truncated(whole, 14)});
        return 14;
    } catch (const std::system_error&) {
        return 34;
    }
}

EntryCreator& DataplaneTest::creator() const {
    static EntryCreator creator;
    return creator;
}

}  // namespace ctgate
