// SPDX-License-Identifier: GPL-2.0-only
// The gateway's programs in a network namespace of the test's own, one packet at a time:
//
//     10.0.0.0/24 -- in0 10.0.0.1 [gateway] 203.0.113.1 out0 -- 203.0.113.254 -- anywhere
//
// Nothing is attached and no traffic flows: BPF_PROG_TEST_RUN says that a packet arrived.
#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "bpf/create_entry.hpp"
#include "bpf/scratch_netns.hpp"
#include "bpf/test_run.hpp"
#include "control/conntrack.hpp"
#include "control/pool.hpp"
#include "control/port_spaces.hpp"
#include "ctgate/behaviour.h"
#include "ctgate/pool.h"
#include "tests/packet/builder.hpp"
// After the types of its global variables.
#include "ctgate.skel.h"
#include "xdp.skel.h"

namespace ctgate {

using packet::ACK;
using packet::Bytes;
using packet::Ethernet;
using packet::FIN;
using packet::IPv4;
using packet::Packet;
using packet::Payload;
using packet::PSH;
using packet::RST;
using packet::SYN;
using packet::TCP;
using packet::UDP;

Endpoint endpoint_of(const std::string& text);

// What became of a packet: TC's verdict, and the counters that moved besides those of all packets
// of the hook (which the test environment checks itself).
struct Fate {
    bool dropped = false;
    bool forwarded = false;  // past the stack
    std::set<std::string> counted;

    bool operator==(const Fate& other) const = default;
    friend std::ostream& operator<<(std::ostream& stream, const Fate& fate);
};

template <typename... Counters>
Fate to_stack(Counters... counters) {
    return {.dropped = false, .forwarded = false, .counted = {counters...}};
}

template <typename... Counters>
Fate short_path(Counters... counters) {
    return {.dropped = false, .forwarded = true, .counted = {"short_path", counters...}};
}

template <typename... Counters>
Fate drop(Counters... counters) {
    return {.dropped = true, .forwarded = false, .counted = {counters...}};
}

struct PoolAddress {
    std::string address;
    std::vector<ctgate_port_range> ranges = {{CTGATE_PORT_LOW, CTGATE_PORT_HIGH}};
};

class DataplaneTest : public testing::Test {
  protected:
    DataplaneTest();
    ~DataplaneTest() override;

    // The packet arrives, with an Ethernet header of the test environment if it has none of its
    // own. Unless it goes past the stack, expects that it leaves the program as it came.
    Fate from_inside(Packet packet, unsigned gso_size = 0);
    Fate from_outside(Packet packet, unsigned gso_size = 0);
    Fate from_inside(const Bytes& frame) { return run_on(inside_, frame, 0); }
    Fate from_outside(const Bytes& frame) { return run_on(outside_, frame, 0); }
    // Each frame from now on, one right after the other, unless it is changed on its way.
    void set_times(unsigned times) { times_ = times; }

    // The same in XDP: not forwarded is on to TC, and counts nothing.
    Fate from_inside_in_xdp(Packet packet) { return run_in_xdp(inside_, std::move(packet)); }
    Fate from_outside_in_xdp(Packet packet) { return run_in_xdp(outside_, std::move(packet)); }
    // Both interfaces have our program there; they take frames, or do not.
    void set_xdp(bool takes_frames);

    // External addresses of out0. At first: 203.0.113.1 with the default range, without blocks.
    void set_pool(const std::vector<PoolAddress>& addresses, unsigned block_order = 0);
    void set_external(const ExternalInterface& interface);
    void remove_pool();  // out0 is no external interface any more

    // What an address is to the dataplane. At first: 203.0.113.1 external, 10.0.0.1 internal.
    void set_role(const char* address, ctgate_address_role role, const char* internal = "0.0.0.0");
    // Of the internal hosts of a prefix, for TCP and UDP. At first: endpoint-independent mapping,
    // address-dependent filtering.
    static void set_behaviour(const char* prefix, ctgate_dependence mapping,
                              ctgate_dependence filtering);
    // At first: the defaults, but nobody is told of refusals.
    static void set_settings(const ctgate_settings& settings);
    static ctgate_settings default_settings();
    static void add_exemption(const char* prefix);
    // To a list of remote addresses of port forwards.
    static void add_access(unsigned list, const char* prefix, bool allowed);
    static PortMaps port_maps();
    static PortMemory ports(const char* address, std::uint8_t protocol);

    // Since the beginning of the test.
    std::uint64_t counter(const std::string& name);

    static std::vector<Session> sessions();
    // Fails the test unless there is exactly one.
    static Session only_session();

    packet::Mac inside_mac() const { return inside_.mac; }
    packet::Mac outside_mac() const { return outside_.mac; }
    int inside_ifindex() const { return inside_.ifindex; }
    int outside_ifindex() const { return outside_.ifindex; }
    // BPF_PROG_TEST_RUN takes none that is shorter; newer kernels want a whole IPv4 header.
    static std::size_t smallest_frame();

    EntryCreator& creator() const;

    // The last packet that went past the stack.
    const Bytes& forwarded() const { return forwarded_; }
    unsigned forwarded_priority() const { return forwarded_priority_; }
    std::array<unsigned, 2> forwarded_seal() const { return forwarded_seal_; }

  private:
    struct Interface {
        const char* name;
        int ifindex;
        packet::Mac mac;
        const bpf_program* program;
        const char* packets;  // counter of all packets
    };

    Interface make_interface(const char* name, const char* peer, const char* address,
                             const bpf_program* program, const char* packets);
    Fate run_on(const Interface& interface, const Bytes& frame, unsigned gso_size);
    Fate run_on(const Interface& interface, Packet packet, unsigned gso_size);
    Fate run_in_xdp(const Interface& interface, Packet packet);

    ScratchNetns netns_;
    Interface inside_;
    Interface outside_;
    ctgate_link link_ = CTGATE_LINK_ETHERNET;  // what both are
    unsigned times_ = 1;
    Bytes forwarded_;
    unsigned forwarded_priority_ = 0;
    std::array<unsigned, 2> forwarded_seal_{};
};

// The programs, loaded once for all tests: maps and counters are reset by each test.
SkeletonOwner<ctgate_bpf>& gateway_programs();
// With the maps of those.
SkeletonOwner<xdp_bpf>& xdp_programs();

}  // namespace ctgate
