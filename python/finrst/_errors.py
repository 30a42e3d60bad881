"""What can go wrong, as exceptions and warnings."""


class FinrstError(Exception):
    """Every exception that is finrst's own.

    >>> import finrst
    >>> issubclass(finrst.CaptureError, finrst.FinrstError)
    True
    """


class CaptureError(FinrstError, ValueError):
    """The input is not a capture, or strict reading met damage.

    >>> import finrst
    >>> finrst.read(b"no capture")
    Traceback (most recent call last):
        ...
    finrst._errors.CaptureError: bytes: not a capture, ...
    """


class FilterError(FinrstError, ValueError):
    """A filter expression that cannot be read.

    >>> import finrst
    >>> finrst.read("tests/data/demo.pcap", filter="host and")
    Traceback (most recent call last):
        ...
    finrst._errors.FilterError: ...
    """


class StateError(FinrstError, ValueError):
    """What finrst wrote for itself cannot be used.

    It is cut, damaged or no such file, or was made by another version or with other options.

    >>> import finrst
    >>> issubclass(finrst.StateError, finrst.CaptureError)  # as no capture is to blame
    False
    """


class InternalError(FinrstError):
    """A broken promise of finrst itself; please report it.

    >>> import finrst
    >>> issubclass(finrst.InternalError, ValueError)  # as nobody asked for anything wrong
    False
    """


class CaptureWarning(UserWarning):
    """The capture was read, but something is wrong with it: a cut tail, or damage.

    >>> import finrst, pathlib, warnings
    >>> whole = pathlib.Path("tests/data/demo.pcap").read_bytes()
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     cap = finrst.read(whole[:-1])
    >>> print(caught[0].message)
    bytes: its end is cut, as while it is still being written (after packet 163, byte offset ...)
    """


class OutputWarning(UserWarning):
    """A file was written, but not all is as it was in the one that it replaced: its owner or group.

    >>> import finrst
    >>> issubclass(finrst.OutputWarning, UserWarning)
    True
    """
