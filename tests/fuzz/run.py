"""Fuzzes the targets, for a time or for a number of executions, and keeps the totals.

    tests/fuzz/run 60                          every target, a minute each
    tests/fuzz/run 600 events tables           some of them
    tests/fuzz/run --executions 100000000      goal R1: so many over all targets

Rounds run side by side on all processors (``--jobs``). With ``--executions`` each round is noted
with the state of ``src`` that it ran, so that the same command goes on where it was interrupted;
at the end ``results.md`` is written. FINRST_SHARED names a directory whose captures/ become seeds.
The exit code is 0 when nothing was found.
"""

import argparse
import csv
import datetime as dt
import os
import platform
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ARTIFACTS = HERE / "artifacts"
TOTALS = ARTIFACTS / "totals.tsv"
RESULTS = HERE / "results.md"
# Shares of the executions: those of `packet` are a hundred times as fast as those of `tables`.
SHARES = {
    "packet": 0.70,
    "options": 0.25,
    "digest": 0.02,
    "file": 0.02,
    "events": 0.006,
    "kept": 0.002,
    "tables": 0.002,
}
ROUNDS = 10
# An input may take 1 s and 256 MiB.
LIMITS = ("-timeout=1", "-rss_limit_mb=256", "-max_len=4096", "-print_final_stats=1")


@dataclass
class Round:
    """What one run of a target came to."""

    state: str
    target: str
    seed: int
    executions: int
    seconds: int
    peak_mib: int
    slowest_s: int


def state() -> str:
    """Name the code that is fuzzed: the trees of the engine and of the targets."""
    command = ["git", "rev-parse", "HEAD:src", "HEAD:tests/fuzz/src"]
    trees = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    command = ["git", "status", "--porcelain", "src", "tests/fuzz/src"]
    changed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    name = "-".join(tree[:12] for tree in trees.stdout.split())
    return f"{name}-changed" if changed.stdout.strip() else name


