// SPDX-License-Identifier: GPL-2.0-only
#include "control/rehearsal.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/pkt_cls.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <numeric>
#include <set>
#include <system_error>

#include "control/attachment.hpp"
#include "control/deterministic.hpp"
#include "control/libbpf_words.hpp"
#include "control/pinned_map.hpp"
#include "control/rehearsal_frame.hpp"
#include "control/rehearsal_state.hpp"
#include "ctgate.skel.h"
#include "ctgate/pairing.h"

namespace ctgate {
namespace {

struct DestroySkeleton {
    void operator()(ctgate_bpf* skeleton) const { ctgate_bpf::destroy(skeleton); }
};
using Skeleton = std::unique_ptr<ctgate_bpf, DestroySkeleton>;

constexpr std::array stage_enums = {
#define CTGATE_ROW(id, results) results,
    CTGATE_STAGES(CTGATE_ROW)
#undef CTGATE_ROW
};

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

[[noreturn]] void fail_by_version() {
    throw std::runtime_error(
        "The programs in force are not those of this ctgate; use the ctgate that started them, or "
        "start it anew with this one");
}

Skeleton open_skeleton() {
    Skeleton skeleton(ctgate_bpf::open());
    if (!skeleton) {
        fail("Cannot open the BPF object");
    }
    return skeleton;
}

// --- the program in force
// -------------------------------------------------------------------------

struct ProgramInForce {
    std::array<__u8, BPF_TAG_SIZE> tag{};
    std::vector<__u8> constants;  // its .rodata
    FileDescriptor session_cache;
};

bpf_prog_info info_of(int program, std::vector<__u32>& maps) {
    bpf_prog_info info{};
    info.nr_map_ids = static_cast<__u32>(maps.size());
    info.map_ids = reinterpret_cast<__u64>(maps.data());
    __u32 length = sizeof(info);
    if (bpf_obj_get_info_by_fd(program, &info, &length) != 0) {
        fail("Cannot examine a program of the dataplane");
    }
    return info;
}

std::array<__u8, BPF_TAG_SIZE> tag_of(const bpf_prog_info& info) {
    std::array<__u8, BPF_TAG_SIZE> tag{};
    std::copy(std::begin(info.tag), std::end(info.tag), tag.begin());
    return tag;
}

std::vector<__u8> read_constants(int map, std::size_t size) {
    std::vector<__u8> constants(size);
    const __u32 only = 0;
    if (bpf_map_lookup_elem(map, &only, constants.data()) != 0) {
        fail("Cannot read the constants of the dataplane");
    }
    return constants;
}

ProgramInForce program_in_force(const RunDirectory& directory, const Link& link) {
    const __u32 id = attachment::program_of(link.index, attachment::Hook::ingress, directory);
    if (id == 0) {
        throw std::runtime_error(
            fmt::format("No program of ctgate is attached to interface '{}' any more: nothing is "
                        "done with its packets; 'ctgate status' says more, 'ctgate run' repairs it",
                        link.name));
    }
    const FileDescriptor program(bpf_prog_get_fd_by_id(id));
    if (!program) {
        fail("Cannot open a program of the dataplane (needs CAP_SYS_ADMIN)");
    }
    std::vector<__u32> maps(64);
    const bpf_prog_info info = info_of(program.get(), maps);
    maps.resize(std::min<std::size_t>(info.nr_map_ids, maps.size()));
    ProgramInForce result;
    result.tag = tag_of(info);
    for (const __u32 map_id : maps) {
        FileDescriptor map(bpf_map_get_fd_by_id(map_id));
        bpf_map_info map_info{};
        __u32 length = sizeof(map_info);
        if (!map || bpf_obj_get_info_by_fd(map.get(), &map_info, &length) != 0) {
            fail("Cannot open a map of the dataplane (needs CAP_SYS_ADMIN)");
        }
        const std::string name = map_info.name;
        if (name.ends_with(".rodata")) {
            result.constants = read_constants(map.get(), map_info.value_size);
        } else if (name == "session_cache") {
            result.session_cache = std::move(map);
        }
    }
    return result;
}

// --- the same program once more
// -------------------------------------------------------------------

// A test run always has an Ethernet header, also on an interface whose packets have none.
bpf_program* to_be_run(const Skeleton& skeleton, Side side) {
    return side == Side::internal ? skeleton->progs.internal_l2 : skeleton->progs.external_l2;
}

bpf_program* attached(const Skeleton& skeleton, const RehearsedPacket& packet) {
    if (packet.arrival.ethernet) {
        return to_be_run(skeleton, packet.side);
    }
    return packet.side == Side::internal ? skeleton->progs.internal_l3
                                         : skeleton->progs.external_l3;
}

void share_maps(const RunDirectory& directory, const Skeleton& skeleton) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, skeleton->obj) {
        bpf_map__set_pin_path(map, nullptr);
    }
    for (const std::string& name : shared_maps()) {
        bpf_map* mine = bpf_object__find_map_by_name(skeleton->obj, name.c_str());
        const FileDescriptor theirs = open_pinned_map(
            directory, name.c_str(), bpf_map__key_size(mine), bpf_map__value_size(mine));
        if (bpf_map__reuse_fd(mine, theirs.get()) != 0) {
            fail(fmt::format("Cannot share the map '{}' of the dataplane", name));
        }
    }
}

