"""A capture read by many workers has the rows of one reading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO
from conftest import ROOT
from cutting import Here, cut, same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytest.importorskip("pyarrow", reason="pyarrow is not installed: nothing is written as Parquet")

FROZEN = sorted((ROOT / "tests/lab/frozen").glob("*.pcap.xz"))[::15]


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    cut(DEMO, tmp_path / "captures", 5)
    return tmp_path / "captures"


def read(paths: Any, to: Path, client: Any = None, **options: Any) -> finrst.cluster.Dataset:
    """Read with a run for each file."""
    options = {"run_bytes": 1, "progress": False, **options}
    return finrst.cluster.read(paths, to=to, client=client, **options)


# What runs the tasks.

EXECUTORS: dict[str, Callable[[], Executor | None]] = {
    "none": type(None),
    "workers": lambda: finrst.cluster.Workers(2),
    "processes": lambda: ProcessPoolExecutor(2),
    "threads": lambda: ThreadPoolExecutor(2),
    "here": Here,
}


@pytest.mark.parametrize("kind", EXECUTORS)
def test_the_rows_are_those_of_one_reading(kind: str, pieces: Path, tmp_path: Path) -> None:
    client = EXECUTORS[kind]()
    ds = read(pieces, tmp_path / "to", client)
    if client is not None:
        client.shutdown()
    same(ds, finrst.read(pieces))
    same(finrst.cluster.open(tmp_path / "to"), finrst.read(pieces))
    # Nothing is left but results.
    assert sorted(one.name for one in (tmp_path / "to").iterdir()) == [
        "_finrst.json",
        "connections",
        "files.parquet",
        "interfaces.parquet",
        "issues.parquet",
        "ledger.parquet",
        "names.parquet",
        "teardowns",
    ]
    assert not list((tmp_path / "to").rglob("*.tmp"))


@pytest.mark.parametrize("capture", FROZEN, ids=lambda path: path.name.partition(".pcap")[0])
def test_captures_of_the_laboratory_cut_in_three(capture: Path, tmp_path: Path) -> None:
    paths = cut(capture, tmp_path / "captures", 3)
    for buckets in (1, 7):
        ds = read(paths, tmp_path / f"to{buckets}", Here(), buckets=buckets)
        same(ds, finrst.read(paths))


@pytest.mark.parametrize(
    "options",
    [
        {"filter": "portrange 4001-4020"},
        {"start": "+10s", "end": "+2 min"},
        {"start": "2026-11-22 07:00:20", "tz": "Europe/Berlin"},
        {"hosts": {"10.77.0.2": "server.example"}, "parameters": {"handshake_timeout_s": 0.2}},
        {"linger": 1, "idle_timeout": "5 s", "threads": 2, "chunk": "64KiB"},
    ],
    ids="-".join,
)
def test_options_are_those_of_one_reading(
    options: dict[str, Any], pieces: Path, tmp_path: Path
) -> None:
    same(read(pieces, tmp_path / "to", Here(), **options), finrst.read(pieces, **options))


def test_a_hosts_file_is_read_once(pieces: Path, tmp_path: Path) -> None:
    names = tmp_path / "hosts"
    names.write_text("10.77.0.2 server.example\n")

    def gone(done: int) -> None:
        names.unlink(missing_ok=done > 0)

    ds = read(pieces, tmp_path / "to", Here(gone), hosts=names)
    assert ds.names["name"] == ["server.example"]


def test_files_that_overlap_and_are_named_in_another_order(tmp_path: Path) -> None:
    """Two capture points at once: each packet of the one lies between packets of the other."""
    from cutting import octets, records

    head, packets = records(octets(DEMO))
    paths = []
    for number, some in enumerate((packets[1::2], packets[::2])):
        for part in range(2):
            half = len(some) // 2
            path = tmp_path / f"eth{number}-{part}.pcap"
            path.write_bytes(head + b"".join(some[half:] if part == 0 else some[:half]))
            paths.append(path)
    ds = read(paths, tmp_path / "to", Here())
    same(ds, finrst.read(paths))
    assert {row["kind"] for row in ds.issues} >= {"files_overlap", "files_out_of_order"}


def test_what_is_no_capture_is_told_as_one_reading_tells_it(pieces: Path, tmp_path: Path) -> None:
    (pieces / "notes.txt").write_text("hello")
    (pieces / "deeper").mkdir()
    last = max(pieces.glob("*.pcap"))
    last.write_bytes(last.read_bytes()[:-3])
    with pytest.warns(finrst.CaptureWarning, match="its end is cut"):
        ds = read(pieces, tmp_path / "to", Here())
    with pytest.warns(finrst.CaptureWarning):
        cap = finrst.read(pieces)
    same(ds, cap)
    assert len(ds.issues) == 3


def test_a_capture_without_tcp_has_tables_without_rows(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(DEMO.read_bytes()[:24])
    ds = read(empty, tmp_path / "to", Here())
    same(ds, finrst.read(empty))
    assert len(ds) == 0
    assert bool(ds)


# Where the rows lie.


def test_parts_are_in_order_by_their_names(pieces: Path, tmp_path: Path) -> None:
    ds = read(pieces, tmp_path / "to", Here())
    for which, key in (("connections", "connection_id"), ("teardowns", "packet")):
        places = ds.places(which)
        assert len(places) == 5
        assert places == sorted((tmp_path / "to" / which).rglob("*.parquet"))
        assert {place.parent.name for place in places} == {"date=2026-11-22"}
        keys = ds.arrow(which)[key].to_pylist()
        assert keys == sorted(keys)


def test_a_run_ends_with_the_day_and_at_its_size(tmp_path: Path) -> None:
    from cutting import octets, records

    head, packets = records(octets(DEMO))
    day, paths = 86_400, []
    for number in range(4):
        path = tmp_path / f"{number}.pcap"
        late = b"".join(
            (int.from_bytes(one[:4], "little") + number // 2 * day).to_bytes(4, "little") + one[4:]
            for one in packets[number::4]
        )
        path.write_bytes(head + late)
        paths.append(path)
    ds = read(paths, tmp_path / "to", Here(), run_bytes="1 GiB", buckets=2)
    same(ds, finrst.read(paths))
    assert [place.parent.name for place in ds.places("connections")] == [
        "date=2026-11-22",
        "date=2026-11-23",
    ]
    record = json.loads((tmp_path / "to/_finrst.json").read_text())
    assert [len(run["files"]) for run in record["runs"]] == [2, 2]
    assert record["state"] == "complete"
    assert record["finrst"] == finrst.__version__


def test_duckdb_reads_it_by_the_day(pieces: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    read(pieces, tmp_path / "to", Here())
    rows = f"read_parquet('{tmp_path}/to/connections/**', hive_partitioning=true)"
    query = f"select date, count(*) from {rows} where ending = 'reset' group by all"
    (found,) = duckdb.sql(query).fetchall()
    assert (str(found[0]), found[1]) == ("2026-11-22", 7)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Dask's own
@pytest.mark.parametrize("which", ["connections", "teardowns"])
def test_other_programs_read_the_same_rows(which: str, pieces: Path, tmp_path: Path) -> None:
    """Parts differ in the words that their columns have, and some have no rows at all."""
    ds = read(pieces, tmp_path / "to", Here())
    wanted = ds.arrow(which).to_pylist()
    words = [name for name, value in wanted[0].items() if isinstance(value, str)]
    assert len(words) > 8
    folder = tmp_path / "to" / which
    numbers = ["packet", "connection_id"] if which == "teardowns" else ["connection_id"]

    def holds(rows: list[dict[str, Any]]) -> None:
        rows = sorted(rows, key=lambda row: [row[name] for name in numbers])
        for name in [*numbers, *words]:
            found = [None if row[name] != row[name] else row[name] for row in rows]
            assert found == [row[name] for row in wanted], name

    pandas = pytest.importorskip("pandas")
    holds(pandas.read_parquet(folder).to_dict("records"))
    polars = pytest.importorskip("polars")
    lazy = polars.scan_parquet(folder, hive_partitioning=True)
    holds(lazy.collect().to_dicts())
    assert len(lazy.filter(polars.col("connection_id") == 3).collect()) > 0
    duckdb = pytest.importorskip("duckdb")
    query = f"select * from read_parquet('{folder}/**', hive_partitioning=true)"
    holds(duckdb.sql(query).to_arrow_table().to_pylist())
    dask = pytest.importorskip("dask.dataframe")
    holds(dask.read_parquet(str(folder)).compute(scheduler="sync").to_dict("records"))


# Lost workers and second starts.


def test_a_killed_worker_costs_one_task(pieces: Path, tmp_path: Path) -> None:
    with finrst.cluster.Workers(2) as workers:
        sleeping = workers.submit(time.sleep, 60)
        while not workers.pids():
            time.sleep(0.01)
        victim = workers.pids()[0]
        other = workers.submit(pow, 2, 5)
        os.kill(victim, 9)
        with pytest.raises(BrokenExecutor, match="killed by signal 9"):
            sleeping.result()
        assert other.result() == 32
        ds = read(pieces, tmp_path / "to", workers)
    same(ds, finrst.read(pieces))


def test_a_pool_that_a_killed_process_broke_is_replaced(pieces: Path, tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        pool.submit(pow, 2, 5).result()
        os.kill(next(iter(pool._processes)), 9)
        same(read(pieces, tmp_path / "to", pool), finrst.read(pieces))


def test_a_task_that_loses_every_worker_ends_the_reading(pieces: Path, tmp_path: Path) -> None:
    def lost(_: int) -> None:
        message = "a worker process was killed"
        raise BrokenExecutor(message)

    with pytest.raises(ChildProcessError, match=r"digest of '.*' \(4 times\).*memory"):
        read(pieces, tmp_path / "to", Here(lost))


def test_a_second_start_does_what_is_left(pieces: Path, tmp_path: Path) -> None:
    whole = Here()
    read(pieces, tmp_path / "whole", whole, buckets=3)
    assert whole.done == ["digest"] * 5 + ["stitch"] * 3 + ["judge"] * 5

    def stopped(at: int) -> Here:
        def stop(done: int) -> None:
            if done == at:
                message = "somebody has pulled the plug"
                raise RuntimeError(message)

        return Here(stop)

    done = []
    for _ in range(7):
        some = stopped(2)
        with pytest.raises(RuntimeError, match="pulled the plug"):
            read(pieces, tmp_path / "to", some, buckets=3)
        done += some.done
        if len(done) == 12:
            break
    assert not (tmp_path / "to/ledger.parquet").exists()
    with pytest.raises(ValueError, match="is not complete, 5 runs missing"):
        finrst.cluster.open(tmp_path / "to")
    rest = Here()
    ds = read(pieces, tmp_path / "to", rest, buckets=3)
    assert done + rest.done == whole.done
    same(ds, finrst.read(pieces))
    again = Here()
    same(read(pieces, tmp_path / "to", again, buckets=3), finrst.read(pieces))
    assert again.done == []


@pytest.mark.parametrize("moment", range(5))
def test_workers_killed_at_random_moments(moment: int, pieces: Path, tmp_path: Path) -> None:
    from kills_cluster import killed_reading

    ds, kills = killed_reading(pieces, tmp_path / "to", seed=moment)
    same(ds, finrst.read(pieces))
    assert kills >= 1


def test_a_reading_that_is_killed_leaves_nothing_half(pieces: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    code = (
        "import sys, finrst;"
        "finrst.cluster.read(sys.argv[1], to=sys.argv[2], run_bytes=1, buckets=4,"
        " client=finrst.cluster.Workers(2))"
    )
    command = [sys.executable, "-c", code, str(pieces), str(tmp_path / "to")]
    for wait in (0.6, 0.9, 1.2):
        process = subprocess.Popen(command)
        time.sleep(wait)
        process.kill()
        process.wait()
        for place in (tmp_path / "to").rglob("*.parquet"):
            pq.read_table(place, partitioning=None)
    same(read(pieces, tmp_path / "to", Here(), buckets=4), finrst.read(pieces))
    assert not list((tmp_path / "to").rglob("*.tmp"))
