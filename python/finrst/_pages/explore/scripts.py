"""The browser's half of the widget, which has to be one module, out of several files."""

from __future__ import annotations

import re
from pathlib import Path

from finrst._base.palette import dressed

_HERE = Path(__file__).parent
# Each imports from those before it; no two may call a thing of theirs the same.
_FILES = ("pieces.js", "talk.js", "found.js", "bars.js", "table.js", "detail.js", "widget.js")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function |const |class )", re.MULTILINE)


def module() -> str:
    """Join the files: a notebook gives a widget one module, which cannot find others.

    >>> text = module()
    >>> text.count("export default"), text.count("import ")
    (1, 0)
    """
    texts = [(_HERE / name).read_text(encoding="utf-8") for name in _FILES]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def style() -> str:
    """Give the style sheet, with the colours of the palette.

    >>> "$" in style()
    False
    """
    return dressed((_HERE / "explore.css").read_text(encoding="utf-8"))
