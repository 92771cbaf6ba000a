// SPDX-License-Identifier: GPL-2.0-only
#include "control/top_screen.hpp"

// Its macros have names such as "timeout" and "erase".
#define NCURSES_NOMACROS 1
#include <curses.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace ctgate {
namespace {

// Owned by the library from newterm() on; delscreen() leaves nothing of it.
SCREEN* screen = nullptr;

}  // namespace

TopScreen::TopScreen() {
    screen = ::newterm(nullptr, stdout, stdin);
    if (!screen) {
        const char* name = std::getenv("TERM");
        throw std::runtime_error(std::string("Cannot use this terminal (TERM is '") +
                                 (name ? name : "") + "'); 'ctgate top --once' needs none");
    }
    ::cbreak();
    ::noecho();
    ::curs_set(0);
    ::keypad(stdscr, true);
}

TopScreen::~TopScreen() {
    ::endwin();
    ::delscreen(screen);
}

std::size_t TopScreen::rows() const {
    return static_cast<std::size_t>(getmaxy(stdscr));
}

void TopScreen::show(const std::vector<std::string>& lines) {
    ::werase(stdscr);
    const int width = getmaxx(stdscr);
    for (std::size_t row = 0; row < lines.size() && row < rows(); ++row) {
        ::mvwaddnstr(stdscr, static_cast<int>(row), 0, lines[row].c_str(), width);
    }
    ::wrefresh(stdscr);
}

std::optional<char> TopScreen::key(int milliseconds) {
    ::wtimeout(stdscr, milliseconds);
    const int key = ::wgetch(stdscr);
    if (key < 0 || key > 127) {  // KEY_RESIZE, say
        return std::nullopt;
    }
    return static_cast<char>(key);
}

}  // namespace ctgate
