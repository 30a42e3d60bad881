"""How often the verdicts are right, by family: `python3 tests/lab/score.py DIR|frozen [--wrong N]`.

Needs the package. Pooled once over all families and once over those that rules were not tuned on
(`held_out.txt`) and those that they were; the worst confusions follow, those of families that were
opened later (`opened.txt`) apart. What is wrong in families that are still held out is told to
nobody but who asks for it by `--open-held-out`: whoever has read it cannot measure by them any more.
"""

from __future__ import annotations

import argparse
import collections
import csv
import dataclasses
import pathlib
import sys
from typing import Any

HERE = pathlib.Path(__file__).resolve().parent
ENDS = ("client_ip", "client_port", "server_ip", "server_port")
# Where one of these is the truth, or might be, somebody in between was at work.
BETWEEN = frozenset(
    {
        "content_injected",
        "forged_syn_ack",
        "idle_timeout_reset",
        "nat_bypassed",
        "nat_state_lost",
        "rejected_by_firewall",
        "reset_injected",
    }
)
# Families that rules were written on; those that were scored first and then looked at; and those
# whose mistakes nobody has seen.
TUNED_ON, OPENED, HELD_OUT = "tuned on", "opened later", "held out"
OPENS = (
    "WARNING: what follows tells what is wrong in families that were held out. Whoever reads it has\n"
    "opened them: name each in tests/lab/opened.txt."
)


@dataclasses.dataclass
class Tally:
    rows: int = 0
    ending: int = 0
    who: int = 0
    cause: int = 0
    sure: list[int] = dataclasses.field(default_factory=lambda: [0, 0])
    surer: list[int] = dataclasses.field(default_factory=lambda: [0, 0])
    # Rows in which nobody stood between the two, and those of them that accuse somebody all the same.
    innocent: int = 0
    accused: int = 0

    def count(self, row: dict[str, str], verdict: Any) -> bool:
        also = row["alternatives_allowed"].split("|")
        right = verdict.cause == row["cause"] or verdict.cause in also
        self.rows += 1
        self.ending += verdict.ending == row["ending"]
        self.who += verdict.ended_by == row["ended_by"]
        self.cause += right
        for least, tally in ((0.8, self.sure), (0.9, self.surer)):
            if verdict.confidence >= least - 1e-9:
                tally[0] += right
                tally[1] += 1
        if row["ended_by"] != "third_party" and not BETWEEN & {row["cause"], *also}:
            self.innocent += 1
            self.accused += verdict.ended_by == "third_party"
        return right

    def add(self, other: Tally) -> None:
        for field in dataclasses.fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            if isinstance(mine, list):
                mine[:] = [a + b for a, b in zip(mine, theirs, strict=True)]
            else:
                setattr(self, field.name, mine + theirs)

    def line(self, name: str) -> str:
        def share(part: int, of: int) -> str:
            return f"{100 * part / of:7.2f}" if of else "      -"

        parts = [share(n, self.rows) for n in (self.ending, self.who, self.cause)]
        parts += [f"{share(*counts)} ({counts[1]:5})" for counts in (self.sure, self.surer)]
        falsely = f"{1000 * self.accused / self.innocent:7.2f}" if self.innocent else "      -"
        return f"{name:16} {self.rows:6} {' '.join(parts)} {falsely}"


HEAD = (
    f"{'family':16} {'rows':>6} {'ending':>7} {'who':>7} {'cause':>7} "
    f"{'at >= 0.8':>15} {'at >= 0.9':>15} {'falsely':>7}"
)


def verdicts(path: pathlib.Path, **options: Any) -> dict[tuple[str, ...], Any]:
    """The rows of a capture by their 4-tuple and its n-th connection."""
    import finrst

    found: dict[tuple[str, ...], Any] = {}
    ordinals: collections.Counter[tuple[str, ...]] = collections.Counter()
    for row in finrst.read(path, progress=False, **options).to_pandas().itertuples():
        ends = tuple(str(getattr(row, name)) for name in ENDS)
        ordinals[ends] += 1
        found[(*ends, str(ordinals[ends]))] = row
    return found


def held_out(which: str = "held_out") -> frozenset[str]:
    """The families that a list names, `opened` those of them that rules were tuned on later."""
    return frozenset((HERE / f"{which}.txt").read_text().split())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="the directory of a run, or `frozen`")
    parser.add_argument("--wrong", type=int, default=15, help="how many confusions are told")
    parser.add_argument("--scenarios", action="store_true", help="and each scenario with mistakes")
    parser.add_argument(
        "--open-held-out",
        action="store_true",
        help="tell mistakes of held-out families too, which stop being held out by that",
    )
    args = parser.parse_args()
    run = HERE / "frozen" if args.run == "frozen" else pathlib.Path(args.run)
    with (run / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["visible"] == "yes"]
    by_family: dict[str, Tally] = {}
    by_scenario: dict[tuple[str, str], Tally] = {}
    apart, opened = held_out(), held_out("opened")
    closed = apart - opened
    confusions: dict[str, collections.Counter[tuple[str, ...]]] = {
        pool: collections.Counter() for pool in (TUNED_ON, OPENED, HELD_OUT)
    }
    missing, capture, known = 0, "", {}
    for row in sorted(rows, key=lambda row: row["capture"]):
        if row["capture"] != capture:
            capture = row["capture"]
            (path,) = run.glob(f"{capture}.pcap*")
            known = verdicts(path)
        verdict = known.get((*(row[name] for name in ENDS), row["ordinal"]))
        if verdict is None:
            missing += 1
            continue
        family = capture.partition(".")[0]
        right = by_family.setdefault(family, Tally()).count(row, verdict)
        one = by_scenario.setdefault((family, row["scenario"]), Tally())
        one.count(row, verdict)
        if not right:
            pair = (row["scenario"], row["cause"], verdict.cause, f"{verdict.confidence:.2f}")
            pool = HELD_OUT if family in closed else OPENED if family in apart else TUNED_ON
            confusions[pool][pair] += 1
    pools = {"all": set(by_family), TUNED_ON: set(by_family) - apart}
    pools[OPENED] = set(by_family) & apart & opened
    pools[HELD_OUT] = set(by_family) & closed
    print(HEAD)
    for family, tally in by_family.items():
        print(tally.line(family + (" *" if family in apart else "")))
    print()
    for name, families in pools.items():
        pooled = Tally()
        for family in families:
            pooled.add(by_family[family])
        print(pooled.line(name))
    print(
        "* held out of the tuning; `falsely`: third parties accused per 1,000 rows in which there is none"
    )
    if args.open_held_out:
        print(f"\n{OPENS}")
    else:
        del confusions[HELD_OUT]
    if args.scenarios:
        print()
        for (family, scenario), tally in by_scenario.items():
            if family in closed and not args.open_held_out:
                continue
            if min(tally.ending, tally.who, tally.cause) < tally.rows:
                print(f"{family}: {tally.line(scenario)}")
    for pool, counts in confusions.items():
        if counts:
            print(f"\nworst confusions, {pool}:")
        for (scenario, label, said, sure), count in counts.most_common(args.wrong):
            print(f"{count:5}  {scenario}: {label} called {said} ({sure})")
    if missing:
        print(f"\n{missing} labelled connections were not found", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
