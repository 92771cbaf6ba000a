// SPDX-License-Identifier: GPL-2.0-only
// ctgate restore: what `ctgate save` wrote, into the gateway of this network namespace.
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>

#include "control/commands.hpp"
#include "control/conntrack_names.hpp"
#include "control/file_options.hpp"
#include "control/netns.hpp"
#include "control/process.hpp"
#include "control/restoring.hpp"
#include "control/saved_file.hpp"

namespace ctgate {
namespace {

using nlohmann::ordered_json;

constexpr const char* help =
    R"(Usage: ctgate restore FILE [--netns NAME] [--json]

Brings the sessions and mappings that 'ctgate save' wrote into FILE ('-': standard
input) back into the gateway that serves here: the same one after a reboot, or another
that has its external addresses. Best before traffic gets there; what has meanwhile
begun anew is in the way.

FILE is read to its end first. When it is cut off, changed or of another version,
nothing is restored. Then each mapping and session is restored, unless
  - it is there already: it is left alone, so restoring twice does no harm;
  - it has expired, by the time of day that has passed since it was saved;
  - it cannot be had here, because its external address is none of this gateway's, its
    port is in other use, or for another reason: it is skipped, counted and named.
The firewall has accepted these sessions once and is not asked again. New sessions
never get an external port that a restored one has.

  --netns NAME  the network namespace
  --json        an object: elapsed (seconds), interrupted, mappings and sessions (each
                with restored, already_there, expired and skipped), reasons (how
                often, by name), skipped (the first 100: kind, protocol, internal,
                external, reason)

Exit status: 0, also when some were skipped; 1 something failed, or a signal came in
between: what was restored until then stays; 2 wrong usage; 3 nothing of ctgate serves
this network namespace.
)";

// Input that can be read twice.
class Input {
  public:
    explicit Input(const std::string& name);

    std::ifstream& again() {
        file_.clear();
        file_.seekg(0);
        return file_;
    }

  private:
    void copy(int from);

    std::ifstream file_;
    FileDescriptor memory_;
};

// What is no ordinary file is copied into memory first.
Input::Input(const std::string& name) {
    struct stat info {};
    const bool is_stdin = name == "-";
    if (!is_stdin && ::stat(name.c_str(), &info) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot open {}", name));
    }
    if (!is_stdin && S_ISREG(info.st_mode)) {
        file_.open(name, std::ios::binary);
    } else if (is_stdin) {
        copy(STDIN_FILENO);
    } else {
        throw std::runtime_error(fmt::format(
            "{} is no ordinary file; 'ctgate restore - <{}' reads it from standard input", name,
            name));
    }
    if (!file_) {
        throw std::system_error(errno, std::generic_category(),
                                fmt::format("Cannot open {}", name));
    }
}

void Input::copy(int from) {
    memory_ = memory_file();
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t size = ::read(from, buffer.data(), buffer.size());
        if (size == 0) {
            break;
        }
        if (size < 0 ||
            ::write(memory_.get(), buffer.data(), static_cast<std::size_t>(size)) != size) {
            throw std::system_error(errno, std::generic_category(),
                                    "Cannot read standard input into memory");
        }
    }
    file_.open(fmt::format("/proc/self/fd/{}", memory_.get()), std::ios::binary);
}

// 0 when the clock is behind the one that was saved by: then nobody knows.
std::uint32_t elapsed_since(std::int64_t time) {
    const std::int64_t now = ::time(nullptr);
    if (now < time) {
        fmt::print(stderr,
                   "ctgate: the file is from {} s in the future, by the clock of this machine; "
                   "restored as if no time had passed\n",
                   time - now);
        return 0;
    }
    return static_cast<std::uint32_t>(
        std::min<std::int64_t>(now - time, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t check(Input& input, const std::string& name) {
    saved::Reader reader(input.again(), name);
    while (reader.next()) {
    }
    return reader.header().time;
}

// False: a signal has come.
bool restore_all(Input& input, const std::string& name, Restoring& restoring) {
    const Interrupts interrupts;
    saved::Reader reader(input.again(), name);
    try {
        while (const auto record = reader.next()) {
            interrupts.sleep(std::chrono::milliseconds(0));
            restoring.restore(*record);
        }
    } catch (const Interrupted&) {
        return false;
    }
    return true;
}

ordered_json to_json(const Restored& restored) {
    return {{"restored", restored.done},
            {"already_there", restored.there},
            {"expired", restored.expired},
            {"skipped", restored.skipped}};
}

ordered_json to_json(const Skipped& skipped) {
    return {{"kind", skipped.kind},
            {"protocol", conntrack::protocol_name(skipped.protocol)},
            {"internal", skipped.internal.port == 0 ? ordered_json(nullptr)
                                                    : ordered_json(skipped.internal.text())},
            {"external", skipped.external.text()},
            {"reason", restore_reason(skipped.why)}};
}

void print_json(const Restoring& restoring, std::uint32_t elapsed, bool complete) {
    ordered_json reasons = ordered_json::object();
    for (std::size_t n = 0; n < restoring.reasons().size(); ++n) {
        if (restoring.reasons().at(n) != 0) {
            reasons[restore_reason(static_cast<ctgate_restored>(n))] = restoring.reasons().at(n);
        }
    }
    ordered_json skipped = ordered_json::array();
    for (const Skipped& each : restoring.skipped()) {
        skipped.push_back(to_json(each));
    }
    const ordered_json json = {{"elapsed", elapsed},
                               {"interrupted", !complete},
                               {"mappings", to_json(restoring.mappings())},
                               {"sessions", to_json(restoring.sessions())},
                               {"reasons", reasons},
                               {"skipped", skipped}};
    fmt::print("{}\n", json.dump(2));
}

void print_counts(const char* kind, const Restored& restored) {
    fmt::print("{}: {} restored, {} already there, {} expired, {} skipped\n", kind, restored.done,
               restored.there, restored.expired, restored.skipped);
}

void print_text(const Restoring& restoring, std::uint32_t elapsed) {
    fmt::print("Saved {} s ago\n", elapsed);
    print_counts("mappings", restoring.mappings());
    print_counts("sessions", restoring.sessions());
    for (const Skipped& each : restoring.skipped()) {
        fmt::print("skipped: {} {} {} of {}: {}\n", each.kind,
                   conntrack::protocol_name(each.protocol), each.external.text(),
                   each.internal.port == 0 ? "several" : each.internal.text(),
                   restore_sentence(each.why));
    }
    const std::uint64_t all = restoring.mappings().skipped + restoring.sessions().skipped;
    if (all > restoring.skipped().size()) {
        fmt::print("skipped: {} more\n", all - restoring.skipped().size());
    }
}

}  // namespace

int restore_command(Arguments arguments) {
    const FileOptions given = parse_file_options("restore", "standard input", arguments);
    const CommonOptions& options = given.common;
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    if (!options.netns.empty()) {
        netns::enter(netns::open_named(options.netns));
    }
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr,
                   "ctgate: nothing serves this network namespace that could be restored into; "
                   "'ctgate run' starts it and --netns names another\n");
        return exit_not_serving;
    }
    Input input(given.file);
    const std::uint32_t elapsed = elapsed_since(check(input, given.file));
    Restoring restoring(*directory, *serving, elapsed);
    const bool complete = restore_all(input, given.file, restoring);
    if (options.json) {
        print_json(restoring, elapsed, complete);
    } else {
        print_text(restoring, elapsed);
    }
    if (!complete) {
        fmt::print(stderr, "ctgate: interrupted; the same command goes on with the rest\n");
    }
    return complete ? exit_success : exit_failure;
}

}  // namespace ctgate
