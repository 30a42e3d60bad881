"""Exceptions are ordinary ones, and threads and signals do no harm."""

from __future__ import annotations

import pickle
import threading

import pytest

import finrst


def test_exceptions_fit_where_people_expect_them() -> None:
    assert issubclass(finrst.CaptureError, ValueError)
    assert issubclass(finrst.FilterError, ValueError)
    assert issubclass(finrst.StateError, ValueError)
    assert issubclass(finrst.InternalError, Exception)
    own = (finrst.CaptureError, finrst.FilterError, finrst.InternalError, finrst.StateError)
    for kind in own:
        assert issubclass(kind, finrst.FinrstError)
        assert str(pickle.loads(pickle.dumps(kind("text")))) == "text"


def test_a_bad_script_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="line 1, column 6"):
        finrst.conversation("> S, nonsense")


def test_an_unknown_connection(cap: finrst.Capture) -> None:
    with pytest.raises(KeyError, match="no connection 7"):
        cap.connection(7)
    with pytest.raises(AttributeError, match="nothing"):
        _ = cap.connection(0).nothing  # type: ignore[attr-defined]


def test_threads_share_tables(cap: finrst.Capture) -> None:
    found: list[int] = []

    def work() -> None:
        for _ in range(50):
            found.append(sum(len(list(table)) for table in (cap.connections, cap.teardowns)))
            finrst.conversation("> S, < R.")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [3] * 200


# A pickle names the module of a class: these were its names when there were no rooms.
OLD = {
    b"cfinrst._compare\nChange\n.": finrst.Change,
    b"cfinrst._compare\nComparison\n.": finrst.Comparison,
    b"cfinrst._explain\nExplanation\n.": finrst.Explanation,
    b"cfinrst._errors\nCaptureError\n.": finrst.CaptureError,
    b"cfinrst._errors\nCaptureWarning\n.": finrst.CaptureWarning,
    b"cfinrst._errors\nFilterError\n.": finrst.FilterError,
    b"cfinrst._errors\nFinrstError\n.": finrst.FinrstError,
    b"cfinrst._errors\nInternalError\n.": finrst.InternalError,
}


@pytest.mark.parametrize("old", OLD)
def test_pickles_made_before_the_rooms_load(old: bytes) -> None:
    assert pickle.loads(old) is OLD[old]
    assert pickle.loads(pickle.dumps(OLD[old])) is OLD[old]
