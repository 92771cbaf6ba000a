#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""groups.py SOURCE...: prints a line for each source, "NUMBER SOURCE": those of one number can be
compiled together.

Most of a compiler's time goes into the headers of libraries, so sources are compiled, and looked at by
clang-tidy, in groups that read them once. Sources that use one name for different things do not go
together. To tell which, this reads roughly: what begins a line of a nameless namespace.
"""
import pathlib
import re
import sys

SIZE = 8  # sources
NAMELESS = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
DEFINED = re.compile(r"^(?:struct|class|enum class|enum)\s+(\w+)|(\w+)\s*(?=[(\[{=;])")
SAME_FOR_ALL = ("using namespace", "TEST", "INSTANTIATE_TEST", "static_assert")


def private_names(source: pathlib.Path) -> dict[str, str]:
    """Each name with what it stands for: other names of it, as far as it is one, else the source."""
    names = {}
    for body in NAMELESS.findall(source.read_text()):
        for line in body.splitlines():
            if not line or not line[0].isalpha() or line.startswith(SAME_FOR_ALL):
                continue
            match = DEFINED.search(line)
            if match:
                alias = line.startswith(("using ", "namespace "))
                names[match[1] or match[2]] = line if alias else str(source)
    return names


def clash(one: dict[str, str], other: dict[str, str]) -> bool:
    return any(other.get(name, meaning) != meaning for name, meaning in one.items())


def make_groups(sources: list[pathlib.Path]) -> list[list[pathlib.Path]]:
    """Each source into the first group that it goes with."""
    groups: list[tuple[dict[str, str], list[pathlib.Path]]] = []
    # The kernel's <linux/if.h> knows when <net/if.h> came before it, not the other way round.
    for source in sorted(sources, key=lambda one: "<net/if.h>" not in one.read_text()):
        names = private_names(source)
        for taken, members in groups:
            if len(members) < SIZE and not clash(names, taken):
                taken.update(names)
                members.append(source)
                break
        else:
            groups.append((names, [source]))
    return [members for _, members in groups]


if __name__ == "__main__":
    for number, members in enumerate(make_groups([pathlib.Path(name) for name in sys.argv[1:]])):
        for member in members:
            print(number, member)
