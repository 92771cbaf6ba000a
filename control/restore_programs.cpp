// SPDX-License-Identifier: GPL-2.0-only
#include "control/restore_programs.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/if_ether.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

// After the types of its global variables.
#include "restore.skel.h"

namespace ctgate {

RestorePrograms::RestorePrograms() : object_(nullptr, &restore_bpf::destroy) {}

RestorePrograms::RestorePrograms(const RunDirectory& directory) : RestorePrograms() {
    const std::string pins = directory.pins();
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.pin_root_path = pins.c_str();
    open(&options);
    load();
}

RestorePrograms::RestorePrograms(const std::function<int(const std::string& name)>& map)
    : RestorePrograms() {
    open(nullptr);
    bpf_map* each = nullptr;
    bpf_object__for_each_map(each, object_->obj) {
        if (bpf_map__pin_path(each) != nullptr) {
            bpf_map__set_pin_path(each, nullptr);
            if (const int error = bpf_map__reuse_fd(each, map(bpf_map__name(each))); error != 0) {
                throw std::system_error(
                    -error, std::generic_category(),
                    fmt::format("Cannot use the map '{}'", bpf_map__name(each)));
            }
        }
    }
    load();
}

void RestorePrograms::open(const bpf_object_open_opts* options) {
    object_.reset(restore_bpf::open(options));
    if (!object_) {
        throw std::system_error(errno, std::generic_category(), "Cannot open the BPF object");
    }
    bpf_map__set_autocreate(object_->maps.session_cache, false);  // not asked for anything
}

void RestorePrograms::load() {
    if (const int error = restore_bpf::load(object_.get()); error != 0) {
        throw std::system_error(
            -error, std::generic_category(),
            "Cannot load the programs that restore (they need what 'ctgate run' needs, and a "
            "dataplane of this version; 'ctgate run' of this version brings it up to date)");
    }
}

ctgate_restored RestorePrograms::run(int program, const ctgate_restore_request& request) {
    std::array<char, ETH_ZLEN> frame{};  // any packet will do
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = frame.size();
    options.repeat = 1;
    object_->bss->request = request;
    if (bpf_prog_test_run_opts(program, &options) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "Cannot run the programs that restore");
    }
    return static_cast<ctgate_restored>(options.retval);
}

ctgate_restored RestorePrograms::mapping(const ctgate_restore_request& request) {
    return run(bpf_program__fd(object_->progs.restore_mapping), request);
}

ctgate_restored RestorePrograms::contact(const ctgate_restore_request& request) {
    return run(bpf_program__fd(object_->progs.restore_contact), request);
}

ctgate_restored RestorePrograms::hold_port(const ctgate_restore_request& request) {
    return run(bpf_program__fd(object_->progs.hold_port), request);
}

ctgate_restored RestorePrograms::keep_port(const ctgate_restore_request& request) {
    return run(bpf_program__fd(object_->progs.keep_port), request);
}

ctgate_restored RestorePrograms::take_place(ctgate_restore_request& request) {
    const ctgate_restored result = run(bpf_program__fd(object_->progs.take_saved_place), request);
    request.place = object_->bss->request.place;
    return result;
}

void RestorePrograms::return_place(const ctgate_restore_request& request) {
    run(bpf_program__fd(object_->progs.return_saved_place), request);
}

}  // namespace ctgate
