"""Results that pickle and copy by value."""

from __future__ import annotations

import pickle
from typing import Any, NoReturn

from finrst import _native


class ByValue:
    """Pickled as its attributes, for the same version of finrst."""

    def __getstate__(self) -> tuple[str, dict[str, Any]]:
        """Give the version and what there is."""
        return _native.__version__, dict(self.__dict__)

    def __setstate__(self, state: object) -> None:
        """Take it, from the same version."""
        match state:
            case (version, dict(attributes)):
                check(version)
                self.__dict__.update(attributes)
            case _:
                name = type(self).__name__
                message = f"this is no pickle of a {name} of finrst {_native.__version__}"
                raise pickle.UnpicklingError(message)


def check(version: object) -> None:
    """Raise unless a pickle is of this version: what a column or word means may differ."""
    if version != _native.__version__:
        other = f"finrst {version}" if isinstance(version, str) else "another finrst"
        message = (
            f"a pickle of {other} cannot be read by finrst {_native.__version__}: "
            "read the capture again, or keep tables as Arrow or Parquet files"
        )
        raise pickle.UnpicklingError(message)


def refuse(what: str) -> NoReturn:
    """Say why something that goes on cannot be pickled or copied."""
    message = (
        f"a {what} goes through its source once, and cannot be pickled or copied: the tables that "
        "a scan gives can, and so can the Capture that read() gives"
    )
    raise TypeError(message)
