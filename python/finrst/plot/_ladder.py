"""The packets of one connection as arrows between client and server, in SVG, without a library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.classes import BY_NAME, class_of
from finrst._base.html import escaped
from finrst._base.palette import dressed
from finrst._base.text import certainty, duration, number, plural
from finrst._base.width import fit, wrap
from finrst._files.atomic import whole
from finrst._story.evidence import about, told
from finrst._story.forged import forged

from ._packets import Story, story

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

_WIDTH, _LEFT, _RIGHT = 900, 190, 560
_ROW, _GAP, _TOP = 30, 28, 104
_HEAD, _AROUND, _TAIL = 8, 8, 4
_MIDDLE = (_LEFT + _RIGHT) // 2
_SILENCE = 0.2
_FACTS = 2
_NOTE, _LINE = 42, 13
"""Characters in a line of what is said of a packet, and its height."""
_DOTTED = ' stroke-dasharray="2 4"'
_STYLE = dressed(
    """
.finrst-ladder{font:12px system-ui,'DejaVu Sans',sans-serif;
color:var(--jp-content-font-color1,var(--finrst-ink,$ink));max-width:100%;height:auto}
@media(prefers-color-scheme:dark){.finrst-ladder{
color:var(--jp-content-font-color1,var(--finrst-ink,$dark_ink))}}
@media screen{.finrst-ladder{min-width:660px}}
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
        return f'<div style="overflow-x:auto">{self.svg}</div>'

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
    rows = {event["packet"]: event for event in teardowns}

    before: dict[str, str] = {}
    """The cause of a side's reset before: of many alike the first is named."""

    def note(packet: int, text: str) -> None:
        notes = marks.setdefault(packet, [])
        if text not in notes:
            notes.append(text)

    for fact in row.get("evidence") or ():
        if fact["packet"] is not None:
            note(fact["packet"], told(fact, about(fact, rows, None), packet=False))
    for event in teardowns:
        if event["kind"] != "rst" or event["cause"] == row.get("cause"):
            continue
        if before.get(event["sender"]) != event["cause"]:
            note(event["packet"], event["cause"])
        before[event["sender"]] = event["cause"]
        for fact in event["evidence"]:
            if fact["packet"] is not None:
                note(fact["packet"], told(fact, about(fact, rows, None), packet=False))
    return marks


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
    marks, not_theirs = _marks(one.row, one.teardowns), forged(one.row, one.teardowns)
    parts: list[str] = []
    y, before = _TOP, -1
    first = one.packets[0]["time"] if one.packets else None
    colours = one.colours("currentColor")
    for place in _shown(one, marks):
        packet = one.packets[place]
        last = one.packets[place - 1]["time"] if place else packet["time"]
        silence = (packet["time"] - last).total_seconds()
        skipped = place - before - 1
        if skipped or silence >= _SILENCE:
            said = (
                f"{plural(skipped, 'packet')} not drawn"
                if skipped
                else f"{duration(silence)} later"
            )
            parts.append(
                f'<text x="{_MIDDLE}" y="{y - 1}" text-anchor="middle" class="soft">⋮ {said}</text>'
            )
            y += _GAP
        notes = _notes(packet, one.row, marks)
        row = max(_ROW, _LINE * len(notes) + 10)
        decides = packet["packet"] == one.row.get("deciding_packet")
        if decides:
            parts.append(_halo(one.row, y, row))
        since = (packet["time"] - first).total_seconds()
        between = packet["packet"] in not_theirs
        colour = colours.get(packet["packet"], "currentColor")
        colour = BY_NAME["suspicious"].colour if between else colour
        arrow = _arrow(packet, y, colour, decides=decides, between=between)
        parts += [arrow, _beside(packet, y, since)]
        top = y + 4 if len(notes) == 1 else y - 2
        parts.extend(
            f'<text x="{_RIGHT + 66}" y="{top + _LINE * place}" class="soft">{escaped(line)}</text>'
            for place, line in enumerate(notes)
        )
        y += row
        before = place
    left = len(one.packets) - before - 1
    if left > 0 or not one.packets:
        said = f"{plural(left, 'packet')} not drawn" if left else "no packet"
        parts.append(f'<text x="{_LEFT}" y="{y}" class="soft">{said}</text>')
        y += _GAP
    there = any(packet["packet"] in not_theirs for packet in one.packets)
    top, below = _TOP - 18, _TOP - 12
    lanes = [(_LEFT, top, ""), (_RIGHT, top, ""), *([(_MIDDLE, below, _DOTTED)] if there else [])]
    lines = "".join(
        f'<line x1="{x}" x2="{x}" y1="{begin}" y2="{y - 4}" stroke="currentColor" '
        f'stroke-opacity=".35" stroke-width="1.5"{style}/>'
        for x, begin, style in lanes
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="finrst-ladder" role="img" '
        f'width="{_WIDTH}" viewBox="0 0 {_WIDTH} {y + 6}"><style>{_STYLE}</style>'
        f"{_head(one, between=there)}{lines}{''.join(parts)}</svg>"
    )


