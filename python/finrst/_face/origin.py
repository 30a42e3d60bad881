"""The packets of chosen connections, read from their source again."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from finrst import _native
from finrst._base.progress import Bar, follow
from finrst._base.stores import among, check
from finrst._base.text import file_name, plural, printable
from finrst._errors import CaptureError, CaptureWarning
from finrst._files.atomic import tell
from finrst._tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from finrst._base.progress import Progress

Said: TypeAlias = tuple[int, int | None, str]
"""A packet, when it was captured (microseconds since the epoch) where that is known, a text."""


def _state(path: bytes) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - follows links, as open() does
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


@dataclass(frozen=True)
class Origin:
    """Where a capture came from: what the engine read and how, or the script that it played."""

    items: tuple[tuple[Any, ...], ...] = ()
    files: tuple[tuple[bytes, tuple[int, int] | None], ...] = ()
    script: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        items: Iterable[tuple[Any, ...]],
        paths: Iterable[bytes | None],
        options: Mapping[str, Any],
        states: Iterable[tuple[bytes, tuple[int, int] | None]] = (),
    ) -> Origin:
        """Remember sources, the state of the files among them, and how they were read."""
        kept = tuple(item[:2] if item[0] == "reader" else item for item in items)
        files = tuple((path, _state(path)) for path in paths if path is not None)
        return cls(kept, (*files, *states), options=options)

    @staticmethod
    def states(options: Mapping[str, Any]) -> list[tuple[bytes, tuple[int, int] | None]]:
        """Give what a reading goes on from, as it is now."""
        paths = [os.fsencode(options["resume"])] if "resume" in options else []
        return [(path, _state(path)) for path in paths]

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the names of the sources, and nothing that they hold."""
        kept = (item[:2] if item[0] == "bytes" else item for item in self.items)
        return {**self.__dict__, "items": tuple(kept)}

    def __deepcopy__(self, memo: object) -> Origin:
        """Stay one: it is never changed, and the sources are the same."""
        return self

    def check(self) -> None:
        """Raise :exc:`CaptureError` when the source cannot be read again as it was."""
        if self.script is None and not self.items:
            message = "the source of this capture is not known: read() one to get its packets"
            raise CaptureError(message)
        if any(item[0] == "reader" for item in self.items):
            message = (
                "the source was a stream, which can be read only once: save it to a file first"
            )
            raise CaptureError(message)
        if any(len(item) == 2 and item[0] == "bytes" for item in self.items):  # noqa: PLR2004
            message = (
                "the source was bytes, which a pickle of the capture leaves out: read them again "
                "to get packets"
            )
            raise CaptureError(message)
        check(among(self.items))
        for name, state in self.files:
            now = _state(name)
            if state is not None and now != state:
                what = "is gone" if now is None else "has changed since it was read"
                message = (
                    f"'{printable(file_name(name))}' {what}: its packets cannot be found again"
                )
                raise CaptureError(message)

    def again(self) -> dict[str, _native.Table]:
        """Read it once more, with all columns."""
        self._check_packets()
        options = {name: value for name, value in self.options.items() if name != "columns"}
        reading, bar = _native.Reading(list(self.items), options), Bar("auto")
        try:
            follow(reading.step, bar.callback)
            tables, _ = reading.tables()
        finally:
            bar.close()
        # What changed while it was read is not what was read before.
        self.check()
        return tables

    def packets(self, rows: list[dict[str, Any]]) -> Table:
        """Give the packets of connections as a table."""
        self.check()
        decisive = (row["deciding_packet"] for row in rows if row["deciding_packet"] is not None)
        if self.script is not None:
            found = _native.packets_of_script(self.script, rows)
        else:
            found = _native.packets_of(self.items, self.options, rows)
        self._warn(sum(row["client_packets"] + row["server_packets"] for row in rows), found)
        return Table(found, "packets", frozenset(decisive))

    def _warn(self, counted: int, found: _native.Table) -> None:
        """Warn of packets that were read another day."""
        earlier = counted - found.num_rows
        if "resume" in self.options and earlier > 0:
            state = printable(file_name(os.fsencode(self.options["resume"])))
            message = (
                f"{plural(earlier, 'packet')} of these connections came in earlier captures, of "
                f"which '{state}' was saved, and not in this one"
            )
            warnings.warn(message, CaptureWarning, stacklevel=4)

    def save(
        self,
        rows: list[dict[str, Any]],
        path: str | PathLike[str],
        known: _native.Sources,
        said: tuple[str, list[Said]] | None,
        *,
        overwrite: bool,
    ) -> int:
        """Write the packets of connections as pcapng, with comments, and give their number."""
        self._check_packets()
        saved, lost = _native.save_packets(
            self.items, self.options, rows, said, os.fspath(path), known, overwrite
        )
        tell(lost)
        return saved

    def _check_packets(self) -> None:
        self.check()
        if self.script is not None:
            message = "a script has no packets to save"
            raise CaptureError(message)

    def copy(  # noqa: PLR0913 - what a copy is made of
        self,
        about: str,
        comments: Iterable[list[Said]],
        path: str | PathLike[str] | None,
        known: _native.Sources,
        packets: int,
        *,
        overwrite: bool,
        progress: Progress,
    ) -> tuple[int, int]:
        """Copy all packets, with comments; give how many of these it has, and has no room for.

        Without a path it goes to standard output.
        """
        self._check_packets()
        place = None if path is None else os.fspath(path)
        copy = _native.Annotation(self.items, self.options, about, place, known, overwrite)
        bar = Bar(progress)
        try:
            for said in comments:
                copy.add(said)
            follow(copy.step, bar.callback)
            # What changed while it was copied is not what the comments are about.
            self.check()
            placed, left, lost = copy.commit(packets)
        finally:
            copy.abandon()
            bar.close()
        tell(lost)
        return placed, left
