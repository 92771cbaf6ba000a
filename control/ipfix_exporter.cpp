// SPDX-License-Identifier: GPL-2.0-only
#include "control/ipfix_exporter.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "control/netns.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// UDP may lose them, and a collector may start after us (RFC 7011 section 8.4).
constexpr auto template_interval = 60s;
constexpr auto warning_interval = 60s;

FileDescriptor connect_to(const Endpoint& collector) {
    FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(collector.port);
    address.sin_addr.s_addr = collector.address.v4;
    if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                             sizeof(address)) != 0) {
        // Without a route now, there may be one later.
        return {};
    }
    return socket;
}

}  // namespace

// Gateways of one machine differ by their network namespaces.
IpfixExporter::IpfixExporter(const Endpoint& collector)
    : collector_(collector.text()), message_(static_cast<std::uint32_t>(netns::current_cookie())) {}

void IpfixExporter::set_limits(const Config& config) {
    message_.set_limits(config.max_sessions_per_host, config.max_ports_per_host);
}

void IpfixExporter::resend_templates() {
    if (Clock::now() >= templates_due_) {
        send();
        message_.add_templates();
        templates_due_ = Clock::now() + template_interval;
    }
}

void IpfixExporter::write(const Event& event) {
    resend_templates();
    if (!message_.add(event)) {
        send();
        message_.add(event);
    }
}

void IpfixExporter::flush() {
    resend_templates();
    send();
}

void IpfixExporter::send() {
    if (message_.empty()) {
        return;
    }
    if (!socket_) {
        socket_ = connect_to(Endpoint::parse(collector_).value());
    }
    const std::string message = message_.finish(static_cast<std::uint32_t>(std::time(nullptr)));
    const bool sent = socket_ && ::send(socket_.get(), message.data(), message.size(),
                                        MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    // A collector that is not there answers ICMP, which every second message hears of.
    if (!sent && Clock::now() >= next_warning_) {
        next_warning_ = Clock::now() + warning_interval;
        spdlog::warn("Cannot send to the IPFIX collector {}, events are lost: {}", collector_,
                     std::generic_category().message(errno));
    }
}

}  // namespace ctgate
