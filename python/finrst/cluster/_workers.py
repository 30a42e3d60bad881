"""Processes of this machine, which do tasks; one that is killed costs the task that it had."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from finrst._base.units import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")
_Task: TypeAlias = "tuple[Future[Any], bytes]"

_LENGTH = struct.Struct("<Q")
_MAIN = "from finrst.cluster._workers import serve; serve()"


class LostWorkerError(BrokenExecutor):
    """The process that did a task ended before it was done; the others go on."""


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers(Executor):
    """Processes of this machine, as an executor: what ``client=None`` makes, of a chosen number.

    It differs from ``concurrent.futures.ProcessPoolExecutor`` in two things. A process that is
    killed takes its own task with it and no other: that task's future has the error, and another
    process takes the place. And a process is a new interpreter that imports what it is asked for
    and nothing else, so that scripts need no ``if __name__ == "__main__"``.

    >>> import finrst
    >>> with finrst.cluster.Workers(2) as two:
    ...     two.submit(pow, 2, 10).result()
    1024
    """

    def __init__(self, workers: int | None = None) -> None:
        """Take a number of processes, else as many as there are processors.

        They are started when there is something to do. Raises ``ValueError`` for less than one.
        """
        self.count = processors() if workers is None else count(workers)
        """How many there are at most."""
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._over = self._killed = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called by one of them; all of it must pickle.

        >>> import finrst
        >>> with finrst.cluster.Workers(1) as one:
        ...     one.submit(divmod, 7, 2).result()
        (3, 1)
        """
        packed = pickle.dumps((fn, args, kwargs), pickle.HIGHEST_PROTOCOL)
        future: Future[T] = Future()
        with self._lock:
            if self._over:
                message = "these workers were let go, and take no more tasks"
                raise RuntimeError(message)
            self._tasks.put((future, packed))
            if len(self._threads) < self.count:
                thread = threading.Thread(target=self._look_after, name="finrst", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as it is inherited
        """Let them go when they have done what there is, or at once if the rest is cancelled.

        >>> import finrst
        >>> workers = finrst.cluster.Workers(1)
        >>> workers.shutdown()
        >>> workers.submit(divmod, 7, 2)
        Traceback (most recent call last):
            ...
        RuntimeError: these workers were let go, and take no more tasks
        """
        with self._lock:
            self._over = True
            self._killed |= cancel_futures
            for process in self._running if cancel_futures else ():
                process.kill()
        if cancel_futures:
            with contextlib.suppress(queue.Empty):
                while (task := self._tasks.get_nowait()) is not None:
                    task[0].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def pids(self) -> list[int]:
        """Give the numbers of the processes that there are now.

        >>> import finrst
        >>> finrst.cluster.Workers(2).pids()
        []
        """
        with self._lock:
            return [process.pid for process in self._running]

    def _look_after(self) -> None:
        """Hand tasks to one process, and begin another where that is lost."""
        process = None
        while (task := self._tasks.get()) is not None:
            future, packed = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                process = process or self._begin()
                done, given = _asked(process, packed)
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                if process is not None:
                    self._end(process)
                    process = None
                future.set_exception(error)
                continue
            if done:
                future.set_result(given)
            else:
                future.set_exception(given)
        if process is not None:
            self._end(process)

    def _begin(self) -> subprocess.Popen[bytes]:
        paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - a text is wanted
        with self._lock:
            if self._killed:
                message = "the workers were let go"
                raise LostWorkerError(message)
            process = subprocess.Popen(  # noqa: S603 - this interpreter
                # The directory that it starts in is none to import from.
                [sys.executable, "-P", "-c", _MAIN],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
            self._running.add(process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Let a process go, which ends with its input; one that does not is not waited for."""
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with self._lock:
            self._running.discard(process)


def _asked(process: subprocess.Popen[bytes], packed: bytes) -> tuple[bool, Any]:
    """Give what a process made of a task: whether it was done, and the result or the error."""
    assert process.stdin is not None  # noqa: S101 - as it was made
    assert process.stdout is not None  # noqa: S101
    try:
        _write(process.stdin, packed)
        answer = _read(process.stdout)
    except OSError:
        answer = None
    if answer is None:
        code = process.wait()
        what = f"killed by signal {-code}" if code < 0 else f"ended with code {code}"
        message = f"a worker process was {what} in the middle of a task"
        raise LostWorkerError(message)
    done, given = pickle.loads(answer)  # noqa: S301 - of our own process
    return done, given


def _write(pipe: IO[bytes], packed: bytes) -> None:
    pipe.write(_LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    packed = pipe.read(length)
    return packed if len(packed) == length else None


def serve() -> None:
    """Do tasks from standard input until it ends; this is the process."""
    # Ctrl-C goes to all of a terminal's processes: whoever began this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # What a task prints is no answer.
    os.dup2(2, 1)
    while (packed := _read(given)) is not None:
        _write(answers, _answer(packed))


def _answer(packed: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(packed)  # noqa: S301 - of the process that began us
        return pickle.dumps((True, function(*args, **kwargs)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        return _failure(error)


def _failure(error: BaseException) -> bytes:
    try:
        packed = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(packed)  # noqa: S301 - some exceptions pickle and do not come back
    except Exception:  # noqa: BLE001 - an exception of somebody else's code
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed
