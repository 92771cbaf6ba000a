// SPDX-License-Identifier: GPL-2.0-only
// ctgate reload, ctgate confirm: what they ask the daemon for, and its answers.
#include <fmt/core.h>

#include <boost/program_options.hpp>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/commands.hpp"
#include "control/config.hpp"
#include "control/control_socket.hpp"
#include "control/netns.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"
#include "control/run_directory.hpp"

namespace ctgate {
namespace {

namespace po = boost::program_options;
using nlohmann::ordered_json;

constexpr const char* reload_help =
    R"(Usage: ctgate reload [--dry-run | --confirm SECONDS] [--netns NAME] [--json]

Lets the daemon of this network namespace, or of the named one, read the file of its
--config again, and waits for what comes of it. Sessions that are still allowed go on. A
file with errors is refused as a whole, with every problem named, and the old
configuration stays.

  --dry-run          say what would change and which sessions could not go on; change
                     nothing
  --confirm SECONDS  go back to the earlier configuration, and the port forwards made at
                     run time beside it, unless 'ctgate confirm' comes in this time (1 to
                     3600): for who may lock himself out. SIGHUP, a reload without
                     --confirm, or another daemon does not change that
  --netns NAME       the network namespace
  --json             an object: ok, problems, changes (each an option, and what becomes
                     of it), cut (the sessions that could not go on; only of --dry-run),
                     seconds_to_confirm (left; null: there is nothing to confirm)

Exit status: 0 reloaded, or it would be; 1 refused, or something failed; 2 wrong usage;
3 no daemon serves this network namespace.
)";

constexpr const char* confirm_help =
    R"(Usage: ctgate confirm [--netns NAME] [--json]

Keeps the configuration that 'ctgate reload --confirm' has brought.

  --netns NAME  the network namespace
  --json        an object: ok, problems

Exit status: 0 it stays; 1 there was nothing to confirm, or it was too late; 2 wrong
usage; 3 no daemon serves this network namespace.
)";

constexpr unsigned longest_seconds = 3600;

struct ReloadOptions {
    bool dry_run = false;
    unsigned confirm = 0;  // seconds
    bool json = false;
    bool help = false;
    std::string netns;
};

ReloadOptions parse_reload(Arguments arguments) {
    po::options_description description;
    description.add_options()("help,h", "")("dry-run", "")("json", "")(
        "confirm", po::value<std::string>(), "")("netns", po::value<std::string>(), "");
    const OptionWords given = split_words(description, arguments);
    std::vector<std::string> problems = given.problems;
    ReloadOptions options{given.has("dry-run"), 0, given.has("json"), given.has("help"),
                          netns_of(given, problems)};
    for (const auto* words : {&given.unknown, &given.positional}) {
        for (const std::string& word : *words) {
            problems.push_back(fmt::format("'reload' does not know '{}'", word));
        }
    }
    if (given.has("confirm")) {
        const std::string text = given.value_of("confirm");
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), options.confirm);
        if (error != std::errc() || end != text.data() + text.size() || options.confirm == 0 ||
            options.confirm > longest_seconds) {
            problems.push_back(
                fmt::format("--confirm '{}' is no number of seconds from 1 to 3600", text));
        }
        if (options.dry_run) {
            problems.emplace_back("--dry-run changes nothing that --confirm could keep");
        }
    }
    if (!options.help && !problems.empty()) {
        throw ConfigError(problems);
    }
    return options;
}

// Of the daemon in the network namespace `netns`; null: there is none.
ordered_json ask(const std::string& netns, const ordered_json& request) {
    if (!netns.empty()) {
        netns::enter(netns::open_named(netns));
    }
    const auto directory = RunDirectory::find();
    const auto answer = directory ? ask_daemon(*directory, request.dump()) : std::nullopt;
    ordered_json read = answer ? ordered_json::parse(*answer, nullptr, false) : ordered_json();
    if (!read.is_object()) {
        fmt::print(stderr,
                   "ctgate: no daemon serves this network namespace; 'ctgate run' starts "
                   "one and --netns names another namespace\n");
        return nullptr;
    }
    return read;
}

void print_problems(const ordered_json& answer) {
    for (const std::string problem : answer.at("problems")) {
        fmt::print(stderr, "ctgate: {}\n", problem);
    }
}

void print_lines(const ordered_json& lines) {
    for (const std::string line : lines) {
        fmt::print("  {}\n", line);
    }
}

void print_reload(const ReloadOptions& options, const ordered_json& answer) {
    if (!answer.at("ok")) {
        print_problems(answer);
        fmt::print(stderr, "ctgate: {}the old configuration stays\n",
                   options.dry_run ? "this would be refused: " : "");
        return;
    }
    const ordered_json& changes = answer.at("changes");
    const char* verb = options.dry_run ? "would change" : "changed";
    fmt::print("{} {}{}\n", changes.empty() ? "Nothing" : "This", verb, changes.empty() ? "" : ":");
    print_lines(changes);
    const ordered_json& cut = answer.at("cut");
    if (options.dry_run) {
        fmt::print("{}\n", cut.empty() ? "All sessions would go on" : "These sessions would end:");
        print_lines(cut);
    }
    if (const ordered_json& left = answer.at("seconds_to_confirm"); !left.is_null()) {
        fmt::print("'ctgate confirm' keeps it; otherwise it goes back in {} s\n",
                   left.get<unsigned>());
    }
}

int status_of(const ordered_json& answer) {
    return answer.at("ok") ? exit_success : exit_failure;
}

}  // namespace

int reload_command(Arguments arguments) {
    const ReloadOptions options = parse_reload(arguments);
    if (options.help) {
        fmt::print("{}", reload_help);
        return exit_success;
    }
    const ordered_json answer =
        ask(options.netns,
            {{"command", options.dry_run ? "preview" : "reload"}, {"confirm", options.confirm}});
    if (answer.is_null()) {
        return exit_not_serving;
    }
    if (options.json) {
        fmt::print("{}\n", answer.dump(2));
    } else {
        print_reload(options, answer);
    }
    return status_of(answer);
}

int confirm_command(Arguments arguments) {
    const CommonOptions options = parse_common("confirm", arguments);
    if (options.help) {
        fmt::print("{}", confirm_help);
        return exit_success;
    }
    if (!options.positional.empty()) {
        throw ConfigError({fmt::format("'confirm' does not know '{}'", options.positional[0])});
    }
    const ordered_json answer = ask(options.netns, {{"command", "confirm"}});
    if (answer.is_null()) {
        return exit_not_serving;
    }
    if (options.json) {
        fmt::print(
            "{}\n",
            ordered_json{{"ok", answer.at("ok")}, {"problems", answer.at("problems")}}.dump(2));
    } else if (answer.at("ok")) {
        fmt::print("The configuration stays\n");
    } else {
        print_problems(answer);
    }
    return status_of(answer);
}

}  // namespace ctgate
