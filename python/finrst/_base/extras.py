"""Packages that are optional."""

from __future__ import annotations

import importlib
from typing import Any


def need(module: str, extra: str) -> Any:
    """Import an optional package, or say how to install it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        message = f"this needs {module}, which is not installed: pip install 'finrst[{extra}]'"
        raise ModuleNotFoundError(message, name=module) from None
