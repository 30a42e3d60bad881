"""DataFrames group, sort and export well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import finrst

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = pytest.importorskip("pandas")
pytest.importorskip("pyarrow")

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
Backend = Literal["numpy", "pyarrow"]
BACKENDS: tuple[Backend, ...] = ("numpy", "pyarrow")


@pytest.fixture(scope="module")
def demo() -> finrst.Capture:
    return finrst.read(DEMO)


@pytest.mark.parametrize("backend", BACKENDS)
def test_types_do_not_depend_on_the_capture(demo: finrst.Capture, backend: Backend) -> None:
    other = finrst.conversation("> S, < R.")
    empty = finrst.read(DEMO, filter="port 1")
    for table in ("connections", "teardowns"):
        types = [cap.to_pandas(table, dtype_backend=backend).dtypes for cap in (demo, other, empty)]
        for later in types[1:]:
            assert list(later) == list(types[0]), table


@pytest.mark.parametrize("backend", BACKENDS)
def test_grouping_loses_no_row(demo: finrst.Capture, backend: Backend) -> None:
    for table in ("connections", "teardowns"):
        df = demo.to_pandas(table, dtype_backend=backend)
        by = ["cause", "ending", "ended_by"] if table == "connections" else ["cause", "sender"]
        for column in by:
            assert df.groupby(column, observed=True).size().sum() == len(df), column
            assert len(df.sort_values(column)) == len(df)


@pytest.mark.parametrize("backend", BACKENDS)
def test_categories_are_those_of_the_reference(demo: finrst.Capture, backend: Backend) -> None:
    df = demo.to_pandas(dtype_backend=backend)
    words = {row["name"]: row["words"] for row in finrst.columns() if row["table"] == "connections"}
    for name in ("cause", "ending", "ended_by", "phase"):
        assert list(df[name].cat.categories) == words[name], name
    # Two days together keep them.
    both = pd.concat([df, df])
    assert isinstance(both["cause"].dtype, pd.CategoricalDtype)


@pytest.mark.parametrize("backend", BACKENDS)
def test_lists_can_be_grouped_and_compared(demo: finrst.Capture, backend: Backend) -> None:
    df = demo.to_pandas(dtype_backend=backend)
    assert len(df.drop_duplicates()) == len(df)
    assert len(pd.concat([df, df]).drop_duplicates()) == len(df)
    sizes = df.groupby("alternatives").size()
    assert sizes.sum() == len(df)
    assert sizes.index.is_unique
    assert df["evidence"].value_counts().sum() == len(df)
    # The values are those of the tables, whoever reads them.
    for name in ("alternatives", "evidence"):
        assert [list(value) for value in df[name]] == demo.connections[name]
    rows = df.explode("alternatives")["alternatives"].dropna()
    assert list(pd.json_normalize(list(rows)).columns) == ["cause", "confidence"]
    # An empty table, and one of lists of words.
    assert list(demo.connections.slice(0, 0).to_pandas(dtype_backend=backend).columns)
    twins = finrst.causes().to_pandas(dtype_backend=backend)["twins"]
    assert [list(value) for value in twins] == finrst.causes()["twins"]
    assert (
        demo.connections.slice(3, 4).to_pandas(dtype_backend=backend)["evidence"].iloc[0]
        == (df["evidence"].iloc[3])
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_parquet_and_back(demo: finrst.Capture, backend: Backend, tmp_path: Path) -> None:
    df = demo.to_pandas(dtype_backend=backend)
    df.to_parquet(tmp_path / "x.parquet")
    back = pd.read_parquet(tmp_path / "x.parquet")
    assert str(back["start"].dtype).endswith("UTC]") or "UTC" in str(back["start"].dtype)
    assert list(back["start"].astype("int64")) == list(df["start"].astype("int64"))
    assert list(back["cause"].astype(str)) == list(df["cause"].astype(str))
    # What finrst writes itself is the same.
    demo.write(tmp_path / "y.parquet")
    other = pd.read_parquet(tmp_path / "y.parquet")
    assert list(other["start"].astype("int64")) == list(df["start"].astype("int64"))
    assert list(other["cause"].cat.categories) == list(df["cause"].cat.categories)


def test_csv_keeps_nanoseconds_and_zone(demo: finrst.Capture, tmp_path: Path) -> None:
    df = demo.to_pandas()
    for path in (tmp_path / "pandas.csv", tmp_path / "finrst.csv"):
        if path.stem == "pandas":
            df.to_csv(path, index=False)
        else:
            demo.write(path)
        back = pd.read_csv(path, parse_dates=["start"])
        assert list(back["start"]) == list(df["start"])
        assert str(back["start"].dtype).endswith("UTC]")
        assert ".565156" in path.read_text(encoding="utf-8")
        assert list(back["cause"]) == list(df["cause"].astype(str))


def test_differences_are_right(demo: finrst.Capture) -> None:
    df = demo.to_pandas()
    assert list((df["client_ttl"] - 70)[:2]) == [-6, -6]
    assert (df["server_port"] - df["client_port"]).min() < 0
    kinds = {
        str(dtype).lower()
        for table in ("connections", "teardowns", "files")
        for dtype in demo.to_pandas(table).dtypes
    }
    assert not any(kind.startswith("uint") for kind in kinds)


def test_hours_of_another_zone(demo: finrst.Capture) -> None:
    df = demo.to_pandas()
    local = df["start"].dt.tz_convert("Asia/Kolkata").dt.floor("h")
    assert {moment.hour for moment in local} == {11, 12}
    assert df.groupby(local).size().sum() == 25


def test_excel_of_pandas_needs_naive_times(demo: finrst.Capture, tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    df = demo.to_pandas()
    with pytest.raises(ValueError, match="timezone"):
        df.to_excel(tmp_path / "x.xlsx")
    naive: dict[str, Any] = {
        str(name): df[name].dt.tz_localize(None) for name in df.select_dtypes("datetimetz")
    }
    df.assign(**naive).to_excel(tmp_path / "x.xlsx", index=False)
    assert len(pd.read_excel(tmp_path / "x.xlsx")) == 25


def test_excel(demo: finrst.Capture, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    for table in ("connections", "teardowns", "ledger", "interfaces", "issues", "files", "names"):
        target = tmp_path / f"{table}.xlsx"
        assert demo.write(target, table) == len(demo.table(table))
    sheet = openpyxl.load_workbook(tmp_path / "connections.xlsx")["connections"]
    head = [cell.value for cell in sheet[1]]
    names = [
        name if name not in {"start", "end", "close_start"} else f"{name} (UTC)"
        for name in demo.connections.column_names
    ]
    assert head == names
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 25
    first = dict(zip(head, rows[0], strict=True))
    start = demo.connections["start"][0]
    assert abs((first["start (UTC)"] - start.replace(tzinfo=None)).total_seconds()) < 0.002
    assert first["client_port"] == demo.connections["client_port"][0]
    assert first["cause"] == demo.connections["cause"][0]
    assert first["vlan_id"] is None
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.freeze_panes == "A2"


def test_excel_runs_nothing(tmp_path: Path, hostile: str) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    source = tmp_path / "=cmd()\x1b[2J.pcap"
    source.write_bytes(DEMO.read_bytes())
    target = tmp_path / "x.xlsx"
    finrst.read(bytes(DEMO.read_bytes())).write(target)
    from finrst._files.excel import Workbook

    rows = finrst.conversation("> S, < R.").connections
    book = Workbook(tmp_path / "y.xlsx", rows, overwrite=False)
    cell = book._value(hostile)
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert "\x1b" not in cell.value
    assert "\x00" not in cell.value
    book.close()
    finrst.read(source).write(target, "files")
    sheet = openpyxl.load_workbook(target)["files"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_excel_has_an_end(demo: finrst.Capture, tmp_path: Path, monkeypatch: Any) -> None:
    pytest.importorskip("openpyxl")
    monkeypatch.setattr("finrst._files.excel._ROWS", 24)
    with pytest.raises(ValueError, match=r"choose \.parquet or \.csv"):
        demo.write(tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_polars(demo: finrst.Capture) -> None:
    pl = pytest.importorskip("polars")
    frame = demo.to_polars()
    assert frame.schema["start"] == pl.Datetime("ns", "UTC")
    counts = dict(frame.group_by("cause").len().iter_rows())
    assert counts == dict(demo.connections.counts("cause"))
    assert frame.sort("cause").height == 25
