"""Captures and results in object stores: ``s3://``, ``gs://``, ``az://``, ``https://``, and others.

:class:`Stores` finds the captures that a URL names, as directories and patterns are found, and
:func:`place` is where results are kept.
"""

from .names import is_url, parsed
from .objects import Object, Stores, check, covers, objects, state
from .patience import together
from .place import Place, place

__all__ = [
    "Object",
    "Place",
    "Stores",
    "check",
    "covers",
    "is_url",
    "objects",
    "parsed",
    "place",
    "state",
    "together",
]
