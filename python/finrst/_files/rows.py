"""What can be written into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finrst._native import Table


class Rows(Protocol):
    """A :class:`finrst.Table`, as far as writing goes."""

    _native: Table
    name: str

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""

    def __len__(self) -> int:
        """Count the rows."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the rows."""

    def slice(self, offset: int, length: int) -> Rows:
        """Give some of the rows, in the same memory."""

    def to_arrow(self) -> Any:
        """Make a ``pyarrow.Table``."""
