"""The tables of a capture, and what can be made of one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from finrst._base.pickles import ByValue
from finrst._base.text import nearest
from finrst._tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    import pandas as pd
    import polars as pl

    from finrst import _native


class Tables(ByValue):
    """What was read, as tables."""

    def __init__(self, tables: Mapping[str, _native.Table]) -> None:
        """Wrap the engine's tables."""
        self._tables = {name: Table(native, name) for name, native in tables.items()}

    @property
    def connections(self) -> Table:
        """One row per TCP connection, in order of the first packet.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.connections
        <finrst.Table connections: 25 rows, ... columns>
        """
        return self._tables["connections"]

    @property
    def teardowns(self) -> Table:
        """One row per FIN or RST segment, in packet order.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.teardowns.counts("kind")
        [('rst', 23), ('fin', 9)]
        """
        return self._tables["teardowns"]

    @property
    def ledger(self) -> Table:
        """What every packet turned out to be: the classes add up to the packets read.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> dict(zip(cap.ledger["class"], cap.ledger["packets"]))
        {'tcp': 164}
        """
        return self._tables["ledger"]

    @property
    def interfaces(self) -> Table:
        """Where packets were captured, and what the capturing machine says that it lost.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.interfaces["packets"]
        [164]
        """
        return self._tables["interfaces"]

    @property
    def files(self) -> Table:
        """What became of each file, and where its bytes went.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.files["status"]
        ['complete']
        """
        return self._tables["files"]

    @property
    def issues(self) -> Table:
        """Oddities of the capture: every one counted, the first of each kind shown.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> len(cap.issues)
        0
        """
        return self._tables["issues"]

    @property
    def names(self) -> Table:
        """Names of addresses: of the option ``hosts``, of DNS answers, of name resolution blocks.

        What clients called their servers is in ``server_name`` of ``connections``; :attr:`naming`
        decides among them all.

        >>> import finrst
        >>> cap = finrst.conversation("> S, < R.", hosts={"198.51.100.1": "mail.example"})
        >>> cap.names["name"], cap.names["source"]
        (['mail.example'], ['hosts'])
        """
        return self._tables["names"]

    def table(self, which: str = "connections") -> Table:
        """Give a table by name.

        Raises ``ValueError`` when there is none of that name.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.table("teardowns") is cap.teardowns
        True
        """
        try:
            return self._tables[which]
        except KeyError:
            hint = nearest(which, self._tables)
            message = f"no table {which!r}{hint}: one of {', '.join(self._tables)}"
            raise ValueError(message) from None

    def to_pandas(
        self,
        which: str = "connections",
        *,
        dtype_backend: Literal["numpy", "pyarrow"] = "numpy",
    ) -> pd.DataFrame:
        """Make a pandas DataFrame of a table; see :meth:`Table.to_pandas`.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.to_pandas("teardowns").shape[0]
        32
        """
        return self.table(which).to_pandas(dtype_backend=dtype_backend)

    def to_polars(self, which: str = "connections") -> pl.DataFrame:
        """Make a polars DataFrame of a table; see :meth:`Table.to_polars`.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.to_polars()["cause"].n_unique()
        16
        """
        return self.table(which).to_polars()

    def to_arrow(self, which: str = "connections") -> Any:
        """Make a ``pyarrow.Table`` of a table, without copying.

        >>> import finrst
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.to_arrow().num_rows
        25
        """
        return self.table(which).to_arrow()

    def write(
        self,
        path: str | PathLike[str],
        which: str = "connections",
        *,
        format: str | None = None,  # noqa: A002 - the word people look for
        formula_guard: bool = True,
        overwrite: bool = False,
    ) -> int:
        """Write a table into a file and return its number of rows; see :meth:`Table.write`.

        >>> import finrst, tempfile
        >>> cap = finrst.read("tests/data/demo.pcap")
        >>> cap.write(tempfile.mkdtemp() + "/fin_rst.csv", "teardowns")
        32
        """
        return self.table(which).write(
            path, format=format, formula_guard=formula_guard, overwrite=overwrite
        )