void take_constants(const Skeleton& skeleton, const ProgramInForce& in_force) {
    // Those that the skeleton names are followed by others.
    if (in_force.constants.size() != bpf_map__value_size(skeleton->maps.rodata)) {
        fail_by_version();
    }
    std::memcpy(skeleton->rodata, in_force.constants.data(), in_force.constants.size());
    skeleton->rodata->explaining = 1;
}

void load(const Skeleton& skeleton, const RehearsedPacket& packet) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) {
        bpf_program__set_autoload(program, program == to_be_run(skeleton, packet.side) ||
                                               program == attached(skeleton, packet));
    }
    const LibbpfWords words;
    if (const int error = ctgate_bpf::load(skeleton.get()); error != 0) {
        throw std::runtime_error(fmt::format("Cannot load the BPF programs ({}):\n{}",
                                             std::generic_category().message(-error),
                                             words.tail()));
    }
}

// Constants and maps have no part in the tag: the same instructions have the same.
void check_tag(const bpf_program* program, const ProgramInForce& in_force) {
    std::vector<__u32> none;
    if (tag_of(info_of(bpf_program__fd(program), none)) != in_force.tag) {
        fail_by_version();
    }
}

// --- the answer
// -----------------------------------------------------------------------------------

void run(const bpf_program* program, const RehearsedPacket& packet, Rehearsal& result) {
    const std::vector<std::uint8_t> frame = rehearsal_frame(packet);
    std::vector<std::uint8_t> translated(frame.size() + 64);
    __sk_buff context{};
    context.ifindex = static_cast<__u32>(packet.arrival.index);
    LIBBPF_OPTS(bpf_test_run_opts, options);
    options.data_in = frame.data();
    options.data_size_in = static_cast<__u32>(frame.size());
    options.data_out = translated.data();
    options.data_size_out = static_cast<__u32>(translated.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof(context);
    options.ctx_out = &context;
    options.ctx_size_out = sizeof(context);
    options.repeat = 1;
    if (bpf_prog_test_run_opts(bpf_program__fd(program), &options) != 0) {
        fail("Cannot run the program");
    }
    const auto verdict = static_cast<int>(options.retval);
    result.verdict = verdict == TC_ACT_SHOT       ? Rehearsal::Verdict::drop
                     : verdict == TC_ACT_REDIRECT ? Rehearsal::Verdict::redirect
                                                  : Rehearsal::Verdict::stack;
    result.told = context.mark != 0;
}

void read_counters(const Skeleton& skeleton, Rehearsal& result) {
    std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    for (__u32 slot = 0; slot < CTGATE_COUNTER_MAX; ++slot) {
        if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.counters), &slot, per_cpu.data()) != 0) {
            fail("Cannot read what was counted");
        }
        if (std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0}) != 0) {
            result.counted.push_back(static_cast<ctgate_counter>(slot));
        }
    }
}

