"""Makes the laboratory's captures and labels: `python3 tests/lab/run.py [--quick] [--out DIR]`."""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import importlib
import json
import multiprocessing
import os
import pathlib
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator

import kernel
import labels
import net
import wire
from forwarder import Forwarder
from stalls import Stalls
from trial import Family, Scenario, Shared, Trial, drain

FAMILIES = [
    "silent",
    "handshake",
    "refused",
    "orderly",
    "abort",
    "overflow",
    "forged",
    "smoltcp",
    "overflow_reset",
    "nat",
    "dnat",
    "gateway",
    "pmtu",
    "plpmtud",
    "idle",
    "races",
    "collisions",
    "handshake2",
    "cookies",
    "names",
    "closes2",
    "relay",
    "forged2",
    "midway",
    "devices",
    "paths",
    "lwip",
    "gvisor",
]
SKIPPED = 77


def load(name: str) -> Family:
    return importlib.import_module(f"scenarios.{name}").FAMILY  # type: ignore[no-any-return]


def ordinary(trial: Trial) -> None:
    """A short exchange between the same hosts: the traffic among which a failure is found."""
    from scenarios.orderly import CLIENT, SERVER

    by_client = trial.rng.random() < 0.5
    given = labels.views(CLIENT if by_client else SERVER)
    c, s = trial.pair(0, given, "ordinary")
    trial.talk(c, s)
    first, second = (c, s) if by_client else (s, c)
    first.close()
    drain(second)
    second.close()


@dataclasses.dataclass
class Chosen:
    """Which scenarios run: all, or those with a part in their name, or those named whole."""

    quick: bool = False
    part: str = ""
    names: frozenset[str] = frozenset()

    def of(self, made: Family) -> list[Scenario]:
        return [
            s
            for s in made.scenarios
            if not (self.quick and s.slow)
            and self.part in s.name
            and (not self.names or s.name in self.names)
        ]


@dataclasses.dataclass
class Failure:
    """What was not as its scenario meant; without a scenario the whole family is in doubt."""

    family: str
    scenario: str | None
    text: str
    # The machine stood still at some time of this family's run.
    stalled: bool = False


def family(name: str, out: str, repetitions: int, chosen: Chosen, seed: int) -> list[Failure]:
    """One family in namespaces of its own; returns what went wrong."""
    made = load(name)
    wanted = chosen.of(made)
    if not wanted:
        return []
    program = made.stack() if made.stack else None
    if made.stack and program is None:
        print(f"LABORATORY: {name} SKIPPED, its stack cannot be built here", file=sys.stderr)
        return []
    began = time.monotonic()
    wrong: list[Failure] = []
    spoiled: list[Failure] = []
    stalls = Stalls()
    count = len(made.scenarios)
    bed = net.Bed(name, count + made.spare, made.sysctls, made.hops, made.box)
    reasons = kernel.Reasons(name)
    if reasons.why:
        print(
            f"LABORATORY: {name}: labels not checked with the kernel: {reasons.why}",
            file=sys.stderr,
        )
    try:
        forwarder = Forwarder(bed)
        shared = Shared(bed, forwarder, seed, range(10 + count, 10 + count + made.spare))
        if program:
            shared.stack = bed.add_stack(program)
        rng = random.Random(f"{name}{seed}")
        for scenario in wanted:
            delay = rng.uniform(*scenario.delay)
            for v6 in (False, True):
                for address in (net.client_ip, net.outside_ip):
                    forwarder.delays[address(scenario.host, v6)] = delay
        early: dict[tuple[str, int], tuple[Trial, Iterator[None]]] = {}

        def begin(scenario: Scenario, repetition: int) -> None:
            one = Trial(shared, scenario, repetition, seed)
            begun = scenario.run(one)
            assert begun is not None
            next(begun)
            early[scenario.name, repetition] = (one, begun)

        pool = concurrent.futures.ThreadPoolExecutor(24)
        first = [(s, n) for s in wanted if s.early for n in range(repetitions)]
        list(pool.map(lambda job: begin(*job), first))
        files = bed.capture(pathlib.Path(out))

        def trial(scenario: Scenario, repetition: int) -> None:
            time.sleep(rng.uniform(0, 0.5))
            started = time.time()
            one, begun = early.get((scenario.name, repetition), (None, None))
            one = one or Trial(shared, scenario, repetition, seed)
            other = Trial(shared, scenario, repetition, seed + 1)
            try:
                if one.rng.random() < 0.5:
                    ordinary(other)
                if begun:
                    next(begun, None)
                else:
                    scenario.run(one)
            except Exception:
                text = f"{scenario.name}/{repetition}: {traceback.format_exc(limit=-2)}"
                failure = Failure(name, scenario.name, text)
                (spoiled if stalls.during(started, time.time()) else wrong).append(failure)
            for record in one.records + other.records:
                record.end = time.time()

        jobs = [(s, n) for n in range(repetitions) for s in wanted]
        jobs.sort(key=lambda job: not job[0].slow)
        list(pool.map(lambda job: trial(*job), jobs))
        time.sleep(0.5)
        bed.stop_capture()
        events = reasons.stop()
        wrong += [Failure(name, None, text) for text in forwarder.failures]
        forwarder.close()
        labels.number(shared.records)
        left_out: list[labels.Record] = []
        failed: list[labels.Record] = []
        joined = kernel.join(bed, files, shared.records, events, stack=bool(program))
        for text, record in [*wire.check(files, shared.records), *joined.wrong]:
            # An ordinary exchange is nobody's scenario, and a stranger's connection neither.
            whose = record.scenario if record and record.scenario != "ordinary" else None
            failure = Failure(name, whose, text)
            if record is None and stalls.spans:
                spoiled.append(failure)
            elif record and stalls.during(record.start, record.end):
                left_out.append(record)
            else:
                wrong.append(failure)
                # A label that did not hold on the wire is nothing to judge a verdict by.
                failed += [record] if record else []
        stalled = sum(any(r is x for x in left_out) for r in shared.records)
        kept = [r for r in shared.records if not any(r is x for x in left_out + failed)]
        count = stalled + len(spoiled)
        if count:
            print(f"LABORATORY: {name}: the machine stalled, {count} connections left out")
        if count > len(shared.records) // 5:
            text = f"{name}: too many stalls: {count} connections left out"
            wrong += [Failure(name, None, text), *spoiled]
        labels.write(pathlib.Path(out, f"{name}.csv"), labels.rows(name, bed.vantages, kept))
        counted = f"{len(wanted)} scenarios, {len(kept)} connections"
        if not reasons.why:
            counted += f", {joined.joined} of {joined.resets} resets with the kernel's reason"
        print(f"{name:10} {counted}, {time.monotonic() - began:.0f} s", flush=True)
    except KeyboardInterrupt:
        bed.close()
        os._exit(130)  # its threads may still be waiting for packets that never come
    except Exception:
        wrong.append(Failure(name, None, f"{name}: {traceback.format_exc()}"))
    finally:
        stalls.stop()
        reasons.close()
        bed.close()
    for failure in wrong:
        failure.stalled = bool(stalls.spans)
    return wrong


