"""Reading: every kind of source, the same rows, clear errors, Ctrl-C."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import finrst

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
BYTES = DEMO.read_bytes()
WITHOUT_NAMES = ("file",)


def rows(cap: finrst.Capture, which: str = "connections") -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in WITHOUT_NAMES}
        for row in cap.table(which)
    ]


@pytest.fixture(scope="module")
def expected() -> list[dict[str, Any]]:
    return rows(finrst.read(DEMO))


class Dribble(io.RawIOBase):
    """A file object that gives little at a time, and has nothing but read()."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__()
        self.data, self.size = data, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        take = min(self.size, size if size >= 0 else self.size)
        given, self.data = self.data[:take], self.data[take:]
        return given


def test_every_source_gives_the_same_rows(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "only.pcap").write_bytes(BYTES)
    sources: list[Any] = [
        str(DEMO),
        DEMO,
        [DEMO],
        tmp_path,
        str(tmp_path / "*.pcap"),
        BYTES,
        bytearray(BYTES),
        memoryview(BYTES),
        io.BytesIO(BYTES),
        Dribble(BYTES, 1),
        Dribble(BYTES, 7001),
        gzip.compress(BYTES[:9000]) + gzip.compress(BYTES[9000:]),
        bz2.compress(BYTES),
        lzma.compress(BYTES),
    ]
    for source in sources:
        assert rows(finrst.read(source)) == expected, type(source)
    with DEMO.open("rb") as file:
        assert rows(finrst.read(file)) == expected
    for chunk in (1, 7, 4096):
        assert rows(finrst.read(DEMO, chunk=chunk)) == expected


def test_split_files_are_one_capture(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    offset, parts, part = 24, [], [BYTES[:24]]
    for number in range(164):
        (length,) = struct.unpack_from("<I", BYTES, offset + 8)
        part.append(BYTES[offset : offset + 16 + length])
        offset += 16 + length
        if number % 50 == 49:
            parts.append(b"".join(part))
            part = [BYTES[:24]]
    parts.append(b"".join(part))
    paths = [tmp_path / f"{number}.pcap" for number in range(len(parts))]
    for path, data in zip(paths, parts, strict=True):
        path.write_bytes(data)
    skipped = {"first_packet_in_file", "file"}
    strip = [{k: v for k, v in row.items() if k not in skipped} for row in expected]
    for order in (paths, paths[::-1], tmp_path):
        cap = finrst.read(order)
        found = [{k: v for k, v in row.items() if k not in skipped} for row in cap.connections]
        assert found == strip
        cap.check()


def test_a_pipe_and_standard_input(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(BYTES,))
    writer.start()
    assert rows(finrst.read(pipe)) == expected
    writer.join()
    code = "import finrst; print(len(finrst.read('-')))"
    with DEMO.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code], stdin=file, capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == str(len(expected))


def test_scan_gives_the_rows_of_read(expected: list[dict[str, Any]]) -> None:
    whole = finrst.read(DEMO)
    with finrst.scan(DEMO) as scan:
        pairs = list(scan)
        ledger = scan.table("ledger")
    found = [row for connections, _ in pairs for row in connections]
    facts = [k for k in expected[0] if not k.startswith(("cause", "conf", "evid", "alter"))]
    facts.remove("release")
    facts.remove("ended_by")
    by_id = sorted(found, key=lambda row: row["connection_id"])
    assert [[r[k] for k in facts] for r in by_id] == [[r[k] for k in facts] for r in expected]
    packets = sorted(packet for _, teardowns in pairs for packet in teardowns["packet"])
    assert packets == whole.teardowns["packet"]
    assert list(ledger) == list(whole.ledger)


def test_scan_is_one_pass() -> None:
    pa = pytest.importorskip("pyarrow")
    scan = finrst.scan(DEMO)
    with pytest.raises(ValueError, match="not at its end"):
        scan.table("ledger")
    reader = pa.RecordBatchReader.from_stream(scan.teardowns)
    assert reader.read_all().num_rows == len(finrst.read(DEMO).teardowns)
    with pytest.raises(RuntimeError, match="over"):
        next(scan)
    with pytest.raises(RuntimeError, match="over"):
        pa.table(scan.connections)


def test_push_down() -> None:
    everything = finrst.read(DEMO)
    one = finrst.read(DEMO, filter="port 4001")
    assert [row["server_port"] for row in one.connections] == [4001]
    assert dict(one.ledger.counts("class")) == {"tcp": 1, "filtered": 1}
    one.check()
    start = everything.connection(3).start
    assert start.tzinfo is not None
    after = [finrst.read(DEMO, start=moment) for moment in (start, start.isoformat())]
    assert rows(after[0]) == rows(after[1])
    assert 0 < len(after[0]) < len(everything)
    assert len(finrst.read(DEMO, end="+1s")) + len(finrst.read(DEMO, start="+1s")) >= 25
    assert len(finrst.read(DEMO, end=dt.timedelta(0))) == 0


