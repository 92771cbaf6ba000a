// SPDX-License-Identifier: GPL-2.0-only
// ctgate selftest
#include "control/selftest.hpp"

#include <system_error>

#include "control/commands.hpp"
#include "control/kernel_modules.hpp"
#include "control/selftest_options.hpp"
#include "control/selftest_report.hpp"

namespace ctgate {
namespace selftest {
namespace {

constexpr const char* help =
    R"(Usage: ctgate selftest [--json] [--full] [--against WHAT] [OPTION of run...]

Does this machine, with this kernel, translate as the RFCs ask for? Builds a
network of its own (two internal hosts A and B, a gateway, two servers S1 and S2,
all in network namespaces without names), serves its gateway with these options,
sends packets through it, looks at what comes out, and says for each requirement:

  pass   it holds
  FAIL   it does not; what was observed instead stands behind the colon
  n/a    it says nothing here: another behaviour was asked for, there is one
         external address only, or the RFCs leave it open

Then everything is removed. Interfaces, rules and namespaces of this machine are
not touched; several selftests may run at a time. Takes half a minute.

  --json           an array of objects: id, rfc, requirement, result (pass, fail
                   or n/a), observed
  --full           wait as long as the RFCs say (up to 4 minutes) instead of setting
                   timers to seconds for the last checks, which are the ones that
                   wait for the end of a session; takes five minutes
  --against WHAT   what serves the gateway: ctgate (default), or masquerade, the
                   kernel's own masquerade rule, to see what that does not do

Every other option is one of 'ctgate run' and says how it translates, for example
--mapping, --filtering or --port-range: then that behaviour is expected. Those
that name interfaces, their addresses, hosts, networks and files are refused.

Needs root. Exit status: 0 nothing failed; 1 something did, or the selftest could
not be made; 2 wrong usage.
)";

// What goes wrong on the way to what is to be observed is an observation, too.
Finding find_out(const Requirement& requirement, Bench& bench) {
    try {
        return requirement.check(bench);
    } catch (const Interrupted&) {
        throw;
    } catch (const std::exception& error) {
        return fail("{}", error.what());
    }
}

std::string subject(const Plan& plan) {
    if (plan.against == Against::masquerade) {
        return "A masquerade rule";
    }
    std::string text = "ctgate";
    for (const std::string& word : plan.options) {
        text += " " + word;
    }
    return text;
}

}  // namespace
}  // namespace selftest

int selftest_command(Arguments arguments) {
    using namespace selftest;
    const Options options = parse(arguments);
    if (options.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    load_kernel_modules();
    const Interrupts interrupts;
    Report report(options.json);
    {
        Bench bench(options.plan, interrupts);
        for (const Requirement& requirement : requirements()) {
            report.add(requirement, find_out(requirement, bench));
        }
        bench.subject().take_down();
    }
    return report.finish(subject(options.plan)) ? exit_success : exit_failure;
}

}  // namespace ctgate
