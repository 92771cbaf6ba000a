// SPDX-License-Identifier: GPL-2.0-only
// TCP in bulk by iperf3, with the offloads that the kernel gives a new veth.
#include <fmt/core.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/measure.hpp"
#include "bench/site.hpp"
#include "control/netns.hpp"

namespace ctgate::bench {
namespace {

using namespace std::chrono_literals;

constexpr double bits_per_gigabit = 1e9;

struct Load {
    unsigned streams;
    bool download;  // from the server
};

// iperf3's server at a site.
class Server {
  public:
    explicit Server(const Site& site) : output_(memory_file()) {
        const netns::Scope scope(site.network().server());
        process_.emplace(Words{"iperf3", "--server", "--bind", server_address}, output_);
    }

  private:
    FileDescriptor output_;
    std::optional<Process> process_;
};

double gigabits(const std::string& output) {
    const auto document = nlohmann::json::parse(output, nullptr, false);
    const nlohmann::json::json_pointer rate("/end/sum_received/bits_per_second");
    if (document.is_discarded() || !document.contains(rate)) {
        throw std::runtime_error(fmt::format("iperf3 says: {}", output));
    }
    return document.at(rate).get<double>() / bits_per_gigabit;
}

double transfer(const Site& site, const Load& load, const Setup& setup) {
    Words words{"iperf3",     "--json",
                "--client",   server_address,
                "--time",     setup.quick ? "1" : "2",
                "--parallel", std::to_string(load.streams)};
    if (load.download) {
        words.emplace_back("--reverse");
    }
    const netns::Scope scope(site.network().client());
    return gigabits(run_program(words, 30s, &setup.interrupts).output);
}

// A server that is not there yet refuses the connection at once.
void wait_for_server(const Site& site, const Setup& setup) {
    const Words shortest{"iperf3", "--client", server_address, "--bytes", "1K"};
    const netns::Scope scope(site.network().client());
    for (int attempt = 0; run_program(shortest, 10s, &setup.interrupts).status != 0; ++attempt) {
        if (attempt == 50) {
            throw std::runtime_error("iperf3 does not reach its server");
        }
        setup.interrupts.sleep(50ms);
    }
}

Measure bulk(const std::vector<std::unique_ptr<Site>>& sites, const Load& load,
             const Setup& setup) {
    std::vector<Contender> contenders;
    contenders.reserve(sites.size());
    for (const auto& site : sites) {
        contenders.push_back({std::string(name(site->kind())),
                              [&] { return std::vector{transfer(*site, load, setup)}; }});
    }
    Measure result{fmt::format("iperf3 TCP, {} stream{}, {}", load.streams,
                               load.streams == 1 ? "" : "s", load.download ? "down" : "up"),
                   "Gbit/s",
                   alternate(contenders, setup.rounds, setup.interrupts).at(0),
                   {},
                   {}};
    compare(result, Kind::ctgate_tc, Kind::masquerade, 1.15);
    compare(result, Kind::ctgate_xdp, Kind::masquerade, 1.15);
    return result;
}

}  // namespace

std::vector<Measure> measure_throughput(const Setup& setup) {
    if (!find_program("iperf3")) {
        throw std::runtime_error("iperf3 is missing; 'apt-get install iperf3' installs it");
    }
    const auto sites = make_sites(setup);
    std::vector<std::unique_ptr<Server>> servers;
    for (const auto& site : sites) {
        servers.push_back(std::make_unique<Server>(*site));
        wait_for_server(*site, setup);
    }
    std::vector<Measure> results;
    for (const unsigned streams : {1U, 8U}) {
        for (const bool download : {false, true}) {
            if (!setup.quick || streams == 1) {
                results.push_back(bulk(sites, {streams, download}, setup));
            }
        }
    }
    return results;
}

}  // namespace ctgate::bench
