"""Waiting for a store so that Ctrl-C is answered."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
U = TypeVar("U")

_TURN = 0.05
_TOGETHER = 16


def patiently(call: Callable[[], T]) -> T:
    """Call something that may wait for long, beside the main thread where that is the caller's.

    >>> patiently(lambda: 3)
    3
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    return together(lambda _: call(), [None])[0]


def together(call: Callable[[U], T], items: Iterable[U]) -> list[T]:
    """Call something for each of several, some at a time; results in order, else the first error.

    >>> together(abs, [-1, 2])
    [1, 2]
    """
    left, lock, over = list(enumerate(items)), threading.Lock(), threading.Event()
    left.reverse()
    came: dict[int, T] = {}
    failed: list[tuple[int, BaseException]] = []
    wanted = len(left)

    def work() -> None:
        while not failed:
            with lock:
                if not left:
                    return
                number, item = left.pop()
            try:
                came[number] = call(item)
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                failed.append((number, error))
            if failed or len(came) == wanted:
                over.set()

    # Nobody waits for these at the end of the interpreter: a store may never answer.
    for _ in range(min(_TOGETHER, wanted)):
        threading.Thread(
            target=copy_context().run, args=(work,), name="finrst-store", daemon=True
        ).start()
    # In turns: some packages install a handler after which waiting is not interrupted.
    while wanted and not over.wait(_TURN):
        pass
    if failed:
        first: Any = min(failed, key=lambda one: one[0])
        raise first[1]
    return [came[number] for number in range(wanted)]
