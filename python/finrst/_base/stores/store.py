"""What every kind of store can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeAlias

    Options: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """An object, as a store tells of it."""

    key: str
    size: int | None
    """Bytes, where that is known."""
    tag: str | None
    """What is another one when the object is: its ETag, else when it was modified."""

    def is_still(self, other: Found) -> bool:
        """Tell whether another look found the same object."""
        return self.size == other.size and (self.tag == other.tag or None in {self.tag, other.tag})


class Store(Protocol):
    """A bucket, a host, or a file system; keys have no slash in front.

    All of these raise ``OSError`` with the URL, and may be called on any thread.
    """

    def stat(self, key: str) -> Found:
        """Look an object up; ``FileNotFoundError`` where there is none."""
        ...

    def below(self, folder: str) -> Iterator[Found]:
        """Go through the objects below a folder ("" is the store), however deep."""
        ...

    def inside(self, folder: str) -> tuple[list[Found], list[str]]:
        """Give the objects right in a folder, and the folders (without a slash behind)."""
        ...

    def read(self, known: Found, offset: int, length: int) -> bytes:
        """Give bytes from a place on, fewer only at the end, of the object as it is known.

        ``OSError`` (``ESTALE``) where it is another one by now.
        """
        ...
