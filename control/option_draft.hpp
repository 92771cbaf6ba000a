// SPDX-License-Identifier: GPL-2.0-only
// A configuration while it is read from several sources, and what is wrong with it as a whole.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.hpp"
#include "control/option_table.hpp"
#include "control/options.hpp"

namespace ctgate {

// Collects values and problems. Each source (file, command line) is read into it in turn; later
// ones add to repeatable options and win over the others.
class OptionDraft {
  public:
    explicit OptionDraft(Config& config) : config_(config) {}

    // A source begins: options that may stand once may now stand once again.
    void begin_source() { once_.clear(); }
    // One option. `label` is its name with the place where it stands, for messages:
    // "--internal", "gateway.conf:3: internal".
    void take(const Option& option, const std::string& value, const std::string& label);
    // A name that is no option, as it stands there; the nearest is suggested with `dashes` before
    // it, and counts as given (else its absence would be the next problem).
    void unknown(const std::string& name, const std::string& place, std::string_view dashes);
    // An option that was given so that nothing could be taken; the caller adds the problem.
    void broken(const std::string& name) { given_.insert(name); }
    void problem(std::string sentence) { problems_.push_back(std::move(sentence)); }

    // The checks across options and sources.
    void check();

    const std::vector<std::string>& problems() const { return problems_; }
    const std::vector<ParsedOptions::Given>& taken() const { return taken_; }
    void throw_problems() const;  // if there are any

  private:
    void check_sides();
    void check_moves();
    void check_duplicates();
    void check_external_addresses();
    void check_address_counts();
    void check_port_set();
    void check_port_ranges();
    void check_blocks();
    void check_deterministic();
    void check_behaviour();
    void check_hosts();
    void check_forwards();
    void check_one_to_one();
    void check_timeouts();
    void require(const char* name, const char* remedy);
    // The place of the value in force, of an option that may stand once and was taken.
    const std::string& label(const char* name) const { return labels_.at(name).back(); }
    bool taken(const char* name) const { return labels_.contains(name); }
    // The label of the n-th value of a repeatable option.
    const std::string& label(const char* name, std::size_t index) const;
    // Every value (of the option, as text) that was there before.
    void refuse_duplicates(const char* name, const std::vector<std::string>& values);

    Config& config_;
    std::vector<std::string> problems_;
    std::set<std::string> once_;   // options of this source that may stand once
    std::set<std::string> given_;  // options that were given at all, even with bad values
    std::vector<ParsedOptions::Given> taken_;
    std::map<std::string, std::vector<std::string>> labels_;  // parallel to the values in config_
};

}  // namespace ctgate
