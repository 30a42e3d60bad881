"""Names of objects, other schemes, and places to keep things."""

from __future__ import annotations

import fnmatch
import io
import os
import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

import finrst
from commands import DEMO
from finrst._base import stores
from finrst._base.source import sources
from finrst._base.stores import is_url, listing, parsed
from finrst._base.stores.names import by_folders, natural
from finrst._files.places import place
from test_stores import alike, refusals
from warehouse import Warehouse, warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finrst._files.places import Place


@pytest.mark.parametrize(
    "name",
    [
        *("a:b.pcap", "C:\\x.pcap", "C:/x.pcap", "C://x.pcap", "s3:/x", "s3:x", "://x", "x//y"),
        *("1s://x", "dir/s3://x", "-", "", "s3//x", "á://x"),
    ],
)
def test_a_path_that_looks_odd_is_a_path(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_url(name)
    if name in {"-", ""}:
        return
    assert sources(name)[0] == [("path", name)]
    assert sources(Path(name))[0][0][0] == "path"
    monkeypatch.chdir(tmp_path)
    there = Path(name)
    if os.name == "posix" and not there.is_absolute():
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(DEMO.read_bytes())
        assert len(finrst.read(name)) == 25


def test_a_path_object_is_never_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="s3:/bucket/x"):
        finrst.read(Path("s3://bucket/x.pcap"))


@pytest.mark.parametrize(
    ("url", "shown", "query"),
    [
        ("https://u:p@h:8/a/b?sig=1&x=2#f", "https://h:8/a/b", "sig=1&x=2"),
        ("https://token@h/a", "https://h/a", ""),
        ("https://u:p@ss@h/a", "https://h/a", ""),
        ("https://h?sig=1", "https://h", "sig=1"),
        ("s3://key:secret@bucket/a", "s3://bucket/a", ""),
        ("s3://bucket/a?.pcap", "s3://bucket/a?.pcap", ""),
        ("s3://bucket/a?X-Amz-Signature=1", "s3://bucket/a", "X-Amz-Signature=1"),
        ("az://box/a?sv=2&sig=3", "az://box/a", "sv=2&sig=3"),
        ("abfss://box@account.dfs.core.windows.net/a", None, ""),
        (
            "abfss://box:secret@account.dfs.core.windows.net/a",
            "abfss://account.dfs.core.windows.net/a",
            "",
        ),
        ("sftp://ann:pw@host/a", "sftp://host/a", ""),
        ("GS://Bucket/A", "gs://Bucket/A", ""),
        ("s3://bucket", "s3://bucket", ""),
    ],
)
def test_what_may_be_a_secret_is_not_shown(url: str, shown: str | None, query: str) -> None:
    name = parsed(url)
    assert name.shown == (shown or url)
    assert name.query == query
    assert name.has_secrets == (shown is not None and name.shown.lower() != url.lower())


def test_names_are_ordered_as_those_of_files(tmp_path: Path) -> None:
    memory = pytest.importorskip("fsspec.implementations.memory", reason="NOT TESTED: fsspec")
    drawn = random.Random(7)
    parts = ["x", "x1", "x2", "x10", "x02", "x.pcap", "b10", "é", "A", "_", "1", "01", "0", "a-b"]
    names = {
        "/".join(drawn.choices(parts, k=drawn.choice([1, 2, 3]))) + f".{drawn.randrange(12)}"
        for _ in range(60)
    }
    url = f"memory://order-{os.getpid()}"
    try:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            # All at the same time, so that their names decide.
            (tmp_path / name).write_bytes(refusals(0, 1))
            memory.MemoryFileSystem().pipe_file(f"{url}/{name}", refusals(0, 1))
        for named, recursive in (("", True), ("", False), ("**", False), ("*/*", False)):
            local = finrst.read(f"{tmp_path}/{named}", recursive=recursive)
            found = finrst.read(f"{url}/{named}", recursive=recursive)
            alike(local, found, f"{tmp_path}/", f"{url}/")
        assert len(finrst.read(url, recursive=True).files) == len(names)
    finally:
        memory.MemoryFileSystem.store.clear()


def test_patterns_fit_as_those_of_files_do() -> None:
    drawn = random.Random(3)
    for _ in range(2_000):
        names = drawn.choices(["a", "b", "ab", "1"], k=drawn.randrange(1, 5))
        parts = drawn.choices(["a", "*", "**", "?", "[ab]", "b"], k=drawn.randrange(1, 5))
        assert listing._fits(names, parts) == plainly(names, parts), (names, parts)


def plainly(names: list[str], parts: list[str]) -> bool:
    """The same, as slowly as it is easily seen."""
    if not parts:
        return not names
    if parts == ["**"]:
        return bool(names)
    if parts[0] == "**":
        return plainly(names, parts[1:]) or (len(names) > 1 and plainly(names[1:], parts))
    return bool(names) and fnmatch.fnmatchcase(names[0], parts[0]) and plainly(names[1:], parts[1:])


def test_hostile_patterns_take_no_time() -> None:
    assert not listing._fits(["a"] * 300, ["**", "a"] * 100 + ["b"])