std::string name_in_enum(const btf* types, const char* name, __u32 value) {
    const __s32 id = btf__find_by_name_kind(types, name, BTF_KIND_ENUM);
    const btf_type* type = id < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(id));
    for (__u16 i = 0; type != nullptr && i < btf_vlen(type); ++i) {
        if (static_cast<__u32>(btf_enum(type)[i].val) == value) {
            return btf__name_by_offset(types, btf_enum(type)[i].name_off);
        }
    }
    return fmt::format("{} {}", name, value);
}

void read_explanation(const Skeleton& skeleton, Rehearsal& result) {
    const __u32 only = 0;
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton->maps.explanation), &only, &result.explanation) !=
        0) {
        fail("Cannot read the explanation");
    }
    const btf* types = bpf_object__btf(skeleton->obj);
    for (std::size_t stage = 0; stage < stage_enums.size(); ++stage) {
        if (result.explanation.asked[stage] != 0) {
            result.results[stage] =
                name_in_enum(types, stage_enums[stage], result.explanation.results[stage]);
        }
    }
}

// The port spaces that a packet may have to do with: those of its destination, and of the external
// addresses that its source would get.
std::set<PortSpace> spaces_of(const Serving& serving, const RehearsedPacket& packet) {
    std::set<PortSpace> result = {{packet.destination.address, packet.protocol}};
    const IpAddress source = packet.source.address;
    for (const ExternalInterface& each : serving.external) {
        if (each.addresses.empty()) {
            continue;
        }
        const auto paired =
            ctgate_pair(source.to_bytes().bytes, static_cast<__u32>(each.addresses.size()));
        result.insert({each.addresses[paired].address, packet.protocol});
        const auto computed =
            each.deterministic ? deterministic_address(each, source) : std::nullopt;
        if (computed) {
            result.insert({each.addresses[*computed].address, packet.protocol});
        }
    }
    return result;
}

}  // namespace

Rehearsal rehearse(const RunDirectory& directory, const Serving& serving,
                   const RehearsedPacket& packet) {
    const ProgramInForce in_force = program_in_force(directory, packet.arrival);
    Rehearsal result;
    result.settings = settings_in_force(directory);
    const RehearsalState state(directory, in_force.session_cache.get(), packet, result.settings);
    result.record = state.record();
    result.host = state.host();

    const Skeleton skeleton = open_skeleton();
    share_maps(directory, skeleton);
    state.size(skeleton->obj);
    take_constants(skeleton, in_force);
    load(skeleton, packet);
    check_tag(attached(skeleton, packet), in_force);
    state.write(skeleton->obj, spaces_of(serving, packet));
    run(to_be_run(skeleton, packet.side), packet, result);
    read_counters(skeleton, result);
    read_explanation(skeleton, result);
    if (result.verdict == Rehearsal::Verdict::redirect) {
        result.followed = state.record_in(skeleton->obj);
    }
    return result;
}

std::vector<std::string> stage_results() {
    const Skeleton skeleton = open_skeleton();
    const btf* types = bpf_object__btf(skeleton->obj);
    std::vector<std::string> names;
    for (const char* each : stage_enums) {
        const __s32 id = btf__find_by_name_kind(types, each, BTF_KIND_ENUM);
        const btf_type* type = id < 0 ? nullptr : btf__type_by_id(types, static_cast<__u32>(id));
        for (__u16 i = 0; type != nullptr && i < btf_vlen(type); ++i) {
            names.emplace_back(btf__name_by_offset(types, btf_enum(type)[i].name_off));
        }
    }
    return names;
}

std::vector<std::string> rehearsed_maps() {
    const Skeleton skeleton = open_skeleton();
    std::vector<std::string> names;
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, skeleton->obj) {
        if (!bpf_map__is_internal(map)) {
            names.emplace_back(bpf_map__name(map));
        }
    }
    return names;
}

std::vector<std::string> shared_maps() {
    return {"pools",         "internal_interfaces", "addresses",  "one_to_one",
            "configuration", "behaviours",          "exemptions", "forward_access"};
}

}  // namespace ctgate
