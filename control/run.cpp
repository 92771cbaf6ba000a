// SPDX-License-Identifier: GPL-2.0-only
// ctgate run: the daemon.
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <set>
#include <system_error>

#include "control/commands.hpp"
#include "control/control_socket.hpp"
#include "control/event_hub.hpp"
#include "control/gateway.hpp"
#include "control/http_server.hpp"
#include "control/http_socket.hpp"
#include "control/kernel_modules.hpp"
#include "control/log.hpp"
#include "control/monitor.hpp"
#include "control/netns.hpp"
#include "control/observer.hpp"
#include "control/option_values.hpp"
#include "control/options.hpp"
#include "control/options_in_force.hpp"
#include "control/privileges.hpp"
#include "control/process.hpp"
#include "control/reloading.hpp"
#include "control/start_checks.hpp"
#include "control/watchdog.hpp"

namespace ctgate {
namespace {

constexpr const char* usage =
    R"(Usage: ctgate run --internal IF --external IF [OPTION...]

Serves the current network namespace (or that of --netns) in the foreground, until
SIGTERM or SIGINT. What it set up goes on without it: sessions, also new ones, are
translated; a new 'ctgate run' takes over, 'ctgate down' ends it. SIGHUP, or better
'ctgate reload', reads the file of --config again; a file with errors is refused as a
whole.

)";

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto watch_interval = 1s;  // between two looks for what somebody has removed of ours
constexpr auto ports_interval = 5s;  // between two looks at the router's own sockets

// A namespace that was created for a gateway that could not be set up goes again.
class NewNetns {
  public:
    explicit NewNetns(const std::string& name) {
        if (!name.empty() && !netns::exists(name)) {
            netns::create(name);
            name_ = name;
        }
    }
    ~NewNetns() {
        if (!name_.empty()) {
            netns::remove(name_);
        }
    }
    NewNetns(const NewNetns&) = delete;
    NewNetns& operator=(const NewNetns&) = delete;

    bool exists() const { return !name_.empty(); }
    void keep() { name_.clear(); }

  private:
    std::string name_;
};

// For `ctgate show config`; nothing else depends on it.
void note_options(const ParsedOptions& options) {
    try {
        write_options_in_force(RunDirectory::find().value(), options_in_force(options));
    } catch (const std::exception& error) {
        spdlog::warn("'ctgate show config' will not know the options: {}", error.what());
    }
}

class Daemon {
  public:
    // Watches from now on, so that nothing is missed while the gateway starts.
    Daemon(std::vector<std::string> arguments, const ParsedOptions& options, Gateway& gateway)
        : gateway_(gateway), reloading_(std::move(arguments), options, gateway, steps()) {}

    // Throws when it cannot start; then nothing has changed.
    void start(const ParsedOptions& options);
    void serve(const Interrupts& signals);

  private:
    // False: it is time to go.
    bool handle_signal(const Interrupts& signals);
    // False: it failed. `all`: not only the nft table may have changed.
    bool refresh(bool all);
    void refresh_ports();
    void listen();
    void announce();
    ReloadSteps steps();
    void tell_addresses();
    void announce_http();

    Gateway& gateway_;
    Reloading reloading_;
    std::optional<ControlSocket> control_;
    Watchdog watchdog_;
    Monitor links_ = Monitor::links();
    Monitor tables_ = Monitor::tables();
    Clock::time_point next_look_ = Clock::now();   // for what somebody has removed
    Clock::time_point next_ports_ = Clock::now();  // at the router's own sockets
    std::optional<EventHub> events_;               // once the gateway serves
    std::set<IpAddress> addresses_;                // external ones, as last told
    Observer observer_;
    HttpService http_{observer_};
    std::optional<ListenOption> announced_http_;
    bool announced_ = false;
    bool waiting_ = false;
    bool failed_ = false;  // the last refresh: it is tried again
};

// At least one, so that a moment that has just passed is not waited for in a circle.
int milliseconds_until(Clock::time_point time) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
    return std::max(1, static_cast<int>(left.count()));
}

// Threads begin when the privileges have gone, but whether they could is known before.
void Daemon::start(const ParsedOptions& options) {
    const std::optional<ListenOption>& http = options.config.listen_http;
    if (http) {
        listen_on(*http);
    }
    gateway_.start();
    note_options(options);
    privileges::drop();
    http_.set(http);
    announce_http();
    reloading_.resume();
}

void Daemon::serve(const Interrupts& signals) {
    listen();
    addresses_ = gateway_.serving().addresses();
    announce();
    for (;;) {
        watchdog_.alive();
        std::array<pollfd, 5> events{{{signals.fd(), POLLIN, 0},
                                      {links_.fd(), POLLIN, 0},
                                      {tables_.fd(), POLLIN, 0},
                                      {control_->fd(), POLLIN, 0},
                                      {events_->fd(), POLLIN, 0}}};
        if (::poll(events.data(), events.size(),
                   watchdog_.limit_ms(milliseconds_until(next_look_))) < 0 &&
            errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "Cannot wait for events");
        }
        if (events[0].revents != 0 && !handle_signal(signals)) {
            return;
        }
        if (events[4].revents != 0) {
            const privileges::SystemAdmin raised;
            events_->handle();
        }
        const bool links = events[1].revents != 0;
        const bool look = Clock::now() >= next_look_;
        if (links || events[2].revents != 0 || look) {
            links_.drain();
            tables_.drain();
            failed_ = !refresh(links || failed_);
            announce();
        }
        if (look) {
            next_look_ = Clock::now() + watch_interval;
            const privileges::SystemAdmin raised;
            reloading_.go_back_if_unconfirmed();
            refresh_ports();
        }
        if (events[3].revents != 0) {
            const privileges::SystemAdmin raised;
            control_->serve([&](const std::string& asked) { return reloading_.answer(asked); });
        }
    }
}

