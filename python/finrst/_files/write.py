"""Tables into files, by the ending of the name."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from finrst import _native
from finrst._base.extras import need
from finrst._base.text import file_name, printable
from finrst._base.times import rfc3339

from .atomic import Whole, aside, tell
from .excel import Workbook, fits

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rows import Rows

# Rows written between two looks at whether they are still wanted.
_GROUPS = {"parquet": 1 << 16, "xlsx": 1 << 10}

_FORMATS = {
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
}

_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".xz": "xz", ".bz2": "bzip2", ".lz4": "lz4"}

EXTENSIONS = {
    "arrow": ".arrow",
    "csv": ".csv",
    "json": ".json",
    "parquet": ".parquet",
    "xlsx": ".xlsx",
}
"""The usual ending of each format's names."""


def format_of(path: str | os.PathLike[str], wanted: str | None = None) -> str:
    """Tell the format from a name, or check the one asked for.

    >>> format_of("out.csv"), format_of("out.dat", "arrow")
    ('csv', 'arrow')
    """
    chosen = wanted if wanted is not None else _FORMATS.get(Path(path).suffix.lower())
    if chosen is None or chosen not in EXTENSIONS:
        known = ", ".join(EXTENSIONS)
        named = f"'{printable(file_name(os.fspath(path)))}'"
        what = f"format {wanted!r}" if wanted is not None else f"ending of {named}"
        message = f"unknown {what}: one of {known}{_compressed(path) if wanted is None else ''}"
        raise ValueError(message)
    return chosen


def _compressed(path: str | os.PathLike[str]) -> str:
    """Say how to have a compressed file of a format that is written plainly."""
    inner, ending = Path(Path(path).stem), Path(path).suffix.lower()
    if ending not in _COMPRESSIONS or inner.suffix.lower() not in _FORMATS:
        return ""
    plain = printable(file_name(os.fspath(inner)))
    tool = _COMPRESSIONS[ending]
    return (
        f"; compressed they are not written: write '{plain}' and run {tool} on it, or write "
        f"'{printable(inner.stem)}.parquet', which is compressed and keeps the types"
    )


def table(
    rows: Rows,
    path: str | os.PathLike[str],
    wanted: str | None,
    *,
    formula_guard: bool,
    overwrite: bool,
) -> int:
    """Write a table; the file appears whole or not at all."""
    chosen = format_of(path, wanted)
    if chosen in {"arrow", "csv", "json"}:
        native = rows._native  # noqa: SLF001 - the same package
        written, lost = native.write(os.fspath(path), chosen, formula_guard, overwrite)
        tell(lost)
        return written
    if chosen == "xlsx":
        fits(len(rows))

    def work(wanted: Callable[[], bool]) -> int:
        group = _GROUPS[chosen]
        made = sink(path, chosen, rows, formula_guard=formula_guard, overwrite=overwrite)
        with contextlib.closing(made) as out:
            for begin in range(0, max(1, len(rows)), group):
                if not wanted():
                    raise KeyboardInterrupt
                out.add(rows.slice(begin, group))
            return out.commit()

    return aside(work)


class Sink(Protocol):
    """A file to which tables of one kind are added; closed without a commit, it leaves nothing."""

    def add(self, rows: Rows) -> None:
        """Add rows."""

    def commit(self) -> int:
        """Make the file appear; the number of rows."""

    def close(self) -> None:
        """Let go."""


def sink(
    path: str | os.PathLike[str] | None,
    chosen: str,
    like: Rows,
    *,
    formula_guard: bool,
    overwrite: bool,
) -> Sink:
    """Begin a file for tables like this one, which is not yet written; without a path, output."""
    if chosen == "parquet":
        return _Parquet(path, like, overwrite=overwrite)
    if chosen == "xlsx":
        return Workbook(path, like, overwrite=overwrite)
    native = like._native  # noqa: SLF001 - the same package
    place = None if path is None else os.fspath(path)
    return _Native(_native.Writer(place, chosen, formula_guard, native, overwrite))


class _Native:
    def __init__(self, writer: _native.Writer) -> None:
        self._writer = writer

    def add(self, rows: Rows) -> None:
        self._writer.add(rows._native)  # noqa: SLF001

    def commit(self) -> int:
        rows, lost = self._writer.commit()
        tell(lost)
        return rows

    def close(self) -> None:
        self._writer.abandon()


class _Parquet:
    def __init__(self, path: str | os.PathLike[str] | None, like: Rows, *, overwrite: bool) -> None:
        self._parquet = need("pyarrow.parquet", "parquet")
        self._file = Whole(path, like._native.sources, overwrite=overwrite)  # noqa: SLF001
        self._writer: Any = None
        self._rows = 0

    def add(self, rows: Rows) -> None:
        arrow = rows.to_arrow()
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(
                self._file.handle, arrow.schema, compression="zstd"
            )
        self._writer.write_table(arrow)
        self._rows += len(rows)

    def commit(self) -> int:
        if self._writer is not None:
            self._writer.close()
        self._file.commit()
        return self._rows

    def close(self) -> None:
        if self._writer is not None and self._writer.is_open:
            # Else it would write into the closed file when it is collected.
            with contextlib.suppress(Exception):
                self._writer.close()
        self._file.close()


def json_ready(value: Any) -> Any:
    """Make times texts, also within lists and dicts, so that :mod:`json` takes them.

    >>> import datetime as dt
    >>> json_ready({"start": dt.datetime(2026, 11, 24, tzinfo=dt.UTC), "ids": [1]})
    {'start': '2026-11-24T00:00:00.000000000Z', 'ids': [1]}
    """
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return rfc3339(value) if isinstance(value, dt.datetime) else value
