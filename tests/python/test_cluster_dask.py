"""Dask as what runs the tasks, and DataFrames of Dask as what they are looked at with."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO
from cutting import cut, same
from finrst.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed", reason="Dask is not installed")
pytest.importorskip("pyarrow")
# Dask's own reader asks pandas for what pandas will not have for long.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(host="127.0.0.1", **options) as made:
        yield made


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as made:
        made.wait_for_workers(2, timeout=60)
        yield made


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dask")
    cut(DEMO, place / "captures", 5)
    return place / "captures"


@pytest.fixture(scope="module")
def ds(pieces: Path) -> finrst.cluster.Dataset:
    options: dict[str, Any] = {"run_bytes": 1, "progress": False}
    return finrst.cluster.read(pieces, to=pieces.parent / "to", **options)


def read(pieces: Path, to: Path, client: Any, buckets: int = 4) -> finrst.cluster.Dataset:
    return finrst.cluster.read(
        pieces, to=to, client=client, run_bytes=1, buckets=buckets, progress=False
    )


def test_two_workers_give_the_rows_of_one_reading(
    pieces: Path, tmp_path: Path, client: Any
) -> None:
    same(read(pieces, tmp_path / "to", client), finrst.read(pieces))
    # A Client of somebody else goes on.
    assert client.submit(pow, 2, 3).result() == 8


def test_a_worker_that_is_killed_in_the_middle(
    pieces: Path, tmp_path: Path, cluster: Any, client: Any
) -> None:
    killed = []

    def kill() -> None:
        while not list((tmp_path / "to").rglob("run-*.json")):
            time.sleep(0.01)
        killed.append(cluster.workers[0].process.pid)
        os.kill(killed[0], 9)

    killer = threading.Thread(target=kill)
    killer.start()
    ds = read(pieces, tmp_path / "to", client, buckets=24)
    killer.join()
    assert killed
    same(ds, finrst.read(pieces))
    assert not list((tmp_path / "to").rglob("*.tmp"))


def test_an_error_of_a_task_is_the_one_that_was_raised(tmp_path: Path, client: Any) -> None:
    cut(DEMO, tmp_path / "captures", 2)
    last = max((tmp_path / "captures").iterdir())
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(finrst.CaptureError, match="strict reading"):
        finrst.cluster.read(
            tmp_path / "captures", to=tmp_path / "to", client=client, strict=True, progress=False
        )


def test_a_client_that_is_asynchronous_is_refused(pieces: Path, tmp_path: Path) -> None:
    class Client:
        asynchronous = True

    Client.__module__ = "distributed.client"
    with pytest.raises(ValueError, match="an asynchronous Client cannot be waited for"):
        read(pieces, tmp_path / "to", Client())


def test_the_command_takes_a_scheduler(
    pieces: Path, tmp_path: Path, cluster: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    to = str(tmp_path / "to")
    address = cluster.scheduler_address
    code = main(["cluster", str(pieces), "--to", to, "--scheduler", address, "--run-bytes", "1"])
    assert code == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{to}: 5 parts"
    same(finrst.cluster.open(to), finrst.read(pieces))


# DataFrames.


def test_frames_have_the_rows_and_types_of_to_pandas(
    pieces: Path, ds: finrst.cluster.Dataset
) -> None:
    import pandas as pd

    cap = finrst.read(pieces)
    frames: dict[str, Any] = {"connections": ds.connections, "teardowns": ds.teardowns}
    for which, frame in frames.items():
        wanted = cap.to_pandas(which, dtype_backend="pyarrow")
        found = frame.compute().reset_index(drop=True)
        assert list(found) == [*wanted, "date"]
        assert set(found["date"]) == {"2026-11-22"}
        flat = [name for name in wanted if name not in {"evidence", "alternatives"}]
        pd.testing.assert_frame_equal(found[flat], wanted[flat])


def test_filters_and_columns_are_looked_up_in_the_files(ds: finrst.cluster.Dataset) -> None:
    rows = ds.connections
    some = rows[(rows.server_port == 4022) & (rows.ending == "reset")][["connection_id", "cause"]]
    (asked,) = some.simplify().expr.find_operations(type(rows.expr))
    assert sorted(asked.operand("columns")) == ["cause", "connection_id"]
    assert sorted(asked.operand("filters")[0]) == [
        ("ending", "==", "reset"),
        ("server_port", "==", 4022),
    ]
    (found,) = some.compute().to_dict("records")
    assert found == {"connection_id": 13, "cause": "reset_injected"}


def test_frames_group_sort_and_look_for_words(ds: finrst.cluster.Dataset) -> None:
    rows = ds.connections
    counts = rows.groupby("cause", observed=True).size().compute()
    assert counts["still_open"] == 6
    assert len(rows[rows.ending.isin(["reset", "graceful"])].compute()) == 10
    assert rows.sort_values("cause").head(1).cause.iloc[0] in set(finrst.causes()["name"])
    assert float(rows.duration_s.max().compute()) == max(ds.table("connections")["duration_s"])
