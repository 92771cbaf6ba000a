#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tidy.py BUILD JOBS [DIRECTORY]: clang-tidy over every source that BUILD/compile_commands.json names,
or over those in DIRECTORY.

They are looked at in the groups of cmake/groups.py: BUILD/tidy has a file for each, which includes its
sources, beside copies of .clang-tidy. A group that does not compile is looked at source by source.
"""
import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "cmake"))
import groups

# Includes a .cpp: that is what a group is.
# And a name of one source is no shadow in another.
NOT_IN_GROUPS = ("--checks=-bugprone-suspicious-include", "--extra-arg=-Wno-shadow")


def command_of(entry: dict) -> str:
    """The compiler's options, without what is only of this source."""
    words = entry["command"].split()
    kept = [word for word in words if not word.endswith((".o", ".cpp")) and word not in ("-o", "-c")]
    return " ".join(kept)


def make_groups(entries: list[dict]) -> list[list[dict]]:
    """Those of one directory and one command in the groups of groups.py."""
    alike: dict[tuple, dict[pathlib.Path, dict]] = {}
    for entry in entries:
        source = pathlib.Path(entry["file"])
        alike.setdefault((source.parent, command_of(entry)), {})[source] = entry
    return [[of[source] for source in group] for of in alike.values()
            for group in groups.make_groups(list(of))]


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
