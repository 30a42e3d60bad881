"""Captures in an object store read by many workers, and results that are kept in one."""

from __future__ import annotations

import json
import pickle
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO
from cutting import TABLES, Here, cut, same
from finrst.__main__ import main
from finrst._base.stores import cloud
from finrst.cluster._tasks import Job
from test_cluster_manual import blocks
from warehouse import SECRET, Asked, Warehouse, Web, warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("pyarrow", reason="pyarrow is not installed: nothing is written as Parquet")


@pytest.fixture(scope="module")
def running() -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as environment:
        yield from warehouse(environment)


@pytest.fixture
def store(running: Warehouse, tmp_path: Path) -> Iterator[Warehouse]:
    """A capture in three objects, with an empty one that stands for their folder."""
    running.clear()
    running.put("day/", b"")
    for path in cut(DEMO, tmp_path / "captures", 3):
        running.put(f"day/{path.name}", path.read_bytes())
    running.gate.reset()
    yield running
    running.gate.reset()


DAY, TO = "s3://caps/day/", "s3://caps/lake/endings"


def read(paths: Any, to: Any, client: Any = None, **options: Any) -> finrst.cluster.Dataset:
    """Read with a run for each object, in this process."""
    options = {"run_bytes": 1, "buckets": 2, "progress": False, **options}
    return finrst.cluster.read(paths, to=to, client=client or Here(), **options)


def keys(store: Warehouse, below: str = "") -> list[str]:
    return sorted(one["path"] for page in store.obstore.list(store.bucket, below) for one in page)


def refusing(status: int, code: str, *, method: str, path: str) -> Any:
    """A rule by which requests are refused, by a part of the path."""

    def rule(asked: Asked) -> tuple[int, str] | None:
        return (status, code) if asked.method == method and path in asked.path else None

    return rule


def test_all_of_it_in_a_store(store: Warehouse) -> None:
    """Captures, scratch and results: the tables of one reading, and nothing else is left."""
    cap = finrst.read(DAY)
    ds = read(DAY, TO)
    same(ds, cap)
    assert ds.path == TO
    assert ds.places("teardowns")[0] == f"{TO}/teardowns/date=2026-11-22/part-00000.parquet"
    assert [key.partition("endings/")[2] for key in keys(store, "lake")] == [
        "_finrst.json",
        *(f"connections/date=2026-11-22/part-0000{n}.parquet" for n in range(3)),
        *("files.parquet", "interfaces.parquet", "issues.parquet", "ledger.parquet"),
        "names.parquet",
        *(f"teardowns/date=2026-11-22/part-0000{n}.parquet" for n in range(3)),
    ]
    opened = finrst.cluster.open(f"{TO}/")
    same(opened, cap)
    assert opened.summary()["ended_by"]["client"] == 7
    assert opened.findings().to_dict() == cap.findings().to_dict()
    assert str(opened.connection(13).explain()) == str(cap.connection(13).explain())
    some = opened.arrow(columns=["cause"], filters=[("ending", "==", "graceful")])
    assert (some.column_names, some.num_rows) == (["cause"], 3)
    again = Here()
    same(read(DAY, TO, again), cap)
    assert again.done == []


def test_frames_of_dask_read_objects(store: Warehouse, tmp_path: Path) -> None:
    pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    del store
    ds = read(sorted((tmp_path / "captures").iterdir()), TO)
    rows = ds.connections
    some = rows[(rows.ending == "reset") & (rows.server_port == 4022)][["connection_id", "cause"]]
    counted: Any = some
    (found,) = counted.compute().to_dict("records")
    assert found == {"connection_id": 13, "cause": "reset_injected"}
    others: Any = ds.teardowns
    assert len(others.compute()) == 32
    # What goes to workers of Dask.
    tasks = pickle.loads(pickle.dumps(dict(some.optimize().dask)))
    assert len(tasks) >= 3


@pytest.mark.parametrize("names", ["s3://caps/*/*.pcap", "s3://caps/**"])
def test_patterns_and_directories_are_those_of_read(
    names: str, store: Warehouse, tmp_path: Path
) -> None:
    store.put("deeper/notes.txt", b"hello")
    same(read(names, tmp_path / "to"), finrst.read(names))


