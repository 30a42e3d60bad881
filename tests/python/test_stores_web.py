"""Captures at web addresses: with ranges and without, signed, slow and broken."""

from __future__ import annotations

import gzip
import pickle
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from commands import DEMO
from finrst._base.stores import parsed
from finrst._base.stores import web as stores_web
from test_stores import LARGE, MANY, TABLES, alike, refusals
from warehouse import Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(stores_web, "_FIRST_PAUSE", 0.01)
    there = Web()
    there.files = {"d/demo.pcap": DEMO.read_bytes(), "large.pcap": LARGE}
    yield there
    there.close()


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("tagged", [True, False])
def test_a_server_gives_what_a_file_gives(
    *, ranges: bool, lengths: bool, tagged: bool, web: Web, tmp_path: Path
) -> None:
    web.ranges, web.lengths, web.tagged = ranges, lengths, tagged
    web.files["large.pcap.gz"] = gzip.compress(LARGE)
    for name in ("large.pcap", "large.pcap.gz", "d/demo.pcap"):
        (tmp_path / "x").write_bytes(web.files[name])
        url = web.url(name)
        cap = finrst.read(url)
        alike(finrst.read(tmp_path / "x"), cap, str(tmp_path / "x"), url)
        assert len(cap.packets(0)) == len(finrst.read(tmp_path / "x").packets(0))
    if ranges:
        assert all("Range" in headers for _, _, headers in web.asked)
    else:
        # Looked up, and read from its beginning to its end at once.
        before = len(web.asked)
        finrst.read(web.url("large.pcap"))
        assert len(web.asked) - before == 2


def test_a_folder_of_the_standard_server_is_named_file_by_file(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number} é.pcap").write_bytes(refusals(number * 100, 3))
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        found = re.search(r"port (\d+)", server.stdout.readline())
        assert found is not None
        root = f"http://127.0.0.1:{found[1]}"
        urls = [f"{root}/{number} é.pcap" for number in range(3)]
        alike(finrst.read(tmp_path), finrst.read(urls), f"{tmp_path}/", f"{root}/")
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()


def test_credentials_and_signatures_are_used_and_never_shown(web: Web, tmp_path: Path) -> None:
    shown = web.url("d/demo.pcap")
    signed = shown.replace("//", "//ann:pass-word@") + "?X-Amz-Signature=5ecre7&part=1#end"
    cap = finrst.read(signed)
    assert {path for _, path, _ in web.asked} == {"/d/demo.pcap?X-Amz-Signature=5ecre7&part=1"}
    assert {headers["Authorization"] for _, _, headers in web.asked} == {
        "Basic YW5uOnBhc3Mtd29yZA=="
    }
    assert cap.files["file"] == [shown]
    assert set(cap.packets(0)["file"]) == {shown}
    cap.report(tmp_path / "x.md")
    cap.save(13, tmp_path / "x.pcapng")
    cap.annotate(tmp_path / "y.pcapng")
    kept = pickle.dumps(cap)
    texts = [repr(cap), cap._repr_html_(), repr(kept), str(cap.connections.metadata)]
    texts += [repr(list(cap.table(name))) for name in TABLES]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()]
    with pytest.raises(finrst.CaptureError, match="read it again to get packets") as caught:
        pickle.loads(kept).packets(0)
    texts.append(repr(caught.value))
    for name in ("absent", "d/demo.pcap"):
        web.rule = lambda path, _: (403, {}) if path == "d/demo.pcap" else None
        with pytest.raises(OSError, match=web.url(name)) as refused:
            finrst.read(signed.replace("d/demo.pcap", name))
        texts += [repr(refused.value), str(refused.value.filename)]
    for secret in ("ann", "pass-word", "5ecre7", "Signature"):
        assert not any(re.search(rf"\b{secret}\b", text) for text in texts), secret


def test_credentials_do_not_go_to_whom_a_server_names_instead(web: Web) -> None:
    other = Web()
    try:
        other.files = web.files
        web.rule = lambda path, _: (302, {"Location": other.url(path)})
        url = web.url("d/demo.pcap")
        cap = finrst.read(
            url.replace("//", "//ann:secret@"), storage_options={"headers": {"X-Token": "t"}}
        )
        assert (len(cap), cap.files["file"]) == (25, [url])
        assert all(headers["X-Token"] == "t" for _, _, headers in web.asked)
        assert not any(
            {"X-Token", "Authorization"} & headers.keys() for _, _, headers in other.asked
        )
    finally:
        other.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int, web: Web) -> None:
    web.rule = lambda _, count: (status, {"Retry-After": "0"}) if count % 3 else None
    cap = finrst.read(web.url("large.pcap"))
    assert (len(cap), cap.files["status"]) == (MANY, ["complete"])


