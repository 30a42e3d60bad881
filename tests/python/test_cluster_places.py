"""Where a reading on many workers writes, what it refuses, and what a dataset tells."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO, run
from cutting import Here, cut, same
from finrst.__main__ import main
from finrst._files.places import place
from finrst.cluster import _parts, _tasks
from finrst.cluster._record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("pyarrow", reason="pyarrow is not installed: nothing is written as Parquet")


@pytest.fixture
def pieces(tmp_path: Path) -> Path:
    cut(DEMO, tmp_path / "captures", 3)
    return tmp_path / "captures"


def read(paths: Any, to: Path, client: Any = None, **options: Any) -> finrst.cluster.Dataset:
    """Read with a run for each file, in this process."""
    options = {"run_bytes": 1, "buckets": 2, "progress": False, **options}
    return finrst.cluster.read(paths, to=to, client=client or Here(), **options)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, finrst.cluster.Dataset]:
    """A dataset that no test changes, and its captures."""
    place = tmp_path_factory.mktemp("made")
    cut(DEMO, place / "captures", 3)
    return place / "captures", read(place / "captures", place / "to")


# What is refused.


def test_memory_limit_is_refused_by_name(pieces: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"memory_limit cannot be used here.*depends on all others"
    ):
        read(pieces, tmp_path / "to", memory_limit="1 GiB")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        (b"\xd4\xc3\xb2\xa1", TypeError, "a bytes cannot be read by several processes"),
        ([], ValueError, "the list of paths is empty"),
        ("-", ValueError, "standard input cannot be read by several processes"),
        ([3], TypeError, "a int cannot be read"),
        ("hdfs://host/day/", OSError, "hdfs://host/day/"),
        ("nowhere.pcap", FileNotFoundError, "nowhere.pcap"),
        (__file__, finrst.CaptureError, "not a capture"),
    ],
    ids=["bytes", "nothing", "stdin", "number", "url", "nowhere", "text"],
)
def test_what_cannot_be_read_is_told_at_once(
    source: Any, error: type[Exception], said: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        read(source, tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"client": 8}, TypeError, "client is a Client of Dask, an executor"),
        ({"buckets": 0}, ValueError, "a count of at least 1"),
        ({"run_bytes": "much"}, ValueError, "not a size: 'much'"),
        ({"scratch": "https://host/x"}, ValueError, "or a bucket (s3://, gs://, az://), not into"),
        ({"scratch": "memory://x"}, ValueError, "or a bucket (s3://, gs://, az://), not into"),
        ({"filter": "host and"}, finrst.FilterError, "no address"),
        ({"fliter": "tcp"}, TypeError, "no such option: fliter"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_options_that_are_wrong_are_told_at_once(
    options: dict[str, Any], error: type[Exception], said: str, pieces: Path, tmp_path: Path
) -> None:
    with pytest.raises(error, match=re.escape(said)):
        read(pieces, tmp_path / "to", **options)
    assert not (tmp_path / "to").exists()


def test_results_do_not_go_into_what_is_read(pieces: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="which is read: choose a place outside"):
        read(pieces, pieces / "to")
    with pytest.raises(ValueError, match="which is read, lies in"):
        read(sorted(pieces.glob("*.pcap")), pieces)
    with pytest.raises(ValueError, match="choose a place outside"):
        read(tmp_path, tmp_path / "to", recursive=True)
    with pytest.raises(ValueError, match="choose a place outside"):
        read(pieces, tmp_path / "to", scratch=pieces / "scratch")
    shutil.rmtree(tmp_path / "to", ignore_errors=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_directory_with_something_else_is_left_alone(pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to/thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="it holds something else"):
        read(pieces, tmp_path / "to")
    assert [one.name for one in (tmp_path / "to").iterdir()] == ["thesis.txt"]


def test_a_directory_with_other_results_is_left_alone(pieces: Path, tmp_path: Path) -> None:
    read(pieces, tmp_path / "to", linger=60)
    before = {one: one.stat().st_mtime_ns for one in (tmp_path / "to").rglob("*")}
    for options, said in (
        ({}, r"with other options \(linger\)"),
        ({"linger": 60, "buckets": 3}, r"with other options \(buckets\)"),
        ({"linger": 60, "recursive": True}, r"with other options \(recursive\)"),
    ):
        with pytest.raises(FileExistsError, match=said):
            read(pieces, tmp_path / "to", **options)
    some = sorted(pieces.glob("*.pcap"))
    with pytest.raises(FileExistsError, match=f"'{some[0]}' was gone"):
        read(some[1:], tmp_path / "to", linger=60)
    os.utime(some[1], (1, 1))
    with pytest.raises(FileExistsError, match=f"'{some[1]}' was other"):
        read(pieces, tmp_path / "to", linger=60)
    assert {one: one.stat().st_mtime_ns for one in (tmp_path / "to").rglob("*")} == before


# Files that change, scratch.


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_file_that_changes_meanwhile_is_an_error_that_names_it(
    at: int, pieces: Path, tmp_path: Path
) -> None:
    last = finrst.read(pieces).files["file"][-1]

    def grow(done: int) -> None:
        if done == at:
            with Path(last).open("ab") as file:
                file.write(b"\0")

    with pytest.raises(finrst.CaptureError, match=f"'{last}' has changed since"):
        read(pieces, tmp_path / "to", Here(grow))
    with pytest.raises(ValueError, match="is not complete"):
        finrst.cluster.open(tmp_path / "to")


def test_a_file_that_vanishes_is_named(pieces: Path, tmp_path: Path) -> None:
    last = Path(finrst.read(pieces).files["file"][-1])
    with pytest.raises(finrst.CaptureError, match=f"'{last}' is gone since"):
        read(pieces, tmp_path / "to", Here(lambda _: last.unlink(missing_ok=True)))


def test_what_others_left_in_scratch_is_left_alone(pieces: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "finrst-0123").mkdir(parents=True)
    (scratch / "finrst-0123/run-00000.json").write_text('{"packets": 1}')
    same(read(pieces, tmp_path / "to", scratch=scratch), finrst.read(pieces))
    assert sorted(one.name for one in scratch.rglob("*")) == ["finrst-0123", "run-00000.json"]


def test_a_result_that_is_cut_is_made_again(pieces: Path, tmp_path: Path) -> None:
    def stop(done: int) -> None:
        if done == 3:
            (told,) = (tmp_path / "to").rglob("run-00001.json")
            told.write_bytes(told.read_bytes()[:-9])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        read(pieces, tmp_path / "to", Here(stop))
    rest = Here()
    same(read(pieces, tmp_path / "to", rest), finrst.read(pieces))
    assert rest.done.count("digest") == 1


def test_two_that_begin_at_once_give_the_same_rows(pieces: Path, tmp_path: Path) -> None:
    """Begun by the first, between all of its tasks, and with other workers."""
    cap = finrst.read(pieces)
    for moment in (0, 1, 3, 5, 7):
        to = tmp_path / f"to-{moment}"
        found: list[finrst.cluster.Dataset] = []

        def other(done: int, at: int = moment, to: Path = to, found: Any = found) -> None:
            if done == at and not found:
                found.append(read(pieces, to))

        same(read(pieces, to, Here(other)), cap)
        same(found[0], cap)
        same(finrst.cluster.open(to), cap)
        assert not list(to.rglob("*.tmp"))
        assert not (to / "_scratch").exists()
    together = tmp_path / "together"
    with ThreadPoolExecutor(4) as pool:
        begun = [pool.submit(read, pieces, together) for _ in range(4)]
        for one in begun:
            same(one.result(), cap)
    assert not (together / "_scratch").exists()


def test_two_that_begin_differently_at_once_are_told_apart(pieces: Path, tmp_path: Path) -> None:
    begun = Record.begin

    def late(self: Record, to: Any) -> bool:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Record, "begin", begun)
            read(pieces, tmp_path / "to", linger=60)
        return begun(self, to)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Record, "begin", late)
        with pytest.raises(FileExistsError, match=r"with other options \(linger\)"):
            read(pieces, tmp_path / "to")
    same(finrst.cluster.open(tmp_path / "to"), finrst.read(pieces, linger=60))


def test_progress_is_told(pieces: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int | None, int]] = []
    read(pieces, tmp_path / "to", progress=lambda *at: told.append(at))
    size = sum(one.stat().st_size for one in pieces.iterdir())
    assert [at[1] for at in told] == [size] * 3
    assert told[-1] == (size, size, 164)
    assert told == sorted(told)


# What a dataset tells.


def test_a_dataset_tells_what_the_capture_tells(made: tuple[Path, finrst.cluster.Dataset]) -> None:
    captures, ds = made
    cap = finrst.read(captures)
    assert len(ds) == len(cap)
    assert [str(one) for one in ds.findings()] == [str(one) for one in cap.findings()]
    assert ds.findings().to_dict() == cap.findings().to_dict()
    for one, other in zip(ds.findings(), cap.findings(), strict=True):
        assert one.connections["connection_id"] == other.connections["connection_id"]
    assert ds.findings()[0].example.connection_id == 13
    for number in (0, 13, 24):
        mine, theirs = (one.connection(number).explain() for one in (ds, cap))
        assert str(mine) == str(theirs)
    with pytest.raises(KeyError, match="no connection 25: 25 were found"):
        ds.connection(25)
    assert ds.naming.host("10.77.0.1") == cap.naming.host("10.77.0.1")
    assert repr(ds).splitlines()[:3] == repr(cap).splitlines()[:3]
    assert ds.table("teardowns").counts("kind") == cap.teardowns.counts("kind")


def test_columns_and_rows_can_be_chosen(made: tuple[Path, finrst.cluster.Dataset]) -> None:
    _, ds = made
    found = ds.arrow("teardowns", columns=["packet"], filters=[("kind", "==", "fin")])
    assert found.column_names == ["packet"]
    assert found.num_rows == 9
    with pytest.raises(ValueError, match=r"no table 'conections'.*did you mean"):
        ds.arrow("conections")
    with pytest.raises(ValueError, match=r"connections has no column 'casue'.*did you mean"):
        ds.arrow(columns=["casue"])


def test_a_part_is_written_piece_by_piece(
    made: tuple[Path, finrst.cluster.Dataset], tmp_path: Path
) -> None:
    """As one of more connections than are judged together is."""
    whole, there = made[1].table("connections"), place(tmp_path / "deeper/part.parquet")
    with _parts.writing(there) as put:
        for first in range(0, 25, 10):
            put(whole.slice(first, 10))
        assert not (tmp_path / "deeper/part.parquet").exists()
    assert _parts.arrow("connections", [there]).equals(made[1].arrow("connections"))
    with pytest.raises(RuntimeError), _parts.writing(place(tmp_path / "half.parquet")) as put:  # noqa: PT012
        put(whole)
        raise RuntimeError
    assert not list(tmp_path.glob("*half*"))


def test_no_table_replaces_a_capture_that_it_was_made_from(pieces: Path, tmp_path: Path) -> None:
    ds = read(pieces, tmp_path / "to")
    source = next(pieces.glob("*.pcap"))
    with pytest.raises(FileExistsError):
        ds.ledger.write(source, format="csv", overwrite=True)


def test_check_finds_what_does_not_belong_together(pieces: Path, tmp_path: Path) -> None:
    ds = read(pieces, tmp_path / "to")
    first, second, _ = ds.places("connections")
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(finrst.InternalError, match="not in order"):
        ds.check()
    first.unlink()
    with pytest.raises(FileNotFoundError, match="part-00000"):
        ds.check()
    first.write_bytes(kept)
    ds.check()


def test_what_is_no_dataset_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no results of finrst: it has no _finrst.json"):
        finrst.cluster.open(tmp_path)
    for text in ("", "[]", "{}", '{"format": 7, "finrst": "9"}', '{"format": 1, "finrst": 3}'):
        (tmp_path / "_finrst.json").write_text(text)
        with pytest.raises(ValueError, match=r"_finrst\.json"):
            finrst.cluster.open(tmp_path)


def test_a_record_keeps_its_seed_to_itself_once_it_is_over(
    made: tuple[Path, finrst.cluster.Dataset],
) -> None:
    _, ds = made
    assert not list(Path(ds.path).glob("_scratch*"))
    assert json.loads(Path(ds.path, "_finrst.json").read_text())["state"] == "complete"


def test_no_dask_is_needed_on_this_machine(pieces: Path, tmp_path: Path) -> None:
    code = """
        import sys

        class Absent:
            def find_spec(self, name, *_):
                first = name.partition(".")[0]
                if first in {"dask", "distributed"}:
                    raise ModuleNotFoundError(name, name=first)

        sys.meta_path.insert(0, Absent())
        import finrst
        ds = finrst.cluster.read(sys.argv[1], to=sys.argv[2], run_bytes=1)
        print(ds.arrow("connections").num_rows, ds.findings()[0].kind)
        try:
            ds.connections
        except ModuleNotFoundError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(pieces), str(tmp_path / "to")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "25 injection",
        "this needs dask.dataframe, which is not installed: pip install 'finrst[cluster]'",
    ]


