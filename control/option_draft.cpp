// SPDX-License-Identifier: GPL-2.0-only
#include "control/option_draft.hpp"

#include <fmt/format.h>

namespace ctgate {

void OptionDraft::take(const Option& option, const std::string& value, const std::string& label) {
    given_.insert(option.name);
    if (!option.repeatable && !once_.insert(option.name).second) {
        problem(fmt::format("{} is given twice; keep one", label));
        return;
    }
    const Complaint complaint = option.take ? option.take(value, config_) : std::nullopt;
    if (complaint) {
        problem(fmt::format("{} {} {}", label, quote(value), *complaint));
        return;
    }
    labels_[option.name].push_back(label);
    taken_.push_back({option.name, value, label});
}

void OptionDraft::unknown(const std::string& name, const std::string& place,
                          std::string_view dashes) {
    const Option* nearest = nearest_option(name);
    if (nearest) {
        given_.insert(nearest->name);
        problem(fmt::format("{}{} is no option; did you mean {}{}?", place, quote(name), dashes,
                            nearest->name));
    } else {
        problem(fmt::format("{}{} is no option; 'ctgate check --help' explains all", place,
                            quote(name)));
    }
}

void OptionDraft::throw_problems() const {
    if (!problems_.empty()) {
        throw ConfigError(problems_);
    }
}

}  // namespace ctgate
