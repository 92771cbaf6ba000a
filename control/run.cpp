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
#include "control/event_hub.hpp"
#include "control/gateway.hpp"
#include "control/kernel_modules.hpp"
#include "control/log.hpp"
#include "control/monitor.hpp"
#include "control/netns.hpp"
#include "control/options.hpp"
#include "control/process.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

constexpr const char* usage =
    R"(Usage: ctgate run --internal IF --external IF [OPTION...]

Serves the current network namespace (or that of --netns) in the foreground, until
SIGTERM or SIGINT. What it set up goes on without it: sessions, also new ones, are
translated; a new 'ctgate run' takes over, 'ctgate down' ends it. SIGHUP reads the
file of --config again; a file with errors is refused as a whole.

)";

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds retry_time{1};    // after a refresh that failed
constexpr std::chrono::seconds sockets_time{5};  // between two looks at the router's own sockets

int milliseconds_until(Clock::time_point time) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time - Clock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

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

class Daemon {
  public:
    // Watches from now on, so that nothing is missed while the gateway starts.
    Daemon(std::vector<std::string> arguments, Gateway& gateway)
        : arguments_(std::move(arguments)), gateway_(gateway) {}

    void serve(const Interrupts& signals);

  private:
    // False: it is time to go.
    bool handle_signal(const Interrupts& signals);
    // False: it failed. `all`: not only the nft table may have changed.
    bool refresh(bool all);
    void refresh_ports();
    void reload();
    void announce();
    void tell_addresses(const std::set<IpAddress>& before);

    std::vector<std::string> arguments_;
    Gateway& gateway_;
    Monitor links_ = Monitor::links();
    Monitor tables_ = Monitor::tables();
    std::optional<EventHub> events_;  // once the gateway serves
    bool announced_ = false;
    bool waiting_ = false;
};

void Daemon::serve(const Interrupts& signals) {
    events_.emplace();
    events_->configure(gateway_.config());
    announce();
    bool again = false;
    Clock::time_point due = Clock::now() + sockets_time;
    for (;;) {
        std::array<pollfd, 4> events{{{signals.fd(), POLLIN, 0},
                                      {links_.fd(), POLLIN, 0},
                                      {tables_.fd(), POLLIN, 0},
                                      {events_->fd(), POLLIN, 0}}};
        const int ready = ::poll(events.data(), events.size(), milliseconds_until(due));
        if (ready < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "Cannot wait for events");
        }
        if (events[3].revents != 0) {
            events_->handle();
        }
        if (events[0].revents != 0 && !handle_signal(signals)) {
            return;
        }
        const bool is_due = Clock::now() >= due;
        if (events[1].revents != 0 || events[2].revents != 0 || (again && is_due)) {
            links_.drain();
            tables_.drain();
            again = !refresh(events[1].revents != 0 || again);
            announce();
        } else if (is_due) {
            refresh_ports();
        } else {
            continue;
        }
        due = Clock::now() + (again ? retry_time : sockets_time);
    }
}

bool Daemon::handle_signal(const Interrupts& signals) {
    signalfd_siginfo signal{};
    if (::read(signals.fd(), &signal, sizeof(signal)) != sizeof(signal)) {
        return true;
    }
    if (signal.ssi_signo == SIGHUP) {
        reload();
        return true;
    }
    ::sd_notify(0, "STOPPING=1");
    events_->tell(EventKind::DAEMON_ENDED, "sessions go on without it");
    spdlog::info("The daemon ends; sessions go on ('ctgate down' ends them)");
    return false;
}

// These two go on after a failure: the dataplane serves, and the next event is another chance.
bool Daemon::refresh(bool all) {
    const std::set<IpAddress> before = gateway_.serving().addresses();
    try {
        if (gateway_.restore_table()) {
            events_->tell(EventKind::TABLE_RESTORED, "somebody had changed or removed it");
        }
        if (all) {
            gateway_.refresh();
        }
        tell_addresses(before);
        return true;
    } catch (const std::exception& error) {
        spdlog::error("{}; trying again", error.what());
        return false;
    }
}

void Daemon::refresh_ports() {
    try {
        gateway_.refresh_ports();
    } catch (const std::exception& error) {
        spdlog::error("{}; trying again", error.what());
    }
}

void Daemon::reload() {
    ::sd_notify(0, "RELOADING=1");
    try {
        Config config = parse_options(arguments_).config;
        if (config.netns != gateway_.config().netns) {
            throw ConfigError({"--netns cannot change while ctgate runs; start another one"});
        }
        NatLog::check(config);
        const std::set<IpAddress> before = gateway_.serving().addresses();
        gateway_.reload(std::move(config));
        spdlog::set_level(to_spdlog(gateway_.config().log_level));
        spdlog::info("Reloaded");
        events_->configure(gateway_.config());
        events_->tell(EventKind::RELOADED, "");
        tell_addresses(before);
    } catch (const ConfigError& error) {
        for (const std::string& problem : error.problems()) {
            spdlog::error("{}", problem);
        }
        spdlog::error("Reload refused; the old configuration stays");
        events_->tell(EventKind::RELOAD_FAILED, fmt::to_string(fmt::join(error.problems(), "; ")));
    } catch (const std::exception& error) {
        spdlog::error("Reload failed, the old configuration stays: {}", error.what());
        events_->tell(EventKind::RELOAD_FAILED, error.what());
    }
    ::sd_notify(0, "READY=1");
}

void Daemon::tell_addresses(const std::set<IpAddress>& before) {
    const std::set<IpAddress> now = gateway_.serving().addresses();
    if (now == before) {
        return;
    }
    std::string text;
    for (const IpAddress& each : now) {
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
    Daemon daemon({arguments.begin(), arguments.end()}, gateway);
    gateway.start();
    daemon.serve(signals);
    return exit_success;
}

}  // namespace ctgate
