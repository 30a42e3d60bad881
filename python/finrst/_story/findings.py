"""What a capture says, in plain words: the matter of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finrst._base.classes import CLASSES, CauseClass, class_of
from finrst._base.text import number, plural
from finrst._tables.reference import causes

from .trust import limits

if TYPE_CHECKING:
    from finrst._tables.naming import Ends
    from finrst._tables.table import Table

    from .answer import Answer

_PLACES = 3
_SPREAD = 0.02


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
    clients: list[tuple[str, int]]
    example: dict[str, Any]
    """The row of the connection that shows it most surely."""
    ends: Ends
    """Between whom that was."""

    @property
    def rivals(self) -> str:
        """What else the example could be; nothing where nothing competes."""
        named = [
            f"{other['cause']} ({100 * other['confidence']:.0f} %)"
            for other in self.example["alternatives"]
        ]
        also = "also " if self.example["confidence"] else ""
        return f"In the example it could {also}be {', '.join(named)}." if named else ""


@dataclass(frozen=True)
class Findings:
    """All of them, worst first, and what stands above them."""

    total: int
    lines: list[str]
    items: list[Finding]
    limits: list[str]

    @property
    def groups(self) -> dict[CauseClass, int]:
        """Connections by the class of their cause."""
        sums = dict.fromkeys(CLASSES, 0)
        for one in self.items:
            sums[one.group] += one.count
        return {group: count for group, count in sums.items() if count}

    @property
    def troubled(self) -> list[Finding]:
        """Those that need an explanation, whether or not there is one."""
        return [one for one in self.items if not _calm(one)]


def _calm(one: Finding) -> bool:
    """Whether connections closed in order, or were still open; ``undetermined`` is neither."""
    return one.group.name in {CLASSES[0].name, CLASSES[-1].name} and one.cause != "undetermined"


def find(capture: Answer) -> Findings:
    """Work out what a capture says."""
    table = capture.connections
    counts = dict(table.counts("cause"))
    examples = _examples(table)
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
                servers=[
                    (capture.naming.service(ip, port), there)
                    for ip, port, there in table.counts(
                        "server_ip", "server_port", only={"cause": [cause]}, top=_PLACES
                    )
                ],
                clients=[
                    (capture.naming.host(ip), there)
                    for ip, there in table.counts("client_ip", only={"cause": [cause]}, top=_PLACES)
                ],
                example=examples[cause],
                ends=capture.naming.ends(examples[cause]),
                **texts,
            )
        )
    items.sort(key=lambda one: (_calm(one), one.cause == "undetermined", -one.count, one.cause))
    return Findings(len(table), _lines(capture, items), items, _limits(capture))


def where(one: Finding) -> str:
    """Tell at which servers and clients a finding is most frequent.

    >>> from finrst import conversation
    >>> where(find(conversation("> S, < R.")).items[0])
    'Server 198.51.100.1:443 (https), client 192.0.2.1.'
    """
    server = _most("server", one.servers, one.count)
    client = _most("client", one.clients, one.count)
    if server.startswith("spread") and client.startswith("spread"):
        return "Spread over many servers and many clients."
    return f"{server[:1].upper()}{server[1:]}, {client}."


def _most(noun: str, places: list[tuple[str, int]], count: int) -> str:
    name, most = places[0]
    if most == count:
        return f"{noun} {name}"
    if most <= _SPREAD * count:
        return f"spread over many {noun}s"
    return f"{noun}s " + ", ".join(f"{name} ({number(there)})" for name, there in places)


def _examples(table: Table) -> dict[str, dict[str, Any]]:
    """Give for every cause the first row that has it with the highest confidence."""
    best: dict[str, str] = {}
    for cause, confidence, _ in table.counts("cause", "confidence"):
        if cause not in best or float(confidence) > float(best[cause]):
            best[cause] = confidence
    examples = {}
    for cause, confidence in best.items():
        wanted = {"cause": [cause], "confidence": [confidence]}
        ((first, _),) = table.counts("connection_id", only=wanted, top=1)
        row = table.find("connection_id", first)
        if row is not None:
            examples[cause] = row
    return examples


def _lines(capture: Answer, items: list[Finding]) -> list[str]:
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
        lines.append(f"Resets threw away at least {plural(lost, 'octet')} already sent.")
    only = {"ending": ["reset", "reset_after_fin"]}
    resets = [(yes, n) for _, yes, n in capture.connections.counts("ending", "harmless", only=only)]
    harmless, of = sum(n for yes, n in resets if yes), sum(n for _, n in resets)
    if harmless:
        lines.append(
            f"{number(harmless)} of {plural(of, 'reset connection')} lost nothing: all that was "
            "sent had been acknowledged."
        )
    return lines


def _limits(capture: Answer) -> list[str]:
    """Tell what limits the trust in the verdicts, and what is odd about which file."""
    found = limits(capture)
    kinds = {(row["file"], row["kind"]): row["count"] for row in capture.issues}
    found += [
        f"{file or 'the capture'}: {kind.replace('_', ' ')} ({number(count)})"
        for (file, kind), count in kinds.items()
    ]
    return found or ["Nothing was found that speaks against the capture."]
