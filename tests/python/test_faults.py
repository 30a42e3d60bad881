"""Panics and refused memory at every entry, on a build that can make them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package whose native half has the feature ``failpoints``, which no release has."""
    if shutil.which("cargo") is None:
        pytest.skip("NO CARGO: the build with failpoints cannot be made")
    build = ["cargo", "build", "--locked", "--quiet", "--lib", "--features", "python,failpoints"]
    environment = os.environ | {"PYO3_BUILD_EXTENSION_MODULE": "1", "PYO3_PYTHON": sys.executable}
    subprocess.run(build, cwd=ROOT, env=environment, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = next(p for p in (target / "debug").glob("*finrst.*") if p.suffix in {".so", ".dylib"})
    place = tmp_path_factory.mktemp("faulty")
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(ROOT / "python/finrst", place / "finrst", ignore=ignored)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    shutil.copy(built, place / "finrst" / f"_native{suffix}")
    return place


def test_every_entry(faulty: Path) -> None:
    pytest.importorskip("pyarrow")
    script = Path(__file__).with_name("faults.py")
    environment = os.environ | {"PYTHONPATH": str(faulty)}
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stderr == ""
    entries, panics, refusals = (int(word.split()[0]) for word in done.stdout.split(", "))
    assert entries >= 30
    assert panics >= 50
    assert refusals >= 10
