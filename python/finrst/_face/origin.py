"""The packets of chosen connections, read from their source again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.text import file_name, printable
from finrst._errors import CaptureError
from finrst._files.atomic import tell
from finrst._tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike


def _state(path: bytes) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - follows links, as open() does
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


@dataclass(frozen=True)
class Origin:
    """Where a capture came from: what the engine read and how, or the script that it played."""

    items: tuple[tuple[Any, ...], ...] = ()
    files: tuple[tuple[bytes, tuple[int, int] | None], ...] = ()
    script: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        items: Iterable[tuple[Any, ...]],
        paths: Iterable[bytes | None],
        options: Mapping[str, Any],
    ) -> Origin:
        """Remember sources, the state of the files among them, and how they were read."""
        kept = tuple(item[:2] if item[0] == "reader" else item for item in items)
        files = tuple((path, _state(path)) for path in paths if path is not None)
        return cls(kept, files, options=options)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the names of the sources, and nothing that they hold."""
        return {**self.__dict__, "items": tuple(item[:2] for item in self.items)}

    def __deepcopy__(self, memo: object) -> Origin:
        """Stay one: it is never changed, and the sources are the same."""
        return self

    def check(self) -> None:
        """Raise :exc:`CaptureError` when the source cannot be read again as it was."""
        if self.script is None and not self.items:
            message = "the source of this capture is not known: read() one to get its packets"
            raise CaptureError(message)
        if any(item[0] == "reader" for item in self.items):
            message = (
                "the source was a stream, which can be read only once: save it to a file first"
            )
            raise CaptureError(message)
        if any(len(item) == 2 and item[0] == "bytes" for item in self.items):  # noqa: PLR2004
            message = (
                "the source was bytes, which a pickle of the capture leaves out: read them again "
                "to get packets"
            )
            raise CaptureError(message)
        for name, state in self.files:
            now = _state(name)
            if state is not None and now != state:
                what = "is gone" if now is None else "has changed since it was read"
                message = (
                    f"'{printable(file_name(name))}' {what}: its packets cannot be found again"
                )
                raise CaptureError(message)

    def packets(self, rows: list[dict[str, Any]]) -> Table:
        """Give the packets of connections as a table."""
        self.check()
        if self.script is not None:
            return Table(_native.packets_of_script(self.script, rows), "packets")
        return Table(_native.packets_of(self.items, self.options, rows), "packets")

    def save(
        self,
        rows: list[dict[str, Any]],
        path: str | PathLike[str],
        known: _native.Sources,
        *,
        overwrite: bool,
    ) -> int:
        """Write the packets of connections as pcapng and give their number."""
        self.check()
        if self.script is not None:
            message = "a script has no packets to save"
            raise CaptureError(message)
        saved, lost = _native.save_packets(
            self.items, self.options, rows, None, os.fspath(path), known, overwrite
        )
        tell(lost)
        return saved
