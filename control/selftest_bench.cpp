// SPDX-License-Identifier: GPL-2.0-only
#include "control/selftest_bench.hpp"

#include "control/netns.hpp"

namespace ctgate::selftest {

Bench::Bench(const Plan& plan, const Interrupts& interrupts)
    : plan_(plan),
      interrupts_(interrupts),
      network_(plan.expected.external),
      wire_a_(network_.a(), interrupts),
      wire_b_(network_.b(), interrupts),
      outside_(network_.outside(), interrupts),
      subject_(network_, plan.against, plan.options, interrupts) {}

std::uint16_t Bench::new_port() {
    next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
    return next_port_;
}

std::string Bench::new_word() {
    return fmt::format("selftest {}", ++next_word_);
}

UdpSocket Bench::udp(const Host& host, std::uint16_t port) {
    return {host, {host.address, port}, interrupts_};
}

UdpSocket Bench::udp(IpAddress server, std::uint16_t port) {
    return {network_.outside(), {server, port}, interrupts_};
}

std::optional<Endpoint> Bench::seen_by(UdpSocket& client, UdpSocket& server) {
    const std::string word = new_word();
    client.send(server.local(), word);
    const auto datagram = server.receive(word);
    return datagram ? std::optional(datagram->from) : std::nullopt;
}

bool Bench::arrives(UdpSocket& from, const Endpoint& to, UdpSocket& at,
                    std::chrono::milliseconds limit) {
    const std::string word = new_word();
    from.send(to, word);
    return at.receive(word, limit).has_value();
}

TcpSocket Bench::tcp(const Host& host, std::uint16_t port) {
    return {host, {host.address, port}, interrupts_};
}

TcpSocket Bench::listener(IpAddress server, std::uint16_t port) {
    TcpSocket socket(network_.outside(), {server, port}, interrupts_);
    socket.listen();
    return socket;
}

std::optional<Connection> Bench::connect(const Host& host, std::uint16_t port,
                                         TcpSocket& listener) {
    TcpSocket client = tcp(host, port);
    client.connect(listener.local());
    auto accepted = listener.accept();
    if (!accepted || !client.connected()) {
        return std::nullopt;
    }
    return Connection{std::move(client), std::move(accepted->socket), accepted->remote,
                      listener.local()};
}

bool Bench::converse(TcpSocket& from, TcpSocket& to) {
    const std::string word = "hello";
    from.send(word);
    return to.receive() == word;
}

std::optional<Session> Bench::entry(std::uint8_t protocol, const Endpoint& source,
                                    const Endpoint& destination) {
    const auto same = [](const Endpoint& one, const Endpoint& other) {
        return one.address == other.address && one.port == other.port;
    };
    return entry([&](const Session& session) {
        return session.protocol == protocol && same(session.source, source) &&
               same(session.destination, destination);
    });
}

std::optional<Session> Bench::entry(const std::function<bool(const Session&)>& wanted) {
    const netns::Scope scope(network_.gateway());
    std::optional<Session> found;
    conntrack::for_each([&](const Session& session) {
        if (wanted(session)) {
            found = session;
        }
    });
    return found;
}

}  // namespace ctgate::selftest
