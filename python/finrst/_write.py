"""Tables into files, by the ending of the name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ._extras import need
from ._whole import aside, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._table import Table

# Rows written between two looks at whether they are still wanted.
_GROUP = 1 << 16

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
    data = rows.to_arrow()

    def work(wanted: Callable[[], bool]) -> int:
        with (
            whole(path) as out,
            parquet.ParquetWriter(out, data.schema, compression="zstd") as writer,
        ):
            for begin in range(0, len(rows), _GROUP):
                if not wanted():
                    raise KeyboardInterrupt
                writer.write_table(data.slice(begin, _GROUP))
        return len(rows)

    return aside(work)
