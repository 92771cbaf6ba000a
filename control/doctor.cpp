// SPDX-License-Identifier: GPL-2.0-only
// ctgate doctor
#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/commands.hpp"
#include "control/doctor.hpp"
#include "control/doctor_patient.hpp"
#include "control/kernel_modules.hpp"
#include "control/netns.hpp"
#include "control/option_table.hpp"
#include "control/option_words.hpp"
#include "control/options.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::Grade;
using nlohmann::ordered_json;

constexpr const char* help =
    R"(Usage: ctgate doctor [--netns NAME] [OPTION...] [--config FILE] [--json]

Looks at each thing that can spoil NAT in this network namespace, or the named one, and
says of each: good, warning, BAD, or n/a (it does not matter here); what was found; and,
behind an arrow, the remedy.

Where ctgate serves, that is looked at. Otherwise name the interfaces, and whatever else
you will give 'ctgate run': it is judged how that would do. With neither, the machine is
judged as such. Changes nothing, but loads the kernel modules that ctgate needs, and the
BPF programs to see whether the kernel takes them.

  --config FILE, and the other options of 'ctgate run'
  --netns NAME  the network namespace
  --json        an object: serving (whether ctgate serves here), bad, warnings (how many
                of these), findings: an array of name, grade (good, warning, bad,
                not_applicable), found, remedy (or null). A name can come several
                times. New names and fields may be added.

Exit status: 0 nothing is bad; 1 something is; 2 wrong usage.
)";

struct Question {
    std::optional<Config> config;
    std::string netns;
    bool json = false;
    bool help = false;
};

Question parse(Arguments arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    Question question;
    question.json = std::erase(words, "--json") > 0;
    const OptionWords given = split_words(describe_options(), words);
    question.help = given.has("help");
    const bool alone = given.options.size() == 1 && given.unknown.empty() &&
                       given.positional.empty() && given.problems.empty();
    if (question.help || (alone && given.has("netns"))) {
        std::vector<std::string> problems;
        question.netns = netns_of(given, problems);
        if (!problems.empty()) {
            throw ConfigError(std::move(problems));
        }
    } else if (!words.empty()) {
        question.config = parse_options(words).config;
        question.netns = question.config->netns;
    }
    return question;
}

struct NamedFinding {
    const char* name;
    Finding finding;
};

// A check that cannot be made has found something, too.
Findings look(const doctor::Check& check, const doctor::Patient& patient) {
    try {
        return check.look(patient);
    } catch (const std::exception& error) {
        return {doctor::bad_sentence(error.what())};
    }
}

std::vector<NamedFinding> findings_of(const doctor::Patient& patient) {
    std::vector<NamedFinding> result;
    for (const auto& checks :
         {doctor::kernel_checks(), doctor::gateway_checks(), doctor::interface_checks(),
          doctor::route_checks(), doctor::conntrack_checks(), doctor::port_checks(),
          doctor::firewall_checks()}) {
        for (const doctor::Check& check : checks) {
            for (Finding& each : look(check, patient)) {
                result.push_back({check.name, std::move(each)});
            }
        }
    }
    return result;
}

std::ptrdiff_t count(const std::vector<NamedFinding>& findings, Grade grade) {
    return std::count_if(findings.begin(), findings.end(),
                         [&](const NamedFinding& each) { return each.finding.grade == grade; });
}

void print_text(const std::vector<NamedFinding>& findings) {
    static const std::map<Grade, const char*> grades = {{Grade::good, "good"},
                                                        {Grade::warning, "warning"},
                                                        {Grade::bad, "BAD"},
                                                        {Grade::not_applicable, "n/a"}};
    for (const auto& [name, finding] : findings) {
        fmt::print("{:<8} {:<22} {}\n", grades.at(finding.grade), name, finding.found);
        if (!finding.remedy.empty()) {
            fmt::print("{:<8} {:<22} -> {}\n", "", "", finding.remedy);
        }
    }
    fmt::print("{} bad, {} warnings\n", count(findings, Grade::bad),
               count(findings, Grade::warning));
}

ordered_json to_json(const NamedFinding& each) {
    static const std::map<Grade, const char*> grades = {{Grade::good, "good"},
                                                        {Grade::warning, "warning"},
                                                        {Grade::bad, "bad"},
                                                        {Grade::not_applicable, "not_applicable"}};
    const Finding& finding = each.finding;
    return {{"name", each.name},
            {"grade", grades.at(finding.grade)},
            {"found", finding.found},
            {"remedy", finding.remedy.empty() ? ordered_json() : ordered_json(finding.remedy)}};
}

// Names of interfaces may be any bytes; JSON may not.
void print_json(bool serving, const std::vector<NamedFinding>& findings) {
    ordered_json list = ordered_json::array();
    for (const NamedFinding& each : findings) {
        list.push_back(to_json(each));
    }
    const ordered_json document = {{"serving", serving},
                                   {"bad", count(findings, Grade::bad)},
                                   {"warnings", count(findings, Grade::warning)},
                                   {"findings", list}};
    fmt::print("{}\n", document.dump(2, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace

int doctor_command(Arguments arguments) {
    const Question question = parse(arguments);
    if (question.help) {
        fmt::print("{}", help);
        return exit_success;
    }
    check_capabilities();
    if (!question.netns.empty()) {
        netns::enter(netns::open_named(question.netns));
    }
    load_kernel_modules();
    const doctor::Patient patient = doctor::examine(question.config);
    const std::vector<NamedFinding> findings = findings_of(patient);
    if (question.json) {
        print_json(patient.serves(), findings);
    } else {
        print_text(findings);
    }
    return count(findings, Grade::bad) == 0 ? exit_success : exit_failure;
}

}  // namespace ctgate
