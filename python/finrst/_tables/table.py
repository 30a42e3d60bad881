"""A table of results."""

from __future__ import annotations

import json
import operator
import pickle
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

from finrst import _native
from finrst._base import pickles as _pickle
from finrst._base.extras import need
from finrst._base.html import table as html_table
from finrst._base.text import nearest, plural, printable
from finrst._files import write as _write
from finrst._files.atomic import aside

from .items import plain, tuples
from .view import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike

    import pandas as pd
    import polars as pl

_SHOWN = 10
_FEW = 8
"""Words that are all named to who asks for another."""


class Table:
    """Rows and columns in Arrow memory, read as often as wanted, by anything that knows Arrow.

    Hand it over without copying: ``pyarrow.table(t)``, ``polars.DataFrame(t)``,
    ``duckdb.sql("from t")``. Every field's metadata has ``doc``, its meaning, and ``unit``; the
    schema's metadata tells how the rows were made. A missing value means that the capture does
    not show it, never zero. It pickles and copies by value, for the same version of finrst.

    >>> import finrst
    >>> table = finrst.conversation("> S, < R.").connections
    >>> table
    <finrst.Table connections: 1 row, ... columns>
    >>> len(table)
    1
    """

    def __init__(
        self, native: _native.Table, name: str, decisive: frozenset[int] = frozenset()
    ) -> None:
        """Wrap a native table; made by finrst, not by hand."""
        self._native = native
        # Numbers of packets that a view of packets never leaves out.
        self._decisive = decisive
        self.name = name
        """What the table is, as in ``connections``."""

    @property
    def num_rows(self) -> int:
        """Number of rows.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.num_rows
        1
        """
        return self._native.num_rows

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.column_names[:2]
        ['connection_id', 'packet']
        """
        return self._native.column_names

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.nbytes > 0
        True
        """
        return self._native.nbytes

    @property
    def metadata(self) -> dict[str, str]:
        """How the rows were made: versions and parameters, as texts.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.metadata["finrst.schema_version"]
        '3'
        """
        return self._native.metadata

    def __len__(self) -> int:
        """Count the rows."""
        return self._native.num_rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the rows as dicts; for a few rows, large tables belong in a dataframe."""
        for offset in range(0, self.num_rows, 4096):
            yield from self._native.slice(offset, 4096).rows()

    @overload
    def __getitem__(self, name: str) -> list[Any]: ...
    @overload
    def __getitem__(self, name: int) -> dict[str, Any]: ...
    def __getitem__(self, name: str | int) -> list[Any] | dict[str, Any]:
        """All values of a column, as Python objects; or one row, by its place, as a dict.

        Places count from 0, negative ones from the end. Raises ``KeyError`` for a name that no
        column has and says which was meant, ``IndexError`` for a place beyond the rows,
        ``TypeError`` for anything else.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").connections
        >>> table["ending"], table[-1]["ending"]
        (['handshake_refused'], 'handshake_refused')
        """
        if isinstance(name, str):
            self._known(name, KeyError)
            return self._native.column(name)
        if isinstance(name, bool) or not hasattr(name, "__index__"):
            message = (
                f"a column's name or a row's place is wanted, not {type(name).__name__}; "
                "slice(offset, length) gives several rows"
            )
            raise TypeError(message)
        place, count = operator.index(name), len(self)
        if not -count <= place < count:
            message = f"no row {place}: {self.name} has {plural(count, 'row')}, counted from 0"
            raise IndexError(message)
        return self._native.slice(place % count, 1).rows()[0]

    def _known(self, name: str, error: type[Exception] = ValueError) -> None:
        """Raise when no column has this name, and say which was meant."""
        if name not in self.column_names:
            message = f"{printable(self.name)} has no column '{printable(name)}'"
            if (self.name, name) in _vocabularies():
                message += " here: it was not among the columns that were asked for"
                raise error(message)
            raise error(message + nearest(name, self.column_names))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the rows to a consumer of the Arrow PyCapsule protocol."""
        return self._native.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> object:
        """Hand the schema to a consumer of the Arrow PyCapsule protocol."""
        return self._native.__arrow_c_schema__()

    def slice(self, offset: int, length: int) -> Table:
        """Give the rows from ``offset``, at most ``length`` of them, in the same memory.

        Raises ``ValueError`` for negative ones.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> len(table.slice(0, 10)), len(table.slice(1, 10))
        (1, 0)
        """
        if offset < 0 or length < 0:
            message = "offset and length cannot be negative"
            raise ValueError(message)
        return Table(self._native.slice(offset, length), self.name, self._decisive)

    def head(self, length: int = _SHOWN) -> Table:
        """Give the first rows, in the same memory.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.head(5)["kind"]
        ['rst']
        """
        return self.slice(0, length)

    def counts(
        self,
        *columns: str,
        only: Mapping[str, Sequence[str]] | None = None,
        top: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Count the rows by the values of columns, most frequent first, equals by value.

        Each item has a value for every column, then the count. With ``only``, rows are counted
        whose text in a column is one of those given for it; with ``top``, the list ends there.
        Raises ``ValueError`` for a column that there is not, and for a word that is not of the
        column's vocabulary: it says which was meant.

        >>> import finrst
        >>> teardowns = finrst.conversation("> S, < R.").teardowns
        >>> teardowns.counts("kind", "sender", only={"kind": ["rst"]}, top=3)
        [('rst', 'server', 1)]
        """
        wanted = [(name, list(words)) for name, words in (only or {}).items()]
        for name in (*columns, *(name for name, _ in wanted)):
            self._known(name)
        for name, words in wanted:
            known = vocabulary(self.name, name)
            for word in words if known else ():
                if word not in known:
                    message = f"no {printable(name)} is called {printable(word)!r}"
                    few = f": one of {', '.join(known)}" if len(known) <= _FEW else ""
                    raise ValueError(message + (nearest(word, known) or few))
        return self._native.counts(columns, wanted, top)

    def find(self, column: str, value: int) -> dict[str, Any] | None:
        """Give the first row in which an integer column has a value, as a dict.

        ``None`` when there is none; ``ValueError`` when there is no such column.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.find("packet", 2)["flags"]
        'RST,ACK'
        """
        self._known(column)
        row = self._native.find(column, value)
        return None if row is None else self._native.slice(row, 1).rows()[0]

    def find_all(self, column: str, value: int, limit: int = 10_000) -> list[dict[str, Any]]:
        """Give the rows in which an integer column has a value, at most ``limit``, as dicts.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> [row["packet"] for row in table.find_all("connection_id", 0)]
        [2]
        """
        self._known(column)
        rows = self._native.find_all(column, value, limit)
        return [self._native.slice(row, 1).rows()[0] for row in rows]

    def records(self, column: str | None = None, value: int = 0) -> list[dict[str, Any]]:
        """Give rows as JSON has them: times as texts, in UTC with nanoseconds.

        They are what :meth:`write` puts into a ``.json`` file: all rows, or with the name of an
        integer column the first in which it has a value. For a few rows.

        >>> import finrst
        >>> finrst.conversation("> S, < R.").teardowns.records("packet", 2)[0]["time"]
        '2026-01-01T00:00:00.020000000Z'
        """
        place = 0 if column is None else self._native.find(column, value)
        if place is None:
            return []
        rows = self._native if column is None else self._native.slice(place, 1)
        return [json.loads(line) for line in rows.json().splitlines()]

    def to_arrow(self) -> Any:
        """Make a ``pyarrow.Table``, without copying. Needs pyarrow.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.to_arrow().schema.field("time").type
        TimestampType(timestamp[ns, tz=UTC])
        """
        return need("pyarrow", "pandas").table(self)

    def to_pandas(self, *, dtype_backend: Literal["numpy", "pyarrow"] = "numpy") -> pd.DataFrame:
        """Make a pandas DataFrame. Needs pandas and pyarrow.

        Closed vocabularies become categories, in the order of :func:`finrst.columns`; other texts
        (``file``, ``flags``) stay texts, whatever dictionary Arrow has them by; times are
        ``datetime64[ns, UTC]``, durations float seconds, ports and header fields signed, so that
        differences are right. With ``numpy``, integer and truth columns
        in which values can be missing become pandas' nullable ``Int64`` and ``boolean``, so that
        counts stay whole numbers; with ``pyarrow``, all but categories and lists keep their
        Arrow type and memory. A column has the same type in every capture. Lists (``evidence``,
        ``alternatives``) become tuples of dicts that have a hash, so that ``drop_duplicates()``,
        ``groupby`` and ``value_counts`` take them; ``explode`` makes rows of them.

        Raises ``ModuleNotFoundError`` without pandas, ``ValueError`` for another backend.

        >>> import finrst
        >>> df = finrst.read("tests/data/demo.pcap").connections.to_pandas()
        >>> int(df.groupby("cause", observed=True).size()["port_closed"])
        1
        """
        if dtype_backend not in {"numpy", "pyarrow"}:
            message = f"dtype_backend is 'numpy' or 'pyarrow', not {dtype_backend!r}"
            raise ValueError(message)
        frame: pd.DataFrame = aside(lambda _: self._to_pandas(dtype_backend))
        return frame

    def _to_pandas(self, dtype_backend: str) -> Any:
        pandas, whole = need("pandas", "pandas"), self.to_arrow()
        import pyarrow as pa

        nested = [field.name for field in whole.schema if pa.types.is_nested(field.type)]
        flat = self._flat(pandas, plain(whole.drop_columns(nested)), dtype_backend)
        lists = {
            name: pandas.Series(tuples(whole[name]), dtype=object, index=flat.index, name=name)
            for name in nested
        }
        return pandas.concat([flat, *lists.values()], axis=1)[self.column_names]

    @staticmethod
    def _flat(pandas: Any, table: Any, dtype_backend: str) -> Any:
        """Convert what are no lists."""
        import pyarrow as pa

        if dtype_backend == "pyarrow":

            def mapped(kind: Any) -> Any:
                # pandas sorts its own categories but not Arrow's dictionaries.
                return None if pa.types.is_dictionary(kind) else pandas.ArrowDtype(kind)

            return table.to_pandas(types_mapper=mapped)
        # A difference of unsigned numbers wraps: a TTL of 64 less 70 would be 250.
        signed = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}
        fields = [field.with_type(signed.get(field.type, field.type)) for field in table.schema]
        table = table.cast(pa.schema(fields, table.schema.metadata))
        nullable = {field.name for field in table.schema if field.nullable}
        extension = {
            pa.int64(): pandas.Int64Dtype(),
            pa.int32(): pandas.Int32Dtype(),
            pa.int16(): pandas.Int16Dtype(),
            pa.bool_(): pandas.BooleanDtype(),
        }
        frame = table.select([f.name for f in table.schema if f.name not in nullable]).to_pandas()
        rest = table.select([f.name for f in table.schema if f.name in nullable])
        # The declared nullability decides, not the values: dtypes do not change from capture to
        # capture.
        rest_frame = rest.to_pandas(types_mapper=extension.get)
        return pandas.concat([frame, rest_frame], axis=1)

    def to_polars(self) -> pl.DataFrame:
        """Make a polars DataFrame, numbers without copying. Needs polars.

        >>> import finrst
        >>> table = finrst.conversation("> S, < R.").teardowns
        >>> table.to_polars().select("kind", "sender").row(0)
        ('rst', 'server')
        """
        # polars answers Ctrl-C by itself, on the main thread.
        return need("polars", "polars").DataFrame(self)  # type: ignore[no-any-return]

    def write(
        self,
        path: str | PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 - the word people look for
        formula_guard: bool = True,
        overwrite: bool = False,
    ) -> int:
        """Write the rows into a file and return how many there were.

        The format follows the name's ending, or ``format``: ``arrow`` (also ``.feather``,
        ``.ipc``), ``csv``, ``json`` (JSON lines, also ``.jsonl``, ``.ndjson``), ``parquet``
        (needs pyarrow), ``xlsx`` (Excel, needs openpyxl; times are UTC, and it holds 1,048,575
        rows). The file appears whole or not at all: rows go into ``.finrst-*.tmp`` in
        the same directory first. In CSV, lists are JSON text, and ``formula_guard`` puts ``'``
        before what a spreadsheet would run as a formula, also behind ``;``, ``|``, tabs and line
        breaks within a text (SECURITY.md has the rule, by which it can be taken away again).

        A file that the rows were read from is never replaced, whatever it is called here
        (links, other names); another capture only with ``overwrite``; anything else is. The new
        file has the mode, owner and group of the replaced one, as far as the system permits:
        :exc:`OutputWarning` tells what it did not. Access lists and extended attributes are not
        kept.

        Raises ``ValueError`` for an ending that is not known, ``FileExistsError`` for what is not
        replaced, any other ``OSError`` when the system refuses.

        >>> import finrst, tempfile
        >>> table = finrst.conversation("> S, < R.").connections
        >>> table.write(tempfile.mkdtemp() + "/endings.csv")
        1
        """
        return _write.table(self, path, format, formula_guard=formula_guard, overwrite=overwrite)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the rows, as an Arrow stream."""
        octets, sources = self._native.octets(), self._native.sources
        held = (_native.__version__, self.name, octets, sources)
        return _unpickled, (*held, self._decisive) if self._decisive else held

    def __repr__(self) -> str:
        """Name the table and its size."""
        columns = plural(len(self.column_names), "column")
        return f"<finrst.Table {printable(self.name)}: {plural(len(self), 'row')}, {columns}>"

    def _repr_html_(self) -> str:
        view = shown(self, self._decisive)
        return html_table(
            view.rows,
            self.column_names,
            total=len(self),
            name=self.name,
            more=view.more,
            marked=view.marked,
        )


@cache
def _vocabularies() -> dict[tuple[str, str], tuple[str, ...]]:
    rows = _native.columns().rows()
    return {(row["table"], row["name"]): tuple(row["words"]) for row in rows}


def vocabulary(table: str, column: str) -> tuple[str, ...]:
    """Give the words that a column can have; none where it is not a closed vocabulary.

    >>> "reset" in vocabulary("connections", "ending"), vocabulary("connections", "file")
    (True, ())
    """
    return _vocabularies().get((table, column), ())


def _unpickled(
    version: object,
    name: str,
    octets: bytes,
    sources: _native.Sources,
    decisive: frozenset[int] = frozenset(),
) -> Table:
    _pickle.check(version)
    try:
        return Table(_native.table_of(name, octets, sources), name, decisive)
    except (TypeError, ValueError) as error:
        message = f"this is no pickle of a Table: {error}"
        raise pickle.UnpicklingError(message) from None
