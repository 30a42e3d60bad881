"""Files that move while Python reads them, odd inputs, file orders, threads, little memory."""

from __future__ import annotations

import concurrent.futures
import contextlib
import io
import itertools
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Path(__file__).resolve().parents[1] / "data/demo.pcap"
BYTES = DEMO.read_bytes()
pytestmark = pytest.mark.filterwarnings("ignore::finrst.CaptureWarning")


def records() -> list[bytes]:
    found, at = [], 24
    while at < len(BYTES):
        (length,) = struct.unpack_from("<I", BYTES, at + 8)
        found.append(BYTES[at : at + 16 + length])
        at += 16 + length
    return found


def many(copies: int) -> bytes:
    """The demonstration again and again, each an hour later."""
    out = [BYTES[:24]]
    for copy in range(copies):
        for record in records():
            (seconds,) = struct.unpack_from("<I", record)
            out.append(struct.pack("<I", seconds + 3600 * copy) + record[4:])
    return b"".join(out)


def told(cap: finrst.Capture, *, places: bool = False) -> dict[str, list[dict[str, Any]]]:
    """Everything that a reading says, but for the files' names and, if asked, where packets lay."""
    left = {"file"} | ({"first_packet_in_file", "packet_in_file"} if places else set())
    tables = ("connections", "teardowns") if places else tuple(cap._tables)
    return {
        name: [{k: v for k, v in row.items() if k not in left} for row in cap.table(name)]
        for name in tables
    }


def truncate(path: Path, rng: random.Random) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size))


def append(path: Path, rng: random.Random) -> None:
    with path.open("ab") as file:
        file.write(BYTES[24 : 24 + rng.randrange(2000)])


def replace(path: Path, rng: random.Random) -> None:
    other = path.with_suffix(".other")
    other.write_bytes(rng.randbytes(5000))
    other.replace(path)


def unlink(path: Path, rng: random.Random) -> None:
    del rng
    path.unlink()


def overwrite(path: Path, rng: random.Random) -> None:
    with path.open("r+b") as file:
        file.seek(rng.randrange(path.stat().st_size))
        file.write(rng.randbytes(100))


class Slow:
    """A file, a little at a time, meddled with in between."""

    def __init__(self, file: Any, turn: int, meddle: Callable[[], None]) -> None:
        self.file, self.turn, self.meddle = file, turn, meddle

    def read(self, size: int) -> bytes:
        self.meddle()
        octets: bytes = self.file.read(min(size, self.turn))
        return octets


MOVES = (truncate, append, replace, unlink, overwrite)


