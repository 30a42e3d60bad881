"""The packets of one connection as arrows between client and server, in SVG, without a library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.classes import BY_NAME, class_of
from finrst._base.html import escaped
from finrst._base.palette import dressed
from finrst._base.text import duration, number
from finrst._files.atomic import whole

from ._packets import Story, story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

_WIDTH, _LEFT, _RIGHT = 900, 190, 560
_ROW, _GAP, _TOP = 30, 28, 84
_HEAD, _AROUND, _TAIL = 8, 8, 4
_SILENCE = 0.2
_FACTS = 2
_STYLE = dressed(
    """
.finrst-ladder{font:12px system-ui,'DejaVu Sans',sans-serif;
color:var(--jp-content-font-color1,var(--finrst-ink,$ink));max-width:100%;height:auto}
@media(prefers-color-scheme:dark){.finrst-ladder{
color:var(--jp-content-font-color1,var(--finrst-ink,$dark_ink))}}
.finrst-ladder text{fill:currentColor}
.finrst-ladder .soft{opacity:.66;font-size:11px}.finrst-ladder .bold{font-weight:600}
.finrst-ladder .num{font-variant-numeric:tabular-nums}
""".replace("\n", "")
)


@dataclass(frozen=True)
class Ladder:
    """A ladder diagram; shows itself in a notebook, in the colours of its theme.

    ``str(ladder)`` is the SVG text.

    >>> import finrst
    >>> str(finrst.conversation("> S, < R.").plot.ladder())[:4]
    '<svg'
    """

    svg: str
    _sources: _native.Sources = field(
        default_factory=lambda: _native.Sources([]), repr=False, compare=False
    )

    def __str__(self) -> str:
        """Give the SVG text."""
        return self.svg

    def __repr__(self) -> str:
        """Say what it is."""
        return f"<finrst.plot.Ladder: {number(len(self.svg))} bytes of SVG>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f"<div>{self.svg}</div>"

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write it as an SVG file, whole or not at all.

        What it may replace is told at :meth:`finrst.Table.write`.

        >>> import finrst, tempfile
        >>> finrst.conversation("> S, < R.").plot.ladder().save(tempfile.mkdtemp() + "/x.svg")
        """
        with whole(path, self._sources, overwrite=overwrite) as out:
            out.write(self.svg.encode())


def ladder(data: Any, connection_id: int | None = None) -> Ladder:
    """Draw one connection's packets between client and server, the decisive ones marked.

    ``data`` is a Capture with the number of the connection, or a table of its packets as
    ``Capture.packets`` gives. Sequence numbers are relative, times count from the first packet.
    Of a long connection the beginning, what is around the decisive packets, and the end are
    drawn. A Capture has more to say of packets than their table: the evidence, and the causes of
    resets that did not decide. Needs no plotting library.

    >>> import finrst, finrst.plot
    >>> finrst.plot.ladder(finrst.conversation("> S, < R."))
    <finrst.plot.Ladder: ... bytes of SVG>
    """
    one = story(data, connection_id)
    return Ladder(_draw(one), one.sources)


def _marks(row: dict[str, Any], teardowns: Sequence[dict[str, Any]] = ()) -> dict[int, list[str]]:
    """Give what there is to say of packets: the evidence, and what other resets were."""
    marks: dict[int, list[str]] = {}

    def note(packet: int, text: str) -> None:
        notes = marks.setdefault(packet, [])
        if text not in notes:
            notes.append(text)

    for fact in row.get("evidence") or ():
        if fact["packet"] is not None:
            note(fact["packet"], _fact(fact))
    for event in teardowns:
        if event["kind"] != "rst" or event["cause"] == row.get("cause"):
            continue
        note(event["packet"], event["cause"])
        for fact in event["evidence"]:
            if fact["packet"] is not None:
                note(fact["packet"], _fact(fact))
    return marks


def _fact(fact: dict[str, Any]) -> str:
    name, value = str(fact["fact"]), fact["value"]
    if value is not None and name.endswith("_s"):
        return f"{name[:-2].replace('_', ' ')}: {duration(value)}"
    words = name.replace("_", " ")
    if fact["text"] is not None:
        return f"{words}: {fact['text']}"
    return words if value is None else f"{words}: {value:,.6g}"


def _shown(one: Story, marks: dict[int, list[str]]) -> list[int]:
    """Give the places of the packets to draw."""
    count, deciding = len(one.packets), one.row.get("deciding_packet")
    keep = set(range(_HEAD)) | set(range(count - _TAIL, count))
    for place, packet in enumerate(one.packets):
        if packet["packet"] == deciding:
            keep |= set(range(place - _AROUND, place + _AROUND))
        elif packet["packet"] in marks:
            keep |= {place - 1, place, place + 1}
    return [place for place in sorted(keep) if 0 <= place < count]


