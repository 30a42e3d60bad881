"""A summary that is drawn anew while packets arrive."""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of_ending
from finrst._base.paint import Paint
from finrst._base.text import certainty, duration, number, plural, printable, shortened
from finrst._base.times import clock, several_days, zone, zone_name
from finrst._base.width import available, columns, cut, height, wrap
from finrst._face.read import scan
from finrst._story.summary import bars, class_name, packet_classes, span
from finrst._story.summary import warnings as oddities
from finrst._story.tally import GOOD, NEUTRAL, Tally, ranked
from finrst._tables.naming import Naming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finrst._tables.table import Table

    from .pipe import Pipe

ACCOUNTS = ("files", "ledger", "interfaces", "issues", "names")
"""The tables about a capture itself."""

# Seconds between two drawings at least.
_PACE = 0.25
# A look at the followed connections costs time in which packets wait: it gets a fifth of it, and
# there is none when they are more than this.
_SHARE = 5
_MOST = 10_000
_LATEST = 6


def watch(pipe: Pipe, options: dict[str, Any]) -> tuple[Tally, Mapping[str, Table]]:
    """Follow a pipe to its end on a terminal; give its counts and accounts."""
    screen = _Screen(pipe)
    begun = time.monotonic()
    pipe.waiting = lambda: screen.draw([f"waiting for packets, {_clock(begun)}   (Ctrl-C: end)"])
    try:
        # The screen tells how far it has come.
        with scan(pipe, **{**options, "progress": False}) as rows:
            view = _View(begun, Paint.for_stream(sys.stdout), zone(options["tz"]))
            pipe.waiting = lambda: screen.draw(view.lines)
            looked, cost = 0.0, 0.0
            while (turn := rows.turn()) is not None:
                view.add(*turn)
                now = time.monotonic()
                early = looked + max(_PACE, _SHARE * cost) - now
                # Before it is due only when nothing comes for a while: no time is lost then.
                if early <= 0 or not pipe.is_ready(min(early, _PACE)):
                    begin = time.monotonic()
                    view.look(rows.so_far(_MOST))
                    looked = time.monotonic()
                    cost = looked - begin
                    screen.draw(view.lines)
            return view.tally, {name: rows.table(name) for name in ACCOUNTS}
    finally:
        screen.leave()


