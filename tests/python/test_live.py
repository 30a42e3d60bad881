"""A pipe that packets still come through: what a terminal shows, and what Ctrl-C leaves."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pty = pytest.importorskip("pty", reason="no pseudo-terminals")
termios = pytest.importorskip("termios")
fcntl = pytest.importorskip("fcntl")

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo.pcap"
TUTORIAL = DEMO.parents[2] / "docs" / "tutorial.md"
HEADER = 24
END = b"\x1b[?25h"


class Terminal:
    """The command on a pseudo-terminal, fed through a pipe."""

    def __init__(self, *arguments: str, lines: int = 40, **environment: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 100, 0, 0))
        environment = {**os.environ, "TERM": "xterm", **environment}
        environment.pop("COLUMNS", None)
        environment.pop("LINES", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "finrst", *arguments],
            stdin=subprocess.PIPE,
            stdout=slave,
            stderr=slave,
            env=environment,
        )
        os.close(slave)
        assert self.process.stdin is not None
        self.stdin: IO[bytes] = self.process.stdin
        self.shown = b""

    def feed(self, octets: bytes) -> None:
        self.stdin.write(octets)
        self.stdin.flush()

    def wait_for(self, text: str, *, times: int = 1) -> None:
        deadline = time.monotonic() + 60
        while self.shown.count(text.encode()) < times:
            assert time.monotonic() < deadline, self.shown.decode()
            if select.select([self.master], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.shown += os.read(self.master, 65536)

    def rest(self) -> int:
        """Read to the end; the exit code."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.master, 65536)
                except OSError:
                    break
            elif self.process.poll() is not None:
                break
        return self.process.wait(timeout=10)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.stdin.close()
        os.close(self.master)


def waits_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def terminal(*arguments: str, lines: int = 40, **environment: str) -> Iterator[Terminal]:
    made = Terminal(*arguments, lines=lines, **environment)
    try:
        yield made
    finally:
        made.close()


def frames(shown: bytes) -> list[str]:
    """What was drawn each time, without colours."""
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", shown).replace(b"\r\n", b"\n")
    return [part.decode() for part in plain.split(b"\x1b[J")[1:]]


def test_it_updates_while_packets_arrive() -> None:
    data = DEMO.read_bytes()
    with terminal("-") as screen:
        screen.wait_for("waiting for packets")
        screen.feed(data[:HEADER])
        screen.feed(data[HEADER:2000])
        # Nothing more comes, and yet everything that came is shown.
        screen.wait_for("TCP connections, ")
        first = int(re.findall(r"live [\d:]+: (\d+) TCP conn", frames(screen.shown)[-1])[-1])
        assert 1 < first < 25
        screen.feed(data[2000:])
        # The last line of the picture.
        screen.wait_for("accept_queue_overflow_reset 98 %")
        assert "25 TCP connections, 32 FIN or RST segments" in frames(screen.shown)[-1]
        told = "reset_injected 97 %  10.77.0.1:51058 > 10.77.0.2:4022  reset by third party"
        assert told in frames(screen.shown)[-1]
        # The manual shows this.
        shown = TUTORIAL.read_text("utf-8").split("| finrst -\nlive 0:00:08")[1].split("```")[0]
        for part in shown.split("...\n"):
            assert part in frames(screen.shown)[-1]
        screen.stdin.close()
        assert screen.rest() == 0
        assert screen.shown.index(END) < screen.shown.rindex(b"segments in standard input")
        assert screen.shown.count(b"\x1b[?25l") == 1


def test_it_is_redrawn_in_place_and_fits() -> None:
    data = DEMO.read_bytes()
    with terminal("-", lines=12) as screen:
        for at in range(0, len(data), 4000):
            screen.feed(data[at : at + 4000])
            screen.wait_for("\x1b[J", times=screen.shown.count(b"\x1b[J") + 2)
        screen.wait_for("25 TCP connections")
        screen.stdin.close()
        screen.rest()
    drawn = frames(screen.shown.split(END)[0])
    assert len(drawn) > 3
    ups = [int(n) for n in re.findall(rb"\x1b\[(\d+)A\r", screen.shown)]
    heights = [frame.split("\x1b")[0].count("\n") for frame in drawn]
    assert max(heights) <= 11
    assert ups == heights[: len(ups)]
    assert all(len(line) < 100 for frame in drawn for line in frame.split("\n"))


def test_ctrl_c_ends_it_with_what_came() -> None:
    data = DEMO.read_bytes()
    with terminal("-") as screen:
        # The last record is cut: that is the writer's business, not damage.
        screen.feed(data[:-10])
        screen.wait_for("TCP connections, ")
        screen.process.send_signal(signal.SIGINT)
        # What the writer still had is taken, too.
        screen.feed(data[-10:])
        screen.stdin.close()
        # As it is meant to be ended: nothing went wrong.
        assert screen.rest() == 0
        assert b"25 TCP connections, 32 FIN or RST segments in standard input" in screen.shown
        assert b"Traceback" not in screen.shown