def test_addresses_of_the_web_keep_their_secrets(tmp_path: Path) -> None:
    web = Web()
    try:
        urls = []
        for path in cut(DEMO, tmp_path / "captures", 2):
            web.files[path.name] = path.read_bytes()
            urls.append(web.url(f"{path.name}?X-Amz-Signature={SECRET}"))
        ds = read(urls, tmp_path / "to")
        same(ds, finrst.read(urls))
        assert all("X-Amz" in asked for _, asked, _ in web.asked)
        kept = [one.read_bytes() for one in (tmp_path / "to").rglob("*") if one.is_file()]
        assert not [one for one in kept if SECRET.encode() in one]
        assert read(urls, tmp_path / "to").files["file"][0] == web.url("q0.pcap")
    finally:
        web.close()
    with pytest.raises(ValueError, match="not into https://"):
        read(tmp_path / "captures", "https://host/endings")


def test_addresses_that_differ_in_their_queries_alone_are_different_captures(
    tmp_path: Path,
) -> None:
    web = Web()
    try:
        first, *others = cut(DEMO, tmp_path / "captures", 4)
        (tmp_path / "day").mkdir()
        (tmp_path / "more").mkdir()
        first.rename(tmp_path / "day" / first.name)
        others.pop().rename(tmp_path / "more" / "last.pcap")
        for number, path in enumerate(others):
            web.files[f"get?part={number}"] = path.read_bytes()
        # Named behind a directory, and the later one first.
        urls = [web.url("get?part=1"), web.url("get?part=0")]
        names = [str(tmp_path / "day"), *urls, str(tmp_path / "more/last.pcap")]
        survey = finrst.survey(names)
        found = [file for file in survey["files"] if file["path"] is None]
        assert [file["name"] for file in found] == [web.url("get")] * 2
        assert [file["stamp"][0] for file in found] == [path.stat().st_size for path in others]
        run = finrst.digest(urls, tmp_path / "run.frd", buckets=1)
        assert [file["stamp"] for file in run["files"]] == [file["stamp"] for file in found]
        assert [file["changed"] for file in run["files"]] == [False] * 2
        # As two runs that come in the other order, the survey tells which is which.
        runs = [
            finrst.digest(url, tmp_path / f"run-{number}.frd", buckets=1, of=2)
            for number, url in enumerate(urls)
        ]
        order = finrst.plan(runs, finrst.survey(urls)).order
        assert order is not None
        assert [(run, place) for run, place, *_ in order] == [(1, 0), (0, 0)]
        same(read(names, tmp_path / "to"), finrst.read(names))
    finally:
        web.close()


@pytest.mark.usefixtures("store")
def test_a_task_makes_one_client_of_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    begin = cloud.Cloud.__init__

    def counted(self: cloud.Cloud, name: Any, options: Any) -> None:
        made.append(name.shown)
        begin(self, name, options)

    monkeypatch.setattr(cloud.Cloud, "__init__", counted)
    ds = read(DAY, TO, run_bytes="1 GiB")
    assert len(made) == 1, "who reads in this process needs no other"
    made.clear()
    with ThreadPoolExecutor(1) as pool:
        read(DAY, "s3://caps/lake/others", pool, run_bytes="1 GiB")
    # A digest, two buckets, the rows of a run: each is a task. And whoever waits for them.
    assert len(made) == 5
    assert len(ds) == 25


def test_options_of_stores_are_told_to_tasks_and_kept_nowhere(
    store: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"access_key_id": "AKIAOTHER", "secret_access_key": SECRET}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with ThreadPoolExecutor(2) as pool:
        ds = read(DAY, TO, pool, storage_options=given)
    assert all("AKIAOTHER" in str(one.authorization) for one in store.gate.asked)
    assert finrst.cluster.open(TO, storage_options=given).path == ds.path
    store.gate.reset()
    for key in keys(store, "lake"):
        held = bytes(store.obstore.get(store.bucket, key).bytes())
        assert SECRET.encode() not in held
        assert b"AKIAOTHER" not in held
    assert SECRET not in repr(Job("s", "t", 1, 1, 1, None, {}, given))


# What stores do.


