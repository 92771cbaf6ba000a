// SPDX-License-Identifier: GPL-2.0-only
// ctgate forward: port forwards at run time, with a daemon or without.
#include "control/forward.hpp"

#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>

#include "control/commands.hpp"
#include "control/netns.hpp"
#include "control/option_values.hpp"
#include "control/options.hpp"
#include "control/pinned_forwards.hpp"
#include "control/run_time_forwards.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

constexpr const char* help =
    R"(Usage: ctgate forward add FORWARD [--netns NAME]
       ctgate forward del FORWARD [--netns NAME]
       ctgate forward list [--netns NAME] [--json]

Port forwards at run time, beside those of --forward. FORWARD is written as there:
PROTO:[EXTERNAL:]PORTS:INTERNAL:PORTS[,from=CIDR]...[,not-from=CIDR]...

They take effect at once, whether or not a daemon runs, and last until 'ctgate down',
a reload (SIGHUP) or another 'ctgate run': these know the configuration alone. One that
is to stay belongs there, as 'forward = FORWARD'.

add   A mapping that has such a port loses it; its sessions go on.
del   FORWARD as 'list' shows it. Sessions through it go on; no new ones are made.
list  configured ones and those made at run time, one line for each external address.
  open     whether it is in force there, as read from the dataplane

  --netns NAME  the network namespace
  --json        (list) an array of objects: forward (as 'del' takes it), origin
                (configured or run-time), protocols, external and internal (each
                with address, and ports with low and high; the address of external
                is null where it is for every one), from and not_from (prefixes of
                remote addresses), open_at (external addresses where it is in
                force). New fields may be added.

Exit status: 0; 1 something failed: the port is taken, or there is no such forward;
2 wrong usage; 3 nothing of ctgate serves this network namespace.
)";

// What serves the namespace the thread is in; the lock is held.
class Running {
  public:
    Running(const RunDirectory& directory, Serving serving)
        : run_time_(directory), maps_(directory), serving_(std::move(serving)) {
        // Under the lock: the daemon may just have changed over.
        serving_ = Serving::read(directory).value_or(serving_);
    }

    std::vector<ForwardOption> forwards() const { return with(run_time_.all()).forwards; }
    std::vector<ForwardRow> rows() const {
        return forward_rows(forwards(), serving_, maps_.in_force(with(run_time_.all()), serving_));
    }
    void add(ForwardOption option);
    void remove(const std::string& option);

  private:
    Config with(const std::vector<ForwardOption>& run_time) const {
        Config config;
        config.forwards = serving_.forwards;
        return merged(std::move(config), run_time);
    }
    void change_to(std::vector<ForwardOption> run_time);

    RunTimeForwards run_time_;
    PinnedForwards maps_;
    Serving serving_;
};

void Running::add(ForwardOption option) {
    if (const std::string complaint = add_complaint(option, forwards()); !complaint.empty()) {
        throw std::runtime_error(complaint);
    }
    if (option.external && maps_.one_to_one_host(*option.external)) {
        throw std::runtime_error(
            fmt::format("Cannot forward {}: {} belongs to one internal host as a whole "
                        "(--one-to-one); forward a port of another address",
                        text(option), option.external->text()));
    }
    check_forward(option, fmt::format("Cannot forward {}", text(option)), local_ports(),
                  serving_.addresses());
    option.number = run_time_.free_number();
    std::vector<ForwardOption> wanted = run_time_.all();
    wanted.push_back(std::move(option));
    change_to(std::move(wanted));
}

void Running::remove(const std::string& option) {
    std::vector<ForwardOption> wanted = run_time_.all();
    std::erase_if(wanted, [&](const ForwardOption& each) { return text(each) == option; });
    change_to(std::move(wanted));
}

// The file last: what it lists is in force.
void Running::change_to(std::vector<ForwardOption> run_time) {
    try {
        maps_.set(with(run_time), serving_);
        run_time_.write(std::move(run_time));
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        maps_.set(with(run_time_.all()), serving_);
        std::rethrow_exception(cause);
    }
}

