#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tidy.py BUILD JOBS [DIRECTORY]: clang-tidy over every source that BUILD/compile_commands.json names,
or over those in DIRECTORY.

Most of clang-tidy's time goes into the headers of libraries, so sources are looked at in groups, each
of which reads them once: BUILD/tidy has a file that includes them, beside copies of .clang-tidy. A
group in which two sources use one name for different things does not compile, and is then looked at
source by source.
"""
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys

GROUP = 8  # sources
# Includes a .cpp: that is what a group is.
# And a name of one source is no shadow in another.
NOT_IN_GROUPS = ("--checks=-bugprone-suspicious-include", "--extra-arg=-Wno-shadow")
NAMELESS = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
DEFINED = re.compile(r"^(?:struct|class|enum class|enum)\s+(\w+)|(\w+)\s*(?=[(\[{=;])")


def private_names(source: pathlib.Path) -> set[str]:
    """Roughly: what begins a line of a nameless namespace; a group that clashes anyway is split."""
    names = set()
    for body in NAMELESS.findall(source.read_text()):
        for line in body.splitlines():
            if line and line[0].isalpha() and not line.startswith(("TEST", "using namespace")):
                match = DEFINED.search(line)
                if match:
                    names.add(match[1] or match[2])
    return names


def command_of(entry: dict) -> str:
    """The compiler's options, without what is only of this source."""
    words = entry["command"].split()
    kept = [word for word in words if not word.endswith((".o", ".cpp")) and word not in ("-o", "-c")]
    return " ".join(kept)


def make_groups(entries: list[dict]) -> list[list[dict]]:
    groups: list[tuple[tuple, set[str], list[dict]]] = []
    for entry in entries:
        source = pathlib.Path(entry["file"])
        key, names = (source.parent, command_of(entry)), private_names(source)
        for group_key, taken, members in groups:
            if group_key == key and len(members) < GROUP and not taken & names:
                taken |= names
                members.append(entry)
                break
        else:
            groups.append((key, names, [entry]))
    return [members for _, _, members in groups]


def tidy(database: pathlib.Path, source: pathlib.Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(["clang-tidy", "-p", database, "-quiet", *options, source],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def look_at(build: pathlib.Path, source: pathlib.Path, members: list[dict]) -> bool:
    """False: clang-tidy found something in these members, which is printed."""
    results = [tidy(build / "tidy", source, *NOT_IN_GROUPS)]
    if "clang-diagnostic-error" in results[0].stdout:
        print(f"{source.name}: its sources do not go together, one by one", flush=True)
        results = [tidy(build, pathlib.Path(member["file"])) for member in members]
    for result in results:
        if result.returncode != 0:
            print(result.stdout, flush=True)
    return all(result.returncode == 0 for result in results)


def main(build: pathlib.Path, jobs: int, only: list[str]) -> int:
    top = pathlib.Path.cwd()
    ours = tuple(str(top / directory) + "/" for directory in only or ["control", "tests"])
    entries = [entry for entry in json.loads((build / "compile_commands.json").read_text())
               if entry["file"].startswith(ours) and entry["file"].endswith(".cpp")]
    into = build / "tidy"
    shutil.rmtree(into, ignore_errors=True)
    for config in [top / ".clang-tidy", *top.glob("control/**/.clang-tidy"),
                   *top.glob("tests/**/.clang-tidy")]:
        copy = into / config.relative_to(top)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(config, copy)
    database, work = [], []
    for number, members in enumerate(make_groups(entries)):
        directory = into / pathlib.Path(members[0]["file"]).parent.relative_to(top)
        directory.mkdir(parents=True, exist_ok=True)
        source = directory / f"group{number}.cpp"
        source.write_text("".join(f'#include "{member["file"]}"\n' for member in members))
        database.append({"directory": members[0]["directory"], "file": str(source),
                         "command": f"{command_of(members[0])} -c {source}"})
        work.append((source, members))
    (into / "compile_commands.json").write_text(json.dumps(database))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        clean = all(list(pool.map(lambda one: look_at(build, *one), work)))
    print(f"clang-tidy: {len(entries)} sources in {len(work)} groups,",
          "clean" if clean else "with findings")
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3:]))
