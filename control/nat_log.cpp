// SPDX-License-Identifier: GPL-2.0-only
#include "control/nat_log.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "control/conntrack_names.hpp"
#include "control/log.hpp"

namespace ctgate {
namespace {

constexpr std::size_t enough = 65536;

std::string begin_of(const Event& event) {
    return fmt::format("{} {} {}", time_text(event.time), kind_name(event.kind),
                       conntrack::protocol_name(event.protocol));
}

std::string endpoints_line(const Event& event) {
    return fmt::format("{} {} {}", begin_of(event), event.internal->text(), event.external->text());
}

}  // namespace

std::string nat_log_line(const Event& event, bool blocks) {
    switch (event.kind) {
        case EventKind::MAPPING_CREATED:
        case EventKind::MAPPING_ENDED:
            return blocks ? "" : endpoints_line(event);
        case EventKind::SESSION_CREATED:
        case EventKind::SESSION_ENDED:
            return event.shared ? endpoints_line(event) : "";
        case EventKind::BLOCK_TAKEN:
        case EventKind::BLOCK_RELEASED:
            return fmt::format("{} {} {}:{}-{}", begin_of(event), event.internal->text(),
                               event.external->text(), event.first_port, event.last_port);
        case EventKind::LOST:
            return fmt::format("{} {} {} {}", time_text(event.time), kind_name(event.kind),
                               count_text(event.count), event.reason);
        default:
            return "";
    }
}

bool nat_log_has_sessions(const Config& config) {
    const auto shares = [](const HostOption& host) {
        return host.mapping == MappingBehaviour::address_and_port_dependent;
    };
    return config.behaviour.mapping == MappingBehaviour::address_and_port_dependent ||
           config.overload_when_full ||
           std::any_of(config.hosts.begin(), config.hosts.end(), shares);
}

NatLog::NatLog(const Config& config)
    : name_(config.nat_log), blocks_(config.port_block_size != 0 || config.deterministic) {
    if (name_ == "stderr") {
        prefix_ = is_journal(STDERR_FILENO) ? "<6>nat: " : "ctgate: nat: ";
        return;
    }
    file_ = FileDescriptor(
        ::open(name_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640));
    if (!file_) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot open the NAT log {} for writing", name_));
    }
}

void NatLog::check(const Config& config) {
    if (!config.nat_log.empty()) {
        const NatLog opened(config);
    }
}

void NatLog::write(const Event& event) {
    const std::string line = nat_log_line(event, blocks_);
    if (line.empty()) {
        return;
    }
    lines_ += prefix_ + line + '\n';
    if (lines_.size() > enough) {
        flush();
    }
}

void NatLog::flush() {
    if (lines_.empty()) {
        return;
    }
    std::string before = torn_ ? "\n" : "";
    if (lost_ != 0) {
        before += prefix_ + nat_log_line(lost_event(lost_, "nat_log", ""), blocks_) + '\n';
    }
    const std::string text = before + lines_;
    const ssize_t written = ::write(file_ ? file_.get() : STDERR_FILENO, text.data(), text.size());
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
    if (done < text.size() && lost_ == 0) {
        spdlog::error("Cannot write the NAT log {}, lines of it are lost: {}", name_,
                      written < 0 ? std::generic_category().message(errno) : "no room");
    } else if (done == text.size() && lost_ != 0) {
        spdlog::warn("The NAT log {} can be written again; {} lines are lost", name_, lost_);
    }
    const std::size_t missing = std::max(done, before.size());
    lost_ = done < before.size() ? lost_ : 0;
    lost_ += static_cast<std::uint64_t>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(missing), text.end(), '\n'));
    torn_ = done == 0 ? torn_ : text[done - 1] != '\n';
    lines_.clear();
}

}  // namespace ctgate
