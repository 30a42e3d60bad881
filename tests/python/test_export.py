"""Files that tables are written into."""

from __future__ import annotations

import csv
import gc
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import finrst
from finrst._files import write as _write


def test_every_format_holds_every_row(cap: finrst.Capture, tmp_path: Path) -> None:
    for ending in ("arrow", "feather", "csv", "json", "jsonl"):
        assert cap.write(tmp_path / f"x.{ending}", "teardowns") == 2
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["fin", "fin"]
    assert rows[0]["sender"] == "server"
    assert rows[0]["reset_form"] == ""
    lines = (tmp_path / "x.json").read_text().splitlines()
    parsed = [json.loads(line) for line in lines]
    assert [row["packet"] for row in parsed] == cap.teardowns["packet"]
    assert parsed[0]["reset_form"] is None
    assert parsed[0]["time"].endswith("Z")


def test_arrow_files_read_back_the_same(cap: finrst.Capture, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    ipc = pytest.importorskip("pyarrow.ipc")
    cap.write(tmp_path / "x.arrow")
    with ipc.open_file(tmp_path / "x.arrow") as file:
        assert file.read_all().equals(pa.table(cap.connections), check_metadata=True)


def test_parquet_reads_back_the_same(cap: finrst.Capture, tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    assert cap.write(tmp_path / "x.parquet") == 1
    back = parquet.read_table(tmp_path / "x.parquet")
    assert back.to_pylist() == pa.table(cap.connections).to_pylist()
    assert [p.name for p in tmp_path.iterdir()] == ["x.parquet"]


def test_parquet_says_what_it_needs(
    cap: finrst.Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name=name.partition(".")[0])

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'finrst\[parquet\]'"):
        cap.write(tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_unknown_endings_and_places(cap: finrst.Capture, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of arrow, csv, json, parquet"):
        cap.write(tmp_path / "x.xyz")
    with pytest.raises(FileNotFoundError, match="absent"):
        cap.write(tmp_path / "absent" / "x.csv")
    with pytest.raises(IsADirectoryError):
        cap.write(tmp_path, format="csv")
    assert list(tmp_path.iterdir()) == []
    assert cap.write(tmp_path / "x.xyz", format="json") == 1
    with pytest.raises(ValueError, match="no table"):
        cap.write(tmp_path / "x.csv", "nothing")


def test_killed_exports_and_full_disks() -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("resource")
    script = Path(__file__).parents[1] / "bench/kills.py"
    command = [sys.executable, str(script), "--kills", "6", "--connections", "2000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills: 0 broken files" in done.stdout
    assert "at 20 sizes of a full disk: 0 wrong" in done.stdout


@pytest.mark.parametrize("ending", ["parquet", "csv", "json", "arrow"])
def test_devices_and_directories_are_no_files(cap: finrst.Capture, ending: str) -> None:
    null = Path("/dev/null")
    if not null.is_char_device():
        pytest.skip("no /dev/null here")
    cap.write(null, format=ending)
    assert null.is_char_device()


def test_an_export_on_another_thread(cap: finrst.Capture, tmp_path: Path) -> None:
    written: list[int] = []
    thread = threading.Thread(target=lambda: written.append(cap.write(tmp_path / "x.parquet")))
    thread.start()
    thread.join()
    assert written == [1]


def test_a_full_disk_leaves_nothing(cap: finrst.Capture, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        for ending in ("csv", "json", "arrow"):
            with pytest.raises(OSError, match="x\\."):
                cap.write(tmp_path / f"x.{ending}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chosen", ["arrow", "csv", "json", "parquet", "xlsx"])
def test_a_file_that_is_given_up_leaves_nothing(
    cap: finrst.Capture, tmp_path: Path, chosen: str
) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("openpyxl")
    sink = _write.sink(
        tmp_path / f"x.{chosen}", chosen, cap.connections, formula_guard=True, overwrite=False
    )
    sink.add(cap.connections)
    sink.close()
    del sink
    # What is said while collecting garbage is an error in these tests.
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chosen", ["arrow", "csv", "json", "parquet", "xlsx"])
def test_a_file_grows_table_by_table(cap: finrst.Capture, tmp_path: Path, chosen: str) -> None:
    pytest.importorskip("pyarrow")
    pytest.importorskip("openpyxl")
    target = tmp_path / f"x.{chosen}"
    target.write_text("what was there before")
    sink = _write.sink(target, chosen, cap.connections, formula_guard=True, overwrite=False)
    for _ in range(3):
        sink.add(cap.connections)
    assert target.read_text() == "what was there before"
    assert sink.commit() == 3
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    if chosen == "csv":
        whole = tmp_path / "whole.csv"
        cap.write(whole)
        head, row = whole.read_text().splitlines()
        assert target.read_text().splitlines() == [head, row, row, row]
    if chosen == "arrow":
        ipc = pytest.importorskip("pyarrow.ipc")
        with ipc.open_file(target) as file:
            assert file.read_all().num_rows == 3


@pytest.mark.parametrize(
    ("name", "plain", "tool"),
    [
        ("x.csv.gz", "x.csv", "gzip"),
        ("x.json.gz", "x.json", "gzip"),
        ("x.CSV.zst", "x.CSV", "zstd"),
    ],
)
def test_compressed_text_is_refused_with_what_to_do(
    name: str, plain: str, tool: str, tmp_path: Path
) -> None:
    cap = finrst.conversation("> S, < R.")
    with pytest.raises(ValueError, match="unknown ending") as raised:
        cap.write(tmp_path / name)
    said = str(raised.value)
    assert f"write '{plain}' and run {tool} on it, or write 'x.parquet'" in said
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="unknown ending") as raised:
        cap.write(tmp_path / "x.gz")
    assert "compressed they are not written" not in str(raised.value)