def build() -> Path:
    """Build the targets and give the directory of their programs."""
    for target in SHARES:
        (HERE / "corpus" / target).mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / target).mkdir(parents=True, exist_ok=True)
    shared = Path(os.environ.get("FINRST_SHARED", ROOT.parent / "shared")) / "captures"
    seeds = [str(ROOT / "tests/data"), *([str(shared)] if shared.is_dir() else [])]
    subprocess.run([sys.executable, str(HERE / "seeds.py"), *seeds], check=True)
    command = ["cargo", "fuzz", "build", "--fuzz-dir", str(HERE), "--sanitizer", "none"]
    subprocess.run(command, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target"))
    return max(target.glob("*/release/events"), key=lambda path: path.stat().st_mtime).parent


class Fuzzing:
    """Rounds of targets, and what they came to."""

    def __init__(self, programs: Path) -> None:
        """Begin with nothing found."""
        self.programs = programs
        self.state = state()
        self.failed: list[str] = []
        self.lock = threading.Lock()

    def all(self, rounds: list[tuple[str, int, str]], jobs: int) -> None:
        """Run rounds side by side."""
        with ThreadPoolExecutor(jobs) as pool:
            for running in [pool.submit(self.run, *one) for one in rounds]:
                running.result()

    def run(self, target: str, seed: int, limit: str) -> None:
        """Run a target until its limit, unless it has failed before."""
        if target in self.failed:
            return
        corpus, found = HERE / "corpus" / target, ARTIFACTS / target
        command = [self.programs / target, corpus, f"-seed={seed}", limit, *LIMITS]
        log = ARTIFACTS / f"{target}-{seed}.log"
        with log.open("w") as out:
            done = subprocess.run(
                [*map(str, command), f"-artifact_prefix={found}/"],
                stdout=out,
                stderr=subprocess.STDOUT,
                check=False,
            )
        text = log.read_text(errors="replace")
        with self.lock:
            if done.returncode:
                self.failed.append(target)
                said = re.search(r"panicked[^\n]*\n[^\n]*|SUMMARY[^\n]*|ERROR[^\n]*", text)
                what = said[0].replace("\n", " ") if said else f"exit code {done.returncode}"
                print(f"{target}: FAILED: {what}; see {log}", flush=True)
                return
            one = self.note(target, seed, text)
            rate = one.executions // max(one.seconds, 1)
            print(
                f"{target}: {one.executions:,} executions in {one.seconds} s ({rate:,}/s), "
                f"peak {one.peak_mib} MiB, slowest {one.slowest_s} s",
                flush=True,
            )

    def note(self, target: str, seed: int, log: str) -> Round:
        """Keep what a round came to."""

        def stat(name: str) -> int:
            found = re.search(rf"^stat::{name}:\s+(\d+)", log, re.MULTILINE)
            return int(found[1]) if found else 0

        lasted = re.search(r"^Done \d+ runs in (\d+) second", log, re.MULTILINE)
        one = Round(
            self.state,
            target,
            seed,
            stat("number_of_executed_units"),
            int(lasted[1]) if lasted else 0,
            stat("peak_rss_mb"),
            stat("slowest_unit_time_sec"),
        )
        fresh = not TOTALS.exists()
        with TOTALS.open("a", newline="") as file:
            out = csv.DictWriter(file, [f.name for f in fields(Round)], delimiter="\t")
            if fresh:
                out.writeheader()
            out.writerow(asdict(one))
        return one


def noted(code: str) -> list[Round]:
    """Give the rounds of this state of the code."""
    if not TOTALS.exists():
        return []
    with TOTALS.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    numbers = [f.name for f in fields(Round) if f.type in {int, "int"}]
    rounds = [Round(**(row | {name: int(row[name]) for name in numbers})) for row in rows]
    return [one for one in rounds if one.state == code]


def table(rounds: list[Round]) -> str:
    """Give the totals of each target and the sum, as Markdown."""
    lines = ["| target | executions | hours | peak MiB | slowest s |", "|---|---|---|---|---|"]
    for target in [*SHARES, "all"]:
        mine = [one for one in rounds if target in {one.target, "all"}]
        if mine:
            executions = sum(one.executions for one in mine)
            hours = sum(one.seconds for one in mine) / 3600
            peak, slowest = (max(getattr(o, n) for o in mine) for n in ("peak_mib", "slowest_s"))
            lines.append(f"| `{target}` | {executions:,} | {hours:.2f} | {peak} | {slowest} |")
    return "\n".join(lines)


def write_results(fuzzing: Fuzzing, executions: int) -> None:
    """Write what a run of many executions came to."""
    rust = subprocess.run(["rustc", "--version"], check=True, stdout=subprocess.PIPE, text=True)
    command = f"tests/fuzz/run --executions {executions}"
    RESULTS.write_text(
        f"# Fuzzing: the last long run\n\n`{command}`, ended {dt.date.today():%d %B %Y}; "
        f"{rust.stdout.split(' (')[0].strip()}, {os.cpu_count()} processors, "
        f"{platform.system()} {platform.machine()}; trees of `src` and `tests/fuzz/src`: "
        f"`{fuzzing.state}`. No panic, no input above 1 s or 256 MiB.\n\n"
        f"{table(noted(fuzzing.state))}\n",
        encoding="utf-8",
    )


def many(fuzzing: Fuzzing, targets: list[str], executions: int, jobs: int) -> None:
    """Run rounds until every target has its share."""
    whole = sum(SHARES[target] for target in targets)
    before = noted(fuzzing.state)
    plan: list[tuple[int, str, int, int]] = []
    for target in targets:
        mine = [one for one in before if one.target == target]
        share = round(executions * SHARES[target] / whole)
        left = share - sum(one.executions for one in mine)
        seed = max((one.seed for one in mine), default=0)
        each = max(1, -(-share // ROUNDS))
        for turn, begin in enumerate(range(0, max(left, 0), each), 1):
            plan.append((turn, target, seed + turn, min(each, left - begin)))
    # By turns, so that no target is left for the end alone.
    fuzzing.all([(target, seed, f"-runs={runs}") for _, target, seed, runs in sorted(plan)], jobs)
    print(table(noted(fuzzing.state)))


def main() -> int:
    """Read the arguments and fuzz."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seconds", nargs="?", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", default=[], help=", ".join(SHARES))
    parser.add_argument("--executions", type=int, help="over all targets, instead of seconds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="side by side")
    given = parser.parse_args()
    targets = given.targets or list(SHARES)
    if unknown := sorted(set(targets) - set(SHARES)):
        parser.error(f"no such target: {', '.join(unknown)}")
    fuzzing = Fuzzing(build())
    if given.executions:
        many(fuzzing, targets, given.executions, given.jobs)
        if not fuzzing.failed:
            write_results(fuzzing, given.executions)
    else:
        limit = f"-max_total_time={given.seconds}"
        fuzzing.all([(target, 1, limit) for target in targets], given.jobs)
    if fuzzing.failed:
        print(f"FAILED: {', '.join(fuzzing.failed)}; inputs in {ARTIFACTS}")
    return 1 if fuzzing.failed else 0


if __name__ == "__main__":
    sys.exit(main())
