"""The process ends as it should: with threads in the middle of a call, and without memory."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import finrst

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
AGAIN = 4

# What a daemon thread does for ever while the interpreter ends.
BEGIN = f"""
import finrst, sys, threading, time
DEMO = {str(DEMO)!r}
class Slow:
    def __init__(self):
        self.file = open(DEMO, "rb")
    def read(self, size):
        time.sleep(0.002)
        return self.file.read(64)
class Stuck:
    def read(self, size):
        time.sleep(0.35)
        return b""
    def __del__(self):
        time.sleep(0.001)
class Deaf:
    def read(self, size):
        threading.Event().wait()
def tell(*at):
    time.sleep(0.002)
def run():
    while True:
        {{work}}
"""
END = """
threading.Thread(target=run, daemon=True).start()
time.sleep(0.3)
print("over")
"""
WORK = {
    "a file object is read": "finrst.read(Slow(), progress=False)",
    "a file object is read that answers at the very end": "finrst.read(Stuck(), progress=False)",
    "a file object is read that never answers": "finrst.read(Deaf(), progress=False)",
    "a file object is scanned": "[len(t) for _, t in finrst.scan(Slow(), progress=False)]",
    "a scan of a file object is pulled": (
        "import pyarrow; pyarrow.table(finrst.scan(Slow(), progress=False).connections)"
    ),
    "a file is read that tells its progress": "finrst.read(DEMO, progress=tell)",
    "a file is read": "finrst.read(DEMO, progress=False)",
    "packets are looked for": "finrst.read(DEMO, progress=False).packets(3)",
    "rows are made": "list(finrst.read(DEMO, progress=False).connections)",
}


def ended(script: str, *arguments: str) -> str:
    """Run a script, which must end well and say nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


@pytest.mark.parametrize("what", WORK)
def test_the_interpreter_ends_while_a_daemon_thread_works(what: str) -> None:
    if "pulled" in what:
        pytest.importorskip("pyarrow")
    script = BEGIN.format(work=WORK[what]) + END
    for _ in range(AGAIN):
        assert ended(script) == "over\n"


def test_the_interpreter_ends_while_interrupted_threads_that_are_no_daemons_work() -> None:
    # Ctrl-C while Python waits for them: it ends without having waited.
    script = BEGIN.format(work=WORK["a file object is read"]) + (
        "threading.Thread(target=run).start()\n"
        "time.sleep(0.2)\n"
        "import _thread, os, signal\n"
        "threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    # Python tells of the interrupt by itself, and that is all.
    assert done.returncode in {0, 1, 130}, done
    assert done.stderr.rstrip().endswith("KeyboardInterrupt:") or "KeyboardInterrupt" in done.stderr


def test_a_thread_that_is_no_daemon_is_waited_for() -> None:
    script = BEGIN.format(work="return") + (
        "def read():\n"
        "    print(len(finrst.read(Slow(), progress=False)))\n"
        "threading.Thread(target=read).start()\n"
    )
    assert ended(script) == "25\n"


class Told(io.BytesIO):
    """A file object that knows on which threads it was read."""

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.threads: set[int] = set()

    def read(self, size: int | None = -1, /) -> bytes:
        self.threads.add(threading.get_ident())
        return super().read(size)

    read1 = read


def elsewhere(work: Any) -> Any:
    """Do something on another thread, and give or raise what came of it."""
    given: list[Any] = []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:  # noqa: BLE001 - the test's own to look at
            given.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(given[0], BaseException):
        raise given[0]
    return given[0]


def test_a_file_object_is_read_on_the_main_thread_where_that_reads() -> None:
    told = Told(DEMO.read_bytes())
    assert len(finrst.read(told)) == 25
    assert told.threads == {threading.get_ident()}


def test_a_file_object_gives_the_same_on_any_thread() -> None:
    here = finrst.read(io.BytesIO(DEMO.read_bytes()))
    there = elsewhere(lambda: finrst.read(io.BytesIO(DEMO.read_bytes())))
    assert list(here.connections) == list(there.connections)
    rows = finrst.scan(io.BytesIO(DEMO.read_bytes()))
    assert elsewhere(lambda: sum(len(pair[0]) for pair in rows)) == 25


def test_what_a_file_object_raises_comes_out_on_any_thread() -> None:
    class Own(Exception):  # noqa: N818 - as somebody may call it
        def __str__(self) -> str:
            raise ValueError

    class Bad:
        def __init__(self, given: Any) -> None:
            self.given = given

        def read(self, _: int) -> Any:
            if isinstance(self.given, BaseException):
                raise self.given
            return self.given

    own = Own()
    for wrong, raised in (
        (own, Own),
        (KeyError("k"), KeyError),
        ("text", TypeError),
        (None, OSError),
        (OSError(5, "gone"), OSError),
    ):
        with pytest.raises(raised):
            finrst.read(Bad(wrong))
        with pytest.raises(raised):
            elsewhere(lambda wrong=wrong: finrst.read(Bad(wrong)))


def test_what_came_before_a_failure_is_kept_on_any_thread() -> None:
    class Failing:
        def __init__(self) -> None:
            self.rest = [DEMO.read_bytes()[:4096]]

        def read(self, _: int) -> bytes:
            if self.rest:
                return self.rest.pop()
            raise OSError(5, "gone")

    for read in (lambda: finrst.read(Failing()), lambda: elsewhere(lambda: finrst.read(Failing()))):
        with pytest.warns(finrst.CaptureWarning):
            capture = read()
        assert capture.files["status"] == ["io_error"]
        assert sum(capture.ledger["packets"]) > 0


class Leisurely(io.BytesIO):
    """A large file object that takes its time."""

    def __init__(self) -> None:
        super().__init__(DEMO.read_bytes() + 40 * DEMO.read_bytes()[24:])

    def read(self, _: int | None = -1, /) -> bytes:
        threading.Event().wait(0.02)
        return super().read(1 << 16)

    read1 = read


def test_progress_is_told_and_may_raise() -> None:
    told: list[tuple[int, int | None, int]] = []
    finrst.read(Leisurely(), progress=lambda *at: told.append(at))
    assert len(told) > 1
    assert told == sorted(told)
    scanned: list[tuple[int, int | None, int]] = []
    assert list(finrst.scan(Leisurely(), progress=lambda *at: scanned.append(at)))
    assert len(scanned) > 1

    def stop(*_: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        finrst.read(Leisurely(), progress=stop)
    with pytest.raises(LookupError):
        list(finrst.scan(Leisurely(), progress=stop))


CALLS = {
    "read": "len(finrst.read(DEMO, progress=False))",
    "read bytes": "len(finrst.read(DATA))",
    "read a file object": "len(finrst.read(open(DEMO, 'rb')))",
    "read with a limit": "len(finrst.read(DEMO, memory_limit='10MiB'))",
    "scan": "sum(len(c) for c, _ in finrst.scan(DEMO, progress=False))",
    "conversation": "len(finrst.conversation('> S, < R.'))",
    "causes": "len(finrst.causes())",
}
LIMITED = """
import resource, sys
import finrst
DEMO = {demo!r}
DATA = open(DEMO, "rb").read()
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
room = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (now + room, now + room))
try:
    print({call})
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space so")
@pytest.mark.parametrize("what", CALLS)
def test_without_headroom_memory_is_an_error_and_with_it_there_is_an_answer(what: str) -> None:
    script = LIMITED.format(demo=str(DEMO), call=CALLS[what])
    for room in (0, 1 << 16, 1 << 20):
        assert ended(script, str(room)) == "MemoryError\n"
    assert int(ended(script, str(400 << 20))) > 0
