// SPDX-License-Identifier: GPL-2.0-only
#include "control/lab_services.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <utility>

#include "control/lab.hpp"
#include "control/netns.hpp"

namespace ctgate::lab {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t web_file_bytes = 4 << 20;
constexpr auto ready_limit = 10s;
constexpr auto ready_interval = 10ms;

// Program and Debian package.
constexpr std::pair<const char*, const char*> needed_programs[] = {
    {"curl", "curl"},           {"python3", "python3"},     {"dnsmasq", "dnsmasq-base"},
    {"dig", "bind9-dnsutils"},  {"ping", "iputils-ping"},   {"tcpdump", "tcpdump"},
    {"conntrack", "conntrack"}, {"sha256sum", "coreutils"},
};

void create_web_file() {
    std::filesystem::create_directories(web_directory);
    std::mt19937_64 random(std::random_device{}());
    std::vector<std::uint64_t> words(web_file_bytes / sizeof(std::uint64_t));
    std::generate(words.begin(), words.end(), std::ref(random));
    std::ofstream file(fmt::format("{}/{}", web_directory, web_file), std::ios::binary);
    file.write(reinterpret_cast<const char*>(words.data()), web_file_bytes);
    if (!file.flush()) {
        throw std::runtime_error(fmt::format("Cannot write {}/{}", web_directory, web_file));
    }
}

// -u: "Serving HTTP" must not wait in a buffer.
Words web_command() {
    create_web_file();
    return {"python3", "-u",           "-m",          "http.server", "8080",
            "--bind",  "198.51.100.2", "--directory", web_directory};
}

// Nothing from this machine's own configuration of dnsmasq.
Words dns_command() {
    return {"dnsmasq",
            "--no-daemon",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--pid-file=",
            "--user=root",
            "--bind-interfaces",
            "--listen-address=198.51.100.2",
            "--address=/lab.example/198.51.100.2"};
}

// Inbound packets only: what the gateway let out.
Words capture_command() {
    return {"tcpdump", "-n", "-t", "-l", "--immediate-mode", "-i", "eth0", "-Q", "in", "ip"};
}

Process start(const Words& words, const FileDescriptor& output) {
    const netns::Scope scope(open_netns(server));
    return {words, output};
}

}  // namespace

void require_programs() {
    std::string missing;
    std::set<std::string> packages;
    for (const auto& [program, package] : needed_programs) {
        if (!find_program(program)) {
            missing += fmt::format("{}'{}'", missing.empty() ? "" : ", ", program);
            packages.insert(package);
        }
    }
    if (!packages.empty()) {
        throw std::runtime_error(fmt::format("The demo needs {}; 'apt-get install {}' brings them",
                                             missing, fmt::join(packages, " ")));
    }
}

Services::Service::Service(const Words& words, const char* ready, const Interrupts& interrupts)
    : output(memory_file()), process(start(words, output)) {
    const auto deadline = std::chrono::steady_clock::now() + ready_limit;
    while (contents_of(output).find(ready) == std::string::npos) {
        if (process.wait(ready_interval, &interrupts) ||
            std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(fmt::format("The lab's {} does not serve; it says:\n{}",
                                                 words[0], contents_of(output)));
        }
    }
}

Services::Services(const Interrupts& interrupts)
    : web_(web_command(), "Serving HTTP", interrupts),
      dns_(dns_command(), "started", interrupts),
      capture_(capture_command(), "listening on", interrupts) {}

std::string Services::end_capture() {
    capture_.process.stop();
    return contents_of(capture_.output);
}

void Services::release() {
    web_.process.release();
    dns_.process.release();
}

}  // namespace ctgate::lab
