"""What an output may replace: never a source, another capture only when asked to."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
OCTETS = DEMO.read_bytes()

posix = pytest.mark.skipif(os.name != "posix", reason="files have no inodes here")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.pcap"
    path.write_bytes(OCTETS)
    return path


def _symlink(source: Path) -> Path:
    path = source.parent / "symlink.csv"
    path.symlink_to(source.name)
    return path


def _link_of_link(source: Path) -> Path:
    path = source.parent / "link_of_link.csv"
    path.symlink_to(_symlink(source))
    return path


def _hard_link(source: Path) -> Path:
    path = source.parent / "hard.csv"
    path.hardlink_to(source)
    return path


def _roundabout(source: Path) -> Path:
    (source.parent / "sub").mkdir()
    return source.parent / "sub" / ".." / source.name


def _relative(source: Path) -> Path:
    return Path(os.path.relpath(source))


NAMES: list[Callable[[Path], Path]] = [
    lambda source: source,
    _symlink,
    _link_of_link,
    _hard_link,
    _roundabout,
    _relative,
]


def _table(cap: finrst.Capture, ending: str) -> Callable[[Path], object]:
    return lambda path: cap.write(path, format=ending, overwrite=True)


def writers(cap: finrst.Capture) -> dict[str, Callable[[Path], object]]:
    """Everything that writes a file, each told to replace captures."""
    return {
        **{ending: _table(cap, ending) for ending in ("arrow", "csv", "json", "parquet", "xlsx")},
        "a slice": lambda path: cap.teardowns.head(2).write(path, format="csv", overwrite=True),
        "packets": lambda path: cap.packets(0).write(path, format="csv", overwrite=True),
        "accounts": lambda path: cap.files.write(path, format="json", overwrite=True),
        "save": lambda path: cap.save(0, path, overwrite=True),
        "annotate": lambda path: cap.annotate(path, overwrite=True),
        "report": lambda path: cap.report(path, overwrite=True),
        "ladder": lambda path: cap.plot.ladder(0).save(path, overwrite=True),
    }


WRITERS = list(writers(finrst.conversation("> S, < R.")))


@posix
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", NAMES)
def test_no_writer_replaces_a_source_whatever_it_is_called(
    source: Path, writer: str, name: Callable[[Path], Path]
) -> None:
    cap = finrst.read(source)
    target = name(source)
    before = sorted(source.parent.iterdir())
    with pytest.raises(FileExistsError) as caught:
        writers(cap)[writer](target)
    assert source.read_bytes() == OCTETS
    assert caught.value.filename == str(target)
    assert str(source) in str(caught.value)
    assert sorted(source.parent.iterdir()) == before


@posix
@pytest.mark.parametrize("writer", WRITERS)
def test_every_writer_replaces_another_capture_only_when_told(source: Path, writer: str) -> None:
    cap = finrst.read(source)
    other = source.parent / "other.pcap"
    other.write_bytes(OCTETS)
    if writer != "save":
        with pytest.raises(FileExistsError, match="overwrite=True"):
            _without_overwrite(cap, writer, other)
        assert other.read_bytes() == OCTETS
    writers(cap)[writer](other)
    assert other.read_bytes() != OCTETS
    assert source.read_bytes() == OCTETS


def _without_overwrite(cap: finrst.Capture, writer: str, path: Path) -> None:
    calls: dict[str, Callable[[], object]] = {
        "a slice": lambda: cap.teardowns.head(2).write(path, format="csv"),
        "packets": lambda: cap.packets(0).write(path, format="csv"),
        "accounts": lambda: cap.files.write(path, format="json"),
        "report": lambda: cap.report(path),
        "annotate": lambda: cap.annotate(path),
        "ladder": lambda: cap.plot.ladder(0).save(path),
    }
    calls.get(writer, lambda: cap.write(path, format=writer))()


def test_a_capture_is_saved_twice_under_one_name_only_when_told(
    source: Path, tmp_path: Path
) -> None:
    cap = finrst.read(source)
    assert cap.save(0, tmp_path / "one.pcapng") == 2
    saved = (tmp_path / "one.pcapng").read_bytes()
    with pytest.raises(FileExistsError, match="holds a capture"):
        cap.save(13, tmp_path / "one.pcapng")
    assert (tmp_path / "one.pcapng").read_bytes() == saved
    assert cap.save(13, tmp_path / "one.pcapng", overwrite=True) == 13


def _zstd(octets: bytes) -> bytes:
    pa = pytest.importorskip("pyarrow")
    return bytes(pa.compress(octets, codec="zstd", asbytes=True))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, _zstd])
def test_a_capture_is_known_by_its_content(
    cap: finrst.Capture, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    target = tmp_path / "endings.csv"
    target.write_bytes(pack(OCTETS))
    with pytest.raises(FileExistsError, match="holds a capture"):
        cap.write(target)
    # The beginning of one is one that somebody is writing.
    target.write_bytes(pack(OCTETS[:100]))
    with pytest.raises(FileExistsError, match="holds a capture"):
        cap.write(target)


@pytest.mark.parametrize("content", [b"", b"id,name\n", b"PAR1", gzip.compress(b"id,name\n")])
def test_what_merely_has_the_name_of_a_capture_is_replaced_as_ever(
    cap: finrst.Capture, tmp_path: Path, content: bytes
) -> None:
    target = tmp_path / "x.pcap"
    target.write_bytes(content)
    assert cap.write(target, format="csv") == 1
    assert cap.write(target, format="csv") == 1
    assert cap.write(target, format="arrow") == 1


def test_other_files_beside_a_source_are_written(source: Path) -> None:
    cap = finrst.read(source.parent)
    for name in ("a.csv", "a.pcap.csv"):
        assert cap.write(source.parent / name) == 25
        # The second time it is in the directory that was read.
        assert finrst.read(source.parent).write(source.parent / name) == 25
    assert source.read_bytes() == OCTETS


@posix
@pytest.mark.parametrize("how", ["list", "directory", "pattern", "file", "gzip", "scan", "late"])
def test_a_source_is_known_however_it_was_named(
    source: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = source.parent / "b.pcap"
    other.write_bytes(OCTETS)
    if how == "gzip":
        source.write_bytes(gzip.compress(OCTETS))
    tables: Any
    if how == "scan":
        tables = next(iter(finrst.scan([source, other])))
    elif how == "file":
        with source.open("rb") as file:
            tables = [finrst.read(file).connections]
    elif how == "gzip":
        with gzip.open(source) as packed:
            tables = [finrst.read(packed).connections]
    elif how == "late":
        monkeypatch.chdir(source.parent)
        tables = [finrst.read(source.name).connections]
        monkeypatch.chdir("/")
    else:
        names: dict[str, Any] = {
            "list": [other, source],
            "directory": source.parent,
            "pattern": str(source.parent / "*.pcap"),
        }
        tables = [finrst.read(names[how]).connections]
    before = source.read_bytes()
    for table in tables:
        with pytest.raises(FileExistsError, match="never replaced"):
            table.write(source, format="csv", overwrite=True)
    assert source.read_bytes() == before


def test_octets_in_memory_are_no_file(source: Path) -> None:
    for octets in (OCTETS, io.BytesIO(OCTETS)):
        cap = finrst.read(octets)
        with pytest.raises(FileExistsError, match="holds a capture"):
            cap.write(source, format="csv")
    assert cap.write(source, format="csv", overwrite=True) == 25


@posix
def test_a_source_that_went_to_another_name_is_still_one(source: Path) -> None:
    cap = finrst.read(source)
    moved = source.rename(source.parent / "a.pcap.1")
    with pytest.raises(FileExistsError, match="never replaced"):
        cap.write(moved, format="csv", overwrite=True)


@posix
def test_what_took_the_name_of_a_source_is_one_too(source: Path) -> None:
    cap = finrst.read(source)
    source.rename(source.parent / "a.pcap.1")
    source.write_bytes(OCTETS[:24])
    with pytest.raises(FileExistsError, match="never replaced"):
        cap.write(source, format="csv", overwrite=True)


@posix
def test_a_file_that_has_the_number_of_a_source_that_is_gone_is_another_one(
    source: Path, tmp_path: Path
) -> None:
    cap = finrst.read(source)
    number = source.stat().st_ino
    source.unlink()
    for place in range(200):
        target = tmp_path / f"{place}.csv"
        target.write_text("x")
        if target.stat().st_ino == number:
            break
        target.unlink()
    else:
        pytest.skip("this file system does not give numbers again at once")
    assert cap.write(target) == 25
    assert cap.write(tmp_path / "a.pcap", format="csv") == 25


@posix
def test_the_last_look_is_taken_when_everything_was_written(source: Path) -> None:
    from finrst._files import write as _write

    cap = finrst.read(source)
    for chosen in ("csv", "arrow", "parquet", "xlsx"):
        target = source.parent / f"out.{chosen}"
        sink = _write.sink(target, chosen, cap.connections, formula_guard=True, overwrite=True)
        sink.add(cap.connections)
        target.hardlink_to(source)
        with pytest.raises(FileExistsError, match="never replaced"):
            sink.commit()
        sink.close()
        target.unlink()
        sink = _write.sink(target, chosen, cap.connections, formula_guard=True, overwrite=False)
        sink.add(cap.connections)
        target.write_bytes(OCTETS)
        with pytest.raises(FileExistsError, match="holds a capture"):
            sink.commit()
        sink.close()
        assert target.read_bytes() == OCTETS
        target.unlink()
    assert [path.name for path in source.parent.iterdir()] == ["a.pcap"]


@posix
def test_an_open_descriptor_is_followed_to_its_file(source: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc here")
    cap = finrst.read(source)
    with source.open("rb") as file, pytest.raises(FileExistsError, match="never replaced"):
        cap.write(f"/proc/self/fd/{file.fileno()}", format="csv", overwrite=True)
    assert source.read_bytes() == OCTETS


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may look at anything")
def test_what_cannot_be_looked_at_is_replaced_only_when_told(
    cap: finrst.Capture, tmp_path: Path
) -> None:
    target = tmp_path / "x.csv"
    target.write_bytes(OCTETS)
    target.chmod(0o200)
    with pytest.raises(FileExistsError, match="cannot be looked at"):
        cap.write(target)
    assert cap.write(target, overwrite=True) == 1


@posix
def test_a_link_that_leads_nowhere_yet_is_followed(cap: finrst.Capture, tmp_path: Path) -> None:
    for ending in ("csv", "parquet"):
        link = tmp_path / f"link.{ending}"
        link.symlink_to(f"made.{ending}")
        assert cap.write(link) == 1
        assert link.is_symlink()
        assert (tmp_path / f"made.{ending}").is_file()


def test_sources_travel_with_pickles(source: Path) -> None:
    known = finrst.read(source).connections._native.sources
    again = pickle.loads(pickle.dumps(known))
    from finrst import _native

    with pytest.raises(FileExistsError, match="never replaced"):
        _native.check_output(source, again, overwrite=True)


@posix
def test_a_pipe_is_no_file_to_be_replaced(source: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    assert finrst.read(source).write(pipe, format="csv") == 25
    reader.join()
    assert got[0].count(b"\n") == 26
