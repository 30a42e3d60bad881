"""Draws a sample of the mutants that cargo-mutants knows, and runs cargo-mutants on exactly these.

    python3 tests/mutants/sample.py [--seed 14] [--count 640] [--only FILE] [-- OPTION…]

The sample takes from each file its share of its layer, and at least one; the layers have the
weights below. A mutant's place in the draw is a hash of the seed and its name, so that one tree
gives one sample everywhere. `--only` takes the names to run from a file, one a line: survivors.
Options of cargo-mutants follow after `--`, such as `-j 2`.
On an idle processor a mutant takes some ten seconds with `-- --in-place --test-tool=nextest
--cap-lints=false --minimum-test-timeout=100` in a clone that was built before with
`CARGO_PROFILE_DEV_DEBUG=0`: nothing is copied, and the first test that fails ends it.

Each mutant meets the tests nearest to it first, and all the named ones when it survives these.
cargo-mutants copies the tree; only `target/mutants/` is written here.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import itertools
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = ROOT / ".cargo" / "mutants.toml"
# Shares of the sample. What is not here is compiled for Python only, or for tests.
LAYERS = {
    "conn": 40,
    "cause": 24,
    "capture": 10,
    "packet": 10,
    "table": 6,
    "filter": 3,
    "engine": 5,
    "base": 2,
}
NEAREST = {
    "--test=capture": ["capture"],
    "--test=packet": ["packet"],
    "--test=causes --test=conversations --test=recorded": ["conn", "cause", "table"],
    "--lib": ["filter", "engine", "base"],
}
ALL = """--lib --test=capture --test=causes --test=conversations --test=lab_verdicts --test=packet
    --test=packets --test=properties --test=recorded"""
# Seconds each, where the others take milliseconds.
SLOW = """-- --skip corpus:: --skip random:: --skip a_cut_stream --skip everything_before_damage
    --skip a_search_takes_nothing --skip a_million_blocks"""
# Of these programs, tests that take longer than all the others together: only survivors meet them.
SLOWEST = {
    "lib": ["however_many_there_are"],
    "capture": ["copies::any_", "a_thousand_overlapping_files"],
    "conversations": ["forms::many_that", "forms::quiet_connections", "thresholds::"],
}
# A mutant that allocates without end must not take the machine with it.
MEMORY = 8 << 30


def layer(name: str) -> str:
    part = name.split(":", maxsplit=1)[0].split("/")[1]
    stem = part.removesuffix(".rs")
    return stem if stem in LAYERS else part


def listed(tree: pathlib.Path = ROOT) -> list[dict[str, Any]]:
    """All mutants, as cargo-mutants tells them; names begin with the file's."""
    told = subprocess.run(
        ["cargo", "mutants", "--list", "--json"], cwd=tree, check=True, stdout=subprocess.PIPE
    )
    mutants: list[dict[str, Any]] = json.loads(told.stdout)
    return mutants


def draw(mutants: list[str], seed: int, count: int) -> list[str]:
    """Names of about `count` mutants."""

    def place(name: str) -> bytes:
        return hashlib.sha256(f"{seed} {name}".encode()).digest()

    layers: dict[str, dict[str, list[str]]] = {part: {} for part in LAYERS}
    for mutant in mutants:
        if layer(mutant) in layers:
            layers[layer(mutant)].setdefault(mutant.split(":")[0], []).append(mutant)
    drawn: list[str] = []
    for part, files in layers.items():
        share = count * LAYERS[part] / sum(LAYERS.values())
        total = sum(map(len, files.values()))
        for names in files.values():
            size = max(1, round(share * len(names) / total))
            drawn += sorted(names, key=place)[:size]
    return sorted(drawn)


def difference(names: list[str]) -> str:
    """A difference by which the lines of these mutants are new."""
    places = {
        (file, int(line)) for file, line, _ in (name.split(":", maxsplit=2) for name in names)
    }
    out = []
    for file, group in itertools.groupby(sorted(places), key=lambda place: place[0]):
        text = (ROOT / file).read_text().splitlines()
        out += [f"--- a/{file}", f"+++ b/{file}"]
        for _, line in group:
            out += [f"@@ -{line},0 +{line},1 @@", f"+{text[line - 1]}"]
    return "\n".join(out) + "\n"


def run(step: str, names: list[str], tests: str, options: list[str]) -> list[dict[str, Any]]:
    """Outcomes of these mutants against these tests."""
    if not names:
        return []
    out = ROOT / "target" / "mutants" / step
    out.mkdir(parents=True, exist_ok=True)
    config = out / "mutants.toml"
    # cargo-mutants 27 does not ask the pattern about mutants that leave out a field, but it asks
    # the difference: one that is made of the lines of these mutants.
    lines = out / "lines.diff"
    lines.write_text(difference(names))
    config.write_text(
        CONFIG.read_text()
        + f"additional_cargo_args = {json.dumps(['--locked', *tests.split()])}\n"
        + f"additional_cargo_test_args = {json.dumps(SLOW.split())}\n"
        + f"examine_re = {json.dumps([f'^{re.escape(name)}$' for name in names], indent=1)}\n"
    )
    code = subprocess.run(
        ["cargo", "mutants", "--config", config, "--output", out, "--in-diff", lines, *options],
        cwd=ROOT,
        check=False,
        env={**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    ).returncode
    # 2: some were missed, 3: some ran out of time; both are results here.
    if code not in {0, 2, 3}:
        sys.exit(code)
    outcomes = json.loads((out / "mutants.out" / "outcomes.json").read_text())["outcomes"]
    return [o for o in outcomes if o["scenario"] != "Baseline" and name(o) in names]


def name(outcome: dict[str, Any]) -> str:
    return str(outcome["scenario"]["Mutant"]["name"])


def missed(outcomes: list[dict[str, Any]]) -> list[str]:
    return [name(outcome) for outcome in outcomes if outcome["summary"] == "MissedMutant"]


def summary(outcomes: list[dict[str, Any]]) -> str:
    """Counts by layer and outcome, and the names of those that survived."""
    kinds = ["CaughtMutant", "Timeout", "MissedMutant", "Unviable"]
    counts: dict[str, collections.Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(layer(name(outcome)), collections.Counter())[outcome["summary"]] += 1
    lines = ["| layer | caught | timeout | missed | unviable |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {part} | " + " | ".join(str(counts[part][kind]) for kind in kinds) + " |"
        for part in LAYERS
        if part in counts
    ]
    return "\n".join([*lines, "", *missed(outcomes)])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--count", type=int, default=640)
    parser.add_argument("--only", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--all-tests", action="store_true", help="at once, without the nearest")
    parser.add_argument("--list", action="store_true", help="name them and run nothing")
    parser.add_argument("options", nargs="*", metavar="OPTION", help="of cargo-mutants, after --")
    arguments = parser.parse_args()
    if arguments.only:
        names = [line for line in arguments.only.read_text().splitlines() if line]
    else:
        names = draw([m["name"] for m in listed()], arguments.seed, arguments.count)
    if arguments.list:
        print("\n".join(names))
        return
    outcomes: list[dict[str, Any]] = []
    if not arguments.all_tests:
        for number, (tests, layers) in enumerate(NEAREST.items()):
            near = [name for name in names if layer(name) in layers]
            outcomes += run(f"nearest-{number}", near, tests, arguments.options)
        names = missed(outcomes)
    again = run("all", names, ALL, arguments.options)
    outcomes = [outcome for outcome in outcomes if outcome["summary"] != "MissedMutant"] + again
    print(summary(outcomes))


if __name__ == "__main__":
    main()
