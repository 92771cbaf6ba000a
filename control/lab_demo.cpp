// SPDX-License-Identifier: GPL-2.0-only
// The demo: ordinary clients through the gateway, then what conntrack, ctgate and the wire say.
#include <fmt/core.h>

#include <chrono>
#include <filesystem>

#include "control/lab.hpp"
#include "control/lab_report.hpp"
#include "control/lab_services.hpp"
#include "control/netns.hpp"

namespace ctgate::lab {
namespace {

using namespace std::chrono_literals;

constexpr auto command_limit = 15s;

// What the steps have in common: running a command in the open, and noting what was expected.
class Demo {
  public:
    explicit Demo(const Interrupts& interrupts) : interrupts_(interrupts) {}

    void download(const Host& client);
    void ask_dns(const Host& client);
    void ping(const Host& client, const char* address);
    void show_sessions();
    void show_capture(const std::string& captured);
    bool passed() const { return failures_ == 0; }

  private:
    Outcome run(const Host& host, const Words& words);
    Outcome run_quietly(const Host& host, const Words& words);
    Words own(const char* what) const;
    void expect(bool met, const std::string& what);

    const Interrupts& interrupts_;
    int failures_ = 0;
};

Outcome Demo::run_quietly(const Host& host, const Words& words) {
    const netns::Scope scope(open_netns(host));
    return run_program(words, command_limit, &interrupts_);
}

Outcome Demo::run(const Host& host, const Words& words) {
    fmt::print("{}$ {}\n", host.name, shell_text(words));
    std::fflush(stdout);
    Outcome outcome = run_quietly(host, words);
    print_indented(outcome.output);
    expect(outcome.status == 0, fmt::format("exit status {}", outcome.status));
    return outcome;
}

void Demo::expect(bool met, const std::string& what) {
    failures_ += met ? 0 : 1;
    fmt::print("  {} {}\n", met ? "[ok]" : "[FAILED]", what);
}

Words Demo::own(const char* what) const {
    return {own_path(), "show", what, "--netns", std::string(gateway.netns), "--json"};
}

void Demo::download(const Host& client) {
    const std::string original = fmt::format("{}/{}", web_directory, web_file);
    const std::string copy = fmt::format("{}/{}.bin", directory, client.name);
    run(client, {"curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "10",
                 "--output", copy, "--write-out",
                 "%{size_download} bytes in %{time_total} s from port %{local_port}\\n",
                 fmt::format("http://198.51.100.2:8080/{}", web_file)});
    const Outcome sums = run(client, {"sha256sum", original, copy});
    const auto lines = lines_of(sums.output);
    expect(lines.size() == 2 && lines[0].substr(0, 64) == lines[1].substr(0, 64),
           "both checksums are the same");
}

void Demo::ask_dns(const Host& client) {
    const Outcome answer = run(client, {"dig", "+short", "+time=2", "+tries=3", "@198.51.100.2",
                                        fmt::format("{}.lab.example", client.name)});
    expect(answer.output == "198.51.100.2\n", "the answer is 198.51.100.2");
}

void Demo::ping(const Host& client, const char* address) {
    run(client, {"ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "2", address});
}

void Demo::show_sessions() {
    // For people: the table. For the checks: the same as JSON, against conntrack's own list.
    Words table = own("sessions");
    table.pop_back();
    run(gateway, table);
    const std::string json = run_quietly(gateway, own("sessions")).output;
    const std::string list = run(gateway, {"conntrack", "-L", "-f", "ipv4"}).output;
    for (const Host& client : {client1, client2}) {
        for (const char* protocol : {"tcp", "udp"}) {
            expect(sessions_agree(json, list, protocol, internal_address(client)),
                   fmt::format("{}: {} sessions are accepted, translated to 203.0.113.1, and the "
                               "same in both lists",
                               client.name, protocol));
        }
    }
    const auto created = counter(run_quietly(gateway, own("counters")).output, "session_created");
    expect(created >= 4, fmt::format("the TC program created {} of them", created));
}

void Demo::show_capture(const std::string& captured) {
    const CaptureSummary summary = summarize_capture(captured, "203.0.113.1");
    fmt::print("server$ tcpdump, started before all this: the first packet of each kind\n");
    for (const std::string& line : summary.first_of_kind) {
        fmt::print("    {}\n", line);
    }
    expect(summary.packets > 0 && summary.first_of_kind.size() >= 3,
           fmt::format("{} packets of TCP, UDP and ICMP came to the server", summary.packets));
    expect(summary.foreign == 0, "each from 203.0.113.1, none from an internal address");
}

void try_everything(Demo& demo, Services& services) {
    for (const Host& client : {client1, client2}) {
        fmt::print("\n== {}: download, DNS, ping\n", client.name);
        demo.download(client);
        demo.ask_dns(client);
        demo.ping(client, "203.0.113.2");
        demo.ping(client, "198.51.100.2");
    }
    fmt::print("\n== The sessions: ctgate's view and conntrack's\n");
    demo.show_sessions();
    fmt::print("\n== The wire outside\n");
    demo.show_capture(services.end_capture());
}

bool build_and_try(bool keep, const Interrupts& interrupts) {
    const auto start = std::chrono::steady_clock::now();
    fmt::print("== Building the lab\n");
    print_drawing();
    up(interrupts);
    Services services(interrupts);
    Demo demo(interrupts);
    try_everything(demo, services);
    const auto time = std::chrono::steady_clock::now() - start;
    fmt::print("\n== {} after {:.1f} s\n",
               demo.passed() ? "Everything worked" : "Something did NOT work (see FAILED above)",
               std::chrono::duration<double>(time).count());
    if (keep) {
        services.release();
    }
    return demo.passed();
}

}  // namespace

bool demo(bool keep, const Interrupts& interrupts) {
    require_programs();
    if (any_netns_exists()) {
        throw std::runtime_error("The lab is up already; 'ctgate lab down' removes it");
    }
    bool passed = false;
    try {
        passed = build_and_try(keep, interrupts);
    } catch (...) {
        down();
        throw;
    }
    if (keep) {
        print_how_to_play(true);
    } else {
        down();
        fmt::print("The lab is removed.\n");
    }
    return passed;
}

}  // namespace ctgate::lab
