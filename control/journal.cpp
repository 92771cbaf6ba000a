// SPDX-License-Identifier: GPL-2.0-only
#include "control/journal.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace ctgate {

using nlohmann::json;

Journal::Journal(std::string path) : path_(std::move(path)) {
    std::ifstream file(path_);
    if (!file) {
        return;
    }
    const json document = json::parse(file, nullptr, false);
    if (!document.is_array()) {
        throw std::runtime_error("The journal of what ctgate changed here is damaged");
    }
    for (const json& each : document) {
        changes_.push_back({each.at("key"), each.at("details")});
    }
}

const Change* Journal::find(const std::string& key) const {
    const auto found = std::find_if(changes_.begin(), changes_.end(),
                                    [&](const Change& each) { return each.key == key; });
    return found == changes_.end() ? nullptr : &*found;
}

void Journal::record(Change change) {
    const auto same = std::find_if(changes_.begin(), changes_.end(),
                                   [&](const Change& each) { return each.key == change.key; });
    if (same != changes_.end() && same->details == change.details) {
        return;
    }
    if (same != changes_.end()) {
        *same = std::move(change);
    } else {
        changes_.push_back(std::move(change));
    }
    write();
}

void Journal::forget(const std::string& key) {
    std::erase_if(changes_, [&](const Change& each) { return each.key == key; });
    write();
}

void Journal::undo_from(std::size_t first, const Undo& undo) {
    std::vector<std::string> newer;
    for (std::size_t i = first; i < changes_.size(); ++i) {
        newer.push_back(changes_[i].key);
    }
    undo_if(
        [&](const Change& change) {
            return std::find(newer.begin(), newer.end(), change.key) != newer.end();
        },
        undo);
}

void Journal::undo_if(const std::function<bool(const Change&)>& unwanted, const Undo& undo) {
    std::exception_ptr failure;
    for (std::size_t i = changes_.size(); i-- > 0;) {
        if (!unwanted(changes_[i])) {
            continue;
        }
        try {
            undo(changes_[i]);
            changes_.erase(changes_.begin() + static_cast<std::ptrdiff_t>(i));
            write();
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

// A new file in place of the old one: a reader, or a crash, finds one of both whole.
void Journal::write() const {
    json document = json::array();
    for (const Change& each : changes_) {
        document.push_back({{"key", each.key}, {"details", each.details}});
    }
    const std::string fresh = path_ + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << document.dump(1) << '\n';
    file.close();
    if (!file || std::rename(fresh.c_str(), path_.c_str()) != 0) {
        throw std::runtime_error("Cannot write the journal of what ctgate changes here");
    }
}

}  // namespace ctgate