def test_a_busy_store_is_asked_again(store: Warehouse, tmp_path: Path) -> None:
    before, left = read(DAY, tmp_path / "to"), {"day/": 2, "run-00001.frd": 2, "facts-00001.frf": 2}

    def rule(asked: Asked) -> tuple[int, str] | None:
        for part, times in left.items():
            if part in asked.path and times:
                left[part] -= 1
                return 503, "SlowDown"
        return None

    store.gate.rule = rule
    ds = read(DAY, TO)
    assert set(left.values()) == {0}
    store.gate.reset()
    assert ds.arrow("connections").equals(before.arrow("connections"))


@pytest.mark.parametrize("at", [0, 2, 4, 6])
def test_an_object_that_is_replaced_or_gone_between_steps_is_named(
    at: int, store: Warehouse, tmp_path: Path
) -> None:
    last = finrst.read(DAY).files["file"][-1]
    key = last.removeprefix("s3://caps/")
    data = bytes(store.obstore.get(store.bucket, key).bytes())

    def replace(done: int) -> None:
        if done == at:
            # As long as it was.
            store.put(key, data[:-1] + bytes([data[-1] ^ 1]))

    with pytest.raises(finrst.CaptureError, match=f"'{last}' has changed since the reading began"):
        read(DAY, tmp_path / "to", Here(replace))
    store.put(key, data)
    with pytest.raises(finrst.CaptureError, match=f"'{last}' is gone since the reading began"):
        read(DAY, tmp_path / "other", Here(lambda done: store.delete(key) if done == at else None))
    with pytest.raises(ValueError, match="is not complete"):
        finrst.cluster.open(tmp_path / "other")


def test_a_store_that_is_out_of_reach_is_no_end_of_a_capture(
    store: Warehouse, tmp_path: Path
) -> None:
    last = finrst.read(DAY).files["file"][-1]
    key = last.removeprefix("s3://caps/")
    # It can be looked up, and not be read, but for what the survey read of it.
    rule = refusing(500, "InternalError", method="GET", path=key)

    def break_off(_: int) -> None:
        store.gate.rule = rule

    options = {"retry_config": {"max_retries": 0}}
    with pytest.raises(OSError, match=r"could not be read|InternalError") as caught:
        read(DAY, tmp_path / "to", Here(break_off), storage_options=options)
    assert caught.value.filename == last
    store.gate.reset()
    rest = Here()
    same(read(DAY, tmp_path / "to", rest), finrst.read(DAY))
    assert rest.done.count("digest") < 3


def test_nothing_is_half_under_its_name_and_a_second_start_goes_on(store: Warehouse) -> None:
    """Whatever upload fails for good: what is there can be read, and is not made again."""
    cap = finrst.read(DAY)
    done: list[str] = []
    for path in ("run-00001.frd", "facts-00001.frf", "part-00001.parquet", "ledger.parquet"):
        some = Here()
        store.gate.rule = refusing(403, "AccessDenied", method="PUT", path=path)
        with pytest.raises(PermissionError, match="Access denied") as caught:
            read(DAY, TO, some)
        assert path in str(caught.value.filename)
        done += some.done
        store.gate.reset()
        assert json.loads(_held(store, "_finrst.json"))["state"] == "reading"
        with pytest.raises(ValueError, match="is not complete, 3 runs missing"):
            finrst.cluster.open(TO)
        for key in keys(store, "lake"):
            assert len(_held(store, key.partition("endings/")[2])) > 0
    rest = Here()
    same(read(DAY, TO, rest), cap)
    assert sorted(done + rest.done) == ["digest"] * 3 + ["judge"] * 3 + ["stitch"] * 2
    assert not [key for key in keys(store, "lake") if "_scratch" in key]


def _held(store: Warehouse, key: str) -> bytes:
    return bytes(store.obstore.get(store.bucket, f"lake/endings/{key}").bytes())


def test_an_object_in_scratch_that_is_cut_or_another_is_told(store: Warehouse) -> None:
    held: list[bytes] = []

    def cut_short(done: int) -> None:
        if done == 3:
            (key,) = [one for one in keys(store, "lake") if one.endswith("run-00002.frd")]
            held.append(bytes(store.obstore.get(store.bucket, key).bytes()))
            store.put(key, held[0][:-40])

    with pytest.raises(finrst.StateError, match=r"run-00002\.frd.*cut"):
        read(DAY, TO, Here(cut_short))


