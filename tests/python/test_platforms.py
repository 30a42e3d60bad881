"""What is not run on some system is a test that there is, and runs on this one or says why."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

import platforms

HERE = Path(__file__).parent
LISTED = platforms.NEEDS_POSIX | platforms.NEEDS_LINUX


@pytest.mark.parametrize("listed", LISTED)
def test_it_is_a_test_that_there_is(listed: str) -> None:
    name, _, function = listed.partition("::")
    tree = ast.parse((HERE / name).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not function or function in functions
    assert len(LISTED[listed]) > 20


@pytest.mark.parametrize(
    ("system", "platform", "skipped"),
    [
        ("posix", "linux", {}),
        ("posix", "darwin", platforms.NEEDS_LINUX),
        ("nt", "win32", LISTED),
    ],
)
def test_each_system_skips_what_it_lacks_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, system: str, platform: str, skipped: dict[str, str]
) -> None:
    told = {}
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "name", system)
        elsewhere.setattr(sys, "platform", platform)
        for listed in LISTED:
            name, _, function = listed.partition("::")
            told[listed] = platforms.why_not(name, function)
        assert platforms.why_not("test_arrow.py", "test_anything") is None
    assert {listed: why for listed, why in told.items() if why} == skipped
