// SPDX-License-Identifier: GPL-2.0-only
// The errors of bpf_skb_ct_lookup and bpf_skb_ct_alloc, each still as documented. The dataplane
// tells a miss from trouble by them, and `ctgate lookup` explains them.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include <memory>
#include <string>

#include "bpf/scratch_netns.hpp"
#include "bpf/test_run.hpp"
#include "control/conntrack.hpp"
// Before the skeleton: the types of its global variables.
#include "bpf/kfunc_probe.h"
#include "kfunc_errors.skel.h"

namespace ctgate {
namespace {

using Programs = SkeletonOwner<kfunc_errors_bpf>;

// The parameter is the kfunc: "lookup" or "alloc".
class KfuncErrors : public testing::TestWithParam<std::string> {
  protected:
    static void SetUpTestSuite() { programs_ = std::make_unique<Programs>(); }
    static void TearDownTestSuite() { programs_.reset(); }

    // Calls the kfunc with sizes as in the name of the program variant. Returns what it left in
    // opts->error, 0 when it returned an entry.
    int error_of(const std::string& variant = "") {
        Programs& skeleton = *programs_;
        skeleton->bss->input = input_;
        skeleton->bss->output = {};
        const std::string name = GetParam() + variant;
        const bpf_program* program = bpf_object__find_program_by_name(skeleton->obj, name.c_str());
        if (program == nullptr) {
            throw std::logic_error(name);
        }
        run_once(program);
        const kfunc_probe_output output = skeleton->bss->output;
        EXPECT_EQ(output.returned == 1, output.error == 0) << "NULL without error, or both";
        return output.error;
    }

    kfunc_probe_input input_ = {
        .netns_id = -1, .l4proto = IPPROTO_UDP, .reserved = {}, .padding = 0};

  private:
    static std::unique_ptr<Programs> programs_;
    ScratchNetns netns_;
};

std::unique_ptr<Programs> KfuncErrors::programs_;

class KfuncLookup : public KfuncErrors {};
class KfuncAlloc : public KfuncErrors {};

TEST_P(KfuncErrors, OptsOfWrongSizeAreInvalid) {
    EXPECT_EQ(error_of("_opts_11"), -EINVAL);
    EXPECT_EQ(error_of("_opts_20"), -EINVAL);
}

// The two bytes are reserved up to Linux 6.10, and later the zone, which 12 bytes may not give.
TEST_P(KfuncErrors, ReservedBytesMustBeZero) {
    input_.reserved[0] = 1;
    EXPECT_EQ(error_of(), -EINVAL);
    input_.reserved[0] = 0;
    input_.reserved[1] = 1;
    EXPECT_EQ(error_of(), -EINVAL);
}

TEST_P(KfuncErrors, NetnsIdBelowCurrentIsInvalid) {
    input_.netns_id = -2;
    EXPECT_EQ(error_of(), -EINVAL);
}

TEST_P(KfuncErrors, UnknownNetnsIdIsNoNet) {
    input_.netns_id = 4242;
    EXPECT_EQ(error_of(), -ENONET);
}

TEST_P(KfuncErrors, OnlyTcpAndUdpAreProtocols) {
    for (const int protocol : std::initializer_list<int>{IPPROTO_ICMP, IPPROTO_SCTP, 0, 255}) {
        input_.l4proto = static_cast<__u8>(protocol);
        EXPECT_EQ(error_of(), -EPROTO) << "protocol " << protocol;
    }
}

TEST_P(KfuncErrors, TupleOfWrongSizeHasNoFamily) {
    EXPECT_EQ(error_of("_tuple_11"), -EAFNOSUPPORT);
    EXPECT_EQ(error_of("_tuple_20"), -EAFNOSUPPORT);
}

INSTANTIATE_TEST_SUITE_P(Kfuncs, KfuncErrors, testing::Values("lookup", "alloc"),
                         [](const auto& kfunc) { return kfunc.param; });

TEST_P(KfuncLookup, MissIsNoEntry) {
    EXPECT_EQ(error_of(), -ENOENT);
    input_.l4proto = IPPROTO_TCP;
    EXPECT_EQ(error_of(), -ENOENT);
}

INSTANTIATE_TEST_SUITE_P(Kfuncs, KfuncLookup, testing::Values("lookup"));

// The other way round: without a wrong argument there is no error, so the tests above do not pass
// merely because the kfunc always fails.
TEST_P(KfuncAlloc, RightArgumentsMakeAnEntry) {
    for (const auto protocol : {IPPROTO_UDP, IPPROTO_TCP}) {
        input_.l4proto = static_cast<__u8>(protocol);
        EXPECT_EQ(error_of(), 0) << "protocol " << protocol;
    }
    EXPECT_EQ(conntrack::count(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Kfuncs, KfuncAlloc, testing::Values("alloc"));

}  // namespace
}  // namespace ctgate
