"""The packets of one connection as arrows between client and server, for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.paint import PLAIN, Paint
from finrst._base.text import duration, number, plural, printable, shortened
from finrst._base.width import available, columns, wrap
from finrst._story.forged import between, forged
from finrst.plot._ladder import _marks, _shown
from finrst.plot._packets import story

if TYPE_CHECKING:
    from collections.abc import Callable

    from finrst._face.capture import Capture

_LANE = 46
_SHAFT = 5
_BESIDE, _BELOW = 25, 2
"""Columns before the arrows: with numbers and times on the same line, and without."""
_NARROW = 24
"""Columns below which notes stand under an arrow rather than beside it."""
_TALL = 3
"""Lines of notes beside an arrow; more stand below it where they are fewer there."""
_WIDE, _FACTS = 120, 3
"""Columns of a line from which all is said of a packet, and how much else."""
_NOTES = 2000
_SILENCE = 1.0


def steps(capture: Capture, connection_id: int, paint: Paint = PLAIN) -> list[str]:
    """Draw them: of a long connection the beginning, what decided it, and the end.

    >>> import finrst
    >>> for line in steps(finrst.conversation("> S, < R."), 0)[1:]:
    ...     print(line)
          1     +0.000000 s  ── SYN seq 0 win 64240 ──────────────────────▶
          2     +0.010000 s  ◀────────────────────── RST,ACK ack 1 win 0 ──
                               The reset acknowledges the SYN: it is the answer to it
    """
    one = story(capture, connection_id)
    marks, not_theirs = _marks(one.row, one.teardowns), forged(one.row, one.teardowns)
    shown = _shown(one, marks)
    drawn = [one.packets[place] for place in shown]
    room = _Room.of([len(_said(p)) + _shaft(between=p["packet"] in not_theirs) for p in drawn])
    lines, before = room.head([printable(end, 120) for end in one.ends]), -1
    for place in shown:
        packet = one.packets[place]
        after = (packet["time"] - one.packets[0]["time"]).total_seconds()
        last = one.packets[place - 1]["time"] if place else packet["time"]
        silence = (packet["time"] - last).total_seconds()
        skipped = place - before - 1
        said = [plural(skipped, "more packet")] if skipped else []
        said += [f"{duration(silence)} of silence"] if silence >= _SILENCE else []
        if said:
            lines.append(paint(room.aside(", ".join(said)), "dim"))
        decides = packet["packet"] == one.row.get("deciding_packet")
        painted = partial(paint, style=class_of(one.row["cause"]).name) if decides else str
        notes = room.notes(marks.get(packet["packet"], []))
        aside = packet["packet"] in not_theirs
        lines += room.step(packet, f"+{after:.6f} s", notes, painted, between=aside)
        before = place
    rest = len(one.packets) - before - 1
    lines += [paint(room.aside(f"{number(rest)} more"), "dim")] if rest else []
    forgery = any(packet["packet"] in not_theirs for packet in drawn)
    key = f"◆ marks what {between(one.row['cause'])} sent"
    return [*lines, *(wrap(key, room.width, " " * room.indent) if forgery else [])]


@dataclass(frozen=True)
class _Room:
    """Where on a line the numbers, times, arrows and notes of packets stand."""

    width: int
    lane: int
    """Columns between client and server."""
    indent: int
    """Columns before them."""

    @classmethod
    def of(cls, arrows: list[int]) -> _Room:
        """Divide a line: arrows beside the numbers and times where that fits, else below them."""
        width, longest = available(), max(arrows, default=0)
        if width >= _BESIDE + max(_LANE, longest):
            return cls(width, max(_LANE, longest), _BESIDE)
        return cls(width, width - _BELOW, _BELOW)

    def head(self, names: list[str]) -> list[str]:
        """Name both sides."""
        if sum(map(columns, names)) + 2 > self.lane:
            names = [shortened(name) for name in names]
        gap = self.lane - sum(map(columns, names))
        if gap < 2:  # noqa: PLR2004 - a word would join the other
            names = [names[0], " " * max(0, self.lane - columns(names[1])) + names[1]]
            return [" " * self.indent + name for name in names]
        return [" " * self.indent + names[0] + " " * gap + names[1]]

    def aside(self, text: str) -> str:
        """Say what is not drawn."""
        return " " * self.indent + f"... {text} ..."

    def notes(self, told: list[str]) -> str:
        """Join what there is to say of a packet: all where there is room, else what comes first."""
        left = 0 if self.width >= _WIDE else len(told) - _FACTS
        kept = [*told[:_FACTS], f"and {number(left)} more"] if left > 0 else told
        return printable("; ".join(kept), _NOTES)

    def step(
        self,
        packet: dict[str, Any],
        clock: str,
        notes: str,
        paint: Callable[[str], str],
        *,
        between: bool,
    ) -> list[str]:
        """Draw a packet and say what there is to say of it."""
        arrow = self._arrow(packet, between=between)
        below = wrap(notes, self.width, " " * (self.indent + 2)) if notes else []
        if self.indent == _BELOW:
            return [paint(f"{packet['packet']}  {clock}"), *map(paint, arrow), *below]
        line = f"{packet['packet']:>7}  {clock:>14}  {arrow[0]}"
        at = columns(line) + 2
        room = self.width - at
        beside = wrap(notes, room) if notes and room >= min(_NARROW, columns(notes)) else []
        if not beside or len(beside) > max(_TALL, len(below)):
            return [paint(line), *below]
        return [f"{paint(line)}  {beside[0]}", *(" " * at + more for more in beside[1:])]

    def _arrow(self, packet: dict[str, Any], *, between: bool) -> list[str]:
        text, forth = _said(packet), packet["sender"] == "client"
        line = "─" * (self.lane - _SHAFT - len(text))
        indent = " " * _BELOW if self.indent == _BELOW else ""
        if len(text) + _shaft(between=between) > self.lane:
            begin = ("◆" if between else "") + ("▶ " if forth else "◀ ")
            return wrap(text, self.width, indent + begin)
        if between:
            drawn = f"◆── {text} ──▶" if forth else f"◀── {text} ──◆"
            return [indent + (" " * (self.lane - columns(drawn)) if forth else "") + drawn]
        return [indent + (f"── {text} {line}▶" if forth else f"◀{line} {text} ──")]


def _shaft(*, between: bool) -> int:
    """Count the columns of an arrow that are not its text; a forged one has two ends of its own."""
    return _SHAFT + 3 if between else _SHAFT


def _said(packet: dict[str, Any]) -> str:
    parts = [packet["flags"] or "no flags"]
    parts += [
        f"{word} {packet[name]}"
        for word, name in (("seq", "seq"), ("ack", "ack"), ("win", "window"))
        if packet[name] is not None
    ]
    return " ".join(
        parts + ([f"len {packet['payload_length']}"] if packet["payload_length"] else [])
    )
