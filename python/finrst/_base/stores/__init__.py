"""Captures and results in object stores: ``s3://``, ``gs://``, ``az://``, ``https://``, and others.

:func:`look` finds the captures that a URL names, as directories and patterns are found, and
:func:`place` is where results are kept.
"""

from .known import shared
from .names import is_url, parsed
from .objects import Object, among, check, covers, look, objects, state
from .patience import together
from .place import Place, place

__all__ = [
    "Object",
    "Place",
    "among",
    "check",
    "covers",
    "is_url",
    "look",
    "objects",
    "parsed",
    "place",
    "shared",
    "state",
    "together",
]
