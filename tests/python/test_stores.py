"""Captures in an object store: the same as on a disk, by ranges, in bounded memory."""

from __future__ import annotations

import bz2
import copy
import functools
import gzip
import lzma
import pickle
import re
import shlex
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING

import pytest

import finrst
from commands import DEMO
from finrst.__main__ import main
from warehouse import KEY, SECRET, Asked, Warehouse, Web, warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TABLES = ("connections", "teardowns", "ledger", "files", "interfaces", "issues", "names")
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)


@pytest.fixture(scope="module")
def running() -> Iterator[Warehouse]:
    with pytest.MonkeyPatch.context() as environment:
        yield from warehouse(environment)


@pytest.fixture
def store(running: Warehouse) -> Iterator[Warehouse]:
    running.clear()
    yield running
    running.gate.reset()


def packet(number: int, flags: int = 2, *, back: bool = False, size: int = 0) -> bytes:
    """A TCP segment of one of many connections, in its own microsecond."""
    client, server = struct.pack(">I", 0x0A000000 + number // 50_000), bytes([192, 0, 2, 1])
    ports = (1024 + number % 50_000, 443)
    ends = server + client if back else client + server
    frame = struct.pack(">BBHHHBBH", 0x45, 0, 40 + size, 1, 0, 64, 6, 0) + ends
    frame += struct.pack(
        ">HHIIBBHHH", *(ports[::-1] if back else ports), 0, back, 0x50, flags, 9, 0, 0
    )
    frame += bytes(size)
    seconds, micros = divmod(number * 100 + 10 * back, 1_000_000)
    return struct.pack("<IIII", 1_700_000_000 + seconds, micros, len(frame), len(frame)) + frame


@functools.cache
def refusals(first: int, count: int, size: int = 0) -> bytes:
    """A capture of connections that were refused, whose SYNs carry some bytes."""
    pairs = (packet(n, size=size) + packet(n, 0x14, back=True) for n in range(first, first + count))
    return HEADER + b"".join(pairs)


# Of some megabytes, so that it is asked for in pieces.
MANY = 300
LARGE = refusals(0, MANY, 9000)


def alike(one: finrst.Capture, other: finrst.Capture, root: str, place: str) -> None:
    """Hold every table of two readings against each other; names differ by where they lie."""
    for name in TABLES:
        mine, theirs = (list(cap.table(name)) for cap in (one, other))
        for row in theirs:
            for key, value in row.items():
                if isinstance(value, str):
                    row[key] = value.replace(place, root)
        assert mine == theirs, name
        assert len(mine) or name in {"issues", "names"}


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.mark.parametrize("kind", PACKED)
def test_an_object_gives_what_a_file_gives(kind: str, store: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "x.cap").write_bytes(PACKED[kind](DEMO.read_bytes()))
    url = store.put("x.cap", (tmp_path / "x.cap").read_bytes())
    cap = finrst.read(url)
    assert cap.files["file"] == ["s3://caps/x.cap"]
    alike(finrst.read(tmp_path / "x.cap"), cap, f"{tmp_path}/", "s3://caps/")
    cap.check()
    with finrst.scan(url) as scan:
        assert sum(len(connections) for connections, _ in scan) == 25


@pytest.mark.parametrize("kind", ["plain", "gz"])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_large_object_is_read_by_ranges(
    kind: str, threads: int, store: Warehouse, tmp_path: Path
) -> None:
    whole = PACKED[kind](LARGE)
    (tmp_path / "x.pcap").write_bytes(whole)
    url = store.put("x.pcap", whole)
    store.gate.asked.clear()
    alike(
        finrst.read(tmp_path / "x.pcap"),
        finrst.read(url, threads=threads),
        f"{tmp_path}/",
        "s3://caps/",
    )
    ranges = [one.range for one in store.gate.asked if one.method == "GET"]
    # Each byte is asked for once, by one question at a time.
    bounds = [tuple(map(int, (one or "").removeprefix("bytes=").split("-"))) for one in ranges]
    at = 0
    for begin, end in bounds:
        assert begin == at
        at = end + 1
    assert at >= len(whole) > bounds[-1][0]
    assert store.gate.most["/caps/x.pcap"] == 1


def test_a_prefix_is_a_directory_and_patterns_are_patterns(
    store: Warehouse, tmp_path: Path
) -> None:
    names = [
        *("d/x.pcap10", "d/x.pcap2", "d/x.pcap", "d/n/x.pcap1", "d/n/m/é ü#1.pcap"),
        *("d-2/y.pcap", "2026-01/a/1.pcap", "2026-02/2.pcap", "2027/3.pcap"),
    ]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        # Some at the same time, so that names decide.
        (tmp_path / name).write_bytes(refusals(number // 4 * 100, 3))
        store.put(name, (tmp_path / name).read_bytes())
    (tmp_path / "d/notes.txt").write_text("no capture")
    store.put("d/notes.txt", b"no capture")
    # What a console makes where somebody clicks on "new folder".
    store.obstore.put(store.bucket, "d/n", b"")
    for named, recursive in (
        ("d", False),
        ("d", True),
        ("d/", True),
        ("", True),
        ("d/x.pcap*", False),
        ("d/x.pcap?", False),
        ("d*/[xy].pcap", False),
        ("2026-*/**/*.pcap", False),
        ("2026-*/**", False),
        ("**/[!n]*1*", False),
        ("**", False),
    ):
        local = finrst.read(f"{tmp_path}/{named}", recursive=recursive)
        remote = finrst.read(f"s3://caps/{named}", recursive=recursive)
        alike(local, remote, f"{tmp_path}/", "s3://caps/")
    with pytest.raises(finrst.CaptureError, match=r"^s3://caps/d/\*.gz: no file matches"):
        finrst.read("s3://caps/d/*.gz")
    with pytest.raises(finrst.CaptureError, match=r"^s3://caps: .* recursive=True \(-r\) enters"):
        finrst.read("s3://caps")


def test_a_name_that_exists_is_no_pattern(store: Warehouse) -> None:
    store.put("a1.pcap", DEMO.read_bytes())
    url = store.put("a[1].pcap", DEMO.read_bytes())
    assert finrst.read(url).files["file"] == ["s3://caps/a[1].pcap"]
    store.delete("a[1].pcap")
    assert finrst.read(url).files["file"] == ["s3://caps/a1.pcap"]


def test_urls_and_paths_are_one_capture(store: Warehouse) -> None:
    url = store.put("x.pcap", refusals(0, 5))
    cap = finrst.read([url, DEMO, refusals(3, 5)])
    assert cap.files["file"] == [url, "bytes", str(DEMO)]
    assert len(cap) == 33
    assert len(cap.packets([0, 32])) > 4


def test_packets_are_read_from_the_object_again(
    store: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = store.put("demo.pcap", DEMO.read_bytes())
    cap, local = finrst.read(url), finrst.read(DEMO)
    again = pickle.loads(pickle.dumps(cap))
    for one in (cap, copy.deepcopy(cap), again):
        rows = list(one.packets(range(25)))
        assert {row.pop("file") for row in rows} == {url}
        assert rows == [
            {key: value for key, value in row.items() if key != "file"}
            for row in local.packets(range(25))
        ]
        there = tmp_path / "saved.pcapng"
        assert one.save(13, there, overwrite=True) == 13
        local.save(13, tmp_path / "local.pcapng", overwrite=True)
        assert there.read_bytes() == (tmp_path / "local.pcapng").read_bytes()
    assert cap.annotate(tmp_path / "verdicts.pcapng") == 82
    assert "RST" in cap.plot.ladder(13)._repr_svg_()
    assert main(["explain", url, "--connection", "13", "--packets"]) == 0
    out = capsys.readouterr().out
    assert main(["explain", str(DEMO), "--connection", "13", "--packets"]) == 0
    assert out.replace(url, str(DEMO)) == capsys.readouterr().out


@pytest.mark.parametrize("listed", [False, True])
def test_an_object_that_changed_or_is_gone_is_told(
    *, listed: bool, store: Warehouse, tmp_path: Path
) -> None:
    url = store.put("d/demo.pcap", DEMO.read_bytes())
    store.put("d/other.pcap", refusals(0, 2))
    cap = finrst.read("s3://caps/d/" if listed else url)
    other = bytearray(DEMO.read_bytes())
    other[-1] ^= 1
    store.put("d/demo.pcap", bytes(other))
    for call in (
        lambda: cap.packets(0),
        lambda: cap.save(0, tmp_path / "x.pcapng"),
        lambda: cap.annotate(tmp_path / "x.pcapng"),
    ):
        with pytest.raises(finrst.CaptureError, match=f"'{url}' has changed since it was read"):
            call()
    store.delete("d/demo.pcap")
    with pytest.raises(finrst.CaptureError, match=f"'{url}' is gone"):
        cap.packets(0)
    assert not list(tmp_path.iterdir())
    store.put("d/demo.pcap", DEMO.read_bytes())
    assert len(cap.packets(0))


def fails(
    method: str, status: int, code: str, times: int
) -> Callable[[Asked], tuple[int, str] | None]:
    left = [times]

    def rule(asked: Asked) -> tuple[int, str] | None:
        if asked.method != method or left[0] <= 0:
            return None
        left[0] -= 1
        return status, code

    return rule


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_throttled_object_is_read_after_a_while(method: str, store: Warehouse) -> None:
    url = store.put("x.pcap", LARGE)
    store.gate.asked.clear()
    store.gate.rule = fails(method, 503, "SlowDown", 2)
    cap = finrst.read(url)
    assert len(cap) == MANY
    assert cap.files["status"] == ["complete"]
    assert sum(one.method == method for one in store.gate.asked) >= 3


def behind(first: int, status: int, code: str) -> Callable[[Asked], tuple[int, str] | None]:
    """Refuse what lies behind the first bytes."""

    def rule(asked: Asked) -> tuple[int, str] | None:
        begin = int((asked.range or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        return (status, code) if begin >= first else None

    return rule


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [(404, "NoSuchKey", "No such object"), (403, "AccessDenied", "Access denied (")],
)
@pytest.mark.parametrize("threads", [1, 3])
def test_what_was_read_before_a_key_vanished_is_kept(
    status: int, code: str, said: str, threads: int, store: Warehouse
) -> None:
    whole = LARGE
    url = store.put("x.pcap", whole)
    store.gate.rule = behind(1 << 20, status, code)
    with pytest.warns(finrst.CaptureWarning, match=f"{url}: the system failed to read on"):
        cap = finrst.read(url, threads=threads)
    assert cap.files["status"] == ["io_error"]
    (issue,) = cap.issues
    assert (issue["kind"], issue["file"]) == ("io_error", url)
    assert issue["detail"].startswith(said)
    # Up to the last byte that came.
    came = sum(
        int(end) - int(begin) + 1
        for begin, end in (
            (one.range or "").removeprefix("bytes=").split("-")
            for one in store.gate.asked
            if one.method == "GET" and behind(1 << 20, 0, "")(one) is None
        )
    )
    with pytest.warns(finrst.CaptureWarning, match="its end is cut"):
        local = finrst.read(whole[:came])
    assert list(local.connections["client_port"]) == list(cap.connections["client_port"])
    assert [row["ending"] for row in local.connections] == cap.connections["ending"]
    assert MANY // 3 < len(cap) < MANY
    with pytest.raises(finrst.CaptureError, match="strict reading"):
        finrst.read(url, strict=True)


def test_an_object_that_is_replaced_while_it_is_read_is_not_mixed(store: Warehouse) -> None:
    url = store.put("x.pcap", LARGE)

    def replace(asked: Asked) -> None:
        if asked.method == "GET" and not (asked.range or "").startswith("bytes=0-"):
            store.gate.rule = None
            store.put("x.pcap", refusals(30_000, MANY, 9000))

    store.gate.rule = replace
    with pytest.warns(finrst.CaptureWarning, match="failed to read on"):
        cap = finrst.read(url)
    (issue,) = cap.issues
    assert issue["detail"] == "It has changed since reading began"
    assert max(cap.connections["client_port"]) < 1024 + MANY


def test_one_of_several_that_vanishes_costs_no_other(store: Warehouse) -> None:
    for number in range(4):
        store.put(f"d/{number}.pcap", refusals(number * 100, 10))
    seen: list[str] = []

    def rule(asked: Asked) -> tuple[int, str] | None:
        # There when files are put in order, and gone when it is its turn.
        if asked.method == "GET" and asked.path.endswith("2.pcap"):
            seen.append(asked.path)
            return (404, "NoSuchKey") if len(seen) > 1 else None
        return None

    store.gate.rule = rule
    with pytest.warns(finrst.CaptureWarning, match=r"s3://caps/d/2.pcap: the system failed"):
        cap = finrst.read("s3://caps/d/")
    assert cap.files["status"] == ["complete", "complete", "io_error", "complete"]
    assert len(cap) == 30


def test_packets_that_cannot_be_read_again_are_no_others(store: Warehouse, tmp_path: Path) -> None:
    url = store.put("x.pcap", LARGE)
    cap = finrst.read(url)
    store.gate.rule = behind(1 << 20, 403, "AccessDenied")
    for call in (
        lambda: cap.packets(MANY - 1),
        lambda: cap.save(MANY - 1, tmp_path / "x.pcapng"),
        lambda: cap.annotate(tmp_path / "x.pcapng"),
    ):
        with pytest.raises(OSError, match=rf"^{url}: Access denied"):
            call()
    assert not list(tmp_path.iterdir())
    assert len(cap.packets(0))


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AccessDenied", PermissionError, "Access denied .*AWS_SKIP_SIGNATURE"),
        (404, "NoSuchKey", FileNotFoundError, "No such object"),
        (301, "PermanentRedirect", OSError, "AWS_REGION"),
        (400, "AuthorizationHeaderMalformed", OSError, "AWS_REGION"),
    ],
)
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_refusals_are_errors_of_the_system_that_name_the_object(  # noqa: PLR0913
    *,
    status: int,
    code: str,
    kind: type[OSError],
    said: str,
    method: str,
    store: Warehouse,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = store.put("x.pcap", DEMO.read_bytes())
    store.gate.rule = lambda asked: (status, code) if asked.method == method else None
    if method == "HEAD" and status == 400:
        # Its answer has no body, which alone says what is wrong.
        said = "400 Bad Request"
    with pytest.raises(kind, match=said) as caught:
        finrst.read(url)
    assert caught.value.filename == url
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert main([url]) == 1
    assert url in capsys.readouterr().err


def test_public_objects_are_read_without_a_signature(store: Warehouse) -> None:
    url = store.publish("x.pcap", DEMO.read_bytes())
    store.gate.asked.clear()
    cap = finrst.read(url, storage_options={"skip_signature": True})
    assert len(cap) == 25
    assert {one.authorization for one in store.gate.asked} == {None}
    # They are not in a pickle, so that it can be read again only where they are known.
    assert len(cap.packets(0)) == 2
    with pytest.raises(finrst.CaptureError, match="which a pickle of the capture leaves out"):
        pickle.loads(pickle.dumps(cap)).packets(0)
    store.gate.asked.clear()
    assert len(finrst.read(url)) == 25
    assert all(KEY in (one.authorization or "") for one in store.gate.asked)


def test_options_that_a_store_has_not_are_told(store: Warehouse) -> None:
    url = store.put("x.pcap", DEMO.read_bytes())
    with pytest.raises(OSError, match=r"'anon' is not valid .*skip_signature.*s3://caps/x.pcap"):
        finrst.read(url, storage_options={"anon": True})
    with pytest.raises(OSError, match="Credentials are not taken from a URL") as caught:
        finrst.read(f"s3://{KEY}:{SECRET}@caps/x.pcap")
    assert SECRET not in repr(caught.value)
    assert KEY not in repr(caught.value)


def test_secrets_are_nowhere(store: Warehouse, tmp_path: Path) -> None:
    url = store.put("x.pcap", DEMO.read_bytes())
    options = {"access_key_id": "AKIDOTHER", "secret_access_key": "other-secret"}
    cap = finrst.read(url, storage_options=options)
    cap.report(tmp_path / "x.md")
    cap.write(tmp_path / "x.json")
    texts = [repr(cap), str(cap.connections.metadata), repr(pickle.dumps(cap))]
    texts += [str(list(cap.table(name))) for name in TABLES]
    texts += [path.read_text() for path in tmp_path.iterdir()]
    for secret in ("other-secret", "AKIDOTHER", SECRET, KEY):
        assert not any(secret in text for text in texts)


def test_many_objects_are_read_with_few_threads_and_requests(
    store: Warehouse, tmp_path: Path
) -> None:
    # More than the files that are held open at once; all of them are open at the same time.
    many = 150
    halves = [(packet(n), packet(n + 5_000, 0x14, back=True)) for n in range(many)]
    for number, half in enumerate(halves):
        (tmp_path / f"{number}.pcap").write_bytes(HEADER + b"".join(half))
        store.put(f"{number}.pcap", HEADER + b"".join(half))
    store.gate.asked.clear()
    before = threading.active_count()
    cap = finrst.read("s3://caps/")
    threads = threading.active_count() - before
    alike(finrst.read(tmp_path), cap, f"{tmp_path}/", "s3://caps/")
    # A list, and of each object its beginning: to put it in order, and to read it.
    lists = [one for one in store.gate.asked if not one.path.endswith(".pcap")]
    assert len(lists) == 1
    assert len(store.gate.asked) <= 2 * many + 1
    assert max(store.gate.most.values()) == 1
    # Those that read objects, and those of the server.
    assert threads <= 8 + 16


def test_a_large_object_takes_no_more_memory_than_a_file(store: Warehouse, tmp_path: Path) -> None:
    size = 64 << 20
    piece = b"".join(packet(n, size=9000) for n in range(1000))
    whole = HEADER + piece * (size // len(piece))
    (tmp_path / "x.pcap").write_bytes(whole)
    url = store.put("x.pcap", whole)
    code = (
        "import sys, resource, finrst\n"
        "finrst.read('tests/data/demo.pcap')\n"
        "finrst.read(sys.argv[2], threads=2) if len(sys.argv) > 2 else None\n"
        "cap = finrst.read(sys.argv[1], threads=2)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    small = store.put("demo.pcap", DEMO.read_bytes())

    def peak(*names: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code, *names],
            capture_output=True,
            check=True,
            cwd=DEMO.parents[2],
        )
        return int(done.stdout) * 1024

    # obstore itself is in both.
    assert peak(url) < peak(str(tmp_path / "x.pcap"), small) + (24 << 20)


def test_ctrl_c_is_answered_while_a_store_is_silent(store: Warehouse) -> None:
    url = store.put("x.pcap", LARGE)
    for silent in ("HEAD", "GET"):
        release = threading.Event()

        def rule(asked: Asked, silent: str = silent, release: threading.Event = release) -> None:
            late = asked.method == silent and (silent == "HEAD" or "=0-" not in (asked.range or ""))
            if late:
                threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
                release.wait(20)

        store.gate.rule = rule
        begun = time.monotonic()
        for threads in (1, 3):
            with pytest.raises(KeyboardInterrupt):
                finrst.read(url, threads=threads)
        assert time.monotonic() - begun < 6
        release.set()
        store.gate.rule = None
    assert len(finrst.read(url)) == MANY


def test_other_threads_read_too(store: Warehouse) -> None:
    url = store.put("x.pcap", refusals(0, 500))
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(finrst.read(url)))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [500] * 3


def test_an_arrow_consumer_that_pulls_gets_the_rows(store: Warehouse) -> None:
    pa = pytest.importorskip("pyarrow")
    for kind in (bytes, gzip.compress):
        url = store.put("x.pcap", kind(LARGE))
        assert pa.table(finrst.scan(url).connections).num_rows == MANY


def test_the_command_reads_urls(
    store: Warehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = store.put("d/demo.pcap", DEMO.read_bytes())
    assert main([str(DEMO)]) == 0
    local = capsys.readouterr().out
    for named in (url, "s3://caps/d/", "s3://caps/**"):
        assert main([named]) == 0
        next_step = f"explain {shlex.quote(named)}"
        out = capsys.readouterr().out.replace(next_step, f"explain {DEMO}")
        assert out.replace(url, str(DEMO)) == local
    assert main(["compare", url, url]) == 0
    assert main(["convert", url, "-o", str(tmp_path / "x.csv")]) == 0
    assert (tmp_path / "x.csv").read_text().count(url) == 25
    assert main([f"{url}x"]) == 1
    said = capsys.readouterr().err
    assert f"{url}x: no such object" in said


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    for scheme in ("s3", "gs", "az"):
        with pytest.raises(OSError, match=r"pip install 'finrst\[s3\]'") as caught:
            finrst.read(f"{scheme}://bucket/x.pcap")
        assert caught.value.filename == f"{scheme}://bucket/x.pcap"


def test_a_capture_with_no_warning_warns_of_nothing(store: Warehouse) -> None:
    url = store.put("x.pcap", DEMO.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        finrst.read(url)


def test_the_manuals_page_runs(
    store: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (DEMO.parents[2] / "docs/stores.md").read_text("utf-8")
    store.put("2026-11-29/web-1.pcap.zst", DEMO.read_bytes())
    store.publish("public.pcap", DEMO.read_bytes())
    web = Web()
    web.files["d/demo.pcap.gz"] = gzip.compress(DEMO.read_bytes())
    monkeypatch.chdir(tmp_path)
    try:
        page = page.replace("https://captures.example", f"http://{web.host}")
        page = page.replace("http://minio.example:9000", store.endpoint)
        blocks = re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        assert [kind for kind, _ in blocks] == ["sh", "python", "sh"]
        for kind, block in blocks:
            if kind == "python":
                exec(compile(block, "stores.md", "exec"), {})
                continue
            for line in block.splitlines():
                command, *given = shlex.split(line)
                if command == "export":
                    for one in given:
                        monkeypatch.setenv(*one.split("=", 1))
                else:
                    assert command == "finrst"
                    assert main(given) == 0, line
                    assert "10.77.0.1" in capsys.readouterr().out
    finally:
        web.close()
    assert (tmp_path / "one.pcapng").stat().st_size > 1_000


def test_the_steps_of_a_parallel_reading_take_urls(store: Warehouse, tmp_path: Path) -> None:
    for number in range(3):
        store.publish(f"d/{number}.pcap", refusals(number * 50, 80))
    public = {"skip_signature": True}
    urls = [f"s3://caps/d/{number}.pcap" for number in range(3)]
    found = finrst.survey(urls, storage_options=public)
    assert [(file["name"], file["path"]) for file in found["files"]] == [
        (url, None) for url in urls
    ]
    runs = [
        finrst.digest(url, tmp_path / f"{n}.frd", buckets=2, of=3, storage_options=public)
        for n, url in enumerate(urls)
    ]
    plan = finrst.plan(runs, found)
    for bucket in range(2):
        finrst.stitch(plan, bucket, tmp_path)
    rows = [
        row for run in range(plan.runs) for row in finrst.judge(plan, run, tmp_path)["connections"]
    ]
    assert rows == list(finrst.read(urls, storage_options=public).connections)
