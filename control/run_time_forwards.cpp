// SPDX-License-Identifier: GPL-2.0-only
#include "control/run_time_forwards.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "control/option_values.hpp"

namespace ctgate {
namespace {

using nlohmann::json;

constexpr std::uint32_t first_number = std::uint32_t{1} << 31;

FileDescriptor lock(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    int result = -1;
    do {
        result = file ? ::flock(file.get(), LOCK_EX) : -1;
    } while (file && result != 0 && errno == EINTR);
    if (result != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot lock the port forwards of this network namespace; "
                                "'ctgate down' may be at work");
    }
    return file;
}

std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

RunTimeForwards::RunTimeForwards(const RunDirectory& directory)
    : path_(directory.file("forwards")),
      lock_(lock(path_ + ".lock")),
      all_(from_file(read(path_))) {}

void RunTimeForwards::write(std::vector<ForwardOption> forwards) {
    const std::string fresh = path_ + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << to_file(forwards) << '\n';
    file.close();
    if (!file || std::rename(fresh.c_str(), path_.c_str()) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot write below /run/ctgate");
    }
    all_ = std::move(forwards);
}

std::uint32_t RunTimeForwards::free_number() const {
    return ctgate::free_number(all_);
}

Config merged(Config config, const std::vector<ForwardOption>& forwards) {
    config.forwards.insert(config.forwards.end(), forwards.begin(), forwards.end());
    return config;
}

std::string to_file(const std::vector<ForwardOption>& forwards) {
    json document = json::array();
    for (const ForwardOption& each : forwards) {
        document.push_back({{"forward", text(each)}, {"number", each.number}});
    }
    return document.dump(1);
}

std::vector<ForwardOption> from_file(const std::string& text) {
    Config config;
    try {
        for (const json& each : json::parse(text)) {
            if (!take_forward(each.at("forward"), config)) {
                config.forwards.back().number = each.at("number");
            }
        }
    } catch (const json::exception&) {
        return {};
    }
    return config.forwards;
}

std::uint32_t free_number(const std::vector<ForwardOption>& forwards) {
    std::uint32_t number = first_number;
    for (const ForwardOption& each : forwards) {
        number = std::max(number, each.number + 1);
    }
    return number;
}

}  // namespace ctgate
