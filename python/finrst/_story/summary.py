"""What a capture is and how its connections ended, for the card and the terminal."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of, class_of_ending
from finrst._base.paint import PLAIN, Paint
from finrst._base.text import duration, endpoint, number, plural, printable
from finrst._base.times import stamp, zone_name
from finrst._base.width import available, columns, fit, middle, pad, wrap

from . import oddities, told
from .tally import Tally, ranked
from .trust import limits, untold
from .trust import text as trust_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from finrst._tables.naming import Naming
    from finrst._tables.table import Table

    from .answer import Answer
    from .finding import Findings

_TOP = 8
_WORST = 5
_BAR = 28
_SHORT = 8
_OTHERS = " others"


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
    """Endings by the class whose colour they have."""
    findings: Findings
    limits: list[str]
    """What limits the trust in the verdicts, and is in no finding."""
    source: str = ""
    """What it is about: a file, or how many."""


def summarize(capture: Answer) -> Summary:
    """Work out the figures of a capture."""
    tally = Tally(telling=False)
    tally.add(capture.connections, len(capture.teardowns))
    names = ("files", "ledger", "interfaces", "issues", "names")
    accounts = {name: capture.table(name) for name in names}
    carried = capture.resumed, capture.saved
    return figures(tally, accounts, capture.tz, capture.findings(), carried)


def figures(
    tally: Tally,
    accounts: Mapping[str, Table],
    where: dt.tzinfo = dt.UTC,
    known: Findings | None = None,
    carried: tuple[int, int] = (0, 0),
) -> Summary:
    """Work out the figures, from counts and the tables about the capture itself.

    Findings are those of the tally, unless they are known; ``carried`` are the connections that
    came from an earlier reading, and those that are left to a later one.
    """
    files = list(accounts["files"])
    name = source_name(files[0]["file"]) if len(files) == 1 else plural(len(files), "file")
    classes = packet_classes(accounts["ledger"])
    packets, naming = sum(classes.values()), tally.naming(accounts["names"])
    found = tally.findings(naming, where) if known is None else known
    lines = [
        *_span(files, where),
        f"{plural(packets, 'packet')} = "
        + (" + ".join(f"{number(n)} {word}" for word, n in ranked(classes)) or "none"),
    ]
    if packets and not classes["tcp"]:
        lines.append(_nothing(classes, packets))
    lines += _carried(*carried)
    return Summary(
        title=f"{plural(tally.connections, 'TCP connection')}, "
        f"{plural(tally.segments, 'FIN or RST segment')}",
        source=name,
        lines=lines,
        warnings=warnings(accounts)[:_TOP],
        endings=_folded(ranked(tally.endings)),
        causes=_folded(ranked(tally.causes)),
        ended_by=ranked(tally.ended_by),
        servers=[(naming.service(*at), n) for at, n in ranked(tally.servers)[:_WORST]],
        clients=[(naming.host(ip), n) for ip, n in ranked(tally.clients)[:_WORST]],
        tones={word: class_of_ending(word).name for word in tally.endings},
        findings=found,
        limits=untold(limits(tally, found), found),
    )


def of_columns(capture: Answer) -> list[str]:
    """Say in a few lines what a capture is of which some columns were asked for."""
    files = list(capture.files)
    name = source_name(files[0]["file"]) if len(files) == 1 else plural(len(files), "file")
    asked = (
        f"{plural(len(table.column_names), 'column')} of {table.name}"
        for table in (capture.connections, capture.teardowns)
    )
    return [
        *wrap(f"{plural(len(capture), 'TCP connection')} in {printable(name)}"),
        *_span(files, capture.tz),
        *wrap(f"Read with {' and '.join(asked)} alone; findings and plots read the others, too."),
    ]


def _carried(came: int, left: int) -> list[str]:
    """Say how many connections go from one reading to the next.

    >>> _carried(1, 12)
    ['1 connection went on from earlier captures.', '12 more are still followed, and saved.']
    """
    lines = [f"{plural(came, 'connection')} went on from earlier captures."] if came else []
    verb = "is" if left == 1 else "are"
    return lines + ([f"{number(left)} more {verb} still followed, and saved."] if left else [])


def _nothing(classes: Counter[str], packets: int) -> str:
    """Say why there is no TCP: the capture has none, or nothing of it was asked for."""
    if classes["filtered"] == packets:
        return f"The filter, start or end left nothing of {plural(packets, 'packet')}."
    if classes["filtered"]:
        rest = plural(packets - classes["filtered"], "packet")
        return (
            f"The filter, start or end left {rest} of {number(packets)}, and none of them is TCP."
        )
    return "No TCP was found, so the tables are empty."


def plain(
    tally: Tally, accounts: Mapping[str, Table], carried: tuple[int, int] = (0, 0)
) -> dict[str, Any]:
    """Give the figures for programs: nothing folded, nothing rounded."""
    naming = tally.naming(accounts["names"])
    found = tally.findings(naming)
    files = accounts["files"].records()
    begin = min((row["start"] for row in files if row["start"]), default=None)
    end = max((row["end"] for row in files if row["end"]), default=None)
    return {
        "files": accounts["files"]["file"],
        "start": begin,
        "end": end,
        "packets": dict(ranked(packet_classes(accounts["ledger"]))),
        "connections": tally.connections,
        "connections_resumed": carried[0],
        "connections_saved": carried[1],
        "fin_rst_segments": tally.segments,
        "endings": dict(ranked(tally.endings)),
        "causes": dict(ranked(tally.causes)),
        "ended_by": dict(ranked(tally.ended_by)),
        "servers_not_orderly": {endpoint(*at): n for at, n in ranked(tally.servers)},
        "clients_not_orderly": dict(ranked(tally.clients)),
        "names": _names(tally, naming),
        "findings": found.to_dict(),
        "limits": limits(tally, found),
        "warnings": warnings(accounts),
    }


def _names(tally: Tally, naming: Naming) -> dict[str, dict[str, str]]:
    """Give the names of the hosts that are counted one by one, and where they come from."""
    hosts = dict.fromkeys([*(ip for (ip, _), _ in ranked(tally.servers)), *tally.clients])
    known = {ip: name for ip in hosts if (name := naming.of(ip))}
    return {ip: {"name": name.text, "source": name.source} for ip, name in known.items()}


def source_name(name: str) -> str:
    """Call a source by what people know it as."""
    return "standard input" if name == "-" else name


def packet_classes(ledger: Table) -> Counter[str]:
    """Count packets by what they turned out to be."""
    classes: Counter[str] = Counter()
    for word, packets in zip(ledger["class"], ledger["packets"], strict=True):
        classes[word] += packets
    return +classes


def warnings(accounts: Mapping[str, Table]) -> list[str]:
    """Tell what is odd about the capture, most frequent first."""
    kinds = {(row["file"], row["kind"]): row["count"] for row in accounts["issues"]}
    issues: Counter[str] = Counter()
    for (_, kind), count in kinds.items():
        issues[kind] += count
    told = [oddities.told(kind, count) for kind, count in ranked(issues)]
    columns = ("dropped_by_interface", "dropped_by_os", "dropped_between")
    lost = sum(row[name] or 0 for row in accounts["interfaces"] for name in columns)
    return [*told, *([f"dropped by the capturing machine: {number(lost)}"] if lost else [])]


def span(files: Iterable[Mapping[str, Any]]) -> tuple[Any, Any]:
    """Give the times of the first and the last packet."""
    rows = list(files)
    starts = [row["start"] for row in rows if row["start"] is not None]
    ends = [row["end"] for row in rows if row["end"] is not None]
    return (min(starts), max(ends)) if starts and ends else (None, None)


def _span(files: list[dict[str, Any]], where: dt.tzinfo) -> list[str]:
    begin, end = span(files)
    if begin is None:
        return []
    lasted = duration((end - begin).total_seconds())
    known = "" if where is dt.UTC else f" ({zone_name(where)})"
    return [f"from {stamp(begin, where)}{known}, {lasted} long"]


def _folded(items: list[tuple[str, int]]) -> list[tuple[str, int]]:
    if len(items) <= _TOP:
        return items
    kept, rest = items[: _TOP - 1], items[_TOP - 1 :]
    return [*kept, (f"{len(rest)}{_OTHERS}", sum(count for _, count in rest))]


def is_rest(word: str) -> bool:
    """Tell whether it stands for all that are not named: it has a count and no bar."""
    number_of, _, others = word.partition(" ")
    return number_of.isdigit() and f" {others}" == _OTHERS


def bars(
    title: str,
    items: list[tuple[str, int]],
    paint: Paint = PLAIN,
    tone: Callable[[str], str] = lambda _: "",
) -> list[str]:
    """Draw counts as bars, below a title; where there is little room, short ones or none."""
    if not items:
        return []
    top = max((count for word, count in items if not is_rest(word)), default=1)
    digits = max(len(number(count)) for _, count in items)
    room = available() - digits - 4
    words = [printable(word) for word, _ in items]
    # Addresses shorten before there is no room for a bar, other words before there is none at all.
    words = [
        fit(word, room - 2 - _SHORT) if " (" in word or ":" in word else word for word in words
    ]
    words = [middle(word, room) for word in words]
    widest = max(map(columns, words))
    length = min(_BAR, room - widest - 2)
    lines = []
    for word, (name, count) in zip(words, items, strict=True):
        # The sum of all that are not named has no bar: it would be the longest.
        drawn = length > 1 and not is_rest(name)
        bar = "█" * max(1, round(length * count / top)) if drawn else ""
        line = f"  {pad(word, widest)}  {number(count):>{digits}}"
        lines.append(line + (f"  {paint(bar, tone(name))}" if bar else ""))
    return ["", *(paint(line, "bold") for line in wrap(title)), *lines]


def _who(ended_by: list[tuple[str, int]], paint: Paint) -> list[str]:
    """Say in a line who ended them; which hosts those were, the findings tell."""
    if not ended_by:
        return []
    said = ", ".join(f"{printable(word)} {number(count)}" for word, count in ended_by)
    return ["", *wrap(f"{paint('Who ended them', 'bold')}: {said}".replace("_", " "))]


def class_name(cause: str) -> str:
    """Give the class of a cause, by which it is painted."""
    return "dim" if is_rest(cause) else class_of(cause).name


def text(summary: Summary, paint: Paint = PLAIN) -> str:
    """Write the figures for a terminal; nothing in it is obeyed by one."""
    source = f" in {printable(summary.source)}" if summary.source else ""
    lines = [
        *(paint(line, "bold") for line in wrap(printable(summary.title) + source)),
        *(part for line in summary.lines for part in wrap(printable(line, 400), rest="  ")),
        *(
            paint(part, "bad")
            for line in summary.warnings
            for part in wrap(printable(line), first="! ")
        ),
        *told.lines(summary.findings, paint),
        *trust_text(summary.limits),
        *bars("How they ended", summary.endings, paint, lambda word: summary.tones.get(word, "")),
        *bars("Why", summary.causes, paint, class_name),
        *_who(summary.ended_by, paint),
    ]
    return "\n".join(lines)
