"""What changed from one capture, or day, to another."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from finrst._base.extras import need
from finrst._base.pickles import ByValue
from finrst._base.places import place
from finrst._base.services import port_name
from finrst._base.text import number, plural, printable
from finrst._base.width import wrap
from finrst._tables.table import Table

from .capture import Capture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

Counted: TypeAlias = "Capture | Table | Any"
"""A Capture, or a table of connections: finrst's, or of pandas, polars or pyarrow."""

_SHOWN = 12


@dataclass(frozen=True)
class Change(ByValue):
    """How often one thing happened before and after.

    >>> import finrst
    >>> calm = finrst.conversation("> S, < S., > ., > F., < F., > .")
    >>> for change in finrst.compare(calm, finrst.conversation("> S, < R.")):
    ...     print(change)
    client_close: 1 of 1 (100 %) before, 0 of 1 after, gone
    port_closed: 0 of 1 before, 1 of 1 (100 %) after, new
    """

    key: dict[str, Any]
    """What: the values of the columns that were counted by."""
    before: int
    """Connections before."""
    after: int
    """Connections after."""
    total_before: int
    """Connections that could have been such, before."""
    total_after: int
    """The same after."""
    ratio: float
    """Share after by share before; ``inf`` for what is new, 0 for what is gone."""
    score: float
    """How far that is from chance, in standard deviations; positive for more."""
    alert: bool
    """Whether it is more than chance, and large enough to be told."""
    called: dict[str, str] = field(default_factory=dict)
    """Addresses and ports of the key as people know them, by their columns."""

    @property
    def name(self) -> str:
        """The key in one line.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.")
        >>> finrst.compare(one, one, ["server_ip", "cause"]).changes[0].name
        '198.51.100.1 port_closed'
        """
        return " ".join(
            printable(self.called.get(column, value), 60) for column, value in self.key.items()
        )

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{self.name}: {_share(self.before, self.total_before)} before, "
            f"{_share(self.after, self.total_after)} after, {self.said}"
        )

    @property
    def said(self) -> str:
        """The ratio in words.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.")
        >>> finrst.compare(one, one).changes[0].said
        'as before'
        """
        if not self.before:
            return "new"
        if not self.after:
            return "gone"
        if self.ratio < 1:
            return f"{1 / self.ratio:.3g} times rarer"
        return f"{self.ratio:.3g} times as frequent" if self.ratio > 1 else "as before"


class Comparison(ByValue):
    """What :func:`compare` found: the changes, those farthest from chance first.

    Iterate over it for every :class:`Change`; it is true when there is something to tell, and
    ``print`` shows that.

    >>> import finrst
    >>> one = finrst.conversation("> S, < R.")
    >>> print(finrst.compare(one, one))
    1 connection before, 1 after; nothing changed much
    """

    def __init__(self, changes: list[Change], before: int, after: int) -> None:
        """Wrap changes; made by finrst, not by hand."""
        self.changes = changes
        """Every change, those farthest from chance first."""
        self.before = before
        """Connections before."""
        self.after = after
        """Connections after."""

    @property
    def alerts(self) -> list[Change]:
        """The changes that are worth telling.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.")
        >>> finrst.compare(one, one).alerts
        []
        """
        return [change for change in self.changes if change.alert]

    def __bool__(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.alerts)

    def __len__(self) -> int:
        """Count the changes."""
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        """Go through the changes."""
        return iter(self.changes)

    def to_pandas(self) -> pd.DataFrame:
        """Make a pandas DataFrame, one row per change: the key's columns, then the figures.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.")
        >>> list(finrst.compare(one, one).to_pandas())
        ['cause', 'before', 'after', 'total_before', 'total_after', 'ratio', 'score', 'alert']
        """
        pandas = need("pandas", "pandas")
        figures = ("before", "after", "total_before", "total_after", "ratio", "score", "alert")
        rows = [
            {**change.key, **{name: getattr(change, name) for name in figures}} for change in self
        ]
        return pandas.DataFrame(rows)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        """Say in a few lines what is worth telling."""
        lines = wrap(self.headline)
        for change in self.alerts[:_SHOWN]:
            lines += wrap(str(change), first="  ", rest="    ")
        if len(self.alerts) > _SHOWN:
            lines.append(f"  ... and {number(len(self.alerts) - _SHOWN)} more")
        return "\n".join(lines)

    @property
    def headline(self) -> str:
        """What was compared, and how much there is to tell.

        >>> import finrst
        >>> one = finrst.conversation("> S, < R.")
        >>> finrst.compare(one, one).headline
        '1 connection before, 1 after; nothing changed much'
        """
        told = f"{plural(len(self.alerts), 'change')} to look at"
        return f"{plural(self.before, 'connection')} before, {number(self.after)} after; " + (
            told if self else "nothing changed much"
        )

    def __repr__(self) -> str:
        """Say the same."""
        return f"<finrst.Comparison: {self}>"


