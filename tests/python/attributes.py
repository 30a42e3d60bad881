"""Makes the typed attributes of a connection out of the declared columns.

`FINRST_RECORD=1 python -m pytest tests/python/test_attributes.py` writes them anew.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import finrst

TARGET = Path(finrst.__file__).parent / "_tables/attributes.py"
_HEAD = '''"""The columns of ``connections`` as typed attributes.

Made from the declared columns by ``tests/python/attributes.py``; not written by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.pickles import ByValue

if TYPE_CHECKING:
    import datetime as dt
    from typing import Literal


class Attributes(ByValue):
    """What a connection has of each column; the values come from its row."""

'''
_CLOSED = 40
_TYPES = {
    "utf8": "str",
    "bool": "bool",
    "float64": "float",
    "timestamp[ns, UTC]": "dt.datetime",
    "dictionary<int8, utf8>": "str",
    "dictionary<int16, utf8>": "str",
    "dictionary<int32, utf8>": "str",
}


def type_of(column: dict[str, Any]) -> str:
    """Give the type of a column's values in Python."""
    declared = column["type"]
    # A vocabulary so long is that of causes, which grows with every rule.
    if 0 < len(column["words"]) <= _CLOSED:
        name = "Literal[" + ", ".join(f'"{word}"' for word in column["words"]) + "]"
    elif declared.startswith("list<struct<"):
        name = "list[dict[str, Any]]"
    elif declared.lstrip("u").startswith("int"):
        name = "int"
    else:
        name = _TYPES[declared]
    return f"{name} | None" if column["nullable"] else name


def _declared(column: dict[str, Any]) -> str:
    kind = type_of(column)
    line = f"    {column['name']}: {kind}"
    if len(line) > 100:
        words = "".join(f'        "{word}",\n' for word in column["words"])
        line = f"    {column['name']}: Literal[\n{words}    ]"
        line = (
            f"    {column['name']}: (\n        Literal[\n"
            + textwrap.indent(words, "    ")
            + ("        ]\n        | None\n    )")
            if column["nullable"]
            else line
        )
    unit = (column["unit"] or "").replace("bytes", "bytes")
    doc = column["doc"].replace("\\", "\\\\").removesuffix(".") + (f" ({unit})." if unit else ".")
    if len(doc) + 10 <= 100:
        return f'{line}\n    """{doc}"""\n'
    wrapped = textwrap.fill(doc, 96, initial_indent='    """', subsequent_indent="    ")
    return f'{line}\n{wrapped}\n    """\n'


def made() -> str:
    """Write the module."""
    columns = [row for row in finrst.columns() if row["table"] == "connections"]
    return _HEAD + "".join(map(_declared, columns))