def _draw(one: Story) -> str:
    marks = _marks(one.row, one.teardowns)
    parts: list[str] = []
    y, before = _TOP, -1
    first = one.packets[0]["time"] if one.packets else None
    for place in _shown(one, marks):
        packet = one.packets[place]
        last = one.packets[place - 1]["time"] if place else packet["time"]
        silence = (packet["time"] - last).total_seconds()
        skipped = place - before - 1
        if skipped or silence >= _SILENCE:
            said = (
                f"{number(skipped)} packets not drawn" if skipped else f"{duration(silence)} later"
            )
            parts.append(
                f'<text x="{(_LEFT + _RIGHT) / 2}" y="{y - 1}" text-anchor="middle" class="soft">'
                f"⋮ {said}</text>"
            )
            y += _GAP
        parts.append(_arrow(packet, y, (packet["time"] - first).total_seconds(), one.row, marks))
        y += _ROW
        before = place
    left = len(one.packets) - before - 1
    if left > 0 or not one.packets:
        said = f"{number(left)} packets not drawn" if left else "no packet"
        parts.append(f'<text x="{_LEFT}" y="{y}" class="soft">{said}</text>')
        y += _GAP
    lines = "".join(
        f'<line x1="{x}" x2="{x}" y1="{_TOP - 18}" y2="{y - 4}" stroke="currentColor" '
        'stroke-opacity=".35" stroke-width="1.5"/>'
        for x in (_LEFT, _RIGHT)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="finrst-ladder" role="img" '
        f'width="{_WIDTH}" viewBox="0 0 {_WIDTH} {y + 6}"><style>{_STYLE}</style>'
        f"{_head(one)}{lines}{''.join(parts)}</svg>"
    )


def _head(one: Story) -> str:
    row = one.row
    title = f"{number(len(one.packets))} packets"
    if row:
        by = "" if row["ended_by"] == "none" else f", ended by {row['ended_by'].replace('_', ' ')}"
        title = f"Connection {row['connection_id']}: {row['ending'].replace('_', ' ')}{by}"
        if "cause" in row:
            title += f" — {row['cause']}"
        if row.get("confidence"):
            title += f" ({row['confidence']:.0%} sure)"
    ends = "".join(
        f'<text x="{x}" y="54" text-anchor="middle" class="bold">{escaped(name, 48)}</text>'
        for x, name in zip((_LEFT, _RIGHT), one.ends, strict=True)
    )
    return (
        f'<text x="8" y="22" class="bold" style="font-size:14px">{escaped(title, 200)}</text>{ends}'
    )


def _arrow(
    packet: dict[str, Any],
    y: int,
    since: float,
    row: dict[str, Any],
    marks: dict[int, list[str]],
) -> str:
    flags = packet["flags"]
    colour = "currentColor"
    if "RST" in flags:
        colour = BY_NAME["abort"].colour
    elif "FIN" in flags:
        colour = BY_NAME["orderly"].colour
    decides = packet["packet"] == row.get("deciding_packet")
    start, end = (_LEFT, _RIGHT) if packet["sender"] == "client" else (_RIGHT, _LEFT)
    step = 9 if end > start else -9
    parts = []
    if decides:
        halo = class_of(row.get("cause", "")).colour
        parts.append(
            f'<rect x="4" y="{y - 16}" width="{_WIDTH - 8}" height="{_ROW}" rx="4" '
            f'fill="{halo}" fill-opacity=".16"/>'
        )
    parts.append(
        f'<g stroke="{colour}" stroke-width="{2 if decides else 1.4}" fill="none">'
        f'<path d="M{start} {y}L{end} {y + 6}M{end - step} {y + 1}L{end} {y + 6}'
        f'L{end - step} {y + 10}"/></g>'
    )
    said = [flags.replace(",", " ") or "no flags"]
    said += [
        f"{name} {number(packet[name])}" for name in ("seq", "ack") if packet[name] is not None
    ]
    if packet["payload_length"]:
        said.append(f"len {number(packet['payload_length'])}")
    if "SYN" in flags or not packet["window"]:
        said.append(f"win {number(packet['window'])}")
    weight = ' class="bold"' if decides else ""
    parts.append(
        f'<text x="{(_LEFT + _RIGHT) / 2}" y="{y - 2}" text-anchor="middle"{weight}>'
        f"{escaped('  '.join(said), 80)}</text>"
        f'<text x="8" y="{y + 5}" class="soft num">{escaped(_since(since))}</text>'
        f'<text x="{_RIGHT + 14}" y="{y + 4}" class="soft num">#{packet["packet"]}</text>'
    )
    notes = marks.get(packet["packet"], [])[:_FACTS]
    if decides and not notes:
        notes = ["decides the ending"]
    top = y + 4 if len(notes) == 1 else y - 2
    parts.extend(
        f'<text x="{_RIGHT + 66}" y="{top + 13 * line}" class="soft">{escaped(note, 42)}</text>'
        for line, note in enumerate(notes)
    )
    return "".join(parts)


def _since(seconds: float) -> str:
    return f"+{seconds:.6f} s" if seconds < 100 else f"+{seconds:,.3f} s"  # noqa: PLR2004
