// SPDX-License-Identifier: GPL-2.0-only
// The C types of a map's keys and values, by the BTF that the kernel keeps with it.
#pragma once

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <string>

namespace ctgate::map_types {

// Fields of a type, their types, names and places: the same text, the same layout. Names of types
// do not count.
std::string describe(const btf* types, __u32 id);

// The same size alone does not make the same meaning. True as well where one of both does not tell.
// `types`: of the object that has the map.
bool are_same(const btf* types, const bpf_map* wanted, const bpf_map_info& found);

}  // namespace ctgate::map_types
