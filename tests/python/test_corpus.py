"""Every shared capture reads, or is refused in words, and its accounts add up."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

import finrst
from conftest import SHARED

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = SHARED / "captures" / "public"


def captures() -> list[Path]:
    files = sorted(path for path in PUBLIC.rglob("*") if path.is_file())
    known = {"oracle"}
    return [p for p in files if not known & set(p.parts) and p.suffix not in {".csv", ".md"}]


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"NO SHARED CAPTURES at {PUBLIC}")
def test_every_account_adds_up() -> None:
    wrong: list[str] = []
    read = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", finrst.CaptureWarning)
        for path in captures():
            try:
                cap = finrst.read(path, progress=False)
                cap.check()
            except finrst.CaptureError as error:
                if len(str(error)) > 700:
                    wrong.append(f"{path.relative_to(PUBLIC)}: an error text without end")
            except finrst.InternalError as error:
                wrong.append(f"{path.relative_to(PUBLIC)}: {error}")
            else:
                read += 1
                assert repr(cap)
    assert wrong == []
    assert read > 2000
