// SPDX-License-Identifier: GPL-2.0-only
#include "control/map_types.hpp"

#include <fmt/core.h>

#include <memory>
#include <string>

namespace ctgate::map_types {
namespace {

using Types = std::unique_ptr<btf, void (*)(btf*)>;

// Structures of structures of arrays are the deepest; what is deeper is a circle of pointers.
constexpr unsigned deepest = 8;

std::string describe(const btf* types, __u32 id, unsigned depth);

std::string describe_members(const btf* types, const btf_type* type, unsigned depth) {
    std::string text;
    const btf_member* members = btf_members(type);
    for (__u32 n = 0; n < btf_vlen(type); ++n) {
        text += fmt::format("{} {}@{};", describe(types, members[n].type, depth),
                            btf__name_by_offset(types, members[n].name_off), members[n].offset);
    }
    return text;
}

std::string describe(const btf* types, __u32 id, unsigned depth) {
    const int resolved = btf__resolve_type(types, id);
    const btf_type* type =
        resolved < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(resolved));
    if (type == nullptr || depth == deepest) {
        return "?";
    }
    if (btf_is_composite(type)) {
        return fmt::format("{}{{{}}}", type->size, describe_members(types, type, depth + 1));
    }
    if (btf_is_array(type)) {
        const struct btf_array* array = btf_array(type);
        return fmt::format("{}[{}]", describe(types, array->type, depth + 1), array->nelems);
    }
    return fmt::format("{}", btf_is_ptr(type) ? sizeof(void*) : type->size);
}

}  // namespace

std::string describe(const btf* types, __u32 id) {
    return describe(types, id, 0);
}

bool are_same(const btf* types, const bpf_map* wanted, const bpf_map_info& found) {
    const __u32 key = bpf_map__btf_key_type_id(wanted);
    const __u32 value = bpf_map__btf_value_type_id(wanted);
    if (types == nullptr || key == 0 || value == 0 || found.btf_id == 0) {
        return true;
    }
    const Types before(btf__load_from_kernel_by_id(found.btf_id), &btf__free);
    if (!before) {
        return true;
    }
    return describe(before.get(), found.btf_key_type_id) == describe(types, key) &&
           describe(before.get(), found.btf_value_type_id) == describe(types, value);
}

}  // namespace ctgate::map_types
