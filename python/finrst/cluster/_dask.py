"""Dask as what runs the tasks: it only schedules, nothing of a capture goes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.extras import need
from finrst._base.text import printable

if TYPE_CHECKING:
    from concurrent.futures import Executor

PATIENCE = "10s"
"""How long a scheduler may take to answer."""


def executor(client: Any) -> Executor:
    """Give a Client as an executor; a task that two workers do leaves the same files.

    Raises ``ValueError`` for an asynchronous one.
    """
    if client.asynchronous:
        message = "an asynchronous Client cannot be waited for: make one without asynchronous=True"
        raise ValueError(message)
    made: Executor = client.get_executor(pure=False, retries=0)
    return made


def connect(address: str) -> Any:
    """Connect to a scheduler; ``OSError`` where none answers."""
    distributed = need("distributed", "cluster")
    try:
        return distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, TimeoutError) as error:
        message = f"no Dask scheduler answers at {printable(address)}"
        raise ConnectionError(message) from error
