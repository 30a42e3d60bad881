"""What changed between two captures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from finrst.__main__ import main

if TYPE_CHECKING:
    from finrst._tables.table import Table

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
PORT = "> S, < R."
CALM = "> S, < S., > ., > P. 100, < ., < F., > ., > F., < ."


class Counted(finrst.Table):
    """A table that only knows how often it has each key."""

    def __init__(self, counts: dict[tuple[str, ...], int]) -> None:
        self._counts = counts

    def counts(self, *columns: str, **_: object) -> list[tuple[object, ...]]:
        assert all(len(key) == len(columns) for key in self._counts)
        return [(*key, count) for key, count in self._counts.items()]


def of(**causes: int) -> Table:
    return Counted({(cause,): count for cause, count in causes.items()})


def test_nothing_changed() -> None:
    same = of(client_close=900, port_closed=100)
    changes = finrst.compare(same, same)
    assert not changes
    assert len(changes) == 2
    assert {change.score for change in changes} == {0}
    assert str(changes) == "1,000 connections before, 1,000 after; nothing changed much"


def test_growth_is_told_with_its_distance_from_chance() -> None:
    before, after = of(client_close=997, port_closed=3), of(client_close=980, port_closed=120)
    changes = finrst.compare(before, after)
    (alert,) = changes.alerts
    assert alert.key == {"cause": "port_closed"}
    assert alert.ratio == pytest.approx((120 / 1100) / (3 / 1000))
    # 2 * sum(observed * ln(observed / expected)) over the table of two by two.
    whole = 123 / 2100
    g = 2 * (
        3 * math.log(3 / (1000 * whole))
        + 120 * math.log(120 / (1100 * whole))
        + 997 * math.log(997 / (1000 * (1 - whole)))
        + 980 * math.log(980 / (1100 * (1 - whole)))
    )
    assert alert.score == pytest.approx(math.sqrt(g))
    assert "3 of 1,000 (0.3 %) before, 120 of 1,100 (10.9 %) after, 36.4 times as frequent" in str(
        changes
    )
    # The other way round it fell.
    (fell,) = finrst.compare(after, before).alerts
    assert fell.score == pytest.approx(-alert.score)


def test_chance_is_no_alert() -> None:
    changes = finrst.compare(of(a=1000, b=2), of(a=1000, b=5))
    assert not changes
    assert finrst.compare(of(a=1000, b=2), of(a=1000, b=5), min_score=1).alerts


def test_new_and_gone() -> None:
    changes = {change.name: change for change in finrst.compare(of(a=500, b=50), of(a=500, c=50))}
    assert (changes["b"].said, changes["b"].ratio) == ("gone", 0)
    assert (changes["c"].said, changes["c"].ratio) == ("new", math.inf)
    assert changes["b"].alert
    assert changes["c"].alert


def test_within_compares_each_with_itself() -> None:
    before = Counted({("a", "x"): 90, ("a", "y"): 10, ("b", "x"): 100})
    after = Counted({("a", "x"): 90, ("a", "y"): 10, ("b", "x"): 10_000})
    by = ["server_ip", "cause"]
    assert {c.name for c in finrst.compare(before, after, by).alerts} >= {"a x", "a y"}
    assert not finrst.compare(before, after, by, within="server_ip")
    with pytest.raises(ValueError, match="not among the columns"):
        finrst.compare(before, after, "cause", within="server_ip")


def test_nothing_at_all() -> None:
    empty = finrst.read(DEMO, filter="port 1")
    assert not finrst.compare(empty, empty)
    assert len(finrst.compare(empty, DEMO_CAP, min_score=0).alerts) == len(
        DEMO_CAP.connections.counts("cause")
    )


DEMO_CAP = finrst.read(DEMO)


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_tables_of_others(kind: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("pandas" if kind == "arrow" else kind)
    other = getattr(DEMO_CAP, f"to_{kind}")()
    by = ("server_port", "cause")
    changes = finrst.compare(other, DEMO_CAP, by)
    assert len(changes) == len(DEMO_CAP.connections.counts(*by))
    assert {change.before for change in changes} == {change.after for change in changes}
    assert all(change.before == change.after for change in changes)
    with pytest.raises(ValueError, match="no column 'nothing'"):
        finrst.compare(other, other, "nothing")
    with pytest.raises(ValueError, match="no column 'nothing'"):
        finrst.compare(DEMO_CAP, DEMO_CAP, "nothing")


def write(path: Path, script: str, times: int) -> str:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = finrst.conversation(script).to_arrow()
    parquet.write_table(pa.concat_tables([table] * times), path)
    return str(path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calm = write(tmp_path / "a.parquet", CALM, 50)
    closed = write(tmp_path / "b.parquet", PORT, 50)
    assert main(["compare", calm, calm]) == 0
    assert "nothing changed much" in capsys.readouterr().out
    assert main(["compare", calm, closed]) == 4
    out = capsys.readouterr().out
    broken = tmp_path / "x.parquet"
    broken.write_text("x")
    assert main(["compare", calm, str(broken)]) == 1
    assert "port_closed: 0 of 50 before, 50 of 50 (100 %) after, new" in out
    assert main(["compare", calm, closed, "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert {row["key"]["cause"] for row in found} == {"port_closed", "server_close"}
    assert [row["ratio"] for row in found if row["key"]["cause"] == "port_closed"] == [None]


def test_the_command_on_captures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(DEMO), str(DEMO), "--by", "server_ip, cause", "--all"]) == 0
    assert "10.77.0.2 port_closed: 1 of 25 (4 %) before" in capsys.readouterr().out
    assert main(["compare", str(DEMO), "absent.pcap"]) == 1
    assert main(["compare", str(DEMO), "absent.parquet"]) == 1
    assert capsys.readouterr().err.endswith("finrst: absent.parquet: no such file or directory\n")
    assert main(["compare", str(DEMO), str(DEMO), "--by", "nothing"]) == 2
    assert main(["compare", str(DEMO), str(DEMO), "--ratio", "0"]) == 2
