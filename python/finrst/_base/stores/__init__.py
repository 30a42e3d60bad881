"""Captures and results in object stores: ``s3://``, ``gs://``, ``az://``, ``https://``, and others.

:func:`place` is all that other rooms need to list, look up, open and write; :class:`Stores` finds
the captures that a URL names, as directories and patterns are found.
"""

from .names import is_url, parsed
from .objects import Object, Stores, check
from .place import Place, place

__all__ = ["Object", "Place", "Stores", "check", "is_url", "parsed", "place"]
