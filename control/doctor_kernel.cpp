// SPDX-License-Identifier: GPL-2.0-only
// What the kernel can do; found out by trying.
#include <fmt/core.h>
#include <sys/timex.h>

#include <chrono>

#include "control/dataplane.hpp"
#include "control/doctor.hpp"
#include "control/nft.hpp"
#include "control/ruleset.hpp"
#include "control/start_checks.hpp"
#include "control/sysctl.hpp"

namespace ctgate::doctor {
namespace {

Findings functions(const Patient&) {
    check_kernel();
    return {good("BTF, and the functions of conntrack and NAT that the BPF programs call")};
}

Findings programs(const Patient&) {
    Dataplane::try_out();
    return {good("the kernel takes the BPF programs, at TC and in XDP")};
}

// One rule of each sort that the table can have.
Ruleset sample() {
    Ruleset ruleset;
    ruleset.internal = {"inside"};
    ruleset.opened = ruleset.internal;
    ruleset.clamped = {"outside"};
    ruleset.internal_addresses = {*IpAddress::parse("192.0.2.1")};
    ruleset.exempt = {*IpPrefix::parse("192.0.2.0/24")};
    ruleset.one_to_one = {{*IpAddress::parse("198.51.100.3"), *IpAddress::parse("192.0.2.3")}};
    const std::vector<ctgate_port_range> ranges = {{.low = 1024, .high = 65535}};
    ruleset.external = {{"outside",
                         {{*IpAddress::parse("198.51.100.1"), ranges},
                          {*IpAddress::parse("198.51.100.2"), ranges}}}};
    return ruleset;
}

Findings nftables(const Patient& patient) {
    if (!patient.ruleset_error.empty()) {
        return {bad(patient.ruleset_error, "load the module nf_tables: 'modprobe nf_tables'")};
    }
    nft::try_out(sample().text(), "The kernel does not take the nft table 'ip ctgate'");
    return {good("the kernel takes the nft table 'ip ctgate'")};
}

Findings jit(const Patient&) {
    const auto mode = sysctl::read("net/core/bpf_jit_enable");
    if (!mode) {
        return {
            not_applicable("cannot be read in this network namespace; the BPF programs, which "
                           "need it, tell")};
    }
    if (*mode == "0") {
        return {bad("BPF programs are not compiled", "sysctl -w net.core.bpf_jit_enable=1")};
    }
    if (*mode == "2") {
        return {warning("the compiler writes each BPF program into the kernel's log",
                        "sysctl -w net.core.bpf_jit_enable=1")};
    }
    return {good("BPF programs are compiled")};
}

// Nothing here could have been written before.
constexpr std::chrono::sys_days birth = std::chrono::year(2025) / 1 / 1;

Findings clock(const Patient&) {
    const char* const remedy = "'timedatectl set-ntp true', or another NTP client";
    if (std::chrono::system_clock::now() < birth) {
        return {warning("the clock is years behind: times in logs are worth nothing", remedy)};
    }
    timex state{};
    if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
        return {
            warning("the clock is not synchronised: at which time a host had a port cannot be "
                    "told for certain",
                    remedy)};
    }
    return {good("synchronised")};
}

constexpr Check checks[] = {{"kernel-functions", functions},
                            {"bpf-programs", programs},
                            {"nftables", nftables},
                            {"bpf-jit", jit},
                            {"clock", clock}};

}  // namespace

std::span<const Check> kernel_checks() {
    return checks;
}

}  // namespace ctgate::doctor