def test_too_many_objects_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = pytest.importorskip("fsspec.implementations.memory", reason="NOT TESTED: fsspec")
    monkeypatch.setattr(listing, "MOST", 3)
    for number in range(4):
        memory.MemoryFileSystem().pipe_file(f"/many/{number}.pcap", DEMO.read_bytes())
    for named in ("memory://many/", "memory://many/**", "memory://many/*"):
        with pytest.raises(ValueError, match="there are more than 3 files in what was named"):
            finrst.read(named, recursive=True)


def test_other_schemes_are_fsspecs() -> None:
    memory = pytest.importorskip("fsspec.implementations.memory", reason="NOT TESTED: fsspec")
    there = memory.MemoryFileSystem()
    there.pipe_file("/box/d/demo.pcap", DEMO.read_bytes())
    cap = finrst.read("memory://box/d/demo.pcap")
    assert cap.files["file"] == ["memory://box/d/demo.pcap"]
    assert len(cap.packets(0)) == 2
    there.pipe_file("/box/d/demo.pcap", DEMO.read_bytes())
    with pytest.raises(finrst.CaptureError, match="has changed since it was read"):
        cap.packets(0)
    with pytest.raises(FileNotFoundError) as caught:
        finrst.read("memory://box/absent")
    assert caught.value.filename == "memory://box/absent"
    with pytest.raises(OSError, match=r"(?i)protocol not known.*nosuch://x/y"):
        finrst.read("nosuch://x/y")
    with pytest.raises(OSError, match="Credentials are not taken from a URL") as refused:
        finrst.read("sftp://ann:secret@host/x")
    assert "secret" not in repr(refused.value)


def test_what_a_scheme_needs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(OSError, match=r"needs fsspec.*pip install fsspec") as caught:
        finrst.read("hdfs://host/x")
    assert caught.value.filename == "hdfs://host/x"


@pytest.fixture(scope="module")
def running() -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as environment:
        yield from warehouse(environment)


@pytest.fixture(params=["disk", "s3"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        (tmp_path / "to/scratch").mkdir(parents=True)
        return place(tmp_path / "to")
    request.getfixturevalue("running")
    return place("s3://caps/to")


def test_a_place_is_listed_read_and_written(root: Place) -> None:
    assert root.below() == []
    one = root / "scratch" / "run-10.frd"
    with pytest.raises(FileNotFoundError):
        one.read()
    data = bytes(range(256)) * 5_000
    assert one.create(b"before")
    assert not one.create(b"too late")
    assert one.read() == b"before"
    one.write(data)
    with (root / "scratch/run-9.frd").writing() as file:
        file.write(b"9")
    with pytest.raises(RuntimeError), (root / "scratch/run-9.frd").writing() as file:  # noqa: PT012
        file.write(b"half of it")
        raise RuntimeError
    assert sorted(there.name for there in root.below()) == [
        f"{root}/scratch/run-10.frd",
        f"{root}/scratch/run-9.frd",
    ]
    assert (root / "scratch/run-9.frd").read() == b"9"
    assert one.read() == data
    assert not root.is_empty()
    root.clear()
    assert root.is_empty()
    root.clear()


def test_an_object_is_read_at_any_place_as_it_was(running: Warehouse) -> None:
    del running
    one = stores.place("s3://caps/to/x")
    with pytest.raises(FileNotFoundError):
        one.open()
    data = bytes(range(256)) * 5_000
    one.write(data)
    with one.open() as file:
        assert file.seek(-6, io.SEEK_END) == len(data) - 6
        assert file.read() == data[-6:]
        file.seek(1_000_000)
        assert file.read(10) == data[1_000_000:1_000_010]
    with one.open() as file:
        one.write(data[1:])
        with pytest.raises(OSError, match="It has changed since reading began"):
            file.read()
    with pytest.raises(TypeError, match="credentials"):
        pickle.dumps(one)


def test_what_two_begin_at_once_is_begun_by_one(tmp_path: Path) -> None:
    """Also where a file system knows no second names."""
    for number in range(20):
        one = place(tmp_path / f"{number}.json")
        with ThreadPoolExecutor(4) as pool:
            begun = list(pool.map(one.create, [b"%d" % who * 1000 for who in range(4)]))
        assert sorted(begun) == [False, False, False, True]
        assert one.read() == b"%d" % begun.index(True) * 1000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "link", Mock(side_effect=OSError(95, "Operation not supported")))
        assert not one.create(b"x")
        assert place(tmp_path / "new.json").create(b"x")
    assert not list(tmp_path.glob(".finrst-*"))


def test_keys_sort_as_people_count() -> None:
    names = ["x10", "x9", "x", "x1a", "x09", "x9z"]
    assert sorted(names, key=natural) == ["x", "x1a", "x09", "x9", "x9z", "x10"]
    paths: Any = ["b/1", "a", "b/c/0", "b/10", "b/9"]
    assert sorted(paths, key=by_folders) == ["a", "b/1", "b/9", "b/10", "b/c/0"]
