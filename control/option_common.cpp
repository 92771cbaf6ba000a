// SPDX-License-Identifier: GPL-2.0-only
// The options of the subcommands that have few.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <utility>

#include "control/option_values.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"

namespace ctgate {
namespace {

namespace po = boost::program_options;

po::options_description describe_common() {
    po::options_description description;
    description.add_options()("netns", po::value<std::string>()->value_name("NAME"), "")(
        "json", "")("help,h", "");
    return description;
}

}  // namespace

CommonOptions parse_common(const std::string& command, Arguments arguments) {
    OptionWords words = split_words(describe_common(), arguments);
    CommonOptions result;
    result.json = words.has("json");
    result.help = words.has("help");
    if (result.help) {
        return result;
    }
    std::vector<std::string> problems = std::move(words.problems);
    for (const std::string& name : words.unknown) {
        problems.push_back(fmt::format("'{0}' has no option {1}; 'ctgate {0} --help' explains it",
                                       command, quote(name)));
    }
    result.netns = netns_of(words, problems);
    if (!problems.empty()) {
        throw ConfigError(std::move(problems));
    }
    result.positional = std::move(words.positional);
    return result;
}

}  // namespace ctgate
