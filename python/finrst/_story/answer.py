"""What a capture is to those who tell of it or draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from finrst._tables.naming import Naming
    from finrst._tables.table import Table

    from .connection import Connection
    from .finding import Findings


class Answer(Protocol):
    """A :class:`finrst.Capture`, as far as they use it; it stands above them."""

    @property
    def connections(self) -> Table:
        """One row per TCP connection."""

    @property
    def teardowns(self) -> Table:
        """One row per FIN or RST segment."""

    @property
    def ledger(self) -> Table:
        """What every packet turned out to be."""

    @property
    def interfaces(self) -> Table:
        """Where packets were captured."""

    @property
    def files(self) -> Table:
        """What became of each file."""

    @property
    def issues(self) -> Table:
        """Oddities of the capture."""

    @property
    def resumed(self) -> int:
        """How many connections came from an earlier reading."""

    @property
    def saved(self) -> int:
        """How many are left to a later one."""

    @property
    def tz(self) -> dt.tzinfo:
        """The time zone in which people read its times."""

    @property
    def naming(self) -> Naming:
        """The names of its addresses."""

    def __len__(self) -> int:
        """Count the connections."""

    def table(self, which: str = ...) -> Table:
        """Give a table by name."""

    def to_arrow(self, which: str = ...) -> Any:
        """Make a ``pyarrow.Table`` of a table."""

    def findings(self) -> Findings:
        """Tell what happened to many connections at once, gravest first."""

    def connection(self, connection_id: int) -> Connection:
        """Give one connection, by its number."""

    def packets(self, connection_ids: int | Iterable[int]) -> Table:
        """Give the packets of connections."""
