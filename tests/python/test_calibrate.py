"""How sure finrst is: the estimate of `tests/lab/frequencies.py`, and what it comes to today."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def calibrate() -> Iterator[Any]:
    """The command, as a module; `frequencies` is its neighbour."""
    sys.path.insert(0, str(ROOT / "tests/lab"))
    # `tests/practice` has a module of this name too.
    others = {name: sys.modules.pop(name) for name in ("score",) if name in sys.modules}
    spec = importlib.util.spec_from_file_location("lab_calibrate", ROOT / "tests/lab/calibrate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(ROOT / "tests/lab"))
    sys.modules.pop("score", None)
    sys.modules.update(others)


@pytest.fixture(scope="module")
def frequencies(calibrate: Any) -> Any:
    assert calibrate
    return sys.modules["frequencies"]


def rows(
    frequencies: Any, right: dict[str, list[float]], cause: str = "no_socket", stated: float = 0.9
) -> list[Any]:
    """Connections by family, each a scenario of its own."""
    return [
        frequencies.Row(
            family, str(n), cause, stated, good, guarded=False, as_stated=False, doubted=False
        )
        for family, all_of_it in right.items()
        for n, good in enumerate(all_of_it)
    ]


def others(frequencies: Any) -> list[Any]:
    """Ten causes that state 0.9 and are right."""
    return [
        row
        for n in range(10)
        for row in rows(frequencies, {f"f{n}": [1.0], f"g{n}": [1.0]}, f"cause {n}")
    ]


def said(frequencies: Any, known: list[Any], **of: Any) -> float:
    row = rows(frequencies, {"unseen": [1.0]}, **of)[0]
    found: float = frequencies.frequencies(known).says(row)
    return found


def test_a_cell_of_which_little_is_known_is_not_switched_off(frequencies: Any) -> None:
    # One family in which it was never right: a doubt, and no more.
    thin = rows(frequencies, {"one": [0.0]})
    assert 0.7 <= said(frequencies, others(frequencies) + thin) < 0.8
    # Many families in which it was never right: it is not believed any more.
    broad = rows(frequencies, {f"n{n}": [0.0, 0.0] for n in range(20)})
    assert said(frequencies, others(frequencies) + broad) < 0.3


def test_repetitions_and_scenarios_of_one_family_are_no_independent_trials(
    frequencies: Any,
) -> None:
    one = rows(frequencies, {"one": [0.0]})
    # The same scenario again and again counts as often as once.
    assert said(frequencies, others(frequencies) + one * 50) == said(
        frequencies, others(frequencies) + one
    )
    # A family, however large, counts for less than 1 / ALIKE families.
    large = frequencies.weighed(rows(frequencies, {"one": [0.0] * 500}), lambda row: row.cell)
    (told,) = large.values()
    assert 4.9 < told.families < 1 / frequencies.ALIKE


def test_a_cause_that_states_little_is_built_on_only_where_families_agree(
    frequencies: Any,
) -> None:
    def stated_at(count: int) -> list[Any]:
        families = {f"n{n}": [1.0] for n in range(count)}
        return rows(frequencies, families, stated=0.7)

    many = [row for n in range(10) for row in rows(frequencies, {f"f{n}": [1.0]}, f"c{n}", 0.7)]
    # All others that state as much are right.
    assert said(frequencies, many, stated=0.7) == frequencies.DOUBTFUL
    assert said(frequencies, many + stated_at(1), stated=0.7) == frequencies.DOUBTFUL
    assert said(frequencies, many + stated_at(8), stated=0.7) >= frequencies.CERTAIN


def test_who_states_more_is_never_less_sure_over_all_causes(frequencies: Any) -> None:
    known = rows(frequencies, {f"n{n}": [0.0] for n in range(9)}, stated=0.9)
    known += rows(frequencies, {f"n{n}": [1.0] for n in range(9)}, "other", stated=0.5)
    starts = frequencies.starts(known)
    assert starts == sorted(starts)
    assert len(starts) == frequencies.STEPS + 1


def test_an_even_chance_is_half_right_whichever_is_named(frequencies: Any) -> None:
    both = {"abort_unread_data", "application_abort"}
    for cause in both:
        assert frequencies.right(cause, 0.6, both) == 0.5
        assert frequencies.right(cause, 0.7, both) == 1.0
        assert frequencies.right(cause, 0.6, {cause}) == 1.0
    assert frequencies.right("no_socket", 0.6, both) == 0.0


def test_an_accusation_and_what_has_a_double_are_never_surer_than_stated(
    frequencies: Any,
) -> None:
    known = rows(frequencies, {f"n{n}": [1.0] * 3 for n in range(9)}, stated=0.9)
    found = frequencies.frequencies(known)
    row = frequencies.Row(
        "x", "y", "no_socket", 0.9, 1.0, guarded=False, as_stated=True, doubted=False
    )
    assert found.says(row) == 0.9
    assert found.says(dataclasses.replace(row, as_stated=False)) > 0.9
    # Nothing is built on what has a double.
    one_way = dataclasses.replace(row, as_stated=False, doubted=True)
    assert found.says(one_way) == frequencies.DOUBTFUL
    assert found.says(dataclasses.replace(row, stated=0.65, doubted=True)) == 0.65


def test_families_that_had_no_part_in_the_list_are_foretold(calibrate: Any) -> None:
    """The table of `docs/reliability-table.md`, made anew: its bounds hold on today's rules."""
    known = [*calibrate.laboratory(ROOT / "tests/lab/frozen"), *calibrate.practice()]
    table = calibrate.report(known, list(calibrate.practice(opened=False)))
    folds = [line.split("|")[1:-1] for line in table.splitlines()[2:8]]
    assert [fold[0].strip() for fold in folds] == ["1", "2", "3", "4", "5", "all"]
    for fold in folds:
        assert float(fold[3]) <= 0.05, table
    sure, surer = float(folds[-1][6]), float(folds[-1][8])
    assert sure >= 0.99, table
    assert surer >= 0.93, table
    # The list is of today's rules: the pages say what the command says, give or take a hundredth.
    page = (ROOT / "docs/reliability-table.md").read_text().splitlines()[2:8]
    for fold, line in zip(folds, page, strict=True):
        assert abs(float(fold[3]) - float(line.split("|")[1:-1][3])) <= 0.01, table
