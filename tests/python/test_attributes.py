"""What a connection has is known to those who write and check programs."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import attributes
import finrst

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).parents[1] / "data/demo.pcap"


def test_the_attributes_are_the_declared_columns() -> None:
    text = attributes.made()
    if os.environ.get("FINRST_RECORD"):
        attributes.TARGET.write_text(text, encoding="utf-8")
    assert attributes.TARGET.read_text(encoding="utf-8") == text


def test_every_value_has_the_type_that_is_told() -> None:
    kinds: dict[str, type] = {
        "str": str,
        "int": int,
        "float": float,
        "bool": bool,
        "dt.datetime": dt.datetime,
        "list[dict[str, Any]]": list,
    }
    columns = [row for row in finrst.columns() if row["table"] == "connections"]
    for number in range(25):
        one = finrst.read(DEMO).connection(number) if not number else CAP.connection(number)
        for column in columns:
            value = getattr(one, column["name"])
            told = attributes.type_of(column)
            if value is None:
                assert told.endswith(" | None"), column["name"]
            elif told.startswith("Literal["):
                assert f'"{value}"' in told, column["name"]
            else:
                assert type(value) is kinds[told.removesuffix(" | None")], column["name"]


CAP = finrst.read(DEMO)


def checked(tmp_path: Path, code: str) -> str:
    """Give what mypy says of a program."""
    pytest.importorskip("mypy", reason="mypy is not installed: no types are checked")
    source = tmp_path / "program.py"
    source.write_text(textwrap.dedent(code), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, str(source)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    return done.stdout + done.stderr


def test_a_checker_knows_typos(tmp_path: Path) -> None:
    said = checked(
        tmp_path,
        """
        import finrst
        one = finrst.read("x.pcap").connection(0)
        one.causee
        lost: int = one.server_bytes_lost
        late: int = one.deciding_packet
        one.ending == "gracefull"
        reveal_type(one.start)
        reveal_type(one.cause)
        """,
    )
    lines = [line.partition("program.py:")[2] for line in said.splitlines()]
    found = {int(line.partition(":")[0]): line for line in lines if line}
    assert set(found) == {4, 6, 7, 8, 9}, said
    assert '"Connection" has no attribute "causee"' in found[4]
    assert "int | None" in found[6]
    assert "Non-overlapping equality check" in found[7]
    assert "datetime.datetime" in found[8]
    assert '"str"' in found[9].replace("builtins.", "")


def test_another_checker_knows_them_too(tmp_path: Path) -> None:
    """Editors ask pyright; it sees the public names with their types, and the same typos."""
    pytest.importorskip("pyright", reason="pyright is not installed: no types are checked by it")
    if shutil.which("node") is None:
        pytest.skip("node is not installed: pyright does not run")
    source = tmp_path / "program.py"
    source.write_text(
        textwrap.dedent(
            """
            import finrst
            import finrst.plot
            cap = finrst.read("x.pcap")
            one = cap.connection(0)
            one.causee
            found = cap.findings()
            found[0].sentense
            found[0].example.ended_bye
            finrst.compare(cap, cap).changes
            finrst.plot.causes(cap)
            cap.report("x.html", titel="x")
            reveal_type(one.cause)
            reveal_type(found)
            reveal_type(cap.explore())
            """
        ),
        encoding="utf-8",
    )
    package = Path(finrst.__file__).parents[1]
    settings = {"extraPaths": [str(package)], "reportMissingModuleSource": False}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    told = json.loads(done.stdout)["generalDiagnostics"]
    lines = {one["range"]["start"]["line"] + 1: one["message"] for one in told}
    wrong = {one["range"]["start"]["line"] + 1 for one in told if one["severity"] == "error"}
    assert wrong == {6, 8, 9, 12}, told
    assert '"causee"' in lines[6]
    assert '"str"' in lines[13]
    assert '"Findings"' in lines[14]
    assert '"Explorer"' in lines[15]


def test_a_typo_says_what_was_meant() -> None:
    tries: list[tuple[Callable[[], Any], type[Exception], str]] = [
        (lambda: getattr(CAP.connection(0), "causee"), AttributeError, "'cause'"),  # noqa: B009
        (lambda: CAP.connections["cuase"], KeyError, "'cause'"),
        (lambda: CAP.connections.counts("endng"), ValueError, "'ending'"),
        (lambda: CAP.connections.find("conection_id", 1), ValueError, "'connection_id'"),
        (lambda: CAP.connections.find_all("conection_id", 1), ValueError, "'connection_id'"),
        (lambda: CAP.table("conections"), ValueError, "'connections'"),
        (lambda: CAP.to_pandas("teardown"), ValueError, "'teardowns'"),
        (
            lambda: CAP.connections.counts("ending", only={"cause": ["port_closd"]}),
            ValueError,
            "'port_closed'",
        ),
    ]
    for attempt, error, meant in tries:
        with pytest.raises(error) as raised:
            attempt()
        assert f"did you mean {meant}?" in str(raised.value)
    with pytest.raises(ValueError, match="no kind is called 'syn': one of fin, rst"):
        CAP.teardowns.counts("cause", only={"kind": ["syn"]})


def test_a_row_is_had_by_its_place() -> None:
    table = CAP.connections
    assert table[0] == next(iter(table))
    assert table[-1]["connection_id"] == 24
    assert table.slice(3, 2)[1]["connection_id"] == 4
    with pytest.raises(IndexError, match="no row 25: connections has 25 rows, counted from 0"):
        table[25]
    with pytest.raises(TypeError, match="a column's name or a row's place is wanted, not slice"):
        table[1:2]  # type: ignore[call-overload]
