"""Tasks on whatever runs them: what is lost is done again, what fails ends it."""

from __future__ import annotations

import contextlib
import errno
import queue
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ._workers import Workers, processors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")
Task: TypeAlias = "tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]"

_TURN = 0.2
MOST = 4
"""How often a task is begun at most."""
# What a file server may say that is well again in a moment.
_PASSING = {
    getattr(errno, name)
    for name in ("EIO", "ESTALE", "ETIMEDOUT", "EAGAIN", "EINTR", "EREMOTEIO", "ECONNRESET")
    if hasattr(errno, name)
}


def _is_dask(client: object) -> bool:
    """Tell whether it is a Client of Dask, which is not imported for it."""
    kinds = type(client).__mro__
    return any(k.__name__ == "Client" and k.__module__.startswith("distributed.") for k in kinds)


class _Here(Executor):
    """Does a task at once, in this process."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)
        return future


class Engine:
    """Runs tasks on an executor; its own ends with it, that of somebody else goes on."""

    def __init__(self, client: Any) -> None:
        """Take a Client of Dask, an executor, or ``None`` for processes of this machine."""
        self._own: list[Workers] = []
        self._client: Any = None
        if client is None:
            self._executor: Executor = self._fresh(processors())
        elif _is_dask(client):
            from . import _dask

            self._executor, self._client = _dask.executor(client), client
        elif isinstance(client, Executor):
            self._executor = client
        else:
            message = (
                f"client is a Client of Dask, an executor of concurrent.futures, or None for this "
                f"machine, not a {type(client).__name__}"
            )
            raise TypeError(message)

    def stay(self) -> None:
        """Do tasks in this process, where nobody has said what runs them: there is little to do."""
        if self._own:
            self._executor = _Here()

    def _fresh(self, count: int) -> Workers:
        workers = Workers(count)
        self._own.append(workers)
        return workers

    @property
    def count(self) -> int:
        """How many tasks run at a time, as far as that is known."""
        if self._client is not None:
            return int(max(1, sum(self._client.nthreads().values())))
        if isinstance(self._executor, Workers):
            return self._executor.count
        return int(getattr(self._executor, "_max_workers", None) or processors())

    def run(self, tasks: Mapping[int, Task]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Do tasks and give each one's number and result as they come.

        One whose worker is lost is begun again, as is one that met a failure of a file server that
        passes; any other error is raised, and what has not begun is let be.
        """
        begun = dict.fromkeys(tasks, 0)
        running: dict[Future[dict[str, Any]], int] = {}
        over: queue.SimpleQueue[Future[dict[str, Any]]] = queue.SimpleQueue()

        def begin(number: int) -> None:
            begun[number] += 1
            future = self._begin(tasks[number])
            running[future] = number
            future.add_done_callback(over.put)

        try:
            for number in tasks:
                begin(number)
            while running:
                try:
                    # In turns, so that Ctrl-C is answered everywhere.
                    future = over.get(timeout=_TURN)
                except queue.Empty:
                    continue
                number = running.pop(future)
                error = _error(future)
                if error is None:
                    yield number, future.result()
                elif begun[number] < MOST and _passes(error):
                    begin(number)
                else:
                    raise _lost(error, tasks[number]) from error
        finally:
            for future in running:
                future.cancel()

    def _begin(self, task: Task) -> Future[dict[str, Any]]:
        function, arguments = task
        try:
            return self._executor.submit(function, *arguments)
        except BrokenExecutor:
            if type(self._executor).__name__ != "ProcessPoolExecutor":
                raise
            # It takes nothing any more since one of its processes was lost.
            self._executor = self._fresh(self.count)
            return self._executor.submit(function, *arguments)

    def close(self, *, at_once: bool) -> None:
        """Let own processes go; at once when what they do is not wanted any more."""
        for workers in self._own:
            workers.shutdown(wait=True, cancel_futures=at_once)


def _error(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error


def _is_loss(error: BaseException) -> bool:
    """Tell whether a worker was lost, not what it did wrong."""
    dask = type(error).__module__.startswith("distributed") and not isinstance(error, OSError)
    return dask or isinstance(error, BrokenExecutor | CancelledError)


def _passes(error: BaseException) -> bool:
    return _is_loss(error) or (isinstance(error, OSError) and error.errno in _PASSING)


def _lost(error: BaseException, task: Task) -> BaseException:
    """Say in words that a task lost every worker that it had."""
    if not _is_loss(error):
        return error
    with contextlib.suppress(Exception):
        what = str(task[1][-1])
        return ChildProcessError(
            f"every worker was lost that did {task[0].__name__} of {what} ({MOST} times): {error}; "
            "is there enough memory? What is done is used when the same is read again"
        )
    return error
