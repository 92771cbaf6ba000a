// SPDX-License-Identifier: GPL-2.0-only
#include "control/control_socket.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace ctgate {
namespace {

constexpr std::size_t longest_request = 4096;
constexpr timeval patience{1, 0};  // with one who connects and does not ask, or does not listen
constexpr int backlog = 8;

// `flags`: SOCK_NONBLOCK for the listening one: whoever knocked may have gone.
FileDescriptor open_socket(int flags = 0) {
    FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!socket) {
        throw std::system_error(errno, std::generic_category(), "Cannot open a socket");
    }
    return socket;
}

sockaddr_un address_in(const RunDirectory& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory.file("control");
    std::copy_n(path.c_str(), std::min(path.size() + 1, sizeof(address.sun_path)),
                address.sun_path);
    return address;
}

// `function`: bind or connect.
template <typename Function>
bool reach(Function function, const FileDescriptor& socket, const sockaddr_un& address) {
    return function(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
           0;
}

// To the end of what the other side says; empty when it says too much or not all in time.
std::string read_all(const FileDescriptor& socket, std::size_t limit) {
    std::string text;
    std::array<char, longest_request> buffer{};
    ssize_t length = 0;
    while ((length = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(length));
        if (text.size() > limit) {
            return {};
        }
    }
    return length == 0 ? text : std::string();
}

bool send_all(const FileDescriptor& socket, std::string_view text) {
    while (!text.empty()) {
        const ssize_t length = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (length <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(length));
    }
    return ::shutdown(socket.get(), SHUT_WR) == 0;
}

}  // namespace

ControlSocket::ControlSocket(const RunDirectory& directory)
    : listening_(open_socket(SOCK_NONBLOCK)) {
    const sockaddr_un address = address_in(directory);
    ::unlink(address.sun_path);
    if (!reach(::bind, listening_, address) || ::listen(listening_.get(), backlog) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot listen below /run/ctgate for 'ctgate reload'");
    }
}

void ControlSocket::serve(const std::function<std::string(const std::string&)>& answer) const {
    const FileDescriptor client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) {
        return;
    }
    for (const int which : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        ::setsockopt(client.get(), SOL_SOCKET, which, &patience, sizeof(patience));
    }
    if (const std::string request = read_all(client, longest_request); !request.empty()) {
        send_all(client, answer(request));
    }
}

std::optional<std::string> ask_daemon(const RunDirectory& directory, const std::string& request) {
    const FileDescriptor socket = open_socket();
    if (!reach(::connect, socket, address_in(directory)) || !send_all(socket, request)) {
        return std::nullopt;
    }
    const std::string answer = read_all(socket, std::string::npos);
    return answer.empty() ? std::nullopt : std::optional(answer);
}

}  // namespace ctgate
