"""Connections as rows of a card or a page: the verdict beside the number, nothing outside."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.html import brief, cell, escaped
from finrst._base.text import certainty, duration, number
from finrst._base.times import clock, several_days, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Cell = Callable[[Mapping[str, Any]], tuple[str, str, str]]

COLUMNS = (
    "connection_id",
    "cause",
    "confidence",
    "client",
    "server",
    "ending",
    "start",
    "duration_s",
)
"""What is shown of a connection, from left to right; both ends as they are written."""
WITH_MORE = (
    "connection_id",
    "cause",
    "confidence",
    "ends",
    "ending",
    "start",
    "duration_s",
    "packets",
)
"""The same where each row has a second line."""
_HEADS = {
    "connection_id": "#",
    "confidence": "sure",
    "ends": "client, then server",
    "ending": "how it ended",
    "duration_s": "lasted",
}
_NUMBERS = frozenset({"connection_id", "confidence", "duration_s"})
_ROOM = 72
_LONG = 160
_BY = {"none": "", "third_party": " by a third party", "both": " by both"}


def style(scope: str, narrow: str) -> str:
    """Give the style of such rows inside what a selector selects.

    Cells break between words; where there is less room than ``narrow``, as on a phone, the cells
    of a row stand behind and below each other.
    """
    rows = f"{scope} .rows"
    return (
        f"{rows}{{container-type:inline-size}}{rows} table{{width:100%}}"
        f"{rows} th,{rows} td{{white-space:normal;max-width:none;overflow:visible;"
        "vertical-align:top;padding:2px 10px 2px 0}"
        f"{rows} td.n{{white-space:nowrap}}{rows} td.at>span:last-child{{display:block}}"
        f"{rows} td.v{{border-left:4px solid;padding-left:7px;font-weight:600}}"
        f"{rows} small{{display:block;color:var(--soft);font-size:.92em;font-weight:400}}"
    ) + stacked(scope, narrow)


def stacked(scope: str, narrow: str) -> str:
    """Give the part of ``style`` for where there is less room than ``narrow``."""
    rows = f"{scope} .rows"
    return (
        f"@container(max-width:{narrow}){{{rows} thead{{display:none}}"
        f"{rows} tbody,{rows} table{{display:block}}"
        f"{rows} tr{{display:flex;flex-wrap:wrap;column-gap:.9em;padding:.35em 0;"
        "border-bottom:1px solid var(--line)}"
        f"{rows} td{{display:block;padding:0;border-bottom:0;text-align:left;"
        "overflow-wrap:anywhere}"
        f"{rows} td.id::before{{content:'#'}}{rows} td.of::before{{content:'of '}}"
        f"{rows} td.v{{padding-left:7px}}{rows} small,{rows} td.at>span:last-child"
        "{display:inline}}"
    )


def connections(
    rows: Iterable[Mapping[str, Any]],
    columns: Sequence[str] = COLUMNS,
    where: dt.tzinfo = dt.UTC,
    *,
    more: bool = False,
) -> str:
    """Render them with times of a zone; ``more`` gives a second line to what is in a cell."""
    rows = list(rows)
    starts = [row["start"] for row in rows if row.get("start")]
    date = bool(starts) and several_days(min(starts), max(starts), where)

    def start(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return 'class="w"', clock(row["start"], where, 6, date=date), ""

    heads_of = {**_HEADS, "start": f"start ({zone_name(where)})"}

    def head(name: str) -> str:
        kind = ' class="n"' if name in _NUMBERS else ""
        said = escaped(heads_of.get(name, name))
        return f'<th{kind} title="{escaped(name)}">{said}</th>'

    heads = "".join(map(head, columns))
    body = ""
    for row in rows:
        cells = ""
        for name in columns:
            if name not in _CELLS and name != "start":
                cells += cell(row[name])
                continue
            attributes, text, below = start(row) if name == "start" else _CELLS[name](row)
            below = f" <small>{escaped(below)}</small>" if more and below else ""
            cells += f"<td {attributes}>{text}{below}</td>"
        body += f"<tr>{cells}</tr>"
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="rows">{table}</div>'


def counts(made: Sequence[Mapping[str, Any]]) -> str:
    """Render what was counted by host: how many, of how many, and why."""
    names = list(made[0])
    heads = "".join(f"<th>{escaped(_HEADS.get(name, name))}</th>" for name in names)
    body = ""
    for row in made:
        cells = "".join(
            f'<td class="n {name}">{number(row[name])}</td>'
            if isinstance(row[name], int)
            else f"<td>{brief(row[name], _LONG)}</td>"
            for name in names
        )
        body += f"<tr>{cells}</tr>"
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="rows">{table}</div>'


def _cause(row: Mapping[str, Any]) -> tuple[str, str, str]:
    colour = class_of(row["cause"]).colour
    return (
        f'class="v" style="border-color:{colour}"',
        escaped(row["cause"]),
        row.get("mechanism") or "",
    )


def _ending(row: Mapping[str, Any]) -> tuple[str, str, str]:
    by = _BY.get(row["ended_by"], f" by the {row['ended_by']}")
    lost = "nothing was lost" if row.get("harmless") else ""
    return 'class="h"', escaped(row["ending"] + by), lost


def _packets(row: Mapping[str, Any]) -> tuple[str, str, str]:
    decided = row["deciding_packet"]
    below = "" if decided is None else f"decided by {number(decided)}"
    return 'class="w"', f"{number(row['first_packet'])} to {number(row['last_packet'])}", below


_CELLS: dict[str, Cell] = {
    "connection_id": lambda row: ('class="n id"', number(row["connection_id"]), ""),
    "cause": _cause,
    "confidence": lambda row: ('class="n"', certainty(row["confidence"]), ""),
    "client": lambda row: ('class="at"', brief(row["client"], _ROOM), ""),
    "server": lambda row: ('class="at"', brief(row["server"], _ROOM), ""),
    "ends": lambda row: (
        'class="at"',
        f"{brief(row['client'], _ROOM)} <span>{brief(row['server'], _ROOM)}</span>",
        "",
    ),
    "ending": _ending,
    "duration_s": lambda row: ('class="n"', duration(row["duration_s"]), ""),
    "packets": _packets,
}
"""For a column the attributes of a cell, what it says, and what stands below that."""