def _head(one: Story, *, between: bool) -> str:
    row = one.row
    title, verdict = plural(len(one.packets), "packet"), ""
    if row:
        by = "" if row["ended_by"] == "none" else f", ended by {row['ended_by'].replace('_', ' ')}"
        title = f"Connection {row['connection_id']}: {row['ending'].replace('_', ' ')}{by}"
        # A line of its own: on a phone the right half of a ladder has to be pulled in.
        verdict = row.get("cause", "")
        if row.get("confidence"):
            verdict += f" ({certainty(row['confidence'])} sure)"
    lines = "".join(
        f'<text x="8" y="{y}" class="bold" style="font-size:14px">{escaped(line, 200)}</text>'
        for y, line in ((22, title), (41, verdict))
        if line
    )
    ends = "".join(
        f'<text x="{x}" y="68" text-anchor="middle" class="bold">'
        f"<title>{escaped(name)}</title>{escaped(fit(name, 48))}</text>"
        for x, name in zip((_LEFT, _RIGHT), one.ends, strict=True)
    )
    if between:
        ends += f'<text x="{_MIDDLE}" y="83" text-anchor="middle" class="soft">in between</text>'
    return lines + ends


def _halo(row: dict[str, Any], y: int, height: int) -> str:
    return (
        f'<rect x="4" y="{y - 16}" width="{_WIDTH - 8}" height="{height}" rx="4" '
        f'fill="{class_of(row.get("cause", "")).colour}" fill-opacity=".16"/>'
    )


def _arrow(packet: dict[str, Any], y: int, colour: str, *, decides: bool, between: bool) -> str:
    """Draw a packet from its sender to its receiver; a forged one from between them."""
    flags = packet["flags"]
    start, end = (_LEFT, _RIGHT) if packet["sender"] == "client" else (_RIGHT, _LEFT)
    if between:
        start = _MIDDLE
    step = 9 if end > start else -9
    origin = f'<circle cx="{start}" cy="{y}" r="4" fill="{colour}"/>' if between else ""
    said = [flags.replace(",", " ") or "no flags"]
    said += [
        f"{name} {number(packet[name])}" for name in ("seq", "ack") if packet[name] is not None
    ]
    if packet["payload_length"]:
        said.append(f"len {number(packet['payload_length'])}")
    if "SYN" in flags or not packet["window"]:
        said.append(f"win {number(packet['window'])}")
    weight = ' class="bold"' if decides else ""
    return (
        f'<g stroke="{colour}" stroke-width="{2 if decides else 1.4}" fill="none">'
        f'<path d="M{start} {y}L{end} {y + 6}M{end - step} {y + 1}L{end} {y + 6}'
        f'L{end - step} {y + 10}"/></g>{origin}'
        f'<text x="{_MIDDLE}" y="{y - 6 if between else y - 2}" text-anchor="middle"{weight}>'
        f"{escaped('  '.join(said), 80)}</text>"
    )


def _beside(packet: dict[str, Any], y: int, since: float) -> str:
    return (
        f'<text x="8" y="{y + 5}" class="soft num">{escaped(_since(since))}</text>'
        f'<text x="{_RIGHT + 14}" y="{y + 4}" class="soft num">#{packet["packet"]}</text>'
    )


def _notes(packet: dict[str, Any], row: dict[str, Any], marks: dict[int, list[str]]) -> list[str]:
    """Give the lines of what there is to say of a packet."""
    notes = marks.get(packet["packet"], [])[:_FACTS]
    if not notes and packet["packet"] == row.get("deciding_packet"):
        notes = ["Decides the ending"]
    return [line for note in notes for line in wrap(note, _NOTE)]


def _since(seconds: float) -> str:
    return f"+{seconds:.6f} s" if seconds < 100 else f"+{seconds:,.3f} s"  # noqa: PLR2004