def compare(  # noqa: PLR0913 - all but two are optional
    before: Counted,
    after: Counted,
    /,
    by: str | Sequence[str] = "cause",
    *,
    within: str | Sequence[str] = (),
    min_ratio: float = 2,
    min_score: float = 4,
) -> Comparison:
    """Tell what became more or less frequent from one capture, or day, to another.

    Connections are counted by the columns ``by`` (at most four), and their share of all
    connections compared; with ``within``, one or some of these columns, their share of the
    connections that agree in those: ``by=["server_ip", "cause"], within="server_ip"`` compares
    each server with itself, however its traffic grew. Both take a Capture, or a table of
    connections of finrst, pandas, polars or pyarrow (for tables of others pyarrow is needed).

    A change is an alert when its share grew or fell ``min_ratio`` times and it is ``min_score``
    standard deviations from chance (the signed root of the likelihood ratio of the two shares).
    Connections come in bursts, so that few of these deviations mean little.

    Raises ``ValueError`` for a column that is not there.

    >>> import finrst
    >>> calm = finrst.conversation("> S, < S., > ., > F., < F., > .")
    >>> cap = finrst.read("tests/data/demo.pcap")
    >>> changes = finrst.compare(calm, cap, min_score=0)
    >>> bool(changes), changes.changes[0].key, changes.changes[0].said
    (True, {'cause': 'client_close'}, '25 times rarer')
    """
    columns = (by,) if isinstance(by, str) else tuple(by)
    inner = (within,) if isinstance(within, str) else tuple(within)
    unknown = [name for name in inner if name not in columns]
    if unknown:
        message = f"within names {unknown[0]!r}, which is not among the columns of by"
        raise ValueError(message)
    counts = [_counts(data, columns) for data in (before, after)]
    places = [columns.index(name) for name in inner]
    totals: list[Counter[tuple[Any, ...]]] = [Counter(), Counter()]
    for counted, total in zip(counts, totals, strict=True):
        for key, count in counted.items():
            total[tuple(key[place] for place in places)] += count
    changes = []
    for key in {**counts[0], **counts[1]}:
        group = tuple(key[place] for place in places)
        b, a = (counted[key] for counted in counts)
        n, m = (total[group] for total in totals)
        if not n or not m:
            # There is nothing to compare a share with; the count itself then counts.
            n, m = (sum(total.values()) for total in totals)
        named = dict(zip(columns, key, strict=True))
        changes.append(_change(named, (b, n), (a, m), min_ratio, min_score))
    changes.sort(key=lambda change: (-abs(change.score), change.name))
    # The names are those of today, else of yesterday, and no part of the order.
    told = [replace(one, called=_called(one.key, (after, before))) for one in changes]
    return Comparison(told, *(sum(counted.values()) for counted in counts))


def _called(key: dict[str, Any], captures: tuple[Counted, Counted]) -> dict[str, str]:
    """Write the addresses of a key with their names, its ports with their services."""
    called = {}
    for column, value in key.items():
        if column.endswith("_port") and value is not None:
            called[column] = port_name(int(value))
        elif column.endswith("_ip") and value is not None:
            names = (one.naming.of(value) for one in captures if isinstance(one, Capture))
            called[column] = place(value, None, next(filter(None, names), None))
    return called


def _change(
    key: dict[str, Any],
    before: tuple[int, int],
    after: tuple[int, int],
    min_ratio: float,
    min_score: float,
) -> Change:
    (b, n), (a, m) = before, after
    shares = (b / n if n else 0.0, a / m if m else 0.0)
    ratio = shares[1] / shares[0] if shares[0] else math.inf if shares[1] else 1.0
    score = math.copysign(math.sqrt(max(0.0, _likelihood(b, n, a, m))), shares[1] - shares[0])
    large = ratio >= min_ratio or ratio <= 1 / min_ratio
    return Change(key, b, a, n, m, ratio, score, alert=large and abs(score) >= min_score)


def _likelihood(b: int, n: int, a: int, m: int) -> float:
    """Twice the logarithm of the likelihood ratio: two shares against one."""
    if b * m == a * n:
        return 0.0
    whole = (a + b) / (n + m)

    def part(seen: int, expected: float) -> float:
        return 2 * seen * math.log(seen / expected) if seen else 0.0

    return (
        part(b, n * whole)
        + part(n - b, n * (1 - whole))
        + part(a, m * whole)
        + part(m - a, m * (1 - whole))
    )


def _counts(data: Counted, columns: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    if isinstance(data, Capture):
        data = data.connections
    if isinstance(data, Table):
        return Counter({row[:-1]: row[-1] for row in data.counts(*columns)})
    table = need("pyarrow", "pandas").table(data)
    for name in columns:
        if name not in table.column_names:
            message = f"no column {name!r} in the table"
            raise ValueError(message)
    grouped = table.select(list(columns)).group_by(list(columns)).aggregate([([], "count_all")])
    rows = zip(*(grouped[name].to_pylist() for name in (*columns, "count_all")), strict=True)
    return Counter({row[:-1]: row[-1] for row in rows})


def _share(count: int, total: int) -> str:
    share = f" ({100 * count / total:.3g} %)" if count and total else ""
    return f"{number(count)} of {number(total)}{share}"
