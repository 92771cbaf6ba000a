// SPDX-License-Identifier: GPL-2.0-only
// What libbpf has to say when something cannot be loaded, for our own errors.
#pragma once

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ctgate {

// What libbpf says while this object lives; of a long verifier log the end, where the reason is.
class LibbpfWords {
  public:
    LibbpfWords() : before_(libbpf_set_print(&print)) { text().clear(); }
    ~LibbpfWords() { libbpf_set_print(before_); }
    LibbpfWords(const LibbpfWords&) = delete;
    LibbpfWords& operator=(const LibbpfWords&) = delete;

    static std::string tail() {
        constexpr std::size_t enough = 2000;
        const std::string& all = text();
        return all.size() <= enough ? all : "..." + all.substr(all.size() - enough);
    }

  private:
    static std::string& text() {
        static std::string words;
        return words;
    }
    static int print(libbpf_print_level level, const char* format, va_list arguments) {
        if (level == LIBBPF_WARN) {
            char* line = nullptr;
            if (::vasprintf(&line, format, arguments) >= 0) {
                text() += line;
                ::free(line);
            }
        }
        return 0;
    }

    libbpf_print_fn_t before_;
};

}  // namespace ctgate
