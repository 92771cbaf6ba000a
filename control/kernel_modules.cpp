// SPDX-License-Identifier: GPL-2.0-only
#include "control/kernel_modules.hpp"

#include <fmt/core.h>
#include <libkmod.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace ctgate {
namespace {

using Context = std::unique_ptr<kmod_ctx, decltype(&kmod_unref)>;
using Module = std::unique_ptr<kmod_module, decltype(&kmod_module_unref)>;

// The last one for our nft table; the others for the dataplane, and sch_ingress is clsact too.
constexpr const char* names[] = {"nf_conntrack", "nf_nat", "sch_ingress", "cls_bpf", "nf_tables"};

void load(kmod_ctx* context, const char* name) {
    kmod_module* found = nullptr;
    const int missing = kmod_module_new_from_name(context, name, &found);
    const Module module(found, &kmod_module_unref);
    if (missing != 0 || kmod_module_get_path(module.get()) == nullptr) {
        return;
    }
    const int error = kmod_module_probe_insert_module(module.get(), KMOD_PROBE_IGNORE_LOADED,
                                                      nullptr, nullptr, nullptr, nullptr);
    if (error < 0 && error != -ENOENT) {
        throw std::system_error(-error, std::generic_category(),
                                fmt::format("Cannot load the kernel module {} (needs "
                                            "CAP_SYS_MODULE, or 'modprobe {}' before)",
                                            name, name));
    }
}

}  // namespace

void load_kernel_modules() {
    const Context context(kmod_new(nullptr, nullptr), &kmod_unref);
    if (!context) {
        return;
    }
    for (const char* name : names) {
        load(context.get(), name);
    }
}

}  // namespace ctgate