def test_ctrl_c_does_not_wait_for_a_writer_that_goes_on() -> None:
    data = DEMO.read_bytes()
    with terminal("-") as screen:
        screen.feed(data[:-10])
        screen.wait_for("TCP connections, ")
        begun = time.monotonic()
        screen.process.send_signal(signal.SIGINT)
        assert screen.rest() == 0
        assert time.monotonic() - begun < 30
        assert b"25 TCP connections, 32 FIN or RST segments in standard input" in screen.shown
        assert b"its end is cut" not in screen.shown


def test_a_second_ctrl_c_cuts_off_what_the_pipe_still_holds() -> None:
    with terminal("-") as screen:
        screen.feed(DEMO.read_bytes())
        screen.wait_for("TCP connections, ")
        screen.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        screen.process.send_signal(signal.SIGINT)
        assert screen.rest() == 130
        assert b"25 TCP connections, 32 FIN or RST segments in standard input" in screen.shown


def test_ctrl_c_before_any_packet() -> None:
    with terminal("-") as screen:
        screen.wait_for("waiting for packets")
        screen.process.send_signal(signal.SIGINT)
        assert screen.rest() == 130
        assert b"finrst: " not in screen.shown
        assert END in screen.shown


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (("report", "-", "-o", "{}/x.md"), "x.md"),
        (("convert", "-", "-o", "{}/x.csv"), "x.csv"),
        (("explain", "-"), None),
        (("-", "--json"), None),
    ],
)
def test_ctrl_c_keeps_what_every_command_has_read(
    arguments: tuple[str, ...], made: str | None, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "finrst", *(part.format(tmp_path) for part in arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(DEMO.read_bytes())
    process.stdin.flush()
    waits_for(lambda: fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4) == b"\0" * 4)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert error == b""
    if made:
        assert (tmp_path / made).stat().st_size > 1000
        assert len(list(tmp_path.iterdir())) == 1
    elif "--json" in arguments:
        assert json.loads(out)["connections"] == 25
    else:
        assert out.startswith(b"connection ")


def test_nothing_but_a_terminal_gets_colours() -> None:
    with terminal(str(DEMO)) as screen:
        assert screen.rest() == 0
        assert b"\x1b[31m" in screen.shown
        assert b"\x1b[1m" in screen.shown
    with terminal(str(DEMO), NO_COLOR="1") as screen:
        assert screen.rest() == 0
        assert b"\x1b[3" not in screen.shown
    with terminal("causes", TERM="dumb") as screen:
        assert screen.rest() == 0
        assert b"\x1b" not in screen.shown


def test_a_terminal_is_no_capture() -> None:
    master, slave = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "finrst", "-"], stdin=slave, capture_output=True, check=False
    )
    os.close(master)
    os.close(slave)
    assert done.returncode == 2
    assert b"tcpdump -w - tcp | finrst -" in done.stderr


def test_in_python_too() -> None:
    read, write = os.pipe()
    data = DEMO.read_bytes()
    with os.fdopen(write, "wb", buffering=0) as out, os.fdopen(read, "rb", buffering=0) as pipe:
        out.write(data[:4000])
        with finrst.scan(pipe) as scan:
            assert scan.turn() == (None, None)
            followed, tables = scan.so_far() or (0, {})
            assert 1 < followed == len(tables["connections"]) < 25
            assert scan.so_far(most=0) is not None
            assert "connections" not in (scan.so_far(most=0) or (0, {}))[1]
            out.write(data[4000:])
            out.close()
            rows = 0
            while (turn := scan.turn()) is not None:
                rows += len(turn[0] or ())
            assert rows == 25
            assert scan.so_far() is None
            assert scan.turn() is None
            assert scan.table("files")["status"] == ["complete"]


def test_so_far_is_what_the_end_says() -> None:
    whole = {row["connection_id"]: row for row in finrst.read(DEMO).connections}
    latest: dict[str, finrst.Table] = {}
    scan = finrst.scan(DEMO)
    while scan.turn() == (None, None):
        found = scan.so_far()
        if found is not None:
            latest = found[1]
    rows = {row["connection_id"]: row for row in latest["connections"]}
    assert rows == whole
    assert len(latest["teardowns"]) == 32
    assert sum(latest["ledger"]["packets"]) == 164


TRAFFIC = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
tcpdump = subprocess.Popen(
    ["tcpdump", "-i", "lo", "-c", "6", "-w", "-", "tcp"],
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
)
finrst = subprocess.Popen(
    [sys.executable, "-m", "finrst", "-", "--json"], stdin=tcpdump.stdout, stdout=subprocess.PIPE
)
tcpdump.stdout.close()
assert b"listening" in tcpdump.stderr.readline()
for _ in range(3):
    try:
        socket.create_connection(("127.0.0.1", 9), timeout=5)
    except ConnectionRefusedError:
        pass
print(finrst.communicate(timeout=60)[0].decode())
assert finrst.returncode == 0, finrst.returncode
"""


@pytest.mark.skipif(shutil.which("tcpdump") is None, reason="tcpdump is not installed")
def test_tcpdump() -> None:
    alone = ["unshare", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespaces")
    done = subprocess.run(
        [*alone, sys.executable, "-c", TRAFFIC], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["causes"] == {"port_closed": 3}
    assert figures["packets"] == {"tcp": 6}