ForwardOption parse_forward(const std::string& verb, const std::string& value) {
    Config config;
    if (const Complaint complaint = take_forward(value, config)) {
        throw ConfigError({fmt::format("forward {} {} {}", verb, quote(value), *complaint)});
    }
    return config.forwards.front();
}

void add(Running& running, const ForwardOption& option) {
    running.add(option);
    const std::string name = text(option);
    fmt::print(
        "{0} lasts until 'ctgate down', a reload or another 'ctgate run'; to keep it, write "
        "'forward = {0}' into the configuration file\n",
        name);
    const auto rows = running.rows();
    if (rows.back().places.empty()) {
        fmt::print("It waits for {}, which no external interface has now\n",
                   option.external ? option.external->text() : "an external address");
    }
}

void del(Running& running, const ForwardOption& option) {
    if (const std::string complaint = del_complaint(option, running.forwards());
        !complaint.empty()) {
        throw std::runtime_error(complaint);
    }
    running.remove(text(option));
}

struct Request {
    CommonOptions options;
    std::string verb;
    std::optional<ForwardOption> forward;
};

Request parse(Arguments arguments) {
    Request request{parse_common("forward", arguments), "", std::nullopt};
    if (request.options.help) {
        return request;
    }
    const std::vector<std::string>& words = request.options.positional;
    request.verb = words.empty() ? "" : words[0];
    const bool list = request.verb == "list" && words.size() == 1;
    const bool change = (request.verb == "add" || request.verb == "del") && words.size() == 2;
    if (!list && !change) {
        throw ConfigError(
            {"'forward' takes 'add FORWARD', 'del FORWARD' or 'list'; "
             "'ctgate forward --help' explains them"});
    }
    if (change && request.options.json) {
        throw ConfigError({fmt::format("'forward {}' has no --json", request.verb)});
    }
    if (change) {
        request.forward = parse_forward(request.verb, words[1]);
    }
    return request;
}

}  // namespace

std::string add_complaint(const ForwardOption& option, const std::vector<ForwardOption>& others) {
    const auto holder = std::find_if(others.begin(), others.end(), [&](const ForwardOption& each) {
        return overlap(each, option);
    });
    if (holder == others.end()) {
        return "";
    }
    const std::string name = text(*holder);
    return holder->number != 0
               ? fmt::format(
                     "Cannot forward {}: '{}', made at run time, has such a port; 'ctgate "
                     "forward del {}' ends that",
                     text(option), name, name)
               : fmt::format(
                     "Cannot forward {}: '{}' of the configuration has such a port; take "
                     "that out and reload, or forward another port",
                     text(option), name);
}

std::string del_complaint(const ForwardOption& option, const std::vector<ForwardOption>& others) {
    const std::string name = text(option);
    const auto found = std::find_if(others.begin(), others.end(),
                                    [&](const ForwardOption& each) { return text(each) == name; });
    if (found == others.end()) {
        return fmt::format(
            "There is no port forward '{}'; 'ctgate forward list' shows those that "
            "there are",
            name);
    }
    return found->number != 0
               ? ""
               : fmt::format("'{}' is configured; take it out of the configuration and reload",
                             name);
}

std::vector<ForwardRow> forwards_now(const RunDirectory& directory, const Serving& serving) {
    return Running(directory, serving).rows();
}

int forward_command(Arguments arguments) {
    const Request request = parse(arguments);
    if (request.options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    // What is done in the dataplane is told by our own words.
    spdlog::set_level(spdlog::level::warn);
    if (!request.options.netns.empty()) {
        netns::enter(netns::open_named(request.options.netns));
    }
    const auto directory = RunDirectory::find();
    const auto serving = directory ? Serving::read(*directory) : std::nullopt;
    if (!serving) {
        fmt::print(stderr,
                   "ctgate: nothing serves this network namespace; 'ctgate run' starts it "
                   "and --netns names another\n");
        return exit_not_serving;
    }
    Running running(*directory, *serving);
    if (request.verb == "add") {
        add(running, *request.forward);
    } else if (request.verb == "del") {
        del(running, *request.forward);
    } else {
        print_forwards(running.rows(), request.options.json);
    }
    return exit_success;
}

}  // namespace ctgate
