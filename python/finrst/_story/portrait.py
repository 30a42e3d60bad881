"""One connection in a notebook: the verdict, the story, both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of, class_of_ending
from finrst._base.html import STYLE, escaped, hovered
from finrst._base.text import certainty, duration, number
from finrst._base.times import stamp

if TYPE_CHECKING:
    import datetime as dt

    from finrst._tables.naming import Ends

    from .explain import Explanation

_SIDES = {
    "packets": "packets",
    "payload bytes": "bytes",
    "bytes sent again": "retransmitted_bytes",
    "bytes lost to a reset": "bytes_lost",
    "bytes not captured": "missing_bytes",
    "FIN segments": "fins",
    "RST segments": "rsts",
    "TTL": "ttl",
    "smallest window": "window_minimum",
    "maximum segment size": "mss",
    "shortest round trip": "min_rtt_s",
    "TLS alert": "tls_alert",
}
"""What stands side by side, and the columns with ``client_`` or ``server_`` before."""


_LONGEST = 900


def html(row: dict[str, Any], ends: Ends, told: Explanation, where: dt.tzinfo) -> str:
    """Render a connection, with times of a zone; everything from the capture is escaped."""
    cause, ending = class_of(row["cause"]), class_of_ending(row["ending"])
    by = "" if row["ended_by"] == "none" else f", ended by {row['ended_by'].replace('_', ' ')}"
    sure = f", {certainty(row['confidence'])} sure" if row["confidence"] else ""
    decided = row["deciding_packet"]
    facts = [
        _chip(ending.colour, row["ending"].replace("_", " ") + by),
        _chip(cause.colour, f"{row['cause']}{sure}"),
        f"{stamp(row['start'], where, 6)}, {duration(row['duration_s'])} long",
        "" if decided is None else f"decided by packet {decided}",
    ]
    return (
        f'<div class="finrst"><style>{STYLE}</style>'
        f"<h3>Connection {row['connection_id']}: {hovered(ends.client, _LONGEST)} &rarr; "
        f"{hovered(ends.server, _LONGEST)}</h3>"
        f"<p>{' &middot; '.join(fact for fact in facts if fact)}</p>"
        f'<p style="color:var(--ink)"><strong>{hovered(told.sentence, _LONGEST)}</strong></p>'
        + _parts(told)
        + _sides(row)
        + "</div>"
    )


def _chip(colour: str, text: str) -> str:
    return (
        f'<span style="border-left:9px solid {colour};padding-left:.4em;color:var(--ink)">'
        f"{escaped(text)}</span>"
    )


def _parts(told: Explanation) -> str:
    parts = (
        ("What happened", told.story),
        ("What speaks for it", told.evidence),
        ("What speaks against it", told.doubts),
        ("What else it could be", told.rivals),
        ("What to check next", (told.next,)),
    )
    lists = [
        (title, "".join(f"<li>{hovered(line, _LONGEST)}</li>" for line in lines))
        for title, lines in parts
        if lines
    ]
    return "".join(f'<h4>{title}</h4><ul class="told">{items}</ul>' for title, items in lists)


def _sides(row: dict[str, Any]) -> str:
    """Give what both sides did, without the lines in which neither has anything."""
    lines = ['<tr><th></th><th class="n">client</th><th class="n">server</th></tr>']
    for title, column in _SIDES.items():
        values = [row[f"{side}_{column}"] for side in ("client", "server")]
        if any(values):
            cells = "".join(f'<td class="n">{_value(column, value)}</td>' for value in values)
            lines.append(f"<tr><td>{title}</td>{cells}</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _value(column: str, value: Any) -> str:
    if value is None:
        return '<span title="not observable in this capture">&ndash;</span>'
    if column.endswith("_s"):
        return duration(value)
    return number(value) if isinstance(value, int) else escaped(value)
