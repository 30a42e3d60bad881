"""The packets of one connection as arrows between client and server, for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.paint import PLAIN, Paint
from finrst._base.text import duration, plural, printable
from finrst.plot._ladder import _marks, _shown
from finrst.plot._packets import story

if TYPE_CHECKING:
    from finrst._face.capture import Capture

_LANE = 46
_NOTES = 40
_SILENCE = 1.0


def steps(capture: Capture, connection_id: int, paint: Paint = PLAIN) -> list[str]:
    """Draw them: of a long connection the beginning, what decided it, and the end.

    >>> import finrst
    >>> for line in steps(finrst.conversation("> S, < R."), 0)[1:]:
    ...     print(line)
          1     +0.000000 s  ── SYN seq 0 win 64240 ──────────────────────▶
          2     +0.010000 s  ◀────────────────────── RST,ACK ack 1 win 0 ──  reset acknowledges syn
    """
    one = story(capture, connection_id)
    row, marks = one.row, _marks(one.row, one.teardowns)
    client, server = (printable(end, 120) for end in one.ends)
    gap = max(2, _LANE - len(client) - len(server))
    lines = [" " * 24 + client + " " * gap + server]
    before = -1
    for place in _shown(one, marks):
        packet = one.packets[place]
        after = (packet["time"] - one.packets[0]["time"]).total_seconds()
        last = one.packets[place - 1]["time"] if place else packet["time"]
        silence = (packet["time"] - last).total_seconds()
        skipped = place - before - 1
        said = [plural(skipped, "more packet")] if skipped else []
        said += [f"{duration(silence)} of silence"] if silence >= _SILENCE else []
        if said:
            lines.append(paint(" " * 24 + f"... {', '.join(said)} ...", "dim"))
        notes = printable("; ".join(marks.get(packet["packet"], [])), _NOTES)
        line = f"{packet['packet']:>7}  {f'+{after:.6f} s':>14}  {_arrow(packet)}"
        if packet["packet"] == row.get("deciding_packet"):
            line = paint(line, class_of(row["cause"]).name)
        lines.append(f"{line}  {notes}".rstrip())
        before = place
    rest = len(one.packets) - before - 1
    return [*lines, *([paint(" " * 24 + f"... {rest} more ...", "dim")] if rest else [])]


def _arrow(packet: dict[str, Any]) -> str:
    parts = [packet["flags"] or "no flags"]
    parts += [
        f"{word} {packet[name]}"
        for word, name in (("seq", "seq"), ("ack", "ack"), ("win", "window"))
        if packet[name] is not None
    ]
    parts += [f"len {packet['payload_length']}"] if packet["payload_length"] else []
    text = f" {' '.join(parts)} "
    line = "─" * max(0, _LANE - 3 - len(text))
    return f"──{text}{line}▶" if packet["sender"] == "client" else f"◀{line}{text}──"
