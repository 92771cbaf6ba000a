// SPDX-License-Identifier: GPL-2.0-only
// What must hold before the gateway can serve; each thing that does not is one sentence with its
// remedy, thrown as std::runtime_error.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.hpp"
#include "control/local_ports.hpp"
#include "control/netlink.hpp"

namespace ctgate {

// Capabilities that `run` needs, by name.
void check_capabilities();

// BTF, and each conntrack function that the dataplane calls. After the modules are loaded.
void check_kernel();
// Those of `functions` that neither the kernel nor the BTF of nf_conntrack and nf_nat has.
std::vector<std::string> missing_functions(const std::vector<std::string>& functions);

// The interface, which is there and up.
Link require_link(Netlink& netlink, const std::string& name);
// No bridge among them is handled by netfilter already.
void check_bridges(const std::vector<Link>& links);
// Both, of all interfaces.
void check_interfaces(Netlink& netlink, const Config& config);

// No port that is to be forwarded is one on which the router itself has a socket, at one of its
// external addresses. `what` begins the sentence.
void check_forward(const ForwardOption& option, const std::string& what,
                   const std::vector<LocalPort>& local, const std::set<IpAddress>& external);
void check_forwards(Netlink& netlink, const Config& config);

}  // namespace ctgate
