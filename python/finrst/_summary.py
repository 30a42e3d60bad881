"""What a capture is and how its connections ended, for the card and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._text import duration, number, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._capture import Capture

_TOP = 8
_WORST = 5
_BAR = 28

GOOD = frozenset({"graceful"})
"""Endings that are orderly."""
NEUTRAL = frozenset({"open", "half_closed", "superseded", "stray"})
"""Endings that are neither orderly nor a failure."""


@dataclass(frozen=True)
class Summary:
    """The figures of the card."""

    title: str
    lines: list[str]
    warnings: list[str]
    endings: list[tuple[str, int]]
    causes: list[tuple[str, int]]
    ended_by: list[tuple[str, int]]
    servers: list[tuple[str, int]]
    clients: list[tuple[str, int]]
    tones: dict[str, str]


def endpoint(ip: str, port: int) -> str:
    """Write address and port.

    >>> endpoint("10.0.0.1", 80), endpoint("::1", 80)
    ('10.0.0.1:80', '[::1]:80')
    """
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _add(items: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for key, count in items:
        sums[key] = sums.get(key, 0) + count
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def summarize(capture: Capture) -> Summary:
    """Work out the figures."""
    connections, ledger = capture.connections, capture.ledger
    endings = connections.counts("ending")
    bad = {"ending": [word for word, _ in endings if word not in GOOD | NEUTRAL]}
    servers = connections.counts("server_ip", "server_port", only=bad, top=_WORST)
    clients = connections.counts("client_ip", only=bad, top=_WORST)
    classes = _add(zip(ledger["class"], ledger["packets"], strict=True))
    files = list(capture.files)
    name = files[0]["file"] if len(files) == 1 else plural(len(files), "file")
    packets = sum(count for _, count in classes)
    tcp = dict(classes).get("tcp", 0)
    lines = [
        *_span(files),
        f"{plural(packets, 'packet')} = "
        + (" + ".join(f"{number(n)} {word}" for word, n in classes if n) or "none"),
    ]
    if packets and not tcp:
        lines.append("No TCP was found, so the tables are empty.")
    kinds = {(row["file"], row["kind"]): row["count"] for row in capture.issues}
    issues = _add((kind, count) for (_, kind), count in kinds.items())
    warnings = [f"{kind.replace('_', ' ')}: {number(count)}" for kind, count in issues]
    warnings += _drops(capture)
    return Summary(
        title=f"{name}: {plural(len(connections), 'TCP connection')}, "
        f"{plural(len(capture.teardowns), 'FIN or RST segment')}",
        lines=lines,
        warnings=warnings[:_TOP],
        endings=_folded(endings),
        causes=_folded(connections.counts("cause")),
        ended_by=connections.counts("ended_by"),
        servers=[(endpoint(ip, port), count) for ip, port, count in servers],
        clients=[(ip, count) for ip, count in clients],
        tones={
            word: "good" if word in GOOD else "" if word in NEUTRAL else "bad"
            for word, _ in endings
        },
    )


def _span(files: list[dict[str, Any]]) -> list[str]:
    starts = [row["start"] for row in files if row["start"] is not None]
    ends = [row["end"] for row in files if row["end"] is not None]
    if not starts or not ends:
        return []
    begin, end = min(starts), max(ends)
    lasted = duration((end - begin).total_seconds())
    return [f"from {begin:%Y-%m-%d %H:%M:%S} UTC, {lasted} long"]


def _drops(capture: Capture) -> list[str]:
    columns = ("dropped_by_interface", "dropped_by_os", "dropped_between")
    lost = sum(row[name] or 0 for row in capture.interfaces for name in columns)
    return [f"dropped by the capturing machine: {number(lost)}"] if lost else []


def _folded(items: list[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(items) <= _TOP:
        return items
    kept, rest = items[: _TOP - 1], items[_TOP - 1 :]
    return [*kept, (f"{len(rest)} others", sum(count for _, count in rest))]


def _bars(title: str, items: list[tuple[str, int]]) -> list[str]:
    if not items:
        return []
    top = max(count for _, count in items)
    words = [printable(word, 60) for word, _ in items]
    width = max(map(len, words))
    digits = max(len(number(count)) for _, count in items)
    return [
        "",
        title,
        *(
            f"  {word:<{width}}  {number(count):>{digits}}  "
            + "█" * max(1, round(_BAR * count / top))
            for word, (_, count) in zip(words, items, strict=True)
        ),
    ]


def text(summary: Summary) -> str:
    """Write the figures for a terminal; nothing in it is obeyed by one."""
    lines = [
        printable(summary.title),
        *(printable(line, 400) for line in summary.lines),
        *(f"! {printable(line)}" for line in summary.warnings),
        *_bars("How they ended", summary.endings),
        *_bars("Why", summary.causes),
        *_bars("Who ended them", summary.ended_by),
        *_bars("Servers with endings that are not orderly", summary.servers),
        *_bars("Clients with endings that are not orderly", summary.clients),
    ]
    return "\n".join(lines)
