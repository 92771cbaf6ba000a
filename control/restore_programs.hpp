// SPDX-License-Identifier: GPL-2.0-only
// The BPF programs that bring back what a dataplane has, in its maps (restore.bpf.c).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/run_directory.hpp"
#include "ctgate/restore.h"

struct restore_bpf;
struct bpf_object_open_opts;

namespace ctgate {

class RestorePrograms {
  public:
    explicit RestorePrograms(const RunDirectory& directory);
    // With maps that need not be pinned: the descriptor of each, by its name.
    explicit RestorePrograms(const std::function<int(const std::string& name)>& map);

    // Each returns what came of it.
    ctgate_restored mapping(const ctgate_restore_request& request);
    ctgate_restored contact(const ctgate_restore_request& request);
    // A session's external port: before there is a session, and once it is there.
    ctgate_restored hold_port(const ctgate_restore_request& request);
    ctgate_restored keep_port(const ctgate_restore_request& request);
    // One of the sessions that its host may have. `request.place` is where it is.
    ctgate_restored take_place(ctgate_restore_request& request);
    void return_place(const ctgate_restore_request& request);

  private:
    RestorePrograms();
    void open(const bpf_object_open_opts* options);
    void load();
    ctgate_restored run(int program, const ctgate_restore_request& request);

    std::unique_ptr<restore_bpf, void (*)(restore_bpf*)> object_;
};

}  // namespace ctgate
