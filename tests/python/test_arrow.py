"""Tables go to every consumer of the Arrow PyCapsule protocol, without copying."""

from __future__ import annotations

import ctypes
import gc
from typing import Any

import pytest

import finrst

NUMBERS = {"int64", "uint32", "uint16", "uint8", "float64", "bool"}


@pytest.fixture
def pa() -> Any:
    return pytest.importorskip("pyarrow")


def test_pyarrow_gets_every_type(cap: finrst.Capture, pa: Any) -> None:
    table = pa.table(cap.connections)
    assert table.num_rows == 1
    declared = {r["name"]: r for r in finrst.columns() if r["table"] == "connections"}
    assert table.column_names == list(declared)
    for field in table.schema:
        column = declared[field.name]
        assert field.nullable == column["nullable"], field.name
        assert field.metadata[b"doc"].decode() == column["doc"]
        assert (field.metadata.get(b"unit") or b"").decode() == (column["unit"] or "")
        if column["type"] in NUMBERS:
            assert str(field.type).replace("double", "float64") == column["type"]
        if column["type"].startswith("dictionary"):
            keys = getattr(pa, column["type"][len("dictionary<") :].partition(",")[0])()
            assert field.type == pa.dictionary(keys, pa.string())
            words = table[field.name].chunk(0).dictionary.to_pylist()
            assert column["words"] == (words if keys == pa.int8() else [])
            assert len(set(words)) == len(words)
    assert table.schema.field("start").type == pa.timestamp("ns", "UTC")
    table.validate(full=True)


def test_consumers_share_the_memory(cap: finrst.Capture, pa: Any) -> None:
    first, second = (pa.table(cap.connections)["start"].chunk(0).buffers()[1] for _ in "12")
    assert first.address == second.address


def test_polars(cap: finrst.Capture) -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(cap.connections)
    assert frame["ending"].to_list() == ["graceful"]
    assert frame.schema["start"] == pl.Datetime("ns", "UTC")
    assert frame.schema["ending"] == pl.Categorical
    assert cap.to_polars("teardowns")["kind"].to_list() == ["fin", "fin"]


def test_duckdb_reads_again_and_again(cap: finrst.Capture) -> None:
    duckdb = pytest.importorskip("duckdb")
    connections = cap.connections
    with duckdb.connect() as con:
        con.register("connections", connections)
        for _ in range(2):
            found = con.execute("select ending, server_bytes from connections").fetchall()
            assert found == [("graceful", 5000)]


def test_pandas_dtypes(cap: finrst.Capture) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = cap.to_pandas()
    assert list(frame.columns) == cap.connections.column_names
    assert str(frame["start"].dtype) == "datetime64[ns, UTC]"
    assert frame["ending"].dtype == "category"
    assert frame["client_bytes"].dtype == "int64"
    assert frame["deciding_packet"].dtype == "Int64"
    assert frame["duration_s"].dtype == "float64"
    assert frame["censored"].dtype == "bool"
    assert frame.groupby("ending", observed=True).size().to_dict() == {"graceful": 1}
    arrow = cap.to_pandas("teardowns", dtype_backend="pyarrow")
    kinds = pd.ArrowDtype, pd.CategoricalDtype
    lists = {"evidence", "alternatives"}
    assert all(isinstance(arrow[name].dtype, kinds) for name in set(arrow.columns) - lists)
    with pytest.raises(ValueError, match="dtype_backend"):
        cap.to_pandas(dtype_backend="nonsense")  # type: ignore[arg-type]


def test_dtypes_do_not_depend_on_the_rows(cap: finrst.Capture) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    empty = cap.connections.head(0).to_pandas()
    assert list(empty.dtypes) == list(cap.connections.to_pandas().dtypes)


def test_slices(cap: finrst.Capture) -> None:
    teardowns = cap.teardowns
    assert [len(teardowns.slice(n, 1)) for n in range(4)] == [1, 1, 0, 0]
    assert teardowns.slice(1, 9)["packet"] == teardowns["packet"][1:]
    with pytest.raises(ValueError, match="negative"):
        teardowns.slice(-1, 1)


def test_capsules_that_nobody_takes_are_released(cap: finrst.Capture) -> None:
    connections = cap.connections
    for _ in range(1000):
        connections.__arrow_c_stream__()
        connections.__arrow_c_schema__()
    gc.collect()


def test_capsules_have_the_protocol_names(cap: finrst.Capture) -> None:
    get_name: Any = ctypes.pythonapi.PyCapsule_GetName
    get_name.restype, get_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    assert get_name(cap.connections.__arrow_c_stream__(None)) == b"arrow_array_stream"
    assert get_name(cap.connections.__arrow_c_schema__()) == b"arrow_schema"
    # Consumers prefer it, and it cannot hold several batches.
    assert not hasattr(cap.connections, "__arrow_c_array__")


def test_columns_as_python_objects(cap: finrst.Capture) -> None:
    row = next(iter(cap.connections))
    assert row["client_port"] == 40000
    assert row["start"].tzinfo is not None
    assert row["tunnel"] is None
    with pytest.raises(KeyError):
        cap.connections["nothing"]
    with pytest.raises(ValueError, match=r"no column '\\x1b"):
        cap.connections.counts("\x1b[2J")
