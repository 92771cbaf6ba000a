// SPDX-License-Identifier: GPL-2.0-only
// The configuration file: options without dashes, one "name = value" a line, '#' comments.
#pragma once

#include <string>

#include "control/option_draft.hpp"

namespace ctgate {

// The text of the file of --config; throws ConfigError where there is none to be had.
std::string read_config_file(const std::string& path);

// Takes every line into the draft; `name` stands in the labels and problems as "NAME:LINE".
void take_config_text(const std::string& text, const std::string& name, OptionDraft& draft);

}  // namespace ctgate
