// SPDX-License-Identifier: GPL-2.0-only
#include "control/start_checks.hpp"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>
#include <utility>

#include "control/dataplane.hpp"
#include "control/option_values.hpp"
#include "control/sysctl.hpp"

namespace ctgate {
namespace {

using Btf = std::unique_ptr<btf, decltype(&btf__free)>;

bool has_function(const Btf& types, const std::string& name) {
    return types && btf__find_by_name_kind(types.get(), name.c_str(), BTF_KIND_FUNC) > 0;
}

}  // namespace

void check_capabilities() {
    // The last one for the BPF file system, for other mount and network namespaces, and for
    // conntrack's types where it is a module.
    constexpr std::pair<unsigned, const char*> needed[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
                                                           {CAP_BPF, "CAP_BPF"},
                                                           {CAP_PERFMON, "CAP_PERFMON"},
                                                           {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"}};
    if (capng_get_caps_process() != 0) {
        throw std::runtime_error("Cannot read the capabilities of this process; is /proc mounted?");
    }
    std::vector<std::string> missing;
    for (const auto& [capability, name] : needed) {
        if (capng_have_capability(CAPNG_EFFECTIVE, capability) == 0) {
            missing.emplace_back(name);
        }
    }
    if (!missing.empty()) {
        throw std::runtime_error(
            fmt::format("ctgate lacks {}; run it as root, or grant {} in its systemd unit "
                        "(AmbientCapabilities=)",
                        fmt::join(missing, ", "), missing.size() == 1 ? "it" : "them"));
    }
}

std::vector<std::string> missing_functions(const std::vector<std::string>& functions) {
    const Btf kernel(btf__load_vmlinux_btf(), &btf__free);
    if (!kernel) {
        throw std::runtime_error(
            "The kernel offers no BTF (/sys/kernel/btf/vmlinux); it needs CONFIG_DEBUG_INFO_BTF, "
            "which Debian's kernels have");
    }
    // Null where they are built into the kernel.
    const Btf conntrack(btf__load_module_btf("nf_conntrack", kernel.get()), &btf__free);
    const Btf nat(btf__load_module_btf("nf_nat", kernel.get()), &btf__free);
    std::vector<std::string> missing;
    std::copy_if(functions.begin(), functions.end(), std::back_inserter(missing),
                 [&](const std::string& name) {
                     return !has_function(kernel, name) && !has_function(conntrack, name) &&
                            !has_function(nat, name);
                 });
    return missing;
}

void check_kernel() {
    const auto missing = missing_functions(Dataplane::called_functions());
    if (!missing.empty()) {
        throw std::runtime_error(
            fmt::format("The kernel lacks {}; ctgate needs Linux 6.1.55 or newer with "
                        "CONFIG_NF_CONNTRACK, CONFIG_NF_NAT and, where these are modules, "
                        "CONFIG_DEBUG_INFO_BTF_MODULES",
                        fmt::join(missing, ", ")));
    }
}

Link require_link(Netlink& netlink, const std::string& name) {
    const auto link = netlink.link(name);
    if (!link) {
        throw std::runtime_error(
            fmt::format("There is no interface '{}' in this network namespace; 'ip link' lists "
                        "those that there are",
                        name));
    }
    if (!link->up) {
        throw std::runtime_error(
            fmt::format("Interface '{0}' is down; 'ip link set {0} up' starts it", name));
    }
    return *link;
}

void check_bridges(const std::vector<Link>& links) {
    const bool bridge = std::any_of(links.begin(), links.end(),
                                    [](const Link& each) { return each.kind == "bridge"; });
    if (bridge && sysctl::read("net/bridge/bridge-nf-call-iptables").value_or("0") != "0") {
        throw std::runtime_error(
            "net.bridge.bridge-nf-call-iptables is 1: conntrack would see the packets of the "
            "bridge before ctgate does, and NAT would fail silently; "
            "'sysctl -w net.bridge.bridge-nf-call-iptables=0' turns it off");
    }
}

void check_interfaces(Netlink& netlink, const Config& config) {
    std::vector<Link> links;
    for (const std::vector<std::string>& names : {config.internal, config.external}) {
        for (const std::string& name : names) {
            links.push_back(require_link(netlink, name));
        }
    }
    check_bridges(links);
}

void check_forward(const ForwardOption& option, const std::string& what,
                   const std::vector<LocalPort>& local, const std::set<IpAddress>& external) {
    for (const LocalPort& each : local) {
        const bool tcp = each.protocol == IPPROTO_TCP;
        const bool same_address =
            each.address == IpAddress{} ||
            (option.external ? each.address == *option.external : external.contains(each.address));
        if ((tcp ? option.tcp : option.udp) && same_address && each.port >= option.low &&
            each.port <= option.high) {
            throw std::runtime_error(
                fmt::format("{}: a socket of the router itself has {} {}; end what uses it "
                            "('ss -lnp' names it), or forward another port",
                            what, tcp ? "tcp" : "udp", Endpoint{each.address, each.port}.text()));
        }
    }
}

void check_forwards(Netlink& netlink, const Config& config) {
    if (config.forwards.empty()) {
        return;
    }
    std::set<IpAddress> external;
    for (const std::string& name : config.external) {
        for (const IpPrefix& each : netlink.addresses(require_link(netlink, name).index)) {
            external.insert(each.address);
        }
    }
    for (const ExternalAddressOption& each : config.external_addresses) {
        external.insert(each.address);
    }
    const std::vector<LocalPort> local = local_ports();
    for (const ForwardOption& option : config.forwards) {
        check_forward(option, fmt::format("--forward {}", text(option)), local, external);
    }
}

}  // namespace ctgate
