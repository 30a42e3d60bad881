"""What a file that is replaced leaves to the new one, and full disks that make no noise."""

from __future__ import annotations

import gc
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from finrst._files import write as _write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
FORMATS = ["csv", "json", "arrow", "parquet", "xlsx"]

posix = pytest.mark.skipif(os.name != "posix", reason="files have no modes here")
root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root gives files away and mounts disks"
)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _table(cap: finrst.Capture, ending: str) -> Callable[[Path], object]:
    return lambda path: cap.write(path, format=ending)


def _writers(cap: finrst.Capture) -> dict[str, Callable[[Path], object]]:
    return {
        **{ending: _table(cap, ending) for ending in FORMATS},
        "report": cap.report,
        "ladder": lambda path: cap.plot.ladder(0).save(path),
        "save": lambda path: finrst.read(DEMO).save(0, path, overwrite=True),
    }


WRITERS = list(_writers(finrst.conversation("> S, < R.")))


@posix
@pytest.mark.parametrize("writer", WRITERS)
def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path, writer: str) -> None:
    write = _writers(finrst.conversation("> S, < R."))[writer]
    target = tmp_path / "x"
    for mode in (0o600, 0o640, 0o666, 0o444):
        target.write_text("old")
        target.chmod(mode)
        write(target)
        assert _mode(target) == mode, oct(mode)
        target.unlink()


@posix
@pytest.mark.parametrize("writer", WRITERS)
def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path, writer: str) -> None:
    write = _writers(finrst.conversation("> S, < R."))[writer]
    before = os.umask(0o027)
    try:
        write(tmp_path / "x")
    finally:
        os.umask(before)
    assert _mode(tmp_path / "x") == 0o640


@posix
@pytest.mark.parametrize("chosen", FORMATS)
def test_nobody_looks_into_a_private_file_while_it_is_made(
    cap: finrst.Capture, tmp_path: Path, chosen: str
) -> None:
    target = tmp_path / f"x.{chosen}"
    target.write_text("old")
    target.chmod(0o600)
    sink = _write.sink(target, chosen, cap.connections, formula_guard=True, overwrite=False)
    sink.add(cap.connections)
    assert [_mode(path) & 0o077 for path in tmp_path.iterdir()] == [0, 0]
    sink.close()


@posix
def test_set_id_bits_go_as_with_any_writing(cap: finrst.Capture, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")
    target.chmod(0o6755)
    cap.write(target)
    assert _mode(target) == 0o755


@root
@pytest.mark.parametrize("chosen", ["csv", "parquet"])
def test_owner_and_group_are_kept(cap: finrst.Capture, tmp_path: Path, chosen: str) -> None:
    target = tmp_path / f"x.{chosen}"
    target.write_text("old")
    os.chown(target, 12345, 54321)
    target.chmod(0o640)
    cap.write(target)
    status = target.stat()
    assert (status.st_uid, status.st_gid, _mode(target)) == (12345, 54321, 0o640)


@root
@pytest.mark.parametrize("chosen", ["csv", "parquet"])
def test_an_owner_who_cannot_be_kept_is_told(chosen: str) -> None:
    script = (
        "import finrst, os, sys, warnings\n"
        "cap = finrst.conversation('> S, < R.')\n"
        "cap.write(sys.argv[1] + '/warm.' + sys.argv[2])\n"
        "os.setgroups([]); os.setgid(23456); os.setuid(12345)\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    cap.write(sys.argv[1] + '/x.' + sys.argv[2])\n"
        "print([(w.category.__name__, str(w.message)) for w in caught])\n"
    )
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o777)
        target = directory / f"x.{chosen}"
        target.write_text("old")
        target.chmod(0o664)
        done = subprocess.run(
            [sys.executable, "-c", script, name, chosen],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("OutputWarning") == 1
        assert "owner and group of the file that was replaced could not be kept" in done.stdout
        assert target.stat().st_uid == 12345
        # The new group may do no more than everybody might.
        assert _mode(target) == 0o644


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "finrst", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


FULL = """\
import gc, sys, finrst
# Rows that do not fit, each a connection of its own.
cap = finrst.conversation(", ".join(["> S, < R."] * 2000))
try:
    place, chosen = sys.argv[1:]
    write = cap.report if chosen == "html" else cap.write
    write(f"{place}/x.{chosen}")
except OSError as error:
    print(error.errno)
gc.collect()
"""


@pytest.mark.parametrize("chosen", [*FORMATS, "html"])
@pytest.mark.parametrize("where", ["output", "temporary"])
def test_a_full_disk_is_an_error_and_no_noise(small_disk: Path, chosen: str, where: str) -> None:
    (small_disk / "filler").write_bytes(bytes(48 << 10))
    place, environment = small_disk, dict(os.environ)
    if where == "temporary":
        # Where workbooks keep their sheets until they are packed.
        environment["TMPDIR"] = str(small_disk)
        place = small_disk.parent
    arguments = ["-c", FULL, str(place), chosen]
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stderr == ""
    assert done.returncode == 0
    if where == "output" or chosen == "xlsx":
        assert done.stdout.split() == ["28"]
    assert [path.name for path in place.iterdir() if path.name.startswith(".finrst")] == []


def _write_all(sink: _write.Sink, rows: finrst.Table) -> None:
    sink.add(rows)
    sink.commit()


@pytest.mark.parametrize("chosen", ["parquet", "xlsx"])
def test_a_handle_that_fails_is_an_error_and_no_noise(
    cap: finrst.Capture, tmp_path: Path, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = _write.sink(
        tmp_path / f"x.{chosen}", chosen, cap.connections, formula_guard=True, overwrite=False
    )
    with Path("/dev/full").open("wb", buffering=0) as full:
        sink._file.handle.close()  # type: ignore[attr-defined]
        monkeypatch.setattr(sink._file, "handle", full)  # type: ignore[attr-defined]
        with pytest.raises(OSError, match="No space"):
            _write_all(sink, cap.connections)
        sink.close()
    del sink
    # What is said while collecting garbage is an error in these tests.
    gc.collect()
    assert list(tmp_path.iterdir()) == []
