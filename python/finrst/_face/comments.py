"""The verdicts of a capture as comments on its packets."""

from __future__ import annotations

import os
import warnings
from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from finrst._base.text import file_name, plural, printable
from finrst._errors import OutputWarning
from finrst._story.comments import of_capture, of_connection, of_segment
from finrst._story.forged import forged
from finrst._tables.reference import causes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from finrst._base.progress import Progress
    from finrst._story.answer import Answer
    from finrst._tables.naming import Naming
    from finrst._tables.table import Table

    from .origin import Origin, Said

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# FIN and RST segments of one connection that are looked at together.
_TOGETHER = 1024
_BLOCK = 4096
_SIDES = ("client", "server")
# How a file is when not all of it was read although nothing of it was passed over.
_UNREAD = ("limit", "io_error")


def annotate(  # noqa: PLR0913 - what a copy is made of
    capture: Answer,
    origin: Origin,
    path: str | PathLike[str] | None,
    *,
    overwrite: bool,
    progress: Progress,
    earlier: int = 0,
) -> int:
    """Copy a capture with comments (without a path to standard output) and count these.

    Of so many packets, which lie in earlier captures, nothing can be said in it.
    """
    table = capture.connections
    comments = _comments(table, capture.teardowns, capture.naming)
    placed, left = origin.copy(
        _about(capture, len(table), len(capture.teardowns)),
        ([one for one in block if one[0] > earlier] for block in comments),
        path,
        table._native.sources,  # noqa: SLF001 - the same package
        sum(capture.files["packets"]),
        overwrite=overwrite,
        progress=progress,
    )
    name = "standard output" if path is None else file_name(os.fspath(path))
    for said in _left_out(capture, left):
        warnings.warn(f"{printable(name)}: {said}", OutputWarning, stacklevel=3)
    return placed


def of_rows(capture: Answer, rows: list[dict[str, Any]]) -> tuple[str, list[Said]]:
    """Give what is to be said of these connections together, and of their packets."""
    events = sum(
        row[f"{side}_{kind}"] for row in rows for side in _SIDES for kind in ("fins", "rsts")
    )
    said = [one for block in _comments(rows, capture.teardowns, capture.naming) for one in block]
    return _about(capture, len(rows), events), said


def _about(capture: Answer, connections: int, segments: int) -> str:
    return of_capture(capture.connections.metadata, connections, segments)


def _left_out(capture: Answer, comments: int) -> Iterator[str]:
    for row in capture.files:
        unread = row["bytes_skipped"] + row["bytes_tail"]
        if unread or row["status"] in _UNREAD:
            what = f"{plural(unread, 'byte')} of" if unread else "the rest of"
            yield f"{what} {printable(row['file'])} could not be read, and are not in it"
    if comments:
        yield (
            f"{plural(comments, 'comment')} found no place: a simple packet block holds none, and "
            "no block more than 16 MiB"
        )


def _comments(
    rows: Iterable[dict[str, Any]], teardowns: Table, naming: Naming
) -> Iterator[list[Said]]:
    """Give in blocks what is to be said of packets of connections, of which these are the rows.

    Each FIN and RST has a comment, and the packet that decided a connection two at most: the
    verdict, and what speaks for it. Where none did, its last packet has them.
    """
    known = {cause["name"]: cause for cause in causes()}
    segments = _Segments(teardowns)
    block: list[Said] = []
    for row in rows:
        first: list[dict[str, Any]] = []
        for events in segments.of(row["connection_id"]):
            first = first or events
            theirs = forged(row, events if events is first else [*first, *events])
            block += (
                (
                    event["packet"],
                    (event["time"] - _EPOCH) // _MICROSECOND,
                    of_segment(event, forged=event["packet"] in theirs),
                )
                for event in events
            )
            if len(block) >= _BLOCK:
                yield block
                block = []
        decided = row["deciding_packet"] or row["last_packet"]
        told = of_connection(row, first, known, naming.ends(row))
        block += ((decided, None, text) for text in told)
    yield block


class _Segments:
    """The FIN and RST segments of connections, each of which has few or very many."""

    def __init__(self, table: Table) -> None:
        self._table = table
        ids: list[int] = table["connection_id"]
        self._places = sorted(range(len(ids)), key=ids.__getitem__)
        self._ids = [ids[place] for place in self._places]

    def of(self, connection: int) -> Iterator[list[dict[str, Any]]]:
        """Give them in packet order, as many as are looked at together at a time."""
        begin, end = bisect_left(self._ids, connection), bisect_right(self._ids, connection)
        for at in range(begin, end, _TOGETHER):
            yield list(self._rows(self._places[at : min(at + _TOGETHER, end)]))

    def _rows(self, places: list[int]) -> Iterator[dict[str, Any]]:
        begin = 0
        for at, place in enumerate(places, 1):
            # Those that lie next to each other are taken at once.
            if at == len(places) or places[at] != place + 1:
                yield from self._table.slice(places[begin], at - begin)
                begin = at
