"""Columns of lists in pandas: values that can be compared, counted and grouped by."""

from __future__ import annotations

from itertools import pairwise
from typing import Any


class Item(dict[str, Any]):
    """One item of a list, as a dict of its members; it has a hash, so do not change it.

    >>> Item(cause="port_closed") == {"cause": "port_closed"}, len({Item(a=1), Item(a=1)})
    (True, 1)
    """

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        """Agree for equal ones."""
        return hash(tuple(self.values()))

    def __lt__(self, other: Item) -> bool:
        """Put them in some order, as groups need one."""
        return tuple(map(str, self.values())) < tuple(map(str, other.values()))


def by_numbers(kind: Any) -> bool:
    """Tell whether an Arrow type has names by the numbers of a dictionary that is no vocabulary.

    Vocabularies, whose numbers have 8 bits, are the same words in every capture.
    """
    import pyarrow as pa

    return bool(pa.types.is_dictionary(kind) and kind.index_type != pa.int8())


def plain(table: Any) -> Any:
    """Make texts of names that an Arrow table has by the numbers of a dictionary.

    Vocabularies stay as they are: as categories of pandas they have the same words everywhere, and
    names have not.
    """
    import pyarrow as pa

    def narrow(field: Any) -> Any:
        kind = field.type
        return field.with_type(kind.value_type) if by_numbers(kind) else field

    return table.cast(pa.schema([narrow(field) for field in table.schema], table.schema.metadata))


def tuples(column: Any) -> list[tuple[Any, ...]]:
    """Make a tuple of every list of an Arrow column: of :class:`Item` where it holds structs."""
    import pyarrow as pa

    column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    inner = column.flatten()
    if pa.types.is_struct(inner.type):
        names = [inner.type.field(place).name for place in range(inner.type.num_fields)]
        members = [inner.field(place).to_pylist() for place in range(len(names))]
        items: list[Any] = [
            Item(zip(names, values, strict=True)) for values in zip(*members, strict=True)
        ]
    else:
        items = inner.to_pylist()
    ends = [0]
    for length in column.value_lengths().to_pylist():
        ends.append(ends[-1] + (length or 0))
    return [tuple(items[begin:end]) for begin, end in pairwise(ends)]
