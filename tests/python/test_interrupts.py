"""Ctrl-C in every long call: KeyboardInterrupt, a healthy interpreter, no part of a file.

How fast it comes is measured by tests/bench/interrupts.py, not here.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).resolve().parents[1] / "data/demo.pcap"
# Long enough for any call to be met, however fast the machine.
CONNECTIONS = 150_000


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """Import what is imported on demand: an import that is interrupted cannot be done again."""
    for name in ("pandas", "pyarrow.parquet", "matplotlib.backends.backend_agg"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)


@pytest.fixture(autouse=True)
def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an interrupt that falls into a finalizer be: Python prints it, and the call goes on."""
    others = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_type is not KeyboardInterrupt:
            others(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", hook)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of many refused connections."""
    out = [DEMO.read_bytes()[:20] + struct.pack("<I", 101)]
    for number in range(CONNECTIONS):
        client, port = struct.pack(">I", 0x0A000000 + number // 50_000), 1024 + number % 50_000
        server = bytes([192, 0, 2, 1])
        for flags, back in ((2, False), (0x14, True)):
            ends, ports = (client + server, (port, 443))
            if back:
                ends, ports = (server + client, ports[::-1])
            frame = struct.pack(">BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + ends
            frame += struct.pack(">HHIIBBHHH", *ports, 0, back, 0x50, flags, 65535, 0, 0)
            seconds, micros = divmod(number * 100 + 10 * back, 1_000_000)
            out.append(struct.pack("<IIII", 1_700_000_000 + seconds, micros, 40, 40) + frame)
    path = tmp_path_factory.mktemp("interrupts") / "x.pcap"
    path.write_bytes(b"".join(out))
    return path


@pytest.fixture(scope="module")
def large(path: Path) -> finrst.Capture:
    return finrst.read(path, progress=False)


def met(call: Callable[[], object]) -> bool:
    """Interrupt a call while it runs; false when it was over before."""
    sent, begun = threading.Event(), threading.Event()

    def send() -> None:
        begun.wait()
        time.sleep(0.01)
        sent.set()
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        try:
            begun.set()
            call()
        except Exception:  # a consumer's own, which the interrupt follows
            if not sent.is_set():
                raise
        early = not sent.is_set()
        thread.join()
        time.sleep(0.01)
    except KeyboardInterrupt:
        thread.join()
        return True
    return not early


def again(call: Callable[[], object]) -> None:
    """Interrupt until it was met, then let it run to its end."""
    assert any(met(call) for _ in range(20))
    assert call() is not None


def drained(path: Path) -> int:
    return sum(len(connections) for connections, _ in finrst.scan(path, progress=False))


def pulled(path: Path) -> Any:
    pa = pytest.importorskip("pyarrow")
    return pa.table(finrst.scan(path, progress=False).connections)


def test_reading(path: Path) -> None:
    again(lambda: finrst.read(path, progress=False))
    again(lambda: finrst.read(path.read_bytes() * 1, progress=False))
    again(lambda: drained(path))
    again(lambda: pulled(path))


def test_a_scan_goes_on_after_an_interrupt(path: Path) -> None:
    scan = finrst.scan(path, progress=False)
    rows = interrupts = 0
    over = False
    while not over:

        def step() -> None:
            nonlocal rows, over
            try:
                rows += len(next(scan)[0])
            except StopIteration:
                over = True

        interrupts += met(step)
    assert interrupts > 0
    scan.table("ledger")
    # An interrupt between a pair that is made and its coming here takes the pair with it.
    assert rows <= CONNECTIONS
    assert sum(scan.table("ledger")["packets"]) == 2 * CONNECTIONS


def test_tables(large: finrst.Capture) -> None:
    pytest.importorskip("pandas")
    again(large.to_pandas)
    again(lambda: large.connections["evidence"])
    again(lambda: large.connections.counts("client_ip", "client_port"))
    again(lambda: large.packets(range(2000)))


@pytest.mark.parametrize(
    "ending", ["csv", "json", "arrow", "parquet", "pcapng", "annotated.pcapng"]
)
def test_files(large: finrst.Capture, path: Path, tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    target = tmp_path / f"x.{ending}"
    # Every packet is copied, and what is said of a few connections is enough.
    some = finrst.read(path, progress=False, end="+1s")

    def call() -> int:
        if ending == "pcapng":
            return large.save(range(2000), target, overwrite=True)
        if ending == "annotated.pcapng":
            return some.annotate(target, overwrite=True, progress=False)
        return large.write(target)

    assert any(met(call) for _ in range(20))
    end = time.monotonic() + 20
    while list(tmp_path.glob(".finrst-*")) and time.monotonic() < end:
        time.sleep(0.01)
    assert {p.name for p in tmp_path.iterdir()} <= {target.name}
    assert call() > 0
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_a_report(large: finrst.Capture, tmp_path: Path) -> None:
    assert any(met(lambda: large.report(tmp_path / "x.html")) for _ in range(5))
    assert {p.name for p in tmp_path.iterdir()} <= {"x.html"}
