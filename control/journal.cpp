// SPDX-License-Identifier: GPL-2.0-only
#include "control/journal.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ctgate {

using nlohmann::json;

namespace {

// The path that leads through a descriptor of ours says nothing to others.
std::string real_path(const std::string& path) {
    std::error_code none;
    const auto real = std::filesystem::canonical(path, none);
    return none ? path : real.string();
}

}  // namespace

Journal::Journal(std::string path) : path_(std::move(path)) {
    std::ifstream file(path_);
    if (!file) {
        return;
    }
    const json document = json::parse(file, nullptr, false);
    try {
        for (const json& each : document) {
            changes_.push_back({each.at("key"), each.at("details")});
        }
    } catch (const json::exception&) {
        changes_.clear();
    }
    if (!document.is_array() || changes_.size() != document.size()) {
        throw std::runtime_error(fmt::format(
            "{} is damaged: it is the journal of what ctgate changed here; remove it to "
            "go on without taking those changes back",
            real_path(path_)));
    }
}

const Change* Journal::find(const std::string& key) const {
    const auto found = std::find_if(changes_.begin(), changes_.end(),
                                    [&](const Change& each) { return each.key == key; });
    return found == changes_.end() ? nullptr : &*found;
}

std::set<std::string> Journal::keys() const {
    std::set<std::string> result;
    for (const Change& each : changes_) {
        result.insert(each.key);
    }
    return result;
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

void Journal::undo_if(const std::function<bool(const Change&)>& unwanted, const Undo& undo) {
    std::exception_ptr failure;
    for (std::size_t i = changes_.size(); i-- > 0;) {
        if (!unwanted(changes_[i])) {
            continue;
        }
        try {
            undo(changes_[i]);
            changes_.erase(changes_.begin() + static_cast<std::ptrdiff_t>(i));
            // A journal that says more than is true does no harm: undoing twice is undoing once.
            try_to_write();
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

void Journal::undo_all(const Undo& undo) {
    undo_if([](const Change&) { return true; }, undo);
}

void Journal::write() const {
    if (!try_to_write()) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot write the journal below /run/ctgate");
    }
}

// A new file in place of the old one: a reader, or a crash, finds one of both whole.
bool Journal::try_to_write() const {
    json document = json::array();
    for (const Change& each : changes_) {
        document.push_back({{"key", each.key}, {"details", each.details}});
    }
    const std::string fresh = path_ + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << document.dump(1) << '\n';
    file.close();
    return file && std::rename(fresh.c_str(), path_.c_str()) == 0;
}

}  // namespace ctgate
