"""What a capture says, in plain words: the matter of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._classes import CLASSES, CauseClass, class_of
from ._reference import causes
from ._summary import endpoint
from ._text import number, plural

if TYPE_CHECKING:
    from ._capture import Capture

_PLACES = 3


@dataclass(frozen=True)
class Finding:
    """One cause that occurs in the capture."""

    cause: str
    group: CauseClass
    count: int
    summary: str
    wire: str
    reference: str
    next: str
    twins: list[str]
    servers: list[tuple[str, int]]
    example: dict[str, Any]
    """The row of the connection that shows it most surely."""


@dataclass(frozen=True)
class Findings:
    """All of them, worst first, and what stands above them."""

    total: int
    lines: list[str]
    items: list[Finding]
    limits: list[str]

    @property
    def troubled(self) -> list[Finding]:
        """Those that are neither orderly nor undecided."""
        calm = {CLASSES[0].name, CLASSES[-1].name}
        return [one for one in self.items if one.group.name not in calm]


def find(capture: Capture) -> Findings:
    """Work out what a capture says."""
    table = capture.connections
    counts = dict(table.counts("cause"))
    examples = _examples(capture)
    servers: dict[str, list[tuple[str, int]]] = {}
    for cause, ip, port, count in table.counts("cause", "server_ip", "server_port"):
        places = servers.setdefault(cause, [])
        if len(places) < _PLACES:
            places.append((endpoint(ip, port), count))
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
            Finding(
                cause=cause,
                group=class_of(cause),
                count=count,
                servers=servers[cause],
                example=examples[cause],
                **texts,
            )
        )
    calm = (CLASSES[0].name, CLASSES[-1].name)
    items.sort(key=lambda one: (one.group.name in calm, -one.count, one.cause))
    return Findings(len(table), _lines(capture, items), items, _limits(capture))


def _examples(capture: Capture) -> dict[str, dict[str, Any]]:
    """Give for every cause the row that has it with the highest confidence."""
    table = capture.connections
    best: dict[str, tuple[float, int]] = {}
    rows = zip(table["cause"], table["confidence"], strict=True)
    for place, (cause, confidence) in enumerate(rows):
        if cause not in best or confidence > best[cause][0]:
            best[cause] = (confidence, place)
    return {cause: next(iter(table.slice(place, 1))) for cause, (_, place) in best.items()}


def _lines(capture: Capture, items: list[Finding]) -> list[str]:
    total = len(capture.connections)
    if not total:
        return ["The capture has no TCP connection."]
    lines = []
    groups = {
        group.name: sum(one.count for one in items if one.group is group) for group in CLASSES
    }
    said = [f"{number(groups[g.name])} {g.meaning}" for g in CLASSES if groups[g.name]]
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
    lost = sum(map(sum, (capture.connections[f"{s}_bytes_lost"] for s in ("client", "server"))))
    if lost:
        lines.append(f"Resets threw away at least {plural(lost, 'octet')} already sent.")
    return lines


def _limits(capture: Capture) -> list[str]:
    """Tell what of the capture limits how far its verdicts can be trusted."""
    table = capture.connections
    limits = []
    total = len(table)
    mid_stream = dict(table.counts("opening")).get("mid_stream", 0)
    if mid_stream:
        limits.append(
            f"{plural(mid_stream, 'connection')} began before the capture: who is client and who "
            "is server is a guess."
        )
    one_way = sum(n for seen, n in table.counts("directions_seen") if seen != "both")
    if one_way:
        limits.append(f"Of {plural(one_way, 'connection')} only one direction was captured.")
    censored = dict(table.counts("censored")).get(True, 0)
    if censored:
        limits.append(f"The capture ended too early to know how {number(censored)} end.")
    gaps = sum(1 for gap in table["capture_gaps"] if gap)
    if gaps:
        limits.append(f"In {plural(gaps, 'connection')} octets are missing from the capture.")
    unsure = sum(1 for confidence in table["confidence"] if 0 < confidence < 0.6)  # noqa: PLR2004
    if unsure:
        limits.append(f"{plural(unsure, 'verdict')} of {number(total)} are less than 60 % sure.")
    kinds = {(row["file"], row["kind"]): row["count"] for row in capture.issues}
    for (file, kind), count in kinds.items():
        limits.append(f"{file or 'the capture'}: {kind.replace('_', ' ')} ({number(count)})")
    return limits or ["Nothing was found that speaks against the capture."]