class _View:
    """What is shown."""

    def __init__(self, begun: float, paint: Paint, where: dt.tzinfo) -> None:
        self._begun = begun
        self._zone = where
        self._dated = False
        self._paint = paint
        self.tally = Tally()
        """Connections that were let go."""
        self._latest: list[tuple[Any, ...]] = []
        self._followed = 0
        self._all = self.tally
        self._complete = True
        self._accounts: Mapping[str, Table] = {}

    def add(self, connections: Table | None, teardowns: Table | None) -> None:
        """Count rows that were let go."""
        if connections is not None and teardowns is not None:
            self.tally.add(connections, len(teardowns))

    def look(self, so_far: tuple[int, Mapping[str, Table]] | None) -> None:
        """Take what there is beside them."""
        if so_far is None:
            return
        self._followed, tables = so_far
        self._accounts = tables
        begin, end = span(tables["files"])
        self._dated = begin is not None and several_days(begin, end, self._zone)
        self._complete = "connections" in tables
        self._all = self.tally
        if self._complete:
            followed = Tally(telling=False)
            followed.add(tables["connections"], len(tables["teardowns"]))
            self._all = self.tally + followed
            naming = Naming.of_table(tables["connections"], tables["names"])
            self._latest = _latest(tables["connections"], naming)

    @property
    def lines(self) -> list[str]:
        """What to draw now."""
        paint, tally = self._paint, self._all
        if not self._accounts:
            return [f"waiting for packets, {_clock(self._begun)}   (Ctrl-C: end)"]
        classes = packet_classes(self._accounts["ledger"])
        begin, end = span(self._accounts["files"])
        tcp, other = classes["tcp"], sum(classes.values()) - classes["tcp"]
        packets = f"{plural(tcp, 'TCP packet')}" + (f" and {number(other)} other" if other else "")
        lasted = f", {duration((end - begin).total_seconds())} of capture" if begin else ""
        seen = tally.connections + (0 if self._complete else self._followed)
        said = f"{plural(seen, 'TCP connection')}, {plural(tally.segments, 'FIN or RST segment')}"
        title, end = f"live {_clock(self._begun)}: {said}", "   (Ctrl-C: end)"
        alone = columns(title + end) > available()
        lines = [
            *(paint(line, "bold") for line in wrap(title)),
            *wrap(packets + lasted),
            *([paint(end.strip(), "dim")] if alone else []),
        ]
        lines[0] += "" if alone else paint(end, "dim")
        for odd in oddities(self._accounts)[:2]:
            lines += [paint(line, "bad") for line in wrap(odd, first="! ")]
        if not self._complete:
            lines += wrap(
                f"{number(self._followed)} of them are not over yet: too many to judge on the way."
            )
        lines += bars("How they ended so far", ranked(tally.endings)[:6], paint, _tone)
        lines += bars("Why", ranked(tally.causes)[:6], paint, class_name)
        if self._latest:
            title = f"Latest that did not end in order ({zone_name(self._zone)})"
            lines += ["", paint(title, "bold")]
            lines += [line for row in self._latest for line in self._event(row)]
        return lines

    def _event(self, row: tuple[Any, ...]) -> list[str]:
        when, client, server, ending, by, cause, confidence = row
        what = ending.replace("_", " ") + ("" if by == "none" else f" by {by.replace('_', ' ')}")
        why = f"{cause} {certainty(confidence)}"
        line = f"  {clock(when, self._zone, date=self._dated)}  {why}  {client} > {server}  {what}"
        if columns(line) > available():
            line = shortened(line)
        first, *rest = wrap(line, available(), rest=" " * 12)
        return [first.replace(why, self._paint(why, class_name(cause)), 1), *rest]


def _latest(connections: Table, naming: Naming) -> list[tuple[Any, ...]]:
    calm = GOOD | NEUTRAL
    endings, ends = connections["ending"], connections["end"]
    places = [place for place, ending in enumerate(endings) if ending not in calm]
    places = sorted(places, key=lambda place: ends[place])[-_LATEST:]
    found = []
    for place in places:
        row = next(iter(connections.slice(place, 1)))
        found.append(
            (
                row["end"],
                printable(naming.client(row)),
                printable(naming.server(row)),
                *(row[name] for name in ("ending", "ended_by", "cause", "confidence")),
            )
        )
    return found


def _tone(ending: str) -> str:
    return class_of_ending(ending).name


def _clock(begun: float) -> str:
    return str(dt.timedelta(seconds=int(time.monotonic() - begun)))


class _Screen:
    """Lines at the bottom of a terminal, drawn over each other."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._height = 0
        self._drawn = 0.0
        self._hidden = False

    def draw(self, lines: list[str]) -> None:
        """Draw, unless that was done just now, or others that Ctrl-C ended write their last."""
        now = time.monotonic()
        if self._pipe.interrupted or now - self._drawn < _PACE:
            return
        self._drawn = now
        # The last line stays free for the cursor.
        shown = [cut(line, available() - 1) for line in lines[: max(1, height() - 1)]]
        out = "" if self._hidden else "\x1b[?25l"
        out += f"\x1b[{self._height}A" if self._height else ""
        out += "\r\x1b[J" + "".join(f"{line}\n" for line in shown)
        self._hidden, self._height = True, len(shown)
        sys.stdout.write(out)
        sys.stdout.flush()

    def leave(self) -> None:
        """Give the terminal back; what was drawn stays, as others may have written below it."""
        if self._hidden:
            sys.stdout.write("\x1b[?25h\n")
            sys.stdout.flush()
