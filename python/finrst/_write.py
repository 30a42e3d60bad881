"""Tables into files, by the ending of the name."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ._extras import need

if TYPE_CHECKING:
    from ._table import Table

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
}


def format_of(path: str | os.PathLike[str], wanted: str | None = None) -> str:
    """Tell the format from a name, or check the one asked for.

    >>> format_of("out.csv"), format_of("out.dat", "arrow")
    ('csv', 'arrow')
    """
    chosen = wanted if wanted is not None else _FORMATS.get(Path(path).suffix.lower())
    if chosen is None or chosen not in _FORMATS.values():
        known = ", ".join(sorted(set(_FORMATS.values())))
        what = f"format {wanted!r}" if wanted is not None else f"ending of {os.fspath(path)!r}"
        message = f"unknown {what}: one of {known}"
        raise ValueError(message)
    return chosen


def table(
    rows: Table, path: str | os.PathLike[str], wanted: str | None, *, formula_guard: bool
) -> int:
    """Write a table; the file appears whole or not at all."""
    chosen = format_of(path, wanted)
    if chosen != "parquet":
        return rows._native.write(path, chosen, formula_guard)  # noqa: SLF001 - the same package
    parquet = need("pyarrow.parquet", "parquet")
    target = Path(path).resolve()
    handle, temporary = tempfile.mkstemp(".tmp", ".finrst-", target.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            parquet.write_table(rows.to_arrow(), out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())
        # As a file that open() makes, not the private one of mkstemp.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    return len(rows)
