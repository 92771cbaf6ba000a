// SPDX-License-Identifier: GPL-2.0-only
// Any text as a configuration file and as a command line: the only exception is ConfigError, every
// problem is one printable line, and what is accepted reads the same when written again.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/option_values.hpp"
#include "control/options.hpp"

namespace {

using ctgate::Config;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void require_sentences(const ctgate::ConfigError& error) {
    require(!error.problems().empty());
    for (const std::string& problem : error.problems()) {
        for (const char c : problem) {
            require(c >= ' ' && c <= '~');
        }
    }
}

template <typename Option>
void require_same_again(const std::vector<Option>& options,
                        ctgate::Complaint (*take)(const std::string&, Config&)) {
    Config scratch;
    for (const Option& option : options) {
        require(!take(ctgate::text(option), scratch));
    }
}

void require_same_again(const Config& config) {
    require_same_again(config.external_addresses, ctgate::take_external_address);
    require_same_again(config.port_ranges, ctgate::take_port_range);
    require_same_again(config.addresses, ctgate::take_address);
    require_same_again(config.routes, ctgate::take_route);
    require_same_again(config.hosts, ctgate::take_host);
    require_same_again(config.forwards, ctgate::take_forward);
    require_same_again(config.one_to_one, ctgate::take_one_to_one);
}

void as_file(const std::string& text) {
    Config config;
    try {
        ctgate::parse_config_text(text, "fuzz.conf", config);
    } catch (const ctgate::ConfigError& error) {
        require_sentences(error);
    }
    require_same_again(config);
}

// One word a line, so that words can be empty or have spaces. No file is read.
std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("--config")) {
            words.push_back(line);
        }
    }
    return words;
}

void as_command_line(const std::string& text) {
    const std::vector<std::string> words = words_of(text);
    try {
        require_same_again(ctgate::parse_options(words).config);
    } catch (const ctgate::ConfigError& error) {
        require_sentences(error);
    }
    try {
        ctgate::parse_common("status", words);
    } catch (const ctgate::ConfigError& error) {
        require_sentences(error);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    as_file(text);
    as_command_line(text);
    return 0;
}