def test_a_cut_tail_is_a_warning() -> None:
    with pytest.warns(finrst.CaptureWarning, match=r"cut.*after packet 163, byte offset") as caught:
        cap = finrst.read(BYTES[:-3])
    assert caught[0].filename == __file__
    assert cap.files["status"] == ["truncated_tail"]
    assert cap.ledger["packets"] == [163]
    cap.check()
    with pytest.raises(finrst.CaptureError, match="truncated_tail"):
        finrst.read(BYTES[:-3], strict=True)


def test_damage_in_a_classic_capture_and_what_is_behind_it() -> None:
    (length,) = struct.unpack_from("<I", BYTES, 24 + 8)
    damaged = BYTES[: 24 + 8] + b"\xee" * 8 + BYTES[24 + 16 :]
    with pytest.warns(finrst.CaptureWarning, match="nothing could be read behind"):
        cap = finrst.read(damaged)
    assert (cap.files["status"], cap.files["packets"]) == (["corrupt"], [0])
    with pytest.warns(finrst.CaptureWarning, match="passed over"):
        cap = finrst.read(damaged, resync=True)
    assert (cap.files["status"], cap.files["packets"]) == (["recovered"], [163])
    assert cap.files["bytes_skipped"] == [16 + length]
    assert dict(cap.issues.counts("kind")) == {"record_damaged": 1, "resync": 1}
    cap.check()
    with pytest.raises(finrst.CaptureError, match="recovered"):
        finrst.read(damaged, resync=True, strict=True)


def test_an_empty_capture_keeps_its_schema() -> None:
    cap = finrst.read(BYTES[:24])
    assert len(cap) == 0
    assert cap
    assert cap.connections.column_names == finrst.read(DEMO).connections.column_names
    cap.check()


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        finrst.read(tmp_path / "absent.pcap")
    with pytest.raises(finrst.CaptureError):
        finrst.read(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(finrst.FilterError, match="character"):
        finrst.read(DEMO, filter="host and")
    with pytest.raises(TypeError, match="cannot read a int"):
        finrst.read([17])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="binary"):
        finrst.read(io.StringIO("text"))  # type: ignore[arg-type, unused-ignore]
    with pytest.raises(ValueError, match="empty"):
        finrst.read([])
    with pytest.raises(TypeError, match="no such option: fliter"):
        finrst.read(DEMO, fliter="port 80")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="no parameter"):
        finrst.read(DEMO, parameters={"nonsense": 1.0})
    for bad in ("x", "-1s", "1 fortnight"):
        with pytest.raises(ValueError, match="duration"):
            finrst.read(DEMO, linger=bad)


class Broken(io.RawIOBase):
    """Raises an exception of its own in the middle."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.calls = 0

    def read(self, size: int = -1) -> bytes:
        del size
        self.calls += 1
        if self.calls > 1:
            raise self.error
        return BYTES[:500]


def test_an_exception_of_the_file_object_is_not_lost() -> None:
    with pytest.raises(ZeroDivisionError):
        finrst.read(Broken(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        list(finrst.scan(Broken(ZeroDivisionError())))


def test_what_was_read_before_a_failure_is_kept() -> None:
    with pytest.warns(finrst.CaptureWarning, match="failed to read on"):
        cap = finrst.read(Broken(OSError("disk gone")))
    assert cap.files["status"] == ["io_error"]
    assert "disk gone" in "".join(cap.issues["detail"])
    assert len(cap) > 0
    cap.check()


def test_progress_and_its_exceptions(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[int, int | None, int]] = []

    def tell(*at: Any) -> None:
        told.append(at)
        if len(told) == 2:
            raise StopAsyncIteration

    with pytest.raises(StopAsyncIteration):
        finrst.read(Slow(), progress=tell)
    assert told[0][0] < told[1][0]
    finrst.read(DEMO, progress=True)
    assert capsys.readouterr().out == ""


class Slow(io.RawIOBase):
    """A capture without end, packet by packet."""

    def __init__(self) -> None:
        super().__init__()
        self.began = False

    def read(self, size: int = -1) -> bytes:
        del size
        if not self.began:
            self.began = True
            return BYTES[:24]
        time.sleep(0.001)
        return BYTES[24:] * 50


def test_ctrl_c_returns_at_once() -> None:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        finrst.read(Slow(), progress=False)
    assert time.monotonic() - began < 1.5
    assert len(finrst.read(DEMO)) == 25


def test_ctrl_c_while_a_pipe_stalls(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    holder = os.open(pipe, os.O_RDWR)
    os.write(holder, BYTES[:500])
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        finrst.read(pipe)
    os.close(holder)
    assert time.monotonic() - began < 1.3


def test_the_interpreter_runs_beside_a_reading() -> None:
    data = BYTES[:24] + BYTES[24:] * 2000
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.monotonic()
    finrst.read(data, filter="port 1")
    lasted = time.monotonic() - began
    done.set()
    thread.join()
    assert ticks > 100 * lasted
