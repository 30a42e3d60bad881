"""Tables into Excel workbooks."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import zipfile
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.extras import need
from finrst._base.text import number, printable

from .atomic import Whole

if TYPE_CHECKING:
    import os

    from .rows import Rows

_ROWS = 1_048_575
_TEXT = 32_000


def fits(rows: int) -> None:
    """Make sure that a sheet holds so many rows."""
    if rows > _ROWS:
        message = (
            f"Excel holds {number(_ROWS)} rows and the table has more: "
            "choose .parquet or .csv, or filter it"
        )
        raise ValueError(message)


class Workbook:
    """One sheet; times are UTC, which their column's name says, as Excel knows no time zones.

    A text is a text whatever it begins with, and what a spreadsheet cannot hold is shown escaped.
    """

    def __init__(self, path: str | os.PathLike[str] | None, like: Rows, *, overwrite: bool) -> None:
        """Begin a workbook for tables like this one."""
        openpyxl = need("openpyxl", "excel")
        self._file = Whole(path, like._native.sources, overwrite=overwrite)  # noqa: SLF001
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(like.name)
        self._cell = openpyxl.cell.WriteOnlyCell
        self._bold = openpyxl.styles.Font(bold=True)
        self._letter = openpyxl.utils.get_column_letter
        self._saver = openpyxl.writer.excel.ExcelWriter
        self._columns = 0
        self._rows = 0

    def add(self, rows: Rows) -> None:
        """Add rows."""
        fits(self._rows + len(rows))
        if not self._columns:
            self._head(rows)
        for row in rows:
            self._sheet.append([self._value(value) for value in row.values()])
        self._rows += len(rows)

    def _head(self, rows: Rows) -> None:
        names = rows.column_names
        times = {
            column["name"]
            for column in _native.columns().rows()
            if column["table"] == rows.name and "time" in column["type"]
        }
        self._columns = len(names)
        self._sheet.freeze_panes = "A2"
        head = []
        for place, name in enumerate(names):
            is_time = name in times
            cell = self._cell(self._sheet, value=f"{name} (UTC)" if is_time else name)
            cell.font = self._bold
            head.append(cell)
            width = 25 if is_time else max(10, len(name) + 2)
            self._sheet.column_dimensions[self._letter(place + 1)].width = width
        self._sheet.append(head)

    def _value(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            cell = self._cell(self._sheet, value=value.astimezone(dt.UTC).replace(tzinfo=None))
            cell.number_format = "yyyy-mm-dd hh:mm:ss.000"
            return cell
        if isinstance(value, list):
            value = json.dumps(value) if value else None
        if isinstance(value, str):
            text = printable(value, _TEXT)
            cell = self._cell(self._sheet, value=text)
            cell.data_type = "s"
            cell.quotePrefix = _native.guarded(text) != text
            return cell
        return value

    def commit(self) -> int:
        """Make the file appear; the number of rows."""
        if self._columns:
            last = f"{self._letter(self._columns)}{self._rows + 1}"
            self._sheet.auto_filter.ref = f"A1:{last}"
        self._save()
        self._file.commit()
        return self._rows

    def _save(self) -> None:
        self._book.properties.modified = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        archive = zipfile.ZipFile(self._file.handle, "w", zipfile.ZIP_DEFLATED)
        try:
            self._saver(self._book, archive).save()
        except BaseException:
            # Else it would write its end when it is collected, and complain.
            with contextlib.suppress(Exception):
                archive.close()
            raise

    def close(self) -> None:
        """Let go."""
        if not self._sheet.closed:
            # Else it complains when it is collected.
            with contextlib.suppress(Exception):
                self._sheet.close()
        self._file.close()
