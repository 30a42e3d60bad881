"""Runs the drawn sample of mutants from one build in which each stands behind a switch.

    python3 tests/mutants/switched.py --tree DIR [--seed 14] [--count 640] [--only FILE] [-j 2]

DIR is a clone that may be written to: its sources get the switches, and its `target/` the tests.
The names are those of `sample.py`, which says how they are drawn; what cannot stand behind a switch
is written to DIR/target/mutants/unswitched.txt, for `sample.py --only`.

Needs `pip install tree-sitter tree-sitter-rust` and cargo-mutants, which names the mutants.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

import sample
import switch

# Optimised: a mutant is run far oftener than it is built. Assertions stay, as in `cargo test`.
PROFILE = {"CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_DEV_OPT_LEVEL": "1"}
# It reads the sources of the rules, in which switches have numbers.
SOURCES = ["--skip", "no_rule_has_a_number"]
# The first test that fails ends its program: not yet stable.
FAST = ["-Zunstable-options", "--fail-fast"]
# Times what the tests of one program take without a mutant; and seconds at least.
PATIENCE, LEAST = 8, 30


def cargo(tree: pathlib.Path, *arguments: str) -> list[dict[str, Any]]:
    """What cargo says, a dictionary a message."""
    done = subprocess.run(
        ["cargo", *arguments, "--message-format=json"],
        cwd=tree,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **PROFILE},
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def blamed(messages: list[dict[str, Any]], left: dict[int, switch.Mutant]) -> dict[int, str]:
    """The mutants on whose lines errors lie; else those of the functions with errors."""
    found: dict[int, str] = {}
    for message in messages:
        if message.get("reason") != "compiler-message" or message["message"]["level"] != "error":
            continue
        text = message["message"]["message"]
        lines = {
            (span["file_name"], line)
            for span in message["message"]["spans"]
            for line in range(span["line_start"], span["line_end"] + 1)
        }
        on_line = [n for n, m in left.items() if (m["file"], m["span"]["start"]["line"]) in lines]
        around = [
            n
            for n, m in left.items()
            if m["function"]
            and any(
                m["file"] == file
                and m["function"]["span"]["start"]["line"]
                <= line
                <= m["function"]["span"]["end"]["line"]
                for file, line in lines
            )
        ]
        for number in on_line or around:
            found[number] = text
    return found


def build(
    tree: pathlib.Path, mutants: dict[int, switch.Mutant]
) -> tuple[dict[str, pathlib.Path], dict[int, str]]:
    """The programs of the tests by name, and why some mutants are not in them."""
    without: dict[int, str] = {}
    while True:
        subprocess.run(["git", "checkout", "--quiet", "src"], cwd=tree, check=True)
        left = {n: m for n, m in mutants.items() if n not in without}
        without |= switch.put(tree, left)
        left = {n: m for n, m in left.items() if n not in without}
        messages = cargo(tree, "check", "--locked", "--lib")
        if messages[-1].get("success"):
            break
        found = blamed(messages, left)
        print(f"{len(found)} do not compile behind a switch", file=sys.stderr, flush=True)
        if not found:
            errors = [m["message"]["rendered"] for m in messages if "message" in m]
            sys.exit("nobody is to blame:\n" + "\n".join(errors[-5:]))
        without |= found
    return tests(tree), without


def tests(tree: pathlib.Path) -> dict[str, pathlib.Path]:
    """The programs of the named tests, by name."""
    built = [
        message
        for message in cargo(tree, "test", "--no-run", "--locked", *sample.ALL.split())
        if message.get("reason") == "compiler-artifact" and message.get("executable")
    ]
    return {
        "lib" if "rlib" in m["target"]["kind"] else m["target"]["name"]: pathlib.Path(
            m["executable"]
        )
        for m in built
    }


def outcome(
    tree: pathlib.Path, words: list[str], number: int | None, patience: float
) -> tuple[str, float]:
    """``passed``, ``caught`` or ``timeout`` of a program with arguments, and seconds."""
    environment = {**os.environ, "CARGO_MANIFEST_DIR": str(tree), "RUSTC_BOOTSTRAP": "1"}
    if number is not None:
        environment[switch.VARIABLE] = str(number)
    start = time.monotonic()
    with subprocess.Popen(
        ["prlimit", f"--as={sample.MEMORY}", *words, *FAST, *sample.SLOW.split()[1:], *SOURCES],
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            return "timeout", patience
    return "caught" if code else "passed", time.monotonic() - start


def steps(name: str) -> list[tuple[str, bool]]:
    """What a mutant meets: programs, the nearest first, without and then with their slowest."""

    def short(tests: str) -> list[str]:
        return [word.removeprefix("--test=").removeprefix("--") for word in tests.split()]

    near = [
        program
        for tests, layers in sample.NEAREST.items()
        if sample.layer(name) in layers
        for program in short(tests)
    ]
    every = near + [program for program in short(sample.ALL) if program not in near]
    return [(program, False) for program in every] + [
        (program, True) for program in every if program in sample.SLOWEST
    ]


def command(programs: dict[str, pathlib.Path], step: tuple[str, bool]) -> list[str]:
    """A program with arguments for its tests but the slowest, or for these."""
    program, slowest = step
    names = sample.SLOWEST.get(program, [])
    if slowest:
        return [str(programs[program]), *names]
    return [str(programs[program]), *(word for name in names for word in ("--skip", name))]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--tree", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--count", type=int, default=640)
    parser.add_argument("--only", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--built", action="store_true", help="DIR has its switches already")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    arguments = parser.parse_args()
    tree = arguments.tree.resolve()
    out = tree / "target" / "mutants"
    state = out / "switched.json"
    if arguments.built:
        names, unswitched = json.loads(state.read_text())
        programs = tests(tree)
    else:
        known = {m["name"]: m for m in sample.listed(tree)}
        names = (
            [line for line in arguments.only.read_text().splitlines() if line]
            if arguments.only
            else sample.draw(list(known), arguments.seed, arguments.count)
        )
        mutants = {number: known[name] for number, name in enumerate(names)}
        programs, without = build(tree, mutants)
        unswitched = {names[number]: why for number, why in sorted(without.items())}
        out.mkdir(parents=True, exist_ok=True)
        state.write_text(json.dumps([names, unswitched], indent=1))
        (out / "unswitched.txt").write_text("".join(f"{name}\n" for name in unswitched))
    patience = {}
    for step in steps(names[0]):
        result, seconds = outcome(tree, command(programs, step), None, 3600)
        print(f"{step}: {result} in {seconds:.1f} s without a mutant", file=sys.stderr, flush=True)
        if result != "passed":
            sys.exit(f"{step} does not pass without a mutant")
        patience[step] = max(LEAST, PATIENCE * seconds)

    results: dict[str, tuple[str, str]] = {}

    def one(number: int) -> None:
        name = names[number]
        results[name] = ("missed", "")
        for step in steps(name):
            result, _ = outcome(tree, command(programs, step), number, patience[step])
            if result != "passed":
                results[name] = (result, step[0])
                break
        line = f"{results[name][0]}\t{results[name][1]}\t{name}"
        print(line, flush=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(one, (n for n, name in enumerate(names) if name not in unswitched)))


if __name__ == "__main__":
    main()
