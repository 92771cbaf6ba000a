// SPDX-License-Identifier: GPL-2.0-only
// The kernel's connection tracking table.
#include <fmt/core.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

#include "control/conntrack.hpp"
#include "control/doctor.hpp"
#include "control/doctor_judgements.hpp"
#include "control/sysctl.hpp"

namespace ctgate::doctor {
namespace {

const char* const limit_setting = "net/netfilter/nf_conntrack_max";

std::uint64_t number(const std::string& name) {
    const std::string text = sysctl::read(name).value_or("0");
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Findings limit(const Patient& patient) {
    return judge_limit(conntrack::limit(), patient.config.max_sessions,
                       !patient.gateway && sysctl::writable(limit_setting));
}

Findings room(const Patient&) {
    return judge_room(conntrack::count(), conntrack::limit());
}

Findings buckets(const Patient&) {
    return judge_buckets(conntrack::limit(), number("net/netfilter/nf_conntrack_buckets"));
}

Findings losses(const Patient&) {
    std::ifstream file("/proc/net/stat/nf_conntrack");
    if (!file) {
        return {not_applicable("the kernel does not count them in /proc/net/stat/nf_conntrack")};
    }
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return judge_losses(parse_conntrack_losses(text));
}

Findings accounting(const Patient& patient) {
    const bool on = number("net/netfilter/nf_conntrack_acct") != 0;
    const bool stack = patient.gateway ? patient.gateway->serving.short_path.mode == FastPath::off
                                       : patient.config.fast_path == FastPath::off;
    if (on && !stack) {
        return {
            warning("conntrack counts bytes (nf_conntrack_acct), but does not see those of "
                    "established sessions, which take the short path",
                    "--fast-path off, if these counts are needed")};
    }
    return {good(on ? "conntrack counts bytes, and sees all of them" : "off")};
}

constexpr Check checks[] = {{"conntrack-limit", limit},
                            {"conntrack-room", room},
                            {"conntrack-buckets", buckets},
                            {"conntrack-losses", losses},
                            {"conntrack-accounting", accounting}};

}  // namespace

Findings judge_limit(std::uint64_t limit, std::uint64_t wanted, bool settable) {
    if (limit == 0 || wanted <= limit) {
        return {good(limit == 0 ? "any number of sessions" : fmt::format("{} sessions", limit))};
    }
    if (settable) {
        return {good(fmt::format("{} sessions; 'ctgate run' raises it to {}", limit, wanted))};
    }
    return {
        warning(fmt::format("--max-sessions {} is not in force: the kernel's limit is {}, which "
                            "only the initial network namespace may change",
                            wanted, limit),
                fmt::format("there: sysctl -w net.netfilter.nf_conntrack_max={}", wanted))};
}

Findings judge_room(std::uint64_t count, std::uint64_t limit) {
    const std::string found = fmt::format("{} of {} sessions", count, limit);
    if (limit == 0 || count < limit / 10 * 9) {
        return {good(found)};
    }
    return {bad(fmt::format("nearly full, {}: new ones are about to be refused", found),
                fmt::format("--max-sessions {0}, or in the initial network namespace: sysctl -w "
                            "net.netfilter.nf_conntrack_max={0}",
                            limit * 2))};
}

Findings judge_buckets(std::uint64_t limit, std::uint64_t buckets) {
    constexpr std::uint64_t most = 8;  // sessions of a bucket; each is in two
    const std::string found = fmt::format("{} for up to {} sessions", buckets, limit);
    if (buckets == 0 || limit / buckets <= most) {
        return {good(found)};
    }
    return {warning(fmt::format("{}: each look-up goes through long chains", found),
                    fmt::format("in the initial network namespace: sysctl -w "
                                "net.netfilter.nf_conntrack_buckets={}",
                                limit))};
}

// A line of names, then for each processor one of hexadecimal numbers.
ConntrackLosses parse_conntrack_losses(const std::string& text) {
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    std::istringstream heading(line);
    const std::vector<std::string> names((std::istream_iterator<std::string>(heading)), {});
    ConntrackLosses losses;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string word;
        for (std::size_t n = 0; n < names.size() && words >> word; ++n) {
            std::uint64_t value = 0;
            std::from_chars(word.data(), word.data() + word.size(), value, 16);
            if (names[n] == "insert_failed") {
                losses.insert_failed += value;
            } else if (names[n] == "drop") {
                losses.drop += value;
            } else if (names[n] == "early_drop") {
                losses.early_drop += value;
            }
        }
    }
    return losses;
}

Findings judge_losses(const ConntrackLosses& losses) {
    Findings problems;
    if (losses.drop != 0 || losses.early_drop != 0) {
        problems.push_back(warning(
            fmt::format("{} packets dropped, mostly because the table was full, {} unanswered "
                        "sessions given up for others, since this network namespace began",
                        losses.drop, losses.early_drop),
            "--max-sessions, larger; --max-sessions-per-host against a host that takes all"));
    }
    if (losses.insert_failed != 0) {
        problems.push_back(
            warning(fmt::format("{} first packets dropped because their session clashed with "
                                "another",
                                losses.insert_failed),
                    "nothing, if they are few: hosts send again. Else more external ports or "
                    "addresses: --port-range, --external-address"));
    }
    return unless_good(problems, "none since this network namespace began");
}

std::span<const Check> conntrack_checks() {
    return checks;
}

}  // namespace ctgate::doctor
