// SPDX-License-Identifier: GPL-2.0-only
// Processes that live in the lab's namespaces, whoever started them: they would keep the
// namespaces alive after their names are gone.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "control/lab.hpp"
#include "control/netns.hpp"
#include "control/pidfd.hpp"

namespace ctgate::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr auto patience = 2s;  // between SIGTERM and SIGKILL

using NetnsId = std::pair<dev_t, ino_t>;

std::optional<NetnsId> netns_id(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return std::nullopt;
    }
    return NetnsId{info.st_dev, info.st_ino};
}

std::vector<NetnsId> lab_netns_ids() {
    std::vector<NetnsId> ids;
    for (const Host& host : hosts) {
        if (netns::exists(std::string(host.netns))) {
            ids.push_back(netns_id(fmt::format("/run/netns/{}", host.netns)).value());
        }
    }
    return ids;
}

bool lives_in(pid_t pid, const std::vector<NetnsId>& ids) {
    const auto id = netns_id(fmt::format("/proc/{}/ns/net", pid));
    return id && std::find(ids.begin(), ids.end(), *id) != ids.end();
}

// Processes in the lab, held by pidfd so that a reused pid is never hit.
std::vector<FileDescriptor> inhabitants() {
    const std::vector<NetnsId> ids = lab_netns_ids();
    std::vector<FileDescriptor> found;
    if (ids.empty()) {
        return found;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        pid_t pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || *end != '\0' || pid == ::getpid() || !lives_in(pid, ids)) {
            continue;
        }
        FileDescriptor process(::pidfd_open(pid, 0));
        if (process && lives_in(pid, ids)) {
            found.push_back(std::move(process));
        }
    }
    return found;
}

std::vector<FileDescriptor> signal_inhabitants(int signal) {
    std::vector<FileDescriptor> processes = inhabitants();
    for (const FileDescriptor& process : processes) {
        ::pidfd_send_signal(process.get(), signal, nullptr, 0);
    }
    return processes;
}

}  // namespace

void end_processes() {
    signal_inhabitants(SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!inhabitants().empty()) {
        if (std::chrono::steady_clock::now() > deadline) {
            signal_inhabitants(SIGKILL);
        }
        if (std::chrono::steady_clock::now() > deadline + patience) {
            throw std::runtime_error("Processes in the lab do not end; 'ip netns pids' lists them");
        }
        std::this_thread::sleep_for(10ms);
    }
}

}  // namespace ctgate::lab
