// SPDX-License-Identifier: GPL-2.0-only
// What ctgate has changed on this machine and how it was before, in a file: each entry is written
// before its change is made, so that whoever comes later (`ctgate down`, a new `ctgate run`) can
// take back exactly that, whatever happened to the process that made it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace ctgate {

struct Change {
    std::string key;         // what is changed; unique in the journal
    nlohmann::json details;  // "kind", and what its undoing needs
};

class Journal {
  public:
    // Takes back one change; what is gone already is no error.
    using Undo = std::function<void(const Change&)>;

    explicit Journal(std::string path);  // reads the file if there is one

    const std::vector<Change>& changes() const { return changes_; }
    const Change* find(const std::string& key) const;
    std::set<std::string> keys() const;

    // To be called before the change is made. A change that is in the journal already keeps its
    // place, and what it says of the time before is kept by the caller.
    void record(Change change);

    // For a change that turned out not to be needed.
    void forget(const std::string& key);

    // Takes back all for which `unwanted` is true, newest first. Each step is tried whatever
    // happened to the others; what could be taken back leaves the journal. Throws the first
    // failure.
    void undo_if(const std::function<bool(const Change&)>& unwanted, const Undo& undo);
    void undo_all(const Undo& undo);

    // The file anew: somebody may have removed it.
    void write() const;

  private:
    bool try_to_write() const;

    std::string path_;
    std::vector<Change> changes_;
};

}  // namespace ctgate