@pytest.mark.parametrize("ranges", [True, False])
def test_a_connection_that_breaks_is_begun_again_where_it_broke(*, ranges: bool, web: Web) -> None:
    web.ranges = ranges
    web.cut = lambda _, count: 300_000 if count in {3, 4} else None
    cap = finrst.read(web.url("large.pcap"))
    assert (len(cap), cap.files["status"]) == (MANY, ["complete"])


@pytest.mark.parametrize("ranges", [True, False])
def test_what_came_before_a_file_vanished_is_kept(*, ranges: bool, web: Web) -> None:
    web.ranges = ranges
    web.cut = lambda _, count: 1_200_000 if count >= 2 else None
    web.rule = lambda _, count: (404, {}) if count > (3 if ranges else 2) else None
    url = web.url("large.pcap")
    with pytest.warns(finrst.CaptureWarning, match=f"{url}: the system failed to read on"):
        cap = finrst.read(url)
    assert 10 < len(cap) < MANY
    assert cap.issues["detail"] == ["No such object"]


@pytest.mark.parametrize("tagged", [True, False])
def test_a_file_that_changes_is_not_mixed(*, tagged: bool, web: Web) -> None:
    web.tagged = tagged

    def change(_: str, count: int) -> None:
        if count == 4:
            # Without a tag its length tells.
            web.files["large.pcap"] = refusals(30_000, MANY - 1, 9000)

    web.rule = change
    with pytest.warns(finrst.CaptureWarning, match="failed to read on"):
        cap = finrst.read(web.url("large.pcap"))
    assert cap.issues["detail"] == ["It has changed since reading began"]
    assert max(cap.connections["client_port"]) < 1024 + MANY
    with pytest.raises(finrst.CaptureError, match="has changed since it was read"):
        cap.packets(0)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (404, FileNotFoundError, "No such object"),
        (401, PermissionError, "Access denied .The server says 401.*headers"),
        (400, OSError, "The server says 400"),
        (503, OSError, "The server says 503"),
    ],
)
def test_refusals_name_the_address(status: int, kind: type[OSError], said: str, web: Web) -> None:
    web.rule = lambda *_: (status, {})
    with pytest.raises(kind, match=said) as caught:
        finrst.read(web.url("x.pcap"))
    assert caught.value.filename == web.url("x.pcap")
    # What may be over in a moment is tried again, nothing else.
    assert len(web.asked) == (6 if status == 503 else 1)


def test_what_is_no_capture_is_said_as_of_a_file(web: Web) -> None:
    web.files |= {"page": b"<html>not found", "empty": b""}
    for name, said in (("page", "an HTML page"), ("empty", "empty file, no capture header")):
        for web.ranges in (True, False):
            with pytest.raises(finrst.CaptureError, match=f"{web.url(name)}: .*{said}"):
                finrst.read(web.url(name))


def test_a_server_that_is_not_there_and_one_that_is_silent(web: Web) -> None:
    web.hangs = True
    begun = time.monotonic()
    with pytest.raises(OSError, match=r"Cannot be reached: .*timed out"):
        finrst.read(web.url("large.pcap"), storage_options={"timeout": 0.1})
    assert time.monotonic() - begun < 20
    web.hangs = False
    gone = Web()
    gone.close()
    with pytest.raises(OSError, match=r"Cannot be reached: .*refused") as caught:
        finrst.read(gone.url("x.pcap"))
    assert caught.value.filename == gone.url("x.pcap")


def test_options_and_uses_that_the_web_has_not_are_told(web: Web) -> None:
    options: dict[str, Any] = {"anon": True}
    with pytest.raises(OSError, match=r"option of http: anon \(headers and timeout"):
        finrst.read(web.url("d/demo.pcap"), storage_options=options)
    there = stores_web.Web(parsed(web.url("d")), {})
    for call in (lambda: there.inside("d"), lambda: list(there.below("d"))):
        with pytest.raises(OSError, match=re.escape(web.url("d"))):
            call()
