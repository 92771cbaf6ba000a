// SPDX-License-Identifier: GPL-2.0-only
// The tests below this directory load BPF programs and make network namespaces.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv) {
    testing::InitGoogleMock(&argc, argv);
    if (::geteuid() != 0) {
        fmt::print(stderr,
                   "bpf_tests: must run as root, to load BPF programs and to make network "
                   "namespaces\n");
        return 1;
    }
    return RUN_ALL_TESTS();
}
