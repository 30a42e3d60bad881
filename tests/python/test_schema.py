"""Schema 3 on every face: what a verdict says is the same in Arrow, pandas, polars and files."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO
from cutting import cut

if TYPE_CHECKING:
    from pathlib import Path

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
        assert table.metadata["finrst.schema_version"] == "3"
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
            pa.field("cause", pa.dictionary(pa.int8(), pa.utf8()), nullable=False),
            pa.field("confidence", pa.float64(), nullable=False),
        ]
    )
    fact = pa.struct(
        [
            pa.field("fact", pa.dictionary(pa.int16(), pa.utf8()), nullable=False),
            pa.field("value", pa.float64()),
            pa.field("text", pa.utf8()),
            pa.field("packet", pa.int64()),
        ]
    )
    for which in ("connections", "teardowns"):
        schema = cap.to_arrow(which).schema
        assert schema.field("alternatives").type == pa.list_(
            pa.field("item", share, nullable=False)
        )
        assert schema.field("evidence").type == pa.list_(pa.field("item", fact, nullable=False))
        assert schema.field("file").type == pa.dictionary(pa.int32(), pa.utf8())
        assert schema.field("mechanism").type == pa.dictionary(pa.int8(), pa.utf8())
        assert not schema.field("mechanism").nullable
    connections, teardowns = (cap.to_arrow(which).schema for which in ("connections", "teardowns"))
    assert connections.field("harmless").type == pa.bool_()
    assert connections.field("interface").type == pa.dictionary(pa.int32(), pa.utf8())
    assert teardowns.field("flags").type == pa.dictionary(pa.int16(), pa.utf8())
    assert connections.field("client_fins").type == pa.uint32()
    assert connections.field("client_bytes").type == pa.int64()
    assert connections.field("client_packets").type == pa.int64()


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
    demo = finrst.read(DEMO)
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


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
@pytest.mark.parametrize("command", ["whole", "streamed"])
def test_files_give_back_what_a_dictionary_stands_for(
    tmp_path: Path, ending: str, command: str
) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    from finrst.__main__ import main

    parts = cut(DEMO, tmp_path, 2)
    cap = finrst.read(parts)
    for which in ("connections", "teardowns"):
        path = tmp_path / f"{which}{ending}"
        stream = ["--stream"] if command == "streamed" else []
        given = ["convert", *map(str, parts), "-o", str(path), "-t", which, *stream]
        assert main(given) == 0
        read = parquet.read_table if ending == ".parquet" else feather.read_table
        rows = read(path).to_pylist()
        key = "connection_id" if which == "connections" else "packet"
        names = ("file", "flags", "client_fins", "evidence")
        for row, known in zip(
            sorted(rows, key=lambda row: row[key]), cap.table(which), strict=True
        ):
            for name in set(names[: 3 if command == "streamed" else 4]) & set(row):
                assert row[name] == known[name], name
        assert {row["file"] for row in rows} == {str(part) for part in parts}


def test_dataframes_have_texts_and_numbers_as_before(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    cap = finrst.read([str(part) for part in cut(DEMO, tmp_path, 2)])
    known = cap.connections["file"]
    for backend in ("numpy", "pyarrow"):
        frame = cap.to_pandas(dtype_backend=backend)
        assert not isinstance(frame["file"].dtype, pd.CategoricalDtype)
        assert frame["file"].tolist() == known
        # A group for each name that occurs, and no other.
        assert frame.groupby("file").size().sum() == len(cap)
        assert len(frame.groupby("file")) == 2
        segments = cap.to_pandas("teardowns", dtype_backend=backend)
        assert segments["flags"].tolist() == cap.teardowns["flags"]
    frame = cap.to_pandas()
    assert frame["client_fins"].dtype == "int64"
    assert (frame["client_rsts"] - frame["server_rsts"]).min() < 0
    polars = cap.to_polars()
    assert polars.schema["file"] == pl.Categorical
    assert polars["file"].to_list() == known
    facts = polars.select("evidence").explode("evidence").drop_nulls().unnest("evidence")
    told = [fact["fact"] for row in cap.connections["evidence"] for fact in row]
    assert facts["fact"].to_list() == told


def test_duckdb_has_texts(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    cap = finrst.read([str(part) for part in cut(DEMO, tmp_path, 2)])
    rows = cap.connections  # noqa: F841 - DuckDB finds it by its name
    found = duckdb.sql("select file, count(*) from rows group by file order by file").fetchall()
    assert found == sorted(cap.connections.counts("file"))
    kinds = duckdb.sql("select typeof(file), typeof(client_fins) from rows limit 1").fetchall()
    assert kinds == [("VARCHAR", "UINTEGER")]


def test_files_of_schema_2_are_compared_with_those_of_schema_3(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    cap = finrst.read([str(part) for part in cut(DEMO, tmp_path, 2)])
    now = cap.to_arrow()
    # What schema 2 had: texts, and counts of 64 bits.
    before = pa.table(
        {"file": cap.connections["file"], "client_fins": cap.connections["client_fins"]}
    )
    assert before.schema.types == [pa.string(), pa.int64()]
    found = finrst.compare(before, now, ["file", "client_fins"], min_ratio=1.01, min_score=0)
    assert found.changes
    assert not found.alerts


def test_tables_of_schema_2_become_those_of_schema_3_and_back(cap: finrst.Capture) -> None:
    pa = pytest.importorskip("pyarrow")

    def plainly(kind: Any) -> Any:
        if pa.types.is_dictionary(kind) and kind.index_type != pa.int8():
            return kind.value_type
        if pa.types.is_list(kind):
            fields = list(kind.value_type)
            members = [
                field.with_type(pa.string()) if field.name in {"fact", "cause"} else field
                for field in fields
            ]
            return pa.list_(kind.value_field.with_type(pa.struct(members)))
        return pa.int64() if kind == pa.uint32() else kind

    for which in ("connections", "teardowns"):
        now = cap.to_arrow(which)
        schema = pa.schema([field.with_type(plainly(field.type)) for field in now.schema])
        before = now.cast(schema)
        assert before.schema.field("evidence").type != now.schema.field("evidence").type
        assert before.to_pylist() == now.to_pylist()
        assert before.cast(now.schema).to_pylist() == now.to_pylist()


def test_interfaces_of_one_name_are_one_word() -> None:
    pytest.importorskip("pandas")
    cap = finrst.read([DEMO.read_bytes(), DEMO.read_bytes()])
    assert len(cap.files) == 2
    assert len(set(cap.connections["file"])) <= 2
    assert cap.to_arrow()["file"].chunk(0).dictionary.to_pylist() == list(
        dict.fromkeys(cap.files["file"])
    )
