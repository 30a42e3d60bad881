"""Tables as Parquet files: written whole or not at all, and read as they were."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.extras import need
from finrst._files.places import OnDisk
from finrst._tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from finrst._files.places import Place

_ROWS = 1 << 16
"""Rows of a row group: what a filter can pass over at once."""


@contextlib.contextmanager
def writing(place: Place) -> Iterator[Callable[[Table], None]]:
    """Give what writes a table, piece by piece; a capture of this name is not replaced."""
    parquet = need("pyarrow.parquet", "cluster")
    if isinstance(place, OnDisk):
        place.path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(place.writing())
        begun: list[Any] = []

        def write(table: Table) -> None:
            rows = table.to_arrow()
            if not begun:
                writer = parquet.ParquetWriter(file, rows.schema, compression="zstd")
                begun.append(stack.enter_context(writer))
            begun[0].write_table(rows, row_group_size=_ROWS)

        yield write


def write(table: Table, place: Place) -> None:
    """Write a whole table; a capture of this name is not replaced."""
    with writing(place) as put:
        put(table)


@functools.cache
def schema(name: str) -> Any:
    """Give the Arrow schema of a table, without what it says of how the rows were made."""
    pyarrow = need("pyarrow", "cluster")
    (empty,) = (made for key, made in _native.conversation("> S").items() if key == name)
    return pyarrow.schema(Table(empty, name)).remove_metadata()


def arrow(
    name: str, places: Sequence[Place], columns: list[str] | None = None, filters: Any = None
) -> Any:
    """Read files of one table, one after the other, as a ``pyarrow.Table``.

    Types are those of :func:`finrst.read`; Parquet itself calls the items of lists otherwise.
    """
    pyarrow, parquet = need("pyarrow", "cluster"), need("pyarrow.parquet", "cluster")
    wanted = schema(name)
    if columns is not None:
        wanted = pyarrow.schema([wanted.field(column) for column in columns])
    found = []
    for place in places:
        # Of the name of a directory no column is made here.
        with contextlib.ExitStack() as closing:
            where = place.path if isinstance(place, OnDisk) else closing.enter_context(place.open())
            one = parquet.read_table(where, columns=columns, filters=filters, partitioning=None)
        found.append(one.cast(wanted.with_metadata(one.schema.metadata)))
    if not found:
        return wanted.empty_table()
    return pyarrow.concat_tables(found)


def table(name: str, whole: Any, sources: _native.Sources | None = None) -> Table:
    """Make a table of finrst's of one of Arrow's, made from these sources."""
    pyarrow = need("pyarrow", "cluster")
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, whole.schema) as stream:
        stream.write_table(whole)
    octets = sink.getvalue().to_pybytes()
    return Table(_native.table_of(name, octets, sources or _native.Sources([])), name)
