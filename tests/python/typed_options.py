"""Makes the typed dictionary of the options of a reading out of what the engine declares.

`FINRST_RECORD=1 python -m pytest tests/python/test_options.py` writes it anew.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import finrst

TARGET = Path(finrst.__file__).parent / "_face/declared.py"
#: The type of each kind of option.
TYPES = {
    "filter": "str | None",
    "moment": "Moment | None",
    "duration": "Duration | None",
    "size": "Size | None",
    "count": "int | None",
    "switch": "bool",
    "thresholds": "Mapping[str, float] | None",
    "columns": "Columns | None",
    "hosts": "Hosts | None",
}
_HEAD = '''"""The options of a reading as a typed dictionary.

Made from the declared options by ``tests/python/typed_options.py``; not written by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finrst._base.hosts import Hosts
    from finrst._base.units import Duration, Moment, Size
    from finrst._tables.choice import Columns


class Options(TypedDict, total=False):
    """What :func:`read` and :func:`scan` take beside the source; all of it is optional.

    :func:`finrst.options` lists them with their defaults.

    >>> import finrst
    >>> options: finrst.Options = {"filter": "port 4001", "start": "+0s", "strict": True}
    >>> len(finrst.read("tests/data/demo.pcap", **options))
    1
    """

'''


def _declared(option: dict[str, str]) -> str:
    doc = " ".join(filter(None, (option["doc"], option["more"])))
    text = textwrap.fill(f'"""{doc}"""', 96, initial_indent="    ", subsequent_indent="    ")
    return f"    {option['name']}: {TYPES[option['kind']]}\n{text}\n"


def made() -> str:
    """Write the module."""
    return _HEAD + "".join(map(_declared, finrst.options()))
