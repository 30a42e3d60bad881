"""Findings as lines for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.paint import PLAIN, Paint
from finrst._base.palette import SEVERITIES
from finrst._base.width import pad, wrap

if TYPE_CHECKING:
    from .finding import Finding, Findings

# So many are told with when it was, what it cost and what to do next; the first screen has room.
_WHOLE = 4
_WIDEST = max(map(len, SEVERITIES))


def details(one: Finding) -> str:
    """Say when it was, whose connections they are, and what it cost.

    >>> import finrst
    >>> (one,) = finrst.conversation("> S client=1..2, < R. client=1..2").findings()
    >>> details(one)
    'Since 2026-01-01 00:00:00 UTC, for 30 ms; clients 192.0.2.1 and 192.0.2.2.'
    """
    said = "; ".join(part for part in (one.when, one.clients, one.cost) if part)
    return f"{said[:1].upper()}{said[1:]}."


def example(one: Finding) -> str:
    """Name the connection that shows it, with the packet that decided it, and what else it may be.

    >>> import finrst
    >>> (one,) = finrst.conversation("> S, < R.").findings()
    >>> example(one)
    'Example: connection 0, packet 2 (port_closed, 98 % sure). It could also be ...'
    """
    row = one.example.to_dict()
    packet = "" if row["deciding_packet"] is None else f", packet {row['deciding_packet']}"
    sure = f" ({row['cause']}, {100 * row['confidence']:.0f} % sure)" if row["confidence"] else ""
    said = f"Example: connection {row['connection_id']}{packet}{sure}."
    others = [f"{item['cause']} ({100 * item['confidence']:.0f} %)" for item in row["alternatives"]]
    also = "also be" if row["confidence"] else "be"
    return f"{said} It could {also} {', '.join(others)}." if others else said


def matters(one: Finding) -> bool:
    """Whether a reader should look further: it is neither harmless nor about the capture."""
    return one.severity not in {"harmless", "uncertain"}


def lines(found: Findings, paint: Paint = PLAIN) -> list[str]:
    """Give a line each, the gravest with more; nothing in them is obeyed by a terminal."""
    if not found:
        return []
    out = ["", paint("Findings", "bold")]
    for place, one in enumerate(found):
        word = pad(one.severity, _WIDEST)
        first, *more = wrap(one.sentence, first=f"  {word}  ", rest=" " * (_WIDEST + 4))
        out += [first.replace(word, paint(word, SEVERITIES[one.severity]), 1), *more]
        if place < _WHOLE and matters(one):
            more = wrap(f"{details(one)} Next: {one.next}", first=" " * (_WIDEST + 4))
            out += [paint(part, "dim") for part in more]
    return out
