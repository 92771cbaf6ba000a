// SPDX-License-Identifier: GPL-2.0-only
// What the selftest prints.
#pragma once

#include <nlohmann/json.hpp>

#include "control/selftest.hpp"

namespace ctgate::selftest {

class Report {
  public:
    // Text comes as it happens; JSON at the end.
    explicit Report(bool json) : json_(json) {}

    void add(const Requirement& requirement, const Finding& finding);
    // `subject`: what was tested. False: something has failed.
    bool finish(const std::string& subject);

  private:
    bool json_;
    unsigned passed_ = 0;
    unsigned failed_ = 0;
    unsigned not_applicable_ = 0;
    nlohmann::ordered_json array_ = nlohmann::ordered_json::array();
};

// "FAIL  RFC 4787 REQ-1        UDP mapping is ...: observed"
std::string line(const Requirement& requirement, const Finding& finding);

}  // namespace ctgate::selftest
