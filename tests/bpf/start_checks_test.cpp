// SPDX-License-Identifier: GPL-2.0-only
// What the start checks find on this kernel.
#include "control/start_checks.hpp"

#include <gmock/gmock.h>

#include "control/dataplane.hpp"

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

TEST(StartChecks, TheFunctionsAreThoseThatTheProgramsCall) {
    EXPECT_THAT(Dataplane::called_functions(),
                IsSupersetOf({"bpf_skb_ct_lookup", "bpf_skb_ct_alloc", "bpf_ct_set_nat_info",
                              "bpf_ct_insert_entry", "bpf_ct_release"}));
}

TEST(StartChecks, MissingFunctionsAreNamed) {
    EXPECT_THAT(missing_functions(Dataplane::called_functions()), IsEmpty());
    EXPECT_THAT(missing_functions({"bpf_ct_set_nat_info", "bpf_ct_no_such_function"}),
                ElementsAre("bpf_ct_no_such_function"));
}

}  // namespace
}  // namespace ctgate
