"""Schema 2 on every face: what a verdict says is the same in Arrow, pandas, polars and files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import finrst

SCRIPT = (
    "> S, < S., > ., > P. 80, < ., < R. +1ms, "
    "> S port=40001 +9s, < S. +20ms, > R +1ms, "
    "> S port=40002 +9s, < S., > ., > F., < F., > ."
)
MECHANISMS = ["host_abort", "handshake_abandoned", "orderly_close"]


@pytest.fixture
def cap() -> finrst.Capture:
    return finrst.conversation(SCRIPT)


def rivals(lists: Any) -> list[list[str]]:
    """The causes of each row's list of dictionaries."""
    return [[other["cause"] for other in one] for one in lists]


# What the engine gives Python itself; every other face must say the same.
RIVALS = rivals(finrst.conversation(SCRIPT).connections["alternatives"])


def test_the_schema_says_which_it_is(cap: finrst.Capture) -> None:
    for table in (cap.connections, cap.teardowns):
        assert table.metadata["finrst.schema_version"] == "2"
        assert table.metadata["finrst.rule_set"] == "3"


def test_columns_as_python_objects(cap: finrst.Capture) -> None:
    table = cap.connections
    assert "application_abort" in RIVALS[0]
    assert {"syn_scan", "client_handshake_timeout", "application_abort"} <= set(RIVALS[1])
    assert RIVALS[2] == []
    assert table["mechanism"] == MECHANISMS
    assert table["harmless"] == [False, False, True]
    assert cap.connection(0).alternatives[0].keys() == {"cause", "confidence"}
    assert set(cap.teardowns["mechanism"]) == set(MECHANISMS)
    assert table.counts("mechanism") == [(word, 1) for word in sorted(MECHANISMS)]


def test_arrow_types(cap: finrst.Capture) -> None:
    pa = pytest.importorskip("pyarrow")
    share = pa.struct(
        [
            pa.field("cause", pa.utf8(), nullable=False),
            pa.field("confidence", pa.float64(), nullable=False),
        ]
    )
    for which in ("connections", "teardowns"):
        schema = cap.to_arrow(which).schema
        assert schema.field("alternatives").type == pa.list_(
            pa.field("item", share, nullable=False)
        )
        assert schema.field("mechanism").type == pa.dictionary(pa.int8(), pa.utf8())
        assert not schema.field("mechanism").nullable
    assert cap.to_arrow().schema.field("harmless").type == pa.bool_()


def test_pandas(cap: finrst.Capture) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    for backend in (None, "pyarrow"):
        frame = cap.to_pandas() if backend is None else cap.to_pandas(dtype_backend="pyarrow")
        assert rivals(frame["alternatives"]) == RIVALS
        assert list(frame["mechanism"]) == MECHANISMS
        assert frame["mechanism"].dtype == "category"
        assert frame.loc[frame["harmless"], "connection_id"].tolist() == [2]
        flat = frame.explode("alternatives")["alternatives"].dropna()
        assert [other["cause"] for other in flat] == [name for row in RIVALS for name in row]


def test_polars(cap: finrst.Capture) -> None:
    pl = pytest.importorskip("polars")
    frame = cap.to_polars()
    assert rivals(frame["alternatives"].to_list()) == RIVALS
    flat = frame.select("connection_id", "alternatives").explode("alternatives").drop_nulls()
    flat = flat.unnest("alternatives")
    assert flat.columns == ["connection_id", "cause", "confidence"]
    assert flat.filter(pl.col("connection_id") == 1)["cause"].to_list() == RIVALS[1]


def test_duckdb(cap: finrst.Capture) -> None:
    duckdb = pytest.importorskip("duckdb")
    rows = cap.connections  # noqa: F841 - DuckDB finds it by its name
    query = (
        "select other.cause, other.confidence from (select unnest(alternatives) other from rows)"
    )
    assert duckdb.sql(query + " order by all desc limit 1").fetchall() == [("syn_scan", 0.3)]


def test_json_lines(cap: finrst.Capture, tmp_path: Path) -> None:
    cap.write(tmp_path / "x.json")
    rows = [json.loads(line) for line in (tmp_path / "x.json").read_text("utf-8").splitlines()]
    assert rivals(row["alternatives"] for row in rows) == RIVALS
    assert [row["harmless"] for row in rows] == [False, False, True]


def test_csv(cap: finrst.Capture, tmp_path: Path) -> None:
    cap.write(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # The guard against formulas puts nothing before a bracket.
    assert rivals(json.loads(row["alternatives"]) for row in rows) == RIVALS
    assert [row["mechanism"] for row in rows] == MECHANISMS
    assert [row["harmless"] for row in rows] == ["false", "false", "true"]


def test_no_number_has_more_than_two_decimals(cap: finrst.Capture, tmp_path: Path) -> None:
    demo = finrst.read(Path(__file__).parents[1] / "data/demo.pcap")
    for one in (cap, demo):
        one.write(tmp_path / "x.json", overwrite=True)
        for line in (tmp_path / "x.json").read_text("utf-8").splitlines():
            row = json.loads(line)
            for share in (
                row["confidence"],
                *(other["confidence"] for other in row["alternatives"]),
            ):
                assert len(str(share)) <= len("0.97")


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".xlsx"])
def test_files(cap: finrst.Capture, tmp_path: Path, ending: str) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    if ending == ".xlsx":
        pytest.importorskip("openpyxl")
    path = tmp_path / f"x{ending}"
    cap.write(path)
    if ending == ".xlsx":
        frame = pd.read_excel(path)
        # An empty list is an empty field.
        assert rivals(map(json.loads, frame["alternatives"].fillna("[]"))) == RIVALS
        return
    frame = (pd.read_parquet if ending == ".parquet" else pd.read_feather)(path)
    assert rivals(frame["alternatives"]) == RIVALS
    assert list(frame["mechanism"]) == MECHANISMS