bool Daemon::handle_signal(const Interrupts& signals) {
    signalfd_siginfo signal{};
    if (::read(signals.fd(), &signal, sizeof(signal)) != sizeof(signal)) {
        return true;
    }
    if (signal.ssi_signo == SIGHUP) {
        const privileges::SystemAdmin raised;
        reloading_.reload();
        return true;
    }
    ::sd_notify(0, "STOPPING=1");
    events_->tell(EventKind::DAEMON_ENDED, "sessions go on without it");
    spdlog::info("The daemon ends; sessions go on ('ctgate down' ends them)");
    return false;
}

// These two go on after a failure: the dataplane serves, and the next event is another chance.
bool Daemon::refresh(bool all) {
    try {
        const privileges::SystemAdmin raised;
        const bool has_place = gateway_.directory().is_whole();
        const bool repaired = gateway_.repair();
        if (!has_place) {
            listen();
        }
        if (repaired) {
            events_->tell(EventKind::REPAIRED,
                          "somebody had changed or removed something of ctgate");
        }
        if (all) {
            gateway_.refresh();
        }
        tell_addresses();
        return true;
    } catch (const std::exception& error) {
        spdlog::error("{}; trying again", error.what());
        return false;
    }
}

void Daemon::refresh_ports() {
    if (Clock::now() < next_ports_) {
        return;
    }
    next_ports_ = Clock::now() + ports_interval;
    try {
        const privileges::SystemAdmin raised;
        gateway_.refresh_ports();
    } catch (const std::exception& error) {
        spdlog::error("{}; trying again", error.what());
    }
}

// Anew, when the place was removed.
void Daemon::listen() {
    control_.emplace(gateway_.directory());
    events_.emplace();
    events_->configure(gateway_.config());
}

ReloadSteps Daemon::steps() {
    return {.prepare =
                [this](const Config& config) {
                    NatLog::check(config);
                    http_.set(config.listen_http);
                },
            .abandon = [this] { http_.set(gateway_.config().listen_http); },
            .follow =
                [this](const ParsedOptions& options) {
                    events_->configure(options.config);
                    note_options(options);
                    announce_http();
                },
            .tell =
                [this](const std::vector<std::string>& problems) {
                    observer_.note_reload(problems.empty());
                    events_->tell(problems.empty() ? EventKind::RELOADED : EventKind::RELOAD_FAILED,
                                  fmt::to_string(fmt::join(problems, "; ")));
                    tell_addresses();
                }};
}

void Daemon::tell_addresses() {
    events_->tell_ended(gateway_.take_ended_mappings());
    std::set<IpAddress> now = gateway_.serving().addresses();
    if (now == addresses_) {
        return;
    }
    addresses_ = std::move(now);
    std::string text;
    for (const IpAddress& each : addresses_) {
        text += (text.empty() ? "" : ", ") + each.text();
    }
    text = text.empty() ? "none" : text;
    spdlog::info("External addresses: {}", text);
    events_->tell(EventKind::ADDRESSES_CHANGED, text);
}

void Daemon::announce() {
    if (announced_) {
        return;
    }
    if (gateway_.has_address()) {
        announced_ = true;
        spdlog::info("Serving");
        ::sd_notify(0, "READY=1\nSTATUS=Serving");
    } else if (!waiting_) {
        waiting_ = true;
        spdlog::warn(
            "Waiting for an address on an external interface; until then nothing goes out");
        ::sd_notify(0, "STATUS=Waiting for an address on an external interface");
    }
}

void Daemon::announce_http() {
    const std::optional<ListenOption>& option = http_.option();
    if (option == announced_http_) {
        return;
    }
    announced_http_ = option;
    if (!option) {
        return;
    }
    spdlog::info("Metrics and status page: http://{}/", text(*option));
    if (is_everywhere(*option)) {
        spdlog::warn(
            "--listen-http {}: every interface leads there, external ones too; let your firewall "
            "close them, or listen at an internal address",
            text(*option));
    } else if (!is_address_here(*option)) {
        spdlog::warn("--listen-http {}: no interface has this address yet", text(*option));
    }
}

}  // namespace

int run_command(Arguments arguments) {
    const ParsedOptions parsed = parse_options(arguments);
    if (parsed.help) {
        fmt::print("{}{}", usage, options_help());
        return exit_success;
    }
    const Config& config = parsed.config;
    set_up_log(config.log_level);
    check_capabilities();
    load_kernel_modules();
    NatLog::check(config);
    const Interrupts signals;
    FileDescriptor origin = netns::open_current();
    NewNetns created(config.netns);
    if (!config.netns.empty()) {
        netns::enter(netns::open_named(config.netns));
    }
    Gateway gateway(config, std::move(origin), created.exists());
    created.keep();
    Daemon daemon({arguments.begin(), arguments.end()}, parsed, gateway);
    daemon.start(parsed);
    daemon.serve(signals);
    return exit_success;
}

}  // namespace ctgate
