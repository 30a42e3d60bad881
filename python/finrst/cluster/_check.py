"""The files of a dataset held against each other and against its record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.extras import need
from finrst._errors import InternalError
from finrst._face.check import unbalanced

from . import _parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from finrst._files.places import Place
    from finrst._tables.table import Table

    from ._record import Record

    class Tables(Protocol):
        """A :class:`Dataset`, as far as it is looked at; it stands above this."""

        @property
        def ledger(self) -> Table: ...
        @property
        def files(self) -> Table: ...

    Places = Callable[[str], list[Place]]


def check(ds: Tables, record: Record, places: Places) -> None:
    """Raise :exc:`InternalError` if they disagree."""
    sums = _sums(ds, places)
    wrong = [*_disorder(record, places), *sums, *unbalanced(ds.files, ds.ledger)]
    if wrong:
        raise InternalError("; ".join(wrong))


def _disorder(record: Record, places: Places) -> Iterator[str]:
    """Tell where rows are missing, or not in order."""
    compute = need("pyarrow.compute", "cluster")
    for which, key in (("connections", "connection_id"), ("teardowns", "packet")):
        last = -1
        for run, place in zip(record.runs, places(which), strict=True):
            keys = _parts.arrow(which, [place], [key])[key].combine_chunks()
            if len(keys) != record.done[run.number][which]:
                yield f"{place.name} of {which} has {len(keys)} rows, not those of the record"
            if not len(keys):
                continue
            rising = compute.all(compute.greater(keys[1:], keys[:-1])).as_py()
            if rising is False or keys[0].as_py() <= last:
                yield f"{which} are not in order in {place.name}"
            if which == "connections" and keys[-1].as_py() - keys[0].as_py() + 1 != len(keys):
                yield f"connections are missing in {place.name}"
            last = keys[-1].as_py()


def _sums(ds: Tables, places: Places) -> Iterator[str]:
    """Tell what does not add up."""
    compute = need("pyarrow.compute", "cluster")

    def total(*columns: str) -> int:
        rows = (
            _parts.arrow("connections", [place], list(columns)) for place in places("connections")
        )
        return sum(compute.sum(one[name]).as_py() or 0 for one in rows for name in columns)

    kinds: dict[str, int] = {}
    for place in places("teardowns"):
        for one in _parts.arrow("teardowns", [place], ["kind"])["kind"].value_counts():
            word = one["values"].as_py()
            kinds[word] = kinds.get(word, 0) + one["counts"].as_py()
    tcp = sum(row["packets"] for row in ds.ledger if row["class"] == "tcp")
    for what, found, wanted in (
        ("packets of connections", total("client_packets", "server_packets"), tcp),
        ("FIN segments", total("client_fins", "server_fins"), kinds.get("fin", 0)),
        ("RST segments", total("client_rsts", "server_rsts"), kinds.get("rst", 0)),
    ):
        if found != wanted:
            yield f"{what}: {found} is not {wanted}"
