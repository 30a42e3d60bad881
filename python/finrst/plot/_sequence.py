"""The time/sequence graph of one direction of a connection, as tcptrace draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.lines import Line2D

from finrst._base.classes import BY_NAME
from finrst._base.palette import BARS
from finrst._base.text import number, plural
from finrst._base.times import stamp
from finrst._story.forged import forged

from ._packets import story
from ._style import INK, SOFT, axes, chart, empty, finish, whole
from ._time import zone_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from ._packets import Story
    from ._style import Chart

_RASTER = 5000
_MILLISECONDS = 1.0


def sequence(
    data: Any,
    connection_id: int | None = None,
    *,
    sender: Literal["client", "server"] | None = None,
    dark: bool | None = None,
    width: float | None = None,
) -> Chart:
    """Draw one side's bytes over time, with the peer's acknowledgments and receive window.

    ``data`` is a Capture with the number of the connection, or a table of its packets as
    ``Capture.packets`` gives. Without ``sender`` the side that sent more bytes is drawn.

    >>> import finrst, finrst.plot
    >>> cap = finrst.conversation("> S, < S., > ., > P. 120, < ., > F., < F., > .")
    >>> finrst.plot.sequence(cap).finding
    'Client sent 120 bytes in 1 segment, none twice; FIN by client, FIN by server'
    """
    one = story(data, connection_id)
    figure = chart(4, dark=dark, width=width)
    ax = axes(figure)
    if not one.packets:
        return empty(figure, ax, "No packet of the connection")
    if sender is None:
        sent = {"client": 0, "server": 0}
        for packet in one.packets:
            sent[packet["sender"]] += packet["payload_length"]
        sender = "server" if sent["server"] > sent["client"] else "client"
    first = one.packets[0]["time"]
    span = (one.packets[-1]["time"] - first).total_seconds()
    scale, unit = (1.0, "s") if span >= _MILLISECONDS else (1e3, "ms")
    timed = [((packet["time"] - first).total_seconds() * scale, packet) for packet in one.packets]
    own = [(t, p) for t, p in timed if p["sender"] == sender and p["seq"] is not None]
    peer = [(t, p) for t, p in timed if p["sender"] != sender and p["ack"] is not None]
    rasterized = len(timed) > _RASTER
    handles, again = _segments(ax, own, rasterized=rasterized)
    shift = _shift(one.row, sender)
    handles += _acknowledged(ax, peer, shift, span * scale, rasterized=rasterized)
    marks, said = _ends(ax, timed, sender, one)
    ax.set_xlabel(f"{unit} after {stamp(first, zone_of(data), 6)}")
    ax.set_ylabel("bytes (relative sequence number)")
    ax.margins(x=0.03, y=0.14)
    ax.set_xlim(-0.03 * (span * scale or 1), 1.04 * (span * scale or 1))
    whole(ax.yaxis)
    total = sum(p["payload_length"] for _, p in own)
    count = sum(1 for _, p in own if p["payload_length"])
    title = f"{sender.title()} sent {plural(total, 'byte')}"
    if count:
        title += f" in {plural(count, 'segment')}, "
        title += f"{number(again)} of them again" if again else "none twice"
    title += "".join(f"{', ' if i else '; '}{mark}" for i, mark in enumerate(said))
    return finish(figure, title, handles=[*handles, *marks])


def _shift(row: dict[str, Any], sender: str) -> int:
    """Give the window scale of the peer, which is in force when both sides offer one."""
    shifts = {side: row.get(f"{side}_window_scale") for side in ("client", "server")}
    if None in shifts.values():
        return 0
    return int(shifts["server" if sender == "client" else "client"] or 0)


def _segments(
    ax: Axes, own: list[tuple[float, dict[str, Any]]], *, rasterized: bool
) -> tuple[list[Artist], int]:
    highest = -1
    fresh: list[tuple[float, int, int]] = []
    again: list[tuple[float, int, int]] = []
    for t, packet in own:
        begin, length = packet["seq"], packet["payload_length"]
        if not length:
            continue
        (again if begin + length <= highest else fresh).append((t, begin, begin + length))
        highest = max(highest, begin + length)
    handles: list[Artist] = []
    for lines, marker, name in ((fresh, "_", "segments"), (again, "D", "sent again")):
        if lines:
            t, low, high = np.array(lines).T
            ax.vlines(t, low, high, color=INK, linewidth=1.8, rasterized=rasterized, zorder=3)
            style: dict[str, Any] = {
                "marker": marker,
                "color": INK,
                "markersize": 6,
                "markerfacecolor": "none",
            }
            if marker != "_" or not rasterized:
                ax.plot(t, high, linestyle="", rasterized=rasterized, zorder=3, **style)
                ax.plot(t, low, "_", color=INK, markersize=6, zorder=3, rasterized=rasterized)
            shown = style if marker != "_" else {"color": INK}
            handles.append(Line2D([], [], linewidth=1.8, label=name, **shown))
    return handles, len(again)


def _acknowledged(
    ax: Axes,
    peer: list[tuple[float, dict[str, Any]]],
    shift: int,
    end: float,
    *,
    rasterized: bool,
) -> list[Artist]:
    peer = [(t, p) for t, p in peer if "RST" not in p["flags"]]
    if not peer:
        return []
    times = [t for t, _ in peer] + [end]
    acks = [p["ack"] for _, p in peer]
    edges = [p["ack"] + (p["window"] << (0 if "SYN" in p["flags"] else shift)) for _, p in peer]
    options: dict[str, Any] = {"where": "post", "rasterized": rasterized}
    ax.step(times, [*acks, acks[-1]], color=BARS, linewidth=1.8, zorder=2.5, **options)
    handles: list[Artist] = [Line2D([], [], color=BARS, linewidth=1.8, label="acknowledged")]
    edges.append(edges[-1])
    # A window far above what was sent would press the bytes flat: it is told where it would be.
    if min(edges) > max(max(acks) * 1.6, 20):
        beyond = min(edge - ack for edge, ack in zip(edges, acks, strict=False))
        ax.text(
            0.01,
            0.98,
            f"\N{UPWARDS ARROW} the receive window is above, {number(beyond)} bytes or more",
            transform=ax.transAxes,
            ha="left",
            va="top",
            color=SOFT,
            fontsize=8.5,
        )
        return handles
    window: dict[str, Any] = {"color": BARS, "linewidth": 1.2, "linestyle": (0, (4, 2))}
    ax.step(times, edges, zorder=2, **window, **options)
    return [*handles, Line2D([], [], label="receive window", **window)]


def _ends(
    ax: Axes, timed: list[tuple[float, dict[str, Any]]], sender: str, one: Story
) -> tuple[list[Artist], list[str]]:
    """Mark FIN and RST, coloured by their causes: filled of the drawn side, hollow of its peer."""
    handles: list[Artist] = []
    said = []
    colours, not_theirs = one.colours(INK), forged(one.row, one.teardowns)
    points: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
    acked = 0
    for t, packet in timed:
        own = packet["sender"] == sender
        if not own and packet["ack"] is not None:
            acked = max(acked, packet["ack"])
        if packet["packet"] in colours:
            kind = "RST" if "RST" in packet["flags"] else "FIN"
            by = f"by {packet['sender']}"
            colour = colours[packet["packet"]]
            if packet["packet"] in not_theirs:
                by, colour = f"in the {packet['sender']}'s name", BY_NAME["suspicious"].colour
            level = packet["seq"] if own else packet["ack"]
            level = acked if level is None else level + (packet["payload_length"] if own else 0)
            points.setdefault((f"{kind} {by}", colour, packet["sender"]), []).append((t, level))
    for (label, colour, side), places in points.items():
        style: dict[str, Any] = {
            "marker": "X" if label.startswith("RST") else "o",
            "color": colour,
            "markersize": 9,
            "markerfacecolor": colour if side == sender else "none",
            "markeredgewidth": 1.4,
            "linestyle": "",
        }
        times, levels = zip(*places, strict=True)
        ax.plot(times, levels, zorder=4, **style)
        several = f" ({number(len(places))})" if len(places) > 1 else ""
        handles.append(Line2D([], [], label=f"{label}{several}", **style))
        said += [label] if label not in said else []
    return handles, said