# Where results may lie.


def test_results_do_not_go_into_what_is_read(store: Warehouse, tmp_path: Path) -> None:
    before = keys(store)
    for paths, to, said in (
        (DAY, "s3://caps/day", "lies in 's3://caps/day/', which is read"),
        ("s3://caps/**", TO, "lies in 's3://caps/**', which is read"),
        ("s3://caps/day/q0.pcap", "s3://caps/day", "'s3://caps/day/q0.pcap', which is read, lies"),
        (DAY, "s3://caps", "which is read, lies in 's3://caps'"),
    ):
        with pytest.raises(ValueError, match=said.replace("*", r"\*")):
            read(paths, to)
        with pytest.raises(ValueError, match="which is read"):
            read(paths, tmp_path / "to", scratch=to)
    assert keys(store) == before
    assert not (tmp_path / "to").exists()


def test_a_folder_with_something_else_is_left_alone(store: Warehouse) -> None:
    store.put("lake/endings/thesis.txt", b"mine")
    with pytest.raises(FileExistsError, match="it holds something else"):
        read(DAY, TO)
    assert keys(store, "lake") == ["lake/endings/thesis.txt"]
    with pytest.raises(FileNotFoundError, match=r"no results of finrst: it has no _finrst\.json"):
        finrst.cluster.open(TO)


def test_the_command_takes_urls(store: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    del store
    assert main(["cluster", DAY, "--to", TO, "--run-bytes", "1", "--buckets", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{TO}: 3 parts"
    assert main(["cluster", "s3://caps/nothing/", "--to", f"{TO}2"]) == 1
    assert "s3://caps/nothing/: no such object" in capsys.readouterr().err


# The steps, without an engine.


def test_the_manuals_page_on_buckets_runs(
    store: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    for key in keys(store, "day/"):
        held = bytes(store.obstore.get(store.bucket, key).bytes())
        store.put(key.replace("day/", "2026-11-29/"), held)
    (command,) = (one for one in blocks("cluster.md", "sh") if "s3://" in one)
    (code,) = (one for one in blocks("cluster.md", "python") if "s3://" in one)
    # There is one bucket, and whoever runs the tests is all that works.
    command = command.replace("s3://lake", "s3://caps/lake")
    program, *arguments = shlex.split(command.replace("--scheduler tcp://head:8786", "--workers 1"))
    assert program == "finrst"
    assert main(arguments) == 0
    assert "25 TCP connections" in capsys.readouterr().out
    known: dict[str, Any] = {"finrst": finrst, "client": Here()}
    last = code.replace("s3://lake/endings", "s3://caps/lake/others")
    exec(compile(last, "cluster.md", "exec"), known)
    same(known["ds"], finrst.read("s3://caps/2026-11-29/"))


def test_steps_leave_each_other_objects(store: Warehouse) -> None:
    scratch = "s3://caps/scratch"
    survey = finrst.survey(DAY)
    assert {len(file["stamp"]) for file in survey["files"]} == {2}
    runs = [
        finrst.digest(file["name"], f"{scratch}/run-{number}.frd", buckets=2, of=3)
        for number, file in enumerate(survey["files"])
    ]
    assert [file["changed"] for run in runs for file in run["files"]] == [False] * 3
    assert [run["files"][0]["stamp"] for run in runs] == [file["stamp"] for file in survey["files"]]
    plan = finrst.Plan.from_json(finrst.plan(runs, survey).to_json())
    for bucket in range(2):
        finrst.stitch(plan, bucket, f"{scratch}/")
    store.gate.asked.clear()
    tables = [finrst.judge(plan, run, scratch) for run in range(3)]
    cap = finrst.read(DAY)
    for name in ("connections", "teardowns"):
        assert [row for one in tables for row in one[name]] == list(cap.table(name))
    found = finrst.accounts(plan, scratch)
    assert {name: list(table) for name, table in found.items()} == {
        name: list(cap.table(name)) for name in TABLES[2:]
    }
