"""The hand-written stub says what the native module has, and the package keeps its promises."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst
import finrst.cluster
import finrst.plot
from finrst import _native

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

STUB = Path(finrst.__file__).with_name("_native.pyi")


def names(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


def parameters(node: ast.FunctionDef) -> list[str]:
    arguments = node.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in listed]


def test_the_stub_holds() -> None:
    declared = names(ast.parse(STUB.read_text()).body)
    declared = {k: v for k, v in declared.items() if not k.startswith("_") or k == "__version__"}
    native = {name for name in vars(_native) if not name.startswith("__")} | {"__version__"}
    assert set(declared) == native - {"_native"}
    for name, node in declared.items():
        there = getattr(_native, name)
        if isinstance(node, ast.FunctionDef):
            assert list(inspect.signature(there).parameters) == parameters(node), name
        if isinstance(node, ast.ClassDef):
            members = names(node.body)
            public = {
                key
                for key in vars(there)
                if not key.startswith("__") or key.startswith("__arrow") or key in members
            }
            assert set(members) == public, name
            for key, member in members.items():
                assert isinstance(member, ast.FunctionDef)
                if member.decorator_list:
                    continue
                made = key == "__new__"
                signature = inspect.signature(there if made else getattr(there, key))
                listed = (["cls"] if made else []) + list(signature.parameters)
                assert listed == parameters(member), f"{name}.{key}"


def test_the_package_is_typed() -> None:
    assert STUB.with_name("py.typed").exists()


def test_import_needs_nothing_else() -> None:
    code = (
        "import sys, finrst;"
        "print([m for m in ('numpy','pandas','pyarrow','polars','duckdb','tqdm') if m in"
        " sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Every name that a module exports, and every public member of its classes."""
    for name in module.__all__:
        there = getattr(module, name)
        if name.startswith("_"):
            continue
        yield f"{module.__name__}.{name}", there
        if inspect.isclass(there):
            for base in there.__mro__:
                if not base.__module__.startswith("finrst"):
                    continue
                for key, member in vars(base).items():
                    if not key.startswith("_") and (
                        inspect.isfunction(member) or isinstance(member, property)
                    ):
                        yield f"{module.__name__}.{name}.{key}", getattr(there, key)


@pytest.mark.parametrize(
    "module", [finrst, finrst.cluster, finrst.plot], ids=lambda module: module.__name__
)
def test_everything_public_has_words_and_an_example(module: ModuleType) -> None:
    found = dict(public(module))
    assert len(found) > 8
    lacking = [name for name, there in found.items() if ">>> " not in (inspect.getdoc(there) or "")]
    # That they run is tested in test_doctests.py.
    assert lacking == []
