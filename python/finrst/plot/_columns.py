"""Columns of a table as numpy arrays, whoever made the table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from finrst._base.extras import need
from finrst._tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Integers: TypeAlias = "NDArray[np.int64]"

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
NOT_A_TIME = np.iinfo(np.int64).min
"""A missing time, in nanoseconds."""


@dataclass(frozen=True)
class Words:
    """A column of words: for every row the place of its word; -1 where it is missing."""

    codes: Integers
    names: list[str]


class Columns:
    """The columns that a plot needs, of a Capture or of any table of ours.

    A table may have been filtered or joined by pandas, polars, DuckDB: whatever speaks the Arrow
    PyCapsule protocol. With pyarrow installed nothing passes through Python objects.
    """

    def __init__(
        self, data: Any, needed: Sequence[str], tables: Sequence[str], also: Sequence[str] = ()
    ) -> None:
        """Take the first of the capture's ``tables``, or the table itself.

        Columns of ``also`` are taken where they are there.
        """
        self._data = data.table(tables[0]) if hasattr(data, "connections") else data
        if not isinstance(self._data, Table) and not hasattr(self._data, "__arrow_c_stream__"):
            message = f"a Capture or an Arrow table is wanted, not {type(data).__name__}"
            raise TypeError(message)
        self._arrow: Any = None
        try:
            table = need("pyarrow", "pandas").table(self._data)
        except ModuleNotFoundError:
            if not isinstance(self._data, Table):
                raise
            self.names = self._data.column_names
        else:
            self.names = list(table.column_names)
            self._arrow = table.select(
                [n for n in self.names if n in needed or n in also]
            ).combine_chunks()
        missing = [name for name in needed if name not in self.names]
        if missing:
            message = f"the table lacks {', '.join(missing)}; {' or '.join(tables)} has them"
            raise ValueError(message)

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._data) if self._arrow is None else int(self._arrow.num_rows)

    def words(self, name: str) -> Words:
        """Give a column of texts, as places in a list of distinct ones."""
        if self._arrow is None:
            return _words_of(self._data[name])
        import pyarrow as pa

        column = self._arrow[name]
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.string()).dictionary_encode()
        column = column.unify_dictionaries().combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
        codes = column.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        return Words(codes, [str(word) for word in column.dictionary.to_pylist()])

    def floats(self, name: str) -> Floats:
        """Give a column of numbers or truths, NaN where a value is missing."""
        if self._arrow is None:
            values = [np.nan if value is None else float(value) for value in self._data[name]]
            return np.array(values, dtype=np.float64)
        import pyarrow as pa

        column = self._arrow[name]
        if pa.types.is_boolean(column.type):
            column = column.cast(pa.uint8())
        column = column.cast(pa.float64(), safe=False)
        return np.asarray(column.to_numpy(), dtype=np.float64)

    def times(self, name: str) -> Integers:
        """Give a column of times, in nanoseconds since the epoch; ``NOT_A_TIME`` where missing."""
        if self._arrow is None:
            values = [_nanoseconds(value) for value in self._data[name]]
            return np.array(values, dtype=np.int64)
        import pyarrow as pa

        column = self._arrow[name].cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
        return np.asarray(column.fill_null(NOT_A_TIME).to_numpy(), dtype=np.int64)


def _words_of(values: Sequence[Any]) -> Words:
    places: dict[Any, int] = {None: -1}
    codes = [places.setdefault(value, len(places) - 1) for value in values]
    return Words(np.array(codes, dtype=np.int64), [str(word) for word in list(places)[1:]])


def _nanoseconds(value: dt.datetime | None) -> int:
    if value is None:
        return int(NOT_A_TIME)
    return (value - _EPOCH) // dt.timedelta(microseconds=1) * 1000