def describe() -> None:
    """The scenarios as a Markdown table, for the README."""
    for name in FAMILIES:
        made = load(name)
        print(f"\n### {name}: {(sys.modules[f'scenarios.{name}'].__doc__ or '').strip()}\n")
        print("| scenario | what it does | ending, by, cause |\n|---|---|---|")
        for scenario in made.scenarios:
            told = [scenario.views[v] for v in (*net.VANTAGES, *(["box"] if made.box else []))]
            shown = dict.fromkeys(f"{x.ending}, {x.ended_by}, {x.cause}" for x in told if x)
            print(f"| {scenario.name} | {scenario.about} | {' / '.join(shown)} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, help="per scenario (12; with --quick 2)")
    parser.add_argument("--quick", action="store_true", help="only fast scenarios, 2 repetitions")
    parser.add_argument("--out", help="directory for captures and labels.csv")
    parser.add_argument("--seed", type=int, help="of ports, sizes and delays (else a new one)")
    parser.add_argument("--family", help=f"only these, of {','.join(FAMILIES)}")
    parser.add_argument("--scenario", default="", help="only those whose name has this in it")
    parser.add_argument("--only", help="only the scenarios of these names, separated by commas")
    parser.add_argument("--list", action="store_true", help="describe the scenarios and stop")
    args = parser.parse_args()
    if args.list:
        describe()
        return 0
    known = {s.name for name in FAMILIES for s in load(name).scenarios}
    if unknown := set(filter(None, (args.only or "").split(","))) - known:
        parser.error(f"no scenarios of these names: {', '.join(sorted(unknown))}")
    if why := net.possible():
        print(f"LABORATORY SKIPPED: {why}", file=sys.stderr)
        return SKIPPED
    seed = random.randrange(1 << 30) if args.seed is None else args.seed
    repetitions = args.repetitions or (2 if args.quick else 12)
    out = pathlib.Path(args.out or tempfile.mkdtemp(prefix="finrst-lab-"))
    out.mkdir(parents=True, exist_ok=True)
    names = args.family.split(",") if args.family else FAMILIES
    began, pids = time.monotonic(), set[int]()
    wrong: list[Failure] = []
    chosen = Chosen(
        args.quick, args.scenario, frozenset(filter(None, (args.only or "").split(",")))
    )
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(min(4, len(names)), mp_context=context)
    try:
        options = (str(out), repetitions, chosen, seed)
        jobs = {pool.submit(family, name, *options): name for name in names}
        pids |= set(pool._processes or ())
        for job in concurrent.futures.as_completed(jobs):
            try:
                wrong += job.result()
            except concurrent.futures.process.BrokenProcessPool as error:
                name = jobs[job]
                wrong.append(Failure(name, None, f"the process of {name} died: {error}"))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        net.sweep(pids)
    table: list[list[str]] = []
    for name in names:
        part = out / f"{name}.csv"
        if part.exists():
            table += [line.split(",") for line in part.read_text().splitlines()[1:]]
            part.unlink()
    labels.write(out / "labels.csv", table)
    failures = [dataclasses.asdict(failure) for failure in wrong]
    about = {
        "seed": seed,
        "repetitions": repetitions,
        "rows": len(table),
        "wrong": len(wrong),
        "failures": failures,
    }
    (out / "run.json").write_text(json.dumps(about, indent=2) + "\n")
    for failure in wrong:
        print(f"WRONG {failure.text}", file=sys.stderr)
    print(f"{len(table)} labels in {out}, {time.monotonic() - began:.0f} s, seed {seed}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
