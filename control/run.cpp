// SPDX-License-Identifier: GPL-2.0-only
// ctgate run: the daemon.
#include <fmt/core.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "control/commands.hpp"
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

constexpr int retry_ms = 1000;    // after a refresh that failed
constexpr int sockets_ms = 5000;  // between two looks at the router's own sockets

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

    // Throws when it cannot start; then nothing has changed.
    void start();
    void serve(const Interrupts& signals);

  private:
    // False: it is time to go.
    bool handle_signal(const Interrupts& signals);
    // False: it failed. `all`: not only the nft table may have changed.
    bool refresh(bool all);
    void refresh_ports();
    void reload();
    void reload_from(Config config);
    void announce();
    void announce_http();

    std::vector<std::string> arguments_;
    Gateway& gateway_;
    Monitor links_ = Monitor::links();
    Monitor tables_ = Monitor::tables();
    Observer observer_;
    HttpService http_{observer_};
    bool announced_ = false;
    bool waiting_ = false;
};

void Daemon::start() {
    http_.set(gateway_.config().listen_http);
    gateway_.start();
    observer_.set_session_cache(gateway_.session_cache());
    announce_http();
}

void Daemon::serve(const Interrupts& signals) {
    announce();
    bool again = false;
    for (;;) {
        std::array<pollfd, 3> events{
            {{signals.fd(), POLLIN, 0}, {links_.fd(), POLLIN, 0}, {tables_.fd(), POLLIN, 0}}};
        const int ready = ::poll(events.data(), events.size(), again ? retry_ms : sockets_ms);
        if (ready < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "Cannot wait for events");
        }
        if (ready == 0 && !again) {
            refresh_ports();
        }
        if (events[0].revents != 0 && !handle_signal(signals)) {
            return;
        }
        if (events[1].revents != 0 || events[2].revents != 0 || again) {
            links_.drain();
            tables_.drain();
            again = !refresh(events[1].revents != 0 || again);
            announce();
        }
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
    spdlog::info("The daemon ends; sessions go on ('ctgate down' ends them)");
    return false;
}

// These two go on after a failure: the dataplane serves, and the next event is another chance.
bool Daemon::refresh(bool all) {
    try {
        if (gateway_.restore_table()) {
            observer_.note_table_repair();
        }
        if (all) {
            gateway_.refresh();
        }
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

// When it throws, the old configuration is in force.
void Daemon::reload_from(Config config) {
    const std::optional<ListenOption> before = http_.option();
    http_.set(config.listen_http);
    try {
        gateway_.reload(std::move(config));
    } catch (...) {
        observer_.set_session_cache(gateway_.session_cache());
        http_.set(before);
        throw;
    }
    observer_.set_session_cache(gateway_.session_cache());
    if (http_.option() != before) {
        announce_http();
    }
}

void Daemon::reload() {
    ::sd_notify(0, "RELOADING=1");
    bool done = false;
    try {
        Config config = parse_options(arguments_).config;
        if (config.netns != gateway_.config().netns) {
            throw ConfigError({"--netns cannot change while ctgate runs; start another one"});
        }
        reload_from(std::move(config));
        spdlog::set_level(to_spdlog(gateway_.config().log_level));
        spdlog::info("Reloaded");
        done = true;
    } catch (const ConfigError& error) {
        for (const std::string& problem : error.problems()) {
            spdlog::error("{}", problem);
        }
        spdlog::error("Reload refused; the old configuration stays");
    } catch (const std::exception& error) {
        spdlog::error("Reload failed, the old configuration stays: {}", error.what());
    }
    observer_.note_reload(done);
    ::sd_notify(0, "READY=1");
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
    const Interrupts signals;
    FileDescriptor origin = netns::open_current();
    NewNetns created(config.netns);
    if (!config.netns.empty()) {
        netns::enter(netns::open_named(config.netns));
    }
    Gateway gateway(config, std::move(origin), created.exists());
    created.keep();
    Daemon daemon({arguments.begin(), arguments.end()}, gateway);
    daemon.start();
    daemon.serve(signals);
    return exit_success;
}

}  // namespace ctgate
