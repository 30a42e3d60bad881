"""What can go wrong, as exceptions and warnings."""


class FinrstError(Exception):
    """Every exception that is finrst's own."""


class CaptureError(FinrstError, ValueError):
    """The input is not a capture, or strict reading met damage."""


class FilterError(FinrstError, ValueError):
    """A filter expression that cannot be read."""


class InternalError(FinrstError):
    """A broken promise of finrst itself; please report it."""


class CaptureWarning(UserWarning):
    """The capture was read, but something is wrong with it: a cut tail, damage, drops."""
