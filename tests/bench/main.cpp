// SPDX-License-Identifier: GPL-2.0-only
// ctgate_bench: the table of measurements, options, and the only catch.
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "bench/lane.hpp"
#include "bench/measure.hpp"
#include "bench/report.hpp"
#include "control/commands.hpp"
#include "control/kernel_modules.hpp"

namespace ctgate::bench {
namespace {

namespace po = boost::program_options;
using namespace std::chrono_literals;

constexpr Measurement measurements[] = {
    {"forwarding", "64-byte packets a second, of 1 and of 10,000 flows", When::always,
     measure_forwarding},
    {"sessions", "the same with very many sessions, against few", When::full, measure_sessions},
    {"new-sessions", "new UDP sessions a second", When::always, measure_new_sessions},
    {"connections", "TCP connections a second, with a request and an answer", When::always,
     measure_connections},
    {"latency", "UDP round trip, p50 and p99", When::always, measure_latency},
    {"throughput", "TCP in bulk, 1 and 8 streams, both directions", When::always,
     measure_throughput},
    {"two-cores", "packets a second with two cores against one", When::always, measure_two_cores},
    {"memory", "bytes of a session", When::always, measure_memory},
    {"instructions", "of the CPU for a packet: only where a nanosecond is an instruction",
     When::named, measure_instructions},
    {"session-instructions", "the same with very many sessions, against few", When::named,
     measure_session_instructions},
};

constexpr const char* introduction =
    R"(Usage: ctgate_bench [OPTION...]

Measures ctgate against the kernel's own ways, on this machine. Each subject has a
network of its own in network namespaces without names; no packet leaves them, and
nothing stays behind. Subjects take turns; what is printed is the median of the
rounds, and the spread of the middle half of them. A lost packet voids a round.

Goals are ratios, because absolute figures say more about the machine.

)";

struct Options {
    bool help = false;
    bool quick = false;
    unsigned rounds = 0;  // 0: as many as the run asks for
    std::uint32_t sessions = 0;
    std::string ctgate, json, svg;
    std::vector<std::string> only;
};

po::options_description describe(Options& options) {
    const std::string beside = std::filesystem::path(own_path()).parent_path() / "ctgate";
    po::options_description all("Options");
    auto add = all.add_options();
    add("help,h", po::bool_switch(&options.help), "explain");
    add("quick", po::bool_switch(&options.quick), "fewer rounds, in under two minutes");
    add("only", po::value(&options.only)->value_name("NAME"), "this measurement; may be repeated");
    add("rounds", po::value(&options.rounds)->value_name("N"), "rounds; default: 7, quick: 3");
    add("sessions", po::value(&options.sessions)->value_name("N")->default_value(1'000'000),
        "how many are very many, as far as nf_conntrack_max goes");
    add("ctgate", po::value(&options.ctgate)->value_name("FILE")->default_value(beside),
        "the program to measure");
    add("json", po::value(&options.json)->value_name("FILE"), "write all values there");
    add("svg", po::value(&options.svg)->value_name("FILE"), "draw the packet rates there");
    return all;
}

void print_help(const po::options_description& options) {
    fmt::print("{}", introduction);
    std::cout << options << std::flush;
    fmt::print("\nMeasurements:\n");
    for (const Measurement& each : measurements) {
        fmt::print("  {:<20} {}\n", each.name, each.explanation);
    }
    fmt::print(
        "\nNeeds root. Exit status: 0 all was measured, whatever came out; 1 something could not\n"
        "be measured; 2 wrong usage; 130 interrupted.\n");
}

// What is wrong with the options; empty: nothing.
std::string complaint(const Options& options) {
    for (const std::string& word : options.only) {
        if (std::none_of(std::begin(measurements), std::end(measurements),
                         [&](const Measurement& each) { return each.name == word; })) {
            return fmt::format("there is no measurement '{}'; --help lists them", word);
        }
    }
    if (options.sessions == 0 || options.sessions > 1'000'000) {
        return "--sessions is from 1 to 1000000";
    }
    if (options.rounds > 50) {
        return "--rounds is at most 50";
    }
    if (::access(options.ctgate.c_str(), X_OK) != 0) {
        return fmt::format("there is no program {}; 'make build' makes it", options.ctgate);
    }
    return {};
}

bool is_wanted(const Measurement& measurement, const Options& options) {
    if (options.only.empty()) {
        return measurement.when == When::always ||
               (measurement.when == When::full && !options.quick);
    }
    return std::find(options.only.begin(), options.only.end(), measurement.name) !=
           options.only.end();
}

Setup make_setup(const Options& options, const Interrupts& interrupts) {
    Setup setup{interrupts, options.ctgate};
    setup.quick = options.quick;
    setup.rounds = options.rounds != 0 ? options.rounds : options.quick ? 3 : 7;
    setup.sessions = options.sessions;
    return setup;
}

// Whether the short path in XDP starts here: others are to be measured without it, too.
bool serves_by_xdp(const Setup& setup, Report& report) {
    try {
        const Lane lane(Kind::ctgate_xdp, setup);
        return true;
    } catch (const Interrupted&) {
        throw;
    } catch (const std::exception& error) {
        report.failed(name(Kind::ctgate_xdp), error.what());
        return false;
    }
}

int measure(const Options& options) {
    load_kernel_modules();
    const Interrupts interrupts;
    Setup setup = make_setup(options, interrupts);
    Report report;
    setup.xdp = serves_by_xdp(setup, report);
    setup.flowtable = can_have_flowtable();
    for (const Measurement& each : measurements) {
        if (!is_wanted(each, options)) {
            continue;
        }
        try {
            for (const Measure& found : each.run(setup)) {
                report.add(found);
            }
        } catch (const Interrupted&) {
            throw;
        } catch (const std::exception& error) {
            report.failed(each.name, error.what());
        }
    }
    report.finish();
    if (!options.json.empty()) {
        report.write_json(options.json);
    }
    if (!options.svg.empty()) {
        report.write_svg(options.svg);
    }
    return report.complete() ? exit_success : exit_failure;
}

int run(int argc, char** argv) {
    Options options;
    const po::options_description described = describe(options);
    try {
        po::variables_map values;
        po::store(po::parse_command_line(argc, argv, described), values);
        po::notify(values);
    } catch (const po::error& error) {
        fmt::print(stderr, "ctgate_bench: {}; --help explains\n", error.what());
        return exit_usage;
    }
    if (options.help) {
        print_help(described);
        return exit_success;
    }
    if (const std::string wrong = complaint(options); !wrong.empty()) {
        fmt::print(stderr, "ctgate_bench: {}\n", wrong);
        return exit_usage;
    }
    if (::geteuid() != 0) {
        fmt::print(stderr, "ctgate_bench: only root can; run 'sudo make bench'\n");
        return exit_failure;
    }
    return measure(options);
}

}  // namespace
}  // namespace ctgate::bench

int main(int argc, char** argv) {
    constexpr int exit_interrupted = 130;
    libbpf_set_print(nullptr);
    try {
        return ctgate::bench::run(argc, argv);
    } catch (const ctgate::Interrupted&) {
        fmt::print(stderr, "ctgate_bench: interrupted; nothing stays behind\n");
        return exit_interrupted;
    } catch (const std::exception& error) {
        fmt::print(stderr, "ctgate_bench: {}\n", error.what());
        return ctgate::exit_failure;
    }
}
