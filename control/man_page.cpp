// SPDX-License-Identifier: GPL-2.0-only
// ctgate man-page: completes the source of the man page (docs/ctgate.8.scd, on standard input) when
// it is built. In the section of run's options, names, values, groups and order are those of the
// table of options, and the prose is that of the source; an option without prose gets its --help.
#include <fmt/format.h>

#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "control/build_commands.hpp"
#include "control/completion.hpp"

namespace ctgate {
namespace {

constexpr std::string_view section = "# OPTIONS OF RUN AND CHECK";

// Paragraphs of the source, by the name of their option, or by the heading they stand below.
using Paragraphs = std::map<std::string, std::string>;

// "*--attach* auto|tcx": attach; "*-h*, *--help*": help. Empty for other lines.
std::string option_of(const std::string& line) {
    const std::size_t begin = line.find("*--");
    const std::size_t end = line.find('*', begin + 1);
    if (!line.starts_with('*') || begin == std::string::npos || end == std::string::npos) {
        return "";
    }
    return line.substr(begin + 3, end - begin - 3);
}

// Up to the next section, of which `line` is then the heading.
Paragraphs read_section(std::istream& source, std::string& line) {
    Paragraphs paragraphs;
    std::string name;
    while (std::getline(source, line) && !line.starts_with("# ")) {
        if (line.starts_with("## ")) {
            name = line;
        } else if (const std::string option = option_of(line); !option.empty()) {
            if (!find_option(option)) {
                throw std::runtime_error(
                    fmt::format("The man page explains --{}, which is no option of 'run'", option));
            }
            name = option;
        } else {
            paragraphs[name] += line + '\n';
        }
    }
    return paragraphs;
}

// "[IF=]ADDR" with what stands for something underlined: "[_IF_=]_ADDR_".
std::string underlined(std::string_view value) {
    std::string result;
    bool within = false;
    for (const char each : value) {
        const bool capital = each >= 'A' && each <= 'Z';
        result += capital != within ? "_" : "";
        result += each;
        within = capital;
    }
    return result + (within ? "_" : "");
}

std::string heading_of(const Option& option) {
    if (option.name == std::string_view("help")) {
        return "*-h*, *--help*";
    }
    std::string name = fmt::format("*--{}*", option.name);
    if (option.value == nullptr) {
        return name;
    }
    const auto choices = completion::choices_of(option);
    const std::string value =
        choices.empty() ? underlined(option.value) : fmt::format("{}", fmt::join(choices, "|"));
    return option.implicit ? fmt::format("{}[={}]", name, value) : name + " " + value;
}

// Without the empty lines around it.
std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of('\n');
    return begin == std::string::npos ? ""
                                      : text.substr(begin, text.find_last_not_of('\n') + 1 - begin);
}

void print_section(Paragraphs paragraphs) {
    for (const OptionGroup& group : option_groups()) {
        const std::string_view words = group.heading;
        const std::string heading = fmt::format("## {}", words.substr(0, words.find(" (")));
        fmt::print("\n{}\n", heading);
        if (const std::string text = trimmed(paragraphs[heading]); !text.empty()) {
            fmt::print("\n{}\n", text);
        }
        for (const Option& option : group.options) {
            const std::string prose = trimmed(paragraphs[option.name]);
            fmt::print("\n{}\n{}\n", heading_of(option),
                       prose.empty() ? fmt::format("\t{}", option.help) : prose);
        }
    }
}

}  // namespace

int man_page_command(Arguments /*none*/) {
    for (std::string line; std::getline(std::cin, line);) {
        fmt::print("{}\n", line);
        if (line == section) {
            print_section(read_section(std::cin, line));
            fmt::print("\n{}\n", line);
        }
    }
    return exit_success;
}

}  // namespace ctgate