# The command.


def test_the_command_prints_what_one_reading_prints(pieces: Path, tmp_path: Path) -> None:
    to = str(tmp_path / "to")
    whole = run(str(pieces)).stdout.decode().splitlines()
    done = run("cluster", str(pieces), "--to", to, "--workers", "2", "--run-bytes", "1")
    assert (done.returncode, done.stderr) == (0, b"")
    # Without what to type next.
    assert done.stdout.decode().splitlines() == [*whole[:-3], "", f"{to}: 3 parts"]
    again = run("cluster", str(pieces), "--to", to, "--run-bytes", "1", "--json")
    assert json.loads(again.stdout) == json.loads(run(str(pieces), "--json").stdout)


def test_the_command_has_exit_codes(
    pieces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to, captures = str(tmp_path / "to"), str(pieces)

    def told(*arguments: str) -> tuple[int, str]:
        code = main(["cluster", *arguments])
        return code, capsys.readouterr().err

    code, said = told(captures, "--to", to, "--memory-limit", "1GiB")
    assert code == 2
    assert said.startswith("finrst: memory_limit cannot be used here")
    with pytest.raises(SystemExit):
        main(["cluster", "--help"])
    helped = capsys.readouterr().out
    assert "--memory-limit" not in helped
    assert "--filter" in helped
    assert told(captures, "--to", to, "--workers", "0") == (
        2,
        "finrst: a count of at least 1 is needed, not 0\n",
    )
    assert told("-", "--to", to)[0] == 2
    assert told(captures, "--to", f"{captures}/to")[0] == 2
    gone = "finrst: nowhere.pcap: no such file or directory\n"
    assert told("nowhere.pcap", "--to", to) == (1, gone)
    assert not Path(to).exists()
    Path(to).mkdir()
    Path(to, "mine").write_text("")
    code, said = told(captures, "--to", to)
    assert code == 5
    assert said.startswith(f"finrst: {to}: it holds something else: results go into")
    cut_short = next(pieces.glob("*.pcap"))
    cut_short.write_bytes(cut_short.read_bytes()[:-2])
    code, said = told(captures, "--to", str(tmp_path / "other"), "--workers", "1")
    assert code == 3
    assert said.startswith(f"finrst: {cut_short}: its end is cut")


def test_a_scheduler_that_does_not_answer_is_told(
    pieces: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("distributed")
    from finrst.cluster import _dask

    monkeypatch.setattr(_dask, "PATIENCE", "0.5s")
    address = "tcp://127.0.0.1:1"
    assert main(["cluster", str(pieces), "--to", str(tmp_path / "to"), "--scheduler", address]) == 1
    assert f"no Dask scheduler answers at {address}" in capsys.readouterr().err


def test_tasks_pickle_small(pieces: Path, tmp_path: Path) -> None:
    """Whatever goes to a worker: names and numbers, nothing of a capture."""
    import pickle

    sizes: list[int] = []

    class Weighing(Here):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            sizes.append(len(pickle.dumps((fn, args, kwargs))))
            return super().submit(fn, *args, **kwargs)

    read(pieces, tmp_path / "to", Weighing())
    assert len(sizes) == 8
    assert max(sizes) < 1500
    assert _tasks.digest.__module__ == "finrst.cluster._tasks"
