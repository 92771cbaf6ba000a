// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "control/fd.hpp"

namespace ctgate {
namespace {

namespace po = boost::program_options;

constexpr std::size_t largest_file = std::size_t{1} << 20;

[[noreturn]] void cannot_read(const std::string& path, const std::string& reason) {
    throw ConfigError({fmt::format("Cannot read {}: {}", quote(path), reason)});
}

void take_option(const po::option& read, const std::string& place, OptionDraft& draft) {
    const Option* option = find_option(read.string_key);
    if (!option) {
        draft.unknown(read.string_key, place, "");
    } else if (!option->take) {
        draft.problem(fmt::format("{}{} can only stand on the command line", place, option->name));
    } else {
        draft.take(*option, read.value.empty() ? "" : read.value.front(), place + option->name);
    }
}

// Boost gets the lines one by one: it stops at the first that it cannot read, and does not say
// which one that was. It takes "[NAME]" for the prefix of all names that follow, silently.
void take_line(const std::string& line, const std::string& place,
               const po::options_description& description, OptionDraft& draft) {
    std::istringstream stream(line);
    try {
        const po::parsed_options read = po::parse_config_file(stream, description, true);
        for (const po::option& option : read.options) {
            take_option(option, place, draft);
        }
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (read.options.empty() && first != std::string::npos && line[first] != '#') {
            draft.problem(fmt::format("{}{} begins a section; there are none, only options", place,
                                      quote(line)));
        }
    } catch (const po::error&) {
        draft.problem(fmt::format("{}{} is not of the form 'name = value'", place, quote(line)));
    }
}

}  // namespace

std::string read_config_file(const std::string& path) {
    // O_NONBLOCK: a FIFO would wait for somebody to write.
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
        cannot_read(path, std::strerror(errno));
    }
    if (S_ISFIFO(found.st_mode)) {
        cannot_read(path, "it is a pipe, which cannot be read again at a reload; write a file");
    }
    std::string text;
    std::array<char, 4096> buffer{};
    while (const ssize_t count = ::read(file.get(), buffer.data(), buffer.size())) {
        if (count < 0) {
            cannot_read(path, std::strerror(errno));
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > largest_file) {
            cannot_read(path, "it is larger than 1 MiB; is it a configuration file?");
        }
    }
    return text;
}

void take_config_text(const std::string& text, const std::string& name, OptionDraft& draft) {
    draft.begin_source();
    const po::options_description description = describe_options();
    std::istringstream lines(text);
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
        take_line(line, fmt::format("{}:{}: ", name, ++number), description, draft);
    }
}

}  // namespace ctgate
