"""An option is declared once, in the engine; what Python has of it is made of that."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest

import finrst
import typed_options


def test_the_typed_dictionary_is_what_is_declared() -> None:
    text = typed_options.made()
    if os.environ.get("FINRST_RECORD"):
        typed_options.TARGET.write_text(text, encoding="utf-8")
    assert typed_options.TARGET.read_text(encoding="utf-8") == text


SETTABLE = [row for row in finrst.parameters() if row["settable"]]
VALUES = {
    "filter": "port 4001",
    "moment": "+0s",
    "duration": "90s",
    "size": "64MiB",
    "count": 2,
    "switch": True,
    "thresholds": {"idle_s": 2.0},
    "columns": ["cause", "packet"],
    "hosts": {"10.77.0.2": "server"},
}


@pytest.mark.parametrize("row", list(finrst.options()), ids=lambda row: str(row["name"]))
def test_every_option_is_taken_in_words_and_refused_in_nonsense(row: dict[str, str]) -> None:
    value = "2100-01-01" if row["name"] == "end" else VALUES[row["kind"]]
    given: Any = {row["name"]: value}
    assert len(finrst.read("tests/data/demo.pcap", **given)) >= 1
    if row["kind"] != "switch":  # whatever is true or false will do for these
        nonsense: Any = {row["name"]: object()}
        with pytest.raises((TypeError, ValueError, finrst.FilterError)):
            finrst.read("tests/data/demo.pcap", **nonsense)


def test_defaults_are_those_that_the_tables_tell() -> None:
    told = finrst.read("tests/data/demo.pcap").connections.metadata
    deadlines = {
        f"{row['name']}_s": float(row["default"])
        for row in finrst.options()
        if row["kind"] == "duration"
    }
    assert len(deadlines) == 4
    assert json.loads(told["finrst.deadlines"]) == deadlines
    thresholds = {row["name"]: row["default"] for row in SETTABLE}
    assert json.loads(told["finrst.parameters"]) == thresholds


@pytest.mark.parametrize("row", SETTABLE, ids=lambda row: str(row["name"]))
def test_every_threshold_can_be_set(row: dict[str, float]) -> None:
    changed = {str(row["name"]): row["default"] + 1}
    told = finrst.read("tests/data/demo.pcap", parameters=changed).connections.metadata
    assert json.loads(told["finrst.parameters"])[row["name"]] == row["default"] + 1
    assert re.fullmatch(r"s|None", str(row["unit"]))


def test_thresholds_are_set_and_other_numbers_shown() -> None:
    kinds = {row["kind"]: row["settable"] for row in finrst.parameters()}
    stated = ("confidence", "weight", "window", "size", "count", "fraction", "bound")
    assert kinds == {"threshold": True, **dict.fromkeys(stated, False)}
    hops = next(row for row in finrst.parameters() if row["name"] == "score.hops")
    assert hops == {
        "name": "score.hops",
        "default": 3.0,
        "unit": None,
        "doc": hops["doc"],
        "kind": "weight",
        "settable": False,
    }
    with pytest.raises(ValueError, match=r"'score\.hops' is shown and cannot be set"):
        finrst.read("tests/data/demo.pcap", parameters={"score.hops": 4.0})
