"""What a capture says, in plain words: the matter of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from finrst._base.classes import CLASSES, CauseClass, class_of
from finrst._base.text import number, plural
from finrst._tables.reference import causes

from . import oddities
from .tally import Tally
from .trust import limits

if TYPE_CHECKING:
    from .answer import Answer
    from .finding import Findings


@dataclass(frozen=True)
class Occurrence:
    """One cause that occurs in the capture."""

    cause: str
    group: CauseClass
    count: int
    summary: str
    wire: str
    reference: str
    next: str
    twins: list[str]


@dataclass(frozen=True)
class Overview:
    """The findings, what stands above them, and every cause that occurs."""

    total: int
    lines: list[str]
    findings: Findings
    items: list[Occurrence]
    """Causes, those of trouble first."""
    limits: list[str]

    @property
    def groups(self) -> dict[CauseClass, int]:
        """Connections by the class of their cause."""
        sums = dict.fromkeys(CLASSES, 0)
        for one in self.items:
            sums[one.group] += one.count
        return {group: count for group, count in sums.items() if count}

    @property
    def troubled(self) -> list[Occurrence]:
        """Those that need an explanation, whether or not there is one."""
        return [one for one in self.items if not is_calm(one.cause)]


def is_calm(cause: str) -> bool:
    """Whether a cause needs no explanation: closed in order, or not over yet.

    >>> is_calm("client_close"), is_calm("still_open"), is_calm("undetermined")
    (True, True, False)
    """
    calm = {CLASSES[0].name, CLASSES[-1].name}
    return class_of(cause).name in calm and cause != "undetermined"


def survey(capture: Answer) -> Overview:
    """Work out what a capture says."""
    table = capture.connections
    counts = dict(table.counts("cause"))
    known = {row["name"]: row for row in causes()}
    blank = {
        "summary": "No rule holds: the capture does not show why.",
        "wire": "None of the other causes.",
        "reference": "",
        "next": "Capture nearer to one of the hosts, and from before the connection began.",
        "twins": [],
    }
    items = []
    for cause, count in counts.items():
        row = known.get(cause, blank)
        texts = {key: row[key] for key in blank}
        items.append(
            Occurrence(
                cause=cause,
                group=class_of(cause),
                count=count,
                **texts,
            )
        )
    calm = {one.cause: is_calm(one.cause) for one in items}
    items.sort(key=lambda o: (calm[o.cause], o.cause == "undetermined", -o.count, o.cause))
    found = capture.findings()
    return Overview(len(table), _lines(capture, items), found, items, _limits(capture, found))


def _lines(capture: Answer, items: list[Occurrence]) -> list[str]:
    total = len(capture.connections)
    if not total:
        return ["The capture has no TCP connection."]
    lines = []
    groups = {group: sum(one.count for one in items if one.group is group) for group in CLASSES}
    said = [f"{number(count)} {group.meaning}" for group, count in groups.items() if count]
    lines.append(f"Of {plural(total, 'connection')}: " + "; ".join(said) + ".")
    by = dict(capture.connections.counts("ended_by"))
    ended = [
        f"{words} {number(by[side])}"
        for side, words in (
            ("client", "by the client"),
            ("server", "by the server"),
            ("both", "by both at once"),
            ("third_party", "by somebody between them"),
            ("none", "by nobody"),
        )
        if by.get(side)
    ]
    lines.append("Ended " + ", ".join(ended) + ".")
    lost = sum(
        (octets or 0) * rows
        for side in ("client", "server")
        for octets, rows in capture.connections.counts(f"{side}_bytes_lost")
    )
    if lost:
        lines.append(f"Resets threw away at least {plural(lost, 'byte')} already sent.")
    only = {"ending": ["reset", "reset_after_fin"]}
    resets = [(yes, n) for _, yes, n in capture.connections.counts("ending", "harmless", only=only)]
    harmless, of = sum(n for yes, n in resets if yes), sum(n for _, n in resets)
    if harmless:
        lines.append(
            f"{number(harmless)} of {plural(of, 'reset connection')} lost nothing: all that was "
            "sent had been acknowledged."
        )
    return lines


def _limits(capture: Answer, findings: Findings) -> list[str]:
    """Tell what limits the trust in the verdicts, and what is odd about which file."""
    tally = Tally(telling=False)
    tally.add(capture.connections, len(capture.teardowns))
    found = limits(tally, findings)
    kinds = {(row["file"], row["kind"]): row["count"] for row in capture.issues}
    found += [
        f"{file or 'the capture'}: {oddities.told(kind, count)}"
        for (file, kind), count in kinds.items()
    ]
    return found or ["Nothing was found that speaks against the capture."]