def test_files_moved_while_they_are_read(tmp_path: Path) -> None:
    """Goal R14: fifty times, at random moments, five ways."""
    path = tmp_path / "x.pcap"
    data = many(30)
    statuses = set()
    for number in range(50):
        path.write_bytes(data)
        rng = random.Random(number)
        move: Callable[[Path, random.Random], None] = MOVES[number % len(MOVES)]
        turns = itertools.count()
        when = rng.randrange(1, 4)

        def meddle(
            move: Any = move, rng: random.Random = rng, turns: Any = turns, when: int = when
        ) -> None:
            if next(turns) == when:
                move(path, rng)

        with path.open("rb", buffering=0) as file:
            cap = finrst.read(Slow(file, len(data) // 5, meddle), progress=False)
        cap.check()
        statuses |= set(cap.files["status"])
        assert cap.files["packets"][0] > 0
        path.unlink(missing_ok=True)
    assert {"complete", "truncated_tail"} <= statuses <= {
        "complete", "truncated_tail", "corrupt", "recovered",
    }  # fmt: skip


def test_a_change_is_told(tmp_path: Path) -> None:
    """Goal F3: a file whose size or time of writing changes while it is read is named."""
    path = tmp_path / "<b>.pcap"

    def read(meddle: Callable[[], None]) -> finrst.Capture:
        """Read it beside a stream that is opened later, and meddle then."""
        path.write_bytes(BYTES)
        time.sleep(0.02)
        turns = itertools.count()
        other = Slow(io.BytesIO(many(2)), 4000, lambda: None if next(turns) else meddle())
        return finrst.read([path, other])

    def grow() -> None:
        with path.open("ab") as file:
            file.write(records()[0])

    def write() -> None:
        with path.open("r+b") as file:
            file.write(BYTES[:24])

    sizes = rf"{len(BYTES)} bytes when it was opened and {len(BYTES) + len(records()[0])} at"
    with pytest.warns(finrst.CaptureWarning, match=rf"<b>.pcap: it had {sizes} the end"):
        read(grow).check()
    cap = read(write)
    (issue,) = (row for row in cap.issues if row["kind"] == "file_changed")
    assert (issue["file"], issue["count"]) == (str(path), 1)
    assert issue["detail"] == "it was written to while it was read; its size stayed"
    assert "A file changed while it was read" in str(cap)
    cap = read(lambda: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cap.check()
    assert "file_changed" not in cap.issues["kind"]


def test_a_writer_beside_the_reader(tmp_path: Path) -> None:
    """Goal F3: whatever is read while a capture grows is a beginning of it."""
    path = tmp_path / "x.pcap"
    whole = records()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with path.open("wb", buffering=0) as file:
                file.write(BYTES[:24])
                for record in whole:
                    for part in (record[:9], record[9:]):
                        file.write(part)
                        time.sleep(0.0001)

    path.write_bytes(BYTES)
    expected = finrst.read(BYTES).teardowns["packet"]
    writer = threading.Thread(target=write)
    writer.start()
    read = 0
    try:
        for _ in range(50):
            time.sleep(0.005)
            try:
                cap = finrst.read(path, progress=False)
            except finrst.CaptureError:  # the header was not there yet
                continue
            read += 1
            cap.check()
            assert set(cap.files["status"]) <= {"complete", "truncated_tail", "empty"}
            packets = cap.teardowns["packet"]
            assert packets == expected[: len(packets)]
    finally:
        stop.set()
        writer.join()
    assert read > 10


def test_odd_inputs(tmp_path: Path) -> None:
    """Goal F8: each has its own clear error."""
    empty = tmp_path / "empty.pcap"
    empty.touch()
    around = tmp_path / "around"
    around.symlink_to(around)
    directory = tmp_path / "directory"
    directory.mkdir()
    for path, kind, said in (
        (empty, finrst.CaptureError, "empty file"),
        (directory, finrst.CaptureError, "holds no files"),
        (around, OSError, "symbolic link"),
        (tmp_path / "absent", FileNotFoundError, "absent"),
        (empty / "below", NotADirectoryError, "below"),
        (tmp_path / ("x" * 300), OSError, "long"),
        ("/dev/zero", finrst.CaptureError, "device"),
        ("nul\0byte", OSError, "NUL"),
        (tmp_path / "*.none", finrst.CaptureError, "no file matches"),
    ):
        with pytest.raises(kind, match=said):
            finrst.read(path)


@contextlib.contextmanager
def somebody() -> Iterator[None]:
    """Be somebody without rights: root may read everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_file_that_may_not_be_read() -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        secret = Path(place) / "secret.pcap"
        secret.write_bytes(BYTES)
        secret.chmod(0)
        with somebody(), pytest.raises(PermissionError, match="secret"):
            finrst.read(secret)
        secret.chmod(0o644)
        with somebody():
            assert len(finrst.read(secret)) > 0


def test_rotated_files_in_any_order(tmp_path: Path) -> None:
    """Goals F4 and R17: the order in which files are named changes nothing."""
    parts = [BYTES[:24] + b"".join(records()[n : n + 41]) for n in range(0, 164, 41)]
    paths = []
    for number, part in enumerate(parts):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(part)
        paths.append(path)
    expected = told(finrst.read(DEMO), places=True)
    for order in itertools.permutations(paths):
        cap = finrst.read(list(order))
        cap.check()
        assert told(cap, places=True) == expected


def test_overlapping_files(tmp_path: Path) -> None:
    """Goal F4: time that two files share is told with both names; copies do not count twice."""
    whole = records()
    names = [str(tmp_path / name) for name in ("first.pcap", "second.pcap")]
    for name, part in zip(names, (whole[:100], whole[60:]), strict=True):
        Path(name).write_bytes(BYTES[:24] + b"".join(part))
    cap = finrst.read(names[::-1])
    cap.check()
    told = {row["kind"]: (row["file"], row["detail"]) for row in cap.issues}
    assert set(told) == {"files_overlap", "files_out_of_order"}
    for file, detail in told.values():
        assert file == names[1]
        assert names[0] in detail
    once = finrst.read(DEMO)
    assert sum(cap.ledger["packets"]) == 204
    for column in ("client_port", "ending", "ended_by", "cause", "client_bytes", "server_fins"):
        assert cap.connections[column] == once.connections[column], column


@pytest.mark.parametrize("options", [{}])
def test_the_same_bytes_give_the_same_tables(options: dict[str, Any]) -> None:
    """Goal R17: five hash seeds in as many readings (each draws its own), and other processes."""
    expected = told(finrst.read(many(5), **options))
    for _ in range(4):
        assert told(finrst.read(many(5), **options)) == expected
    code = (
        f"import finrst, hashlib; cap = finrst.read({str(DEMO)!r}); "
        "print(hashlib.sha256(repr([list(t) for t in cap._tables.values()]).encode()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(3)
    }
    assert len(seen) == 1


def test_many_threads_at_once(tmp_path: Path) -> None:
    """Goal F7: eight threads, one file, eight equal answers; one scan, used by all of them."""
    path = tmp_path / "x.pcap"
    path.write_bytes(many(5))
    expected = told(finrst.read(path))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: told(finrst.read(path, progress=False)), range(8)))
    assert answers == [expected] * 8
    scan = finrst.scan(path, progress=False)

    def pull(_: int) -> tuple[int, int]:
        rows = refused = 0
        while True:
            try:
                rows += len(next(scan)[0])
            except StopIteration:
                return rows, refused
            except RuntimeError:
                refused += 1
                if refused > 50:
                    return rows, refused

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pulled = list(pool.map(pull, range(8)))
    assert sum(rows for rows, _ in pulled) <= len(expected["connections"])


LITTLE = """
import resource, sys, warnings
import finrst
warnings.simplefilter("ignore")
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for what in (lambda: finrst.read(sys.argv[2], progress=False),
             lambda: finrst.read(bytes(limit // 2 + (200 << 20)), progress=False),
             lambda: sum(len(rows) for rows, _ in finrst.scan(sys.argv[2], progress=False))):
    try:
        print(what())
    except MemoryError as error:
        print("MemoryError", error)
print(len(finrst.read(sys.argv[3], progress=False)))
"""


def test_memory_that_is_refused_is_an_exception(tmp_path: Path) -> None:
    """Goal P2: within a limit on its memory a reading raises MemoryError; nothing is aborted."""
    pytest.importorskip("resource")
    made = Path(__file__).parents[1] / "bench"
    flood = tmp_path / "flood.pcap"
    code = "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import made; "
    code += "made.flood(pathlib.Path(sys.argv[2]), 700_000)"
    subprocess.run([sys.executable, "-c", code, str(made), str(flood)], check=True)
    command = [sys.executable, "-c", LITTLE, str(1 << 30), str(flood), str(DEMO)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    lines = done.stdout.splitlines()
    assert lines[0].startswith("MemoryError")
    assert lines[1].startswith("MemoryError")
    assert lines[-1] == "25"
