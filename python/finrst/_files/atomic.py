"""Files that appear whole or not at all, and long work that Ctrl-C does not wait for."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from finrst import _native
from finrst._base.text import printable
from finrst._errors import OutputWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_TURN = 0.02
_TIDY = 0.06


def _is_special(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _opened(output: _native.Output) -> BinaryIO:
    """Open what is to be written: no name, which somebody could have given to another file."""
    descriptor, temporary = output.descriptor(), output.temporary
    if descriptor is None and temporary is not None:
        return open(temporary, "wb")  # noqa: PTH123 - closed with the rest
    return os.fdopen(os.dup(1) if descriptor is None else descriptor, "wb")


class Whole:
    """A file in the making, which takes its name with :meth:`commit`, when everything was written.

    Until then it is ``.finrst-*.tmp`` in the same directory. A pipe or device, and standard output
    (without a path), is written directly. What it may replace is decided by the engine, as for
    every writer.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, sources: _native.Sources, *, overwrite: bool
    ) -> None:
        """Begin a file that is made from these sources."""
        self._output: _native.Output | None = None
        self.handle: BinaryIO
        """Where to write."""
        if path is not None and _is_special(Path(path)):
            self.handle = Path(path).open("wb")  # noqa: SIM115 - closed with the rest
            return
        place = None if path is None else os.fspath(path)
        self._output = _native.Output(place, sources, overwrite)
        try:
            self.handle = _opened(self._output)
        except BaseException:
            self._output.abandon()
            raise

    def commit(self) -> None:
        """Make it appear."""
        self.handle.flush()
        self.handle.close()
        output, self._output = self._output, None
        if output is not None:
            tell(output.commit())

    def close(self) -> None:
        """Let go; without a commit, nothing is left behind."""
        with contextlib.suppress(OSError):
            self.handle.close()
        if self._output is not None:
            self._output.abandon()
            self._output = None


@contextlib.contextmanager
def whole(
    path: str | os.PathLike[str], sources: _native.Sources, *, overwrite: bool
) -> Iterator[BinaryIO]:
    """Open a file that takes its name when everything was written, and is removed otherwise."""
    with contextlib.closing(Whole(path, sources, overwrite=overwrite)) as file:
        yield file.handle
        file.commit()


def check(path: str | os.PathLike[str], sources: _native.Sources, *, overwrite: bool) -> None:
    """Make sure that a file can be made there: before minutes of reading, not after them."""
    if not _is_special(Path(path)):
        _native.Output(os.fspath(path), sources, overwrite).abandon()


def tell(lost: str | None) -> None:
    """Warn that owner or group of a file that was replaced could not be kept."""
    if lost is not None:
        warnings.warn(printable(lost, 600), OutputWarning, stacklevel=4)


def aside(work: Callable[[Callable[[], bool]], T]) -> T:
    """Run long work on a thread of its own, so that Ctrl-C is answered at once.

    ``work`` gets a function that says whether anybody still waits for it.
    """
    if threading.current_thread() is not threading.main_thread():
        return work(lambda: True)
    given: list[T] = []
    raised: list[BaseException] = []
    left = threading.Event()

    def run() -> None:
        try:
            given.append(work(lambda: not left.is_set()))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            raised.append(error)

    thread = threading.Thread(target=run, name="finrst")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_TURN)
    except BaseException:
        left.set()
        thread.join(_TIDY)
        raise
    if raised:
        raise raised[0]
    return given[0]
