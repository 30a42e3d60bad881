"""The package is a house of rooms: imports go down only, and never in a circle.

Every import counts: at the top of a file, for annotations only (``TYPE_CHECKING``), in a function.
"""

from __future__ import annotations

import ast
import importlib
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(finrst.__file__).parent

# From the ground up; each imports from those before it. "finrst" is the door, __init__.
ROOMS = (
    "_native",
    "_errors",
    "_base",
    "_files",
    "_tables",
    "_story",
    "plot",
    "_pages",
    "_face",
    "cluster",
    "finrst",
    "_cli",
    "__main__",
)
MOST = 13


def module_of(path: str) -> str:
    """Name the module in a file: that of a folder is in its ``__init__``."""
    return path.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def targets(path: str, source: str, modules: set[str]) -> Iterator[str]:
    """Give the modules that a file imports, wherever in it."""
    parts = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = parts[: len(parts) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else base for name in names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            (name, *_) = node.args
            if isinstance(name, ast.Constant):
                yield str(name.value)


def arrows(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Give for every module of the package those that it imports."""
    modules = {module_of(path) for path in sources}
    found = {}
    for path, source in sources.items():
        named = set(targets(path, source, modules))
        found[module_of(path)] = {one for one in named if one.partition(".")[0] == "finrst"}
    return found


def faults(sources: Mapping[str, str], rooms: tuple[str, ...] = ROOMS) -> list[str]:
    """Tell what is wrong with the files of a package, by their paths."""
    graph = arrows(sources)
    there = {room_of(module) for module in graph}
    found = [f"{room} is not among the rooms" for room in sorted(there - set(rooms))]
    found += [f"{room} is no room any more" for room in sorted(set(rooms) - there)]
    found += [f"{len(rooms)} rooms are more than {MOST}"] if len(rooms) > MOST else []
    floor = {room: place for place, room in enumerate(rooms)}
    found += [
        f"{module} imports {target}, which lies above it"
        for module, named in sorted(graph.items())
        for target in sorted(named)
        if floor.get(room_of(target), MOST) > floor.get(room_of(module), MOST)
    ]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found.append("a circle: " + " - ".join(error.args[1]))
    return found


def house(**files: str) -> dict[str, str]:
    """Make a package with empty rooms and what files hold, as in ``_base__text="import os"``."""
    empty = {f"finrst/{room}/__init__.py": "" for room in ROOMS if room != "finrst"}
    written = {f"finrst/{name.replace('__', '/')}.py": text for name, text in files.items()}
    return {"finrst/__init__.py": "", **empty, "finrst/_base/text.py": "", **written}


def test_the_house_stands() -> None:
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")]
    sources = {f"finrst/{one.relative_to(PACKAGE).as_posix()}": one.read_text() for one in files}
    assert len(sources) > 50
    assert sum(map(len, arrows(sources).values())) > 200
    assert faults(sources) == []


CLIMBS = (
    "from finrst._face.read import read",
    "from finrst._face import read",
    "from finrst import _face",
    "from .._face.read import read",
    "from .._face import read",
    "from .. import _face",
    "import finrst._face.read as reading",
    "import finrst",
    "if TYPE_CHECKING:\n    from finrst._face.read import Scan",
    "def later():\n    from finrst._face.read import read",
    "class Lazy:\n    def look(self):\n        import finrst._face.read",
    "import_module('finrst._face.read')",
    "def later():\n    return importlib.import_module('finrst._face.read')",
)


@pytest.mark.parametrize("text", CLIMBS)
def test_what_climbs_is_seen(text: str) -> None:
    (told,) = faults(house(_story__tally=text, _face__read=""))
    assert told.startswith("finrst._story.tally imports finrst")
    assert told.endswith("which lies above it")


DESCENDS = (
    "from finrst._base.text import number",
    "from .._base import text",
    "if TYPE_CHECKING:\n    from finrst._base.text import number",
    "from . import trust",
    "from .trust import limits",
    "import finrstlike._face",
    "from another._face.read import read",
    "import_module(name)",
    '"""\n>>> from finrst._face.read import read\n"""',
    "# from finrst._face.read import read",
)


@pytest.mark.parametrize("text", DESCENDS)
def test_what_does_not_climb_is_let_be(text: str) -> None:
    assert faults(house(_story__tally=text, _story__trust="", _face__read="")) == []


def test_a_circle_in_one_room_is_seen() -> None:
    one, other = "from .trust import limits", "if TYPE_CHECKING:\n    from .tally import Tally"
    (told,) = faults(house(_story__tally=one, _story__trust=other))
    assert told.startswith("a circle: finrst._story.t")
    assert faults(house(_story__tally=one, _story__trust="")) == []


def test_every_room_has_a_place_and_there_are_few() -> None:
    assert faults(house(_attic__box="")) == ["_attic is not among the rooms"]
    assert faults(house(), (*ROOMS[:-1], "_cellar", ROOMS[-1])) == [
        "_cellar is no room any more",
        "14 rooms are more than 13",
    ]
    assert faults(house()) == []


COLOUR = re.compile(r"(?<!&)#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b")


def test_every_colour_is_in_the_palette() -> None:
    files = [one for end in ("py", "css", "js") for one in PACKAGE.rglob(f"*.{end}")]
    there = {one.name for one in files if COLOUR.search(one.read_text(encoding="utf-8"))}
    assert there == {"palette.py"}


def test_colours_are_told_from_what_looks_like_them() -> None:
    assert all(map(COLOUR.search, ("color:#1f2328;", '"#fff"', "#E6EDF3", "#1f232880")))
    assert not any(map(COLOUR.search, ("&#9888;", "#finding", "#12", "$ink", "# abc", "#1f2329a")))


def test_what_the_engine_takes_from_the_package_is_where_it_looks() -> None:
    engine = Path(__file__).resolve().parents[2] / "src/python"
    named = re.compile(r'import\("(finrst[\w.]*)"\)(?:\?\.getattr\("(\w+)"\))?')
    found = {place for path in engine.glob("*.rs") for place in named.findall(path.read_text())}
    assert found >= {("finrst._errors", ""), ("finrst._base.source", "pump")}
    for module, name in found:
        assert not name or callable(getattr(importlib.import_module(module), name))
