"""The notebooks run from top to bottom and are stored without outputs."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_four_in_order_with_names_for_shells_and_addresses() -> None:
    numbers = [re.fullmatch(r"(\d\d)(-[a-z]+)+\.ipynb", path.name) for path in NOTEBOOKS]
    assert [found and found[1] for found in numbers] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path: Path) -> None:
    code = [cell for cell in load(path)["cells"] if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


def brought(extra: str) -> set[str]:
    """The packages that an extra brings, with those of the extras that it names."""
    extras = tomllib.loads((NOTEBOOKS[0].parents[1] / "pyproject.toml").read_text("utf-8"))
    found = set()
    for needed in extras["project"]["optional-dependencies"][extra]:
        name, _, more = re.split(r"[>=<]", needed)[0].partition("[")
        found |= {name}.union(*(brought(one) for one in more.rstrip("]").split(",") if one))
    return found


def test_the_extra_for_notebooks_brings_what_they_import() -> None:
    cells = [cell for path in NOTEBOOKS for cell in load(path)["cells"]]
    code = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "code")
    found = re.findall(r"(?m)^ *(?:import (\w+)|from (\w+)[\w.]* import)", code)
    imported = {one or other for one, other in found}
    assert {"duckdb", "polars", "pandas"} <= imported
    # IPython comes with JupyterLab.
    known = brought("notebook") | {"finrst", "IPython"}
    assert imported - sys.stdlib_module_names <= known


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")
def test_runs(path: Path) -> None:
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: not executed")
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", ())]
    assert outputs
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out["text"] for out in outputs if out.get("name") == "stderr"]
