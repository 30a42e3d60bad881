"""Counting rows without a dataframe, of some rows and of the most frequent only."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import finrst

DEMO = Path(__file__).parents[1] / "data/demo.pcap"


@pytest.fixture(scope="module")
def table() -> finrst.Table:
    return finrst.read(DEMO).connections


def counted(table: finrst.Table, *columns: str, **only: list[str]) -> list[tuple[Any, ...]]:
    """The same, the long way."""
    rows = [row for row in table if all(row[name] in words for name, words in only.items())]
    counts = Counter(tuple(row[name] for name in columns) for row in rows)
    return sorted(((*key, n) for key, n in counts.items()), key=lambda item: (-item[-1], item))


def test_all_rows(table: finrst.Table) -> None:
    for columns in (["cause"], ["server_port", "ending"], ["client_ip", "cause", "ended_by"]):
        assert table.counts(*columns) == counted(table, *columns)


def test_some_rows(table: finrst.Table) -> None:
    bad = ["reset", "reset_after_fin"]
    assert table.counts("cause", only={"ending": bad}) == counted(table, "cause", ending=bad)
    both = {"ending": bad, "ended_by": ["client"]}
    assert table.counts("server_port", only=both) == counted(table, "server_port", **both)
    with pytest.raises(ValueError, match="no ending is called 'nonsense'"):
        table.counts("cause", only={"ending": ["nonsense"]})
    assert table.counts("cause", only={"ending": []}) == []
    # A number is no text, and a missing value none of the words.
    assert table.counts("cause", only={"server_port": ["4012"]}) == []
    assert table.counts("cause", only={"server_name": ["None", ""]}) == []


@pytest.mark.parametrize("top", [0, 1, 3, 7, 16, 1000])
def test_the_most_frequent(table: finrst.Table, top: int) -> None:
    assert table.counts("cause", top=top) == table.counts("cause")[:top]
    assert (
        table.counts("server_port", "cause", top=top)
        == (table.counts("server_port", "cause")[:top])
    )


def test_unknown_columns_are_named(table: finrst.Table) -> None:
    with pytest.raises(ValueError, match="no column 'nonsense'"):
        table.counts("cause", only={"nonsense": ["x"]})
    with pytest.raises(ValueError, match="no column 'nonsense'"):
        table.counts("nonsense", top=1)
    with pytest.raises(OverflowError):
        table.counts("cause", top=-1)
